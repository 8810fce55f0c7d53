"""What options are worth by others: QuantLib, and finite differences of our own.

QuantLib's engines take one contract at a time; `Quoted` moves the quotes under it.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_banded

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # SWIG's types on Python 3.12
    import QuantLib as ql  # noqa: N813 - what its own documentation calls it

TODAY = ql.Date(15, 1, 2025)
DAYS = 365


class Options(NamedTuple):
    """Arguments of the price functions, in their order; arrays of N."""

    option_type: np.ndarray
    spot: np.ndarray
    strike: np.ndarray
    rate: np.ndarray
    dividend_yield: np.ndarray
    years: np.ndarray
    volatility: np.ndarray


def random_options(count, seed, volatility=(0.08, 1.5)):
    """Return listed options such as a desk may meet, from a week to two years."""
    rng = np.random.default_rng(seed)
    moneyness = np.exp(rng.uniform(np.log(0.5), np.log(2), count))
    return Options(
        option_type=np.where(rng.random(count) < 0.5, "call", "put"),
        spot=np.full(count, 100.0),
        strike=100.0 / moneyness,
        rate=rng.uniform(-0.01, 0.08, count),
        dividend_yield=rng.uniform(0.0, 0.08, count),
        years=rng.integers(7, 2 * DAYS + 1, count) / DAYS,
        volatility=rng.uniform(*volatility, count),
    )


class Quoted:
    """QuantLib's Black-Scholes-Merton process over four quotes."""

    def __init__(self):
        ql.Settings.instance().evaluationDate = TODAY
        count = ql.Actual365Fixed()
        self.quotes = [ql.SimpleQuote(0.0) for _ in range(4)]
        spot, rate, dividend, volatility = map(ql.QuoteHandle, self.quotes)
        self.process = ql.BlackScholesMertonProcess(
            spot,
            ql.YieldTermStructureHandle(ql.FlatForward(TODAY, dividend, count)),
            ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, count)),
            ql.BlackVolTermStructureHandle(
                ql.BlackConstantVol(TODAY, ql.NullCalendar(), volatility, count)
            ),
        )

    def european(self):
        return ql.AnalyticEuropeanEngine(self.process)

    def american(self):
        """Return Andersen, Lake and Offengenden's method, to about 1e-6."""
        scheme = ql.QdFpAmericanEngine.accurateScheme()
        return ql.QdFpAmericanEngine(self.process, scheme)

    def fast_american(self):
        scheme = ql.QdFpAmericanEngine.fastScheme()
        return ql.QdFpAmericanEngine(self.process, scheme)

    def prices(self, options, engine, exercise):
        """Return the price of each of N options."""
        found = []
        for word, spot, strike, rate, dividend, years, volatility in zip(
            *(column.tolist() for column in options), strict=True
        ):
            quoted = (spot, rate, dividend, volatility)
            for quote, value in zip(self.quotes, quoted, strict=True):
                quote.setValue(value)
            kind = ql.Option.Call if word == "call" else ql.Option.Put
            expiry = exercise(TODAY + round(years * DAYS))
            option = ql.VanillaOption(ql.PlainVanillaPayoff(kind, strike), expiry)
            option.setPricingEngine(engine)
            found.append(option.NPV())
        return np.array(found)


def quantlib_european(options):
    quoted = Quoted()
    return quoted.prices(options, quoted.european(), ql.EuropeanExercise)


def quantlib_american(options, fast=False):
    quoted = Quoted()
    engine = quoted.fast_american() if fast else quoted.american()
    return quoted.prices(options, engine, lambda day: ql.AmericanExercise(TODAY, day))


def by_differences(sign, *terms):
    """Return an American price by Crank-Nicolson, extrapolated in both steps.

    By operator splitting (S. Ikonen and J. Toivanen, 2004): it knows no boundary, so it
    holds for one, two or none. `terms` are those of `american_price` after its first.
    """
    rough, smooth = (crank_nicolson(sign, *terms, half=n) for n in (750, 1_500))
    return (4 * smooth - rough) / 3


def crank_nicolson(sign, spot, strike, rate, dividend, years, volatility, *, half):  # noqa: PLR0917 - the formula's
    """Return an American price on 2 x half + 1 log spots and half + 2 times."""
    reach = max(7 * volatility * np.sqrt(years), 1.5)
    log_spot = np.linspace(-reach, reach, 2 * half + 1)
    spots = spot * np.exp(log_spot)
    payoff = np.maximum(sign * (spots - strike), 0.0)
    gap, step = log_spot[1] - log_spot[0], years / half
    spread = volatility**2 / (2 * gap**2)
    drift = (rate - dividend - volatility**2 / 2) / (2 * gap)
    slopes = spread - drift, -2 * spread - rate, spread + drift
    ends = np.array([0, -1])
    passed, value, pull = 0.0, payoff, np.zeros_like(payoff)
    for span, share in [(step / 2, 1.0)] * 4 + [(step, 0.5)] * (half - 2):
        passed += span
        known = value + span * pull
        known[1:-1] += (1 - share) * span * applied(slopes, value)
        held = spots[ends] * np.exp(-dividend * passed)
        owed = strike * np.exp(-rate * passed)
        known[ends] = np.maximum(payoff[ends], sign * (held - owed))
        solved = solve_banded((1, 1), implicit(slopes, share * span, len(spots)), known)
        value = np.maximum(solved - span * pull, payoff)
        pull = np.maximum(pull + (value - solved) / span, 0.0)
    return value[half]


def applied(slopes, value):
    """Return the generator's value inside."""
    down, stay, up = slopes
    return down * value[:-2] + stay * value[1:-1] + up * value[2:]


def implicit(slopes, span, size):
    """Return the bands of one less the generator over `span`; both ends are given."""
    down, stay, up = slopes
    band = np.zeros((3, size))
    band[0, 2:], band[1], band[2, :-2] = -span * up, 1 - span * stay, -span * down
    band[1, [0, -1]] = 1.0
    return band
