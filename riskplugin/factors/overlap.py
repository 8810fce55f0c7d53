"""What overlapping windows hide from a regression on them.

Windows of s sessions share days: their residuals correlate by ``1 - l / s`` at l
sessions' distance though the days' do not. A HAC sandwich gives less than full weight
to these lags and sees residuals that the regression has made smaller, so it finds too
little. How much too little follows from the regressors, the weights and the overlap
alone, as in the bias reduction of Bell and McCaffrey (2002).
"""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Cube, Matrix, Vector
from riskplugin.returns import SLACK

FEWEST_DEGREES = 3.0


def levers(regressors: Matrix, instruments: Matrix, weights: Matrix) -> Cube:
    """Return what each row counts in the coefficients, ``(Q'WZ)^-1 Q'W``, (N, P, T).

    Regressors Z and instruments Q have shape (T, P), weights (T, N).
    """
    cross = instruments[:, :, None] * regressors[:, None, :]
    terms = regressors.shape[1]
    moments = (weights.T @ cross.reshape(-1, terms**2)).reshape(-1, terms, terms)
    counted: Cube = np.linalg.inv(moments) @ instruments.T * weights.T[:, None, :]
    return counted


def with_intercept(columns: Matrix) -> Matrix:
    """Return `columns` (T, J) after one of ones."""
    return np.column_stack([np.ones(len(columns)), columns])


class Bias(NamedTuple):
    """What is found on average of what there is; both of shape (N,).

    `covariance`: of the coefficients' covariance the sandwich finds this share.
    `variance`: of the residual variance their mean product with the wider returns
    is this share.
    """

    covariance: Vector
    variance: Vector


def overlap_bias(counted: Cube, regressors: Matrix, weights: Matrix, lag: int) -> Bias:
    """Return how far sandwich and residuals fall short if the days are independent.

    With levers A, regressors Z and the overlap's correlation R the coefficients have
    the covariance ``V = A R A'`` per unit of residual variance, and residuals
    ``e = (I - Z A) u`` the covariance ``R - Z A R - R A'Z' + Z V Z'``. Put in place of
    the products of residuals in the sandwich this gives what the sandwich finds, E;
    the share is ``trace(V^-1 E) / J`` over the J slopes, the same in whatever
    coordinates the drivers are stated.

    Parameters
    ----------
    counted : ndarray of shape (N, P, T)
        `levers`; the first coefficient is the intercept.
    regressors : ndarray of shape (T, P)
    weights : ndarray of shape (T, N)
        0 where a series has no return.
    lag : int
        Sessions of a window, and lag of the sandwich.
    """
    overlap = np.append(1 - np.arange(lag) / lag, 0.0)
    covariance = np.zeros((len(counted), *[counted.shape[1]] * 2))
    spread = np.zeros_like(counted)  # A R
    for step, correlation in enumerate(overlap[: counted.shape[2]]):
        late, early = apart(counted, step)
        covariance += correlation * both_ways(late @ early.transpose(0, 2, 1), step)
        spread[:, :, step:] += correlation * early
        if step:
            spread[:, :, : counted.shape[2] - step] += correlation * late
    fitted = covariance @ regressors.T  # V Z'
    found = np.zeros_like(covariance)
    for step, correlation in enumerate(overlap[: counted.shape[2]]):
        late, early = apart(counted, step)
        now, before = apart(regressors.T, step)
        ahead, behind = apart(spread, step)
        product = correlation + np.sum(
            (apart(fitted, step)[0] - ahead) * before - behind * now, axis=1
        )
        weight = 1 - step / (lag + 1)
        term = (late * product[:, None, :]) @ early.transpose(0, 2, 1)
        found += weight * both_ways(term, step)
    slopes = np.s_[:, 1:, 1:]
    share = np.einsum("njj->nj", np.linalg.solve(covariance[slopes], found[slopes]))
    return Bias(
        share.mean(axis=1) if share.shape[1] else np.ones(len(share)),
        1 - taken_up(counted, regressors, weights, lag) / weights.sum(axis=0),
    )


def taken_up(counted: Cube, regressors: Matrix, weights: Matrix, lag: int) -> Vector:
    """Return ``sum w z' A C``, what the fit takes of the wider residuals, (N,).

    C is the covariance of residuals over windows with those over the wider ones.
    """
    weighted = regressors.T[None] * weights.T[:, None, :]
    total = np.zeros(len(counted))
    for step in range(min(lag + SLACK, counted.shape[2])):
        shared = min(1.0, (lag + SLACK - step) / lag)
        (late, early), (now, before) = apart(counted, step), apart(weighted, step)
        total += shared * (late * before).sum(axis=(1, 2))
        total += shared * (early * now).sum(axis=(1, 2)) if step else 0.0
    return total


def apart(columns: Cube, step: int) -> tuple[Cube, Cube]:
    """Return the later and the earlier of every two columns that lie `step` apart."""
    return columns[..., step:], columns[..., : columns.shape[-1] - step]


def both_ways(term: Cube, step: int) -> Cube:
    """Return `term` with its transpose, or by itself where nothing lies apart."""
    together: Cube = term if step == 0 else term + term.transpose(0, 2, 1)
    return together


def inflation(bias: Bias, weights: Matrix, terms: int, lag: int) -> Vector:
    """Return by what the sandwich is multiplied, shape (N,).

    Its bias, and ``n / (n - 2)``, the variance of Student's t with n degrees of
    freedom: what is estimated is measured with an error that is itself estimated. n is
    the number of independent windows, ``(sum w)^2 / sum w^2`` over the overlap's sum of
    squared correlations, less the `terms` estimated.
    """
    windows = weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)
    independent = windows / shared_squares(lag)
    degrees = np.maximum(independent - terms, FEWEST_DEGREES)
    factor: Vector = degrees / (degrees - 2) / bias.covariance
    return factor


def shared_squares(lag: int) -> float:
    """Return how many windows of a variance count as one."""
    step = np.arange(lag + 2 * SLACK)
    narrow = np.maximum(lag - step, 0)
    wide = np.maximum(lag + 2 * SLACK - step, 0)
    between = np.clip(lag + SLACK - step, 0, lag)
    terms = (narrow * wide + between**2) / 2
    return float((2 * terms.sum() - terms[0]) / lag**2)
