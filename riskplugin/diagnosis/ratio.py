"""The log ratio of two feeds of one instrument: aligned, its steps, single days off."""

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.diagnosis.labels import LATE, SAME
from riskplugin.diagnosis.references import NORMAL

AROUND = 11  # ratios whose median is the level on a day
STEP = 0.1  # log change of the level that is a step and no dividend
OFF = 0.01  # log distance from the level that is a mismatch at least, ...
OFF_SCALES = 8.0  # ... and in robust standard deviations of it
QUIETER = 3.0  # times that the ratio must be quieter at another lag
LOUD = 1e-3  # median change of the ratio a session from which labels are doubted


class Step(NamedTuple):
    """Places `first` to `last` of known ratios at one level, in logs."""

    first: int
    last: int
    level: float


def ratios_at(
    dates: Dates, own: Vector, other_dates: Dates, other: Vector, *, days: bool
) -> Matrix:
    """Return log ratios of own closes to the other's, own taken to be late, (L, n).

    At each lag of `LATE` an own close stands against the other's of as many sessions
    before; of as many days, if `days`. NaN where there is none.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    own : ndarray of shape (n,)
    other_dates : ndarray of datetime64[D], shape (m,)
    other : ndarray of shape (m,)
        Both ascending and all known. Sessions are own dates.
    """
    found = np.full((len(LATE), len(dates)), np.nan)
    for place, late in enumerate(LATE.tolist()):
        by_day = days or not late
        moved = other_dates + np.timedelta64(late if by_day else 0, "D")
        side: Literal["left", "right"] = "right" if late > 0 and not by_day else "left"
        at = np.searchsorted(dates, moved, side=side)
        at += 0 if by_day else late - (late > 0)
        inside = (at >= 0) & (at < len(dates))
        if by_day:
            inside[inside] = dates[at[inside]] == moved[inside]
        found[place, at[inside]] = np.log(own[at[inside]]) - np.log(other[inside])
    return found


def quiet_lags(ratios: Matrix, block: int, fewest: int) -> Codes:
    """Return the lag at which the ratio is quiet on each row, (n,).

    Quiet: the median size of its changes from one session to the next, block by block.
    Another lag than 0 is taken where that is `QUIETER` times less than at 0, and at 0
    at least `LOUD`; never with fewer than `fewest` changes at either. Between blocks of
    two lags the row is sought at which changing from one to the other leaves least.
    """
    changes = np.abs(np.diff(ratios, axis=1, prepend=np.nan))
    edges = block_edges(ratios.shape[1], block)
    lags = [quiet_lag(changes[:, a:b], fewest) for a, b in pairwise(edges)]
    rows = np.repeat(lags, np.diff(edges))
    known = np.nan_to_num(changes)
    for b, (before, after) in enumerate(pairwise(lags)):
        if before == after:
            continue
        near = slice(edges[b], edges[b + 2])
        stays = np.append(0.0, np.cumsum(known[before + SAME, near]))
        goes = np.append(np.cumsum(known[after + SAME, near][::-1])[::-1], 0.0)
        change = edges[b] + int((stays + goes).argmin())
        rows[near] = np.where(np.arange(near.start, near.stop) < change, before, after)
    return rows


def quiet_lag(changes: Matrix, fewest: int) -> int:
    """Return the lag at which the sizes (L, m) of a block's changes are quiet."""
    enough = (~np.isnan(changes)).sum(axis=1) >= fewest
    if not enough[SAME] or (same := typical(changes[SAME])) < LOUD:
        return 0
    size = [
        typical(row) if there else np.inf
        for row, there in zip(changes, enough, strict=True)
    ]
    best = int(np.argmin(size))
    return int(LATE[best]) if size[best] * QUIETER <= same else 0


def block_edges(count: int, block: int) -> list[int]:
    """Return where blocks of `block` begin and end; the last takes what is left."""
    blocks = max(count // block, 1)
    return [*(b * block for b in range(blocks)), count]


def typical(values: Vector) -> float:
    """Return the median of the known values, NaN of none."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def level_of(ratio: Vector) -> Vector:
    """Return the median of the `AROUND` ratios around each, (n,); all known."""
    padded = np.pad(ratio, AROUND // 2, mode="edge")
    ordered = np.sort(sliding_window_view(padded, AROUND), axis=1)
    level: Vector = ordered[:, AROUND // 2]
    return level


def steps(ratio: Vector) -> list[Step]:
    """Return the stretches of one level, cut where it changes by `STEP`, in order.

    `ratio` has the shape (n,) and is all known. What lasts for fewer than half of
    `AROUND` is no level of its own.
    """
    cuts = np.flatnonzero(np.abs(np.diff(level_of(ratio))) >= STEP) + 1
    edges = [0, *cuts.tolist(), len(ratio)]
    return [Step(a, b - 1, float(np.median(ratio[a:b]))) for a, b in pairwise(edges)]


def mismatches(ratio: Vector) -> Flags:
    """Return the days on which the ratio leaves its level, (n,); all known."""
    apart = np.abs(ratio - level_of(ratio))
    spread = NORMAL * float(np.median(apart)) if len(apart) else 0.0
    flags: Flags = apart >= max(OFF, OFF_SCALES * spread)
    return flags


def stands_out(price: Vector, place: int) -> float:
    """Return how far one log price is from the mean of its neighbours."""
    near = price[max(place - 1, 0) : place + 2]
    others = np.delete(near, min(place, 1))
    return abs(float(price[place] - others.mean())) if len(others) else 0.0
