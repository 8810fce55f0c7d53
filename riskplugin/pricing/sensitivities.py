"""Derivatives of American prices: along the boundary, and by differences."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.pricing import collocation
from riskplugin.pricing.american import (
    care,
    certain,
    exchanged,
    priced,
    solved,
)
from riskplugin.pricing.collocation import DENSITY
from riskplugin.pricing.european import Greeks, european_greeks
from riskplugin.pricing.terms import Terms, in_blocks, terms

BLOCK = 2_048
ANGLES, POWER = 32, 2  # the density is narrow where the spot is near the boundary
STEP = 3e-4  # of volatility, rates and years
SPOT_STEP = 1e-2  # of spot, in shares of it and the strike


def american_greeks(
    option_type: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
) -> Greeks:
    """Return the derivatives of `american_price`; arguments and errors as there.

    Delta and gamma are integrals along the boundary and theta follows from them by the
    Black-Scholes equation; vega and both rhos are central differences of the price.
    Where exercise pays at once the option moves with the spot and with nothing else.
    All six are differences where the contract has two boundaries, and where nothing
    about the spot's future is open; at no time they are `greeks`. NaN where any
    argument is NaN.
    """
    options, shape = terms(
        option_type,
        spot=spot,
        strike=strike,
        rate=rate,
        dividend_yield=dividend_yield,
        years=years,
        volatility=volatility,
    )
    rows = in_blocks(derivatives, options, BLOCK)
    return Greeks(*rows.reshape(len(rows), *shape))


def derivatives(options: Terms) -> Matrix:
    """Return the six derivatives of N options in `Greeks`' order, shape (6, N)."""
    rows = european_greeks(options)
    earned, forgone = exchanged(options)
    one = collocation.has_one_boundary(earned, forgone)
    two = collocation.has_two_boundaries(earned, forgone)
    open_ = (options.years > 0) & ~options.missing
    sure = certain(options)
    smooth, rough = open_ & one & ~sure, open_ & (two | sure)
    if smooth.any():
        rows[:, smooth] = by_boundary(options.at(smooth))
    if rough.any():
        own = options.at(rough)
        rows[:, rough] = np.concatenate([by_spot_and_time(own), by_terms(own)])[
            [0, 1, 3, 2, 4, 5]
        ]
    return rows


def by_boundary(options: Terms) -> Matrix:
    """Return the derivatives of options with one boundary each, shape (6, N)."""
    careful = care(options)
    edge, bends = solved(options, careful)
    price = priced(options, edge, bends, careful, np.arange(len(options)))
    delta, gamma = slopes(options, edge, bends)
    moneyness = np.log(options.spot) - np.log(options.strike)
    past = options.sign * moneyness >= np.sqrt(bends[-1]) - edge
    delta = np.where(past, options.sign, delta)
    gamma = np.where(past, 0.0, gamma)
    growth = (options.rate - options.dividend_yield) * options.spot * delta
    spread = 0.5 * options.volatility**2 * options.spot**2 * gamma
    theta = np.where(past, 0.0, options.rate * price - growth - spread)
    vega, rho, dividend_rho = by_terms(options)
    return np.stack([delta, gamma, vega, theta, rho, dividend_rho])


def slopes(options: Terms, edge: Vector, bends: Matrix) -> Matrix:
    """Return delta and gamma short of the boundary, shape (2, N).

    The derivatives of `early_exercise`'s integrand, by ``S e^-qs n(d+) = B e^-rs
    n(d-)`` with n the normal density, and the European ones.
    """
    sign, rate, dividend = options.sign, options.rate, options.dividend_yield
    moneyness = np.log(options.spot) - np.log(options.strike)
    deviation = options.deviation
    delta, gamma = european_greeks(options)[:2]
    sines, cosines, weights = collocation.angles(ANGLES, POWER)
    matrix = collocation.interpolation(collocation.HELD, tuple(cosines))
    roots = np.sqrt(np.maximum(collocation.interpolated(matrix, bends), 0.0))
    for sine, weight, root in zip(sines, weights, roots, strict=True):
        boundary = sign * (root - edge)
        passed, spread = sine**2 * options.years, sine * deviation
        lower = (moneyness - boundary + (rate - dividend) * passed) / spread
        lower -= spread / 2
        share = weight * options.years
        near = DENSITY * np.exp(-rate * passed - 0.5 * lower**2)
        near *= share / (spread * options.spot)
        yielded = dividend * options.strike * np.exp(boundary)
        gain = yielded - rate * options.strike
        held = np.exp(-dividend * passed) * ndtr(sign * (lower + spread))
        delta += share * sign * dividend * held + gain * near
        gamma += near / options.spot * (yielded - gain * (1 + lower / spread))
    return np.stack([delta, gamma])


def by_terms(options: Terms) -> Matrix:
    """Return vega, rho and dividend rho by differences of the price, shape (3, N)."""
    careful = care(options)
    rows = []
    for name, floor in (
        ("volatility", 0.0),
        ("rate", -np.inf),
        ("dividend_yield", -np.inf),
    ):
        at = getattr(options, name)
        low, high = np.maximum(at - STEP, floor), at + STEP
        fall = valued(replace(options, **{name: low}), careful)
        rise = valued(replace(options, **{name: high}), careful)
        rows.append((rise - fall) / (high - low))
    return np.stack(rows)


def by_spot_and_time(options: Terms) -> Matrix:
    """Return delta, gamma and theta by differences of the price, shape (3, N).

    A lattice's second differences are rough, so gamma follows from delta and theta by
    the Black-Scholes equation; without volatility it is a difference.
    """
    careful = care(options)
    step = SPOT_STEP * np.maximum(options.spot, options.strike)
    base = np.maximum(options.spot, step)  # so that no spot is negative
    fall, here, rise = (
        valued(replace(options, spot=base + move), careful)
        for move in (-step, 0.0 * step, step)
    )
    soon = np.maximum(options.years - STEP, 0.0)
    late = options.years + STEP
    decay = valued(replace(options, years=soon), careful) - valued(
        replace(options, years=late), careful
    )
    with np.errstate(all="ignore"):
        delta, theta = (rise - fall) / (2 * step), decay / (late - soon)
        left = options.rate * here - theta
        left -= (options.rate - options.dividend_yield) * options.spot * delta
        gamma = 2 * left / (options.volatility * options.spot) ** 2
        gamma[here <= options.sign * (options.spot - options.strike)] = 0.0
        bend = (rise - 2 * here + fall) / step**2
    return np.stack([delta, np.where(certain(options), bend, gamma), theta])


def valued(options: Terms, careful: Flags) -> Vector:
    """Return the American price of N options by the scheme that is due, shape (N,)."""
    own = np.arange(len(options))
    return priced(options, *solved(options, careful), careful, own)
