"""Loadings: how each series moves with the drivers, and how well that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.factors.covariance import LEAST_SHARE, long_run_covariance
from riskplugin.factors.overlap import inflation, levers, overlap_bias, with_intercept

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
    loading of simultaneous moves (Scholes and Williams 1977, on windows). The covariance
    of b is the sandwich with Bartlett weights ``1 - l / (lag + 1)`` on the scores
    ``w q e`` (Newey and West 1987), times `inflation`. Rows without a return score zero
    and keep their place in time.

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
    masks, kind = np.unique(has, axis=1, return_inverse=True)
    counted = levers(z, q, weights[:, None] * masks)
    bias = overlap_bias(counted, z, weights[:, None] * masks, lag)
    factor = inflation(bias, weights[:, None] * masks, z.shape[1], lag)[kind]
    coefficients = np.einsum("npt,tn->np", counted[kind], y)
    errors = np.where(has, y - z @ coefficients.T, 0.0)
    scores = counted[kind].transpose(2, 0, 1)[:, :, 1:] * errors[:, :, None]
    sandwich = long_run_covariance(scores, lag)
    square = mean_product(errors, errors, weight[:, rows])
    exact = square <= ROUNDING * mean_product(y, y, weight[:, rows])
    left = np.maximum(bias.variance[kind], LEAST_SHARE)
    variance = mean_product(errors, y_wide, weight[:, rows]) / left
    variance = np.where(exact, 0.0, np.maximum(variance, LEAST_SHARE * square))
    errors[:, exact] = 0.0

    def spread_out(of_measured: Cube) -> Cube:
        whole = np.full((len(windows), *of_measured.shape[1:]), np.nan)
        whole[rows] = of_measured
        return whole

    return Regression(
        spread_out(coefficients[:, 1:]),
        spread_out(sandwich * factor[:, None, None]),
        spread_out(np.where(has, errors, np.nan).T).T,
        spread_out(variance),
        spread_out(factor),
        windows,
        measured,
    )


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
    the mean, whose members' errors correlate as their residuals do: `alike` holds the
    mean residual correlation per group. Groups of fewer than three, the
    blank group, and loadings known exactly are left alone.
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
        weight = excess @ pseudo_inverse(excess + covariance[rows])
        weight[exactly_known(loadings[rows], covariance[rows])] = np.eye(
            loadings.shape[1]
        )
        rest = np.eye(len(mean)) - weight
        of_mean = excess / len(rows) + covariance[rows].mean(axis=0) * (
            shared + (1 - shared) / len(rows)
        )
        deviation = (loadings[rows] - mean)[:, :, None]
        out[rows] = mean + (weight @ deviation)[:, :, 0]
        error[rows] = weight @ covariance[rows] + rest @ of_mean @ rest.transpose(
            0, 2, 1
        )
        moved[rows] = ~np.isclose(weight, np.eye(len(mean)), 0, 1e-6).all(axis=(1, 2))
    return Shrunk(out, (error + error.transpose(0, 2, 1)) / 2, moved)


def spread(loadings: Matrix) -> Matrix:
    """Return the covariance (J, J) across the rows of `loadings`; 0 for one row."""
    centred = loadings - loadings.mean(axis=0)
    across: Matrix = centred.T @ centred / max(len(loadings) - 1, 1)
    return across


def excess_covariance(loadings: Matrix, covariance: Cube) -> Matrix:
    """Return the covariance of `loadings` beyond the mean estimation error.

    Positive semidefinite: excess below zero in any direction, measured against the
    estimation error in that direction, is zero.
    """
    across = spread(loadings)
    noise = covariance.mean(axis=0)
    floor = 1e-12 * max(np.trace(noise), np.trace(across), np.finfo(float).tiny)
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
