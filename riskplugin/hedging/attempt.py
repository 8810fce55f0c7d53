"""What a solver says, whichever it was."""

from dataclasses import dataclass
from enum import StrEnum

from riskplugin._typing import Vector
from riskplugin.hedging.problem import Shadow


class Status(StrEnum):
    """How an attempt ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    FAILED = "failed"


@dataclass(frozen=True, eq=False, slots=True)
class Attempt:
    """What one solver makes of a problem.

    Attributes
    ----------
    status : Status
    solver : str
        Its name, and its own word for how it ended.
    lots : ndarray of shape (M,)
        Trades, not rounded; zeros where there is no answer.
    missed : float
        What was minimised beside the cost: the worst loss, or by how much limits are
        missed; 0 of the cheapest.
    shadow : Shadow, optional
        What each limit costs, where the answer is optimal.
    """

    status: Status
    solver: str
    lots: Vector
    missed: float = 0.0
    shadow: Shadow | None = None
