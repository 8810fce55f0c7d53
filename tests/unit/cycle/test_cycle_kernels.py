import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskplugin.cycle.observed import exactly, on_clock
from riskplugin.cycle.phases import BETTER, PHASES, UNTOLD, WORSE, called, changes, seen
from riskplugin.cycle.record import alarms, false_alarms, rate_interval, turns
from riskplugin.cycle.signals import (
    Persistence,
    Signal,
    backing,
    breadth,
    dispersion,
    expectations,
)
from riskplugin.cycle.windows import highest, moving_mean, percentile, streak

gappy = arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.one_of(st.floats(-5, 5), st.just(np.nan)),
)


@given(gappy, st.integers(1, 8))
def test_means_and_highs_are_those_of_pandas(values, sessions):
    series = pd.Series(values)
    expected = series.rolling(sessions).mean().to_numpy()
    assert moving_mean(values[:, None], sessions)[:, 0] == pytest.approx(
        expected, nan_ok=True, abs=1e-9
    )
    top = series.rolling(sessions, min_periods=1).max().to_numpy()
    assert highest(values, sessions) == pytest.approx(top, nan_ok=True)


@given(gappy)
def test_percentile_counts_what_came_so_far(values):
    found = percentile(values, 3)
    for row, share in enumerate(found):
        past = values[: row + 1]
        past = past[~np.isnan(past)]
        if np.isnan(values[row]) or len(past) < 3:
            assert np.isnan(share)
        else:
            assert share == pytest.approx((past <= values[row]).mean())


def test_streak_counts_rows_without_a_break():
    flags = np.array([0, 1, 1, 0, 1, 1, 1, 0], dtype=bool)
    assert streak(flags).tolist() == [0, 1, 2, 0, 1, 2, 3, 0]


def test_figures_are_carried_for_a_while_or_not_at_all():
    dates = np.array(["2026-01-30", "2026-02-27"], dtype="datetime64[D]")
    clock = np.array(
        ["2026-01-29", "2026-01-30", "2026-02-26", "2026-02-27", "2026-06-01"],
        dtype="datetime64[D]",
    )
    values = np.array([1.0, 2.0])
    assert on_clock(dates, values, clock) == pytest.approx(
        [np.nan, 1, 1, 2, np.nan], nan_ok=True
    )
    assert exactly(dates, values, clock) == pytest.approx(
        [np.nan, 1, np.nan, 2, np.nan], nan_ok=True
    )


def test_a_value_of_a_sunday_is_none_of_the_monday_after():
    dates = np.array(["2026-03-06", "2026-03-08"], dtype="datetime64[D]")
    clock = np.array(["2026-03-06", "2026-03-09"], dtype="datetime64[D]")
    found = exactly(dates, np.array([1.0, 2.0]), clock)
    assert found == pytest.approx([1, np.nan], nan_ok=True)
    none = exactly(dates[:0], np.array([]), clock)
    assert np.isnan(none).all()


def level_of(*legs):
    """Return a log level of legs (sessions, log move a session)."""
    return np.cumsum(np.concatenate([np.full(n, step) for n, step in legs]))


def test_leaders_hold_falter_and_break():
    level = level_of((300, 0.002), (70, -0.004), (60, 0.006))
    state = Persistence.of(level).signal().state
    assert state[100] == "unknown"
    assert state[299] == "holding"
    assert state[330] == "faltering"
    assert state[369] == "broken"  # 24 % below the high
    assert state[-1] == "holding"


def test_one_day_s_jump_is_no_rally():
    level = level_of((300, -0.001), (1, 0.3), (3, 0.0))
    assert Persistence.of(level).signal().state[-1] != "holding"


def test_expectations_by_hand():
    rows = 100
    flat, none = np.full(rows, 10.0), np.full(rows, np.nan)
    rising = 10 * np.exp(np.arange(rows) * 0.001)
    assert expectations(none, none, none).state[-1] == "unknown"
    assert expectations(flat, none, none).state[-1] == "flat"
    assert expectations(rising, none, none).state[-1] == "rising"
    assert expectations(none, rising, none).state[-1] == "rising"
    assert expectations(rising[::-1].copy(), none, none).state[-1] == "falling"
    # a spot price 10 % below the contract, or falling revisions, end a flat market
    assert expectations(flat, 0.9 * flat, none).state[-1] == "falling"
    assert expectations(flat, none, np.full(rows, -1.0)).state[-1] == "falling"
    assert expectations(rising, 0.9 * rising, np.full(rows, -1.0)).state[-1] == "flat"
    reading = expectations(rising, none, none).reading
    assert reading[-1] == pytest.approx(np.exp(0.063) - 1)


def test_breadth_by_hand():
    up, down = level_of((80, 0.01)), level_of((80, -0.01))
    leading = np.array([True, True, False, False, False, False])

    def state(*columns):
        return breadth(np.column_stack(columns), leading).state[-1]

    assert state(up, up, up, up, down, down) == "broad"
    assert state(up, up, down, down, down, down) == "leaders only"
    assert state(down, down, down, up, up, down) == "weak"
    assert state(up, down, up, up, down, down) == "mixed"
    few = np.column_stack([up, up])
    assert breadth(few, np.array([True, False])).state[-1] == "unknown"


def test_dispersion_is_the_spread_of_moves():
    level = np.column_stack([level_of((40, 0.01 * i)) for i in range(5)])
    assert dispersion(level)[-1] == pytest.approx(np.std([0.21 * i for i in range(5)]))


def test_rise_on_volume_is_backed_and_one_on_news_is_not():
    moves = np.tile([0.02, -0.01], 50)
    level = np.cumsum(moves)[:, None]
    loud_up = np.where(moves > 0, 2e6, 1e6)[:, None]
    assert backing(level, loud_up).state[-1] == "backed"
    assert backing(level, loud_up).reading[-1] == pytest.approx(2.0)
    loud_down = np.where(moves > 0, 1e6, 2e6)[:, None]
    assert backing(level, loud_down).state[-1] == "unbacked"
    news = np.tile([0.0001, -0.0001], 50)
    news[[50, 60, 70, 80, 90]] = 0.1
    value = np.where(news > 0.01, 9e6, 1e6)[:, None]
    assert backing(np.cumsum(news)[:, None], value).state[-1] == "on spikes"
    assert backing(level, np.full((100, 1), np.nan)).state[-1] == "unknown"


def test_sessions_without_volume_hide_no_news():
    """One session without a volume leaves what the others say as it is."""
    news = np.tile([0.0001, -0.0001], 50)
    news[[50, 60, 70, 80, 90]] = 0.1
    value = np.where(news > 0.01, 9e6, 1e6)[:, None]
    value[75] = np.nan
    assert backing(np.cumsum(news)[:, None], value).state[-1] == "on spikes"


@pytest.mark.parametrize(("given", "state"), [(32, "backed"), (31, "unknown")])
def test_half_of_the_sessions_need_a_volume(given, state):
    moves = np.tile([0.02, -0.01], 50)
    value = np.where(moves > 0, 2e6, 1e6)[:, None]
    value[: 100 - given] = np.nan
    assert backing(np.cumsum(moves)[:, None], value).state[-1] == state


def test_a_fall_counts_from_the_high_since_the_basket_began():
    """The year's high of a basket of 230 sessions is that of those."""
    level = np.concatenate([np.full(40, np.nan), level_of((210, 0.005), (20, -0.006))])
    found = Persistence.of(level)
    assert found.drawdown[-1] == pytest.approx(np.expm1(-0.12))
    assert found.signal().state[-1] == "faltering"


# --- phases ---------------------------------------------------------------------------

words = st.sampled_from(["holding", "faltering", "broken", "unsettled", "unknown"])


def signal(*states):
    return Signal(np.zeros(len(states)), np.array(states))


def persistence(below_long=0.0, drawdown=0.0):
    one = np.zeros(1)
    return Persistence(one, one, one, np.array([below_long]), np.array([drawdown]), one)


@pytest.mark.parametrize(
    ("held", "expected", "broad", "stretch", "figures", "phase"),
    [
        ("holding", "unknown", "broad", 0.5, {}, "expansion"),
        ("holding", "rising", "leaders only", 0.5, {}, "late"),
        ("holding", "falling", "broad", 0.5, {}, "late"),
        ("holding", "rising", "broad", 0.95, {}, "late"),
        ("faltering", "unknown", "broad", 0.5, {}, "late"),
        ("faltering", "unknown", "weak", 0.5, {}, "rolling_over"),
        ("faltering", "falling", "broad", 0.5, {}, "rolling_over"),
        ("broken", "rising", "broad", 0.5, {"below_long": 5, "drawdown": -0.2},
         "reversal"),
        ("broken", "rising", "broad", 0.5, {"below_long": 4, "drawdown": -0.3}, "late"),
    ],
)  # fmt: skip
def test_rules_of_the_phases(held, expected, broad, stretch, figures, phase):
    code = seen(
        persistence(**figures), signal(held), signal(expected), signal(broad),
        np.array([stretch]),
    )  # fmt: skip
    assert PHASES[int(code[0])] == phase


def test_no_phase_before_there_is_a_mean():
    code = seen(
        persistence(), signal("unknown"), signal("rising"), signal("broad"),
        np.array([0.5]),
    )  # fmt: skip
    assert code.tolist() == [UNTOLD]


def test_worse_is_called_after_5_sessions_and_better_after_15():
    raw = np.array([0] * 10 + [3] * 4 + [0] * 3 + [3] * 5 + [0] * 15)
    phase = called(raw)
    assert phase[:21].tolist() == [0] * 21
    assert phase[21] == 3
    assert phase[35] == 3
    assert phase[36] == 0


def test_mixed_worsening_is_called_by_its_mildest():
    assert called(np.array([0] * 3 + [2, 3, 2, 3, 2]))[-1] == 2


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=120))
def test_phase_changes_only_after_as_many_sessions_and_sees_no_future(codes):
    raw = np.array(codes)
    phase = called(raw)
    for row in range(1, len(raw)):
        if phase[row] > phase[row - 1] >= 0:
            assert (raw[row - WORSE + 1 : row + 1] >= phase[row]).all()
        if 0 <= phase[row] < phase[row - 1]:
            assert (raw[row - BETTER + 1 : row + 1] <= phase[row]).all()
    cut = len(raw) // 2
    assert called(raw[:cut]).tolist() == phase[:cut].tolist()


def test_changes_are_where_another_phase_is_called():
    assert changes(np.array([-1, -1, 0, 0, 2, 2, 0])).tolist() == [2, 4, 6]


# --- the record -----------------------------------------------------------------------


def test_turns_and_alarms_by_hand():
    phase = np.zeros(100, dtype=np.int64)
    phase[10:20] = 2  # stands at no fall
    phase[35:60] = 2  # stood at the peak of row 40
    phase[75:80] = 3  # begins after the peak of row 70
    level = np.zeros(100)
    level[40:] -= np.log(2)
    falls = [(40, 55), (70, 90), (94, 99)]
    stretches = alarms(phase)
    assert stretches == [(10, 19), (35, 59), (75, 79)]
    assert false_alarms(stretches, falls) == [(10, 19)]
    found = turns(level, stretches, falls)
    assert [t.warned for t in found] == [35, 75, None]
    assert found[0].fall_before == pytest.approx(1.0)  # warned at twice the level
    assert found[0].fall_after == pytest.approx(-0.5)
    assert np.isnan(found[2].fall_after)


def test_interval_of_a_rate_is_wilson_s():
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415

    for hits, count in ((17, 18), (0, 5), (5, 5), (3, 40)):
        expected = proportion_confint(hits, count, alpha=0.2, method="wilson")
        assert rate_interval(hits, count) == pytest.approx(expected, abs=1e-5)
    assert np.isnan(rate_interval(0, 0)).all()
