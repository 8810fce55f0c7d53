"""Implied volatility: there and back, and where there is none."""

import numpy as np
import pytest

from riskplugin.errors import UsageError
from riskplugin.pricing.options import bsm_price, greeks, implied_volatility

ROUND_TRIP = 1e-8
ROUNDING = 4 * np.finfo(float).eps


def round_trip(options, volatility):
    """Return the error of the volatility, and whether the price tells it apart."""
    kind, spot, strike, rate, dividend, years = options
    price = bsm_price(*options, volatility)
    found = implied_volatility(kind, price, spot, strike, rate, dividend, years)
    vega = greeks(*options, volatility).vega
    scale = np.maximum(np.maximum(price, spot), strike)
    return np.abs(found - volatility), vega * ROUND_TRIP > ROUNDING * scale


def test_there_and_back_wherever_the_price_tells():
    rng = np.random.default_rng(21)
    count = 50_000
    options = (
        np.where(rng.random(count) < 0.5, "call", "put"),
        np.full(count, 100.0),
        100 * np.exp(rng.uniform(-2.3, 2.3, count)),
        rng.uniform(-0.05, 0.1, count),
        rng.uniform(-0.05, 0.1, count),
        np.exp(rng.uniform(np.log(1 / 365), np.log(5), count)),
    )
    volatility = np.exp(rng.uniform(np.log(0.01), np.log(5), count))
    off, told = round_trip(options, volatility)
    assert told.mean() > 0.35
    assert off[told].max() < ROUND_TRIP


def test_out_of_the_money_no_tail_is_lost():
    """Prices down to 1e-300 still tell their volatility."""
    volatility = np.linspace(0.027, 0.4, 200)
    price = bsm_price("call", 100.0, 200.0, 0.0, 0.0, 0.5, volatility)
    assert 0 < price[0] < 1e-280
    found = implied_volatility("call", price, 100.0, 200.0, 0.0, 0.0, 0.5)
    np.testing.assert_allclose(found, volatility, rtol=1e-9)


@pytest.mark.parametrize("volatility", [1e-6, 1e-3, 0.2, 3.0])
@pytest.mark.parametrize("strike", [100.0, 100.0 * (1 + 1e-12), 100.0 * (1 + 1e-6)])
def test_at_the_money_there_and_back(strike, volatility):
    price = bsm_price("put", 100.0, strike, 0.0, 0.0, 0.1, volatility)
    found = implied_volatility("put", price, 100.0, strike, 0.0, 0.0, 0.1)
    assert found == pytest.approx(volatility, rel=1e-7)


def test_at_the_money_by_hand():
    """``S (2 N(v / 2) - 1)`` of v = 0.2 is 7.96557."""
    found = implied_volatility("call", 7.965567455405804, 100, 100, 0, 0, 1)
    assert found == pytest.approx(0.2, abs=1e-14)


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        ("call", 9.999),  # below 100 - 90
        ("call", 100.0),  # the spot
        ("call", 101.0),
        ("put", 90.0),  # the strike
        ("put", 95.0),
    ],
)
def test_a_price_that_no_volatility_gives_has_none(kind, price):
    assert np.isnan(implied_volatility(kind, price, 100.0, 90.0, 0.0, 0.0, 1.0))


def test_intrinsic_value_itself_is_no_volatility():
    found = implied_volatility(["call", "put"], [10.0, 0.0], 100, 90, 0.0, 0.0, 1.0)
    np.testing.assert_array_equal(found, [0.0, 0.0])


def test_none_is_implied_where_any_would_do():
    nan = implied_volatility(
        "call", [10, 0, 100], [110, 0, 100], [100, 100, 0], 0, 0, [0, 1, 1]
    )
    assert np.isnan(nan).all()


@pytest.mark.parametrize("place", range(1, 7))
def test_missing_is_missing_and_nothing_else_is(place):
    terms = ["call", 12.0, 100.0, 100.0, 0.01, 0.0, 1.0]
    terms[place] = [np.nan, terms[place]]
    np.testing.assert_array_equal(np.isnan(implied_volatility(*terms)), [True, False])


def test_arguments_broadcast():
    found = implied_volatility(
        ["call", "put"], [[5.0], [6.0], [7.0]], 100, 100, 0, 0, 1
    )
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found[:, 0], found[:, 1])


def test_wrong_argument_says_which_and_where():
    with pytest.raises(
        UsageError, match="price is -1 at position 1: it must be finite"
    ):
        implied_volatility("call", [1, -1], 100, 100, 0, 0, 1)
    with pytest.raises(UsageError, match="years is -1: it must be finite and not"):
        implied_volatility("call", 1, 100, 100, 0, 0, -1)
