"""What cells hold, coming in and going out.

Every host hands over something else: xlwings lists of floats, texts and datetimes,
with errors as texts; LibreOffice tuples; a formula literal a bare value. They become
one form here, rows of cells, and what leaves is never None, NaN, infinite or an
exception.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from riskplugin.errors import did_you_mean
from riskplugin.results import Table

EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's dates have no time zone
SERIALS = (1, 2_958_465)  # 1900-01-01 to 9999-12-31
ERROR_TEXTS = frozenset(
    {
        *("#N/A", "#VALUE!", "#NUM!", "#DIV/0!", "#REF!", "#NAME?", "#NULL!"),
        *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!"),
        *("#BUSY!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!", "#GETTING_DATA"),
    }
)
ERROR_NUMBERS = range(
    -2_146_826_300, -2_146_826_200
)  # integers that COM has for errors
KNOWN_NUMBERS: Mapping[int, str] = {
    -2_146_826_288: "#NULL!",
    -2_146_826_281: "#DIV/0!",
    -2_146_826_273: "#VALUE!",
    -2_146_826_265: "#REF!",
    -2_146_826_259: "#NAME?",
    -2_146_826_252: "#NUM!",
    -2_146_826_246: "#N/A",
}
MOST_TEXT = 32_767  # characters that a cell holds
NOT_GIVEN = -2_147_352_572  # an argument left out, as COM says it
ERROR_MARK = "~riskplugin error~"  # before the code of an error that leaves as a text


class Code(StrEnum):
    """The Excel errors that functions answer with."""

    NOT_AVAILABLE = "#N/A"  # not known, or there is no such thing
    VALUE = "#VALUE!"  # an argument or an input that cannot be used
    NUMBER = "#NUM!"  # there is no such number


class ExcelError(Exception):
    """An error cell and the reason behind it."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def known(name: str, names: Sequence[str], what: str) -> str:
    """Return one of `names`, whatever its case.

    Raises
    ------
    ExcelError
        If it is none of them.
    """
    found = folded(name, names)
    if found is None:
        hint = did_you_mean(name, names)
        raise ExcelError(Code.NOT_AVAILABLE, f"there is no {what} {name!r}; {hint}")
    return found


def folded(name: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` that `name` is, or is but for its case."""
    if name in names:
        return name
    same = [n for n in names if n.casefold() == name.casefold()]
    return same[0] if len(same) == 1 else None


Cell = float | str | bool | dt.datetime | ExcelError
Rows = list[list[Any]]


def rows_of(value: object) -> Rows:
    """Return what a host passed as rows of cells; nothing at all is no row.

    Blank is None, an error its text as an `ExcelError`, a number a float.
    """
    if not isinstance(value, list | tuple):
        cell = canonical(value)
        return [] if cell is None else [[cell]]
    rows: Sequence[Any] = value if any(map(is_row, value)) else [value]
    return [
        [
            cell if type(cell) is float or cell is None else canonical(cell)
            for cell in (row if is_row(row) else [row])
        ]
        for row in rows
    ]


def is_row(value: object) -> bool:
    """Whether a value is several cells."""
    return isinstance(value, list | tuple)


def canonical(cell: object) -> object:
    """Return a cell as None, float, text, bool, datetime or error."""
    if cell is None or isinstance(cell, float | bool | ExcelError):
        return cell
    if isinstance(cell, int):
        return number_cell(cell)
    if isinstance(cell, dt.date):
        return moment_of(cell)
    return text_cell(str(cell))


def text_cell(text: str) -> object:
    """Return a text, None where it is empty, an error where it is the text of one."""
    if text in ERROR_TEXTS:
        return ExcelError(Code.NOT_AVAILABLE, text)
    return text or None


def number_cell(number: int) -> object:
    """Return a number as float; the integers that stand for errors as what they are."""
    if number in ERROR_NUMBERS:
        return ExcelError(Code.NOT_AVAILABLE, KNOWN_NUMBERS.get(number, "an error"))
    return None if number == NOT_GIVEN else float(number)


def moment_of(day: dt.date) -> dt.datetime:
    """Return a day or a moment as a moment without a time zone: Excel has none."""
    time = day.time() if isinstance(day, dt.datetime) else dt.time()
    return dt.datetime.combine(dt.date(day.year, day.month, day.day), time)


# --- arguments -----------------------------------------------------------------------


def scalar(rows: Rows, name: str) -> Any:  # noqa: ANN401 - a cell of any kind
    """Return the one cell of an argument, None if it is blank or left out.

    Raises
    ------
    ExcelError
        If it is several cells, or holds an error.
    """
    cells = [cell for row in rows for cell in row]
    if len(cells) > 1:
        reason = f"{name}: one cell is needed, got {len(cells)}"
        raise ExcelError(Code.VALUE, reason)
    cell = cells[0] if cells else None
    if isinstance(cell, ExcelError):
        raise ExcelError(cell.code, f"{name} is itself the error {cell.reason}")
    return cell


def text(rows: Rows, name: str) -> str | None:
    """Return an argument as text, None if it is left out."""
    cell = scalar(rows, name)
    if cell is None or not str(cell).strip():
        return None
    if isinstance(cell, bool | dt.datetime):
        raise ExcelError(Code.VALUE, f"{name}: a name is needed, got {cell}")
    if isinstance(cell, float):  # 5930 typed for a name
        return str(int(cell)) if cell.is_integer() else str(cell)
    return str(cell).strip()


def number(rows: Rows, name: str) -> float | None:
    """Return an argument as a finite number, None if it is left out."""
    cell = scalar(rows, name)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    wanted = f"{name}: a number is needed, got {cell!r}"
    if isinstance(cell, bool | dt.datetime):
        raise ExcelError(Code.VALUE, wanted)
    try:
        found = float(cell)
    except ValueError:
        raise ExcelError(Code.VALUE, wanted) from None
    if not math.isfinite(found):
        raise ExcelError(Code.NUMBER, f"{name} is {found}")
    return found


def whole(rows: Rows, name: str) -> int | None:
    """Return an argument as a whole number above 0, None if it is left out."""
    found = number(rows, name)
    if found is None:
        return None
    if found < 1 or not found.is_integer():
        raise ExcelError(Code.NUMBER, f"{name}: 1, 2, 3, … is needed, got {found:g}")
    return int(found)


def date(rows: Rows, name: str) -> dt.date | None:
    """Return an argument (a date, its serial, or ISO text) as a day."""
    cell = scalar(rows, name)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, dt.datetime):
        return cell.date()
    try:
        if isinstance(cell, float) and SERIALS[0] <= cell <= SERIALS[1]:
            return day_of(cell)
        return dt.date.fromisoformat(str(cell).strip()[:10])
    except ValueError:
        reason = f"{name}: a date such as 2026-05-29 is needed, got {cell!r}"
        raise ExcelError(Code.VALUE, reason) from None


def day_of(serial: float) -> dt.date:
    """Return the day of an Excel serial."""
    return (EPOCH + dt.timedelta(days=int(serial))).date()


def names(rows: Rows, name: str) -> list[str] | None:
    """Return the names in a cell (by commas) or in several, None if there are none."""
    found: list[str] = []
    for cell in (cell for row in rows for cell in row):
        one = text([[cell]], name)
        found += [part.strip() for part in (one or "").split(",") if part.strip()]
    return found or None


class Kind(StrEnum):
    """What an argument takes."""

    POSITIONS = "positions"
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    DATE = "date"
    NAMES = "names"
    ANY = "anything"


READERS: Mapping[Kind, Callable[[Rows, str], Any]] = {
    Kind.TEXT: text,
    Kind.NUMBER: number,
    Kind.WHOLE: whole,
    Kind.DATE: date,
    Kind.NAMES: names,
}


def read(kind: Kind, value: object, name: str) -> Any:  # noqa: ANN401 - by kind
    """Return what a host passed for an argument, None if it was left out.

    Positions, and what may be anything, stay as they came: they are large, and are
    looked at only if they are new.

    Raises
    ------
    ExcelError
        If it is not of the kind.
    """
    if kind in READERS:
        return READERS[kind](rows_of(value), name)
    return None if is_blank(value) else value


def is_blank(value: object) -> bool:
    """Whether a host passed nothing for an argument."""
    if isinstance(value, list | tuple):
        return all(is_blank(cell) for cell in value) if len(value) < 2 else False
    return value is None or value in ("", NOT_GIVEN)


# --- answers -------------------------------------------------------------------------


def answer_cells(answer: object) -> list[list[Cell]]:
    """Return an answer as cells: a table with its header row, or one cell."""
    if not isinstance(answer, Table):
        return [[cell_of(answer)]]
    columns = [column_cells(answer[name].to_numpy()) for name in answer.columns]
    header: list[Cell] = [str(name) for name in answer.columns]
    return [header, *(list(row) for row in zip(*columns, strict=True))]


def column_cells(values: np.ndarray[Any, Any]) -> list[Cell]:
    """Return the values of a column as cells."""
    if values.dtype.kind == "M":
        return [cell_of(value) for value in values]
    return [cell_of(value) for value in values.tolist()]


def cell_of(value: object) -> Cell:
    """Return a value as a cell; unknown is an error, never a blank or a zero."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[s]").item()
    elif isinstance(value, np.generic):  # an int64 is no int, and would be a text
        value = value.item()
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ExcelError(Code.NOT_AVAILABLE, "not known")
    if isinstance(value, dt.date):
        return moment_of(value)
    return number_of(value) if isinstance(value, float | int) else typed(value)


def number_of(value: float) -> Cell:
    """Return a number as a cell; Excel knows no infinity."""
    if isinstance(value, bool):
        return value
    return float(value) if math.isfinite(value) else ExcelError(Code.NUMBER, "infinite")


def typed(value: object) -> Cell:
    """Return an error as it is, anything else as text."""
    return value if isinstance(value, ExcelError) else str(value)[:MOST_TEXT]


def serial(moment: dt.datetime) -> float:
    """Return the Excel serial of a moment."""
    return (moment - EPOCH) / dt.timedelta(days=1)
