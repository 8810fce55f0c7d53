"""Loadings against statsmodels, and shrinkage against Vasicek's formula by hand."""

import numpy as np
import pytest
from scipy.linalg import eigh
from statsmodels.regression.linear_model import WLS

from riskplugin.factors.loadings import regress, shrink
from riskplugin.factors.overlap import inflation, levers, overlap_bias, with_intercept
from tests import oracles

LAG = 5
MIN_OVERLAP = 60
ROWS = 300


def windows(rng, rows, columns):
    """Overlapping five-session returns of `columns` series, shape (rows, columns)."""
    daily = rng.standard_t(5, (rows + LAG - 1, columns)) * 0.02
    return np.lib.stride_tricks.sliding_window_view(daily, LAG, axis=0).sum(axis=2)


def two_widths(rng, rows, columns):
    """Five-session returns and the seven-session ones around them, (2, rows, N)."""
    daily = rng.standard_t(5, (rows + LAG + 1, columns)) * 0.02
    wide = np.lib.stride_tricks.sliding_window_view(daily, LAG + 2, axis=0)
    return np.stack([wide[:, :, 1:-1].sum(axis=2), wide.sum(axis=2)])


def plain(returns, drivers, weights, lag=LAG, min_overlap=MIN_OVERLAP):
    """`regress` with wider windows that are no wider: weighted least squares."""
    return regress(
        np.stack([returns] * 2), np.stack([drivers] * 2), weights, lag, min_overlap
    )


def share_of_variance(drivers, weights):
    """What least squares on (T, J) leaves of the variance, by matrices in full."""
    z = oracles.with_ones(drivers)
    return oracles.overlap_share(z, z, weights, LAG)[1]


def halving(rows, half_life=100):
    return 0.5 ** (np.arange(rows)[::-1] / half_life)


def peer(y, x, weights, lag=LAG):
    """Weighted least squares with Newey-West errors by statsmodels."""
    z = np.column_stack([np.ones(len(x)), x])
    kwds = {"maxlags": lag, "use_correction": False}
    return WLS(y, z, weights=weights).fit(cov_type="HAC", cov_kwds=kwds)


@pytest.fixture(params=[1, 4], ids=["one driver", "four drivers"])
def sample(request):
    """Three series on one or four correlated drivers."""
    rng = np.random.default_rng(20260529 + request.param)
    common, own = windows(rng, ROWS, 1), windows(rng, ROWS, request.param)
    drivers = 0.6 * common + own
    slopes = rng.normal(1, 0.5, (request.param, 3))
    returns = 0.001 + drivers @ slopes + windows(rng, ROWS, 3)
    return returns, drivers, halving(ROWS)


def agrees(found, column, expected):
    """Whether a series has statsmodels' slopes and, inflated, their covariance."""
    np.testing.assert_allclose(found.loadings[column], expected.params[1:], rtol=1e-9)
    assert found.inflation[column] > 1
    covariance = expected.cov_params()[1:, 1:]
    np.testing.assert_allclose(
        found.covariance[column] / found.inflation[column],
        covariance,
        rtol=1e-9,
        atol=1e-9 * np.diag(covariance).min(),
    )


def test_full_history_is_statsmodels_wls_with_hac_errors(sample):
    returns, drivers, weights = sample
    found = plain(returns, drivers, weights)
    for k in range(3):
        expected = peer(returns[:, k], drivers, weights)
        agrees(found, k, expected)
        np.testing.assert_allclose(
            found.residuals[:, k], expected.resid, rtol=1e-9, atol=1e-13
        )
        mean_square = np.average(expected.resid**2, weights=weights)
        left = share_of_variance(drivers, weights)
        assert found.variance[k] == pytest.approx(mean_square / left, rel=1e-9)
    assert found.windows.tolist() == [ROWS] * 3
    assert found.measured.tolist() == [True] * 3


def test_gaps_are_statsmodels_with_zero_weights_in_their_rows(sample):
    returns, drivers, weights = (a.copy() for a in sample)
    rng = np.random.default_rng(7)
    returns[:90, 1] = np.nan  # a young series
    returns[rng.random(ROWS) < 0.3, 2] = np.nan  # holes everywhere
    drivers[200:212, 0] = np.nan  # a driver's hole is everybody's
    found = plain(returns, drivers, weights)
    for k in range(3):
        there = ~np.isnan(returns[:, k]) & ~np.isnan(drivers).any(axis=1)
        y = np.where(there, returns[:, k], 9.0)  # what stands in a gap is irrelevant
        x = np.where(there[:, None], drivers, -4.0)
        expected = peer(y, x, np.where(there, weights, 0.0))
        agrees(found, k, expected)
        np.testing.assert_allclose(
            found.residuals[there, k], expected.resid[there], rtol=1e-9, atol=1e-13
        )
        assert np.isnan(found.residuals[~there, k]).all()
        mean_square = np.average(expected.resid[there] ** 2, weights=weights[there])
        left = share_of_variance(x, np.where(there, weights, 0.0))
        assert found.variance[k] == pytest.approx(mean_square / left, rel=1e-9)
        assert found.windows[k] == there.sum()


def test_rows_of_a_gap_keep_their_place_in_time(sample):
    # If they were dropped, windows on either side of the gap would be neighbours.
    returns, drivers, weights = (a.copy() for a in sample)
    returns[100:110, 0] = np.nan
    found = plain(returns[:, :1], drivers, weights)
    there = ~np.isnan(returns[:, 0])
    dropped = peer(returns[there, 0], drivers[there], weights[there])
    np.testing.assert_allclose(found.loadings[0], dropped.params[1:], rtol=1e-9)
    core = found.covariance[0] / found.inflation[0]
    apart = core / dropped.cov_params()[1:, 1:] - 1
    assert np.abs(np.diag(apart)).max() > 1e-4


THREE = (
    np.array([[1.0], [0.0], [3.0]]),
    np.array([[-1.0], [0.0], [1.0]]),
    np.array([1.0, 2.0, 1.0]),
)


def test_three_rows_by_hand():
    # Weights 1, 2, 1 on x = -1, 0, 1 and y = 1, 0, 3: the weighted means are 0 and 1,
    # the slope (0 + 0 + 2) / 2 = 1 and the residuals 1, -1, 1, whose weighted mean
    # square is (1 + 2 + 1) / 4. Scores w z e are (1, -1), (-2, 0), (1, 1) and
    # Z'WZ = diag(4, 2), so the slope's variance
    # is ((1 + 0 + 1) + 2 * (2/3) * 0 + 2 * (1/3) * -1) over 2 squared.
    found = plain(*THREE, 2, 3)
    assert found.loadings[0, 0] == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(found.residuals[:, 0], [1, -1, 1], rtol=1e-12)
    core = found.covariance[0, 0, 0] / found.inflation[0]
    assert core == pytest.approx(1 / 3, rel=1e-12)
    # Rows 1 and 3 of two-session windows share no day and each counts 1/2 in the slope,
    # whose variance is 1/2. Both residuals are (1, -2, 1) / 4 times the rows' errors;
    # with correlations 1/2 of neighbours that is (6 - 4) / 16 = 1/8, and the sandwich
    # finds (1/4) (1/8 + 1/8 - 2 (1/3) 1/8) = 1/24, a twelfth. Three degrees: times 3.
    assert found.inflation[0] == pytest.approx(12 * 3, rel=1e-12)
    # Of the variance so few rows leave nothing; it counts as the least share, a tenth.
    assert found.variance[0] == pytest.approx(1 / 0.1, rel=1e-12)


def test_lag_beyond_the_history_counts_every_pair_once():
    # As above with lag 9: (2 + 2 * (1 - 2/10) * -1) / 4.
    found = plain(*THREE, 9, 3)
    core = found.covariance[0, 0, 0] / found.inflation[0]
    assert core == pytest.approx(0.1, rel=1e-12)


def test_wider_windows_are_the_instruments_of_statsmodels():
    # b = (Q'WZ)^-1 Q'Wy with its sandwich, written out in `oracles.instrumented`.
    rng = np.random.default_rng(12)
    drivers, returns = two_widths(rng, ROWS, 3), two_widths(rng, ROWS, 3)
    returns += 0.001 + drivers @ rng.normal(1, 0.5, (3, 3))
    weights = halving(ROWS)
    returns[:, :200, 1] = np.nan
    returns[0, rng.random(ROWS) < 0.1, 2] = np.nan
    returns[1, rng.random(ROWS) < 0.1, 2] = np.nan
    drivers[1, 250:253, 0] = np.nan
    found = regress(returns, drivers, weights, LAG, MIN_OVERLAP)
    whole = ~np.isnan(drivers).any(axis=(0, 2))
    for k in range(3):
        there = whole & ~np.isnan(returns[:, :, k]).any(axis=0)
        y = np.where(there, returns[:, :, k], 0)
        x = np.where(there[:, None], drivers, 0)
        weight = np.where(there, weights, 0)
        expected = oracles.instrumented(y, x, weight, LAG)
        z, q = (oracles.with_ones(of) * np.sqrt(weight)[:, None] for of in x)
        by_hand = np.linalg.inv(q.T @ z) @ q.T @ (np.sqrt(weight) * y[0])
        np.testing.assert_allclose(expected.slopes, by_hand[1:], rtol=1e-8)
        np.testing.assert_allclose(found.loadings[k], expected.slopes, rtol=1e-8)
        np.testing.assert_allclose(
            found.covariance[k],
            expected.covariance,
            rtol=1e-8,
            atol=1e-9 * np.diag(expected.covariance).min(),
        )
        np.testing.assert_allclose(
            found.residuals[there, k], expected.residuals[there], atol=1e-12
        )
        assert found.variance[k] == pytest.approx(expected.variance, rel=1e-8)
        assert found.windows[k] == there.sum()


@pytest.mark.parametrize("lag", [1, 2, 5, 40])
@pytest.mark.parametrize("slopes", [0, 1, 3])
def test_share_that_overlap_leaves_is_that_of_matrices_in_full(lag, slopes):
    rng = np.random.default_rng(13)
    x = rng.normal(0, 1, (30, slopes))
    z, q = (with_intercept(of) for of in (x, x + rng.normal(0, 0.3, x.shape)))
    weights = rng.uniform(0.2, 1, (30, 2)) * (rng.random((30, 2)) > 0.2)
    bias = overlap_bias(levers(z, q, weights), z, weights, lag)
    for k in range(2):
        share, of_variance = oracles.overlap_share(z, q, weights[:, k], lag)
        assert bias.covariance[k] == pytest.approx(share, rel=1e-9)
        assert bias.variance[k] == pytest.approx(of_variance, rel=1e-9, abs=1e-12)
    expected = [
        oracles.inflation(s, w, slopes + 1, lag)
        for s, w in zip(bias.covariance, weights.T, strict=True)
    ]
    np.testing.assert_allclose(inflation(bias, weights, slopes + 1, lag), expected)


def test_share_is_one_where_windows_do_not_overlap_and_rows_are_many():
    # One session a window and no lag to weigh down: only the fit itself takes some.
    z = with_intercept(np.random.default_rng(14).normal(0, 1, (4000, 1)))
    weights = np.ones((4000, 1))
    bias = overlap_bias(levers(z, z, weights), z, weights, 1)
    assert bias.covariance[0] == pytest.approx(1, abs=0.003)
    assert inflation(bias, weights, 2, 1)[0] == pytest.approx(1, abs=0.005)


def test_fewer_windows_than_needed_is_not_measured(sample):
    returns, drivers, weights = (a.copy() for a in sample)
    returns[: ROWS - 59, 0] = np.nan
    returns[: ROWS - 60, 1] = np.nan
    returns[:, 2] = np.nan
    found = plain(returns, drivers, weights)
    assert found.windows.tolist() == [59, 60, 0]
    assert found.measured.tolist() == [False, True, False]
    for k in (0, 2):
        assert np.isnan(found.loadings[k]).all()
        assert np.isnan(found.covariance[k]).all()
        assert np.isnan(found.variance[k])
    last = slice(ROWS - 60, None)
    agrees(found, 1, peer(returns[last, 1], drivers[last], weights[last]))


def test_residual_of_what_was_not_measured_is_unknown_and_not_zero():
    rng = np.random.default_rng(2)
    returns, drivers = windows(rng, 100, 1), windows(rng, 100, 1)
    returns[:41] = np.nan
    found = plain(returns, drivers, halving(100))
    assert not found.measured[0]
    assert np.isnan(found.residuals).all()


def test_series_whose_driver_stood_still_is_not_measured():
    rng = np.random.default_rng(3)
    drivers, returns = windows(rng, 200, 1), windows(rng, 200, 2)
    drivers[:80] = 0.01
    returns[80:, 0] = np.nan
    found = plain(returns, drivers, halving(200))
    assert found.windows.tolist() == [80, 200]
    assert found.measured.tolist() == [False, True]
    assert np.isnan(found.loadings[0, 0])
    assert np.isnan(found.variance[0])
    agrees(found, 1, peer(returns[:, 1], drivers, halving(200)))


def test_series_whose_drivers_were_one_is_not_measured():
    rng = np.random.default_rng(4)
    drivers, returns = windows(rng, 200, 2), windows(rng, 200, 2)
    drivers[:80, 1] = 3 * drivers[:80, 0] + 0.002
    returns[80:, 0] = np.nan
    found = plain(returns, drivers, halving(200))
    assert found.measured.tolist() == [False, True]
    assert np.isnan(found.loadings[0]).all()
    agrees(found, 1, peer(returns[:, 1], drivers, halving(200)))


def test_exactly_explained_series_has_no_variance():
    rng = np.random.default_rng(5)
    drivers = windows(rng, 200, 2)
    returns = (0.003 + 1.5 * drivers[:, 0] - 0.25 * drivers[:, 1])[:, None]
    returns[:20] = np.nan
    found = plain(returns, drivers, halving(200))
    np.testing.assert_allclose(found.loadings[0], [1.5, -0.25], rtol=1e-12)
    assert found.variance[0] == 0
    assert (found.residuals[20:, 0] == 0).all()
    assert np.isnan(found.residuals[:20, 0]).all()


def test_small_noise_is_not_taken_for_rounding():
    rng = np.random.default_rng(6)
    drivers = windows(rng, 200, 1)
    returns = 1.5 * drivers + 1e-6 * windows(rng, 200, 1)
    found = plain(returns, drivers, halving(200))
    expected = peer(returns[:, 0], drivers, halving(200))
    mean_square = np.average(expected.resid**2, weights=halving(200))
    left = share_of_variance(drivers, halving(200))
    assert found.variance[0] == pytest.approx(mean_square / left, rel=1e-6)


def test_without_drivers_the_residual_is_the_deviation_from_the_mean():
    rng = np.random.default_rng(8)
    returns, weights = windows(rng, 100, 2), halving(100)
    found = plain(returns, np.zeros((100, 0)), weights)
    mean = np.average(returns, axis=0, weights=weights)
    np.testing.assert_allclose(found.residuals, returns - mean, rtol=1e-9, atol=1e-15)
    variance = np.average((returns - mean) ** 2, axis=0, weights=weights)
    variance /= share_of_variance(np.zeros((100, 0)), weights)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-9)
    assert found.loadings.shape == (2, 0)


UNRELATED = {}  # no group's errors correlate


def scalars(values):
    """Variances as (N, 1, 1)."""
    return np.array(values, dtype=float)[:, None, None]


# Three names of loadings 1, 2, 3 with squared errors 0.1, 0.2, 0.3, of mean 0.2: their
# precisions are as 2 : 1 : 2/3, so shares of 6, 3 and 2 in 11 and the mean 18/11. One
# less the sum of squared shares is 72/121. The spread is (6 * 7^2 + 3 * 4^2 + 2 * 15^2)
# / 11^3 over it, 1, and the errors' part
# (6 * 5 * 0.1 + 3 * 8 * 0.2 + 2 * 9 * 0.3) / 11^2 over it, 13.2 / 72 = 11/60.
# So v = 49/60, and the weights are v / (v + se^2).
SE2 = np.array([0.1, 0.2, 0.3])
WEIGHT = np.array([49 / 55, 49 / 61, 49 / 67])
SHRUNK_TO_TWO = [2 - 49 / 55, 2, 2 + 49 / 67]
DOUBT = 2 * (1 - WEIGHT) ** 2 * np.array([1, 0, 1]) / 2  # 2 (1 - w)^2 d^2 / (N - 1)


def test_three_names_by_vasicek():
    # The tier's mean is itself known to (v + 0.2) / 3, which enters with (1 - w)^2.
    got = shrink(
        np.array([[1.0], [2], [3]]),
        scalars(SE2),
        np.ones(3, bool),
        ["a"] * 3,
        UNRELATED,
    )
    np.testing.assert_allclose(got.loadings[:, 0], SHRUNK_TO_TWO, rtol=1e-10)
    assert got.shrunk.tolist() == [True] * 3
    of_mean = (49 / 60 + 0.2) / 3
    posterior = WEIGHT * SE2 + (1 - WEIGHT) ** 2 * of_mean + DOUBT
    np.testing.assert_allclose(got.covariance[:, 0, 0], posterior, rtol=1e-10)


def test_errors_that_correlate_make_the_mean_less_known():
    # With correlation c the mean of three errors of variance 0.2 has the variance
    # 0.2 (1 + 2c) / 3, to which the spread of true loadings adds v / 3. A correlation
    # below zero counts as none.
    loadings, measured = np.array([[1.0], [2], [3]]), np.ones(3, bool)
    for correlation, errors in [(0.5, 0.4), (0, 0.2), (-0.4, 0.2), (1, 0.6)]:
        alike = {"a": correlation, "b": 0.9}
        got = shrink(loadings, scalars(SE2), measured, ["a"] * 3, alike)
        of_mean = (49 / 60 + errors) / 3
        posterior = WEIGHT * SE2 + (1 - WEIGHT) ** 2 * of_mean + DOUBT
        np.testing.assert_allclose(got.covariance[:, 0, 0], posterior, rtol=1e-10)
        np.testing.assert_allclose(got.loadings[:, 0], SHRUNK_TO_TWO, rtol=1e-10)


def test_five_names_of_one_error_by_vasicek():
    # Mean 1.5, sample variance (1 + 0.25 + 0 + 0.25 + 1) / 4 = 0.625, squared error
    # 0.125: v = 0.5 and the weight 0.8. The doubt is 2 (0.2 d)^2 / 4.
    loadings = np.array([0.5, 1.0, 1.5, 2.0, 2.5])
    got = shrink(
        loadings[:, None], scalars([0.125] * 5), np.ones(5, bool), ["a"] * 5, UNRELATED
    )
    np.testing.assert_allclose(
        got.loadings[:, 0], [0.7, 1.1, 1.5, 1.9, 2.3], rtol=1e-10
    )
    doubt = 0.02 * (loadings - 1.5) ** 2
    np.testing.assert_allclose(
        got.covariance[:, 0, 0], 0.1 + 0.04 * 0.625 / 5 + doubt, rtol=1e-10
    )


def test_names_known_badly_do_not_drown_what_the_others_tell():
    # Six names differ by much more than their errors; six more are known badly. By
    # unweighted moments the errors' mean, 1.005, would hide that they differ at all.
    loadings = np.array([0.5, 0.7, 0.9, 1.1, 1.3, 1.5, -0.6, 0, 0.7, 1.3, 2, 2.6])
    errors = np.array([0.01] * 6 + [2.0] * 6)
    got = shrink(
        loadings[:, None], scalars(errors), np.ones(12, bool), ["a"] * 12, UNRELATED
    )
    spread = oracles.spread_beyond(loadings, errors)
    assert np.var(loadings, ddof=1) < errors.mean()
    assert spread > 0.05
    expected = 1 + spread / (spread + errors) * (loadings - 1)
    np.testing.assert_allclose(got.loadings[:, 0], expected, rtol=1e-10)


def test_spread_below_the_errors_gives_the_mean():
    # Sample variance 0.01 < mean squared error 0.04: nothing tells the names apart,
    # and what is known is the mean of three estimates, and that they may differ after
    # all: 2 d^2 / 2.
    got = shrink(
        np.array([[1.0], [1.1], [1.2]]),
        scalars([0.04] * 3),
        np.ones(3, bool),
        ["a"] * 3,
        UNRELATED,
    )
    np.testing.assert_allclose(got.loadings[:, 0], [1.1] * 3, rtol=1e-10)
    expected = 0.04 / 3 + np.array([0.01, 0, 0.01])
    np.testing.assert_allclose(got.covariance[:, 0, 0], expected, rtol=1e-9)
    assert got.shrunk.tolist() == [True] * 3


def test_names_known_exactly_keep_their_loadings():
    loadings = np.array([[0.5], [1.0], [3.0]])
    got = shrink(loadings, scalars([0, 0, 0]), np.ones(3, bool), ["a"] * 3, UNRELATED)
    np.testing.assert_allclose(got.loadings, loadings, rtol=1e-10)
    np.testing.assert_allclose(got.covariance, scalars([0, 0, 0]), atol=1e-10)


def test_name_known_exactly_keeps_its_loading_among_uncertain_peers():
    # Only the uncertain ones move. Known exactly counts as a tenth of the mean error,
    # 0.2: precisions are as 1 : 1 : 15, the mean 48/17, one less the squared shares
    # 62/289, the spread (31^2 + 14^2 + 15 * 3^2) / (17 * 62) = 38/31 and the errors'
    # part 2 * 16 * 0.3 / 62 = 4.8/31: v = 33.2/31 and the weights 33.2 / 42.5.
    got = shrink(
        np.array([[1.0], [2], [3]]),
        scalars([0.3, 0.3, 0]),
        np.ones(3, bool),
        ["a"] * 3,
        UNRELATED,
    )
    np.testing.assert_allclose(got.loadings[:, 0], [2 - 33.2 / 42.5, 2, 3], rtol=1e-10)
    assert got.shrunk.tolist() == [True, True, False]
    assert got.covariance[2, 0, 0] == pytest.approx(0, abs=1e-12)


def test_tier_of_exactly_explained_names_is_left_alone():
    # Their estimation errors are nothing but rounding, of whatever size.
    rng = np.random.default_rng(9)
    drivers = windows(rng, 200, 2)
    returns = drivers @ np.array([[1.5, 1.5, 1.5], [0.1, 0.2, 0.4]])
    fitted = plain(returns, drivers, halving(200))
    got = shrink(
        fitted.loadings, fitted.covariance, fitted.measured, ["a"] * 3, UNRELATED
    )
    np.testing.assert_allclose(
        got.loadings, [[1.5, 0.1], [1.5, 0.2], [1.5, 0.4]], rtol=1e-10
    )
    assert got.shrunk.tolist() == [False] * 3


def test_groups_of_fewer_than_three_and_the_blank_one_are_left_alone():
    loadings = np.array([[1.0], [2], [5], [6], [7], [9]])
    errors = scalars([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    groups = ["pair", "pair", "", "", "", "single"]
    got = shrink(loadings, errors, np.ones(6, bool), groups, UNRELATED)
    np.testing.assert_array_equal(got.loadings, loadings)
    np.testing.assert_array_equal(got.covariance, errors)
    assert got.shrunk.tolist() == [False] * 6


def test_names_that_were_not_measured_do_not_count():
    # Group a is the three-name tier above with a fourth that has no estimate; group b
    # is left with two.
    loadings = np.array([[1.0], [np.nan], [2], [3], [4], [8], [np.nan]])
    errors = scalars([0.1, np.nan, 0.2, 0.3, 0.5, 0.5, np.nan])
    measured = ~np.isnan(loadings[:, 0])
    got = shrink(loadings, errors, measured, ["a"] * 4 + ["b"] * 3, UNRELATED)
    np.testing.assert_allclose(
        got.loadings[:, 0],
        [2 - 49 / 55, np.nan, 2, 2 + 49 / 67, 4, 8, np.nan],
        rtol=1e-10,
    )
    np.testing.assert_array_equal(got.covariance[4:6], errors[4:6])
    assert got.shrunk.tolist() == [True, False, True, True, False, False, False]


def test_unrelated_coordinates_shrink_each_for_itself():
    # Loadings (1 ± 1, 2 ± 0.5) have the sample covariance diag(4/3, 1/3); with errors
    # diag(1/3, 1/4) the excess is diag(1, 1/12), the weights 3/4 and 1/4.
    loadings = np.array([[2, 2.5], [2, 1.5], [0, 2.5], [0, 1.5]])
    errors = np.broadcast_to(np.diag([1 / 3, 1 / 4]), (4, 2, 2))
    got = shrink(loadings, errors, np.ones(4, bool), ["a"] * 4, UNRELATED)
    by_hand = [[1.75, 2.125], [1.75, 1.875], [0.25, 2.125], [0.25, 1.875]]
    np.testing.assert_allclose(got.loadings, by_hand, rtol=1e-10)
    posterior = np.diag([1 / 4 + (1 / 16) * (4 / 3) / 4, 1 / 16 + (9 / 16) / 12])
    # The doubt: d (S + V)^-1 d = 1 / (4/3) + 0.25 / (1/3) = 3/2 times R V, R = 1/4 and
    # 3/4, and the outer product of R d, over N - 1 = 3.
    doubt = 1.5 * np.diag([1 / 12, 3 / 16])
    for k in range(4):
        moved = (loadings[k] - [1, 2]) * [1 / 4, 3 / 4]
        expected = posterior + (doubt + np.outer(moved, moved)) / 3
        np.testing.assert_allclose(got.covariance[k], expected, atol=1e-10)


def test_vectors_shrink_jointly():
    # b* = m + S (S + V_k)^-1 (b_k - m), S by a generalised eigenproblem of scipy:
    # A d = l V d with d'V d = 1, excess where l > 1.
    rng = np.random.default_rng(11)
    loadings = rng.normal(1, 0.5, (6, 3))
    roots = rng.normal(0, 0.25, (6, 3, 3))
    errors = roots @ roots.transpose(0, 2, 1) + 0.01 * np.eye(3)
    got = shrink(loadings, errors, np.ones(6, bool), ["a"] * 6, UNRELATED)
    mean = loadings.mean(axis=0)
    size = [np.trace(np.linalg.solve(errors.mean(axis=0), e)) / 3 for e in errors]
    share = 1 / np.array(size) / sum(1 / np.array(size))
    assert min(size) > 0.1
    across = np.cov(loadings.T, aweights=share, ddof=1)  # over one less its own squares
    noise = np.tensordot(share * (1 - share), errors, 1) / (1 - share @ share)
    ratio, directions = eigh(across, noise)
    assert ratio[0] < 1 < ratio[-1]  # both sides of the floor
    axes = noise @ directions
    excess = (axes * np.clip(ratio - 1, 0, None)) @ axes.T
    for k in range(6):
        own = np.linalg.solve(excess + errors[k], excess).T
        away = loadings[k] - mean
        np.testing.assert_allclose(got.loadings[k], mean + own @ away, rtol=1e-8)
        rest = np.eye(3) - own
        of_mean = (excess + errors.mean(axis=0)) / 6
        posterior = own @ errors[k] + rest @ of_mean @ rest.T
        distance = away @ np.linalg.solve(excess + errors[k], away)
        posterior += distance * rest @ errors[k] / 5
        posterior += np.outer(rest @ away, rest @ away) / 5
        np.testing.assert_allclose(got.covariance[k], posterior, rtol=1e-8, atol=1e-10)
