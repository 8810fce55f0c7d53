"""From values and limits to headroom, utilisation and status: arithmetic alone."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskplugin._typing import Flags, Vector, Words


class Status(StrEnum):
    """Where a value stands. What is not known is never OK."""

    OK = "OK"
    WARN = "WARN"
    BREACH = "BREACH"
    UNKNOWN = "UNKNOWN"


WORST_FIRST = (Status.BREACH, Status.UNKNOWN, Status.WARN, Status.OK)


@dataclass(frozen=True, eq=False, slots=True)
class Bounds:
    """The levels of L limits.

    Attributes
    ----------
    soft, hard : ndarray of shape (L,)
        In the unit of the value; the value may reach a level and not pass it.
    upper : ndarray of bool, shape (L,)
        Whether the value must stay below (direction ``max``), else above (``min``).
    """

    soft: Vector
    hard: Vector
    upper: Flags

    def __post_init__(self) -> None:
        shapes = {np.shape(self.soft), np.shape(self.hard), np.shape(self.upper)}
        if len(shapes) != 1:
            raise ValueError(f"soft, hard and upper of one shape, got {sorted(shapes)}")


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """What L values make of their limits; each of shape (L,).

    Attributes
    ----------
    value : ndarray
        As given; NaN where the status is UNKNOWN.
    headroom : ndarray
        What is left to the hard limit, in the unit of the value; below 0 beyond it, NaN
        where UNKNOWN.
    utilisation : ndarray
        ``1 - headroom / |hard|``: 1 at the hard limit, above 1 beyond it; NaN where
        UNKNOWN or where `hard` is 0, which is no scale.
    status : ndarray of str
        Of `Status`.
    """

    value: Vector
    headroom: Vector
    utilisation: Vector
    status: Words


def room(level: Vector, value: Vector, upper: Flags) -> Vector:
    """Return what is left to `level`, below 0 beyond it, shape (L,).

    ``level - value`` where the value must stay below, ``value - level`` else.
    """
    return np.where(upper, level - value, value - level)


def judge(
    bounds: Bounds,
    value: Vector,
    whole: Flags | None = None,
    at_least: Flags | None = None,
) -> Judged:
    """Return headroom, utilisation and status of L values.

    BREACH beyond the hard limit, else WARN beyond the soft one, else OK; a value that
    equals a level is not beyond it. UNKNOWN where the value is NaN, or where something
    is missing from it; but what is beyond the hard limit already, and what is missing
    could only take further, is a BREACH.

    Parameters
    ----------
    bounds : Bounds
    value : ndarray of shape (L,)
        NaN where it is not known.
    whole : ndarray of bool, shape (L,), optional
        Whether nothing is missing from the value; all of them by default.
    at_least : ndarray of bool, shape (L,), optional
        Where something is missing: whether it could only take the value further
        towards the limit; none of them by default.
    """
    if whole is None:
        whole = np.ones(len(value), dtype=bool)
    if at_least is None:
        at_least = np.zeros(len(value), dtype=bool)
    hard = room(bounds.hard, value, bounds.upper)
    soft = room(bounds.soft, value, bounds.upper)
    beyond = hard < 0.0
    known = ~np.isnan(value) & (whole | (at_least & beyond))
    status = np.select(
        [~known, beyond, soft < 0.0],
        [Status.UNKNOWN.value, Status.BREACH.value, Status.WARN.value],
        Status.OK.value,
    )
    left = np.where(known, hard, np.nan)
    scale = np.abs(bounds.hard)
    share = np.full_like(left, np.nan)
    np.divide(left, scale, out=share, where=scale > 0.0)
    return Judged(np.where(known, value, np.nan), left, 1.0 - share, status)
