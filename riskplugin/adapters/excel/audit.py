"""Which RISK_ cells of a workbook hold errors, and why.

Only cells that hold a single call of a function are looked at. Its arguments are the
values that the cells had when the workbook was saved; no other formula is evaluated.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.utils.cell import get_column_letter, range_boundaries

from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import MOST_TEXT, ExcelError
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Function
from riskplugin.results import Table, table
from riskplugin.sources.formulas import Formulas, Sheet

PREFIXES = ("_xlfn.", "_xldudf_", "_xll.")  # that Excel may write before a name
REFERENCE = re.compile(r"(?:(?:'((?:[^']|'')+)'|([^'!]+))!)?([A-Z$]+[0-9$]*(?::.+)?)")
MOST_CELLS = 1_000_000  # of an argument


@dataclass(frozen=True, slots=True)
class Finding:
    """A cell that holds a call: what it showed, what it gives now, and why."""

    cell: str
    function: str
    shown: str
    gives: str
    reason: str


class NotUnderstoodError(Exception):
    """Why a formula is not evaluated."""


def audit(
    workbook: Formulas, functions: Mapping[str, Function], session: Session
) -> Table:
    """Return every cell that holds a single call, what it gives, and why not.

    Columns: cell, function, shown (the value as saved), gives (now), reason (blank
    where nothing is wrong).
    """
    found = list(findings(workbook, functions, session))
    columns = {
        name: [getattr(f, name) for f in found] for name in Finding.__dataclass_fields__
    }
    return table("workbook_check", session.world(None).desk.as_of, columns)


def findings(
    workbook: Formulas, functions: Mapping[str, Function], session: Session
) -> Iterator[Finding]:
    """Yield a finding per cell that holds a call."""
    for title, sheet in workbook.sheets.items():
        for (row, column), formula in sheet.formulas.items():
            name = called(formula)
            if name not in functions:
                continue
            cell = f"{title}!{get_column_letter(column)}{row}"
            shown = as_text(sheet.at(row, column))
            try:
                raw = arguments(formula, sheet, workbook)
                cells = call(functions[name], raw, session)
            except NotUnderstoodError as why:
                yield Finding(cell, name, shown, "", f"not evaluated: {why}")
                continue
            yield Finding(cell, name, shown, as_text(cells[0][0]), reason(cells))


def called(formula: str) -> str:
    """Return the name of the function that a formula starts with, in upper case."""
    name = formula.lstrip("=+").partition("(")[0].strip()
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name.upper()


def reason(cells: Sequence[Sequence[object]]) -> str:
    """Return the first reason among cells, blank if there is none."""
    errors = (c for row in cells for c in row if isinstance(c, ExcelError))
    first = next(errors, None)
    return "" if first is None else first.reason[:MOST_TEXT]


def as_text(cell: object) -> str:
    """Return a cell as text, an error as its code."""
    if isinstance(cell, ExcelError):
        return str(cell.code)
    return "" if cell is None else str(cell)


def arguments(formula: str, sheet: Sheet, workbook: Formulas) -> list[Any]:
    """Return the arguments of the one call that a formula is.

    Raises
    ------
    NotUnderstoodError
        If it is more than one call, or an argument is not a value or a reference.
    """
    tokens = [
        t for t in Tokenizer("=" + formula.lstrip("=")).items if t.type != Token.WSPACE
    ]
    inner = tokens[1:-1]
    lone = tokens and tokens[0].type == tokens[-1].type == Token.FUNC
    if not lone or any(t.type == Token.FUNC for t in inner):
        raise NotUnderstoodError("it is more than a single call")
    found: list[list[Token]] = [[]]
    for token in inner:
        if token.type == Token.SEP:
            found.append([])
        else:
            found[-1].append(token)
    return [argument(tokens, sheet, workbook) for tokens in found] if inner else []


def argument(tokens: Sequence[Token], sheet: Sheet, workbook: Formulas) -> Any:  # noqa: ANN401
    """Return the value of an argument, None if it is left out."""
    if not tokens:
        return None
    shown = "".join(t.value for t in tokens)
    sign = tokens[0].type == Token.OP_PRE and tokens[0].value == "-"
    token = tokens[-1]
    if len(tokens) > 1 + sign or token.type != Token.OPERAND:
        raise NotUnderstoodError(f"{shown} is neither a value nor a reference")
    value = operand(token, sheet, workbook)
    if not sign:
        return value
    if not isinstance(value, float):
        raise NotUnderstoodError(f"{shown} is neither a value nor a reference")
    return -value


def operand(token: Token, sheet: Sheet, workbook: Formulas) -> Any:  # noqa: ANN401
    """Return the value of an operand."""
    text = token.value
    if token.subtype == Token.RANGE:
        return cells_at(workbook.names.get(text.casefold(), text), sheet, workbook)
    return LITERALS.get(token.subtype, str)(text)


LITERALS: Mapping[str, Callable[[str], Any]] = {
    Token.TEXT: lambda text: text[1:-1].replace('""', '"'),
    Token.NUMBER: float,
    Token.LOGICAL: lambda text: text.upper() == "TRUE",
}


def cells_at(reference: str, sheet: Sheet, workbook: Formulas) -> list[list[object]]:
    """Return the values of the cells that a reference names, row by row."""
    found = REFERENCE.fullmatch(reference.removeprefix("="))
    title = "" if found is None else (found[1] or found[2] or "").replace("''", "'")
    there = workbook.sheets.get(title) if title else sheet
    if found is None or there is None:
        raise NotUnderstoodError(f"{reference} is not a range of this workbook")
    try:
        left, top, right, bottom = range_boundaries(found[3].replace("$", ""))
    except ValueError as error:
        raise NotUnderstoodError(f"{reference} is not a range") from error
    bounds = (left or 1, top or 1, right or there.width, bottom or max(there.rows))
    left, top, right, bottom = bounds
    if (bottom - top + 1) * (right - left + 1) > MOST_CELLS:
        raise NotUnderstoodError(f"{reference} has more than {MOST_CELLS:,} cells")
    return [
        [there.at(row, column) for column in range(left, right + 1)]
        for row in range(top, bottom + 1)
    ]
