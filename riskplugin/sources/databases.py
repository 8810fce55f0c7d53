"""Which database a query is put to, and what keeps it from writing or waiting."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from threading import Event, Timer
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, quote_plus

from riskplugin.errors import Place
from riskplugin.inputs.references import QueryRef
from riskplugin.sources.credentials import config_fault, held

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

INSTALL = "pip install 'riskplugin[sql]'"
CONNECT_SECONDS = 15  # longest wait for a connection
GRACE = 3.0  # seconds beyond its time after which a query is cut off
DRIVERS: Mapping[str, str] = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
IN_MEMORY = (None, "", ":memory:")


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Access:
    """A database and how to get in; it shows neither host nor user nor password.

    Attributes
    ----------
    url : sqlalchemy.URL
        With the credentials.
    variable : str
        Environment variable that it came from.
    """

    url: "URL"
    variable: str

    @property
    def backend(self) -> str:
        """Kind of database, such as ``postgresql``."""
        return self.url.get_backend_name()

    def secrets(self) -> list[str]:
        """Return what no message may hold."""
        url = self.url
        extra = [str(value) for value in url.query.values()]
        whole = url.render_as_string(hide_password=False)
        parts = [str(url.password or ""), url.username or "", url.host or "", *extra]
        return [whole, *parts, *map(quote_plus, parts), *map(quote, parts)]

    def __repr__(self) -> str:
        """Name the kind of database, its name, and the variable that holds the URL."""
        name = PurePosixPath((self.url.database or "").replace("\\", "/")).name
        return f"{self.backend} database {name!r} of {self.variable}"


class Doors(Protocol):
    """The environment variables that say where a database is and how to get in."""

    @property
    def url_env(self) -> str:
        """The one that holds the URL."""

    @property
    def user_env(self) -> str | None:
        """The one that holds the user."""

    @property
    def password_env(self) -> str | None:
        """The one that holds the password."""


def access_of(ref: QueryRef, source: str, key: str) -> Access:
    """Return the database that table `key` of the desk file `source` is in.

    Raises
    ------
    ConfigError
        If a variable is not set, its URL is none, or SQLAlchemy is not installed.
    """
    return access_at(ref, Place(source, column=f"tables.{key}"))


def access_at(ref: Doors, place: Place) -> Access:
    """Return the database behind some environment variables; `place` names them.

    Raises
    ------
    ConfigError
        If a variable is not set, its URL is none, or SQLAlchemy is not installed.
    """
    try:
        from sqlalchemy import make_url  # noqa: PLC0415 - only for queries
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415
    except ImportError:
        raise config_fault(place, "SQLAlchemy is not installed", INSTALL) from None
    given = held(ref.url_env, place).strip()
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        url = None
    del given
    if url is None:
        message = f"{ref.url_env} holds no URL of a database"
        raise config_fault(place, message, "such as postgresql://host/name")
    if ref.user_env:
        url = url.set(username=held(ref.user_env, place))
    if ref.password_env:
        url = url.set(password=held(ref.password_env, place))
    return Access(url.set(drivername=DRIVERS.get(*[url.drivername] * 2)), ref.url_env)


def engine_of(access: Access, seconds: float) -> "Engine":
    """Return an engine without pool whose connections cannot write where that goes."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - only for queries
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    url, arguments = access.url, {}
    wait = max(2, int(min(seconds, CONNECT_SECONDS)))
    if access.backend == "postgresql":
        arguments = {"connect_timeout": wait, "application_name": "riskplugin"}
    elif access.backend == "sqlite":
        url, arguments = read_only_file(url), {"timeout": wait}
    return create_engine(
        url, poolclass=NullPool, connect_args=arguments, hide_parameters=True
    )


def read_only_file(url: "URL") -> "URL":
    """Return the URL of a SQLite file opened to be read, and not made if missing."""
    if url.database in IN_MEMORY:
        return url
    name = url.database or ""
    if not name.startswith("file:"):
        name = Path(name).absolute().as_uri()
    return url.set(database=name).update_query_dict({"mode": "ro", "uri": "true"})


def guard(connection: "Connection", seconds: float) -> None:
    """Tell the server to refuse writes and to stop a statement after its time."""
    for statement in GUARDS.get(connection.dialect.name, ()):
        connection.exec_driver_sql(
            statement.format(milliseconds=max(1, int(seconds * 1000)))
        )


GUARDS: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout = {milliseconds}",
        "SET LOCAL TIME ZONE 'UTC'",  # what a moment's ::date is must not vary
        "SET LOCAL datestyle = 'ISO'",
        "SET LOCAL extra_float_digits = 3",  # every digit, also before version 12
    ),
    "sqlite": ("PRAGMA query_only = ON",),
}


class Watch:
    """Cuts off the connection of an engine that is still at work after its time.

    A server that does not answer at all cannot stop a statement itself. The time runs
    from before the connection, whose own first questions may wait too.
    """

    def __init__(self, engine: "Engine", seconds: float) -> None:
        from sqlalchemy import event  # noqa: PLC0415 - only for queries

        self.late = Event()
        self._raw: Any = None
        self._cut = CUTS.get(engine.dialect.name)
        self._ended = OSError, AttributeError, engine.dialect.loaded_dbapi.Error
        self._timer = Timer(seconds, self._stop)
        self._timer.daemon = True
        event.listen(engine, "connect", self._connected, insert=True)

    def _connected(self, raw: Any, _: object) -> None:  # noqa: ANN401 - the driver's
        self._raw = raw

    def _stop(self) -> None:
        self.late.set()
        if self._cut is not None and self._raw is not None:
            with suppress(*self._ended):
                self._cut(self._raw)

    def rest(self) -> None:
        """Stop watching: the connection is about to be closed."""
        self._timer.cancel()
        self._timer.join()

    def __enter__(self) -> "Watch":
        """Start watching."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self.rest()


def cut_socket(raw: Any) -> None:  # noqa: ANN401 - psycopg's connection
    """Shut down the socket of a PostgreSQL connection: a wait for it ends at once."""
    line = socket.socket(fileno=raw.fileno())
    try:
        line.shutdown(socket.SHUT_RDWR)
    finally:
        line.detach()  # it stays the driver's to close


def interrupt(raw: Any) -> None:  # noqa: ANN401 - sqlite3's connection
    """Stop what a SQLite connection is doing."""
    raw.interrupt()


CUTS: Mapping[str, Callable[[Any], None]] = {
    "postgresql": cut_socket,
    "sqlite": interrupt,
}
