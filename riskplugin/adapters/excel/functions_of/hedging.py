"""Functions of hedges."""

from riskplugin.adapters.excel import hedge_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import ASOF, POSITIONS, SCENARIO
from riskplugin.adapters.excel.specification import Function, optional

HEDGING = (
    Function(
        "RISK_HEDGE",
        "Proposed trades that keep the loss of a scenario inside a limit, and losses.",
        "rp.hedge(rp.with_positions(desk, positions), scenario, instruments, "
        "max_loss=max_loss, budget=budget)",
        (
            POSITIONS,
            SCENARIO,
            optional(
                "instruments",
                Kind.ANY,
                "A range with a header row (instrument, side, half_spread_bps, …); "
                "the desk's own if left out.",
            ),
            optional(
                "max_loss",
                Kind.NUMBER,
                "Largest loss, base currency; the desk's own limit if left out.",
            ),
            optional("budget", Kind.NUMBER, "Most that the trades may cost."),
            ASOF,
        ),
        spills=True,
        answer=hedge_answers.hedge_table,
    ),
)
