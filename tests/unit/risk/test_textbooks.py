"""Published numbers, and samples small enough to measure on the page."""

import numpy as np
import pytest
from scipy.special import ndtri

from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import components, incremental, measured
from tests.unit.risk.samples import total_of

# Jorion, Value at Risk (3rd ed.), ch. 7: CAD and EUR, uncorrelated
JORION_POSITIONS = np.array([2_000_000.0, 1_000_000.0])
JORION_VOLATILITIES = np.array([0.05, 0.12])
JORION_Z = 1.65

# Hull, Options, Futures and Other Derivatives: four indices, 500 scenarios, the five
# worst losses of $10m with the numbers of their scenarios
HULL_LOSSES = np.array([477_841.0, 345_435.0, 282_204.0, 277_041.0, 253_385.0])
HULL_SCENARIOS = np.array([494, 339, 349, 329, 487])

# Rockafellar and Uryasev (2000), tables 1-5: S&P 500, long bond, small cap, monthly
RU_MEAN = np.array([0.010111, 0.0043532, 0.0137058])
RU_COVARIANCE = np.array(
    [
        [0.00324625, 0.00022983, 0.00420395],
        [0.00022983, 0.00049937, 0.00019247],
        [0.00420395, 0.00019247, 0.00764097],
    ]
)
RU_WEIGHTS = np.array([0.452013, 0.115573, 0.432414])
RU_VAR = {0.10: 0.067847, 0.05: 0.090200, 0.01: 0.132128}
RU_CVAR = {0.10: 0.096975, 0.05: 0.115908, 0.01: 0.152977}

PATH = np.array([3.0, -1.0, -4.0, 2.0, 5.0, -2.0, -2.0, 1.0])
# high 3 3 3 3 5 5 5 5, path 3 2 -2 0 5 3 1 2
FALLS = np.array([0.0, 1.0, 5.0, 3.0, 0.0, 2.0, 4.0, 3.0])


@pytest.fixture
def jorion():
    """Four scenarios with exactly his volatilities and no correlation."""
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    return signs * JORION_POSITIONS * JORION_VOLATILITIES * np.sqrt(3 / 4)


def test_jorion_component_var(jorion):
    equal = equal_probabilities(4)
    whole = jorion.sum(axis=1, keepdims=True)
    found = measured(Measure.VOLATILITY, whole, equal, 0.05)
    assert JORION_Z * found.total[0] == pytest.approx(257_738, abs=1)
    alone = measured(Measure.VOLATILITY, jorion, equal, 0.05).total
    np.testing.assert_allclose(JORION_Z * alone, [165_000, 198_000], rtol=1e-12)
    part = JORION_Z * components(found.weights[:, 0], jorion)
    np.testing.assert_allclose(part, [105_630, 152_108], atol=1)
    np.testing.assert_allclose(part / JORION_POSITIONS, [0.0528, 0.1521], atol=5e-5)


def test_incremental_of_jorion_is_what_remains_without_each(jorion):
    whole, equal = jorion.sum(axis=1), equal_probabilities(4)
    found = incremental(Measure.VOLATILITY, whole, jorion, equal, 0.05)
    expected = [257_738 - 198_000, 257_738 - 165_000]
    np.testing.assert_allclose(JORION_Z * found, expected, atol=1)


def hull_pnl():
    """500 scenarios of which the five worst are his."""
    pnl = np.linspace(-250_000.0, 300_000.0, 500)
    pnl[HULL_SCENARIOS - 1] = -HULL_LOSSES
    return pnl


def test_hull_historical_simulation():
    assert total_of(Measure.VAR, hull_pnl(), 0.01) == 253_385
    assert total_of(Measure.CVAR, hull_pnl(), 0.01) == pytest.approx(327_181, abs=1)


def test_hull_weighted_historical_simulation():
    age = 500 - np.arange(1, 501)
    weights = 0.995**age * (1 - 0.995) / (1 - 0.995**500)
    published = [0.00528, 0.00243, 0.00255, 0.00231, 0.00510]
    np.testing.assert_allclose(weights[HULL_SCENARIOS - 1], published, atol=6e-6)
    assert total_of(Measure.VAR, hull_pnl(), 0.01, weights) == 282_204
    found = total_of(Measure.CVAR, hull_pnl(), 0.01, weights)
    assert found == pytest.approx(400_914, abs=1)


@pytest.mark.parametrize("alpha", RU_VAR)
def test_rockafellar_uryasev_of_a_normal_portfolio(alpha):
    deviation = np.sqrt(RU_WEIGHTS @ RU_COVARIANCE @ RU_WEIGHTS)
    grid = (np.arange(200_000) + 0.5) / 200_000
    pnl = RU_WEIGHTS @ RU_MEAN + deviation * ndtri(grid)
    found = total_of(Measure.VAR, pnl, alpha)
    assert found == pytest.approx(RU_VAR[alpha], abs=1e-5)
    # the grid has no scenario beyond 1 in 400,000
    found = total_of(Measure.CVAR, pnl, alpha)
    assert found == pytest.approx(RU_CVAR[alpha], abs=1e-5)


@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.001])
def test_entropic_of_a_normal_is_its_closed_form(alpha):
    """Ahmadi-Javid (2012): ``sigma * sqrt(-2 log(alpha)) - mu``."""
    grid = np.linspace(-12.0, 12.0, 4_001)
    density = np.exp(-(grid**2) / 2)
    found = total_of(Measure.EVAR, 0.3 + 2.0 * grid, alpha, density / density.sum())
    expected = 2.0 * np.sqrt(-2.0 * np.log(alpha)) - 0.3
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (Measure.MDD, 5.0),
        (Measure.ADD, 18 / 8),
        (Measure.DAR, 4.0),
        (Measure.CDAR, 4.5),
        (Measure.UCI, np.sqrt(64 / 8)),
    ],
)
def test_drawdowns_on_the_page(measure, expected):
    assert total_of(measure, PATH, 0.25) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("measure", "weights"),
    [
        (Measure.MDD, [0, 1, 1, 0, 0, 0, 0, 0]),
        (Measure.DAR, [0, 0, 0, 0, 0, 1, 1, 0]),
        (Measure.CDAR, [0, 0.5, 0.5, 0, 0, 0.5, 0.5, 0]),
        (Measure.ADD, np.array([0, 3, 2, 1, 0, 3, 2, 1]) / 8),
        (
            Measure.UCI,
            np.array([0, 9, 8, 3, 0, 9, 7, 3]) / 8 / np.sqrt(64 / 8),
        ),
    ],
)
def test_weights_of_sessions_on_the_page(measure, weights):
    found = measured(measure, PATH[:, None], equal_probabilities(8), 0.25)
    np.testing.assert_allclose(found.weights[:, 0], weights, atol=1e-15)


def test_first_loss_is_a_drawdown_from_nothing():
    assert total_of(Measure.MDD, [-2.0, 1.0, -0.5]) == 2.0


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        # losses -3 -1 2 6 with probabilities 0.1 0.2 0.3 0.4, mean 2.5
        (Measure.MAD, 0.1 * 5.5 + 0.2 * 3.5 + 0.3 * 0.5 + 0.4 * 3.5),
        (Measure.LPM1, 0.3 * 2 + 0.4 * 6),
        (Measure.LPM2, np.sqrt((0.3 * 4 + 0.4 * 36) / 0.7)),
        (Measure.VOLATILITY, np.sqrt((0.9 + 0.2 + 1.2 + 14.4 - 6.25) / 0.7)),
        (Measure.SEMI_DEVIATION, np.sqrt(0.4 * 3.5**2 / 0.7)),
        (
            Measure.GMD,
            2 * (0.02 * 2 + 0.03 * 5 + 0.04 * 9 + 0.06 * 3 + 0.08 * 7 + 0.12 * 4) / 0.7,
        ),
        (Measure.VAR, 2.0),
        (Measure.CVAR, (0.4 * 6 + 0.1 * 2) / 0.5),
        (Measure.WORST_CASE, 6.0),
        (Measure.RANGE, 9.0),
    ],
)
def test_weighted_scenarios_on_the_page(measure, expected):
    pnl, probabilities = [3.0, 1.0, -2.0, -6.0], np.array([0.1, 0.2, 0.3, 0.4])
    found = total_of(measure, pnl, 0.5, probabilities)
    assert found == pytest.approx(expected, rel=1e-14)


def test_weighted_drawdowns_on_the_page():
    probabilities = np.array([0.1, 0.0, 0.1, 0.3, 0.0, 0.1, 0.2, 0.2])
    found = {
        m: total_of(m, PATH, 0.25, probabilities)
        for m in (Measure.ADD, Measure.DAR, Measure.CDAR, Measure.UCI)
    }
    assert found[Measure.ADD] == pytest.approx(0.5 + 0.9 + 0.2 + 0.8 + 0.6)
    assert found[Measure.DAR] == 4.0
    assert found[Measure.CDAR] == pytest.approx((0.1 * 5 + 0.15 * 4) / 0.25)
    assert found[Measure.UCI] == pytest.approx(np.sqrt(2.5 + 2.7 + 0.4 + 3.2 + 1.8))


def test_worst_drawdown_is_of_sessions_that_can_happen():
    probabilities = np.array([0.2, 0.2, 0.0, 0.2, 0.0, 0.2, 0.1, 0.1])
    assert total_of(Measure.MDD, PATH, 0.05, probabilities) == 4.0


def test_components_of_many_totals_at_once(jorion):
    equal = equal_probabilities(4)
    found = measured(Measure.CVAR, jorion, equal, 0.4)
    together = components(found.weights.T, jorion)
    assert together.shape == (2, 2)
    np.testing.assert_allclose(np.diag(together), found.total, rtol=1e-14)
