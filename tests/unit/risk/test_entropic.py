"""EVaR and RLVaR: that the weights are the worst probabilities there are.

A convex problem is solved where its bound holds with equality and the derivative of
the bound by every probability is a line in the losses, upwards. Neither refers to how
it was solved.
"""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from riskplugin.errors import UsageError
from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import measured
from riskplugin.risk.relativistic import relativistic_value_at_risk
from tests.unit.risk.samples import decaying, heavy_tailed, total_of

KAPPA = 0.3
PROBABILITIES = {
    "equal": equal_probabilities(300),
    "decaying": decaying(300, 40),
    "steep": decaying(300, 8),
    "drawn": np.random.default_rng(3).dirichlet(np.full(300, 0.3)),
}
weighing = pytest.mark.parametrize("weighing", PROBABILITIES)
levels = pytest.mark.parametrize("alpha", [0.01, 0.05, 0.3, 0.9])


def certified(losses, weights, slope):
    """Check that `slope`, the bound's by every weight, is a line in the losses."""
    assert weights.sum() == pytest.approx(1.0, rel=1e-12)
    fit = np.polynomial.Polynomial.fit(losses, slope, 1).convert()
    assert fit.coef[1] > 0
    np.testing.assert_allclose(fit(losses), slope, rtol=0, atol=1e-6 * np.ptp(slope))


@weighing
@levels
def test_entropic_weights_are_the_worst_of_bounded_entropy(weighing, alpha):
    p, pnl = PROBABILITIES[weighing], heavy_tailed(11, 300)
    found = measured(Measure.EVAR, pnl, p, alpha)
    q = found.weights[:, 0]
    held = q > 1e-250
    certified(-pnl[held, 0], q[held], np.log(q[held] / p[held]))
    entropy = (q[held] * np.log(q[held] / p[held])).sum()
    assert entropy == pytest.approx(-np.log(alpha), rel=1e-9)
    assert found.total[0] == pytest.approx(-q @ pnl[:, 0], rel=1e-12)


def log_joined(u):
    return np.where(u < 1, (u**KAPPA - u**-KAPPA) / (2 * KAPPA), np.log(u))


@weighing
@levels
def test_relativistic_weights_are_the_worst_of_bounded_entropy(weighing, alpha):
    relativistic_is_solved(heavy_tailed(12, 300), PROBABILITIES[weighing], alpha)


def test_relativistic_of_ten_years_is_solved():
    """Where riskfolio's solver calls its own answer inaccurate."""
    relativistic_is_solved(heavy_tailed(20, 2_500), equal_probabilities(2_500), 0.05)


def relativistic_is_solved(pnl, p, alpha):
    count = 1 / (p**2).sum()
    found = measured(Measure.RLVAR, pnl, p, alpha)
    q = found.weights[:, 0]
    u = q / (p * count)
    step = 1e-5
    up, down = u * (1 + step), u * (1 - step)
    slope = (up * log_joined(up) - down * log_joined(down)) / (up - down)
    certified(-pnl[:, 0], q, slope)
    bound = log_joined(np.array(1 / (alpha * count)))
    assert (q * log_joined(u)).sum() == pytest.approx(bound, rel=1e-9)


@weighing
@levels
def test_entropic_is_the_minimum_of_its_primal(weighing, alpha):
    p, losses = PROBABILITIES[weighing], -heavy_tailed(13, 300, scale=1.0)[:, 0]

    def primal(log_z):
        z = np.exp(log_z)
        return z * (logsumexp(losses / z, b=p) - np.log(alpha))

    lowest = min(
        minimize_scalar(primal, bounds=(low, low + 3), method="bounded").fun
        for low in np.arange(-12, 8)
    )
    found = total_of(Measure.EVAR, -losses, alpha, p)
    assert found <= lowest * (1 + 1e-12)
    assert found == pytest.approx(lowest, rel=1e-6)


@pytest.mark.parametrize("measure", [Measure.EVAR, Measure.RLVAR])
@pytest.mark.parametrize("alpha", [0.02, 0.01, 0.001])
def test_worst_case_where_it_has_the_probability_of_the_tail(measure, alpha):
    """T * alpha <= 1: putting everything on the worst is within the bound."""
    pnl = heavy_tailed(14, 50)
    found = measured(measure, pnl, equal_probabilities(50), alpha)
    assert found.total[0] == -pnl.min()
    np.testing.assert_array_equal(found.weights[:, 0], (pnl == pnl.min())[:, 0])


@pytest.mark.parametrize("measure", [Measure.EVAR, Measure.RLVAR])
def test_equal_worst_losses_share_by_their_probabilities(measure):
    pnl, p = np.array([[-4.0], [1.0], [-4.0], [0.0]]), np.array([0.1, 0.4, 0.3, 0.2])
    found = measured(measure, pnl, p, 0.35)
    assert found.total[0] == pytest.approx(4.0, rel=1e-14)
    np.testing.assert_allclose(found.weights[:, 0], [0.25, 0, 0.75, 0], rtol=1e-14)


@pytest.mark.parametrize("measure", [Measure.EVAR, Measure.RLVAR])
def test_just_short_of_the_worst_case_it_is_nearly_it(measure):
    pnl = heavy_tailed(15, 100)
    total = total_of(measure, pnl[:, 0], 0.01 * (1 + 1e-7))
    assert total == pytest.approx(-pnl.min(), rel=1e-3)
    assert total < -pnl.min()


@pytest.mark.parametrize("measure", [Measure.EVAR, Measure.RLVAR])
@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e12, 1e200])
def test_scale_of_the_pnl_does_not_matter(measure, scale):
    pnl = heavy_tailed(16, 200, scale=1.0)[:, 0]
    expected = scale * total_of(measure, pnl)
    assert total_of(measure, scale * pnl) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("measure", [Measure.EVAR, Measure.RLVAR])
def test_columns_do_not_know_each_other(measure):
    pnl = np.column_stack(
        [
            heavy_tailed(17, 120)[:, 0],
            np.full(120, -3.0),
            1e9 * heavy_tailed(18, 120)[:, 0],
            np.r_[np.full(60, 1.0), np.full(60, -1.0)],
        ]
    )
    together = measured(measure, pnl, equal_probabilities(120), 0.05)
    for column in range(4):
        alone = measured(measure, pnl[:, [column]], equal_probabilities(120), 0.05)
        np.testing.assert_allclose(
            together.total[column], alone.total[0], rtol=1e-11, atol=0
        )
    assert together.total[1] == pytest.approx(3.0, rel=1e-14)
    assert together.total[3] == pytest.approx(1.0, rel=1e-14)


def test_relativistic_becomes_entropic_as_kappa_goes_to_0():
    losses, p = -heavy_tailed(19, 300), PROBABILITIES["decaying"]
    entropic = total_of(Measure.EVAR, -losses[:, 0], 0.05, p)
    away = [
        relativistic_value_at_risk(losses, p, 0.05, kappa).total[0] - entropic
        for kappa in (0.1, 0.01, 0.001)
    ]
    assert 0 < away[2] < away[1] < away[0]
    assert away[2] == pytest.approx(away[1] / 100, rel=0.05)


@pytest.mark.parametrize("kappa", [0.0, 1.0, -0.3])
def test_kappa_outside_its_range_is_refused(kappa):
    with pytest.raises(UsageError, match=r"kappa is .*between 0 and 1"):
        relativistic_value_at_risk(np.ones((3, 1)), np.full(3, 1 / 3), 0.1, kappa)
