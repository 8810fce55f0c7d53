"""Functions of limits."""

from riskplugin.adapters.excel import limit_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import ASOF, POSITIONS
from riskplugin.adapters.excel.specification import Argument, Function, optional

LIMITING = (
    Function(
        "RISK_LIMIT_TABLE",
        "Value, levels, headroom, utilisation and status of every limit, worst first.",
        "rp.check_limits(rp.with_positions(desk, positions), limits=limits)",
        (
            POSITIONS,
            optional(
                "limits",
                Kind.ANY,
                "A range with a header row (metric, scope, soft, hard, unit, "
                "direction, …); the desk's own if left out.",
            ),
            ASOF,
        ),
        spills=True,
        answer=limit_answers.limit_table,
    ),
    Function(
        "RISK_LIMIT_HEADROOM",
        "What is left to the hard level of one limit, in its unit; below 0 beyond it.",
        'rp.check_limits(rp.with_positions(desk, positions))["headroom"]',
        (
            POSITIONS,
            Argument(
                "limit",
                Kind.TEXT,
                "Metric, scope, then scenario: gross total, stress_loss total worst.",
            ),
            ASOF,
        ),
        spills=False,
        answer=limit_answers.limit_headroom,
    ),
)
