"""Moves of one price that its peers do not share: splits, units, currencies, spikes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskplugin._typing import Codes, Vector

SPIKE_SCALES = 5.2  # both legs; planted spikes have 8
SPIKE_LEFT = 0.42  # of a spike that may stay after it reverts
JUMP_SCALES, JUMP = 5.0, 0.55  # a level that changes: |log| and in own scales, ...
CLEAR_SCALES, CLEAR_JUMP = 10.0, 0.38  # ... or less but far outside its noise
NEWS_SCALES = 15.0  # of a level that stays and is like nothing: less is mostly news
NEAR_SCALES, NEAR = 3.5, 0.02  # how far a jump may lie from a unit or a rate, ...
SPLIT_SCALES, SMALL_SPLIT_SCALES = 3.0, 1.0  # ... from a split of 2 and more, or less
SMALL_SPLIT = 2
UNITS = (100.0, 1000.0, 10_000.0, 1e6)
SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50)


class JumpKind(StrEnum):
    """What a move that no peer shares looks like."""

    UNIT = "unit"
    CURRENCY = "currency"
    SPLIT = "split"
    SPIKE = "spike"
    UNKNOWN = "jump"


@dataclass(frozen=True, slots=True)
class Jump:
    """A move in a price that its peers do not share.

    Attributes
    ----------
    kind : JumpKind
    first, last : int
        Places of the prices at the changed level; to the end if it stayed.
    log_move : float
        Move into that level, less the peers'.
    scales : float
        The same over the robust standard deviation of such moves around it.
    ratio : float
        The ratio it is nearest to, `exp(log_move)` of a spike or an unknown jump.
    stays : bool
        Whether the last price is still at the changed level.
    currency : str
        The currency whose rate the ratio is, "" otherwise.
    back : float
        Log move out of that level, less the peers'; NaN if it stayed.
    """

    kind: JumpKind
    first: int
    last: int
    log_move: float
    scales: float
    ratio: float
    stays: bool
    currency: str = ""
    back: float = float("nan")


def level_changes(
    residual: Vector, scale: Vector, rates: Mapping[str, Vector]
) -> list[Jump]:
    """Return what the moves of one instrument against its peers hold.

    Parameters
    ----------
    residual : ndarray of shape (n,)
        Log return of each price from the one before less the peers'; 0 for the first.
    scale : ndarray of shape (n,)
        Robust standard deviation around each, `references.local_scale`.
    rates : Mapping of str to ndarray of shape (n,)
        By currency: log of the ratio that a quote in it would have to the right one.

    Returns
    -------
    list of Jump
        In order; a level that returns is one jump with an end.
    """
    size = np.abs(residual)
    loud = (size >= np.maximum(JUMP, JUMP_SCALES * scale)) | (
        size >= np.maximum(CLEAR_JUMP, CLEAR_SCALES * scale)
    )
    spikes = spike_places(residual, scale)
    found = [spike(int(i), residual, scale, rates) for i in spikes]
    taken = {int(i) for i in spikes} | {int(i) + 1 for i in spikes}
    waiting = [int(i) for i in np.flatnonzero(loud) if int(i) not in taken]
    while waiting:
        first = waiting.pop(0)
        back = returning(first, waiting, residual, scale)
        if back is not None:
            waiting.remove(back)
        last = len(residual) - 1 if back is None else back - 1
        jump = named(first, last, residual, scale, rates)
        if jump.kind is not JumpKind.UNKNOWN or jump.scales >= NEWS_SCALES or back:
            found.append(jump)
    return sorted(found, key=lambda jump: jump.first)


def spike_places(residual: Vector, scale: Vector) -> Codes:
    """Return where one price leaves the level that the next is back at."""
    out, back = residual[:-1], residual[1:]
    least = SPIKE_SCALES * np.maximum(scale[:-1], scale[1:])
    left = np.abs(out + back) <= SPIKE_LEFT * np.abs(out - back) / 2
    high = np.minimum(np.abs(out), np.abs(back)) >= least
    places = np.flatnonzero(left & high & (out * back < 0))
    alone = np.diff(places, prepend=-2) > 1
    return places[alone]


def spike(
    place: int, residual: Vector, scale: Vector, rates: Mapping[str, Vector]
) -> Jump:
    """Return one price off its level: a unit or currency error if it is its ratio."""
    guess = named(place, place, residual, scale, rates)
    if guess.kind in (JumpKind.UNIT, JumpKind.CURRENCY):
        return guess
    move = float(residual[place] - residual[place + 1]) / 2
    scales = abs(move) / float(scale[place])
    ratio = float(np.exp(move))
    return Jump(JumpKind.SPIKE, place, place, move, scales, ratio, stays=False)


def returning(
    first: int, later: Sequence[int], residual: Vector, scale: Vector
) -> int | None:
    """Return the next jump that undoes the one at `first`, if there is."""
    move = residual[first]
    for place in later:
        slack = max(4 * float(scale[first]), 0.1 * abs(move))
        if abs(move + residual[place]) <= min(slack, 0.5 * abs(move)):
            return place
    return None


def named(
    first: int,
    last: int,
    residual: Vector,
    scale: Vector,
    rates: Mapping[str, Vector],
) -> Jump:
    """Return the jump into the level of `first` by the ratio that it is nearest to.

    Of a unit or a currency the way back counts as well: news on the one day hides it on
    one side only.
    """
    move, spread = float(residual[first]), float(scale[first])
    stays = last == len(residual) - 1
    back = np.nan if stays else float(residual[last + 1])
    best = JumpKind.UNKNOWN, move, ""
    closest = (True, np.inf)  # a split is whole numbers, the others are one number
    for kind, log, scales, currency in ratios(first, rates):
        apart = abs(move - log)
        if kind is not JumpKind.SPLIT:
            apart = np.fmin(apart, abs(back + log))
        rank = (kind is JumpKind.SPLIT, apart)
        if apart <= max(NEAR, scales * spread) and rank < closest:
            best, closest = (kind, log, currency), rank
    kind, log, currency = best
    scales, ratio = abs(move) / spread, float(np.exp(log))
    return Jump(kind, first, last, move, scales, ratio, stays, currency, back)


def ratios(
    place: int, rates: Mapping[str, Vector]
) -> Iterator[tuple[JumpKind, float, float, str]]:
    """Yield what a jump may be: kind, log ratio, scales it may lie off, currency.

    Rates too small to tell from a move of the market are none of them.
    """
    for sign in (1, -1):
        for unit in UNITS:
            yield JumpKind.UNIT, sign * float(np.log(unit)), NEAR_SCALES, ""
        for split in SPLITS:
            far = SPLIT_SCALES if split >= SMALL_SPLIT else SMALL_SPLIT_SCALES
            yield JumpKind.SPLIT, sign * float(np.log(split)), far, ""
    for currency, rate in rates.items():
        if abs(rate[place]) >= CLEAR_JUMP:
            yield JumpKind.CURRENCY, float(rate[place]), NEAR_SCALES, currency
