"""The functions of the spreadsheet; every generated file is made from this list."""

from collections.abc import Mapping

from riskplugin.adapters.excel.calling import reason_of
from riskplugin.adapters.excel.cells import Code, ExcelError, Kind
from riskplugin.adapters.excel.functions_of.data import DATA
from riskplugin.adapters.excel.functions_of.deciding import DECIDING
from riskplugin.adapters.excel.functions_of.hedging import HEDGING
from riskplugin.adapters.excel.functions_of.holding import HOLDING
from riskplugin.adapters.excel.functions_of.limiting import LIMITING
from riskplugin.adapters.excel.functions_of.measuring import MEASURING
from riskplugin.adapters.excel.functions_of.scenarios import SCENARIOS
from riskplugin.adapters.excel.functions_of.stressing import STRESSING
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Argument, Function, optional
from riskplugin.errors import did_you_mean

WHY_ARGUMENTS = 7  # of the function that RISK_WHY is asked about


def why(session: Session, function: str, **given: object) -> str:
    """Return the reason behind an error cell of another function, in words."""
    asked = function.strip().upper()
    if asked not in FUNCTIONS:
        hint = did_you_mean(asked, FUNCTIONS)
        reason = f"there is no function {function!r}; {hint}"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    most = len(FUNCTIONS[asked].arguments)
    raw = [given.get(f"argument{i}") for i in range(1, WHY_ARGUMENTS + 1)]
    while raw and raw[-1] is None and len(raw) > most:
        raw.pop()
    return reason_of(FUNCTIONS[asked], raw, session)


def registry(*functions: Function) -> Mapping[str, Function]:
    """Return functions by name."""
    return {function.name: function for function in functions}


FUNCTIONS = registry(
    *STRESSING,
    *SCENARIOS,
    *HOLDING,
    *MEASURING,
    *DECIDING,
    *LIMITING,
    *HEDGING,
    *DATA,
    Function(
        "RISK_WHY",
        "The reason behind an error cell, in words: the function and its arguments.",
        "the exception's message",
        (
            Argument("function", Kind.TEXT, "Name of the function, as RISK_BETA."),
            *(
                optional(f"argument{i}", Kind.ANY, "As given to that function.")
                for i in range(1, WHY_ARGUMENTS + 1)
            ),
        ),
        spills=False,
        answer=why,
    ),
)
NOT_IN_CELLS: Mapping[str, str] = {
    "desk_from_tables": "the desk is the one that the desk file names",
    "export_run": "writes to a database; never from a cell",
    "morning_after": "of two runs: riskplugin explain --morning-after",
    "plot": "a picture for notebooks; sheets and reports have charts of their own",
    "prune": "deletes runs; never from a cell",
    "report_html": "a file for a browser: riskplugin report RUN",
    "report_xlsx": "a workbook of its own: riskplugin report RUN --out report.xlsx",
    "read_run": "of a run folder, for notebooks",
    "verify": "of a run folder: riskplugin verify RUN",
    "evidence": "a study of minutes, for the command line and notebooks",
    "load_desk": "done when a function first asks",
    "pnl_scenarios": "thousands of rows, for notebooks; RISK_MEASURE measures them",
    "positions": "the sheet holds them; a book is asked about by name",
    "read_scenarios": "scenarios come with the desk file",
    "replicate_measures": "takes seconds to minutes; for model validation",
    "account_default": "RISK_ACCOUNT_TABLE has the cost of each; by book in notebooks",
    "average_volumes": "a check of the volumes table; RISK_LIQUIDITY_TABLE uses them",
    "unwinding": "a study; RISK_LIQUIDITY_TABLE has the days",
    "reverse_curve": "a picture's points; RISK_REVERSE_STRESS has the answer",
    "convexity_parts": "RISK_STRESS_TABLE has the sum; what it is made of in notebooks",
    "hedge_frontier": "an optimisation per step; RISK_HEDGE is one of them",
    "least_risk_portfolio": "an optimisation of seconds, for notebooks",
    "liquidations": "of margined positions, by scenario; for notebooks",
    "claims": "RISK_SCENARIO_EVIDENCE without a scenario",
    "replay_path": "hundreds of rows an episode; RISK_REPLAY_TABLE has the ends",
    "replay_scenarios": "scenarios for notebooks; cells ask RISK_REPLAY_TABLE",
    "run": "the nightly batch writes runs",
    "write_run": "the nightly batch writes runs",
    "with_positions": "what the argument `positions` does",
}
