"""The monitor on a desk: what it sees, and that it sees nothing later."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp

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


def desk_of(close, **more):
    return rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1.0]}),
        close,
        settings={
            "drivers": {"memory": ["MU"], "ai_compute": [], "crypto": [], "equity": []}
        },
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
