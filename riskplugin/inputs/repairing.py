"""The one place where closes are repaired: before anything is valued or estimated."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from riskplugin.errors import Issue, Place, Severity, did_you_mean
from riskplugin.inputs.reading import Findings
from riskplugin.inputs.wide import Wide
from riskplugin.mending import Repair, mended
from riskplugin.universe import Universe

AROUND_THE_CLOCK = "24/7"


def repaired(
    repairs: Sequence[Repair], prices: Wide, universe: Universe, findings: Findings
) -> tuple[tuple[Repair, ...], Wide]:
    """Return the repairs by canonical identifiers, and the prices they leave.

    Every repair is an issue, so that no report hides one; a repair of what has no
    prices, or that changes none, stops the desk.
    """
    if not repairs:
        return (), prices
    named = tuple(
        replace(r, instruments=tuple(map(universe.resolve, r.instruments)))
        for r in repairs
    )
    names = [universe.resolve(n) for n in prices.names]
    known = universe.instruments
    clock = {
        n
        for n in names
        if n in known
        and AROUND_THE_CLOCK in (known[n].calendar, clock_of(known[n].asset_class))
    }
    calendars = {n: known[n].calendar for n in names if n in known}
    dates, grid, changed = mended(
        prices.dates, prices.grid, names, named, calendars, clock
    )
    findings.stop(idle(named, names, changed))
    findings.add(
        Issue(
            "data-repaired",
            Place(prices.source, column=", ".join(r.instruments)),
            f"{r}; {count} closes" + (f": {r.reason}" if r.reason else ""),
            "as [[repairs]] of the desk says",
            Severity.WARNING,
        )
        for r, count in zip(named, changed, strict=True)
    )
    return named, replace(prices, dates=np.asarray(dates), grid=grid)


def clock_of(asset_class: str) -> str:
    """Return the clock of an asset class that needs no exchange, else ""."""
    return AROUND_THE_CLOCK if asset_class == "crypto" else ""


def idle(
    repairs: Sequence[Repair], names: Sequence[str], changed: Sequence[int]
) -> Iterator[Issue]:
    """Yield an issue for every repair of nothing."""
    for place, (repair, count) in enumerate(zip(repairs, changed, strict=True)):
        where = Place("repairs", column=f"{place}.instruments")
        for name in repair.instruments:
            if name not in names:
                hint = did_you_mean(name, names)
                yield Issue("bad-config", where, f"{name!r} has no prices", hint)
        if not count:
            hint = "mend its dates, or drop it if the feed is mended"
            yield Issue("bad-config", where, f"{repair} changes no close", hint)
