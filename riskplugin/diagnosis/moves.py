"""Closes by where they trade, and their returns on the days of a region."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Matrix, Vector
from riskplugin.diagnosis.labels import YEAR
from riskplugin.diagnosis.references import others_median
from riskplugin.diagnosis.regions import Region


@dataclass(frozen=True, eq=False, slots=True)
class Feeds:
    """Closes, and where each instrument trades.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
    close : ndarray of shape (T, N)
        NaN where there is none.
    names, calendars : tuple of N str
    regions : tuple of N Region
    drivers : Mapping of str to tuple of str
        Members of each driver's basket.
    """

    dates: Dates
    close: Matrix
    names: tuple[str, ...]
    calendars: tuple[str, ...]
    regions: tuple[Region, ...]
    drivers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Moves:
    """One-session log returns of some days in a row, shape (T - 1, N), and the days."""

    dates: Dates
    returns: Matrix

    @classmethod
    def of(cls, dates: Dates, close: Matrix) -> "Moves":
        """Return the returns between neighbouring rows with two closes."""
        return cls(dates, np.diff(np.log(close), axis=0))

    def span(
        self, first: int, last: int
    ) -> tuple[np.datetime64 | None, np.datetime64 | None]:
        """Return the dates of two blocks' start and end, None where the data end."""
        end = (last + 1) * YEAR
        return (
            None if first == 0 else self.dates[first * YEAR],
            None if end >= len(self.returns) else self.dates[end],
        )


def moves_of(feeds: Feeds, columns: Codes, region: Region) -> Moves:
    """Return the returns of some columns on the days of their region."""
    close = feeds.close[:, columns]
    if region is Region.CLOCK:
        days = np.flatnonzero(~np.isnan(close).all(axis=1))
    else:
        days = np.flatnonzero(np.is_busday(feeds.dates))
    return Moves.of(feeds.dates[days], close[days])


def weekdays_of(dates: Dates, close: Matrix) -> tuple[Dates, Matrix]:
    """Return the rows of Mondays to Fridays."""
    days = np.is_busday(dates)
    return dates[days], close[days]


def known_median(returns: Matrix) -> Vector:
    """Return the median of each row's known values, NaN with fewer than two."""
    padded = np.hstack([returns, np.full((len(returns), 1), np.nan)])
    median: Vector = others_median(padded)[:, -1]
    return median
