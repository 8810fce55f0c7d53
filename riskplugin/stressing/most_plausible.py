"""Reverse stress by all drivers: the most plausible core move that loses so much.

Mahalanobis distance over the horizon about a mean of zero, in logs. Rays in every
direction find where the loss lies, and from the nearest places the most plausible point
is sought along its surface, on the engine itself. Where the P&L is linear this is the
closed form ``s* = -L C w / (w' C w)``, w the slope of the P&L and C the covariance of
the drivers (Breuer et al. 2009).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.reverse import EXACT, HIGHEST, LOWEST, first_lost

RADII = 48  # places on each ray, nearer to each other where it begins
STARTS = 5  # places that a search begins at, the closed form aside
ALIKE = 0.95  # cosine of directions that count as one
SLOPE_STEP = 1e-5  # of a numerical slope, in deviations of each driver
CORNERED = 6  # drivers up to which all corners are looked at
Sloped = Callable[[Vector], tuple[float, Vector]]


class Answer(NamedTuple):
    """A core move (K,) in logs, its distance, and the P&L it makes."""

    move: Vector
    distance: float
    pnl: float


def linear_reverse(slope: Vector, covariance: Matrix, loss: float) -> Vector:
    """Return ``-L C w / (w' C w)``, the most plausible move that loses L if linear.

    NaN where the slope w (K,) is zero.
    """
    along = covariance @ slope
    size = float(slope @ along)
    move: Vector = -loss * along / size if size > 0 else np.full(len(slope), np.nan)
    return move


def linear_worst(slope: Vector, covariance: Matrix, radius: float) -> Vector:
    """Return ``-k C w / sqrt(w' C w)``, the worst move within distance k if linear."""
    along = covariance @ slope
    size = float(slope @ along)
    move: Vector = -radius * along / np.sqrt(size) if size > 0 else np.zeros(len(slope))
    return move


@dataclass(frozen=True, eq=False, slots=True)
class Rays:
    """Core moves on rays from rest, and the P&L of every group there.

    Attributes
    ----------
    core : ndarray of shape (D, R, K)
        Of D directions, at R radii outwards.
    distance : ndarray of shape (D, R)
        Mahalanobis.
    pnl : ndarray of shape (G, D, R)
    """

    core: Cube
    distance: Matrix
    pnl: Cube


def directions(root: Matrix) -> Matrix:
    """Return directions (D, K) in which to look, of Mahalanobis length one.

    With C = `root` root': along and against each axis and the sum and difference of
    every two, in the drivers' own coordinates and in those that make C the unit
    matrix; and, of few drivers, all corners of the range of moves.
    """
    drivers = len(root)
    axes = np.eye(drivers)
    pairs = [
        one + sign * other
        for one, other in combinations(axes, 2)
        for sign in (1.0, -1.0)
    ]
    design = np.array([*axes, *pairs])
    inverse = np.linalg.inv(root).T
    corners = np.empty((0, drivers))
    if drivers <= CORNERED:
        corners = np.array([*product((LOWEST, HIGHEST), repeat=drivers)]) @ inverse
    whitened = np.vstack(
        [design, -design, design @ inverse, -design @ inverse, corners]
    )
    unit = whitened / np.linalg.norm(whitened, axis=1, keepdims=True)
    moves: Matrix = unit @ root.T
    return moves


def rays(profit: Profit, covariance: Matrix, radius: float | None = None) -> Rays:
    """Look along every direction, to a radius or else to the end of the range."""
    ahead = directions(np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))
    with np.errstate(divide="ignore"):
        room = np.where(ahead < 0, LOWEST / ahead, HIGHEST / ahead)
    reach = np.where(ahead == 0, np.inf, room).min(axis=1)
    ends = reach if radius is None else np.full(len(ahead), radius)
    distance = ends[:, None] * (np.arange(1, RADII + 1) / RADII) ** 2
    core = distance[:, :, None] * ahead[:, None, :]
    pnl = profit.table(core.reshape(-1, len(covariance)))
    return Rays(core, distance, pnl.reshape(profit.groups, *distance.shape))


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """The P&L of one group in deviations z of each driver: where a search goes.

    Attributes
    ----------
    profit : Profit
    group : int
    scale : ndarray of shape (K,)
        Standard deviation of each driver over the horizon.
    correlation, precision : ndarray of shape (K, K)
        Of them, and its inverse P: the squared distance is ``z' P z``.
    """

    profit: Profit
    group: int
    scale: Vector
    correlation: Matrix
    precision: Matrix

    def value_and_slope(self, z: Vector) -> tuple[float, Vector]:
        """Return the P&L at z (K,) and its slope (K,), by central differences."""
        drivers = len(z)
        steps = np.vstack([np.zeros(drivers), np.eye(drivers), -np.eye(drivers)])
        core = (z + SLOPE_STEP * steps) * self.scale
        pnl = self.profit.each(core, np.full(len(core), self.group))
        slope: Vector = pnl[1 : drivers + 1] - pnl[drivers + 1 :]
        return float(pnl[0]), slope / (2 * SLOPE_STEP)

    def distance(self, z: Vector) -> float:
        """Return the Mahalanobis distance of z (K,)."""
        return float(np.sqrt(z @ self.precision @ z))


def surface(profit: Profit, group: int, covariance: Matrix) -> Surface:
    """Return the surface of one group under a covariance over the horizon (K, K)."""
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    precision = np.asarray(np.linalg.inv(correlation), dtype=np.float64)
    return Surface(profit, group, scale, correlation, precision)


def most_plausible(of: Surface, looked: Rays, loss: float) -> list[Answer]:
    """Return the core moves that lose `loss` and that no nearer one nearby does.

    Sorted by distance; none if no core move looked at, and none that a search found,
    loses as much within -95 % and +300 % of every driver. Each is closed in on to
    1e-10 of the loss.
    """
    pnl = looked.pnl[of.group]
    _, slope = of.value_and_slope(np.zeros(len(of.scale)))
    begin = [linear_reverse(slope, of.correlation, loss)]
    begin += [core / of.scale for core in nearest_lost(looked, pnl <= -loss)]
    if len(begin) == 1:
        deepest = np.unravel_index(np.argmin(pnl), pnl.shape)
        begin.append(looked.core[deepest] / of.scale)
    found: list[Answer] = []
    for z in begin:
        if np.isnan(z).any():
            continue
        end = slid(of, within_range(z, of.scale), loss)
        if end is not None and not any(same(end, other, of) for other in found):
            found.append(end)
    return sorted(found, key=lambda answer: answer.distance)


def nearest_lost(looked: Rays, lost: Flags) -> list[Vector]:
    """Return the nearest core moves that lose enough, in different directions."""
    first = first_lost(lost)
    some = np.flatnonzero(first >= 0)
    order = some[np.argsort(looked.distance[some, first[some]], kind="stable")]
    chosen: list[Vector] = []
    for ray in order:
        core = looked.core[ray, first[ray]]
        size = np.linalg.norm(core)
        if all(core @ c < ALIKE * size * np.linalg.norm(c) for c in chosen):
            chosen.append(core)
        if len(chosen) == STARTS:
            break
    return chosen


def within_range(z: Vector, scale: Vector) -> Vector:
    """Return z (K,) drawn in along its ray to -95 % … +300 % of every driver."""
    core = z * scale
    excess = max(1.0, float(np.max(core / HIGHEST)), float(np.max(core / LOWEST)))
    return z / excess


def slid(of: Surface, start: Vector, loss: float) -> Answer | None:
    """Return where the distance is least along the surface of the loss, from a start.

    Then by Newton's method onto the surface; None if that does not end on it.
    """
    last: dict[bytes, tuple[float, Vector]] = {}

    def excess(z: Vector) -> tuple[float, Vector]:
        key = z.tobytes()
        if key not in last:
            last.clear()
            pnl, slope = of.value_and_slope(z)
            last[key] = (pnl / loss + 1.0, slope / loss)
        return last[key]

    bounds = [(LOWEST / float(s), HIGHEST / float(s)) for s in of.scale]
    z = descended(half_square(of), start, ("eq", excess), bounds)
    free = (z * of.scale > LOWEST + EXACT) & (z * of.scale < HIGHEST - EXACT)
    for _ in range(5):
        gap, slope = excess(z)
        along = np.where(free, slope, 0.0)
        if abs(gap) <= EXACT or not (along @ along > 0):
            break
        z = z - gap * along / (along @ along)
    gap, _ = excess(z)
    if not abs(gap) <= EXACT:
        return None
    return Answer(z * of.scale, of.distance(z), (gap - 1.0) * loss)


def same(one: Answer, other: Answer, of: Surface) -> bool:
    """Whether two answers are one, to a hundredth of their distance."""
    apart = of.distance((one.move - other.move) / of.scale)
    return apart <= 0.01 * max(one.distance, other.distance)


def worst_within(of: Surface, looked: Rays, radius: float) -> Answer:
    """Return the core move within a Mahalanobis `radius` that loses most.

    From the closed form and the worst places of the rays to that radius, by sequential
    least squares; whatever of all these is worst.
    """
    pnl = looked.pnl[of.group]
    _, slope = of.value_and_slope(np.zeros(len(of.scale)))
    begin = [linear_worst(slope, of.correlation, radius)]
    for ray in np.argsort(pnl.min(axis=1), kind="stable")[:STARTS]:
        begin.append(looked.core[ray, np.argmin(pnl[ray])] / of.scale)
    ends = [*begin, *(sunk(of, start, radius) for start in begin), np.zeros_like(slope)]
    drawn = [z * min(1.0, radius / max(of.distance(z), 1e-300)) for z in ends]
    core = np.array(drawn) * of.scale
    made = of.profit.each(core, np.full(len(core), of.group))
    best = int(np.nanargmin(made))
    return Answer(core[best], of.distance(drawn[best]), float(made[best]))


def sunk(of: Surface, start: Vector, radius: float) -> Vector:
    """Return where a descent of the P&L inside the radius ends."""
    size = max(abs(of.value_and_slope(start)[0]), np.finfo(float).tiny)

    def lost(z: Vector) -> tuple[float, Vector]:
        pnl, slope = of.value_and_slope(z)
        return pnl / size, slope / size

    def room(z: Vector) -> tuple[float, Vector]:
        square, slope = half_square(of)(z)
        return 1.0 - 2 * square / radius**2, -2 * slope / radius**2

    return descended(lost, start, ("ineq", room))


def half_square(of: Surface) -> Sloped:
    """Return half the squared distance of z (K,), and its slope."""

    def valued(z: Vector) -> tuple[float, Vector]:
        slope: Vector = of.precision @ z
        return float(0.5 * z @ slope), slope

    return valued


def descended(
    value: Sloped,
    start: Vector,
    held: tuple[str, Sloped],
    bounds: Sequence[tuple[float, float]] | None = None,
) -> Vector:
    """Return where sequential least squares (Kraft 1988) ends, from a start (K,).

    `held` is a constraint: ``eq`` for zero or ``ineq`` for not below it.
    """
    from scipy.optimize import minimize  # noqa: PLC0415

    kind, constraint = held
    ended = minimize(  # type: ignore[call-overload]
        value,
        start,
        jac=True,
        method="SLSQP",
        bounds=bounds,
        constraints={
            "type": kind,
            "fun": lambda z: constraint(z)[0],
            "jac": lambda z: constraint(z)[1],
        },
        options={"maxiter": 200, "ftol": 1e-14},
    )
    return np.asarray(ended.x, dtype=np.float64)
