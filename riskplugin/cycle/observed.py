"""What the monitor sees of a desk: prices, traded value and indicators on one clock."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Flags, Matrix, Vector


@dataclass(frozen=True, eq=False, slots=True)
class Observed:
    """Series on T sessions.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
    level : ndarray of shape (T,)
        Log level of the memory basket.
    names : tuple of N str
        Names of the theme.
    log_price : ndarray of shape (T, N)
    leading : ndarray of bool, shape (N,)
    tokens : ndarray of bool, shape (N,)
    value : ndarray of shape (T, N)
        Traded value, own currency; NaN where unknown.
    indicators : Mapping of str to ndarray of shape (T,)
        Carried from the last figure; NaN where there is none.
    """

    dates: Dates
    level: Vector
    names: tuple[str, ...]
    log_price: Matrix
    leading: Flags
    tokens: Flags
    value: Matrix
    indicators: Mapping[str, Vector]


CARRIED = 45  # sessions for which a monthly figure stands


def on_clock(
    dates: Dates, values: Vector, clock: Dates, carried: int = CARRIED
) -> Vector:
    """Return the last of `values` on or before each day of `clock`, (T,).

    NaN where there is none within `carried` sessions. `dates` ascend.
    """
    if not len(dates):
        return np.full(len(clock), np.nan)
    at = np.searchsorted(dates, clock, side="right") - 1
    last = np.maximum(at, 0)
    age = np.busday_count(dates[last], clock)
    return np.where((at >= 0) & (age <= carried), values[last], np.nan)


def exactly(dates: Dates, values: Vector, clock: Dates) -> Vector:
    """Return `values` on the days of `clock` that they are of, (T,); else NaN.

    `dates` ascend. A value of a Sunday is none of the Monday after.
    """
    if not len(dates):
        return np.full(len(clock), np.nan)
    last = np.maximum(np.searchsorted(dates, clock, side="right") - 1, 0)
    return np.where(dates[last] == clock, values[last], np.nan)
