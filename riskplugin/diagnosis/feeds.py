"""Date labels, feed by feed: what is a session late or early against the rest."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from riskplugin._typing import Codes
from riskplugin.diagnosis.between_regions import (
    FEWEST_PEERS,
    Regions,
    by_sessions,
    displaced_regions,
)
from riskplugin.diagnosis.displacements import (
    Displacement,
    displacements,
    net,
    of_one_feed,
)
from riskplugin.diagnosis.finding import Concern, Effect, Finding
from riskplugin.diagnosis.labels import LATE, SAME, scan, slope
from riskplugin.diagnosis.moves import (
    Feeds,
    Moves,
    known_median,
    moves_of,
    weekdays_of,
)
from riskplugin.diagnosis.references import others_median, within
from riskplugin.diagnosis.regions import Region, usual_lags
from riskplugin.mending import Repair, RepairKind, mended

MOST_OFF = 0.35  # share of a region beyond which it may be the rest that is off
LOOK = "after a look at one close that another source dates"
MOVE = f"move the dates, {LOOK}"
FEW_OTHERS = 2  # regions that are enough to outvote a third
HARM = "the repair of the wrong one would do harm"


def label_findings(feeds: Feeds) -> Iterator[Finding]:
    """Yield the labels that are off, those of one feed together."""
    places = np.array([list(Region).index(r) for r in feeds.regions], dtype=np.int64)
    found = [*against_peers(feeds, places), *against_regions(feeds, places)]
    left = net(found)
    unsure = unsure_regions(feeds, left)
    for together in of_one_feed(left, places):
        yield feed_finding(feeds, together, unsure)


def unsure_regions(feeds: Feeds, found: Sequence[Displacement]) -> frozenset[Region]:
    """Return the regions so much of which is off that it may be the rest.

    Where the vote of the other regions does not tell.
    """
    off = {d.column for d in found if not d.wide}
    voted = {feeds.regions[d.column] for d in found if d.wide}
    counted = Counter(feeds.regions[column] for column in off)
    members = Counter(feeds.regions)
    return frozenset(
        region
        for region, count in counted.items()
        if region not in voted and MOST_OFF * members[region] < count < members[region]
    )


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


def against_regions(feeds: Feeds, places: Codes) -> list[Displacement]:
    """Return the regions that are off against the others, member by member.

    Instruments of a region of few members are held against America's median one by
    one, unless America itself is off or may be.
    """
    days = np.is_busday(feeds.dates)
    there = [r for r, region in enumerate(Region) if region in feeds.regions]
    known = Regions(
        tuple(list(Region)[r] for r in there),
        tuple(np.flatnonzero(places == r) for r in there),
        Moves.of(feeds.dates[days], feeds.close[days]),
    )
    if len(there) < 2:
        return []
    off, suspects = displaced_regions(known)
    return off if Region.AMERICA in suspects else [*off, *lone(known)]


def lone(known: Regions) -> list[Displacement]:
    """Return what is displaced against America among those of few of their region."""
    home = dict(zip(known.regions, known.columns, strict=True)).get(Region.AMERICA)
    if home is None or len(home) < FEWEST_PEERS - 1:
        return []
    moves = known.moves
    world = known_median(within(moves.returns[:, home]))
    found: list[Displacement] = []
    for place, (region, columns) in enumerate(
        zip(known.regions, known.columns, strict=True)
    ):
        if region is Region.AMERICA or known.is_whole(place):
            continue
        series = within(moves.returns[:, columns])
        lags = np.isin(LATE, usual_lags(region, Region.AMERICA))
        usual = np.repeat(lags[:, None], len(columns), axis=1)
        reference = np.repeat(world[:, None], len(columns), axis=1)
        against = f"the region {Region.AMERICA}"
        of = scan(series, reference)
        found += displacements(of, usual, columns, moves, against)
    return found


def feed_finding(
    feeds: Feeds, together: Sequence[Displacement], unsure: Collection[Region]
) -> Finding:
    """Return the displacement of one feed in words, with its repair."""
    one = together[0]
    names = tuple(feeds.names[d.column] for d in together)
    first = None if one.first is None else min(ends(together, "first"))
    last = None if one.last is None else max(ends(together, "last"))
    known = ~np.isnan(feeds.close[:, [d.column for d in together]]).all(axis=1)
    repair = Repair(
        names,
        RepairKind.SHIFT,
        "" if first is None else str(first),
        "" if last is None else str(last),
        float(-one.late),
    )
    advice, settled = advised(feeds, together, unsure)
    return Finding(
        "label_shift",
        Concern.HIGH,
        names,
        feeds.dates[known][0] if first is None else first,
        feeds.dates[known][-1] if last is None else last,
        evidence_of(feeds, together),
        (repair,) if settled else (),
        advice,
        beta_effect(feeds, one.column, repair) if settled else Effect(),
    )


def evidence_of(feeds: Feeds, together: Sequence[Displacement]) -> str:
    """Return by how much a feed is off, how much of its region, and what shows it."""
    one = together[0]
    region = feeds.regions[one.column]
    members = sum(r is region for r in feeds.regions)
    whole = "all" if len(together) == members else f"{len(together)} of {members}"
    same = float(np.median([d.same for d in together]))
    peak = float(np.median([d.peak for d in together]))
    either = f", or else {one.instead}" if one.instead else ""
    same_at, peak_at = (
        ("where right labels have it", "where labels that are off have it")
        if one.wide
        else ("on the same day", "at its highest")
    )
    return (
        f"dated {by_sessions(one.late)}, {whole} of what trades in the region {region}"
        f"{either}: correlation with {one.against} {same:.2f} {same_at}, {peak:.2f} "
        f"{peak_at}, over {min(d.pairs for d in together)} returns"
    )


def advised(
    feeds: Feeds, together: Sequence[Displacement], unsure: Collection[Region]
) -> tuple[str, bool]:
    """Return what to do, and whether it is settled what is off.

    It is not where another region may be off instead, nor while part of a region is
    off and it is open which.
    """
    one = together[0]
    region = feeds.regions[one.column]
    if one.instead:
        return f"find out which of them it is, {LOOK}: {HARM}", False
    if region in unsure or (one.wide and unsure):
        which = ", ".join(sorted(unsure))
        return f"find out which part of the region {which} is off, {LOOK}", False
    if one.wide:
        return f"{MOVE}; {majority(feeds)}", True
    return MOVE, True


def majority(feeds: Feeds) -> str:
    """Return what the other regions say of the one that is off, and what they cannot.

    Of three regions two outvote the third.
    """
    others = len(set(feeds.regions)) - 1
    if others > FEW_OTHERS:
        return "the other regions agree with each other"
    return (
        "the two other regions agree with each other; where both may be off alike, "
        "look at one of their closes too"
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
