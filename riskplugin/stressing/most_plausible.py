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
from riskplugin.stressing.combing import combed
from riskplugin.stressing.profit import Profit
from riskplugin.stressing.rays import Field, Rays, field, rays
from riskplugin.stressing.reverse import EXACT, HIGHEST, LOWEST, closed_in, first_lost

STARTS = 6  # places that a search begins at, the closed form aside
ALIKE = 0.95  # cosine of directions that count as one
ALONE = 0.01  # of its distance, that an answer lies from any other
ROUNDS, HALVINGS = 60, 12
SETTLED = 1e-7  # of a step, in Mahalanobis distance
ENOUGH = 1e-4  # of the promised gain, that a step must keep
FAR, DESCENTS = 1.2, 2  # of the nearest distance, and how many go on from there
NEAR = 0.5  # of the loss: who loses less everywhere is not searched further


class Answer(NamedTuple):
    """A core move (K,) in logs, its distance, and the P&L it makes."""

    move: Vector
    distance: float
    pnl: float


def most_plausible(
    profit: Profit, covariance: Matrix, losses: Vector
) -> tuple[list[list[Answer]], Vector]:
    """Return the core moves of each group that lose its loss and no neighbour nearer.

    Sorted by distance; none for a group that loses as much nowhere that was looked at,
    within -95 % and +300 % of every driver. Each is closed in on to 1e-10 of the loss.
    A group that loses as much at rest gets a move of zero. All groups are searched
    together; where that settles on no nearest point, sequential least squares goes on.

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
    rest = np.zeros((profit.groups, len(covariance)))
    idle = of.value(rest, np.arange(profit.groups))
    answers = [
        [Answer(move, 0.0, float(pnl))] if pnl <= -loss else []
        for move, pnl, loss in zip(rest, idle, losses, strict=True)
    ]
    losses = np.where(idle <= -losses, np.inf, losses)
    asked = np.flatnonzero(lowest <= -NEAR * losses)
    reached, met = crossed(of, looked, losses)
    groups, others = begun(of, looked, asked, losses + idle)
    groups = np.append(reached, groups)
    ends, found = slid(of, np.vstack([met, others]), groups, losses[groups])
    lost_way = np.flatnonzero(~found[: len(met)])
    ends[lost_way], found[lost_way] = met[lost_way], True
    settled = nearest(of, ends, groups)
    for g in asked:
        rows = np.flatnonzero(found & (groups == g))
        if len(rows):
            sure = ends[rows[settled[rows]]]
            more = descents(of, ends[rows[~settled[rows]]], sure, (int(g), losses[g]))
            answers[g] = distinct(of, np.vstack([sure, more]), int(g))
    return answers, lowest


def begun(
    of: Field, looked: Rays, asked: Codes, losses: Vector
) -> tuple[Codes, Matrix]:
    """Return where else a search begins: groups (M,) and places u (M, K).

    At the closed form, and at the place that loses most. `losses` (G,) are those that
    rest leaves to lose.
    """
    rest = np.zeros((len(asked), len(of.root)))
    linear = closed_form(of.slope(rest, asked), losses[asked])
    known = np.isfinite(linear).all(axis=1)
    deepest = np.argmin(looked.pnl[asked].reshape(len(asked), looked.distance.size), 1)
    core = looked.core.reshape(-1, len(of.root))[deepest]
    places = np.vstack([linear[known], of.place(core)])
    return np.append(asked[known], asked), of.within(places)


def crossed(of: Field, looked: Rays, losses: Vector) -> tuple[Codes, Matrix]:
    """Return where rays first cross into the loss: groups (M,) and places u (M, K).

    The nearest few of each group, in different directions, each on the surface.
    """
    groups, outer, shares = [], [], []
    for g in range(len(losses)):
        first = first_lost(looked.pnl[g] <= -losses[g])
        for ray in apart(looked, first):
            at = first[ray]
            groups.append(g)
            outer.append(looked.core[ray, at])
            before = looked.distance[ray, at - 1] if at else 0.0
            shares.append(before / looked.distance[ray, at])
    of_row = np.array(groups, dtype=np.int64)
    ends = of.place(np.array(outer).reshape(-1, len(of.root)))

    def excess(share: Vector, row: Codes) -> Vector:
        pnl = of.value(share[:, None] * ends[row], of_row[row])
        return pnl / losses[of_row[row]] + 1.0

    share = closed_in(excess, np.array(shares), np.ones(len(ends)))
    return of_row, share[:, None] * ends


def apart(looked: Rays, first: Codes) -> list[int]:
    """Return the rays whose `first` place is nearest, in different directions.

    -1 for a ray that has none.
    """
    some = np.flatnonzero(first >= 0)
    order = some[np.argsort(looked.distance[some, first[some]], kind="stable")]
    chosen: list[int] = []
    units = looked.core[:, -1] / np.linalg.norm(looked.core[:, -1], axis=1)[:, None]
    for ray in order:
        if all(units[ray] @ units[other] < ALIKE for other in chosen):
            chosen.append(int(ray))
        if len(chosen) == STARTS:
            break
    return chosen


def closed_form(slope: Matrix, losses: Vector) -> Matrix:
    """Return ``-L w / w'w`` for slopes w (G, K) in u; not finite where w is zero.

    The most plausible place that loses L more than rest does if the P&L is linear: in
    log moves ``-L C w / (w' C w)``.
    """
    square = (slope**2).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        places: Matrix = -losses[:, None] * slope / square
    return places


def distinct(of: Field, ends: Matrix, group: int) -> list[Answer]:
    """Return the places (M, K) of one group, nearest first, each of them once."""
    chosen: list[Vector] = []
    for u in ends[np.argsort(np.linalg.norm(ends, axis=1), kind="stable")]:
        gaps = [np.linalg.norm(u - other) for other in chosen]
        if not gaps or min(gaps) > ALONE * np.linalg.norm(u):
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
    method.

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
    return on_surface(of, u, groups, losses)


def descents(
    of: Field, unsettled: Matrix, settled: Matrix, asked: tuple[int, float]
) -> Matrix:
    """Return where descents end from the nearest places that have not settled.

    Those places lie on the surface of the loss of one group, at the end of the range of
    a driver or where the P&L bends sharply. None is gone on from that is much further
    away than what has settled; if nothing has, the nearest one stands.
    """
    group, loss = asked
    size = np.linalg.norm(unsettled, axis=1)
    least = np.linalg.norm(settled, axis=1).min(initial=np.inf)
    least = min(least, size.min(initial=np.inf))
    order = [int(i) for i in np.argsort(size, kind="stable") if size[i] <= FAR * least]
    ends = []
    for row in order[:DESCENTS]:
        end = of.within(descended(of, unsettled[row], group, loss)[None])
        end, met = on_surface(of, end, np.array([group]), np.array([loss]))
        if not (met[0] and np.linalg.norm(end) <= size[row]):
            end = unsettled[[row]]
        ends.append(combed(of, end[0], group, loss))
    return np.array(ends).reshape(-1, unsettled.shape[1])


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
