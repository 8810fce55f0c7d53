"""What the functions of limits answer; like the others, without arithmetic."""

import datetime as dt
from collections.abc import Sequence

from riskplugin import api
from riskplugin.adapters.excel.answers import as_table
from riskplugin.adapters.excel.cells import Code, ExcelError
from riskplugin.adapters.excel.ranges import digest, limits_in
from riskplugin.adapters.excel.session import Held, Session
from riskplugin.errors import did_you_mean
from riskplugin.limits.judging import Status
from riskplugin.results import Table

AsOf = dt.date | None
NOT_SHOWN = ["since", "waiver_until", "headroom_money"]


def limit_table(
    session: Session, positions: object, limits: object = None, asof: AsOf = None
) -> Table:
    """Return where a book stands against the desk's limits, or those of a range."""
    held = session.held(positions, asof)
    if limits is None:
        found = checked(held)
    else:
        found = held.answer(
            ("limits", digest(limits)),
            lambda desk: api.check_limits(desk, limits=limits_in(limits)),
        )
    return as_table("limits", held.desk, found.drop(columns=NOT_SHOWN))


def checked(held: Held) -> Table:
    """Return where a book stands against the desk's limits, computed once."""
    return held.answer("limits", api.check_limits)


def limit_headroom(
    session: Session, positions: object, limit: str, asof: AsOf = None
) -> float:
    """Return what is left to the hard level of one limit, in its unit.

    Raises
    ------
    ExcelError
        If there is no such limit, or several, or its value is unknown.
    """
    found = checked(session.held(positions, asof))
    row = row_of(found, limit)
    if found["status"].iloc[row] == Status.UNKNOWN.value:
        raise ExcelError(Code.NOT_AVAILABLE, str(found["reason"].iloc[row]))
    return float(found["headroom"].iloc[row])


def row_of(found: Table, limit: str) -> int:
    """Return the row of a limit named by metric, scope and scenario.

    Its unit and direction may follow, where there are several.

    Raises
    ------
    ExcelError
        If there is none, or there are several.
    """
    wanted = " ".join(limit.casefold().split())
    short, full = named(found, KEYS), named(found, (*KEYS, *LAST))
    ways = zip(short, *(named(found, (*KEYS, c)) for c in LAST), full, strict=True)
    rows = [row for row, names in enumerate(ways) if wanted in names]
    if not rows:
        hint = did_you_mean(wanted, dict.fromkeys(short))
        raise ExcelError(Code.NOT_AVAILABLE, f"there is no limit {limit!r}; {hint}")
    if len(rows) > 1:
        several = ", ".join(full[row] for row in rows)
        reason = f"{limit!r} may be several limits: {several}"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    return rows[0]


KEYS = ("metric", "scope", "scenario")
LAST = ("unit", "direction")


def named(found: Table, columns: Sequence[str]) -> list[str]:
    """Return the cells of some columns of each row in one text, blanks left out."""
    cells = zip(*(found[c].tolist() for c in columns), strict=True)
    return [" ".join(filter(None, row)).casefold() for row in cells]
