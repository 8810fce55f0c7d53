"""Selling along a path: three days on the page, and the variance of a linear sale."""

from itertools import pairwise

import numpy as np
import pytest

from riskplugin.liquidity.selling import amounts_of
from riskplugin.liquidity.unwinding import held_shares, unwound_along


def one(quantity, released=0.0):
    zero = np.zeros(1, dtype=np.int64)
    return amounts_of(zero, zero, np.array([quantity]), np.array([released]))


def test_three_days_on_the_page():
    """300 shares of 100, 100 sold at each close; prices 90, 80, 75, then 60.

    ======  =======  =====  =============  ================  ======
    close   held     price  P&L of day     sold              cost
    ======  =======  =====  =============  ================  ======
    0       300      100
    1       200       90    300 x -10      100 x 90 = 9,000      90
    2       100       80    200 x -10      100 x 80 = 8,000      80
    3         0       75    100 x  -5      100 x 75 = 7,500      75
    4         0       60      0                                   0
    ======  =======  =====  =============  ================  ======

    Costs are 1 % of what is sold.
    """
    amounts = one(300.0)
    held = held_shares(amounts, np.array([100.0]), 4)
    np.testing.assert_allclose(held[:, 0], [1, 2 / 3, 1 / 3, 0, 0], atol=1e-16)
    path = np.array([[-0.10], [-0.20], [-0.25], [-0.40]])
    done = unwound_along(np.array([30_000.0]), held, path, np.array([0.01]))
    np.testing.assert_allclose(done.pnl[:, 0], [-3000, -5000, -5500, -5500])
    np.testing.assert_allclose(done.cost[:, 0], [90, 170, 245, 245])
    # proceeds 24,500 of 30,000, less costs: the same seen from the end
    assert done.pnl[-1, 0] == pytest.approx(24_500 - 30_000)


def test_a_short_is_bought_back():
    held = held_shares(one(-300.0), np.array([100.0]), 3)
    path = np.array([[-0.10], [-0.20], [-0.25]])
    done = unwound_along(np.array([-30_000.0]), held, path, np.array([0.01]))
    np.testing.assert_allclose(done.pnl[:, 0], [3000, 5000, 5500])
    np.testing.assert_allclose(done.cost[:, 0], [90, 170, 245])


def test_what_is_not_sold_loses_all_of_the_path():
    held = np.ones((4, 1))
    path = np.array([[-0.10], [0.30], [-0.25]])
    done = unwound_along(np.array([100.0]), held, path, np.array([np.nan]))
    np.testing.assert_allclose(done.pnl[:, 0], 100 * path[:, 0])
    np.testing.assert_array_equal(done.cost[:, 0], [0, 0, 0])


def test_what_is_locked_falls_until_it_is_free():
    held = held_shares(one(100.0, released=2.0), np.array([50.0]), 5)
    np.testing.assert_array_equal(held[:, 0], [1, 1, 1, 0.5, 0, 0])


def test_scenarios_stand_in_front():
    amounts = amounts_of(
        np.zeros(2, np.int64), np.arange(2), np.array([4.0, 8.0]), np.zeros(2)
    )
    held = held_shares(amounts, np.array([2.0, 2.0]), 3)
    paths = np.linspace(-0.5, 0.7, 2 * 3 * 2).reshape(2, 3, 2)
    value, cost = np.array([100.0, -50.0]), np.array([0.01, 0.02])
    both = unwound_along(value, held, paths, cost)
    assert both.pnl.shape == both.cost.shape == (2, 3, 2)
    for i, path in enumerate(paths):
        alone = unwound_along(value, held, path, cost)
        np.testing.assert_array_equal(both.pnl[i], alone.pnl)
        np.testing.assert_array_equal(both.cost[i], alone.cost)


def test_an_unknown_pace_makes_what_comes_after_the_first_session_unknown():
    held = held_shares(one(100.0), np.array([np.nan]), 3)
    path = np.array([[-0.10], [-0.20], [-0.25]])
    done = unwound_along(np.array([100.0]), held, path, np.array([0.01]))
    np.testing.assert_allclose(done.pnl[:, 0], [-10, np.nan, np.nan])
    np.testing.assert_array_equal(done.cost[:, 0], [np.nan] * 3)


def test_an_unknown_cost_is_no_zero():
    held = held_shares(one(100.0), np.array([50.0]), 2)
    path = np.array([[-0.10], [-0.20]])
    done = unwound_along(np.array([100.0]), held, path, np.array([np.nan]))
    np.testing.assert_array_equal(done.cost[:, 0], [np.nan, np.nan])
    np.testing.assert_allclose(done.pnl[:, 0], [-10, -15])


@pytest.mark.parametrize("sessions", [1, 2, 3, 10, 63])
def test_variance_of_linear_selling_is_that_of_the_book(sessions):
    """Sum of squares of what is held = n (1 + 1/n) (1 + 1/(2n)) / 3 under unit moves.

    Independent moves of one unit: the P&L's slope to the move of session t is what is
    held through it, so unit steps one at a time give its variance.
    """
    held = held_shares(one(float(sessions)), np.array([1.0]), sessions)
    steps = np.tril(np.ones((sessions, sessions)))  # path t: a move of 1 at session t
    paths = steps.T[:, :, None]
    done = unwound_along(np.array([1.0]), held, paths, np.array([0.0]))
    variance = float((done.pnl[:, -1, 0] ** 2).sum())
    n = sessions
    assert variance == pytest.approx(n * (1 + 1 / n) * (1 + 1 / (2 * n)) / 3, rel=1e-13)


def test_a_finer_pace_never_holds_more():
    slow, fast = (held_shares(one(100.0), np.array([p]), 30) for p in (5.0, 8.0))
    assert (fast <= slow).all()
    assert all((a >= b).all() for a, b in pairwise(slow))
