"""Bands of groups that hold options and other contracts.

What is derived from one underlying moves together, so it is netted by underlying. On
either side of the stressed state its money is a parabola in ``w = e^x - 1``, x the log
move, through full revaluations at the end of the underlying's own band and halfway:

    a w + b |w| + c w^2 + g w |w|.

The slopes a make the shifted lognormal of `block_band`. The bends are added along the
direction that the P&L depends on most: at their mean there, given that much of the P&L.
What they vary off it strays from every point of it. One name alone has exactly the full
revaluation at its own ends, where it rises or falls throughout; so what is long never
loses more than its value.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Cube, Matrix
from riskplugin.pricing.contracts import Around
from riskplugin.stressing.bands import SMALLEST, Uncertainty, shifted_lognormal
from riskplugin.stressing.netting import Block, slices
from riskplugin.stressing.straying import ROUNDING, Along, strays

CELLS = 2_000_000  # groups x scenarios x underlyings held at once
STILL = 1e-9  # of the money that moves: a slope as good as none
LEAST_STEP = 0.01  # log move up and down that slopes are taken over
# of a standard normal x:
MEAN = np.sqrt(2 / np.pi)  # of |x|
OF_KINKS, OF_BOTH, OF_BOWLS = 1 - MEAN**2, MEAN, 2.0  # covariances of |x| and x^2
STRAIGHT = 2 * MEAN  # slope of x |x| over x
OF_TWISTS = 0.235  # variance of a normal variable that spreads as what is left of it


class Bent(NamedTuple):
    """How the P&L of each name goes on from the stressed state, (S, N).

    Its slope over ``w = e^x - 1``; kink over ``|w|``, bowl over ``w^2`` and twist over
    ``w |w|``: none of what is linear.
    """

    slope: Matrix
    kink: Matrix
    bowl: Matrix
    twist: Matrix


def bent(around: Around, step: Matrix) -> Bent:
    """Return how the P&L goes on through the five revaluations of `around`."""
    sides = []
    up, down = around.ends
    throughout = (up - around.middle) * (around.middle - down) >= 0
    for end, half, sign in zip(around.ends, around.halves, (1, -1), strict=True):
        far, near = np.expm1(sign * step), np.expm1(sign * step / 2)
        last = end - around.middle
        between = np.clip(
            half - around.middle, np.minimum(last, 0.0), np.maximum(last, 0.0)
        )  # of what rises or falls from end to end
        moves = np.where(throughout, between, half - around.middle), last
        sides.append(parabola(moves, near, far))
    (rise, rise_square), (fall, fall_square) = sides
    return Bent(
        (rise + fall) / 2,
        (rise - fall) / 2,
        (rise_square + fall_square) / 2,
        (rise_square - fall_square) / 2,
    )


def parabola(
    moves: tuple[Matrix, Matrix], near: Matrix, far: Matrix
) -> tuple[Matrix, Matrix]:
    """Return p and q of ``p w + q w^2`` through `moves` at `near` and `far`.

    A straight line through the far one where the moves rise or fall throughout and the
    parabola would not.
    """
    first, second = moves[0] / near, moves[1] / far
    square = (second - first) / (far - near)
    slope = first - square * near
    last = slope + 2 * square * far
    throughout = (first * (moves[1] - moves[0]) / (far - near)) >= 0
    turns = throughout & ((slope * second < 0) | (last * second < 0))
    return np.where(turns, second, slope), np.where(turns, 0.0, square)


@dataclass(frozen=True, eq=False, slots=True)
class Money:
    """What g groups have on U underlyings in S scenarios, as `Bent`, each (g, S, U).

    But that twists are of ``w |w| - straight``, which does not go with w, and the slope
    has the rest.
    """

    slope: Cube
    kink: Cube
    bowl: Cube
    twist: Cube
    deviation: Matrix

    @classmethod
    def of(cls, bends: Bent, deviation: Matrix) -> "Money":
        """Return the money of `bends`, each (g, S, U), on what deviates so, (S, U)."""
        slope = bends.slope + STRAIGHT * deviation * bends.twist
        return cls(slope, bends.kink, bends.bowl, bends.twist, deviation)

    def bends(self, w: Cube, off: Cube) -> Cube:
        """Return the mean of what bends add at w + off x of a standard normal x."""
        found: Cube = self.kink * np.hypot(w, MEAN * off)
        found += self.bowl * (np.square(w) + np.square(off))
        found += (
            self.twist * w * (np.hypot(w, STRAIGHT * off) - STRAIGHT * self.deviation)
        )
        return found

    def strength(self) -> Cube:
        """Return the deviation of what kinks and bowls add, with their sign."""
        kink, bowl = self.kink * self.deviation, self.bowl * np.square(self.deviation)
        variance = OF_KINKS * kink**2 + 2 * OF_BOTH * kink * bowl + OF_BOWLS * bowl**2
        size = np.sqrt(np.maximum(variance, 0.0))
        strength: Cube = np.where(kink + bowl < 0, -size, size)
        return strength

    def twisted(self) -> Cube:
        """Return the deviation of what twists add, with their sign."""
        twisted: Cube = np.sqrt(OF_TWISTS) * self.twist * np.square(self.deviation)
        return twisted


class Spread(NamedTuple):
    """What is open about U underlyings: (J, S, U), (S, U), (S, U) and (U, U)."""

    factors: Cube
    specific: Matrix
    deviation: Matrix
    correlation: Matrix

    def along(self, weights: Cube) -> tuple[Matrix, Cube]:
        """Return the deviation of ``weights' x`` (g, S), and moves with it (g, S, U).

        The correlation of each underlying with the sum; 0 where it does not move.
        """
        own = (weights * self.specific) @ self.correlation
        together = own * self.specific
        for factor in self.factors:
            shared = np.einsum("gsu,su->gs", weights, factor)
            together += shared[:, :, None] * factor
        variance = np.einsum("gsu,gsu->gs", weights, together)
        deviation = np.sqrt(np.maximum(variance, 0.0))
        scale = deviation[:, :, None] * self.deviation
        moves = np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)
        return deviation, moves

    def correlations(self) -> Cube:
        """Return the correlations of all underlyings, (S, U, U)."""
        shared = np.einsum("jsu,jsv->suv", self.factors, self.factors)
        shared += self.specific[:, :, None] * self.correlation * self.specific[:, None]
        scale = self.deviation[:, :, None] * self.deviation[:, None]
        scale[scale == 0] = 1.0
        correlations: Cube = shared / scale
        return correlations


def curved_band(
    block: Block, open_: Uncertainty, names: Bent, moving: tuple[Codes, Matrix],
    z: float,
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
    moving : (ndarray of int, shape (N,), ndarray of shape (N, N))
        What each instrument moves as, and how specific moves correlate.
    z : float
        Normal quantile at the upper end of the central band.
    """
    source, correlation = moving
    held, count = block.instruments, len(block.groups)
    under, place = np.unique(source[held], return_inverse=True)
    factors, specific = open_.factors[:, :, under], open_.specific[:, under]
    deviation = np.sqrt(specific**2 + (factors**2).sum(axis=0))
    spread = Spread(factors, specific, deviation, correlation[np.ix_(under, under)])
    down, up = np.zeros((2, len(block.values), len(specific)))
    for groups in slices(count, CELLS // max(1, specific.size)):
        some = slice(groups.start, min(groups.stop, count))
        bends = Bent(
            *(
                by_underlying(block.values[some], column[:, held], place, len(under))
                for column in names
            )
        )
        down[some], up[some] = ends(Money.of(bends, deviation), spread, z)
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


def ends(money: Money, spread: Spread, z: float) -> tuple[Matrix, Matrix]:
    """Return how far the P&L reaches down and up, both (g, S)."""
    slope, strength = money.slope, money.strength()
    size = np.einsum("gsu,su->gs", np.abs(slope), spread.deviation)
    deviation, moves = spread.along(slope)
    level = deviation <= STILL * (size + np.abs(strength).sum(axis=2))
    if level.any():
        flat = np.divide(
            np.abs(strength), spread.deviation, out=np.zeros_like(strength),
            where=spread.deviation > 0,
        )  # fmt: skip
        moves = np.where(level[:, :, None], spread.along(flat)[1], moves)
    lean = np.einsum("gsu,su->gs", slope, spread.deviation**2)
    skew = lean / np.maximum(size**2, SMALLEST)
    median = 0.5 * (lean - skew * deviation**2)
    off = np.sqrt(np.maximum(1.0 - moves**2, 0.0))
    off[off <= ROUNDING] = 0.0
    x, off = moves * spread.deviation, off * spread.deviation

    def at(t: float) -> Matrix:
        """Return the P&L `t` standard deviations along the direction."""
        fall, rise = shifted_lognormal(np.abs(t) * deviation, skew.copy())
        found: Matrix = rise if t > 0 else -fall
        found += money.bends(np.expm1(t * x), off).sum(axis=2)
        return found

    along = Along.of(at, z)
    stray = strays((strength, money.twisted()), moves, spread.correlations())
    low, high = along.ends()
    fewer, more = along.widening(stray)
    down = fewer - low - np.minimum(median, 0.0)
    up = high + more + np.maximum(median, 0.0)
    return np.maximum(down, 0.0), np.maximum(up, 0.0)
