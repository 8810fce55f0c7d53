"""American derivatives against differences of finer prices and closed forms."""

from dataclasses import fields

import numpy as np
import pytest

from riskplugin.errors import UsageError
from riskplugin.pricing import american
from riskplugin.pricing.collocation import Scheme
from riskplugin.pricing.options import (
    Greeks,
    american_greeks,
    american_price,
    exercise_boundary,
    greeks,
)
from tests.option_peers import by_differences, random_options

NAMES = [f.name for f in fields(Greeks)]
FINEST = Scheme(nodes=10, points=24, steps=12, sweeps=12, angles=64)
ARGUMENTS = {"vega": "volatility", "rho": "rate", "dividend_rho": "dividend_yield"}


def difference(options, name, step):
    """Return the central difference of the price in one argument."""
    at = getattr(options, name)
    rise = american_price(*options._replace(**{name: at + step}))
    fall = american_price(*options._replace(**{name: at - step}))
    return (rise - fall) / (2 * step)


@pytest.fixture(scope="module")
def differenced():
    """Options a while from expiry, and their derivatives by differences."""
    options = random_options(600, seed=11)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(american, "PLAIN", FINEST)
        found = {g: difference(options, at, 1e-4) for g, at in ARGUMENTS.items()}
        found["theta"] = -difference(options, "years", 1e-4)
        found["delta"] = difference(options, "spot", 0.01)
        step = 0.2
        rise, here, fall = (
            american_price(*options._replace(spot=options.spot + move))
            for move in (step, 0.0, -step)
        )
        found["gamma"] = (rise - 2 * here + fall) / step**2
    return options, found


@pytest.mark.parametrize(
    ("name", "median", "most"),
    [
        ("delta", 5e-6, 5e-4),
        ("gamma", 2e-6, 1e-3),
        ("vega", 1e-3, 0.05),
        ("theta", 1e-3, 0.05),
        ("rho", 1e-2, 0.5),
        ("dividend_rho", 1e-2, 0.5),
    ],
)
def test_greek_is_the_difference_of_finer_prices(differenced, name, median, most):
    """Delta of 1 and gamma of 0.03 at the most; vega, rhos of tens, theta of ten."""
    options, exact = differenced
    off = np.abs(getattr(american_greeks(*options), name) - exact[name])
    assert np.median(off) < median
    assert np.quantile(off, 0.98) < most


def test_never_exercised_early_is_european():
    terms = ("call", [80.0, 120.0], 100, 0.05, 0.0, 1.0, 0.4)
    ours, exact = american_greeks(*terms), greeks(*terms)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(ours, name), getattr(exact, name))


@pytest.mark.parametrize(("kind", "spot"), [("put", 40.0), ("call", 300.0)])
def test_past_the_boundary_it_moves_with_the_spot_alone(kind, spot):
    found = american_greeks(kind, spot, 100.0, 0.05, 0.05, 1.0, 0.3)
    assert found.delta == (1.0 if kind == "call" else -1.0)
    for name in NAMES[1:]:
        assert getattr(found, name) == 0.0


def test_gamma_at_the_boundary_by_hand():
    """There ``v^2 S^2 gamma / 2 = r K - q S``: the slope is -1 and theta nil."""
    boundary = exercise_boundary("put", 100, 0.05, 0.02, 1.0, 0.3)
    spot = float(boundary.critical_spot) * (1 + 1e-3)
    found = american_greeks("put", spot, 100, 0.05, 0.02, 1.0, 0.3)
    exact = 2 * (0.05 * 100 - 0.02 * spot) / (0.3 * spot) ** 2
    assert found.gamma == pytest.approx(exact, rel=0.02)
    assert found.delta == pytest.approx(-1, abs=4e-3)


@pytest.mark.parametrize("spot", [110.0, 90.0])
def test_two_boundaries_by_finite_differences(spot):
    """Crank-Nicolson's price knows no boundary; its differences are ours."""
    terms = [spot, 100.0, -0.02, -0.05, 1.0, 0.3]
    found = american_greeks("put", *terms)
    price = {
        move: by_differences(-1.0, spot + move, *terms[1:]) for move in (-2.0, 0.0, 2.0)
    }
    assert found.delta == pytest.approx((price[2.0] - price[-2.0]) / 4, abs=1e-3)
    bend = (price[2.0] - 2 * price[0.0] + price[-2.0]) / 4
    assert found.gamma == pytest.approx(bend, rel=0.02)
    for name, place in (("vega", 5), ("rho", 2), ("dividend_rho", 3), ("theta", 4)):
        rise, fall = ([*terms] for _ in range(2))
        rise[place] += 0.002
        fall[place] -= 0.002
        slope = (by_differences(-1.0, *rise) - by_differences(-1.0, *fall)) / 0.004
        exact = -slope if name == "theta" else slope
        assert getattr(found, name) == pytest.approx(exact, rel=0.01), name


def test_between_two_boundaries_it_moves_with_the_spot_alone():
    """Just below the strike, where dividends of -5 % outweigh a rate of -2 %."""
    found = american_greeks("put", 80.0, 100.0, -0.02, -0.3, 1.0, 0.1)
    assert found.delta == pytest.approx(-1.0, rel=1e-9)
    np.testing.assert_allclose([found.gamma, found.theta, found.vega], 0.0, atol=1e-9)


def test_without_volatility_the_derivatives_are_those_of_the_best_exercise():
    """At once, 100 - 30; in the end, S - K discounted."""
    now = american_greeks("put", 30.0, 100.0, 0.02, 0.05, 1.0, 0.0)
    np.testing.assert_allclose(now.delta, -1, rtol=1e-12)
    np.testing.assert_allclose([now.gamma, now.theta, now.rho], 0.0, atol=1e-12)
    last = american_greeks("call", 120.0, 100.0, 0.05, 0.0, 1.0, 0.0)
    assert last.delta == pytest.approx(1.0)
    assert last.rho == pytest.approx(100 * np.exp(-0.05))
    assert last.theta == pytest.approx(-0.05 * 100 * np.exp(-0.05), rel=1e-6)


def test_at_no_time_they_are_european():
    terms = ("put", [90.0, 100.0, 110.0], 100, 0.05, 0.02, 0.0, 0.4)
    ours, exact = american_greeks(*terms), greeks(*terms)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(ours, name), getattr(exact, name))


@pytest.mark.parametrize("place", range(1, 7))
def test_missing_is_missing_and_nothing_else_is(place):
    terms = [["put", "call"], 100.0, 100.0, 0.05, 0.02, 1.0, 0.3]
    terms[place] = [np.nan, terms[place]]
    found = american_greeks(*terms)
    for name in NAMES:
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), [True, False])


def test_wrong_argument_says_which_and_where():
    with pytest.raises(UsageError, match=r"years is -1 at position 1: it must be"):
        american_greeks("put", 100, 100, 0.05, 0.02, [1, -1], 0.3)
