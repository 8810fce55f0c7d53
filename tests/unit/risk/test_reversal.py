import numpy as np
import pytest

from riskplugin.errors import ModelError
from riskplugin.factors.drivers import DriverHistory
from riskplugin.risk.reversal import (
    WINDOW_SESSIONS,
    Reversal,
    reversal,
    share_inside,
    within,
)

FIRST = np.datetime64("2015-01-01")


def levels(log_returns):
    days = np.busday_offset(FIRST, np.arange(len(log_returns)), roll="forward")
    index = np.cumsum(log_returns)[:, None]
    return DriverHistory(("memory",), (("MU",),), days, index)


def cycles(rows=1500, seed=5):
    """Rises of 200 sessions, then falls of 100 in which memory loses 45 %."""
    drawn = np.random.default_rng(seed).normal(0, 0.01, rows)
    falling = np.arange(rows) % 300 >= 200
    return drawn + np.where(falling, np.log(0.55) / 100, 0.004)


def windows(history):
    level = history.of("memory")
    moves = level[WINDOW_SESSIONS:] - level[:-WINDOW_SESSIONS]
    return history.dates[WINDOW_SESSIONS:], moves


def test_share_of_a_window_inside_a_fall_by_counting():
    found = [(10, 40), (70, 75)]
    inside = {r for peak, trough in found for r in range(peak + 1, trough + 1)}
    last = np.arange(WINDOW_SESSIONS, 100)
    expected = [
        len(inside & set(range(t - WINDOW_SESSIONS + 1, t + 1))) / WINDOW_SESSIONS
        for t in last
    ]
    assert share_inside(found, 100, last) == pytest.approx(expected)


def test_memory_is_expected_to_move_as_it_did_in_its_falls():
    history = levels(cycles())
    ends, moves = windows(history)
    found = reversal(history, "memory", ends, moves)
    level = history.of("memory")
    rows = [
        (np.searchsorted(history.dates, a), np.searchsorted(history.dates, b))
        for a, b in found.episodes
    ]
    drift = sum(level[b] - level[a] for a, b in rows) / sum(b - a for a, b in rows)
    assert found.drift == pytest.approx(WINDOW_SESSIONS * drift)
    assert found.probabilities @ moves == pytest.approx(found.drift, rel=1e-9)
    assert found.probabilities.sum() == pytest.approx(1)
    assert len(found.episodes) == 5
    assert 1 < found.independent < found.effective < len(ends)


def test_history_without_a_fall_has_no_reversal():
    history = levels(np.full(400, 0.001))
    ends, moves = windows(history)
    with pytest.raises(ModelError, match="holds no fall of 'memory' of 30 %"):
        reversal(history, "memory", ends, moves)


@pytest.mark.parametrize("sessions", [1, 5, 10, 21])
def test_shorter_window_is_drawn_evenly_from_those_of_21_sessions(sessions):
    rows = 120
    days = np.busday_offset(FIRST, np.arange(rows), roll="forward")
    ends = days[WINDOW_SESSIONS:]
    drawn = np.random.default_rng(1).random(len(ends))
    regime = Reversal(ends, drawn / drawn.sum(), -0.1, (), 1.0, 1.0)
    expected = np.zeros(rows)
    for row, probability in zip(
        range(WINDOW_SESSIONS, rows), regime.probabilities, strict=True
    ):
        inside = range(row - WINDOW_SESSIONS + sessions, row + 1)
        for last in inside:
            expected[last] += probability / len(inside)
    found = within(regime, days[sessions:], sessions)
    assert found == pytest.approx(expected[sessions:])
