"""Laws of the factor model's parts."""

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskplugin.factors.covariance import pairwise_correlation, residual_correlation
from riskplugin.factors.drivers import driver_windows, retracement, turning_points
from riskplugin.factors.loadings import regress, shrink
from riskplugin.factors.propagation import complete, response_to
from riskplugin.returns import Panel, sample, weekdays

law = settings(deadline=None, max_examples=60)
units = st.floats(-3, 3)
moderate = st.floats(-1, 1, width=32)
FIRST = np.datetime64("2026-03-02")


def holes(share):
    """True where a value is missing, with a chance of about `share`."""
    return st.integers(0, 99).map(lambda n: n < 100 * share)


@st.composite
def closes(draw):
    """Closes of three columns on some days of ten weeks."""
    days = draw(st.sets(st.integers(0, 69), max_size=50).map(sorted))
    values = draw(arrays(float, (len(days), 3), elements=st.floats(1, 99)))
    gaps = draw(arrays(bool, values.shape, elements=holes(0.4)))
    return FIRST + np.array(days, dtype=int), np.where(gaps, np.nan, values)


@law
@given(st.integers(-40_000, 40_000), st.integers(0, 60))
def test_weekdays_are_pandas_business_days(first, length):
    start = np.datetime64(0, "D") + first
    expected = pd.bdate_range(start, start + length).to_numpy("datetime64[D]")
    np.testing.assert_array_equal(weekdays(start, start + length), expected)


@law
@given(closes(), st.integers(-5, 30), st.integers(0, 60))
def test_sample_is_pandas_reindex_and_fill_of_four(given_closes, start, length):
    dates, values = given_closes
    clock = weekdays(FIRST + start, FIRST + start + length)
    frame = pd.DataFrame(values, index=pd.DatetimeIndex(dates.astype("datetime64[s]")))
    expected = frame.reindex(pd.DatetimeIndex(clock)).ffill(limit=4)
    np.testing.assert_array_equal(sample(dates, values, clock), expected.to_numpy())


@st.composite
def baskets(draw):
    """Log prices of three members with holes, and two baskets of them."""
    logs = draw(arrays(float, (30, 3), elements=moderate))
    gaps = draw(arrays(bool, logs.shape, elements=holes(0.1)))
    gaps[: draw(st.integers(0, 29)), draw(st.integers(0, 2))] = True
    gaps[draw(st.integers(1, 30)) :, draw(st.integers(0, 2))] = True
    dates = FIRST + np.arange(30)
    prices = Panel(
        dates, tuple("ABC"), np.where(gaps, np.nan, logs), (), np.zeros((30, 0))
    )
    return prices, {"one": ("B",), "all": ("A", "B", "C"), "two": ("C", "A")}


@law
@given(baskets(), st.integers(1, 7))
def test_driver_windows_are_pandas_differences_and_means(case, sessions):
    prices, members = case
    frame = pd.DataFrame(prices.log_price, columns=list("ABC"))
    moves = frame.diff(sessions)
    living = frame.ffill().notna() & frame.bfill().notna()
    spoilt = moves.isna() & living & living.shift(sessions, fill_value=False)
    found = driver_windows(prices, members, dict.fromkeys("ABC", "USD"), sessions)
    for column, basket in enumerate(members.values()):
        mine = list(basket)
        expected = moves[mine].mean(axis=1).mask(spoilt[mine].any(axis=1))
        np.testing.assert_allclose(
            found[:, column], expected.to_numpy()[sessions:], atol=1e-12
        )


def zigzag(index, fall):
    """Each turn is the extreme before the first reversal by `fall` since the last."""
    step, sign, start, turns = -np.log1p(-fall), 1.0, 0, []
    while True:
        path = sign * index[start:]
        back = np.flatnonzero(np.maximum.accumulate(path) - path >= step)
        if not len(back):
            return [*turns, start + int(np.argmax(path))]
        start += int(np.argmax(path[: back[0]]))
        turns.append(start)
        sign = -sign


@law
@given(
    arrays(float, st.integers(1, 60), elements=st.integers(-20, 20).map(float)),
    st.sampled_from([0.05, 0.1, 0.2, 0.3]),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_turning_points_are_those_of_another_zigzag(steps, fall, size):
    index = np.cumsum(steps * size)
    assert turning_points(index, fall) == zigzag(index, fall)


@law
@given(arrays(float, st.integers(2, 60), elements=st.floats(-0.5, 0.5)))
def test_a_larger_share_of_the_run_up_is_never_a_smaller_fall(steps):
    index = np.cumsum(steps)
    moves = [retracement(index, share) for share in (0.0, 0.25, 0.5, 1.0)]
    assume(None not in moves)
    assert moves == sorted(moves, reverse=True)
    assert moves[0] <= 0
    assert moves[-1] >= index.min() - index[-1] - 1e-12  # it ends where it once was


@st.composite
def tiers(draw):
    """Loadings (N, J) with errors (N, J, J), and a change of coordinates (J, J)."""
    count, drivers = draw(st.integers(3, 7)), draw(st.integers(1, 4))
    loadings = draw(arrays(float, (count, drivers), elements=units))
    roots = draw(arrays(float, (count, drivers, drivers), elements=moderate))
    size = draw(st.sampled_from([0.1, 0.5, 2.0]))
    errors = size**2 * (roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(drivers))
    change = draw(arrays(float, (drivers, drivers), elements=units))
    stretch = np.linalg.svd(change, compute_uv=False)
    assume(stretch[-1] > 0.05 and stretch[0] < 30 * stretch[-1])
    return loadings, errors, change


@law
@given(tiers())
def test_shrinkage_does_not_depend_on_the_drivers_coordinates(tier):
    loadings, errors, change = tier
    measured, groups = np.ones(len(loadings), bool), ["a"] * len(loadings)
    plain = shrink(loadings, errors, measured, groups, {})
    changed = shrink(
        loadings @ change, change.T @ errors @ change, measured, groups, {}
    )
    scale = np.abs(plain.loadings @ change).max() + np.abs(loadings @ change).max()
    np.testing.assert_allclose(
        changed.loadings, plain.loadings @ change, atol=1e-7 * scale
    )
    expected = change.T @ plain.covariance @ change
    np.testing.assert_allclose(
        changed.covariance, expected, atol=1e-7 * np.abs(expected).max()
    )


@law
@given(tiers(), st.floats(-0.5, 1))
def test_permuting_names_permutes_their_shrinkage(tier, correlation):
    loadings, errors, _ = tier
    order = np.argsort(loadings[:, 0])
    measured, groups = np.ones(len(loadings), bool), ["a"] * len(loadings)
    alike = {"a": correlation}
    plain = shrink(loadings, errors, measured, groups, alike)
    found = shrink(loadings[order], errors[order], measured, groups, alike)
    np.testing.assert_allclose(found.loadings, plain.loadings[order], atol=1e-9)
    np.testing.assert_allclose(
        found.covariance, plain.covariance[order], atol=1e-9 * np.abs(errors).max()
    )


@st.composite
def residuals(draw):
    """Residuals (T, N) with holes, runs of them and empty columns; weights; groups."""
    rows, count = 40, draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    values = rng.standard_t(4, (rows, count)) + draw(units) * rng.normal(
        0, 1, (rows, 1)
    )
    gaps = draw(arrays(bool, (rows, count), elements=holes(0.25)))
    for column in range(count):
        gaps[: draw(st.integers(0, rows)), column] |= draw(st.booleans())
    weights = 0.5 ** (np.arange(rows)[::-1] / draw(st.sampled_from([5, 30, 1e6])))
    groups = draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))
    return np.where(gaps, np.nan, values), weights, groups


def correlation_of(values, weights, groups, min_overlap):
    pairs = pairwise_correlation(values, weights, 2, min_overlap)
    return residual_correlation(pairs, groups)


@law
@given(residuals(), st.integers(1, 12))
def test_correlation_is_positive_definite_with_a_unit_diagonal(case, min_overlap):
    found = correlation_of(*case, min_overlap)
    np.testing.assert_array_equal(np.diag(found), np.ones(len(found)))
    np.testing.assert_array_equal(found, found.T)
    assert np.abs(found).max() <= 1
    np.linalg.cholesky(found)  # raises if it is not
    assert np.linalg.eigvalsh(found)[0] > 1e-8


@law
@given(residuals(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_permuting_series_permutes_their_correlation(case, min_overlap, random):
    values, weights, groups = case
    order = list(range(len(groups)))
    random.shuffle(order)
    plain = correlation_of(values, weights, groups, min_overlap)
    shuffled = [groups[i] for i in order]
    found = correlation_of(values[:, order], weights, shuffled, min_overlap)
    np.testing.assert_allclose(found, plain[np.ix_(order, order)], atol=1e-9)


@st.composite
def scenarios(draw, count=1):
    """A covariance (J, J), the core of each scenario and its moves."""
    drivers = draw(st.integers(1, 5))
    root = draw(arrays(float, (drivers, drivers), elements=moderate))
    scale = draw(st.sampled_from([1e-4, 1.0]))
    covariance = scale * (root @ root.T + 0.05 * np.eye(drivers))
    core = draw(arrays(bool, (count, drivers)))
    moves = draw(arrays(float, (count, drivers), elements=units))
    return covariance, core, np.where(core, moves, np.nan)


@law
@given(scenarios())
def test_core_moves_are_kept_and_leave_nothing_open(case):
    covariance, core, moves = case
    completed, remainder = complete(covariance, core, moves)
    np.testing.assert_allclose(completed[core], moves[core], rtol=0, atol=1e-12)
    open_ = remainder[0]
    assert (open_[core[0]] == 0).all()
    assert (open_[:, core[0]] == 0).all()
    size = np.abs(covariance).max()
    assert np.linalg.eigvalsh(open_)[0] >= -1e-12 * size
    # What the core explains is never more than what there was.
    explained = covariance - open_
    assert np.linalg.eigvalsh(explained)[0] >= -1e-10 * size


@law
@given(scenarios())
def test_remainder_is_the_inverse_of_the_precision_of_what_is_open(case):
    # The block of the inverse covariance: S_r|c = ((S^-1)_rr)^-1.
    covariance, core, moves = case
    free = np.flatnonzero(~core[0])
    assume(len(free))
    _, remainder = complete(covariance, core, moves)
    precision = np.linalg.inv(covariance)[np.ix_(free, free)]
    np.testing.assert_allclose(
        remainder[0][np.ix_(free, free)],
        np.linalg.inv(precision),
        atol=1e-9 * np.abs(covariance).max(),
    )


@law
@given(scenarios())
def test_completion_is_the_most_plausible_one(case):
    # The Mahalanobis distance has no slope in the drivers that are not named.
    covariance, core, moves = case
    completed, _ = complete(covariance, core, moves)
    slope = np.linalg.solve(covariance, completed[0])
    size = np.abs(slope).max() + 1
    np.testing.assert_allclose(slope[~core[0]], 0, atol=1e-8 * size)


@law
@given(scenarios())
def test_propagating_every_driver_is_the_identity(case):
    covariance, core, moves = case
    every = np.ones_like(core)
    moves = np.nan_to_num(moves, nan=0.25)
    completed, remainder = complete(covariance, every, moves)
    np.testing.assert_array_equal(completed, moves)
    np.testing.assert_array_equal(remainder, np.zeros_like(remainder))


@law
@given(scenarios(count=6))
def test_scenarios_together_are_what_each_is_alone(case):
    covariance, core, moves = case
    together, left = complete(covariance, core, moves)
    for s in range(len(core)):
        alone, left_alone = complete(covariance, core[[s]], moves[[s]])
        np.testing.assert_allclose(together[s], alone[0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(left[s], left_alone[0], rtol=1e-12, atol=1e-14)


@law
@given(scenarios())
def test_response_to_a_driver_is_the_completion_of_its_unit_move(case):
    covariance, _, _ = case
    core = (np.arange(len(covariance)) == 0)[None]
    moves, _ = complete(covariance, core, np.where(core, 1.0, np.nan))
    np.testing.assert_allclose(response_to(covariance, 0), moves[0], atol=1e-12)


@law
@given(
    st.integers(0, 10_000),
    arrays(bool, (50, 2), elements=holes(0.2)),
    st.floats(-2, 2),
)
def test_regression_follows_what_is_added_and_nothing_else(seed, gaps, slope):
    # y + a + c f has the loading b + c, the same residuals and the same errors; a
    # series is not changed by its neighbour.
    rng = np.random.default_rng(seed)
    drivers, returns = rng.normal(0, 1, (2, 50, 1)), rng.normal(0, 1, (2, 50, 2))
    drivers[1] += drivers[0]
    returns[1] += returns[0]
    returns[:, gaps] = np.nan
    weights = 0.5 ** (np.arange(50)[::-1] / 20)
    plain = regress(returns, drivers, weights, 3, 10)
    assume(plain.measured.all())
    moved = returns + [0.0, 1.0] * (0.3 + slope * drivers)
    found = regress(moved, drivers, weights, 3, 10)
    np.testing.assert_allclose(
        found.loadings[:, 0], plain.loadings[:, 0] + np.array([0, slope]), atol=1e-9
    )
    np.testing.assert_allclose(found.residuals, plain.residuals, atol=1e-9)
    np.testing.assert_allclose(found.covariance, plain.covariance, atol=1e-9)
