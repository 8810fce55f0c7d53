"""What is known of the core of scenarios: how plausible, and in which regime."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Matrix, Vector
from riskplugin.book import grouped
from riskplugin.columns.core import MOVE
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, ScenarioError
from riskplugin.factors.model import HISTORICAL, FactorModel
from riskplugin.factors.plausibility import (
    mahalanobis,
    record,
    student_t,
    tail_normal,
    tail_t,
    worst_windows,
)
from riskplugin.factors.regimes import Regime
from riskplugin.results import Table, table
from riskplugin.returns import over_sessions
from riskplugin.scenarios.definition import PROPAGATIONS, Scenario, ScenarioSet
from riskplugin.stressing.regimes import parts, regime_for, stress_parts
from riskplugin.stressing.shock import core_moves, missing_drivers
from riskplugin.tables.tabulation import Wanted, chosen_scenarios, core_in_words

NO_CORE = "it names no driver"
FIGURES = (
    "distance",
    "drivers_named",
    "tail_normal",
    "tail_t",
    "degrees_of_freedom",
    "windows",
    "at_least_as_bad",
)
WORST = 3  # windows of the past that are shown


def judged(
    model: FactorModel, drivers: Sequence[str], moves: Matrix, horizon: int
) -> dict[str, Vector]:
    """Return how plausible moves (R, K) of some drivers are over a horizon.

    The distance is by the covariance of the windows as weighted, those of today; the
    degrees of freedom and the count are of all history that the drivers share.
    """
    rows = [model.drivers.index(d) for d in drivers]
    _, levels = model.history.together(drivers)
    covariance = model.covariance[np.ix_(rows, rows)] * horizon
    alone = [mahalanobis(covariance, move[None]) for move in moves]  # to the same bits
    distance = np.concatenate([np.zeros(0), *alone])
    degrees = degrees_of(levels, model.return_sessions)
    found = [record(levels, move, horizon) for move in moves]
    fat = np.isfinite(degrees)
    return {
        "distance": distance,
        "drivers_named": np.full(len(moves), len(drivers)),
        "tail_normal": tail_normal(distance, len(drivers)),
        "tail_t": tail_t(distance, len(drivers), degrees)
        if fat
        else np.full(len(moves), np.nan),
        "degrees_of_freedom": np.full(len(moves), degrees),
        "windows": np.array([r.windows for r in found]),
        "at_least_as_bad": np.array([r.as_bad for r in found]),
    }


def degrees_of(levels: Matrix, sessions: int) -> float:
    """Return the degrees of freedom of a history (T, K); NaN if it is too short."""
    try:
        return student_t(over_sessions(levels, sessions)).degrees
    except ModelError:
        return np.nan


def asked_scenarios(desk: Desk, model: FactorModel, wanted: Wanted) -> ScenarioSet:
    """Return the scenarios asked for; by default all whose drivers can be moved.

    In whatever regime: of one that cannot be told the tables say so.

    Raises
    ------
    UsageError
        If none is asked for.
    ScenarioError
        If a name is unknown.
    """
    if wanted is not None:
        return chosen_scenarios(desk, model, wanted)
    return ScenarioSet(
        tuple(s for s in desk.scenarios if not any(missing_drivers(s, model)))
    )


@one_blas_thread
def plausibility_table(desk: Desk, model: FactorModel, scenarios: ScenarioSet) -> Table:
    """Return how plausible the core of each scenario is; NaN where it has none.

    Raises
    ------
    ScenarioError
        If a driver of a core has no prices.
    """
    faults = [
        f"scenario {s.name!r}: {fault}"
        for s in scenarios
        for fault in missing_drivers(s, model)
    ]
    if faults:
        raise ScenarioError("\n".join(faults))
    core, moves = core_moves(scenarios, model)
    rows = [
        judgement(model, scenario, np.flatnonzero(named), move)
        for scenario, named, move in zip(scenarios, core, moves, strict=True)
    ]
    columns = {
        "scenario": list(scenarios.names()),
        "core": [core_in_words(s, model) for s in scenarios],
        "horizon_sessions": [s.horizon_sessions for s in scenarios],
        **{key: [row.figures[key] for row in rows] for key in FIGURES},
        "alone": [row.alone for row in rows],
        "worst_windows": [row.worst for row in rows],
        "reason": [row.reason for row in rows],
    }
    return table("plausibility", desk.as_of, columns)


class Judgement(NamedTuple):
    """How plausible one core is, in figures and words."""

    figures: dict[str, float]
    alone: str
    worst: str
    reason: str


def judgement(
    model: FactorModel, scenario: Scenario, rows: np.ndarray, moves: Vector
) -> Judgement:
    """Return how plausible the core of one scenario is."""
    horizon = int(scenario.horizon_sessions)
    drivers = [model.drivers[int(j)] for j in rows]
    if not drivers:
        return Judgement(dict.fromkeys(FIGURES, np.nan), "", "", NO_CORE)
    core = moves[rows]
    figures = judged(model, drivers, core[None, :], horizon)
    dates, levels = model.history.together(drivers)
    worst = worst_windows(levels, dates, core, horizon, WORST)
    return Judgement(
        {key: float(column[0]) for key, column in figures.items()},
        ", ".join(
            alone(model, d, m, horizon) for d, m in zip(drivers, core, strict=True)
        ),
        "; ".join(
            f"{window.start} to {window.end}: " + in_words(drivers, window.moves)
            for window in worst
        ),
        "" if core.any() else "every driver it names is held still",
    )


def history_table(desk: Desk, model: FactorModel, scenarios: ScenarioSet) -> Table:
    """Return the windows of history behind each scenario's plausibility, by driver.

    Windows of its horizon without overlap, counted back from the last day, beside the
    move that the scenario names. A driver held still has none.
    """
    core, moves = core_moves(scenarios, model)
    rows = []
    for scenario, named, move in zip(scenarios, core, moves, strict=True):
        for j in np.flatnonzero(named & (move != 0)):
            horizon = int(scenario.horizon_sessions)
            dates, levels = model.history.together([model.drivers[int(j)]])
            ends = np.arange(len(levels) - 1, horizon - 1, -horizon)[::-1]
            made = np.expm1(levels[ends, 0] - levels[ends - horizon, 0])
            rows += [
                (
                    scenario.name,
                    model.drivers[int(j)],
                    str(dates[end - horizon]),
                    str(dates[end]),
                    float(one),
                    float(np.expm1(move[j])),
                )
                for end, one in zip(ends, made, strict=True)
            ]
    names = ("scenario", "driver", "start", "end", "move", "named_move")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    made_of = {name: list(columns.get(name, ())) for name in names}
    return table("core_history", desk.as_of, made_of)


def alone(model: FactorModel, driver: str, move: float, horizon: int) -> str:
    """Return how often a driver by itself moved at least as far: ``memory 9 of 65``."""
    if move == 0:
        return f"{driver} held"
    _, levels = model.history.together([driver])
    found = record(levels, np.array([move]), horizon)
    return f"{driver} {found.as_bad} of {found.windows}"


def in_words(drivers: Sequence[str], moves: Vector) -> str:
    """Return moves as ``memory -44%, crypto +3%``."""
    shown = zip(drivers, np.expm1(moves), strict=True)
    return ", ".join(f"{driver} {move:+.0%}" for driver, move in shown)


@one_blas_thread
def regime_table(
    desk: Desk, model: FactorModel, scenarios: ScenarioSet, confidence: float
) -> Table:
    """Return every scenario in every regime side by side, for the whole desk.

    A regime that cannot be told for a scenario keeps its row, with the reason.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    """
    variants = [replace(s, propagation=r) for s in scenarios for r in PROPAGATIONS]
    found = [told(variant, model, desk) for variant in variants]
    count, drivers = len(variants), len(model.drivers)
    figures, moves = np.full((3, count), np.nan), np.full((count, drivers), np.nan)
    everything = grouped(desk.book, ())
    for name in PROPAGATIONS:
        rows = [
            i
            for i, (variant, regime) in enumerate(zip(variants, found, strict=True))
            if variant.propagation == name and isinstance(regime, Regime)
        ]
        of = parts(ScenarioSet(tuple(variants[i] for i in rows)), model, desk.universe)
        done = stress_parts(
            desk.book, everything, of, confidence, desk.settings.unwind_share
        )
        figures[:, rows] = done.pnl[0], done.low[0], done.high[0]
        for part in of:
            moves[[rows[int(i)] for i in part.rows]] = np.expm1(part.grid.drivers)
    columns = {
        "scenario": [v.name for v in variants],
        "regime": [v.propagation for v in variants],
        "pnl": figures[0],
        "low": figures[1],
        "high": figures[2],
        **{MOVE + d: moves[:, j] for j, d in enumerate(model.drivers)},
        "hectic_share": [r.share if isinstance(r, Regime) else np.nan for r in found],
        "effective_scenarios": [
            r.effective if isinstance(r, Regime) else np.nan for r in found
        ],
        "independent_scenarios": [
            r.independent if isinstance(r, Regime) else np.nan for r in found
        ],
        "reason": ["" if isinstance(r, Regime) else r for r in found],
    }
    return table("regimes", desk.as_of, columns)


def told(scenario: Scenario, model: FactorModel, desk: Desk) -> Regime | str:
    """Return the regime of a scenario, or why there is none."""
    try:
        return regime_for(scenario, model, desk.universe)
    except ScenarioError as error:
        if scenario.propagation == HISTORICAL:
            raise
        return str(error)
