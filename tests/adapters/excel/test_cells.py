"""What cells hold, both ways."""

import datetime as dt
import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskplugin.adapters.excel import cells
from riskplugin.adapters.excel.cells import Code, ExcelError, Kind, answer_cells, read
from riskplugin.results import table

DAY = dt.date(2026, 5, 29)
SERIAL = 46171.0
NOON = dt.datetime(2026, 5, 29, 12, 30, tzinfo=dt.UTC)
MISSING = -2147352572
SCALARS = [Kind.TEXT, Kind.NUMBER, Kind.WHOLE, Kind.DATE, Kind.NAMES]


def refused(kind, value):
    with pytest.raises(ExcelError) as caught:
        read(kind, value, "x")
    assert "x" in caught.value.reason
    return caught.value.code


# --- coming in ------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", [[None]], ((None,),), [], [[]], MISSING])
@pytest.mark.parametrize("kind", [*SCALARS, Kind.POSITIONS, Kind.ANY])
def test_nothing_is_nothing_whatever_the_host_calls_it(kind, value):
    assert read(kind, value, "x") is None


@pytest.mark.parametrize("kind", SCALARS)
def test_blanks_are_nothing(kind):
    assert read(kind, "   ", "x") is None


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (Kind.TEXT, " memory ", "memory"),
        (Kind.TEXT, [["memory"]], "memory"),
        (Kind.TEXT, (("memory",),), "memory"),
        (Kind.TEXT, 5930.0, "5930"),
        (Kind.TEXT, 5930, "5930"),
        (Kind.TEXT, 0.5, "0.5"),
        (Kind.NUMBER, 3, 3.0),
        (Kind.NUMBER, "-2.5", -2.5),
        (Kind.NUMBER, " 1e6 ", 1e6),
        (Kind.NUMBER, [[7.0]], 7.0),
        (Kind.NUMBER, np.float64(2.0), 2.0),
        (Kind.WHOLE, 5.0, 5),
        (Kind.WHOLE, "5", 5),
        (Kind.DATE, SERIAL, DAY),
        (Kind.DATE, int(SERIAL), DAY),
        (Kind.DATE, SERIAL + 0.75, DAY),
        (Kind.DATE, NOON, DAY),
        (Kind.DATE, DAY, DAY),
        (Kind.DATE, "2026-05-29", DAY),
        (Kind.DATE, " 2026-05-29T10:00 ", DAY),
        (Kind.NAMES, "a, b,,c ", ["a", "b", "c"]),
        (Kind.NAMES, [["a"], [None], ["b,c"]], ["a", "b", "c"]),
        (Kind.NAMES, ["a", "b"], ["a", "b"]),
    ],
)
def test_arguments_become_what_is_asked_for(kind, value, wanted):
    found = read(kind, value, "x")
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (Kind.TEXT, True, Code.VALUE),
        (Kind.TEXT, DAY, Code.VALUE),
        (Kind.TEXT, ["a", "b"], Code.VALUE),
        (Kind.NUMBER, "many", Code.VALUE),
        (Kind.NUMBER, True, Code.VALUE),
        (Kind.NUMBER, DAY, Code.VALUE),
        (Kind.NUMBER, math.nan, Code.NUMBER),
        (Kind.NUMBER, "inf", Code.NUMBER),
        (Kind.NUMBER, -math.inf, Code.NUMBER),
        (Kind.WHOLE, 0.0, Code.NUMBER),
        (Kind.WHOLE, 2.5, Code.NUMBER),
        (Kind.DATE, 0.0, Code.VALUE),
        (Kind.DATE, 2_958_466.0, Code.VALUE),
        (Kind.DATE, "29.05.2026", Code.VALUE),
        (Kind.DATE, True, Code.VALUE),
        (Kind.NAMES, ["a", True], Code.VALUE),
    ],
)
def test_what_is_not_of_the_kind_is_refused_by_name(kind, value, code):
    assert refused(kind, value) == code


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#SPILL!", -2146826246])
def test_an_error_is_no_argument(kind, error):
    assert refused(kind, error) == Code.NOT_AVAILABLE


def test_every_error_that_com_has_a_number_for_is_one():
    for number, text in cells.KNOWN_NUMBERS.items():
        found = cells.canonical(number)
        assert isinstance(found, ExcelError)
        assert found.reason == text
    assert cells.canonical(-2146826245).reason == "an error"
    assert cells.canonical(-2146826400) == -2146826400.0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_in_to_the_last_bit(number):
    assert read(Kind.NUMBER, number, "x") == number
    assert read(Kind.NUMBER, repr(number), "x") == number
    (cell,) = answer_cells(number)[0]
    assert math.copysign(1, cell) == math.copysign(1, number)
    assert read(Kind.NUMBER, cell, "x") == number


@given(st.text())
def test_text_comes_back_but_for_blanks_around_it(text):
    (cell,) = answer_cells(text)[0]
    if text not in cells.ERROR_TEXTS:
        assert read(Kind.TEXT, cell, "x") == (text.strip() or None)


@given(st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 30)))
def test_days_come_back_as_moments_serials_and_words(day):
    (cell,) = answer_cells(day)[0]
    assert cell == dt.datetime.combine(day, dt.time())
    serial = cells.serial(cell)
    assert serial.is_integer()
    for passed in (cell, serial, day.isoformat(), [[serial]]):
        assert read(Kind.DATE, passed, "x") == day


JUNK = st.recursive(
    st.none() | st.floats() | st.integers() | st.text() | st.booleans() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=12,
)


@given(JUNK, st.sampled_from([*SCALARS, Kind.POSITIONS, Kind.ANY]))
def test_whatever_comes_is_read_or_refused(value, kind):
    with suppress(ExcelError):
        read(kind, value, "x")


def test_rows_of_uneven_make_are_rows():
    assert cells.rows_of([["a"], "b", (1, 2)]) == [["a"], ["b"], [1.0, 2.0]]


# --- going out ------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, math.nan, np.float64("nan"), np.datetime64()])
def test_unknown_leaves_as_an_error(value):
    (cell,) = answer_cells(value)[0]
    assert cell.code == Code.NOT_AVAILABLE


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_leaves_as_an_error(value):
    (cell,) = answer_cells(value)[0]
    assert cell.code == Code.NUMBER


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, 3.0),
        (np.int64(3), 3.0),
        (np.float64(0.1), 0.1),
        (True, True),
        (np.datetime64("2026-05-29"), dt.datetime.combine(DAY, dt.time())),
        (NOON, NOON.replace(tzinfo=None)),
        ("x" * 40_000, "x" * 32_767),
    ],
)
def test_values_leave_as_what_excel_holds(value, wanted):
    (cell,) = answer_cells(value)[0]
    assert cell == wanted
    assert type(cell) is type(wanted)


def test_a_table_leaves_with_its_header_and_errors_where_nothing_is_known():
    days = np.array(["2026-05-29", "NaT"], "datetime64[ns]")
    columns = {
        "name": np.array(["a", None], object),
        "pnl": np.array([1.5, math.nan]),
        "count": np.array([1, 2]),
        "held": np.array([True, False]),
        "last": days,
    }
    header, first, second = answer_cells(table("stress", None, columns))
    assert header == list(columns)
    assert first == ["a", 1.5, 1.0, True, dt.datetime.combine(DAY, dt.time())]
    assert [isinstance(c, ExcelError) for c in second] == [True, True, 0, 0, True]
    assert second[2:4] == [2.0, False]


@given(st.lists(st.floats() | st.none() | st.text() | st.booleans(), min_size=1))
def test_no_column_lets_anything_out_that_excel_does_not_hold(values):
    for cell in cells.column_cells(np.array(values, dtype=object)):
        assert isinstance(cell, float | str | bool | ExcelError)
        assert not isinstance(cell, float) or math.isfinite(cell)
