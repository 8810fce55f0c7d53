"""Files: CSV, XLSX and Parquet hold one desk; what cannot be read is said."""

import io
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.inputs.references import TableRef
from riskplugin.sources.files import read_parquet

HEADER = "book,instrument,quantity\n"


def toml(positions='"positions.csv"', prices='"prices.csv"'):
    return f'[tables]\npositions = {positions}\nprices = {prices}\nfx = "fx.csv"\n'


@pytest.fixture
def csv_issues(folder):
    """Return the errors with which a positions.csv is refused."""

    def csv_issues(match, content):
        with pytest.raises(rp.InputError, match=match) as caught:
            rp.load_desk(folder(files={"positions.csv": content}))
        return [
            (i.code, i.where.row, i.where.column)
            for i in caught.value.issues
            if i.severity == "error"
        ]

    return csv_issues


def test_files_hold_the_desk_of_the_frames(folder, load, same_desk):
    same_desk(rp.load_desk(folder()), load())


def test_path_may_be_text(folder, load, same_desk):
    same_desk(rp.load_desk(str(folder())), load())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_ends_do_not_count(folder, load, same_desk, end, mark):
    here = folder().parent
    files = {}
    for name in ("positions.csv", "prices.csv", "fx.csv"):
        plain = (here / name).read_text("utf-8")
        files[name] = (mark + plain).replace("\n", end).encode()
    same_desk(rp.load_desk(folder(files=files)), load())


def test_csv_keeps_the_zeros_of_a_code(folder, load, positions, prices):
    """005930 is a name, not the number 5,930."""
    names = positions.assign(instrument=["005930", "000660.KS", "BTC", "RENDER"])
    priced = prices.rename(columns={"MU": "005930"})
    desk = rp.load_desk(folder(files={"positions.csv": names, "prices.csv": priced}))
    assert "005930" in set(rp.positions(desk)["instrument"])


def test_csv_keeps_every_digit(folder):
    """Seventeen digits, in the columns that come as text and in those of figures."""
    exact = np.random.default_rng(0).lognormal(0, 5, 1000).tolist()
    dates = pd.bdate_range(end="2026-05-29", periods=1000).strftime("%Y-%m-%d")
    files = {
        "positions.csv": HEADER + "".join(f"semis,MU,{q!r}\n" for q in exact),
        "prices.csv": "date,MU\n"
        + "".join(f"{d},{p!r}\n" for d, p in zip(dates, exact, strict=True)),
    }
    desk = rp.load_desk(folder(files=files))
    assert rp.positions(desk)["quantity"].tolist() == sorted(exact)
    assert desk.market.close[:, 0].tolist() == exact


@pytest.mark.parametrize("name", ["NA", "NULL", "None", "nan", "TRUE", "1e5"])
def test_csv_text_stays_text(folder, name):
    text = HEADER + f"{name},MU,1\n"
    desk = rp.load_desk(folder(files={"positions.csv": text}))
    assert rp.positions(desk)["book"].tolist() == [name]


@pytest.mark.parametrize("cell", ["nan", "NaN", "NA", "#N/A", "inf", "x"])
def test_csv_price_that_is_no_number_is_refused(folder, cell):
    prices = f"date,MU\n2026-05-28,{cell}\n2026-05-29,5\n"
    files = {"positions.csv": HEADER + "semis,MU,1\n", "prices.csv": prices}
    with pytest.raises(rp.InputError, match=r"prices\.csv row 2, MU: found"):
        rp.load_desk(folder(files=files))


def test_row_numbers_are_those_a_spreadsheet_shows(csv_issues):
    content = HEADER + "\nsemis,MU,1\n,,\nsemis,MU,x\n"
    assert csv_issues("bad-number", content) == [("bad-number", 5, "quantity")]


def test_row_with_too_few_cells_is_refused(csv_issues):
    content = HEADER + "semis,MU,1\nsemis,MU\n"
    assert csv_issues("blank", content) == [("missing-value", 3, "quantity")]


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("row", ["semis,MU,1,234", "semis,MU,1,5"])
def test_row_with_too_many_cells_is_refused(csv_issues, before, row):
    """An unquoted 1,234 is two cells; 1 would be a thousandth of the position."""
    where = rf"positions\.csv.*(row|line) {before + 2}"
    csv_issues(where, HEADER + "semis,MU,7\n" * before + row + "\nsemis,BTC,1\n")


@pytest.mark.parametrize("before", [0, 1])
def test_price_row_with_too_many_cells_is_refused(folder, before):
    rows = "2026-05-28,1,2\n" * before + "2026-05-29,1,234,5\n"
    files = {
        "positions.csv": HEADER + "semis,MU,1\n",
        "prices.csv": "date,MU,BTC\n" + rows,
    }
    with pytest.raises(rp.InputError, match=rf"prices\.csv.*(row|line) {before + 2}"):
        rp.load_desk(folder(files=files))


@pytest.mark.parametrize("quote", ["", '"'])
def test_thousands_separator_before_blank_cells_is_refused(csv_issues, quote):
    """The surplus cell is blank: 1 at a price of 234 would look like a position."""
    head = "book,instrument,quantity,price,account\n"
    content = head + f"{quote}a{quote},MU,5,,\na,MU,1,234,,\n"
    issues = csv_issues("more cells than columns in row 3", content)
    assert issues[0] == ("bad-file", None, None)


def test_rows_that_all_end_in_commas_are_read(folder):
    text = HEADER + "semis,MU,1,,\n\ntokens,MU,2,,\n"
    desk = rp.load_desk(folder(files={"positions.csv": text}))
    assert rp.positions(desk)["quantity"].tolist() == [1.0, 2.0]


def test_quoted_thousands_separator_is_refused(csv_issues):
    issues = csv_issues("thousands separators", HEADER + 'semis,MU,"1,234"\na,MU,1\n')
    assert issues == [("bad-number", 2, "quantity")]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_separators_are_named(csv_issues, mark):
    content = HEADER.replace(",", mark) + "a;MU;1,5\n"
    said = re.escape(f"cells are separated by {mark!r}")
    assert csv_issues(said, content)[0] == ("bad-file", None, None)


def test_csv_without_a_row_is_an_empty_book(csv_issues):
    assert csv_issues("the book is empty", HEADER) == [("empty-book", None, None)]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf"])
def test_empty_csv_is_refused(csv_issues, content):
    assert ("bad-file", None, None) in csv_issues("is empty", content)


@pytest.mark.parametrize("encoding", ["utf-16", "cp949"])
def test_csv_that_is_not_utf8_is_refused(csv_issues, encoding):
    content = (HEADER + "semis,MU,1\n하이닉스,MU,1\n").encode(encoding)
    assert ("bad-file", None, None) in csv_issues("not UTF-8 text", content)


def test_quote_that_is_never_closed_is_refused(csv_issues):
    content = HEADER + 'semis,"MU,1\nsemis,MU,1\n'
    assert ("bad-file", None, None) in csv_issues("row 2 is never closed", content)


# --- XLSX ----------------------------------------------------------------------------


@pytest.fixture
def workbook(tmp_path):
    """Write sheets to book.xlsx."""

    def workbook(**sheets):
        with pd.ExcelWriter(tmp_path / "book.xlsx") as writer:
            for name, frame in sheets.items():
                frame.to_excel(writer, sheet_name=name, index=False)

    return workbook


def sheet(name):
    return f'{{path = "book.xlsx", sheet = "{name}"}}'


def test_sheets_hold_the_same_desk(
    folder, load, workbook, positions, prices, same_desk
):
    workbook(Notes=pd.DataFrame({"a": [1]}), Pos=positions, Px=prices)
    same_desk(rp.load_desk(folder(toml(sheet("Pos"), sheet("Px")))), load())


def test_first_sheet_is_the_default(folder, load, workbook, positions, same_desk):
    workbook(Pos=positions, Notes=pd.DataFrame({"a": [1]}))
    same_desk(rp.load_desk(folder(toml('"book.xlsx"'))), load())


def test_long_prices_in_a_sheet_hold_the_same_desk(
    folder, load, workbook, long_prices, same_desk
):
    workbook(Px=long_prices)
    same_desk(rp.load_desk(folder(toml(prices='"book.xlsx"'))), load())


def test_numbers_in_a_column_of_text_are_text_as_shown(folder, workbook, positions):
    """An account 123 with blanks beside it is "123", not "123.0"."""
    rows = positions.assign(account=[123, None, 456, None]).astype({"account": object})
    rows["account"] = rows["account"].map(lambda a: None if pd.isna(a) else int(a))
    workbook(Pos=rows)
    desk = rp.load_desk(folder(toml('"book.xlsx"')))
    assert set(rp.positions(desk)["account"]) == {"123", "456", ""}


def test_wrong_sheet_names_the_sheets(folder, workbook, positions):
    workbook(Pos=positions, Other=positions)
    with pytest.raises(
        rp.InputError, match=r"no sheet 'Poz' \(sheets are Pos, Other\)"
    ):
        rp.load_desk(folder(toml(sheet("Poz"))))


def test_fault_in_a_sheet_names_file_sheet_row_and_column(folder, workbook, positions):
    bad = positions.astype({"quantity": object})
    bad.loc[2, "quantity"] = "1,5"
    workbook(Pos=bad)
    where = r"book\.xlsx \[Pos\] row 4, quantity: found '1,5'"
    with pytest.raises(rp.InputError, match=where):
        rp.load_desk(folder(toml('"book.xlsx"')))


def test_sheet_of_unformatted_dates_is_refused(folder, workbook, prices):
    serial = (prices["date"] - pd.Timestamp("1899-12-30")).dt.days
    workbook(Px=prices.assign(date=serial))
    with pytest.raises(rp.InputError, match="Excel serial for 2026-05-18"):
        rp.load_desk(folder(toml(prices='"book.xlsx"')))


def test_empty_sheet_is_refused(folder, workbook):
    workbook(Pos=pd.DataFrame())
    with pytest.raises(
        rp.InputError, match=r"book\.xlsx.*(is empty|column is missing)"
    ):
        rp.load_desk(folder(toml('"book.xlsx"')))


def test_sheet_of_a_csv_is_refused(folder):
    with pytest.raises(rp.InputError, match="a CSV file has no sheets"):
        rp.load_desk(folder(toml('{path = "positions.csv", sheet = "A"}')))


# --- Parquet -------------------------------------------------------------------------


def test_parquet_holds_the_same_desk(
    folder, load, tmp_path, positions, prices, same_desk
):
    positions.to_parquet(tmp_path / "p.parquet")
    prices.set_index("date").to_parquet(tmp_path / "x.parquet")
    same_desk(rp.load_desk(folder(toml('"p.parquet"', '"x.parquet"'))), load())


def test_parquet_of_days_holds_the_same_desk(
    folder, load, tmp_path, long_prices, same_desk
):
    days = long_prices.assign(date=long_prices["date"].dt.date)
    days.to_parquet(tmp_path / "x.parquet")
    same_desk(rp.load_desk(folder(toml(prices='"x.parquet"'))), load())


# --- what cannot be read -------------------------------------------------------------


@pytest.mark.parametrize("name", ["folder", "folder.csv", "folder.xlsx"])
def test_path_that_is_a_folder_is_refused(folder, name):
    with pytest.raises(rp.InputError, match=rf"{name}: is a folder"):
        rp.load_desk(folder(toml(f'"{name}"'), {name: None}))


@pytest.mark.parametrize("name", ["none.csv", "none.xlsx", "no/none.parquet"])
def test_missing_file_is_refused(folder, name):
    with pytest.raises(rp.InputError, match=r"none\.\w+: no such file"):
        rp.load_desk(folder(toml(f'"{name}"')))


@pytest.mark.parametrize("name", ["positions.xls", "positions.txt", "positions"])
def test_unknown_kind_of_file_names_the_known_ones(folder, name):
    with pytest.raises(rp.InputError, match=r"give one of \.csv, \.xlsx, \.parquet"):
        rp.load_desk(folder(toml(f'"{name}"'), {name: "x"}))


@pytest.mark.parametrize(
    ("name", "match"),
    [("bad.xlsx", "not a workbook"), ("bad.parquet", "not a Parquet")],
)
def test_file_of_another_kind_is_refused(folder, name, match):
    with pytest.raises(rp.InputError, match=match):
        rp.load_desk(folder(toml(f'"{name}"'), {name: "hello"}))


def test_every_file_that_cannot_be_read_is_named_once(folder):
    """A table that is there but broken is not also a table that is missing."""
    text = toml('"none.csv"', '"bad.xlsx"')
    with pytest.raises(rp.InputError, match=r"none\.csv") as caught:
        rp.load_desk(folder(text, {"bad.xlsx": "hello"}))
    assert sorted((i.code, i.where.source) for i in caught.value.issues) == [
        ("bad-file", "bad.xlsx"),
        ("bad-file", "none.csv"),
    ]


def test_broken_file_and_faulty_table_are_named_at_once(folder):
    files = {"bad.xlsx": "hello", "positions.csv": HEADER + "semis,MU,x\n"}
    with pytest.raises(rp.InputError, match="not a workbook") as caught:
        rp.load_desk(folder(toml(prices='"bad.xlsx"'), files))
    assert {"bad-file", "bad-number"} <= {i.code for i in caught.value.issues}


def test_file_url_is_read(folder, load, tmp_path, positions, same_desk):
    pytest.importorskip("fsspec")
    positions.to_csv(tmp_path / "far.csv", index=False)
    url = (tmp_path / "far.csv").as_uri()
    same_desk(rp.load_desk(folder(toml(f'"{url}"'))), load())


def in_parquet(frame):
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame), content, write_page_checksum=True)
    return content.getvalue()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.6, 0.9, 0.99, 0.9999])
def test_parquet_that_is_cut_short_is_said(folder, large, share):
    whole = in_parquet(large["prices"])
    desk = folder(toml(prices='"prices.parquet"'))
    (desk.parent / "prices.parquet").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(
        rp.SchemaError, match="not a Parquet file, or cut short"
    ) as told:
        rp.load_desk(desk)
    (issue,) = told.value.issues
    assert (issue.code, issue.where.source) == ("bad-file", "prices.parquet")
    assert issue.hint == "write prices again"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_spoilt_parquet_is_refused_or_holds_the_same_numbers(data):
    """Its pages hold checksums; what they do not cover says what the columns are."""
    frame = pd.DataFrame({"book": ["a", "b"] * 30, "quantity": np.arange(60) / 7})
    content = bytearray(in_parquet(frame))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        found, _ = read_parquet(bytes(content), "p.parquet", TableRef(path="p"), "p")
    except rp.SchemaError:
        return
    if list(found.columns) == list(frame.columns) and len(found) == len(frame):
        kinds = [d.kind for d in found.dtypes]
        if kinds == [d.kind for d in frame.dtypes] and found["quantity"].notna().all():
            np.testing.assert_array_equal(found["quantity"], frame["quantity"])
