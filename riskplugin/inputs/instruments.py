"""From the instruments table to the universe the desk works with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as replaced
from math import isnan
from typing import Any

import pandas as pd

from riskplugin.errors import Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.reading import CheckedTable
from riskplugin.inputs.shipped import shipped_universe
from riskplugin.inputs.wide import twice
from riskplugin.pricing.linear import LINEAR
from riskplugin.universe import (
    NO_LINK,
    UNCLASSIFIED,
    Instrument,
    Tier,
    Universe,
    folded,
    unclassified,
)

FIGURES = (
    "multiplier",
    "half_spread",
    "maintenance_margin",
    "leverage",
    "strike",
    "dividend_yield",
    "funding_rate",
    "funding_hours",
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
    again = rows["instrument"].map(folded).duplicated().to_numpy(bool)
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
    made = [
        instrument_of(record, start, links, base_currency) for record in records(rows)
    ]
    universe = start.extended(made, tiers)
    universe = replaced(universe, spoilt=spoilt_names(table, universe))
    return universe, [*issues, *new_tier_issues(tiers, start, table.source)]


def spoilt_names(table: CheckedTable, universe: Universe) -> frozenset[str]:
    """Return the names, folded, of rows that cannot be used.

    An alias on such a row that is the identifier of another instrument is that.
    """
    rows = table.frame[table.reason != ""]
    names = {folded(name) for name in rows["instrument"]}
    aliases = {folded(a) for cell in rows["aliases"] for a in cell.split(";")}
    own = {folded(identifier) for identifier in universe.instruments}
    return frozenset((names | (aliases - own)) - {""})


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
    record: dict[str, Any], start: Universe, links: dict[str, str], base_currency: str
) -> Instrument:
    """Return the instrument of one checked row.

    A blank keeps what ships for the instrument, and is the default for a new one.
    """
    tier = record["tier"]
    name = same_but_for_case(record["instrument"], start)
    shipped = start.instruments.get(name)
    same_tier = shipped is not None and shipped.tier == tier
    own = shipped or Instrument(
        name, tier, "", record["asset_class"], "spot", base_currency
    )
    numbers = {
        column: getattr(own, column) if isnan(record[column]) else record[column]
        for column in FIGURES
    }
    aliases = filter(None, map(str.strip, record["aliases"].split(";")))
    return Instrument(
        instrument=name,
        tier=tier,
        link=record["link"] or (own.link if same_tier else links[tier]),
        asset_class=record["asset_class"],
        kind=record["kind"] or own.kind,
        currency=record["currency"] or own.currency,
        name=record["name"] or own.name,
        calendar=record["calendar"] or own.calendar,
        aliases=tuple(dict.fromkeys((*own.aliases, *aliases))),
        settlement=record["settlement"] or own.settlement,
        underlying=record["underlying"] or own.underlying,
        volume_venue=record["volume_venue"] or own.volume_venue,
        option_type=record["option_type"] or own.option_type,
        style=record["style"] or own.style,
        expiry=own.expiry if pd.isna(record["expiry"]) else iso(record["expiry"]),
        **numbers,
    )


def iso(date: pd.Timestamp) -> str:
    """Return the day of a cell of dates, ISO."""
    return str(date.date())


def same_but_for_case(name: str, start: Universe) -> str:
    """Return the shipped identifier that `name` is but for case, else `name`."""
    found = next(iter(start.matches(name)), name)
    return found if folded(found) == folded(name) else name


def priced_by_underlying(
    universe: Universe, priced: Sequence[str], source: str
) -> tuple[dict[str, str], list[Issue]]:
    """Return the instruments whose underlying's prices stand in, and warnings.

    Those of a kind that moves one for one with its underlying, in the same currency,
    without a price column of their own.
    """
    stand_in, issues = {}, []
    for name, instrument in universe.instruments.items():
        underlying = universe.resolve(instrument.underlying)
        other = universe.instruments.get(underlying)
        if other is None or name in priced or underlying not in priced:
            continue
        if instrument.kind in LINEAR and other.currency == instrument.currency:
            stand_in[name] = underlying
            message = f"{name} has no prices: those of {underlying} stand in"
            hint = "give its own prices to see the basis"
            place = Place(source, column=name)
            issues.append(
                Issue("priced-by-underlying", place, message, hint, Severity.WARNING)
            )
    return stand_in, issues


def ambiguous(
    universe: Universe,
    lines: Mapping[str, int | None],
    source: str,
    column: str | None = None,
) -> Iterator[Issue]:
    """Yield an error for each name of `lines` that several instruments answer to."""
    for name, line in lines.items():
        found = universe.matches(name)
        if len(found) > 1:
            place = Place(source, None if line is None else int(line), column or name)
            message = f"{name!r} may be {listing(sorted(found))}"
            hint = "use the canonical identifier"
            yield Issue("ambiguous-instrument", place, message, hint)


def with_unknown(
    universe: Universe,
    held: Iterable[str],
    base_currency: str,
    quoted: Mapping[str, str] | None = None,
) -> tuple[Universe, list[str]]:
    """Return the universe with `held` names no table knows, and those names.

    `quoted` is the currency of some of them; the others are quoted in the base one.
    """
    unknown = [n for n in dict.fromkeys(held) if n not in universe.instruments]
    of = quoted or {}
    made = [unclassified(n, of.get(n, base_currency)) for n in unknown]
    link = Tier(UNCLASSIFIED, NO_LINK, "What no table knows.")
    return universe.extended(made, [link]), unknown
