"""Days to sell, on the page."""

import numpy as np
import pytest

from riskplugin.liquidity.selling import (
    amounts_of,
    quotient,
    sessions_locked,
    sessions_to_sell,
    sold_by,
    spread_over_time,
)

NONE = np.datetime64("NaT", "D")


def amounts(*rows):
    """Net rows of (group, instrument, quantity, released)."""
    group, instrument, quantity, released = zip(*rows, strict=True)
    return amounts_of(
        np.array(group),
        np.array(instrument),
        np.array(quantity, dtype=np.float64),
        np.array(released, dtype=np.float64),
    )


def days(pace, *rows):
    return sessions_to_sell(amounts(*rows), np.array(pace, dtype=np.float64))


def shares(pace, sessions, *rows):
    found = sold_by(
        amounts(*rows), np.array(pace, np.float64), np.array(sessions, np.float64)
    )
    return found.T.tolist()


def test_days_are_quantity_over_pace():
    # 20 % of 50,000 shares a day, of which half are left: 5,000; 12,000 shares
    assert days([0.2 * 50_000 * 0.5], (0, 0, 12_000, 0)) == pytest.approx([2.4])


def test_a_short_is_bought_back_as_a_long_is_sold():
    assert days([10, 10], (0, 0, 70, 0), (0, 1, -70, 0)) == pytest.approx([7, 7])


def test_long_and_short_of_a_name_offset_each_other_within_a_group_alone():
    rows = [(0, 0, 100, 0), (0, 0, -30, 0), (1, 0, -30, 0)]
    found = amounts(*rows)
    assert found.group.tolist() == [0, 1]
    assert found.quantity.tolist() == [70, -30]
    assert sessions_to_sell(found, np.array([10.0, 10.0])).tolist() == [7, 3]


def test_what_nets_to_nothing_takes_no_time_even_at_an_unknown_pace():
    flat = (0, 0, 100, 0), (0, 0, -100, 3)
    assert days([np.nan], *flat) == [0]
    assert shares([np.nan], [0, 1], *flat) == [[1, 1]]


def test_what_rounding_leaves_of_a_net_is_nothing():
    assert days([1e-9], (0, 0, 0.1, 0), (0, 0, 0.2, 0), (0, 0, -0.3, 0)) == [0]


def test_an_unknown_pace_is_unknown_days():
    found = days([np.nan, 10], (0, 0, 5, 0), (0, 1, 5, 0))
    np.testing.assert_array_equal(found, [np.nan, 0.5])
    by_then = shares([np.nan], [0, 1, 9], (0, 0, 5, 0))
    np.testing.assert_array_equal(by_then, [[0, np.nan, np.nan]])


def test_cash_is_there_at_once():
    assert days([np.inf], (0, 0, 5e9, 0)) == [0]
    assert shares([np.inf], [1, 5], (0, 0, 5e9, 0)) == [[1, 1]]


def test_locked_days_count_from_the_release():
    # 100 from session 10 on at 20 a session
    assert days([20], (0, 0, 100, 10)) == [15]
    assert shares([20], [0, 10, 11, 14, 15, 99], (0, 0, 100, 10)) == [
        [0, 0, 0.2, 0.8, 1, 1]
    ]


def test_free_lots_go_first_and_fill_the_wait():
    rows = (0, 0, 50, 0), (0, 0, 50, 10)
    # 50 free sold by session 5, idle until 10, the rest by 15
    assert days([10], *rows) == [15]
    assert shares([10], [4, 5, 10, 12, 15], *rows) == [[0.4, 0.5, 0.5, 0.7, 1]]
    # at 4 a session the free half lasts beyond the release: no idle time
    assert days([4], *rows) == [25]
    assert shares([4], [10, 20, 25], *rows) == [[0.4, 0.8, 1]]


def test_three_releases():
    rows = (0, 0, 10, 0), (0, 0, 20, 4), (0, 0, 30, 20)
    # 10 a session: 10 by 1, 20 from 4 to 6, 30 from 20 to 23
    assert days([10], *rows) == [23]
    found = shares([10], [1, 4, 5, 6, 20, 21.5, 23], *rows)
    np.testing.assert_allclose(
        found, [[1 / 6, 1 / 6, 2 / 6, 3 / 6, 3 / 6, 0.75, 1]], rtol=1e-14
    )


def test_what_is_locked_longest_is_offset_first():
    # net 70 of 50 free and 50 locked: 50 sold at once, 20 after the lock
    rows = (0, 0, 50, 0), (0, 0, 50, 10), (0, 0, -30, 0)
    assert days([10], *rows) == [12]
    found = shares([10], [5, 10, 11, 12], *rows)
    np.testing.assert_allclose(found, [[5 / 7, 5 / 7, 6 / 7, 1]], rtol=1e-15)
    # the short offsets all that is locked: the lock does not matter
    assert days([10], (0, 0, 50, 0), (0, 0, 50, 10), (0, 0, -50, 0)) == [5]
    # a locked short offsets as well as a free one
    assert days([10], (0, 0, 50, 0), (0, 0, 50, 10), (0, 0, -50, 400)) == [5]


def test_a_net_short_waits_for_no_locked_long():
    assert days([10], (0, 0, 50, 99), (0, 0, -70, 0)) == [2]


def test_small_amounts_keep_their_precision_beside_large_ones():
    rows = (0, 0, 1e13, 0), (0, 0, 1e13, 1), (0, 1, 1, 0), (0, 1, 2, 100)
    assert days([1e13, 1], *rows).tolist() == pytest.approx([2, 102], rel=1e-14)


def test_a_net_of_almost_nothing_costs_the_others_no_precision():
    nearly_flat = [(0, 0, 1e8, 0), (0, 0, 1e8, 1), (0, 0, -2e8 + 1, 0)]
    found = days([1, 7], *nearly_flat, (0, 1, 1, 0), (0, 1, 2, 1))
    assert found[1] == pytest.approx(1 + 2 / 7, rel=1e-14)


def test_nothing_held_is_nothing_to_sell():
    none = np.empty(0, dtype=np.int64)
    found = amounts_of(none, none, np.empty(0), np.empty(0))
    assert len(found) == 0
    assert sold_by(found, np.empty(0), np.array([1.0])).shape == (1, 0)
    assert sessions_to_sell(found, np.empty(0)).shape == (0,)


@pytest.mark.parametrize(
    ("as_of", "until", "weekdays", "calendar_days"),
    [
        ("2026-05-29", "NaT", 0, 0),
        ("2026-05-29", "2026-05-01", 0, 0),
        ("2026-05-29", "2026-05-29", 0, 0),
        ("2026-05-29", "2026-05-30", 0, 0),  # tokens can be sold on Saturday
        ("2026-05-29", "2026-06-01", 0, 2),  # Monday is the next session of shares
        ("2026-05-29", "2026-06-02", 1, 3),
        ("2026-05-29", "2026-06-08", 5, 9),
        ("2026-05-30", "2026-06-02", 1, 2),  # as of a Saturday
    ],
)
def test_sessions_locked(as_of, until, weekdays, calendar_days):
    dates = np.array([until] * 2, dtype="datetime64[D]")
    found = sessions_locked(dates, np.datetime64(as_of), np.array([False, True]))
    assert found.tolist() == [weekdays, calendar_days]


def test_spread_of_two_groups_over_time():
    # group 0: 300 in 2 days and -100 in 6; group 1: 50 unknown; group 2: flat
    found = spread_over_time(
        np.array([0, 0, 1, 2]),
        3,
        np.array([300.0, -100.0, 50.0, 0.0]),
        np.array([2.0, 6.0, np.nan, 0.0]),
        np.array([[0.5, 1 / 6, np.nan, 1], [1, 5 / 6, np.nan, 1]]),
    )
    np.testing.assert_array_equal(found.longest, [6, np.nan, 0])
    np.testing.assert_array_equal(found.mean, [3, np.nan, np.nan])
    np.testing.assert_allclose(
        found.within,
        [
            [(150 + 100 / 6) / 400, np.nan, np.nan],
            [(300 + 500 / 6) / 400, np.nan, np.nan],
        ],
    )
    np.testing.assert_array_equal(found.unknown, [0, 50, 0])


def test_what_is_unknown_counts_as_not_sold():
    found = spread_over_time(
        np.array([0, 0]),
        1,
        np.array([60.0, 40.0]),
        np.array([1.0, np.nan]),
        np.array([[1.0, np.nan]]),
    )
    assert found.within.tolist() == [[0.6]]
    assert (found.longest[0], found.mean[0], found.unknown[0]) == (1, 1, 40)


def test_a_quotient_by_nothing_is_unknown():
    found = quotient(np.array([1.0, 0.0, 3.0]), np.array([0.0, 0.0, 2.0]))
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1.5])
