"""What the doctor says of a whole desk."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.tables import doctor as doctor_tables
from riskplugin.tables.doctor import diagnosis_table

DAYS = pd.bdate_range("2024-01-01", "2026-05-29")
NAMES = ["MU", "NVDA", "AMD", "AVGO", "SPY", "QQQ"]


def prices(**changed):
    """Return closes that move together, with some columns changed by a function."""
    draw = np.random.default_rng(8)
    moves = draw.normal(0, 0.01, (len(DAYS), 1))
    moves = moves + draw.normal(0, 0.008, (len(DAYS), len(NAMES)))
    frame = pd.DataFrame(100 * np.exp(moves.cumsum(0)), columns=NAMES)
    for name, change in changed.items():
        frame[name] = change(frame[name].to_numpy().copy())
    return frame.assign(date=DAYS)


def found(closes, code, **tables):
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    settings = {"on_error": "quarantine"}
    desk = rp.desk_from_tables(held, closes, settings=settings, **tables)
    return diagnosis_table(desk).to_frame().query("code == @code")


def cut(first, last):
    def change(close):
        close[first:last] = np.nan
        return close

    return change


@pytest.mark.parametrize("library", [True, False])
def test_a_gap_is_found_with_the_published_calendar_and_by_peers(library, monkeypatch):
    if library:
        pytest.importorskip("exchange_calendars")
    else:
        monkeypatch.setattr(doctor_tables, "find_spec", lambda name: None)
    monday = int(np.flatnonzero(pd.Timestamp("2025-03-03") == DAYS)[0])
    # no holiday in those two weeks; one column's gap is no session missing for others
    rows = found(prices(AMD=cut(monday, monday + 10)), "gap")
    (row,) = [r for r in rows.itertuples() if r.instrument == "AMD"]
    assert (row.start, row.end) == ("2025-03-03", "2025-03-14")
    assert "10 days in a row" in row.evidence
    assert row.concern == "medium"


def test_an_instrument_without_late_closes_is_dead():
    rows = found(prices(AMD=cut(-30, None)), "dead")
    assert rows["instrument"].tolist() == ["AMD"]
    assert "30 weekdays old" in rows["evidence"].iloc[0]
    assert rows["concern"].tolist() == ["low"]  # nobody holds it


def test_an_instrument_without_any_close_is_told():
    held = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [1.0]})
    desk = rp.desk_from_tables(held, prices())
    close = np.array(desk.market.close)
    close[:, desk.market.instruments.index("MU")] = np.nan
    blank = replace(desk, market=replace(desk.market, close=close))
    (row,) = diagnosis_table(blank).query("instrument == 'MU'").itertuples()
    assert (row.code, row.concern) == ("dead", "high")
    assert row.evidence == "there is no close at all"


@pytest.mark.parametrize(("factor", "concern"), [(2.0, "high"), (1.0, "low")])
def test_volume_confirms_a_split_or_speaks_against_it(factor, concern):
    def halve(close):
        close[300:] /= 2
        return close

    units = np.where(np.arange(len(DAYS)) >= 300, factor, 1.0) * 1e6
    volumes = pd.DataFrame({"date": DAYS, "instrument": "AMD", "volume": units})
    (row,) = found(prices(AMD=halve), "missed_split", volumes=volumes).itertuples()
    assert (row.instrument, row.concern) == ("AMD", concern)
    assert "near divided by 2" in row.evidence
    assert row.effect_before > row.effect_after  # volatility with the jump and without
    assert "factor = 0.5" in row.repair
    assert f"end = {DAYS[299]:%Y-%m-%d}" in row.repair


def test_a_change_of_venue_is_told_with_both_volumes():
    venue = np.where(np.arange(len(DAYS)) < 100, "spot", "perp")
    units = np.where(venue == "spot", 10.0, 70.0)
    volumes = pd.DataFrame(
        {"date": DAYS, "instrument": "AMD", "volume": units, "venue": venue}
    )
    (row,) = found(prices(), "volume_venue", volumes=volumes).itertuples()
    assert "from spot to perp, median volume 10 before and 70 after" in row.evidence
    assert row.end == f"{DAYS[100]:%Y-%m-%d}"


def test_venues_side_by_side_are_no_change():
    one = pd.DataFrame({"date": DAYS, "instrument": "AMD", "volume": 10.0})
    volumes = pd.concat([one.assign(venue="spot"), one.assign(venue="perp")])
    assert not len(found(prices(), "volume_venue", volumes=volumes))
