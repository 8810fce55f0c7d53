"""Repairs of prices that a desk names; nothing else ever changes a price."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix

FEWEST_OTHERS = 3  # instruments that say when their market trades


class RepairKind(StrEnum):
    """What a repair does to the closes it names."""

    SHIFT = "shift"
    BLANK = "blank"
    SCALE = "scale"


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of some closes that the desk asks for.

    Attributes
    ----------
    instruments : tuple of str
        Canonical identifiers.
    kind : RepairKind
        ``shift`` moves dates by `amount` sessions (days for what trades around the
        clock), below 0 towards the past; ``blank`` takes the closes away; ``scale``
        multiplies them by `amount`.
    start, end : str
        First and last date, as given in the table, that it changes; "" is open.
    amount : float
        Sessions or factor; 0 for ``blank``.
    reason : str
        The desk's own words.
    """

    instruments: tuple[str, ...]
    kind: RepairKind
    start: str = ""
    end: str = ""
    amount: float = 0.0
    reason: str = ""

    def covers(self, dates: Dates) -> Flags:
        """Return which of `dates` it changes."""
        covered: Flags = np.ones(len(dates), bool)
        if self.start:
            covered &= dates >= np.datetime64(self.start)
        if self.end:
            covered &= dates <= np.datetime64(self.end)
        return covered

    def __str__(self) -> str:
        """Say what it does."""
        span = " ".join(
            f"{word} {day}"
            for word, day in (("from", self.start), ("to", self.end))
            if day
        )
        what = {
            RepairKind.SHIFT: f"dates moved by {self.amount:+.0f} sessions",
            RepairKind.BLANK: "closes taken away",
            RepairKind.SCALE: f"closes times {self.amount:.10g}",
        }[self.kind]
        return " ".join(filter(None, [", ".join(self.instruments) + ":", what, span]))


def mended(
    dates: Dates,
    close: Matrix,
    names: Sequence[str],
    repairs: Sequence[Repair],
    calendars: Mapping[str, str],
    around_the_clock: Collection[str],
) -> tuple[Dates, Matrix, list[int]]:
    """Return dates and closes after `repairs`, in their order.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (T,)
        Ascending, distinct.
    close : ndarray of shape (T, N)
        NaN where there is none.
    names : sequence of N str
        Canonical identifiers.
    repairs : sequence of Repair
        Those of instruments not in `names` change nothing.
    calendars : Mapping of str to str
        Market of each name; a shift goes along the days on which it trades.
    around_the_clock : collection of str
        Names whose shifts count calendar days.

    Returns
    -------
    dates, close
        Dates to which closes moved are added, none after the last one given: a close
        that would go there is dropped.
    changed : list of int
        Closes that each repair changed.
    """
    changed = []
    for repair in repairs:
        columns = [i for i, name in enumerate(names) if name in repair.instruments]
        if repair.kind is RepairKind.SHIFT:
            days = [
                moved_days(dates, close, i, int(repair.amount), names, calendars)
                if names[i] not in around_the_clock
                else dates + np.timedelta64(int(repair.amount), "D")
                for i in columns
            ]
            changed.append(
                int((~np.isnan(close[repair.covers(dates)][:, columns])).sum())
            )
            dates, close = shifted(dates, close, columns, days, repair.covers(dates))
            continue
        cells = np.ix_(np.flatnonzero(repair.covers(dates)), np.array(columns, int))
        close = close.copy()
        changed.append(int((~np.isnan(close[cells])).sum()))
        close[cells] *= repair.amount if repair.kind is RepairKind.SCALE else np.nan
    return dates, close, changed


def shifted(
    dates: Dates,
    close: Matrix,
    columns: Sequence[int],
    days: Sequence[Dates],
    covered: Flags,
) -> tuple[Dates, Matrix]:
    """Return dates and closes with the covered rows of some columns on other days.

    A close that arrives replaces one that was not moved.
    """
    if not columns:
        return dates, close
    last = dates[-1]
    everything = np.unique(np.concatenate([dates, *(d[covered] for d in days)]))
    everything = everything[everything <= last]
    wider = np.full((len(everything), close.shape[1]), np.nan)
    wider[np.searchsorted(everything, dates)] = close
    for column, day in zip(columns, days, strict=True):
        there = covered & ~np.isnan(close[:, column])
        wider[np.searchsorted(everything, dates[there]), column] = np.nan
        stays = there & (day <= last)
        wider[np.searchsorted(everything, day[stays]), column] = close[stays, column]
    kept = ~np.isnan(wider).all(axis=1) | np.isin(everything, dates)
    return everything[kept], wider[kept]


def moved_days(
    dates: Dates,
    close: Matrix,
    column: int,
    sessions: int,
    names: Sequence[str],
    calendars: Mapping[str, str],
) -> Dates:
    """Return each date moved by some sessions of the instrument's market.

    The market's sessions are the weekdays on which most of its other instruments have
    a close; without enough of them, and outside their time, every weekday.
    """
    market = calendars.get(names[column], "")
    others = [
        i
        for i, name in enumerate(names)
        if i != column and calendars.get(name, "") == market
    ]
    edge = np.timedelta64(7 * (abs(sessions) + 1), "D")
    days = np.arange(dates[0] - edge, dates[-1] + edge)
    open_days = days[np.is_busday(days)]
    if len(others) >= FEWEST_OTHERS:
        there = ~np.isnan(close[:, others])
        known = there.any(axis=1)
        seen = dates[known]
        closed = np.isin(open_days, dates[~most_trade(there)]) | ~np.isin(
            open_days, dates
        )
        inside = (open_days >= seen[0]) & (open_days <= seen[-1])
        open_days = open_days[~(inside & closed)]
    if sessions < 0:
        place = np.searchsorted(open_days, dates, side="left") + sessions
    else:
        place = np.searchsorted(open_days, dates, side="right") + sessions - 1
    moved: Dates = open_days[np.clip(place, 0, len(open_days) - 1)]
    return moved


def most_trade(there: Flags) -> Flags:
    """Return the days on which at least half of those that live have a close, (T,)."""
    living = alive(there).sum(axis=1)
    trading: Codes = there.sum(axis=1)
    session: Flags = (living > 0) & (2 * trading >= living)
    return session


def alive(there: Flags) -> Flags:
    """Return the days from the first to the last close of each column, shape (T, N)."""
    row = np.arange(len(there))[:, None]
    any_close = there.any(axis=0)
    first = np.where(any_close, there.argmax(axis=0), len(there))
    last = len(there) - 1 - there[::-1].argmax(axis=0)
    lives: Flags = (row >= first) & (row <= last)
    return lives
