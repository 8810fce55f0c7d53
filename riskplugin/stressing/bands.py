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
from scipy.sparse import csr_array

from riskplugin._typing import Cube, Flags, Matrix
from riskplugin.stressing.shock import ShockGrid, band_ends

BLOCK = 4_000_000  # array elements held at once


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
    error = np.einsum("sj,njk,sk->sn", grid.drivers, model.errors, grid.drivers)
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
    slopes = open_.loadings
    drivers = np.einsum("snj,sjk,snk->sn", slopes, open_.drivers, slopes)
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
    holdings: csr_array,
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
    holdings : sparse array of shape (G, N)
        Net market value, base currency.
    middle : ndarray of shape (G, S)
        P&L at the median shocks.
    confidence : float
        Level of the central band.
    """
    growth = np.where(holdings_reach(holdings), np.exp(grid.total), 0.0)
    exposure = driver_exposure(holdings, growth, np.nan_to_num(open_.loadings))
    variance = np.einsum("gsj,sjk,gsk->gs", exposure, open_.drivers, exposure)
    specific = growth * np.nan_to_num(open_.specific)
    variance += specific_variance(holdings, specific, open_.correlation)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    spread = np.nan_to_num(name_deviation(open_))
    bend = total(holdings, growth * spread**2)
    reach = total(abs(holdings), growth * spread) ** 2
    skew = np.divide(bend, reach, out=np.zeros_like(bend), where=reach > 0)
    held = csr_array(
        (np.ones_like(holdings.data), holdings.indices, holdings.indptr),
        shape=holdings.shape,
    )
    banded = total(held, open_.banded.astype(float)) > 0
    below, above = (
        middle + shifted_lognormal(z * deviation, skew) for z in band_ends(confidence)
    )
    own_median = (bend - skew * deviation**2) / 2
    low = np.where(banded, below + np.minimum(own_median, 0.0), np.nan)
    high = np.where(banded, above + np.maximum(own_median, 0.0), np.nan)
    return low, high


def total(holdings: csr_array, per_name: Matrix) -> Matrix:
    """Return the sum over names of holdings (G, N) x `per_name` (S, N): (G, S)."""
    return np.asarray(holdings @ per_name.T, dtype=np.float64)


def holdings_reach(holdings: csr_array) -> Flags:
    """Whether any group holds the instrument, shape (N,)."""
    held: Flags = np.bincount(holdings.indices, minlength=holdings.shape[1]) > 0
    return held


def shifted_lognormal(move: Matrix, skew: Matrix) -> Matrix:
    """Return ``(e^(move x skew) - 1) / skew``, which is `move` where skew is 0."""
    bend = move * skew
    rate = np.divide(np.expm1(bend), bend, out=np.ones_like(bend), where=bend != 0)
    return move * rate


def driver_exposure(holdings: csr_array, growth: Matrix, loadings: Cube) -> Cube:
    """Return the money slope of each group to each driver, shape (G, S, J)."""
    scenarios, _, drivers = loadings.shape
    slopes = (growth[:, :, None] * loadings).transpose(1, 0, 2)
    flat = holdings @ slopes.reshape(len(slopes), -1)
    exposure: Cube = flat.reshape(len(flat), scenarios, drivers)
    return exposure


def specific_variance(
    holdings: csr_array, slopes: Matrix, correlation: Matrix
) -> Matrix:
    """Return the variance of the specific P&L of each group, shape (G, S).

    ``u' R u`` with ``u = holdings x slopes``; groups of one name need no correlation.
    """
    squared = total(holdings.power(2), slopes**2)
    many = np.flatnonzero(np.diff(holdings.indptr) > 1)
    rows = max(1, BLOCK // max(1, slopes.size))
    for start in range(0, len(many), rows):
        block = many[start : start + rows]
        dense = holdings[block].toarray()
        specific = dense[:, None, :] * slopes[None, :, :]
        crossed = specific @ correlation
        squared[block] = np.einsum("gsn,gsn->gs", crossed, specific)
    return squared
