"""How the phases have fared: leads, lags, false alarms against memory's own falls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Vector
from riskplugin.cycle.phases import WARNINGS


@dataclass(frozen=True, slots=True)
class Turn:
    """One fall of the driver, and when the phases called it.

    Attributes
    ----------
    peak, trough : int
        Rows.
    fall : float
        Simple, peak to trough.
    warned : int, optional
        First row of the first stretch of warnings that stood at the peak or began
        after it, up to the trough; None if none did.
    fall_before, fall_after : float
        Simple move from the peak to the warning, and from there to the trough.
    """

    peak: int
    trough: int
    fall: float
    warned: int | None
    fall_before: float
    fall_after: float


Stretch = tuple[int, int]


def turns(
    level: Vector, stretches: Sequence[Stretch], falls: Sequence[Stretch]
) -> list[Turn]:
    """Return when each fall (peak, trough) was called, by the log level (T,)."""
    return [turn(level, stretches, peak, trough) for peak, trough in falls]


def turn(level: Vector, stretches: Sequence[Stretch], peak: int, trough: int) -> Turn:
    """Return when one fall was called."""
    fall = float(np.expm1(level[trough] - level[peak]))
    calls = [first for first, last in stretches if last >= peak and first <= trough]
    if not calls:
        return Turn(peak, trough, fall, None, np.nan, np.nan)
    row = min(calls)
    before = float(np.expm1(level[row] - level[peak]))
    after = float(np.expm1(level[trough] - level[row]))
    return Turn(peak, trough, fall, row, before, after)


def alarms(phase: Codes) -> list[Stretch]:
    """Return first and last row of every stretch of warnings."""
    warning = np.isin(phase, WARNINGS).astype(int)
    edges = np.diff(warning, prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def false_alarms(
    stretches: Sequence[Stretch], falls: Sequence[Stretch]
) -> list[Stretch]:
    """Return the stretches of warnings that stood at no time of a fall."""
    return [
        (first, last)
        for first, last in stretches
        if not any(first <= trough and last >= peak for peak, trough in falls)
    ]


Z80 = 1.2815515655446004  # of a two-sided 80 % interval


def rate_interval(hits: int, count: int, z: float = Z80) -> tuple[float, float]:
    """Return Wilson's interval of a rate, at 80 % by default; NaN of none."""
    if not count:
        return np.nan, np.nan
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return float(middle - half), float(middle + half)
