"""Since when a limit has stood where it stands, by the nights of a store."""

from os import PathLike
from pathlib import Path

import numpy as np

from riskplugin.results import Table, table
from riskplugin.store.files import PARQUET
from riskplugin.store.history import FILES, asked
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
        If the store holds no finished run, DuckDB is not installed, or a file cannot
        be read.
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
    files = {str(run.folder / f"{LIMITS}{PARQUET}"): night_of(run) for run in runs}
    there = [file for file in files if Path(file).is_file()]
    columns = ", ".join(f'"{c}"' for c in (*KEYS, STATUS))
    found: dict[str, dict[Key, str]] = {str(Path(file)): {} for file in files}
    for file, *key, status in asked(
        f"SELECT filename, {columns} FROM {FILES}", there, []
    ):
        found[str(Path(str(file)))][tuple(map(str, key))] = str(status)
    nights = [(night, found[str(Path(file))]) for file, night in files.items()]
    return sorted(nights, key=lambda night: night[0], reverse=True)


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
