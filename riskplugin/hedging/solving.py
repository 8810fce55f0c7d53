"""From a problem to whole lots, or to the reason why there are none."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.errors import ModelError
from riskplugin.hedging.attempt import Attempt, Status
from riskplugin.hedging.conic import by_cone
from riskplugin.hedging.lots import in_lots
from riskplugin.hedging.planes import by_planes, endless
from riskplugin.hedging.problem import Goal, Problem, Shadow

CLEAN = 1e-7  # of the unit: limits missed by less are met, by another solver


class Outcome(StrEnum):
    """What came of a problem."""

    MET = "met"
    INFEASIBLE = "infeasible"
    NO_WHOLE_LOTS = "no_whole_lots"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """What was decided.

    Attributes
    ----------
    outcome : Outcome
        `MET` keeps every limit; of `INFEASIBLE` and `NO_WHOLE_LOTS` the lots miss them
        by least; of `UNBOUNDED` there are none.
    lots : ndarray of shape (M,)
        Whole.
    exact : ndarray of shape (M,)
        The answer that is not rounded.
    solvers : tuple of str
        Each that was tried, and its own word for how it ended.
    shadow : Shadow, optional
        What each limit costs; none where the problem is unbounded.
    endless : ndarray of bool, shape (M,)
        Trades that nothing holds back.
    """

    outcome: Outcome
    lots: Vector
    exact: Vector
    solvers: tuple[str, ...]
    shadow: Shadow | None
    endless: Flags


def solved(problem: Problem, goal: Goal) -> Solution:
    """Return the whole lots that serve `goal` best.

    By the cone solver; by cutting planes where that fails or says that limits cannot
    be met which then are. Rounded by an integer programme, or to what misses the
    limits by least where none can be kept.

    Raises
    ------
    ModelError
        If both solvers fail.
    """
    attempts = attempted(problem, goal)
    if attempts[-1].status is Status.INFEASIBLE:
        nearest = attempted(problem, Goal.NEAREST)
        again = nearest[-1].missed <= CLEAN * problem.unit
        second = [by_planes(problem, goal)] if again else []
        if second and second[-1].status is Status.OPTIMAL:
            attempts += nearest + second
        else:
            goal, attempts = Goal.NEAREST, attempts + second + nearest
    last, solvers = attempts[-1], tuple(a.solver for a in attempts)
    if last.status is Status.UNBOUNDED:
        free = endless(problem, by_planes(problem, goal).lots)
        none = np.zeros(len(problem.trades))
        return Solution(Outcome.UNBOUNDED, none, none, solvers, None, free)
    if last.status is not Status.OPTIMAL:
        raise ModelError("no solver could decide the hedge: " + "; ".join(solvers))
    return rounded(problem, goal, last, solvers)


def attempted(problem: Problem, goal: Goal) -> list[Attempt]:
    """Return what the cone solver says, and cutting planes where it fails."""
    first = by_cone(problem, goal)
    if first.status is not Status.FAILED:
        return [first]
    return [first, by_planes(problem, goal)]


def rounded(
    problem: Problem, goal: Goal, attempt: Attempt, solvers: tuple[str, ...]
) -> Solution:
    """Return an answer in whole lots."""
    nothing = np.zeros(len(problem.trades), dtype=bool)
    lots = in_lots(problem, goal, attempt.lots)
    outcome = Outcome.INFEASIBLE if goal is Goal.NEAREST else Outcome.MET
    if lots is None:
        outcome = Outcome.NO_WHOLE_LOTS
        lots = in_lots(problem, Goal.NEAREST, attempt.lots)
    if lots is None:
        raise ModelError("no whole lots were found within the caps")
    return Solution(outcome, lots, attempt.lots, solvers, attempt.shadow, nothing)
