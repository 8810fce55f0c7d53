"""What a repair would change, against a desk that really is repaired."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.tables import repair_effects
from riskplugin.tables.doctor import diagnosis_table, findings_of
from riskplugin.tables.repair_effects import BEYOND, ELSEWHERE, NO_REPAIR, with_market

DAYS = pd.bdate_range("2023-01-02", "2026-05-29")
NAMES = ["MU", "NVDA", "AMD", "SPY", "ETN", "CEG"]
HELD = pd.DataFrame(
    {"book": "b", "instrument": ["MU", "NVDA", "ETN"], "quantity": [10.0, -5.0, 8.0]}
)
FALL = rp.Scenario(name="memory_falls", core={"memory": -0.5})


def prices():
    draw = np.random.default_rng(7)
    moves = draw.normal(0, 0.012, (len(DAYS), 1))
    moves = moves + draw.normal(0, 0.01, (len(DAYS), len(NAMES)))
    return pd.DataFrame(100 * np.exp(moves.cumsum(0)), DAYS, NAMES)


def desk_of(closes, positions=HELD, **settings):
    return rp.desk_from_tables(
        positions,
        closes.rename_axis("date").reset_index(),
        scenarios=[FALL],
        settings={"scenario_library": "replace", **settings},
    )


def in_cents(name="ETN"):
    closes = prices()
    closes.iloc[-30:, NAMES.index(name)] *= 100  # the last close, which values it, too
    return closes


def test_effect_is_the_stress_of_the_desk_with_that_repair():
    spoilt = desk_of(in_cents())
    (row,) = diagnosis_table(spoilt).query("code == 'unit'").itertuples()
    start = f"{DAYS[-30]:%Y-%m-%d}"
    mend = {"instruments": ["ETN"], "kind": "scale", "start": start, "factor": 0.01}
    repaired = desk_of(in_cents(), repairs=[mend])

    def pnl(desk):
        return rp.stress(desk, by="scenario")["pnl"].iloc[0]

    assert row.stress_scenario == "memory_falls"
    assert row.stress_note == ""
    assert row.stress_before == pytest.approx(pnl(spoilt), rel=1e-12)
    assert row.stress_after == pytest.approx(pnl(repaired), rel=1e-12)
    assert abs(row.stress_before) > 10 * abs(row.stress_after)


def test_a_price_that_the_desk_gave_is_not_revalued():
    given = HELD.assign(price=[np.nan, np.nan, 77.0])
    desk = desk_of(in_cents(), given)
    held = with_market(desk, desk.market)
    np.testing.assert_array_equal(held.book.price, desk.book.price)
    np.testing.assert_array_equal(held.book.market_value, desk.book.market_value)


def test_what_is_neither_held_nor_drives_is_left():
    (row,) = (
        diagnosis_table(desk_of(in_cents("CEG"))).query("code == 'unit'").itertuples()
    )
    assert row.stress_note == ELSEWHERE
    assert np.isnan(row.stress_before)


def test_no_more_than_the_first_are_computed(monkeypatch):
    monkeypatch.setattr(repair_effects, "MOST", 1)
    closes = in_cents()
    closes.iloc[200:206, 1] = closes.iloc[199, 1]  # a stale run
    rows = diagnosis_table(desk_of(closes))
    notes = rows.set_index("code")["stress_note"]
    assert notes["unit"] == ""
    assert notes["stale"] == BEYOND


def test_without_a_scenario_the_reason_is_said():
    desk = rp.desk_from_tables(
        HELD,
        in_cents().drop(columns=["MU"]).rename_axis("date").reset_index(),
        settings={"on_error": "quarantine"},
    )
    (row,) = diagnosis_table(desk).query("code == 'unit'").itertuples()
    assert row.stress_note
    assert np.isnan(row.stress_after)


def test_findings_without_a_repair_say_so():
    closes = prices()
    closes.iloc[300:310, 2] = np.nan
    (row,) = diagnosis_table(desk_of(closes)).query("code == 'gap'").itertuples()
    assert row.stress_note == NO_REPAIR


def test_closes_that_stand_in_are_judged_once_and_repaired_where_they_are():
    """A perpetual without closes of its own has its underlying's."""
    instruments = pd.DataFrame(
        {
            "instrument": ["ETN-P"],
            "tier": ["datacenter_power"],
            "asset_class": ["equity"],
            "kind": ["perpetual"],
            "underlying": ["ETN"],
            "currency": ["USD"],
        }
    )
    positions = HELD.assign(instrument=["MU", "NVDA", "ETN-P"])
    desk = rp.desk_from_tables(
        positions,
        in_cents().rename_axis("date").reset_index(),
        instruments,
        scenarios=[FALL],
        settings={"scenario_library": "replace"},
    )
    assert "ETN-P" in desk.market.instruments
    assert {n for f in findings_of(desk) for n in f.instruments} == {"ETN"}
    (row,) = diagnosis_table(desk).query("code == 'unit'").itertuples()
    assert row.stress_note == ""
    assert abs(row.stress_before) > 10 * abs(row.stress_after)
