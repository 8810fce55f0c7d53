"""The report of a run as one XLSX file."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]

from riskplugin.reporting.contents import contents_of
from riskplugin.reporting.first_page import meaning
from riskplugin.reporting.passages import FirstPage, Passage, Tone
from riskplugin.reporting.shown import (
    Picture,
    Rows,
    Section,
    Shown,
    rows_of,
    text,
)
from riskplugin.reporting.workbook.drawings import Canvas, draw
from riskplugin.reporting.workbook.looks import (
    DOUBT_FILL,
    LOSS_FILL,
    WARN_FILL,
    Formats,
    Look,
)
from riskplugin.reporting.workbook.pages import Page
from riskplugin.results import Report

CREATED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the same bytes on every day
AS_DATA = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FIRST, DEFINITIONS, DATA = "First page", "Definitions", "Chart data"
OWN_TITLES = {"data": "Issues"}  # sheets that are not called as their section
FILLS = {
    Tone.BREACH: LOSS_FILL,
    Tone.WARNING: WARN_FILL,
    Tone.UNKNOWN: DOUBT_FILL,
    Tone.QUIET: "#FFFFFF",
}
COLUMNS_WIDE = 8  # of a paragraph
ALL_ROWS = 1_000_000


def report_workbook(report: Report, first: FirstPage) -> bytes:
    """Return the report of a run as a workbook; the same run gives the same bytes."""
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, AS_DATA)
    workbook.set_properties({"title": first.title, "created": CREATED})
    workbook.set_size(2400, 1500)
    formats = Formats(workbook)
    foot = f"Run {report.run_id}, as of {report.as_of}"

    def page(title: str) -> Page:
        sheet = workbook.add_worksheet(title)
        return Page(title, sheet, formats, report.base_currency, foot)

    sections = list(contents_of(report))
    front = page(FIRST)
    pages = [page(sheet_title(section)) for section in sections]
    meanings, canvas = page(DEFINITIONS), Canvas(workbook, page(DATA))
    write_first(front, first, [p.title for p in (*pages, meanings)])
    canvas.data.heading(DATA, "What charts alone need; the tables hold the rest.")
    shown: set[str] = set()
    for sheet, section in zip(pages, sections, strict=True):
        shown |= write_section(report, canvas, sheet, section)
    define(report, meanings, shown)
    workbook.close()
    return timeless(file.getvalue())


def sheet_title(section: Section) -> str:
    """Return the title of a section's sheet."""
    return OWN_TITLES.get(section.key, section.title)


def write_first(page: Page, first: FirstPage, others: Sequence[str]) -> None:
    """Write the first page, and links to all others."""
    page.widen(0, 30)
    for column in range(1, COLUMNS_WIDE):
        page.widen(column, 13)
    page.heading(first.title)
    page.paragraph(first.lead, COLUMNS_WIDE)
    facts = " · ".join(f"{name} {value}" for name, value in first.facts)
    page.paragraph(facts, COLUMNS_WIDE, Look.NOTE)
    page.free += 1
    for passage in first.passages:
        write_passage(page, passage)
    page.section("Everything else")
    for title in others:
        page.link(title, title)


def write_passage(page: Page, passage: Passage) -> None:
    """Write a passage of the first page."""
    fill = page.formats(Look.SECTION, bg_color=FILLS[passage.tone])
    page.sheet.set_row(page.free, 19)
    for column in range(COLUMNS_WIDE):
        page.sheet.write_blank(page.free, column, None, fill)
    page.sheet.write_string(page.free, 0, passage.title, fill)
    page.free += 1
    for point in passage.points:
        page.paragraph(point, COLUMNS_WIDE)
    if passage.rows is not None and len(passage.rows.frame):
        page.table(passage.rows)
    if passage.note:
        page.paragraph(passage.note, COLUMNS_WIDE, Look.NOTE)
    page.free += 1


def write_section(
    report: Report, canvas: Canvas, page: Page, section: Section
) -> set[str]:
    """Write a section: its question, and every table with its chart.

    Return the names of the columns.
    """
    page.heading(section.title, section.question)
    named = (write_table(report, canvas, page, shown) for shown in section.tables)
    return {name for names in named for name in names}


def write_table(report: Report, canvas: Canvas, page: Page, shown: Shown) -> list[str]:
    """Write a table, what was cut of it, and its chart; return the columns' names."""
    found = report.tables[shown.table]
    rows = rows_of(shown, found)
    page.section(shown.title, cut_in_words(shown, rows))
    drawing = shown.drawing
    heat = drawing is not None and drawing.picture is Picture.HEAT
    if shown.cut:
        cells = page.table(rows, heat=heat)
        if drawing is not None:
            draw(canvas, page, cells, drawing)
    elif drawing is not None:  # only drawn: its figures stand where charts have theirs
        whole = rows_of(replace(shown, cut=ALL_ROWS), found)
        draw(canvas, page, canvas.data.standing(whole), drawing)
    page.free += 1
    return [column.name for column in rows.columns]


def cut_in_words(shown: Shown, rows: Rows) -> str:
    """Return what is not shown of a table, and where all of it is."""
    if not shown.cut:
        return f"Drawn from {shown.table}.parquet."
    if rows.there <= len(rows.frame):
        return "" if rows.there else "Nothing."
    there = f"all of it is in {shown.table}.parquet"
    return f"{len(rows.frame):,} rows of {rows.there:,}; {there}."


def define(report: Report, page: Page, names: Iterable[str]) -> None:
    """Write what every column means that is shown."""
    page.heading(
        "Definitions",
        f"All money is in {report.base_currency}. Cells hold whole figures and show "
        "them in the unit of their column's head.",
        f"Bands hold {report.confidence:.0%} of what the model thinks may come.",
    )
    said = {name: meaning(name) for name in sorted(names)}
    frame = pd.DataFrame({"column": said.keys(), "meaning": said.values()})
    told = frame[frame["meaning"] != ""].reset_index(drop=True)
    page.widen(1, 110)
    page.table(Rows(text("column meaning"), told, len(told)))


def timeless(content: bytes) -> bytes:
    """Return a packed file without the times at which it was packed."""
    packed = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for info in old.infolist():
            fresh = ZipInfo(info.filename)  # 1980: the same bytes on every day
            fresh.compress_type, fresh.external_attr = ZIP_DEFLATED, info.external_attr
            new.writestr(fresh, old.read(info))
    return packed.getvalue()
