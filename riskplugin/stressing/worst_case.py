"""The worst core move within a distance, on the engine itself."""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.stressing.combing import deepened
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.rays import Field, field, rays

STARTS = 8  # rays that a search begins at, the closed form and rest aside
ROUNDS, HALVINGS = 60, 12
GAINED = 1e-12  # of the P&L, in a round
STRAIGHT = 1e-8  # cosine from one, of a slope that leaves the rim
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
    steps towards the worst of the tangent (Frank and Wolfe 1956), as far as each pays;
    where that does not settle on the rim, by sequential least squares (Kraft 1988) and
    ever finer fans. The worst of all places met.

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
    lowest = pnl.reshape(-1, count)[best, everyone]
    for g in np.flatnonzero(~on_rim(of, ends, radius) & np.isfinite(lowest)):
        further = descended(of, ends[g], int(g), radius)
        begun = (
            ends[g]
            if of.value(further[None], np.array([g]))[0] > lowest[g]
            else further
        )
        ends[g] = deepened(of, begun, int(g), radius)
        lowest[g] = of.value(ends[[g]], np.array([g]))[0]
    idle = of.value(np.zeros_like(ends), everyone)
    distance = np.linalg.norm(ends, axis=1)
    return Worst(of.core(ends), distance, lowest, idle - radius * steep)


def on_rim(of: Field, u: Matrix, radius: float) -> Flags:
    """Whether the P&L at u (G, K), a place a group, falls straight out of the rim."""
    slope = of.slope(u, np.arange(len(u)))
    steep = np.linalg.norm(slope, axis=1)
    out = -(slope * u).sum(axis=1)
    flags: Flags = out >= (1 - STRAIGHT) * radius * steep
    return flags


def descended(of: Field, start: Vector, group: int, radius: float) -> Vector:
    """Return where a descent of the P&L of a group inside the radius ends, (K,)."""
    from scipy.optimize import minimize  # noqa: PLC0415

    groups = np.array([group])
    size = max(abs(float(of.value(start[None], groups)[0])), np.finfo(float).tiny)

    def pnl(u: Vector) -> float:
        return float(of.value(u[None], groups)[0]) / size

    def slope(u: Vector) -> Vector:
        along: Vector = of.slope(u[None], groups)[0] / size
        return along

    def room(u: Vector) -> float:
        return float(1.0 - u @ u / radius**2)

    def less_room(u: Vector) -> Vector:
        along: Vector = -2 * u / radius**2
        return along

    ended = minimize(
        pnl,
        start,
        jac=slope,
        method="SLSQP",
        bounds=[(-radius, radius)] * len(start),
        constraints={"type": "ineq", "fun": room, "jac": less_room},
        options={"maxiter": 100, "ftol": 1e-14},
    )
    end = np.asarray(ended.x, dtype=np.float64)
    inside: Vector = end * min(1.0, radius / max(float(np.linalg.norm(end)), radius))
    return inside


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
