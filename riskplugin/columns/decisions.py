"""What the columns of what-ifs and rankings mean."""

from collections.abc import Mapping

DECISIONS: Mapping[str, str] = {
    "stage": "before the trades, after them, or the change: after - before.",
    "held_before": "Units held in the row's book, account and strategy before it.",
    "held_after": "Units held there after it.",
    "traded": "Market value bought, base currency; sold < 0. Of a whole idea: bought "
    "and sold, both > 0.",
    "spread_cost": "Half the bid-ask spread on it (>= 0), base currency; NaN where "
    "unknown.",
    "impact_cost": "impact x session volatility x sqrt(quantity / daily volume) on it "
    "(>= 0), base currency; all orders of the instrument go to the market together.",
    "mind": "What to mind: more sold than is held, or sold while it is locked.",
    "rank": "1 is the idea that gains most for its cost.",
    "idea": "Name of trades that are tried together.",
    "gained": "worst_after - worst_before: what the worst scenario loses less, base "
    "currency; < 0 makes it worse.",
    "worst_before": "Lowest P&L over the scenarios before the trades, base currency.",
    "worst_after": "Lowest P&L over them after the trades, base currency.",
    "gained_per_cost": "gained / cost; NaN where the cost is unknown or nothing.",
    "uncosted": "Gross of trades whose cost is unknown, base currency; not in cost.",
    "orders": "How many orders it takes.",
}
