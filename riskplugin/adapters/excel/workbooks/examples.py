"""RiskExamples.xlsx: a sheet per function, written from the registry."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskplugin import api
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.specification import Function
from riskplugin.adapters.excel.workbooks.pages import (
    Argument,
    Book,
    Cells,
    Page,
    formula,
)
from riskplugin.adapters.excel.workbooks.style import Look, look_of

INDEX = "Index"
NO_SUCH = "no_such_thing"
WRONG: Mapping[Kind, Argument] = {
    Kind.WHOLE: 0.0,
    Kind.NUMBER: "many",
    Kind.DATE: "yesterday",
}
SHOWN_POSITIONS = 12
HEDGES: list[list[str | float]] = [
    ["instrument", "side", "half_spread_bps"],
    ["SOXX", "sell", 1.0],
    ["MU", "sell", 2.0],
]
SHOWN_THOUGH_OPTIONAL = ("argument1", "instruments", "max_loss")


def examples_book(session: Session) -> bytes:
    """Return the workbook of examples."""
    book = Book(session, "Examples of the functions")
    index, sheet = book.page(INDEX), book.page("Positions")
    positions = book.name("positions", write_positions(sheet))
    write_index(index)
    for function in FUNCTIONS.values():
        write_function(book.page(function.name), function, positions)
    index.sheet.activate()
    return book.content()


def write_positions(page: Page) -> Cells:
    """Write some positions of the desk; return them with their header."""
    held = api.positions(page.book.session.world(None).desk)
    page.heading("Positions", "What the examples call positions: some of the desk's.")
    page.widths(0, 2, 18, 18, 16)
    page.sheet.freeze_panes(4, 0)
    names = ("book", "instrument", "quantity")
    step = max(1, len(held) // SHOWN_POSITIONS)
    rows = [
        list(names),
        *([r[n] for n in names] for r in held[::step].to_dict("records")),
    ]
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            head = Look.HEADER if j == 2 else Look.HEADER_TEXT
            look = Look.INPUT_UNITS if j == 2 else Look.INPUT
            page.put(3 + i, 1 + j, cell, look if i else head)
    place = f"Positions!$B$4:$D${3 + len(rows)}"
    cells = Cells(place, rows, page.title, 3, 1)
    write_beside(page, "Trades: an idea that halves the first", trades_beside(cells))
    write_beside(page, "Hedges: what may be traded", hedges_beside(cells))
    return cells


def write_beside(page: Page, title: str, cells: Cells) -> None:
    """Write a range that stands beside the positions, with its title above."""
    page.put(cells.row - 1, cells.column, title, Look.LABEL)
    for i, row in enumerate(cells.rows):
        for j, cell in enumerate(row):
            text = Look.INPUT if isinstance(cell, str) else Look.INPUT_UNITS
            look = text if i else Look.HEADER_TEXT
            page.put(cells.row + i, cells.column + j, cell, look)


def trades_beside(positions: Cells) -> Cells:
    """Return trades that stand beside the positions: half of the first of them."""
    book, instrument, quantity = positions.rows[1]
    half = -float(quantity) / 2
    given: list[list[Any]] = [
        ["idea", "book", "instrument", "quantity"],
        ["half", book, instrument, half],
    ]
    return Cells("Positions!$F$4:$I$5", given, "Positions", positions.row, 5)


def hedges_beside(positions: Cells) -> Cells:
    """Return what a hedge may trade, right of the trades."""
    place = f"Positions!$K$4:$M${3 + len(HEDGES)}"
    return Cells(place, HEDGES, "Positions", positions.row, 10)


def write_index(page: Page) -> None:
    """Write every function with what it gives, and lead to its sheet."""
    page.heading(
        "Functions of riskplugin",
        "A name leads to its sheet. Every figure is live; an error cell has its reason"
        " beside it, from RISK_WHY.",
    )
    page.widths(0, 2, 27, 84, 76)
    page.sheet.freeze_panes(4, 0)
    for j, name in enumerate(("function", "arguments", "what it gives"), start=1):
        page.put(3, j, name, Look.HEADER_TEXT)
    for i, function in enumerate(FUNCTIONS.values(), start=4):
        link = f"internal:'{function.name}'!A1"
        style = page.book.formats(Look.LINK)
        page.sheet.write_url(i, 1, link, style, string=function.name)
        page.put(i, 2, signature(function))
        page.put(i, 3, function.help)


def signature(function: Function) -> str:
    """Return the arguments of a function, those that may be left out in brackets."""
    names = (f"[{a.name}]" if a.optional else a.name for a in function.arguments)
    return ", ".join(names) or "none"


def write_function(page: Page, function: Function, positions: Cells) -> None:
    """Write what there is to know about a function, and show it at work."""
    page.heading(function.name, function.help)
    page.sheet.freeze_panes(3, 0)
    page.widths(0, 2)
    style = page.book.formats(Look.LINK)
    page.sheet.write_url(2, 1, f"internal:'{INDEX}'!A1", style, string="All functions")
    page.put(4, 1, "In a cell", Look.LABEL)
    page.put(
        4, 2, f"={function.name}({', '.join(signature_parts(function))})", Look.CODE
    )
    page.put(5, 1, "In Python", Look.LABEL)
    page.put(5, 2, function.python, Look.CODE)
    row = write_arguments(page, function, 7)
    row = write_errors(page, function, positions, row + 1)
    write_example(page, function, positions, row + 1)


def signature_parts(function: Function) -> Iterator[str]:
    """Yield the arguments of a function, those that may be left out in brackets."""
    for argument in function.arguments:
        yield f"[{argument.name}]" if argument.optional else argument.name


def write_arguments(page: Page, function: Function, row: int) -> int:
    """Write the arguments; return the row that is free below."""
    page.section(row, 1, "Arguments" if function.arguments else "No arguments")
    for i, argument in enumerate(function.arguments, start=row + 1):
        shown = f"[{argument.name}]" if argument.optional else argument.name
        page.put(i, 1, shown)
        page.put(i, 2, argument.help)
    return row + 1 + len(function.arguments)


def write_errors(page: Page, function: Function, positions: Cells, row: int) -> int:
    """Write calls that fail, each with its reason; return the free row below."""
    failing = list(failing_calls(page.book.session, function, positions))
    if not failing:
        return row
    page.section(row, 1, "Errors, and what RISK_WHY says")
    for i, given in enumerate(failing, start=row + 1):
        found = page.ask((i, 1), function.name, *given, look=look_of_answer(function))
        page.put(i, 2, formula(function.name, given), Look.CODE)
        page.why((i, 7), found, function.name, *given)
    return row + 1 + len(failing)


def write_example(page: Page, function: Function, positions: Cells, row: int) -> None:
    """Write a call that works, with nothing below: its table may grow."""
    given = trimmed(sample(page.book.session, function, positions))
    page.put(row + 2, 1, formula(function.name, given), Look.CODE)
    look = None if function.spills else look_of_answer(function)
    found = page.ask((row + 3, 1), function.name, *given, look=look)
    page.section(row, 1, "Example", unit_of(page, found, look))
    page.widths(1, 30, *[13.0] * 14)
    if function.spills:
        page.fit(found, {1: 30})
        page.heights(found)
    page.sheet.fit_to_pages(1, 0)


def unit_of(page: Page, found: Cells, look: Look | None) -> str:
    """Return in words the unit of the money in an answer, blank if it holds none."""
    base = page.book.session.world(None).desk.settings.base_currency
    if look is not None:
        return f"In {base}." if look is Look.UNITS else ""
    header, *rows = found.rows
    money = any(
        isinstance(cell, float) and look_of(str(name)) is Look.MILLIONS
        for row in rows
        for name, cell in zip(header, row, strict=True)
    )
    return f"Money in {base} million." if money else ""


def look_of_answer(function: Function) -> Look:
    """Return how the one number of a function is shown."""
    if function.name.endswith(("PNL", "EXPOSURE", "MEASURE")):
        return Look.UNITS
    return Look.DATE if function.name.endswith("ASOF") else Look.DECIMAL


def sample(
    session: Session, function: Function, positions: Cells
) -> tuple[Argument, ...]:
    """Return arguments that work; those that may be left out are."""
    desk = session.world(None).desk
    known: Mapping[str, Argument] = {
        "positions": positions,
        "trades": trades_beside(positions),
        "scenario": desk.scenarios.names()[0],
        "tier": desk.universe.tier_names()[0],
        "instrument": str(positions.rows[1][1]),
        "measure": "CVaR",
        "radius": 2.0,
        "signal": "persistence",
        "metric": "exposure:net",
        "function": "RISK_BETA",
        "argument1": NO_SUCH,
        "loss": 1e6,
        "limit": "gross total",
        "instruments": hedges_beside(positions),
        "max_loss": 1e7,
    }
    needed = [
        not a.optional or a.name in SHOWN_THOUGH_OPTIONAL for a in function.arguments
    ]
    return tuple(
        known[a.name] if need else None
        for a, need in zip(function.arguments, needed, strict=True)
    )


def failing_calls(
    session: Session, function: Function, positions: Cells
) -> Iterator[tuple[Argument, ...]]:
    """Yield calls with one argument that cannot be: each in turn."""
    works = sample(session, function, positions)
    for i, argument in enumerate(function.arguments):
        if argument.kind is not Kind.ANY:
            wrong = WRONG.get(argument.kind, NO_SUCH)
            yield trimmed((*works[:i], wrong, *works[i + 1 :]))


def trimmed(given: Sequence[Argument]) -> tuple[Argument, ...]:
    """Return arguments without those left out at the end."""
    kept = list(given)
    while kept and kept[-1] is None:
        kept.pop()
    return tuple(kept)
