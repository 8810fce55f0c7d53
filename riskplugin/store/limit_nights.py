"""Since when a limit has stood where it stands, by the nights of a store."""

from os import PathLike
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskplugin.errors import AdapterError, listing
from riskplugin.results import Table, table
from riskplugin.store.files import PARQUET
from riskplugin.store.layout import Run, counting_runs

KEYS = ("metric", "scope", "scenario", "unit", "direction")
LIMITS, STATUS, SINCE = "limits", "status", "since"
Key = tuple[str, ...]


def with_since(found: Table, store: str | PathLike[str]) -> Table:
    """Return a table of limits with the night since which each status has stood.

    Nights of the store before the table's date count, by the run that counts for each.
    The row of nights is unbroken as long as each holds the limit with that status; a
    date on which no batch ran breaks nothing.

    Raises
    ------
    AdapterError
        If the store holds no finished run, or a file cannot be read.
    """
    as_of = np.datetime64(found.as_of, "D")
    runs = [run for run in counting_runs(Path(store)) if night_of(run) < as_of]
    nights = statuses(runs)
    limits = zip(*(found[key].tolist() for key in (*KEYS, STATUS)), strict=True)
    since = [first_night(key, status, nights) or as_of for *key, status in limits]
    columns = {str(c): found[c].to_numpy() for c in found}
    columns[SINCE] = np.array(since, dtype="datetime64[D]")
    return table(found.title, as_of, columns)


def night_of(run: Run) -> np.datetime64:
    """Return the date of a run."""
    return np.datetime64(run.as_of, "D")


def statuses(runs: list[Run]) -> list[tuple[np.datetime64, dict[Key, str]]]:
    """Return the status of every limit by night, the latest night first."""
    nights = [
        (night_of(run), statuses_in(run.folder / f"{LIMITS}{PARQUET}")) for run in runs
    ]
    return sorted(nights, key=lambda night: night[0], reverse=True)


def statuses_in(file: Path) -> dict[Key, str]:
    """Return the status of every limit in a run's table; none where it has no table.

    Raises
    ------
    AdapterError
        If the file cannot be read.
    """
    if not file.is_file():
        return {}
    columns = [*KEYS, STATUS]
    try:
        found = pq.ParquetFile(file).read(columns)
    except (pa.ArrowException, OSError) as error:
        raise AdapterError(f"cannot read {file.name} of the store: {error}") from error
    lacking = set(columns) - set(found.column_names)
    if lacking:
        raise AdapterError(
            f"{file.name} of the store has no {listing(sorted(lacking))}"
        )
    rows = zip(*(found[column].to_pylist() for column in columns), strict=True)
    return {tuple(map(str, key)): str(status) for *key, status in rows}


def first_night(
    key: list[str], status: str, nights: list[tuple[np.datetime64, dict[Key, str]]]
) -> np.datetime64 | None:
    """Return the first of the latest nights in a row that say `status`."""
    first = None
    for night, said in nights:
        if said.get(tuple(key)) != status:
            break
        first = night
    return first
