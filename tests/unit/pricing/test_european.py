"""European prices and greeks against the printed page and QuantLib."""

import csv
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from riskplugin.errors import UsageError
from riskplugin.pricing.options import Greeks, black76_price, bsm_price, greeks
from tests.option_peers import quantlib_european, random_options
from tests.unit.pricing.published import EUROPEAN, GREEKS

GRID = Path(__file__).parent / "quantlib_bsm_grid.csv"  # by QuantLib-Python 1.44
COLUMNS = {
    "delta": "delta_spot",
    "gamma": "gamma",
    "vega": "vega(per 1.0 vol)",
    "theta": "theta(per year)",
    "rho": "rho(per 1.0)",
    "dividend_rho": "dividend_rho",
}
HALF = 0.5
AT_THE_MONEY = ("call", 100.0, 100.0, 0.0, 0.0, 1.0, 0.2)


def arguments(row):
    """Return a published row's arguments in the order of the price functions."""
    kind, strike, spot, dividend, rate, years, volatility = row
    return kind, spot, strike, rate, dividend, years, volatility


@pytest.fixture(scope="module")
def grid():
    with GRID.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    number = {n: np.array([float(r[n]) for r in rows]) for n in rows[0] if n != "type"}
    terms = (
        [r["type"].lower() for r in rows],
        *(number[c] for c in ("S", "K", "r", "q")),
        number["days(act365)"] / 365,
        number["vol"],
    )
    return terms, number


@pytest.mark.parametrize("row", EUROPEAN)
def test_price_is_the_printed_one(row):
    *terms, printed = row
    assert bsm_price(*arguments(terms)) == pytest.approx(printed, abs=5.5e-5)


@pytest.mark.parametrize("row", GREEKS)
def test_greek_is_the_printed_one(row):
    name, *terms, printed = row
    found = greeks(*arguments(terms))
    price = bsm_price(*arguments(terms))
    value = {
        "elasticity": found.delta * terms[2] / price,
        "theta per day": found.theta / 365,
        **{f.name: getattr(found, f.name) for f in fields(Greeks)},
    }[name]
    assert value == pytest.approx(printed, abs=5.1e-5)


def test_prices_and_greeks_are_quantlibs_on_a_grid(grid):
    terms, number = grid
    np.testing.assert_allclose(
        bsm_price(*terms), number["value"], rtol=1e-11, atol=1e-11
    )
    found = greeks(*terms)
    for name, column in COLUMNS.items():
        np.testing.assert_allclose(
            getattr(found, name), number[column], rtol=1e-10, atol=1e-10, err_msg=name
        )


def test_prices_are_quantlibs_on_ten_thousand_options():
    options = random_options(10_000, seed=1)
    peer = quantlib_european(options)
    error = np.abs(bsm_price(*options) - peer) / np.maximum(peer, 1.0)
    assert error.max() < 1e-10


def test_black76_of_hull_s_example():
    """Hull, Options, Futures, and Other Derivatives: a put on a crude oil future."""
    price = black76_price("put", 20.0, 20.0, 0.09, 4 / 12, 0.25)
    assert price == pytest.approx(1.12, abs=5e-3)


def test_black76_is_the_price_on_a_spot_with_that_forward():
    forward = 100 * np.exp((0.05 - 0.02) * 0.7)
    on_forward = black76_price("call", forward, 110, 0.05, 0.7, 0.4)
    assert on_forward == pytest.approx(
        float(bsm_price("call", 100, 110, 0.05, 0.02, 0.7, 0.4)), rel=1e-14
    )


def test_at_the_money_by_hand():
    """``S (2 N(v / 2) - 1)``, N(0.1) = 0.539828."""
    assert bsm_price(*AT_THE_MONEY) == pytest.approx(100 * 2 * 0.0398278, abs=1e-5)


@pytest.mark.parametrize(("kind", "worth"), [("call", 10.0), ("put", 0.0)])
def test_at_expiry_it_is_worth_what_exercise_pays(kind, worth):
    assert bsm_price(kind, 110, 100, 0.05, 0.02, 0.0, 0.4) == worth


def test_without_volatility_it_is_worth_the_forward_s_intrinsic_value():
    worth = 110 * np.exp(-0.02 * 2) - 100 * np.exp(-0.05 * 2)
    assert bsm_price("call", 110, 100, 0.05, 0.02, 2.0, 0.0) == pytest.approx(worth)
    assert bsm_price("put", 110, 100, 0.05, 0.02, 2.0, 0.0) == 0.0


def test_spot_or_strike_of_zero():
    terms = (0.05, 0.02, 2.0, 0.4)
    assert bsm_price("call", 0, 100, *terms) == 0.0
    assert bsm_price("put", 0, 100, *terms) == 100 * np.exp(-0.1)
    assert bsm_price("call", 80, 0, *terms) == 80 * np.exp(-0.04)
    assert bsm_price("put", 80, 0, *terms) == 0.0
    assert bsm_price("call", 0, 0, *terms) == 0.0


def test_far_tails_are_small_and_not_negative():
    """S N(d+) - K N(d-) with tails near 1e-240 still has its sign."""
    price = bsm_price(["call", "put"], [3.0, 3_000.0], 100, 0.01, 0.0, 0.1, 0.33)
    assert np.all((price > 0) & (price < 1e-200))


def test_greeks_where_nothing_is_open():
    """At no time: the payoff's slope, the middle of both at its kink."""
    found = greeks("put", [90.0, 100.0, 110.0], 100, 0.05, 0.02, 0.0, 0.4)
    np.testing.assert_array_equal(found.delta, [-1.0, -HALF, 0.0])
    np.testing.assert_array_equal(found.gamma, [0.0, np.inf, 0.0])
    np.testing.assert_array_equal(found.vega, [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(found.rho, [0.0, 0.0, 0.0])
    assert found.theta[1] == -np.inf
    np.testing.assert_allclose(found.theta[[0, 2]], [0.05 * 100 - 0.02 * 90, 0.0])


def test_greeks_of_a_spot_of_zero_and_of_no_volatility():
    found = greeks("put", [0.0, 50.0], 100, 0.05, 0.02, 1.0, [0.4, 0.0])
    np.testing.assert_allclose(found.delta, -np.exp([-0.02, -0.02]))
    np.testing.assert_array_equal(found.gamma, [0.0, 0.0])
    np.testing.assert_array_equal(found.vega, [0.0, 0.0])
    np.testing.assert_allclose(
        found.theta, 5 * np.exp(-0.05) - np.array([0.0, 1.0]) * np.exp(-0.02)
    )


@pytest.mark.parametrize("place", range(1, 7))
def test_missing_is_missing_and_nothing_else_is(place):
    terms = [["call", "put"], *AT_THE_MONEY[1:]]
    terms[place] = [np.nan, terms[place]]
    for value in (bsm_price(*terms), *(getattr(greeks(*terms), n) for n in COLUMNS)):
        np.testing.assert_array_equal(np.isnan(value), [True, False])


def test_missing_is_not_hidden_by_a_certain_outcome():
    nan = np.nan
    assert np.isnan(bsm_price("call", nan, 0, 0, 0, 0, 0))
    assert np.isnan(bsm_price("put", 0, 10, 0, nan, 0, 0))
    assert np.isnan(bsm_price("put", 0, 10, 0, 0, 0, nan))


def test_arguments_broadcast():
    prices = bsm_price(["call", "put"], np.full((3, 1), 100.0), 90, 0.01, 0, 1, 0.3)
    assert prices.shape == (3, 2)
    assert prices[2, 1] == bsm_price("put", 100, 90, 0.01, 0, 1, 0.3)
    assert bsm_price([], 100, 90, 0.01, 0, 1, 0.3).shape == (0,)


def test_more_options_than_a_block_are_priced_in_order():
    strike = np.linspace(50, 150, 20_001)
    prices = bsm_price("call", 100, strike, 0.01, 0, 1, 0.3)
    own = [
        float(bsm_price("call", 100, k, 0.01, 0, 1, 0.3))
        for k in strike[[0, 9_999, -1]]
    ]
    np.testing.assert_allclose(prices[[0, 9_999, -1]], own, rtol=1e-15)


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (0, "Call", r"option_type is 'Call': did you mean 'call'\?"),
        (
            0,
            ["put", "straddle"],
            "option_type is 'straddle' at position 1: known: call, put",
        ),
        (0, [1, -1], "option_type is '1' at position 0: known: call, put"),
        (1, [100, -1], "spot is -1 at position 1: it must be finite and not negative"),
        (2, -90, "strike is -90: it must be finite and not negative"),
        (2, np.inf, "strike is inf: it must be finite and not negative"),
        (3, -np.inf, "rate is -inf: it must be finite"),
        (4, "3%", "dividend_yield holds something that is no number"),
        (5, [[1, 1], [1, -0.1]], r"years is -0.1 at position \(1, 1\)"),
        (6, -0.2, "volatility is -0.2: it must be finite and not negative"),
    ],
)
def test_wrong_argument_says_which_and_where(place, value, text):
    terms = list(AT_THE_MONEY)
    terms[place] = value
    for priced in (bsm_price, greeks):
        with pytest.raises(UsageError, match=text):
            priced(*terms)


def test_wrong_forward_is_called_so():
    with pytest.raises(ValueError, match="forward is -1: it must be finite and not"):
        black76_price("call", -1, 100, 0, 1, 0.2)


def test_shapes_that_do_not_fit_are_listed():
    with pytest.raises(UsageError, match=r"spot \(3,\), volatility \(2,\)"):
        bsm_price("call", [1, 2, 3], 2, 0, 0, 1, [0.2, 0.3])
