"""The one use case: a desk in, a report out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin.bundles import Hedge, Monitor
from riskplugin.desk import Desk
from riskplugin.errors import (
    InputError,
    Issue,
    ModelError,
    Place,
    Severity,
    UsageError,
    listing,
)
from riskplugin.estimates import model_of, sample_of
from riskplugin.manifest import digest, manifest_of
from riskplugin.proposals import nightly
from riskplugin.results import Report, Table, table
from riskplugin.risk.measure import Measure
from riskplugin.snapshot import frames_of
from riskplugin.tables.by_position import measures_by_position, stress_by_position
from riskplugin.tables.claims import claim_table
from riskplugin.tables.core import plausibility_table, regime_table
from riskplugin.tables.cycle import monitor
from riskplugin.tables.doctor import diagnosis_table
from riskplugin.tables.greeks import greeks_table
from riskplugin.tables.holdings import account_table, look_through_table
from riskplugin.tables.limits import limit_table
from riskplugin.tables.liquidations import liquidation_table
from riskplugin.tables.liquidity import liquidity_table
from riskplugin.tables.paths import path_summary_table
from riskplugin.tables.reaching import first_curve, reaching_table
from riskplugin.tables.replays import outcome_table, past_episodes
from riskplugin.tables.risk import factor_table, measure_table, sample_table
from riskplugin.tables.shocks import shock_table
from riskplugin.tables.tabulation import (
    exposure_table,
    issue_table,
    loading_table,
    model_issues,
    position_table,
    runnable_scenarios,
    scenario_table,
    stress_table,
)
from riskplugin.tables.unwinding import unwinding_table
from riskplugin.tables.volumes import volume_issues
from riskplugin.tables.weighting import every_phase

Stage = Callable[[], Table]
Plan = Callable[[Desk], Mapping[str, Stage]]
ALPHA = 0.05


class RiskTable(NamedTuple):
    """A table of risk measures in a run."""

    method: str
    sessions: int
    measures: tuple[Measure, ...]
    by: tuple[str, ...]


TAILS = (Measure.VOLATILITY, Measure.VAR, Measure.CVAR, Measure.EVAR)
HEADLINES = (*TAILS, Measure.MDD, Measure.CDAR)
CVAR = (Measure.CVAR,)
BY_POSITION = "measures_by_position"
RISK_TABLES: Mapping[str, RiskTable] = {
    "measures": RiskTable("historical", 1, HEADLINES, ("tier",)),
    "measures_by_book": RiskTable("historical", 1, HEADLINES, ("book",)),
    "measures_in_reversal": RiskTable("reversal", 21, TAILS, ("tier",)),
}
PROPOSALS = ("proposals", "proposal_trades", "proposal_scenarios")
NEED_HISTORY = (
    *RISK_TABLES,
    BY_POSITION,
    "factor_risk",
    "replays",
    "reverse_stress",
    "reverse_curve",
    "cycle",
    "cycle_turns",
    "cycle_record",
)  # left out where it is too short
# Tables that share their work, the one that does it first; and those that take longest
# of a desk's time, which are begun first where several processes work.
TOGETHER = (("cycle", "cycle_turns", "cycle_record"),)
LONGEST = (
    "reverse_stress",
    "regimes",
    "doctor",
    "samples",
    "replays",
    BY_POSITION,
    "stress_by_position",
    "measures_by_book",
    "stress_by_book",
)


@dataclass(frozen=True, slots=True)
class InParts:
    """A stage whose table is made of others, one below the other.

    A part is a stage by itself: it can be computed anywhere, and knows no other part.
    """

    parts: tuple[Stage, ...]

    def __call__(self) -> Table:
        """Return the whole table."""
        found = [part() for part in self.parts]
        first = found[0]
        frames = [part.to_frame() for part in found]
        whole = pd.concat(frames, ignore_index=True) if len(found) > 1 else frames[0]
        columns = {str(name): whole[name] for name in whole.columns}
        return table(first.title, np.datetime64(first.as_of, "D"), columns)


def run(desk: Desk, on_stage: Callable[[str, int, int], None] | None = None) -> Report:
    """Compute everything that the inputs allow.

    `on_stage` is told the name of each stage, its number and how many there are.
    """
    plan = stages(desk)
    tables: dict[str, Table] = {}
    late: list[Issue] = []
    for number, (name, stage) in enumerate(plan.items(), start=1):
        if on_stage is not None:
            on_stage(name, number, len(plan))
        found = attempted(name, stage)
        if isinstance(found, Issue):
            late.append(found)
        else:
            tables[name] = found
    return report_of(desk, tables, late)


@one_blas_thread
def attempted(name: str, stage: Stage) -> Table | Issue:
    """Return the table of a stage, or why the history does not allow it.

    Raises
    ------
    ModelError
        If it is one that no run goes without.
    """
    try:
        return stage()
    except (InputError, ModelError) as error:
        if name in PROPOSALS:
            return without_proposal(name, error)
        if isinstance(error, InputError) or name not in NEED_HISTORY:
            raise
        return left_out(name, error)


def report_of(desk: Desk, tables: Mapping[str, Table], late: Sequence[Issue]) -> Report:
    """Return the report of the tables of all stages; `late` came up in them."""
    found = (*findings_of(desk), *late)
    manifest = manifest_of(desk, findings_of(desk))
    closing = {"issues": issue_table(found, desk.as_of), "left_out": desk.left_out}
    return Report(
        as_of=desk.as_of,
        base_currency=desk.settings.base_currency,
        run_id=digest(manifest),
        confidence=desk.settings.confidence,
        tables={**tables, **closing},
        issues=found,
        manifest=manifest,
        inputs=frames_of(desk),
    )


def findings_of(desk: Desk) -> list[Issue]:
    """Return what inputs, model and volumes made necessary to say, nothing computed."""
    return [
        *desk.issues,
        *model_issues(desk, model_of(desk)),
        *volume_issues(desk),
    ]


def left_out(name: str, error: ModelError) -> Issue:
    """Return what is said of a table that the history does not allow."""
    place, hint = Place("prices", column=name), "give longer histories"
    message = f"table left out: {error}"
    return Issue("table-left-out", place, message, hint, Severity.WARNING)


def without_proposal(name: str, error: InputError | ModelError) -> Issue:
    """Return why nothing could be proposed; a night goes on without a proposal."""
    issues = error.issues if isinstance(error, InputError) else ()
    why = listing((i.message for i in issues), 3) or str(error)
    message = f"table left out: {why}"
    place = Place(nightly.HEDGES, column=name)
    hint = "mend the table of hedges"
    return Issue("table-left-out", place, message, hint, Severity.WARNING)


def stages(desk: Desk) -> Mapping[str, Stage]:
    """Return what a run computes, by the name of its table, in order.

    Raises
    ------
    UsageError
        If two plans give a table of the same name.
    """
    found: dict[str, Stage] = {}
    for plan in PLANS:
        for name, stage in plan(desk).items():
            if name in found:
                raise UsageError(f"two plans of a run give a table {name!r}")
            found[name] = stage
    return found


def own_stages(desk: Desk) -> Mapping[str, Stage]:
    """Return what the package itself computes in a run."""
    model, confidence = model_of(desk), desk.settings.confidence
    scenarios = runnable_scenarios(desk, model)

    def stressed(*by: str) -> Stage:
        keys = ("scenario", *by)
        return lambda: stress_table(desk, model, scenarios, keys, confidence)

    @cache
    def watch() -> Monitor:
        return monitor(desk)

    def exposed(*by: str) -> Stage:
        return lambda: exposure_table(desk, model, by)

    return {
        "limits": lambda: limit_table(desk, model, partial(sample_of, desk)),
        "exposures": exposed("tier"),
        "exposures_by_book": exposed("book", "tier"),
        "exposures_by_link": exposed("link"),
        "exposures_by_currency": exposed("currency"),
        "stress_total": stressed(),
        "stress": stressed("tier"),
        "stress_by_book": stressed("book", "tier"),
        "stress_by_position": InParts(
            stress_by_position(desk, model, scenarios, confidence)
        ),
        "plausibility": lambda: plausibility_table(desk, model, scenarios),
        "regimes": lambda: regime_table(desk, model, scenarios, confidence),
        "reverse_stress": lambda: reaching_table(desk, model),
        "reverse_curve": lambda: first_curve(desk, model),
        "stress_path_summary": lambda: path_summary_table(
            desk, model, scenarios, (), confidence, None
        ),
        "replays": lambda: outcome_table(desk, model, None, ("episode", "tier")),
        "claims": lambda: claim_table(desk, past_episodes(desk.as_of)),
        "doctor": lambda: diagnosis_table(desk),
        **weighted_stages(desk, lambda: watch().phase),
        "cycle": watch,
        "cycle_turns": lambda: watch().turns,
        "cycle_record": lambda: watch().record,
        "liquidity": lambda: liquidity_table(desk, model, "tier", None, None),
        "unwinding": lambda: unwinding_table(desk, model, scenarios, (), None, None),
        "greeks": lambda: greeks_table(desk, model, "tier"),
        "liquidations": lambda: liquidation_table(desk, model, scenarios),
        "look_through": lambda: look_through_table(desk, "tier"),
        "accounts": lambda: account_table(desk),
        **{name: measured(desk, wanted) for name, wanted in RISK_TABLES.items()},
        BY_POSITION: InParts(
            measures_by_position(
                desk, partial(sample_of, desk, "historical", 1), CVAR, ALPHA
            )
        ),
        "factor_risk": lambda: factor_table(
            desk, sample_of(desk, "historical", 1), Measure.CVAR, ALPHA, ("book",)
        ),
        "samples": lambda: sample_table(desk, partial(sample_of, desk)),
        "shocks": lambda: shock_table(desk, model, scenarios, confidence),
        "loadings": lambda: loading_table(desk, model),
        "positions": lambda: position_table(desk),
        "scenarios": lambda: scenario_table(desk, model),
    }


def weighted_stages(desk: Desk, phase: Callable[[], str]) -> Mapping[str, Stage]:
    """Return the stage of scenarios weighted by phase, if the desk gives weights."""
    if not desk.settings.phase_weights:
        return {}
    model, confidence = model_of(desk), desk.settings.confidence
    chosen = runnable_scenarios(desk, model)
    return {
        "stress_weighted_by_phase": lambda: every_phase(
            desk, model, chosen, confidence, phase()
        )
    }


def measured(desk: Desk, wanted: RiskTable) -> Stage:
    """Return the stage of a table of risk measures."""

    def stage() -> Table:
        sample = sample_of(desk, wanted.method, wanted.sessions)
        return measure_table(desk, sample, wanted.measures, ALPHA, wanted.by)

    return stage


def proposal_stages(desk: Desk) -> Mapping[str, Stage]:
    """Return what is proposed where the desk says what a hedge may trade."""
    if nightly.HEDGES not in desk.tables:
        return {}

    @cache
    def found() -> Hedge | None:
        return nightly.proposal(desk)

    return {
        "proposals": lambda: nightly.proposal_table(desk, found()),
        "proposal_trades": lambda: nightly.trades_of(desk, found()),
        "proposal_scenarios": lambda: nightly.scenarios_of(desk, found()),
    }


# A part that adds tables to a run appends its own: a function of a module, which worker
# processes can import.
PLANS: list[Plan] = [own_stages, proposal_stages]
