"""A desk that holds something else in the same market."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from riskplugin._typing import Flags
from riskplugin.desk import Desk
from riskplugin.errors import Issue, UsageError, did_you_mean, input_error
from riskplugin.inputs.assemble import resolved
from riskplugin.inputs.holdings import book_of, empty_book, left_out
from riskplugin.inputs.instruments import with_unknown
from riskplugin.inputs.limit_rows import around_desk, check_limits
from riskplugin.inputs.marks import far_from_closes, marks_of
from riskplugin.inputs.reading import Findings, RawTable, check_table
from riskplugin.inputs.tables import LIMITS, POSITIONS
from riskplugin.inputs.unknown import (
    Held,
    Strangers,
    quote_currencies,
    with_strangers,
)
from riskplugin.inputs.valuation import nav_notices, priced_contracts, valued
from riskplugin.results import Table, table


def repositioned(
    desk: Desk, raw: RawTable, findings: Findings, *, quarantine: bool
) -> Desk:
    """Return a desk that holds the positions of `raw` in the market of `desk`.

    `findings` has what reading them turned up.

    Raises
    ------
    InputError
        With every issue of the table; of its rows too, unless they are quarantined.
    """
    positions = check_table(raw, POSITIONS, findings)
    if findings.fatal:
        raise input_error(findings.issues)
    names = resolved(positions, desk.universe, findings)
    universe, unknown = desk.universe, list[str]()
    base = desk.settings.base_currency
    if not set(names) <= universe.instruments.keys():
        quoted = quote_currencies(positions, names)
        universe, unknown = with_unknown(universe, names, base, quoted)
    tables = {name: found.to_frame() for name, found in desk.tables.items()}
    priced = priced_contracts(
        positions,
        names,
        desk.market,
        universe,
        tables,
        desk.settings.max_stale_sessions,
    )
    findings.add(priced.issues)
    valuation = valued(positions, names, desk.market, universe, desk.settings, priced)
    findings.add(valuation.issues)
    held = Held.of(positions, names, raw)
    valuation = with_strangers(
        held, Strangers(unknown, universe), valuation, base, findings
    )
    marks = marks_of(positions, names, desk.market, universe, valuation)
    findings.add(far_from_closes(marks, desk.settings, universe))
    findings.add(nav_notices(desk.settings, positions.frame["book"]))
    usable = (positions.reason == "") & (valuation.reason == "")
    if not usable.any():
        findings.add([empty_book(positions)])
    if not usable.any() or (findings.errors() and not quarantine):
        raise input_error(findings.issues)
    return replace(
        desk,
        book=book_of(positions, names, valuation, universe, usable),
        universe=universe,
        issues=tuple(dict.fromkeys((*market_issues(desk), *findings.issues))),
        left_out=left_out(positions, names, valuation, desk.as_of),
        source=positions.source,
        origin=desk,
        contracts=priced.contracts,
    )


def narrowed(desk: Desk, books: Sequence[str]) -> Desk:
    """Return a desk that holds only some books of `desk`.

    Raises
    ------
    UsageError
        If it has no such book.
    """
    own = desk.book.labels["book"]
    for book in books:
        if book not in own.names:
            hint = did_you_mean(book, own.names)
            raise UsageError(f"there is no book {book!r}; {hint}")
    chosen = np.isin(np.array(own.names)[own.codes], list(books))
    out = desk.left_out.to_frame()
    kept = out[out["book"].isin(list(books))]
    return replace(
        desk,
        book=desk.book.only(chosen),
        left_out=table(
            "left_out", desk.as_of, {c: kept[c].to_numpy() for c in out.columns}
        ),
        tables=dict(tables_of_books(desk, books)),
        origin=desk,
    )


def with_limits(desk: Desk, raw: RawTable, findings: Findings) -> Desk:
    """Return a desk with the limits of `raw` instead of its own.

    Raises
    ------
    InputError
        With every issue of the table.
    """
    found = check_table(raw, LIMITS, findings)
    if not findings.fatal:
        check_limits(found, around_desk(desk), findings)
    if findings.errors():
        raise input_error(findings.issues)
    usable = found.usable()
    limits = table("limits", desk.as_of, {str(c): usable[c] for c in usable})
    return replace(desk, tables={**desk.tables, "limits": limits})


def with_scenarios(desk: Desk, names: Sequence[str]) -> Desk:
    """Return a desk of some of its scenarios, and of limits that need no others.

    Raises
    ------
    ScenarioError
        If it has no such scenario.
    """
    tables = dict(desk.tables)
    if "limits" in tables:
        wanted = tables["limits"]["scenario"]
        rows = wanted.isin(["", *names]).to_numpy()
        tables["limits"] = rows_of_table(tables["limits"], rows)
    return replace(desk, scenarios=desk.scenarios.choose(names), tables=tables)


def rows_of_table(found: Table, rows: Flags) -> Table:
    """Return some rows of a table."""
    date = np.datetime64(found.as_of, "D")
    return table(found.title, date, {str(c): found[c].to_numpy()[rows] for c in found})


def tables_of_books(desk: Desk, books: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """Yield the tables of a desk of some books: only limits of one of them stay.

    What is left of the desk says nothing of the limits on all of it.
    """
    scopes = [f"book:{book}" for book in books]
    for name, found in desk.tables.items():
        if name != "limits":
            yield name, found
            continue
        yield name, rows_of_table(found, found["scope"].isin(scopes).to_numpy())


def market_issues(desk: Desk) -> Iterable[Issue]:
    """Return the issues of `desk` that its positions have no part in."""
    return (i for i in desk.issues if i.where.source not in (desk.source, "nav"))
