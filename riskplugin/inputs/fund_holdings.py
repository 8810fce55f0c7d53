"""What funds hold, checked: rings, units, sums, and what no table knows."""

from collections.abc import Iterable, Iterator

from riskplugin.errors import Issue, Place, Severity, listing
from riskplugin.funds import Funds, flattened, fund_of, ring_in
from riskplugin.inputs.reading import CheckedTable, Findings
from riskplugin.inputs.wide import twice
from riskplugin.universe import Universe

LOOKS_LIKE_PERCENT = 5.0  # times its assets: more than any fund holds
ROUNDING = 0.005


def funds_from(rows: Iterable[tuple[str, str, float]], universe: Universe) -> Funds:
    """Return weights by fund and instrument, both by canonical names."""
    funds: dict[str, dict[str, float]] = {}
    for fund, instrument, weight in rows:
        name = universe.resolve(instrument)
        funds.setdefault(universe.resolve(fund), {})[name] = float(weight)
    return funds


def check_funds(
    table: CheckedTable, universe: Universe, held: Iterable[str], findings: Findings
) -> None:
    """Report what is wrong with the holdings table; mark rows that stand twice.

    Funds that hold each other in a ring, and weights that look like percent, leave
    nothing to go on with.

    Parameters
    ----------
    table : CheckedTable
        Of holdings.
    universe : Universe
        Knows everything held.
    held : iterable of str
        Canonical names of what the desk holds.
    findings : Findings
    """
    mark_twice(table, universe, findings)
    usable = table.usable()
    rows = zip(usable["fund"], usable["instrument"], usable["weight"], strict=True)
    funds = funds_from(rows, universe)
    place = Place(table.source, column="fund")
    findings.stop(in_percent(funds, place))
    if rings := list(rings_in(funds, place)):
        findings.stop(rings)
        return
    findings.add(above_one(funds, place))
    findings.add(unknown_in_funds(funds, universe, held, place))


def mark_twice(table: CheckedTable, universe: Universe, findings: Findings) -> None:
    """Report rows of an instrument that the fund has already, and leave them out."""
    seen: set[tuple[str, str]] = set()
    again: list[tuple[int, str]] = []
    pairs = zip(table.frame["fund"], table.frame["instrument"], strict=True)
    for row, (fund, instrument) in enumerate(pairs):
        pair = universe.resolve(fund), universe.resolve(instrument)
        if table.reason[row]:
            continue
        if pair in seen:
            again.append((int(table.lines[row]), " in ".join(reversed(pair))))
            table.reason[row] = "duplicate-row"
        seen.add(pair)
    findings.add(twice(table.source, "instrument", again))


def rings_in(funds: Funds, place: Place) -> Iterator[Issue]:
    """Yield an error for every ring of funds, each broken before the next is sought."""
    left = {fund: dict(weights) for fund, weights in funds.items()}
    while ring := ring_in(left):
        message = f"funds hold each other: {' > '.join(ring)}"
        hint = "take out the row that closes the ring"
        yield Issue("fund-ring", place, message, hint)
        del left[ring[-2]][ring[-1]]


def in_percent(funds: Funds, place: Place) -> Iterator[Issue]:
    """Yield an error for every fund whose weights cannot be shares of its assets."""
    for fund, weights in funds.items():
        gross = sum(map(abs, weights.values()))
        if gross > LOOKS_LIKE_PERCENT:
            message = f"weights of {fund} add up to {gross:g} times its assets"
            hint = "give decimals: 0.08 for 8 %"
            yield Issue("fund-weights", place, message, hint)


def above_one(funds: Funds, place: Place) -> Iterator[Issue]:
    """Warn of every fund that holds more than its assets."""
    for fund, weights in funds.items():
        total = sum(weights.values())
        if total > 1 + ROUNDING:
            message = f"weights of {fund} add up to {total:.4f}: it is taken to have "
            message += f"borrowed {total - 1:.4f} of its assets"
            hint = "mend the weights if the fund does not borrow"
            yield Issue("fund-borrows", place, message, hint, Severity.WARNING)


def unknown_in_funds(
    funds: Funds, universe: Universe, held: Iterable[str], place: Place
) -> Iterator[Issue]:
    """Warn of what held funds reach and no table knows."""
    flat = flattened(funds)
    known = universe.instruments.keys() | flat.keys()
    names = dict.fromkeys(n for n in held if n in universe.instruments)
    reached = dict.fromkeys(fund_of(name, flat, universe) for name in names)
    for fund in filter(None, reached):
        strange = {n: w for n, w in flat[fund].items() if n not in known}
        if strange:
            share = sum(map(abs, strange.values()))
            largest = listing(sorted(strange, key=lambda n: -abs(strange[n])), 5)
            message = f"{share:.1%} of {fund} is known to no table: {largest}"
            hint = "add them to instruments; unclassified until then"
            yield Issue("unknown-in-fund", place, message, hint, Severity.WARNING)
