"""EVaR: the worst mean loss under probabilities of bounded relative entropy.

``EVaR = min over z > 0 of z * (log(p @ exp(x / z)) - log(alpha))`` (Ahmadi-Javid
2012). Its dual is the largest ``q @ x`` over probabilities q with
``sum(q log(q / p)) <= -log(alpha)``, and the q that reach it are the exponential tilt
``q = p exp(x / z) / (p @ exp(x / z))``: the weights. At the minimum the bound holds
with equality, which is one equation in z for each column. Where the worst scenario
has a probability of at least alpha, no tilt reaches the bound: z goes to 0, and EVaR
is the worst case.
"""

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.errors import ModelError
from riskplugin.risk.measure import Measured
from riskplugin.risk.tails import reached

ROUNDS = 200
PRECISION = 1e-14
STEEPEST = 1e18  # tilt, of losses on a scale of 1: nothing lies between such steps


def entropic_value_at_risk(
    losses: Matrix, probabilities: Vector, alpha: float
) -> Measured:
    """Return EVaR of each column; the weights are the tilted probabilities.

    Parameters
    ----------
    losses : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
        All > 0.
    alpha : float

    Raises
    ------
    ModelError
        If the solve does not converge.
    """
    unit = below_worst(losses)
    weights = limit_weights(unit, probabilities)
    solved = ~attained(unit, probabilities, alpha)
    if solved.any():
        steepness = tilt(unit[:, solved], probabilities, -np.log(alpha))
        weights[:, solved], _ = tilted(unit[:, solved], probabilities, steepness)
    return Measured(np.einsum("tg,tg->g", weights, losses), weights)


def below_worst(losses: Matrix) -> Matrix:
    """Return losses less the worst of their column, on a scale of 1: from -1 to 0."""
    worst = losses.max(axis=0)
    width = worst - losses.min(axis=0)
    return np.asarray((losses - worst) / np.where(width > 0.0, width, 1.0))


def attained(unit: Matrix, probabilities: Vector, alpha: float) -> Flags:
    """Return where the worst scenarios alone have a probability of alpha, (G,)."""
    of_worst = probabilities @ (unit == 0.0)
    return np.asarray(of_worst >= reached(len(unit), alpha))


def limit_weights(unit: Matrix, probabilities: Vector) -> Matrix:
    """Return the probabilities of the worst scenarios alone, summing to 1."""
    weights = probabilities[:, None] * (unit == 0.0)
    return np.asarray(weights / weights.sum(axis=0))


def tilted(
    unit: Matrix, probabilities: Vector, steepness: Vector
) -> tuple[Matrix, Vector]:
    """Return ``q = p exp(s x) / (p @ exp(s x))`` and the log of the divisor.

    With x <= 0 and its largest 0 nothing overflows, and the divisor is positive.
    """
    weights = np.exp(unit * steepness)
    weights *= probabilities[:, None]
    divisor = weights.sum(axis=0)
    weights /= divisor
    return weights, np.log(divisor)


def tilt(unit: Matrix, probabilities: Vector, entropy: float) -> Vector:
    """Return the steepness s at which the tilt has the relative entropy, (G,).

    Newton's steps inside a bracket that bisection narrows. The entropy
    ``s * mean - log(divisor)`` increases with s, by ``s * variance``, and is at most
    ``s**2 / 8`` (Hoeffding), so that the root lies above ``sqrt(2 * entropy)``.
    """
    low = np.full(unit.shape[1], np.sqrt(2.0 * entropy))
    high = np.full_like(low, STEEPEST)
    steepness = 2.0 * low
    for _ in range(ROUNDS):
        weights, log_divisor = tilted(unit, probabilities, steepness)
        mean = np.einsum("tg,tg->g", weights, unit)
        variance = np.einsum("tg,tg,tg->g", weights, unit, unit) - mean**2
        excess = steepness * mean - log_divisor - entropy
        low = np.where(excess < 0.0, steepness, low)
        high = np.where(excess >= 0.0, steepness, high)
        done = np.abs(excess) <= PRECISION * max(1.0, entropy)
        done |= high - low <= PRECISION * high
        if done.all():
            return steepness
        slope = steepness * variance
        with np.errstate(over="ignore"):  # a step without end is outside the bracket
            newton = steepness - excess / np.where(slope > 0.0, slope, 1.0)
        inside = (slope > 0.0) & (newton > low) & (newton < high)
        halved = np.where(high < STEEPEST, np.sqrt(low * high), 4.0 * steepness)
        step = np.where(inside, newton, np.minimum(halved, STEEPEST))
        steepness = np.where(done, steepness, step)
    raise ModelError(f"EVaR did not converge in {ROUNDS} rounds")
