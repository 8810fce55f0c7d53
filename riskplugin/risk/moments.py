"""Measures that are averages of powers: volatility, MAD, semi-deviation, LPM.

Losses are x (T, G), their probabilities p (T,), all > 0; ``mean = p @ x``. The second
moments divide by ``1 - sum(p**2)``, which undoes the bias of the variance of weighted
independent scenarios and is ``(T - 1) / T`` when all weigh the same.
"""

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.risk.measure import Measured


def volatility(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``sqrt(p @ (x - mean)**2 / (1 - sum(p**2)))``; 0 for a constant.

    The standard deviation (Markowitz 1952); its contributions are Jorion's component
    risk without the quantile.
    """
    away = deviation(losses, probabilities)
    return root_mean_square(away, probabilities, unbiased(probabilities))


def mean_absolute_deviation(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``p @ abs(x - mean)`` (Konno and Yamazaki 1991)."""
    away = deviation(losses, probabilities)
    weights = np.sign(away)
    weights -= probabilities @ weights
    weights *= probabilities[:, None]
    return Measured(probabilities @ np.abs(away), weights)


def semi_deviation(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``sqrt(p @ max(x - mean, 0)**2 / (1 - sum(p**2)))``.

    Losses beyond the mean only (Markowitz 1959, ch. 9).
    """
    beyond = np.maximum(deviation(losses, probabilities), 0.0)
    found = root_mean_square(beyond, probabilities, unbiased(probabilities))
    shared = probabilities[:, None] * found.weights.sum(axis=0)
    return Measured(found.total, found.weights - shared)


def first_lower_partial_moment(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``p @ max(x, 0)``: the expected loss below a P&L of 0 (Fishburn 1977)."""
    weights = probabilities[:, None] * (losses > 0.0)
    return Measured(probabilities @ np.maximum(losses, 0.0), weights)


def second_lower_partial_moment(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``sqrt(p @ max(x, 0)**2 / (1 - sum(p**2)))``, threshold 0.

    The divisor is riskfolio's, as of a variance, although no mean was estimated.
    """
    below = np.maximum(losses, 0.0)
    return root_mean_square(below, probabilities, unbiased(probabilities))


def mean(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``p @ x``."""
    weights = np.repeat(probabilities[:, None], losses.shape[1], axis=1)
    return Measured(probabilities @ losses, weights)


def quadratic_mean(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``sqrt(p @ x**2)``."""
    return root_mean_square(losses, probabilities, 1.0)


def unbiased(probabilities: Vector) -> float:
    """Return ``1 - sum(p**2)``, without cancellation if one p is nearly 1."""
    return float(probabilities @ (1.0 - probabilities))


def deviation(losses: Matrix, probabilities: Vector) -> Matrix:
    """Return ``x - mean``; exactly 0 where all losses of a column are the same."""
    away = losses - losses[0]
    return np.asarray(away - probabilities @ away)


def root_mean_square(values: Matrix, probabilities: Vector, divisor: float) -> Measured:
    """Return ``sqrt(p @ v**2 / divisor)`` and its derivative by v; 0 where v is 0.

    Divided by the largest of its column first, so that no square overflows.
    """
    largest = np.abs(values).max(axis=0)
    unit = values / np.where(largest > 0.0, largest, 1.0)
    root = np.sqrt(probabilities @ unit**2 / divisor)
    unit *= probabilities[:, None]
    unit /= divisor * np.where(root > 0.0, root, 1.0)
    return Measured(root * largest, unit)
