"""Reverse stress by all drivers: the most plausible core move that loses so much.

Mahalanobis distance over the horizon about a mean of zero, in logs. Rays in every
direction find where the loss lies, and from the nearest places the most plausible point
is sought along its surface, on the engine itself. Where the P&L is linear this is the
closed form ``s* = -L C w / (w' C w)``, w the slope of the P&L and C the covariance of
the drivers (Breuer et al. 2009).
"""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.rays import Field, Rays, field, rays
from riskplugin.stressing.reverse import EXACT, HIGHEST, LOWEST, first_lost

STARTS = 4  # places that a search begins at, the closed form aside
ALIKE = 0.95  # cosine of directions that count as one
ROUNDS, HALVINGS = 60, 12
SETTLED = 1e-7  # of a step, in Mahalanobis distance
ENOUGH = 1e-4  # of the promised gain, that a step must keep
NEAR = 0.5  # of the loss: who loses less everywhere is not searched further


class Answer(NamedTuple):
    """A core move (K,) in logs, its distance, and the P&L it makes."""

    move: Vector
    distance: float
    pnl: float


def linear_reverse(slope: Vector, covariance: Matrix, loss: float) -> Vector:
    """Return ``-L C w / (w' C w)``, the most plausible move that loses L if linear.

    NaN where the slope w (K,) is zero.
    """
    along = covariance @ slope
    size = float(slope @ along)
    move: Vector = -loss * along / size if size > 0 else np.full(len(slope), np.nan)
    return move


def linear_worst(slope: Vector, covariance: Matrix, radius: float) -> Vector:
    """Return ``-k C w / sqrt(w' C w)``, the worst move within distance k if linear."""
    along = covariance @ slope
    size = float(slope @ along)
    move: Vector = -radius * along / np.sqrt(size) if size > 0 else np.zeros(len(slope))
    return move


def most_plausible(
    profit: Profit, covariance: Matrix, losses: Vector
) -> tuple[list[list[Answer]], Vector]:
    """Return the core moves of each group that lose its loss and no neighbour nearer.

    Sorted by distance; none for a group that loses as much nowhere that was looked at,
    within -95 % and +300 % of every driver. Each is closed in on to 1e-10 of the loss.
    All groups are searched together.

    Parameters
    ----------
    profit : Profit
        Of K drivers, G groups.
    covariance : ndarray of shape (K, K)
        Of their log moves over the horizon.
    losses : ndarray of shape (G,)
        Above 0; infinite for a group that is not asked.

    Returns
    -------
    answers : list of G lists of Answer
    lowest : ndarray of shape (G,)
        The lowest P&L looked at; NaN where it is not known.
    """
    of = field(profit, covariance)
    looked = rays(of)
    lowest = looked.pnl.min(axis=(1, 2))
    lost = looked.pnl <= -losses[:, None, None]
    reached = np.flatnonzero(lowest <= -NEAR * losses)
    places = [of.place(np.array(begun(looked, int(g), lost[g]))) for g in reached]
    groups = np.repeat(reached, [len(p) for p in places])
    rest = np.zeros((len(reached), len(covariance)))
    linear = closed_form(of.slope(rest, reached), losses[reached])
    known = np.isfinite(linear).all(axis=1)
    starts = np.vstack([linear[known], *places])
    groups = np.append(reached[known], groups)
    ends, found = slid(of, of.within(starts), groups, losses[groups])
    answers: list[list[Answer]] = [[] for _ in losses]
    for g in reached:
        rows = np.flatnonzero(found & (groups == g))
        answers[g] = distinct(of, ends[rows], int(g))
    return answers, lowest


def closed_form(slope: Matrix, losses: Vector) -> Matrix:
    """Return ``-L w / w'w`` for slopes w (G, K) in u; not finite where w is zero.

    The most plausible place that loses L if the P&L is linear: in log moves
    ``-L C w / (w' C w)``.
    """
    square = (slope**2).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        places: Matrix = -losses[:, None] * slope / square
    return places


def begun(looked: Rays, group: int, lost: Flags) -> list[Vector]:
    """Return the nearest core moves that lose enough, in different directions.

    The one that loses most if none does.
    """
    first = first_lost(lost)
    some = np.flatnonzero(first >= 0)
    order = some[np.argsort(looked.distance[some, first[some]], kind="stable")]
    chosen: list[Vector] = []
    for ray in order:
        core = looked.core[ray, first[ray]]
        size = np.linalg.norm(core)
        if all(core @ c < ALIKE * size * np.linalg.norm(c) for c in chosen):
            chosen.append(core)
        if len(chosen) == STARTS:
            break
    pnl = looked.pnl[group]
    deepest = looked.core[np.unravel_index(np.argmin(pnl), pnl.shape)]
    return chosen or [deepest]


def distinct(of: Field, ends: Matrix, group: int) -> list[Answer]:
    """Return the places (M, K) of one group, nearest first, each of them once."""
    chosen: list[Vector] = []
    for u in ends[np.argsort(np.linalg.norm(ends, axis=1), kind="stable")]:
        apart = [np.linalg.norm(u - other) for other in chosen]
        if not apart or min(apart) > 0.01 * np.linalg.norm(u):
            chosen.append(u)
    if not chosen:
        return []
    places = np.array(chosen)
    pnl = of.value(places, np.full(len(places), group))
    return [
        Answer(core, float(np.linalg.norm(u)), float(p))
        for core, u, p in zip(of.core(places), places, pnl, strict=True)
    ]


def slid(
    of: Field, starts: Matrix, groups: Codes, losses: Vector
) -> tuple[Matrix, Flags]:
    """Return where the distance is least along the surface of the loss.

    The steps of Hasofer and Lind (1974) and Rackwitz and Fiessler (1978) to the nearest
    point of the tangent, as far as the sum of half the squared distance and a multiple
    of the miss falls (Zhang and Der Kiureghian 1995); then onto the surface by Newton's
    method. Where that ends on no nearest point, or at the end of the range of a
    driver, sequential least squares (Kraft 1988) goes on from there.

    Parameters
    ----------
    of : Field
    starts : ndarray of shape (M, K)
    groups, losses : ndarray of shape (M,)

    Returns
    -------
    ends : ndarray of shape (M, K)
    found : ndarray of bool, shape (M,)
        Whether the loss is made there, to 1e-10 of it.
    """
    u = starts.copy()
    active = np.arange(len(u))
    for _ in range(ROUNDS):
        if not len(active):
            break
        at, group, loss = u[active], groups[active], losses[active]
        gap = of.value(at, group) / loss + 1.0
        slope = of.slope(at, group) / loss[:, None]
        target = of.within(tangent(at, gap, slope))
        u[active] = stepped(of, (at, target), (gap, slope), (group, loss))
        moved = np.linalg.norm(u[active] - at, axis=1)
        active = active[moved > SETTLED * (1 + np.linalg.norm(at, axis=1))]
    u, found = on_surface(of, u, groups, losses)
    for row in np.flatnonzero(~found | ~nearest(of, u, groups)):
        end = descended(of, u[row], int(groups[row]), float(losses[row]))
        better = np.linalg.norm(end) < np.linalg.norm(u[row]) or not found[row]
        placed, met = on_surface(of, end[None], groups[[row]], losses[[row]])
        if met[0] and better:
            u[row], found[row] = placed[0], True
    return u, found


def tangent(u: Matrix, gap: Vector, slope: Matrix) -> Matrix:
    """Return the point nearest to rest of the tangent at u: ``(w'u - g) w / w'w``."""
    square = np.maximum((slope**2).sum(axis=1), np.finfo(float).tiny)
    share = ((slope * u).sum(axis=1) - gap) / square
    points: Matrix = share[:, None] * slope
    return np.where(np.isfinite(points), points, u)


def stepped(
    of: Field,
    ends: tuple[Matrix, Matrix],
    surface: tuple[Vector, Matrix],
    asked: tuple[Codes, Vector],
) -> Matrix:
    """Return where steps end that go as far towards their targets as it pays."""
    (at, target), (gap, slope), (groups, losses) = ends, surface, asked
    step = target - at
    longest = np.maximum(np.linalg.norm(at, axis=1), np.linalg.norm(target, axis=1))
    steep = np.maximum(np.linalg.norm(slope, axis=1), np.finfo(float).tiny)
    price = 2 * longest / steep + 1.0
    before = 0.5 * (at**2).sum(axis=1) + price * np.abs(gap)
    promised = (at * step).sum(axis=1) - price * np.abs(gap)
    share, out = np.ones(len(at)), at.copy()
    waiting = np.arange(len(at))
    for _ in range(HALVINGS):
        trial = at[waiting] + share[waiting, None] * step[waiting]
        miss = of.value(trial, groups[waiting]) / losses[waiting] + 1.0
        merit = 0.5 * (trial**2).sum(axis=1) + price[waiting] * np.abs(miss)
        least = before[waiting] + ENOUGH * share[waiting] * promised[waiting]
        pays = merit <= least
        out[waiting[pays]] = trial[pays]
        waiting = waiting[~pays]
        if not len(waiting):
            break
        share[waiting] /= 2
    return out


def on_surface(
    of: Field, u: Matrix, groups: Codes, losses: Vector
) -> tuple[Matrix, Flags]:
    """Return places moved onto the surface of the loss, and whether they are on it."""
    u = u.copy()
    for _ in range(8):
        gap = of.value(u, groups) / losses + 1.0
        off = np.flatnonzero(np.abs(gap) > EXACT / 10)
        if not len(off):
            break
        slope = of.slope(u[off], groups[off]) / losses[off, None]
        square = np.maximum((slope**2).sum(axis=1), np.finfo(float).tiny)
        step = -(gap[off] / square)[:, None] * slope
        u[off] = of.within(np.where(np.isfinite(step), u[off] + step, u[off]))
    gap = of.value(u, groups) / losses + 1.0
    return u, np.abs(gap) <= EXACT


def nearest(of: Field, u: Matrix, groups: Codes) -> Flags:
    """Whether each place (M, K) lies along the slope of its P&L, as nearest ones do."""
    slope = of.slope(u, groups)
    steep = np.maximum(np.linalg.norm(slope, axis=1), np.finfo(float).tiny)
    along = (slope * u).sum(axis=1) / steep
    across = u - (along / steep)[:, None] * slope
    flags: Flags = np.linalg.norm(across, axis=1) <= 1e-4 * np.linalg.norm(u, axis=1)
    return flags


def descended(of: Field, start: Vector, group: int, loss: float) -> Vector:
    """Return where sequential least squares (Kraft 1988) ends, from a place (K,).

    In deviations of each driver, so that the range of moves is a box.
    """
    from scipy.optimize import minimize  # noqa: PLC0415

    groups = np.array([group])
    scale = np.sqrt((of.root**2).sum(axis=1))
    to_place = np.asarray(np.linalg.solve(of.root, np.diag(scale)), dtype=np.float64)
    precision = to_place.T @ to_place

    def half_square(z: Vector) -> float:
        return float(0.5 * z @ precision @ z)

    def half_slope(z: Vector) -> Vector:
        slope: Vector = precision @ z
        return slope

    def gap(z: Vector) -> float:
        return float(of.value((to_place @ z)[None], groups)[0]) / loss + 1.0

    def slope(z: Vector) -> Vector:
        along: Vector = of.slope((to_place @ z)[None], groups)[0] @ to_place / loss
        return along

    ended = minimize(
        half_square,
        of.core(start[None])[0] / scale,
        jac=half_slope,
        method="SLSQP",
        bounds=[(LOWEST / float(s), HIGHEST / float(s)) for s in scale],
        constraints={"type": "eq", "fun": gap, "jac": slope},
        options={"maxiter": 100, "ftol": 1e-13},
    )
    place: Vector = to_place @ np.asarray(ended.x, dtype=np.float64)
    return place
