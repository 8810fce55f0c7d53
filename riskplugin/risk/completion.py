"""Histories of unequal length, completed: no one's is cut, no one's tail vanishes.

Where a series has no return of its own, its loadings say what the drivers' moves
implied, and a residual drawn from its own past (Page 2013: filled in without residuals
a short history loses its tail) stands for the rest. Series that lack a return in the
same window draw the residuals of the same past window where both have one there, so
that what moves together goes on moving together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.errors import ModelError
from riskplugin.factors.patterns import patterns


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
    for pattern in patterns(there[~complete])[0]:
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


@dataclass(frozen=True, eq=False, slots=True)
class Lots:
    """What is drawn for each of T windows, whatever series ask.

    Attributes
    ----------
    candidates : ndarray of shape (K, T)
        Past rows, the first that a series has lent being its own.
    spare : ndarray of shape (T,)
        From 0 to 1: where in its history a series draws that has lent none of them.
    """

    candidates: Codes
    spare: Vector

    @classmethod
    def drawn(cls, rows: int, generator: np.random.Generator) -> "Lots":
        """Return lots for `rows` windows.

        Candidates come from all rows first, then from the latest half, quarter, …: a
        short history, which is a late one as a rule, has lent one of them.
        """
        reach = [max(rows >> level, 1) for level in range(LEVELS)]
        back = [generator.integers(n, size=(AT_EACH, rows)) for n in reach]
        return cls(rows - 1 - np.concatenate(back), generator.random(rows))


LEVELS, AT_EACH = 7, 12


def completed_series(
    returns: Matrix,
    expected: Matrix,
    volatility: Vector,
    labels: Sequence[tuple[str, str]],
    lending: Flags,
    lots: Lots,
) -> Matrix:
    """Return the returns (T, M) with what is missing expected plus a residual.

    A column with too few residuals of its own draws standardised residuals of its
    group, by lots of its own name, times its own volatility. No column's draw depends
    on which others there are.

    Parameters
    ----------
    returns, expected : ndarray of shape (T, M)
        NaN where missing; `expected` is what the drivers imply, NaN throughout for a
        column of which nothing is known, which stays as it is.
    volatility : ndarray of shape (M,)
        Residual standard deviation over a window.
    labels : sequence of M (name, group)
    lending : ndarray of bool, shape (T, M)
        Residuals that may be drawn: all False in a column that has too few.
    lots : Lots
    """
    lent = np.where(lending, returns - expected, np.nan)
    lenders = np.flatnonzero(lending.any(axis=0))
    lent[:, lenders] -= np.nanmean(lent[:, lenders], axis=0)
    filled = np.where(np.isnan(returns), expected, returns)
    short = np.isnan(returns) & ~np.isnan(expected)
    for columns, donor in donors(lending, lenders[short[:, lenders].any(0)], lots):
        rows, which = np.nonzero(short[:, columns])
        column = columns[which]
        filled[rows, column] += lent[donor[rows], column]
    groups = [group for _, group in labels]
    poor = ~lending.any(axis=0) & (volatility > 0)
    for lone in map(int, np.flatnonzero(short.any(axis=0) & poor)):
        rows = np.flatnonzero(short[:, lone])
        pool = standardised(lent, lenders, groups, groups[lone])
        filled[rows, lone] += volatility[lone] * drawn_for(labels[lone][0], rows, pool)
    return filled


def drawn_for(name: str, rows: Codes, pool: Vector) -> Vector:
    """Return values of `pool`, of the normal if it is empty, by lots of `name`."""
    own = np.random.Generator(np.random.PCG64(crc32(name.encode())))
    last = int(rows[-1]) + 1
    if not len(pool):
        return own.standard_normal(last)[rows]
    drawn: Vector = pool[own.integers(len(pool), size=last)][rows]
    return drawn


def donors(lending: Flags, columns: Codes, lots: Lots) -> list[tuple[Codes, Codes]]:
    """Return columns alike in their history, and the row each of T rows draws from.

    The first candidate that the column has lent: even for each, the same for all that
    have lent it, and the same whichever other columns there are.
    """
    if not len(columns):
        return []
    histories, which = patterns(lending[:, columns].T)
    made: list[tuple[Codes, Codes]] = []
    here = np.arange(len(lending))
    for number, has in enumerate(histories):
        own = np.flatnonzero(has)
        lent = has[lots.candidates]
        first = lots.candidates[lent.argmax(axis=0), here]
        spare = own[(lots.spare * len(own)).astype(np.int64)]
        drawn = np.where(lent.any(axis=0), first, spare)
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
