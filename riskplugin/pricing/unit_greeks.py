"""Value and derivatives of options per unit of their underlying's value."""

from dataclasses import replace

import numpy as np

from riskplugin._typing import Vector
from riskplugin.contracts import SESSIONS_A_YEAR, Contracts
from riskplugin.pricing.contracts import (
    american_values,
    european_values,
    kinds_of,
)
from riskplugin.pricing.options import american_greeks, greeks


def with_greeks(options: Contracts) -> Contracts:
    """Return options with their value and greeks by their own terms.

    NaN where the volatility is. Theta is per session.
    """
    value, delta, gamma, vega, theta = (np.full(len(options), np.nan) for _ in range(5))
    for american, price, derive in (
        (False, european_values, greeks),
        (True, american_values, american_greeks),
    ):
        rows = (options.american == american) & ~np.isnan(options.volatility)
        if not rows.any():
            continue
        own = options.at(rows)
        spot = np.ones((1, len(own)))
        value[rows] = price(own, spot, own.years[None], own.volatility[None])[0]
        found = derive(
            kinds_of(own),
            1.0,
            own.strike,
            own.rate,
            own.dividend_yield,
            own.years,
            own.volatility,
        )
        delta[rows], gamma[rows] = found.delta, found.gamma
        vega[rows], theta[rows] = found.vega, found.theta / SESSIONS_A_YEAR
    return replace(
        options, value=value, delta=delta, gamma=gamma, vega=vega, theta=theta
    )


def with_drag(contracts: Contracts, volatility: Vector) -> Contracts:
    """Return contracts with what leverage and funding do to them per session.

    `volatility` (N,) is the annual one of the underlying of what is leveraged. Per unit
    of simple return gamma of a fund is ``l (l - 1)``: a compounded gain of many
    sessions. Theta is minus half of it times the variance of a session, or minus the
    funding.
    """
    funds = contracts.leveraged
    twist = contracts.leverage * (contracts.leverage - 1.0)
    variance = volatility**2 / SESSIONS_A_YEAR
    paid = np.where(contracts.funded, -contracts.funding, contracts.theta)
    return replace(
        contracts,
        gamma=np.where(funds, twist, contracts.gamma),
        theta=np.where(funds, -0.5 * twist * variance, paid),
        volatility=np.where(funds, volatility, contracts.volatility),
    )
