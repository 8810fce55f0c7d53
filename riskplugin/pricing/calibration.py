"""The volatility at which an option's model price is the market's."""

from dataclasses import replace

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.contracts import Contracts
from riskplugin.pricing.contracts import american_values, kinds_of
from riskplugin.pricing.options import implied_volatility

MOST = 5.0  # a year: no quoted option has a higher one
STEPS = 60
CLOSE = 1e-12  # of the spot


def calibrated(options: Contracts, price: Vector) -> Vector:
    """Return the volatility of options whose market price over spot is `price`, (N,).

    NaN where none gives it: the price lies below what exercise pays, or above what any
    volatility up to `MOST` reaches.
    """
    found = implied_volatility(
        kinds_of(options),
        price,
        1.0,
        options.strike,
        options.rate,
        options.dividend_yield,
        options.years,
    )
    found = np.where(found > MOST, np.nan, found)
    rows = options.american & (options.years > 0)
    if rows.any():
        found[rows] = american_volatility(options.at(rows), price[rows])
    return found


def american_volatility(options: Contracts, price: Vector) -> Vector:
    """Return the same of American options, by a secant held within a bracket (N,).

    The Illinois variant of the false position, G. Dahlquist and A. Bjorck, Numerical
    Methods in Scientific Computing (2008), 6.2.2.
    """
    low, high = np.zeros(len(options)), np.full(len(options), MOST)
    under, over = (value_at(options, edge) - price for edge in (low, high))
    reachable = (under <= CLOSE) & (over >= 0)
    at = low.copy()
    last = np.zeros(len(options))
    for _ in range(STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = (low * over - high * under) / (over - under)
        inside = (secant > low) & (secant < high)
        at = np.where(inside, secant, (low + high) / 2)
        miss = value_at(options, at) - price
        above = miss > 0
        under = np.where(above, np.where(last > 0, under / 2, under), miss)
        over = np.where(above, miss, np.where(last < 0, over / 2, over))
        low, high = np.where(above, low, at), np.where(above, at, high)
        last = np.where(above, 1.0, -1.0)
        if settled(miss, low, high, reachable):
            break
    return np.where(reachable, at, np.nan)


def settled(miss: Vector, low: Vector, high: Vector, reachable: Flags) -> bool:
    """Whether every price is met as closely as it can be."""
    met = (np.abs(miss) <= CLOSE) | (high - low <= CLOSE) | ~reachable
    return bool(met.all())


def value_at(options: Contracts, volatility: Vector) -> Vector:
    """Return the value of American options at another volatility, (N,)."""
    own = replace(options, volatility=volatility)
    spot = np.ones((1, len(own)))
    value: Vector = american_values(own, spot, own.years[None], volatility[None])[0]
    return value
