"""Contracts for tests, on the three instruments of the book on the page."""

from dataclasses import replace

import numpy as np

from riskplugin.contracts import Contracts, linear
from riskplugin.pricing.unit_greeks import with_greeks


def option(
    name, underlying, option_type, strike, years, volatility, *, american=False,
    rate=0.0, dividend_yield=0.0,
) -> Contracts:  # fmt: skip
    """Return one option; the strike is over the spot."""
    one = np.ones(1)
    return with_greeks(
        replace(
            linear([name], ["option"]),
            underlyings=(underlying,),
            sign=one if option_type == "call" else -one,
            american=np.array([american]),
            strike=strike * one,
            years=years * one,
            rate=rate * one,
            dividend_yield=dividend_yield * one,
            volatility=volatility * one,
        )
    )


def fund(name, underlying, leverage) -> Contracts:
    """Return one leveraged ETF."""
    lever = np.array([float(leverage)])
    return replace(
        linear([name], ["leveraged_etf"]),
        underlyings=(underlying,), delta=lever, leverage=lever,
    )  # fmt: skip


def perpetual(name, funding, *, inverse=False) -> Contracts:
    """Return one perpetual that has a series of its own."""
    return replace(
        linear([name], ["perpetual"]),
        funding=np.array([float(funding)]), inverse=np.array([inverse]),
    )  # fmt: skip
