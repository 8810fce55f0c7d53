"""Walk-forward forecasts against plain loops, riskfolio, and a changed future."""

import numpy as np
import pytest
import riskfolio
from hypothesis import given, settings
from hypothesis import strategies as st

from riskplugin.errors import ModelError, UsageError
from riskplugin.risk import forecasting
from riskplugin.risk.forecasting import (
    age_weighted_forecasts,
    historical_forecasts,
    known_volatility,
    over_horizon,
    track_record,
    volatility_scaled_forecasts,
)
from riskplugin.risk.order_statistics import (
    sample_tail,
    tail_of,
    tail_rank,
    weighted_tail,
)

HALF_LIFE = 7.0


def plain(pnl, window, confidence, horizon=1):
    return historical_forecasts(pnl, window, confidence, horizon)


def aged(pnl, window, confidence, horizon=1):
    return age_weighted_forecasts(pnl, window, confidence, HALF_LIFE, horizon)


def scaled(pnl, window, confidence, horizon=1):
    return volatility_scaled_forecasts(pnl, window, confidence, HALF_LIFE, horizon)


METHODS = [plain, aged, scaled]


def history(rows=90, groups=3, seed=1):
    return np.random.default_rng(seed).standard_t(4, (rows, groups)) * 1e4


def tail_by_words(losses, weights, alpha):
    """VaR: the largest loss reached with probability alpha; ES: its average beyond.

    The worst losses one by one fill a tail of alpha, the last of them in part.
    """
    left, total = alpha, 0.0
    for loss, weight in sorted(zip(losses, weights, strict=True), reverse=True):
        share = min(weight, left)
        total += share * loss
        left -= share
        if left <= 1e-12:
            return loss, total / alpha
    raise AssertionError


def sums_before(column, row, window, horizon):
    """The sums of `horizon` neighbours inside the `window` rows before `row`."""
    rows = list(column[row - window : row])
    return [sum(rows[i : i + horizon]) for i in range(window - horizon + 1)]


def by_words(pnl, row, window, confidence, horizon, method):
    column = pnl[:, 0]
    scale = 1.0
    if method is scaled:
        squares = [
            [x**2 * 0.5 ** (i / HALF_LIFE) for i, x in enumerate(column[t::-1])]
            for t in range(row)
        ]
        weights = [
            sum(0.5 ** (i / HALF_LIFE) for i in range(t + 1)) for t in range(row)
        ]
        sigma = [np.nan] + [
            (sum(s) / w) ** 0.5 for s, w in zip(squares, weights, strict=True)
        ]
        column = column[:row] / np.array(sigma[:row])
        scale = sigma[row]
    losses = [-x for x in sums_before(column, row, window, horizon)]
    half = HALF_LIFE if method is aged else np.inf
    weights = [0.5 ** (age / half) for age in range(len(losses))][::-1]
    weights = [w / sum(weights) for w in weights]
    var, es = tail_by_words(losses, weights, round(1 - confidence, 12))
    return var * scale, es * scale


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("horizon", [1, 5])
@pytest.mark.parametrize(("window", "confidence"), [(20, 0.9), (33, 0.95), (40, 0.99)])
def test_forecasts_against_a_loop_in_words(method, horizon, window, confidence):
    pnl = history()
    found = method(pnl, window, confidence, horizon)
    start = window + (14 if method is scaled else 0)
    assert found.first_row == start
    assert len(found.value_at_risk) == 90 - horizon - start + 1
    for i in range(0, len(found.value_at_risk), 7):
        row = found.first_row + i
        var, es = by_words(pnl, row, window, confidence, horizon, method)
        assert found.value_at_risk[i, 0] == pytest.approx(var, rel=1e-9)
        assert found.expected_shortfall[i, 0] == pytest.approx(es, rel=1e-9)


def test_every_window_is_riskfolios():
    pnl = history(160, 2)
    for confidence, horizon in ((0.95, 1), (0.99, 1), (0.9, 5)):
        found = historical_forecasts(pnl, 100, confidence, horizon)
        for i in range(len(found.value_at_risk)):
            rows = pnl[i : i + 100]
            for g in range(2):
                sums = np.convolve(rows[:, g], np.ones(horizon), "valid")
                alpha = tail_of(confidence)
                ours = found.value_at_risk[i, g], found.expected_shortfall[i, g]
                assert ours[0] == pytest.approx(
                    riskfolio.VaR_Hist(sums, alpha), rel=1e-10
                )
                assert ours[1] == pytest.approx(
                    riskfolio.CVaR_Hist(sums, alpha), rel=1e-10
                )


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_future_does_not_change_a_forecast(method, data):
    horizon = data.draw(st.integers(1, 6))
    pnl = history(70, 2, data.draw(st.integers(0, 99)))
    before = method(pnl, 30, 0.9, horizon)
    row = data.draw(st.integers(before.first_row, 70 - horizon))
    changed = pnl.copy()
    changed[row:] = data.draw(st.floats(-1e6, 1e6).filter(lambda x: x != 0))
    after = method(changed, 30, 0.9, horizon)
    until = row - before.first_row + 1
    for name in ("value_at_risk", "expected_shortfall"):
        one, other = getattr(before, name)[:until], getattr(after, name)[:until]
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_the_last_row_before_does_change_a_forecast(method):
    pnl = history(60, 1)
    before = method(pnl, 30, 0.9)
    changed = pnl.copy()
    changed[before.first_row + 4] = -1e9
    after = method(changed, 30, 0.9)
    moved = (before.expected_shortfall != after.expected_shortfall)[:, 0]
    assert moved[:6].tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=30, deadline=None)
@given(scale=st.floats(1e-3, 1e6), seed=st.integers(0, 50))
def test_forecasts_scale_with_the_book_and_do_not_mix_groups(method, scale, seed):
    pnl = history(80, 3, seed)
    whole = method(pnl, 40, 0.95, 2)
    larger = method(pnl * scale, 40, 0.95, 2)
    alone = method(pnl[:, [1]], 40, 0.95, 2)
    for name in ("value_at_risk", "expected_shortfall"):
        one = getattr(whole, name)
        np.testing.assert_allclose(getattr(larger, name), one * scale, rtol=1e-9)
        np.testing.assert_allclose(getattr(alone, name), one[:, [1]], rtol=1e-12)
    assert (whole.expected_shortfall >= whole.value_at_risk).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("held", [1, 100, 5000])
def test_chunks_change_nothing(method, held, monkeypatch):
    pnl = history()
    whole = method(pnl, 30, 0.9, 3)
    monkeypatch.setattr(forecasting, "CHUNK", held)
    parts = method(pnl, 30, 0.9, 3)
    np.testing.assert_array_equal(whole.value_at_risk, parts.value_at_risk)
    np.testing.assert_array_equal(whole.expected_shortfall, parts.expected_shortfall)


def test_a_long_half_life_weighs_all_rows_alike():
    pnl = history()
    alike = historical_forecasts(pnl, 40, 0.95)
    long = age_weighted_forecasts(pnl, 40, 0.95, 1e12)
    np.testing.assert_allclose(long.value_at_risk, alike.value_at_risk, rtol=1e-9)
    np.testing.assert_allclose(
        long.expected_shortfall, alike.expected_shortfall, rtol=1e-9
    )


def test_scaling_follows_a_jump_of_volatility():
    """Ten times the volatility from row 300 on: within a few half lives, so is VaR."""
    pnl = np.random.default_rng(3).standard_normal((600, 1))
    pnl[300:] *= 10
    found = volatility_scaled_forecasts(pnl, 200, 0.95, 10)
    var = found.value_at_risk[:, 0]
    calm = var[: 300 - found.first_row + 1].mean()
    wild = var[360 - found.first_row :].mean()
    assert calm == pytest.approx(1.645, rel=0.15)
    assert wild / calm == pytest.approx(10, rel=0.15)


def test_right_forecasts_have_as_many_exceptions_as_they_should():
    """99 % of 20,000 rows by 500 rows each: 5 / 501 of them, to four errors."""
    pnl = np.random.default_rng(4).standard_normal((2_500, 10))
    found = historical_forecasts(pnl, 500, 0.99)
    rate = (-pnl[500:] > found.value_at_risk).mean()
    assert rate == pytest.approx(5 / 501, abs=4 * np.sqrt(0.01 / 20_000) * 2)


def test_volatility_is_known_before_its_row():
    """Half-life 1: row 2 sees 3^2 and, at half the weight, 1: sqrt(19 / 3)."""
    volatility = known_volatility(np.array([[1.0], [3.0], [100.0]]), 1.0)
    assert np.isnan(volatility[0, 0])
    assert volatility[1:3, 0] == pytest.approx([1.0, (9.5 / 1.5) ** 0.5], rel=1e-12)
    assert volatility.shape == (4, 1)


def test_a_group_that_stands_still_has_no_risk_until_it_moves():
    pnl = history()
    pnl[:, 1] = 0.0
    found = volatility_scaled_forecasts(pnl, 30, 0.9, HALF_LIFE)
    assert np.abs(found.value_at_risk[:, 1]).max() == 0.0
    pnl[50:, 1] = 1.0
    with pytest.raises(ModelError, match=r"column 1 is 0 in every row before row 50 "):
        volatility_scaled_forecasts(pnl, 30, 0.9, HALF_LIFE)


@pytest.mark.parametrize("horizon", [1, 4])
def test_a_record_pairs_forecasts_with_what_came(horizon):
    pnl = history()
    found = historical_forecasts(pnl, 40, 0.95, horizon)
    track = track_record(found, pnl, 2)
    assert len(track) == 90 - 40 - horizon + 1
    assert track.pnl[0] == pytest.approx(pnl[40 : 40 + horizon, 2].sum(), rel=1e-12)
    assert track.pnl[-1] == pytest.approx(pnl[-horizon:, 2].sum(), rel=1e-12)
    assert track.value_at_risk[0] == found.value_at_risk[0, 2]
    assert (track.confidence, track.horizon_sessions) == (0.95, horizon)


def test_sums_over_a_horizon():
    pnl = np.arange(10.0).reshape(5, 2)
    assert over_horizon(pnl, 2).tolist() == [[2, 4], [6, 8], [10, 12], [14, 16]]


# --- order statistics ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "count", "rank"),
    [(0.99, 500, 5), (0.99, 501, 6), (0.93, 100, 7), (0.95, 100, 5), (0.99, 50, 1)],
)
def test_ranks_are_those_of_the_level_as_written(confidence, count, rank):
    """1 - 0.99 is above 0.01, and 0.07 x 100 above 7, in binary."""
    assert tail_rank(tail_of(confidence), count) == rank


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=60),
    st.sampled_from([0.5, 0.9, 0.95, 0.975, 0.99]),
)
def test_a_tail_fills_its_probability(losses, confidence):
    alpha, count = tail_of(confidence), len(losses)
    values, equal = np.array(losses, dtype=float), np.full(count, 1 / count)
    expected = tail_by_words(losses, equal, alpha)
    assert sample_tail(values, alpha) == pytest.approx(expected, abs=1e-9)
    assert weighted_tail(values, equal, alpha) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 999), st.floats(0.5, 40), st.sampled_from([0.01, 0.05, 0.3]))
def test_a_weighted_tail_fills_its_probability(seed, half_life, alpha):
    """Two rows: as drawn, and the worst losses oldest, so that they weigh least."""
    drawn = np.random.default_rng(seed).standard_t(3, 80)
    losses = np.stack([drawn, np.sort(drawn)[::-1]])
    weights = 0.5 ** (np.arange(80)[::-1] / half_life)
    weights /= weights.sum()
    var, es = weighted_tail(losses, weights, alpha)
    for row in range(2):
        expected = tail_by_words(losses[row], weights, alpha)
        assert (var[row], es[row]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert weighted_tail(losses[row], weights, alpha) == (var[row], es[row])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (9, 0.9, 10),
            "window is 9; give whole rows, not fewer than the horizon of 10",
        ),
        ((90, 0.9, 1), "90 usable rows leave nothing to forecast with a window of 90"),
        ((30.5, 0.9, 1), "window is 30.5"),
        ((30, 0.9, 0), "horizon_sessions is 0"),
        ((30, 0.05, 1), "confidence is 0.05"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_windows_and_levels_that_cannot_be_are_refused(method, arguments, message):
    with pytest.raises(UsageError, match=message.replace("90 usable", r"\d+ usable")):
        method(history(), *arguments)


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_are_counted_and_found(method):
    pnl = history()
    pnl[7, 2] = pnl[70, 0] = np.nan
    with pytest.raises(UsageError, match=r"pnl has 2 missing .*row 7, column 2"):
        method(pnl, 30, 0.9)


@pytest.mark.parametrize("half_life", [0.0, -1.0, np.inf, np.nan])
def test_half_lives_that_are_none_are_refused(half_life):
    with pytest.raises(UsageError, match="half_life is "):
        age_weighted_forecasts(history(), 30, 0.9, half_life)
    with pytest.raises(UsageError, match="half_life is "):
        volatility_scaled_forecasts(history(), 30, 0.9, half_life)
