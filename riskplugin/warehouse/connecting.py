"""Connections that write: one transaction, held open to nobody else's export."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskplugin.errors import Place
from riskplugin.inputs.references import ExportRef
from riskplugin.sources.credentials import config_fault
from riskplugin.sources.databases import Access, access_at, engine_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

KINDS = ("postgresql", "sqlite")
LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
SETTINGS = (
    "SET LOCAL statement_timeout = {milliseconds}",
    "SET LOCAL lock_timeout = {milliseconds}",
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL datestyle = 'ISO'",
)


def destination(ref: ExportRef, source: str) -> Access:
    """Return the database that the [export] of the desk file `source` names.

    Raises
    ------
    ConfigError
        If a variable is not set, its URL is none, SQLAlchemy is not installed, or it is
        no kind of database that an export is tested on.
    """
    place = Place(source, column="export")
    access = access_at(ref, place)
    if access.backend not in KINDS:
        message = f"{access!r}: an export writes to {' or '.join(KINDS)}"
        hint = "load the run's Parquet files with that database's own tools"
        raise config_fault(place, message, hint)
    if access.backend == "sqlite" and ref.schema_name is not None:
        hint = "leave schema_name out, and tell tables apart by prefix"
        raise config_fault(place, "SQLite has no schemas", hint)
    return access


def writing_engine(access: Access, seconds: float) -> "Engine":
    """Return an engine without pool whose connections may write."""
    if access.backend != "sqlite":
        return engine_of(access, seconds)
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - only for databases
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine(
        access.url,
        poolclass=NullPool,
        connect_args={"timeout": max(2, int(min(seconds, 15)))},
        hide_parameters=True,
    )
    event.listen(engine, "connect", transactions_are_ours)
    return engine


def transactions_are_ours(raw: Any, _: object) -> None:  # noqa: ANN401 - sqlite3's
    """Keep the driver from beginning and ending transactions, tables included."""
    raw.isolation_level = None


@contextmanager
def writing(engine: "Engine", ref: ExportRef) -> "Iterator[Connection]":
    """Yield a connection in a transaction that no other export runs beside.

    All that is written in the block stands together, or nothing does.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            for statement, values in openings(engine.dialect.name, ref):
                connection.exec_driver_sql(statement, values)
            yield connection
        except BaseException:
            ENDS[engine.dialect.name](connection, "ROLLBACK")
            raise
        ENDS[engine.dialect.name](connection, "COMMIT")


def openings(dialect: str, ref: ExportRef) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the statements, with their values, that a transaction begins with."""
    if dialect == "postgresql":
        milliseconds = max(1, int(ref.timeout_seconds * 1000))
        for statement in SETTINGS:
            yield statement.format(milliseconds=milliseconds), ()
        yield LOCK, (f"riskplugin {ref.schema_name or ''} {ref.prefix}",)


def end_by_dialect(connection: "Connection", word: str) -> None:
    """End the transaction as SQLAlchemy does."""
    connection.commit() if word == "COMMIT" else connection.rollback()


def end_by_word(connection: "Connection", word: str) -> None:
    """End a transaction that a statement of ours began."""
    if connection.connection.in_transaction:
        connection.exec_driver_sql(word)


ENDS: Mapping[str, Callable[["Connection", str], None]] = {
    "postgresql": end_by_dialect,
    "sqlite": end_by_word,
}
