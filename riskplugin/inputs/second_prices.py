"""Closes of a second source, by the identifiers of the prices."""

from collections import Counter
from dataclasses import replace

from riskplugin.errors import LISTED, Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.instruments import ambiguous
from riskplugin.inputs.reading import CheckedTable, Findings, RawTable
from riskplugin.inputs.tables import PRICES_SECOND
from riskplugin.inputs.wide import (
    Wide,
    as_long,
    check_wide,
    in_several_columns,
)
from riskplugin.universe import Universe


def second_prices(
    raw: RawTable, prices: Wide, universe: Universe, findings: Findings
) -> CheckedTable:
    """Return the second source's closes as a long table, canonical identifiers.

    They are checked as prices are. A name without prices is a warning: there is
    nothing to hold it beside.
    """
    found = check_wide(raw, PRICES_SECOND, findings)
    findings.add(ambiguous(universe, dict.fromkeys(found.names), found.source))
    names = tuple(universe.resolve(n) for n in found.names)
    times = Counter(names)
    findings.stop(
        in_several_columns(found.source, given, name)
        for given, name in zip(found.names, names, strict=True)
        if times[name] > 1 and found.names.count(given) == 1
    )
    known = {universe.resolve(n) for n in prices.names}
    alone = [
        given
        for given, name in zip(found.names, names, strict=True)
        if name not in known
    ]
    if alone:
        findings.add([without_prices(found.source, alone, sorted(known))])
    return as_long(replace(found, names=names), PRICES_SECOND)


def without_prices(source: str, names: list[str], known: list[str]) -> Issue:
    """Return the warning of names that only the second source has."""
    message = f"no prices to hold beside {listing(names, LISTED)}"
    near = did_you_mean(names[0], known)
    hint = near if near.startswith("did you") else "they are not looked at"
    place = Place(source, column=names[0])
    return Issue("second-source-alone", place, message, hint, Severity.WARNING)
