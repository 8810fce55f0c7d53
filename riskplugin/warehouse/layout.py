"""The tables that runs are exported to: made where missing, checked where there.

Each result is a table of its own, PREFIX + its name, keyed by run and row; PREFIX +
``runs`` has a row per run. A column that a result gained is added. A column that is
there keeps its type: figures that fit it exactly are taken, and anything else is an
error that says what to do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from riskplugin.errors import AdapterError
from riskplugin.inputs.references import ExportRef

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table
    from sqlalchemy.types import TypeEngine

VERSION = 1
RUN, DATE, ROW = "run_id", "as_of", "row_number"
LONGEST = 63  # bytes of a name that PostgreSQL keeps; it cuts off the rest in silence


class Kind(Enum):
    """What a column holds: its type in Arrow."""

    NUMBER = pa.float64()
    WHOLE = pa.int64()
    TEXT = pa.large_string()
    FLAG = pa.bool_()
    DAY = pa.date32()


KEYS: Mapping[str, Kind] = {RUN: Kind.TEXT, DATE: Kind.DAY, ROW: Kind.WHOLE}
RUNS: Mapping[str, Kind] = {
    RUN: Kind.TEXT,
    DATE: Kind.DAY,
    "sequence": Kind.WHOLE,
    "layout": Kind.WHOLE,
    "version": Kind.TEXT,
    "status": Kind.TEXT,
    "base_currency": Kind.TEXT,
    "confidence": Kind.NUMBER,
    "positions": Kind.WHOLE,
    "left_out": Kind.WHOLE,
    "issues": Kind.WHOLE,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that is there, and what may be written to it."""

    name: str
    kind: Kind


def kind_of(found: pa.DataType) -> Kind | None:
    """Return what a column of Arrow holds; None if it holds nothing at all.

    Raises
    ------
    AdapterError
        If it holds something that no column of ours does.
    """
    tests = (
        (pa.types.is_floating, Kind.NUMBER),
        (pa.types.is_integer, Kind.WHOLE),
        (pa.types.is_boolean, Kind.FLAG),
        (pa.types.is_string, Kind.TEXT),
        (pa.types.is_large_string, Kind.TEXT),
        (pa.types.is_temporal, Kind.DAY),
    )
    if pa.types.is_null(found):
        return None
    for test, kind in tests:
        if test(found):
            return kind
    raise AdapterError(f"a column of {found} has no place in a database")


def sql_type(kind: Kind) -> "TypeEngine[Any]":
    """Return the type that a column of ours is made with."""
    from sqlalchemy import BigInteger, Boolean, Date, Double, Text  # noqa: PLC0415

    types: Mapping[Kind, TypeEngine[Any]] = {
        Kind.NUMBER: Double(),
        Kind.WHOLE: BigInteger(),
        Kind.TEXT: Text(),
        Kind.FLAG: Boolean(),
        Kind.DAY: Date(),
    }
    return types[kind]


def kind_there(found: "TypeEngine[Any]") -> Kind | None:
    """Return what a column of the database takes; None if nothing of ours."""
    from sqlalchemy import types  # noqa: PLC0415 - only for databases

    known = (
        (types.Boolean, Kind.FLAG),
        (types.Integer, Kind.WHOLE),
        (types.Float, Kind.NUMBER),
        (types.Numeric, Kind.NUMBER),
        (types.String, Kind.TEXT),
        (types.DateTime, None),
        (types.Date, Kind.DAY),
    )
    return next((kind for of, kind in known if isinstance(found, of)), None)


def named(ref: ExportRef, name: str) -> str:
    """Return the name of a table in the database.

    Raises
    ------
    AdapterError
        If the database would cut it off.
    """
    return whole_name(f"{ref.prefix}{name}")


def whole_name(name: str) -> str:
    """Return a name that the database keeps whole.

    Raises
    ------
    AdapterError
        If it is too long.
    """
    if len(name.encode()) > LONGEST:
        raise AdapterError(
            f"the name {name!r} is longer than the {LONGEST} bytes that PostgreSQL "
            "keeps; shorten the prefix, or the name of the driver in it"
        )
    return name


def table_there(connection: "Connection", ref: ExportRef, name: str) -> "Table | None":
    """Return a table as the database has it, None if it has none of that name."""
    from sqlalchemy import MetaData, Table, inspect  # noqa: PLC0415

    title = named(ref, name)
    if not inspect(connection).has_table(title, schema=ref.schema_name):
        return None
    return Table(title, MetaData(), schema=ref.schema_name, autoload_with=connection)


def made(
    connection: "Connection",
    ref: ExportRef,
    name: str,
    wanted: Mapping[str, Kind],
    keys: tuple[str, ...],
) -> tuple[list[Column], int]:
    """Make a table, or add the columns that it lacks.

    Returns
    -------
    tuple of list of Column and int
        The columns of `wanted` as they are there, and how many were added to a table
        that was there before.

    Raises
    ------
    AdapterError
        If a column is there that takes nothing of ours.
    """
    found = table_there(connection, ref, name)
    if found is None:
        create(connection, ref, name, wanted, keys)
        return [Column(n, kind) for n, kind in wanted.items()], 0
    missing = {n: kind for n, kind in wanted.items() if n not in found.columns}
    for column, kind in missing.items():
        add(connection, found, column, kind)
    there = [
        Column(n, kind if n in missing else checked(ref, name, n, found))
        for n, kind in wanted.items()
    ]
    return there, len(missing)


def create(
    connection: "Connection",
    ref: ExportRef,
    name: str,
    wanted: Mapping[str, Kind],
    keys: tuple[str, ...],
) -> None:
    """Make a table, and the schema that it is to be in."""
    from sqlalchemy import Column as Made  # noqa: PLC0415 - only for databases
    from sqlalchemy import MetaData, Table, inspect  # noqa: PLC0415
    from sqlalchemy.schema import CreateSchema  # noqa: PLC0415

    schema = ref.schema_name
    if schema is not None and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
    columns = [
        Made(
            whole_name(n),
            sql_type(kind),
            primary_key=n in keys,
            nullable=n not in keys,
            autoincrement=False,
        )
        for n, kind in wanted.items()
    ]
    Table(named(ref, name), MetaData(), *columns, schema=schema).create(connection)


def add(connection: "Connection", table: "Table", column: str, kind: Kind) -> None:
    """Add a column to a table; of the runs that are there it is unknown."""
    prepare = connection.dialect.identifier_preparer
    words = sql_type(kind).compile(connection.dialect)
    title, added = prepare.format_table(table), prepare.quote(whole_name(column))
    connection.exec_driver_sql(f"ALTER TABLE {title} ADD COLUMN {added} {words}")


def checked(ref: ExportRef, name: str, column: str, table: "Table") -> Kind:
    """Return what a column that is there takes.

    Raises
    ------
    AdapterError
        If nothing of ours.
    """
    found = table.columns[column].type
    kind = kind_there(found)
    if kind is None:
        raise AdapterError(
            f"{named(ref, name)}.{column} is {found} in the database, which is no "
            f"type of an export; {remedy(ref)}"
        )
    return kind


def remedy(ref: ExportRef) -> str:
    """Return what to do about a type that does not fit."""
    return (
        "alter the column, or rename the table and export again, or set another "
        f"prefix than {ref.prefix!r} in [export]"
    )


def fitted(values: pa.Array, column: Column, ref: ExportRef, name: str) -> pa.Array:
    """Return values in the type that a column has; NaN as NULL.

    Raises
    ------
    AdapterError
        If one would not be the same there.
    """
    if pa.types.is_floating(values.type):
        nan = values.is_nan()
        values = pa.compute.if_else(nan, pa.scalar(None, values.type), values)
    own = kind_of(values.type)
    error = AdapterError(
        f"{named(ref, name)}.{column.name} takes {column.kind.name.lower()} values in "
        f"the database, and this run has others, of {values.type}; {remedy(ref)}"
    )
    if own is not None and (own is Kind.TEXT) != (column.kind is Kind.TEXT):
        raise error
    try:
        return values.cast(column.kind.value)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise error from None


def columns_of(schema: pa.Schema) -> Iterator[tuple[str, Kind]]:
    """Yield the columns of a result that hold anything, the keys first.

    Raises
    ------
    AdapterError
        If a column bears the name of a key.
    """
    yield from KEYS.items()
    for field in schema:
        if field.name in KEYS:
            raise AdapterError(f"a result has a column {field.name} of its own")
        kind = kind_of(field.type)
        if kind is not None:
            yield field.name, kind
