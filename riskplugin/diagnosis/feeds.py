"""Date labels, feed by feed: what is a session late or early against the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.diagnosis.finding import Concern, Effect, Finding
from riskplugin.diagnosis.labels import (
    LATE,
    LEAST,
    SAME,
    YEAR,
    Scan,
    displaced,
    scan,
    slope,
)
from riskplugin.diagnosis.references import others_median, within
from riskplugin.diagnosis.regions import USUAL, Region
from riskplugin.mending import Repair, RepairKind, mended

FEWEST_PEERS = 4  # members of a region that are judged against each other
MOST_OFF = 0.35  # share of a region beyond which it may be the rest that is off
LOOK = "after a look at one close that another source dates"
ADVICE = {  # by whether a whole region is off, and whether it may be the rest
    (False, False): f"move the dates, {LOOK}",
    (False, True): f"find out which part of the region is off, {LOOK}",
    (True, False): f"move the dates, {LOOK}; were America's labels off, every other "
    "region would appear off the other way",
}
SPANS_APART = np.timedelta64(2 * 365, "D")  # that spans of one feed may differ by


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


@dataclass(frozen=True, slots=True)
class Displacement:
    """A series that is `late` sessions behind between two dates; None is open."""

    column: int
    late: int
    first: np.datetime64 | None
    last: np.datetime64 | None
    same: float
    peak: float
    pairs: int


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


def label_findings(feeds: Feeds) -> Iterator[Finding]:
    """Yield the labels that are off, those of one feed together."""
    places = np.array([list(Region).index(r) for r in feeds.regions], dtype=np.int64)
    found = [*against_peers(feeds, places), *against_america(feeds, places)]
    for together in of_one_feed(net(found, places), places):
        yield feed_finding(feeds, together)


def against_peers(feeds: Feeds, places: Codes) -> list[Displacement]:
    """Return what is displaced against the median of its region's others.

    What trades around the clock is compared on every day, the rest on weekdays.
    """
    found: list[Displacement] = []
    for place in np.unique(places):
        columns = np.flatnonzero(places == place)
        if len(columns) < FEWEST_PEERS:
            continue
        moves = moves_of(feeds, columns, list(Region)[place])
        cut = within(moves.returns)
        usual = np.zeros((len(LATE), len(columns)), bool)
        usual[SAME] = True
        found += displacements(scan(cut, others_median(cut)), usual, columns, moves)
    return found


def moves_of(feeds: Feeds, columns: Codes, region: Region) -> Moves:
    """Return the returns of some columns on the days of their region."""
    close = feeds.close[:, columns]
    if region is Region.CLOCK:
        days = np.flatnonzero(~np.isnan(close).all(axis=1))
    else:
        days = np.flatnonzero(np.is_busday(feeds.dates))
    return Moves.of(feeds.dates[days], close[days])


def against_america(feeds: Feeds, places: Codes) -> list[Displacement]:
    """Return the regions and lone instruments displaced against America's median.

    A region is represented by the median of its members and stands for all of them:
    one displacement for each member.
    """
    home = np.flatnonzero(places == list(Region).index(Region.AMERICA))
    if len(home) < FEWEST_PEERS - 1:
        return []
    days = np.is_busday(feeds.dates)
    moves = Moves.of(feeds.dates[days], feeds.close[days])
    world = known_median(within(moves.returns[:, home]))
    found: list[Displacement] = []
    for place in np.unique(places):
        region, columns = list(Region)[place], np.flatnonzero(places == place)
        if region is Region.AMERICA:
            continue
        whole = len(columns) >= FEWEST_PEERS
        cut = within(moves.returns[:, columns])
        series = known_median(cut)[:, None] if whole else cut
        usual = np.isin(LATE, USUAL[region])[:, None] | np.zeros(series.shape[1], bool)
        reference = np.repeat(world[:, None], series.shape[1], axis=1)
        which = np.array([-1]) if whole else columns
        parts = displacements(scan(series, reference), usual, which, moves)
        found += [
            Displacement(int(c), d.late, d.first, d.last, d.same, d.peak, d.pairs)
            for d in parts
            for c in (columns if whole else [d.column])
        ]
    return found


def known_median(returns: Matrix) -> Vector:
    """Return the median of each row's known values, NaN with fewer than two."""
    padded = np.hstack([returns, np.full((len(returns), 1), np.nan)])
    median: Vector = others_median(padded)[:, -1]
    return median


def displacements(
    found: Scan, usual: Flags, columns: Codes, moves: Moves
) -> list[Displacement]:
    """Return the spans in which each scanned series is displaced."""
    late = displaced(found, usual)
    made: list[Displacement] = []
    for i, column in enumerate(columns):
        whole = int(late[-1, i])
        blocks = late[:-1, i]
        spans = [span_of(found, i, whole)] if whole else same_sign(blocks)
        for first, last, by in spans:
            block = -1 if whole else first
            place = int(np.flatnonzero(by == LATE)[0])
            figures = found.correlation[block, :, i]
            made.append(
                Displacement(
                    int(column),
                    by - nearest_usual(usual[:, i], by),
                    *moves.span(first, last),
                    float(figures[SAME]),
                    float(figures[place]),
                    int(found.pairs[block, place, i]),
                )
            )
    return made


def nearest_usual(usual: Flags, lag: int) -> int:
    """Return the usual lag next to `lag`: what is off is off from there."""
    known = LATE[usual]
    return int(known[np.abs(known - lag).argmin()])


def span_of(found: Scan, series: int, late: int) -> tuple[int, int, int]:
    """Return the first and last block of a displacement of the whole.

    Blocks at either end that clearly move on the same day are not of it.
    """
    place = int(np.flatnonzero(late == LATE)[0])
    same = np.nan_to_num(found.correlation[:-1, SAME, series])
    off = np.nan_to_num(found.correlation[:-1, place, series])
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


def net(found: Sequence[Displacement], places: Codes) -> list[Displacement]:
    """Return displacements against the world: of a region and within it, added up.

    What is early within a region that is late is right, and not among them.
    """
    region = {d.column: d for d in found[::-1] if is_region_wide(d, found, places)}
    left: list[Displacement] = []
    for one in found:
        wide = region.get(one.column)
        if wide is None:
            left.append(one)
        elif one is wide:
            own = [o.late for o in found if o.column == one.column and o is not wide]
            by = one.late + sum(own)
            if by:
                left.append(
                    Displacement(
                        one.column, by, one.first, one.last, one.same, one.peak,
                        one.pairs,
                    )
                )  # fmt: skip
    return left


def is_region_wide(
    one: Displacement, found: Sequence[Displacement], places: Codes
) -> bool:
    """Whether every member of the region bears the same displacement."""
    alike = {
        o.column
        for o in found
        if (o.late, o.first, o.last, o.peak)
        == (one.late, one.first, one.last, one.peak)
    }
    members = np.flatnonzero(places == places[one.column])
    return len(members) >= FEWEST_PEERS and set(members.tolist()) <= alike


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
                and one.late == other.late
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


def feed_finding(feeds: Feeds, together: Sequence[Displacement]) -> Finding:
    """Return the displacement of one feed in words, with its repair."""
    late = together[0].late
    names = tuple(feeds.names[d.column] for d in together)
    region = feeds.regions[together[0].column]
    members = sum(r is region for r in feeds.regions)
    first = None if together[0].first is None else min(ends(together, "first"))
    last = None if together[0].last is None else max(ends(together, "last"))
    known = ~np.isnan(feeds.close[:, [d.column for d in together]]).all(axis=1)
    repair = Repair(
        names,
        RepairKind.SHIFT,
        "" if first is None else str(first),
        "" if last is None else str(last),
        float(-late),
    )
    word = f"session{'s' * (abs(late) > 1)} {'late' if late > 0 else 'early'}"
    whole = "all" if len(names) == members else f"{len(names)} of {members}"
    doubtful = MOST_OFF * members < len(names) < members
    advice = ADVICE[len(names) == members, doubtful]
    same = float(np.median([d.same for d in together]))
    peak = float(np.median([d.peak for d in together]))
    return Finding(
        "label_shift",
        Concern.HIGH,
        names,
        feeds.dates[known][0] if first is None else first,
        feeds.dates[known][-1] if last is None else last,
        f"dated {abs(late)} {word}, {whole} of what trades in the region {region}: "
        f"correlation with the reference {same:.2f} on the same day, {peak:.2f} at "
        f"its highest, over {min(d.pairs for d in together)} returns",
        () if doubtful else (repair,),
        advice,
        beta_effect(feeds, together[0].column, repair),
    )


def ends(together: Sequence[Displacement], which: str) -> list[np.datetime64]:
    """Return the first or last dates of spans that have one."""
    return [getattr(d, which) for d in together if getattr(d, which) is not None]


def beta_effect(feeds: Feeds, column: int, repair: Repair) -> Effect:
    """Return the same-day beta to the driver that fits best, as dated and repaired.

    Drivers with members in the instrument's own region are left aside: they may be of
    the same feed.
    """
    name, region = feeds.names[column], feeds.regions[column]
    clock = {n for n, r in zip(feeds.names, feeds.regions, strict=True)
             if r is Region.CLOCK}  # fmt: skip
    calendars = dict(zip(feeds.names, feeds.calendars, strict=True))
    dates, close, _ = mended(
        feeds.dates, feeds.close, feeds.names, (repair,), calendars, clock
    )
    as_dated = Moves.of(*weekdays_of(feeds.dates, feeds.close)).returns
    repaired = Moves.of(*weekdays_of(dates, close)).returns
    best, highest = Effect(), -np.inf
    for driver, members in feeds.drivers.items():
        basket = [
            i
            for i, n in enumerate(feeds.names)
            if n in members and feeds.regions[i] is not region
        ]
        if not basket:
            continue
        before, _ = slope(as_dated[:, column], as_dated[:, basket].mean(axis=1))
        after, fit = slope(repaired[:, column], repaired[:, basket].mean(axis=1))
        if abs(fit) > highest:
            measure = f"{name}: same-day beta to {driver}"
            best, highest = Effect(measure, before, after), abs(fit)
    return best


def weekdays_of(dates: Dates, close: Matrix) -> tuple[Dates, Matrix]:
    """Return the rows of Mondays to Fridays."""
    days = np.is_busday(dates)
    return dates[days], close[days]
