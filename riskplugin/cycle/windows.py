"""Figures over the sessions up to each one; nothing later is looked at."""

from bisect import bisect_right

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from riskplugin._typing import Flags, Matrix, Vector


def moving_mean(values: Matrix, sessions: int) -> Matrix:
    """Return the mean of the last `sessions` rows, (T, N); NaN where one is missing."""
    out = np.full(values.shape, np.nan)
    if len(values) >= sessions:
        sums = np.cumsum(np.nan_to_num(values), axis=0)
        gaps = np.cumsum(np.isnan(values), axis=0)
        lead = np.zeros_like(sums[:1])
        before = np.concatenate([lead, sums[:-sessions]])
        missing = gaps[sessions - 1 :] - np.concatenate([lead, gaps[:-sessions]])
        mean = (sums[sessions - 1 :] - before) / sessions
        out[sessions - 1 :] = np.where(missing == 0, mean, np.nan)
    return out


def highest(values: Vector, sessions: int) -> Vector:
    """Return the highest known value of the last `sessions` rows, (T,).

    Of fewer rows at the start; NaN where none is known.
    """
    known = np.where(np.isnan(values), -np.inf, values)
    padded = np.concatenate([np.full(sessions - 1, -np.inf), known])
    top: Vector = sliding_window_view(padded, sessions).max(axis=1)
    return np.where(np.isneginf(top), np.nan, top)


def streak(flags: Flags) -> Vector:
    """Return for how many rows up to each one `flags` has held, (T,)."""
    here = np.arange(len(flags))
    broken = np.maximum.accumulate(np.where(flags, -1, here))
    return (here - broken).astype(np.float64)


def percentile(values: Vector, fewest: int) -> Vector:
    """Return the share of the values so far that each is not below, (T,).

    NaN where there are fewer than `fewest`, or none at that row.
    """
    known = np.flatnonzero(~np.isnan(values))
    share = np.full(len(values), np.nan)
    ordered: list[float] = []
    for count, row in enumerate(known, start=1):
        value = float(values[row])
        at = bisect_right(ordered, value)
        ordered.insert(at, value)
        if count >= fewest:
            share[row] = (at + 1) / count
    return share
