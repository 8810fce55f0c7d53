"""Laws of entropy pooling."""

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from riskplugin.errors import ModelError
from riskplugin.factors.pooling import (
    effective_number,
    entropy_pooling,
    independent_scenarios,
)
from riskplugin.factors.tail_views import expected_shortfall
from riskplugin.factors.views import View, pooled

law = settings(deadline=None, max_examples=80)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def problems(draw):
    """A prior, rows of views and targets that some probabilities of full support meet.

    Scales of rows differ by up to 1e6; some mass of the prior is 0.
    """
    rng = np.random.default_rng(draw(seeds))
    count = draw(st.integers(4, 40))
    prior = rng.dirichlet(np.full(count, draw(st.sampled_from([0.3, 1.0, 10.0]))))
    prior = np.where(rng.random(count) < draw(st.sampled_from([0.0, 0.3])), 0.0, prior)
    prior[rng.integers(count)] += 1e-3
    prior /= prior.sum()
    equal, bounded = draw(st.integers(0, 2)), draw(st.integers(0, 3))
    rows = rng.standard_t(4, (equal + bounded, count))
    rows *= 10.0 ** rng.integers(-3, 4, (equal + bounded, 1))
    if draw(st.booleans()) and len(rows) > 1:
        rows[-1] = rows[0] * 3  # a row twice
    other = prior * rng.gamma(1.0, 1.0, count)
    other /= other.sum()
    targets = rows @ other
    slack = rng.choice([0.0, 0.5], bounded) * np.abs(targets[equal:])
    targets[equal:] += slack
    assume((prior > 1e-12).sum() > equal + bounded + 1)
    return (
        prior,
        (rows[:equal], targets[:equal]),
        (rows[equal:], targets[equal:]),
        other,
    )


def solved(problem):
    prior, equalities, inequalities, _ = problem
    return entropy_pooling(
        prior, equalities=equalities, inequalities=inequalities, floor=0.0
    )


@law
@given(problems())
def test_probabilities_under_which_the_views_hold(problem):
    prior, (a, b), (g, h), _ = problem
    found = solved(problem)
    q = found.probabilities
    assert (q >= 0).all()
    assert (q[prior == 0] == 0).all()
    assert abs(q.sum() - 1) < 1e-12
    for row, target in zip(a, b, strict=True):
        assert abs(row @ q - target) <= 1e-10 * np.abs(row).max()
    for row, target in zip(g, h, strict=True):
        assert row @ q - target <= 1e-10 * np.abs(row).max()


@law
@given(problems())
def test_nothing_that_meets_the_views_is_nearer_to_the_prior(problem):
    """Pythagoras (Csiszar 1975): ``D(r|p) >= D(r|q) + D(q|p)`` for r that meets them.

    With equality if all views are equalities.
    """
    prior, _, (_, h), other = problem
    found = solved(problem)
    q = found.probabilities

    def divergence(one, two):
        held = one > 0
        return float(one[held] @ np.log(one[held] / np.maximum(two[held], 1e-300)))

    left, right = (
        divergence(other, prior),
        divergence(other, q) + divergence(q, prior),
    )
    assert found.relative_entropy >= 0
    assert left >= right - 1e-8
    if not len(h):
        assert abs(left - right) < 1e-7


@law
@given(problems(), seeds)
def test_permuting_scenarios_permutes_probabilities(problem, seed):
    prior, (a, b), (g, h), _ = problem
    order = np.random.default_rng(seed).permutation(len(prior))
    one = solved(problem).probabilities
    two = entropy_pooling(
        prior[order],
        equalities=(a[:, order], b),
        inequalities=(g[:, order], h),
        floor=0.0,
    ).probabilities
    np.testing.assert_allclose(two, one[order], rtol=1e-6, atol=1e-9)


@law
@given(problems())
def test_pooling_again_changes_nothing(problem):
    _, equalities, inequalities, _ = problem
    once = solved(problem)
    again = entropy_pooling(
        once.probabilities / once.probabilities.sum(),
        equalities=equalities,
        inequalities=inequalities,
        floor=0.0,
    )
    np.testing.assert_allclose(
        again.probabilities, once.probabilities, rtol=1e-6, atol=1e-9
    )
    assert again.relative_entropy < 1e-9


@law
@given(problems())
def test_merging_equal_scenarios_merges_their_probabilities(problem):
    """Two scenarios in place of one share its probability, in any proportion."""
    prior, (a, b), (g, h), _ = problem
    twice = np.concatenate([prior * 0.3, prior * 0.7])
    two = entropy_pooling(
        twice,
        equalities=(np.hstack([a, a]), b),
        inequalities=(np.hstack([g, g]), h),
        floor=0.0,
    ).probabilities
    one = solved(problem).probabilities
    np.testing.assert_allclose(
        two.reshape(2, -1), np.outer([0.3, 0.7], one), rtol=1e-6, atol=1e-9
    )


@law
@given(problems())
def test_counts_of_scenarios(problem):
    prior, *_ = problem
    found = solved(problem)
    assert 1 - 1e-9 <= found.effective_scenarios <= (prior > 0).sum() + 1e-9
    assert found.effective_scenarios == effective_number(found.probabilities)


@law
@given(st.integers(2, 60), st.integers(1, 12), seeds)
def test_independent_scenarios_are_between_one_and_the_blocks(count, sessions, seed):
    mass = np.random.default_rng(seed).dirichlet(np.ones(count))
    found = independent_scenarios(mass, sessions)
    blocks = [mass[i : i + sessions].sum() for i in range(0, count, sessions)]
    assert 1 - 1e-12 <= found <= len(blocks) + 1e-9
    assert abs(found - 1 / sum(b**2 for b in blocks)) < 1e-9


@law
@given(
    arrays(float, (3, 7), elements=st.integers(-3, 3).map(float)),
    arrays(float, 3, elements=st.integers(-4, 4).map(float)),
    st.integers(0, 3),
)
@example(np.zeros((3, 7)), np.zeros(3), 3)
def test_small_integers_are_solved_or_refused(rows, targets, equal):
    """Edges, constant and dependent rows: the views hold, or no probabilities do."""
    a, b, g, h = rows[:equal], targets[:equal], rows[equal:], targets[equal:]
    inside = linprog(
        np.zeros(7),
        g if len(g) else None,
        h if len(h) else None,
        np.vstack([a, np.ones(7)]),
        np.append(b, 1.0),
    )
    try:
        found = entropy_pooling(
            np.full(7, 1 / 7), equalities=(a, b), inequalities=(g, h), floor=0.0
        )
    except ModelError:
        assert inside.status == 2
    else:
        assert inside.status == 0
        np.testing.assert_allclose(a @ found.probabilities, b, atol=1e-8)
        assert (g @ found.probabilities <= h + 1e-8).all()


@law
@given(seeds, st.floats(0.02, 0.5), st.floats(0.3, 1.8))
def test_expected_shortfall_view_holds(seed, alpha, factor):
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(4, 80) * 0.02 - 0.005
    prior = rng.dirichlet(np.full(80, 2.0))
    value = factor * expected_shortfall(prior, -returns, alpha)
    assume(returns.min() < -value < returns.max())
    view = View("expected_shortfall", "a", "==", value, alpha=alpha)
    found = pooled(prior, returns[:, None], ["a"], [view], floor=0.0)
    reached = expected_shortfall(found.probabilities, -returns, alpha)
    assert abs(reached - value) < 1e-9
