"""Views against skfolio, closed forms and plain enumeration."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from skfolio import measures as sk
from skfolio.prior import EntropyPooling

from riskplugin.errors import ModelError, UsageError
from riskplugin.factors.pooling import entropy_pooling
from riskplugin.factors.views import Quantity, Sense, View, measure, pooled

NAMES = ("memory", "crypto", "equity")
COUNT = 3000
CORRELATED = np.array([[1.0, 0, 0], [0.5, 0.8, 0], [0.3, 0.2, 0.9]]) * 0.02
COLUMNS = np.random.default_rng(3).standard_t(6, (COUNT, 3)) @ CORRELATED.T
PRIOR = np.full(COUNT, 1 / COUNT)
EXACT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
BY_NAME = dict(zip(NAMES, COLUMNS.T, strict=True))


def pool(*views, floor=0.05, prior=PRIOR):
    return pooled(prior, COLUMNS, NAMES, views, floor)


def measured(view, posterior):
    return measure(view, BY_NAME, posterior.probabilities)


def skfolio_of(**views):
    """Return skfolio's posterior on returns in percent, where its solver is exact."""
    model = EntropyPooling(solver="CLARABEL", solver_params=EXACT, **views)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(pd.DataFrame(100 * COLUMNS, columns=NAMES))
    return model.return_distribution_.sample_weight, model.relative_entropy_


CASES = {
    "mean": (
        [View("mean", "memory", "==", -0.01)],
        {"mean_views": ["memory == -1"]},
    ),
    "ranking": (
        [
            View("mean", "memory", "<=", -0.01),
            View("ranking", "equity", ">=", 0.002, other="crypto"),
        ],
        {"mean_views": ["memory <= -1", "equity >= crypto + 0.2"]},
    ),
    "volatility": (
        [View("volatility", "memory", "==", 0.03)],
        {"variance_views": ["memory == 9"]},
    ),
    "volatility at least": (
        [View("volatility", "memory", ">=", 0.03), View("mean", "crypto", ">=", 0.0)],
        {"variance_views": ["memory >= 9"], "mean_views": ["crypto >= 0"]},
    ),
    "correlation": (
        [View("correlation", "memory", "==", 0.8, other="crypto")],
        {"correlation_views": ["(memory,crypto) == 0.8"]},
    ),
    "three stages": (
        [
            View("correlation", "memory", ">=", 0.8, other="crypto"),
            View("volatility", "memory", "==", 0.03),
            View("mean", "crypto", "==", -0.01),
        ],
        {
            "mean_views": ["crypto == -1"],
            "variance_views": ["memory == 9"],
            "correlation_views": ["(memory,crypto) >= 0.8"],
        },
    ),
    "value at risk": (
        [View("value_at_risk", "memory", "==", 0.06, alpha=0.05)],
        {"value_at_risk_views": ["memory == 6"]},
    ),
    "value at risk at least": (
        [
            View("value_at_risk", "memory", ">=", 0.06, alpha=0.05),
            View("value_at_risk", "crypto", ">=", 0.01, alpha=0.05),
        ],
        {"value_at_risk_views": ["memory >= 6", "crypto >= 1"]},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_same_optimum_as_skfolio(case):
    views, theirs = CASES[case]
    found = pool(*views)
    weight, relative_entropy = skfolio_of(**theirs)
    np.testing.assert_allclose(
        found.probabilities * COUNT, weight * COUNT, rtol=1e-4, atol=2e-5
    )
    assert found.relative_entropy == pytest.approx(relative_entropy, abs=1e-6)


@pytest.mark.parametrize("value", [0.08, 0.03])
def test_expected_shortfall_is_where_skfolio_nearly_is(value):
    """skfolio stops its search at 1e-4 of value at risk; ours meets the view."""
    view = View("expected_shortfall", "memory", "==", value, alpha=0.05)
    found = pool(view)
    weight, relative_entropy = skfolio_of(cvar_views=[f"memory == {100 * value}"])
    assert found.relative_entropy == pytest.approx(relative_entropy, abs=1e-6)
    theirs = sk.cvar(COLUMNS[:, 0], beta=0.95, sample_weight=found.probabilities)
    assert theirs == pytest.approx(value, abs=1e-12)
    assert abs(weight - found.probabilities).max() * COUNT < 0.05


def small(seed, count=60):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(count, 3.0)), rng.standard_t(4, count) * 0.02


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("factor", [1.3, 0.7])
def test_expected_shortfall_equals_the_best_of_all_tails(seed, factor):
    """For every tail: its mass alpha and mean `value`, or a scenario split at alpha.

    The least relative entropy of all that have the value at risk that they assume.
    """
    prior, returns = small(seed)
    alpha = 0.1
    losses = np.sort(-returns)[::-1]
    mass = prior[np.argsort(returns)]
    value = factor * sk.cvar(returns, beta=1 - alpha, sample_weight=prior)
    best = np.inf
    for count in range(1, 45):
        level = losses[count]
        tail = np.arange(60) < count
        whole = (np.stack([tail * 1.0, tail * losses]), alpha * np.array([1, value]))
        excess = np.maximum(losses - level, 0)
        split = (excess[None], np.array([alpha * (value - level)]))
        for rows in (whole, split):
            try:
                found = entropy_pooling(mass, equalities=rows, floor=0)
            except ModelError:
                continue
            shortfall = sk.cvar(
                -losses, beta=1 - alpha, sample_weight=found.probabilities
            )
            if abs(shortfall - value) < 1e-9:
                best = min(best, found.relative_entropy)
    view = View("expected_shortfall", "a", "==", value, alpha=alpha)
    ours = pooled(prior, returns[:, None], ["a"], [view])
    assert ours.relative_entropy == pytest.approx(best, rel=1e-7)


def test_stress_of_value_at_risk_rescales_each_side():
    found = pool(View("value_at_risk", "memory", "==", 0.06, alpha=0.05)).probabilities
    tail = COLUMNS[:, 0] <= -0.06
    expected = np.where(tail, 0.05 / tail.sum(), 0.95 / (~tail).sum())
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_value_at_risk_at_a_scenario_is_met_to_the_bit():
    at = -np.sort(COLUMNS[:, 0])[40]
    for sense in ("==", ">="):
        view = View("value_at_risk", "memory", sense, at, alpha=0.05)
        assert measured(view, pool(view)) == at


def test_quantile_is_minus_value_at_risk():
    loss = pool(View("value_at_risk", "memory", "<=", 0.02, alpha=0.05))
    back = pool(View("quantile", "memory", ">=", -0.02, alpha=0.05))
    np.testing.assert_array_equal(loss.probabilities, back.probabilities)
    below = COLUMNS[:, 0] < -0.02
    assert loss.probabilities[below].sum() == pytest.approx(0.05, rel=1e-12)


def test_median_view():
    view = View("quantile", "memory", "==", 0.004, alpha=0.5)
    found = pool(view)
    assert found.probabilities[COLUMNS[:, 0] <= 0.004].sum() == pytest.approx(0.5)
    assert measured(view, found) == pytest.approx(0.004, abs=1e-4)


def test_views_that_hold_already_change_nothing():
    found = pool(
        View("mean", "memory", ">=", -0.01),
        View("volatility", "memory", "<=", 0.05),
        View("correlation", "memory", ">=", -0.9, other="equity"),
        View("value_at_risk", "crypto", "<=", 0.2, alpha=0.05),
        View("expected_shortfall", "crypto", ">=", 0.0, alpha=0.05),
        View("expected_shortfall", "crypto", "<=", 0.3, alpha=0.05),
        View("ranking", "equity", ">=", -0.1, other="crypto"),
        View("quantile", "memory", ">=", -0.2, alpha=0.01),
    )
    np.testing.assert_allclose(found.probabilities, PRIOR, rtol=1e-12)


def test_without_views_the_prior_stands():
    np.testing.assert_allclose(pool().probabilities, PRIOR, rtol=1e-15)


def test_every_kind_at_once():
    views = [
        View(Quantity.MEAN, "memory", Sense.EQUAL, -0.005),
        View("volatility", "memory", "==", 0.028),
        View("correlation", "crypto", "==", 0.6, other="equity"),
        View("expected_shortfall", "equity", "==", 0.055, alpha=0.05),
        View("expected_shortfall", "crypto", "<=", 0.045, alpha=0.05),
        View("quantile", "crypto", "==", 0.001, alpha=0.5),
        View("ranking", "equity", ">=", 0.004, other="memory"),
    ]
    found = pool(*views)
    slack = [measured(v, found) - v.value for v in views]
    np.testing.assert_allclose(slack[:4], 0, atol=1e-10)
    assert slack[4] <= 1e-10
    assert slack[5] == pytest.approx(0, abs=2e-4)
    assert slack[6] >= -1e-12


def test_several_expected_shortfalls_raise_and_lower():
    views = [
        View("expected_shortfall", "memory", "==", 0.06, alpha=0.05),
        View("expected_shortfall", "crypto", "==", 0.03, alpha=0.05),
        View("expected_shortfall", "memory", "==", 0.10, alpha=0.005),
    ]
    found = pool(*views)
    for view in views:
        assert measured(view, found) == pytest.approx(view.value, abs=1e-9)


def test_means_are_held_where_the_views_leave_them():
    found = pool(
        View("mean", "memory", "==", -0.01), View("volatility", "memory", "==", 0.03)
    )
    assert found.probabilities @ COLUMNS[:, 0] == pytest.approx(-0.01, abs=1e-13)
    alone = pool(View("volatility", "memory", "==", 0.03))
    assert alone.probabilities @ COLUMNS[:, 0] == pytest.approx(
        COLUMNS[:, 0].mean(), abs=1e-13
    )


def test_order_of_views_does_not_matter():
    views = CASES["three stages"][0]
    one, other = pool(*views), pool(*views[::-1])
    np.testing.assert_allclose(one.probabilities, other.probabilities, rtol=1e-9)


@pytest.mark.parametrize("quantity", ["value_at_risk", "expected_shortfall"])
def test_loss_as_large_as_the_worst_scenario(quantity):
    worst = -COLUMNS[:, 0].min()
    view = View(quantity, "memory", "==", worst, alpha=0.05)
    found = pool(view, floor=0.0)
    assert measured(view, found) == pytest.approx(worst)
    assert found.probabilities[COLUMNS[:, 0].argmin()] == pytest.approx(0.05)


def test_expected_shortfall_as_small_as_the_best_scenario():
    best = -COLUMNS[:, 0].max()
    view = View("expected_shortfall", "memory", "==", best, alpha=0.05)
    found = pool(view, floor=0.0)
    assert found.probabilities[COLUMNS[:, 0].argmax()] == pytest.approx(1.0)


def test_value_at_risk_as_small_as_the_best_scenario():
    """All below it has mass alpha, where the quantile is about to step up to it."""
    best, second = -np.sort(COLUMNS[:, 0])[:-3:-1]
    view = View("value_at_risk", "memory", "==", best, alpha=0.05)
    found = pool(view, floor=0.0)
    assert found.probabilities[COLUMNS[:, 0].argmax()] == pytest.approx(0.95)
    assert measured(view, found) == second


# --- refusals ------------------------------------------------------------------------

LOW, HIGH = (f"{100 * end:.4g} %" for end in (COLUMNS[:, 0].min(), COLUMNS[:, 0].max()))
WORST, BEST = f"{-100 * COLUMNS[:, 0].min():.4g} %", f"-{HIGH}"


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (
            View("mean", "memory", "==", -0.5),
            f"view 'mean of memory == -50 %' cannot be reached: over the scenarios it "
            f"lies between {LOW} and {HIGH}",
        ),
        (
            View("expected_shortfall", "memory", ">=", 0.6, alpha=0.05),
            "view '5 % expected shortfall of memory >= 60 %': it cannot exceed "
            f"{WORST} (its most extreme scenarios; reachable: {BEST} to {WORST})",
        ),
        (
            View("value_at_risk", "memory", "<=", -0.9, alpha=0.01),
            f"view '1 % value at risk of memory <= -90 %': it cannot be below {BEST}",
        ),
        (
            View("quantile", "memory", "==", 0.9, alpha=0.5),
            f"view '50 % quantile of memory == 90 %': it cannot exceed {HIGH}",
        ),
    ],
)
def test_view_out_of_reach_says_the_range(view, said):
    with pytest.raises(ModelError, match=re.escape(said)):
        pool(view)


def test_volatility_out_of_reach_says_the_range_at_its_mean():
    """Most: all mass on the two ends, sqrt((high - mean) (mean - low))."""
    x = COLUMNS[:, 0]
    most = np.sqrt((x.max() + 0.02) * (-0.02 - x.min()))
    said = (
        f"it cannot exceed {100 * most:.4g} % (while its mean is -2 %; reachable: 0.00"
    )
    with pytest.raises(ModelError, match=re.escape(said)):
        pool(
            View("mean", "memory", "==", -0.02),
            View("volatility", "memory", "==", 0.5),
        )


def test_expected_shortfall_beside_other_views_says_how_far_it_goes():
    """With mean m and volatility s, it is at most -m + s sqrt(1 / alpha - 1)."""
    with pytest.raises(ModelError, match="cannot hold beside the others") as refused:
        pool(
            View("mean", "memory", "==", 0.0),
            View("value_at_risk", "memory", "==", 0.06, alpha=0.3),
            View("expected_shortfall", "memory", "==", 0.05, alpha=0.3),
        )
    reach = float(re.search(r"let it reach ([\d.]+) %", str(refused.value)).group(1))
    nearest = -COLUMNS[COLUMNS[:, 0] <= -0.06, 0].max()
    assert reach == pytest.approx(100 * nearest, rel=2e-3)


def test_correlations_that_contradict_say_what_is_possible():
    """Two columns nearly opposite to a third are nearly the same."""
    with pytest.raises(ModelError, match="views cannot hold together") as refused:
        pool(
            View("correlation", "memory", "==", -0.99, other="crypto"),
            View("correlation", "memory", "==", -0.99, other="equity"),
            View("correlation", "crypto", "==", -0.5, other="equity"),
            floor=0.0,
        )
    assert "correlation of crypto with equity == -0.5" in str(refused.value)


def test_floor_says_the_view_and_the_value_that_would_do():
    views = [
        View("mean", "memory", "==", -0.07),
        View("volatility", "equity", "==", 0.02),
    ]
    with pytest.raises(ModelError, match="'mean of memory == -7 %' costs") as refused:
        pool(*views, floor=0.2)
    value = float(re.search(r"relax it to (\S+) %", str(refused.value)).group(1)) / 100
    found = pool(View("mean", "memory", "==", value), views[1], floor=0.2)
    assert found.effective_scenarios == pytest.approx(0.2 * COUNT, rel=0.02)


def test_scenarios_without_mass_are_not_reachable():
    prior = np.where(COLUMNS[:, 0] < -0.05, 0.0, 1.0)
    with pytest.raises(ModelError, match=r"it cannot exceed 4\.9\d* %"):
        pool(
            View("value_at_risk", "memory", "==", 0.06, alpha=0.05),
            prior=prior / prior.sum(),
        )


def test_unknown_column_is_named_with_the_nearest():
    with pytest.raises(UsageError, match="no column 'memori'; did you mean 'memory'"):
        pool(View("mean", "memori", "==", 0.0))
    with pytest.raises(UsageError, match="no column 'gold'; known: memory, crypto, eq"):
        pool(View("ranking", "memory", "==", 0.0, other="gold"))


def test_column_that_never_moves_has_no_correlation():
    still = np.column_stack([COLUMNS[:, :2], np.full(COUNT, 0.01)])
    for view in (
        View("correlation", "memory", "==", 0.1, other="equity"),
        View("volatility", "equity", "==", 0.1),
    ):
        with pytest.raises(ModelError, match="'equity' never moves"):
            pooled(PRIOR, still, NAMES, [view])


def test_column_that_other_views_stop_has_no_correlation():
    best = View("mean", "memory", "==", COLUMNS[:, 0].max())
    with pytest.raises(ModelError, match="the other views leave 'memory' one value"):
        pool(best, View("correlation", "memory", "==", 0.1, other="crypto"), floor=0.0)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (("meen", "a", "==", 0.1), "'meen' is unknown; did you mean 'mean'"),
        (("mean", "a", "=", 0.1), "'=' is unknown; did you mean '>=' or '=='"),
        (("mean", "a", "==", float("nan")), "value is nan"),
        (("mean", "a", "==", 0.1, "b"), "`other` is for a correlation or ranking"),
        (("ranking", "a", ">=", 0.0), "it needs `other`"),
        (("ranking", "a", ">=", 0.0, "a"), "`other` is the same column"),
        (("correlation", "a", "==", 1.1, "b"), r"1\.1 is no correlation: give -1 to 1"),
        (("volatility", "a", "==", -0.1), r"-0\.1 is no volatility"),
        (("value_at_risk", "a", "==", 0.1), "alpha is None: it needs a tail"),
        (("quantile", "a", "==", 0.1, None, 1.0), r"alpha is 1\.0: it needs a tail"),
        (("mean", "a", "==", 0.1, None, 0.05), "`alpha` is for tails"),
    ],
)
def test_view_that_does_not_fit(given, match):
    with pytest.raises(UsageError, match=match):
        View(*given)


@pytest.mark.parametrize(
    ("columns", "names", "match"),
    [
        (
            COLUMNS[:10],
            NAMES,
            r"columns have shape \(10, 3\): give 3000 scenarios of 3",
        ),
        (COLUMNS, ("a", "b"), "of 2 names"),
        (COLUMNS, ("a", "b", "a"), "column 'a' is named twice"),
        (np.where(COLUMNS > 0.1, np.nan, COLUMNS), NAMES, "'memory' has gaps"),
    ],
)
def test_scenarios_that_do_not_fit(columns, names, match):
    with pytest.raises(UsageError, match=match):
        pooled(PRIOR, columns, names, [])
