"""Functions of what trades would do."""

from riskplugin.adapters.excel import decision_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import (
    ASOF,
    POSITIONS,
    SCENARIO_OR_ALL,
)
from riskplugin.adapters.excel.specification import Argument, Function

TRADES = Argument(
    "trades",
    Kind.ANY,
    "A range with a header row: instrument, book, quantity; or tier, pct, …",
)
IDEAS = Argument("trades", Kind.ANY, "The same with a column idea.")
DECIDING = (
    Function(
        "RISK_WHATIF",
        "What trades would do to exposures and stress, their cost; before and after.",
        "rp.what_if(rp.with_positions(desk, positions), trades, scenarios=scenario)",
        (POSITIONS, TRADES, SCENARIO_OR_ALL, ASOF),
        spills=True,
        answer=decision_answers.what_if,
    ),
    Function(
        "RISK_WHATIF_RANK",
        "Ideas for trades, the one that saves most for its cost first.",
        "rp.rank_trades(rp.with_positions(desk, positions), trades, scenario)",
        (POSITIONS, IDEAS, SCENARIO_OR_ALL, ASOF),
        spills=True,
        answer=decision_answers.rank,
    ),
)
