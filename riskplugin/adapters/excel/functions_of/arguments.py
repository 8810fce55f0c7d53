"""Arguments that several functions take."""

from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.specification import Argument, optional

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
LOSS = Argument("loss", Kind.NUMBER, "Base currency, above 0.")
DRIVER_OR_ALL = optional(
    "driver",
    Kind.TEXT,
    "Driver; memory if left out; all moves them together.",
)
SCENARIO_OR_ALL = optional(
    "scenario", Kind.TEXT, "Name of a scenario; all of them if left out."
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
METRIC = Argument("metric", Kind.TEXT, "stress:SCENARIO, exposure:net, measure:CVaR, …")
