"""Laws of option prices: whatever the terms, these hold."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskplugin.pricing.options import (
    american_price,
    bsm_price,
    greeks,
    implied_volatility,
)

LAWS = settings(max_examples=150, deadline=None)
EXACT = 1e-11  # rounding, in shares of spot and strike
CLOSE = 1e-4  # of the American scheme, likewise
kinds = st.sampled_from(["call", "put"])
spots = st.floats(1.0, 1e4)
moneyness = st.floats(-0.7, 0.7)
rates = st.floats(-0.03, 0.1)
years = st.floats(0.01, 2.0)
volatilities = st.floats(0.05, 2.0)


@st.composite
def terms(draw, rate=rates, dividend=rates):
    """Return spot, strike, rate, dividend yield, years and volatility."""
    spot = draw(spots)
    return (
        spot,
        spot * float(np.exp(draw(moneyness))),
        draw(rate),
        draw(dividend),
        draw(years),
        draw(volatilities),
    )


ordinary = terms(rate=st.floats(0.0, 0.1), dividend=st.floats(0.0, 0.1))


def scale(option):
    return option[0] + option[1]


def moved(option, place, factor):
    """Return the terms with one of them multiplied."""
    return (*option[:place], option[place] * factor, *option[place + 1 :])


@LAWS
@given(terms())
def test_put_call_parity(option):
    spot, strike, rate, dividend, time, _ = option
    forward = spot * np.exp(-dividend * time) - strike * np.exp(-rate * time)
    apart = bsm_price("call", *option) - bsm_price("put", *option)
    assert abs(apart - forward) <= EXACT * scale(option)


@LAWS
@given(ordinary)
def test_american_parity_is_a_bracket(option):
    """``S e^-qT - K <= C - P <= S - K e^-rT``."""
    spot, strike, rate, dividend, time, _ = option
    apart = american_price("call", *option) - american_price("put", *option)
    least = spot * np.exp(-dividend * time) - strike
    most = spot - strike * np.exp(-rate * time)
    slack = CLOSE * scale(option)
    assert least - slack <= apart <= most + slack


@LAWS
@given(kinds, terms())
def test_american_is_worth_no_less_than_european_and_exercise(kind, option):
    sign = 1.0 if kind == "call" else -1.0
    worth = american_price(kind, *option)
    assert worth >= bsm_price(kind, *option) >= 0
    assert worth >= sign * (option[0] - option[1])


@LAWS
@given(kinds, terms())
def test_an_option_is_worth_less_than_what_it_is_on(kind, option):
    spot, strike, rate, dividend, time, _ = option
    most = spot * np.exp(-dividend * time)
    if kind == "put":
        most = strike * np.exp(-rate * time)
    assert bsm_price(kind, *option) <= most * (1 + EXACT)


@LAWS
@given(kinds, terms(), st.floats(1.001, 1.5))
def test_more_spot_lifts_calls_and_lowers_puts(kind, option, factor):
    sign = 1.0 if kind == "call" else -1.0
    up = moved(option, 0, factor)
    assert sign * (bsm_price(kind, *up) - bsm_price(kind, *option)) >= -EXACT * scale(
        up
    )
    lift = sign * (american_price(kind, *up) - american_price(kind, *option))
    most = (up[0] - option[0]) * np.exp(max(-option[3] * option[4], 0.0))
    assert -CLOSE * scale(up) <= lift <= most + CLOSE * scale(up)


@LAWS
@given(kinds, terms(), st.floats(1.001, 1.5))
def test_more_volatility_is_worth_no_less(kind, option, factor):
    more = moved(option, 5, factor)
    rise = bsm_price(kind, *more) - bsm_price(kind, *option)
    assert rise >= -EXACT * scale(option)
    rise = american_price(kind, *more) - american_price(kind, *option)
    assert rise >= -CLOSE * scale(option)


@LAWS
@given(kinds, terms(), st.floats(1.001, 1.5))
def test_more_time_is_worth_no_less_to_an_american_option(kind, option, factor):
    longer = american_price(kind, *moved(option, 4, factor))
    assert longer >= american_price(kind, *option) - CLOSE * scale(option)


@LAWS
@given(kinds, terms(), st.floats(0.01, 0.3))
def test_convex_in_the_strike(kind, option, width):
    strikes = option[1] * np.array([1 - width, 1.0, 1 + width])
    several = (option[0], strikes, *option[2:])
    for price, slack in ((bsm_price, EXACT), (american_price, CLOSE)):
        low, middle, high = price(kind, *several)
        assert low + high - 2 * middle >= -slack * scale(option)


@LAWS
@given(kinds, terms(), st.floats(1e-3, 1e3))
def test_homogeneous_in_spot_and_strike(kind, option, factor):
    scaled = moved(moved(option, 0, factor), 1, factor)
    for price in (bsm_price, american_price):
        one, other = price(kind, *option) * factor, price(kind, *scaled)
        assert abs(one - other) <= 1e-9 * factor * scale(option)


@LAWS
@given(terms())
def test_a_call_is_a_put_with_all_exchanged(option):
    """R. McDonald and M. Schroder (1998)."""
    spot, strike, rate, dividend, time, volatility = option
    mirrored = (strike, spot, dividend, rate, time, volatility)
    for price, slack in ((bsm_price, EXACT), (american_price, 1e-9)):
        apart = price("call", *option) - price("put", *mirrored)
        assert abs(apart) <= slack * scale(option)


@LAWS
@given(kinds, terms())
def test_time_and_rates_go_together(kind, option):
    """Four times the time at a quarter of the rates and half the volatility."""
    spot, strike, rate, dividend, time, volatility = option
    slow = (spot, strike, rate / 4, dividend / 4, time * 4, volatility / 2)
    for price in (bsm_price, american_price):
        apart = price(kind, *option) - price(kind, *slow)
        assert abs(apart) <= 1e-9 * scale(option)


@LAWS
@given(kinds, terms())
def test_greeks_are_the_differences(kind, option):
    found = greeks(kind, *option)
    for name, place, step in (
        ("delta", 0, option[0] * 1e-5),
        ("vega", 5, 1e-5),
        ("theta", 4, 1e-6),
        ("rho", 2, 1e-5),
        ("dividend_rho", 3, 1e-5),
    ):
        both = np.array(option)[:, None] + np.zeros(2)
        both[place] += [step, -step]
        rise, fall = bsm_price(kind, *both)
        slope = (rise - fall) / (2 * step) * (-1 if name == "theta" else 1)
        slack = 1e-14 * scale(option) / step
        near = 1e-6 * (abs(slope) + scale(option) / (option[0] if place == 0 else 1))
        assert abs(getattr(found, name) - slope) <= slack + near, name
    step = 1e-5 * option[0] * option[5] * np.sqrt(option[4])  # of a deviation
    rise, fall = greeks(kind, option[0] + np.array([step, -step]), *option[1:]).delta
    curvature = (rise - fall) / (2 * step)
    assert abs(found.gamma - curvature) <= 1e-6 * abs(found.gamma) + 1e-14 / step


@LAWS
@given(kinds, terms())
def test_the_equation_of_black_and_scholes(kind, option):
    spot, _, rate, dividend, _, volatility = option
    found = greeks(kind, *option)
    grown = (rate - dividend) * spot * found.delta
    grown += 0.5 * volatility**2 * spot**2 * found.gamma
    left = found.theta + grown - rate * bsm_price(kind, *option)
    assert abs(left) <= 1e-10 * scale(option)


@LAWS
@given(kinds, terms())
def test_implied_volatility_there_and_back(kind, option):
    *rest, volatility = option
    price = bsm_price(kind, *option)
    if greeks(kind, *option).vega * 1e-8 > 1e-15 * scale(option):
        assert abs(implied_volatility(kind, price, *rest) - volatility) < 1e-8
