"""Loadings: how each series moves with the drivers, and how well that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.factors.covariance import LEAST_SHARE, long_run_covariance
from riskplugin.factors.overlap import inflation, levers, overlap_bias, with_intercept
from riskplugin.factors.patterns import patterns

SHRINKABLE = 3
ROUNDING = 1e-18  # variances below this share of what they explain are rounding


@dataclass(frozen=True, eq=False, slots=True)
class Regression:
    """Weighted least squares of N series on J drivers, each on its own overlap.

    Attributes
    ----------
    loadings : ndarray of shape (N, J)
        NaN for a series that was not measured.
    covariance : ndarray of shape (N, J, J)
        HAC covariance of the loadings' estimation error.
    residuals : ndarray of shape (T, N)
        NaN where the series or a driver has no return.
    variance : ndarray of shape (N,)
        Of the residuals, per return window: the weighted mean of their products with
        the returns over the wider windows, over the share that the regression leaves.
    inflation : ndarray of shape (N,)
        By what the sandwich was multiplied to give `covariance`.
    windows : ndarray of shape (N,)
        Return windows shared with all drivers.
    measured : ndarray of bool, shape (N,)
        Whether there were enough windows.
    """

    loadings: Matrix
    covariance: Cube
    residuals: Matrix
    variance: Vector
    inflation: Vector
    windows: Codes
    measured: Flags


def regress(
    returns: Cube, drivers: Cube, weights: Vector, lag: int, min_overlap: int
) -> Regression:
    """Regress every column of `returns` on `drivers` with an intercept.

    ``y = a + X b + e``; ``b = (Q'WZ)^-1 Q'Wy`` with ``Z = [1, X]`` and instruments
    ``Q = [1, X_wide]``, the drivers' returns over windows wider by a session at either
    end. Closes of one date lie up to a session apart; the wider window contains all of
    the move that the driver's and the name's windows share or miss, so that b is the
    loading of simultaneous moves (Scholes and Williams 1977, on windows). The
    covariance of b is the sandwich with Bartlett weights ``1 - l / (lag + 1)`` on the
    scores ``w q e`` (Newey and West 1987), times `inflation`. Rows without a return
    score zero and keep their place in time.

    Parameters
    ----------
    returns : ndarray of shape (2, T, N)
        Log returns over overlapping windows, and over the wider ones; NaN where
        missing.
    drivers : ndarray of shape (2, T, J)
        The same for the drivers.
    weights : ndarray of shape (T,)
        Weight of each row, > 0.
    lag : int
        Sessions of a window: neighbours overlap that far.
    min_overlap : int
        Windows needed; a series with fewer, or whose drivers did not vary, is not
        measured.
    """
    complete = ~np.any(np.isnan(drivers), axis=(0, 2))
    there = ~np.any(np.isnan(returns), axis=0) & complete[:, None]
    z, q = (with_intercept(np.where(complete[:, None], x, 0.0)) for x in drivers)
    weight = weights[:, None] * there
    windows = there.sum(axis=0)
    measured = windows >= min_overlap
    for instruments in (z, q):
        measured &= determined(moments(z, instruments, weight))
    rows = np.flatnonzero(measured)
    has = there[:, rows]
    y, y_wide = np.where(has, returns[:, :, rows], 0.0)
    distinct, kind = patterns(has.T)
    masks = distinct.T
    counted = levers(z, q, weights[:, None] * masks)
    bias = overlap_bias(counted, z, weights[:, None] * masks, lag)
    factor = inflation(bias, weights[:, None] * masks, z.shape[1], lag)[kind]
    coefficients = np.einsum("npt,tn->np", counted[kind], y)
    errors = np.where(has, y - z @ coefficients.T, 0.0)
    scores = counted[kind].transpose(2, 0, 1)[:, :, 1:] * errors[:, :, None]
    sandwich = long_run_covariance(scores, lag) * factor[:, None, None]
    left = np.maximum(bias.variance[kind], LEAST_SHARE)
    variance = residual_variance(errors, y, y_wide, weight[:, rows]) / left
    residuals = np.where(has, np.where(variance == 0, 0.0, errors), np.nan)
    return Regression(
        placed(coefficients[:, 1:], measured),
        placed(sandwich, measured),
        placed(residuals.T, measured).T,
        placed(variance, measured),
        placed(factor, measured),
        windows,
        measured,
    )


def placed(of_measured: Cube, measured: Flags) -> Cube:
    """Return what is known of the measured series for all; NaN for the others."""
    whole = np.full((len(measured), *of_measured.shape[1:]), np.nan)
    whole[measured] = of_measured
    return whole


def residual_variance(
    errors: Matrix, y: Matrix, y_wide: Matrix, weights: Matrix
) -> Vector:
    """Return the mean product of residuals and wider returns, of each column.

    At least `LEAST_SHARE` of the mean square; zero where that is mere rounding.
    """
    square = mean_product(errors, errors, weights)
    exact = square <= ROUNDING * mean_product(y, y, weights)
    found = np.maximum(mean_product(errors, y_wide, weights), LEAST_SHARE * square)
    variance: Vector = np.where(exact, 0.0, found)
    return variance


def moments(regressors: Matrix, instruments: Matrix, weights: Matrix) -> Cube:
    """Return the symmetric part of ``Q'WZ`` per column of the weights, (N, P, P)."""
    cross = instruments[:, :, None] * regressors[:, None, :]
    terms = regressors.shape[1]
    total = (weights.T @ cross.reshape(-1, terms**2)).reshape(-1, terms, terms)
    return (total + total.transpose(0, 2, 1)) / 2


def mean_product(one: Matrix, other: Matrix, weights: Matrix) -> Vector:
    """Return the weighted mean of the products in each column of (T, N)."""
    mean: Vector = (weights * one * other).sum(axis=0) / weights.sum(axis=0)
    return mean


def determined(matrices: Cube) -> Flags:
    """Whether each of the (N, P, P) moment matrices can be inverted with sense."""
    scale = np.sqrt(np.maximum(np.einsum("npp->np", matrices), 0.0))
    unit = scale[:, :, None] * scale[:, None, :]
    scaled = np.divide(matrices, unit, out=np.zeros_like(matrices), where=unit > 0)
    flags: Flags = np.linalg.eigvalsh(scaled)[:, 0] > 1e-10
    return flags


@dataclass(frozen=True, eq=False, slots=True)
class Shrunk:
    """Loadings after shrinkage to the tier, and the tier's own distribution.

    Attributes
    ----------
    loadings, covariance
        Posterior mean (N, J) and covariance (N, J, J).
    shrunk : ndarray of bool, shape (N,)
        Whether the group had a say.
    """

    loadings: Matrix
    covariance: Cube
    shrunk: Flags


def shrink(
    loadings: Matrix,
    covariance: Cube,
    measured: Flags,
    groups: Sequence[str],
    alike: Mapping[str, float],
) -> Shrunk:
    """Shrink each loading vector jointly to the mean of its group.

    The vector form of Vasicek (1973): with S the covariance of loadings across the
    group less the mean estimation error V, floored at zero in the metric of V,
    ``b* = m + S (S + V_k)^-1 (b_k - m)``. With one driver this is the weight
    ``v / (v + se^2)``. The floor in the metric of V makes the result the same
    whatever coordinates the drivers are stated in. The posterior error counts that of
    the mean, whose members' errors correlate as their residuals do (`alike` holds the
    mean residual correlation per group), and that of the weight, see
    `doubt_of_weight`. Groups of fewer than three, the blank group, and loadings known
    exactly are left alone.
    """
    out, error = loadings.copy(), covariance.copy()
    moved = np.zeros(len(loadings), dtype=bool)
    labels = np.array(groups)
    for group in sorted(set(groups) - {""}):
        rows = np.flatnonzero((labels == group) & measured)
        if len(rows) < SHRINKABLE or not loadings.shape[1]:
            continue
        mean, shared = loadings[rows].mean(axis=0), max(alike.get(group, 0.0), 0.0)
        excess = excess_covariance(loadings[rows], covariance[rows])
        precision = pseudo_inverse(excess + covariance[rows])
        weight = excess @ precision
        weight[exactly_known(loadings[rows], covariance[rows])] = np.eye(
            loadings.shape[1]
        )
        rest = np.eye(len(mean)) - weight
        of_mean = excess / len(rows) + covariance[rows].mean(axis=0) * (
            shared + (1 - shared) / len(rows)
        )
        away = loadings[rows] - mean
        out[rows] = mean + (weight @ away[:, :, None])[:, :, 0]
        error[rows] = weight @ covariance[rows] + rest @ of_mean @ rest.transpose(
            0, 2, 1
        )
        error[rows] += doubt_of_weight(rest, precision, covariance[rows], away)
        moved[rows] = ~np.isclose(weight, np.eye(len(mean)), 0, 1e-6).all(axis=(1, 2))
    return Shrunk(out, (error + error.transpose(0, 2, 1)) / 2, moved)


def spread(loadings: Matrix) -> Matrix:
    """Return the covariance (J, J) across the rows of `loadings`; 0 for one row."""
    centred = loadings - loadings.mean(axis=0)
    across: Matrix = centred.T @ centred / max(len(loadings) - 1, 1)
    return across


def doubt_of_weight(
    rest: Cube, precision: Cube, covariance: Cube, away: Matrix
) -> Cube:
    """Return the error of shrunk loadings because S is estimated, (N, J, J).

    ``((d' P d) R V + (R d)(R d)') / (N - 1)`` with R the weight of the mean, d the
    distance from it and ``P = (S + V)^-1``: the first-order effect of the sampling
    variance of a covariance (Wishart) on R d. With one driver it is Morris's (1983)
    ``2 (R d)^2 / (N - 1)``.
    """
    moved = (rest @ away[:, :, None])[:, :, 0]
    distance = np.einsum("nj,njk,nk->n", away, precision, away)
    doubt: Cube = distance[:, None, None] * (rest @ covariance)
    doubt += moved[:, :, None] * moved[:, None, :]
    return doubt / (len(away) - 1)


def excess_covariance(loadings: Matrix, covariance: Cube) -> Matrix:
    """Return the covariance of `loadings` beyond their estimation errors.

    By moments, each name weighted by the inverse of its error (DerSimonian and Laird
    1986), so that names of short history do not drown what the others tell; no name
    counts as better known than `LEAST_SHARE` of the mean error. Positive semidefinite:
    excess below zero in any direction, measured against the estimation error in that
    direction, is zero.
    """
    mean_error = covariance.mean(axis=0)
    across = spread(loadings)
    floor = 1e-12 * max(np.trace(mean_error), np.trace(across), np.finfo(float).tiny)
    metric = np.linalg.inv(mean_error + floor * np.eye(len(mean_error)))
    size = np.einsum("jk,nkj->n", metric, covariance) / len(metric)
    weight = 1 / np.maximum(size, LEAST_SHARE)
    weight /= weight.sum()
    freedom = 1 - weight @ weight
    centred = loadings - weight @ loadings
    across = (centred * weight[:, None]).T @ centred / freedom
    noise = np.einsum("n,njk->jk", weight * (1 - weight), covariance) / freedom
    root = np.linalg.cholesky(noise + floor * np.eye(len(noise)))
    whitener = np.linalg.inv(root)
    ratio, directions = np.linalg.eigh(whitener @ across @ whitener.T)
    axes = root @ directions
    excess: Matrix = (axes * np.maximum(ratio - 1, 0)) @ axes.T
    return excess


def exactly_known(loadings: Matrix, covariance: Cube) -> Flags:
    """Whether the error of each of (N, J) loadings is mere rounding."""
    error = np.trace(covariance, axis1=1, axis2=2)
    exact: Flags = error <= ROUNDING * np.maximum((loadings**2).sum(axis=1), 1e-300)
    return exact


def pseudo_inverse(matrices: Cube) -> Cube:
    """Return the Moore-Penrose inverses of symmetric (N, J, J) matrices."""
    inverse = np.linalg.pinv(matrices, rcond=1e-12, hermitian=True)
    return np.asarray(inverse, dtype=np.float64)
