"""Where the desk stands against its limits, as a labelled table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Flags, Vector
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.inputs.limit_rows import limits_from
from riskplugin.limits.definition import Limit, bounds_of, waived
from riskplugin.limits.judging import WORST_FIRST, Judged, Status, judge
from riskplugin.limits.metrics import BASE, NAV
from riskplugin.results import Table, table
from riskplugin.tables.limit_gaps import gap_of, left_out_of
from riskplugin.tables.limit_values import Asked, SampleOf, Value, values_of
from riskplugin.tables.limit_words import drivers_of, reason_of
from riskplugin.tables.tabulation import navs

LIMITS = "limits"
KEYS = ("metric", "scope", "scenario", "unit", "direction")


def limits_of(desk: Desk) -> tuple[Limit, ...]:
    """Return the limits of a desk, in the order in which it gave them."""
    return limits_from(desk.tables[LIMITS]) if LIMITS in desk.tables else ()


@one_blas_thread
def limit_table(desk: Desk, model: FactorModel, sample_of: SampleOf) -> Table:
    """Return value, headroom and status of every limit, the worst first.

    Parameters
    ----------
    desk : Desk
    model : FactorModel
    sample_of : callable
        Gives the scenarios of measures by method and sessions.
    """
    limits = limits_of(desk)
    values = values_of(Asked(desk, model, sample_of), limits)
    return standing_table(desk, limits, values)


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """Where values stand against limits; each of length L.

    Attributes
    ----------
    judged : Judged
        Value, headroom, utilisation and status, in the unit of each limit.
    money : ndarray
        Headroom in base currency; NaN where it is none.
    missing : tuple of str
        What is missing from the value, in words; blank where it is whole.
    waived : ndarray of bool
        Whether it is a breach that is waived.
    """

    judged: Judged
    money: Vector
    missing: tuple[str, ...]
    waived: Flags


def standing_of(
    desk: Desk, limits: Sequence[Limit], values: Sequence[Value]
) -> Standing:
    """Return where `values`, one for each of `limits`, stand on the desk's date.

    What was left out of the desk makes the limits whose scope misses it unknown.
    """
    nav = nav_of(desk, limits)
    per_nav = np.array([in_nav(limit) for limit in limits], dtype=bool)
    own = np.array([limit.metric.is_share_of_nav for limit in limits], dtype=bool)
    figures = np.array([value.figure for value in values], dtype=np.float64)
    figures = np.divide(figures, nav, out=figures.copy(), where=per_nav & ~own)
    missing, at_least = gaps(desk, limits, values, nav)
    whole = np.array([not words for words in missing], dtype=bool)
    judged = judge(bounds_of(limits), figures, whole, at_least)
    base = np.array([limit.unit == BASE for limit in limits], dtype=bool)
    unit = np.where(base, 1.0, np.nan)
    money = judged.headroom * np.where(per_nav, nav, unit)
    breach = judged.status == Status.BREACH.value
    return Standing(judged, money, missing, breach & waived(limits, desk.as_of))


def broken(found: pd.DataFrame) -> int:
    """Return how many hard limits of a table are broken and not waived."""
    return int(((found["status"] == Status.BREACH.value) & ~found["waived"]).sum())


def in_nav(limit: Limit) -> bool:
    """Whether a limit is a share of NAV."""
    return limit.unit == NAV or limit.metric.is_share_of_nav


def nav_of(desk: Desk, limits: Sequence[Limit]) -> Vector:
    """Return the NAV that each limit is measured by: its book's, else of all books.

    Base currency, shape (L,); NaN where it is not known.
    """
    known = navs(desk)
    total = sum(known.values()) if desk.settings.nav else np.nan
    every = {**desk.settings.nav, **known}
    return np.array(
        [
            every.get(limit.label, np.nan) if limit.key == "book" else total
            for limit in limits
        ],
        dtype=np.float64,
    )


def gaps(
    desk: Desk, limits: Sequence[Limit], values: Sequence[Value], nav: Vector
) -> tuple[tuple[str, ...], Flags]:
    """Return what is missing from each value, and whether that can only be worse."""
    out = left_out_of(desk)
    words, worse = [], np.ones(len(limits), dtype=bool)
    for i, (limit, value) in enumerate(zip(limits, values, strict=True)):
        causes = [(value.missing, value.more_is)]
        causes.append((gap_of(limit, out), limit.metric.more_is))
        if in_nav(limit) and np.isnan(nav[i]):
            causes.append((no_nav(desk, limit), ""))
        elif np.isnan(value.figure) and not value.missing:
            causes.append((f"no {limit.metric.name} can be told of what is held", ""))
        said = [(text, more) for text, more in causes if text]
        towards = "higher" if limit.upper else "lower"
        worse[i] = all(more == towards for _, more in said)
        words.append("; ".join(text for text, _ in said))
    return tuple(words), worse


def no_nav(desk: Desk, limit: Limit) -> str:
    """Return whose NAV is not known."""
    if limit.key == "book":
        return f"no NAV is given of {limit.label}"
    lacking = [book for book, nav in navs(desk).items() if np.isnan(nav)]
    return f"no NAV is given of {', '.join(lacking)}"


def standing_table(
    desk: Desk, limits: Sequence[Limit], values: Sequence[Value]
) -> Table:
    """Return the table of `limits` and their values, the worst first."""
    at = standing_of(desk, limits, values)
    both = list(zip(limits, values, strict=True))
    columns: dict[str, np.ndarray] = {
        "metric": texts(limit.metric.name for limit in limits),
        "scope": texts(limit.scope for limit in limits),
        "scenario": texts(limit.scenario for limit in limits),
        "value": at.judged.value,
        "unit": texts(limit.unit for limit in limits),
        "direction": texts(limit.direction for limit in limits),
        "soft": np.array([limit.soft for limit in limits], dtype=np.float64),
        "hard": np.array([limit.hard for limit in limits], dtype=np.float64),
        "headroom": at.judged.headroom,
        "headroom_money": at.money,
        "utilisation": at.judged.utilisation,
        "status": texts(at.judged.status.tolist()),
        "waived": at.waived,
        "drivers": texts(drivers_of(limit, value) for limit, value in both),
        "reason": texts(
            reason_of(limit, value, desk.as_of, at.missing[i], at.judged.status[i])
            for i, (limit, value) in enumerate(both)
        ),
        "since": np.full(len(limits), np.datetime64("NaT", "D")),
        "waiver_until": np.array(
            [limit.waiver_until for limit in limits], dtype="datetime64[D]"
        ),
    }
    order = worst_first(columns)
    ordered = {name: as_column(column[order]) for name, column in columns.items()}
    return table(LIMITS, desk.as_of, ordered)


def texts(words: Iterable[str]) -> np.ndarray:
    """Return words as an array of objects."""
    return np.array(list(words), dtype=object)


def as_column(values: np.ndarray) -> object:
    """Return words as text, even if there are none; anything else as it is."""
    return pd.array(values, dtype="str") if values.dtype == object else values


def worst_first(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return the order of rows: breaches, unknown, warnings, the fullest first."""
    place = {status.value: i for i, status in enumerate(WORST_FIRST)}
    rank = [place[s] for s in columns["status"]]
    used = -np.nan_to_num(columns["utilisation"], nan=-np.inf)
    keys = [columns[k].astype(str) for k in reversed(KEYS)]
    order: np.ndarray = np.lexsort((*keys, used, columns["waived"], rank))
    return order
