"""Returns on one clock: Monday to Friday, whatever session a price comes from.

Tokens trade all weekend and Seoul closes before New York opens. Prices are sampled on
Monday to Friday, so that a token's weekend compounds into Monday; a missing close is
filled with the last one for at most four rows, and there is no other fill. Returns
overlap over several sessions, which tames the asynchrony of the closes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Cube, Dates, Matrix, Vector
from riskplugin.market import Market

FILLED_ROWS = 4
SLACK = 1  # sessions by which the closes of one date may lie apart
DAYS_FROM_MONDAY = 3  # 1970-01-01, day 0, was a Thursday


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """Log prices on one clock.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
        Consecutive Mondays to Fridays.
    log_price : ndarray of shape (T, N)
        Local currency; NaN where there is no close within four rows.
    log_usd : ndarray of shape (T, C)
        USD value of one unit of each currency.
    """

    dates: Dates
    instruments: tuple[str, ...]
    log_price: Matrix
    currencies: tuple[str, ...]
    log_usd: Matrix


def weekdays(first: np.datetime64, last: np.datetime64) -> Dates:
    """Return the Mondays to Fridays from `first` to `last`, both included."""
    days = np.arange(first, last + np.timedelta64(1, "D"), dtype="datetime64[D]")
    return days[(days.astype(np.int64) + DAYS_FROM_MONDAY) % 7 < 5]


def sample(dates: Dates, values: Matrix, clock: Dates) -> Matrix:
    """Return `values` (T, N) on `clock`, filled forward at most four rows."""
    return filled(on_clock(dates, values, clock))


def on_clock(dates: Dates, values: Matrix, clock: Dates) -> Matrix:
    """Return `values` (T, N) on the days of `clock`, NaN on those not in `dates`."""
    row = np.minimum(np.searchsorted(dates, clock), max(len(dates) - 1, 0))
    found = np.full((len(clock), values.shape[1]), np.nan)
    hit = dates[row] == clock if len(dates) else np.zeros(len(clock), bool)
    found[hit] = values[row[hit]]
    return found


def filled(values: Matrix) -> Matrix:
    """Return `values` (T, N) filled forward at most four rows."""
    here = np.arange(len(values))[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, here), axis=0)
    fresh = (last >= 0) & (here - last <= FILLED_ROWS)
    carried = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(fresh, carried, np.nan)


def panel(
    market: Market,
    as_of: np.datetime64,
    instruments: Sequence[str],
    sessions: int | None = None,
) -> Panel:
    """Return log prices of `instruments` on the clock that ends at `as_of`.

    Parameters
    ----------
    market : Market
    as_of : numpy.datetime64
        Nothing later is looked at.
    instruments : sequence of str
        Those without a price column are NaN throughout.
    sessions : int, optional
        Rows wanted, the latest; all of them by default.
    """
    known = market.dates <= as_of
    dates = market.dates[known]
    first = dates[0] if len(dates) else as_of
    if sessions is not None:
        first = max(first, as_of - np.timedelta64(7 * (sessions // 5 + 3), "D"))
    clock = weekdays(first, as_of)
    start = int(np.searchsorted(dates, first))
    rows = np.flatnonzero(known)[start:]
    prices = closes(market, rows, instruments)
    keep = slice(None) if sessions is None else slice(-sessions, None)
    return Panel(
        clock[keep],
        tuple(instruments),
        np.log(sample(dates[start:], prices, clock))[keep],
        market.currencies,
        np.log(sample(dates[start:], market.usd_per[rows], clock))[keep],
    )


def panel_between(
    market: Market,
    start: np.datetime64,
    end: np.datetime64,
    instruments: Sequence[str],
) -> Panel:
    """Return log prices of `instruments` from `start` to `end`, both included.

    Every weekday of the stretch is there, priced or not; a fill may reach back before
    the first.
    """
    clock, rows = reaching(market, start, end)
    dates, keep = market.dates[rows], clock >= start
    return Panel(
        clock[keep],
        tuple(instruments),
        np.log(sample(dates, closes(market, rows, instruments), clock))[keep],
        market.currencies,
        np.log(sample(dates, market.usd_per[rows], clock))[keep],
    )


def usd_between(
    market: Market,
    start: np.datetime64,
    end: np.datetime64,
    currency_of: Mapping[str, str],
) -> Matrix:
    """Return log prices in USD of the keys of `currency_of` from `start` to `end`.

    As `panel_between`, but converted at the close and then filled: of what does not
    trade on a day neither price nor rate moves. NaN without a rate.
    """
    clock, rows = reaching(market, start, end)
    dates = market.dates[rows]
    rates = sample(dates, market.usd_per[rows], clock)
    column = {c: rates[:, i] for i, c in enumerate(market.currencies)}
    column["USD"] = np.ones(len(clock))
    unknown = np.full(len(clock), np.nan)
    value = on_clock(dates, closes(market, rows, tuple(currency_of)), clock)
    for i, currency in enumerate(currency_of.values()):
        value[:, i] *= column.get(currency, unknown)
    usd: Matrix = np.log(filled(value))[clock >= start]
    return usd


def reaching(
    market: Market, start: np.datetime64, end: np.datetime64
) -> tuple[Dates, Codes]:
    """Return the weekdays to `end` from long enough before `start` to fill from.

    And the rows of the market in that time.
    """
    clock = weekdays(start - np.timedelta64(7 * FILLED_ROWS, "D"), end)
    within = (market.dates >= clock[0]) & (market.dates <= end)
    return clock, np.flatnonzero(within)


def closes(market: Market, rows: Codes, instruments: Sequence[str]) -> Matrix:
    """Return some rows of the closes of `instruments`, NaN where there are none."""
    column = {name: i for i, name in enumerate(market.instruments)}
    prices = np.full((len(rows), len(instruments)), np.nan)
    for i, name in enumerate(instruments):
        if name in column:
            prices[:, i] = market.close[rows, column[name]]
    return prices


def over_sessions(log: Matrix, sessions: int) -> Matrix:
    """Return the log returns over `sessions` rows that end at each row but the first.

    Shape (T - sessions, N); NaN where either end has no price.
    """
    return log[sessions:] - log[:-sessions]


def two_widths(returns_over: Callable[[int], Matrix], sessions: int) -> Cube:
    """Return returns over windows, and over those wider by `SLACK` at both ends.

    Shape (2, T - sessions, N), the wider beside the window it contains; NaN in the
    first and the last row, which have nothing wider around them. `returns_over` gives
    the returns over a number of sessions.
    """
    windows, wide = returns_over(sessions), returns_over(sessions + 2 * SLACK)
    beside = np.full_like(windows, np.nan)
    if len(wide):
        beside[SLACK:-SLACK] = wide
    return np.stack([windows, beside])


def exponential_weights(rows: int, half_life: float) -> Vector:
    """Return weights of shape (rows,) that halve every `half_life` rows into the past.

    The last row weighs 1.
    """
    weights: Vector = 0.5 ** (np.arange(rows)[::-1] / half_life)
    return weights
