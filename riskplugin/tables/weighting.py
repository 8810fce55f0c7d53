"""Scenarios with the desk's weights, beside the worst without them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.book import grouped
from riskplugin.cycle.phases import PHASES
from riskplugin.cycle.signals import UNKNOWN
from riskplugin.desk import Desk
from riskplugin.errors import ScenarioError
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import MOST, ScenarioSet
from riskplugin.stressing.regimes import parts, stress_parts
from riskplugin.tables.tabulation import keys_in, keys_of


def by_phase(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    confidence: float,
    phase: str,
) -> Table:
    """Return the same with the weights that the desk gives to a phase of the cycle.

    With phase, and reason where there are none. No scenario is taken away: one without
    a weight may be the worst.
    """
    weights = desk.settings.phase_weights.get(phase, {})
    chosen = ScenarioSet(
        tuple(replace(s, weight=weights.get(s.name)) for s in scenarios)
    )
    found = weighted_table(desk, model, chosen, by, confidence)
    columns: dict[str, object] = {c: found[c].to_numpy() for c in found.columns}
    columns["phase"] = [phase] * len(found)
    columns["reason"] = [why_not(phase, weights, chosen.names())] * len(found)
    return table("weighted_by_phase", desk.as_of, columns)


def why_not(phase: str, weights: Mapping[str, float], run: Iterable[str]) -> str:
    """Return why nothing is weighted, or what with a weight is not run; else ""."""
    lacking = sorted(set(weights) - set(run))
    if not weights:
        return f"no weights for the phase {phase} in [cycle.weights]: unweighted"
    return f"with a weight and not run: {', '.join(lacking)}" if lacking else ""


def every_phase(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    confidence: float,
    phase: str,
) -> Table:
    """Return the whole desk by each phase that has weights, and by the one called."""
    phases = [
        p for p in (*PHASES, UNKNOWN) if p in {*desk.settings.phase_weights, phase}
    ]
    parts_of = [by_phase(desk, model, scenarios, (), confidence, p) for p in phases]
    columns: dict[str, object] = {
        "phase": phases,
        "called": [p == phase for p in phases],
    }
    columns |= {
        c: np.concatenate([part[c].to_numpy() for part in parts_of])
        for c in parts_of[0].columns
        if c != "phase"
    }
    return table("stress_weighted_by_phase", desk.as_of, columns)


@one_blas_thread
def weighted_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    confidence: float,
) -> Table:
    """Return ``sum(weight x pnl)`` beside the worst unweighted P&L, by the keys `by`.

    A scenario without a weight is not in the sum and may be the worst. Weights are
    taken as they are: what they leave of 1 counts as no move.

    Raises
    ------
    ScenarioError
        If there is no scenario, or the weights sum to more than 1.
    """
    if not len(scenarios):
        raise ScenarioError("no scenario to weight: give one")
    total = scenarios.weights()
    if total > MOST:
        raise ScenarioError(f"the weights sum to {total:g}, 1 is the most")
    grouping = grouped(desk.book, keys_of(by) if by else ())
    of = parts(scenarios, model, desk.universe)
    done = stress_parts(desk.book, grouping, of, confidence, desk.settings.unwind_share)
    has = np.array([s.weight is not None for s in scenarios], dtype=bool)
    weight = np.array([s.weight or 0.0 for s in scenarios], dtype=np.float64)
    mean = done.pnl[:, has] @ weight[has]
    worst = done.pnl.argmin(axis=1)
    groups, names = len(grouping), scenarios.names()
    columns = {
        **keys_in(grouping),
        "weighted_pnl": mean if has.any() else np.full(groups, np.nan),
        "weight": np.full(groups, total),
        "weighted_scenarios": np.full(groups, int(has.sum())),
        "worst_pnl": done.pnl[np.arange(groups), worst],
        "worst_scenario": [names[int(s)] for s in worst],
    }
    return table("weighted", desk.as_of, columns)
