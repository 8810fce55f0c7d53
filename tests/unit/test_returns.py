"""Returns on one clock, against pandas and by hand."""

import numpy as np
import pandas as pd
import pytest

from riskplugin.market import Market
from riskplugin.returns import (
    exponential_weights,
    over_sessions,
    panel,
    sample,
    weekdays,
)


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


def every_day(first, count):
    return np.datetime64(first) + np.arange(count)


def market_of(dates, closes, usd_per=None):
    """A market of columns of closes and of currencies; None is no price."""
    rates = usd_per or {}

    def stacked(columns):
        values = [np.array(c, dtype=float) for c in columns.values()]
        return np.array(values).reshape(len(columns), len(dates)).T

    return Market(
        dates[-1], dates, tuple(closes), stacked(closes), tuple(rates), stacked(rates)
    )


def test_weekdays_over_a_leap_day_and_a_weekend():
    found = weekdays(np.datetime64("2024-02-28"), np.datetime64("2024-03-05"))
    expected = days(
        "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-04", "2024-03-05"
    )
    np.testing.assert_array_equal(found, expected)


def test_weekdays_of_a_weekend_are_none():
    assert len(weekdays(np.datetime64("2026-05-30"), np.datetime64("2026-05-31"))) == 0


def test_weekdays_before_1970():
    found = weekdays(np.datetime64("1969-12-26"), np.datetime64("1970-01-02"))
    np.testing.assert_array_equal(
        found, pd.bdate_range("1969-12-26", "1970-01-02").to_numpy("datetime64[D]")
    )


def test_close_is_carried_four_rows_and_no_further():
    clock = weekdays(np.datetime64("2026-05-18"), np.datetime64("2026-05-29"))
    found = sample(days("2026-05-19", "2026-05-28"), np.array([[7.0], [8.0]]), clock)
    gap = np.nan
    np.testing.assert_array_equal(found[:, 0], [gap, 7, 7, 7, 7, 7, gap, gap, 8, 8])


def test_weekend_price_is_not_carried_into_monday():
    # Friday's close is what Monday is filled with: the weekend is not on the clock.
    clock = weekdays(np.datetime64("2026-05-22"), np.datetime64("2026-05-25"))
    found = sample(days("2026-05-22", "2026-05-23"), np.array([[7.0], [9.0]]), clock)
    np.testing.assert_array_equal(found[:, 0], [7, 7])


def test_no_dates_are_no_prices():
    clock = weekdays(np.datetime64("2026-05-18"), np.datetime64("2026-05-20"))
    found = sample(days(), np.zeros((0, 2)), clock)
    assert found.shape == (3, 2)
    assert np.isnan(found).all()


def test_weekend_of_a_token_compounds_into_monday():
    # Friday 2026-05-22 to Monday: +10 % a day over three days.
    dates = every_day("2026-05-21", 6)
    market = market_of(dates, {"TAO": [90, 100, 110, 121, 133.1, 133.1]})
    found = panel(market, market.as_of, ["TAO"])
    np.testing.assert_array_equal(
        found.dates, days("2026-05-21", "2026-05-22", "2026-05-25", "2026-05-26")
    )
    moves = np.diff(found.log_price[:, 0])
    np.testing.assert_allclose(
        moves, [np.log(10 / 9), 3 * np.log(1.1), 0], rtol=1e-12, atol=1e-14
    )


def test_weekend_of_a_currency_compounds_into_monday():
    dates = every_day("2026-05-22", 4)
    market = market_of(dates, {"MU": [1, 1, 1, 1]}, {"KRW": [0.0008, 1, 1, 0.0004]})
    found = panel(market, market.as_of, ["MU"])
    assert found.currencies == ("KRW",)
    np.testing.assert_allclose(np.diff(found.log_usd[:, 0]), [-np.log(2)], rtol=1e-12)


@pytest.fixture
def crooked():
    """Two instruments and a currency with holes and weekends over nine weeks."""
    rng = np.random.default_rng(51)
    dates = every_day("2026-03-28", 63)  # a Saturday
    closes = np.exp(rng.normal(0, 0.1, (63, 3)))
    closes[rng.random((63, 3)) < 0.45] = np.nan
    keep = ~np.isnan(closes).all(axis=1)
    dates, closes = dates[keep], closes[keep]
    closes[25:37, 0] = np.nan
    usd_per = {"KRW": closes[:, 2]}
    return market_of(dates, {"A": closes[:, 0], "B": closes[:, 1]}, usd_per)


def by_pandas(market, as_of):
    """Every column on weekdays up to `as_of`: reindexed, then filled four rows."""
    values = np.column_stack([market.close, market.usd_per])
    frame = pd.DataFrame(values, index=pd.DatetimeIndex(market.dates))[:as_of]
    clock = pd.bdate_range(frame.index[0], as_of)
    return np.log(frame.reindex(clock).ffill(limit=4)), clock


@pytest.mark.parametrize("as_of", ["2026-05-01", "2026-05-02", "2026-05-27"])
def test_panel_is_pandas_reindexed_and_filled(crooked, as_of):
    expected, clock = by_pandas(crooked, as_of)
    found = panel(crooked, np.datetime64(as_of), ["B", "A"])
    np.testing.assert_array_equal(found.dates, clock.to_numpy("datetime64[D]"))
    np.testing.assert_array_equal(found.log_price, expected[[1, 0]].to_numpy())
    np.testing.assert_array_equal(found.log_usd, expected[[2]].to_numpy())


@pytest.mark.parametrize("sessions", [1, 3, 4, 5, 9, 14, 22, 1000])
def test_latest_sessions_are_the_end_of_all_of_them(crooked, sessions):
    # The fill at their beginning comes from prices before it.
    expected, clock = by_pandas(crooked, "2026-05-23")
    found = panel(crooked, np.datetime64("2026-05-23"), ["A", "B"], sessions)
    np.testing.assert_array_equal(
        found.dates, clock[-sessions:].to_numpy("datetime64[D]")
    )
    np.testing.assert_array_equal(
        found.log_price, expected[[0, 1]].tail(sessions).to_numpy()
    )
    np.testing.assert_array_equal(
        found.log_usd, expected[[2]].tail(sessions).to_numpy()
    )


@pytest.mark.parametrize("as_of", ["2026-04-30", "2026-05-03"])
@pytest.mark.parametrize("sessions", [None, 12])
def test_what_comes_later_changes_nothing(crooked, as_of, sessions):
    day = np.datetime64(as_of)
    close, usd_per = crooked.close.copy(), crooked.usd_per.copy()
    close[crooked.dates > day], usd_per[crooked.dates > day] = 1e6, 1e-6
    other = Market(crooked.as_of, crooked.dates, ("A", "B"), close, ("KRW",), usd_per)
    before, after = (panel(m, day, ["A", "B"], sessions) for m in (crooked, other))
    np.testing.assert_array_equal(after.dates, before.dates)
    np.testing.assert_array_equal(after.log_price, before.log_price)
    np.testing.assert_array_equal(after.log_usd, before.log_usd)
    assert after.dates[-1] <= day


def test_instrument_without_prices_is_unknown_throughout(crooked):
    found = panel(crooked, crooked.as_of, ["A", "nobody"])
    assert found.instruments == ("A", "nobody")
    assert np.isnan(found.log_price[:, 1]).all()
    assert np.nanmax(np.abs(found.log_price[:, 0])) > 0


def test_return_needs_both_ends():
    log = np.log([[1.0], [2.0], [np.nan], [8.0], [4.0], [4.0]])
    gap = np.nan
    one, two = over_sessions(log, 1), over_sessions(log, 2)
    np.testing.assert_allclose(one[:, 0], np.log([2, gap, gap, 0.5, 1]), atol=1e-15)
    np.testing.assert_allclose(two[:, 0], np.log([gap, 4, gap, 0.5]), rtol=1e-12)


def test_history_shorter_than_a_window_has_no_return():
    assert over_sessions(np.zeros((5, 2)), 5).shape == (0, 2)
    assert over_sessions(np.zeros((3, 2)), 5).shape == (0, 2)


def test_weights_halve_every_half_life():
    np.testing.assert_allclose(
        exponential_weights(5, 2.0), [0.25, 0.5**1.5, 0.5, 0.5**0.5, 1], rtol=1e-14
    )
    assert len(exponential_weights(0, 2.0)) == 0
