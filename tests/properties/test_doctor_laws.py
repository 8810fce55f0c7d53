"""What the doctor finds, for faults at random instruments, places and sizes."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.tables.doctor import diagnosis_table, findings_of
from tests.benchmarks.diagnosis import NOTED, is_found, somewhere, with_close
from tests.benchmarks.faults import FAULTS

SAMPLES = Path(__file__).parents[2] / "samples" / "desk.toml"
TRIALS = 12


@cache
def desk():
    return rp.load_desk(SAMPLES)


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_most_planted_faults_are_found(fault, seed):
    """At a rate of 95 % fewer than 9 of 12 come twice in a thousand times."""
    draw = np.random.default_rng(seed)
    found = 0
    for _ in range(TRIALS):
        site = somewhere(desk(), draw, foreign=fault == "currency")
        planted = FAULTS[fault](site)
        found += is_found(with_close(desk(), planted), planted, site)
    assert found >= 9


def test_clean_samples_have_no_finding():
    assert [f for f in findings_of(desk()) if f.code not in NOTED] == []


def test_diagnosis_changes_nothing():
    before = desk().market.close.copy()
    diagnosis_table(desk())
    np.testing.assert_array_equal(before, desk().market.close)


def test_a_finding_carries_the_repair_that_desk_toml_takes():
    draw = np.random.default_rng(11)
    site = somewhere(desk(), draw, foreign=False)
    shifted = with_close(desk(), FAULTS["label shift of one session"](site))
    (row,) = diagnosis_table(shifted).query("code == 'label_shift'").itertuples()
    assert row.instrument == desk().market.instruments[site.column]
    assert row.concern == "high"
    assert 'kind = "shift"' in row.repair
    assert abs(row.effect_after) > abs(row.effect_before)
