"""Cells of one column: what they hold, and what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskplugin._typing import Dates, Flags, Vector
from riskplugin.errors import did_you_mean
from riskplugin.inputs.columns import Check, Column, Kind

EXCEL_SERIALS = (20_000, 80_000)
YEARS = (1900, 2199)
SIZES = (1e-18, 1e18)  # of figures that are meant; their products stay finite
FAILED = r"#(NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA|SPILL!|CALC!|FIELD!)"
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ].*)?"
WRITE_DATES = "write dates as 2026-05-29"
FORMULA = "the formula in this cell failed; mend it"


class Fault(NamedTuple):
    """What is wrong with one cell."""

    row: int
    code: str
    message: str
    hint: str


Faults = list[Fault]


def blank(cells: "pd.Series[str]") -> Flags:
    """Whether each cell holds nothing."""
    empty = cells.isna().to_numpy()
    if cells.dtype.kind in "fiubM":
        return np.asarray(empty)
    return np.asarray(empty | (as_text(cells).str.strip() == "").to_numpy())


def as_text(cells: "pd.Series[Any]") -> "pd.Series[str]":
    """Return cells as text; bytes and broken characters as Python writes them."""
    if (
        cells.dtype.kind == "O"
        and cells.dtype != "str"
        and bytes in set(map(type, cells))
    ):
        cells = cells.map(writable)
    try:
        return cells.astype("str")
    except UnicodeError:
        return cells.map(writable).astype("str")


def writable(cell: object) -> object:
    """Return a cell without what no file could hold."""
    if isinstance(cell, bytes):
        return repr(cell)
    if isinstance(cell, str):
        return cell.encode("utf-8", "backslashreplace").decode()
    return cell


def found(cell: object) -> str:
    """Say what stands in a cell."""
    return f"found {cell.item() if isinstance(cell, np.generic) else cell!r}"


def check_cells(cells: "pd.Series[str]", column: Column) -> tuple[object, Faults]:
    """Return the values of one column and its faults."""
    empty = blank(cells)
    faults: Faults = []
    if column.required and not column.may_be_blank:
        hint = f"give the {column.name}"
        faults = [
            Fault(int(i), "missing-value", "blank", hint) for i in np.flatnonzero(empty)
        ]
    values: object
    if column.kind is Kind.TEXT:
        values, wrong = check_text(cells, empty, column)
    elif column.kind is Kind.DATE:
        values, wrong = check_dates(cells, empty)
    else:
        values, wrong = check_numbers(cells, empty, column)
    return values, faults + wrong


def check_text(
    cells: "pd.Series[str]", empty: Flags, column: Column
) -> tuple["pd.Series[str]", Faults]:
    """Return stripped text, blank where empty, and what has failed or is no choice."""
    shown = cells if cells.dtype == "str" else cells.map(as_shown)
    text = as_text(shown).str.replace(r"\s+", " ", regex=True).str.strip()
    text = text.mask(empty, "").astype("str")
    failed = text.str.fullmatch(FAILED).to_numpy(bool)
    if not column.choices:
        return text.mask(failed, "").astype("str"), [
            Fault(int(i), "missing-value", found(text.iloc[i]), FORMULA)
            for i in np.flatnonzero(failed)
        ]
    lowered = text.str.casefold()
    wrong = ~lowered.isin(["", *column.choices]).to_numpy()
    faults = [
        Fault(
            int(i),
            "bad-choice",
            found(text.iloc[i]),
            FORMULA if failed[i] else did_you_mean(text.iloc[i], column.choices),
        )
        for i in np.flatnonzero(wrong)
    ]
    return lowered, faults


def as_shown(cell: object) -> str:
    """Return a cell as text; a whole number without the decimals it never had."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(writable(cell))


def check_dates(cells: "pd.Series[Any]", empty: Flags) -> tuple[Dates, Faults]:
    """Return days, NaT where blank, and what is not an ISO date.

    A time of day is dropped; the day is the one written, whatever its time zone.
    """
    if isinstance(cells.dtype, pd.ArrowDtype):
        cells = cells.astype(object)
    if cells.dtype.kind == "M":
        cells = cells.dt.tz_localize(None).dt.strftime("%Y-%m-%d")
    text = as_text(cells).str.strip()
    whole = text.str.fullmatch(ISO_DATE).to_numpy(bool) & ~empty
    stamps = pd.to_datetime(
        text.where(whole), format="ISO8601", errors="coerce", utc=True
    )
    year = pd.to_numeric(text.str.slice(0, 4).where(whole)).to_numpy(np.float64)
    good = stamps.notna().to_numpy() & (year >= YEARS[0]) & (year <= YEARS[1])
    days = text.str.slice(0, 10).where(good).to_numpy(dtype="datetime64[D]")
    faults = [
        Fault(int(i), "bad-date", *bad_date(cells.iloc[i]))
        for i in np.flatnonzero(~good & ~empty)
    ]
    return days.astype("datetime64[ns]"), faults


def bad_date(cell: object) -> tuple[str, str]:
    """Return what is wrong with a date, and what to do."""
    what = f"{found(cell)}, not a date"
    if re.fullmatch(FAILED, str(cell).strip()):
        return what, FORMULA
    try:
        serial = float(str(cell))
    except ValueError:
        return what, WRITE_DATES
    if not EXCEL_SERIALS[0] <= serial <= EXCEL_SERIALS[1]:
        return what, WRITE_DATES
    meant = np.datetime64("1899-12-30") + np.timedelta64(int(serial), "D")
    hint = f"it looks like an Excel serial for {meant}; format the column as a date"
    return what, hint


def check_numbers(
    cells: "pd.Series[str]", empty: Flags, column: Column
) -> tuple[Vector, Faults]:
    """Return floats, NaN where blank or wrong, and what is wrong with them."""
    if cells.dtype.kind in "fiu":
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        flags = cells.map(lambda cell: isinstance(cell, bool)).to_numpy(bool)
        text = as_text(cells).str.strip().mask(empty | flags)
        values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, copy=True)
    wrong = ~np.isfinite(values) & ~empty
    faults = [
        Fault(int(i), "bad-number", found(cells.iloc[i]), number_hint(cells.iloc[i]))
        for i in np.flatnonzero(wrong)
    ]
    outside = ~empty & ~wrong & ~INSIDE[column.check](values)
    faults += [
        Fault(
            int(i),
            "bad-range",
            f"found {values[i]:g}, a number {column.check.value} is needed",
            f"correct the {column.name}",
        )
        for i in np.flatnonzero(outside)
    ]
    size = np.abs(values)
    absurd = ~empty & ~wrong & ~outside & (size != 0)
    absurd &= (size < SIZES[0]) | (size > SIZES[1])
    faults += [
        Fault(
            int(i),
            "bad-range",
            f"found {values[i]:g}, a size between {SIZES[0]:g} and {SIZES[1]:g} is "
            "needed",
            f"correct the {column.name}",
        )
        for i in np.flatnonzero(absurd)
    ]
    return np.where(wrong | outside | absurd, np.nan, values), faults


INSIDE: Mapping[Check, Callable[[Vector], Flags]] = {
    Check.FINITE: np.isfinite,
    Check.POSITIVE: lambda values: values > 0,
    Check.NOT_NEGATIVE: lambda values: values >= 0,
    Check.FRACTION: lambda values: (values >= 0) & (values <= 1),
}
NUMBER_HINTS: Mapping[str, str] = {
    r".*%": "write a decimal: 5 % is 0.05",
    FAILED: FORMULA,
    r"(?i)[-+]?(nan|inf|infinity|na|n/a|null|none)": "leave the cell blank if it is "
    "unknown",
    r".*,.*": "write it without thousands separators and with a decimal point",
    r".*": "write a plain number such as 1234.5",
}


def number_hint(cell: object) -> str:
    """Return what to do about a cell that is not a number."""
    text = str(cell).strip()
    return next(
        hint
        for pattern, hint in NUMBER_HINTS.items()
        if re.fullmatch(pattern, text, re.DOTALL)
    )
