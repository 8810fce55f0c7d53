"""Prices, derivatives and implied volatilities of options, European and American."""

from riskplugin.pricing.american import (
    Boundary,
    american_price,
    exercise_boundary,
    price_from_boundary,
)
from riskplugin.pricing.european import Greeks, black76_price, bsm_price, greeks
from riskplugin.pricing.implied import implied_volatility
from riskplugin.pricing.sensitivities import american_greeks

__all__ = [
    "Boundary",
    "Greeks",
    "american_greeks",
    "american_price",
    "black76_price",
    "bsm_price",
    "exercise_boundary",
    "greeks",
    "implied_volatility",
    "price_from_boundary",
]
