"""Repairs change what they name and nothing else."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import riskplugin as rp
from riskplugin.errors import ConfigError
from riskplugin.manifest import manifest_of
from riskplugin.mending import Repair, RepairKind, mended

DAYS = np.arange("2026-01-05", "2026-01-17", dtype="datetime64[D]")  # Mon to Fri
WEEK = [*range(5), *range(7, 12)]  # weekdays
NAN = np.nan


def exchange(column):
    """Return closes on weekdays, NaN at the weekend."""
    close = np.full((len(DAYS), 1), NAN)
    close[WEEK, 0] = column
    return close


def mend(close, *repairs, clock=()):
    return mended(DAYS, close, ("A",), repairs, {"A": "XNYS"}, clock)


def shift(by, **span):
    return Repair(("A",), RepairKind.SHIFT, amount=by, **span)


def test_sessions_that_are_late_go_back_over_the_weekend():
    true = np.arange(1.0, 11.0)
    late = exchange([NAN, *true[:-1]])
    dates, close, changed = mend(late, shift(-1))
    assert changed == [9]
    assert_array_equal(close[np.isin(dates, DAYS[WEEK]), 0], [*true[:-1], NAN])


def test_days_that_are_late_land_on_the_session_before():
    """Friday's close dated Saturday is Friday's; Monday's dated Tuesday, Monday's."""
    true, late = exchange(np.arange(1.0, 11.0)), np.full((12, 1), NAN)
    late[1:] = true[:-1]
    dates, close, _ = mend(late, shift(-1))
    found = dict(zip(dates.tolist(), close[:, 0].tolist(), strict=True))
    for day, value in zip(DAYS[WEEK[:-1]].tolist(), range(1, 10), strict=True):
        assert found[day] == value


def test_around_the_clock_a_session_is_a_day():
    close = np.arange(1.0, 13.0)[:, None]
    dates, moved, _ = mend(close, shift(-1), clock={"A"})
    assert dates[0] == DAYS[0] - 1
    assert_array_equal(moved[:, 0], [*range(1, 13), NAN])


def test_no_close_goes_past_the_last_date():
    dates, moved, _ = mend(np.arange(1.0, 13.0)[:, None], shift(1), clock={"A"})
    assert_array_equal(dates, DAYS)
    assert_array_equal(moved[:, 0], [NAN, *range(1, 12)])


def test_blank_and_scale_change_their_dates_alone():
    close = exchange(np.arange(1.0, 11.0))
    span = {"start": "2026-01-06", "end": "2026-01-07"}
    scale = Repair(("A",), RepairKind.SCALE, amount=0.5, **span)
    _, found, changed = mend(close, scale)
    assert_array_equal(found[:5, 0], [1, 1, 1.5, 4, 5])
    assert changed == [2]
    _, found, _ = mend(close, Repair(("A",), RepairKind.BLANK, **span))
    assert_array_equal(found[:5, 0], [1, NAN, NAN, 4, 5])
    assert close[1, 0] == 2  # what was given stays as it was


# --- through a desk ------------------------------------------------------------------


def desk_with(*repairs):
    days = pd.bdate_range("2025-01-01", "2026-05-29")
    walk = np.exp(
        np.cumsum(np.random.default_rng(1).normal(0, 0.01, (len(days), 5)), 0)
    )
    prices = pd.DataFrame(walk, columns=["MU", "NVDA", "BTC", "ETH", "SPY"])
    prices.insert(0, "date", days)
    positions = pd.DataFrame({"book": "b", "instrument": ["MU"], "quantity": [100.0]})
    settings = {"repairs": list(repairs)} if repairs else None
    return rp.desk_from_tables(positions, prices, settings=settings)


def test_a_desk_applies_what_it_names_and_says_so():
    plain = desk_with()
    row = {"instruments": ["Micron"], "kind": "scale", "factor": 2.0, "reason": "why"}
    desk = desk_with(row)
    at = desk.market.instruments.index("MU")
    assert_array_equal(desk.market.close[:, at], 2 * plain.market.close[:, at])
    assert desk.book.market_value[0] == 2 * plain.book.market_value[0]
    (issue,) = [i for i in desk.issues if i.code == "data-repaired"]
    assert "MU: closes times 2" in issue.message
    assert "why" in issue.message
    (told,) = manifest_of(desk, desk.issues)["repairs"]
    assert (told["instruments"], told["amount"]) == (("MU",), 2.0)
    assert "repairs" not in manifest_of(plain, plain.issues)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"kind": "shift"}, "a shift, and nothing else, needs sessions"),
        ({"kind": "blank"}, "a blank needs the start"),
        ({"kind": "scale"}, "needs a factor other than 1"),
        ({"kind": "scale", "factor": 2, "sessions": 1}, "a shift, and nothing else"),
        ({"kind": "blank", "start": "2026-02-02", "end": "2026-01-01"}, "after end"),
        ({"kind": "blank", "start": "2030-01-01"}, "changes no close"),
        ({"kind": "mend"}, "'shift', 'blank' or 'scale'"),
    ],
)
def test_a_repair_that_makes_no_sense_is_refused(row, words):
    with pytest.raises(ConfigError, match=words):
        desk_with({"instruments": ["MU"], **row})


def test_a_repair_of_what_has_no_prices_is_refused():
    with pytest.raises(ConfigError, match="'NVDAA' has no prices"):
        desk_with({"instruments": ["MU", "NVDAA"], "kind": "scale", "factor": 2})
