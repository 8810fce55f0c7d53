"""Drivers: baskets whose return stands for a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Flags, Matrix, Vector
from riskplugin.market import Market
from riskplugin.returns import Panel, exponential_weights, over_sessions, panel

CONFIRMING_FALL = 0.30


@dataclass(frozen=True, eq=False, slots=True)
class DriverHistory:
    """Levels of the drivers in USD over all history, in logs.

    Attributes
    ----------
    names : tuple of str
        Drivers with a member that has prices.
    members : tuple of tuple of str
        Those members, per driver.
    dates : ndarray of datetime64[D], shape (T,)
    index : ndarray of shape (T, J)
        Cumulated equal-weight mean of the members' log returns, 0 at the first date. A
        member that is closed counts with no return, and with all of it when it opens
        again; before its first price and after its last it does not count.
    """

    names: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    dates: Dates
    index: Matrix

    def of(self, driver: str) -> Vector:
        """Return the log level of `driver`, shape (T,)."""
        level: Vector = self.index[:, self.names.index(driver)]
        return level

    def together(self, drivers: Sequence[str]) -> tuple[Dates, Matrix]:
        """Return dates and log levels (T, K) of drivers while all of them have prices.

        From the row before the first move of the last one to move.
        """
        levels = np.column_stack([self.of(driver) for driver in drivers])
        moved = np.diff(levels, axis=0) != 0
        first = [int(np.argmax(column)) for column in moved.T if column.any()]
        start = max(first) if len(first) == len(drivers) else len(levels)
        return self.dates[start:], levels[start:]


def priced_baskets(
    known: frozenset[str], baskets: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return the drivers that have a member among the `known`, with those members."""
    priced = {d: tuple(m for m in b if m in known) for d, b in baskets.items()}
    return {driver: members for driver, members in priced.items() if members}


def driver_history(
    market: Market,
    as_of: np.datetime64,
    baskets: Mapping[str, tuple[str, ...]],
    currency_of: Mapping[str, str],
) -> DriverHistory:
    """Return the levels of every driver of `baskets`, whose members are all priced."""
    wanted = sorted({m for basket in baskets.values() for m in basket})
    prices = panel(market, as_of, wanted)
    level = carried(usd_log_prices(prices, currency_of))
    daily = np.diff(level, axis=0, prepend=np.nan)
    index = np.zeros((len(prices.dates), len(baskets)))
    for j, basket in enumerate(baskets.values()):
        steps = basket_mean(daily[:, [wanted.index(m) for m in basket]])
        index[:, j] = np.cumsum(np.nan_to_num(steps))
    return DriverHistory(tuple(baskets), tuple(baskets.values()), prices.dates, index)


def covered_baskets(
    prices: Panel,
    baskets: Mapping[str, tuple[str, ...]],
    currency_of: Mapping[str, str],
    sessions: int,
    min_overlap: int,
) -> dict[str, tuple[str, ...]]:
    """Return the drivers with the members that have enough windows in USD.

    A member without a price or an exchange rate is no part of the basket: it would
    lend its share to the others.
    """
    windows = over_sessions(usd_log_prices(prices, currency_of), sessions)
    enough = (~np.isnan(windows)).sum(axis=0) >= min_overlap
    known = frozenset(
        name
        for name, is_enough in zip(prices.instruments, enough, strict=True)
        if is_enough
    )
    return priced_baskets(known, baskets)


def carried(level: Matrix) -> Matrix:
    """Return `level` (T, N) with gaps inside each column's life carried forward."""
    here = np.arange(len(level))[:, None]
    there = ~np.isnan(level)
    last = np.maximum.accumulate(np.where(there, here, -1), axis=0)
    filled = np.take_along_axis(level, np.maximum(last, 0), axis=0)
    return np.where((last >= 0) & alive(there), filled, np.nan)


def alive(there: Flags) -> Flags:
    """Whether each row of (T, N) lies between the first and the last with a value."""
    after_first = np.maximum.accumulate(there, axis=0)
    before_last = np.maximum.accumulate(there[::-1], axis=0)[::-1]
    living: Flags = after_first & before_last
    return living


def basket_mean(returns: Matrix) -> Vector:
    """Return the mean over the columns that have a value, NaN where none has."""
    count = (~np.isnan(returns)).sum(axis=1)
    total = np.nansum(returns, axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def driver_windows(
    prices: Panel,
    baskets: Mapping[str, tuple[str, ...]],
    currency_of: Mapping[str, str],
    sessions: int,
) -> Matrix:
    """Return the drivers' log returns over windows of `sessions`, shape (T, J).

    The mean of the members' window returns. A window in which a member that trades
    before and after has no price at one end is left out (NaN): the basket would be
    another one, and what the member lost or gained meanwhile would go missing.
    """
    log_usd = usd_log_prices(prices, currency_of)
    windows = over_sessions(log_usd, sessions)
    living = alive(~np.isnan(log_usd))
    expected = living[sessions:] & living[:-sessions]
    column = {name: i for i, name in enumerate(prices.instruments)}
    returns = np.full((len(windows), len(baskets)), np.nan)
    for j, basket in enumerate(baskets.values()):
        rows = [column[m] for m in basket]
        whole = ~np.any(expected[:, rows] & np.isnan(windows[:, rows]), axis=1)
        returns[:, j] = np.where(whole, basket_mean(windows[:, rows]), np.nan)
    return returns


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


def usable(returns: Matrix, half_life: float, min_overlap: int) -> list[int]:
    """Return the drivers that together have enough windows, in the order given.

    At least `min_overlap` windows and half of the exponential weight in common; the
    longest come first. A driver that is shorter would truncate the history of every
    instrument; it is left out, never filled.
    """
    weight = exponential_weights(len(returns), half_life)
    there = ~np.isnan(returns)
    chosen: list[int] = []
    common = np.ones(len(returns), dtype=bool)
    for j in np.argsort(-(weight @ there), kind="stable"):
        shared = common & there[:, j]
        if shared.sum() >= min_overlap and weight @ shared >= 0.5 * weight.sum():
            chosen.append(int(j))
            common = shared
    return sorted(chosen)


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


def falls(index: Vector, fall: float = CONFIRMING_FALL) -> list[tuple[int, int]]:
    """Return the rows of peak and trough of every fall of at least `fall` (simple).

    The last one counts even if its trough is not confirmed yet.
    """
    turns = turning_points(index, fall)
    return list(zip(turns[::2], turns[1::2], strict=False))


def retracement(index: Vector, share: float) -> float | None:
    """Return the log move from now that gives back `share` of the last run-up.

    The run-up is from the last trough (a confirmed one, else the lowest value before
    the last peak) to the last peak. What has been given back already counts; never
    above 0. None where that is no run-up: not even the move that confirms a trough.
    """
    turns = turning_points(index)
    peak = turns[-1] if len(turns) % 2 else turns[-2]
    earlier = [t for t in turns if t < peak]
    since = earlier[-1] if earlier else int(np.argmin(index[: peak + 1]))
    run_up = index[peak] - index[since]
    if run_up < -np.log1p(-CONFIRMING_FALL):
        return None
    target = index[peak] - share * run_up
    return float(min(0.0, target - index[-1]))
