"""Functions of what scenarios, and the past, do to positions."""

from riskplugin.adapters.excel import answers, scenario_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import (
    ASOF,
    BY,
    BY_OR_TOTAL,
    DRIVER,
    DRIVER_OR_ALL,
    LOSS,
    POSITIONS,
    SCENARIO,
    SCENARIO_OR_ALL,
)
from riskplugin.adapters.excel.specification import Argument, Function, optional

STRESSING = (
    Function(
        "RISK_STRESS_PNL",
        "Profit (> 0) or loss (< 0) of the positions in a scenario, base currency.",
        'rp.stress(rp.with_positions(desk, positions), scenario, by="scenario")["pnl"]',
        (
            POSITIONS,
            SCENARIO,
            optional("tier", Kind.TEXT, "Only this tier; all of them if left out."),
            ASOF,
        ),
        spills=False,
        answer=answers.stress_pnl,
    ),
    Function(
        "RISK_STRESS_TABLE",
        "P&L in a scenario with its five parts and its band, by tier or another key.",
        "rp.stress(rp.with_positions(desk, positions), scenario, by=by)",
        (POSITIONS, SCENARIO, BY, ASOF),
        spills=True,
        answer=answers.stress_table,
    ),
    Function(
        "RISK_STRESS_GRID",
        "P&L by scenario and tier, with the total of each scenario.",
        'rp.stress(rp.with_positions(desk, positions), scenarios, by=("scenario", by))',
        (
            POSITIONS,
            optional(
                "scenarios", Kind.NAMES, "Names in cells or by commas; all if left out."
            ),
            optional("by", Kind.TEXT, "tier (if left out), book, link, instrument."),
            ASOF,
        ),
        spills=True,
        answer=answers.stress_grid,
    ),
    Function(
        "RISK_STRESS_WORST",
        "The scenarios that lose most, the worst first, with their bands.",
        'rp.stress(rp.with_positions(desk, positions), by="scenario")',
        (
            POSITIONS,
            optional("n", Kind.WHOLE, "How many; 5 if left out."),
            ASOF,
        ),
        spills=True,
        answer=answers.stress_worst,
    ),
    Function(
        "RISK_STRESS_PATH",
        "P&L of a scenario session by session, with its band and calls for cash.",
        "rp.stress_path(rp.with_positions(desk, positions), scenario, by=by)",
        (POSITIONS, SCENARIO, BY_OR_TOTAL, ASOF),
        spills=True,
        answer=scenario_answers.stress_path,
    ),
    Function(
        "RISK_PATH_TABLE",
        "The worst session of every scenario, and the first that loses `loss`.",
        "rp.path_summary(rp.with_positions(desk, positions), loss=loss)",
        (
            POSITIONS,
            optional("loss", Kind.NUMBER, "Base currency, above 0; left out: none."),
            ASOF,
        ),
        spills=True,
        answer=scenario_answers.path_table,
    ),
    Function(
        "RISK_STRESS_WEIGHTED",
        "P&L by the scenarios' own weights, beside the worst without them.",
        "rp.weighted_stress(rp.with_positions(desk, positions))",
        (POSITIONS, ASOF),
        spills=True,
        answer=scenario_answers.stress_weighted,
    ),
    Function(
        "RISK_STRESS_BY_PHASE",
        "P&L by the desk's weights of the phase, beside the worst without them.",
        'rp.weighted_stress(rp.with_positions(desk, positions), weights="phase")',
        (POSITIONS, ASOF),
        spills=True,
        answer=scenario_answers.stress_by_phase,
    ),
    Function(
        "RISK_REPLAY_TABLE",
        "What past episodes would do to the positions, and what that rests on.",
        'rp.replay(rp.with_positions(desk, positions), by=("episode", by))',
        (POSITIONS, BY_OR_TOTAL, ASOF),
        spills=True,
        answer=scenario_answers.replay_table,
    ),
    Function(
        "RISK_REVERSE_STRESS",
        "The smallest move of a driver, or of all together, that loses so much.",
        "rp.reverse_stress(rp.with_positions(desk, positions), loss, driver)",
        (POSITIONS, LOSS, DRIVER_OR_ALL, ASOF),
        spills=True,
        answer=scenario_answers.reverse_stress,
    ),
    Function(
        "RISK_REVERSE_DISTANCE",
        "The smallest move of a driver that loses so much, a simple return.",
        "rp.reverse_stress(rp.with_positions(desk, positions), loss, driver)",
        (POSITIONS, LOSS, DRIVER, ASOF),
        spills=False,
        answer=scenario_answers.reverse_distance,
    ),
    Function(
        "RISK_WORST_CASE",
        "The worst move of all drivers within a plausibility radius.",
        "rp.worst_case(rp.with_positions(desk, positions), radius)",
        (
            POSITIONS,
            Argument("radius", Kind.NUMBER, "Mahalanobis distance, as 2."),
            ASOF,
        ),
        spills=True,
        answer=scenario_answers.worst_case,
    ),
    Function(
        "RISK_REGIME_TABLE",
        "Scenarios by all history, hectic windows and pooled ones side by side.",
        "rp.regimes(rp.with_positions(desk, positions), scenario)",
        (POSITIONS, SCENARIO_OR_ALL, ASOF),
        spills=True,
        answer=scenario_answers.regime_table,
    ),
)
