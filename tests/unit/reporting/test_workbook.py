"""The report as a workbook: what its cells hold, and what they never hold."""

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.reporting.contents import contents_of
from riskplugin.reporting.first_page import first_page
from riskplugin.reporting.shown import NUMBERS, rows_of
from riskplugin.reporting.workbook.book import report_workbook, sheet_title
from riskplugin.reporting.workbook.drawings import floating

DAYS = pd.bdate_range(end="2026-05-29", periods=300)
NAMES = ["MU", "NVDA", "BTC", "TAO", "SPY"]
HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")'


def desk():
    draw = np.random.default_rng(5)
    walk = draw.normal(0, 0.015, (300, 1)) + draw.normal(0, 0.02, (300, len(NAMES)))
    prices = pd.DataFrame(100 * np.exp(np.cumsum(walk, axis=0)), columns=NAMES)
    prices.insert(0, "date", DAYS)
    held = pd.DataFrame(
        {
            "book": ["semis", HOSTILE, "semis", HOSTILE, "semis"],
            "instrument": NAMES,
            "quantity": [100.0, 200.0, -5.0, 300.0, -50.0],
            "strategy": ["@SUM(A1)", "+1", "-1", "\tx", "a&b"],
        }
    )
    return rp.desk_from_tables(held, prices)


@pytest.fixture(scope="module")
def report():
    return rp.run(desk())


@pytest.fixture(scope="module")
def content(report):
    return report_workbook(report, first_page(report))


@pytest.fixture(scope="module")
def book(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def headed(sheet, title, count):
    """Return the rows of a table below its title, its head skipped."""
    top = next(c.row for c in sheet["A"] if c.value == title)
    while not sheet.cell(top, 1).font.bold or sheet.cell(top, 1).value == title:
        top += 1
    rows = sheet.iter_rows(min_row=top + 1, max_row=top + count, values_only=True)
    return [list(row) for row in rows]


def test_every_shown_figure_is_the_one_of_the_run(report, book):
    compared = 0
    for section in contents_of(report):
        sheet = book[sheet_title(section)]
        for shown in section.tables:
            rows = rows_of(shown, report.tables[shown.table])
            if rows.frame.empty or not shown.cut:
                continue
            cells = headed(sheet, shown.title, len(rows.frame))
            for j, column in enumerate(rows.columns):
                if column.kind not in NUMBERS:
                    continue
                for row, value in zip(cells, rows.frame[column.name], strict=True):
                    known = isinstance(value, str) or np.isfinite(value)
                    said = row[j] if known else "unknown"
                    assert row[j] == (pytest.approx(value) if known else said)
                    compared += 1
    assert compared > 500


def test_text_of_a_desk_is_never_a_formula_or_a_link(book):
    texts = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if cell.hyperlink is not None:
                    assert cell.hyperlink.location.endswith("!A1")
                    assert cell.hyperlink.target is None
                texts.add(cell.value)
    assert HOSTILE in texts


def test_the_same_run_gives_the_same_bytes(report, content):
    assert report_workbook(report, first_page(report)) == content


def test_charts_are_native_and_every_table_can_be_filtered(report, book):
    assert len(book["Stress"]._charts) == 1
    assert len(book["Exposures"]._charts) >= 2
    shown = [s for s in contents_of(report) if s.key == "stress"]
    assert len(book["Stress"].tables) == len(shown[0].tables)


def test_the_front_links_every_sheet_and_definitions_define(book):
    linked = {c.value for c in book["First page"]["A"] if c.hyperlink is not None}
    assert linked == set(book.sheetnames) - {"First page", "Chart data"}
    defined = {row[0].value: row[1].value for row in book["Definitions"].iter_rows()}
    assert "base currency" in defined["pnl"]


def test_a_waterfall_floats_through_nothing():
    steps = floating(["a", "b", "c"], [5.0, -8.0, 1.0])
    # from 0 to 5, from 5 through nothing to -3, from -3 to -2, and the sum: -2
    assert steps["gain above"].tolist() == [5.0, 0.0, 0.0, 0.0]
    assert steps["loss above"].tolist() == [0.0, 5.0, 0.0, 0.0]
    assert steps["loss below"].tolist() == [0.0, -3.0, 0.0, 0.0]
    assert steps["gain below"].tolist() == [0.0, 0.0, -1.0, 0.0]
    assert steps["blank below"].tolist() == [0.0, 0.0, -2.0, 0.0]
    assert steps["total below"].tolist() == [0.0, 0.0, 0.0, -2.0]
    assert steps["part"].tolist() == ["a", "b", "c", "P&L"]
