"""American prices against QuantLib, finite differences, closed forms and the page."""

import tracemalloc

import numpy as np
import pytest

from riskplugin.errors import UsageError
from riskplugin.pricing import american, collocation
from riskplugin.pricing.collocation import Scheme
from riskplugin.pricing.options import (
    american_greeks,
    american_price,
    bsm_price,
    exercise_boundary,
    price_from_boundary,
)
from tests.option_peers import by_differences, quantlib_american, random_options
from tests.unit.pricing.published import BARONE_ADESI_WHALEY, BJERKSUND_STENSLAND

PUT = ("put", 100.0, 100.0, 0.05, 0.02, 1.0, 0.3)
SIGNS = {"call": 1.0, "put": -1.0}


def error(price, exact):
    """Return the relative error, of what is worth less than 1 the absolute one."""
    return np.abs(price - exact) / np.maximum(exact, 1.0)


@pytest.mark.parametrize("row", BARONE_ADESI_WHALEY + BJERKSUND_STENSLAND)
def test_price_is_near_the_printed_approximation(row):
    kind, strike, spot, dividend, rate, years, volatility, printed = row
    price = american_price(kind, spot, strike, rate, dividend, years, volatility)
    assert price == pytest.approx(printed, rel=0.01, abs=5e-4)


def test_prices_are_quantlibs_on_ten_thousand_options():
    options = random_options(10_000, seed=2)
    off = error(american_price(*options), quantlib_american(options))
    assert np.median(off) < 2e-6
    assert np.quantile(off, 0.99) < 5e-5
    assert off.max() < 5e-4


def test_prices_are_quantlibs_at_low_volatility_and_large_dividends():
    options = random_options(2_000, seed=3, volatility=(0.03, 0.6))
    rng = np.random.default_rng(3)
    options = options._replace(dividend_yield=rng.uniform(0.0, 0.6, 2_000))
    off = error(american_price(*options), quantlib_american(options))
    assert np.median(off) < 1e-5
    assert off.max() < 2e-3


@pytest.mark.parametrize(
    "terms",
    [
        ("put", 100.0, 100.0, 0.05, 0.02, 1.0, 0.3),
        ("call", 100.0, 100.0, 0.05, 0.08, 1.0, 1.5),
        ("put", 100.0, 100.0, 0.03, -0.02, 1.0, 0.3),
        ("call", 100.0, 90.0, -0.03, 0.04, 2.0, 0.4),
        ("put", 85.0, 100.0, 0.0, -0.08, 2.0, 0.3),
        ("put", 100.0, 100.0, -0.03, 0.04, 2.0, 0.4),
    ],
)
def test_price_is_that_of_finite_differences(terms):
    exact = by_differences(SIGNS[terms[0]], *terms[1:])
    assert american_price(*terms) == pytest.approx(exact, rel=3e-5)


@pytest.mark.parametrize(
    "terms",
    [
        ("put", 100.0, 100.0, -0.01, -0.04, 1.0, 0.2),
        ("put", 100.0, 100.0, -0.01, -0.04, 3.0, 0.1),
        ("put", 60.0, 100.0, -0.02, -0.05, 2.0, 0.3),
        ("put", 30.0, 100.0, -0.02, -0.05, 2.0, 0.3),
        ("put", 100.0, 100.0, -0.005, -0.1, 1.0, 1.5),
        ("call", 100.0, 100.0, -0.04, -0.01, 1.0, 0.2),
        ("call", 120.0, 100.0, -0.05, -0.01, 2.0, 0.15),
    ],
)
def test_price_with_two_boundaries_is_that_of_finite_differences(terms):
    """Negative rates, and what is forgone more negative still."""
    exact = by_differences(SIGNS[terms[0]], *terms[1:])
    assert american_price(*terms) == pytest.approx(exact, rel=2e-4)
    assert american_price(*terms) > bsm_price(*terms) + 0.05


def test_below_the_lower_of_two_boundaries_by_hand():
    """A put of q < r < 0 deep in the money is not exercised: waiting earns on K."""
    price = american_price("put", 1.0, 100.0, -0.05, -0.06, 2.0, 0.1)
    assert price == pytest.approx(100 * np.exp(0.1) - np.exp(0.12), rel=1e-9)


def test_a_long_put_is_the_perpetual_one():
    """Merton (1973): ``(K - B) (S / B)^-g``, ``B = K g / (1 + g)``, g = 2 r / v^2."""
    power = 2 * 0.05 / 0.3**2
    boundary = 100 * power / (1 + power)
    exact = (100 - boundary) * (100 / boundary) ** -power
    found = exercise_boundary("put", 100, 0.05, 0.0, 200.0, 0.3)
    assert found.critical_spot == pytest.approx(boundary, rel=2e-3)
    assert price_from_boundary(found, 100.0) == pytest.approx(exact, rel=1e-3)


def test_boundary_just_before_expiry():
    """``K min(1, r / q)`` of a put, ``K max(1, r / q)`` of a call."""
    rate, dividend = [0.05, 0.02, 0.05, 0.02], [0.02, 0.05, 0.02, 0.05]
    kinds = ["put", "put", "call", "call"]
    found = exercise_boundary(kinds, 100, rate, dividend, 1e-10, 0.3)
    np.testing.assert_allclose(found.critical_spot, [100, 40, 250, 100], rtol=1e-4)


def test_exercised_from_the_boundary_on():
    """Continuous and with the payoff's slope there, and worth exercise beyond."""
    boundary = exercise_boundary("put", 100, 0.05, 0.02, 1.0, 0.3)
    at = float(boundary.critical_spot)
    spots = at * np.array([0.5, 1.0, 1 + 1e-4, 1.01, 1.1])
    worth = price_from_boundary(boundary, spots)
    np.testing.assert_array_equal(worth[:2], 100 - spots[:2])
    assert worth[2] == pytest.approx(100 - spots[2], abs=1e-4)
    assert np.all(worth[3:] > 100 - spots[3:])


def test_a_finer_scheme_changes_little(monkeypatch):
    options = random_options(2_000, seed=4)
    plain = american_price(*options)
    finest = Scheme(nodes=10, points=32, steps=20, sweeps=20, angles=64)
    monkeypatch.setattr(american, "PLAIN", finest)
    off = error(plain, american_price(*options))
    assert 0 < np.median(off) < 2e-6
    assert off.max() < 5e-4


@pytest.mark.parametrize("kind", ["call", "put"])
def test_never_exercised_early_is_european(kind):
    rate, dividend = (0.05, [0.0, -0.02]) if kind == "call" else (-0.01, [0.0, 0.02])
    terms = (kind, 100, [[80], [120]], rate, dividend, 1.0, 0.4)
    np.testing.assert_array_equal(american_price(*terms), bsm_price(*terms))
    boundary = exercise_boundary(kind, 100, rate, dividend, 1.0, 0.4)
    assert np.isnan(boundary.critical_spot).all()


def test_at_expiry_it_is_worth_what_exercise_pays():
    prices = american_price(["call", "put"], 110, 100, 0.05, 0.02, 0.0, 0.4)
    np.testing.assert_array_equal(prices, [10.0, 0.0])


def test_without_volatility_it_is_exercised_at_the_best_moment():
    """A put's ``K e^-rt - S e^-qt`` of r 2 %, q 5 % turns at ``ln(r K / q S) / (r-q)``.

    At S = 45: ln(0.02 x 100 / (0.05 x 45)) / -0.03 = 3.926 years.
    """
    turn = np.log(2 / 2.25) / -0.03
    worth = 100 * np.exp(-0.02 * turn) - 45 * np.exp(-0.05 * turn)
    terms = (100, 0.02, 0.05, 10.0, 0.0)
    assert american_price("put", 45, *terms) == pytest.approx(worth, rel=1e-14)
    assert american_price("put", 30, *terms) == 70.0
    late = 100 * np.exp(-0.2) - 80 * np.exp(-0.5)
    assert american_price("put", 80, *terms) == pytest.approx(late, rel=1e-14)
    assert american_price("call", 80, *terms) == 0.0


def test_little_volatility_is_as_good_as_none():
    terms = ("put", [30.0, 45.0, 80.0], 100, 0.02, 0.05, 10.0)
    np.testing.assert_allclose(
        american_price(*terms, 1e-6), american_price(*terms, 0.0), rtol=1e-6
    )


def test_spot_or_strike_of_zero():
    """A put on nothing pays the strike: at once, or at negative rates in the end."""
    terms = ([0.05, -0.05], 0.02, 2.0, 0.4)
    np.testing.assert_allclose(
        american_price("put", 0, 100, *terms), [100, 100 * np.exp(0.1)], rtol=1e-14
    )
    np.testing.assert_array_equal(american_price("call", 0, 100, *terms), 0.0)
    np.testing.assert_array_equal(american_price("put", 80, 0, *terms), 0.0)
    np.testing.assert_allclose(american_price("call", 80, 0, *terms), 80, rtol=1e-14)
    grown = american_price("call", 80, 0, 0.05, -0.02, 2.0, 0.4)
    assert grown == pytest.approx(80 * np.exp(0.04), rel=1e-14)


@pytest.mark.parametrize("place", range(1, 7))
def test_missing_is_missing_and_nothing_else_is(place):
    for kind in ("call", "put"):
        terms = [kind, *PUT[1:]]
        terms[place] = [np.nan, terms[place]]
        np.testing.assert_array_equal(np.isnan(american_price(*terms)), [True, False])


def test_missing_is_not_hidden_by_a_certain_outcome():
    assert np.isnan(american_price("put", 0, 100, 0.05, np.nan, 1.0, 0.3))
    assert np.isnan(american_price("put", np.nan, 0, 0.05, 0.01, 1.0, 0.3))
    assert np.isnan(american_price("put", 90, 100, 0.05, 0.01, 0.0, np.nan))
    assert np.isnan(american_price("put", 90, 100, -0.05, np.nan, 1.0, 0.3))
    assert np.isnan(american_price("call", 90, 100, np.nan, -0.01, 1.0, 0.3))


def test_a_boundary_prices_its_contracts_at_any_spots():
    options = random_options(300, seed=5)
    spots = 100 * np.exp(np.random.default_rng(5).normal(0, 0.3, (40, 300)))
    boundary = exercise_boundary(options.option_type, *options[2:])
    one_by_one = [american_price(*options._replace(spot=row)) for row in spots]
    together = price_from_boundary(boundary, spots)
    np.testing.assert_array_equal(together, one_by_one)
    np.testing.assert_array_equal(
        together, american_price(options.option_type, spots, *options[2:])
    )


def test_one_boundary_serves_every_spot(monkeypatch):
    solved = []

    def counting(puts, scheme, solve=collocation.solve):
        solved.append(len(puts.years))
        return solve(puts, scheme)

    monkeypatch.setattr(collocation, "solve", counting)
    options = random_options(50, seed=6)._replace(option_type="put", rate=0.05)
    american_price(options.option_type, np.full((200, 50), 90.0), *options[2:])
    assert sum(solved) == 50


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_price_is_to_the_last_bit_the_same_in_any_company(count):
    options = random_options(3_000, seed=7)
    some = [column[1_234 : 1_234 + count] for column in options]
    for price in (american_price, lambda *o: american_greeks(*o).vega):
        together = price(*options)[1_234 : 1_234 + count]
        np.testing.assert_array_equal(price(*some), together)


def test_none_is_worth_nothing():
    assert american_price([], 100, 100, 0.05, 0.02, 1.0, 0.3).shape == (0,)
    assert american_greeks([], 100, 100, 0.05, 0.02, 1.0, 0.3).delta.shape == (0,)


@pytest.mark.parametrize(("volatility", "years"), [(1e-200, 1.0), (0.3, 1e-300)])
def test_next_to_nothing_open_is_nothing_open(volatility, years):
    price = american_price("put", 90, 100, 0.05, 0.02, years, volatility)
    assert price == 10.0


def test_a_grid_of_scenarios_fits_into_little_memory():
    """50 contracts x 2,000 scenarios of spot, volatility and time: 0.1 million."""
    rng = np.random.default_rng(8)
    spot = 100 * np.exp(rng.normal(0, 0.3, (2_000, 1)))
    volatility = np.exp(rng.normal(-1, 0.3, (2_000, 50)))
    tracemalloc.start()
    american_price("put", spot, np.linspace(80, 120, 50), 0.04, 0.0, 0.5, volatility)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e5 * 8 * 60  # 60 floats an option


def test_wrong_arguments_say_which_and_where():
    with pytest.raises(UsageError, match=r"volatility is -0\.2 at position 1"):
        american_price("put", 100, 100, 0.05, 0.02, 1.0, [0.2, -0.2])
    with pytest.raises(UsageError, match="spot is -1 at position 0"):
        american_price("put", [-1.0], 100, 0.05, 0.02, 1.0, 0.2)
    with pytest.raises(UsageError, match=r"contracts \(2,\), spot \(3,\)"):
        american_price("put", [1, 2, 3], [1, 2], 0.05, 0.02, 1.0, 0.2)
