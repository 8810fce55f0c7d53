"""What went wrong with a query, in words that hold no host, user or password."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from riskplugin.sources.credentials import masked
from riskplugin.sources.databases import Access


class Trouble(Enum):
    """What a failure is, and so what happens next."""

    LOST = "the database cannot be reached"  # tried again, then an adapter's fault
    LATE = "the query took too long"  # an adapter's fault
    LOGIN = "the database cannot be opened"  # a fault of the configuration
    QUERY = "the database refuses the query"  # a fault of the configuration
    TABLE = "what the query gives is no table"  # a fault of the configuration


HINTS: Mapping[Trouble, str] = {
    Trouble.LOST: "see that it is up and reachable, then run again",
    Trouble.LATE: "narrow the query, or raise timeout_seconds",
    Trouble.LOGIN: "correct user, password or database in the environment",
    Trouble.QUERY: "correct the query",
    Trouble.TABLE: "correct the query",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt to read a query gave no table, and what to do about it."""

    trouble: Trouble
    reason: str
    hint: str = ""


STATES: tuple[tuple[str, Trouble], ...] = (  # SQLSTATE by its beginning, first counts
    ("57014", Trouble.LATE),  # query_canceled
    ("08", Trouble.LOST),  # connection exceptions
    ("57P", Trouble.LOST),  # shut down, crashed, starting
    ("53", Trouble.LOST),  # too many connections, out of memory, disk full
    ("40", Trouble.LOST),  # rolled back: serialization, deadlock, standby conflict
    ("55P03", Trouble.LOST),  # lock not available
    ("58", Trouble.LOST),  # the server's own system
    ("28", Trouble.LOGIN),
    ("3D", Trouble.LOGIN),
)
SQLITE: Mapping[str, Trouble] = {  # by the first two words of its error's name
    "SQLITE_BUSY": Trouble.LOST,
    "SQLITE_LOCKED": Trouble.LOST,
    "SQLITE_IOERR": Trouble.LOST,
    "SQLITE_INTERRUPT": Trouble.LATE,
    "SQLITE_CANTOPEN": Trouble.LOGIN,
}
# What the client itself says when it gets no connection; its words are English.
REASONS: tuple[tuple[str, str], ...] = (
    ("refused", "the connection is refused"),
    ("timeout|timed out", "no answer in time"),
    ("starting up|recovery mode|shutting down|not yet accepting", "it is starting"),
    ("too many clients|connection slots", "it has too many connections"),
    ("translate host name|resolve|getaddrinfo|name or service", "no such host"),
    ("unreachable|no route", "no route to its host"),
    ("closed|reset|terminat|broken|EOF|lost", "the connection broke off"),
    ("No such file|socket", "nothing listens there"),
)


def failure_of(error: Exception, access: Access) -> Failure:
    """Return what `error`, of SQLAlchemy or its driver, means."""
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state:
        trouble = next((t for s, t in STATES if state.startswith(s)), Trouble.QUERY)
        return Failure(trouble, said(original, access))
    if code := getattr(original, "sqlite_errorname", None):
        known = SQLITE.get("_".join(code.split("_")[:2]), Trouble.QUERY)
        return Failure(known, said(original, access))
    if getattr(error, "connection_invalidated", False) or no_connection(original):
        return without_connection(original, access)
    return Failure(Trouble.QUERY, said(original, access))


def said(error: BaseException, access: Access) -> str:
    """Return what the server says of a query, and its own hint."""
    diagnosis = getattr(error, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or str(error)
    hint = getattr(diagnosis, "message_hint", None)
    return masked(f"{text} ({hint})" if hint else text, access.secrets())


def no_connection(error: BaseException) -> bool:
    """Whether a driver raised `error` for want of a connection, not for a query."""
    kind = type(error).__name__
    return kind in ("OperationalError", "InterfaceError", "ConnectionTimeout") or (
        isinstance(error, OSError)
    )


def without_connection(error: BaseException, access: Access) -> Failure:
    """Return why there is no connection; the driver's own words name host and user."""
    text = str(error)
    for pattern, reason in REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return Failure(Trouble.LOST, reason)
    attempt = getattr(error, "pgconn", None)
    asked = getattr(attempt, "used_password", False) or getattr(
        attempt, "needs_password", False
    )
    if asked or re.search("password|authentication|pg_hba|does not exist", text):
        return Failure(Trouble.LOGIN, "wrong user, password or database")
    return Failure(Trouble.LOST, masked(text, access.secrets()))
