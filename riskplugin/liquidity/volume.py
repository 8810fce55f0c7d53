"""What is traded of an instrument on an ordinary day, or why that is not known."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Vector

NONE_CHOSEN = -1


class Gap(StrEnum):
    """Why the average daily volume of an instrument is not known."""

    NO_VOLUME = "no volume"
    OTHER_VENUE = "none of its venue"
    SEVERAL_VENUES = "several venues"
    VENUE_CHANGED = "venue changed"
    TWO_FIGURES = "two figures a day"
    STALE = "stale"
    TOO_FEW = "too few days"
    UNTRADED = "untraded"


@dataclass(frozen=True, eq=False, slots=True)
class Traded:
    """Volumes of one instrument as they came.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (R,)
        In any order.
    volume : ndarray of shape (R,)
        In units of the position's quantity; NaN where unknown.
    venue : ndarray of shape (R,)
        Number of the venue.
    """

    dates: Dates
    volume: Vector
    venue: Codes

    def only(self, rows: Flags | slice) -> "Traded":
        """Return some of the rows."""
        return Traded(self.dates[rows], self.volume[rows], self.venue[rows])


@dataclass(frozen=True, slots=True)
class AverageVolume:
    """Volume of an ordinary day of one instrument.

    `average` is NaN and `gap` says why where it is not known. `sessions` of the window
    that ends at `last_session` fall into those with a volume and `missing`; `zero` of
    them had a volume of 0. `venue` is the number of the venue, -1 if none or several;
    `last` the date of the last volume, NaT if none.
    """

    average: float
    gap: Gap | None
    sessions: int = 0
    missing: int = 0
    zero: int = 0
    venue: int = NONE_CHOSEN
    last: np.datetime64 = np.datetime64("NaT", "D")  # noqa: RUF009 - immutable


@dataclass(frozen=True, slots=True)
class Window:
    """Over which sessions a volume is averaged.

    Attributes
    ----------
    as_of : numpy.datetime64
        Nothing later is looked at.
    sessions : int
        Latest sessions of the instrument's own calendar.
    max_stale_sessions : int
        Weekdays by which the last volume may be older than `as_of`.
    """

    as_of: np.datetime64
    sessions: int
    max_stale_sessions: int


def average_volume(
    traded: Traded, closes: Dates, venue: int, window: Window
) -> AverageVolume:
    """Return the median volume over the latest sessions of an instrument.

    A session of its own calendar is a date on which it has a close or a row of
    volume. The median, because a spike around news is nothing to lean on; days of no
    trade count as 0; days without a figure are left out and counted, and more than
    half of the window must have one. Volumes of two venues are never put together.

    Parameters
    ----------
    traded : Traded
    closes : ndarray of datetime64[D]
        Dates on which the instrument has a close.
    venue : int
        Number of the venue that counts; -1 where none is chosen, which does only if
        the window holds one alone.
    window : Window
    """
    past = traded.only(traded.dates <= window.as_of)
    known = past.only(~np.isnan(past.volume))
    if venue != NONE_CHOSEN and len(known.dates):
        past, known = (t.only(t.venue == venue) for t in (past, known))
        if not len(known.dates):
            return AverageVolume(np.nan, Gap.OTHER_VENUE, venue=venue)
    if not len(known.dates):
        return AverageVolume(np.nan, Gap.NO_VOLUME, venue=venue)
    calendar = np.union1d(closes[closes <= window.as_of], past.dates)
    sessions = calendar[-window.sessions :]
    inside = known.only(known.dates >= sessions[0])
    days, count = np.unique(inside.dates, return_counts=True)
    venues = np.unique(inside.venue)
    found = AverageVolume(
        average=float(np.median(inside.volume)) if len(days) else np.nan,
        gap=None,
        sessions=len(sessions),
        missing=len(sessions) - len(days),
        zero=int(np.count_nonzero(inside.volume == 0)),
        venue=int(venues[0]) if len(venues) == 1 else NONE_CHOSEN,
        last=known.dates.max(),
    )
    gap = gap_of(found, window, len(venues), doubled=bool((count > 1).any()))
    return found if gap is None else replace(found, average=np.nan, gap=gap)


def gap_of(
    found: AverageVolume, window: Window, venues: int, *, doubled: bool
) -> Gap | None:
    """Return why an average is not to be relied on, None if it is."""
    age = int(np.busday_count(found.last, window.as_of))
    several = Gap.SEVERAL_VENUES if doubled else Gap.VENUE_CHANGED
    faults = {
        several: venues > 1,
        Gap.TWO_FIGURES: doubled,
        Gap.STALE: age > window.max_stale_sessions or not venues,
        Gap.TOO_FEW: 2 * (found.sessions - found.missing) <= window.sessions,
        Gap.UNTRADED: found.average == 0,
    }
    return next((gap for gap, there in faults.items() if there), None)
