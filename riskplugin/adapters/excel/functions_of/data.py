"""Functions of the data, and the functions themselves."""

from riskplugin.adapters.excel import answers, holding_answers, nightly_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import (
    ASOF,
    DATASET,
    METRIC,
    POSITIONS,
)
from riskplugin.adapters.excel.specification import Function, optional

DATA = (
    Function(
        "RISK_DATA_STATUS",
        "First and last date, age and stale names per dataset, or per series of one.",
        "rp.data_status(desk, dataset)",
        (DATASET, ASOF),
        spills=True,
        answer=answers.data_status,
    ),
    Function(
        "RISK_DOCTOR_TABLE",
        "What is wrong or doubtful in the desk's data, with evidence and repair.",
        "rp.doctor(desk)",
        (ASOF,),
        spills=True,
        answer=holding_answers.doctor_table,
    ),
    Function(
        "RISK_NIGHTLY",
        "A figure of the last night's run, as stress:inventory_build or measure:CVaR.",
        "rp.history(store, metric, scope)",
        (METRIC, optional("scope", Kind.TEXT, "total (if left out), tier:…, book:….")),
        spills=False,
        answer=nightly_answers.nightly,
    ),
    Function(
        "RISK_NIGHTLY_EXPLAIN",
        "Why a figure of the last night is not that of the night before.",
        "rp.explain(before, after)",
        (METRIC,),
        spills=True,
        answer=nightly_answers.nightly_explain,
    ),
    Function(
        "RISK_ASOF",
        "Valuation date of the desk, or the last date of a dataset.",
        "desk.as_of",
        (DATASET,),
        spills=False,
        answer=answers.as_of,
    ),
    Function(
        "RISK_CHECK",
        "Every issue of the positions: level, code, row, column, what to do.",
        "rp.with_positions(desk, positions).issues",
        (POSITIONS, ASOF),
        spills=True,
        answer=answers.check,
    ),
    Function(
        "RISK_VERSION",
        "Version of riskplugin.",
        "rp.__version__",
        (),
        spills=False,
        answer=answers.version,
    ),
)
