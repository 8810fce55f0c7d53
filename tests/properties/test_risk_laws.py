"""Laws of risk measures: whatever the scenarios, these hold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import components, incremental, measured, totals
from riskplugin.risk.smoothing import triangle

LAWS = settings(max_examples=40, deadline=None)
EVERY = pytest.mark.parametrize("measure", Measure)
COHERENT = [m for m in Measure if DEFINITIONS[m].coherent]
DEVIATIONS = [m for m in Measure if DEFINITIONS[m].deviation]
IN_TIME_ORDER = [m for m in Measure if DEFINITIONS[m].in_time_order]
ANY_ORDER = [m for m in Measure if not DEFINITIONS[m].in_time_order]
OF_DISTRIBUTION = [m for m in ANY_ORDER if DEFINITIONS[m].of_distribution]
OF_THEIR_NUMBER = [m for m in ANY_ORDER if not DEFINITIONS[m].of_distribution]
NOT_CONVEX = {Measure.VAR, Measure.DAR}
amounts = st.floats(-1e4, 1e4).map(lambda x: round(x, 2))
alphas = st.one_of(
    st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 0.9]), st.floats(0.002, 0.99)
)


@st.composite
def samples(draw, columns=1, most=40):
    """Return P&L (T, G) with ties and holes in it, and probabilities (T,)."""
    scenarios = draw(st.integers(2, most))
    pnl = draw(arrays(np.float64, (scenarios, columns), elements=amounts))
    kind = draw(st.sampled_from(["equal", "decaying", "counts"]))
    if kind == "equal":
        return pnl, equal_probabilities(scenarios)
    if kind == "decaying":
        weights = draw(st.floats(0.7, 1.0)) ** np.arange(scenarios)[::-1]
        return pnl, weights / weights.sum()
    counts = np.array(
        draw(st.lists(st.integers(0, 5), min_size=scenarios, max_size=scenarios))
    )
    counts[[0, -1]] += 1
    return pnl, counts / counts.sum()


def one(measure, pnl, probabilities, alpha):
    return measured(measure, pnl, probabilities, alpha).total[0]


def slack(*pnl, share=1e-9):
    """Return what rounding may be, in the unit of the P&L."""
    return share * sum(np.abs(p).sum() for p in pnl) + 1e-12


@EVERY
@given(sample=samples(columns=4), alpha=alphas)
@LAWS
def test_components_add_up(measure, sample, alpha):
    parts, p = sample
    whole = parts.sum(axis=1, keepdims=True)
    found = measured(measure, whole, p, alpha)
    part = components(found.weights[:, 0], parts)
    assert part.sum() == pytest.approx(found.total[0], rel=1e-10, abs=slack(parts))


@EVERY
@given(sample=samples(columns=3), alpha=alphas)
@LAWS
def test_totals_are_those_measured(measure, sample, alpha):
    pnl, p = sample
    found = measured(measure, pnl, p, alpha).total
    np.testing.assert_allclose(
        totals(measure, pnl, p, alpha), found, rtol=1e-12, atol=slack(pnl)
    )


@EVERY
@given(sample=samples(), alpha=alphas, size=st.floats(0.01, 1e3))
@LAWS
def test_twice_the_position_is_twice_the_risk(measure, sample, alpha, size):
    pnl, p = sample
    twice = one(measure, size * pnl, p, alpha)
    once = one(measure, pnl, p, alpha)
    assert twice == pytest.approx(size * once, rel=1e-8, abs=size * slack(pnl))


@pytest.mark.parametrize("measure", [m for m in Measure if m not in NOT_CONVEX])
@given(sample=samples(columns=2), alpha=alphas)
@LAWS
def test_together_is_no_riskier_than_apart(measure, sample, alpha):
    """Sub-additivity: of all but VaR and DaR, which are known not to be."""
    pnl, p = sample
    together = one(measure, pnl.sum(axis=1, keepdims=True), p, alpha)
    apart = measured(measure, pnl, p, alpha).total.sum()
    assert together <= apart + slack(pnl)


def test_value_at_risk_is_not_sub_additive():
    """Two bonds that default 4 % of the time: each has no VaR, both have one."""
    pnl = np.zeros((25, 2))
    pnl[0, 0] = pnl[1, 1] = -100.0
    p = equal_probabilities(25)
    apart = measured(Measure.VAR, pnl, p, 0.05).total
    together = one(Measure.VAR, pnl.sum(axis=1, keepdims=True), p, 0.05)
    np.testing.assert_array_equal(apart, 0.0)
    assert together == 100.0


@EVERY
@given(sample=samples(columns=2), alpha=alphas)
@LAWS
def test_what_is_left_out_saves_at_most_itself(measure, sample, alpha):
    """Convex and homogeneous: component of a part <= its own total."""
    if measure in NOT_CONVEX:
        return
    pnl, p = sample
    found = measured(measure, pnl.sum(axis=1, keepdims=True), p, alpha)
    part = components(found.weights[:, 0], pnl)
    alone = measured(measure, pnl, p, alpha).total
    assert (part <= alone + slack(pnl)).all()


@pytest.mark.parametrize("measure", [*COHERENT, Measure.VAR])
@given(sample=samples(), alpha=alphas, cash=amounts)
@LAWS
def test_cash_shifts_it(measure, sample, alpha, cash):
    pnl, p = sample
    shifted = one(measure, pnl + cash, p, alpha)
    expected = one(measure, pnl, p, alpha) - cash
    assert shifted == pytest.approx(expected, abs=slack(pnl, cash))


@pytest.mark.parametrize("measure", DEVIATIONS)
@given(sample=samples(), alpha=alphas, cash=amounts)
@LAWS
def test_cash_does_not_change_a_deviation(measure, sample, alpha, cash):
    pnl, p = sample
    shifted = one(measure, pnl + cash, p, alpha)
    assert shifted == pytest.approx(
        one(measure, pnl, p, alpha), abs=slack(pnl, cash * len(pnl))
    )


@pytest.mark.parametrize("measure", [*COHERENT, Measure.VAR])
@given(sample=samples(columns=2), alpha=alphas)
@LAWS
def test_more_loss_everywhere_is_more_risk(measure, sample, alpha):
    pnl, p = sample
    worse = pnl[:, [0]] - np.abs(pnl[:, [1]])
    lower = one(measure, pnl[:, [0]], p, alpha)
    assert one(measure, worse, p, alpha) >= lower - slack(pnl)


TAILS = (
    Measure.VAR,
    Measure.CVAR,
    Measure.EVAR,
    Measure.RLVAR,
    Measure.WORST_CASE,
)
FALLS = (
    Measure.DAR,
    Measure.CDAR,
    Measure.EDAR,
    Measure.RLDAR,
    Measure.MDD,
)


@pytest.mark.parametrize("ladder", [TAILS, FALLS])
@given(sample=samples(), alpha=alphas)
@LAWS
def test_each_rung_is_above_the_last(ladder, sample, alpha):
    pnl, p = sample
    rungs = np.array([one(m, pnl, p, alpha) for m in ladder])
    assert (np.diff(rungs) >= -slack(pnl)).all()


@given(sample=samples(), alpha=alphas)
@LAWS
def test_averages_lie_under_tails(sample, alpha):
    pnl, p = sample
    size = slack(pnl)
    mean_loss = -(p @ pnl[:, 0])
    assert one(Measure.CVAR, pnl, p, alpha) >= mean_loss - size
    gini = one(Measure.TAIL_GINI, pnl, p, alpha)
    assert one(Measure.CVAR, pnl, p, alpha) <= gini + size
    assert gini <= one(Measure.WORST_CASE, pnl, p, alpha) + size
    average = one(Measure.ADD, pnl, p, alpha)
    assert 0 <= average <= one(Measure.CDAR, pnl, p, alpha) + size
    ulcer = one(Measure.UCI, pnl, p, alpha)
    assert average - size <= ulcer <= one(Measure.MDD, pnl, p, alpha) + size


@pytest.mark.parametrize("measure", ANY_ORDER)
@given(sample=samples(), alpha=alphas, data=st.data())
@LAWS
def test_order_of_scenarios_does_not_matter(measure, sample, alpha, data):
    pnl, p = sample
    order = np.array(data.draw(st.permutations(range(len(p)))))
    shuffled = one(measure, pnl[order], p[order], alpha)
    expected = one(measure, pnl, p, alpha)
    assert shuffled == pytest.approx(expected, rel=1e-9, abs=slack(pnl))


@pytest.mark.parametrize("measure", IN_TIME_ORDER)
def test_order_of_sessions_does(measure):
    pnl, p = np.array([[5.0], [-3.0], [4.0], [-2.0], [-2.0]]), equal_probabilities(5)
    worst_first = np.sort(pnl, axis=0)
    assert one(measure, worst_first, p, 0.3) > 1.2 * one(measure, pnl, p, 0.3)


@pytest.mark.parametrize("measure", OF_DISTRIBUTION)
@given(
    listed=st.lists(st.tuples(amounts, st.integers(1, 4)), min_size=2, max_size=15),
    alpha=alphas,
)
@LAWS
def test_probabilities_are_scenarios_listed_as_often(measure, listed, alpha):
    pnl = np.array([[amount] for amount, _ in listed])
    counts = np.array([count for _, count in listed])
    weighted = one(measure, pnl, counts / counts.sum(), alpha)
    listed_out = np.repeat(pnl, counts, axis=0)
    expected = one(measure, listed_out, equal_probabilities(len(listed_out)), alpha)
    assert weighted == pytest.approx(expected, rel=1e-8, abs=slack(pnl))


@pytest.mark.parametrize("measure", OF_THEIR_NUMBER)
def test_others_depend_on_how_many_scenarios_there_are(measure):
    pnl = np.array([[-3.0], [1.0], [2.0], [-0.5], [4.0], [-1.0], [0.3]])
    once = one(measure, pnl, equal_probabilities(7), 0.3)
    twice = one(measure, np.repeat(pnl, 2, axis=0), equal_probabilities(14), 0.3)
    assert twice != pytest.approx(once, rel=1e-3)


@EVERY
@given(sample=samples(columns=3), alpha=alphas)
@LAWS
def test_incremental_is_measured_without_each(measure, sample, alpha):
    parts, p = sample
    whole = parts.sum(axis=1)
    found = incremental(measure, whole, parts, p, alpha)
    total = one(measure, whole[:, None], p, alpha)
    expected = [
        total - one(measure, (whole - parts[:, g])[:, None], p, alpha) for g in range(3)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=slack(parts))


@EVERY
@given(seed=st.integers(0, 10_000), alpha=st.sampled_from([0.03, 0.05, 0.11, 0.3]))
@settings(max_examples=25, deadline=None)
def test_weights_are_the_derivative(measure, seed, alpha):
    """By central differences of the totals, at points without ties."""
    rng = np.random.default_rng(seed)
    pnl, way = rng.standard_normal((2, 60, 1))
    p = rng.dirichlet(np.full(60, 5.0))
    found = measured(measure, pnl, p, alpha)
    step = 1e-6
    up, down = (one(measure, pnl + s * way, p, alpha) for s in (step, -step))
    slope = -(found.weights * way).sum()
    assert (up - down) / (2 * step) == pytest.approx(slope, abs=2e-6)


@EVERY
@given(sample=samples(), alpha=alphas)
@LAWS
def test_weights_of_coherent_measures_are_probabilities(measure, sample, alpha):
    pnl, p = sample
    weights = measured(measure, pnl, p, alpha).weights
    if measure in DEVIATIONS:
        assert weights.sum() == pytest.approx(0.0, abs=1e-9)
    if measure in COHERENT or measure is Measure.VAR:
        assert weights.sum() == pytest.approx(1.0, rel=1e-9)
        assert weights.min() >= -1e-12
    if measure in IN_TIME_ORDER:
        assert weights.min() >= -1e-12
    if measure in ANY_ORDER:
        np.testing.assert_allclose(weights[p == 0], 0.0, atol=1e-15)


@given(
    amount=st.lists(amounts, min_size=2, max_size=12),
    counts=st.lists(st.integers(1, 9), min_size=12, max_size=12),
)
@LAWS
def test_gini_mean_difference_by_its_double_sum(amount, counts):
    exact = [Fraction(str(a)) for a in amount]
    p = [Fraction(c, sum(counts[: len(exact)])) for c in counts[: len(exact)]]
    pairs = [
        (p[i] * p[j] * abs(exact[i] - exact[j]))
        for i in range(len(p))
        for j in range(len(p))
    ]
    expected = sum(pairs) / (1 - sum(q * q for q in p))
    pnl = np.array(amount)[:, None]
    found = one(Measure.GMD, pnl, np.array([float(q) for q in p]), 0.05)
    assert found == pytest.approx(float(expected), rel=1e-10, abs=1e-10)


@given(sample=samples(), alpha=alphas)
@LAWS
def test_conditional_value_at_risk_by_its_minimum(sample, alpha):
    """Rockafellar and Uryasev: the least of t + E max(x - t, 0) / alpha, at a loss."""
    pnl, p = sample
    losses = -pnl[:, 0]
    least = min(t + p @ np.maximum(losses - t, 0) / alpha for t in losses)
    found = one(Measure.CVAR, pnl, p, alpha)
    assert found == pytest.approx(least, rel=1e-9, abs=slack(pnl))


@given(sample=samples(), alpha=alphas)
@LAWS
def test_tail_gini_is_its_mixture(sample, alpha):
    pnl, p = sample
    levels = np.linspace(1e-4, alpha, 100)
    shortfall = np.array([one(Measure.CVAR, pnl, p, a) for a in levels])
    # the trapezoid rule of a * CVaR(a) from 0, where its value is 0
    around = np.r_[0.0, levels, alpha]
    expected = ((around[2:] - around[:-2]) / alpha**2) @ (levels * shortfall)
    found = one(Measure.TAIL_GINI, pnl, p, alpha)
    assert found == pytest.approx(expected, rel=1e-9, abs=slack(pnl))


@given(centre=st.floats(0.01, 0.99), share=st.floats(0.01, 1.0))
@LAWS
def test_triangle_is_a_distribution(centre, share):
    half = share * min(centre, 1 - centre)
    height = triangle(centre, half)(np.linspace(0, 1, 301))
    assert height[0] == pytest.approx(0.0, abs=1e-12)
    assert height[-1] == pytest.approx(1.0, abs=1e-12)
    assert (np.diff(height) >= -1e-15).all()
    assert triangle(centre, half)(np.array(centre)) == pytest.approx(0.5)
