"""Integer programmes beside every choice tried, and in silence."""

from itertools import product

import numpy as np
import pytest

from riskplugin.hedging.integers import Programme, integer_optimum


@pytest.mark.parametrize("seed", range(6))
def test_optimum_is_the_best_of_all_choices(seed):
    rng = np.random.default_rng(seed)
    table, aim = rng.normal(0, 1, (3, 8)), rng.uniform(0.1, 1, 8)
    least = rng.uniform(0, 1.5, 3)
    programme = Programme(
        np.append(aim, 0.0), np.column_stack([table, np.zeros(3)]), least, (0.0, 0.0)
    )
    choices = np.array(list(product([0.0, 1.0], repeat=8)))
    kept = choices[(choices @ table.T >= least).all(axis=1)]
    found = integer_optimum(programme)
    if not len(kept):
        assert found is None
        return
    assert aim @ found[:8] == pytest.approx((kept @ aim).min(), rel=2e-3)


def test_what_is_not_whole_takes_up_the_rest():
    """Least t with t >= 2.5 - v: one step taken, 1.5 left."""
    table = np.array([[1.0, 1.0]])
    programme = Programme(
        np.array([0.0, 1.0]), table, np.array([2.5]), (-np.inf, np.inf)
    )
    np.testing.assert_allclose(integer_optimum(programme), [1.0, 1.5])


def test_nothing_is_printed(capfd):
    rng = np.random.default_rng(3)
    table = np.column_stack([rng.normal(0, 1, (20, 40)), np.zeros(20)])
    programme = Programme(
        np.append(rng.uniform(0.1, 1, 40), 0.0), table, np.ones(20), (0.0, 0.0)
    )
    integer_optimum(programme)
    assert capfd.readouterr() == ("", "")
