import numpy as np
import pytest
from scipy.stats import kstest

from riskplugin.errors import ModelError
from riskplugin.risk.completion import (
    completed_drivers,
    completed_series,
    donors,
    standardised,
)


def generator(seed=1):
    return np.random.default_rng(seed)


def test_missing_driver_is_its_regression_on_those_that_are_there_plus_what_it_left():
    drawn = generator()
    memory = drawn.normal(0, 0.02, 4000)
    crypto = 0.5 * memory + drawn.normal(0, 0.03, 4000)
    drivers = np.column_stack([memory, crypto])
    drivers[:2000, 1] = np.nan
    covariance = np.array([[4e-4, 2e-4], [2e-4, 1e-3]])
    filled = completed_drivers(drivers, covariance, generator())
    there = ~np.isnan(drivers)
    assert np.array_equal(filled[there], drivers[there])
    left = filled[:2000, 1] - 0.5 * memory[:2000]
    past = crypto[2000:] - 0.5 * memory[2000:]
    past = past - past.mean()
    assert np.isin(np.round(left, 12), np.round(past, 12)).all()
    assert left.std() == pytest.approx(0.03, rel=0.05)
    assert np.corrcoef(left, memory[:2000])[0, 1] == pytest.approx(0, abs=0.05)


def test_drivers_never_seen_together_are_refused():
    drivers = np.array([[0.01, np.nan], [np.nan, 0.02]])
    with pytest.raises(ModelError, match="no window of the history has a return of"):
        completed_drivers(drivers, np.eye(2), generator())


def test_row_drawn_is_even_for_every_history_and_shared_where_it_can_be():
    lending = np.zeros((200_000, 3), dtype=bool)
    lending[-1000:, 0] = lending[-1000:, 1] = lending[-100:, 2] = True
    (long, of_long), (short, of_short) = donors(
        lending, np.array([0, 1, 2]), generator()
    )
    assert long.tolist() == [0, 1]
    assert short.tolist() == [2]
    first = len(lending) - 1000
    counts = np.bincount(of_long - first, minlength=1000)
    assert counts.min() > 100
    assert np.bincount(of_short - first, minlength=1000)[:900].sum() == 0
    # even: chi-square of 100 cells of 2,000 each stays within six deviations of 99
    cells = np.bincount(of_short - len(lending) + 100, minlength=100)
    chi = ((cells - 2000) ** 2 / 2000).sum()
    assert abs(chi - 99) < 6 * np.sqrt(2 * 99)
    recent = of_long >= len(lending) - 100
    assert np.array_equal(of_short[recent], of_long[recent])


def two_tokens(rows=6000, own=400):
    """Two tokens that load 1.5 on a driver and whose residuals correlate 0.8."""
    drawn = generator(7)
    driver = drawn.normal(0, 0.02, rows)
    residual = drawn.multivariate_normal([0, 0], [[9e-4, 7.2e-4], [7.2e-4, 9e-4]], rows)
    returns = 1.5 * driver[:, None] + residual + 0.001
    returns[:-own] = np.nan
    return returns, 1.5 * np.column_stack([driver, driver])


def test_young_token_keeps_its_history_its_spread_and_its_company():
    returns, expected = two_tokens()
    own = ~np.isnan(returns)
    filled = completed_series(
        returns, expected, np.array([0.03, 0.03]), ["a", "a"], own, generator()
    )
    assert np.array_equal(filled[own], returns[own])
    drawn = filled[:-400] - expected[:-400]
    past = returns[-400:] - expected[-400:]
    assert drawn.std(axis=0) == pytest.approx(past.std(axis=0), rel=0.05)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(
        np.corrcoef(past.T)[0, 1], abs=0.03
    )
    assert drawn.mean(axis=0) == pytest.approx([0, 0], abs=0.002)  # no drift is lent


def test_without_residuals_the_tail_would_vanish():
    returns, expected = two_tokens()
    own = ~np.isnan(returns)
    filled = completed_series(
        returns, expected, np.array([0.03, 0.03]), ["a", "a"], own, generator()
    )
    bare = np.where(own, returns, expected)
    assert np.quantile(filled[:, 0], 0.01) < np.quantile(bare[:, 0], 0.01) - 0.01


def test_series_too_short_draws_from_its_group_at_its_own_volatility():
    drawn = generator(3)
    rows = 5000
    returns = np.column_stack(
        [
            drawn.standard_t(4, rows) * 0.01,
            np.full(rows, np.nan),
            drawn.normal(size=rows),
        ]
    )
    returns[-30:, 1] = 0.5
    expected = np.zeros((rows, 3))
    lending = ~np.isnan(returns)
    lending[:, 1] = False
    filled = completed_series(
        returns,
        expected,
        np.array([0.01, 0.2, 1.0]),
        ["a", "a", "b"],
        lending,
        generator(),
    )
    assert (filled[-30:, 1] == 0.5).all()
    z = filled[:-30, 1] / 0.2
    past = returns[:, 0] - returns[:, 0].mean()
    assert np.isin(np.round(z, 9), np.round(past / past.std(), 9)).all()
    assert z.std() == pytest.approx(1, rel=0.1)
    assert abs(np.corrcoef(z, returns[:-30, 0])[0, 1]) < 0.05


def test_group_that_lends_nothing_draws_from_all_and_nobody_from_the_normal():
    lent = generator().normal(size=(400, 2)) * [1.0, 3.0]
    pool = standardised(lent, np.array([0, 1]), ["a", "a", "b"], "b")
    assert len(pool) == 800
    returns = np.full((4000, 1), np.nan)
    filled = completed_series(
        returns,
        np.zeros_like(returns),
        np.array([0.5]),
        ["b"],
        np.zeros_like(returns, dtype=bool),
        generator(),
    )
    assert kstest(filled[:, 0] / 0.5, "norm").pvalue > 0.01


def test_what_is_still_or_unknown_gets_no_residual():
    returns = np.full((50, 2), np.nan)
    expected = np.column_stack([np.zeros(50), np.full(50, np.nan)])
    filled = completed_series(
        returns,
        expected,
        np.array([0.0, 0.0]),
        ["cash", "x"],
        np.zeros_like(returns, dtype=bool),
        generator(),
    )
    assert (filled[:, 0] == 0).all()
    assert np.isnan(filled[:, 1]).all()


def test_drivers_are_completed_from_nothing_later_than_is_lent():
    """What happens after the last lending window changes no completed one."""
    draw = np.random.default_rng(3)
    drivers = draw.normal(0, 0.02, (100, 2))
    drivers[:30, 1] = np.nan
    lending = np.arange(100) < 60
    later = drivers.copy()
    later[60:] *= 50
    a, b = (
        completed_drivers(d, np.eye(2), np.random.default_rng(1), lending)
        for d in (drivers, later)
    )
    assert (a[:60] == b[:60]).all()
