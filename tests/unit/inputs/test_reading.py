"""Columns by name, cells by kind: what is taken, what is refused, and what it says."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import riskplugin as rp

# --- columns -------------------------------------------------------------------------


def test_header_case_and_space_do_not_count(load, positions, worth):
    shouted = positions.rename(columns=lambda c: f"  {c.upper()} ")
    assert worth(load(positions=shouted)) == worth(load())


def test_order_of_columns_does_not_count(load, positions, worth):
    assert worth(load(positions=positions[positions.columns[::-1]])) == worth(load())


def test_byte_order_mark_before_the_first_header_does_not_count(load, positions, worth):
    marked = positions.rename(columns={"book": "\ufeffbook"})
    assert worth(load(positions=marked)) == worth(load())


def test_unknown_column_is_ignored_and_the_nearest_known_one_named(
    load, positions, of_code, worth
):
    desk = load(positions=positions.assign(stratgy="x", zzz=1.0))
    near, far = of_code(desk.issues, "unknown-column")
    assert (near.where.column, near.severity) == ("stratgy", "warning")
    assert near.hint == "did you mean 'strategy'?"
    assert (far.where.column, far.hint) == ("zzz", "it is ignored")
    assert worth(desk) == worth(load())


def test_missing_columns_are_all_named_with_the_nearest_header(refused, positions):
    renamed = positions.rename(columns={"quantity": "quantty", "book": "portfolio"})
    issues = refused("column is missing", positions=renamed)
    missing = {i.where.column: i.hint for i in issues if i.code == "missing-column"}
    assert set(missing) == {"book", "quantity"}
    assert missing["quantity"] == "did you mean 'quantty'?"


def test_column_that_stands_twice_is_refused(refused, positions):
    doubled = pd.concat([positions, positions[["quantity"]] * 2], axis=1)
    issues = refused("stands twice", positions=doubled)
    assert [(i.code, i.where.column) for i in issues] == [
        ("duplicate-column", "quantity")
    ]


def test_column_twice_but_for_case_is_refused(refused, positions):
    issues = refused("stands twice", positions=positions.assign(QUANTITY=1.0))
    assert [(i.code, i.where.column) for i in issues] == [
        ("duplicate-column", "QUANTITY")
    ]


def test_price_column_that_stands_twice_is_refused(refused, prices):
    doubled = pd.concat([prices, prices[["MU"]] * 2], axis=1)
    issues = refused("several columns", prices=doubled)
    assert {(i.code, i.where.column) for i in issues} == {("duplicate-column", "MU")}


def test_alias_and_identifier_in_two_price_columns_are_refused(refused, prices):
    issues = refused("MU stands in several columns", prices=prices.assign(Micron=1.0))
    assert {i.where.column for i in issues} == {"MU", "Micron"}


def test_blank_column_without_a_header_is_no_column(load, positions):
    padded = positions.assign(**{"": None, "Unnamed: 9": " "})
    assert [i.code for i in load(positions=padded).issues].count("unknown-column") == 0


def test_blank_rows_are_no_rows(load, positions, worth):
    blank = pd.DataFrame([[" ", None, None]], columns=positions.columns, dtype=object)
    padded = pd.concat([positions[:2], blank, positions[2:]], ignore_index=True)
    assert worth(load(positions=padded)) == worth(load())


def test_given_frames_are_left_as_they_were(load, positions, prices, fx):
    before = [frame.copy(deep=True) for frame in (positions, prices, fx)]
    load()
    for frame, copy in zip((positions, prices, fx), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy, check_exact=True)


# --- numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("ten", "plain number"),
        ("1,234", "without thousands separators"),
        ("1,5", "decimal point"),
        ("1.234,5", "decimal point"),
        ("5%", "a decimal: 5 % is 0.05"),
        ("nan", "leave the cell blank"),
        ("N/A", "leave the cell blank"),
        ("inf", "leave the cell blank"),
        ("-inf", "leave the cell blank"),
        ("1e999", "plain number"),
        ("#N/A", "the formula in this cell failed"),
        ("#DIV/0!", "the formula in this cell failed"),
        ("1 234", "plain number"),
        ("1_234", "plain number"),
        ("(5)", "plain number"),
        ("0x1A", "plain number"),
        ("True", "plain number"),
    ],
)
def test_what_is_not_a_number_is_refused_with_what_to_do(
    refused, positions, faults, cell, hint
):
    quantity = positions["quantity"].astype(object)
    quantity[1] = cell
    issues = refused("bad-number", positions=positions.assign(quantity=quantity))
    assert faults(issues) == [("bad-number", 1, "quantity")]
    (issue,) = (i for i in issues if i.code == "bad-number")
    assert repr(cell) in issue.message
    assert hint in issue.hint


def test_infinite_float_is_no_number(refused, positions, faults):
    bad = positions.assign(quantity=[100.0, np.inf, -0.5, 1000.0])
    issues = refused("bad-number", positions=bad)
    assert faults(issues) == [("bad-number", 1, "quantity")]


@pytest.mark.parametrize("cell", ["100", " 100 ", "1e2", "+100", "100.0", 100, 100.0])
def test_numbers_as_text_are_numbers(load, positions, worth, cell):
    quantity = positions["quantity"].astype(object)
    quantity[0] = cell
    assert worth(load(positions=positions.assign(quantity=quantity)))["MU"] == 10_000.0


def test_number_as_text_is_read_to_the_last_bit(load, positions):
    exact = ["0.1", "123456.78901234567", "1e-7", "98765432109876.54"]
    desk = load(positions=positions.assign(quantity=exact))
    assert sorted(rp.positions(desk)["quantity"]) == sorted(map(float, exact))


def test_nullable_integers_with_a_gap_are_numbers(refused, positions, faults):
    gap = pd.array([100, pd.NA, 3, 4], dtype="Int64")
    issues = refused("missing-value", positions=positions.assign(quantity=gap))
    assert faults(issues) == [("missing-value", 1, "quantity")]


@pytest.mark.parametrize("cell", [0.0, -3.0])
def test_price_at_or_below_zero_is_refused(refused, prices, faults, cell):
    prices.loc[4, "MU"] = cell
    issues = refused("above 0 is needed", prices=prices)
    assert faults(issues) == [("bad-range", 4, "MU")]


def test_price_at_or_below_zero_in_a_long_table_is_refused(
    refused, long_prices, faults
):
    long_prices.loc[[2, 5], "close"] = [-1.0, 0.0]
    issues = refused("above 0 is needed", prices=long_prices)
    assert faults(issues) == [("bad-range", 2, "close"), ("bad-range", 5, "close")]


def test_more_than_ten_faults_of_a_kind_are_counted(refused, long_prices):
    long_prices["close"] = long_prices["close"].astype(object)
    long_prices.loc[:12, "close"] = "x"
    issues = refused("bad-number", prices=long_prices)
    bad = [i for i in issues if i.code == "bad-number"]
    assert [i.where.row for i in bad] == [*range(10), None]
    assert bad[-1].message == "and 3 more: rows 10, 11, 12"


# --- dates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["29.05.2026", "05/29/2026", "29 May 2026", "2026-02-30", "soon", "2026-22"],
)
def test_what_is_not_a_date_is_refused(refused, prices, faults, cell):
    text = prices["date"].dt.strftime("%Y-%m-%d")
    text[3] = cell
    issues = refused("not a date", prices=prices.assign(date=text))
    assert faults(issues) == [("bad-date", 3, "date")]
    assert "write dates as 2026-05-29" in str(issues[0])


@pytest.mark.parametrize("cell", ["today", "now"])
def test_no_cell_reads_the_clock(refused, positions, faults, cell):
    locked = positions.assign(locked_until=["", cell, "", ""])
    issues = refused("not a date", positions=locked)
    assert faults(issues) == [("bad-date", 1, "locked_until")]


@pytest.mark.parametrize("cell", ["2026", "2026-05"])
def test_date_without_a_day_is_not_guessed(refused, positions, faults, cell):
    locked = positions.assign(locked_until=["", cell, "", ""])
    issues = refused("not a date", positions=locked)
    assert faults(issues) == [("bad-date", 1, "locked_until")]


@pytest.mark.parametrize("cell", ["46171", 46171, 46171.0])
def test_excel_serial_is_refused_and_its_day_named(refused, positions, faults, cell):
    locked = positions.assign(locked_until=pd.Series(["", cell, "", ""], dtype=object))
    issues = refused("Excel serial for 2026-05-29", positions=locked)
    assert faults(issues) == [("bad-date", 1, "locked_until")]


@pytest.mark.parametrize("as_cell", [int, float, str])
def test_price_table_whose_dates_are_all_excel_serials_is_refused(
    refused, prices, as_cell
):
    serial = (prices["date"] - pd.Timestamp("1899-12-30")).dt.days.map(as_cell)
    issues = refused("Excel serial for 2026-05-18", prices=prices.assign(date=serial))
    assert [i.where.row for i in issues if i.code == "bad-date"] == list(range(10))


@pytest.mark.parametrize("day", ["2926-05-29", "9999-12-31", "0206-05-29"])
def test_day_of_a_far_year_is_kept_or_refused(load, of_code, day):
    """In nanoseconds the calendar ends in 2262 and begins again in 1677."""
    limit = {"metric": "gross", "scope": "total", "soft": 1.0, "hard": 2.0}
    limit |= {"unit": "base", "direction": "max", "waiver_until": day}
    desk = load(limits=pd.DataFrame([limit]), settings={"on_error": "quarantine"})
    kept = desk.tables["limits"]["waiver_until"].astype(str).tolist()
    refused = [i.where.row for i in of_code(desk.issues, "bad-date")]
    assert (kept, refused) in (([day], []), ([], [0]))


def test_price_of_a_far_year_is_refused(refused, prices):
    """A slip of the pen must not become a day of 1757."""
    text = prices["date"].dt.strftime("%Y-%m-%d")
    text[9] = "2926-05-29"
    refused(r"bad-date|stale-", prices=prices.assign(date=text))


@pytest.mark.parametrize(
    "form",
    [
        lambda d: d.dt.strftime("%Y-%m-%d"),
        lambda d: d.dt.strftime("%Y-%m-%d 00:00:00"),
        lambda d: d.dt.strftime("%Y-%m-%dT16:00:00Z"),
        lambda d: d.dt.date.astype(object),
        lambda d: d.dt.to_pydatetime(),
        lambda d: d.dt.tz_localize("Asia/Seoul"),
        lambda d: d + pd.Timedelta(hours=16),
        lambda d: d.astype("datetime64[s]"),
    ],
)
def test_forms_of_a_date_are_one_day(load, prices, form, same_desk):
    desk = load(prices=prices.assign(date=form(prices["date"])))
    same_desk(desk, load())


@pytest.mark.parametrize("as_of", ["2026-05-27", dt.date(2026, 5, 27)])
def test_valuation_date_looks_at_nothing_later(load, worth, as_of):
    desk = load(as_of=as_of)
    assert str(desk.as_of) == "2026-05-27"
    assert desk.market.dates[-1] == np.datetime64("2026-05-27")
    assert worth(desk)["MU"] == pytest.approx(9_800.0, rel=1e-12)


def test_valuation_date_is_the_last_date_in_prices(load, fx):
    later = pd.concat(
        [fx, fx.iloc[[-1]].assign(date=pd.Timestamp("2026-06-01"))], ignore_index=True
    )
    assert str(load(fx=later).as_of) == "2026-05-29"


@pytest.mark.parametrize("as_of", ["2026", 20260529, "29/05/2026", "2026-13-01", "x"])
def test_valuation_date_is_not_guessed(load, as_of):
    with pytest.raises(rp.ConfigError, match=r"as_of: found .*2026-05-29"):
        load(as_of=as_of)


def test_valuation_date_before_every_price_is_refused(refused):
    issues = refused("no price on or before 1999-01-01", as_of="1999-01-01")
    assert "no-price" in {i.code for i in issues}


# --- text ----------------------------------------------------------------------------


def test_what_is_not_among_the_choices_is_refused(refused, faults):
    own = pd.DataFrame(
        {
            "instrument": ["DELL", "HPE", "SMCI"],
            "tier": "ai_servers",
            "asset_class": ["equity", "equties", "EQUITY"],
            "kind": ["spot", "", "options"],
        }
    )
    issues = refused("bad-choice", instruments=own)
    assert faults(issues) == [
        ("bad-choice", 1, "asset_class"),
        ("bad-choice", 2, "kind"),
    ]
    hints = {i.where.column: i.hint for i in issues if i.code == "bad-choice"}
    assert hints["asset_class"] == "did you mean 'equity'?"
    assert hints["kind"] == "did you mean 'option'?"


@pytest.mark.parametrize("column", ["book", "instrument", "quantity"])
@pytest.mark.parametrize("cell", [None, "", "  "])
def test_blank_where_a_value_is_required_is_one_fault(
    refused, positions, faults, column, cell
):
    cells = positions[column].astype(object)
    cells[2] = cell
    issues = refused("blank", positions=positions.assign(**{column: cells}))
    assert faults(issues) == [("missing-value", 2, column)]


def test_space_around_text_does_not_count(load, positions, worth):
    padded = positions.assign(
        book=" " + positions["book"] + " ", instrument=positions["instrument"] + " "
    )
    assert worth(load(positions=padded)) == worth(load())


# --- wide and long, column or index --------------------------------------------------


def test_wide_and_long_prices_make_the_same_desk(load, long_prices, same_desk):
    same_desk(load(prices=long_prices), load())


def test_wide_and_long_rates_make_the_same_desk(load, fx, same_desk):
    long = fx.melt("date", var_name="pair", value_name="rate")
    same_desk(load(fx=long), load())


def test_gaps_in_wide_prices_are_rows_that_a_long_table_lacks(
    load, prices, long_prices, same_desk
):
    prices.loc[[2, 7], "MU"] = np.nan
    lacking = (long_prices["instrument"] == "MU") & long_prices["date"].isin(
        prices["date"][[2, 7]]
    )
    same_desk(load(prices=long_prices[~lacking]), load(prices=prices))


def test_blank_close_in_a_long_table_is_a_row_that_is_not_there(
    load, long_prices, same_desk
):
    some = long_prices.index % 3 == 0
    some &= long_prices["date"] < long_prices["date"].max()
    blanked = long_prices.assign(close=long_prices["close"].mask(some))
    same_desk(load(prices=blanked), load(prices=long_prices[~some]))


def test_wide_and_long_volumes_are_the_same_table(load, prices):
    wide = prices.assign(MU=np.arange(10.0), BTC=[np.nan] * 5 + [2.0] * 5)
    long = wide.melt("date", var_name="instrument", value_name="volume").dropna()
    columns = ["date", "instrument", "volume"]
    one, other = (
        load(volumes=given).tables["volumes"].to_frame()[columns]
        for given in (wide, long)
    )
    one, other = (t.sort_values(columns[:2], ignore_index=True) for t in (one, other))
    pd.testing.assert_frame_equal(one, other, check_exact=True, check_dtype=False)
    assert len(one) == 35


@pytest.mark.parametrize("name", [None, "date", "Date", "Day"])
def test_dates_may_be_the_index(load, prices, fx, name, same_desk):
    indexed = prices.set_index("date").rename_axis(name)
    same_desk(load(prices=indexed, fx=fx.set_index("date").rename_axis(name)), load())


def test_dates_may_be_the_index_of_a_long_table(load, long_prices, same_desk):
    same_desk(load(prices=long_prices.set_index("date")), load())


def test_date_that_stands_twice_is_refused(refused, prices, faults):
    doubled = pd.concat([prices, prices.iloc[[3]]], ignore_index=True)
    issues = refused("2026-05-21 stands twice", prices=doubled)
    assert faults(issues) == [("duplicate-row", 10, "date")]


def test_date_and_instrument_that_stand_twice_are_refused(refused, long_prices, faults):
    doubled = pd.concat([long_prices, long_prices.iloc[[0, 11]]], ignore_index=True)
    issues = refused("MU on 2026-05-18 stands twice", prices=doubled)
    assert faults(issues) == [
        ("duplicate-row", 40, "instrument"),
        ("duplicate-row", 41, "instrument"),
    ]


def test_first_of_two_rows_counts_in_quarantine(load, prices, worth):
    again = prices.iloc[[9]].assign(MU=77.0)
    doubled = pd.concat([prices, again], ignore_index=True)
    desk = load(prices=doubled, settings={"on_error": "quarantine"})
    assert worth(desk) == worth(load())


def test_bad_cell_of_a_wide_table_costs_no_other_cell(load, prices, worth):
    cells = prices["MU"].astype(object)
    cells[9] = "n/a"
    bad = prices.assign(MU=cells)
    desk = load(prices=bad, settings={"on_error": "quarantine"})
    expected = worth(load()) | {"MU": pytest.approx(9_900.0, rel=1e-12)}
    assert worth(desk) == expected


def test_prices_without_dates_are_refused(refused, prices):
    issues = refused("column is missing", prices=prices.drop(columns="date"))
    assert [(i.code, i.where.column) for i in issues] == [("missing-column", "date")]


# --- what would be lost without a word -----------------------------------------------


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#NAME?"])
@pytest.mark.parametrize("column", ["book", "instrument", "account"])
def test_failed_formula_is_no_text(refused, positions, faults, error, column):
    held = positions.assign(account="a", price=5.0).astype(object)
    held.loc[1, column] = error
    issues = refused(f"found '{re.escape(error)}'", positions=held)
    assert faults(issues) == [("missing-value", 1, column)]


def test_what_a_failed_formula_would_name_is_worth_nothing_known(load, positions):
    held = positions.assign(price=5.0).astype(object)
    held.loc[1, "instrument"] = "#N/A"
    desk = load(positions=held, settings={"on_error": "quarantine"})
    assert desk.left_out["market_value"].isna().tolist() == [True]


def test_failed_formula_is_no_choice_and_no_date(refused, positions, of_code):
    own = pd.DataFrame(
        {"instrument": ["MU"], "tier": ["memory"], "asset_class": ["#N/A"]}
    )
    held = positions.assign(locked_until="#REF!")
    issues = refused("formula", positions=held, instruments=own)
    hints = [i.hint for i in issues if i.code in ("bad-choice", "bad-date")]
    assert set(hints) == {"the formula in this cell failed; mend it"}


def test_prices_without_a_date_are_an_error(refused, prices, faults):
    """Else the close of the day before would count, and nobody would know."""
    undated = prices.astype({"date": object})
    undated.loc[9, "date"] = None
    issues = refused("give the date", prices=undated)
    assert faults(issues) == [("missing-value", 9, "date")]


def test_row_without_date_and_prices_is_blank(load, prices, worth):
    padded = prices.reindex(range(12))
    assert worth(load(prices=padded)) == worth(load())


@pytest.mark.parametrize("table", ["fx", "volumes"])
def test_pair_or_name_in_two_columns_is_refused(refused, fx, prices, table):
    """One of two rates would be chosen."""
    grid = {"fx": fx, "volumes": prices}[table]
    doubled = pd.concat([grid, grid.iloc[:, [1]] * 10], axis=1)
    issues = refused("stands in several columns", **{table: doubled})
    assert [(i.code, i.where.column) for i in issues if i.severity == "error"] == [
        ("duplicate-column", grid.columns[1])
    ]


@pytest.mark.parametrize("header", ["", " ", None, np.nan, "Unnamed: 4"])
def test_cells_without_a_header_are_flagged(load, positions, prices, of_code, header):
    for table, grid in ("positions", positions), ("prices", prices):
        bare = grid.assign(x=1.0).rename(columns={"x": header})
        (issue,) = of_code(load(**{table: bare}).issues, "unknown-column")
        assert issue.message.startswith("a column without a header")
        assert (issue.where.source, issue.severity) == (table, "warning")


@pytest.mark.parametrize("cell", [1e300, -1e19, 1e-300, 1e308])
def test_size_that_cannot_be_meant_is_refused(refused, positions, faults, cell):
    held = positions.assign(quantity=[cell, 1.0, 1.0, 1.0])
    issues = refused("a size between 1e-18 and", positions=held)
    assert faults(issues) == [("bad-range", 0, "quantity")]


def test_absurd_rate_is_refused(refused, fx, faults):
    """Its inverse would be infinite."""
    issues = refused("a size between", fx=fx.assign(USDKRW=1e-310))
    assert {f[0] for f in faults(issues)} == {"bad-range", "missing-fx"}


# --- frames of any kind --------------------------------------------------------------


def test_dates_in_the_index_and_a_column_are_those_of_the_column(load, prices, worth):
    shifted = prices.set_index(prices["date"] - pd.Timedelta(days=1))
    assert worth(load(prices=shifted)) == worth(load())


@pytest.mark.parametrize("kind", ["date32", "date64", "timestamp"])
def test_arrow_dates_are_dates(load, prices, worth, kind):
    arrow = {
        "date32": pa.date32(),
        "date64": pa.date64(),
        "timestamp": pa.timestamp("us"),
    }
    typed = prices.astype({"date": pd.ArrowDtype(arrow[kind])})
    assert worth(load(prices=typed)) == worth(load())


def test_sparse_columns_are_columns(load, positions, worth):
    text = positions["book"].astype(object)
    sparse = positions.assign(book=pd.arrays.SparseArray(text, fill_value="semis"))
    assert worth(load(positions=sparse)) == worth(load())


def test_findings_show_plain_values(refused, prices):
    serials = prices.assign(date=np.arange(46_162, 46_172))
    assert "found 46162, not a date" in str(refused("not a date", prices=serials)[0])


@pytest.mark.parametrize("given", [[1], pd.Series([1.0]), "positions.csv"])
def test_what_is_no_frame_is_refused_in_words(load, given):
    with pytest.raises(rp.UsageError, match=r"prices is a \w+; give a DataFrame"):
        load(prices=given)


@pytest.mark.parametrize("cell", [b"5", b"\xff", "\ud800"])
def test_bytes_and_broken_characters_are_no_number(refused, positions, faults, cell):
    held = positions.assign(quantity=pd.Series([1, cell, 2, 3], dtype=object))
    issues = refused("quantity: found", positions=held)
    assert faults(issues) == [("bad-number", 1, "quantity")]


def test_header_of_any_kind_is_text(load, positions, of_code):
    odd = positions.assign(x=1.0)
    headers = [*positions.columns, pd.Series([1.0, 2.0])]
    odd.columns = pd.Index(headers, dtype=object, tupleize_cols=False)
    assert len(of_code(load(positions=odd).issues, "unknown-column")) == 1


def test_broken_characters_in_text_are_shown(load, positions):
    held = positions.astype({"book": object})
    held.loc[0, "book"] = "a\ud800"
    books = set(rp.positions(load(positions=held))["book"])
    assert books == {"a\\ud800", "semis", "tokens"}
