"""The monitor on a desk: what it sees, and that it sees nothing later."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.cycle.watched import watched
from riskplugin.tables.cycle import basket_level, change_table, observed

DAYS = pd.bdate_range("2018-01-01", periods=1400)
NAMES = ("MU", "SNDK", "NVDA", "AMD", "TAO", "AKT", "FIL", "ETN")


def prices():
    drawn = np.random.default_rng(8)
    wave = 0.004 * np.sign(np.sin(np.arange(len(DAYS)) / 60))
    common = wave + drawn.normal(0, 0.012, len(DAYS))
    moves = {n: common + drawn.normal(0, 0.015, len(DAYS)) for n in NAMES}
    return (100 * np.exp(pd.DataFrame(moves, index=DAYS).cumsum())).rename_axis("date")


def volumes(close):
    tokens = close[["TAO", "AKT", "FIL"]].reset_index()
    rows = tokens.melt("date", var_name="instrument", value_name="close")
    return rows.assign(volume=1e6 * (1 + rows.index % 7)).drop(columns="close")


def indicators(close):
    month = close.index[::21]
    spot = 10 * np.exp(0.1 * np.sin(np.arange(len(month)) / 4))
    return pd.DataFrame({"date": month, "series": "memory_contract", "value": spot})


def desk_of(close, memory=("MU",), **more):
    drivers = {"memory": list(memory), "ai_compute": [], "crypto": [], "equity": []}
    return rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1.0]}),
        close,
        settings={"drivers": drivers},
        **more,
    )


@pytest.fixture(scope="module")
def close():
    return prices()


@pytest.fixture(scope="module")
def whole(close):
    return rp.cycle_monitor(
        desk_of(close, volumes=volumes(close), indicators=indicators(close))
    )


def test_every_signal_is_known_with_its_data(whole):
    assert whole["signal"].tolist() == [
        "persistence", "price_expectations", "breadth", "volume_backing"
    ]  # fmt: skip
    assert whole["reading"].notna().all()
    assert "unknown" not in set(whole["state"])
    assert whole.phase in {"expansion", "late", "rolling_over", "reversal"}


def test_without_data_a_signal_is_unknown_and_says_what_to_give(close):
    found = rp.cycle_monitor(desk_of(close)).set_index("signal")
    for name, hint in (
        ("price_expectations", "memory_contract"),
        ("volume_backing", "volumes table"),
    ):
        assert found.loc[name, "state"] == "unknown"
        assert np.isnan(found.loc[name, "reading"])
        assert hint in found.loc[name, "evidence"]


def test_reading_of_persistence_is_the_distance_to_the_long_mean(whole, close):
    level = np.log(close["MU"])
    expected = level.iloc[-1] - level.iloc[-200:].mean()
    assert whole["reading"].iloc[0] == pytest.approx(expected)


def test_breadth_counts_the_theme(whole, close):
    level = np.log(close)
    above = level.iloc[-1] > level.iloc[-50:].mean()
    assert whole["reading"].iloc[2] == pytest.approx(above.mean())


def test_two_venues_are_never_mixed(close):
    twice = pd.concat(
        [volumes(close).assign(venue="one"), volumes(close).assign(venue="two")]
    )
    found = rp.cycle_monitor(desk_of(close, volumes=twice)).set_index("signal")
    assert found.loc["volume_backing", "state"] == "unknown"


@settings(max_examples=6, deadline=None)
@given(row=st.integers(300, len(DAYS) - 1))
def test_nothing_later_is_seen(whole, row):
    """Cutting the future away leaves every reading and phase as it was."""
    close = prices()
    desk = desk_of(
        close.iloc[: row + 1],
        volumes=volumes(close)[lambda t: t["date"] <= DAYS[row]],
        indicators=indicators(close)[lambda t: t["date"] <= DAYS[row]],
    )
    cut = rp.cycle_monitor(desk).history.to_frame()
    past = whole.history.to_frame().iloc[: row + 1]
    pd.testing.assert_frame_equal(cut, past, rtol=1e-9)


@settings(max_examples=8, deadline=None)
@given(gap=st.integers(300, 1300), long=st.integers(5, 30), inside=st.integers(0, 34))
def test_nothing_later_is_seen_while_a_member_has_no_closes(gap, long, inside):
    """Nor that a member of the basket will be back after its gap."""
    close = prices()
    close.iloc[gap : gap + long, close.columns.get_loc("SNDK")] = np.nan
    whole, cut = (
        rp.cycle_monitor(desk_of(given, memory=("MU", "SNDK"))).history
        for given in (close, close.iloc[: gap + inside + 1])
    )
    pd.testing.assert_frame_equal(
        cut.to_frame(), whole.to_frame().iloc[: gap + inside + 1], rtol=1e-9
    )


def test_a_move_over_a_gap_counts_on_the_day_it_is_over():
    """MU +10 % a day for ever; SNDK gains 20 % over a gap of ten sessions."""
    mu = np.log(1.1) * np.arange(20)[:, None]
    sndk = np.zeros((20, 1))
    sndk[5:15], sndk[15:] = np.nan, np.log(1.2)
    level = basket_level(np.hstack([mu, sndk]))
    up, both = np.log(1.1), np.log(1.1) / 2
    steps = [0, *[both] * 4, *[up] * 10, (up + np.log(1.2)) / 2, *[both] * 4]
    assert level == pytest.approx(np.cumsum(steps))


def test_a_phase_that_nobody_can_tell_is_unknown(close):
    changes = change_table(desk_of(close), with_phase(close, [-1, 0, 0, -1, -1, 3]))
    assert changes["phase"].tolist() == ["expansion", "unknown", "reversal"]
    assert changes["sessions_long"].tolist() == [2, 2, 1]


def with_phase(close, phase):
    """Return what is watched of the first sessions, with phases of one's own."""
    whole = watched(observed(desk_of(close.iloc[: len(phase)])))
    return replace(whole, phase=np.array(phase))


def test_memory_prices_are_as_old_as_the_last_figure(close):
    figures = indicators(close).iloc[:-1]
    found = rp.cycle_monitor(desk_of(close, indicators=figures)).set_index("signal")
    row = found.loc["price_expectations"]
    assert row["last"] == figures["date"].iloc[-1]
    age = np.busday_count(figures["date"].iloc[-1].date(), DAYS[-1].date())
    assert row["sessions_old"] == age > 21
    was = figures["value"].iloc[-3]  # row 1323, the last up to 1399 - 63
    change = figures["value"].iloc[-1] / was - 1
    assert row["reading"] == pytest.approx(change)
    assert f"change over 63 sessions {change:+.0%}" in row["evidence"]


def test_breadth_names_those_that_it_counts(close):
    short = close.copy()
    short.iloc[-40:-30, short.columns.get_loc("AKT")] = np.nan
    found = rp.cycle_monitor(desk_of(short)).set_index("signal")
    assert "of 7 names" in found.loc["breadth", "evidence"]


def test_record_counts_the_falls_of_the_basket(whole):
    turns = whole.turns
    assert (turns["fall"] <= -0.30).all()
    record = whole.record.set_index("counted")
    assert record.loc["falls warned of", "of"] == len(turns)
    assert record.loc["falls warned of", "count"] == turns["warned"].notna().sum()
    known = turns.dropna(subset=["warned"])
    product = (1 + known["fall_before"]) * (1 + known["fall_after"])
    assert product.to_numpy() == pytest.approx(1 + known["fall"].to_numpy())


def test_changes_follow_one_another(whole):
    changes = whole.changes
    assert (changes["phase"] != changes["phase"].shift()).all()
    assert changes["start"].is_monotonic_increasing
    assert changes["phase"].iloc[-1] == whole.phase


def test_no_memory_no_cycle():
    close = prices()[["NVDA", "TAO"]]
    desk = rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["NVDA"], "quantity": [1.0]}), close
    )
    with pytest.raises(rp.ModelError, match="no cycle to watch"):
        rp.cycle_monitor(desk)
