"""What the columns of a hedge mean."""

from collections.abc import Mapping

HEDGED: Mapping[str, str] = {
    "side": "buy or sell.",
    "lots": "Lots traded, > 0.",
    "market_price": "Price that the trade is valued at, local currency.",
    "spread_cost": "Half spread paid, base currency.",
    "impact_cost": "Impact x volatility x sqrt(quantity / daily volume) of the value "
    "traded, base currency; 0 with a note where the volume is not known.",
    "carry_cost": "Funding and borrowing while the hedge is held, base currency; < 0 "
    "is received.",
    "trade_cost": "Their sum: what the trades cost, base currency.",
    "traded_value": "Market value traded, base currency; sold < 0.",
    "days_to_trade": "Sessions to trade it at the participation rate; NaN where the "
    "volume is not known.",
    "cost_bps": "trade_cost in basis points of the value traded.",
    "pnl_before": "P&L of the desk as it is, base currency.",
    "pnl_after": "P&L with the trades as positions, by full revaluation.",
    "low_before": "Lower end of the band of pnl_before.",
    "low_after": "Lower end of the band of pnl_after.",
    "loss_before": "What the limit looks at: minus pnl_before, or minus low_before "
    "of a robust hedge.",
    "loss_after": "The same with the trades.",
    "max_loss": "Largest loss allowed, base currency; NaN where there is none.",
    "met": "yes or no; blank where there is no limit.",
    "constraint": "What is limited; of the last rows, what was done.",
    "most": "Most that is allowed, base currency (lots of a cap).",
    "slack": "most - after: what is left of it; < 0 is missed.",
    "binding": "Whether the limit holds the hedge where it is.",
    "shadow_price": "What a unit of money more of the limit saves: of cost, of the "
    "worst loss, or of what limits are missed by, whichever was minimised.",
    "portfolio_weight": "Share of the portfolio's value, 0 to 1; they sum to 1.",
    "risk_share": "What it adds to the portfolio's risk, as a share of it.",
    "standalone_risk": "The measure of the instrument alone, per unit of value.",
    "portfolio_risk": "The measure of the portfolio, per unit of value; a loss > 0.",
    "trades": "Number of instruments traded.",
    "traded": "Sum of their absolute values, base currency.",
    "outcome": "met, infeasible or no_whole_lots (limits missed by least), unbounded.",
}
