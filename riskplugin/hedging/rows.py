"""Limits as linear rows over trades: exact ones, and tangents of those that curve.

A row says ``coefficients x + relaxed t + constant >= 0``. CVaR, the deviation of a
band and the 3/2 power of the impact are convex, so a tangent never cuts off what is
allowed, and adding the tangent at every point that a solver proposes ends at the
optimum (Kelley 1960).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Vector
from riskplugin.hedging.problem import Goal, Problem, Spread, Tail

SCENARIO, LOW, HIGH, TAIL, BUDGET = "scenario", "low", "high", "tail", "budget"


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One limit: ``coefficients (M,) x + relaxed t + constant >= 0``, and of what."""

    kind: str
    number: int
    coefficients: Vector
    relaxed: float
    constant: float


def gives_way(kind: str, goal: Goal) -> float:
    """Return 1 where a limit of `kind` is missed by t rather than kept."""
    if goal is Goal.LEAST_LOSS:
        return float(kind == SCENARIO)
    return float(goal is Goal.NEAREST and kind != BUDGET)


def linear_rows(problem: Problem, goal: Goal) -> Iterator[Row]:
    """Yield the limits that are linear: scenarios without a band, and exposures."""
    trades = problem.trades
    for s in scenarios_limited(problem, goal):
        if problem.spread is None:
            constant = problem.pnl[s] - floor_of(problem, goal)[s]
            way = gives_way(SCENARIO, goal)
            yield Row(SCENARIO, int(s), trades.gain[s], way, constant)
    for e in np.flatnonzero(np.isfinite(problem.low)):
        own, constant = trades.exposure[e], problem.exposure[e] - problem.low[e]
        yield Row(LOW, int(e), own, gives_way(LOW, goal), constant)
    for e in np.flatnonzero(np.isfinite(problem.high)):
        own, constant = -trades.exposure[e], problem.high[e] - problem.exposure[e]
        yield Row(HIGH, int(e), own, gives_way(HIGH, goal), constant)


def scenarios_limited(problem: Problem, goal: Goal) -> list[int]:
    """Return the scenarios that have a limit, or whose worst loss is looked for."""
    if goal is Goal.LEAST_LOSS:
        return list(range(len(problem.pnl)))
    return [int(s) for s in np.flatnonzero(np.isfinite(problem.floor))]


def floor_of(problem: Problem, goal: Goal) -> Vector:
    """Return the lowest P&L allowed before t gives way, (S,)."""
    return np.zeros_like(problem.pnl) if goal is Goal.LEAST_LOSS else problem.floor


def tangents(problem: Problem, goal: Goal, lots: Vector) -> Iterator[Row]:
    """Yield the tangents at `lots` of the limits that curve."""
    if problem.tail is not None:
        yield tail_tangent(problem, problem.tail, goal, lots)
    if problem.spread is not None:
        for s in scenarios_limited(problem, goal):
            yield band_tangent(problem, problem.spread, (goal, s), lots)
    if np.isfinite(problem.budget):
        yield budget_tangent(problem, lots)


def tail_tangent(problem: Problem, tail: Tail, goal: Goal, lots: Vector) -> Row:
    """Return ``most + w (pnl + sample x) >= 0``, w the weights of the tail at `lots`.

    No weights that a tail may have give more than its own, so it bounds the CVaR.
    """
    weights = tail.weights(problem.sample_after(lots))
    constant = tail.most + float(weights @ tail.pnl)
    own = weights @ problem.trades.sample
    return Row(TAIL, 0, own, gives_way(TAIL, goal), constant)


def band_tangent(
    problem: Problem, spread: Spread, of: tuple[Goal, int], lots: Vector
) -> Row:
    """Return the low end of a scenario's band, its deviation by the tangent at `lots`.

    ``|root (1, x)| >= g (1, x)`` for the gradient ``g = root' root (1, x) / |.|``.
    """
    goal, s = of
    joint = spread.joint(lots)[s]
    size = float(np.linalg.norm(joint))
    slope = spread.root[s].T @ joint / size if size > 0 else 0.0 * spread.root[s, 0]
    slope = spread.z * slope
    constant = problem.pnl[s] - floor_of(problem, goal)[s] - spread.further[s]
    own = problem.trades.gain[s] - slope[1:]
    way = gives_way(SCENARIO, goal)
    return Row(SCENARIO, s, own, way, float(constant - slope[0]))


def budget_tangent(problem: Problem, lots: Vector) -> Row:
    """Return the budget, the cost by its tangent at `lots`.

    ``a x^(3/2) >= a (1.5 sqrt(x0) x - 0.5 x0^(3/2))``.
    """
    trades, root = problem.trades, np.sqrt(lots)
    slope = trades.cost + 1.5 * trades.impact * root
    constant = problem.budget + 0.5 * float(trades.impact @ (lots * root))
    return Row(BUDGET, 0, -slope, 0.0, constant)
