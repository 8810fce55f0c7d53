"""Sessions of exchanges are the library's own, worked out from fewer holidays."""

from warnings import catch_warnings, simplefilter

import numpy as np
import pytest

from riskplugin.tables.exchange_sessions import class_of, sessions_listed

library = pytest.importorskip("exchange_calendars")


@pytest.mark.parametrize("name", ["XKRX", "XHKG", "XNYS", "NYSE", "24/5"])
def test_sessions_are_those_of_the_librarys_own_calendar(name):
    with catch_warnings():
        simplefilter("ignore")  # of the library's own use of pandas
        whole = library.get_calendar(name, start="2016-01-01", end="2022-12-31")
    wanted = whole.sessions.to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(sessions_listed(name, 2016, 2022), wanted)


def test_a_holiday_moved_over_a_years_end_is_no_session():
    # 1 January 2022 was a Saturday, kept by federal offices on Friday 31 December 2021
    # but not by the New York exchange; 1 January 2023 was a Sunday, kept on the Monday
    listed = sessions_listed("XNYS", 2021, 2023)
    assert np.datetime64("2021-12-31") in listed
    assert np.datetime64("2023-01-02") not in listed


@pytest.mark.parametrize("name", ["XOFF", "nowhere"])
def test_an_exchange_that_is_not_known_has_none(name):
    assert sessions_listed(name, 2020, 2021) is None


def test_calendars_that_are_not_where_most_are_have_no_class():
    assert class_of("24/5") is None
    assert class_of("XKRX").name == "XKRX"
