"""Series behind or ahead of the others: in which span, by how much, of which feed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Codes, Flags
from riskplugin.diagnosis.labels import LATE, LEAST, SAME, Scan, displaced
from riskplugin.diagnosis.moves import Moves

PEERS = "the others of its region"
SPANS_APART = np.timedelta64(2 * 365, "D")  # that spans of one feed may differ by


@dataclass(frozen=True, slots=True)
class Displacement:
    """A series that is behind the others between two dates.

    Attributes
    ----------
    column : int
    late : int
        Sessions that its labels are behind; below 0 ahead.
    first, last : numpy.datetime64, optional
        Span of it; None where the data end.
    same, peak : float
        Correlation with what it was held against, on the same day and where highest; of
        a whole region where right labels alone have one, and where those off alone do.
    pairs : int
        Returns behind `peak`.
    wide : bool
        Whether its whole region is, as the other regions show.
    instead : str
        What would explain it as well, in words; "" if nothing does.
    against : str
        What `same` and `peak` are correlations with, in words.
    """

    column: int
    late: int
    first: np.datetime64 | None
    last: np.datetime64 | None
    same: float
    peak: float
    pairs: int
    wide: bool = False
    instead: str = ""
    against: str = PEERS


def displacements(
    found: Scan, usual: Flags, columns: Codes, moves: Moves, against: str = PEERS
) -> list[Displacement]:
    """Return the spans in which each scanned series is displaced, and against what."""
    lags = displaced(found, usual)
    made: list[Displacement] = []
    for i, column in enumerate(columns):
        for first, last, lag in spans(found, i, lags[:, i]):
            block = -1 if lags[-1, i] else first
            place = place_of(lag)
            made.append(
                Displacement(
                    int(column),
                    lag - nearest_usual(usual[:, i], lag),
                    *moves.span(first, last),
                    float(found.correlation[block, SAME, i]),
                    float(found.correlation[block, place, i]),
                    int(found.pairs[block, place, i]),
                    against=against,
                )
            )
    return made


def place_of(lag: int) -> int:
    """Return the place of a lag among those scanned."""
    return int(np.flatnonzero(lag == LATE)[0])


def spans(found: Scan, series: int, lags: Codes) -> list[tuple[int, int, int]]:
    """Return first and last block, and the lag, of each stretch of a displacement.

    `lags` has the shape (B + 1,), 0 where there is none: of the whole if it has one, of
    blocks otherwise.
    """
    whole = int(lags[-1])
    return [span_of(found, series, whole)] if whole else same_sign(lags[:-1])


def nearest_usual(usual: Flags, lag: int) -> int:
    """Return the usual lag next to `lag`: what is off is off from there."""
    known = LATE[usual]
    return int(known[np.abs(known - lag).argmin()])


def span_of(found: Scan, series: int, late: int) -> tuple[int, int, int]:
    """Return the first and last block of a displacement of the whole.

    Blocks at either end that clearly move on the same day are not of it.
    """
    same = np.nan_to_num(found.correlation[:-1, SAME, series])
    off = np.nan_to_num(found.correlation[:-1, place_of(late), series])
    fine = (same >= LEAST) & (same >= 2 * off)
    shifted = np.flatnonzero(~fine)
    return (int(shifted[0]), int(shifted[-1]), late) if len(shifted) else (0, 0, late)


def same_sign(blocks: Codes) -> list[tuple[int, int, int]]:
    """Return first and last block, and the lag, of runs of one displacement."""
    spans: list[tuple[int, int, int]] = []
    for block in np.flatnonzero(blocks):
        late = int(blocks[block])
        if spans and spans[-1][2] == late and spans[-1][1] >= block - 2:
            spans[-1] = (spans[-1][0], int(block), late)
        else:
            spans.append((int(block), int(block), late))
    return spans


def net(found: Sequence[Displacement]) -> list[Displacement]:
    """Return displacements against the world: of a region and within it, added up.

    What is early within a region that is late is right, and not among them.
    """
    wide = {d.column: d for d in found[::-1] if d.wide}
    left: list[Displacement] = []
    for one in found:
        of_region = wide.get(one.column)
        if of_region is None:
            left.append(one)
        elif one is of_region:
            own = [o.late for o in found if o.column == one.column and o is not one]
            if by := one.late + sum(own):
                left.append(replace(one, late=by))
    return left


def of_one_feed(
    found: Sequence[Displacement], places: Codes
) -> list[list[Displacement]]:
    """Return displacements of one region, lag and time together."""
    feeds: list[list[Displacement]] = []
    for one in found:
        for feed in feeds:
            other = feed[0]
            if (
                places[one.column] == places[other.column]
                and (one.late, one.instead) == (other.late, other.instead)
                and near(one.first, other.first)
                and near(one.last, other.last)
                and one.column not in {o.column for o in feed}
            ):
                feed.append(one)
                break
        else:
            feeds.append([one])
    return feeds


def near(one: np.datetime64 | None, other: np.datetime64 | None) -> bool:
    """Whether two ends of spans may be one: both open, or not far apart."""
    if one is None or other is None:
        return one is other
    return bool(abs(one - other) <= SPANS_APART)
