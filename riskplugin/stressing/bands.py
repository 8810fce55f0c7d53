"""How sure a propagated shock is: bands of names and of books.

A name's log shock has variance ``H (b' S_r|c b + s2) + f' V f + b' Q b``: what the core
leaves open in the drivers, the residual, and the estimation errors of the loadings
along the driver move f and of how the drivers follow the core; these grow with the
move squared and not with the horizon. A book adds the slopes of its positions at the
stressed state: shared drivers and correlated residuals (estimation errors of
regressions on the same drivers correlate as the residuals do).
What a scenario fixes has no uncertainty of its own.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.factors.model import FactorModel
from riskplugin.stressing.netting import Block
from riskplugin.stressing.shock import ShockGrid, band_ends

SMALLEST = np.finfo(float).tiny
NOISE = 1e-14  # of the largest eigenvalue: what rounding makes of none


@dataclass(frozen=True, eq=False, slots=True)
class Uncertainty:
    """What is not known about the log shocks in base currency.

    Attributes
    ----------
    factors : ndarray of shape (J, S, N)
        Sensitivity to independent factors, of variance 1 over the horizon, of the
        drivers that the core leaves open.
    specific : ndarray of shape (S, N)
        Standard deviation of residual and estimation error over the horizon; they
        correlate by `base_correlation`.
    banded : ndarray of bool, shape (S, N)
        Whether anything was propagated, so that a band has a meaning.
    """

    factors: Cube
    specific: Matrix
    banded: Flags

    @property
    def deviation(self) -> Matrix:
        """Standard deviation of every log shock, shape (S, N)."""
        variance = self.specific**2
        for factor in self.factors:
            variance += factor**2
        return np.sqrt(variance, out=variance)


def uncertainty(grid: ShockGrid, carry: Matrix | None = None) -> Uncertainty:
    """Return what `grid` leaves open; 0 for names of which nothing is known.

    `carry` (S, N) is the share of its currency's move that each name bears; all of it
    by default.
    """
    model = grid.model
    count = len(model.instruments)
    foreign = np.flatnonzero(model.currency)
    of_fx = count + model.currency[foreign]
    own, fx = Series.of(model, slice(count)), Series.of(model, of_fx)
    free = (~grid.explicit).astype(np.float64)
    bears = (~grid.fx_explicit[:, foreign]).astype(np.float64)
    if carry is not None:
        bears *= carry[:, foreign]

    roots = driver_roots(grid)
    reach = free * grid.multiplier
    factors = roots @ own.loadings.T
    factors *= reach
    factors[:, :, foreign] += bears * (roots @ fx.loadings.T)

    joint = np.sqrt(own.variance[foreign] * fx.variance)
    joint *= 2 * model.correlation[foreign, of_fx]
    variance = free * own.variance
    variance[:, foreign] += bears * (bears * fx.variance + free[:, foreign] * joint)
    np.maximum(variance, 0.0, out=variance)
    variance *= grid.horizon[:, None]
    variance += np.square(reach) * along(grid.drivers, own.errors)
    variance[:, foreign] += np.square(bears) * along(grid.drivers, fx.errors)
    specific = np.sqrt(np.maximum(variance, 0.0))
    return Uncertainty(factors, specific, propagated(grid))


class Series(NamedTuple):
    """What is not known of K series; 0 where nothing is known.

    Loadings (K, J), the covariance of their errors (K, J, J), residual variance (K,).
    """

    loadings: Matrix
    errors: Cube
    variance: Vector

    @classmethod
    def of(cls, model: FactorModel, rows: Codes | slice) -> "Series":
        """Return some of the series of `model`."""
        return cls(
            np.nan_to_num(model.loadings[rows]),
            np.nan_to_num(model.errors[rows]),
            np.nan_to_num(model.volatility[rows]) ** 2,
        )


def propagated(grid: ShockGrid) -> Flags:
    """Return whether any of a name's shock was propagated, shape (S, N)."""
    model = grid.model
    foreign = np.flatnonzero(model.currency)
    found = ~grid.explicit
    found[:, foreign] |= ~grid.fx_explicit[:, foreign]
    found &= ~np.isnan(model.volatility[: len(model.instruments)])
    return found


def driver_roots(grid: ShockGrid) -> Cube:
    """Return C (J, S, J) with ``C' C`` the covariance of the open drivers.

    Over the horizon and by scenario, in the order factor, scenario, driver.
    """
    open_ = grid.horizon[:, None, None] * grid.remainder + grid.completion
    values, vectors = np.linalg.eigh(open_)
    values[values < NOISE * values[:, -1:]] = 0.0
    roots = vectors * np.sqrt(values)[:, None, :]
    return np.ascontiguousarray(roots.transpose(2, 0, 1))


def along(moves: Matrix, errors: Cube) -> Matrix:
    """Return ``f' V f`` for moves f (S, J) and covariances V (N, J, J): (S, N)."""
    pairs = moves[:, :, None] * moves[:, None, :]
    terms = moves.shape[1] ** 2
    variance: Matrix = (
        pairs.reshape(len(moves), terms) @ errors.reshape(len(errors), terms).T
    )
    return variance


def base_correlation(model: FactorModel) -> Matrix:
    """Return the correlation (N, N) of the instruments' residuals in base currency."""
    count = len(model.instruments)
    volatility = np.nan_to_num(model.volatility)
    covariance = model.correlation * volatility[:, None] * volatility
    foreign = np.flatnonzero(model.currency)
    of_fx = count + model.currency[foreign]
    base = covariance[:count, :count].copy()
    with_fx = covariance[:count, of_fx]
    base[:, foreign] += with_fx
    base[foreign] += with_fx.T
    base[np.ix_(foreign, foreign)] += covariance[np.ix_(of_fx, of_fx)]
    scale = np.sqrt(np.maximum(np.diag(base), 0.0))
    still = scale == 0
    scale[still] = 1.0
    base /= scale[:, None]
    base /= scale
    own = model.correlation[:count, :count]
    base[still], base[:, still] = own[still], own[:, still]
    np.fill_diagonal(base, 1.0)
    return base


def name_band(grid: ShockGrid, confidence: float) -> tuple[Matrix, Matrix]:
    """Return the lower and upper simple shock of every name, shape (S, N).

    NaN where the scenario fixes the shock.
    """
    open_ = uncertainty(grid.padded())
    deviation = np.where(open_.banded, open_.deviation, np.nan)[: len(grid.horizon)]
    below, above = band_ends(confidence)
    middle = grid.total
    return np.expm1(middle + below * deviation), np.expm1(middle + above * deviation)


@dataclass(frozen=True, eq=False, slots=True)
class NameParts:
    """What the band of a book needs of each name, per unit of its value.

    Attributes
    ----------
    spread, squared : ndarray of shape (S, N)
        Stressed value x deviation, and x its square.
    specific : ndarray of shape (S, N)
        Stressed value x specific deviation.
    slopes : tuple of ndarray of shape (S, N)
        Money slope to each independent factor of the open drivers that has any.
    banded : ndarray of bool, shape (S, N)
    """

    spread: Matrix
    squared: Matrix
    specific: Matrix
    slopes: tuple[Matrix, ...]
    banded: Flags


def name_parts(open_: Uncertainty, growth: Matrix) -> NameParts:
    """Return the parts at stressed values `growth` (S, N) per unit of value."""
    deviation = open_.deviation
    spread = growth * deviation
    slopes = tuple(growth * factor for factor in open_.factors if factor.any())
    return NameParts(
        spread, spread * deviation, growth * open_.specific, slopes, open_.banded
    )


def block_band(
    block: Block, parts: NameParts, correlation: Matrix, z: float
) -> tuple[Matrix, Matrix]:
    """Return how far the band of each group reaches from its P&L at the median shocks.

    Down and up, both (g, S) and not below 0; NaN where nothing the group holds was
    propagated. The P&L at the normal quantile z is ``(e^(z D k) - 1) / k`` further, a
    lognormal shifted to the group. D is the standard deviation at the slopes v of the
    stressed state (stressed values) and ``k = sum(v s^2) / sum(|v| s)^2`` its skew, s
    the deviations of the names. One long name gives its own lognormal exactly, so a
    long group never loses more than its value; one short name the mirror image; a
    hedge of like with like a symmetric band, of width zero if it is perfect.

    The median of a sum of lognormals is not the sum of their medians, which the P&L
    is: to second order it lies ``(sum(v s^2) - k D^2) / 2`` further, up for a long
    group and down for a short one. The end on that side moves there.

    Parameters
    ----------
    block : Block
        Of g groups in n instruments.
    parts : NameParts
        Of all N instruments.
    correlation : ndarray of shape (N, N)
        Of their specific parts.
    z : float
        Normal quantile at the upper end of the central band.
    """
    names = block.instruments
    variance = block.quadratic(parts.specific, correlation)
    for slope in parts.slopes:
        money = block.values @ slope[:, names].T
        variance += np.square(money, out=money)
    np.maximum(variance, 0.0, out=variance)
    bend = block.values @ parts.squared[:, names].T
    reach = np.abs(block.values) @ np.abs(parts.spread[:, names]).T
    np.square(reach, out=reach)
    np.maximum(reach, SMALLEST, out=reach)
    skew = bend / reach
    own_median = np.multiply(skew, variance, out=reach)
    np.subtract(bend, own_median, out=own_median)
    own_median *= 0.5
    move = np.sqrt(variance, out=variance)
    move *= z
    down, up = shifted_lognormal(move, skew)
    down -= np.minimum(own_median, 0.0, out=bend)
    up += np.maximum(own_median, 0.0, out=bend)
    known = parts.banded[:, names]
    if not known.all():
        unknown = (block.held.astype(float) @ known.T.astype(float)) == 0
        down[unknown] = up[unknown] = np.nan
    return down, up


def shifted_lognormal(move: Matrix, skew: Matrix) -> tuple[Matrix, Matrix]:
    """Return ``(1 - e^(-m k)) / k`` and ``(e^(m k) - 1) / k`` for moves m and skews k.

    m where the skew is 0. The first is the second over ``e^(m k)``.
    """
    up = move * skew
    growth = np.expm1(up, out=up) + 1.0
    straight = skew == 0
    if straight.any():
        up[straight] = move[straight]
        skew = skew + straight
    up /= skew
    return np.divide(up, growth, out=growth), up
