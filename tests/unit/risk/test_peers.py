"""Totals and contributions beside riskfolio's and skfolio's."""

import importlib
import warnings

import numpy as np
import pytest
from skfolio import measures as skfolio

from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import components, measured
from riskplugin.risk.riskfolio_totals import riskfolio_total
from tests.unit.risk.samples import decaying, heavy_tailed, total_of

SOLVED = {Measure.EVAR, Measure.RLVAR, Measure.EDAR, Measure.RLDAR}
# 0.05 * 100 and * 240 are whole, * 151 is not; 0.013 and 0.1 and 0.25 likewise
SAMPLES = [(1, 100), (2, 151), (3, 240)]
ALPHAS = [0.013, 0.05, 0.1, 0.25]


@pytest.fixture(scope="module")
def riskfolio():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("riskfolio.src.RiskFunctions")


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_totals_are_riskfolios(measure, alpha):
    precision = 1e-6 if measure in SOLVED else 1e-10
    for seed, scenarios in SAMPLES:
        pnl = heavy_tailed(seed, scenarios)[:, 0]
        peer = riskfolio_total(measure, pnl, alpha)
        assert total_of(measure, pnl, alpha) == pytest.approx(peer, rel=precision)


@pytest.mark.parametrize("measure", Measure)
def test_contributions_are_riskfolios_finite_differences(measure, riskfolio):
    """By 1e-5 of the total; its differences of solved measures are no better."""
    returns = heavy_tailed(7, 130, 6, scale=1.0) + heavy_tailed(8, 130, scale=0.5)
    weights = np.array([0.3, 0.25, -0.1, 0.2, 0.15, 0.2])
    pnl = returns * weights
    found = measured(measure, pnl.sum(axis=1)[:, None], equal_probabilities(130), 0.05)
    ours = components(found.weights[:, 0], pnl)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = riskfolio.Risk_Contribution(
            weights, returns, rm=DEFINITIONS[measure].riskfolio, alpha=0.05
        )
    np.testing.assert_allclose(ours, peer, rtol=0, atol=1e-5 * found.total[0])
    assert ours.sum() == pytest.approx(found.total[0], rel=1e-10)


def test_riskfolio_counts_a_whole_tail_one_too_far():
    """0.07 * 100 is 7.000000000000001 in floating point."""
    pnl = heavy_tailed(4, 100)[:, 0]
    ours, worst_first = total_of(Measure.VAR, pnl, 0.07), np.sort(pnl)
    assert ours == -worst_first[6]
    assert riskfolio_total(Measure.VAR, pnl, 0.07) == pytest.approx(-worst_first[7])


SKFOLIO = {
    Measure.VOLATILITY: skfolio.standard_deviation,
    Measure.MAD: skfolio.mean_absolute_deviation,
    Measure.SEMI_DEVIATION: skfolio.semi_deviation,
    Measure.LPM1: lambda x, **weights: skfolio.first_lower_partial_moment(
        x, min_acceptable_return=0.0, **weights
    ),
    Measure.LPM2: lambda x, **weights: skfolio.semi_deviation(
        x, min_acceptable_return=0.0, **weights
    ),
}
SKFOLIO_TAILS = {
    Measure.VAR: skfolio.value_at_risk,
    Measure.CVAR: skfolio.cvar,
    Measure.EVAR: skfolio.evar,
}
SKFOLIO_DRAWDOWNS = {
    Measure.MDD: skfolio.max_drawdown,
    Measure.ADD: skfolio.average_drawdown,
    Measure.UCI: skfolio.ulcer_index,
}
SKFOLIO_TAIL_DRAWDOWNS = {
    Measure.DAR: skfolio.drawdown_at_risk,
    Measure.CDAR: skfolio.cdar,
    Measure.EDAR: skfolio.edar,
}
WEIGHTED = decaying(151, 60)


@pytest.mark.parametrize("measure", SKFOLIO)
def test_moments_are_skfolios_weighted_too(measure):
    pnl = heavy_tailed(5, 151)[:, 0]
    peer = SKFOLIO[measure](pnl)
    assert total_of(measure, pnl) == pytest.approx(peer, rel=1e-12)
    peer = SKFOLIO[measure](pnl, sample_weight=WEIGHTED)
    ours = total_of(measure, pnl, probabilities=WEIGHTED)
    assert ours == pytest.approx(peer, rel=1e-12)


@pytest.mark.parametrize("measure", SKFOLIO_TAILS)
@pytest.mark.parametrize("alpha", [0.05, 0.013, 0.25])
def test_tails_are_skfolios_weighted_too(measure, alpha):
    precision = 1e-6 if measure in SOLVED else 1e-10
    pnl = heavy_tailed(6, 151)[:, 0]
    peer = SKFOLIO_TAILS[measure](pnl, beta=1 - alpha)
    assert total_of(measure, pnl, alpha) == pytest.approx(peer, rel=precision)
    peer = SKFOLIO_TAILS[measure](pnl, beta=1 - alpha, sample_weight=WEIGHTED)
    ours = total_of(measure, pnl, alpha, WEIGHTED)
    assert ours == pytest.approx(peer, rel=precision)


def test_skfolio_takes_the_next_scenario_where_the_tail_is_whole():
    """5 % of 100: the fifth worst here and in riskfolio, the sixth in skfolio."""
    pnl = heavy_tailed(6, 100)[:, 0]
    worst_first = np.sort(pnl)
    assert total_of(Measure.VAR, pnl, 0.05) == -worst_first[4]
    assert skfolio.value_at_risk(pnl, beta=0.95) == -worst_first[5]
    peer = skfolio.cvar(pnl, beta=0.95)
    assert total_of(Measure.CVAR, pnl, 0.05) == pytest.approx(peer, rel=1e-12)


@pytest.mark.parametrize("measure", [*SKFOLIO_DRAWDOWNS, *SKFOLIO_TAIL_DRAWDOWNS])
def test_drawdowns_are_skfolios(measure):
    precision = 1e-6 if measure in SOLVED else 1e-10
    pnl = heavy_tailed(6, 151)[:, 0]
    falls = skfolio.get_drawdowns(pnl)
    if measure in SKFOLIO_DRAWDOWNS:
        peer = SKFOLIO_DRAWDOWNS[measure](falls)
    else:
        peer = SKFOLIO_TAIL_DRAWDOWNS[measure](falls, beta=0.95)
    assert total_of(measure, pnl) == pytest.approx(peer, rel=precision)


def test_gini_mean_difference_and_worst_are_skfolios():
    pnl = heavy_tailed(6, 151)[:, 0]
    peer = skfolio.gini_mean_difference(pnl)
    assert total_of(Measure.GMD, pnl) == pytest.approx(peer, rel=1e-12)
    assert total_of(Measure.WORST_CASE, pnl) == skfolio.worst_realization(pnl)
