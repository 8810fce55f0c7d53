"""A run into the desk's SQL database: all of its tables, or none of them."""

import io
import logging
from collections.abc import Iterator
from time import sleep
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from riskplugin.errors import AdapterError
from riskplugin.inputs.references import ExportRef
from riskplugin.results import Table, table
from riskplugin.sources.credentials import unlogged
from riskplugin.sources.databases import GRACE, Access, Watch
from riskplugin.sources.query_failures import HINTS, Failure, Trouble, failure_of
from riskplugin.sources.query_tables import PAUSES, TALKATIVE
from riskplugin.warehouse.connecting import writing, writing_engine
from riskplugin.warehouse.layout import (
    DATE,
    ROW,
    RUN,
    RUNS,
    VERSION,
    Column,
    columns_of,
    fitted,
    made,
    named,
    table_there,
)
from riskplugin.warehouse.results import Finished, chosen

if TYPE_CHECKING:
    from sqlalchemy import Connection

RUNS_TABLE = "runs"
WORDS = {
    Trouble.QUERY: "the database refuses what is written",
    Trouble.LATE: "writing took too long",
}
REMEDIES = {
    Trouble.QUERY: "see that the user may create tables there and write to them",
    Trouble.LATE: "raise timeout_seconds in [export]",
}
LOG = logging.getLogger(__name__)


def exported(run: Finished, ref: ExportRef, access: Access) -> Table:
    """Write a run into a database, in place of what it holds of the same run.

    Returns
    -------
    Table
        table, rows, columns_added; a row per table.

    Raises
    ------
    AdapterError
        If the database cannot be reached after all attempts, or does not take it; it
        then holds what it held.
    """
    names = chosen(run, ref.tables)
    found = attempt(run, names, ref, access)
    for i in range(ref.retries):
        if isinstance(found, list) or found.trouble is not Trouble.LOST:
            break
        pause = PAUSES[min(i, len(PAUSES) - 1)]
        LOG.warning(
            "export: %s; attempt %d of %d in %g s",
            *(found.reason, i + 2, ref.retries + 1, pause),
        )
        sleep(pause)
        found = attempt(run, names, ref, access)
    if isinstance(found, Failure):
        raise AdapterError(words(run, found, access))
    return told(run, found)


def words(run: Finished, failure: Failure, access: Access) -> str:
    """Return what is said of a failure."""
    trouble = failure.trouble
    what = WORDS.get(trouble, trouble.value)
    hint = failure.hint or REMEDIES.get(trouble, HINTS[trouble])
    return (
        f"run {run.facts[RUN]} was not exported: {what}: {failure.reason} ({access}); "
        f"{hint}"
    )


def told(run: Finished, rows: list[tuple[str, int, int]]) -> Table:
    """Return what was written as a table."""
    columns = {
        "table": [name for name, _, _ in rows],
        "rows": [count for _, count, _ in rows],
        "columns_added": [added for _, _, added in rows],
    }
    return table("exported", np.datetime64(run.facts[DATE], "D"), columns)


def attempt(
    run: Finished, names: list[str], ref: ExportRef, access: Access
) -> list[tuple[str, int, int]] | Failure:
    """Return the rows of each table, written, or why they are not.

    A failure is returned, not raised: an error would carry the driver's own along, and
    with it host, user and more.
    """
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # noqa: PLC0415

    engine = writing_engine(access, ref.timeout_seconds)
    driver = engine.dialect.loaded_dbapi.Error
    watch = Watch(engine, ref.timeout_seconds + GRACE)
    try:
        with unlogged(*TALKATIVE), watch, writing(engine, ref) as connection:
            found = written(connection, run, names, ref)
            watch.rest()
    except (SQLAlchemyError, driver, OSError) as error:
        late = isinstance(error, DBAPIError | driver) and watch.late.is_set()
        if late:
            return Failure(Trouble.LATE, "the server did not stop it")
        return failure_of(error, access)
    finally:
        engine.dispose()
    return found


def written(
    connection: "Connection", run: Finished, names: list[str], ref: ExportRef
) -> list[tuple[str, int, int]]:
    """Write what a run holds, and return each table with its rows and added columns."""
    first = note(connection, run, ref)
    rows = [(named(ref, RUNS_TABLE), 1, first)]
    for name in names:
        title = named(ref, name)
        remove(connection, run, ref, name)
        count, added = run.rows(name), 0
        if count:  # what has no rows says nothing of its columns
            wanted = dict(columns_of(run.schema(name)))
            columns, added = made(connection, ref, name, wanted, (RUN, ROW))
            fill(connection, run, ref, name, columns)
        rows.append((title, count, added))
    return rows


def note(connection: "Connection", run: Finished, ref: ExportRef) -> int:
    """Write the row of a run, the latest of all; return the columns added for it.

    Raises
    ------
    AdapterError
        If the tables there are of a later layout.
    """
    from sqlalchemy import func, select  # noqa: PLC0415 - only for databases

    _, added = made(connection, ref, RUNS_TABLE, RUNS, (RUN,))
    there = table_there(connection, ref, RUNS_TABLE)
    if there is None:
        raise AdapterError(f"{named(ref, RUNS_TABLE)} went while it was written to")
    query = select(func.max(there.c.layout), func.max(there.c.sequence))
    layout, sequence = connection.execute(query).one()
    if layout is not None and layout > VERSION:
        raise AdapterError(
            f"{named(ref, RUNS_TABLE)} has layout {layout}, this version writes "
            f"{VERSION}; export with the riskplugin that made it"
        )
    connection.execute(there.delete().where(there.c[RUN] == run.facts[RUN]))
    day = np.datetime64(run.facts[DATE], "D").item()
    own = {**run.facts, DATE: day, "layout": VERSION, "sequence": (sequence or 0) + 1}
    connection.execute(there.insert(), own)
    return added


def remove(connection: "Connection", run: Finished, ref: ExportRef, name: str) -> None:
    """Remove what the database holds of a table of the run."""
    there = table_there(connection, ref, name)
    if there is not None and RUN in there.columns:
        connection.execute(there.delete().where(there.c[RUN] == run.facts[RUN]))


def fill(
    connection: "Connection",
    run: Finished,
    ref: ExportRef,
    name: str,
    columns: list[Column],
) -> None:
    """Write the rows of a result into its table."""
    for piece in keyed(run, ref, name, columns):
        if connection.dialect.name == "postgresql":
            copy(connection, ref, name, piece)
        else:
            insert(connection, ref, name, piece)


def keyed(
    run: Finished, ref: ExportRef, name: str, columns: list[Column]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a result in the types of the columns there, keys first."""
    start = 1
    by_name = {column.name: column for column in columns}
    for piece in run.pieces(name):
        count = piece.num_rows
        day = pa.scalar(np.datetime64(run.facts[DATE], "D").item(), pa.date32())
        values: dict[str, pa.Array] = {
            RUN: pa.repeat(pa.scalar(run.facts[RUN], pa.large_string()), count),
            DATE: pa.repeat(day, count),
            ROW: pa.array(range(start, start + count), pa.int64()),
        }
        values |= {
            n: fitted(piece.column(n), by_name[n], ref, name)
            for n in piece.schema.names
            if n in by_name
        }
        yield pa.RecordBatch.from_pydict(values)
        start += count


def copy(
    connection: "Connection", ref: ExportRef, name: str, piece: pa.RecordBatch
) -> None:
    """Write rows as PostgreSQL takes many: a stream of text, NULL a bare blank."""
    prepare = connection.dialect.identifier_preparer
    title = prepare.quote(named(ref, name))
    if ref.schema_name is not None:
        title = f"{prepare.quote_schema(ref.schema_name)}.{title}"
    names = ", ".join(map(prepare.quote, piece.schema.names))
    text = io.BytesIO()
    csv.write_csv(
        piece,
        text,
        csv.WriteOptions(include_header=False, quoting_style="needed"),
    )
    raw: Any = connection.connection.driver_connection
    statement = f"COPY {title} ({names}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')"
    with raw.cursor() as cursor, cursor.copy(statement) as stream:
        stream.write(text.getbuffer())


def insert(
    connection: "Connection", ref: ExportRef, name: str, piece: pa.RecordBatch
) -> None:
    """Write rows one by one."""
    prepare = connection.dialect.identifier_preparer
    names = ", ".join(map(prepare.quote, piece.schema.names))
    marks = ", ".join("?" * piece.num_columns)
    statement = f"INSERT INTO {prepare.quote(named(ref, name))} ({names}) "
    columns = (as_sqlite(column) for column in piece.columns)
    rows = list(zip(*columns, strict=True))
    connection.exec_driver_sql(f"{statement}VALUES ({marks})", rows)


def as_sqlite(values: pa.Array) -> list[object]:
    """Return the values of a column as SQLite's driver takes them: days as text."""
    if pa.types.is_date(values.type):
        values = values.cast(pa.string())
    found: list[object] = values.to_pylist()
    return found
