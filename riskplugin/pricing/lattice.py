"""American options by a binomial lattice: for what has two exercise boundaries.

M. Broadie and J. Detemple, American option valuation: new bounds, approximations, and a
comparison of existing methods (1996): Black-Scholes-Merton prices one step before
expiry, and Richardson's extrapolation from half the steps to all. The lattice follows
the forward, so that its probability lies between 0 and 1 whatever the rates.

The case is that of negative rates with a dividend yield more negative still (a put;
rates exchanged, a call): L. Andersen and M. Lake, Fast American option pricing: the
double-boundary case (2021).
"""

from dataclasses import replace

import numpy as np

from riskplugin._typing import Vector
from riskplugin.pricing.european import european
from riskplugin.pricing.terms import Terms, in_blocks

STEPS = 512
BLOCK = 64
FARTHEST = 300.0  # log move: short of overflow


def lattice(options: Terms) -> Vector:
    """Return the American price of N options, of positive time and volatility."""

    def extrapolated(block: Terms) -> Vector:
        return 2 * binomial(block, STEPS) - binomial(block, STEPS // 2)

    return in_blocks(extrapolated, options, BLOCK)


def binomial(options: Terms, steps: int) -> Vector:
    """Return the American price by a lattice of `steps`, smooth in its last one."""
    rate, dividend = options.rate[:, None], options.dividend_yield[:, None]
    sign, strike = options.sign[:, None], options.strike[:, None]
    step = options.years[:, None] / steps
    jump = options.volatility[:, None] * np.sqrt(step)
    up = 1 / (1 + np.exp(jump))  # the probability that keeps the forward
    discount = np.exp(-rate * step)
    moves = np.exp(np.clip(jump * np.arange(-steps, steps + 1), -FARTHEST, FARTHEST))
    value = np.empty((len(options), 0))
    for done in range(steps - 1, -1, -1):
        forward = options.spot[:, None] * np.exp((rate - dividend) * step * done)
        spot = forward * moves[:, steps - done : steps + done + 1 : 2]
        if done == steps - 1:
            value = last_step(options, spot, step)
        else:
            value = discount * (up * value[:, 1:] + (1 - up) * value[:, :-1])
        value = np.maximum(value, sign * (spot - strike))
    price: Vector = value[:, 0]
    return price


def last_step(options: Terms, spot: Vector, step: Vector) -> Vector:
    """Return European prices over the last step, at `spot` of shape (N, nodes)."""
    rows = np.repeat(np.arange(len(options)), spot.shape[1])
    last = replace(options.at(rows), spot=spot.ravel(), years=step[rows, 0])
    return european(last).reshape(spot.shape)
