"""A figure over the nights of a store."""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from riskplugin.errors import AdapterError, UsageError, did_you_mean
from riskplugin.inputs.config import as_date
from riskplugin.results import Table, table
from riskplugin.store.files import PARQUET
from riskplugin.store.layout import Run, counting_runs
from riskplugin.store.metrics import TOTAL, Figure, figure_of

FILES = (
    "read_parquet(?, filename = true, union_by_name = true, hive_partitioning = false)"
)


def history(
    store: str | PathLike[str],
    metric: str,
    scope: str | None = None,
    start: object = None,
    end: object = None,
) -> Table:
    """Return a figure of every night of a store, from the run that counts for it.

    Parameters
    ----------
    store : path
        Root of a store.
    metric : str
        ``stress:inventory_build`` (P&L), ``low:…``, ``high:…`` (its band), ``worst:…``
        (along its path), ``exposure:net`` (long, short, gross, …), ``measure:CVaR``,
        ``reversal:CVaR``.
    scope : str, optional
        ``total`` by default, ``tier:memory``, ``book:semis``; of a measure it is the
        component.
    start, end : date, datetime or ISO text, optional
        First and last night.

    Returns
    -------
    Table
        as_of, metric, scope, value, run_id; one row per night. A night whose run does
        not have the figure is NaN. If a date has several runs, the one that counts is
        the one that the last batch of the date ended with.

    Raises
    ------
    UsageError
        If there is no such metric, or no run has it.
    AdapterError
        If the store holds no finished run, or DuckDB is not installed.
    """
    figure = figure_of(metric, scope)
    runs = list(between(counting_runs(Path(store)), as_date(start), as_date(end)))
    values = values_of(runs, figure)
    if runs and not values:
        raise UsageError(f"no run has {metric}, {scope or TOTAL}; {near(runs, figure)}")
    last = runs[-1].as_of if runs else "NaT"
    return table(
        "history",
        np.datetime64(last, "D"),
        {
            "as_of": [r.as_of for r in runs],
            "metric": [metric] * len(runs),
            "scope": [scope or TOTAL] * len(runs),
            "value": [values.get(str(r.folder), np.nan) for r in runs],
            "run_id": [r.run_id for r in runs],
        },
    )


def between(
    runs: list[Run], start: np.datetime64 | None, end: np.datetime64 | None
) -> Iterator[Run]:
    """Yield the runs from `start` to `end`, both included."""
    for run in runs:
        date = np.datetime64(run.as_of, "D")
        if (start is None or date >= start) and (end is None or date <= end):
            yield run


def values_of(runs: list[Run], figure: Figure) -> dict[str, float]:
    """Return the figure by run folder; runs without it are left out."""
    chosen = " AND ".join(f'"{column}" = ?' for column in figure.where) or "TRUE"
    query = (
        f'SELECT filename, {figure.combine}("{figure.column}") FROM {FILES} '
        f"WHERE {chosen} GROUP BY filename"
    )
    rows = asked(query, files_of(runs, figure), list(figure.where.values()))
    return {
        str(Path(str(file)).parent): float(value)
        for file, value in rows
        if value is not None
    }


def near(runs: list[Run], figure: Figure) -> str:
    """Return a hint which names the runs do have."""
    hints = []
    for column, wanted in figure.where.items():
        query = f'SELECT DISTINCT "{column}" FROM {FILES} ORDER BY 1'
        known = [str(row[0]) for row in asked(query, files_of(runs, figure), [])]
        if wanted not in known:
            hints.append(did_you_mean(wanted, known))
    return "; ".join(filter(None, hints))


def files_of(runs: list[Run], figure: Figure) -> list[str]:
    """Return the files that hold the figure's table, of the runs that have it."""
    paths = (run.folder / f"{figure.table}{PARQUET}" for run in runs)
    return [str(path) for path in paths if path.is_file()]


def asked(query: str, files: list[str], values: list[str]) -> list[tuple[Any, ...]]:
    """Return the rows of a query over Parquet files, on one thread: the same bits.

    Raises
    ------
    AdapterError
        If DuckDB is not installed, or a file cannot be read.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        message = "history needs DuckDB: install riskplugin[store]"
        raise AdapterError(message) from error
    if not files:
        return []
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            found: list[tuple[Any, ...]] = connection.execute(
                query, [files, *values]
            ).fetchall()
    except duckdb.Error as error:
        raise AdapterError(f"cannot read the store: {error}") from error
    return found
