"""RLVaR: the worst mean loss under probabilities of bounded kappa-entropy.

Cajas (2023), after Kaniadakis: with ``ln_k(u) = (u**k - u**-k) / (2 k)``, 0 < k < 1,
and N scenarios, the largest ``q @ x`` over probabilities q with

    sum(q * L(q / (p * N))) <= L(1 / (alpha * N))

where ``L = ln_k`` up to 1. For equal p this is riskfolio's
``sum(q * ln_k(q)) <= ln_k(1 / (alpha * T))``, N = T. It depends on the number of
scenarios and not on their distribution alone: the same scenarios listed twice have
another RLVaR. For probabilities that differ, N is the effective number of scenarios,
``1 / sum(p**2)``, and an argument of L can exceed 1; there ``L = log``, which joins
with equal value, slope and curvature. L of an exponential is then concave, so that
EVaR <= RLVaR <= worst case (Jensen) whatever the probabilities. As k goes to 0, L is
the logarithm and RLVaR is EVaR.

The dual is a convex function of two variables,

    F(t, z) = t + c z + z N p @ f((x - t) / z),   c = L(1 / (alpha * N))

with f the conjugate of ``u L(u)``. Its slope ``u = f'`` is closed: for y <= 1,
``w = u**k`` solves ``(1 + k) w**2 - 2 k y w - (1 - k) = 0``; beyond,
``u = exp(y - 1)``. At the minimum ``q = p N u((x - t) / z)``: the weights. For a given
z, the t at which they sum to 1 is found by Newton's method; the slope of F by z is then
``c`` less their entropy, and increases with z: one root, in a bracket. Where the worst
scenarios have a probability of at least alpha, z goes to 0, and RLVaR is the worst
case.
"""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.entropic import attained, below_worst, limit_weights
from riskplugin.risk.measure import Measured

KAPPA = 0.3  # riskfolio's default
ROUNDS = 200
PRECISION = 1e-13
WIDEST = 4.0  # factor by which z may move where no bracket holds it


class Point(NamedTuple):
    """What is known of G columns at (t, z).

    Attributes
    ----------
    weights : ndarray of shape (T, G)
        ``p N u(y)``; they sum to `mass`, 1 at the minimum.
    mass : ndarray of shape (G,)
    slope : ndarray of shape (G,)
        Of F by z.
    bend : ndarray of shape (G,)
        Minus z times the derivative of `mass` by t.
    centre, spread : ndarray of shape (G,)
        Mean and, divided by z, second moment of y under that derivative: t moves by
        ``-centre`` with z, and the slope by `spread`.
    """

    weights: Matrix
    mass: Vector
    slope: Vector
    bend: Vector
    centre: Vector
    spread: Vector


def relativistic_value_at_risk(
    losses: Matrix, probabilities: Vector, alpha: float, kappa: float = KAPPA
) -> Measured:
    """Return RLVaR of each column; the weights are the worst probabilities.

    Parameters
    ----------
    losses : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
        All > 0.
    alpha : float
    kappa : float
        Deformation, between 0 and 1.

    Raises
    ------
    UsageError
        If `kappa` is not between 0 and 1.
    ModelError
        If the solve does not converge.
    """
    if not 0.0 < kappa < 1.0:
        raise UsageError(f"kappa is {kappa}; expected a number between 0 and 1")
    unit = below_worst(losses)
    weights = limit_weights(unit, probabilities)
    solved = ~attained(unit, probabilities, alpha)
    if solved.any():
        problem = RelativisticDual(unit[:, solved], probabilities, alpha, kappa)
        weights[:, solved] = problem.worst_probabilities()
    return Measured(np.einsum("tg,tg->g", weights, losses), weights)


class RelativisticDual:
    """The dual of G columns of losses between -1 and 0.

    Parameters
    ----------
    unit : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
    alpha, kappa : float
    """

    def __init__(
        self, unit: Matrix, probabilities: Vector, alpha: float, kappa: float
    ) -> None:
        self.unit, self.kappa = unit, kappa
        count = 1.0 / float(probabilities @ probabilities)
        self.mass = probabilities * count
        self.share = probabilities
        self.mean = probabilities @ unit
        self.mass_of_worst = self.mass @ (unit == 0.0)
        self.bound = float(deformed_log(np.array(1.0 / (alpha * count)), kappa))

    def worst_probabilities(self) -> Matrix:
        """Return q at the minimum, (T, G).

        Raises
        ------
        ModelError
            If the minimum is not found.
        """
        z = np.sqrt(self.share @ (self.unit - self.mean) ** 2)
        t = self.lowest(z)
        low, high = np.zeros_like(z), np.full_like(z, np.inf)
        for _ in range(ROUNDS):
            t, found = self.summing_to_one(t, z)
            low = np.where(found.slope < 0.0, z, low)
            high = np.where(found.slope >= 0.0, z, high)
            done = np.abs(found.slope) <= PRECISION * (1.0 + abs(self.bound))
            done |= high - low <= PRECISION * low
            if done.all():
                return np.asarray(found.weights / found.mass)
            there = np.where(done, z, next_z(z, low, high, found))
            t, z = t - found.centre * (there - z), there
        raise ModelError(f"RLVaR did not converge in {ROUNDS} rounds")

    def lowest(self, z: Vector) -> Vector:
        """Return a t at which the weights sum to 1 or more.

        Either the worst loss alone, or all of them if they were all at their mean.
        """
        by_worst = -z * self.steepness(1.0 / self.mass_of_worst)
        by_mean = self.mean - z * self.steepness(1.0 / self.mass.sum())
        return np.maximum(by_worst, by_mean)

    def steepness(self, density: Vector) -> Vector:
        """Return the y of which u is `density`: the slope of ``u L(u)``."""
        k = self.kappa
        w = np.minimum(density, 1.0) ** k
        below = ((1.0 + k) * w - (1.0 - k) / w) / (2.0 * k)
        return np.asarray(below + np.log(np.maximum(density, 1.0)))

    def summing_to_one(self, t: Vector, z: Vector) -> tuple[Vector, Point]:
        """Return the t at which the weights sum to 1, and what is there.

        ``mass**kappa``, a norm of convex functions of t, is convex and nearly a line:
        from where mass >= 1 Newton's steps only go up, and few are needed.

        Raises
        ------
        ModelError
            If they do not settle.
        """
        lowest = self.lowest(z)
        t = np.maximum(t, lowest)
        for _ in range(ROUNDS):
            found = self.at(t, z)
            if (np.abs(found.mass - 1.0) <= PRECISION).all():
                return t, found
            over = found.mass - found.mass ** (1.0 - self.kappa)
            moved = np.maximum(t + z * over / (self.kappa * found.bend), lowest)
            if (moved == t).all():
                return t, found
            t = moved
        raise ModelError(f"RLVaR's weights did not sum to 1 in {ROUNDS} rounds")

    def at(self, t: Vector, z: Vector) -> Point:
        """Return the weights at (t, z) and the derivatives there."""
        k = self.kappa
        y = (self.unit - t) / z
        beyond = np.maximum(y - 1.0, 0.0)
        up_to = np.minimum(y, 1.0)
        root = np.sqrt((k * up_to) ** 2 + (1.0 - k * k))
        # w = (k y + root) / (1 + k), without cancellation on either side of 0
        far = root + k * np.abs(up_to)
        w = np.where(y > 0.0, far / (1.0 + k), (1.0 - k) / far)
        weights = np.exp(np.log(w) / k + beyond)
        weights *= self.mass[:, None]
        deformed = (w - 1.0 / w) / (2.0 * k) + beyond
        entropy = np.einsum("tg,tg->g", weights, deformed)
        local = weights / root
        bend = local.sum(axis=0)
        centre = np.einsum("tg,tg->g", local, y) / bend
        spread = np.einsum("tg,tg->g", local, (y - centre) ** 2) / z
        total = weights.sum(axis=0)
        return Point(weights, total, self.bound - entropy, bend, centre, spread)


def next_z(z: Vector, low: Vector, high: Vector, found: Point) -> Vector:
    """Return Newton's next z, or one inside the bracket where that leaves it."""
    with np.errstate(over="ignore"):  # a step without end is outside the bracket
        newton = z - found.slope / np.where(found.spread > 0.0, found.spread, 1.0)
    inside = (found.spread > 0.0) & (newton > np.maximum(low, z / WIDEST))
    inside &= newton < np.minimum(high, z * WIDEST)
    down = np.maximum(np.sqrt(low * z), z / WIDEST)
    up = np.minimum(np.sqrt(high * z), z * WIDEST)
    return np.where(inside, newton, np.where(found.slope >= 0.0, down, up))


def deformed_log(u: Vector, kappa: float) -> Vector:
    """Return L: ``(u**kappa - u**-kappa) / (2 kappa)`` up to 1, log beyond."""
    log = np.log(u)
    return np.where(log < 0.0, np.sinh(kappa * log) / kappa, log)
