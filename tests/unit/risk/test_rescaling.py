import numpy as np
import pandas as pd
import pytest

from riskplugin.risk.history import History
from riskplugin.risk.rescaling import FEWEST, ewma_volatility, rescaled


def past(returns, sessions=1):
    days = np.busday_offset(
        "2026-05-29", np.arange(-len(returns) + 1, 1), roll="forward"
    )
    series = np.column_stack([returns, np.zeros(len(returns))])
    return History(
        sessions, days, returns[:, None], series, np.ones_like(series, dtype=bool)
    )


def test_volatility_is_the_weighted_mean_of_squares_so_far():
    returns = np.random.default_rng(1).normal(size=(300, 2))
    expected = np.sqrt(pd.DataFrame(returns**2).ewm(alpha=0.06, adjust=True).mean())
    assert ewma_volatility(returns) == pytest.approx(expected.to_numpy())


def test_calm_past_is_scaled_up_to_a_turbulent_today():
    alternating = 0.01 * (-1.0) ** np.arange(600)
    alternating[300:] *= 3
    daily = past(alternating)
    scaled = rescaled(daily, daily)
    calm = (scaled.ends > daily.ends[FEWEST]) & (scaled.ends < daily.ends[300])
    assert np.abs(scaled.series[calm, 0]) == pytest.approx(0.03, rel=1e-6)
    assert np.abs(scaled.series[-1, 0]) == pytest.approx(0.03, rel=1e-6)
    assert (scaled.series[:, 1] == 0).all()  # what does not move stays


def test_scale_is_known_when_the_window_begins():
    returns = np.random.default_rng(2).normal(0, 0.01, 400)
    daily = past(returns)
    wide = History(
        5,
        daily.ends[5:],
        (daily.drivers.cumsum(axis=0)[5:] - daily.drivers.cumsum(axis=0)[:-5]),
        (daily.series.cumsum(axis=0)[5:] - daily.series.cumsum(axis=0)[:-5]),
        daily.own[5:],
    )
    scaled = rescaled(wide, daily)
    weights = 0.94 ** np.arange(400)
    today = np.sqrt((weights * returns[::-1] ** 2).sum() / weights.sum())
    row = 200  # a window of the sessions 201 to 205
    end = np.searchsorted(daily.ends, scaled.ends[row])
    before = returns[: end - 4]
    then = np.sqrt(
        (weights[: len(before)] * before[::-1] ** 2).sum()
        / weights[: len(before)].sum()
    )
    expected = returns[end - 4 : end + 1].sum() * today / then
    assert scaled.series[row, 0] == pytest.approx(expected)


def test_windows_before_any_volatility_are_left_out():
    daily = past(np.random.default_rng(3).normal(size=100))
    scaled = rescaled(daily, daily)
    assert len(scaled) == 100 - FEWEST
    assert scaled.ends[0] == daily.ends[FEWEST]


def test_a_price_that_stood_still_does_not_explode_when_it_moves_again():
    returns = np.random.default_rng(2).normal(0, 0.02, (600, 1))
    whole = np.sqrt(np.cumsum(returns[:, 0] ** 2) / np.arange(1, 601))
    returns[200:400] = 0.0
    volatility = ewma_volatility(returns)[:, 0]
    assert volatility[399] == pytest.approx(0.2 * whole[199] * np.sqrt(0.5))
    before = ewma_volatility(returns[:200])[:, 0]
    assert (volatility[:200] == before).all()
