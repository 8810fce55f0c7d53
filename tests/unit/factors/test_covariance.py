"""Covariances against numpy, and the shrinkage of correlations against a plain loop."""

from itertools import combinations

import numpy as np
import pytest

from riskplugin.factors.covariance import (
    among_moving,
    group_means,
    pairwise_correlation,
    positive_definite,
    residual_correlation,
    synchronous_covariance,
    weighted_covariance,
    within_groups,
)

SESSIONS = 5
MIN_OVERLAP = 60
ROWS = 260
GROUPS = ["memory", "gpu", "gpu", "crypto", "crypto", "crypto"]


def halving(rows, half_life=120):
    return 0.5 ** (np.arange(rows)[::-1] / half_life)


@pytest.fixture
def residuals():
    """Six correlated series whose weighted mean is zero, shape (ROWS, 6)."""
    rng = np.random.default_rng(41)
    raw = rng.standard_t(6, (ROWS, 6)) + 0.5 * rng.standard_t(6, (ROWS, 1))
    raw[:, 4:] += 1.5 * rng.standard_t(6, (ROWS, 1))
    raw[:, [0, 3]] += 1.5 * rng.standard_t(6, (ROWS, 1))
    return 0.03 * (raw - np.average(raw, axis=0, weights=halving(ROWS)))


def shrunk(residuals, weights, groups):
    pairs = pairwise_correlation(residuals, weights, SESSIONS, MIN_OVERLAP)
    return residual_correlation(pairs, groups)


def by_loop(residuals, weights, groups):
    """The documented shrinkage, pair by pair, before eigenvalues are floored."""
    count = residuals.shape[1]
    pairs = list(combinations(range(count), 2))
    corr, noise = {}, {}
    for i, j in pairs:
        rows = [
            t for t in range(len(residuals)) if not np.isnan(residuals[t, [i, j]]).any()
        ]
        if len(rows) < MIN_OVERLAP:
            continue
        x, y, w = residuals[rows, i], residuals[rows, j], weights[rows]
        w = w / w.sum()
        x, y = x / np.sqrt(w @ x**2), y / np.sqrt(w @ y**2)
        corr[i, j] = w @ (x * y)
        independent = max(1 / (w @ w) / SESSIONS, 1)
        noise[i, j] = (w @ (x * y) ** 2 - corr[i, j] ** 2) / independent
    target = {}
    for i, j in pairs:
        same = [
            corr[p]
            for p in corr
            if {groups[p[0]], groups[p[1]]} == {groups[i], groups[j]}
        ]
        target[i, j] = np.mean(same) if same else max(np.mean(list(corr.values())), 0)
    distance = sum((corr[p] - target[p]) ** 2 for p in corr)
    intensity = min(1, sum(noise.values()) / distance)
    out = np.eye(count)
    for i, j in pairs:
        shrunk = target[i, j]
        if (i, j) in corr:
            shrunk = (1 - intensity) * corr[i, j] + intensity * target[i, j]
        out[i, j] = out[j, i] = shrunk
    return out, intensity


def test_weighted_covariance_is_numpys_over_rows_without_a_gap():
    rng = np.random.default_rng(42)
    returns, weights = rng.normal(0.01, 0.03, (120, 3)), halving(120)
    returns[10:20, 1] = np.nan
    returns[15:33, 2] = np.nan
    full = np.r_[0:10, 33:120]
    expected = np.cov(returns[full].T, aweights=weights[full], ddof=0)
    np.testing.assert_allclose(
        weighted_covariance(returns, weights), expected, rtol=1e-10
    )


def test_weighted_covariance_by_hand():
    # Weights 1, 1, 2 on 0, 4, 2 (mean 2) and 1, 1, 3 (mean 2): the variances are
    # (4 + 4 + 0) / 4 and (1 + 1 + 2) / 4, and the covariance is (2 - 2 + 0) / 4.
    returns = np.array([[0.0, 1], [4, 1], [2, 3]])
    found = weighted_covariance(returns, np.array([1.0, 1, 2]))
    np.testing.assert_allclose(found, [[2, 0], [0, 1]], atol=1e-15)


def test_synchronous_covariance_is_the_mean_of_both_ways():
    rng = np.random.default_rng(43)
    plain = rng.normal(0, 0.03, (120, 3)) @ rng.normal(0, 1, (3, 3))
    wide, weights = plain + rng.normal(0, 0.01, (120, 3)), halving(120)
    wide[30:40, 1] = np.nan
    rows = np.r_[0:30, 40:120]
    both = np.cov(
        plain[rows].T, wide[rows].T, aweights=weights[rows], rowvar=True, ddof=0
    )
    one_way = both[:3, 3:]
    np.testing.assert_allclose(
        synchronous_covariance(np.stack([plain, wide]), weights),
        (one_way + one_way.T) / 2,
        rtol=1e-9,
    )


def test_synchronous_covariance_is_that_as_sampled_if_nothing_is_wider():
    rng = np.random.default_rng(44)
    returns, weights = rng.normal(0, 0.03, (120, 3)), halving(120)
    np.testing.assert_allclose(
        synchronous_covariance(np.stack([returns] * 2), weights),
        weighted_covariance(returns, weights),
        rtol=1e-9,
        atol=1e-15,
    )


def test_synchronous_covariance_has_a_floor_in_the_metric_of_the_sample():
    # The second moves against its own wider window: it is left a tenth of its variance.
    rng = np.random.default_rng(45)
    returns, weights = rng.normal(0, 1, (200, 2)), np.ones(200)
    returns = np.linalg.solve(
        np.linalg.cholesky(weighted_covariance(returns, weights)),
        (returns - returns.mean(axis=0)).T,
    ).T  # uncorrelated, of variance one
    wide = returns * [1.0, -0.5]
    found = synchronous_covariance(np.stack([returns, wide]), weights)
    np.testing.assert_allclose(found, [[1, 0], [0, 0.1]], atol=1e-12)


def test_pairs_of_full_history_are_numpys_weighted_correlations(residuals):
    weights = halving(ROWS)
    pairs, _, known = pairwise_correlation(residuals, weights, SESSIONS, MIN_OVERLAP)
    covariance = np.cov(residuals.T, aweights=weights, ddof=0)
    scale = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(scale, scale)
    np.testing.assert_array_equal(known, ~np.eye(6, dtype=bool))
    np.testing.assert_allclose(pairs[known], expected[known], rtol=1e-10)


def test_variance_of_a_correlation_counts_overlapping_windows_once():
    # Four equal rows (1, 1), (1, -1), (-1, 1), (-1, 1): correlation -1/2; the products
    # 1, -1, -1, -1 have variance 1 - 1/4; two sessions a window leave 4 / 2 windows.
    residuals = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, 1]])
    pairs, variance, _ = pairwise_correlation(residuals, np.ones(4), 2, 4)
    assert pairs[0, 1] == pytest.approx(-0.5, rel=1e-12)
    assert variance[0, 1] == pytest.approx(0.75 / 2, rel=1e-12)


def test_effective_number_of_weighted_windows_is_kishs():
    # Weights 3, 1, 1, 1: (6^2) / (9 + 3) = 3 windows; the correlation is
    # (3 - 1 - 1 - 1) / 6 = 0, so the variance 1 / 3.
    residuals = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, 1]])
    weights = np.array([3.0, 1, 1, 1])
    pairs, variance, _ = pairwise_correlation(residuals, weights, 1, 4)
    assert pairs[0, 1] == pytest.approx(0, abs=1e-15)
    assert variance[0, 1] == pytest.approx(1 / 3, rel=1e-12)


def test_pair_is_measured_on_its_own_overlap(residuals):
    residuals[:150, 0] = np.nan
    residuals[200:, 1] = np.nan
    pairs, _, known = pairwise_correlation(residuals, halving(ROWS), SESSIONS, 50)
    both, w = residuals[150:200, :2], halving(ROWS)[150:200]
    product = w @ (both[:, 0] * both[:, 1])
    expected = product / np.sqrt((w @ both[:, 0] ** 2) * (w @ both[:, 1] ** 2))
    assert known[0, 1]
    assert pairs[0, 1] == pytest.approx(expected, rel=1e-10)
    _, _, known = pairwise_correlation(residuals, halving(ROWS), SESSIONS, 51)
    assert not known[0, 1]
    assert not known[1, 0]
    assert known[0, 2]


def test_group_means_by_hand():
    # a-a: 0.2; a-b: (0.4 + 0.8) / 2; b alone has no pair of its own and takes the
    # mean of all, which is (0.2 + 0.4 + 0.8) / 3.
    pairs = np.array([[1, 0.2, 0.4], [0.2, 1, 0.8], [0.4, 0.8, 1]])
    means = group_means(pairs, ~np.eye(3, dtype=bool), ["a", "a", "b"])
    assert means[0, 1] == pytest.approx(0.2, rel=1e-12)
    assert means[0, 2] == pytest.approx(0.6, rel=1e-12)
    assert means[1, 2] == pytest.approx(0.6, rel=1e-12)
    assert means[2, 2] == pytest.approx(1.4 / 3, rel=1e-12)


def test_groups_never_seen_together_are_not_set_against_each_other():
    # The mean of all, -0.4, is one that many unknown pairs could not have at once.
    pairs = np.array([[1, -0.4, 0], [-0.4, 1, 0], [0, 0, 1]])
    known = np.zeros((3, 3), dtype=bool)
    known[0, 1] = known[1, 0] = True
    means = group_means(pairs, known, ["a", "a", "b"])
    assert means[0, 1] == pytest.approx(-0.4, rel=1e-12)
    assert means[0, 2] == 0
    assert means[2, 1] == 0


def test_what_does_not_move_bends_nobody():
    # Opposites, four that move nearly as one, and a series that stands still: whatever
    # it were given in common with both opposites would bend them.
    rng = np.random.default_rng(45)
    one, crowd = rng.normal(0, 1, (2, 200, 1))
    alike = crowd + 0.2 * rng.normal(0, 1, (200, 4))
    raw = np.hstack([one, -one, np.zeros((200, 1)), alike])
    pairs = pairwise_correlation(raw, np.ones(200), 1, MIN_OVERLAP)
    moving = np.arange(7) != 2
    found = among_moving(pairs, ["a", "a", "fx", "b", "c", "d", "e"], moving)
    np.testing.assert_array_equal(found[2], ~moving)
    np.testing.assert_array_equal(found[:, 2], ~moving)
    assert found[0, 1] == pytest.approx(-1, abs=1e-4)
    assert found[3:, 3:].mean() > 0.9
    assert np.linalg.eigvalsh(found)[0] > 0


def test_mean_within_groups_by_hand():
    pairs = np.array([[1, 0.2, 0.4, 0.6], [0.2, 1, 0.8, 0.9], [0.4, 0.8, 1, 0.5]])
    pairs = np.vstack([pairs, [0.6, 0.9, 0.5, 1]])
    known = ~np.eye(4, dtype=bool)
    known[0, 2] = known[2, 0] = False
    # a: (0.2 + 0.8) / 2, the pair of 0 and 2 is not known; b has no pair.
    found = within_groups(pairs, known, ["a", "a", "a", "b"])
    assert found == {"a": pytest.approx(0.5, rel=1e-12)}


def test_shrunk_correlations_are_those_of_a_plain_loop(residuals):
    weights = halving(ROWS)
    found = shrunk(residuals, weights, GROUPS)
    expected, intensity = by_loop(residuals, weights, GROUPS)
    assert 0.1 < intensity < 0.9
    assert np.linalg.eigvalsh(expected)[0] > 0.01  # no floor is needed
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_shrunk_correlations_with_gaps_are_those_of_a_plain_loop(residuals):
    weights = halving(ROWS)
    rng = np.random.default_rng(43)
    residuals[rng.random((ROWS, 6)) < 0.2] = np.nan
    residuals[:160, 4] = np.nan
    found = shrunk(residuals, weights, GROUPS)
    expected, _ = by_loop(residuals, weights, GROUPS)
    assert np.linalg.eigvalsh(expected)[0] > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_missing_pair_takes_the_mean_of_its_groups(residuals):
    # The first crypto name has no history; what its two peers are among each other,
    # and on average to gpu and to memory, stands in.
    residuals[:, 3] = np.nan
    found = shrunk(residuals, halving(ROWS), GROUPS)
    assert found[3, 4] == pytest.approx(found[4, 5], rel=1e-9)
    assert found[3, 5] == pytest.approx(found[4, 5], rel=1e-9)
    gpu = (found[1, 4] + found[1, 5] + found[2, 4] + found[2, 5]) / 4
    assert found[3, 1] == pytest.approx(gpu, rel=1e-9)
    assert found[3, 2] == pytest.approx(gpu, rel=1e-9)
    assert found[3, 0] == pytest.approx((found[0, 4] + found[0, 5]) / 2, rel=1e-9)


def test_groups_never_seen_together_take_the_mean_of_all(residuals):
    residuals[:, 3:] = np.nan
    found = shrunk(residuals, halving(ROWS), GROUPS)
    overall = (found[0, 1] + found[0, 2] + found[1, 2]) / 3
    for i, j in [(0, 3), (1, 4), (3, 5)]:
        assert found[i, j] == pytest.approx(overall, rel=1e-9)


def test_no_pair_known_is_the_identity():
    found = shrunk(np.full((80, 3), np.nan), halving(80), ["a", "a", "b"])
    np.testing.assert_allclose(found, np.eye(3), atol=1e-12)


def test_series_without_residual_is_a_missing_pair_and_not_a_zero(residuals):
    residuals[:, 1] = 0.0  # exactly explained: its residual has no correlation
    found = shrunk(residuals, halving(ROWS), GROUPS)
    assert found[1, 0] == pytest.approx(found[2, 0], rel=1e-9)  # gpu with memory


def test_twins_stay_invertible():
    rng = np.random.default_rng(44)
    twin = rng.normal(0, 1, (200, 1))
    found = shrunk(np.hstack([twin, twin, -twin]), np.ones(200), ["a", "b", "c"])
    assert np.linalg.eigvalsh(found)[0] > 1e-7
    np.testing.assert_allclose(found[0, 1:], [1, -1], atol=1e-5)


def test_impossible_correlations_become_the_nearest_with_a_floor():
    # r = -0.9 among three has the eigenvalues -0.8, 1.9, 1.9. With the first at about
    # zero the matrix is 1.9 (I - 11'/3), whose correlations are -1/2.
    impossible = np.full((3, 3), -0.9) + 1.9 * np.eye(3)
    found = positive_definite(impossible)
    off = found[~np.eye(3, dtype=bool)]
    np.testing.assert_allclose(off, np.full(6, -0.5), atol=1e-5)
    np.testing.assert_array_equal(np.diag(found), np.ones(3))
    assert 0 < np.linalg.eigvalsh(found)[0] < 1e-5
