"""Prices that do not move, are not there, or were there before."""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Vector

STALE_CHANCE = 0.01  # expected number of runs as long, in a clean history
FEWEST_UNCHANGED = 4  # unchanged closes in a row that are looked at
RATE_BLOCK = 504  # sessions over which an instrument's own rate is taken
WEEK = 5  # prices that a repeated block has at least
DISTINCT = 4  # of them that must differ


class Run(NamedTuple):
    """Consecutive places, both ends included, and how many such runs chance gives."""

    first: int
    last: int
    expected: float = 0.0


class Repeat(NamedTuple):
    """Places `first` to `last` that hold what stood `before` places earlier."""

    first: int
    last: int
    before: int


def stretches(flags: Flags) -> list[tuple[int, int]]:
    """Return first and last place of every run of true flags."""
    edge = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def stale_runs(price: Vector) -> list[Run]:
    """Return the runs of unchanged prices that its own habit does not explain.

    With `p` the chance that a price repeats the one before, a history of n prices has
    ``n p^L`` runs of at least L repeats; a run is reported where that is below
    `STALE_CHANCE`. p counts each run once, so that a long one does not excuse itself,
    and is taken over the whole and over the two years around, whichever is larger.

    Parameters
    ----------
    price : ndarray of shape (n,)
        All known.

    Returns
    -------
    list of Run
        Of the prices that repeat.
    """
    same = np.concatenate([[False], np.diff(price) == 0])
    runs = [r for r in stretches(same) if r[1] - r[0] + 1 >= FEWEST_UNCHANGED]
    if not runs:
        return []
    starts = same & ~np.concatenate([[False], same[:-1]])
    found = []
    for first, last in runs:
        a, b = max(first - RATE_BLOCK // 2, 0), last + RATE_BLOCK // 2
        rates = [
            (begun.sum() + 1) / ((~moved).sum() + 2)
            for begun, moved in ((starts, same), (starts[a:b], same[a:b]))
        ]
        expected = len(price) * float(max(rates)) ** (last - first + 1)
        if expected <= STALE_CHANCE:
            found.append(Run(first, last, expected))
    return found


def missing_runs(there: Flags, session: Flags) -> list[Run]:
    """Return the runs of sessions without a price between the first and the last one.

    Both of shape (T,); places are those of the sessions' days. Closed days in a run
    neither end nor lengthen it.
    """
    days = np.flatnonzero(there)
    if not len(days):
        return []
    inside = np.zeros_like(there)
    inside[days[0] : days[-1]] = True
    counted = np.flatnonzero(inside & (session | there))
    gaps = stretches(~there[counted])
    return [Run(int(counted[a]), int(counted[b])) for a, b in gaps]


def repeated_blocks(price: Vector, window: int = WEEK) -> list[Repeat]:
    """Return the blocks of at least `window` prices that stood earlier, exactly.

    A block in which fewer than `DISTINCT` prices differ is left to `stale_runs`.
    `price` has the shape (n,) and is all known.
    """
    if len(price) < 2 * window:
        return []
    views = np.lib.stride_tricks.sliding_window_view(price, window)
    code = np.zeros(len(views), dtype=np.uint64)
    for column in views.T:
        bits = np.ascontiguousarray(column).view(np.uint64)
        code = code * np.uint64(0x9E3779B97F4A7C15) + (bits ^ (bits >> np.uint64(29)))
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    earlier: Codes = first[inverse]
    again = np.flatnonzero(earlier + window <= np.arange(len(views)))
    again = again[(views[again] == views[earlier[again]]).all(axis=1)]
    again = again[[len(set(views[i].tolist())) >= DISTINCT for i in again]]
    again = again[[by_chance(price, i, window) <= STALE_CHANCE for i in again]]
    found: list[Repeat] = []
    for place in again.tolist():
        back = place - int(earlier[place])
        if found and found[-1].before == back and place <= found[-1].last + 1:
            found[-1] = found[-1]._replace(last=place + window - 1)
        else:
            found.append(Repeat(place, place + window - 1, back))
    return found


def by_chance(price: Vector, place: int, window: int) -> float:
    """Return how many such blocks the ticks around `place` give in such a history.

    ``n w q^(L-1) / m``: n starts, w others at about that level, which one of m prices
    starts alike, and the same L - 1 moves in a row, q the chance that two moves are
    equal. A share of few dollars in sixteenths repeats a week by chance.
    """
    near = price[max(place - RATE_BLOCK // 4, 0) : place + RATE_BLOCK // 4]
    _, moves = np.unique(np.diff(near), return_counts=True)
    pairs = (moves * (moves - 1)).sum() / max(len(near) * (len(near) - 1), 1)
    levels = len(np.unique(near))
    return float(len(price) * len(near) * pairs ** (window - 1) / levels)
