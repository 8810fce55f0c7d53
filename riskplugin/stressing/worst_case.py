"""The worst core move within a distance, on the engine itself."""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.rays import Field, field, rays

STARTS = 4  # rays that a search begins at, the closed form and rest aside
ROUNDS, HALVINGS = 60, 12
GAINED = 1e-12  # of the P&L, in a round
FURTHEST = 100.0  # radius


class Worst(NamedTuple):
    """Core moves (G, K) in logs, their distance, P&L, and that of the closed form."""

    moves: Matrix
    distance: Vector
    pnl: Vector
    linear: Vector


def worst_within(profit: Profit, covariance: Matrix, radius: float) -> Worst:
    """Return the core move within a Mahalanobis radius that loses most, of each group.

    From the closed form ``-k w / |w|`` and the worst places of rays to that radius, by
    steps towards the worst of the tangent (Frank and Wolfe 1956), as far as each pays.
    The worst of all places met.

    Parameters
    ----------
    profit : Profit
        Of K drivers, G groups.
    covariance : ndarray of shape (K, K)
        Of their log moves over the horizon.
    radius : float
        k > 0.
    """
    of = field(profit, covariance)
    looked = rays(of, radius)
    count, drivers = profit.groups, len(covariance)
    everyone = np.arange(count)
    slope = of.slope(np.zeros((count, drivers)), everyone)
    steep = np.linalg.norm(slope, axis=1)
    linear = -radius * slope / np.maximum(steep, np.finfo(float).tiny)[:, None]
    starts = [linear, np.zeros_like(linear)]
    by_ray = np.argsort(looked.pnl.min(axis=2), axis=1, kind="stable")
    for rank in range(STARTS):
        ray = by_ray[:, rank]
        at = np.argmin(looked.pnl[everyone, ray], axis=1)
        starts.append(of.place(looked.core[ray, at]))
    u = np.vstack(starts)
    groups = np.tile(everyone, len(starts))
    u, pnl = sunk(of, u, groups, radius)
    best = np.argmin(pnl.reshape(-1, count), axis=0)
    ends = u.reshape(-1, count, drivers)[best, everyone]
    return Worst(
        of.core(ends),
        np.linalg.norm(ends, axis=1),
        pnl.reshape(-1, count)[best, everyone],
        -radius * steep,
    )


def sunk(of: Field, u: Matrix, groups: Codes, radius: float) -> tuple[Matrix, Vector]:
    """Return where descents of the P&L inside the radius end, and the P&L there."""
    u, pnl = u.copy(), of.value(u, groups)
    active = np.flatnonzero(np.isfinite(pnl))
    for _ in range(ROUNDS):
        if not len(active):
            break
        slope = of.slope(u[active], groups[active])
        steep = np.maximum(np.linalg.norm(slope, axis=1), np.finfo(float).tiny)
        step = -radius * slope / steep[:, None] - u[active]
        begun, waiting = pnl[active].copy(), np.arange(len(active))
        for halving in range(HALVINGS):
            rows = active[waiting]
            trial = u[rows] + step[waiting] / 2**halving
            made = of.value(trial, groups[rows])
            pays = made < pnl[rows]
            u[rows[pays]], pnl[rows[pays]] = trial[pays], made[pays]
            waiting = waiting[~pays]
            if not len(waiting):
                break
        gained = begun - pnl[active]
        active = active[gained > GAINED * np.abs(begun)]
    return u, pnl
