"""Tables from a database: one query, read whole or not at all."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskplugin.errors import (
    AdapterError,
    InputError,
    Issue,
    Place,
    SchemaError,
    Severity,
    listing,
)
from riskplugin.inputs.columns import Kind, TableSpec
from riskplugin.inputs.queries import AS_OF, is_ordered, parameters, to_execute
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.inputs.references import QueryRef
from riskplugin.inputs.tables import TABLES
from riskplugin.sources.credentials import config_fault, masked, unlogged
from riskplugin.sources.databases import (
    GRACE,
    GUARDS,
    INSTALL,
    Access,
    Watch,
    access_of,
    engine_of,
    guard,
)
from riskplugin.sources.query_failures import HINTS, Failure, Trouble, failure_of
from riskplugin.sources.query_rows import Gathered, in_order, zoned

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine

CHUNK = 20_000  # rows that a server sends at once
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds before another attempt
FIRST_ROW = 1
TALKATIVE = ("sqlalchemy.pool.impl.NullPool", "psycopg", "psycopg.pq")
LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Databases:
    """Where the queries of one desk file go; who refused the login is not asked again.

    Attributes
    ----------
    source : str
        Name of the desk file.
    as_of : datetime64[D] or None
        What ``:as_of`` stands for.
    findings : Findings
        Take warnings.
    """

    source: str
    as_of: np.datetime64 | None
    findings: Findings
    _refused: dict[tuple[str | None, ...], InputError] = field(default_factory=dict)

    def read(self, ref: QueryRef, key: str) -> RawTable:
        """Return what the query of table `key` gives, a source of its own.

        Raises
        ------
        ConfigError
            If the query needs a date that there is not, or a variable is not set.
        SchemaError
            If the database refuses the query or the login, or gives no table.
        AdapterError
            If it cannot be reached after all attempts, or takes too long.
        """
        door = (ref.url_env, ref.user_env, ref.password_env)
        if door in self._refused:
            raise self._refused[door]
        values = self._values(ref, key)
        access = access_of(ref, self.source, key)
        found = attempts(ref, access, key, values)
        if isinstance(found, Failure):
            error = error_of(found, ref, access, key)
            if found.trouble is Trouble.LOGIN and isinstance(error, InputError):
                self._refused[door] = error
            raise error
        if access.backend not in GUARDS:
            self.findings.add([not_guarded(key, access)])
        return as_raw(found, ref, key)

    def _values(self, ref: QueryRef, key: str) -> dict[str, object]:
        if AS_OF not in parameters(ref.query):
            return {}
        if self.as_of is None:
            place = Place(self.source, column=f"tables.{key}.query")
            hint = "set as_of in desk.toml, or give --as-of"
            raise config_fault(
                place, "the query asks for :as_of, and there is none", hint
            )
        return {AS_OF: self.as_of.item()}


def attempts(
    ref: QueryRef, access: Access, key: str, values: dict[str, object]
) -> pd.DataFrame | Failure:
    """Return the table of a query, tried again while the database is lost."""
    found = attempt(ref, access, values)
    for i in range(ref.retries):
        if isinstance(found, pd.DataFrame) or found.trouble is not Trouble.LOST:
            return found
        pause = PAUSES[min(i, len(PAUSES) - 1)]
        LOG.warning(
            "%s: %s: %s; attempt %d of %d in %g s",
            *(key, Trouble.LOST.value, found.reason, i + 2, ref.retries + 1, pause),
        )
        sleep(pause)
        found = attempt(ref, access, values)
    if isinstance(found, Failure) and found.trouble is Trouble.LOST:
        return Failure(Trouble.LOST, f"{found.reason}; attempts: {ref.retries + 1}")
    return found


def attempt(
    ref: QueryRef, access: Access, values: dict[str, object]
) -> pd.DataFrame | Failure:
    """Return the table of a query, or why there is none.

    A failure is returned, not raised: an error would carry the driver's own along, and
    with it host, user and more.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only for queries

    engine = opened(access, ref.timeout_seconds)
    if isinstance(engine, Failure):
        return engine
    driver = engine.dialect.loaded_dbapi.Error
    deadline = monotonic() + ref.timeout_seconds
    try:
        with unlogged(*TALKATIVE):
            return rows_of(engine, ref, values, deadline)
    except (SQLAlchemyError, driver, OSError) as error:
        return failure_of(error, access)
    except (TypeError, ValueError, NotImplementedError) as error:
        return Failure(Trouble.QUERY, masked(str(error), access.secrets()))
    finally:
        engine.dispose()


def opened(access: Access, seconds: float) -> "Engine | Failure":
    """Return an engine, or why there is none."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only for queries

    try:
        return engine_of(access, seconds)
    except ImportError as error:
        return Failure(Trouble.LOGIN, f"{masked(str(error), ())}: {INSTALL}")
    except (SQLAlchemyError, TypeError, ValueError) as error:
        return Failure(Trouble.LOGIN, masked(str(error), access.secrets()))


def rows_of(
    engine: "Engine", ref: QueryRef, values: dict[str, object], deadline: float
) -> pd.DataFrame | Failure:
    """Return all rows of a query in a transaction that reads and is rolled back."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - only for queries

    with cursors_closed(engine), Watch(engine, ref.timeout_seconds + GRACE) as watch:
        try:
            with engine.connect() as connection:
                left = deadline - monotonic()
                if left <= 0:
                    return Failure(Trouble.LOST, "no answer in time")
                guard(connection, left)
                result = executed(connection, ref.query, values)
                found = gathered(result, ref.max_rows, deadline)
                result.close()
                connection.rollback()
                watch.rest()
        except DBAPIError:
            if not watch.late.is_set():
                raise
            return Failure(Trouble.LATE, "the server did not stop it")
    return found


@contextmanager
def cursors_closed(engine: "Engine") -> Iterator[None]:
    """Close at the end what SQLAlchemy leaves open where the connection is lost."""
    from sqlalchemy import event  # noqa: PLC0415 - only for queries

    driver = engine.dialect.loaded_dbapi.Error
    opened_here: list[Any] = []

    def noted(_: object, cursor: Any, *__: object) -> None:  # noqa: ANN401
        opened_here.append(cursor)

    event.listen(engine, "before_cursor_execute", noted)
    try:
        yield
    finally:
        for cursor in opened_here:
            with suppress(driver):
                cursor.close()


def executed(
    connection: "Connection", query: str, values: dict[str, object]
) -> "CursorResult[tuple[object, ...]]":
    """Return the result of a query whose rows come piece by piece."""
    from sqlalchemy import Date, bindparam, text  # noqa: PLC0415 - only for queries

    statement = text(to_execute(query))
    if values:
        dates = (bindparam(name, value, Date()) for name, value in values.items())
        statement = statement.bindparams(*dates)
    streamed = {"stream_results": True, "max_row_buffer": CHUNK}
    return connection.execute(statement, execution_options=streamed)


def gathered(
    result: "CursorResult[tuple[object, ...]]", most: int, deadline: float
) -> pd.DataFrame | Failure:
    """Return all rows of a result, or why they are no table."""
    names = list(result.keys())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"two columns bear the name {listing(twice)}"
        return Failure(Trouble.TABLE, message, "name each column by AS")
    table = Gathered(names)
    for rows in result.partitions(CHUNK):
        table.take(rows)
        if table.rows > most:
            message = f"it has more than {most:,} rows, the max_rows of this table"
            return Failure(
                Trouble.TABLE, message, "narrow the query, or raise max_rows"
            )
        if monotonic() > deadline:
            return Failure(Trouble.LATE, f"{table.rows:,} rows were read")
    return table.frame()


def error_of(
    failure: Failure, ref: QueryRef, access: Access, key: str
) -> InputError | AdapterError:
    """Return the error that a failure ends in."""
    trouble, reason = failure.trouble, failure.reason
    hint = failure.hint or HINTS[trouble]
    if trouble is Trouble.LATE:
        limit = f"more than the {ref.timeout_seconds:g} s of timeout_seconds"
        reason = ", ".join(filter(None, [limit, reason]))
    message = f"{trouble.value}: {reason}"
    if trouble in (Trouble.LOST, Trouble.LATE):
        return AdapterError(f"{key}: {message} ({access}); {hint}")
    issue = Issue("bad-query", place_of(key), f"{message} ({access})", hint)
    return SchemaError([issue])


def place_of(key: str, column: str | None = None) -> Place:
    """Return where the result of the query of table `key` stands, or a column of it."""
    return Place(f"{key} [query]", column=column)


def not_guarded(key: str, access: Access) -> Issue:
    """Return the warning of a database that is not told to refuse writes."""
    message = f"{access.backend} is not told to refuse writes, nor when to stop"
    hint = "give riskplugin a user that may only read"
    return Issue("query-not-guarded", place_of(key), message, hint, Severity.WARNING)


def as_raw(frame: pd.DataFrame, ref: QueryRef, key: str) -> RawTable:
    """Return the rows of a query as a table to be checked.

    Raises
    ------
    SchemaError
        If a column of dates holds moments with a time zone.
    """
    faults = list(without_day(frame, ref, key, TABLES[key]))
    if faults:
        raise SchemaError(faults)
    ordered = frame if is_ordered(ref.query) else in_order(frame)
    return RawTable(ordered, place_of(key).source, FIRST_ROW, ref.columns)


def without_day(
    frame: pd.DataFrame, ref: QueryRef, key: str, spec: TableSpec
) -> Iterable[Issue]:
    """Yield the columns of dates that hold moments with a time zone."""
    dates = [c.name for c in spec.columns if c.kind is Kind.DATE]
    theirs = {ref.columns.get(name, name).strip().casefold() for name in dates}
    for i, header in enumerate(frame.columns):
        cells = frame.iloc[:, i]
        if header.casefold() not in theirs or cells.dtype != object:
            continue
        if any(map(zoned, cells)):
            message = "moments with a time zone: which day is meant is not said"
            hint = f"({header} AT TIME ZONE 'America/New_York')::date AS {header}"
            yield Issue("bad-date", place_of(key, header), message, hint)
