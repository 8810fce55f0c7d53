"""Values of a database as cells: no surprise in numbers, blanks, dates and names."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskplugin.inputs.cells import check_cells
from riskplugin.inputs.tables import POSITIONS, PRICES
from riskplugin.sources.query_rows import Gathered, column_of, in_order

NUMBER, TEXT, DATE = (
    POSITIONS.column("quantity"),
    POSITIONS.column("account"),
    PRICES.column("date"),
)


def judged(values, column):
    """Return the checked values of a column of a database, and its faults' codes."""
    found, faults = check_cells(column_of(values), column)
    return list(found), [f.code for f in faults]


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=6))
def test_decimal_is_the_number_that_its_text_is_in_a_file(value):
    values, faults = judged([value, None], NUMBER)
    from_text, _ = check_cells(pd.Series([str(value)], dtype="str"), NUMBER)
    if not faults:
        assert values[0] == from_text[0]


@given(st.lists(st.integers(-(10**20), 10**20) | st.none(), min_size=1))
def test_whole_number_that_names_something_keeps_every_digit(values):
    named, faults = judged(values, TEXT)
    assert named == ["" if v is None else str(v) for v in values]
    assert faults == []
    as_decimals, _ = judged([v if v is None else Decimal(v) for v in values], TEXT)
    assert as_decimals == named


def test_null_is_missing_and_never_zero():
    values, faults = judged([None, 1, 0], NUMBER)
    assert np.isnan(values[0])
    assert values[1:] == [1.0, 0.0]
    assert faults == ["missing-value"]
    assert judged([None, "x"], TEXT) == (["", "x"], [])
    days, faults = judged([None, date(2026, 5, 29)], DATE)
    assert np.isnat(days[0])
    assert days[1] == np.datetime64("2026-05-29")
    assert faults == ["missing-value"]


@pytest.mark.parametrize("flag", [True, False])
def test_truth_value_is_no_number(flag):
    assert judged([flag], NUMBER)[1] == ["bad-number"]
    assert judged([1.5, flag], NUMBER)[1] == ["bad-number"]


def test_text_of_a_number_follows_the_rules_of_files():
    values, faults = judged(["1.5", "1,000", "5 %", " 7 "], NUMBER)
    assert [values[0], values[3]] == [1.5, 7.0]
    assert faults == ["bad-number", "bad-number"]


def test_not_a_number_is_missing_and_infinity_a_fault():
    assert judged([Decimal("NaN"), 1.0], NUMBER)[1] == ["missing-value"]
    assert judged([Decimal("Infinity")], NUMBER)[1] == ["bad-number"]
    assert judged([Decimal("1e400")], NUMBER)[1] == ["bad-number"]


def test_days_and_moments_are_days():
    late = datetime.fromisoformat("2026-05-29T23:59:59.999999")
    moments = [late, None]
    assert judged(moments, DATE)[0][0] == np.datetime64("2026-05-29")
    assert judged(["2026-05-29", "29.05.2026"], DATE)[1] == ["bad-date"]
    mixed = [date(2026, 5, 28), late, "2026-05-30"]
    days = [np.datetime64(f"2026-05-{d}") for d in (28, 29, 30)]
    assert judged(mixed, DATE) == (days, [])


def test_other_kinds_are_the_same_text_every_time():
    name = UUID(int=7)
    assert judged([name], TEXT)[0] == [str(name)]
    assert judged([memoryview(b"ab")], TEXT)[0] == ["b'ab'"]


def test_piece_of_blanks_takes_the_kind_of_the_others():
    table = Gathered(["a", "b", "c", "d"])
    table.take([(None, None, None, None)] * 2)
    table.take([(1, "x", date(2026, 5, 29), None)])
    table.take([(2.5, "y", date(2026, 5, 30), None)])
    frame = table.frame()
    assert [d.kind for d in frame.dtypes][:3] == ["f", "O", "M"]
    assert str(frame["b"].dtype) == "str"
    assert frame["a"].tolist()[2:] == [1.0, 2.5]
    assert frame.isna().sum().tolist() == [2, 2, 2, 4]
    assert len(frame) == table.rows == 4


def test_pieces_of_several_kinds_keep_their_values():
    table = Gathered(["a"])
    table.take([(660,)])
    table.take([("000660",)])
    table.take([(True,)])
    assert table.frame()["a"].tolist() == [660, "000660", True]


def test_large_whole_numbers_survive_pieces_of_floats():
    table = Gathered(["a"])
    table.take([(2**53 + 1,)])
    table.take([(1.5,)])
    assert table.frame()["a"].tolist() == [2**53 + 1, 1.5]


def test_no_rows_keep_the_columns():
    frame = Gathered(["date", "close"]).frame()
    assert list(frame.columns) == ["date", "close"]
    assert len(frame) == 0


cells = st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"]) | st.booleans()
rows = st.lists(st.tuples(cells, st.floats(0, 2) | st.none(), st.dates()), min_size=1)


@given(rows, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_count(given_rows, random):
    def gathered(these):
        table = Gathered(["a", "b", "c"])
        table.take(these)
        return in_order(table.frame())

    shuffled = random.sample(given_rows, len(given_rows))
    one, other = gathered(given_rows), gathered(shuffled)
    assert one.to_csv() == other.to_csv()
    assert len(one) == len(given_rows)


def test_moment_with_a_zone_stays_one():
    column = column_of([datetime(2026, 5, 29, tzinfo=UTC)])
    assert column[0].tzinfo is UTC
