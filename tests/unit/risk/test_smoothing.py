"""Smoothed contributions of VaR and DaR."""

import numpy as np
import pytest
from scipy.stats import triang

from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import components, measured
from riskplugin.risk.smoothing import smoothed
from tests.unit.risk.samples import decaying, heavy_tailed


def test_weights_are_a_triangle_of_probability_by_scipy():
    pnl = np.sort(heavy_tailed(1, 400))
    pnl = np.sort(pnl, axis=0)
    found = smoothed(Measure.VAR, pnl, equal_probabilities(400), 0.1, 0.04)
    edges = np.arange(401) / 400
    steps = np.diff(triang.cdf(edges, 0.5, loc=0.06, scale=0.08))
    scale = -pnl[39, 0] / (-steps @ pnl[:, 0])
    np.testing.assert_allclose(found.weights[:, 0], scale * steps, atol=1e-13)
    assert np.count_nonzero(found.weights > 1e-12) == 32


@pytest.mark.parametrize("measure", [Measure.VAR, Measure.DAR])
@pytest.mark.parametrize("probabilities", [np.full(300, 1 / 300), decaying(300, 90)])
def test_total_is_exact_and_components_add_up(measure, probabilities):
    parts = heavy_tailed(2, 300, 5)
    whole = parts.sum(axis=1, keepdims=True)
    exact = measured(measure, whole, probabilities, 0.05)
    found = smoothed(measure, whole, probabilities, 0.05)
    np.testing.assert_array_equal(found.total, exact.total)
    part = components(found.weights[:, 0], parts)
    assert part.sum() == pytest.approx(exact.total[0], rel=1e-12)
    assert np.abs(part - components(exact.weights[:, 0], parts)).max() > 0


def test_smoothing_recovers_the_contributions_of_a_normal_book():
    """With normal P&L they are proportional to covariances; one day's are not."""
    rng = np.random.default_rng(4)
    loadings = np.array([[2.0, 0.0, 0.0], [0.5, 1.0, 0.0], [-0.5, 0.2, 0.7]])
    parts = rng.standard_normal((20_000, 3)) @ loadings.T
    whole, equal = parts.sum(axis=1, keepdims=True), equal_probabilities(20_000)
    shares = loadings @ loadings.T
    true = shares.sum(axis=1) / shares.sum()
    error = {}
    for name, weigh in (("exact", measured), ("smooth", smoothed)):
        found = weigh(Measure.VAR, whole, equal, 0.05)
        share = components(found.weights[:, 0], parts) / found.total[0]
        error[name] = np.abs(share - true).max()
    assert error["smooth"] < 0.03
    assert error["exact"] > 3 * error["smooth"]


def test_other_measures_have_none():
    with pytest.raises(UsageError, match="CVaR has no smoothing; only VaR and DaR"):
        smoothed(Measure.CVAR, heavy_tailed(1, 50), equal_probabilities(50), 0.1)


@pytest.mark.parametrize("half_width", [0.0, -0.01, 0.06, np.nan])
def test_triangle_stays_inside_the_probabilities(half_width):
    with pytest.raises(UsageError, match=r"half_width is .*up to 0\.05"):
        smoothed(
            Measure.VAR, heavy_tailed(1, 50), equal_probabilities(50), 0.05, half_width
        )


def test_scaling_that_means_nothing_is_refused():
    """VaR of 0.1 among losses of 9 to -9: the neighbours average to about 0."""
    pnl = np.array([[-9.0], [-0.1], [9.0], [9.0]])
    with pytest.raises(ModelError, match=r"smoothed VaR .* is not of the size of VaR"):
        smoothed(Measure.VAR, pnl, equal_probabilities(4), 0.5, 0.5)


def test_no_loss_at_all_is_no_error():
    found = smoothed(Measure.DAR, np.ones((40, 1)), equal_probabilities(40), 0.1)
    assert found.total[0] == 0.0
    np.testing.assert_array_equal(found.weights, 0.0)
