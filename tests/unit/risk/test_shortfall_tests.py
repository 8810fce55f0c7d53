"""Acerbi and Szekely's tests: by hand, published values, right and wrong models."""

import numpy as np
import pytest
from scipy import stats

from riskplugin.errors import UsageError
from riskplugin.risk.backtests import backtest
from riskplugin.risk.shortfall_tests import (
    acerbi_szekely,
    normal_shape,
    published_zone,
    sample_shape,
    simulated,
    student_shape,
)
from riskplugin.risk.track import TrackRecord

CONFIDENCE, ALPHA = 0.975, 0.025
QUANTILE = stats.norm.ppf(CONFIDENCE)
SHORTFALL = stats.norm.pdf(QUANTILE) / ALPHA


def rng(seed):
    return np.random.default_rng(seed)


def normal_record(pnl, scale=1.0, confidence=CONFIDENCE, horizon=1):
    """A record whose forecasts are those of a normal P&L with deviation `scale`."""
    quantile = stats.norm.ppf(confidence)
    shortfall = stats.norm.pdf(quantile) / (1 - confidence)
    scale = np.broadcast_to(scale, np.shape(pnl))
    return TrackRecord(pnl, quantile * scale, shortfall * scale, confidence, horizon)


# --- the statistics ------------------------------------------------------------------


def test_statistics_by_hand():
    """Four forecasts at 75 %, so that T alpha is 1, VaR 1, 1, 2, 2 and ES 2, 2, 4, 4.

    Losses 3, 0, 5, 2: two exceptions (2 is not beyond 2), 3/2 and 5/4 of their ES.
    Z1 = 1 - 2.75 / 2, Z2 = 1 - 2.75 / 1. Standard losses 2, -1, 1.5, 0: m = 2.
    """
    track = TrackRecord(
        np.array([-3.0, 0.0, -5.0, -2.0]),
        np.array([1.0, 1.0, 2.0, 2.0]),
        np.array([2.0, 2.0, 4.0, 4.0]),
        0.75,
    )
    z1, z2, z3 = acerbi_szekely(track, normal_shape(0.75), rng(1), paths=200_000)
    assert (z1.figure, z2.figure, z3.figure) == (2.0, 2.0, 2.0)
    assert z1.statistic == pytest.approx(-0.375, rel=1e-12)
    assert z2.statistic == pytest.approx(-1.75, rel=1e-12)
    # (1 + m) / (1 + E m) of every ES, both VaR half of their ES; E m of four normals
    best_of_four = 1.0293753730  # Teichroew (1956), expected largest of 4 normals
    quantile = stats.norm.ppf(0.75)
    tail = stats.norm.pdf(quantile) / 0.25
    expected = (best_of_four - quantile) / (tail - quantile)
    assert z3.statistic == pytest.approx(1 - 3 / (1 + expected), abs=0.01)


@pytest.mark.parametrize("sessions", [40, 120])
def test_p_values_against_an_independent_simulation(sessions):
    pnl = rng(2).standard_normal(sessions)
    scale = np.exp(rng(3).standard_normal(sessions))
    pnl = pnl * scale * 1.2
    track = normal_record(pnl, scale)
    z1, z2, _ = acerbi_szekely(track, normal_shape(CONFIDENCE), rng(4), paths=20_000)

    drawn = rng(5).standard_normal((20_000, sessions)) * scale
    beyond = -drawn > track.value_at_risk
    sums = np.where(beyond, drawn / track.expected_shortfall, 0).sum(axis=1)
    number = beyond.sum(axis=1)
    some = number > 0
    lower = np.mean(1 + sums / (sessions * ALPHA) <= z2.statistic)
    assert z2.p_value == pytest.approx(lower, abs=0.015)
    lower = np.mean(1 + sums[some] / number[some] <= z1.statistic)
    assert z1.p_value == pytest.approx(lower, abs=0.015)


@pytest.mark.parametrize(
    ("shape", "share", "published", "slack"),
    [
        # MathWorks, Risk Management Toolbox, esbacktest: unconditionalNormal and
        # unconditionalT (3 degrees) for a statistic of -0.38265 in 1,966 forecasts at
        # 97.5 %, p-values from their own simulated tables
        pytest.param(
            normal_shape(CONFIDENCE),
            QUANTILE / SHORTFALL,
            0.0054099,
            0.002,
            id="normal",
        ),
        pytest.param(
            student_shape(CONFIDENCE, 3), 3.182446 / 5.039714, 0.018566, 0.004, id="t"
        ),
    ],
)
def test_published_p_values(shape, share, published, slack):
    null = simulated(np.full(1966, share), shape, ALPHA, rng(6), 10_000)
    found = np.mean(null.unconditional <= -0.38265)
    assert found == pytest.approx(published, abs=slack)


@pytest.mark.parametrize("degrees", [3, 5, 10, 100])
def test_published_limits_of_z2(degrees):
    """Acerbi and Szekely (2014): -0.7 at 5 %, whatever the degrees of freedom.

    And -1.8 at 0.01 % unless the tail is very fat.
    """
    shape = student_shape(CONFIDENCE, degrees)
    quantile = stats.t.ppf(CONFIDENCE, degrees)
    density = stats.t.pdf(quantile, degrees)
    tail = density / ALPHA * (degrees + quantile**2) / (degrees - 1)
    null = simulated(np.full(250, quantile / tail), shape, ALPHA, rng(7), 20_000)
    limit = np.quantile(null.unconditional, 0.05)
    assert limit == pytest.approx(-0.7, abs=0.13)


def test_zones_by_the_published_limits():
    zones = [published_zone(z) for z in (0.3, -0.69, -0.7, -1.79, -1.8, -4.0)]
    assert zones == ["green", "green", "yellow", "yellow", "red", "red"]
    track = normal_record(rng(8).standard_normal(250))
    _, z2, _ = acerbi_szekely(track, normal_shape(CONFIDENCE), rng(9), paths=100)
    assert "by the published limits -0.7 (5 %) and -1.8 (0.01 %)" in z2.note
    other = normal_record(rng(8).standard_normal(500))
    _, z2, _ = acerbi_szekely(other, normal_shape(CONFIDENCE), rng(9), paths=100)
    assert "published" not in z2.note


# --- shapes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        normal_shape(CONFIDENCE),
        normal_shape(CONFIDENCE, 10),
        student_shape(CONFIDENCE, 5),
        sample_shape(rng(10).standard_t(4, 1000), CONFIDENCE),
        sample_shape(rng(10).standard_t(4, 1010), CONFIDENCE),
        sample_shape(np.round(rng(10).standard_t(4, 1000)), CONFIDENCE),
    ],
    ids=["normal", "overlapping", "t", "sample", "not whole", "with ties"],
)
def test_standard_losses_have_var_0_and_es_1(shape):
    drawn = shape.draw(rng(11), 5_000, 200)
    beyond = drawn > 0
    # a million draws, ten of which move together at most
    assert beyond.mean() == pytest.approx(ALPHA, abs=0.0015)
    assert drawn[beyond].sum() / drawn.size / ALPHA == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("horizon", [1, 10])
def test_z2_is_0_on_average_under_right_forecasts(horizon):
    """For forecasts that change every session, to four errors of the simulation."""
    scale = np.exp(rng(12).standard_normal(250) / 2)
    track = normal_record(np.zeros(250), scale, horizon=horizon)
    share = track.value_at_risk / track.expected_shortfall
    shape = normal_shape(CONFIDENCE, horizon)
    null = simulated(share, shape, ALPHA, rng(13), 20_000)
    values = null.unconditional
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))


def test_z1_is_0_on_average_under_right_forecasts():
    share = np.linspace(0.7, 0.95, 250)
    null = simulated(share, normal_shape(CONFIDENCE), ALPHA, rng(13), 20_000)
    values = null.conditional[null.exceptions > 0]
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))


def test_a_sample_without_a_tail_is_refused():
    with pytest.raises(UsageError, match="none of 30 losses is beyond their VaR"):
        sample_shape(np.arange(30.0), 0.975)
    with pytest.raises(UsageError, match=r"losses has 1 missing .* first at row 3"):
        sample_shape(np.array([1, 2, 3, np.nan]), 0.975)
    with pytest.raises(UsageError, match="degrees is 1; a tail with a mean"):
        student_shape(0.99, 1)


# --- right and wrong forecasts -------------------------------------------------------


def rejected(models, scale, seed):
    """How often each of the three rejects P&L `scale` times as wide as forecast."""
    source = rng(seed)
    counts = np.zeros(3)
    for _ in range(models):
        track = normal_record(source.standard_normal(250) * scale)
        found = acerbi_szekely(track, normal_shape(CONFIDENCE), source, paths=400)
        counts += [finding.rejected for finding in found]
    return counts / models


def test_right_forecasts_are_rejected_as_often_as_the_level():
    """600 records, four standard errors: 5 % +- 3.6 %."""
    rates = rejected(600, 1.0, 14)
    assert np.all(np.abs(rates - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 600))


def test_forecasts_that_are_too_low_are_rejected():
    rates = rejected(200, 2.0, 15)
    assert np.all(rates > 0.9)


def test_overlapping_windows_are_not_rejected_for_overlapping():
    """Four errors of 300 records; by a null of separate windows far more would be."""
    source, by_overlap, by_separate = rng(16), 0, 0
    for _ in range(300):
        days = source.standard_normal(259)
        sums = np.lib.stride_tricks.sliding_window_view(days, 10).sum(axis=-1)
        wide = normal_record(sums, np.sqrt(10), horizon=10)
        one = normal_record(sums, np.sqrt(10))
        shape = normal_shape(CONFIDENCE, 10)
        by_overlap += acerbi_szekely(wide, shape, source, paths=400)[1].rejected
        shape = normal_shape(CONFIDENCE)
        by_separate += acerbi_szekely(one, shape, source, paths=400)[1].rejected
    assert by_overlap / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    assert by_separate / 300 > 0.15


def test_the_null_of_the_desks_own_losses_is_fairer_to_fat_tails():
    losses = rng(17).standard_t(3, 5_000)
    shape = sample_shape(losses, CONFIDENCE)
    ordered = np.sort(losses)[::-1]
    var, es = ordered[124], ordered[:125].mean()
    pnl = -rng(18).choice(losses, (300, 250))
    counts = np.zeros(2)
    for row in pnl:
        track = TrackRecord(row, np.full(250, var), np.full(250, es), CONFIDENCE)
        for i, null in enumerate((normal_shape(CONFIDENCE), shape)):
            counts[i] += acerbi_szekely(track, null, rng(19), paths=400)[0].rejected
    assert counts[0] > 1.5 * counts[1]
    assert counts[1] / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


# --- degenerate ----------------------------------------------------------------------


def test_no_exception_leaves_z1_undecided():
    track = normal_record(np.ones(250))
    z1, z2, z3 = acerbi_szekely(track, normal_shape(CONFIDENCE), rng(20), paths=500)
    assert (z1.verdict, z1.figure) == ("undecided", 0.0)
    assert np.isnan(z1.statistic)
    assert "no exception: there is no loss beyond the VaR to average" in z1.note
    assert (z2.statistic, z2.p_value) == (1.0, 1.0)
    assert z3.statistic > 0


def test_shortfall_equal_to_var_leaves_z3_undecided():
    pnl = rng(21).standard_normal(50)
    track = TrackRecord(pnl, np.ones(50), np.ones(50), CONFIDENCE)
    z1, z2, z3 = acerbi_szekely(track, normal_shape(CONFIDENCE), rng(22), paths=500)
    assert z3.verdict == "undecided"
    assert "ES equals VaR in 50 rows" in z3.note
    beyond = -pnl[pnl < -1]
    assert z1.statistic == pytest.approx(1 - beyond.mean(), rel=1e-12)
    assert z2.statistic == pytest.approx(1 - beyond.sum() / 1.25, rel=1e-12)


def test_records_that_cannot_be_tested_are_refused():
    shape, pnl = normal_shape(CONFIDENCE), np.zeros(3)
    without = TrackRecord(pnl, np.ones(3), None, CONFIDENCE)
    with pytest.raises(UsageError, match="the record has no expected_shortfall"):
        acerbi_szekely(without, shape, rng(1))
    below = TrackRecord(pnl, np.full(3, -2.0), np.array([1, -1, 1]), CONFIDENCE)
    with pytest.raises(UsageError, match=r"not above 0 in 1 rows, first in row 1"):
        acerbi_szekely(below, shape, rng(1))
    track = normal_record(pnl, horizon=5)
    with pytest.raises(
        UsageError, match=r"over 1 sessions, the record at 0\.975 over 5"
    ):
        acerbi_szekely(track, shape, rng(1))
    with pytest.raises(UsageError, match="paths is 0"):
        acerbi_szekely(normal_record(pnl), shape, rng(1), paths=0)


def test_a_record_without_shortfall_has_no_such_rows():
    track = TrackRecord(np.zeros(9), np.ones(9))
    names = [finding.test for finding in backtest(track, rng(1)).findings]
    assert not [name for name in names if name.startswith("Acerbi")]
