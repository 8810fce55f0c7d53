"""The whole problem as one cone programme, by cvxpy.

Linear costs, the impact as a power cone, CVaR by its auxiliary variables (Rockafellar
and Uryasev 2000), bands as second-order cones. Money counts in ``problem.unit`` and
trades in ``problem.scale``, so that all figures are near 1.
"""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from riskplugin._typing import Vector
from riskplugin.hedging.attempt import Attempt, Status
from riskplugin.hedging.problem import Goal, Problem, Shadow
from riskplugin.hedging.rows import (
    BUDGET,
    HIGH,
    LOW,
    SCENARIO,
    TAIL,
    floor_of,
    gives_way,
    scenarios_limited,
)

if TYPE_CHECKING:
    import cvxpy

SOLVER = "CLARABEL"
TOLERANCES = {"tol_gap_abs": 1e-7, "tol_gap_rel": 1e-7}  # whole lots are finer
ENDED = {
    "optimal": Status.OPTIMAL,
    "optimal_inaccurate": Status.OPTIMAL,  # if it keeps the limits
    "infeasible": Status.INFEASIBLE,
    "unbounded": Status.UNBOUNDED,
}
MOST = "most"
SLIP = 1e-6  # of the unit, by which an answer may miss limits


def by_cone(problem: Problem, goal: Goal) -> Attempt:
    """Return what the cone solver makes of `problem`.

    Anything but a clean end counts as failed, for another solver to try; and so does
    an answer that misses limits.
    """
    import cvxpy  # noqa: PLC0415 - seconds, only for hedges

    cp: Any = cvxpy
    count = len(problem.trades)
    share, way = cp.Variable(count, nonneg=True), cp.Variable()
    limits = constraints(problem, goal, share, way)
    cost = cost_of(problem, share)
    tie = (problem.tie * problem.scale) @ share
    paid = problem.dear if goal is Goal.CHEAPEST else 1.0
    aim = cost / paid if goal is Goal.CHEAPEST else way + tie
    still = [way == 0] if goal is Goal.CHEAPEST else []
    still += [way >= 0] if goal is Goal.NEAREST else []
    programme = cp.Problem(cp.Minimize(aim), [*limits.values(), *still])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the status says it, and counts as failed
            programme.solve(solver=SOLVER, **TOLERANCES)
    except cp.SolverError:
        return Attempt(Status.FAILED, f"{SOLVER}: failed", np.zeros(count))
    status = ENDED.get(programme.status, Status.FAILED)
    named = f"{SOLVER}: {programme.status}"
    if status is not Status.OPTIMAL:
        return Attempt(status, named, np.zeros(count))
    lots = np.maximum(np.asarray(share.value), 0.0) * problem.scale
    missed = 0.0 if goal is Goal.CHEAPEST else float(way.value) * problem.unit
    if goal is not Goal.LEAST_LOSS and problem.missed(lots) - missed > slip(problem):
        return Attempt(Status.FAILED, f"{named}, limits missed", np.zeros(count))
    return Attempt(status, named, lots, missed, shadow_of(problem, limits, paid))


def slip(problem: Problem) -> float:
    """Return by how much money an answer may miss limits."""
    return SLIP * problem.unit


def constraints(
    problem: Problem, goal: Goal, share: "cvxpy.Variable", way: "cvxpy.Variable"
) -> dict[tuple[str, int], Any]:
    """Return the limits by kind and number; money in `unit`, trades in `scale`."""
    trades, unit, scale = problem.trades, problem.unit, problem.scale
    found: dict[tuple[str, int], Any] = {}
    floor, gain = floor_of(problem, goal) / unit, trades.gain * scale / unit
    for s in scenarios_limited(problem, goal):
        left = problem.pnl[s] / unit + gain[s] @ share - floor[s]
        left = left - band(problem, s, share) + gives_way(SCENARIO, goal) * way
        found[SCENARIO, s] = left >= 0
    exposure = trades.exposure * scale / unit
    for e in range(len(problem.exposure)):
        after = problem.exposure[e] / unit + exposure[e] @ share
        if np.isfinite(problem.low[e]):
            low = problem.low[e] / unit - gives_way(LOW, goal) * way
            found[LOW, e] = after >= low
        if np.isfinite(problem.high[e]):
            high = problem.high[e] / unit + gives_way(HIGH, goal) * way
            found[HIGH, e] = after <= high
    if problem.tail is not None:
        most = problem.tail.most / unit + gives_way(TAIL, goal) * way
        found[TAIL, 0] = cvar_of(problem, share) <= most
    if np.isfinite(problem.budget):
        found[BUDGET, 0] = cost_of(problem, share) <= problem.budget / unit
    capped = np.flatnonzero(np.isfinite(trades.most))
    if len(capped):
        found[MOST, 0] = share[capped] <= trades.most[capped] / scale[capped]
    return found


def band(problem: Problem, scenario: int, share: "cvxpy.Variable") -> Any:  # noqa: ANN401 - an expression
    """Return how far below its P&L the limit of a scenario looks, in `unit`."""
    import cvxpy  # noqa: PLC0415

    cp: Any = cvxpy
    if problem.spread is None:
        return 0.0
    root = problem.spread.root[scenario] / problem.unit
    joint = root[:, 0] + (root[:, 1:] * problem.scale) @ share
    further = problem.spread.further[scenario] / problem.unit
    return problem.spread.z * cp.norm(joint, 2) + further


def cvar_of(problem: Problem, share: "cvxpy.Variable") -> Any:  # noqa: ANN401
    """Return ``t + p max(-pnl - t, 0) / alpha``, whose least over t is the CVaR."""
    import cvxpy  # noqa: PLC0415

    cp: Any = cvxpy
    tail = problem.tail
    if tail is None:
        return 0.0
    quantile = cp.Variable()
    after = tail.pnl / problem.unit
    after = after + (problem.trades.sample * problem.scale / problem.unit) @ share
    return quantile + (tail.probabilities / tail.alpha) @ cp.pos(-after - quantile)


def cost_of(problem: Problem, share: "cvxpy.Variable") -> Any:  # noqa: ANN401
    """Return the cost in `unit`: linear, and the impact to the power of 3/2."""
    import cvxpy  # noqa: PLC0415

    cp: Any = cvxpy
    trades, unit, scale = problem.trades, problem.unit, problem.scale
    cost: Any = (trades.cost * scale / unit) @ share
    rows = np.flatnonzero(trades.impact > 0)
    if len(rows):
        weight = trades.impact[rows] * scale[rows] ** 1.5 / unit
        cost = cost + weight @ cp.power(share[rows], 1.5)
    return cost


def shadow_of(
    problem: Problem, limits: dict[tuple[str, int], Any], paid: float
) -> Shadow:
    """Return what each limit costs, from the dual values; 0 of what is none.

    `paid` is the money that what was minimised counts in, in `unit`.
    """

    def of(kind: str, size: int) -> Vector:
        values = np.zeros(size)
        for (name, number), limit in limits.items():
            if name == kind:
                values[number] = paid * abs(float(np.ravel(limit.dual_value)[0]))
        return values

    most = np.zeros(len(problem.trades))
    if (MOST, 0) in limits:
        capped = np.flatnonzero(np.isfinite(problem.trades.most))
        dual = paid * np.abs(np.ravel(limits[MOST, 0].dual_value))
        most[capped] = dual * problem.unit / problem.scale[capped]
    return Shadow(
        of(SCENARIO, len(problem.pnl)),
        of(LOW, len(problem.exposure)),
        of(HIGH, len(problem.exposure)),
        float(of(TAIL, 1)[0]),
        float(of(BUDGET, 1)[0]),
        most,
    )
