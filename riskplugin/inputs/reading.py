"""From a raw table to checked columns; every fault is found, none is guessed away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

import numpy as np
import pandas as pd

from riskplugin._typing import Codes, Words
from riskplugin.errors import LISTED, Issue, Place, Severity, did_you_mean, listing
from riskplugin.inputs.cells import Faults, blank, check_cells
from riskplugin.inputs.columns import Column, Kind, TableSpec


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
    """What was found so far. A fatal issue leaves no table to go on with.

    Several may share one list of issues, each with its own mark of what is fatal.
    """

    issues: list[Issue] = field(default_factory=list)
    fatal: bool = False

    def add(self, issues: Iterable[Issue]) -> None:
        """Take row-level issues and warnings."""
        self.issues.extend(issues)

    def stop(self, issues: Iterable[Issue]) -> None:
        """Take issues that leave no table to go on with."""
        taken = list(issues)
        self.issues.extend(taken)
        self.fatal |= any(i.severity is Severity.ERROR for i in taken)

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
    name = raw.columns.get("date", "date")
    if isinstance(frame.index, pd.DatetimeIndex) and name not in frame.columns:
        frame = pd.DataFrame(frame.rename_axis(index=name).reset_index())
    headers = [header_text(c) for c in frame.columns]
    keep = [
        i
        for i, header in enumerate(headers)
        if not (nameless(header) and blank(frame.iloc[:, i]).all())
    ]
    frame = frame.iloc[:, keep]
    if any(isinstance(dtype, pd.SparseDtype) for dtype in frame.dtypes):
        frame = frame.astype(object)
    frame.columns = pd.Index([headers[i] for i in keep], dtype=object)
    return RawTable(frame, raw.source, raw.first_row, raw.columns)


def header_text(given: object) -> str:
    """Return a header as text, "" where there is none."""
    none = given is None or given is pd.NA or given is pd.NaT
    none |= isinstance(given, float) and isnan(given)
    text = str(given).encode("utf-8", "backslashreplace").decode()
    return "" if none else text.strip().lstrip("\ufeff")


def nameless(header: str) -> bool:
    """Whether a column has no header of its own."""
    return not header or header.startswith("Unnamed:")


def without_header(source: str) -> Issue:
    """Return the warning of cells in a column that has no header."""
    message = "a column without a header holds cells: it is ignored"
    hint = "give it a header, or clear its cells"
    return Issue("unknown-column", Place(source), message, hint, Severity.WARNING)


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
        if name is None and nameless(header):
            findings.add([without_header(raw.source)])
        elif name is None:
            hint = ignored_hint(
                header, [c for c in spec.columns if c.name not in found]
            )
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


def ignored_hint(header: str, columns: Sequence[Column]) -> str:
    """Return which of `columns` a header may be meant for."""
    for column in columns:
        if header.casefold() in column.synonyms:
            return f"it is ignored; map it: {column.name} = {header!r}"
    near = did_you_mean(header, [c.name for c in columns])
    return near if near.startswith("did you mean") else "it is ignored"


def check_table(raw: RawTable, spec: TableSpec, findings: Findings) -> CheckedTable:
    """Return `raw` with every cell checked against `spec`; faults go to `findings`."""
    raw = with_header(raw)
    found = named_columns(raw, spec, findings)
    empty = np.ones(len(raw.frame), bool)
    for cells in found.values():
        empty &= blank(cells)
    return check_rows(raw, spec, found, np.flatnonzero(~empty), findings)


def check_rows(
    raw: RawTable,
    spec: TableSpec,
    found: Mapping[str, "pd.Series[str]"],
    keep: Codes,
    findings: Findings,
) -> CheckedTable:
    """Return the rows `keep` of the columns `found`, every cell checked."""
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
        by_code.setdefault(fault.code, []).append(fault)
        if not reason[fault.row]:
            reason[fault.row] = fault.code
    for code, faults in by_code.items():
        for fault in faults[:LISTED]:
            place = Place(found.source, int(found.lines[fault.row]), found.column)
            findings.add([Issue(code, place, fault.message, fault.hint)])
        if len(faults) > LISTED:
            rows = listing(str(found.lines[f.row]) for f in faults[LISTED:])
            place = Place(found.source, column=found.column)
            more = f"and {len(faults) - LISTED} more: rows {rows}"
            findings.add([Issue(code, place, more, faults[0].hint)])
