"""Tables from files: CSV, XLSX and Parquet, local or any URL that fsspec opens."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from riskplugin._typing import Codes
from riskplugin.desk import Desk
from riskplugin.errors import (
    InputError,
    Issue,
    Place,
    UsageError,
    input_error,
    listing,
)
from riskplugin.inputs.assemble import Given, assemble
from riskplugin.inputs.config import (
    DeskFile,
    as_date,
    desk_file,
    parse_toml,
)
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.inputs.references import QueryRef, TableRef
from riskplugin.inputs.scenario_file import scenarios_from
from riskplugin.inputs.tables import HEDGES, TABLES
from riskplugin.scenarios.definition import Scenario
from riskplugin.sources.credentials import config_fault, options_of, shown
from riskplugin.sources.opening import (
    XLSX,
    beside,
    bytes_of,
    readable,
    text_of,
    unreadable,
    workbook_bytes,
)
from riskplugin.sources.query_tables import Databases

SCENARIOS = "scenarios"
FIRST_ROW = 2
NUMBERS_INSIDE = ("prices", "prices_second", "volumes", "fx")
NOT_CALCULATED = "a formula without a value: it was never calculated"
SPOILT = (ValueError, LookupError, TypeError, AttributeError)  # notes of pandas inside
CALCULATE = "open the file in Excel or LibreOffice, let it calculate, and save it"


def read_desk(path: str, as_of: object, findings: Findings) -> Given:
    """Return everything that the desk file at `path` names.

    Raises
    ------
    InputError
        If desk.toml itself cannot be used. Faults of the tables go to `findings`.
    AdapterError
        If a database cannot be reached, or takes too long.
    """
    name = PurePosixPath(shown(path).replace("\\", "/")).name
    config = desk_file(parse_toml(text_of(path, name), name), name)
    tables: dict[str, RawTable] = {}
    broken: set[str] = set()
    scenarios: tuple[Scenario, ...] = ()
    when = as_date(as_of)
    databases = Databases(name, config.date() if when is None else when, findings)
    for key, ref in config.tables.items():
        where = TableRef(path=ref) if isinstance(ref, str) else ref
        try:
            if key == SCENARIOS:
                scenarios, faults = read_scenarios(path, where)
                findings.stop(faults)
            elif key not in TABLES:
                findings.stop([unknown_table(name, key)])
            elif isinstance(where, QueryRef):
                tables[key] = databases.read(where, key)
            else:
                place = beside(path, where.path)
                tables[key] = read_table(place, where, key, findings)
        except InputError as error:
            broken.add(key)
            findings.stop(
                issue for issue in error.issues if issue not in findings.issues
            )
    source = scenario_source(config)
    return Given(tables, scenarios, source, config, when, frozenset(broken))


def unknown_table(source: str, key: str) -> Issue:
    """Return the issue of a table name that no desk has."""
    known = listing([*TABLES, SCENARIOS], limit=20)
    place = Place(source, column=f"tables.{key}")
    return Issue("unknown-key", place, "unknown table", f"tables are {known}")


def scenario_source(config: DeskFile) -> str:
    """Return the name of the desk's scenario file."""
    ref = config.tables.get(SCENARIOS, SCENARIOS)
    if isinstance(ref, QueryRef):
        return SCENARIOS
    return PurePosixPath(ref.path if isinstance(ref, TableRef) else ref).name


def read_scenarios(
    desk: str, ref: TableRef | QueryRef
) -> tuple[tuple[Scenario, ...], list[Issue]]:
    """Return the scenarios of the file that the desk file names, and its faults.

    Raises
    ------
    ConfigError
        If it is a query, a variable is not set, or the file is not TOML.
    """
    place = Place(PurePosixPath(desk).name, column=f"tables.{SCENARIOS}")
    if isinstance(ref, QueryRef):
        hint = "keep scenarios in a TOML file and give its path"
        raise config_fault(place, "scenarios are read from a file", hint)
    path = beside(desk, ref.path)
    name = PurePosixPath(shown(path)).name
    text = text_of(path, name, options_of(ref.storage_options_env, place))
    return scenarios_from(parse_toml(text, name), name)


def read_table(path: str, ref: TableRef, key: str, findings: Findings) -> RawTable:
    """Return the table at `path`, its cells as they stand; `findings` get what lacks.

    Raises
    ------
    SchemaError
        If the file cannot be read, is not to be opened, or has no such sheet.
    """
    name, kind = readable(path)
    place = Place(name, column=f"tables.{key}.storage_options_env")
    options = options_of(ref.storage_options_env, place)
    if kind == XLSX:
        content = workbook_bytes(path, options)
        frame, source, faults = read_xlsx(content, name, ref, key)
        findings.add(faults)
    else:
        content = bytes_of(path, name, options=options)
        frame, source = READERS[kind](content, name, ref, key)
    return RawTable(frame, source, FIRST_ROW, ref.columns)


def read_csv(
    content: bytes, name: str, ref: TableRef, key: str
) -> tuple[pd.DataFrame, str]:
    """Return a CSV file; text stays text, so that 000660 keeps its zeros."""
    if ref.sheet is not None:
        raise unreadable(name, "a CSV file has no sheets", "take out `sheet`")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text: byte {error.start}"
        raise unreadable(name, message, "save it as UTF-8") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header = header_of(text, name)
    if not header:
        raise unreadable(name, "is empty", "the first row must name the columns")
    own = len(header)
    widths = cells_in_rows(text, name)
    most = max(own, *widths, 0)
    frame = body_of(text, most, name, csv_types(header, ref.columns, key, most))
    surplus = {int(i) for j in range(own, most) for i in filled_in(frame.iloc[:, j])}
    if len(set(filter(None, widths))) > 1:  # else each row ends in the same commas
        surplus |= {i for i, width in enumerate(widths) if width > own}
    if surplus:
        rows = listing(str(i + FIRST_ROW) for i in sorted(surplus))
        hint = "put text with commas in quotes; write numbers without separators"
        raise unreadable(name, f"more cells than columns in row {rows}", hint)
    frame = frame.iloc[:, :own]
    frame.columns = pd.Index(header, dtype=object)
    return frame, name


def cells_in_rows(text: str, name: str) -> list[int]:
    """Return how many cells each row of a CSV text has after the first, 0 if blank."""
    lines = io.StringIO(text)
    if '"' not in text:
        return [line.count(",") + (line != "\n") for line in lines][1:]
    try:
        return [len(cells) for cells in csv.reader(lines)][1:]
    except csv.Error as error:
        raise unreadable(name, f"not a table: {error}", "check its quotes") from error


def body_of(
    text: str, width: int, name: str, types: dict[int, type[str]] | type[str]
) -> pd.DataFrame:
    """Return the rows of a CSV text, `width` cells each."""
    try:
        return pd.read_csv(
            io.StringIO(text),
            header=None,
            skiprows=1,
            names=range(width),
            index_col=False,
            dtype=types,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        if opened := re.search(r"string starting at row (\d+)", str(error)):
            row = int(opened[1]) + 1
            message, hint = f"a quote in row {row} is never closed", "close it"
        else:
            message, hint = f"not a table: {str(error).strip()}", "check that row"
        raise unreadable(name, message, hint) from error


def header_of(text: str, name: str) -> list[str]:
    """Return the cells of the first row of a CSV text."""
    try:
        header = next(csv.reader(io.StringIO(text)), [])
    except csv.Error as error:
        raise unreadable(name, f"not a table: {error}", "check row 1") from error
    mark = next((m for m in ";\t|" if len(header) == 1 and m in header[0]), None)
    if mark is not None:
        message = f"cells are separated by {mark!r}: found {header[0]!r}"
        hint = "save it with commas between cells and points in numbers"
        raise unreadable(name, message, hint)
    return header


def filled_in(cells: "pd.Series[str]") -> Codes:
    """Return the rows whose cell holds anything."""
    return np.flatnonzero(cells.notna() & (cells.astype("str").str.strip() != ""))


def csv_types(
    header: list[str], mapping: Mapping[str, str], key: str, width: int
) -> dict[int, type[str]] | type[str]:
    """Return which columns stay text: all, but for the figures of long tables.

    Columns beyond the header are text too.
    """
    if key not in NUMBERS_INSIDE:
        return str
    words = {
        mapping.get(c, c).casefold() for c in ("date", "instrument", "pair", "venue")
    }
    text = [i for i, h in enumerate(header) if h.strip().casefold() in words]
    return dict.fromkeys([*text, *range(len(header), width)], str)


def read_xlsx(
    content: bytes, name: str, ref: TableRef, key: str
) -> tuple[pd.DataFrame, str, list[Issue]]:
    """Return one sheet of a workbook, its values as last saved, and which lack."""
    from riskplugin.sources.workbook import read_sheet  # noqa: PLC0415 - openpyxl

    sheet = read_sheet(content, name, ref.sheet)
    header = [*sheet.rows.pop(1, []), *[None] * sheet.width][: sheet.width]
    headers = pd.Index(["" if h is None else h for h in header], dtype=object)
    grid = np.full((max(sheet.rows, default=1) - 1, sheet.width), None, dtype=object)
    for row, cells in sheet.rows.items():
        grid[row - FIRST_ROW, : len(cells)] = cells
    frame = pd.DataFrame(grid).infer_objects()
    frame.columns = headers
    source = f"{name} [{sheet.title}]"
    faults = [
        Issue(
            "missing-value", Place(source, rows[0], column), NOT_CALCULATED, CALCULATE
        )
        for column, rows in used(headers, sheet.uncalculated, ref, key)
    ]
    return frame, source, faults


def used(
    headers: "pd.Index[str]", found: Mapping[int, list[int]], ref: TableRef, key: str
) -> Iterator[tuple[str, list[int]]]:
    """Yield what was `found` in the columns that table `key` uses, by our names."""
    spec = TABLES[key]
    ours = {ref.columns.get(c, c).strip().casefold(): c for c in spec.names()}
    for number, rows in sorted(found.items()):
        header = str(headers[number - 1]).strip()
        if spec.pivot is not None or header.casefold() in ours:
            yield ours.get(header.casefold(), header), rows


def read_parquet(
    content: bytes, name: str, ref: TableRef, key: str
) -> tuple[pd.DataFrame, str]:
    """Return a Parquet file; pages that hold a checksum are verified."""
    import pyarrow  # noqa: PLC0415 - only for Parquet

    if ref.sheet is not None:
        raise unreadable(name, "a Parquet file has no sheets", "take out `sheet`")
    try:
        frame = pd.read_parquet(io.BytesIO(content), page_checksum_verification=True)
    except (pyarrow.ArrowException, OSError, *SPOILT) as error:
        hint = f"write {key} again"
        message = f"not a Parquet file, or cut short: {error}"
        raise unreadable(name, message, hint) from error
    return frame, name


Reader = Callable[[bytes, str, TableRef, str], tuple[pd.DataFrame, str]]
READERS: Mapping[str, Reader] = {".csv": read_csv, ".parquet": read_parquet}


def read_episodes(path: str) -> list[tuple[object, object]]:
    """Return the (start, end) pairs of a CSV file with those columns.

    Raises
    ------
    SchemaError
        If it cannot be read or has no such columns.
    """
    name = PurePosixPath(path.replace("\\", "/")).name
    frame, _ = read_csv(bytes_of(path, name), name, TableRef(path=path), "episodes")
    if not {"start", "end"} <= set(frame.columns):
        raise unreadable(name, "needs columns start and end", "name them in row 1")
    return list(zip(frame["start"], frame["end"], strict=True))


def read_hedges(path: str) -> RawTable:
    """Return a CSV, XLSX or Parquet file of instruments that a hedge may trade.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    findings = Findings()
    raw = read_table(path, TableRef(path=path), HEDGES.name, findings)
    if findings.errors():
        raise input_error(findings.issues)
    return raw


def desk_of_frames(
    frames: Mapping[str, pd.DataFrame | None],
    scenarios: Iterable[Scenario] | None,
    config: DeskFile,
    as_of: object,
) -> Desk:
    """Check DataFrames and return the desk that they make.

    Raises
    ------
    UsageError
        If a table is something else.
    InputError
        With every issue of every table at once.
    """
    for name, frame in frames.items():
        if frame is not None and not isinstance(frame, pd.DataFrame):
            raise UsageError(f"{name} is a {type(frame).__name__}; give a DataFrame")
    tables = {
        name: RawTable(frame, name)
        for name, frame in frames.items()
        if frame is not None
    }
    own = () if scenarios is None else tuple(scenarios)
    given = Given(tables, own, SCENARIOS, config, as_date(as_of))
    return assemble(given, Findings())
