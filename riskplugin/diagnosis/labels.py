"""Date labels: whether a series moves with the others on the same day, or a day off.

A lead/lag scan. `late` is by how many sessions a series' labels are behind: of a series
dated one session late the return labelled t + 1 moves with the others' of t.
"""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector

LATE = np.arange(-2, 3)  # sessions scanned
SAME = 2  # place of 0 in `LATE`
YEAR = 252  # sessions of a block
FEWEST = 60  # pairs that a correlation needs
CRITICAL = (
    4.8  # normal quantile of a false peak in one of 4 lags x 500 names x 25 years
)
LEAST = 0.15  # correlation that a peak has at least
TIMES = 2.0  # and over the one of the same day


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """Correlations of series with their references over blocks of sessions.

    Attributes
    ----------
    correlation : ndarray of shape (B + 1, L, N)
        By block, lag of `LATE` and series; the last block is the whole.
    pairs : ndarray of the same shape
        Returns behind each.
    """

    correlation: Cube
    pairs: Cube


def scan(returns: Matrix, reference: Matrix) -> Scan:
    """Return correlations at every lag, block by block and over all.

    Parameters
    ----------
    returns, reference : ndarray of shape (T, N)
        One-session log returns, cut at a few standard deviations so that no single
        day decides; NaN where unknown, left out pair by pair.
    """
    rows, columns = returns.shape
    edges = np.arange(0, max(rows, 1), YEAR)
    shape = (len(edges) + 1, len(LATE), columns)
    correlation, pairs = np.full(shape, np.nan), np.zeros(shape)
    for place, late in enumerate(LATE):
        x = returns[max(late, 0) : rows + min(late, 0)]
        y = reference[max(-late, 0) : rows - max(late, 0)]
        both = ~(np.isnan(x) | np.isnan(y))
        x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
        cut = edges[edges < len(x)]
        parts = (both.astype(float), x, y, x * x, y * y, x * y)
        sums = np.stack([np.add.reduceat(part, cut, axis=0) for part in parts])
        for block in range(len(cut)):
            correlation[block, place] = correlated(sums[:, block])
            pairs[block, place] = sums[0, block]
        whole = sums.sum(axis=1)
        correlation[-1, place], pairs[-1, place] = correlated(whole), whole[0]
    return Scan(correlation, pairs)


def correlated(sums: Matrix) -> Vector:
    """Return correlations from count and sums of x, y, xx, yy, xy; NaN if too few."""
    n, x, y, xx, yy, xy = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        across = xy - x * y / n
        own = np.sqrt(np.maximum(xx - x * x / n, 0) * np.maximum(yy - y * y / n, 0))
        found: Vector = np.where((n >= FEWEST) & (own > 0), across / own, np.nan)
    return found


def displaced(found: Scan, usual: Flags) -> Codes:
    """Return by how many sessions each series is late, block by block and over all.

    A series is displaced where its highest correlation lies at an unusual lag, is
    `TIMES` the highest at a usual one, at least `LEAST`, and the difference of the two
    on Fisher's scale, ``(atanh a - atanh b) sqrt((n - 3) / 2)``, exceeds `CRITICAL`:
    that accounts for all lags, blocks and series that were scanned (Bonferroni).

    Parameters
    ----------
    found : Scan
    usual : ndarray of shape (L, N)
        Lags at which a correlation is no fault: closes at other hours.

    Returns
    -------
    ndarray of int, shape (B + 1, N)
        0 where it is not displaced, or unknown.
    """
    known = np.where(np.isnan(found.correlation), -1.0, found.correlation)
    right = np.where(usual, known, -1.0).max(axis=1)
    wrong = np.where(usual, -1.0, known)
    peak = wrong.argmax(axis=1)
    height = wrong.max(axis=1)
    count = np.maximum(found.pairs.min(axis=1) - 3, 0)
    bounded = np.clip(np.stack([height, np.maximum(right, 0)]), -0.999, 0.999)
    z = np.arctanh(bounded)
    clear = (z[0] - z[1]) * np.sqrt(count / 2) >= CRITICAL
    there = ~np.isnan(found.correlation[:, SAME])
    shifted = there & clear & (height >= LEAST) & (height >= TIMES * right)
    late: Codes = np.where(shifted, LATE[peak], 0)
    return late


def slope(returns: Vector, driver: Vector) -> tuple[float, float]:
    """Return same-day slope and correlation on `driver`, NaN if too few pairs."""
    both = ~(np.isnan(returns) | np.isnan(driver))
    if both.sum() < FEWEST:
        return float("nan"), float("nan")
    x, y = driver[both] - driver[both].mean(), returns[both] - returns[both].mean()
    across, scale = float(x @ y), float(np.sqrt((x @ x) * (y @ y)))
    if not scale:
        return float("nan"), float("nan")
    return across / float(x @ x), across / scale
