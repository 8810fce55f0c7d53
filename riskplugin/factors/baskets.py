"""Each basket reproduces its own move: its members' loadings average to one.

The return of a driver *is* the mean of its members' USD returns, so the members'
loadings must average to the unit vector of the driver and their residuals to zero.
Shrinkage and pairwise estimation break both; moving every member by the same amount
restores them.
"""

from collections.abc import Sequence

import numpy as np

from riskplugin._typing import Cube, Matrix, Vector
from riskplugin.factors.series import Series


def basket_weights(members: Sequence[tuple[str, ...]], series: Series) -> Matrix:
    """Return what each driver's USD return holds of each series, shape (J, N + C)."""
    row = {name: i for i, name in enumerate(series.instruments)}
    count = len(series.instruments)
    weights = np.zeros((len(members), count + len(series.currencies)))
    for j, basket in enumerate(members):
        for member in basket:
            weights[j, row[member]] += 1 / len(basket)
            weights[j, count + series.currency[row[member]]] += 1 / len(basket)
        weights[j, count + series.currencies.index("USD")] -= 1
    return weights


def corrections(weights: Matrix, instruments: int) -> Matrix:
    """Return how much each series moves per unit by which a basket is off, (N + C, J).

    Members of one basket move alike; baskets with common members are solved together.
    """
    share = np.zeros_like(weights)
    share[:, :instruments] = weights[:, :instruments]
    spread: Matrix = share.T @ np.linalg.pinv(share @ share.T)
    return spread


def recentred(loadings: Matrix, weights: Matrix, correction: Matrix) -> Matrix:
    """Return loadings whose baskets are the unit vectors of their drivers."""
    gap = np.eye(len(weights)) - weights @ loadings
    centred: Matrix = loadings + correction @ gap
    return centred


def without_basket_residual(
    volatility: Vector, correlation: Matrix, weights: Matrix, correction: Matrix
) -> tuple[Vector, Matrix]:
    """Return residual volatilities and correlations whose baskets have no residual.

    The members' residuals less their basket's; NaN volatilities stay NaN.
    """
    known = np.nan_to_num(volatility)
    keep = np.eye(len(known)) - correction @ weights
    covariance = keep @ (correlation * np.outer(known, known)) @ keep.T
    variance = np.maximum(np.diag(covariance), 0.0)
    rounding = variance <= 1e-20 * np.maximum(known**2, np.finfo(float).tiny)
    deviation = np.where(rounding, 0.0, np.sqrt(variance))
    scale = np.outer(deviation, deviation)
    fresh = np.divide(covariance, scale, out=correlation.copy(), where=scale > 0)
    np.fill_diagonal(fresh, 1.0)
    return np.where(np.isnan(volatility), np.nan, deviation), (fresh + fresh.T) / 2


def rescaled(errors: Cube, before: Vector, after: Vector) -> Cube:
    """Return estimation errors in proportion to the residual variance behind them."""
    ratio = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    scaled: Cube = errors * (ratio**2)[:, None, None]
    return scaled
