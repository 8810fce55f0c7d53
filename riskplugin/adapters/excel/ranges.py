"""Positions that stand in a range of a sheet."""

import datetime as dt
import marshal
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import pandas as pd

from riskplugin.adapters.excel.cells import (
    SERIALS,
    Code,
    ExcelError,
    Rows,
    canonical,
    day_of,
    rows_of,
    scalar,
)
from riskplugin.inputs.columns import Kind
from riskplugin.inputs.tables import LIMITS, POSITIONS

SHEET_BOOK = "sheet"  # the book of positions whose range names none
FIRST_ROW = 2  # of the range: the first is the header
ERROR_CELL = "#ERROR"  # no number, and refused as a text: see check_cells


def digest(value: Any) -> bytes:  # noqa: ANN401 - whatever a host passed
    """Return a digest of the content of a range, the same for the same cells."""
    try:
        content = marshal.dumps(value, 2)  # version 2 knows no references
    except ValueError:  # dates, errors
        content = repr(value).encode()
    return blake2b(content, digest_size=16).digest()


def named_book(value: object) -> str | None:
    """Return the one text that a host passed for positions, None if it is a range.

    Raises
    ------
    ExcelError
        If the one cell is itself an error.
    """
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, list | tuple):
        return None
    cell = scalar([[canonical(value)]], "positions")
    return cell.strip() if isinstance(cell, str) else None


def frame_of(value: object, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return a range as a table of positions, the header row first.

    Dates may be serials. Without a column for the book, all are in one, ``sheet``.
    `columns` maps our names to those that the desk uses.

    Raises
    ------
    ExcelError
        If it is no table.
    """
    rows = rows_of(value)
    if len(rows) < FIRST_ROW or not any(isinstance(c, str) for c in rows[0]):
        reason = "positions: a range with a header row is needed, or a book's name"
        raise ExcelError(Code.VALUE, reason)
    header = [shown(cell) for cell in rows[0]]
    dates = date_columns(header, columns)
    body = [
        [as_input(cell, is_date=j in dates) for j, cell in enumerate(row)]
        for row in rows[1:]
    ]
    frame = pd.DataFrame(body, columns=pd.Index(header, dtype=object), dtype=object)
    return with_book(frame, columns, body)


def with_book(
    frame: pd.DataFrame, columns: Mapping[str, str], body: Rows
) -> pd.DataFrame:
    """Return the table with a book on every row that holds anything."""
    headers = {str(h).strip().casefold() for h in frame.columns}
    if headers & {"book", columns.get("book", "book").strip().casefold()}:
        return frame
    filled = [SHEET_BOOK if any(c is not None for c in row) else None for row in body]
    name = columns.get("book", "book")
    return pd.concat([frame, pd.DataFrame({name: filled}, dtype=object)], axis=1)


def date_columns(header: list[str], columns: Mapping[str, str]) -> set[int]:
    """Return the places of the columns that hold dates."""
    ours = {c.name for c in POSITIONS.columns if c.kind is Kind.DATE}
    wanted = {n.casefold() for c in ours for n in (c, columns.get(c, c).strip())}
    return {j for j, name in enumerate(header) if name.strip().casefold() in wanted}


def shown(cell: object) -> str:
    """Return a cell of the header as text."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def as_input(cell: object, *, is_date: bool) -> object:
    """Return a cell as a table of positions may hold it."""
    if isinstance(cell, ExcelError):
        return cell.reason if cell.reason.startswith("#") else ERROR_CELL
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if is_date and isinstance(cell, float) and SERIALS[0] <= cell <= SERIALS[1]:
        return day_of(cell).isoformat()
    return cell


def limits_in(value: object) -> pd.DataFrame:
    """Return a range as a table of limits, the header row first.

    Raises
    ------
    ExcelError
        If it is no table.
    """
    rows = rows_of(value)
    if len(rows) < FIRST_ROW or not any(isinstance(c, str) for c in rows[0]):
        reason = "limits: a range with a header row is needed: metric, scope, soft, …"
        raise ExcelError(Code.VALUE, reason)
    header = [shown(cell) for cell in rows[0]]
    dates = {
        j for j, name in enumerate(header) if name.strip().casefold() in LIMIT_DATES
    }
    body = [
        [as_input(cell, is_date=j in dates) for j, cell in enumerate(row)]
        for row in rows[1:]
    ]
    return pd.DataFrame(body, columns=pd.Index(header, dtype=object), dtype=object)


LIMIT_DATES = {column.name for column in LIMITS.columns if column.kind is Kind.DATE}


def trades_in(value: object) -> pd.DataFrame:
    """Return a range as a table of trades, the header row first.

    Raises
    ------
    ExcelError
        If it is no table.
    """
    rows = rows_of(value)
    if len(rows) < FIRST_ROW or not any(isinstance(c, str) for c in rows[0]):
        reason = "trades: a range with a header row is needed: instrument, quantity, …"
        raise ExcelError(Code.VALUE, reason)
    header = [shown(cell) for cell in rows[0]]
    body = [[as_input(cell, is_date=False) for cell in row] for row in rows[1:]]
    return pd.DataFrame(body, columns=pd.Index(header, dtype=object), dtype=object)
