"""Where to look for a core move: directions, rays, and the P&L along them."""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from riskplugin._typing import Codes, Cube, Matrix, Vector
from riskplugin.factors.propagation import weighted_sum
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.reverse import HIGHEST, LOWEST

RADII = 48  # places on each ray, nearer to each other where it begins
SLOPE_STEP = 3e-5  # of a numerical slope, in Mahalanobis distance
CORNERED = 6  # drivers up to which all corners are looked at


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """P&L in coordinates u (K,) whose length is the Mahalanobis distance.

    The core moves by ``root u``, with `root` root' its covariance over the horizon and
    `inverse` undoing it. A place is the same to the last bit in any company.
    """

    profit: Profit
    root: Matrix
    inverse: Matrix

    def core(self, u: Matrix) -> Matrix:
        """Return the log moves (M, K) of places u (M, K)."""
        return weighted_sum(u, self.root)

    def place(self, core: Matrix) -> Matrix:
        """Return the places u (M, K) of log moves (M, K)."""
        return weighted_sum(core, self.inverse)

    def within(self, u: Matrix) -> Matrix:
        """Return the places (M, K) with every driver kept to -95 % … +300 %."""
        core = self.core(u)
        kept = np.clip(core, LOWEST, HIGHEST)
        outside = (kept != core).any(axis=1)
        return np.where(outside[:, None], self.place(kept), u) if outside.any() else u

    def value(self, u: Matrix, groups: Codes) -> Vector:
        """Return the P&L (M,) of one group (M,) at each place (M, K)."""
        return self.profit.each(self.core(u), groups)

    def slope(self, u: Matrix, groups: Codes) -> Matrix:
        """Return its slope (M, K) in u, by central differences."""
        count, drivers = u.shape
        steps = SLOPE_STEP * np.vstack([np.eye(drivers), -np.eye(drivers)])
        around = (u[:, None, :] + steps).reshape(-1, drivers)
        pnl = self.value(around, np.repeat(groups, 2 * drivers))
        up, down = pnl.reshape(count, 2, drivers).transpose(1, 0, 2)
        found: Matrix = (up - down) / (2 * SLOPE_STEP)
        return found


def field(profit: Profit, covariance: Matrix) -> Field:
    """Return the P&L in coordinates of Mahalanobis length, by a covariance (K, K)."""
    root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    return Field(profit, root, np.asarray(np.linalg.inv(root), dtype=np.float64))


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
    drivers, sides = len(root), design(len(root))
    inverse = np.linalg.inv(root).T
    corners = np.empty((0, drivers))
    if drivers <= CORNERED:
        corners = np.array([*product((LOWEST, HIGHEST), repeat=drivers)]) @ inverse
    whitened = np.vstack([sides, sides @ inverse, corners])
    unit = whitened / np.linalg.norm(whitened, axis=1, keepdims=True)
    moves: Matrix = unit @ root.T
    return moves


def design(drivers: int) -> Matrix:
    """Return directions along and against each axis, and between every two, (D, K)."""
    axes = np.eye(drivers)
    pairs = [
        one + sign * other
        for one, other in combinations(axes, 2)
        for sign in (1.0, -1.0)
    ]
    half = np.array([*axes, *pairs])
    return np.vstack([half, -half])


def rays(of: Field, radius: float | None = None) -> Rays:
    """Look along every direction, to a radius or else to the end of the range."""
    ahead = directions(of.root)
    with np.errstate(divide="ignore"):
        room = np.where(ahead < 0, LOWEST / ahead, HIGHEST / ahead)
    reach = np.where(ahead == 0, np.inf, room).min(axis=1)
    ends = reach if radius is None else np.full(len(ahead), radius)
    distance = ends[:, None] * (np.arange(1, RADII + 1) / RADII) ** 2
    core = distance[:, :, None] * ahead[:, None, :]
    pnl = of.profit.table(core.reshape(-1, len(of.root)))
    return Rays(core, distance, pnl.reshape(of.profit.groups, *distance.shape))
