"""Bands of groups that hold options and other contracts.

What is derived from one underlying moves together, so it is netted by underlying: by
full revaluation at both ends of the underlying's own band the money is ``a w + k |w|``
over ``w = e^x - 1``, with slope a and kink k. The slopes make the shifted lognormal of
`block_band`. The kinks are added along the direction that the P&L depends on most: the
mean moves given that much of the P&L. What varies off it widens each ``|w|``, and adds
its variance. One name alone has exactly the full revaluation at its own ends, where it
rises or falls throughout; so what is long never loses more than its value.
"""

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix
from riskplugin.stressing.bands import SMALLEST, Uncertainty, shifted_lognormal
from riskplugin.stressing.netting import Block, slices

CELLS = 2_000_000  # groups x scenarios x underlyings held at once
POINTS = 20  # equally probable points of what neither rises nor falls throughout
ROUNDING = 1e-6  # of a deviation: what rounding makes of none
STILL = 1e-9  # of the money that moves: a slope as good as none
FOLDED = 1 - 2 / np.pi  # variance of |x| over that of a standard normal x


class Bent(NamedTuple):
    """Slope and kink of each name over ``e^x - 1`` at the stressed state, (S, N)."""

    slope: Matrix
    kink: Matrix


def bent(middle: Matrix, up: Matrix, down: Matrix, step: Matrix) -> Bent:
    """Return slope and kink through the P&L here and a log `step` up and down, (S, N).

    ``middle + a w + k |w|`` meets all three.
    """
    above = (up - middle) / np.expm1(step)
    below = (down - middle) / np.expm1(-step)
    return Bent((above + below) / 2, (above - below) / 2)


class Spread(NamedTuple):
    """What is open about U underlyings: (J, S, U), (S, U), (S, U) and (U, U)."""

    factors: Cube
    specific: Matrix
    deviation: Matrix
    correlation: Matrix

    def along(self, weights: Cube) -> tuple[Matrix, Cube]:
        """Return the deviation of ``weights' x`` (g, S), and moves with it (g, S, U).

        The mean move of each underlying per standard deviation of the sum; 0 where it
        does not move.
        """
        own = (weights * self.specific) @ self.correlation
        together = own * self.specific
        for factor in self.factors:
            shared = np.einsum("gsu,su->gs", weights, factor)
            together += shared[:, :, None] * factor
        variance = np.einsum("gsu,gsu->gs", weights, together)
        deviation = np.sqrt(np.maximum(variance, 0.0))
        moving = deviation[:, :, None] > 0
        moves = np.divide(
            together, deviation[:, :, None], out=np.zeros_like(together), where=moving
        )
        return deviation, moves

    def of_kinks(self, kinks: Cube) -> Matrix:
        """Return the variance of ``kinks' |x|``, about, shape (g, S).

        Of normal x: ``(1 - 2 / pi) s_i s_j r^2``, exact for r of 1 and 0.
        """
        shared = np.einsum("jsu,jsv->suv", self.factors, self.factors)
        shared += self.specific[:, :, None] * self.correlation * self.specific[:, None]
        scale = self.deviation[:, :, None] * self.deviation[:, None]
        np.square(shared, out=shared)
        np.divide(shared, scale, out=shared, where=scale > 0)
        form = np.einsum("gsu,suv,gsv->gs", kinks, shared, kinks, optimize=True)
        variance: Matrix = FOLDED * form
        return variance


def curved_band(
    block: Block, open_: Uncertainty, names: Bent, source: Codes, z: float,
    correlation: Matrix,
) -> tuple[Matrix, Matrix]:  # fmt: skip
    """Return how far the band of each group reaches down and up, both (g, S).

    As `block_band`, for a block with contracts in it; not below 0, NaN where nothing
    the group holds was propagated.

    Parameters
    ----------
    block : Block
        Of g groups in n instruments.
    open_ : Uncertainty
    names : Bent
        Of all N instruments.
    source : ndarray of int, shape (N,)
        What each instrument moves as.
    z : float
        Normal quantile at the upper end of the central band.
    correlation : ndarray of shape (N, N)
    """
    held = block.instruments
    under, place = np.unique(source[held], return_inverse=True)
    among = correlation[np.ix_(under, under)]
    factors, specific = open_.factors[:, :, under], open_.specific[:, under]
    deviation = np.sqrt(specific**2 + (factors**2).sum(axis=0))
    spread = Spread(factors, specific, deviation, among)
    down, up = np.empty((2, len(block.values), len(spread.specific)))
    for groups in slices(len(block.values), CELLS // max(1, spread.specific.size)):
        values = block.values[groups]
        slope, kink = (
            by_underlying(values, per_name[:, held], place, len(under))
            for per_name in names
        )
        down[groups], up[groups] = ends(slope, kink, spread, z)
    known = open_.banded[:, held].astype(float)
    unknown = (block.held.astype(float) @ known.T) == 0
    down[unknown] = up[unknown] = np.nan
    return down, up


def by_underlying(values: Matrix, per_name: Matrix, place: Codes, count: int) -> Cube:
    """Return ``values x per_name`` summed by underlying, (g, S, U).

    `values` (g, n), `per_name` (S, n) and the underlying of each name in `place` (n,).
    """
    money = np.empty((len(values), len(per_name), count))
    for u in range(count):
        own = place == u
        money[:, :, u] = values[:, own] @ per_name[:, own].T
    return money


def ends(slope: Cube, kink: Cube, spread: Spread, z: float) -> tuple[Matrix, Matrix]:
    """Return how far the P&L reaches down and up, from slopes and kinks (g, S, U)."""
    scale = np.einsum("gsu,su->gs", np.abs(slope), spread.deviation)
    folds = np.einsum("gsu,su->gs", np.abs(kink), spread.deviation)
    deviation, moves = spread.along(slope)
    level = deviation <= STILL * (scale + folds)
    if level.any():
        moves = np.where(level[:, :, None], spread.along(np.abs(kink))[1], moves)
    lean = np.einsum("gsu,su->gs", slope, spread.deviation**2)
    skew = lean / np.maximum(scale**2, SMALLEST)
    median = 0.5 * (lean - skew * deviation**2)
    off = np.sqrt(np.maximum(spread.deviation**2 - moves**2, 0.0))
    bowl = np.abs(kink) > np.abs(slope)  # as much on either side: a bowl, no corner
    off[off <= ROUNDING * np.broadcast_to(spread.deviation, off.shape)] = 0.0

    def at(t: float) -> Matrix:
        """Return the P&L `t` standard deviations along the direction."""
        fall, rise = shifted_lognormal(np.abs(t) * deviation, skew.copy())
        part = np.where(bowl, np.expm1(t * moves) * (abs(t) / z), np.expm1(t * moves))
        folded = np.hypot(part, off)
        folded *= kink
        found: Matrix = (rise if t > 0 else -fall) + folded.sum(axis=2)
        return found

    low, high = lowest_and_highest(at, z)
    stray = z * off_direction(kink, moves, spread)
    down = widened(-low, stray) - np.minimum(median, 0.0)
    up = widened(high, stray) + np.maximum(median, 0.0)
    return np.maximum(down, 0.0), np.maximum(up, 0.0)


def widened(reach: Matrix, stray: Matrix) -> Matrix:
    """Return a reach with what strays on top of it, squares adding up, (g, S)."""
    further: Matrix = np.hypot(np.maximum(reach, 0.0), stray)
    return further + np.minimum(reach, 0.0)


def off_direction(kink: Cube, moves: Cube, spread: Spread) -> Matrix:
    """Return the deviation of what kinks add off the direction of `moves`, (g, S)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(spread.deviation > 0, moves**2 / spread.deviation, 0.0)
    aligned = FOLDED * np.einsum("gsu,gsu->gs", kink, share) ** 2
    rest = spread.of_kinks(kink) - aligned
    deviation: Matrix = np.sqrt(np.where(rest > ROUNDING * aligned, rest, 0.0))
    return deviation


def lowest_and_highest(
    at: Callable[[float], Matrix], z: float
) -> tuple[Matrix, Matrix]:
    """Return the quantiles of the P&L along a direction, both (g, S).

    Those at the ends where it rises or falls throughout, else of equally probable
    points.
    """
    first, last = at(-z), at(z)
    normal = NormalDist()
    probability = normal.cdf(z)
    points = [normal.inv_cdf((i + 0.5) / POINTS) for i in range(POINTS)]
    along = np.stack([at(t) for t in points])
    steps = np.diff(along, axis=0)
    rising: Flags = np.asarray((steps >= 0).all(axis=0))
    throughout = rising | np.asarray((steps <= 0).all(axis=0))
    low, high = np.quantile(along, [1 - probability, probability], axis=0)
    return (
        np.where(throughout, np.minimum(first, last), low),
        np.where(throughout, np.maximum(first, last), high),
    )
