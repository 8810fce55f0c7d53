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

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix
from riskplugin.stressing.netting import Block, Netted
from riskplugin.stressing.shock import ShockGrid, band_ends


@dataclass(frozen=True, eq=False, slots=True)
class Uncertainty:
    """What is not known about the log shocks in base currency.

    Attributes
    ----------
    loadings : ndarray of shape (S, N, J)
        Sensitivity to the drivers that the core leaves open.
    drivers : ndarray of shape (S, J, J)
        Covariance of those drivers over the horizon.
    specific : ndarray of shape (S, N)
        Standard deviation of residual and estimation error over the horizon.
    correlation : ndarray of shape (N, N)
        Of the specific part.
    banded : ndarray of bool, shape (S, N)
        Whether anything was propagated, so that a band has a meaning.
    """

    loadings: Cube
    drivers: Cube
    specific: Matrix
    correlation: Matrix
    banded: Flags


def uncertainty(grid: ShockGrid, carry: Matrix | None = None) -> Uncertainty:
    """Return what `grid` leaves open.

    `carry` (S, N) is the share of its currency's move that each name bears; all of it
    by default.
    """
    model = grid.model
    count = len(model.instruments)
    free = ~grid.explicit
    fx_free = ~grid.fx_explicit
    bears = fx_free * (1.0 if carry is None else carry)
    reach = np.where(free, grid.multiplier, 0.0)
    loadings = (
        reach[:, :, None] * model.loadings[:count]
        + bears[:, :, None] * model.loadings[count:][model.currency]
    )
    error = along(grid.drivers, model.errors)
    estimation = reach**2 * error[:, :count]
    estimation += bears**2 * error[:, count:][:, model.currency]
    residual = free * model.volatility[:count] ** 2 + bears**2 * fx_variance(grid)
    residual += 2 * free * bears * joint_covariance(grid)
    specific = grid.horizon[:, None] * np.maximum(residual, 0.0) + estimation
    foreign = model.currency != 0
    return Uncertainty(
        loadings,
        grid.horizon[:, None, None] * grid.remainder + grid.completion,
        np.sqrt(np.maximum(specific, 0.0)),
        base_correlation(grid),
        (free | (fx_free & foreign)) & ~np.isnan(model.volatility[:count]),
    )


def along(moves: Matrix, errors: Cube) -> Matrix:
    """Return ``f' V f`` for moves f (S, J) and covariances V (N, J, J): (S, N)."""
    pairs = moves[:, :, None] * moves[:, None, :]
    terms = moves.shape[1] ** 2
    variance: Matrix = (
        pairs.reshape(len(moves), terms) @ errors.reshape(len(errors), terms).T
    )
    return variance


def fx_variance(grid: ShockGrid) -> Matrix:
    """Return the residual variance of each instrument's currency, shape (N,)."""
    model = grid.model
    variance: Matrix = model.volatility[len(model.instruments) :][model.currency] ** 2
    return variance


def joint_covariance(grid: ShockGrid) -> Matrix:
    """Return the residual covariance of each instrument and its currency, (N,)."""
    model = grid.model
    count = len(model.instruments)
    fx = count + model.currency
    product = model.volatility[:count] * model.volatility[fx]
    covariance: Matrix = product * model.correlation[np.arange(count), fx]
    return covariance


def base_correlation(grid: ShockGrid) -> Matrix:
    """Return the correlation of the instruments' residuals in base currency."""
    model = grid.model
    count = len(model.instruments)
    volatility = np.nan_to_num(model.volatility)
    covariance = model.correlation * np.outer(volatility, volatility)
    fx = count + model.currency
    base = (
        covariance[:count, :count]
        + covariance[np.ix_(np.arange(count), fx)]
        + covariance[np.ix_(fx, np.arange(count))]
        + covariance[np.ix_(fx, fx)]
    )
    scale = np.sqrt(np.maximum(np.diag(base), 0.0))
    unit = np.outer(scale, scale)
    own = model.correlation[:count, :count]
    correlation: Matrix = np.divide(base, unit, out=own.copy(), where=unit > 0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def name_deviation(open_: Uncertainty) -> Matrix:
    """Return the standard deviation of every log shock, shape (S, N)."""
    drivers = np.sum((open_.loadings @ open_.drivers) * open_.loadings, axis=2)
    deviation: Matrix = np.sqrt(np.maximum(drivers + open_.specific**2, 0.0))
    return deviation


def name_band(grid: ShockGrid, confidence: float) -> tuple[Matrix, Matrix]:
    """Return the lower and upper simple shock of every name, shape (S, N).

    NaN where the scenario fixes the shock.
    """
    open_ = uncertainty(grid)
    deviation = np.where(open_.banded, name_deviation(open_), np.nan)
    below, above = band_ends(confidence)
    middle = grid.total
    return np.expm1(middle + below * deviation), np.expm1(middle + above * deviation)


def book_band(
    open_: Uncertainty,
    grid: ShockGrid,
    holdings: Netted,
    middle: Matrix,
    confidence: float,
) -> tuple[Matrix, Matrix]:
    """Return the lower and upper P&L of groups of holdings, shape (G, S).

    The P&L at the normal quantile z is ``middle + (e^(z D k) - 1) / k``, a lognormal
    shifted to the group. D is the standard deviation at the slopes v of the stressed
    state (stressed values) and ``k = sum(v s^2) / sum(|v| s)^2`` its skew, s the
    deviations of the names. One long name gives its own lognormal exactly, so a long
    group never loses more than its value; one short name the mirror image; a hedge of
    like with like a symmetric band, of width zero if it is perfect.

    The median of a sum of lognormals is not the sum of their medians, which `middle`
    is: to second order it lies ``(sum(v s^2) - k D^2) / 2`` further, up for a long
    group and down for a short one. The end on that side moves there.

    Parameters
    ----------
    open_ : Uncertainty
        Of the names.
    grid : ShockGrid
    holdings : Netted
        Of G groups in N instruments.
    middle : ndarray of shape (G, S)
        P&L at the median shocks.
    confidence : float
        Level of the central band.
    """
    growth = np.where(holdings.touched(), np.exp(grid.total), 0.0)
    deviation = np.nan_to_num(name_deviation(open_))
    parts = NameParts(
        growth * deviation,
        growth * deviation**2,
        growth * np.nan_to_num(open_.specific),
        driver_slopes(open_, growth),
        open_.banded,
    )
    low, high = np.empty_like(middle), np.empty_like(middle)
    for block in holdings.blocks:
        ends = block_band(block, parts, open_.correlation, band_ends(confidence)[1])
        low[block.groups] = middle[block.groups] + ends[0]
        high[block.groups] = middle[block.groups] + ends[1]
    return low, high


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
        Money slope to each independent factor of the open drivers.
    banded : ndarray of bool, shape (S, N)
    """

    spread: Matrix
    squared: Matrix
    specific: Matrix
    slopes: tuple[Matrix, ...]
    banded: Flags


def block_band(
    block: Block, parts: NameParts, correlation: Matrix, z: float
) -> tuple[Matrix, Matrix]:
    """Return how far the band of each group of a block reaches down and up, (g, S).

    NaN where nothing the group holds was propagated.
    """
    names = block.instruments
    variance = block.quadratic(parts.specific, correlation)
    for slope in parts.slopes:
        money = block.values @ slope[:, names].T
        variance += np.square(money, out=money)
    np.maximum(variance, 0.0, out=variance)
    bend = block.values @ parts.squared[:, names].T
    reach = np.abs(block.values) @ parts.spread[:, names].T
    np.square(reach, out=reach)
    skew = np.divide(bend, reach, out=np.zeros_like(bend), where=reach > 0)
    own_median = (bend - skew * variance) / 2
    move = z * np.sqrt(variance, out=variance)
    below, above = shifted_lognormal(move, skew)
    below += np.minimum(own_median, 0.0)
    above += np.maximum(own_median, 0.0)
    unknown = ~(block.held @ parts.banded[:, names].T)
    below[unknown] = above[unknown] = np.nan
    return below, above


def shifted_lognormal(move: Matrix, skew: Matrix) -> tuple[Matrix, Matrix]:
    """Return ``(e^(-m k) - 1) / k`` and ``(e^(m k) - 1) / k`` for moves m and skews k.

    ``-m`` and ``m`` where the skew is 0. The first is the second over ``-e^(m k)``.
    """
    up = np.expm1(move * skew)
    above = np.divide(up, skew, out=move.copy(), where=skew != 0)
    up += 1.0
    below = np.divide(above, up, out=above.copy())
    return np.negative(below, out=below), above


def driver_slopes(open_: Uncertainty, growth: Matrix) -> tuple[Matrix, ...]:
    """Return the names' money slopes to independent factors of the open drivers.

    The drivers' covariance of each scenario is split into factors; those without a
    slope are left out.
    """
    values, vectors = np.linalg.eigh(open_.drivers)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    slopes = growth[:, :, None] * (np.nan_to_num(open_.loadings) @ roots)
    factors = range(slopes.shape[2])
    return tuple(
        np.ascontiguousarray(slopes[:, :, f]) for f in factors if slopes[:, :, f].any()
    )
