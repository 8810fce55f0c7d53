"""What the columns of positions, funds, accounts and liquidity mean."""

from collections.abc import Mapping

HELD: Mapping[str, str] = {
    "quantity": "Units, contracts or tokens; short < 0.",
    "price": "Price per unit, local currency.",
    "fx_rate": "Value of one unit of the local currency in base currency.",
    "market_value": "quantity x price x multiplier x fx_rate, base currency; without "
    "the price of an inverse contract, which is of so much quote currency.",
    "delta": "Value of the spot position with the same first-order P&L, base currency.",
    "gamma": "0.01 x second derivative of the P&L by the underlyings' simple returns: "
    "change of delta per 1 % move, base currency.",
    "vega": "P&L per volatility point (0.01 of annual volatility), base currency.",
    "theta": "P&L of a session in which nothing moves, funding and variance drag "
    "included, base currency.",
    "closing_move": "Move of its price at which the position is closed, simple return.",
    "liquidation_session": "First session of the path at which it is; NaN if none.",
    "margin_needed": "Margin that the worst of the path asks for by the maintenance "
    "margin, base currency; NaN where that is unknown.",
    "margin_missing": "What is missing of it from the margin posted, base currency.",
    "pnl_if_kept": "P&L of the same position if it is never closed, base currency.",
    "net_as_held": "The same before funds are seen through, base currency.",
    "held_directly": "Net of positions that are no funds, base currency.",
    "through_funds": "Net of what funds hold, funds of funds seen through, base "
    "currency.",
    "left_in_funds": "Net of what is left of positions in funds, base currency: cash "
    "and what is not disclosed, in the fund's own tier; < 0 of a long position is what "
    "the fund has borrowed.",
    "netted_gross": "Sum of the absolute net values of each instrument within the "
    "row: what is to be sold or bought back, base currency.",
    "days": "Sessions until the slowest instrument of the row is sold, at the "
    "participation rate of its average daily volume and as if the row alone were sold, "
    "with what is locked counted from when it is free. Over what is known; NaN where "
    "nothing is.",
    "days_stressed": "The same with what a stress leaves of the volume.",
    "mean_days_stressed": "Mean over the instruments of the row by netted_gross.",
    "within_1": "Share of netted_gross known to be sold within a session, at the "
    "stressed volume; what is unknown counts as not sold.",
    "within_5": "Share within 5 sessions.",
    "within_10": "Share within 10 sessions.",
    "within_21": "Share within 21 sessions.",
    "locked": "Gross that cannot be sold yet (locked_until), base currency.",
    "unknown_gross": "Part of netted_gross whose volume is unknown, base currency; no "
    "days are counted for it.",
    "cost": "Cost of selling all that it is known of (>= 0), base currency: half "
    "spread + impact x session volatility x sqrt(quantity / stressed daily volume). Of "
    "trades: of the orders, spread_cost + impact_cost, at the volume of an ordinary "
    "day.",
    "cost_pct_gross": "cost / the part of netted_gross that it is known of, as a "
    "decimal.",
    "uncosted_gross": "Part of netted_gross of which no cost is known, base currency.",
    "pnl_held": "P&L at the end of the scenario if all is held, base currency.",
    "pnl_unwinding": "P&L at its end if selling begins at once, at the participation "
    "rate of the stressed volume and at each close, base currency, cost not counted; "
    "cash is converted at the first, what has no known volume is taken as not sold.",
    "selling_cost": "Cost of what is sold on the way (>= 0), as far as it is known, "
    "base currency.",
    "held_at_end": "Share of netted_gross not sold by then.",
    "venue": "Venue of the volume; blank where the desk gave none, or several.",
    "average_volume": "Median daily volume over the window, in units of the quantity; "
    "NaN where unknown.",
    "window_sessions": "Sessions of the window: dates with a close or a volume.",
    "missing_sessions": "Those of them without a volume.",
    "zero_sessions": "Those of them with a volume of 0.",
    "unknown": "Why the average volume is not known; blank where it is.",
    "cash": "Market value of cash, base currency.",
    "notional": "Gross of positions of which only gains and losses are settled, base "
    "currency.",
    "margin_posted": "Margin posted as far as given, base currency; beside any cash "
    "booked as a position.",
    "unknown_margin": "Part of notional whose margin is not given, base currency.",
    "default_pnl": "P&L (<= 0) if the keeper of the account fails, nothing is "
    "recovered and what is owed there stays owed, base currency: minus what is held "
    "long there and the margin posted as far as given, at prices that stand still.",
    "gross_there": "Gross of the positions in that account, base currency.",
    "default_pnl_set_off": "The same with what is owed there set off.",
}
