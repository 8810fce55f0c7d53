"""Blocks of holdings, and quadratic forms over them, against the dense table."""

import numpy as np
import pytest

from riskplugin.stressing import netting
from riskplugin.stressing.netting import (
    netted,
    quadratic_by_group,
    quadratic_by_pairs,
    slices,
)
from riskplugin.stressing.shock import LANES

GROUPS, NAMES, SCENARIOS = 9, 7, 5


def random_case(groups=GROUPS, names=NAMES, scenarios=SCENARIOS):
    """Return values, slopes and a correlation."""
    rng = np.random.default_rng(1)
    correlation = np.corrcoef(rng.standard_normal((names, 3 * names)))
    values = rng.standard_normal((groups, names))
    return values, rng.standard_normal((scenarios, names)), correlation


def by_group(values, slopes, correlation):
    return quadratic_by_group(values, slopes, correlation, len(values))


@pytest.mark.parametrize("quadratic", [by_group, quadratic_by_pairs])
@pytest.mark.parametrize("held", [10**6, 12, 1], ids=["at once", "in parts", "singly"])
def test_quadratic_forms_are_what_they_say(quadratic, held, monkeypatch):
    monkeypatch.setattr(netting, "TABLE", held)
    monkeypatch.setattr(netting, "WEIGHTS", held)
    values, slopes, correlation = random_case()
    expected = [
        [(w * a) @ correlation @ (w * a) for a in slopes]  # one group, one scenario
        for w in values
    ]
    np.testing.assert_allclose(
        quadratic(values, slopes, correlation), expected, rtol=1e-12
    )


def test_slices_make_up_the_whole():
    for step in (0, 1, 3, 100):
        parts = [np.arange(10)[s] for s in slices(10, step)]
        np.testing.assert_array_equal(np.concatenate(parts), np.arange(10))
    assert list(slices(0, 5)) == []


def test_blocks_put_together_are_the_dense_table():
    rng = np.random.default_rng(2)
    groups = np.array([0, 0, 2, 2, 2, 4, 0, 3])
    names = np.array([1, 1, 3, 5, 3, 5, 0, 6])  # 1 and 2 share nothing with the rest
    values, costs = rng.standard_normal((2, len(groups)))
    values[[0, 1]] = 3.0, -3.0  # held, and netted to zero
    blocks = netted(groups, names, values, costs, (GROUPS, NAMES))
    dense, paid = np.zeros((2, GROUPS, NAMES))
    np.add.at(dense, (groups, names), values)
    np.add.at(paid, (groups, names), costs)
    assert sorted(len(b.groups) for b in blocks) == [1, 1, 2]
    for block in blocks:
        square = np.ix_(block.groups, block.instruments)
        count = len(block.groups)
        np.testing.assert_allclose(block.values[:count], dense[square], rtol=1e-15)
        np.testing.assert_allclose(block.costs[:count], paid[square], rtol=1e-15)
        assert len(block.values) % LANES == 0
        assert not block.values[count:].any()
        dense[square] = paid[square] = 0.0
    assert not dense.any()
    assert not paid.any()
    (first,) = (b for b in blocks if 0 in b.groups)
    np.testing.assert_array_equal(first.held[:1], [[True, True]])
    assert not first.held[1:].any()


def test_no_positions_make_no_blocks():
    none = np.zeros(0, dtype=np.int64)
    assert netted(none, none, np.zeros(0), np.zeros(0), (1, NAMES)) == ()
