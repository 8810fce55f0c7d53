"""Histories of unequal length, completed: no one's is cut, no one's tail vanishes.

Where a series has no return of its own, its loadings say what the drivers' moves
implied, and a residual drawn from its own past (Page 2013: filled in without residuals
a short history loses its tail) stands for the rest. Series that lack a return in the
same window draw the residuals of the same past window where both have one there, so
that what moves together goes on moving together.
"""

from collections.abc import Sequence

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.errors import ModelError


def completed_drivers(
    drivers: Matrix,
    covariance: Matrix,
    generator: np.random.Generator,
    lending: Flags | None = None,
) -> Matrix:
    """Return the drivers' returns (T, J) without a gap.

    A missing driver is the conditional mean given those that are there,
    ``S_mk S_kk^-1 f_k``, plus what that leaves in a window, drawn at random, in which
    all of them are there.

    Parameters
    ----------
    drivers : ndarray of shape (T, J)
        NaN where missing; every row has at least one.
    covariance : ndarray of shape (J, J)
    lending : ndarray of bool, shape (T,), optional
        Windows that may be drawn from; all of them by default.

    Raises
    ------
    ModelError
        If there is no window to draw from with all drivers.
    """
    there = ~np.isnan(drivers)
    complete = there.all(axis=1)
    whole = np.flatnonzero(complete if lending is None else complete & lending)
    if not len(whole):
        raise ModelError("no window of the history has a return of every driver")
    filled = np.where(there, drivers, 0.0)
    for pattern in np.unique(there[~complete], axis=0):
        rows = np.flatnonzero((there == pattern).all(axis=1))
        known, missing = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        response = np.linalg.solve(
            covariance[np.ix_(known, known)], covariance[np.ix_(known, missing)]
        )
        left = drivers[np.ix_(whole, missing)]
        left = left - drivers[np.ix_(whole, known)] @ response
        drawn = left[generator.integers(len(whole), size=len(rows))]
        drawn = drawn - left.mean(axis=0)
        filled[np.ix_(rows, missing)] = drivers[np.ix_(rows, known)] @ response + drawn
    return filled


def completed_series(
    returns: Matrix,
    expected: Matrix,
    volatility: Vector,
    groups: Sequence[str],
    lending: Flags,
    generator: np.random.Generator,
) -> Matrix:
    """Return the returns (T, M) with what is missing expected plus a residual.

    A column with too few residuals of its own draws standardised residuals of its
    group, independently, times its own volatility.

    Parameters
    ----------
    returns, expected : ndarray of shape (T, M)
        NaN where missing; `expected` is what the drivers imply, NaN throughout for a
        column of which nothing is known, which stays as it is.
    volatility : ndarray of shape (M,)
        Residual standard deviation over a window.
    groups : sequence of M str
    lending : ndarray of bool, shape (T, M)
        Residuals that may be drawn: all False in a column that has too few.
    """
    lent = np.where(lending, returns - expected, np.nan)
    lenders = np.flatnonzero(lending.any(axis=0))
    lent[:, lenders] -= np.nanmean(lent[:, lenders], axis=0)
    filled = np.where(np.isnan(returns), expected, returns)
    short = np.isnan(returns) & ~np.isnan(expected)
    for columns, donor in donors(lending, lenders[short[:, lenders].any(0)], generator):
        rows, which = np.nonzero(short[:, columns])
        column = columns[which]
        filled[rows, column] += lent[donor[rows], column]
    poor = ~lending.any(axis=0) & (volatility > 0)
    for lone in map(int, np.flatnonzero(short.any(axis=0) & poor)):
        rows = np.flatnonzero(short[:, lone])
        pool = standardised(lent, lenders, groups, groups[lone])
        drawn = (
            pool[generator.integers(len(pool), size=len(rows))]
            if len(pool)
            else generator.standard_normal(len(rows))
        )
        filled[rows, lone] += volatility[lone] * drawn
    return filled


def donors(
    lending: Flags, columns: Codes, generator: np.random.Generator
) -> list[tuple[Codes, Codes]]:
    """Return columns alike in their history, and the row each of T rows draws from.

    Per set of columns with the same rows to lend, longest first, a row drawn evenly
    from these. The row drawn for a longer history serves the shorter one too if it has
    it, and is drawn anew otherwise: even for each, and shared as often as can be.
    """
    if not len(columns):
        return []
    patterns, which = np.unique(lending[:, columns].T, axis=0, return_inverse=True)
    made: list[tuple[Codes, Codes]] = []
    drawn: Codes | None = None
    for number in np.argsort(-patterns.sum(axis=1), kind="stable"):
        has = patterns[number]
        own = np.flatnonzero(has)
        fresh = own[generator.integers(len(own), size=len(lending))]
        drawn = fresh if drawn is None else np.where(has[drawn], drawn, fresh)
        made.append((columns[which == number], drawn))
    return made


def standardised(
    lent: Matrix, lenders: Codes, groups: Sequence[str], group: str
) -> Vector:
    """Return the residuals of a group, of all if it lends none, at unit variance."""
    same = np.array([groups[int(c)] == group for c in lenders], dtype=bool)
    chosen = lenders[same] if same.any() else lenders
    scale = np.nanstd(lent[:, chosen], axis=0)
    moving = chosen[scale > 0]
    pool = lent[:, moving] / scale[scale > 0]
    drawn: Vector = pool[~np.isnan(pool)]
    return drawn
