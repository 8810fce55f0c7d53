"""What the doctor finds, for faults at random instruments, places and sizes."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.diagnosis.regions import Region, region_of
from riskplugin.tables.doctor import diagnosis_table, findings_of
from tests.benchmarks.diagnosis import NOTED, is_found, somewhere, with_close
from tests.benchmarks.faults import FAULTS, Planted

SAMPLES = Path(__file__).parents[2] / "samples" / "desk.toml"
TRIALS = 12
DAY = np.datetime64("2026-01-02")


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


def in_region(held, *regions):
    """Return the columns of what trades in some regions."""
    known = held.universe.instruments
    return [
        column
        for column, name in enumerate(held.market.instruments)
        if name in known
        and region_of(known[name].calendar, known[name].asset_class) in regions
    ]


def dated_off(held, columns, by):
    """Return the closes with some columns' labels late by sessions of their own."""
    close = np.array(held.market.close)
    for column in columns:
        rows = np.flatnonzero(~np.isnan(close[:, column]))
        values = close[rows, column]
        close[rows, column] = np.nan
        to, kept = (rows[by:], values[:-by]) if by > 0 else (rows[:by], values[-by:])
        close[to, column] = kept
    return close


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("region", [Region.AMERICA, Region.ASIA, Region.CLOCK])
def test_a_whole_feed_that_is_off_is_named_and_the_innocent_are_left(region, by):
    columns = in_region(desk(), region)
    planted = Planted(dated_off(desk(), columns, by), (), DAY, DAY)
    shifted = with_close(desk(), planted)
    labels = [f for f in findings_of(shifted) if f.code == "label_shift"]
    named = {n: r.amount for f in labels for r in f.repairs for n in r.instruments}
    wanted = [desk().market.instruments[c] for c in columns]
    assert named == dict.fromkeys(wanted, float(-by))


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("right", [Region.AMERICA, Region.ASIA, Region.CLOCK])
def test_of_three_regions_it_is_said_that_two_may_be_off_alike(right, by):
    """Two that are off alike outvote the third: the advice says where to look."""
    three = (Region.AMERICA, Region.ASIA, Region.CLOCK)
    close = dated_off(desk(), in_region(desk(), *(r for r in three if r != right)), by)
    kept = in_region(desk(), *three)
    market = replace(
        desk().market,
        close=close[:, kept],
        instruments=tuple(desk().market.instruments[c] for c in kept),
    )
    found = diagnosis_table(replace(desk(), market=market))
    (row,) = found.query("code == 'label_shift'").itertuples()
    assert "where both may be off alike, look at one of their closes too" in row.advice
    same, peak = (
        float(words.split()[-1])
        for words in re.findall(r"-?[0-9.]+(?= where)", row.evidence)
    )
    assert peak > 0.15 > same


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("off", [Region.AMERICA, Region.CLOCK])
def test_two_regions_alone_get_no_repair(off, by):
    alone = in_region(desk(), Region.AMERICA, Region.CLOCK)
    close = dated_off(desk(), in_region(desk(), off), by)
    market = replace(
        desk().market,
        close=close[:, alone],
        instruments=tuple(desk().market.instruments[c] for c in alone),
    )
    labels = [
        f
        for f in findings_of(replace(desk(), market=market))
        if f.code == "label_shift"
    ]
    (found,) = labels
    assert found.repairs == ()
    assert "or else" in found.evidence


def test_the_memory_basket_of_a_small_america_is_what_is_off():
    """Four of six American names are late; the other regions say which."""
    small = ("MU", "SNDK", "WDC", "STX", "NVDA", "SPY")
    names = desk().market.instruments
    kept = [
        c
        for c in range(len(names))
        if c not in in_region(desk(), Region.AMERICA) or names[c] in small
    ]
    late = [c for c in kept if names[c] in small[:4]]
    close = dated_off(desk(), late, 1)[:, kept]
    kept_names = tuple(names[c] for c in kept)
    market = replace(desk().market, close=close, instruments=kept_names)
    labels = [
        f
        for f in findings_of(replace(desk(), market=market))
        if f.code == "label_shift"
    ]
    (found,) = labels
    assert set(found.instruments) == set(small[:4])
    assert [r.amount for r in found.repairs] == [-1.0]
