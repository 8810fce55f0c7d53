"""The four things to watch, each on every session from nothing later.

States are words, readings numbers; what has no data is unknown, never neutral.
"""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector, Words
from riskplugin.cycle.windows import highest, moving_mean, streak

SHORT, LONG, YEAR, MONTH, QUARTER = 50, 200, 252, 21, 63  # sessions
SEVERAL = 10  # sessions that make a rally more than a day's jump
FEW = 5  # sessions that make a break more than a day's
FALTERING, BROKEN = 0.10, 0.20  # falls from the year's high
FEWEST_NAMES = 5
BROAD, WEAK = 0.60, 0.40  # shares of the theme above its averages
STILL = 0.02  # changes of prices within this are none
SPIKE = 3.0  # times the median traded value
BACKED, UNBACKED = 1.1, 0.9  # value on up sessions over that on down sessions
FEWEST_VALUES = 32  # of 63 sessions that need a traded value
ON_SPIKES = 0.5  # share of a move made on spikes that makes it news
UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False, slots=True)
class Signal:
    """One signal on T sessions.

    Attributes
    ----------
    reading : ndarray of shape (T,)
        NaN where unknown.
    state : ndarray of str, shape (T,)
    """

    reading: Vector
    state: Words


@dataclass(frozen=True, eq=False, slots=True)
class Persistence:
    """Whether the leaders hold: figures of a log level (T,), each of shape (T,)."""

    above_long: Vector  # log distance to the mean of 200 sessions
    held: Vector  # sessions above the mean of 50, without a break
    below_short: Vector  # sessions below it
    below_long: Vector  # sessions below the mean of 200
    drawdown: Vector  # from the highest of 252 sessions, simple
    up_share: Vector  # share of the last 21 sessions that rose

    @classmethod
    def of(cls, level: Vector) -> "Persistence":
        """Return the figures of a log level."""
        short, long = (moving_mean(level[:, None], n)[:, 0] for n in (SHORT, LONG))
        rose = np.diff(level, prepend=np.nan) > 0
        return cls(
            level - long,
            streak(level > short),
            streak(level < short),
            streak(level < long),
            np.expm1(level - highest(level, YEAR)),
            moving_mean(rose[:, None].astype(np.float64), MONTH)[:, 0],
        )

    def signal(self) -> Signal:
        """Return holding, faltering or broken, by the distance to the long mean."""
        broken = (self.below_long >= FEW) | (self.drawdown <= -BROKEN)
        faltering = (self.below_short >= FEW) | (self.drawdown <= -FALTERING)
        holding = self.held >= SEVERAL
        state = chosen(
            ("broken", broken),
            ("faltering", faltering),
            ("holding", holding),
            otherwise="unsettled",
        )
        return known_by(self.above_long, state)


def expectations(contract: Vector, spot: Vector, revisions: Vector) -> Signal:
    """Return rising, flat or falling: what is expected of memory prices, (T,).

    The reading is the change of the contract price over 63 sessions, simple; of the
    spot price where there is no contract. A spot price below the contract by more than
    2 % and falling revisions each count against a rise.
    """
    by_contract = changed(contract)
    reading = np.where(np.isnan(by_contract), changed(spot), by_contract)
    gap = spot / contract - 1
    doubts = (gap < -STILL).astype(int) + (revisions < 0)
    falling = (reading < -STILL) | ((reading <= STILL) & (doubts > 0))
    rising = (reading > STILL) & (doubts < 2)
    state = chosen(("falling", falling), ("rising", rising), otherwise="flat")
    return known_by(reading, state)


def changed(price: Vector) -> Vector:
    """Return the simple change over 63 sessions, (T,)."""
    out = np.full(len(price), np.nan)
    out[QUARTER:] = price[QUARTER:] / price[:-QUARTER] - 1
    return out


def breadth(level: Matrix, leading: Flags) -> Signal:
    """Return broad, leaders only, mixed or weak, from log prices (T, N).

    The reading is the share of the names above their mean of 50 sessions. `leading`
    (N,) are the leaders; leaders only where most of them are above and few others.
    """
    mean = moving_mean(level, SHORT)
    there = ~np.isnan(mean) & ~np.isnan(level)
    above = there & (level > mean)
    share, led, rest = (
        portion(above[:, part], there[:, part])
        for part in (np.ones_like(leading), leading, ~leading)
    )
    share = np.where(there.sum(axis=1) >= FEWEST_NAMES, share, np.nan)
    few = (led >= BROAD) & (rest < WEAK)
    state = chosen(
        ("leaders only", few),
        ("broad", share >= BROAD),
        ("weak", share < WEAK),
        otherwise="mixed",
    )
    return known_by(share, state)


def dispersion(level: Matrix) -> Vector:
    """Return the spread across names of their moves over 21 sessions, (T,), in logs."""
    out = np.full(len(level), np.nan)
    moves = level[MONTH:] - level[:-MONTH]
    counted = (~np.isnan(moves)).sum(axis=1) >= FEWEST_NAMES
    rows = np.flatnonzero(counted)
    out[MONTH + rows] = np.nanstd(moves[rows], axis=1)
    return out


def backing(level: Matrix, value: Matrix) -> Signal:
    """Return backed, unbacked, on spikes or mixed, from log prices and traded value.

    Both (T, N), of tokens. The reading is the traded value on sessions that rose over
    that on sessions that fell, means over 63 sessions, the median over tokens. On
    spikes: more than half of the rise was made on sessions with three times the median
    value, as around news. A token counts where at least `FEWEST_VALUES` of the 63
    sessions have a traded value: the others are neither spikes nor the rest.
    """
    moves = np.diff(level, axis=0, prepend=np.nan)
    there = ~np.isnan(moves) & ~np.isnan(value) & (value > 0)
    enough = sums(there.astype(np.float64)) >= FEWEST_VALUES
    up, down = (mean_where(value, there & flags) for flags in (moves > 0, moves < 0))
    counted = enough & (down > 0)
    ratio = median_of(np.where(counted, up / np.where(down > 0, down, 1.0), np.nan))
    median = rolling_median(np.where(there, value, np.nan))
    gains = np.where(there & (moves > 0) & ~np.isnan(median), moves, 0.0)
    spikes = sums(gains * (value > SPIKE * median))
    all_of_it = sums(gains)
    share = median_of(
        np.where(
            enough & (all_of_it > 0),
            spikes / np.where(all_of_it > 0, all_of_it, 1),
            np.nan,
        )
    )
    state = chosen(
        ("on spikes", (share > ON_SPIKES)),
        ("backed", ratio >= BACKED),
        ("unbacked", ratio < UNBACKED),
        otherwise="mixed",
    )
    return known_by(ratio, state)


def chosen(*cases: tuple[str, Flags], otherwise: str) -> Words:
    """Return the first word whose flag holds on each row."""
    words = [word for word, _ in cases]
    found = np.select([flag for _, flag in cases], words, otherwise)
    return found.astype(np.str_)


def known_by(reading: Vector, state: Words) -> Signal:
    """Return a signal whose state is unknown where its reading is."""
    return Signal(reading, np.where(np.isnan(reading), UNKNOWN, state))


def portion(part: Flags, whole: Flags) -> Vector:
    """Return the share of `whole` that is `part`, by row; NaN where there is none."""
    total = whole.sum(axis=1)
    share = np.full(len(part), np.nan)
    np.divide(part.sum(axis=1), total, out=share, where=total > 0)
    return share


def sums(values: Matrix) -> Matrix:
    """Return sums over the last 63 rows, (T, N); NaN before there are as many."""
    return moving_mean(values, QUARTER) * QUARTER


def mean_where(values: Matrix, flags: Flags) -> Matrix:
    """Return the mean over the last 63 rows of those where `flags` holds, (T, N)."""
    count = sums(flags.astype(np.float64))
    total = sums(np.where(flags, values, 0.0))
    mean = np.full_like(values, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def rolling_median(values: Matrix) -> Matrix:
    """Return the median of what the last 63 rows have, (T, N).

    NaN where fewer than `FEWEST_VALUES` are known, and before there are as many rows.
    """
    out = np.full_like(values, np.nan)
    if len(values) >= QUARTER:
        windows = np.lib.stride_tricks.sliding_window_view(values, QUARTER, axis=0)
        for column in range(values.shape[1]):
            known = (~np.isnan(windows[:, column])).sum(axis=1)
            found = median_of(windows[:, column])
            out[QUARTER - 1 :, column] = np.where(known < FEWEST_VALUES, np.nan, found)
    return out


def median_of(values: Matrix) -> Vector:
    """Return the median of the known values of each row, NaN where there is none."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low = ordered[rows, np.maximum(count - 1, 0) // 2]
    high = ordered[rows, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, np.nan)
