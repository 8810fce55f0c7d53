"""The volatility that a European option's price implies.

After P. Jaeckel, Let's be rational (Wilmott, 2015): the option out of the money, per
root of forward times strike, is a function b of x = -|ln(F / K)| and of the deviation
s of the log spot alone, convex below s = sqrt(2 |x|) and concave above. Below, ln b is
nearly linear in 1 / s^2; above, the log of what b lacks to its limit e^(x/2) is concave
in s: Newton's method on either converges in a few steps, held within a bracket.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, erfinv, ndtr

from riskplugin._typing import Flags, Vector
from riskplugin.pricing.european import DENSITY, discounted
from riskplugin.pricing.terms import Terms, columns, numbers, terms

STEPS = 64
CLOSE = 4e-16  # relative, of the deviation
ROOT_HALF = np.sqrt(0.5)


def implied_volatility(
    option_type: npt.ArrayLike,
    price: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    rate: npt.ArrayLike,
    dividend_yield: npt.ArrayLike,
    years: npt.ArrayLike,
) -> Vector:
    """Return the volatility at which `bsm_price` is `price`.

    Parameters
    ----------
    option_type : str or array_like of str
        ``"call"`` or ``"put"``.
    price : array_like
        Of one European option, in the currency of spot and strike; not negative.
    spot, strike, rate, dividend_yield, years : array_like
        As in `bsm_price`.

    Returns
    -------
    ndarray
        Annual, of the arguments' common shape. 0 at the discounted intrinsic value of
        the forward itself. NaN where no volatility gives the price (below that value,
        or at or above the discounted spot of a call or strike of a put), where any
        volatility does (no time, no spot, no strike), and where an argument is NaN.

    Raises
    ------
    UsageError
        Saying which argument is wrong, and where.
    """
    prices = numbers("price", price)
    options, shape = terms(
        option_type,
        spot=spot,
        strike=strike,
        rate=rate,
        dividend_yield=dividend_yield,
        years=years,
        volatility=0.0 * prices,  # missing where the price is
    )
    paid = columns(price=prices, options=np.empty(shape))[0][0]
    volatility = np.full(len(options), np.nan)
    ratio, value = normalised(options, paid)
    with np.errstate(invalid="ignore"):
        timed = (options.years > 0) & np.isfinite(ratio)
        inside = timed & (value > 0) & (value < np.exp(ratio / 2))
        volatility[timed & (value == 0)] = 0.0
    deviation = implied_deviation(ratio[inside], value[inside])
    volatility[inside] = deviation / np.sqrt(options.years[inside])
    return volatility.reshape(shape)


def normalised(options: Terms, price: Vector) -> tuple[Vector, Vector]:
    """Return ``-|ln(F / K)|`` and the price out of the money per ``sqrt(F K)``.

    What is in the money is worth its discounted intrinsic value more; both (N,).
    """
    spot, strike = discounted(options)
    with np.errstate(all="ignore"):
        ratio = np.log(options.spot) - np.log(options.strike)
        ratio += (options.rate - options.dividend_yield) * options.years
        inner = np.maximum(options.sign * (spot - strike), 0.0)
        value = (price - inner) / np.sqrt(spot * strike)
    return -np.abs(ratio), value


def implied_deviation(ratio: Vector, value: Vector) -> Vector:
    """Return the s at which b is `value`, strictly between 0 and its limit: (N,)."""
    turn = np.sqrt(-2 * ratio)
    with np.errstate(all="ignore"):
        low_side = np.log(value) < log_price(ratio, turn)[0]
    deviation = np.where(ratio == 0, np.sqrt(8.0) * erfinv(value), turn)
    least = np.where(low_side, 0.0, turn)
    most = np.where(low_side, turn, np.inf)
    rows = np.flatnonzero(ratio < 0)
    for _ in range(STEPS):
        at, low = deviation[rows], low_side[rows]
        over, moved = np.empty(len(rows), dtype=bool), np.empty(len(rows))
        for side, step in ((low, step_below), (~low, step_above)):
            own = rows[side]
            over[side], moved[side] = step(ratio[own], value[own], at[side])
        most[rows[over]] = at[over]
        least[rows[~over]] = at[~over]
        bracketed = (moved > least[rows]) & (moved < most[rows])
        midway = np.minimum((least[rows] + most[rows]) / 2, 2 * at)
        deviation[rows] = np.where(bracketed, moved, midway)
        rows = rows[np.abs(deviation[rows] - at) > CLOSE * at]
        if not len(rows):
            break
    return deviation


def step_below(ratio: Vector, value: Vector, at: Vector) -> tuple[Flags, Vector]:
    """Return whether b is above `value` at `at`, and Newton's step in ``1 / s^2``."""
    found, elasticity = log_price(ratio, at)
    miss = found - np.log(value)
    with np.errstate(all="ignore"):
        moved = at / np.sqrt(1 + 2 * miss / (elasticity * at))
    return miss > 0, moved


def step_above(ratio: Vector, value: Vector, at: Vector) -> tuple[Flags, Vector]:
    """Return whether b is above `value` at `at`, and Newton's step in s."""
    near, far = np.exp(ratio / 2), np.exp(-ratio / 2)
    upper, lower = ratio / at + at / 2, ratio / at - at / 2
    lacking = near * ndtr(-upper) + far * ndtr(lower)
    density = DENSITY * np.exp(-0.5 * upper**2) * near
    with np.errstate(all="ignore"):
        miss = np.log(lacking) - np.log(near - value)
        moved = at + miss * lacking / density
    return miss < 0, moved


def log_price(ratio: Vector, deviation: Vector) -> tuple[Vector, Vector]:
    """Return ln b and its slope in s, for s up to the turn: no tail is lost."""
    far, half = -ratio / deviation, deviation / 2
    tails = erfcx((far - half) * ROOT_HALF) - erfcx((far + half) * ROOT_HALF)
    log_b: Vector = np.log(tails / 2) - (far**2 + half**2) / 2
    return log_b, 2 * DENSITY / tails
