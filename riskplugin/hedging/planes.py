"""The same problem by cutting planes: linear programmes of HiGHS, through scipy.

What curves is replaced by its tangents, and the tangents at each answer are added until
nothing is missed by more than `TOLERANCE` of the unit (Kelley 1960). Where all is
linear that is one linear programme.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.hedging.attempt import Attempt, Status
from riskplugin.hedging.problem import Goal, Problem, Shadow
from riskplugin.hedging.rows import (
    BUDGET,
    HIGH,
    LOW,
    SCENARIO,
    TAIL,
    Row,
    linear_rows,
    tangents,
)

SOLVER = "HiGHS"
TOLERANCE = 1e-6  # of the unit: ten times what HiGHS itself calls nothing
ROUNDS = 500
BOX = 1e6  # times the scale: as good as no end
FIRST = (0.0, *2.0 ** np.arange(-16, 3))  # of the scale: where tangents begin
ENDED = {2: Status.INFEASIBLE, 3: Status.UNBOUNDED}  # scipy's numbers


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What a linear programme says: lots (M,), t in money, cost of impact (I,)."""

    status: Status
    words: str
    lots: Vector
    way: float
    impact: Vector
    prices: Vector
    cap_prices: Vector


@dataclass(slots=True)
class Planes:
    """A problem with the tangents that it has so far.

    `impacts` holds per tangent the trade, its slope and its constant.
    """

    problem: Problem
    goal: Goal
    rows: list[Row] = field(default_factory=list)
    impacts: list[tuple[int, float, float]] = field(default_factory=list)

    def touch(self, lots: Vector) -> None:
        """Add all tangents at `lots`."""
        self.rows += tangents(self.problem, self.goal, lots)
        self.touch_impact(lots, np.flatnonzero(self.problem.trades.impact > 0))

    def touch_impact(self, lots: Vector, trades: Codes) -> None:
        """Add the tangent of the cost of impact of some trades: ``a x^(3/2)``."""
        for m in trades:
            a, x = float(self.problem.trades.impact[m]), float(lots[m])
            self.impacts.append((int(m), 1.5 * a * x**0.5, -0.5 * a * x**1.5))

    def answer(self) -> Answer:
        """Return the optimum of the linear programme as it stands."""
        from scipy.optimize import linprog  # noqa: PLC0415 - only for hedges

        problem, goal, count = self.problem, self.goal, len(self.problem.trades)
        unit, scale = problem.unit, problem.scale
        dear = np.flatnonzero(problem.trades.impact > 0)
        paid = problem.dear if goal is Goal.CHEAPEST else 1.0
        aim = np.zeros(count + 1 + len(dear))
        if goal is Goal.CHEAPEST:
            aim[:count] = problem.trades.cost * scale / unit / paid
            aim[count + 1 :] = 1.0
        else:
            aim[:count], aim[count] = problem.tie * scale, 1.0
        least_way = None if goal is Goal.LEAST_LOSS else 0.0
        most_way = 0.0 if goal is Goal.CHEAPEST else None
        caps = np.minimum(problem.trades.most / scale, BOX)
        bounds: Any = [(0.0, float(c)) for c in caps]
        bounds += [(least_way, most_way), *[(0.0, None)] * len(dear)]
        upper, right = self.table(dear)
        done: Any = linprog(aim, upper, right, bounds=bounds, method="highs")
        words = f"{SOLVER}: {done.message}"
        if done.status != 0:
            status, none = ENDED.get(done.status, Status.FAILED), np.zeros(count)
            return Answer(status, words, none, 0.0, none, none, none)
        return Answer(
            Status.OPTIMAL,
            f"{SOLVER}: optimal",
            np.maximum(done.x[:count], 0.0) * scale,
            float(done.x[count]) * unit,
            done.x[count + 1 :] * unit * problem.dear,
            -done.ineqlin.marginals * paid,
            -done.upper.marginals[:count] * paid * unit / scale,
        )

    def table(self, dear: Codes) -> tuple[Matrix, Vector]:
        """Return the rows as ``upper v <= right`` for v = (y, t, z), in units.

        z, the cost of impact, counts in ``unit x dear``.
        """
        unit, scale = self.problem.unit, self.problem.scale
        money = unit * self.problem.dear
        count, place = len(scale), {int(m): i for i, m in enumerate(dear)}
        upper = np.zeros((len(self.rows) + len(self.impacts), count + 1 + len(dear)))
        right = np.zeros(len(upper))
        for i, row in enumerate(self.rows):
            upper[i, :count] = -row.coefficients * scale / unit
            upper[i, count], right[i] = -row.relaxed, row.constant / unit
        for i, (m, slope, constant) in enumerate(self.impacts, start=len(self.rows)):
            upper[i, m] = slope * scale[m] / money
            upper[i, count + 1 + place[m]] = -1.0
            right[i] = -constant / money
        return upper, right

    def refined(self, answer: Answer) -> bool:
        """Add the tangents that `answer` misses; return whether there were any."""
        least = -TOLERANCE * self.problem.unit
        new = [
            row
            for row in tangents(self.problem, self.goal, answer.lots)
            if row.coefficients @ answer.lots + row.relaxed * answer.way + row.constant
            < least
        ]
        self.rows += new
        if self.goal is not Goal.CHEAPEST:
            return bool(new)
        dear = np.flatnonzero(self.problem.trades.impact > 0)
        paid = self.problem.trades.impact[dear] * answer.lots[dear] ** 1.5
        short = dear[paid - answer.impact > -least * self.problem.dear]
        self.touch_impact(answer.lots, short)
        return bool(new) or len(short) > 0


def by_planes(problem: Problem, goal: Goal) -> Attempt:
    """Return what linear programmes make of `problem`."""
    planes = Planes(problem, goal, [*linear_rows(problem, goal)])
    for share in FIRST:
        planes.touch(share * problem.scale)
    none = np.zeros(len(problem.trades))
    for _ in range(ROUNDS):
        answer = planes.answer()
        if answer.status is not Status.OPTIMAL:
            return Attempt(answer.status, answer.words, none)
        if not planes.refined(answer):
            return ended(planes, answer)
    return Attempt(Status.FAILED, f"{SOLVER}: {ROUNDS} rounds were too few", none)


def ended(planes: Planes, answer: Answer) -> Attempt:
    """Return the attempt of an answer that misses nothing."""
    problem = planes.problem
    if endless(problem, answer.lots).any():
        return Attempt(Status.UNBOUNDED, f"{SOLVER}: unbounded", answer.lots)
    return Attempt(
        Status.OPTIMAL, answer.words, answer.lots, answer.way, shadow(planes, answer)
    )


def endless(problem: Problem, lots: Vector) -> Flags:
    """Return which trades have no cap and grow to the end of the box, (M,)."""
    capped = np.isfinite(problem.trades.most)
    return np.asarray(~capped & (lots >= problem.scale * BOX * (1 - 1e-6)))


def shadow(planes: Planes, answer: Answer) -> Shadow:
    """Return what each limit costs: the dual values of its rows together."""
    problem = planes.problem
    sizes = {SCENARIO: len(problem.pnl), LOW: len(problem.low), TAIL: 1, BUDGET: 1}
    prices = {kind: np.zeros(size) for kind, size in sizes.items()}
    prices[HIGH] = np.zeros(len(problem.high))
    for row, price in zip(planes.rows, answer.prices, strict=False):
        prices[row.kind][row.number] += price
    return Shadow(
        prices[SCENARIO],
        prices[LOW],
        prices[HIGH],
        float(prices[TAIL][0]),
        float(prices[BUDGET][0]),
        answer.cap_prices,
    )
