"""Drivers: baskets whose return stands for a cause."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Matrix, Vector
from riskplugin.market import Market
from riskplugin.returns import Panel, exponential_weights, panel

CONFIRMING_FALL = 0.30


@dataclass(frozen=True, eq=False, slots=True)
class DriverHistory:
    """Daily log returns of the drivers in USD.

    Attributes
    ----------
    names : tuple of str
        Drivers with a member that has prices.
    members : tuple of tuple of str
        Those members, per driver.
    dates : ndarray of datetime64[D], shape (T,)
    daily : ndarray of shape (T, J)
        Equal-weight mean over the members that have a return that day; NaN where
        none has. Row 0 is NaN.
    """

    names: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    dates: Dates
    daily: Matrix

    def index(self, driver: str) -> Vector:
        """Return the cumulated log return of `driver`, shape (T,).

        A day without a return leaves it where it is.
        """
        daily = self.daily[:, self.names.index(driver)]
        return np.asarray(np.cumsum(np.nan_to_num(daily)), dtype=np.float64)


def driver_history(
    market: Market,
    as_of: np.datetime64,
    baskets: Mapping[str, tuple[str, ...]],
    currency_of: Mapping[str, str],
) -> DriverHistory:
    """Return the history of every driver of `baskets` that has prices."""
    wanted = sorted({m for basket in baskets.values() for m in basket})
    prices = panel(market, as_of, wanted)
    log_usd = usd_log_prices(prices, currency_of)
    daily = np.vstack([np.full((1, len(wanted)), np.nan), np.diff(log_usd.T).T])
    has_return = ~np.isnan(daily)
    names, members, columns = [], [], []
    for driver, basket in baskets.items():
        priced = [m for m in basket if has_return[:, wanted.index(m)].any()]
        if not priced:
            continue
        cols = [wanted.index(m) for m in priced]
        count = has_return[:, cols].sum(axis=1)
        total = np.nansum(daily[:, cols], axis=1)
        columns.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
        names.append(driver)
        members.append(tuple(priced))
    stacked = np.array(columns).reshape(len(names), len(prices.dates)).T
    return DriverHistory(tuple(names), tuple(members), prices.dates, stacked)


def usd_log_prices(prices: Panel, currency_of: Mapping[str, str]) -> Matrix:
    """Return log prices in USD, shape (T, N); NaN where the currency has no rate."""
    rate = {c: prices.log_usd[:, i] for i, c in enumerate(prices.currencies)}
    columns = [
        prices.log_price[:, i]
        if currency_of[name] == "USD"
        else prices.log_price[:, i] + rate.get(currency_of[name], np.nan)
        for i, name in enumerate(prices.instruments)
    ]
    return np.array(columns).reshape(len(columns), len(prices.dates)).T


def overlapping(daily: Matrix, sessions: int, rows: int) -> Matrix:
    """Return the latest `rows` returns over `sessions` days, shape (rows, J).

    NaN where a day within the window has no return.
    """
    padded = np.vstack([np.zeros((1, daily.shape[1])), np.nan_to_num(daily)])
    gaps = np.vstack([np.zeros((1, daily.shape[1])), np.isnan(daily)])
    total = np.cumsum(padded, axis=0)
    missing = np.cumsum(gaps, axis=0)
    window: Matrix = total[sessions:] - total[:-sessions]
    window[(missing[sessions:] - missing[:-sessions]) > 0] = np.nan
    return window[-rows:]


def usable(returns: Matrix, half_life: float, min_overlap: int) -> list[int]:
    """Return the drivers with at least `min_overlap` windows and half the weight.

    A driver that is shorter would truncate the history of every instrument; it is
    left out, never filled.
    """
    weight = exponential_weights(len(returns), half_life)
    there = ~np.isnan(returns)
    share = weight @ there / weight.sum()
    enough = (there.sum(axis=0) >= min_overlap) & (share >= 0.5)
    return [int(j) for j in np.flatnonzero(enough)]


def turning_points(index: Vector, fall: float = CONFIRMING_FALL) -> list[int]:
    """Return the rows of the peaks and troughs of a log index, alternating.

    A zigzag: a peak is confirmed by a fall of `fall` (simple) from it and a trough by
    the same move in log upwards. The first point is the first peak; the last is the
    extreme since the last confirmed turn and is itself not confirmed.
    """
    step = -np.log1p(-fall)
    turns: list[int] = []
    rising, extreme = True, 0
    for t, value in enumerate(index):
        gain = (value - index[extreme]) * (1 if rising else -1)
        if gain > 0:
            extreme = t
        elif -gain >= step:
            turns.append(extreme)
            rising, extreme = not rising, t
    return [*turns, extreme]


def retracement(index: Vector, share: float) -> float:
    """Return the log move from now that gives back `share` of the last run-up.

    The run-up is from the last trough (a confirmed one, else the lowest value before
    the last peak) to the last peak. What has been given back already counts; never
    above 0.
    """
    turns = turning_points(index)
    peak = turns[-1] if len(turns) % 2 else turns[-2]
    earlier = [t for t in turns if t < peak]
    since = earlier[-1] if earlier else int(np.argmin(index[: peak + 1]))
    target = index[peak] - share * (index[peak] - index[since])
    return float(min(0.0, target - index[-1]))
