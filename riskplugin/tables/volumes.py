"""What is traded of held instruments on an ordinary day, as labelled tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np

from riskplugin._typing import Dates, Flags, Vector
from riskplugin.book import Book
from riskplugin.desk import Desk
from riskplugin.errors import Issue, Place, Severity, listing
from riskplugin.liquidity.volume import (
    NONE_CHOSEN,
    AverageVolume,
    Gap,
    Traded,
    Window,
    average_volume,
)
from riskplugin.results import Table, table
from riskplugin.universe import folded

NO_DATES = np.empty(0, dtype="datetime64[D]")
UNTRADED = Traded(NO_DATES, np.empty(0), np.empty(0, dtype=np.int64))
NO_SUCH_VENUE = -2
SHOWN = 5
HINTS: Mapping[Gap, str] = {
    Gap.NO_VOLUME: "give its volumes",
    Gap.OTHER_VENUE: "give volumes of its volume_venue, or name another in instruments",
    Gap.SEVERAL_VENUES: "name one as volume_venue in instruments",
    Gap.VENUE_CHANGED: "name one as volume_venue in instruments",
    Gap.TWO_FIGURES: "keep one row per date",
    Gap.STALE: "refresh its volumes",
    Gap.TOO_FEW: "give volumes for more than half of settings.volume_sessions",
    Gap.UNTRADED: "nothing trades on an ordinary day; name another volume_venue",
}


@dataclass(frozen=True, eq=False, slots=True)
class Volumes:
    """The volumes of a desk's tables by instrument, and what was made of them so far.

    Attributes
    ----------
    rows : Mapping of str to Traded
        By canonical name.
    venues : tuple of str
        Names by number, as first given.
    averages : dict of str to AverageVolume
    """

    rows: Mapping[str, Traded]
    venues: tuple[str, ...]
    averages: dict[str, AverageVolume] = field(default_factory=dict)

    def venue_name(self, number: int) -> str:
        """Return the name of a venue, blank if there is none."""
        return self.venues[number] if number >= 0 else ""

    def number(self, venue: str) -> int:
        """Return the number of a venue; names are compared as aliases are."""
        if not venue:
            return NONE_CHOSEN
        known = [folded(v) for v in self.venues]
        wanted = folded(venue)
        return known.index(wanted) if wanted in known else NO_SUCH_VENUE


_volumes: WeakKeyDictionary[Desk, Volumes] = WeakKeyDictionary()


def volumes_of(desk: Desk) -> Volumes:
    """Return the volumes in the tables of `desk`, read once for all desks of a market.

    Every instrument that `desk` holds has its average in them.
    """
    home = desk
    while home.origin is not None:
        home = home.origin
    if home not in _volumes:
        _volumes[home] = read_volumes(home)
    volumes, settings = _volumes[home], desk.settings
    window = Window(desk.as_of, settings.volume_sessions, settings.max_stale_sessions)
    for name in desk.book.labels["instrument"].names:
        if name not in volumes.averages:
            venue = volumes.number(desk.universe.instruments[name].volume_venue)
            traded = volumes.rows.get(name, UNTRADED)
            average = average_volume(traded, closes_of(desk, name), venue, window)
            volumes.averages[name] = average
    return volumes


def read_volumes(desk: Desk) -> Volumes:
    """Return the volumes as given, instruments by canonical names."""
    if "volumes" not in desk.tables:
        return Volumes({}, ())
    frame = desk.tables["volumes"].to_frame()
    dates = frame["date"].to_numpy().astype("datetime64[D]")
    volume = frame["volume"].to_numpy(np.float64)
    given, names = frame["instrument"].factorize()
    label, labels = frame["venue"].factorize()
    first: dict[str, int] = {}
    for name in labels:
        first.setdefault(folded(name), len(first))
    number = np.array([first[folded(name)] for name in labels], dtype=np.int64)
    venues = {v: str(name) for name, v in zip(labels[::-1], number[::-1], strict=True)}
    of_name: dict[str, int] = {}
    for name in names:
        of_name.setdefault(desk.universe.resolve(name), len(of_name))
    code = np.array([of_name[desk.universe.resolve(n)] for n in names], np.int64)[given]
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(of_name) + 1))
    everything = Traded(dates[order], volume[order], number[label][order])
    rows = {
        name: everything.only(slice(int(ends[i]), int(ends[i + 1])))
        for name, i in of_name.items()
    }
    return Volumes(rows, tuple(venues[i] for i in range(len(first))))


def closes_of(desk: Desk, instrument: str) -> Dates:
    """Return the dates on which an instrument has a close."""
    market = desk.market
    if instrument not in market.instruments:
        return NO_DATES
    column = market.instruments.index(instrument)
    return market.dates[~np.isnan(market.close[:, column])]


def is_cash(book: Book) -> Flags:
    """Whether each held instrument is cash, shape (K,), by its code."""
    kind, instrument = book.labels["kind"], book.labels["instrument"]
    of_position = np.array([k == "cash" for k in kind.names], dtype=bool)[kind.codes]
    cash = np.zeros(len(instrument.names), dtype=bool)
    cash[instrument.codes[of_position]] = True
    return cash


def daily_volume(desk: Desk) -> Vector:
    """Return the average daily volume of each held instrument, shape (K,), by its code.

    NaN where unknown; infinite for cash, which need not be sold.
    """
    averages = volumes_of(desk).averages
    names = desk.book.labels["instrument"].names
    known = np.array([averages[n].average for n in names], dtype=np.float64)
    return np.where(is_cash(desk.book), np.inf, known)


def volume_table(desk: Desk) -> Table:
    """Return the average daily volume of every held instrument but cash."""
    found, held = volumes_of(desk), desk.book.labels["instrument"].names
    names = [n for n, cash in zip(held, is_cash(desk.book), strict=True) if not cash]
    rows = [found.averages[n] for n in names]
    columns = {
        "instrument": names,
        "tier": [desk.universe.instruments[n].tier for n in names],
        "venue": [found.venue_name(r.venue) for r in rows],
        "average_volume": [r.average for r in rows],
        "window_sessions": [r.sessions for r in rows],
        "missing_sessions": [r.missing for r in rows],
        "zero_sessions": [r.zero for r in rows],
        "last": np.array([r.last for r in rows], dtype="datetime64[s]"),
        "unknown": ["" if r.gap is None else r.gap.value for r in rows],
    }
    return table("volumes", desk.as_of, columns)


def volume_issues(desk: Desk) -> Iterator[Issue]:
    """Yield a warning per reason for which volumes of held instruments are unknown.

    With the gross held of them, which stands in no number of days.
    """
    book, found = desk.book, volumes_of(desk).averages
    instrument = book.labels["instrument"]
    gross = np.bincount(instrument.codes, weights=np.abs(book.market_value))
    sold = ~is_cash(book)
    money = dict(zip(instrument.names, gross * sold, strict=True))
    held = [n for n, there in zip(instrument.names, sold, strict=True) if there]
    for gap in Gap:
        names = sorted(
            (n for n in held if found[n].gap is gap), key=lambda n: -money[n]
        )
        if names:
            worth = f"{sum(money[n] for n in names):,.0f}"
            message = f"days to sell are unknown for {worth} "
            message += f"{desk.settings.base_currency} gross ({gap}): "
            place = Place("volumes", column="volume")
            yield Issue(
                "unknown-volume",
                place,
                message + listing(names, SHOWN),
                HINTS[gap],
                Severity.WARNING,
            )
