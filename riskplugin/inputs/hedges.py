"""The instruments that a hedge may trade: checked, valued, and held a lot of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskplugin._typing import Flags, Vector
from riskplugin.book import FIGURES, KEYS, Book, Labels, numbered
from riskplugin.contracts import joined
from riskplugin.desk import Desk
from riskplugin.errors import (
    InputError,
    Issue,
    Place,
    Severity,
    did_you_mean,
    input_error,
)
from riskplugin.inputs.derived import repositioned
from riskplugin.inputs.instruments import ambiguous
from riskplugin.inputs.reading import CheckedTable, Findings, RawTable, check_table
from riskplugin.inputs.tables import HEDGES, POSITIONS

ROW = "{:06d}"  # a row's number, so that text sorts as numbers do


@dataclass(frozen=True, eq=False, slots=True)
class Menu:
    """R instruments that a hedge may trade, in the market of a desk.

    Attributes
    ----------
    desk : Desk
        What is to be hedged.
    table : CheckedTable
        One row an instrument, without a fault.
    names : tuple of R str
        Canonical identifiers.
    lot : ndarray of shape (R,)
        Units.
    book : str
        Book that trades go to.
    bought, sold : Desk
        A lot of each held long, and short; `strategy` is the number of the row.
    """

    desk: Desk
    table: CheckedTable
    names: tuple[str, ...]
    lot: Vector
    book: str
    bought: Desk
    sold: Desk

    def __len__(self) -> int:
        return len(self.names)

    def number(self, column: str) -> Vector:
        """Return a column of figures, NaN where blank, (R,)."""
        return self.table.frame[column].to_numpy(np.float64)

    def allows(self, side: str) -> Flags:
        """Return which may be traded on a side, (R,)."""
        given = self.table.frame["side"]
        return np.asarray(given.isin([side, "both", ""]).to_numpy(bool))

    def place(self, row: int, column: str) -> Place:
        """Return where a cell stands."""
        return Place(self.table.source, int(self.table.lines[row]), column)

    def traded(self, quantity: Vector) -> Desk:
        """Return the desk with units `quantity` (R,) of each held in `book`."""
        if not quantity.any():
            return self.desk
        return together(self.desk, self.alone(quantity))

    def alone(self, quantity: Vector) -> Desk:
        """Return a desk that holds units `quantity` (R,), not all 0, and no more."""
        some = np.flatnonzero(quantity)
        rows = held(self.desk, [self.names[int(r)] for r in some], quantity[some])
        return valued_alone(self.desk, rows, self.book)


def menu_of(desk: Desk, raw: RawTable, book: str) -> Menu:
    """Check a table of hedges against a desk, and value a lot of each.

    Raises
    ------
    InputError
        With every issue of the table at once.
    """
    findings = Findings()
    table = check_table(raw, HEDGES, findings)
    if findings.fatal:
        raise input_error(findings.issues)
    findings.add(named_wrongly(desk, table))
    names = tuple(desk.universe.resolve(n) for n in table.frame["instrument"])
    lot = table.frame["lot"].to_numpy(np.float64)
    lot = np.where(np.isnan(lot), 1.0, lot)
    if not names:
        place, hint = Place(raw.source), "give a row per instrument that may be traded"
        findings.add([Issue("no-hedge", place, "no instrument is allowed", hint)])
    known = [i for i, n in enumerate(names) if n in desk.universe.instruments]
    findings.add(worthless(desk, table, [names[i] for i in known], known))
    errors = findings.errors()
    if errors:
        raise input_error(errors)
    bought = valued_alone(desk, held(desk, names, lot), book)
    sold = valued_alone(desk, held(desk, names, -lot), book)
    return Menu(desk, table, names, lot, book, bought, sold)


def named_wrongly(desk: Desk, table: CheckedTable) -> Iterator[Issue]:
    """Yield an issue per instrument that nothing knows, or that stands twice."""
    given = table.frame["instrument"]
    lines = {n: int(line) for n, line in zip(given, table.lines, strict=True) if n}
    yield from ambiguous(desk.universe, lines, table.source, "instrument")
    seen: set[str] = set()
    for name, line in zip(given, table.lines, strict=True):
        place, own = Place(table.source, int(line), "instrument"), name.strip()
        found = desk.universe.resolve(own)
        if own and found not in desk.universe.instruments:
            hint = did_you_mean(own, desk.universe.known_names())
            hint = hint if hint.startswith("did you") else "add it to instruments"
            yield Issue("unknown-hedge", place, f"no table knows {own!r}", hint)
        if own and found in seen:
            yield Issue("hedge-twice", place, f"{found} stands twice", "keep one row")
        seen.add(found)


def worthless(
    desk: Desk, table: CheckedTable, names: Sequence[str], rows: Sequence[int]
) -> Iterator[Issue]:
    """Yield why lots of some instruments cannot be valued, with the rows of `table`."""
    if not names:
        return
    positions = held(desk, names, np.ones(len(names)))
    raw = RawTable(positions, table.source)
    try:
        repositioned(desk, raw, Findings(), quarantine=False)
    except InputError as error:
        for issue in error.issues:
            lost = issue.severity is not Severity.ERROR or issue.code == "empty-book"
            if lost:
                continue
            row = issue.where.row
            line = None if row is None else int(table.lines[rows[row]])
            yield replace(issue, where=replace(issue.where, row=line))


def held(desk: Desk, names: Sequence[str], quantity: Vector) -> pd.DataFrame:
    """Return positions of `names`, numbered in their order.

    An option that the desk holds is valued at the price that it has there: one
    instrument has one volatility.
    """
    own = desk.book.labels["instrument"]
    curved = set(desk.contracts.at(desk.contracts.options).instruments)
    price = [
        float(np.median(desk.book.price[own.codes == own.names.index(n)]))
        if n in curved and n in own.names
        else np.nan
        for n in names
    ]
    return pd.DataFrame(
        {
            "book": ["hedge"] * len(names),
            "instrument": list(names),
            "quantity": quantity,
            "price": price,
            "strategy": [ROW.format(i) for i in range(len(names))],
        }
    )


def valued_alone(desk: Desk, positions: pd.DataFrame, book: str) -> Desk:
    """Return a desk that holds `positions` in `book`, in the market of `desk`."""
    raw = RawTable(positions.assign(book=book), POSITIONS.name)
    return repositioned(desk, raw, Findings(), quarantine=False)


def together(desk: Desk, more: Desk) -> Desk:
    """Return a desk that holds what `desk` does and, after it, what `more` does.

    `more` stands in the market of `desk`; a contract of both has the terms of `desk`.
    """
    known = set(desk.contracts.instruments)
    new = [i for i, n in enumerate(more.contracts.instruments) if n not in known]
    others = more.contracts.at(np.array(new, dtype=np.int64))
    universe = more.universe
    return replace(
        desk,
        book=one_after_the_other(desk.book, more.book, universe.tier_names()),
        universe=universe,
        contracts=joined(desk.contracts, others),
        origin=desk,
    )


def one_after_the_other(first: Book, second: Book, tiers: Sequence[str]) -> Book:
    """Return the positions of two books in one."""
    labels = {
        key: Labels.of(
            [
                *(first.labels[key].names[c] for c in first.labels[key].codes),
                *(second.labels[key].names[c] for c in second.labels[key].codes),
            ],
            tiers if key == "tier" else (),
        )
        for key in KEYS
        if key != "position"
    }
    labels["position"] = numbered(len(first) + len(second))
    figures = (np.concatenate([getattr(first, c), getattr(second, c)]) for c in FIGURES)
    locked = np.concatenate([first.locked_until, second.locked_until])
    return Book(labels, *figures, locked_until=locked)
