"""The traffic light against the published tables."""

import numpy as np
import pytest
from scipy import stats

from riskplugin.errors import UsageError
from riskplugin.risk import exception_counts
from riskplugin.risk.exception_counts import binomial_counts, overlapping_counts
from riskplugin.risk.traffic_light import traffic_light, zone_bounds

# Basel Committee, Supervisory framework for the use of backtesting in conjunction with
# the internal models approach, January 1996, table 2 (250 sessions, 99 %), and the
# multipliers of MAR32 (2019)
BASEL = [
    (0, "green", 0.0811, 0.00, 1.50),
    (1, "green", 0.2858, 0.00, 1.50),
    (2, "green", 0.5432, 0.00, 1.50),
    (3, "green", 0.7581, 0.00, 1.50),
    (4, "green", 0.8922, 0.00, 1.50),
    (5, "yellow", 0.9588, 0.40, 1.70),
    (6, "yellow", 0.9863, 0.50, 1.76),
    (7, "yellow", 0.9960, 0.65, 1.83),
    (8, "yellow", 0.9989, 0.75, 1.88),
    (9, "yellow", 0.9997, 0.85, 1.92),
    (10, "red", 0.9999, 1.00, 2.00),
    (11, "red", 1.0000, 1.00, 2.00),
]
# Open Source Risk Engine, QuantExt, stop-light bounds of overlapping ten-day windows at
# 99 % (levels 0.95 and 0.9999, 1e8 samples): windows, most green, most amber
OVERLAPPING = [
    (1, 0, 0),
    (2, 0, 1),
    (5, 0, 4),
    (10, 0, 8),
    (20, 0, 11),
    (50, 2, 14),
    (100, 4, 18),
    (150, 6, 20),
    (200, 7, 22),
    (250, 8, 24),
    (300, 9, 26),
    (400, 11, 29),
    (500, 13, 32),
    (750, 17, 39),
    (1000, 21, 44),
]


@pytest.fixture(scope="module")
def overlapping():
    sizes = [row[0] for row in OVERLAPPING]
    return overlapping_counts(sizes, 10, 0.01, np.random.default_rng(10), 60_000)


@pytest.mark.parametrize(("count", "zone", "probability", "plus", "multiplier"), BASEL)
def test_250_sessions_at_99_are_the_published_table(
    count, zone, probability, plus, multiplier
):
    light = traffic_light(count, binomial_counts(250, 0.01))
    assert (light.zone, light.plus_factor, light.multiplier) == (zone, plus, multiplier)
    assert light.cumulative_probability == pytest.approx(probability, abs=6e-5)
    assert light.tail_probability == pytest.approx(
        stats.binom.sf(count - 1, 250, 0.01), rel=1e-9
    )
    assert light.note == ""


@pytest.mark.parametrize("observations", [1, 2, 60, 125, 250, 500, 1000])
@pytest.mark.parametrize("alpha", [0.01, 0.025, 0.05])
def test_zones_of_any_size_are_quantiles_of_the_binomial(observations, alpha):
    green, yellow = zone_bounds(binomial_counts(observations, alpha))
    for most, level in ((green, 0.95), (yellow, 0.9999)):
        quantile = stats.binom.ppf(level, observations, alpha)
        assert most == max(quantile - 1, 0)


def test_plus_factors_elsewhere_are_those_of_counts_as_unlikely():
    """At 500 sessions P(X <= 9) = 0.9689 and P(X <= 12) = 0.9981, so 0.40 and 0.65."""
    counts = binomial_counts(500, 0.01)
    assert zone_bounds(counts) == (8, 14)
    factors = [traffic_light(k, counts).plus_factor for k in range(8, 16)]
    assert factors == [0.0, 0.40, 0.50, 0.50, 0.65, 0.75, 0.85, 1.0]
    assert "as unlikely in the published" in traffic_light(9, counts).note


@pytest.mark.parametrize("alpha", [0.005, 0.01, 0.05])
def test_more_exceptions_never_lighten_the_light(alpha):
    counts = binomial_counts(300, alpha)
    lights = [traffic_light(k, counts) for k in range(301)]
    for name in ("plus_factor", "multiplier", "cumulative_probability"):
        values = [getattr(light, name) for light in lights]
        assert values == sorted(values), name


def test_no_exception_is_green_however_few_the_forecasts():
    assert traffic_light(0, binomial_counts(1, 0.01)).zone == "green"
    assert traffic_light(0, binomial_counts(1, 0.0001)).zone == "green"


def test_a_count_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="251 exceptions in 250 forecasts"):
        traffic_light(251, binomial_counts(250, 0.01))


# --- windows that overlap ------------------------------------------------------------


def test_overlapping_bounds_are_the_published_ones_within_simulation_error(overlapping):
    """Each published bound K: P(X <= K) < level <= P(X <= K + 1), to 4 errors."""
    for counts, (windows, green, amber) in zip(overlapping, OVERLAPPING, strict=True):
        for most, level in ((green, 0.95), (amber, 0.9999)):
            error = max(counts.standard_error(most), 1e-5)
            if most:
                assert counts.at_most[most] < level + 4 * error, windows
            error = max(counts.standard_error(most + 1), 1e-5)
            assert counts.at_most[most + 1] > level - 4 * error, windows


def test_overlapping_green_bounds_are_the_published_ones(overlapping):
    """120,000 paths are enough for the 95 % bound; the 99.99 % one may be one off."""
    for counts, (windows, green, amber) in zip(overlapping, OVERLAPPING, strict=True):
        found_green, found_amber = zone_bounds(counts)
        assert found_green == green, windows
        assert abs(found_amber - amber) <= 1, windows


def test_overlapping_counts_have_the_mean_of_separate_ones(overlapping):
    for counts in overlapping:
        windows, likely = counts.observations, np.diff(counts.at_most, prepend=0)
        mean = likely @ np.arange(windows + 1)
        deviation = np.sqrt(likely @ (np.arange(windows + 1) - mean) ** 2)
        error = deviation / np.sqrt(counts.paths)
        assert mean == pytest.approx(0.01 * windows, abs=4 * error)


def test_windows_of_one_session_are_binomial():
    rng = np.random.default_rng(4)
    for counts in overlapping_counts([20, 250], 1, 0.05, rng, 20_000):
        exact = binomial_counts(counts.observations, 0.05)
        for k in range(counts.observations + 1):
            error = 5 * np.sqrt(exact.at_most[k] * (1 - exact.at_most[k]) / 20_000)
            assert abs(counts.at_most[k] - exact.at_most[k]) <= error + 1e-4


def test_two_windows_that_overlap_are_a_bivariate_normal():
    """P(both) for two sums of two days that share one: correlation one half."""
    rng = np.random.default_rng(5)
    (counts,) = overlapping_counts([2], 2, 0.05, rng, 200_000)
    corner = [stats.norm.ppf(0.05)] * 2
    both = stats.multivariate_normal(cov=[[1, 0.5], [0.5, 1]]).cdf(corner)
    assert counts.at_least[2] == pytest.approx(both, abs=4 * np.sqrt(both / 200_000))


def test_the_size_of_chunks_changes_nothing(monkeypatch):
    def simulated():
        (counts,) = overlapping_counts([60], 10, 0.05, np.random.default_rng(6), 500)
        return counts.at_most

    whole = simulated()
    monkeypatch.setattr(exception_counts, "CHUNK", 700)
    np.testing.assert_array_equal(simulated(), whole)


def test_the_light_of_overlapping_windows_says_so(overlapping):
    (counts,) = (c for c in overlapping if c.observations == 250)
    light = traffic_light(12, counts)
    assert light.zone == "yellow"
    assert traffic_light(12, binomial_counts(250, 0.01)).zone == "red"
    assert "windows of 10 sessions overlap" in light.note
    assert "60,000 paths" in light.note
    doubtful = traffic_light(24, counts)
    assert "within simulation error of the next zone" in doubtful.note


def test_simulations_that_are_none_are_refused():
    rng = np.random.default_rng(1)
    with pytest.raises(UsageError, match="observations must increase"):
        overlapping_counts([250, 250], 10, 0.01, rng)
    with pytest.raises(UsageError, match="observations must increase"):
        overlapping_counts([], 10, 0.01, rng)
    with pytest.raises(UsageError, match="paths is 0"):
        overlapping_counts([250], 10, 0.01, rng, 0)
    with pytest.raises(UsageError, match="horizon_sessions is 0"):
        overlapping_counts([250], 0, 0.01, rng)
