"""What `regress` should find, by statsmodels and by matrices written out in full."""

from typing import NamedTuple

import numpy as np
from statsmodels.sandbox.regression.gmm import IV2SLS
from statsmodels.stats.sandwich_covariance import S_hac_simple


class Found(NamedTuple):
    """Of one series: P coefficients with the intercept first, and T residuals."""

    coefficients: np.ndarray
    core: np.ndarray  # the sandwich before its inflation
    inflation: float
    residuals: np.ndarray
    variance: float

    @property
    def slopes(self):
        return self.coefficients[1:]

    @property
    def covariance(self):
        return self.inflation * self.core[1:, 1:]


def with_ones(x):
    return np.column_stack([np.ones(len(x)), x])


def instrumented(y, x, weights, lag=5):
    """Return the regression of y (2, T) on x (2, T, J), wide windows as instruments.

    The coefficients are statsmodels' two-stage least squares of what is multiplied by
    the root of its weight, and the meat its Bartlett-weighted sum of the scores.
    """
    z, q = with_ones(x[0]), with_ones(x[1])
    root = np.sqrt(weights)
    fitted = IV2SLS(root * y[0], root[:, None] * z, root[:, None] * q).fit()
    residuals = y[0] - z @ fitted.params
    bread = np.linalg.inv((q * weights[:, None]).T @ z)
    meat = S_hac_simple((weights * residuals)[:, None] * q, nlags=lag)
    share, of_variance = overlap_share(z, q, weights, lag)
    product = np.average(residuals * y[1], weights=weights)
    return Found(
        fitted.params,
        bread @ meat @ bread.T,
        inflation(share, weights, z.shape[1], lag),
        residuals,
        product / of_variance,
    )


def overlap_share(z, q, weights, lag):
    """Return the shares that sandwich and residual variance find, all matrices in full.

    R is the correlation of the windows' sums over shared days, C that of windows with
    the wider ones, K the sandwich's weight of a pair of rows.
    """
    apart = np.abs(np.subtract.outer(np.arange(len(z)), np.arange(len(z))))
    shared = np.clip(1 - apart / lag, 0, None)
    with_wide = np.clip((lag + 1 - apart) / lag, 0, 1)
    kernel = np.clip(1 - apart / (lag + 1), 0, None)
    lever = np.linalg.inv((q * weights[:, None]).T @ z) @ (q * weights[:, None]).T
    left = np.eye(len(z)) - z @ lever
    true = lever @ shared @ lever.T
    found = lever @ (kernel * (left @ shared @ left.T)) @ lever.T
    slopes = np.linalg.inv(true[1:, 1:]) @ found[1:, 1:]
    share = np.trace(slopes) / len(slopes) if len(slopes) else 1.0
    return share, weights @ np.diag(left @ with_wide) / weights.sum()


def inflation(share, weights, terms, lag):
    """Return ``n / (n - 2) / share``; n makes the variance of a variance 2 / n.

    That of the mean product of u (windows) with v (two sessions wider), for Gaussian
    days: ``cov(u_t v_t, u_s v_s) = cov(u_t, u_s) cov(v_t, v_s) + cov(u_t, v_s)
    cov(v_t, u_s)``, by the number of days that two windows share.
    """

    def days(first, last, other_first, other_last):
        both = set(range(first, last)) & set(range(other_first, other_last))
        return len(both) / lag

    total = 0.0
    for s in range(-lag - 2, lag + 3):
        plain = days(0, lag, s, s + lag)
        wide = days(-1, lag + 1, s - 1, s + lag + 1)
        one, other = days(0, lag, s - 1, s + lag + 1), days(-1, lag + 1, s, s + lag)
        total += plain * wide + one * other
    effective = weights.sum() ** 2 / (weights**2).sum()
    degrees = max(2 * effective / total - terms, 3.0)
    return degrees / (degrees - 2) / share


def spread_beyond(loadings, errors):
    """Return the variance of N loadings beyond their errors, by plain sums."""
    mean_error = sum(errors) / len(errors)
    precision = [1 / max(e / mean_error, 0.1) for e in errors]
    share = [p / sum(precision) for p in precision]
    mean = sum(s * b for s, b in zip(share, loadings, strict=True))
    freedom = 1 - sum(s**2 for s in share)
    across = sum(s * (b - mean) ** 2 for s, b in zip(share, loadings, strict=True))
    noise = sum(s * (1 - s) * e for s, e in zip(share, errors, strict=True))
    return max((across - noise) / freedom, 0.0)
