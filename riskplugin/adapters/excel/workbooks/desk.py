"""RiskDesk.xlsx: the positions of a desk, a scenario to choose, and what follows."""

from typing import Any

import numpy as np

from riskplugin import api
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.workbooks.charts import (
    banded,
    by_parts,
    columns_of,
    grouped,
)
from riskplugin.adapters.excel.workbooks.pages import Argument, Book, Cells, Page
from riskplugin.adapters.excel.workbooks.style import (
    INPUT_INK,
    NEUTRAL,
    NUMBER_WIDTH,
    Look,
)
from riskplugin.desk import Desk
from riskplugin.reporting.workbook.looks import GAIN_FILL, LINE, LOSS_FILL

INPUTS = (
    # column of a positions table, width, look
    ("book", 18, Look.INPUT),
    ("instrument", 18, Look.INPUT),
    ("quantity", 17, Look.INPUT_UNITS),
    ("price", 14, Look.INPUT_PRICE),
    ("strategy", 20, Look.INPUT),
    ("account", 16, Look.INPUT),
    ("margin_posted", 17, Look.INPUT_UNITS),
    ("liquidation_price", 17, Look.INPUT_PRICE),
    ("locked_until", 16, Look.INPUT),
)
OVERRIDE = "price"  # blank: the market's
NUMBERS = ("quantity", OVERRIDE, "margin_posted", "liquidation_price")
SPARE_ROWS = 50
POSITIONS_ROW = 4
SPILL_ROOM = 3  # rows kept free below a table that may grow
PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")


def desk_book(session: Session) -> bytes:
    """Return the desk's workbook."""
    book = Book(session, "Risk desk")
    desk, exposure, detail, scenarios = (
        book.page(title) for title in ("Desk", "Exposure", "Detail", "Scenarios")
    )
    betas, checks = book.page("Betas"), book.page("Checks")
    sheet = book.page("Positions", INPUT_INK)
    base = session.world(None).desk.settings.base_currency
    unit = f"{base} million"
    positions = book.name("positions", write_positions(sheet))
    known = write_scenarios(scenarios, positions, unit)
    scenario = book.name("scenario", write_choice(desk, known, unit))
    write_desk(desk, positions, scenario, unit)
    write_exposure(exposure, positions, unit)
    write_detail(detail, positions, scenario, unit)
    write_betas(betas, positions)
    write_checks(checks, positions)
    desk.sheet.activate()
    return book.content()


# --- inputs --------------------------------------------------------------------------


def stated(desk: Desk) -> list[dict[str, Any]]:
    """Return the positions as a table of positions states them; None where blank.

    The price where the market has none: an option's own mark.
    """
    book = desk.book
    priced = desk.market.priced(desk.as_of)
    rows = []
    for i, row in enumerate(api.positions(desk).to_dict("records")):
        of_market = row["instrument"] in priced or row["kind"] == "cash"
        found = row | {
            OVERRIDE: None if of_market else row["price"],
            "margin_posted": float(book.margin_posted[i]),
            "liquidation_price": float(book.liquidation_price[i]),
            "locked_until": iso(book.locked_until[i]),
        }
        rows.append({name: as_cell(value) for name, value in found.items()})
    return rows


def as_cell(value: object) -> object:
    """Return a value as a cell holds it: None where there is none."""
    unknown = isinstance(value, float) and np.isnan(value)
    return None if value == "" or unknown else value


def iso(day: np.datetime64) -> str:
    """Return a day as ISO text, blank if there is none."""
    return "" if np.isnat(day) else str(day)


def write_positions(page: Page) -> Cells:
    """Write the positions, with rows to add some; return them with their header."""
    desk = page.book.session.world(None).desk
    held = stated(desk)
    page.heading(
        "Positions",
        "Change what is blue; blank rows are ignored, and new ones go below or between."
        " A price left blank is the market's, in local currency; short < 0.",
    )
    page.widths(0, 2, *(width for _, width, _ in INPUTS))
    header = [name for name, _, _ in INPUTS]
    rows: list[list[Any]] = [header]
    rows += [[row[n] for n in header] for row in held]
    rows += [[None] * len(header) for _ in range(SPARE_ROWS)]
    for i, row in enumerate(rows):
        for j, (cell, (name, _, look)) in enumerate(zip(row, INPUTS, strict=True)):
            number = name in NUMBERS
            head = Look.HEADER if number else Look.HEADER_TEXT
            page.put(POSITIONS_ROW + i, 1 + j, cell, look if i else head)
    last = POSITIONS_ROW + len(rows) - 1
    page.sheet.freeze_panes(POSITIONS_ROW + 1, 3)
    page.sheet.autofilter(POSITIONS_ROW, 1, last, len(header))
    page.sheet.repeat_rows(POSITIONS_ROW)
    page.flag((POSITIONS_ROW + 1, 1, last, len(header)), losses=True)
    page.sheet.print_area(0, 0, POSITIONS_ROW + len(held) + 1, len(header))
    page.sheet.set_portrait()
    place = f"{page.title}!$B${POSITIONS_ROW + 1}:${chr(65 + len(header))}${last + 1}"
    return Cells(place, rows, page.title, POSITIONS_ROW, 1)


def write_choice(page: Page, scenarios: Cells, unit: str) -> Cells:
    """Write the title and the chooser of the scenario."""
    page.heading("Risk desk", f"{unit} unless a header says otherwise.")
    page.widths(0, 2, 28, *[NUMBER_WIDTH] * 8, 3, 27, *[NUMBER_WIDTH] * 5)
    page.put(3, 1, "Scenario: choose here", Look.LABEL)
    chosen = page.put(4, 1, scenarios.rows[1][0], Look.INPUT)
    page.sheet.data_validation(
        4,
        1,
        4,
        1,
        {
            "validate": "list",
            "source": "=" + scenarios.body(0),
            "error_title": "No such scenario",
            "error_message": "Choose one of the list; the sheet Scenarios explains it.",
        },
    )
    return chosen


# --- pages ---------------------------------------------------------------------------


def write_desk(page: Page, positions: Cells, scenario: Cells, unit: str) -> None:
    """Write the page that the day starts with."""
    for column, label in ((2, "Valued on"), (3, "Prices until"), (4, "Version")):
        page.put(3, column, label, Look.HEADER)
    page.ask((4, 2), "RISK_ASOF", look=Look.DATE)
    page.ask((4, 3), "RISK_ASOF", "prices", look=Look.DATE)
    page.ask((4, 4), "RISK_VERSION", look=Look.WHOLE)
    page.sheet.freeze_panes(5, 2)
    write_headline(page, positions, scenario, unit)
    write_worst(page, positions, unit)
    page.section(16, 1, "The scenario in parts", "P&L is the sum of the five parts.")
    total = page.ask((18, 1), "RISK_STRESS_TABLE", positions, scenario, "total")
    page.section(22, 1, "P&L by tier", "Lows of tiers do not add up to the book's low.")
    tiers = page.ask((24, 1), "RISK_STRESS_TABLE", positions, scenario)
    page.section(22, 11, f"Where the P&L of the scenario comes from, {unit}")
    pieces = ("pnl", *PARTS)
    bars = columns_of(page, total, pieces, "P&L of the book and its parts")
    page.sheet.insert_chart(23, 11, bars, {"object_position": 2})
    below = 24 + len(page.book.session.world(None).desk.universe.tier_names()) + 3
    page.section(below, 1, "P&L by tier and part")
    chart = by_parts(page, tiers, PARTS)
    page.sheet.insert_chart(below + 1, 1, chart, {"object_position": 2})
    page.sheet.print_area(0, 0, below + 24, 16)
    page.sheet.fit_to_pages(1, 1)


def write_headline(page: Page, positions: Cells, scenario: Cells, unit: str) -> None:
    """Write the figures that are looked at first, each with the reason of an error."""
    page.section(6, 1, "Headline")
    asked: tuple[tuple[str, Look, str, tuple[Argument, ...]], ...] = (
        ("P&L in the scenario", Look.MILLIONS, "RISK_STRESS_PNL", (scenario,)),
        ("Gross", Look.MILLIONS, "RISK_EXPOSURE", ("total", "gross")),
        ("Net", Look.MILLIONS, "RISK_EXPOSURE", ("total", "net")),
        ("Net, % of NAV", Look.PERCENT, "RISK_EXPOSURE", ("total", "pct_nav")),
        (
            "Memory beta x exposure",
            Look.MILLIONS,
            "RISK_EXPOSURE",
            ("total", "memory_beta_exposure"),
        ),
        ("Share on proxies", Look.PERCENT, "RISK_EXPOSURE", ("total", "proxied_share")),
    )
    page.put(7, 1, "", Look.HEADER_TEXT)
    page.put(7, 2, unit, Look.HEADER)
    page.put(7, 3, "Why, if it is an error", Look.NOTE)
    for i, (label, look, function, given) in enumerate(asked, start=8):
        page.put(i, 1, label, Look.LABEL)
        found = page.ask((i, 2), function, positions, *given, look=look)
        page.why((i, 3), found, function, positions, *given)


def write_worst(page: Page, positions: Cells, unit: str) -> None:
    """Write the scenarios that lose most, and draw them with their bands."""
    page.section(6, 11, "Worst scenarios", f"{unit}; bands at the desk's confidence.")
    worst = page.ask((8, 11), "RISK_STRESS_WORST", positions)
    header = ("to low", "to high")
    for j, name in enumerate(header, start=15):
        page.put(8, j, name, Look.HEADER)
    for i, row in enumerate(worst.rows[1:], start=9):
        _, pnl, low, high = row
        cells = (f"=M{i + 1}-N{i + 1}", pnl - low), (f"=O{i + 1}-M{i + 1}", high - pnl)
        for j, (text, value) in enumerate(cells, start=15):
            page.calculated(i, j, text, value, Look.MILLIONS)
    chart = banded(page, worst)
    page.sheet.insert_chart(42, 11, chart, {"object_position": 2})
    page.section(41, 11, f"Worst scenarios and their bands, {unit}")


def write_exposure(page: Page, positions: Cells, unit: str) -> None:
    """Write what is held, by tier and by book."""
    page.heading("Exposure", f"{unit}; shares as percent, concentration as numbers.")
    page.sheet.freeze_panes(3, 2)
    page.widths(0, 2)
    page.section(3, 1, "By book")
    books = page.ask((4, 1), "RISK_EXPOSURE_TABLE", positions, "book")
    start = books.below + SPILL_ROOM
    page.section(start, 1, "By tier")
    tiers = page.ask((start + 1, 1), "RISK_EXPOSURE_TABLE", positions)
    page.fit(books, {1: 27})
    below = tiers.below + SPILL_ROOM
    page.section(below, 1, "Long, short and memory beta x exposure by tier")
    chart = grouped(page, tiers, ("long", "short", "memory_beta_exposure"))
    page.sheet.insert_chart(below + 1, 1, chart, {"object_position": 2})
    page.sheet.fit_to_pages(1, 1)
    page.sheet.print_area(0, 0, below + 24, 12)


def write_detail(page: Page, positions: Cells, scenario: Cells, unit: str) -> None:
    """Write the P&L of every position in the chosen scenario."""
    page.heading("P&L by position", f"In the scenario chosen on Desk; {unit}.")
    page.sheet.freeze_panes(4, 4)
    page.widths(0, 2)
    rows = page.ask((3, 1), "RISK_STRESS_TABLE", positions, scenario, "position")
    page.fit(rows)
    page.sheet.repeat_rows(3)


def write_scenarios(page: Page, positions: Cells, unit: str) -> Cells:
    """Write P&L by scenario and tier, and the scenarios in words; return these."""
    page.heading("Scenarios", f"P&L by scenario and tier, {unit}: orange loses.")
    page.sheet.freeze_panes(4, 2)
    page.widths(0, 2)
    grid = page.ask((3, 1), "RISK_STRESS_GRID", positions, coloured=True)
    bottom, right = grid.below - 1, len(grid.rows[0])
    heat = {
        "type": "3_color_scale",
        "min_color": LOSS_FILL,
        "mid_color": NEUTRAL,
        "max_color": GAIN_FILL,
        "mid_type": "num",
        "mid_value": 0,
    }
    page.sheet.conditional_format(4, 2, bottom, right - 1, heat)
    page.sheet.conditional_format(4, right, bottom, right, heat)
    edge = page.book.formats.only(left=1, left_color=LINE)
    always = {"type": "formula", "criteria": "=TRUE", "format": edge}
    page.sheet.conditional_format(3, right, bottom, right, always)
    page.fit(grid)
    words = page.book.page("Scenario list")
    return write_words(words)


def write_words(page: Page) -> Cells:
    """Write the scenarios in words."""
    page.heading(
        "Scenarios in words", "The first core moves are what a scenario fixes."
    )
    page.sheet.freeze_panes(4, 2)
    page.widths(0, 2)
    found = page.ask((3, 1), "RISK_SCENARIO_LIST")
    page.fit(found)
    page.heights(found)
    page.sheet.repeat_rows(3)
    return found


def write_betas(page: Page, positions: Cells) -> None:
    """Write the memory beta of every name that is held, and where it comes from."""
    page.heading("Betas", "Total beta to memory: every other driver follows.")
    page.sheet.freeze_panes(4, 2)
    page.widths(0, 2)
    found = page.ask((3, 1), "RISK_BETA_TABLE", positions)
    page.fit(found)
    page.sheet.set_row(3, 30)
    page.sheet.repeat_rows(3)
    page.sheet.set_portrait()


def write_checks(page: Page, positions: Cells) -> None:
    """Write how far the data reaches, and every issue of the positions."""
    page.heading("Checks", "What the figures rest on, and what was found wrong.")
    page.widths(0, 2, 16, 22, 14, 12, 13, 50, 50)
    page.section(3, 1, "Data")
    data = page.ask((4, 1), "RISK_DATA_STATUS")
    row = data.below + SPILL_ROOM
    page.section(row, 1, "Issues of the positions")
    levels = f"$B${row + 5}:$B${row + 505}"
    issues = page.book.answer("RISK_CHECK", positions)
    for i, level in enumerate(("error", "warning"), start=1):
        page.put(row + i, 1, f"{level}s", Look.LABEL)
        count = sum(r[0] == level for r in issues[1:])
        text = f'=COUNTIF({levels},"{level}")'
        page.calculated(row + i, 2, text, count, Look.WHOLE)
    page.heights(page.ask((row + 4, 1), "RISK_CHECK", positions))
