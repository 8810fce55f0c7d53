"""How a move of some drivers spreads to the others."""

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector
from riskplugin.factors.covariance import long_run_covariance
from riskplugin.factors.overlap import (
    inflation,
    levers,
    overlap_bias,
    with_intercept,
)
from riskplugin.factors.patterns import patterns


def complete(covariance: Matrix, core: Flags, moves: Matrix) -> tuple[Matrix, Cube]:
    """Return the most plausible completion of core moves, and what it leaves open.

    ``E[f_r | f_c = s] = S_rc S_cc^-1 s`` with zero drift, and
    ``S_r|c = S_rr - S_rc S_cc^-1 S_cr`` (Kupiec 1998; the conditional mean is the most
    plausible completion: Breuer et al. 2009).

    Parameters
    ----------
    covariance : ndarray of shape (J, J)
        Per session.
    core : ndarray of bool, shape (S, J)
        Which drivers each of S scenarios fixes.
    moves : ndarray of shape (S, J)
        Their log moves; ignored where not core.

    Returns
    -------
    moves : ndarray of shape (S, J)
        Equal to the given ones on the core.
    remainder : ndarray of shape (S, J, J)
        Conditional covariance per session; zero on the core.
    """
    completed = np.where(core, moves, 0.0)
    remainder = np.zeros((len(core), *covariance.shape))
    for pattern in patterns(core)[0]:
        rows = np.flatnonzero((core == pattern).all(axis=1))
        fixed, free = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        response = np.asarray(
            np.linalg.solve(
                covariance[np.ix_(fixed, fixed)], covariance[np.ix_(fixed, free)]
            ),
            dtype=np.float64,
        )
        given = completed[np.ix_(rows, fixed)]
        completed[np.ix_(rows, free)] = weighted_sum(given, response.T)
        left = covariance[np.ix_(free, free)] - (
            covariance[np.ix_(free, fixed)] @ response
        )
        remainder[np.ix_(rows, free, free)] = (left + left.T) / 2
    return completed, remainder


def completion_error(
    windows: Cube, weights: Vector, core: Flags, moves: Matrix, lag: int
) -> Cube:
    """Return the covariance of the error of the completion, shape (S, J, J).

    The response of the other drivers to the core is itself estimated: the error of its
    regression on the core, by `regress`'s formulas, along the moves. It grows with the
    move squared and not with the horizon.

    Parameters
    ----------
    windows : ndarray of shape (2, T, J)
        The drivers' returns over overlapping windows, and over the wider ones; NaN
        where missing.
    weights : ndarray of shape (T,)
    core, moves : ndarray of shape (S, J)
        As in `complete`.
    lag : int
        Sessions of a window.
    """
    full = ~np.any(np.isnan(windows), axis=(0, 2))
    weight = np.where(full, weights, 0.0)[:, None]
    plain, wide = np.where(full[:, None], windows, 0.0)
    error = np.zeros((len(core), plain.shape[1], plain.shape[1]))
    for pattern in patterns(core)[0]:
        rows = np.flatnonzero((core == pattern).all(axis=1))
        fixed, free = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        if not (len(fixed) and len(free)):
            continue
        z, q = (with_intercept(x[:, fixed]) for x in (plain, wide))
        counted = levers(z, q, weight)
        left = plain[:, free] - z @ (counted[0] @ plain[:, free])
        along = weighted_sum(counted[0, 1:].T, moves[np.ix_(rows, fixed)])
        scores = along[:, :, None] * (left * full[:, None])[:, None, :]
        factor = inflation(
            overlap_bias(counted, z, weight, lag), weight, z.shape[1], lag
        )
        error[np.ix_(rows, free, free)] = factor * long_run_covariance(scores, lag)
    return error


def weighted_sum(rows: Matrix, weights: Matrix) -> Matrix:
    """Return ``rows @ weights.T``, each row the same to the last bit in any company.

    For few columns: a product by BLAS rounds a row by how many stand beside it.
    """
    total = np.zeros((len(rows), len(weights)))
    for j in range(rows.shape[1]):
        total += rows[:, j : j + 1] * weights[:, j]
    return total


def response_to(covariance: Matrix, driver: int) -> Vector:
    """Return how all drivers move per unit of one: ``S_j,d / S_d,d``, shape (J,)."""
    response: Vector = covariance[:, driver] / covariance[driver, driver]
    return response
