"""What the columns of exposures, stress, paths and their sources mean."""

from collections.abc import Mapping

STRESSED: Mapping[str, str] = {
    "scenario": "Name of the scenario.",
    "book": "Book the position is held in.",
    "tier": "Rung of the instrument in the AI-infrastructure chain.",
    "link": "How the tier hangs on the memory cycle.",
    "asset_class": "equity, crypto, fx, rate, cash or unclassified.",
    "currency": "Currency the instrument is quoted in.",
    "account": "Prime broker or exchange; blank where the desk gave none.",
    "strategy": "The desk's own label; blank where the desk gave none.",
    "kind": "spot, etf, cash, future, …",
    "instrument": "Canonical identifier.",
    "position": "Number of the position in canonical order, from 1.",
    "long": "Sum of the market values above zero, base currency.",
    "short": "Sum of the market values below zero (a negative number), base currency.",
    "gross": "Sum of the absolute market values = long - short, base currency.",
    "net": "Sum of the market values = long + short, base currency.",
    "pct_nav": "net / NAV of the books in the row's scope, as a decimal. The NAV is "
    "the book's where `book` is a key, else that of all books; NaN where one is "
    "missing.",
    "delta_equivalent": "Net value of the spot position with the same first-order "
    "P&L, base currency.",
    "memory_beta_exposure": "Sum of total memory beta x delta_equivalent: P&L per "
    "unit of log return of the memory basket with everything else following.",
    "largest": "Largest single-name share of the netted gross of the group.",
    "hhi": "Herfindahl index: sum of the squared single-name shares of the netted "
    "gross.",
    "effective_names": "Number of equal names with that concentration: 1 / hhi.",
    "proxied_share": "Share of gross whose loadings are proxied or assumed.",
    "pnl": "Profit (> 0) or loss (< 0), base currency: the sum of the parts. Of a "
    "replay: of what is covered; NaN where nothing is.",
    "direct": "P&L of what the scenario names, or of members of a core driver's "
    "basket, before overshoot. Of a replay: by own closes or the table.",
    "propagated": "P&L of everything else, through its loadings, before overshoot.",
    "overshoot": "P&L that the tier's multiplier on the log shock adds.",
    "convexity": "Full revaluation less the linear P&L.",
    "liquidity": "Minus the cost of unwinding the unwound share.",
    "low": "Lower end of the band at the stated confidence; NaN where nothing in the "
    "row was propagated. Lows of parts do not add up to the low of a total.",
    "high": "Upper end of that band.",
    "session": "Sessions since the scenario began; 0 is the valuation date.",
    "cash_called": "Cash paid so far for losses of futures, forwards, swaps and "
    "perpetuals, all taken as settled every session: minus their P&L, net of gains, so "
    "below 0 it was received. Of a whole path: the most. Not to be added to "
    "margin_called.",
    "margin_called": "What is missing from the margin posted, base currency: the sum "
    "of max(0, maintenance_margin x |notional| - (margin_posted + P&L)), nothing added "
    "before and no gain of another position counted. Futures, forwards, swaps, "
    "perpetuals, and whatever else margin is posted for; NaN where one of them has no "
    "margin_posted or maintenance_margin. Of a whole path: the most.",
    "worst": "Lowest P&L at any session, base currency; 0 if it is never below.",
    "worst_session": "First session with that P&L.",
    "breach_session": "First session with a loss of at least the loss asked for; NaN "
    "if none, or none was asked for.",
    "weight": "Sum of the weights of the scenarios that have one; never scaled to 1.",
    "weighted_scenarios": "How many scenarios have a weight.",
    "weighted_pnl": "Sum of weight x pnl over them, base currency: what their weights "
    "leave of 1 counts as no move. NaN if none has a weight.",
    "worst_pnl": "Lowest pnl of all the scenarios, weighted or not.",
    "worst_scenario": "The scenario with it.",
    "driver": "Basket whose return stands for a cause.",
    "named": "Whether the scenario names the driver; the others follow.",
    "mean_shock": "Equal-weight mean of the shocks of the tier's instruments, simple "
    "returns in base currency.",
    "lowest": "Lowest of them.",
    "highest": "Highest of them.",
    "shock": "Simple return in base currency over the horizon: the median.",
    "local_shock": "Simple return in the instrument's own currency, the median.",
    "fx_shock": "Simple return of that currency against the base currency.",
    "provenance": "Where the loading comes from: own, shrunk, proxied or assumed.",
    "standard_error": "Standard error of the total beta: of the loadings after "
    "shrinkage (HAC) and of how the other drivers follow.",
    "residual_volatility": "Annualised volatility of what the drivers do not explain.",
    "family": "Kind of scenario.",
    "severity": "How severe the scenario is, in words.",
    "level": "error (something was left out) or warning.",
    "horizon_sessions": "Sessions over which the shock unfolds.",
    "core": "The driver moves that the scenario fixes, simple returns.",
    "description": "What happens, in words.",
    "sources": "Where the figures come from.",
    "version": "Version of the scenario's definition.",
    "code": "Stable code of the finding.",
    "message": "What was found.",
    "hint": "What to do.",
    "dataset": "Table of dated values.",
    "series": "Instrument, currency or series of the dataset.",
    "first": "Date of the first value.",
    "last": "Date of the last value.",
    "sessions_old": "Weekdays from the last value to the valuation date.",
    "values": "Number of dates with a value.",
    "stale": "Whether the last value is older than max_stale_sessions.",
    "stale_names": "Names whose last value is older than max_stale_sessions.",
    "source": "Table or file the row comes from. Of a replay: where the move does, "
    "own (closes on both ends), loadings (x what the drivers did), episode_table (of "
    "the name, else the median of three or more of its tier), unknown.",
    "row": "Row in that table or file.",
    "column": "Column in that table or file.",
    "start": "First day of the episode: moves count from its close, and a model that "
    "predicts it uses nothing later.",
}
