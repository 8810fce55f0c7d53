"""Faults planted in clean closes, so that what is found can be counted.

Each takes dates (T,), closes (T, N) with NaN where there is none, a column, a random
generator, and what the fault needs; it returns the closes with the fault in them and
the dates that it spoils.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Dates, Matrix

EDGE = 80  # closes at both ends that a fault leaves alone


class Planted(NamedTuple):
    """Closes with a fault, its codes and the first and last date that it spoils."""

    close: Matrix
    codes: tuple[str, ...]
    first: np.datetime64
    last: np.datetime64


class Site(NamedTuple):
    """Where a fault goes."""

    dates: Dates
    close: Matrix
    column: int
    rates: Mapping[int, Matrix]
    draw: np.random.Generator

    def rows(self) -> Codes:
        """Return the rows at which the instrument has a close."""
        return np.flatnonzero(~np.isnan(self.close[:, self.column]))

    def place(self, rows: Codes, room: int = 0) -> int:
        """Return a place among `rows` away from both ends."""
        return int(self.draw.integers(EDGE, len(rows) - EDGE - room))


def label_shift(site: Site) -> Planted:
    """Date every close one session late or early; tokens, one day."""
    rows, close = site.rows(), site.close.copy()
    by = int(site.draw.choice([-1, 1]))
    values = close[rows, site.column]
    close[rows, site.column] = np.nan
    to, kept = (rows[1:], values[:-1]) if by > 0 else (rows[:-1], values[1:])
    close[to, site.column] = kept
    return Planted(close, ("label_shift",), site.dates[rows[0]], site.dates[rows[-1]])


def stale(site: Site) -> Planted:
    """Repeat a close five times."""
    rows = site.rows()
    at = site.place(rows, 6)
    return changed(
        site, rows[at + 1 : at + 6], site.close[rows[at], site.column], "stale"
    )


def split(site: Site) -> Planted:
    """Leave the closes before a split of 2 to 10, or a consolidation, unadjusted."""
    rows = site.rows()
    at = site.place(rows)
    ratio = float(site.draw.choice([2, 3, 4, 5, 10])) ** site.draw.choice([-1, 1])
    before = rows[:at]
    planted = changed(
        site, before, site.close[before, site.column] * ratio, "missed_split"
    )
    return planted._replace(first=site.dates[rows[at]], last=site.dates[rows[at]])


def unit(site: Site) -> Planted:
    """Give one to sixty closes times or over 100."""
    rows = site.rows()
    long = int(site.draw.integers(1, 60))
    at = site.place(rows, long)
    ratio = 100.0 ** site.draw.choice([-1, 1])
    bad = rows[at : at + long]
    return changed(site, bad, site.close[bad, site.column] * ratio, "unit")


def spike(site: Site) -> Planted:
    """Move one close by 8 to 12 standard deviations, as the MAD around it has them."""
    rows = site.rows()
    at = site.place(rows)
    near = np.diff(np.log(site.close[rows[at - 60 : at + 60], site.column]))
    mad = 1.4826 * float(np.median(np.abs(near - np.median(near))))
    move = site.draw.uniform(8, 12) * mad * site.draw.choice([-1, 1])
    off = site.close[rows[at], site.column] * np.exp(move)
    return changed(site, rows[at : at + 1], off, "spike")


def currency(site: Site) -> Planted:
    """Give some closes, or all to the end, in USD instead of the instrument's own."""
    rows, rate = site.rows(), site.rates[site.column]
    long = int(site.draw.choice([1, 10, 60, len(rows)]))
    at = site.place(rows)
    bad = rows[at : at + long]
    return changed(
        site, bad, site.close[bad, site.column] * rate[bad], "currency", "unit"
    )


def repeated_week(site: Site) -> Planted:
    """Give a week of closes a second time, in the place of the next week's."""
    rows = site.rows()
    at = site.place(rows, 10)
    week = site.close[rows[at : at + 5], site.column]
    return changed(site, rows[at + 5 : at + 10], week, "repeated_block")


def changed(site: Site, bad: Codes, values: object, *codes: str) -> Planted:
    """Return the closes with other values in some rows of the column."""
    close = site.close.copy()
    close[bad, site.column] = values
    return Planted(close, codes, site.dates[bad[0]], site.dates[bad[-1]])


FAULTS: Mapping[str, Callable[[Site], Planted]] = {
    "label shift of one session": label_shift,
    "stale run of 5": stale,
    "split of 2 or more": split,
    "unit x 100": unit,
    "spike of 8 MAD or more": spike,
    "currency": currency,
    "one repeated week": repeated_week,
}
