"""The picture of a backtest: what is marked, and what it says."""

import numpy as np
import pytest

from riskplugin.adapters.picture_files import save_backtest
from riskplugin.pictures.backtests import backtest_figure
from riskplugin.pictures.look import unit_of
from riskplugin.returns import weekdays
from riskplugin.risk.backtests import backtest
from riskplugin.risk.track import TrackRecord

DAYS = weekdays(np.datetime64("2025-01-01"), np.datetime64("2025-12-31"))[:250]


def found(horizon=1, shortfall=True):
    pnl = np.full(250, 1e5)
    pnl[[3, 50, 51, 200, 220]] = -3.5e6
    es = np.full(250, 3e6) if shortfall else None
    track = TrackRecord(pnl, np.full(250, 2e6), es, 0.99, horizon)
    return backtest(track, np.random.default_rng(1), paths=100)


def drawn(figure):
    (panel,) = figure.axes
    return panel, {line.get_label(): line for line in panel.lines}


def test_exceptions_are_marked_by_shape_and_place():
    panel, lines = drawn(backtest_figure(found(), DAYS, "USD"))
    crosses = lines["loss beyond the VaR (5)"]
    assert crosses.get_marker() == "X"
    assert crosses.get_xdata().tolist() == DAYS[[3, 50, 51, 200, 220]].tolist()
    assert crosses.get_ydata().tolist() == [-3.5] * 5
    assert panel.get_ylabel() == "P&L, m USD"


def test_forecasts_are_lines_below_zero_of_two_kinds():
    _, lines = drawn(backtest_figure(found(), DAYS, "USD"))
    var, es = (lines[f"\N{MINUS SIGN}{name} 99 %"] for name in ("VaR", "ES"))
    assert set(var.get_ydata()) == {-2.0}
    assert set(es.get_ydata()) == {-3.0}
    assert (var.get_linestyle(), es.get_linestyle()) == ("-", "--")


def test_the_title_is_the_traffic_light_in_words():
    panel, _ = drawn(backtest_figure(found(), DAYS, "USD"))
    assert panel.get_title(loc="left") == (
        "Yellow zone: 5 losses beyond the 99 % VaR in 250 sessions, 2.5 expected"
    )


def test_windows_and_what_is_missing_are_said():
    panel, lines = drawn(backtest_figure(found(10, shortfall=False), DAYS, "EUR"))
    assert panel.get_ylabel() == "P&L over 10 sessions, m EUR"
    assert "250 overlapping 10-session windows" in panel.get_title(loc="left")
    assert not [label for label in lines if "ES" in label]


def test_the_picture_is_a_file(tmp_path):
    file = save_backtest(found(), DAYS, tmp_path / "pictures" / "backtest.png", "USD")
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("largest", "unit"), [(5.0, ""), (5e3, "k "), (5e6, "m "), (5e9, "bn ")]
)
def test_money_on_an_axis(largest, unit):
    scale, word = unit_of(largest)
    assert word == unit
    assert 1 <= largest / scale < 1000
