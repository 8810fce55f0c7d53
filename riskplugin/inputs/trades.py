"""From a table of trades to trades that fit the desk, or every issue at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskplugin.desk import Desk
from riskplugin.errors import (
    Issue,
    Place,
    UsageError,
    did_you_mean,
    input_error,
    listing,
)
from riskplugin.inputs.instruments import ambiguous
from riskplugin.inputs.reading import CheckedTable, Findings, RawTable, check_table
from riskplugin.inputs.tables import TRADES
from riskplugin.trading.orders import Amount, Trade

BAD_TRADE = "bad-trade"
AMOUNTS = tuple(a.value for a in Amount)
OF_ORDERS = ("book", "instrument", "account", "strategy")
SCOPES = (*OF_ORDERS, "tier", "link", "asset_class", "currency", "kind")
Given = pd.DataFrame | Mapping[str, Any]


def trades_frame(given: Given) -> pd.DataFrame:
    """Return trades as a table: a mapping is of units by instrument, or of ideas.

    Raises
    ------
    UsageError
        If it is neither a table nor a mapping.
    """
    if isinstance(given, pd.DataFrame):
        return given
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        msg = f"trades are a {kind}; give a DataFrame, or units by instrument: "
        raise UsageError(msg + '{"MU": -10_000}')
    nested = [isinstance(value, Mapping) for value in given.values()]
    if any(nested) and not all(nested):
        msg = "trades mix ideas and units: give units by instrument, or a mapping of "
        raise UsageError(msg + 'ideas to such: {"less MU": {"MU": -10_000}}')
    if not any(nested):
        return pd.DataFrame({"instrument": [*given], "quantity": [*given.values()]})
    rows = [
        (idea, instrument, quantity)
        for idea, orders in given.items()
        for instrument, quantity in orders.items()
    ]
    return pd.DataFrame(rows, columns=["idea", "instrument", "quantity"])


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What rows are checked against."""

    desk: Desk
    table: CheckedTable
    book: str | None
    findings: Findings

    def fault(self, line: int, column: str, message: str, hint: str) -> None:
        """Take an issue of a row of trades."""
        place = Place(self.table.source, line, column)
        self.findings.add([Issue(BAD_TRADE, place, message, hint)])


def read_trades(raw: RawTable, desk: Desk, book: str | None = None) -> list[Trade]:
    """Return the trades of a table in its order.

    `book` is the book of rows that name none.

    Raises
    ------
    InputError
        With every issue of the table at once.
    UsageError
        If the desk has no such book.
    """
    books = desk.book.labels["book"].names
    if book is not None and book not in books:
        raise UsageError(f"there is no book {book!r}; {did_you_mean(book, books)}")
    findings = Findings()
    table = check_table(raw, TRADES, findings)
    if findings.fatal or findings.errors():
        raise input_error(findings.issues)
    context = Context(desk, table, book, findings)
    names = canonical(context)
    columns = {name: table.frame[name].tolist() for name in TRADES.names()}
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]
    check_ideas(context, columns["idea"])
    trades = [
        trade_of(context, int(line), row | {"instrument": name})
        for line, row, name in zip(table.lines, rows, names, strict=True)
    ]
    if findings.errors():
        raise input_error(findings.issues)
    return [trade for trade in trades if trade is not None]


def check_ideas(context: Context, ideas: Sequence[str]) -> None:
    """Refuse rows without an idea beside rows with one."""
    if any(ideas):
        for line, idea in zip(context.table.lines, ideas, strict=True):
            if not idea:
                context.fault(int(line), "idea", "blank", "other rows name their idea")


def canonical(context: Context) -> list[str]:
    """Return the identifier of each row's instrument, "" where it names none.

    What no table knows, or may be several, is an issue.
    """
    table, universe = context.table, context.desk.universe
    given = table.frame["instrument"]
    found, lines = dict[str, str](), dict[str, int]()
    for name, line in zip(given, table.lines, strict=True):
        if name:
            found.setdefault(name, universe.resolve(name))
            lines.setdefault(name, int(line))
    several = {n: at for n, at in lines.items() if len(universe.matches(n)) > 1}
    context.findings.add(ambiguous(universe, several, table.source, "instrument"))
    known = universe.known_names()
    for name, line in lines.items():
        if name in several:
            continue
        if universe.is_spoilt(name):
            code, hint = "spoilt-instrument", "mend that row"
            message = f"{name}: its row in instruments cannot be used"
        elif found[name] not in universe.instruments:
            code, message = "unknown-instrument", f"no table knows {name!r}"
            near = did_you_mean(name, known)
            hint = near if near.startswith("did you") else "add it to instruments"
        else:
            continue
        place = Place(table.source, line, "instrument")
        context.findings.add([Issue(code, place, message, hint)])
    return [found.get(name, "") for name in given]


def trade_of(context: Context, line: int, row: Mapping[str, Any]) -> Trade | None:
    """Return the trade of a row, None if it is none."""
    amounts = [a for a in Amount if not np.isnan(row[a.value])]
    if len(amounts) != 1:
        what = "none" if not amounts else " and ".join(a.value for a in amounts)
        message = f"one of {listing(AMOUNTS)} is needed, found {what}"
        context.fault(line, AMOUNTS[0], message, "say how much in one way")
        return None
    (amount,) = amounts
    scope = {key: row[key] for key in SCOPES if row[key]}
    faults = (
        cut_faults(context, scope, float(row["pct"]))
        if amount is Amount.CUT
        else order_faults(context, scope, amount)
    )
    for column, message, hint in faults:
        context.fault(line, column, message, hint)
    return Trade(line, row["idea"], scope, amount, float(row[amount.value]))


def cut_faults(
    context: Context, scope: dict[str, str], pct: float
) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a cut; it is of one book if the caller named one."""
    if context.book is not None:
        scope.setdefault("book", context.book)
    if pct < -1:
        message = f"found {pct:g}, a share of -1 or more is needed"
        yield "pct", message, "-1 sells all; to go short give quantity"
    if not scope:
        yield "pct", "it names no scope", f"name one of {listing(SCOPES)}"
    for key, label in scope.items():
        own = context.desk.book.labels[key].names
        if label not in own:
            message = f"the desk holds nothing of the {key} {label!r}"
            yield key, message, did_you_mean(label, own)


def order_faults(
    context: Context, scope: dict[str, str], amount: Amount
) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with an order; its book is found if there is but one."""
    books = context.desk.book.labels["book"].names
    if not scope.get("instrument"):
        hint = "a scope is cut by pct"
        yield "instrument", f"blank, and {amount.value} is of an instrument", hint
    for key in (k for k in scope if k not in OF_ORDERS):
        hint = "leave it blank, or cut by pct"
        yield key, f"{amount.value} is of an instrument, whatever its {key}", hint
    book = scope.get("book") or context.book
    if book is None and len(books) > 1:
        yield "book", "blank, and the desk has several", f"name one of {listing(books)}"
    elif book is not None and book not in books:
        yield "book", f"there is no book {book!r}", did_you_mean(book, books)
    scope["book"] = book or books[0]


def by_idea(trades: Iterable[Trade]) -> dict[str, list[Trade]]:
    """Return trades by their idea, in the order of the ideas."""
    found: dict[str, list[Trade]] = {}
    for trade in trades:
        found.setdefault(trade.idea, []).append(trade)
    return found
