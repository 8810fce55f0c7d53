"""From the instruments table to the universe the desk works with."""

from collections.abc import Iterable, Iterator
from math import isnan
from typing import Any

import pandas as pd

from riskplugin.errors import Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.reading import CheckedTable, twice
from riskplugin.inputs.shipped import shipped_universe
from riskplugin.universe import (
    NO_LINK,
    UNCLASSIFIED,
    Instrument,
    Tier,
    Universe,
    unclassified,
)


def desk_universe(
    table: CheckedTable | None, base_currency: str, *, replace: bool
) -> tuple[Universe, list[Issue]]:
    """Return the shipped universe with the desk's rows, or those alone."""
    shipped = shipped_universe()
    start = Universe({}, shipped.tiers) if replace else shipped
    if table is None:
        return start, []
    rows = table.usable()
    again = rows.duplicated("instrument").to_numpy()
    lines = table.lines[table.reason == ""]
    issues = list(
        twice(
            table.source,
            "instrument",
            ((int(lines[i]), rows["instrument"].iloc[i]) for i in again.nonzero()[0]),
        )
    )
    rows = rows[~again]
    tiers = tiers_of(rows, start)
    links = {tier.name: tier.link for tier in (*start.tiers, *tiers)}
    made = [instrument_of(record, links, base_currency) for record in records(rows)]
    universe = start.extended(made, tiers)
    return universe, [*issues, *new_tier_issues(tiers, start, table.source)]


def tiers_of(rows: pd.DataFrame, start: Universe) -> list[Tier]:
    """Return the tiers that `rows` name and `start` does not have, as they come."""
    known = set(start.tier_names())
    new: dict[str, Tier] = {}
    for name, link in zip(rows["tier"], rows["link"], strict=True):
        if name not in known and (name not in new or not new[name].link):
            new[name] = Tier(name, link)
    return [Tier(t.name, t.link or NO_LINK) for t in new.values()]


def new_tier_issues(tiers: list[Tier], start: Universe, source: str) -> Iterator[Issue]:
    """Warn of a new tier that looks like a slip of the pen."""
    for tier in tiers:
        hint = did_you_mean(tier.name, start.tier_names())
        if hint.startswith("did you mean"):
            place = Place(source, column="tier")
            message = f"{tier.name!r} is taken as a tier of the desk's own"
            yield Issue("new-tier", place, message, hint, Severity.WARNING)


def records(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each row by the names of its columns."""
    for values in rows.itertuples(index=False):
        yield dict(zip(rows.columns, values, strict=True))


def instrument_of(
    record: dict[str, Any], links: dict[str, str], base_currency: str
) -> Instrument:
    """Return the instrument of one checked row."""
    blank_is = {
        "link": links[str(record["tier"])],
        "kind": "spot",
        "currency": base_currency,
        "settlement": "linear",
    }
    text = {key: str(record[key]) or default for key, default in blank_is.items()}
    multiplier, half_spread = record["multiplier"], record["half_spread"]
    return Instrument(
        instrument=str(record["instrument"]),
        tier=str(record["tier"]),
        asset_class=str(record["asset_class"]),
        name=str(record["name"]),
        calendar=str(record["calendar"]),
        aliases=tuple(filter(None, map(str.strip, record["aliases"].split(";")))),
        multiplier=1.0 if isnan(multiplier) else multiplier,
        half_spread=None if isnan(half_spread) else half_spread,
        **text,
    )


def ambiguous(universe: Universe, names: Iterable[str], source: str) -> Iterator[Issue]:
    """Yield an error for each of `names` that several instruments answer to."""
    for name in dict.fromkeys(names):
        found = universe.matches(name)
        if len(found) > 1:
            message = f"{name!r} may be {listing(sorted(found))}"
            hint = "use the canonical identifier"
            yield Issue("ambiguous-instrument", Place(source), message, hint)


def with_unknown(
    universe: Universe, held: Iterable[str], base_currency: str
) -> tuple[Universe, list[str]]:
    """Return the universe with `held` names no table knows, and those names."""
    unknown = [n for n in dict.fromkeys(held) if n not in universe.instruments]
    made = [unclassified(n, base_currency) for n in unknown]
    link = Tier(UNCLASSIFIED, NO_LINK, "What no table knows.")
    return universe.extended(made, [link]), unknown
