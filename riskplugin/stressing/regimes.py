"""Scenarios of several propagations, each resolved against the model of its regime."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby

import numpy as np

from riskplugin._typing import Codes
from riskplugin.book import Book, Grouping
from riskplugin.errors import ModelError, ScenarioError
from riskplugin.factors.model import HISTORICAL, FactorModel
from riskplugin.factors.regimes import Regime, regime_of
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.engine import Stressed, stress_groups
from riskplugin.stressing.shock import (
    ShockGrid,
    core_moves,
    misfits,
    missing_drivers,
    shock_grid,
)
from riskplugin.universe import Universe


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """The scenarios of a set that one model serves.

    Attributes
    ----------
    rows : ndarray of int, shape (S,)
        Their places in the set, ascending.
    scenarios : ScenarioSet
    grid : ShockGrid
    """

    rows: Codes
    scenarios: ScenarioSet
    grid: ShockGrid


def parts(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> tuple[Part, ...]:
    """Resolve `scenarios`, those that one model serves together.

    `model` is that of all history. What a scenario gives is the same to the last bit
    whichever stand beside it.

    Raises
    ------
    ScenarioError
        With every scenario that names what the desk does not know, or whose regime
        cannot be told from the desk's prices.
    """
    served, faults = models_of(scenarios, model, universe)
    rows_of: dict[FactorModel, list[int]] = {}
    for row, own in served.items():
        rows_of.setdefault(own, []).append(row)
    found = []
    for own, rows in (rows_of or {model: []}).items():
        some = ScenarioSet(tuple(scenarios.scenarios[row] for row in rows))
        try:
            grid = shock_grid(some, own, universe)
            found.append(Part(np.array(rows, dtype=np.int64), some, grid))
        except ScenarioError as error:
            faults.append(str(error))
    if faults:
        raise ScenarioError("\n".join(faults))
    return tuple(found)


def runs(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> tuple[tuple[FactorModel, ScenarioSet], ...]:
    """Return the scenarios in their order, as far as one model serves those in a row.

    Raises
    ------
    ScenarioError
        With every scenario whose regime cannot be told from the desk's prices.
    """
    served, faults = models_of(scenarios, model, universe)
    if faults:
        raise ScenarioError("\n".join(faults))
    return tuple(
        (own, ScenarioSet(tuple(scenarios.scenarios[row] for row, _ in some)))
        for own, some in groupby(served.items(), key=lambda item: item[1])
    )


def models_of(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> tuple[dict[int, FactorModel], list[str]]:
    """Return the model that serves each scenario, by place, and why others have none.

    A scenario by all history is not looked at.
    """
    served, faults = {}, []
    for row, scenario in enumerate(scenarios):
        if scenario.propagation == HISTORICAL:
            served[row] = model
            continue
        try:
            served[row] = regime_for(scenario, model, universe).model
        except ScenarioError as error:
            faults.append(str(error))
    return served, faults


def regime_for(scenario: Scenario, model: FactorModel, universe: Universe) -> Regime:
    """Return the regime that a scenario spreads in.

    Raises
    ------
    ScenarioError
        If it names what the desk does not know, or the regime cannot be told; with
        the reason, and what can be reached.
    """
    plain = replace(scenario, propagation=HISTORICAL)
    faults = list(misfits(plain, model, universe))
    if faults:
        raise ScenarioError("\n".join(faults))
    found = regime_or_reason(scenario, model)
    if isinstance(found, Regime):
        return found
    raise ScenarioError(f"scenario {scenario.name!r} {found}")


def regime_or_reason(scenario: Scenario, model: FactorModel) -> Regime | str:
    """Return the regime of a scenario whose drivers are known, or why it has none."""
    core, moves = core_moves(ScenarioSet((scenario,)), model)
    horizon = float(scenario.horizon_sessions)
    try:
        return regime_of(model, scenario.propagation, core[0], moves[0], horizon)
    except ModelError as error:
        return f"has no {scenario.propagation} regime: {error}"


def not_runnable(scenario: Scenario, model: FactorModel) -> Iterator[tuple[str, str]]:
    """Yield why a scenario cannot be run with the desk's prices, and what to do."""
    hint = "give prices of its members, or name others under [drivers]"
    faults = [(fault, hint) for fault in missing_drivers(scenario, model)]
    yield from faults
    if not faults and scenario.propagation != HISTORICAL:
        found = regime_or_reason(scenario, model)
        if isinstance(found, str):
            yield found, "take another propagation, or prices that reach further back"


def stress_parts(
    book: Book,
    grouping: Grouping,
    of: Sequence[Part],
    confidence: float,
    unwind_share: float,
) -> Stressed:
    """Return what `stress_groups` does of every part, scenarios in their order."""
    done = [
        stress_groups(book, grouping, part.grid, confidence, unwind_share)
        for part in of
    ]
    if len(done) == 1:
        return done[0]
    scenarios = sum(len(part.rows) for part in of)
    whole = Stressed(*np.zeros((len(fields(Stressed)), len(grouping), scenarios)))
    for part, found in zip(of, done, strict=True):
        for f in fields(Stressed):
            getattr(whole, f.name)[:, part.rows] = getattr(found, f.name)
    return whole
