"""What a hedge is to achieve, checked: which scenarios, limits and how sure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Vector
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.factors.model import FactorModel
from riskplugin.hedging.problem import Goal
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.tables.tabulation import Wanted, chosen_scenarios

MEMORY_BETA = "memory_beta"
Bound = float | tuple[float, float]
MaxLoss = float | Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class TailLimit:
    """A limit on the CVaR of the desk's P&L scenarios, as `measures` has it."""

    max_cvar: float
    alpha: float = 0.05
    method: str = "historical"
    horizon_sessions: int = 1


@dataclass(frozen=True, eq=False, slots=True)
class Aims:
    """What a hedge is to achieve.

    Attributes
    ----------
    scenarios : ScenarioSet
        The S scenarios that it is built for.
    max_loss : ndarray of shape (S,)
        Largest loss allowed, base currency; infinite where none is.
    budget : float
        Most that it may cost; infinite where none is given.
    tail : TailLimit, optional
    exposures : Mapping of str to (float, float)
        Least and most delta-equivalent of a tier, or ``memory_beta``.
    robust : bool
        Whether losses are those at the low end of the band.
    confidence : float
        Level of the band.
    hold_sessions : float
        Sessions for which funding and borrowing are paid.
    trade_sessions : float
        Sessions over which it is traded, at the participation rate.
    """

    scenarios: ScenarioSet
    max_loss: Vector
    budget: float
    tail: TailLimit | None
    exposures: Mapping[str, tuple[float, float]]
    robust: bool
    confidence: float
    hold_sessions: float
    trade_sessions: float

    @property
    def goal(self) -> Goal:
        """The cheapest trades where anything is limited, else the best of a budget."""
        limited = np.isfinite(self.max_loss).any() or self.exposures or self.tail
        return Goal.CHEAPEST if limited else Goal.LEAST_LOSS


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of `hedge` that say what it is to achieve, as they came."""

    scenarios: Wanted = None
    max_loss: MaxLoss = None
    budget: float | None = None
    tail: TailLimit | None = None
    exposures: Mapping[str, Bound] | None = None
    robust: bool = False
    confidence: float | None = None
    hold_sessions: float | None = None
    trade_sessions: float = 1.0


def aims_of(desk: Desk, model: FactorModel, given: Given) -> Aims:
    """Return what is asked for, every fault of it at once.

    Raises
    ------
    UsageError
        If nothing is limited and no budget given, or a figure or name makes no sense.
    ScenarioError
        If a scenario is unknown, or none can be run.
    """
    chosen = chosen_scenarios(desk, model, scenarios_asked(given))
    faults = [*wrong_figures(given), *wrong_names(given, chosen, desk)]
    asked = (given.max_loss, given.budget, given.tail, given.exposures or None)
    if all(a is None for a in asked):
        faults.append("give max_loss, budget, tail or exposures: nothing is asked for")
    if faults:
        raise UsageError("; ".join(faults))
    level = desk.settings.confidence if given.confidence is None else given.confidence
    longest = max(float(s.horizon_sessions) for s in chosen)
    hold = longest if given.hold_sessions is None else float(given.hold_sessions)
    budget = np.inf if given.budget is None else float(given.budget)
    return Aims(
        chosen,
        losses(given.max_loss, chosen),
        budget,
        given.tail,
        bounds(given),
        given.robust,
        level,
        hold,
        float(given.trade_sessions),
    )


def scenarios_asked(given: Given) -> Wanted:
    """Return the scenarios asked for: those that have a limit, if none is named."""
    if given.scenarios is None and isinstance(given.max_loss, Mapping):
        return tuple(given.max_loss)
    return given.scenarios


def losses(max_loss: MaxLoss, chosen: ScenarioSet) -> Vector:
    """Return the largest loss allowed per scenario, (S,); infinite where none is."""
    if max_loss is None:
        return np.full(len(chosen), np.inf)
    if isinstance(max_loss, Mapping):
        return np.array([float(max_loss.get(n, np.inf)) for n in chosen.names()])
    return np.full(len(chosen), float(max_loss))


def ends(bound: Bound) -> tuple[float, float]:
    """Return the least and most of a bound; one figure is on either side of 0."""
    if isinstance(bound, Sequence):
        return float(bound[0]), float(bound[1])
    return -float(bound), float(bound)


def wrong_figures(given: Given) -> Iterator[str]:
    """Yield what is wrong with the figures."""
    of = given.max_loss
    figures = dict(of) if isinstance(of, Mapping) else {"max_loss": of}
    figures |= {"budget": given.budget, "hold_sessions": given.hold_sessions}
    for name, figure in figures.items():
        if figure is not None and not 0 <= float(figure) < np.inf:
            yield f"{name} is {figure}, money or sessions of 0 or more are needed"
    if not 0 < given.trade_sessions < np.inf:
        yield f"trade_sessions is {given.trade_sessions}, more than 0 are needed"
    if given.confidence is not None and not 0 < given.confidence < 1:
        yield f"confidence is {given.confidence}, a level between 0 and 1 is needed"
    if given.tail is not None:
        yield from wrong_tail(given.tail)
    for name, (low, high) in bounds(given).items():
        if not low <= high:
            yield f"exposure {name} is between {low:g} and {high:g}: nothing is"


def wrong_tail(tail: TailLimit) -> Iterator[str]:
    """Yield what is wrong with a limit on the tail."""
    if not np.isfinite(tail.max_cvar):
        yield f"max_cvar is {tail.max_cvar}, a loss in base currency is needed"
    if not 0 < tail.alpha < 1:
        yield f"alpha is {tail.alpha}, a tail between 0 and 1 is needed"


def bounds(given: Given) -> dict[str, tuple[float, float]]:
    """Return the least and most of each exposure that is limited."""
    return {name: ends(bound) for name, bound in (given.exposures or {}).items()}


def wrong_names(given: Given, chosen: ScenarioSet, desk: Desk) -> Iterator[str]:
    """Yield the names of limits that stand for nothing."""
    if isinstance(given.max_loss, Mapping):
        for name in given.max_loss:
            if name not in chosen.names():
                hint = did_you_mean(str(name), chosen.names())
                yield f"max_loss names {name!r}, which is not chosen; {hint}"
    tiers = (*desk.universe.tier_names(), MEMORY_BETA)
    for name in given.exposures or {}:
        if name not in tiers:
            yield f"exposures name {name!r}, no tier; {did_you_mean(name, tiers)}"
