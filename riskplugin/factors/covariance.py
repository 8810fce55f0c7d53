"""What moves together once the drivers are taken out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector

SMALLEST_EIGENVALUE = 1e-6
LEAST_SHARE = 0.1


def weighted_covariance(
    returns: Matrix, weights: Vector, wide: Matrix | None = None
) -> Matrix:
    """Return the covariance (J, J) of `returns` (T, J) with themselves or with `wide`.

    Over rows without a gap.
    """
    with_ = returns if wide is None else wide
    full = ~np.isnan(returns + with_).any(axis=1)
    weight = weights[full] / weights[full].sum()
    centred = returns[full] - weight @ returns[full]
    other = with_[full] - weight @ with_[full]
    covariance: Matrix = (other * weight[:, None]).T @ centred
    return covariance


def synchronous_covariance(windows: Cube, weights: Vector) -> Matrix:
    """Return the covariance (J, J) of returns whose closes lie up to a session apart.

    A window and one that is wider by a session at either end contain all of each
    other's simultaneous moves, so for returns without memory their covariance is that
    of the moves themselves (Scholes and Williams 1977, on windows). It is symmetrised.
    Where the variance of a combination comes out below `LEAST_SHARE` of that as
    sampled, it is set there, so the result is positive definite.

    Parameters
    ----------
    windows : ndarray of shape (2, T, J)
        Returns over windows, and over the wider ones; NaN where missing.
    weights : ndarray of shape (T,)
    """
    returns, wide = windows
    both = ~np.isnan(returns + wide).any(axis=1)
    sampled = weighted_covariance(returns[both], weights[both])
    crossed = weighted_covariance(returns[both], weights[both], wide[both])
    root = np.linalg.cholesky(sampled)
    whitener = np.linalg.inv(root)
    share, directions = np.linalg.eigh(
        whitener @ (crossed + crossed.T) @ whitener.T / 2
    )
    axes = root @ directions
    covariance: Matrix = (axes * np.maximum(share, LEAST_SHARE)) @ axes.T
    return (covariance + covariance.T) / 2


class Pairs(NamedTuple):
    """Correlations of pairs, each on its own overlap; all of shape (N, N).

    The diagonal is not `known`, nor is a pair with too little overlap. `variance` is
    the sampling variance of each correlation, overlapping windows counted once.
    """

    correlation: Matrix
    variance: Matrix
    known: Flags


def pairwise_correlation(
    residuals: Matrix, weights: Vector, sessions: int, min_overlap: int
) -> Pairs:
    """Return the correlation of every pair of columns.

    Parameters
    ----------
    residuals : ndarray of shape (T, N)
        NaN where missing; a column may be missing throughout.
    weights : ndarray of shape (T,)
    sessions : int
        Sessions of a window.
    min_overlap : int
        Windows that a pair needs.
    """
    there = (~np.isnan(residuals)).astype(float)
    filled = np.nan_to_num(residuals)
    weighted = weights[:, None]
    product = (filled * weighted).T @ filled
    square = (filled**2 * weighted).T @ there
    scale = np.sqrt(square * square.T)
    count = there.T @ there
    known = (count >= min_overlap) & (scale > 0)
    np.fill_diagonal(known, val=False)
    correlation = np.divide(product, scale, out=np.zeros_like(scale), where=known)
    total = (there * weighted).T @ there
    effective = total**2 / np.maximum((there * weighted**2).T @ there, 1e-300)
    fourth = (filled**2 * weighted).T @ filled**2
    mean_square = np.divide(
        fourth * total, scale**2, out=np.ones_like(scale), where=known
    )
    spread = np.maximum(mean_square - correlation**2, 0.0)
    variance = spread / np.maximum(effective / sessions, 1.0)
    return Pairs(correlation, variance, known)


def residual_correlation(found: Pairs, groups: Sequence[str]) -> Matrix:
    """Return the correlation of residuals, shrunk and positive definite.

    Each pair is measured on its own overlap, then shrunk to the mean correlation
    between the two groups by the intensity of Ledoit and Wolf (2003),
    ``sum var(r) / sum (r - target)^2``, where the variance of a pair's correlation
    counts overlapping windows once. A pair with too little overlap takes the mean of
    its groups, or of all pairs if the groups were never seen together. Eigenvalues
    are floored and the diagonal restored, so the result is positive definite.

    Parameters
    ----------
    found : Pairs
        Pairwise correlations of N series.
    groups : sequence of N str
        Tier of each series.

    Returns
    -------
    ndarray of shape (N, N)
    """
    pairs, variance, known = found
    target = group_means(pairs, known, groups)
    distance = np.where(known, (pairs - target) ** 2, 0.0).sum()
    noise = np.where(known, variance, 0.0).sum()
    intensity = 1.0 if distance <= noise else noise / distance
    shrunk = np.where(known, pairs + intensity * (target - pairs), target)
    np.fill_diagonal(shrunk, 1.0)
    return positive_definite(shrunk)


def among_moving(found: Pairs, groups: Sequence[str], moving: Flags) -> Matrix:
    """Return the correlation of all series, those that do not move apart.

    What does not move correlates with nothing; left in, its unknown pairs would bend
    those that are known.
    """
    rows = np.flatnonzero(moving)
    square = np.ix_(rows, rows)
    pairs = Pairs(
        found.correlation[square], found.variance[square], found.known[square]
    )
    correlation = np.eye(len(moving))
    correlation[square] = residual_correlation(pairs, [groups[int(r)] for r in rows])
    return correlation


def group_means(pairs: Matrix, known: Flags, groups: Sequence[str]) -> Matrix:
    """Return for each pair the mean of the known correlations of its two groups.

    Groups never seen together take the mean of all pairs, or 0 if that is below: a
    crowd of unknown pairs cannot all move against each other.
    """
    names = sorted(set(groups))
    member = (np.array(groups)[:, None] == np.array(names)[None, :]).astype(float)
    total = member.T @ np.where(known, pairs, 0.0) @ member
    count = member.T @ known.astype(float) @ member
    overall = max(total.sum() / count.sum(), 0.0) if count.sum() else 0.0
    mean = np.divide(total, count, out=np.full_like(total, overall), where=count > 0)
    target: Matrix = member @ mean @ member.T
    return target


def within_groups(
    pairs: Matrix, known: Flags, groups: Sequence[str]
) -> dict[str, float]:
    """Return the mean known correlation within each group that has one."""
    labels = np.array(groups)
    same = known & (labels[:, None] == labels[None, :])
    return {
        str(group): float(pairs[same & (labels == group)[:, None]].mean())
        for group in np.unique(labels)
        if same[labels == group].any()
    }


def positive_definite(correlation: Matrix) -> Matrix:
    """Return the correlation matrix with eigenvalues floored and a unit diagonal."""
    values, vectors = np.linalg.eigh(correlation)
    floored = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(floored))
    unit = floored / np.outer(scale, scale)
    np.fill_diagonal(unit, 1.0)
    symmetric: Matrix = (unit + unit.T) / 2
    return symmetric


def long_run_covariance(scores: Cube, lag: int) -> Cube:
    """Return the Bartlett-weighted sum of autocovariances of `scores`.

    Scores have shape (T, N, P); the result (N, P, P).
    """
    by_series: Cube = scores.transpose(1, 2, 0)
    total = by_series @ by_series.transpose(0, 2, 1)
    for step in range(1, min(lag, len(scores) - 1) + 1):
        later, earlier = by_series[:, :, step:], by_series[:, :, :-step]
        shifted = (1 - step / (lag + 1)) * later @ earlier.transpose(0, 2, 1)
        total += shifted + shifted.transpose(0, 2, 1)
    return total
