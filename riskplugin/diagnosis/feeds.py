"""Date labels, feed by feed: what is a session late or early against the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

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
from riskplugin.mending import Repair, RepairKind

FEWEST_PEERS = 4  # members of a region that are judged against each other
SPANS_APART = 2 * YEAR  # sessions by which the spans of one feed may differ


class Region(StrEnum):
    """Markets whose closes lie within a few hours of each other."""

    ASIA = "Asia"
    EUROPE = "Europe"
    AMERICA = "America"
    CLOCK = "around the clock"
    OTHER = "elsewhere"


MARKETS: Mapping[Region, tuple[str, ...]] = {
    Region.ASIA: (
        "XKRX", "XKOS", "XTKS", "XTAI", "XHKG", "XSHG", "XSHE", "XSES", "XASX", "XBOM",
    ),
    Region.EUROPE: (
        "XLON", "XETR", "XFRA", "XPAR", "XAMS", "XBRU", "XLIS", "XMAD", "XMIL", "XSWX",
        "XSTO", "XHEL", "XCSE", "XOSL", "XWBO", "XDUB", "XWAR",
    ),
    Region.AMERICA: (
        "XNYS", "XNAS", "ARCX", "BATS", "XASE", "XTSE", "BVMF", "XMEX", "XCBF", "CMES",
    ),
    Region.CLOCK: ("24/7",),
}  # fmt: skip

# Lags at which a region may move with America without a fault. It closes before New
# York does: what happens there after the close comes in its next session.
USUAL: Mapping[Region, tuple[int, ...]] = {
    Region.ASIA: (0, 1),
    Region.EUROPE: (0, 1),
    Region.AMERICA: (0,),
    Region.CLOCK: (0,),
    Region.OTHER: (-1, 0, 1),
}


@dataclass(frozen=True, eq=False, slots=True)
class Feeds:
    """Closes on weekdays, and where each instrument trades.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
        Mondays to Fridays.
    log_price : ndarray of shape (T, N)
    names : tuple of N str
    regions : tuple of N Region
    drivers : Mapping of str to tuple of str
        Members of each driver's basket.
    """

    dates: Dates
    log_price: Matrix
    names: tuple[str, ...]
    regions: tuple[Region, ...]
    drivers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Displacement:
    """A series that is `late` sessions behind between two rows, both included."""

    column: int
    late: int
    first: int
    last: int
    same: float
    peak: float
    pairs: int


def region_of(calendar: str, asset_class: str) -> Region:
    """Return where an instrument trades."""
    for region, markets in MARKETS.items():
        if calendar in markets:
            return region
    return Region.CLOCK if asset_class == "crypto" else Region.OTHER


def label_findings(feeds: Feeds) -> Iterator[Finding]:
    """Yield the labels that are off, those of one feed together."""
    returns = np.diff(feeds.log_price, axis=0)
    places = np.array([list(Region).index(r) for r in feeds.regions], dtype=np.int64)
    found = [
        *against_peers(returns, places),
        *against_america(returns, places),
    ]
    for together in of_one_feed(net(found, places), places):
        yield feed_finding(feeds, returns, together)


def against_peers(returns: Matrix, places: Codes) -> list[Displacement]:
    """Return what is displaced against the median of its region's others."""
    found: list[Displacement] = []
    for region in np.unique(places):
        columns = np.flatnonzero(places == region)
        if len(columns) < FEWEST_PEERS:
            continue
        cut = within(returns[:, columns])
        usual = np.zeros((len(LATE), len(columns)), bool)
        usual[SAME] = True
        found += displacements(scan(cut, others_median(cut)), usual, columns, returns)
    return found


def against_america(returns: Matrix, places: Codes) -> list[Displacement]:
    """Return the regions and lone instruments displaced against America's median.

    A region is represented by the median of its members and stands for all of them:
    one displacement for each member.
    """
    home = np.flatnonzero(places == list(Region).index(Region.AMERICA))
    if len(home) < FEWEST_PEERS - 1:
        return []
    world = known_median(within(returns[:, home]))
    found: list[Displacement] = []
    for place in np.unique(places):
        region, columns = list(Region)[place], np.flatnonzero(places == place)
        if region is Region.AMERICA:
            continue
        whole = len(columns) >= FEWEST_PEERS
        cut = within(returns[:, columns])
        series = known_median(cut)[:, None] if whole else cut
        usual = np.isin(LATE, USUAL[region])[:, None] | np.zeros(series.shape[1], bool)
        reference = np.repeat(world[:, None], series.shape[1], axis=1)
        which = np.array([-1]) if whole else columns
        parts = displacements(scan(series, reference), usual, which, returns)
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
    found: Scan, usual: Flags, columns: Codes, returns: Matrix
) -> list[Displacement]:
    """Return the spans in which each scanned series is displaced."""
    late = displaced(found, usual)
    made: list[Displacement] = []
    for i, column in enumerate(columns):
        whole = int(late[-1, i])
        blocks = late[:-1, i]
        if whole:
            spans = [span_of(found, i, whole)]
        else:
            spans = same_sign(blocks)
        for first, last, by in spans:
            block = -1 if whole else first
            place = int(np.flatnonzero(LATE == by)[0])
            figures = found.correlation[block, :, i]
            made.append(
                Displacement(
                    int(column),
                    by,
                    first * YEAR,
                    min((last + 1) * YEAR, len(returns)),
                    float(figures[SAME]),
                    float(figures[place]),
                    int(found.pairs[block, place, i]),
                )
            )
    return made


def span_of(found: Scan, series: int, late: int) -> tuple[int, int, int]:
    """Return the first and last block of a displacement of the whole.

    Blocks at either end that clearly move on the same day are not of it.
    """
    place = int(np.flatnonzero(LATE == late)[0])
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
        if (o.late, o.first, o.last, o.peak) == (one.late, one.first, one.last, one.peak)
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
                and one.first <= other.last + SPANS_APART
                and other.first <= one.last + SPANS_APART
                and one.column not in {o.column for o in feed}
            ):
                feed.append(one)
                break
        else:
            feeds.append([one])
    return feeds


def feed_finding(
    feeds: Feeds, returns: Matrix, together: Sequence[Displacement]
) -> Finding:
    """Return the displacement of one feed in words, with its repair."""
    late = together[0].late
    names = tuple(feeds.names[d.column] for d in together)
    region = feeds.regions[together[0].column]
    members = sum(r is region for r in feeds.regions)
    first, last = min(d.first for d in together), max(d.last for d in together)
    open_start, open_end = first == 0, last >= len(returns)
    word = "late" if late > 0 else "early"
    same, peak = (float(np.median([getattr(d, a) for d in together]))
                  for a in ("same", "peak"))  # fmt: skip
    pairs = min(d.pairs for d in together)
    start, end = feeds.dates[first], feeds.dates[min(last, len(feeds.dates) - 1)]
    repair = Repair(
        names,
        RepairKind.SHIFT,
        "" if open_start else str(start),
        "" if open_end else str(end),
        float(-late),
    )
    whole = "all" if len(names) == members else f"{len(names)} of {members}"
    return Finding(
        "label_shift",
        Concern.HIGH,
        names,
        start,
        end,
        f"dated {abs(late)} session{'s' * (abs(late) > 1)} {word}, {whole} of what "
        f"trades in the region {region}: correlation with the reference {same:.2f} on "
        f"the same day, {peak:.2f} at {late:+d}, over {pairs} returns",
        (repair,),
        "move the dates, after a look at one close that another source dates",
        beta_effect(feeds, returns, together[0]),
    )


def beta_effect(feeds: Feeds, returns: Matrix, one: Displacement) -> Effect:
    """Return the same-day beta to the driver that fits best, as dated and moved."""
    rows = slice(one.first, one.last)
    best = Effect()
    highest = -np.inf
    mine = returns[rows, one.column]
    moved = np.full_like(mine, np.nan)
    if one.late > 0:
        moved[: -one.late] = mine[one.late :]
    else:
        moved[-one.late :] = mine[: one.late]
    for driver, members in feeds.drivers.items():
        columns = [
            i for i, n in enumerate(feeds.names)
            if n in members and feeds.regions[i] is not feeds.regions[one.column]
        ]  # fmt: skip
        if not columns:
            continue
        move = returns[rows][:, columns].mean(axis=1)
        both = ~(np.isnan(moved) | np.isnan(move))
        after = slope(moved, move)
        if np.isnan(after):
            continue
        fit = abs(float(np.corrcoef(moved[both], move[both])[0, 1]))
        if fit > highest:
            highest = fit
            best = Effect(f"{feeds.names[one.column]}: same-day beta to {driver}",
                          slope(mine, move), after)  # fmt: skip
    return best
