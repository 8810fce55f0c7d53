"""Filtered historical simulation: the past at today's volatility."""

import numpy as np

from riskplugin._typing import Matrix
from riskplugin.risk.history import History

FEWEST = 20  # sessions before a volatility is one
FLOOR = 0.2  # of the volatility so far: a stale price is no calm market
DECAY = 0.94  # of a session's weight in the volatility; RiskMetrics (1996), daily


def rescaled(windows: History, daily: History) -> History:
    """Return `windows` with every return at the volatility of the last session.

    ``x_t s_T / s_t``: each return over the volatility of its series known when its
    window began, times that of today (Hull and White 1998). Windows that begin before
    there is a volatility are left out.

    Parameters
    ----------
    windows : History
        Over any number of sessions.
    daily : History
        Of the same series over one session, up to the same date.
    """
    drivers = scale_of(daily.drivers, windows, daily)
    series = scale_of(daily.series, windows, daily)
    began = ~np.isnan(drivers).any(axis=1)
    return History(
        windows.sessions,
        windows.ends[began],
        windows.drivers[began] * drivers[began],
        windows.series[began] * series[began],
        windows.own[began],
    )


def ewma_volatility(returns: Matrix, decay: float = DECAY) -> Matrix:
    """Return the volatility known after each of T rows, shape (T, M).

    The root of the mean of squares so far, weighing ``decay`` less per row into the
    past; no mean is taken off. At least `FLOOR` times the same with equal weights: a
    price that stands still and then jumps would be rescaled beyond all measure.
    """
    total = np.zeros(returns.shape[1])
    weight = 0.0
    volatility = np.empty_like(returns)
    equal = np.zeros(returns.shape[1])
    for row, square in enumerate(returns**2):
        equal += square
        total = decay * total + square
        weight = decay * weight + 1.0
        volatility[row] = np.maximum(total / weight, FLOOR**2 * equal / (row + 1))
    return np.sqrt(volatility)


def scale_of(returns: Matrix, windows: History, daily: History) -> Matrix:
    """Return today's volatility over that when each window began, shape (T, M).

    1 for what does not move; NaN where fewer than `FEWEST` sessions came before.
    """
    volatility = ewma_volatility(returns)
    last = np.searchsorted(daily.ends, windows.ends) - windows.sessions
    there = last >= FEWEST - 1
    scale = np.full((len(windows), returns.shape[1]), np.nan)
    began = volatility[last[there]]
    today = np.broadcast_to(volatility[-1], began.shape)
    scale[there] = np.divide(today, began, out=np.ones_like(began), where=began > 0)
    return scale
