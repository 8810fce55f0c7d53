"""Runs read back: the report that was written, and the desk it was computed from."""

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pyarrow import ArrowException
from pyarrow.parquet import read_metadata

from riskplugin.desk import Desk
from riskplugin.errors import AdapterError, Issue, Place, Severity
from riskplugin.results import Report, Table, table
from riskplugin.snapshot import desk_of
from riskplugin.store.audit import SCHEMA_VERSION, identity
from riskplugin.store.files import INPUT, PARQUET
from riskplugin.store.runs import content_of, damaged

T = TypeVar("T")


class Stored(Mapping[str, T]):
    """What stands in files, by name, read when it is asked for and then kept."""

    def __init__(self, names: list[str], read: Callable[[str], T]) -> None:
        self._names = dict.fromkeys(names)
        self._read = read
        self._kept: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._kept:
            self._kept[name] = self._read(name)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class StoredTables(Stored[Table]):
    """The tables of a run folder."""

    def __init__(self, folder: Path, names: list[str], as_of: str) -> None:
        def read(name: str) -> Table:
            frame = frame_in(folder, name)
            columns = {str(c): frame[c] for c in frame.columns}
            return table(name, np.datetime64(as_of, "D"), columns)

        super().__init__(names, read)
        self._folder = folder

    def rows(self, name: str) -> int:
        """Return the rows of a table without reading them."""
        return int(read_metadata(self._folder / f"{name}{PARQUET}").num_rows)


def read_run(path: str | PathLike[str]) -> Report:
    """Return the report in the run folder `path`; its tables are read when asked for.

    Raises
    ------
    AdapterError
        If it is no run folder, or one of a schema that this version does not read.
    """
    folder = Path(path)
    content = content_of(folder)
    schema = content.get("schema_version")
    if schema != SCHEMA_VERSION:
        raise AdapterError(
            f"{folder} has schema {schema}, this version reads {SCHEMA_VERSION}; use "
            f"riskplugin {content.get('version', 'that wrote it')}"
        )
    tables = stored_tables(folder, list(content["tables"]), content["as_of"])
    return Report(
        as_of=np.datetime64(content["as_of"], "D"),
        base_currency=content["base_currency"],
        run_id=content["run_id"],
        confidence=content["confidence"],
        tables=tables,
        issues=tuple(issues_in(tables["issues"])),
        manifest=identity(content),
        inputs=Stored(
            list(content["input_rows"]), lambda name: frame_in(folder, INPUT + name)
        ),
    )


def stored_tables(folder: Path, names: list[str], as_of: str) -> Mapping[str, Table]:
    """Return the tables of a run folder."""
    return StoredTables(folder, names, as_of)


def frame_in(folder: Path, name: str) -> pd.DataFrame:
    """Return a Parquet file of a run folder.

    Raises
    ------
    AdapterError
        If it cannot be read.
    """
    path = folder / f"{name}{PARQUET}"
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, ArrowException) as error:
        message = f"cannot read {path}: {error}; see `riskplugin verify`"
        raise AdapterError(message) from error


def issues_in(found: Table) -> Iterator[Issue]:
    """Yield the issues that a table of them holds."""
    for row in found.to_dict(orient="records"):
        number = int(row["row"]) if row["row"] else None
        place = Place(row["source"], number, row["column"] or None)
        level = Severity(row["level"])
        yield Issue(row["code"], place, row["message"], row["hint"], level)


def desk_in(report: Report) -> Desk:
    """Return the desk that a report was computed from.

    Raises
    ------
    AdapterError
        If the report does not hold it.
    """
    if not report.inputs:
        raise AdapterError(f"run {report.run_id} does not hold what it was computed of")
    return desk_of(report.inputs)


def desk_at(path: str | PathLike[str]) -> Desk:
    """Return the desk that the run folder `path` was computed from.

    Raises
    ------
    AdapterError
        If it is no run folder, or the inputs in it are not as they were written.
    """
    folder = Path(path)
    report = read_run(folder)
    spoilt = [name for name in damaged(folder) if name.startswith(INPUT)]
    if spoilt:
        raise AdapterError(f"{folder}: {', '.join(spoilt)} not as written")
    return desk_in(report)


def desk_given(given: Desk | Report | str | PathLike[str]) -> Desk:
    """Return a desk as it is, or the one that a report or run folder was computed from.

    Raises
    ------
    AdapterError
        If a folder holds no run, or its inputs are not as they were written.
    """
    if isinstance(given, Desk):
        return given
    return desk_in(given) if isinstance(given, Report) else desk_at(given)
