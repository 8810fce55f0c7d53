"""The volume of an ordinary day, and every reason for which it is not known."""

import numpy as np
import pytest

from riskplugin.liquidity.volume import (
    NONE_CHOSEN,
    Gap,
    Traded,
    Window,
    average_volume,
)

AS_OF = np.datetime64("2026-05-29")  # a Friday
WINDOW = Window(AS_OF, sessions=5, max_stale_sessions=5)
# Mon 18 to Fri 29 May: two weeks of a listed share
DAYS = np.array([f"2026-05-{d}" for d in (18, 19, 20, 21, 22, 25, 26, 27, 28, 29)])
DAYS = DAYS.astype("datetime64[D]")
A, B = 0, 1


def traded(volume, days=DAYS, venue=A):
    volume = np.array(volume, dtype=np.float64)
    days = np.asarray(days)[len(days) - len(volume) :]
    return Traded(days, volume, np.broadcast_to(venue, len(volume)).copy())


def found(volume, days=DAYS, venue=A, chosen=NONE_CHOSEN, closes=DAYS, window=WINDOW):
    return average_volume(traded(volume, days, venue), closes, chosen, window)


def test_median_of_the_window_alone():
    average = found([9e9, 9e9, 9e9, 9e9, 9e9, 10, 1000, 30, 20, 40])
    assert (average.average, average.gap) == (30, None)
    assert (average.sessions, average.missing, average.zero) == (5, 0, 0)
    assert average.last == AS_OF
    assert average.venue == A


def test_days_of_no_trade_count_as_zero_and_are_counted():
    average = found([0, 0, 30, 20, 40])
    assert (average.average, average.zero, average.missing) == (20, 2, 0)


def test_blank_days_are_left_out_and_counted():
    average = found([np.nan, np.nan, 30, 20, 40])
    assert (average.average, average.zero, average.missing) == (30, 0, 2)


def test_a_close_without_a_volume_is_a_missing_session():
    rows = traded([10, 20, 30])
    without = Traded(rows.dates - np.timedelta64(1, "D"), rows.volume, rows.venue)
    # volumes of 26, 27, 28 May; closes on 22, 25 … 29 May
    average = average_volume(without, DAYS, NONE_CHOSEN, WINDOW)
    assert (average.average, average.missing) == (20, 2)
    assert average.last == np.datetime64("2026-05-28")


def test_a_token_s_calendar_has_weekends():
    days = np.arange("2026-05-24", "2026-05-30", dtype="datetime64[D]")
    average = found([7e9, 1, 2, 3, 4, 5], days, closes=DAYS[:0])
    assert average.average == 3
    sunday = Window(np.datetime64("2026-05-24"), 1, 5)
    assert found([7, 1, 2, 3, 4, 5], days, closes=DAYS[:0], window=sunday).average == 7


def test_nothing_later_than_as_of_is_looked_at():
    early = Window(np.datetime64("2026-05-22"), 5, 5)
    assert found(range(1, 11), window=early).average == 3


def test_the_chosen_venue_alone_counts():
    days = np.repeat(DAYS[-5:], 2)
    volume = [1, 100, 2, 200, 3, 300, 4, 400, 5, 500]
    venue = [A, B] * 5
    assert found(volume, days, venue, chosen=A).average == 3
    assert found(volume, days, venue, chosen=B).average == 300
    assert found(volume, days, venue, chosen=B).venue == B


@pytest.mark.parametrize(
    ("gap", "given"),
    [
        (Gap.NO_VOLUME, {"volume": [np.nan] * 5}),
        (Gap.NO_VOLUME, {"volume": [np.nan] * 5, "chosen": A}),
        (Gap.OTHER_VENUE, {"volume": [1, 2, 3, 4, 5], "chosen": 7}),
        (
            Gap.SEVERAL_VENUES,
            {
                "volume": [1] * 10,
                "days": np.repeat(DAYS[-5:], 2),
                "venue": [A, B] * 5,
            },
        ),
        (Gap.VENUE_CHANGED, {"volume": [1] * 5, "venue": [A, A, B, B, B]}),
        (
            Gap.TWO_FIGURES,
            {"volume": [1] * 6, "days": DAYS[[5, 6, 7, 8, 9, 9]]},
        ),
        (Gap.STALE, {"volume": [1, 2], "days": DAYS[:2]}),
        (Gap.TOO_FEW, {"volume": [3, 4]}),
        (Gap.TOO_FEW, {"volume": [3, 4], "closes": DAYS[:0]}),
        (Gap.UNTRADED, {"volume": [0, 0, 0, 20, 40]}),
    ],
)
def test_unknown_for_a_reason_never_zero(gap, given):
    average = found(**given)
    assert average.gap is gap
    assert np.isnan(average.average)


def test_more_than_half_of_the_window_must_have_a_figure():
    four = Window(AS_OF, 4, 5)
    assert found([1, 2], window=four).gap is Gap.TOO_FEW
    assert found([1, 2, 3], window=four).average == 2


def test_no_row_at_all_is_no_volume():
    assert found([]).gap is Gap.NO_VOLUME


def test_a_change_of_venue_before_the_window_does_not_matter():
    average = found([9] * 5 + [1] * 5, venue=[A] * 5 + [B] * 5)
    assert (average.average, average.venue) == (1, B)


def test_a_figure_that_is_just_old_enough_to_use():
    # the last volume is of Fri 22 May, five weekdays before
    old = found([1, 2, 3, 4, 5], DAYS[:5], closes=DAYS[:5])
    assert (old.average, old.gap) == (3, None)
    strict = Window(AS_OF, 5, 4)
    assert found([1, 2, 3, 4, 5], DAYS[:5], closes=DAYS[:5], window=strict).gap is (
        Gap.STALE
    )
