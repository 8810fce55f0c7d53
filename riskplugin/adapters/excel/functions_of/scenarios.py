"""Functions of scenarios themselves."""

from riskplugin.adapters.excel import answers, scenario_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import (
    ASOF,
    SCENARIO,
    SCENARIO_OR_ALL,
)
from riskplugin.adapters.excel.specification import Argument, Function, optional

SCENARIOS = (
    Function(
        "RISK_PLAUSIBILITY",
        "Distance, tails and count in history of a scenario's core; no probability.",
        "rp.plausibility(desk, scenario)",
        (SCENARIO_OR_ALL, ASOF),
        spills=True,
        answer=scenario_answers.plausibility,
    ),
    Function(
        "RISK_SCENARIO_EVIDENCE",
        "How often tiers fell further, or sooner, than memory in past episodes.",
        "rp.evidence_for(desk, scenario)",
        (
            optional(
                "scenario",
                Kind.TEXT,
                "Only what its overshoots and speeds rest on; every tier if left out.",
            ),
            ASOF,
        ),
        spills=True,
        answer=scenario_answers.scenario_evidence,
    ),
    Function(
        "RISK_SCENARIO_LIST",
        "The desk's scenarios in words: family, severity, horizon, core moves.",
        "rp.scenario_list(desk)",
        (optional("family", Kind.TEXT, "Only this family."),),
        spills=True,
        answer=answers.scenario_list,
    ),
    Function(
        "RISK_SCENARIO_SHOCKS",
        "What a scenario does to each tier, driver or instrument, simple returns.",
        "rp.shocks(desk, scenarios=scenario, by=by)",
        (
            SCENARIO,
            optional("by", Kind.TEXT, "tier (if left out), driver or instrument."),
            ASOF,
        ),
        spills=True,
        answer=answers.scenario_shocks,
    ),
    Function(
        "RISK_CYCLE_TABLE",
        "Where memory stands in its cycle: four signals with state and evidence.",
        "rp.cycle_monitor(desk)",
        (ASOF,),
        spills=True,
        answer=scenario_answers.cycle_table,
    ),
    Function(
        "RISK_CYCLE_SIGNAL",
        "The reading of one signal of the cycle.",
        'rp.cycle_monitor(desk)["reading"]',
        (
            Argument(
                "signal",
                Kind.TEXT,
                "persistence, price_expectations, breadth or volume_backing.",
            ),
            ASOF,
        ),
        spills=False,
        answer=scenario_answers.cycle_signal,
    ),
    Function(
        "RISK_CYCLE_PHASE",
        "The phase that is called; how such calls have fared: RISK_CYCLE_RECORD.",
        "rp.cycle_monitor(desk).phase",
        (ASOF,),
        spills=False,
        answer=scenario_answers.cycle_phase,
    ),
    Function(
        "RISK_CYCLE_RECORD",
        "How calls of the phase have fared: hits, false alarms, with an interval.",
        "rp.cycle_monitor(desk).record",
        (ASOF,),
        spills=True,
        answer=scenario_answers.cycle_record,
    ),
)
