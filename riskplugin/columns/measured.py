"""What the columns of measures, contributions, backtests and evidence mean."""

from collections.abc import Mapping

MEASURED: Mapping[str, str] = {
    "group": "The labels of the row in one.",
    "measure": "Risk measure: > 0 is a loss.",
    "total": "The measure of the whole desk, base currency; the same on every row.",
    "component": "What the row adds to it: its derivative by scaling the row (Euler). "
    "The components of a measure add up to the total.",
    "marginal": "component / net: change of the total per unit of value added to the "
    "row in its own proportions; NaN where the row nets to nothing.",
    "incremental": "The total less the measure of the desk without the row.",
    "share": "component / total.",
    "standalone": "The measure of the row by itself, base currency.",
    "riskfolio": "The same total by riskfolio-lib's own functions, base currency.",
    "difference": "total / riskfolio - 1.",
    "total_pct_nav": "total / NAV of all books, as a decimal.",
    "component_pct_nav": "component / NAV of all books, as a decimal.",
    "own_history": "Share of gross x scenarios that is the instruments' own history; "
    "the rest is what the drivers implied plus a drawn residual.",
    "independent_scenarios": "Number of equally probable scenarios among windows that "
    "do not overlap.",
    "effective_scenarios": "Number of equally probable scenarios that carry as much "
    "entropy.",
    "scenarios": "Number of scenarios.",
    "method": "How the past becomes scenarios.",
    "memory_drift": "Expected simple return of the memory basket over 21 sessions of a "
    "reversal; NaN elsewhere.",
    "factor": "Driver, or `specific`: what no driver explains.",
    "effective_bets": "Number of equal uncorrelated bets with as much diversity as the "
    "row by itself: exp of the entropy of its variance over principal portfolios.",
    "night": "Date of the forecast, from nothing later.",
    "value_at_risk": "Forecast of that night, base currency; a loss is > 0.",
    "expected_shortfall": "Forecast of that night, base currency; a loss is > 0.",
    "exception": "1 if the loss was beyond the value at risk, else 0; NaN if unknown.",
    "covered": "Share of gross with prices of its own on the night and after it.",
    "test": "Name of the test.",
    "figure": "What was seen: exceptions, a zone's probability, realised P&L, …",
    "statistic": "Of the test; NaN where it has none.",
    "p_value": "Probability, under forecasts that are right, of a statistic as "
    "extreme; NaN where there is none.",
    "verdict": "In words, with the level of the test.",
    "note": "What was answered by definition, or how it was simulated.",
    "nights": "Forecasts that the test speaks of.",
    "end": "Last day of the window, or of the episode.",
    "probability": "Of the scenario; they sum to 1.",
    "predicted": "Simple return in base currency that the driver's move implied.",
    "realised": "Simple return in base currency that came.",
    "in_basket": "Whether it is a member of the driver itself, and so not scored.",
    "portfolio": "Equal-weight book of all names but the driver's own, or of a tier.",
    "names": "Names in it.",
    "scope": "episode, tier, book or all; of a history or a "
    "limit total, tier:NAME, book:NAME.",
    "name": "Which one.",
    "count": "Predictions, or episodes for a book.",
    "crps": "Continuous ranked probability score in log return; lower is better.",
    "crps_no_move": "The same of the forecast that nothing moves.",
    "inside": "Share that fell into the band.",
    "mean_error": "Mean absolute error of the simple return.",
    "mean_no_move": "Mean absolute error of the forecast that nothing moves.",
}
