"""The functions of the spreadsheet; every generated file is made from this list."""

from collections.abc import Mapping

from riskplugin.adapters.excel import answers, risk_answers, scenario_answers
from riskplugin.adapters.excel.calling import reason_of
from riskplugin.adapters.excel.cells import Code, ExcelError, Kind
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Argument, Function, optional
from riskplugin.errors import did_you_mean

WHY_ARGUMENTS = 7  # of the function that RISK_WHY is asked about


POSITIONS = Argument(
    "positions",
    Kind.POSITIONS,
    "A range with a header row (instrument, quantity, …), a book's name, or all.",
)
SCENARIO = Argument(
    "scenario", Kind.TEXT, "Name of a scenario; see RISK_SCENARIO_LIST."
)
ASOF = optional("asof", Kind.DATE, "Valuation date; the desk's own if left out.")

DRIVER = optional("driver", Kind.TEXT, "Driver; memory if left out.")
BY = optional(
    "by", Kind.TEXT, "tier (if left out), book, link, instrument, position or total."
)
BY_OR_TOTAL = optional(
    "by", Kind.TEXT, "total (if left out), tier, book, link, instrument or position."
)
MEASURE = Argument(
    "measure", Kind.TEXT, "volatility, VaR, CVaR, EVaR, MDD, CDaR, …; a loss is > 0."
)
HOW = (
    optional("alpha", Kind.NUMBER, "Tail; 0.05, the worst twentieth, if left out."),
    optional(
        "method",
        Kind.TEXT,
        "historical (if left out), age_weighted, filtered or reversal.",
    ),
    optional("horizon", Kind.WHOLE, "Sessions: 1 (if left out), 5, 10 or 21."),
    ASOF,
)
DATASET = optional(
    "dataset", Kind.TEXT, "prices, fx, volumes, …; all of them if left out."
)


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
        "RISK_REPLAY_TABLE",
        "What past episodes would do to the positions, and what that rests on.",
        'rp.replay(rp.with_positions(desk, positions), by=("episode", by))',
        (POSITIONS, BY_OR_TOTAL, ASOF),
        spills=True,
        answer=scenario_answers.replay_table,
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
        "RISK_EXPOSURE",
        "One exposure of a tier: long, short, gross, net, pct_nav, …",
        'rp.exposures(rp.with_positions(desk, positions), by="tier")[measure]',
        (
            POSITIONS,
            Argument("tier", Kind.TEXT, "Tier, or total for the whole book."),
            optional(
                "measure", Kind.TEXT, "net (if left out), gross, memory_beta_exposure …"
            ),
            ASOF,
        ),
        spills=False,
        answer=answers.exposure,
    ),
    Function(
        "RISK_EXPOSURE_TABLE",
        "Long, short, gross, net, share of NAV, memory beta and concentration by tier.",
        "rp.exposures(rp.with_positions(desk, positions), by=by)",
        (POSITIONS, BY, ASOF),
        spills=True,
        answer=answers.exposure_table,
    ),
    Function(
        "RISK_BETA",
        "Total beta of an instrument to a driver, everything else following.",
        "rp.loadings(desk, driver)",
        (
            Argument("instrument", Kind.TEXT, "Identifier or alias."),
            DRIVER,
            ASOF,
        ),
        spills=False,
        answer=answers.beta,
    ),
    Function(
        "RISK_BETA_TABLE",
        "Total beta, standard error, windows and provenance of what is held.",
        "rp.loadings(rp.with_positions(desk, positions), driver)",
        (POSITIONS, DRIVER, ASOF),
        spills=True,
        answer=answers.beta_table,
    ),
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
    Function(
        "RISK_DATA_STATUS",
        "First and last date, age and stale names per dataset, or per series of one.",
        "rp.data_status(desk, dataset)",
        (DATASET, ASOF),
        spills=True,
        answer=answers.data_status,
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
    "evidence": "a study of minutes, for the command line and notebooks",
    "load_desk": "done when a function first asks",
    "pnl_scenarios": "thousands of rows, for notebooks; RISK_MEASURE measures them",
    "positions": "the sheet holds them; a book is asked about by name",
    "read_scenarios": "scenarios come with the desk file",
    "replicate_measures": "takes seconds to minutes; for model validation",
    "claims": "RISK_SCENARIO_EVIDENCE without a scenario",
    "replay_path": "hundreds of rows an episode; RISK_REPLAY_TABLE has the ends",
    "replay_scenarios": "scenarios for notebooks; cells ask RISK_REPLAY_TABLE",
    "run": "the nightly batch writes runs",
    "write_run": "the nightly batch writes runs",
    "with_positions": "what the argument `positions` does",
}
