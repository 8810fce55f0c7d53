"""RLVaR: the worst mean loss under probabilities of bounded kappa-entropy.

Cajas (2023), after Kaniadakis: with ``ln_k(u) = (u**k - u**-k) / (2 k)``, 0 < k < 1,
and N scenarios, the largest ``q @ x`` over probabilities q with

    sum(q * ln_k(q / (p * N))) <= ln_k(1 / (alpha * N))

For equal p this is riskfolio's ``sum(q * ln_k(q)) <= ln_k(1 / (alpha * T))``, N = T.
It depends on the number of scenarios and not on their distribution alone: the same
scenarios listed twice have another RLVaR. For probabilities that differ, N is the
effective number of scenarios, ``1 / sum(p**2)``. As k goes to 0 it becomes EVaR.

The dual is a convex function of two variables,

    F(t, z) = t + c z + z N p @ f((x - t) / z),   c = ln_k(1 / (alpha * N))

with f the conjugate of ``u ln_k(u)``. Its slope is closed: ``f'(y) = u(y)``, where
``w = u**k`` solves ``(1 + k) w**2 - 2 k y w - (1 - k) = 0``. At the minimum
``q = p N u((x - t) / z)``: the weights. Newton's method finds it in a few rounds.
Where the worst scenarios have a probability of at least alpha, z goes to 0, and RLVaR
is the worst case.
"""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.entropic import attained, below_worst, limit_weights
from riskplugin.risk.measure import Measured

KAPPA = 0.3  # riskfolio's default
ROUNDS = 200
HALVINGS = 40
PRECISION = 1e-12
SMALLEST_STEP = 0.1  # of z: how far one round may go towards 0
SUFFICIENT = 1e-4  # of the decrease that the slope promises (Armijo)


class Dual(NamedTuple):
    """F of G columns at (t, z), with its slopes and what Newton's step needs."""

    value: Vector
    slope_t: Vector
    slope_z: Vector
    curvature: Vector
    centre: Vector
    spread: Vector
    weights: Matrix


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
        problem = Problem(unit[:, solved], probabilities, alpha, kappa)
        weights[:, solved] = problem.worst_probabilities()
    return Measured(np.einsum("tg,tg->g", weights, losses), weights)


class Problem:
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
        self.bound = float(deformed_log(np.array(1.0 / (alpha * count)), kappa))

    def worst_probabilities(self) -> Matrix:
        """Return q at the minimum, (T, G).

        Raises
        ------
        ModelError
            If the minimum is not found.
        """
        t, z = self.start()
        found = self.at(t, z)
        for _ in range(ROUNDS):
            if self.solved(found).all():
                return np.asarray(found.weights / found.weights.sum(axis=0))
            t, z, found = self.step(t, z, found)
        raise ModelError(f"RLVaR did not converge in {ROUNDS} rounds")

    def start(self) -> tuple[Vector, Vector]:
        """Return t and z to start from: the mean loss and its deviation."""
        share = self.mass / self.mass.sum()
        centre = share @ self.unit
        deviation = np.sqrt(share @ (self.unit - centre) ** 2)
        return centre + deviation, deviation

    def at(self, t: Vector, z: Vector) -> Dual:
        """Return F with its derivatives, per column."""
        k = self.kappa
        y = (self.unit - t) / z
        root = np.sqrt((k * y) ** 2 + (1.0 - k * k))
        # u**k without cancellation on either side of 0
        far = root + k * np.abs(y)
        w = np.where(y > 0.0, far / (1.0 + k), (1.0 - k) / far)
        density = np.exp(np.log(w) / k)
        weights = self.mass[:, None] * density
        entropy = np.einsum("tg,tg->g", weights, (w - 1.0 / w) / (2.0 * k))
        tension = np.einsum("tg,tg->g", weights, y)
        bend = weights / root
        curvature = bend.sum(axis=0)
        centre = np.einsum("tg,tg->g", bend, y) / curvature
        return Dual(
            value=t + z * (self.bound + tension - entropy),
            slope_t=1.0 - weights.sum(axis=0),
            slope_z=self.bound - entropy,
            curvature=curvature / z,
            centre=centre,
            spread=np.einsum("tg,tg->g", bend, (y - centre) ** 2) / z,
            weights=weights,
        )

    def solved(self, found: Dual) -> Flags:
        """Return where both slopes are 0 but for rounding, (G,)."""
        flat_z = np.abs(found.slope_z) <= PRECISION * (1.0 + abs(self.bound))
        return np.asarray((np.abs(found.slope_t) <= PRECISION) & flat_z)

    def step(self, t: Vector, z: Vector, found: Dual) -> tuple[Vector, Vector, Dual]:
        """Return the next t and z by Newton's step, halved until F decreases."""
        towards_z = (found.centre * found.slope_t - found.slope_z) / found.spread
        towards_t = -found.slope_t / found.curvature - found.centre * towards_z
        promised = found.slope_t * towards_t + found.slope_z * towards_z
        shrinking = towards_z < 0.0
        to_limit = (1.0 - SMALLEST_STEP) * z / np.where(shrinking, -towards_z, 1.0)
        length = np.where(shrinking, np.minimum(to_limit, 1.0), 1.0)
        noise = 1e-15 * (np.abs(found.value) + np.abs(t))
        for _ in range(HALVINGS):
            there = self.at(t + length * towards_t, z + length * towards_z)
            enough = found.value + SUFFICIENT * length * promised + noise
            falls = there.value <= enough
            if falls.all():
                break
            length = np.where(falls, length, 0.5 * length)
        return t + length * towards_t, z + length * towards_z, there


def deformed_log(u: Vector, kappa: float) -> Vector:
    """Return ``(u**kappa - u**-kappa) / (2 kappa)``, the kappa-logarithm."""
    return np.asarray(np.sinh(kappa * np.log(u)) / kappa)
