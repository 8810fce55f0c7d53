"""Propagation against closed forms."""

import numpy as np
import pytest
from statsmodels.regression.linear_model import WLS

from riskplugin.factors.covariance import weighted_covariance
from riskplugin.factors.loadings import regress
from riskplugin.factors.propagation import (
    complete,
    completion_error,
    response_to,
)
from tests.oracles import instrumented

# Closed form, derived: a Gaussian conditional on its first coordinate at -0.3.
COVARIANCE = np.array([[0.04, 0.03, 0.036], [0.03, 0.0625, 0.06], [0.036, 0.06, 0.16]])
CONDITIONAL_MEAN = [-0.225, -0.27]
CONDITIONAL_COVARIANCE = [[0.04, 0.033], [0.033, 0.1276]]


def one(core, moves):
    """Complete one scenario with the covariance above."""
    completed, remainder = complete(
        COVARIANCE, np.array([core]), np.array([moves], dtype=float)
    )
    return completed[0], remainder[0]


def test_one_core_driver_is_the_gaussian_conditional():
    completed, remainder = one([True, False, False], [-0.3, np.nan, np.nan])
    np.testing.assert_allclose(completed[1:], CONDITIONAL_MEAN, rtol=1e-12)
    np.testing.assert_allclose(remainder[1:, 1:], CONDITIONAL_COVARIANCE, rtol=1e-12)
    assert completed[0] == pytest.approx(-0.3, abs=1e-12)
    assert (remainder[0] == 0).all()
    assert (remainder[:, 0] == 0).all()


def test_two_core_drivers_by_hand():
    # S_cc = [[0.04, 0.036], [0.036, 0.16]] has determinant 0.005104, so the response
    # of driver 1 is (0.03 * 0.16 - 0.06 * 0.036, -0.03 * 0.036 + 0.06 * 0.04) over it:
    # (0.00264, 0.00132) / 0.005104.
    completed, remainder = one([True, False, True], [-0.3, np.nan, 0.1])
    response = np.array([0.00264, 0.00132]) / 0.005104
    assert completed[1] == pytest.approx(response @ [-0.3, 0.1], rel=1e-12)
    left = 0.0625 - response @ [0.03, 0.06]
    assert remainder[1, 1] == pytest.approx(left, rel=1e-12)
    assert np.count_nonzero(remainder) == 1
    np.testing.assert_allclose(completed[[0, 2]], [-0.3, 0.1], rtol=0, atol=1e-12)


def test_driver_held_still_is_not_an_unnamed_one():
    still, _ = one([True, False, True], [-0.3, np.nan, 0.0])
    unnamed, _ = one([True, False, False], [-0.3, np.nan, np.nan])
    assert still[2] == 0
    assert unnamed[2] == pytest.approx(-0.27, rel=1e-12)
    assert still[1] == pytest.approx(-0.3 * 0.00264 / 0.005104, rel=1e-12)


def test_every_driver_named_is_the_identity():
    completed, remainder = one([True] * 3, [-0.3, 0.2, -0.1])
    np.testing.assert_array_equal(completed, [-0.3, 0.2, -0.1])
    np.testing.assert_array_equal(remainder, np.zeros((3, 3)))


def test_no_driver_named_leaves_everything_open():
    completed, remainder = one([False] * 3, [np.nan] * 3)
    np.testing.assert_array_equal(completed, np.zeros(3))
    np.testing.assert_allclose(remainder, COVARIANCE, rtol=1e-15)


def test_response_to_a_driver_is_its_column_over_its_variance():
    np.testing.assert_allclose(response_to(COVARIANCE, 0), [1, 0.75, 0.9], rtol=1e-14)


@pytest.mark.parametrize("driver", [0, 2])
def test_total_beta_is_the_univariate_regression_beta(driver):
    # The omitted-variable identity: with the same rows and weights throughout, the
    # slope on one driver alone is what the partial slopes add up to.
    rng = np.random.default_rng(31)
    drivers = rng.normal(0, 0.03, (250, 3)) @ rng.normal(0, 1, (3, 3))
    noise = rng.normal(0, 0.02, (250, 4))
    returns = 0.01 + drivers @ rng.normal(0, 1, (3, 4)) + noise
    drivers[40:52, 1] = np.nan  # a hole in any driver is a hole for all
    weights = 0.5 ** (np.arange(250)[::-1] / 90)
    fitted = regress(np.stack([returns] * 2), np.stack([drivers] * 2), weights, 5, 60)
    covariance = weighted_covariance(drivers, weights)
    beta = fitted.loadings @ response_to(covariance, driver)
    rows = ~np.isnan(drivers).any(axis=1)
    alone = np.column_stack([np.ones(rows.sum()), drivers[rows, driver]])
    for k in range(4):
        slope = WLS(returns[rows, k], alone, weights=weights[rows]).fit().params[1]
        assert beta[k] == pytest.approx(slope, rel=1e-9)


@pytest.fixture
def overlapping():
    """Windows of four drivers with a hole, their weights, and the weights with it."""
    rng = np.random.default_rng(32)
    daily = rng.standard_t(5, (306, 4)) @ rng.normal(0, 0.01, (4, 4))
    wide = np.lib.stride_tricks.sliding_window_view(daily, 7, axis=0)
    windows = np.stack([wide[:, :, 1:-1].sum(axis=2), wide.sum(axis=2)])
    weights = 0.5 ** (np.arange(300)[::-1] / 90)
    windows[0, 100:108, 2] = np.nan
    windows[1, 99:109, 2] = np.nan
    return windows, weights, np.where(np.isnan(windows[1, :, 2]), 0, weights)


@pytest.mark.parametrize("core", [[1], [0, 3]])
def test_error_of_the_completion_is_that_of_the_regression_on_the_core(
    overlapping, core
):
    # What follows is a regression on the core, so the error of any combination of the
    # followers is that of the regression of the combination.
    windows, weights, there = overlapping
    named = np.isin(np.arange(4), core)
    moves = np.where(named, [-0.3, -0.5, 0.2, 0.1], np.nan)
    found = completion_error(windows, weights, named[None], moves[None], 5)[0]
    filled = np.where(np.isnan(windows[1]), 0, windows)
    for mix in ([0, 1, 1, 0], [1, 0, 0, 0], [0.5, 0, -2, 3], [0, 0, 1, 0]):
        held = np.where(named, 0, mix)
        expected = instrumented(filled @ held, filled[:, :, named], there)
        variance = moves[named] @ expected.covariance @ moves[named]
        assert held @ found @ held == pytest.approx(variance, rel=1e-9, abs=1e-18)
    assert (found[named] == 0).all()
    assert (found[:, named] == 0).all()


def test_error_of_the_completion_grows_with_the_move_squared(overlapping):
    windows, weights, _ = overlapping
    core = np.array([[True, False, False, False]] * 2 + [[True] * 4, [False] * 4])
    moves = np.where(core, [[-0.1], [-0.3], [0.2], [0.0]], np.nan)
    found = completion_error(windows, weights, core, moves, 5)
    np.testing.assert_allclose(found[1], 9 * found[0], rtol=1e-10)
    assert found[0, 1, 1] > 0
    np.testing.assert_array_equal(found[2:], np.zeros((2, 4, 4)))
