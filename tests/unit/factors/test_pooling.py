"""Entropy pooling against published, closed-form and peer results."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import riskfolio as rk
from scipy.optimize import brentq, minimize
from scipy.stats import entropy, norm
from skfolio.prior import EntropyPooling

from riskplugin.errors import ModelError, UsageError
from riskplugin.factors.pooling import (
    effective_number,
    entropy_pooling,
    independent_scenarios,
)

DIE = np.arange(1.0, 7.0)
# Jaynes (1978), "Where do we stand on maximum entropy?", Brandeis dice, mean 4.5
JAYNES = [0.05435, 0.07877, 0.11416, 0.16545, 0.23977, 0.34749]


def uniform(count):
    return np.full(count, 1 / count)


def pooled_die(mean, floor=0.0, prior=None):
    prior = uniform(6) if prior is None else prior
    return entropy_pooling(prior, equalities=(DIE[None], np.array([mean])), floor=floor)


def fat_tails(count, seed=0):
    """Five columns of correlated t(5) returns of 2 % a period."""
    returns = np.random.default_rng(seed).standard_t(5, (count, 5)) * 0.02
    returns[:, 1] += 0.5 * returns[:, 0]
    return returns


def mixed_views(returns):
    """Two means, a second moment and a cross moment; one mean at least 0.2 %."""
    a, b, c, d, e = returns.T
    equalities = (
        np.stack([a, b, c**2, d * e]),
        np.array([-0.01, 0.001, 0.0009, 0.0001]),
    )
    return equalities, (-e[None], np.array([-0.002]))


# --- published and closed forms ------------------------------------------------------


def test_jaynes_die():
    found = pooled_die(4.5)
    np.testing.assert_allclose(found.probabilities, JAYNES, atol=5e-6)


def test_stress_of_value_at_risk_rescales_each_side_of_the_quantile():
    returns = fat_tails(4000)[:, 0]
    prior = np.random.default_rng(1).dirichlet(np.ones(4000))
    tail = returns <= -0.05
    found = entropy_pooling(prior, equalities=(tail[None] * 1.0, np.array([0.05])))
    mass = prior[tail].sum()
    expected = prior * np.where(tail, 0.05 / mass, 0.95 / (1 - mass))
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-12)
    closed = 0.05 * np.log(0.05 / mass) + 0.95 * np.log(0.95 / (1 - mass))
    assert found.relative_entropy == pytest.approx(closed, rel=1e-11)


def test_mean_view_is_the_exponential_family_of_its_own_multiplier():
    x = np.random.default_rng(2).standard_normal(20_000)
    found = entropy_pooling(
        uniform(len(x)), equalities=(x[None], np.array([0.8]))
    ).probabilities

    def tilt(theta):
        weights = np.exp(theta * x)
        return weights / weights.sum()

    theta = brentq(lambda t: tilt(t) @ x - 0.8, -3, 3, xtol=1e-15, rtol=1e-15)
    np.testing.assert_allclose(found, tilt(theta), rtol=1e-10)


def test_mean_view_moves_a_normal_and_keeps_its_volatility():
    """On the quantiles of N(1, 2^2): theta = shift / variance, entropy shift^2 / 8."""
    x = norm.ppf((np.arange(200_000) + 0.5) / 200_000, 1.0, 2.0)
    found = entropy_pooling(uniform(len(x)), equalities=(x[None], np.array([2.0])))
    mean = found.probabilities @ x
    assert mean == pytest.approx(2.0, abs=1e-12)
    volatility = np.sqrt(found.probabilities @ (x - mean) ** 2)
    assert volatility == pytest.approx(2.0, rel=1e-3)
    assert found.relative_entropy == pytest.approx(1.0 / 8, rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_small_problems_equal_a_direct_minimisation(seed):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(9))
    rows = rng.normal(size=(3, 9))
    inside = rng.dirichlet(np.ones(9))
    b, h = rows[:1] @ inside, rows[1:] @ inside - [0.0, 0.05]
    try:
        found = entropy_pooling(
            prior, equalities=(rows[:1], b), inequalities=(rows[1:], h), floor=0
        )
    except ModelError:
        pytest.fail("the views can be reached")
    direct = minimize(
        lambda q: q @ np.log(np.maximum(q, 1e-300) / prior),
        inside,
        jac=lambda q: np.log(np.maximum(q, 1e-300) / prior) + 1,
        bounds=[(1e-12, 1)] * 9,
        constraints=[
            {"type": "eq", "fun": lambda q: q.sum() - 1},
            {"type": "eq", "fun": lambda q: rows[:1] @ q - b},
            {"type": "ineq", "fun": lambda q: h - rows[1:] @ q},
        ],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    assert direct.success
    np.testing.assert_allclose(found.probabilities, direct.x, atol=2e-6)


# --- peers ---------------------------------------------------------------------------


def test_same_optimum_as_riskfolio():
    returns = fat_tails(2000)
    (a, b), (g, h) = mixed_views(returns)
    ours = entropy_pooling(uniform(2000), equalities=(a, b), inequalities=(g, h))
    *_, theirs = rk.ParamsEstimation.entropy_pooling(
        pd.DataFrame(returns), a, b[:, None], -g, -h[:, None]
    )
    theirs = theirs.ravel()
    np.testing.assert_allclose(ours.probabilities * 2000, theirs * 2000, atol=2e-5)
    assert ours.relative_entropy == pytest.approx(
        entropy(theirs, uniform(2000)), abs=1e-6
    )
    np.testing.assert_allclose(a @ ours.probabilities, b, rtol=1e-10)


def test_same_optimum_as_skfolio():
    columns = fat_tails(2000)
    columns[:, 2] **= 2
    columns[:, 3] *= columns[:, 4]
    names = list("abcde")
    model = EntropyPooling(
        mean_views=[
            "a == -0.01",
            "b == 0.001",
            "c == 0.0009",
            "d == 0.0001",
            "e >= 0.002",
        ],
        solver="CLARABEL",
        solver_params={"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.fit(pd.DataFrame(columns, columns=names))
    ours = entropy_pooling(
        uniform(2000),
        equalities=(columns[:, :4].T, np.array([-0.01, 0.001, 0.0009, 0.0001])),
        inequalities=(-columns[:, 4:].T, np.array([-0.002])),
    )
    weight = theirs.return_distribution_.sample_weight
    np.testing.assert_allclose(ours.probabilities * 2000, weight * 2000, atol=2e-5)
    assert ours.relative_entropy == pytest.approx(theirs.relative_entropy_, abs=1e-9)
    assert ours.effective_scenarios == pytest.approx(
        theirs.effective_number_of_scenarios_, rel=1e-8
    )


# --- inequalities --------------------------------------------------------------------


def test_bound_that_the_prior_meets_changes_nothing():
    found = entropy_pooling(uniform(6), inequalities=(DIE[None], np.array([3.6])))
    np.testing.assert_allclose(found.probabilities, uniform(6), rtol=1e-15)
    assert found.relative_entropy == pytest.approx(0.0, abs=1e-15)
    assert found.effective_scenarios == pytest.approx(6.0, rel=1e-14)


def test_bound_that_the_prior_breaks_is_met_with_equality():
    found = entropy_pooling(uniform(6), inequalities=(-DIE[None], np.array([-4.5])))
    np.testing.assert_allclose(found.probabilities, JAYNES, atol=5e-6)


def test_multipliers_of_bounds_pull_their_own_way_or_are_zero():
    """``log(q / p)`` is linear in the rows: its slopes are the multipliers."""
    returns = fat_tails(3000)
    a, g = returns[:, :2].T, returns[:, 2:].T
    h = np.array([-0.004, 0.03, -0.001])
    found = entropy_pooling(
        uniform(3000), equalities=(a, np.array([0.002, 0.0])), inequalities=(g, h)
    ).probabilities
    rows = np.column_stack([np.ones(3000), returns])
    slopes, gap, *_ = np.linalg.lstsq(rows, np.log(found * 3000), rcond=None)
    assert gap[0] < 1e-18
    reached = g @ found
    np.testing.assert_allclose(reached[[0, 2]], h[[0, 2]], rtol=1e-11)
    assert reached[1] < 0.01
    assert (slopes[[3, 5]] < 0).all()
    assert slopes[4] == pytest.approx(0.0, abs=1e-10)


def test_the_tighter_of_two_equal_rows_binds():
    rows = np.stack([DIE, DIE, 2 * DIE])
    found = entropy_pooling(
        uniform(6), inequalities=(rows, np.array([3.0, 2.5, 9.0]))
    ).probabilities
    np.testing.assert_allclose(found, pooled_die(2.5).probabilities, rtol=1e-11)


# --- degenerate ----------------------------------------------------------------------


def test_without_views_the_prior_stands():
    prior = np.array([0.2, 0.0, 0.8])
    found = entropy_pooling(prior)
    np.testing.assert_array_equal(found.probabilities, prior)
    assert not found.probabilities.flags.writeable
    assert found.effective_scenarios == pytest.approx(np.exp(entropy(prior)))


def test_scenarios_without_mass_get_none_and_say_nothing():
    prior = np.array([0.25, 0.25, 0.0, 0.25, 0.25, 0.0])
    row = np.array([1.0, 2.0, 1e9, 4.0, 5.0, -1e9])
    found = entropy_pooling(prior, equalities=(row[None], np.array([3.4])))
    few = entropy_pooling(
        uniform(4), equalities=(row[[0, 1, 3, 4]][None], np.array([3.4]))
    )
    np.testing.assert_array_equal(found.probabilities[[2, 5]], 0.0)
    np.testing.assert_allclose(found.probabilities[prior > 0], few.probabilities)
    with pytest.raises(ModelError, match=r"lies between 1 and 5;"):
        entropy_pooling(prior, equalities=(row[None], np.array([6.0])))


def test_redundant_rows_change_nothing():
    rows = np.stack([DIE, np.ones(6), 3 * DIE - 2, DIE])
    found = entropy_pooling(
        uniform(6),
        equalities=(rows, np.array([4.5, 1.0, 11.5, 4.5])),
        inequalities=(DIE[None], np.array([4.5])),
    )
    np.testing.assert_allclose(found.probabilities, JAYNES, atol=5e-6)


def test_rows_that_contradict_are_named_with_what_they_can_reach():
    rows = np.stack([DIE, DIE % 2, 2 * DIE])
    with pytest.raises(
        ModelError,
        match=r"cannot hold together: 'mean == 4' can reach 4\.5 to 4\.5 given the "
        r"others; 'double == 9' can reach 8 to 8 given the others; relax",
    ):
        entropy_pooling(
            uniform(6),
            equalities=(rows, np.array([4.0, 0.5, 9.0])),
            labels=["mean", "odd", "double"],
        )


def test_joint_edge_beyond_arithmetic_is_refused_as_such():
    """Levels of a million that differ in their last digits say too little."""
    rng = np.random.default_rng(0)
    rows = 1e6 + 1e-7 * rng.standard_normal((3, 20))
    with pytest.raises(
        ModelError,
        match=r"edge of what they can reach together: 'equality 0 == 1e\+06'",
    ):
        entropy_pooling(
            uniform(20), equalities=(rows, rows @ np.eye(20)[3] + 1e-9), floor=0
        )


def test_views_that_contradict_jointly_say_the_joint_range():
    """Where odd numbers have mass 1, the mean is 1 to 5; a mean of 6 has no odd one."""
    rows = np.stack([DIE, DIE % 2])
    with pytest.raises(
        ModelError,
        match=r"'equality 0 == 5\.5' can reach 1\.1 to 5\.1 given the others; "
        r"'equality 1 == 0\.9' can reach 0 to 0\.5 given the others",
    ):
        entropy_pooling(uniform(6), equalities=(rows, np.array([5.5, 0.9])))


def test_constant_row_holds_or_is_refused():
    ones = np.ones((1, 6))
    found = entropy_pooling(uniform(6), equalities=(3 * ones, np.array([3.0])))
    np.testing.assert_allclose(found.probabilities, uniform(6), rtol=1e-15)
    with pytest.raises(ModelError, match=r"'equality 0 == 2' .* between 3 and 3;"):
        entropy_pooling(uniform(6), equalities=(3 * ones, np.array([2.0])))


def test_view_at_the_edge_leaves_mass_only_there():
    best = np.array([1.0, 3.0, 3.0, 2.0])
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    found = entropy_pooling(prior, equalities=(best[None], np.array([3.0])), floor=0)
    np.testing.assert_allclose(found.probabilities, [0, 0.4, 0.6, 0], atol=1e-15)
    assert found.relative_entropy == pytest.approx(-np.log(0.5))


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-11, 1e-12, 1e-13, 1e-15])
def test_views_next_to_the_edge_converge(gap):
    found = pooled_die(6.0 - gap).probabilities
    assert found @ DIE == pytest.approx(6.0 - gap, abs=1e-10)
    assert found[5] >= 1 - gap - 1e-12


def test_one_scenario_carries_every_view_it_meets():
    one = np.ones(1)
    found = entropy_pooling(one, equalities=(np.array([[0.3]]), np.array([0.3])))
    assert found.probabilities.tolist() == [1.0]
    with pytest.raises(ModelError, match=r"between 0\.3 and 0\.3"):
        entropy_pooling(one, equalities=(np.array([[0.3]]), np.array([0.4])))


@pytest.mark.parametrize("scale", [1e-200, 1e-6, 1e6, 1e200])
def test_units_of_a_row_do_not_matter(scale):
    returns = fat_tails(2000)
    (a, b), (g, h) = mixed_views(returns)
    size = np.array([1.0, scale, 1 / scale, 1.0])
    plain = entropy_pooling(uniform(2000), equalities=(a, b), inequalities=(g, h))
    scaled = entropy_pooling(
        uniform(2000),
        equalities=(a * size[:, None], b * size),
        inequalities=(g * scale, h * scale),
    )
    np.testing.assert_allclose(scaled.probabilities, plain.probabilities, rtol=1e-9)


def test_levels_far_from_zero_are_centred_first():
    returns = fat_tails(2000)[:, 0]
    plain = entropy_pooling(uniform(2000), equalities=(returns[None], np.array([0.01])))
    far = entropy_pooling(
        uniform(2000), equalities=(returns[None] + 1e4, np.array([1e4 + 0.01]))
    )
    np.testing.assert_allclose(far.probabilities, plain.probabilities, rtol=1e-8)


def test_rows_that_nearly_coincide_are_told_apart():
    """Two columns that differ by a millionth of a third one pin that third one."""
    returns = fat_tails(2000)
    x, noise = returns[:, 0], returns[:, 2]
    rows = np.stack([x, x + 1e-6 * noise])
    found = entropy_pooling(
        uniform(2000), equalities=(rows, np.array([-0.005, -0.005 + 1e-6 * 0.004]))
    ).probabilities
    assert found @ x == pytest.approx(-0.005, abs=1e-12)
    assert found @ noise == pytest.approx(0.004, abs=1e-8)


def test_prior_with_nearly_all_mass_on_one_scenario():
    prior = np.full(1000, 1e-12)
    prior[0] = 1 - prior[1:].sum()
    x = np.linspace(-1, 1, 1000)
    found = entropy_pooling(prior, equalities=(x[None], np.array([0.2])), floor=0)
    assert found.probabilities @ x == pytest.approx(0.2, abs=1e-9)
    slopes = np.diff(np.log(found.probabilities[1:]))
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-6)


# --- refusals ------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.99, 6.01])
def test_mean_outside_the_scenarios_says_the_range(mean):
    with pytest.raises(
        ModelError, match=rf"'equality 0 == {mean}' cannot be reached: .* 1 and 6;"
    ):
        pooled_die(mean)


def test_bound_outside_the_scenarios_says_the_range():
    with pytest.raises(
        ModelError, match=r"'low <= 0\.5' cannot be reached: .* between 1 and 6;"
    ):
        entropy_pooling(
            uniform(6), inequalities=(DIE[None], np.array([0.5])), labels=["low"]
        )


def test_too_few_effective_scenarios_say_what_to_relax():
    returns = fat_tails(5000)
    with pytest.raises(ModelError, match=r"the floor is 5\.00%") as refused:
        entropy_pooling(
            uniform(5000),
            equalities=(returns[:, :2].T, np.array([0.001, -0.1])),
            labels=["calm", "crash"],
        )
    said = str(refused.value)
    count, share = re.search(r"leave ([\d.]+) effective .* ([\d.]+)% of", said).groups()
    assert float(share) == pytest.approx(100 * float(count) / 5000, abs=0.01)
    assert "'crash == -0.1' costs most" in said
    value = float(re.search(r"relax it to (\S+), where", said).group(1))
    views = (returns[:, :2].T, np.array([0.001, value]))
    there = entropy_pooling(uniform(5000), equalities=views)
    assert there.effective_scenarios == pytest.approx(250, rel=0.02)


def test_floor_that_no_single_view_can_make_room_for():
    returns = fat_tails(5000)[:, [0, 2]]
    with pytest.raises(ModelError, match="still below the floor: relax other views"):
        entropy_pooling(
            uniform(5000), equalities=(returns.T, np.array([-0.06, -0.06])), floor=0.3
        )


def test_floor_is_a_share_of_the_priors_own_number():
    prior = np.array([0.9, 0.02, 0.02, 0.02, 0.02, 0.02])
    assert pooled_die(3.0, floor=1.0, prior=prior).effective_scenarios > (
        effective_number(prior)
    )


@pytest.mark.parametrize(
    ("prior", "match"),
    [
        ([0.5, 0.6], r"prior sums to 1\.1: divide"),
        ([1.5, -0.5], r"prior is -0\.5 in scenario 1"),
        ([0.5, np.nan], "prior is nan in scenario 1"),
        ([], r"prior has shape \(0,\)"),
        ([[1.0]], r"prior has shape \(1, 1\)"),
    ],
)
def test_prior_that_is_no_distribution(prior, match):
    with pytest.raises(UsageError, match=match):
        entropy_pooling(np.array(prior))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"equalities": (np.ones((1, 5)), np.ones(1))}, r"equalities have shapes \(1,"),
        ({"inequalities": (np.ones((2, 6)), np.ones(1))}, "one target a row"),
        ({"equalities": (DIE, np.ones(1))}, r"equalities have shapes \(6,\)"),
        (
            {"equalities": (np.full((1, 6), np.nan), np.ones(1))},
            "equalities hold values that are not finite",
        ),
        ({"floor": 5.0}, "floor is 5: give a share"),
        ({"floor": float("nan")}, "floor is nan: give a share"),
        ({"labels": ["a"]}, "1 labels for 0 views"),
    ],
)
def test_arguments_that_do_not_fit(given, match):
    with pytest.raises(UsageError, match=match):
        entropy_pooling(uniform(6), **given)


# --- counts --------------------------------------------------------------------------


def test_effective_number_is_the_exponential_of_entropy():
    prior = np.array([0.5, 0.25, 0.25, 0.0])
    assert effective_number(prior) == pytest.approx(2**1.5)
    assert effective_number(uniform(7)) == pytest.approx(7)
    found = pooled_die(4.5)
    assert found.effective_scenarios == pytest.approx(
        6 * np.exp(-found.relative_entropy), rel=1e-13
    )


def test_independent_scenarios_count_blocks_of_a_window():
    assert independent_scenarios(uniform(2100), 21) == pytest.approx(100)
    assert independent_scenarios(uniform(10), 1) == pytest.approx(10)
    # blocks of 2, 2 and 1 rows: masses 0.4, 0.4, 0.2
    assert independent_scenarios(uniform(5), 2) == pytest.approx(1 / 0.36)
    one = np.zeros(100)
    one[21:42] = 1 / 21
    assert independent_scenarios(one, 21) == pytest.approx(1)
    with pytest.raises(UsageError, match="sessions is 0"):
        independent_scenarios(one, 0)
    with pytest.raises(UsageError, match="probabilities sums to 2"):
        independent_scenarios(2 * one, 21)
