"""What bends add to a band off the direction that a P&L depends on most.

Along the direction a P&L is known at equally probable points. What bends vary off it is
a sum of squares of normal variables, so its quantiles are those of a gamma distribution
with its three moments; from every point it strays by equally probable scores of that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector

POINTS = 20  # equally probable points of what neither rises nor falls throughout
ASIDE = 9  # and as many that stray from each of them
NEAR = 0.9  # of the way to the end of a band: the slope there
ROUNDING = 1e-6  # of a deviation: what rounding makes of none
MOST_SKEWED = 2 * np.sqrt(2)  # skewness of the square of a normal variable


class Stray(NamedTuple):
    """What bends add off a direction, of mean 0, each (g, S).

    ``still + moving x t^2`` t standard deviations along the direction, of variance and
    of third cumulant.
    """

    still: Matrix
    moving: Matrix
    third_still: Matrix
    third_moving: Matrix

    def at(self, t: float, scores: Vector) -> Cube:
        """Return the quantiles of normal `scores`, t deviations along the direction."""
        variance = self.still + self.moving * t**2
        third = self.third_still + self.third_moving * t**2
        return gamma_quantiles(variance, third, scores)


def strays(bends: tuple[Cube, Cube], moves: Cube, correlation: Cube) -> Stray:
    """Return what bowls and twists (g, S, U) add off the direction of `moves`.

    As bowls ``s (x^2 - 1) / sqrt(2)`` of normal x that correlate by `correlation` (S,
    U, U), P of which is left off the direction m. Variance ``s'(P P)s`` (by element)
    and ``2 m's P s m t^2``; third cumulant ``2 sqrt(2) (tr((s P)^3) + 3 m's P s P s m
    t^2)``, the trace as exact of one thing in common and of none. Twists covary about
    as the cube of the correlation, and count as still.
    """
    strength, twisted = bends
    pull = strength * moves
    along = np.einsum("gsu,gsu->gs", pull, moves)[:, :, None]
    left = np.einsum("suv,gsv->gsu", correlation, pull, optimize=True) - moves * along
    square = np.einsum("suv,gsv->gsu", np.square(correlation), strength, optimize=True)
    square -= moves * (2 * left + moves * along)
    own = np.maximum(1.0 - moves**2, ROUNDING)
    still = np.einsum("gsu,gsu->gs", strength, square)
    moving = 2 * np.einsum("gsu,gsu->gs", pull, left)
    cubes = np.einsum("suv,gsv->gsu", correlation**3, twisted, optimize=True)
    still += np.einsum("gsu,gsu->gs", twisted, cubes)
    still -= np.einsum("gsu,gsu->gs", twisted, moves**3) ** 2
    third = np.einsum("gsu,gsu->gs", strength, square**2 / own)
    tilted = 3 * np.einsum("gsu,gsu->gs", strength, left**2)
    none = still + moving <= ROUNDING * (along[:, :, 0] ** 2 + still + moving)
    return Stray(
        *(
            np.where(none, 0.0, part)
            for part in (
                np.maximum(still, 0.0),
                np.maximum(moving, 0.0),
                MOST_SKEWED * third,
                MOST_SKEWED * tilted,
            )
        )
    )


@dataclass(frozen=True, eq=False, slots=True)
class Along:
    """P&L along a direction: at both ends, and at equally probable `points`.

    `first` and `last` (g, S) are at -z and z deviations, `points` (D, g, S).
    """

    first: Matrix
    last: Matrix
    points: Cube
    z: float

    @classmethod
    def of(cls, at: Callable[[float], Matrix], z: float) -> "Along":
        """Return what `at` says of so many deviations along the direction.

        Beyond the ends of the band, where nothing is revalued, it goes on straight.
        """
        edges = {sign: at(sign * z) for sign in (-1.0, 1.0)}
        onward = {s: (edges[s] - at(s * NEAR * z)) / (1 - NEAR) for s in edges}
        points = []
        for t in scores(POINTS):
            side, further = np.sign(t), abs(t) / z - 1
            beyond = further > 0
            points.append(edges[side] + further * onward[side] if beyond else at(t))
        return cls(edges[-1.0], edges[1.0], np.stack(points), z)

    def ends(self) -> tuple[Matrix, Matrix]:
        """Return the quantiles of the P&L, both (g, S).

        Those at the ends where it rises or falls throughout, else of the points.
        """
        steps = np.diff(self.points, axis=0)
        rising: Flags = np.asarray((steps >= 0).all(axis=0))
        throughout = rising | np.asarray((steps <= 0).all(axis=0))
        low, high = quantiles(self.points, self.z)
        return (
            np.where(throughout, np.minimum(self.first, self.last), low),
            np.where(throughout, np.maximum(self.first, self.last), high),
        )

    def widening(self, stray: Stray) -> tuple[Matrix, Matrix]:
        """Return how much further down and up what strays takes the quantiles.

        0 where nothing does. Every point becomes as many as there are `ASIDE`.
        """
        further = np.zeros((2, *self.first.shape))
        some = stray.still + stray.moving > 0
        if some.any():
            own = Stray(*(part[some] for part in stray))
            points = self.points[:, some]
            spread = np.concatenate(
                [
                    point + own.at(t, aside())
                    for t, point in zip(scores(POINTS), points, strict=True)
                ]
            )
            alone = quantiles(np.repeat(points, ASIDE, axis=0), self.z)
            low, high = quantiles(spread, self.z)
            further[:, some] = alone[0] - low, high - alone[1]
        return further[0], further[1]


def quantiles(points: Cube, z: float) -> tuple[Matrix, Matrix]:
    """Return the quantiles of equally probable points (D, …) at normal -z and z."""
    probability = NormalDist().cdf(z)
    levels = [1 - probability, probability]
    low, high = np.quantile(points, levels, axis=0, method="hazen")
    return low, high


@cache
def scores(count: int) -> Vector:
    """Return the normal quantiles of so many equally probable points."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((i + 0.5) / count) for i in range(count)])


@cache
def aside() -> Vector:
    """Return `ASIDE` of them, of variance 1."""
    unit: Vector = scores(ASIDE) / scores(ASIDE).std()
    return unit


def gamma_quantiles(variance: Matrix, third: Matrix, scores: Vector) -> Cube:
    """Return quantiles over its mean of a gamma distribution of given cumulants.

    Those of so many normal `scores`, by E. Wilson and M. Hilferty (1931); the scores
    stand in front.
    """
    deviation = np.sqrt(variance)
    skew = np.divide(third, deviation**3, out=np.zeros_like(third), where=variance > 0)
    sixth = np.clip(skew, -MOST_SKEWED, MOST_SKEWED) / 6
    sixth = np.where(np.abs(sixth) < ROUNDING, ROUNDING, sixth)
    base = np.multiply.outer(scores, sixth)
    base += 1 - sixth**2
    cubed = base * base
    cubed *= base
    cubed -= 1
    cubed *= deviation / (3 * sixth)
    return cubed
