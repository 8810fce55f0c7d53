"""Drivers, their windows and their turns by hand."""

import numpy as np
import pandas as pd
import pytest

from riskplugin.factors.drivers import (
    driver_history,
    driver_windows,
    priced_baskets,
    retracement,
    turning_points,
    usable,
)
from riskplugin.market import Market
from riskplugin.returns import panel

GAP = np.nan


def market_of(closes, usd_per=None):
    """A market of closes and rates over the weekdays from Monday 2026-04-06."""
    rates, rows = usd_per or {}, len(next(iter(closes.values())))
    dates = pd.bdate_range("2026-04-06", periods=rows).to_numpy("datetime64[D]")

    def stacked(columns):
        values = [np.array(c, dtype=float) for c in columns.values()]
        return np.array(values).reshape(len(columns), rows).T

    names = tuple(sorted(closes))
    close = stacked({name: closes[name] for name in names})
    return Market(dates[-1], dates, names, close, tuple(rates), stacked(rates))


def index_of(closes, usd_per=None, currency=None):
    """The level of the driver whose basket is every column of `closes`."""
    market, names = market_of(closes, usd_per), tuple(sorted(closes))
    currency_of = dict.fromkeys(names, "USD") | (currency or {})
    found = driver_history(market, market.as_of, {"memory": names}, currency_of)
    return found.of("memory")


def windows_of(closes, sessions):
    """The windows of the driver whose basket is every column of `closes`."""
    market, names = market_of(closes), tuple(sorted(closes))
    prices = panel(market, market.as_of, names)
    currency_of = dict.fromkeys(names, "USD")
    return driver_windows(prices, {"memory": names}, currency_of, sessions)[:, 0]


def test_driver_is_the_equal_weight_mean_of_its_members_log_returns():
    level = index_of({"A": [1, 2, 2], "B": [8, 4, 32]})
    np.testing.assert_allclose(level, [0, 0, np.log(8) / 2], atol=1e-15)


def test_missing_member_leaves_the_mean_to_the_others():
    # B begins on the third day; its first return is the fourth day's.
    level = index_of({"A": [1, 2, 8, 8], "B": [GAP, GAP, 5, 10]})
    steps = [np.log(2), np.log(4), np.log(2) / 2]
    np.testing.assert_allclose(np.diff(level), steps, rtol=1e-12)


def test_member_that_stopped_leaves_the_mean_to_the_others():
    level = index_of({"A": [1] * 7 + [2, 4], "B": [3, 9] + [GAP] * 7})
    # B is carried for four rows and stands still in them; then it is gone.
    steps = [np.log(3) / 2, 0, 0, 0, 0, 0, np.log(2), np.log(2)]
    np.testing.assert_allclose(np.diff(level), steps, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("closed", [1, 4, 7])
def test_closed_member_makes_up_for_it_when_it_opens_again(closed):
    # However long: what it lost meanwhile does not go missing.
    level = index_of({"A": [1.0] * (closed + 2), "B": [1.0] + [GAP] * closed + [4.0]})
    steps = [0] * closed + [np.log(4) / 2]
    np.testing.assert_allclose(np.diff(level), steps, rtol=1e-12, atol=1e-15)


def test_member_in_won_moves_with_the_won():
    # +50 % in won while a dollar goes from 1,000 to 1,250 won and back.
    level = index_of(
        {"000660.KS": [100_000, 150_000, 150_000], "MU": [100, 100, 200]},
        usd_per={"KRW": [1 / 1000, 1 / 1250, 1 / 1000]},
        currency={"000660.KS": "KRW"},
    )
    steps = [np.log(1.5 * 0.8) / 2, (np.log(1.25) + np.log(2)) / 2]
    np.testing.assert_allclose(np.diff(level), steps, rtol=1e-12)


def test_history_begins_at_zero_and_ends_on_the_date_asked_for():
    market = market_of({"A": [4.0, 8, 16, 32, 64], "K": [1.0] * 5})
    baskets = {"memory": ("A",), "other": ("A", "K")}
    day = market.dates[2]
    found = driver_history(market, day, baskets, {"A": "USD", "K": "USD"})
    assert found.names == ("memory", "other")
    assert found.members == (("A",), ("A", "K"))
    np.testing.assert_array_equal(found.dates, market.dates[:3])
    np.testing.assert_allclose(found.of("memory"), np.log([1, 2, 4]), atol=1e-15)
    np.testing.assert_allclose(found.index[:, 1], np.log([1, 2, 4]) / 2, atol=1e-15)


def test_driver_without_prices_is_left_out():
    baskets = {"nobody": ("X", "Y"), "memory": ("X", "B"), "both": ("B", "A")}
    found = priced_baskets(frozenset("AB"), baskets)
    assert found == {"memory": ("B",), "both": ("B", "A")}


def test_priced_is_what_has_a_close_by_the_day():
    # Not what the file heads but does not fill, or fills only later.
    market = market_of({"A": [1, 2, GAP], "BLANK": [GAP] * 3, "LATE": [GAP, GAP, 3]})
    assert market.priced(market.dates[1]) == {"A"}
    assert market.priced(market.dates[2]) == {"A", "LATE"}
    assert market.priced(market.dates[0] - 1) == set()


def test_window_is_the_mean_of_its_members_windows():
    found = windows_of({"A": [1, 2, 4, 4], "B": [8, 8, 4, 2]}, 2)
    expected = [(np.log(4) + np.log(0.5)) / 2, (np.log(2) + np.log(0.25)) / 2]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_window_before_a_members_first_and_after_its_last_is_the_others():
    closes = {"A": [1, 2, 4, 8, 16, 32], "B": [GAP, 3, 3, 3, 3, 6]}
    found = windows_of(closes, 1)
    two = np.log(2)
    np.testing.assert_allclose(found, [two, two / 2, two / 2, two / 2, two], rtol=1e-12)
    found = windows_of({"A": [2.0**t for t in range(9)], "B": [3.0, 9] + [GAP] * 7}, 1)
    first = (two + np.log(3)) / 2  # then B is carried, four rows, and gone
    expected = [first] + [two / 2] * 4 + [two] * 3
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_window_that_a_living_member_lacks_is_left_out():
    # B is closed for seven rows, of which four are filled: the windows of two rows
    # that end in rows 5 to 9 begin or end without a price of it.
    closes = {"A": [1.0] * 12, "B": [2.0] + [GAP] * 7 + [4.0] * 4}
    found = windows_of(closes, 2)
    np.testing.assert_allclose(found, [0] * 3 + [GAP] * 5 + [0, 0], atol=1e-15)


def test_member_that_has_just_opened_again_is_alive():
    # As above, two rows earlier: B traded before and after its closure, so windows
    # into it are left out though none has ended since.
    closes = {"A": [1.0] * 10, "B": [2.0] + [GAP] * 7 + [4.0] * 2}
    found = windows_of(closes, 2)
    np.testing.assert_allclose(found, [0] * 3 + [GAP] * 5, atol=1e-15)


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
    # With an endless half-life all rows weigh the same.
    returns = np.array([[GAP], [GAP], [1.0], [1.0]])
    assert usable(returns, np.inf, 2) == [0]
    assert usable(returns[1:], np.inf, 2) == [0]
    assert usable(np.vstack([returns[:1], returns]), np.inf, 2) == []
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
    assert retracement(np.log([90, 60, 100]), 1.0) == pytest.approx(np.log(0.6))
    assert retracement(np.log([90, 60, 100, 50]), 1.0) == 0


def test_no_run_up_is_not_a_run_up_of_zero():
    assert retracement(np.log([100, 60]), 1.0) is None
    assert retracement(np.log([90, 75, 100]), 1.0) is None  # no move that turns
