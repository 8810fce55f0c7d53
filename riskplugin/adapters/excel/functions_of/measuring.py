"""Functions of risk measures."""

from riskplugin.adapters.excel import risk_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import (
    ASOF,
    BY,
    HOW,
    MEASURE,
    POSITIONS,
)
from riskplugin.adapters.excel.specification import Function, optional

MEASURING = (
    Function(
        "RISK_MEASURE",
        "A risk measure of the positions over scenarios of their own past.",
        'rp.measures(rp.with_positions(desk, positions), measure, alpha, ())["total"]',
        (POSITIONS, MEASURE, *HOW),
        spills=False,
        answer=risk_answers.measure,
    ),
    Function(
        "RISK_MEASURE_TABLE",
        "Risk measures of the positions, in money and of NAV.",
        "rp.measures(rp.with_positions(desk, positions), measures, alpha, ())",
        (
            POSITIONS,
            optional(
                "measures", Kind.NAMES, "Names in cells or by commas; all if left out."
            ),
            *HOW,
        ),
        spills=True,
        answer=risk_answers.measure_table,
    ),
    Function(
        "RISK_CONTRIBUTION",
        "What each tier or other key adds to a risk measure; components add up to it.",
        "rp.measures(rp.with_positions(desk, positions), measure, alpha, by)",
        (POSITIONS, MEASURE, BY, *HOW),
        spills=True,
        answer=risk_answers.contribution,
    ),
    Function(
        "RISK_FACTOR_RISK",
        "Which share of a risk measure comes from each driver, and from none.",
        "rp.factor_risk(rp.with_positions(desk, positions), measure, alpha)",
        (POSITIONS, MEASURE, *HOW),
        spills=True,
        answer=risk_answers.factor_risk,
    ),
    Function(
        "RISK_BACKTEST",
        "How the value at risk of past nights has fared for today's positions.",
        "rp.backtest(rp.with_positions(desk, positions), confidence)",
        (
            POSITIONS,
            optional("confidence", Kind.NUMBER, "Level; 0.99 if left out."),
            optional(
                "method",
                Kind.TEXT,
                "historical (if left out), age_weighted or filtered.",
            ),
            HOW[2],
            ASOF,
        ),
        spills=True,
        answer=risk_answers.backtest,
    ),
    Function(
        "RISK_SAMPLE_TABLE",
        "How much history stands behind the risk measures, by method and horizon.",
        "rp.samples(rp.with_positions(desk, positions))",
        (POSITIONS, ASOF),
        spills=True,
        answer=risk_answers.sample_table,
    ),
)
