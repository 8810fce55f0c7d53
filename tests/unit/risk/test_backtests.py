"""Tests of exceptions against published tables, by hand, and on simulated models."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from riskplugin.errors import UsageError
from riskplugin.risk.backtests import backtest
from riskplugin.risk.exception_counts import binomial_counts, overlapping_counts
from riskplugin.risk.exception_tests import (
    Transitions,
    christoffersen_independence,
    conditional_coverage,
    count_test,
    durations,
    independence_statistic,
    kupiec,
    kupiec_overlapping,
    kupiec_region,
    kupiec_statistic,
    nonoverlapping_sets,
    transitions,
)
from riskplugin.risk.shortfall_tests import normal_shape
from riskplugin.risk.track import TrackRecord

# Kupiec, Techniques for Verifying the Accuracy of Risk Measurement Models, Journal of
# Derivatives 3(2), 1995, as in Jorion, Value at Risk, table of non-rejection regions at
# 5 %: alpha, T, and the counts below and above that are rejected
NON_REJECTION = [
    (0.01, 255, -1, 7),
    (0.01, 510, 1, 11),
    (0.01, 1000, 4, 17),
    (0.025, 255, 2, 12),
    (0.025, 510, 6, 21),
    (0.025, 1000, 15, 36),
    (0.05, 255, 6, 21),
    (0.05, 510, 16, 36),
    (0.05, 1000, 37, 65),
    (0.075, 255, 11, 28),
    (0.075, 510, 27, 51),
    (0.075, 1000, 59, 92),
    (0.10, 255, 16, 36),
    (0.10, 510, 38, 65),
    (0.10, 1000, 81, 120),
]
MODELS = 2_000


def flags(text):
    return np.array([c == "1" for c in text])


def record(exceptions, **changes):
    """A record of forecasts of 1 whose loss is 2 in exceptions and 0 elsewhere."""
    exceptions = np.asarray(exceptions)
    return TrackRecord(-2.0 * exceptions, np.ones(len(exceptions)), **changes)


# --- how many exceptions -------------------------------------------------------------


@pytest.mark.parametrize(("alpha", "observations", "below", "above"), NON_REJECTION)
def test_regions_are_kupiecs(alpha, observations, below, above):
    assert kupiec_region(observations, alpha) == (below + 1, above - 1)


@pytest.mark.parametrize(("alpha", "observations", "below", "above"), NON_REJECTION)
def test_the_verdict_is_that_of_the_region(alpha, observations, below, above):
    for count in {0, max(below, 0), below + 1, above - 1, above, observations}:
        rejected = not below < count < above
        assert kupiec(count, observations, alpha).rejected == rejected


def test_none_of_255_is_not_rejected_and_says_why():
    found = kupiec(0, 255, 0.01)
    assert found.statistic == pytest.approx(-2 * 255 * np.log(0.99), rel=1e-12)
    assert found.statistic > 3.84
    assert found.p_value < 0.05
    assert found.verdict == "not rejected at 5 %"
    assert "none counts as one does" in found.note


@given(st.integers(1, 400), st.data())
def test_kupiecs_ratio_is_a_ratio_of_binomial_likelihoods(observations, data):
    count = data.draw(st.integers(0, observations))
    alpha = data.draw(st.floats(0.001, 0.5))
    best = stats.binom.logpmf(count, observations, count / observations)
    under = stats.binom.logpmf(count, observations, alpha)
    ratio = float(kupiec_statistic(count, observations, alpha))
    assert ratio == pytest.approx(max(2 * (best - under), 0), rel=1e-6, abs=1e-6)
    found = kupiec(count, observations, alpha)
    assert found.p_value == pytest.approx(stats.chi2.sf(ratio, 1), rel=1e-9)


@given(st.integers(1, 600), st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_a_region_grows_as_the_level_falls(observations, alpha, level):
    region = kupiec_region(observations, alpha, level)
    wider = kupiec_region(observations, alpha, level / 2)
    assert wider.low <= region.low
    assert wider.high >= region.high


def test_a_region_may_be_empty():
    """One coin is never within the quantile at 90 %: its ratio is 1.386 either way."""
    region = kupiec_region(1, 0.5, 0.9)
    assert region.low > region.high
    found = kupiec(0, 1, 0.5, 0.9)
    assert found.verdict == "rejected at 90 %"
    assert found.note == "no number of exceptions is likely enough at this level"


@pytest.mark.parametrize("count", [0, 1, 3, 9, 250])
def test_the_binomial_test_is_twice_the_smaller_tail(count):
    found = count_test(count, binomial_counts(250, 0.01))
    lower = stats.binom.cdf(count, 250, 0.01)
    upper = stats.binom.sf(count - 1, 250, 0.01)
    assert found.p_value == pytest.approx(min(1, 2 * min(lower, upper)), rel=1e-9)
    assert found.figure == count / 250
    interval = stats.binomtest(count, 250).proportion_ci(0.95, "exact")
    assert f"{interval.low:.2%} to {interval.high:.2%}" in found.note


# --- do they cluster -----------------------------------------------------------------


def test_independence_by_hand():
    """00 three times, 01 twice, 10 twice, 11 once.

    pi01 = 2/5, pi11 = 1/3, pi = 3/8: log L of the chain is 3 log .6 + 2 log .4
    + 2 log 2/3 + log 1/3 = -5.274600, together 5 log 5/8 + 3 log 3/8 = -5.292506.
    """
    exceptions = flags("000110010")
    assert transitions(exceptions) == Transitions(3, 2, 2, 1)
    chain = 3 * np.log(0.6) + 2 * np.log(0.4) + 2 * np.log(2 / 3) + np.log(1 / 3)
    together = 5 * np.log(5 / 8) + 3 * np.log(3 / 8)
    found = christoffersen_independence(exceptions)
    assert chain == pytest.approx(-5.274600, abs=2e-6)
    assert together == pytest.approx(-5.292506, abs=2e-6)
    assert found.statistic == pytest.approx(2 * (chain - together), rel=1e-12)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 1), rel=1e-9)
    assert found.figure == 1
    assert found.note == ""


def maximised(pairs):
    """The ratio of both likelihoods, each maximised by search over its logits."""

    def loss(logits, calm, exceptions):
        return calm * np.logaddexp(0, logits) + exceptions * np.logaddexp(0, -logits)

    def most(calm, exceptions):
        found = optimize.minimize_scalar(
            loss,
            args=(calm, exceptions),
            bounds=(-40, 40),
            method="bounded",
            options={"xatol": 1e-9},
        )
        return -found.fun

    apart = most(pairs.to_calm, pairs.to_exception) + most(pairs.back, pairs.again)
    together = most(pairs.to_calm + pairs.back, pairs.to_exception + pairs.again)
    return 2 * (apart - together)


@given(st.integers(0, 300), *[st.integers(0, 30)] * 3)
def test_independence_against_likelihoods_maximised_by_search(a, b, c, d):
    pairs = Transitions(a, b, c, d)
    expected = maximised(pairs)
    assert independence_statistic(pairs) == pytest.approx(expected, abs=2e-5)


def test_conditional_coverage_is_the_sum():
    exceptions = flags("0001100100000000000001100000")
    joint = conditional_coverage(exceptions, 0.05)
    one = kupiec(int(exceptions.sum()), len(exceptions), 0.05)
    other = christoffersen_independence(exceptions)
    assert joint.statistic == pytest.approx(one.statistic + other.statistic, rel=1e-12)
    assert joint.p_value == pytest.approx(stats.chi2.sf(joint.statistic, 2), rel=1e-9)


@pytest.mark.parametrize(
    ("exceptions", "statistic", "note"),
    [
        pytest.param("0" * 250, 0.0, "nothing follows an exception", id="none"),
        pytest.param("0" * 249 + "1", 0.0, "nothing follows", id="only the last"),
        pytest.param("1" * 250, 0.0, "everything follows an exception", id="all"),
        pytest.param("1", 0.0, "nothing follows", id="one forecast"),
        pytest.param(
            # 00 seven times, 01 twice, 10 twice: pi01 = 2/9, pi11 = 0, pi = 2/11
            "000010000100",
            2 * (7 * np.log(7 / 9) + 2 * np.log(2 / 9))
            - 2 * (9 * np.log(9 / 11) + 2 * np.log(2 / 11)),
            "no two exceptions in a row",
            id="no consecutive pair",
        ),
    ],
)
def test_degenerate_counts_are_answered_by_definition(exceptions, statistic, note):
    found = christoffersen_independence(flags(exceptions))
    assert found.statistic == pytest.approx(statistic, rel=1e-12)
    assert note in found.note
    assert not found.rejected


@pytest.mark.parametrize("observations", [1, 2, 100, 250, 300, 1000])
def test_without_exceptions_the_joint_verdict_is_kupiecs(observations):
    none = np.zeros(observations, bool)
    joint, alone = conditional_coverage(none, 0.01), kupiec(0, observations, 0.01)
    assert joint.statistic == alone.statistic
    assert joint.rejected == alone.rejected
    assert "no exception" in joint.note


def test_distances_between_exceptions():
    found = durations(flags("0100010010"), 0.1)
    assert (found.figure, found.statistic) == (3.5, 3.0)
    assert "shortest 3, longest 4" in found.note
    assert "first after 2, 1 since the last" in found.note
    assert "10 expected" in found.note
    assert found.verdict == "a fact, no test"
    assert "no exception in 5" in durations(flags("00000"), 0.1).note
    alone = durations(flags("00100"), 0.1)
    assert "a single exception; first after 3, 2 since the last" in alone.note
    assert np.isnan(alone.figure)


# --- on models that are right and wrong ----------------------------------------------


def rejections(models, test):
    return np.mean([test(model).rejected for model in models])


def chains(rng, start, stay, sessions=1000):
    """MODELS first-order chains: exceptions after calm, and after an exception."""
    uniform = rng.random((MODELS, sessions))
    state = np.zeros((MODELS, sessions), bool)
    state[:, 0] = uniform[:, 0] < start
    for t in range(1, sessions):
        state[:, t] = uniform[:, t] < np.where(state[:, t - 1], stay, start)
    return state


def nominal(rate, level=0.05, slack=0.015):
    """Four standard errors of 2,000 models, and what the discrete count adds."""
    return abs(rate - level) < 4 * np.sqrt(level * (1 - level) / MODELS) + slack


def test_right_models_are_rejected_as_often_as_the_level():
    right = chains(np.random.default_rng(20), 0.05, 0.05)
    counts = binomial_counts(1000, 0.05)
    assert nominal(rejections(right, lambda e: kupiec(int(e.sum()), 1000, 0.05)))
    assert nominal(rejections(right, christoffersen_independence))
    assert nominal(rejections(right, lambda e: conditional_coverage(e, 0.05)))
    exact = rejections(right, lambda e: count_test(int(e.sum()), counts))
    assert 0.02 < exact < 0.05 + 0.02


def test_models_with_too_many_or_clustered_exceptions_are_rejected():
    rng = np.random.default_rng(21)
    twice = chains(rng, 0.10, 0.10)
    assert rejections(twice, lambda e: kupiec(int(e.sum()), 1000, 0.05)) > 0.99
    assert rejections(twice, lambda e: conditional_coverage(e, 0.05)) > 0.99
    # as many as there should be: 0.03 / (0.03 + 0.57) = 5 %, but in clusters
    clustered = chains(rng, 0.03, 0.43)
    assert rejections(clustered, christoffersen_independence) > 0.99
    assert rejections(clustered, lambda e: conditional_coverage(e, 0.05)) > 0.99


# --- windows that overlap ------------------------------------------------------------


def overlapping_exceptions(rng, models, sessions, horizon, scale=1.0):
    days = rng.standard_normal((models, sessions + horizon - 1)) * scale
    sums = np.lib.stride_tricks.sliding_window_view(days, horizon, axis=1).sum(axis=-1)
    return sums < stats.norm.ppf(0.05) * np.sqrt(horizon)


def test_overlapping_windows_reject_right_models_as_often_as_the_level():
    """By chi-squared most of that level would be false alarms."""
    rng = np.random.default_rng(22)
    right = overlapping_exceptions(rng, MODELS, 250, 10)
    (counts,) = overlapping_counts([250], 10, 0.05, rng, 20_000)
    by_count = rejections(right, lambda e: kupiec_overlapping(int(e.sum()), counts))
    assert nominal(by_count)
    assert rejections(right, lambda e: kupiec(int(e.sum()), 250, 0.05)) > 0.4
    by_sets = rejections(
        right, lambda e: nonoverlapping_sets(christoffersen_independence, e, 10)
    )
    assert by_sets < 0.05 + 4 * np.sqrt(0.05 * 0.95 / MODELS)
    assert rejections(right, christoffersen_independence) > 0.8


def test_overlapping_windows_reject_wrong_models():
    rng = np.random.default_rng(23)
    wrong = overlapping_exceptions(rng, 500, 500, 10, scale=2.0)
    (counts,) = overlapping_counts([500], 10, 0.05, rng, 20_000)
    assert rejections(wrong, lambda e: kupiec_overlapping(int(e.sum()), counts)) > 0.99


def test_sets_of_windows_that_share_no_session():
    exceptions = flags("010100" * 20)

    def seen(part, level):
        """Every second one: all calm, or two in three exceptions, level halved."""
        assert level == 0.025
        return kupiec(int(part.sum()), len(part), 0.5, level)

    found = nonoverlapping_sets(seen, exceptions, 2)
    none, many = kupiec(0, 60, 0.5, 0.025), kupiec(40, 60, 0.5, 0.025)
    assert none.p_value < many.p_value
    assert found.p_value == 2 * none.p_value
    assert found.statistic == none.statistic
    assert found.verdict == "rejected at 5 %"
    assert "least likely of 2 sets of windows 2 sessions apart" in found.note


def test_sets_of_a_record_shorter_than_its_horizon():
    found = nonoverlapping_sets(christoffersen_independence, flags("010"), 10)
    assert (found.statistic, found.p_value) == (0.0, 1.0)


# --- the record and the whole --------------------------------------------------------


def test_an_exception_is_strictly_beyond_the_value_at_risk():
    track = TrackRecord(np.array([-1.0, -1.0000001, 1.0]), np.ones(3))
    assert track.exceptions.tolist() == [False, True, False]
    assert track.alpha == 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"pnl": [1, np.nan, 2, np.nan]},
            "pnl has 2 missing or infinite values of 4, the first at row 1 ",
        ),
        ({"value_at_risk": [1, 2, 3, np.inf]}, "value_at_risk has 1 missing .* row 3 "),
        (
            {"expected_shortfall": [9, 9, np.nan, 9]},
            "expected_shortfall has 1 .* row 2",
        ),
        (
            {"expected_shortfall": [9, 0.5, 9, 9]},
            "below value_at_risk in 1 rows.*row 1",
        ),
        ({"value_at_risk": [1, 2, 3]}, "one row each: pnl 4, value_at_risk 3 rows"),
        ({"pnl": []}, r"pnl needs one axis and a row, not shape \(0,\)"),
        ({"pnl": [[1.0, 2.0]]}, r"one axis and a row, not shape \(1, 2\)"),
        ({"confidence": 0.01}, "confidence is 0.01; give a level from 0.5"),
        ({"confidence": np.nan}, "confidence is nan"),
        ({"horizon_sessions": 0}, "horizon_sessions is 0; give a whole number"),
        ({"horizon_sessions": 1.5}, "horizon_sessions is 1.5; give a whole number"),
    ],
)
def test_a_record_that_cannot_be_tested_is_refused(arguments, message):
    given = {"pnl": [0, -3, 1, 2], "value_at_risk": [1, 1, 1, 1], **arguments}
    with pytest.raises(UsageError, match=message):
        TrackRecord(**given)


def test_a_record_is_a_copy_that_cannot_be_written():
    pnl = np.array([1.0, -5.0])
    track = TrackRecord(pnl, np.ones(2))
    pnl[0] = np.nan
    assert track.pnl.tolist() == [1.0, -5.0]
    with pytest.raises(ValueError, match="read-only"):
        track.pnl[0] = 3.0


def test_levels_and_counts_that_are_none_are_refused():
    with pytest.raises(UsageError, match="level is 5; give the size of a test"):
        kupiec_region(250, 0.01, 5)
    with pytest.raises(UsageError, match="alpha is 99; give the probability"):
        kupiec_region(250, 99)
    with pytest.raises(UsageError, match="observations is 0; a test needs one"):
        kupiec_region(0, 0.01)
    with pytest.raises(UsageError, match="-1 exceptions in 5 forecasts"):
        kupiec(-1, 5, 0.01)
    with pytest.raises(UsageError, match="7 exceptions in 5 forecasts"):
        count_test(7, binomial_counts(5, 0.01))


SEPARATE = [
    "traffic light",
    "Kupiec",
    "binomial",
    "Christoffersen independence",
    "Christoffersen conditional coverage",
    "durations",
]


@pytest.mark.parametrize(
    "exceptions", ["0" * 250, "1" * 250, "0" * 249 + "1", "01", "0"]
)
@pytest.mark.parametrize("horizon", [1, 10])
def test_every_degenerate_record_is_answered(exceptions, horizon):
    expected = record(flags(exceptions), horizon_sessions=horizon)
    track = TrackRecord(
        expected.pnl, expected.value_at_risk, expected.value_at_risk, 0.99, horizon
    )
    counts = None
    if horizon > 1:
        rng = np.random.default_rng(1)
        (counts,) = overlapping_counts([len(track)], horizon, 0.01, rng, 1000)
    found = backtest(track, np.random.default_rng(2), paths=100, counts=counts)
    names = [finding.test for finding in found.findings]
    ours = [("count" if n == "binomial" and horizon > 1 else n) for n in SEPARATE]
    assert names == ours + [f"Acerbi-Szekely Z{n}" for n in (1, 2, 3)]
    for finding in found.findings:
        assert np.isnan(finding.p_value) or 0.0 <= finding.p_value <= 1.0
        assert finding.verdict


def test_the_same_seed_gives_the_same_answer():
    rng = np.random.default_rng(5)
    pnl = rng.standard_normal(260)
    track = TrackRecord(pnl, np.full(260, 2.0), np.full(260, 2.5))
    one, other = (backtest(track, np.random.default_rng(9), paths=200) for _ in "ab")
    assert one.findings == other.findings
    assert one.findings[0].test == "traffic light"


def test_the_headline_is_the_traffic_light_in_words():
    track = record(flags("1" * 6 + "0" * 244))
    found = backtest(track, np.random.default_rng(1))
    assert found.headline == (
        "Yellow zone: 6 losses beyond the 99 % VaR in 250 sessions, 2.5 expected"
    )


def test_counts_and_nulls_of_other_records_are_refused():
    track = record(flags("0" * 250))
    rng = np.random.default_rng(1)
    with pytest.raises(UsageError, match=r"counts are for .*\(500, 0.01, 1\)"):
        backtest(track, rng, counts=binomial_counts(500, 0.01))
    with_shortfall = record(flags("0" * 250), expected_shortfall=np.full(250, 2.0))
    with pytest.raises(UsageError, match=r"at confidence 0\.975 over 1 sessions"):
        backtest(with_shortfall, rng, shape=normal_shape(0.975))
