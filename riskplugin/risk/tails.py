"""Measures of ordered losses: VaR, CVaR, tail Gini, GMD, worst case, range.

With losses x sorted from the worst, and ``P[k]`` the probability of the k worst
together, four of them are ``sum(x[k] * (D(P[k]) - D(P[k-1])))`` for a distortion D of
probability (Wang 1996, Acerbi 2002): one sort gives total and weights at once.
Where losses tie, the earlier scenario counts as the worse; the total does not depend
on it.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import UsageError
from riskplugin.risk.measure import Measured
from riskplugin.risk.moments import unbiased

Distortion: TypeAlias = Callable[[Matrix], Matrix]

GINI_LEVELS = 100
LOWEST_LEVEL = 1e-4
EPSILON = float(np.finfo(np.float64).eps)


def reached(scenarios: int, alpha: float) -> float:
    """Return `alpha` less what adding up T probabilities may have lost of it."""
    return alpha * (1.0 - 4.0 * EPSILON * scenarios)


def quantile(probabilities: Vector, alpha: float) -> Distortion:
    """Return D of VaR: 1 from where the probability reaches `alpha`, 0 before."""
    from_here = reached(len(probabilities), alpha)
    return lambda probability: (probability >= from_here).astype(np.float64)


def shortfall(probabilities: Vector, alpha: float) -> Distortion:
    """Return D of CVaR: ``min(P / alpha, 1)``."""
    return lambda probability: np.minimum(probability / alpha, 1.0)


def mixed_shortfalls(probabilities: Vector, alpha: float) -> Distortion:
    """Return D of the tail Gini: a mixture of 100 CVaRs, piecewise linear.

    Raises
    ------
    UsageError
        If `alpha` is below the lowest level, 1e-4.
    """
    if alpha < LOWEST_LEVEL:
        raise UsageError(
            f"alpha is {alpha}; the tail Gini mixes levels from {LOWEST_LEVEL:g} on"
        )
    levels = np.linspace(LOWEST_LEVEL, alpha, GINI_LEVELS)
    around = np.concatenate([[0.0], levels, levels[-1:]])
    mixture = (around[2:] - around[:-2]) * levels / alpha**2
    knots = np.concatenate([[0.0], levels, [1.0]])
    height = np.minimum(knots[:, None] / levels, 1.0) @ mixture
    return lambda probability: np.interp(probability, knots, height)


def difference(probabilities: Vector, alpha: float) -> Distortion:
    """Return D of the GMD: ``2 P (1 - P) / (1 - sum(p**2))``, whatever `alpha`."""
    scale = 2.0 / unbiased(probabilities)
    return lambda probability: scale * probability * (1.0 - probability)


def value_at_risk(losses: Matrix, probabilities: Vector, alpha: float) -> Measured:
    """Return the loss at which the probability of losses as bad reaches `alpha`.

    An order statistic, no interpolation: of T equally likely losses the
    ``ceil(alpha * T)``-th worst, with a whole ``alpha * T`` taken for whole whatever
    its rounding. The weights are 1 at that one scenario: the exact derivative, and a
    noisy one; `riskplugin.risk.smoothing` averages over its neighbours.
    """
    return ordered(losses, probabilities, quantile(probabilities, alpha))


def conditional_value_at_risk(
    losses: Matrix, probabilities: Vector, alpha: float
) -> Measured:
    """Return the mean of the worst `alpha` of probability.

    The scenario at the edge counts with the part of its probability that belongs to
    the tail (Rockafellar and Uryasev 2002): ``min over t of
    t + p @ max(x - t, 0) / alpha``.
    """
    return ordered(losses, probabilities, shortfall(probabilities, alpha))


def tail_gini(losses: Matrix, probabilities: Vector, alpha: float) -> Measured:
    """Return ``sum(m[i] * CVaR(a[i]))`` over 100 levels from 1e-4 to `alpha`.

    ``m[i] = (a[i+1] - a[i-1]) * a[i] / alpha**2`` (at the ends ``a[-1] = 0`` and
    ``a[100] = a[99]``): riskfolio's quadrature of Ogryczak and Ruszczynski's (2002)
    tail Gini ``2 / alpha**2 * integral of a * CVaR(a)``.
    """
    return ordered(losses, probabilities, mixed_shortfalls(probabilities, alpha))


def gini_mean_difference(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``sum_ij p[i] p[j] abs(x[i] - x[j]) / (1 - sum(p**2))``.

    The mean distance of two different scenarios (Gini 1912, Yitzhaki 1982).
    """
    return ordered(losses, probabilities, difference(probabilities, 1.0))


def worst_case(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``max(x)`` over scenarios of positive probability (Young 1998)."""
    worst = np.argmax(losses, axis=0)[None]
    weights = np.zeros_like(losses)
    np.put_along_axis(weights, worst, 1.0, axis=0)
    return Measured(losses.max(axis=0), weights)


def range_of_losses(losses: Matrix, probabilities: Vector) -> Measured:
    """Return ``max(x) - min(x)`` over scenarios of positive probability."""
    found = worst_case(losses, probabilities)
    opposite = worst_case(-losses, probabilities)
    return Measured(found.total + opposite.total, found.weights - opposite.weights)


def ordered(losses: Matrix, probabilities: Vector, distortion: Distortion) -> Measured:
    """Return ``sum(x[k] * (D(P[k]) - D(P[k-1])))``, losses from the worst.

    Parameters
    ----------
    losses : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
    distortion : callable
        D of an array of cumulated probabilities; ``D(0) == 0``.
    """
    order = np.argsort(-losses, axis=0, kind="stable")
    steps = distorted(probabilities[order], distortion)
    weights = np.empty_like(losses)
    np.put_along_axis(weights, order, steps, axis=0)
    return Measured(np.einsum("tg,tg->g", weights, losses), weights)


def ordered_total(
    losses: Matrix, probabilities: Vector, distortion: Distortion
) -> Vector:
    """Return the total of `ordered`; without indices if all scenarios weigh the same.

    Sorting values is several times faster than sorting indices.
    """
    if np.ptp(probabilities) > 0.0:
        return ordered(losses, probabilities, distortion).total
    steps = distorted(probabilities, distortion)
    return np.asarray(steps[::-1] @ np.sort(losses, axis=0))


def distorted(probabilities: Matrix, distortion: Distortion) -> Matrix:
    """Return ``D(P[k]) - D(P[k-1])`` along the first axis."""
    cumulated = np.cumsum(probabilities, axis=0)
    cumulated[-1] = 1.0
    height = distortion(cumulated)
    steps = height.copy()
    steps[1:] -= height[:-1]
    return steps
