"""Shortfall over liquidity horizons, by hand and by its limits."""

from math import sqrt

import numpy as np
import pytest

from riskplugin.errors import UsageError
from riskplugin.liquidity.horizons import exposed_beyond, horizon_shortfall


def test_by_hand():
    # MAR33.5 with 10, 20 and 40 days: 10^2 + (6 sqrt(1))^2 + (3 sqrt(2))^2 = 154
    found = horizon_shortfall(np.array([10.0, 6, 3]), np.array([10.0, 20, 40]))
    assert found == pytest.approx(sqrt(154), rel=1e-15)


def test_one_horizon_is_the_root_of_time():
    found = horizon_shortfall(np.array([10.0]), np.array([40.0]))
    assert found == pytest.approx(20, rel=1e-15)


def test_a_book_of_one_horizon_scales_by_it_through_all_steps():
    steps = np.array([10.0, 20, 40, 60, 120])
    found = horizon_shortfall(np.full(5, 7.0), steps)
    assert found == pytest.approx(7 * sqrt(12), rel=1e-15)


def test_an_unknown_shortfall_makes_it_unknown():
    assert np.isnan(horizon_shortfall(np.array([10.0, np.nan]), np.array([10.0, 20])))


def test_positions_of_each_step():
    inside = exposed_beyond(np.array([10.0, 20, 60]), np.array([10.0, 20, 40]))
    assert inside.tolist() == [
        [True, True, True],
        [False, True, True],
        [False, False, True],
    ]


@pytest.mark.parametrize("horizons", [[20, 10], [10, 10], [0, 10], [10]])
def test_horizons_must_rise_one_for_each(horizons):
    with pytest.raises(UsageError, match="rising from above 0"):
        horizon_shortfall(np.array([1.0, 2.0]), np.array(horizons, dtype=np.float64))
