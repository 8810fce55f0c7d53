"""European options: Black-Scholes-Merton, Black-76, and their derivatives.

F. Black and M. Scholes (1973); R. C. Merton (1973); F. Black (1976). Formulas as in
E. G. Haug, The Complete Guide to Option Pricing Formulas.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from riskplugin._typing import Matrix, Vector
from riskplugin.pricing.terms import Terms, in_blocks, terms

BLOCK = 8_192
DENSITY = 1 / np.sqrt(2 * np.pi)


@dataclass(frozen=True, eq=False, slots=True)
class Greeks:
    """Derivatives of one option's price, each of the arguments' common shape.

    Attributes
    ----------
    delta
        Per unit of spot.
    gamma
        Of delta, per unit of spot.
    vega
        Per unit of volatility: 1.00, not a point.
    theta
        Per year of time passing: a loss of value is negative.
    rho, dividend_rho
        Per unit of the continuously compounded rate and dividend yield: 1.00, not a
        point.
    """

    delta: Vector
    gamma: Vector
    vega: Vector
    theta: Vector
    rho: Vector
    dividend_rho: Vector


def bsm_price(
    option_type: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
) -> Vector:
    """Return the Black-Scholes-Merton price of European options.

    ``sign (S e^-qT N(sign d+) - K e^-rT N(sign d-))`` with
    ``d+- = (ln(S / K) + (r - q) T) / (v sqrt(T)) +- v sqrt(T) / 2``. At no time or no
    volatility it is the discounted intrinsic value of the forward, to which, and to
    zero, every price is held from below.

    Parameters
    ----------
    option_type : str or array_like of str
        ``"call"`` or ``"put"``.
    spot, strike : array_like
        In one currency, not negative.
    rate, dividend_yield : array_like
        Continuously compounded a year, of any sign.
    years : array_like
        To expiry, of 365 days; not negative.
    volatility : array_like
        Annual, 0.3 for 30 %; not negative.

    Returns
    -------
    ndarray
        Of the arguments' common shape; NaN where any of them is NaN.

    Raises
    ------
    UsageError
        Saying which argument is wrong, and where.
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
    return in_blocks(european, options, BLOCK).reshape(shape)


def black76_price(
    option_type: npt.ArrayLike,
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    rate: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
) -> Vector:
    """Return the Black (1976) price of European options on a forward or future.

    `bsm_price` of a spot that yields the rate: ``e^-rT sign (F N(sign d+) - K N(sign
    d-))``. Arguments, result and errors as there.
    """
    options, shape = terms(
        option_type,
        forward=forward,
        strike=strike,
        rate=rate,
        dividend_yield=rate,
        years=years,
        volatility=volatility,
    )
    return in_blocks(european, options, BLOCK).reshape(shape)


def greeks(
    option_type: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
) -> Greeks:
    """Return the derivatives of `bsm_price`; arguments and errors as there.

    At no time or no volatility they are the limits of the formulas: where the forward
    meets the strike delta lies in the middle, gamma is infinite, and so is theta at
    expiry. NaN where any argument is NaN.
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
    rows = in_blocks(european_greeks, options, BLOCK)
    return Greeks(*rows.reshape(len(rows), *shape))


def european(options: Terms) -> Vector:
    """Return the price of N European options, shape (N,)."""
    sign = options.sign
    spot, strike = discounted(options)
    upper = distance(options)
    lower = upper - options.deviation
    with np.errstate(all="ignore"):
        price = sign * (spot * ndtr(sign * upper) - strike * ndtr(sign * lower))
        price = np.maximum(price, np.maximum(sign * (spot - strike), 0.0))
    price[options.missing] = np.nan
    return price


def european_greeks(options: Terms) -> Matrix:
    """Return the six derivatives of N European options in `Greeks`' order: (6, N)."""
    sign, years, volatility = options.sign, options.years, options.volatility
    spot, strike = discounted(options)
    upper = distance(options)
    deviation = options.deviation
    with np.errstate(all="ignore"):
        density = DENSITY * np.exp(-0.5 * upper**2)
        held = sign * ndtr(sign * upper)
        owed = sign * strike * ndtr(sign * (upper - deviation))
        growth = np.exp(-options.dividend_yield * years)
        flat = density == 0
        still = flat | (volatility == 0)
        gamma = np.where(flat, 0.0, growth * density / (options.spot * deviation))
        decay = spot * density * volatility / (2 * np.sqrt(years))
        theta = options.dividend_yield * spot * held - options.rate * owed
        rows = np.stack(
            [
                growth * held,
                gamma,
                spot * density * np.sqrt(years),
                theta - np.where(still, 0.0, decay),
                years * owed,
                -years * spot * held,
            ]
        )
    rows[:, options.missing] = np.nan
    return rows


def discounted(options: Terms) -> tuple[Vector, Vector]:
    """Return ``S e^-qT`` and ``K e^-rT``, each of shape (N,)."""
    spot = options.spot * np.exp(-options.dividend_yield * options.years)
    strike = options.strike * np.exp(-options.rate * options.years)
    return spot, strike


def distance(options: Terms) -> Vector:
    """Return ``d+``, infinite where spot, strike or deviation is zero, shape (N,)."""
    deviation = options.deviation
    with np.errstate(all="ignore"):
        ratio = np.log(options.spot) - np.log(options.strike)
        ratio = np.where(options.strike == 0, np.inf, ratio)
        ratio += (options.rate - options.dividend_yield) * options.years
        sure = np.where(ratio == 0, 0.0, ratio * np.inf)
        standard = np.where(deviation == 0, sure, ratio / deviation)
    upper: Vector = standard + deviation / 2
    return upper
