"""Limits before and after trades."""

from functools import partial
from weakref import WeakKeyDictionary

import numpy as np

from riskplugin import estimates
from riskplugin.desk import Desk
from riskplugin.results import Table, table
from riskplugin.tables.limits import KEYS, LIMITS, limit_table

BEFORE, AFTER, CHANGE = STAGES = ("before", "after", "change")
FIGURES = ("value", "headroom", "headroom_money", "utilisation")
_before: WeakKeyDictionary[Desk, Table] = WeakKeyDictionary()


def limits_before_and_after(desk: Desk, after: Desk) -> Table:
    """Return value, headroom and status of every limit at each stage, the worst first.

    The status of a change says what it was and what it becomes, if it does. No row if
    the desk has no limits.
    """
    if LIMITS not in desk.tables:
        return table(LIMITS, desk.as_of, {name: [] for name in (*KEYS, "stage")})
    if desk not in _before:
        _before[desk] = checked(desk)
    return side_by_side(_before[desk], checked(after))


def checked(desk: Desk) -> Table:
    """Return where a desk stands against its limits."""
    sample_of = partial(estimates.sample_of, desk)
    return limit_table(desk, estimates.model_of(desk), sample_of)


def side_by_side(before: Table, after: Table) -> Table:
    """Return two tables of the same limits row by row, in the order of the second."""
    key = keyed(after)
    place = {k: i for i, k in enumerate(keyed(before))}
    old = [place[k] for k in key]
    columns: dict[str, object] = {
        name: [label for label in after[name] for _ in STAGES] for name in KEYS
    }
    columns["stage"] = list(STAGES) * len(after)
    for name in FIGURES:
        one, two = before[name].to_numpy(np.float64)[old], after[name].to_numpy()
        columns[name] = np.column_stack([one, two, two - one]).ravel()
    statuses = zip(before["status"].to_numpy()[old], after["status"], strict=True)
    columns["status"] = [word for pair in statuses for word in (*pair, turn(*pair))]
    return table(LIMITS, np.datetime64(after.as_of), columns)


def turn(before: str, after: str) -> str:
    """Return what a status becomes, blank if it stays."""
    return "" if before == after else f"{before} to {after}"


def keyed(found: Table) -> list[tuple[object, ...]]:
    """Return the limit of each row; of the same limit twice, which of them."""
    seen: dict[tuple[object, ...], int] = {}
    keys = []
    levels = ("hard", "soft", "waiver_until")
    for row in zip(*(found[k].astype(str) for k in (*KEYS, *levels)), strict=True):
        seen[row] = seen.get(row, 0) + 1
        keys.append((*row, seen[row]))
    return keys
