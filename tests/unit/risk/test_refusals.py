"""What cannot be measured is refused, and what is flat is 0."""

import sys
import warnings

import numpy as np
import pytest

from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import incremental, measured, totals
from riskplugin.risk.riskfolio_totals import riskfolio_total
from tests.unit.risk.samples import heavy_tailed

FLAT = (Measure.VOLATILITY, Measure.MAD, Measure.SEMI_DEVIATION)
BOTH = pytest.mark.parametrize("measuring", [measured, totals])


@BOTH
@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf, 1e300])
def test_holes_are_refused_by_column(measuring, hole):
    pnl = heavy_tailed(1, 30, 4)
    pnl[3, 2] = pnl[5, 0] = hole
    with pytest.raises(ModelError, match=r"NaN, infinite .* in column\(s\) 0, 2"):
        measuring(Measure.CVAR, pnl, equal_probabilities(30), 0.05)


@BOTH
@pytest.mark.parametrize(("scenarios", "said"), [(0, "^0 P&L"), (1, "^1 P&L")])
def test_a_measure_needs_two_scenarios(measuring, scenarios, said):
    with pytest.raises(ModelError, match=said):
        measuring(Measure.MAD, np.ones((scenarios, 2)), np.ones(scenarios), 0.05)


@BOTH
def test_a_vector_is_no_matrix(measuring):
    with pytest.raises(UsageError, match=r"pnl has 1 axes; expected .* \(T, G\)"):
        measuring(Measure.MAD, np.ones(5), equal_probabilities(5), 0.05)


@BOTH
@pytest.mark.parametrize(
    ("alpha", "said"),
    [
        (0.0, "alpha is 0.0; .* 0.05 is the worst 5 %"),
        (1.0, "alpha is 1.0; .*did you mean 0.01"),
        (5, "alpha is 5; .*did you mean 0.05"),
        (-0.1, "alpha is -0.1"),
        (np.nan, "alpha is nan"),
    ],
)
def test_alpha_is_a_tail(measuring, alpha, said):
    with pytest.raises(UsageError, match=said):
        measuring(Measure.CVAR, np.eye(3), equal_probabilities(3), alpha)


@BOTH
@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ([0.5, 0.5], r"shape \(2,\); expected \(3,\)"),
        ([0.5, 0.6, -0.1], "negative or NaN at scenario.* 2"),
        ([0.5, np.nan, 0.5], "negative or NaN at scenario.* 1"),
        ([0.5, 0.3, 0.1], "sum to 0.9; expected 1"),
        ([np.inf, 0.3, 0.1], "sum to inf; expected 1"),
        ([1.0, 0.0, 0.0], "all probability is on one scenario"),
    ],
)
def test_probabilities_are_probabilities(measuring, probabilities, said):
    with pytest.raises(UsageError, match=said):
        measuring(Measure.CVAR, np.eye(3), np.array(probabilities), 0.05)


def test_tail_gini_has_a_lowest_level():
    with pytest.raises(UsageError, match=r"tail Gini mixes levels from 0\.0001"):
        measured(Measure.TAIL_GINI, np.eye(3), equal_probabilities(3), 5e-5)


OF_CASH = {
    *(Measure.VAR, Measure.CVAR, Measure.TAIL_GINI, Measure.EVAR, Measure.RLVAR),
    Measure.WORST_CASE,
}


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("pnl", [0.1, 0.0])
def test_constant_profit_is_no_risk(measure, pnl):
    """0.1 ten times does not add up to 1: no rounding may pass for risk."""
    found = measured(measure, np.full((10, 1), pnl), equal_probabilities(10), 0.05)
    expected = -pnl if measure in OF_CASH else 0.0
    assert found.total[0] == pytest.approx(expected, rel=1e-14, abs=1e-16)
    assert np.isfinite(found.weights).all()


@pytest.mark.parametrize("measure", FLAT)
def test_deviations_of_a_constant_have_no_weights(measure):
    found = measured(measure, np.full((10, 1), -0.1), equal_probabilities(10), 0.05)
    assert found.total[0] == 0.0
    np.testing.assert_array_equal(found.weights, 0.0)


@pytest.mark.parametrize("measure", Measure)
def test_impossible_scenarios_do_not_count(measure):
    pnl = heavy_tailed(2, 40)
    probabilities = np.r_[np.zeros(2), np.full(36, 1 / 36), np.zeros(2)]
    found = measured(measure, pnl, probabilities, 0.1)
    if measure in list(Measure)[:13]:
        expected = measured(measure, pnl[2:-2], equal_probabilities(36), 0.1)
        np.testing.assert_array_equal(found.total, expected.total)
        np.testing.assert_array_equal(found.weights[2:-2], expected.weights)
        np.testing.assert_array_equal(found.weights[[0, 1, -2, -1]], 0.0)
    changed = pnl.copy()
    changed[-1] = -1e12  # no session after it sees its drawdown
    again = measured(measure, changed, probabilities, 0.1)
    np.testing.assert_array_equal(found.total, again.total)


@pytest.mark.parametrize("measure", Measure)
def test_no_columns_have_no_totals(measure):
    found = measured(measure, np.empty((5, 0)), equal_probabilities(5), 0.05)
    assert found.total.shape == (0,)
    assert found.weights.shape == (5, 0)
    assert totals(measure, np.empty((5, 0)), equal_probabilities(5), 0.05).size == 0


@pytest.mark.parametrize("measure", Measure)
def test_pnl_is_left_as_it_was(measure):
    """Read-only arrays are measured, whatever their memory looks like."""
    pnl = np.asfortranarray(heavy_tailed(4, 30, 3))
    probabilities = equal_probabilities(30)
    expected = measured(measure, pnl.copy(order="C"), probabilities, 0.1).total
    pnl.flags.writeable = probabilities.flags.writeable = False
    found = measured(measure, pnl, probabilities, 0.1)
    np.testing.assert_allclose(found.total, expected, rtol=1e-12)
    np.testing.assert_allclose(
        totals(measure, pnl, probabilities, 0.1), expected, rtol=1e-12
    )


def test_incremental_is_the_same_in_chunks(monkeypatch):
    parts = heavy_tailed(3, 60, 7)
    whole, equal = parts.sum(axis=1), equal_probabilities(60)
    at_once = incremental(Measure.CVAR, whole, parts, equal, 0.05)
    monkeypatch.setattr("riskplugin.risk.measuring.CHUNK", 130)
    chunked = incremental(Measure.CVAR, whole, parts, equal, 0.05)
    np.testing.assert_allclose(at_once, chunked, rtol=1e-14)
    assert incremental(Measure.CVAR, whole, parts[:, :0], equal, 0.05).shape == (0,)


def test_parts_of_other_scenarios_are_refused():
    with pytest.raises(UsageError, match="parts have 1 scenarios and the whole 5"):
        incremental(
            Measure.MAD, np.ones(5), np.ones((1, 3)), equal_probabilities(5), 0.05
        )


def test_riskfolio_refuses_before_it_is_asked():
    with pytest.raises(ModelError, match=r"NaN, infinite .* in column\(s\) 0"):
        riskfolio_total(Measure.CVAR, np.array([1.0, np.nan, 2.0]), 0.05)
    with pytest.raises(UsageError, match="alpha is 5"):
        riskfolio_total(Measure.CVAR, np.array([1.0, 2.0]), 5)
    assert riskfolio_total(Measure.CVAR, np.zeros(9), 0.05) == 0.0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda *_, **__: None, "riskfolio finds no EVaR .it returned None"),
        (lambda *_, **__: float("nan"), "riskfolio finds no EVaR .it returned nan"),
    ],
)
def test_riskfolios_silence_is_an_error(answer, said, monkeypatch, capsys):
    riskfolio_total(Measure.MAD, np.array([1.0, -2.0]), 0.05)

    def printing(*args, **kwargs):
        sys.stdout.write("The problem doesn't have a solution")
        return answer()

    monkeypatch.setattr("riskfolio.src.RiskFunctions.Sharpe_Risk", printing)
    with pytest.raises(ModelError, match=said):
        riskfolio_total(Measure.EVAR, np.array([1.0, -2.0]), 0.05)
    assert capsys.readouterr().out == ""


def test_riskfolios_doubts_are_an_error(monkeypatch):
    def doubting(*args, **kwargs):
        warnings.warn("Solution may be inaccurate. Try another solver.", stacklevel=1)
        return 1.0

    riskfolio_total(Measure.MAD, np.array([1.0, -2.0]), 0.05)
    monkeypatch.setattr("riskfolio.src.RiskFunctions.Sharpe_Risk", doubting)
    with pytest.raises(ModelError, match="solver calls its RLVaR inaccurate"):
        riskfolio_total(Measure.RLVAR, np.array([1.0, -2.0]), 0.05)


def test_riskfolio_leaves_the_filters_of_warnings_alone():
    before = list(warnings.filters)
    riskfolio_total(Measure.EVAR, heavy_tailed(1, 50)[:, 0], 0.05)
    assert list(warnings.filters) == before
