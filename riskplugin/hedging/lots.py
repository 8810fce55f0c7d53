"""Whole lots: a small integer programme around the answer that is not rounded.

Each instrument may take a few whole numbers of lots around its answer. Going up from
the lowest, each step to the next is a 0-1 variable with its own exact cost and P&L; per
lot, costs rise and P&L falls from one to the next, so the first are always taken first
and sums are exact. Limits that curve are tangents, added at each answer until none is
missed.

Where lots are of unlike size, a few small ones cannot make up for what rounding a large
one leaves. Then numbers further off stand in as well, each twice as far as the last,
and the answer is looked at closely again.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.hedging.integers import Programme, integer_optimum
from riskplugin.hedging.problem import Goal, Problem
from riskplugin.hedging.rows import Row, linear_rows, tangents

AROUND = (2, 6, 20)  # lots either way that are looked at, one after the other
CLOSER = 6  # times at most that an answer with numbers far off is looked at again
SETTLED = 1e-4  # of the cost: once this saves less, it is not
DUST = 1e-3  # of all that trades do: less is not worth an order
ROUNDS = 60
FEASIBLE = 1e-9  # of a row: what the solver calls nothing
TOLERANCE = 1e-9  # of a step, by which a limit may be missed
EPSILON = 1e-13
TINY = np.finfo(float).tiny


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """Numbers of lots around an answer, as a start and single steps up.

    Attributes
    ----------
    start : ndarray of shape (M,)
        Lots of each trade where no step is taken.
    change : ndarray of shape (M, J)
        What each step does to them: one lot less sold, or one more bought.
    cost : ndarray of shape (J,)
        What each step costs.
    """

    start: Vector
    change: Matrix
    cost: Vector

    def lots(self, taken: Vector) -> Vector:
        """Return the lots after the steps `taken` (J,) of 0 and 1."""
        after: Vector = np.round(self.start + self.change @ taken)
        return after


def steps_around(
    problem: Problem, lots: Vector, around: int, reach: Vector | None = None
) -> Steps:
    """Return all whole numbers within `around` of `lots`, caps kept.

    With some of those within `reach` (M,), each twice as far as the one before.
    """
    start, changes, costs = np.zeros(len(lots)), list[Vector](), list[float]()
    for instrument in np.unique(problem.trades.instrument):
        own = problem.trades.instrument == instrument
        far = 0.0 if reach is None else float(reach[own].max())
        numbers = whole_numbers(problem, lots, int(instrument), (around, far))
        points = [sides(problem, int(instrument), n) for n in numbers]
        start += points[0]
        for before, after in pairwise(points):
            changes.append(after - before)
            costs.append(problem.cost(after) - problem.cost(before))
    change = np.array(changes).reshape(len(changes), len(lots)).T
    return Steps(start, change, np.array(costs))


def whole_numbers(
    problem: Problem, lots: Vector, instrument: int, within: tuple[int, float]
) -> list[int]:
    """Return the signed numbers of lots that an instrument may take.

    `within` are the lots either way of which all are meant, and those of which some.
    """
    trades, (around, reach) = problem.trades, within
    own = np.flatnonzero(trades.instrument == instrument)
    net = float(trades.sign[own] @ lots[own])
    caps = np.minimum(np.floor(trades.most[own] * (1 + 1e-12)), 2.0**53)
    lowest = -float(caps[trades.sign[own] < 0].sum())
    highest = float(caps[trades.sign[own] > 0].sum())
    first = min(max(np.floor(net + 1e-9) - around + 1, lowest), highest)
    last = max(min(np.ceil(net - 1e-9) + around - 1, highest), lowest)
    numbers = {*range(int(first), int(last) + 1)}
    off = 2 * around
    while off <= min(reach, 2.0**52):
        numbers |= {int(max(first - off, lowest)), int(min(last + off, highest))}
        off *= 2
    return sorted(numbers)


def sides(problem: Problem, instrument: int, number: int) -> Vector:
    """Return the trades (M,) that make up a signed number of lots."""
    trades = problem.trades
    wanted = (trades.instrument == instrument) & (trades.sign == np.sign(number))
    made: Vector = np.where(wanted, float(abs(number)), 0.0)
    return made


def in_lots(problem: Problem, goal: Goal, lots: Vector) -> Vector | None:
    """Return whole lots near `lots` that keep every limit; None if none do.

    Without trades that do next to nothing, if there is such an answer.
    """
    if goal is not Goal.NEAREST:
        fewer = without_dust(problem, lots)
        found = nearby(fewer, goal, np.minimum(lots, fewer.trades.most), AROUND[:1])
        if found is not None:
            return cheaper(fewer, goal, lots, found)
    return nearby(problem, goal, lots, AROUND)


def cheaper(problem: Problem, goal: Goal, lots: Vector, found: Vector) -> Vector:
    """Return `found`, or what is cheaper further off if rounding `lots` cost much."""
    cost = problem.cost(lots)
    if goal is not Goal.CHEAPEST or problem.cost(found) <= cost + DUST * abs(cost):
        return found
    other = further_off(problem, goal, found)
    return found if other is None else min(found, other, key=problem.cost)


def without_dust(problem: Problem, lots: Vector) -> Problem:
    """Return the problem without trades that do next to nothing in `lots` (M,)."""
    trades = problem.trades
    moved = moves(problem) * lots
    dust = moved <= DUST * moved.sum()
    return replace(
        problem, trades=replace(trades, most=np.where(dust, 0.0, trades.most))
    )


def moves(problem: Problem) -> Vector:
    """Return by how much a lot of each trade moves any P&L at most, (M,)."""
    most: Vector = np.abs(problem.trades.gain).max(axis=0, initial=0.0)
    return most


def nearby(
    problem: Problem, goal: Goal, lots: Vector, arounds: tuple[int, ...]
) -> Vector | None:
    """Return whole lots within each of `arounds` in turn, or else further off."""
    for around in arounds:
        found = among(problem, goal, steps_around(problem, lots, around))
        if found is not None:
            return found
    return further_off(problem, goal, lots)


def further_off(problem: Problem, goal: Goal, lots: Vector) -> Vector | None:
    """Return whole lots where small ones make up for the rounding of large ones."""
    size = moves(problem)
    used = size * (problem.trades.most > 0)
    reach = 2 * np.divide(
        used.max(initial=0.0) + DUST * (size @ lots),
        size,
        out=np.zeros_like(size),
        where=size > 0,
    )
    best = among(problem, goal, steps_around(problem, lots, AROUND[0], reach))
    if best is None or goal is not Goal.CHEAPEST:
        return best
    for _ in range(CLOSER):
        found = among(problem, goal, steps_around(problem, best, AROUND[0], reach))
        saved = 0.0 if found is None else problem.cost(best) - problem.cost(found)
        best = found if found is not None and saved > 0 else best
        if saved <= SETTLED * abs(problem.cost(best)):
            break
    return best


def among(problem: Problem, goal: Goal, steps: Steps) -> Vector | None:
    """Return the best whole lots among `steps`; None if none keeps every limit."""
    rows = [*linear_rows(problem, goal), *tangents(problem, goal, steps.start)]
    lots = None
    for _ in range(ROUNDS):
        answer = chosen(problem, goal, steps, rows)
        if answer is None:
            return None
        lots, _way = answer
        new = [
            row
            for row in tangents(problem, goal, lots)
            if missed_by(row, answer) > allowed(row, steps, problem.unit)
        ]
        broken = [
            i
            for i, row in enumerate(rows)
            if missed_by(row, answer) > allowed(row, steps, problem.unit)
        ]
        if not new and not broken:
            return lots
        for i in broken:
            shift = 2 * FEASIBLE * size_of(rows[i], steps, problem.unit)
            rows[i] = replace(rows[i], constant=rows[i].constant - shift)
        rows += new
    return lots if goal is not Goal.CHEAPEST else None


def missed_by(row: Row, answer: tuple[Vector, float]) -> float:
    """Return by how much money a limit is missed."""
    lots, way = answer
    return -float(row.coefficients @ lots + row.relaxed * way + row.constant)


def size_of(row: Row, steps: Steps, unit: float) -> float:
    """Return the money that a row counts in: what a step moves it by at most.

    `unit` where t, which is not whole, has a part in it.
    """
    most = float(np.abs(row.coefficients @ steps.change).max(initial=0.0))
    return unit if row.relaxed or most == 0 else most


def allowed(row: Row, steps: Steps, unit: float) -> float:
    """Return by how much money a row may be missed: rounding, or what t leaves."""
    size = size_of(row, steps, unit)
    return 2 * FEASIBLE * size if row.relaxed else TOLERANCE * size + EPSILON * unit


def chosen(
    problem: Problem, goal: Goal, steps: Steps, rows: list[Row]
) -> tuple[Vector, float] | None:
    """Return the lots of the integer programme as it stands, and t in money."""
    unit, count = problem.unit, steps.change.shape[1]
    aim = np.zeros(count + 1)
    if goal is Goal.CHEAPEST:
        aim[:count] = steps.cost / max(np.abs(steps.cost).max(initial=0.0), TINY)
    else:
        aim[:count], aim[count] = problem.tie @ steps.change, 1.0
    least = -np.inf if goal is Goal.LEAST_LOSS else 0.0
    most = 0.0 if goal is Goal.CHEAPEST else np.inf
    table, right = in_steps(rows, steps, unit)
    found = integer_optimum(Programme(aim, table, right, (least, most)))
    if found is None:
        return None
    return steps.lots(np.round(found[:count])), float(found[count]) * unit


def in_steps(rows: list[Row], steps: Steps, unit: float) -> tuple[Matrix, Vector]:
    """Return rows over trades as rows over steps and t, each in money of its size."""
    count = len(steps.start)
    coefficients = np.array([row.coefficients for row in rows]).reshape(-1, count)
    relaxed = np.array([row.relaxed for row in rows])
    constants = np.array([row.constant for row in rows]) + coefficients @ steps.start
    size = np.array([size_of(row, steps, unit) for row in rows])
    own = coefficients @ steps.change / size[:, None]
    return np.column_stack([own, relaxed * unit / size]), -constants / size
