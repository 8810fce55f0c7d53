"""Drivers by hand, windows against pandas, turns against another zigzag."""

import numpy as np
import pandas as pd
import pytest

from riskplugin.factors.drivers import (
    DriverHistory,
    driver_history,
    overlapping,
    retracement,
    turning_points,
    usable,
)
from riskplugin.market import Market

GAP = np.nan


def history_of(closes, baskets, usd_per=None, currency_of=None):
    """Drivers' history over the weekdays from Monday 2026-04-06."""
    rates = usd_per or {}
    rows = len(next(iter(closes.values())))
    dates = pd.bdate_range("2026-04-06", periods=rows).to_numpy("datetime64[D]")

    def stacked(columns):
        values = [np.array(c, dtype=float) for c in columns.values()]
        return np.array(values).reshape(len(columns), rows).T

    names = tuple(sorted(closes))
    market = Market(
        dates[-1],
        dates,
        names,
        stacked({n: closes[n] for n in names}),
        tuple(rates),
        stacked(rates),
    )
    members = {m for basket in baskets.values() for m in basket}
    currency_of = {m: "USD" for m in members} | (currency_of or {})
    return driver_history(market, dates[-1], baskets, currency_of)


def test_driver_is_the_equal_weight_mean_of_its_members_log_returns():
    found = history_of({"A": [1, 2, 2], "B": [8, 4, 32]}, {"memory": ("A", "B")})
    assert found.names == ("memory",)
    assert found.members == (("A", "B"),)
    expected = [GAP, (np.log(2) - np.log(2)) / 2, np.log(8) / 2]
    np.testing.assert_allclose(found.daily[:, 0], expected, rtol=1e-12, atol=1e-15)


def test_missing_member_leaves_the_mean_to_the_others():
    # B begins on the third day; its first return is the fourth day's.
    found = history_of(
        {"A": [1, 2, 8, 8], "B": [GAP, GAP, 5, 10]}, {"memory": ("A", "B")}
    )
    expected = [GAP, np.log(2), np.log(4), np.log(2) / 2]
    np.testing.assert_allclose(found.daily[:, 0], expected, rtol=1e-12)


def test_holiday_of_a_member_is_made_up_for_on_the_next_day():
    # A close is carried at most four rows: B stands still, then moves by it all.
    found = history_of({"A": [1, 1, 1], "B": [1, GAP, 4]}, {"memory": ("A", "B")})
    np.testing.assert_allclose(
        found.daily[:, 0], [GAP, 0, np.log(4) / 2], rtol=1e-12, atol=1e-15
    )


def test_member_gone_for_long_is_missing_until_its_second_price():
    closes = {"A": [1.0] + [2.0] * 8, "B": [3.0] + [GAP] * 6 + [99, 198]}
    found = history_of(closes, {"memory": ("A", "B")})
    expected = [GAP, np.log(2) / 2, 0, 0, 0, 0, 0, 0, np.log(2) / 2]
    np.testing.assert_allclose(found.daily[:, 0], expected, rtol=1e-12, atol=1e-15)


def test_day_on_which_no_member_has_a_return_is_unknown():
    closes = {"A": [1.0] + [GAP] * 6 + [3, 6], "Z": [1.0] * 9}
    found = history_of(closes, {"memory": ("A",)})
    np.testing.assert_allclose(
        found.daily[:, 0],
        [GAP, 0, 0, 0, 0, GAP, GAP, GAP, np.log(2)],
        rtol=1e-12,
        atol=1e-15,
    )
    np.testing.assert_allclose(found.index("memory"), [0] * 8 + [np.log(2)], rtol=1e-12)


def test_member_in_won_moves_with_the_won():
    # +50 % in won while a dollar goes from 1,000 to 1,250 won and back.
    found = history_of(
        {"000660.KS": [100_000, 150_000, 150_000], "MU": [100, 100, 200]},
        {"memory": ("000660.KS", "MU"), "hynix": ("000660.KS",)},
        usd_per={"KRW": [1 / 1000, 1 / 1250, 1 / 1000]},
        currency_of={"000660.KS": "KRW"},
    )
    hynix = [GAP, np.log(1.5 * 0.8), np.log(1.25)]
    np.testing.assert_allclose(found.daily[:, 1], hynix, rtol=1e-12)
    memory = [GAP, np.log(1.2) / 2, (np.log(1.25) + np.log(2)) / 2]
    np.testing.assert_allclose(found.daily[:, 0], memory, rtol=1e-12)


def test_driver_without_data_is_left_out_and_not_zero():
    found = history_of(
        {"A": [1, 2], "K": [1, 2], "ONCE": [GAP, 5], "BLANK": [GAP, GAP]},
        {
            "nobody": ("X", "Y"),
            "blank": ("BLANK",),
            "one price": ("ONCE",),
            "no rate": ("K",),
            "memory": ("X", "A", "ONCE", "K"),
        },
        currency_of={"K": "KRW"},
    )
    assert found.names == ("memory",)
    assert found.members == (("A",),)
    np.testing.assert_allclose(found.daily, [[GAP], [np.log(2)]], rtol=1e-12)


def test_index_of_a_driver_cumulates_and_stands_still_over_gaps():
    days = np.arange("2026-05-25", "2026-05-29", dtype="datetime64[D]")
    daily = np.array([[GAP, GAP], [0.1, 9], [GAP, 9], [-0.3, 9]])
    found = DriverHistory(("a", "b"), (("A",), ("B",)), days, daily).index("a")
    np.testing.assert_allclose(found, [0, 0.1, 0.1, -0.2], rtol=1e-12)


def test_windows_add_up_and_a_gap_spoils_those_it_is_in():
    daily = np.array([[GAP], [1.0], [2.0], [4.0], [GAP], [8.0], [16.0]])
    found = overlapping(daily, 2, 6)
    np.testing.assert_allclose(found[:, 0], [GAP, 3, 6, GAP, GAP, 24])


@pytest.mark.parametrize("rows", [1, 60, 175])
def test_windows_are_pandas_rolling_sums(rows):
    rng = np.random.default_rng(61)
    daily = rng.normal(0, 0.02, (180, 3))
    daily[0] = GAP
    daily[rng.random((180, 3)) < 0.03] = GAP
    expected = pd.DataFrame(daily).rolling(5, min_periods=5).sum().tail(rows)
    np.testing.assert_allclose(
        overlapping(daily, 5, rows), expected.to_numpy(), rtol=1e-9, atol=1e-14
    )


def test_no_rows_wanted_are_none():
    # As many daily returns as a window has sessions, and no return of an instrument.
    assert overlapping(np.zeros((5, 2)), 5, 0).shape == (0, 2)


def test_usable_needs_windows_and_half_the_weight():
    # Half-life 1: weights 1/8, 1/4, 1/2, 1, in all 15/8. The last row alone has 8/15
    # of it, the first three 7/15, the last two 12/15.
    returns = np.array(
        [
            [1.0, GAP, 1, GAP],
            [1.0, GAP, 1, GAP],
            [1.0, GAP, 1, 1],
            [1.0, 1, GAP, 1],
        ]
    )
    assert usable(returns, 1.0, 1) == [0, 1, 3]
    assert usable(returns, 1.0, 2) == [0, 3]
    assert usable(returns, 1.0, 3) == [0]
    assert usable(returns, 1.0, 5) == []


def test_exactly_half_the_weight_is_enough():
    # With a half-life far beyond the rows they weigh the same.
    returns = np.array([[GAP], [GAP], [1.0], [1.0]])
    assert usable(returns, 1e12, 2) == [0]
    assert usable(returns[::-1], 1.0, 2) == []


# Falls of 30 % confirm a peak, rises by 1 / 0.7 a trough. 90 is no trough and 120 no
# peak; 130 to 90.9 falls by 30.1 %; 100 is a rise of a tenth; 85 to 121.5 rises by
# 42.9 %, just more than 1 / 0.7; 150 to 120 is on its way.
LEVELS = [100, 120, 90, 130, 90.9, 100, 85, 121.5, 150, 120]


def test_turns_by_hand():
    assert turning_points(np.log(LEVELS), 0.30) == [3, 6, 8]


def test_turn_needs_the_whole_fall_and_the_whole_rise():
    assert turning_points(np.log([100, 70.1, 101])) == [2]  # never fell by 30 %
    assert turning_points(np.log([100, 69.9, 99.8])) == [0, 1]  # 42.8 % up
    assert turning_points(np.log([100, 69.9, 99.9])) == [0, 1, 2]  # 42.92 % up


def test_smaller_turns_count_where_a_smaller_fall_confirms():
    assert turning_points(np.log(LEVELS), 0.15) == [1, 2, 3, 6, 8, 9]


def test_first_point_is_the_first_peak():
    assert turning_points(np.log([100, 60, 90])) == [0, 1, 2]
    assert turning_points(np.array([0.0])) == [0]
    assert turning_points(np.zeros(4)) == [0]


def test_retracement_while_rising():
    # 60 to 240 in logs: half of it leads to 120, the geometric mean, from 240.
    assert retracement(np.log([100, 60, 240]), 0.5) == pytest.approx(np.log(0.5))
    assert retracement(np.log([100, 60, 240]), 1.0) == pytest.approx(np.log(0.25))


def test_retracement_counts_what_was_given_back():
    # On the way to the same 120: from 200, not yet confirmed, and from 150, confirmed.
    unconfirmed, confirmed = np.log([100, 60, 240, 200]), np.log([100, 60, 240, 150])
    assert retracement(unconfirmed, 0.5) == pytest.approx(np.log(120 / 200))
    assert retracement(confirmed, 0.5) == pytest.approx(np.log(120 / 150))
    bounced = np.log([100, 60, 240, 150, 180])
    assert retracement(bounced, 0.5) == pytest.approx(np.log(120 / 180))


def test_retracement_past_its_target_is_nothing():
    assert retracement(np.log([100, 60, 240, 110]), 0.5) == 0
    assert retracement(np.log([100, 60, 240, 150]), 0.0) == 0


def test_retracement_is_of_the_last_run_up():
    # A new trough after a new fall: 70 to 280, not 60 to 240.
    levels = [100, 60, 240, 70, 280]
    assert retracement(np.log(levels), 0.5) == pytest.approx(np.log(140 / 280))


def test_run_up_without_a_trough_begins_at_the_lowest_value():
    assert retracement(np.log([90, 75, 100]), 1.0) == pytest.approx(np.log(0.75))
    assert retracement(np.log([90, 75, 100, 60]), 1.0) == 0
    assert retracement(np.log([100, 60]), 1.0) == 0  # no run-up at all
