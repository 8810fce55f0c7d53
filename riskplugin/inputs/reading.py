"""From a raw table to checked columns; every fault is found, none is guessed away."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector, Words
from riskplugin.errors import LISTED, Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.columns import Check, Column, Kind, TableSpec

EXCEL_SERIALS = (20_000, 80_000)


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it came, before anything was checked.

    Attributes
    ----------
    frame : DataFrame
        Cells as text, numbers or dates; headers as they stand, duplicates included.
    source : str
        File and sheet, or the name of the argument.
    first_row : int
        Row number of the first row of `frame` in that file.
    columns : Mapping of str to str
        Our names to the table's.
    """

    frame: pd.DataFrame
    source: str
    first_row: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Findings:
    """What was found so far. A fatal issue leaves no table to go on with."""

    issues: list[Issue] = field(default_factory=list)
    fatal: bool = False

    def add(self, issues: Iterable[Issue]) -> None:
        """Take row-level issues and warnings."""
        self.issues.extend(issues)

    def stop(self, issues: Iterable[Issue]) -> None:
        """Take issues that leave no table to go on with."""
        taken = list(issues)
        self.issues.extend(taken)
        self.fatal = self.fatal or bool(taken)

    def errors(self) -> list[Issue]:
        """Return the issues that are not warnings."""
        return [i for i in self.issues if i.severity is Severity.ERROR]


@dataclass(frozen=True, eq=False, slots=True)
class CheckedTable:
    """A table whose cells are of the kind their columns say.

    Attributes
    ----------
    frame : DataFrame
        Every column of the specification that was given or is optional: text as str
        (blank is ""), numbers as float (blank is NaN), dates as datetime64.
    lines : ndarray of int, shape (R,)
        Row numbers in the source.
    reason : ndarray of str, shape (R,)
        Code of the first fault that makes the row unusable, else "".
    """

    spec: TableSpec
    source: str
    frame: pd.DataFrame
    lines: Codes
    reason: Words

    def usable(self) -> pd.DataFrame:
        """Return the rows without a fault."""
        good = np.flatnonzero(self.reason == "")
        return self.frame.iloc[good].reset_index(drop=True)


def with_header(raw: RawTable) -> RawTable:
    """Return `raw` with its dates as a column if they were the index, blanks dropped.

    Blank columns (no header, no cell) and headers' spaces go.
    """
    frame = raw.frame
    if isinstance(frame.index, pd.DatetimeIndex):
        name = raw.columns.get("date", "date")
        frame = pd.DataFrame(frame.rename_axis(index=name).reset_index())
    headers = [str(c).strip().lstrip("\ufeff") for c in frame.columns]
    keep = [
        i
        for i, header in enumerate(headers)
        if not (nameless(header) and blank(frame.iloc[:, i]).all())
    ]
    frame = frame.iloc[:, keep]
    frame.columns = pd.Index([headers[i] for i in keep], dtype=object)
    return RawTable(frame, raw.source, raw.first_row, raw.columns)


def nameless(header: str) -> bool:
    """Whether a column has no header of its own."""
    return not header or header.startswith("Unnamed:")


def blank(cells: "pd.Series[str]") -> Flags:
    """Whether each cell holds nothing."""
    empty = cells.isna().to_numpy()
    if cells.dtype.kind in "fiubM":
        return np.asarray(empty)
    return np.asarray(empty | (cells.astype(str).str.strip() == "").to_numpy())


def named_columns(
    raw: RawTable, spec: TableSpec, findings: Findings
) -> dict[str, "pd.Series[str]"]:
    """Return the columns of `raw` by our names; say what is missing or twice.

    Names are compared without regard to case. A column that the specification does
    not know is ignored, with a warning.
    """
    theirs = {ours: theirs.strip() for ours, theirs in raw.columns.items()}
    unknown_map = [k for k in theirs if k not in spec.names()]
    findings.stop(
        Issue(
            "unknown-column",
            Place(raw.source, column=key),
            f"the column mapping names {key!r}, which is not a column of {spec.name}",
            did_you_mean(key, spec.names()),
        )
        for key in unknown_map
    )
    wanted = {theirs.get(name, name).casefold(): name for name in spec.names()}
    headers = list(raw.frame.columns)
    found: dict[str, pd.Series[str]] = {}
    for i, header in enumerate(headers):
        name = wanted.get(header.casefold())
        if name is None:
            near = did_you_mean(header, [n for n in spec.names() if n not in found])
            hint = near if near.startswith("did you mean") else "it is ignored"
            place = Place(raw.source, column=header)
            findings.add(
                [
                    Issue(
                        "unknown-column",
                        place,
                        "unknown column",
                        hint,
                        Severity.WARNING,
                    )
                ]
            )
        elif name in found:
            place = Place(raw.source, column=header)
            findings.stop(
                [Issue("duplicate-column", place, "stands twice", "keep one")]
            )
        else:
            found[name] = raw.frame.iloc[:, i]
    for name in spec.required():
        if name not in found:
            header = theirs.get(name, name)
            place = Place(raw.source, column=header)
            hint = did_you_mean(header, headers)
            findings.stop([Issue("missing-column", place, "column is missing", hint)])
    return found


def check_table(raw: RawTable, spec: TableSpec, findings: Findings) -> CheckedTable:
    """Return `raw` with every cell checked against `spec`; faults go to `findings`."""
    raw = with_header(raw)
    found = named_columns(raw, spec, findings)
    rows = len(raw.frame)
    empty = np.ones(rows, bool)
    for cells in found.values():
        empty &= blank(cells)
    keep = np.flatnonzero(~empty)
    lines = keep + raw.first_row
    reason = np.full(len(keep), "", dtype="U40")
    columns: dict[str, object] = {}
    for column in spec.columns:
        if column.name not in found:
            columns[column.name] = absent(column, len(keep))
            continue
        cells = found[column.name].iloc[keep].reset_index(drop=True)
        values, faults = check_cells(cells, column)
        columns[column.name] = values
        report_cells(
            CellFaults(raw.source, column.name, lines, faults), reason, findings
        )
    return CheckedTable(spec, raw.source, pd.DataFrame(columns), lines, reason)


def absent(column: Column, rows: int) -> object:
    """Return `rows` blanks of the column's kind."""
    if column.kind is Kind.TEXT:
        return pd.Series([""] * rows, dtype="str")
    if column.kind is Kind.DATE:
        return np.full(rows, np.datetime64("NaT", "ns"))
    return np.full(rows, np.nan)


Faults = list[tuple[int, str, str, str]]  # row, code, message, hint


@dataclass(frozen=True, slots=True)
class CellFaults:
    """Faults of one column of one source."""

    source: str
    column: str
    lines: Codes
    faults: Faults


def report_cells(
    found: CellFaults,
    reason: Words,
    findings: Findings,
) -> None:
    """Mark the rows and list at most ten faults of a kind, then count the rest."""
    by_code: dict[str, Faults] = {}
    for fault in found.faults:
        by_code.setdefault(fault[1], []).append(fault)
        if not reason[fault[0]]:
            reason[fault[0]] = fault[1]
    for code, faults in by_code.items():
        for row, _, message, hint in faults[:LISTED]:
            place = Place(found.source, int(found.lines[row]), found.column)
            findings.add([Issue(code, place, message, hint)])
        if len(faults) > LISTED:
            rows = listing(str(found.lines[f[0]]) for f in faults[LISTED:])
            place = Place(found.source, column=found.column)
            more = f"and {len(faults) - LISTED} more: rows {rows}"
            findings.add([Issue(code, place, more, faults[0][3])])


def check_cells(cells: "pd.Series[str]", column: Column) -> tuple[object, Faults]:
    """Return the values of one column and its faults."""
    empty = blank(cells)
    faults: Faults = []
    if column.required and not column.may_be_blank:
        hint = f"give the {column.name}"
        faults += [
            (int(i), "missing-value", "blank", hint) for i in np.flatnonzero(empty)
        ]
    if column.kind is Kind.TEXT:
        values, wrong = check_text(cells, empty, column)
        return values, faults + wrong
    if column.kind is Kind.DATE:
        dates, wrong = check_dates(cells, empty)
        return dates, faults + wrong
    numbers, wrong = check_numbers(cells, empty, column)
    return numbers, faults + wrong


def check_text(
    cells: "pd.Series[str]", empty: Flags, column: Column
) -> tuple["pd.Series[str]", Faults]:
    """Return stripped text, blank where empty, and what is not among the choices."""
    text = cells.astype("str").str.strip().mask(empty, "").astype("str")
    if not column.choices:
        return text, []
    lowered = text.str.casefold()
    wrong = ~lowered.isin(["", *column.choices]).to_numpy()
    faults = [
        (
            int(i),
            "bad-choice",
            f"found {text.iloc[i]!r}",
            did_you_mean(text.iloc[i], column.choices),
        )
        for i in np.flatnonzero(wrong)
    ]
    return lowered, faults


def check_dates(cells: "pd.Series[str]", empty: Flags) -> tuple[Dates, Faults]:
    """Return days, NaT where blank, and what is not an ISO date."""
    if cells.dtype.kind == "M":
        return days_of(cells), []
    if cells.dtype.kind in "fiu":
        parsed = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
    else:
        text = cells.astype("str").str.strip().mask(empty)
        parsed = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
        parsed = parsed.dt.tz_localize(None)
    wrong = parsed.isna().to_numpy() & ~empty
    faults = [
        (int(i), "bad-date", *bad_date(cells.iloc[i])) for i in np.flatnonzero(wrong)
    ]
    return days_of(parsed), faults


def days_of(stamps: "pd.Series[Any]") -> Dates:
    """Return time stamps as days; the day is the one of their own time zone."""
    if getattr(stamps.dtype, "tz", None) is not None:
        stamps = stamps.dt.tz_localize(None)
    days: Dates = stamps.to_numpy().astype("datetime64[D]").astype("datetime64[ns]")
    return days


def bad_date(cell: object) -> tuple[str, str]:
    """Return what is wrong with a date, and what to do."""
    try:
        serial = float(str(cell))
    except ValueError:
        return f"found {cell!r}, not a date", "write dates as 2026-05-29"
    if EXCEL_SERIALS[0] <= serial <= EXCEL_SERIALS[1]:
        meant = np.datetime64("1899-12-30") + np.timedelta64(int(serial), "D")
        hint = f"it looks like an Excel serial for {meant}; format the column as a date"
        return f"found {cell!r}, not a date", hint
    return f"found {cell!r}, not a date", "write dates as 2026-05-29"


def check_numbers(
    cells: "pd.Series[str]", empty: Flags, column: Column
) -> tuple[Vector, Faults]:
    """Return floats, NaN where blank, and what is not a number or out of range."""
    if cells.dtype.kind in "fiu":
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        text = cells.astype("str").str.strip().mask(empty)
        values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, copy=True)
    wrong = ~np.isfinite(values) & ~empty
    faults = [
        (int(i), "bad-number", f"found {cells.iloc[i]!r}", number_hint(cells.iloc[i]))
        for i in np.flatnonzero(wrong)
    ]
    values = np.where(wrong, np.nan, values)
    outside = ~empty & ~wrong & ~INSIDE[column.check](values)
    faults += [
        (
            int(i),
            "bad-range",
            f"found {values[i]:g}, a number {column.check.value} is needed",
            f"correct the {column.name}",
        )
        for i in np.flatnonzero(outside)
    ]
    return values, faults


INSIDE: Mapping[Check, Callable[[Vector], Flags]] = {
    Check.FINITE: np.isfinite,
    Check.POSITIVE: lambda values: values > 0,
    Check.NOT_NEGATIVE: lambda values: values >= 0,
    Check.FRACTION: lambda values: (values >= 0) & (values <= 1),
}
NUMBER_HINTS: Mapping[str, str] = {
    r".*%": "write a decimal: 5 % is 0.05",
    r"#.*": "the formula in this cell failed; mend it",
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


@dataclass(frozen=True, eq=False, slots=True)
class Wide:
    """A table of one number per date and key.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
        Ascending, distinct.
    names : tuple of N str
        Keys, as they came.
    grid : ndarray of shape (T, N)
        NaN where there is none.
    """

    source: str
    dates: Dates
    names: tuple[str, ...]
    grid: Matrix


def check_wide(raw: RawTable, spec: TableSpec, findings: Findings) -> Wide:
    """Return a long or a wide table as one column of numbers per key."""
    raw = with_header(raw)
    _, value = spec.pivot or ("", "")
    if is_long(raw, spec):
        return long_to_wide(check_table(raw, spec, findings), findings)
    columns = dict(raw.columns)
    date = spec.column("date")
    dates = TableSpec(spec.name, spec.description, (date,))
    where = columns.get("date", "date").casefold()
    keys = [i for i, c in enumerate(raw.frame.columns) if c.casefold() != where]
    kept = [i for i in range(raw.frame.shape[1]) if i not in set(keys)]
    only_dates = RawTable(raw.frame.iloc[:, kept], raw.source, raw.first_row, columns)
    checked = check_table(only_dates, dates, findings)
    rows = checked.lines - raw.first_row
    column = spec.column(value)
    names = [str(raw.frame.columns[i]) for i in keys]
    stacked = np.full((len(rows), len(keys)), np.nan)
    for j, i in enumerate(keys):
        cells = raw.frame.iloc[rows, i].reset_index(drop=True)
        values, faults = check_numbers(cells, blank(cells), column)
        bad = CellFaults(raw.source, names[j], checked.lines, faults)
        report_cells(bad, np.full(len(rows), "", dtype="U40"), findings)
        values[[fault[0] for fault in faults]] = np.nan
        stacked[:, j] = values
    return distinct_dates(checked, names, stacked, findings)


def is_long(raw: RawTable, spec: TableSpec) -> bool:
    """Whether a table that may be wide has its keys in a column."""
    key = "" if spec.pivot is None else spec.pivot[0]
    header = raw.columns.get(key, key).strip().casefold()
    return header in (str(c).strip().casefold() for c in raw.frame.columns)


def melted(raw: RawTable, spec: TableSpec, findings: Findings) -> CheckedTable:
    """Return a table that may be wide as a long one, blanks left out."""
    if spec.pivot is None or is_long(with_header(raw), spec):
        return check_table(raw, spec, findings)
    key, value = spec.pivot
    found = check_wide(raw, spec, findings)
    row, column = np.nonzero(~np.isnan(found.grid))
    given: dict[str, object] = {
        "date": found.dates[row].astype("datetime64[ns]"),
        key: np.array(found.names, dtype=object)[column],
        value: found.grid[row, column],
    }
    columns = {c.name: given.get(c.name, absent(c, len(row))) for c in spec.columns}
    none = np.full(len(row), "", dtype="U40")
    return CheckedTable(spec, raw.source, pd.DataFrame(columns), row, none)


def distinct_dates(
    checked: CheckedTable, names: list[str], values: Matrix, findings: Findings
) -> Wide:
    """Return the rows with a date, ascending; a date that stands twice is an error."""
    good = checked.reason == ""
    dates = checked.frame["date"].to_numpy().astype("datetime64[D]")[good]
    values, lines = values[good], checked.lines[good]
    order = np.argsort(dates, kind="stable")
    dates, values, lines = dates[order], values[order], lines[order]
    again = np.concatenate([[False], dates[1:] == dates[:-1]])
    findings.add(
        twice(
            checked.source,
            "date",
            ((int(lines[i]), dates[i]) for i in np.flatnonzero(again)),
        )
    )
    return Wide(checked.source, dates[~again], tuple(names), values[~again])


def twice(
    source: str, column: str, found: Iterable[tuple[int, object]]
) -> Iterator[Issue]:
    """Yield at most ten issues for rows that stand twice, then one for the rest."""
    rows = list(found)
    hint = "keep one row; the first is used if you quarantine"
    for line, what in rows[:LISTED]:
        yield Issue(
            "duplicate-row", Place(source, line, column), f"{what} stands twice", hint
        )
    if len(rows) > LISTED:
        more = f"and {len(rows) - LISTED} more rows stand twice"
        yield Issue("duplicate-row", Place(source, column=column), more, hint)


def long_to_wide(checked: CheckedTable, findings: Findings) -> Wide:
    """Return a checked long table as one column per key."""
    key, value = checked.spec.pivot or ("", "")
    frame = checked.usable()
    lines = checked.lines[checked.reason == ""]
    again = frame.duplicated(["date", key]).to_numpy()
    found = (
        (int(lines[i]), f"{frame[key].iloc[i]} on {str(frame['date'].iloc[i])[:10]}")
        for i in np.flatnonzero(again)
    )
    findings.add(twice(checked.source, key, found))
    frame = frame[~again]
    dates, row = np.unique(
        frame["date"].to_numpy().astype("datetime64[D]"), return_inverse=True
    )
    codes, names = pd.factorize(frame[key])
    values = np.full((len(dates), len(names)), np.nan)
    values[row, codes] = frame[value].to_numpy()
    return Wide(checked.source, dates, tuple(str(n) for n in names), values)
