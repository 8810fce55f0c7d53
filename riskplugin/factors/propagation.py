"""How a move of some drivers spreads to the others."""

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector


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
    for pattern in np.unique(core, axis=0):
        rows = np.flatnonzero((core == pattern).all(axis=1))
        fixed, free = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        response = np.linalg.solve(
            covariance[np.ix_(fixed, fixed)], covariance[np.ix_(fixed, free)]
        )
        completed[np.ix_(rows, free)] = completed[np.ix_(rows, fixed)] @ response
        left = covariance[np.ix_(free, free)] - (
            covariance[np.ix_(free, fixed)] @ response
        )
        remainder[np.ix_(rows, free, free)] = (left + left.T) / 2
    return completed, remainder


def response_to(covariance: Matrix, driver: int) -> Vector:
    """Return how all drivers move per unit of one: ``S_j,d / S_d,d``, shape (J,)."""
    response: Vector = covariance[:, driver] / covariance[driver, driver]
    return response


def total_beta(
    loadings: Matrix, errors: Cube, covariance: Matrix, driver: int
) -> tuple[Vector, Vector]:
    """Return sensitivities to one driver with the others following, and their errors.

    ``b = sum_j beta_j S_j,d / S_d,d``; both of shape (N,).
    """
    response = response_to(covariance, driver)
    variance = np.einsum("j,njk,k->n", response, errors, response)
    return loadings @ response, np.sqrt(np.maximum(variance, 0.0))
