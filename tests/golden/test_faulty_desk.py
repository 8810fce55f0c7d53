"""A desk of sixty faults: one report names them all, and nothing is written.

Text stands in faulty_desk/; the workbook is made here. The closes are those of the
hand-made desk of ten sessions: MU 100 USD, 000660.KS 250,000 KRW, BTC 60,000 USD,
RENDER 5 USD, and 1 USD = 1,250 KRW = 10 SEK.
"""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

import riskplugin as rp
from riskplugin.adapters.cli import main

HERE = Path(__file__).with_name("faulty_desk")
DATES = pd.bdate_range("2026-05-18", "2026-05-29")
CLOSES = "prices.xlsx [Closes]"

FAULTS = [
    # text and wrong figures where a number must be
    ("positions.csv", 8, "quantity", "bad-number"),  # ten
    ("positions.csv", 9, "quantity", "bad-number"),  # 1,234
    ("positions.csv", 10, "quantity", "bad-number"),  # 1,5
    ("positions.csv", 11, "quantity", "bad-number"),  # 5%
    ("positions.csv", 12, "quantity", "bad-number"),  # nan
    ("positions.csv", 13, "quantity", "bad-number"),  # inf
    ("positions.csv", 14, "quantity", "bad-number"),  # 1e999
    ("positions.csv", 15, "quantity", "bad-number"),  # #REF!
    ("positions.csv", 19, "price", "bad-range"),  # negative
    ("positions.csv", 20, "price", "bad-range"),  # zero
    # blanks
    ("positions.csv", 16, "book", "missing-value"),  # a space
    ("positions.csv", 17, "instrument", "missing-value"),
    ("positions.csv", 18, "quantity", "missing-value"),
    # dates
    ("positions.csv", 21, "locked_until", "bad-date"),  # an Excel serial
    ("positions.csv", 22, "locked_until", "bad-date"),  # 29.05.2026
    # what cannot be valued
    ("positions.csv", 23, "instrument", "no-price"),  # unknown to every table
    ("positions.csv", 24, "instrument", "kind-not-priced"),  # an option
    ("positions.csv", 25, "instrument", "missing-fx"),  # yen, and no pair
    ("positions.csv", 26, "instrument", "stale-price"),
    ("positions.csv", 27, "instrument", "ambiguous-instrument"),
    ("positions.csv", 28, "instrument", "no-price"),  # its prices begin after as_of
    ("positions.csv", 29, "instrument", "stale-fx"),
    ("positions.csv", 30, "instrument", "missing-fx"),  # no such currency
    ("positions.csv", 31, "instrument", "spoilt-instrument"),  # see instruments, 12
    ("positions.csv", 32, "book", "missing-value"),  # #REF!
    # instruments
    ("instruments.csv", 8, "asset_class", "bad-choice"),
    ("instruments.csv", 9, "kind", "bad-choice"),
    ("instruments.csv", 10, "instrument", "duplicate-row"),
    ("instruments.csv", 11, "tier", "missing-value"),
    ("instruments.csv", 12, "half_spread", "bad-number"),  # 5 bps
    ("instruments.csv", 13, "half_spread", "bad-range"),  # 150 %
    ("instruments.csv", 14, "expiry", "bad-date"),  # Sep 26
    # a sheet of prices
    (CLOSES, 3, "BTC", "bad-number"),  # #DIV/0!
    (CLOSES, 4, "RENDER", "bad-range"),  # negative
    (CLOSES, 5, "RENDER", "bad-range"),  # zero
    (CLOSES, 6, "MU", "bad-number"),  # n.a.
    (CLOSES, 7, "OPT", "missing-value"),  # a formula that was never calculated
    (CLOSES, 8, "date", "bad-date"),  # a serial without a date's format
    (CLOSES, 13, "date", "bad-date"),  # 27 May 2026
    (CLOSES, 14, "date", "duplicate-row"),
    # exchange rates
    ("fx.csv", 4, "USDKRW", "bad-range"),  # zero
    ("fx.csv", 6, "USDKRW", "bad-number"),  # 1.250,00
    ("fx.csv", 9, "date", "bad-date"),  # 2026/05/27
    ("fx.csv", 11, "date", "duplicate-row"),
    ("fx.csv", None, "USDUSD", "bad-pair"),
    ("fx.csv", None, "GBPCHF", "bad-pair"),  # leads nowhere
    # tables that are carried
    ("volumes.csv", 3, "volume", "bad-range"),
    ("volumes.csv", 4, "volume", "bad-number"),  # n/a
    ("rates.csv", 2, "tenor_days", "bad-range"),
    ("rates.csv", 3, "rate", "bad-number"),  # 4%
    ("vols.csv", 2, "implied_volatility", "bad-range"),
    ("vols.csv", 3, "instrument", "missing-value"),
    ("holdings.csv", 3, "weight", "bad-number"),  # one fifth
    ("limits.csv", 2, "unit", "bad-choice"),
    ("limits.csv", 3, "soft", "missing-value"),
    ("limits.csv", 4, "direction", "bad-choice"),
    ("limits.csv", 5, "waiver_until", "bad-date"),  # 31/12/2026
    ("indicators.csv", 2, "value", "bad-number"),  # inf
    ("indicators.csv", 3, "date", "bad-date"),  # 30 February
]
FLAGGED = [
    ("positions.csv", None, "stratgy", "unknown-column"),
    ("positions.csv", 23, "instrument", "unknown-instrument"),
    ("instruments.csv", None, "tier", "new-tier"),
    ("nav", None, "tokns", "unknown-book"),
    ("drivers", None, "ai_compute", "driver-without-prices"),
    ("drivers", None, "equity", "driver-without-prices"),
]
BROKEN = [
    ("misnamed.csv", None, "quantity", "missing-column"),
    ("misnamed.csv", None, "BOOK", "duplicate-column"),
    ("prices.xlsx", None, None, "bad-file"),  # no such sheet
    ("folder", None, None, "bad-file"),
    ("cut.xlsx", None, None, "bad-file"),
    ("macros.xlsm", None, None, "refused-file"),
    ("rates.txt", None, None, "bad-file"),  # an unknown kind
    ("gone.csv", None, None, "bad-file"),
    ("korean.csv", None, None, "bad-file"),  # not UTF-8
    ("surplus.csv", None, None, "bad-file"),  # 1,234 without quotes
    ("empty.csv", None, None, "bad-file"),
    ("scenarios.toml", None, None, "bad-config"),
    ("broken.toml", None, "tables.positons", "unknown-key"),
]
# row of positions.csv to its money, where it is known
LEFT_OUT = {
    **dict.fromkeys(range(8, 16), None),  # the quantity is no number
    16: 100.0,  # one MU without a book
    17: None,
    18: None,
    19: 100.0,  # the price of its own is refused: the market's
    20: 100.0,
    21: 100.0,
    22: 100.0,
    23: None,
    24: 1.0,  # one option at 1 USD
    25: None,
    26: 1.0,  # at its stale price
    27: None,
    28: None,
    29: 0.2,  # 2 at 1 SEK at a stale rate
    30: None,
    31: None,  # what it is cannot be read
    32: 100.0,
}


def write_closes(path):
    """Write the workbook of prices: faults, dates out of order, a row after as_of."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.add_worksheet("Notes").write("A1", "nothing to see")
        sheet = book.add_worksheet("Closes")
        names = ["MU", "000660.KS", "BTC", "RENDER", "OPT", "YEN", "OLD", "LATER"]
        sheet.write_row("A1", ["date", *names, "KRONA", "ODD"])
        for i, date in enumerate(DATES, start=2):
            sheet.write(f"A{i}", date)
            sheet.write_row(f"B{i}", [100, 250_000, 60_000, 5, 1, 1, None, None, 1, 1])
        sheet.write("H2", 1)
        sheet.write_formula("D3", "=1/0", None, "#DIV/0!")
        sheet.write("E4", -5)
        sheet.write("E5", 0)
        sheet.write("B6", "n.a.")
        sheet.write_formula("F7", "=1+1", None, "")
        sheet.write("A8", 46_168)
        sheet.write_row("A13", ["27 May 2026", 1, 1, 1, 1])
        sheet.write_row("A14", [DATES[8], 99, 1, 1, 1])
        sheet.write_row("A15", [pd.Timestamp("2026-06-01"), *[1] * len(names)])
        sheet.write_row("A17", [pd.Timestamp("2026-05-15"), 90, 1, 1])


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    """The folder with every file that the desk files name, or do not."""
    folder = tmp_path_factory.mktemp("desks") / "desk"
    shutil.copytree(HERE, folder)
    write_closes(folder / "prices.xlsx")
    content = (folder / "prices.xlsx").read_bytes()
    (folder / "cut.xlsx").write_bytes(content[: len(content) // 2])
    (folder / "macros.xlsm").write_bytes(content)
    (folder / "korean.csv").write_bytes(
        "fund,instrument,weight\n하이닉스".encode("cp949")
    )
    (folder / "rates.txt").write_text("date,currency,tenor_days,rate\n", "utf-8")
    (folder / "folder").mkdir()
    text = (folder / "desk.toml").read_text("utf-8")
    mild = f'on_error = "quarantine"\n{text}'
    (folder / "quarantine.toml").write_text(mild, "utf-8")
    part = text.replace('"limits.csv"', '"gone.csv"')
    (folder / "part.toml").write_text(part, "utf-8")
    return folder


@pytest.fixture
def found(desks):
    """Return the errors, or the warnings, with which a desk file is refused."""

    def found(name, severity="error"):
        with pytest.raises(rp.InputError, match="errors") as caught:
            rp.load_desk(desks / name)
        issues = [i for i in caught.value.issues if i.severity == severity]
        assert [str(i) for i in issues if severity == "error" and not i.hint] == []
        return Counter(
            (i.where.source, i.where.row, i.where.column, i.code) for i in issues
        )

    return found


@pytest.fixture
def command(desks, monkeypatch, capfd):
    """Return exit code and standard output of a command."""

    def command(*words):
        monkeypatch.chdir(desks)
        monkeypatch.setattr(sys, "argv", ["riskplugin", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit, match=r"\d") as left:
            main()
        return left.value.code, capfd.readouterr().out

    return command


def tree(folder):
    """Return every path under a folder and what it holds."""
    return {p: p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_one_report_names_every_fault_once(found):
    assert len(FAULTS) == 59
    assert found("desk.toml") == Counter(FAULTS)


def test_what_is_odd_but_usable_is_flagged(found):
    assert not Counter(FLAGGED) - found("desk.toml", "warning")


def test_one_report_names_every_file_that_cannot_be_read(found):
    assert found("broken.toml") == Counter(BROKEN)


def test_a_file_that_cannot_be_read_hides_no_fault_of_the_others(found):
    """Whoever mends the file must not then be told of faults that were there before."""
    others = [fault for fault in FAULTS if fault[0] != "limits.csv"]
    assert found("part.toml") == Counter(
        [*others, ("gone.csv", None, None, "bad-file")]
    )


@pytest.mark.parametrize(
    ("name", "faults"), [("desk.toml", FAULTS), ("broken.toml", BROKEN)]
)
def test_check_exits_three_and_lists_them_in_json(command, name, faults):
    code, out = command("check", name, "--json")
    assert code == 3
    rows = [r for r in json.loads(out)["rows"] if r["level"] == "error"]
    listed = [(r["source"], r["row"], r["column"], r["code"]) for r in rows]
    expected = [
        (source, "" if row is None else str(row), column or "", code)
        for source, row, column, code in faults
    ]
    assert Counter(listed) == Counter(expected)


@pytest.mark.parametrize("name", ["desk.toml", "broken.toml"])
def test_run_exits_three_and_writes_nothing(command, desks, name):
    before = tree(desks.parent)
    assert command("run", name, "--out", "out") == (3, "")
    assert tree(desks.parent) == before


def test_what_is_no_fault_is_used(desks):
    """A lot twice, a BOM, CRLF, blank rows and columns, dates in any order."""
    desk = rp.load_desk(desks / "quarantine.toml")
    held = rp.positions(desk)
    worth = list(zip(held["instrument"], held["market_value"], strict=True))
    assert worth == [
        ("000660.KS", 2_000.0),
        ("MU", 10_000.0),
        ("MU", 10_000.0),
        ("BTC", -30_000.0),
        ("RENDER", 5_000.0),
    ]
    assert str(desk.market.dates[0]) == "2026-05-15"
    assert str(desk.market.dates[-1]) == "2026-05-29"


def test_quarantine_tells_the_money_of_every_row_that_is_left_out(desks):
    out = rp.load_desk(desks / "quarantine.toml").left_out
    assert dict.fromkeys(out["source"]) == {"positions.csv": None}
    money = dict(zip(out["row"], out["market_value"], strict=True))
    assert {r: None if np.isnan(m) else m for r, m in money.items()} == LEFT_OUT
    first = {}
    for source, row, _, code in FAULTS:
        if source == "positions.csv":
            first[row] = code
    assert dict(zip(out["row"], out["reason"], strict=True)) == first


def test_quarantined_run_is_partial_and_says_what_it_left_out(command, desks):
    code, out = command("run", "quarantine.toml", "--out", "partial", "--json")
    (row,) = json.loads(out)["rows"]
    assert (code, row["status"], row["left_out"]) == (3, "partial", len(LEFT_OUT))
    left = pd.read_csv(desks / "partial" / "left_out.csv")
    known = sum(money for money in LEFT_OUT.values() if money is not None)
    assert left["market_value"].sum() == pytest.approx(known, rel=1e-12)
    shutil.rmtree(desks / "partial")
