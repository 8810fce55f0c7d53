"""Tables of one number per date and key, long or wide."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin._typing import Codes, Dates, Matrix
from riskplugin.errors import LISTED, Issue, Place
from riskplugin.inputs.cells import blank, check_numbers
from riskplugin.inputs.columns import TableSpec
from riskplugin.inputs.reading import (
    CellFaults,
    CheckedTable,
    Findings,
    RawTable,
    absent,
    check_rows,
    check_table,
    named_columns,
    nameless,
    report_cells,
    with_header,
    without_header,
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
    date = spec.column("date")
    where = raw.columns.get("date", "date").strip().casefold()
    headers = list(map(str, raw.frame.columns))
    kept = [i for i, header in enumerate(headers) if header.casefold() == where]
    bare = [i for i, header in enumerate(headers) if nameless(header) and i not in kept]
    keys = [i for i in range(len(headers)) if i not in {*kept, *bare}]
    findings.add(without_header(raw.source) for _ in bare)
    only_dates = RawTable(
        raw.frame.iloc[:, kept], raw.source, raw.first_row, {"date": where}
    )
    alone = TableSpec(spec.name, spec.description, (date,))
    found = named_columns(only_dates, alone, findings)
    filled = rows_with_cells(raw.frame, kept, keys) if found else np.array([], int)
    checked = check_rows(only_dates, alone, found, filled, findings)
    rows = checked.lines - raw.first_row
    names = [headers[i] for i in keys]
    findings.stop(
        in_several_columns(raw.source, name, name)
        for name, times in Counter(names).items()
        if times > 1
    )
    stacked = np.full((len(rows), len(keys)), np.nan)
    for j, i in enumerate(keys):
        cells = raw.frame.iloc[rows, i].reset_index(drop=True)
        values, faults = check_numbers(cells, blank(cells), spec.column(value))
        bad = CellFaults(raw.source, names[j], checked.lines, faults)
        report_cells(bad, np.full(len(rows), "", dtype="U40"), findings)
        stacked[:, j] = values
    return distinct_dates(checked, names, stacked, findings)


def rows_with_cells(frame: pd.DataFrame, dates: list[int], keys: list[int]) -> Codes:
    """Return the rows with a date, or with anything in a column of `keys`."""
    filled = ~blank(frame.iloc[:, dates[0]])
    without = np.flatnonzero(~filled)
    if len(without):
        for i in keys:
            filled[without] |= ~blank(frame.iloc[without, i])
    return np.flatnonzero(filled)


def in_several_columns(source: str, given: str, name: str) -> Issue:
    """Return the issue of a key that several columns bear."""
    place = Place(source, column=given)
    return Issue(
        "duplicate-column", place, f"{name} stands in several columns", "keep one"
    )


def is_long(raw: RawTable, spec: TableSpec) -> bool:
    """Whether a table that may be wide has its keys in a column."""
    key = "" if spec.pivot is None else spec.pivot[0]
    header = raw.columns.get(key, key).strip().casefold()
    return header in (str(c).strip().casefold() for c in raw.frame.columns)


def melted(raw: RawTable, spec: TableSpec, findings: Findings) -> CheckedTable:
    """Return a table that may be wide as a long one, blanks left out."""
    if spec.pivot is None or is_long(with_header(raw), spec):
        return check_table(raw, spec, findings)
    return as_long(check_wide(raw, spec, findings), spec)


def as_long(found: Wide, spec: TableSpec) -> CheckedTable:
    """Return a table of one number per date and key as a long one, blanks left out."""
    key, value = spec.pivot or ("", "")
    row, column = np.nonzero(~np.isnan(found.grid))
    given: dict[str, object] = {
        "date": found.dates[row].astype("datetime64[ns]"),
        key: np.array(found.names, dtype=object)[column],
        value: found.grid[row, column],
    }
    columns = {c.name: given.get(c.name, absent(c, len(row))) for c in spec.columns}
    none = np.full(len(row), "", dtype="U40")
    return CheckedTable(spec, found.source, pd.DataFrame(columns), row, none)


def distinct_dates(
    checked: CheckedTable, names: list[str], values: Matrix, findings: Findings
) -> Wide:
    """Return the rows with a date, ascending; a date that stands twice is an error."""
    good = checked.reason == ""
    dates = checked.frame["date"].to_numpy().astype("datetime64[D]")[good]
    values, lines = values[good], checked.lines[good]
    order = np.argsort(dates, kind="stable")
    dates, values, lines = dates[order], values[order], lines[order]
    again = np.zeros(len(dates), bool)
    again[1:] = dates[1:] == dates[:-1]
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
