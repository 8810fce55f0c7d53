"""Pages of a workbook whose formulas carry the values that they give.

A call is written as a formula and answered at once by `calling.call`, so that whoever
does not calculate (a previewer, openpyxl) sees what a spreadsheet would. Only literals
of this package become formulas: whatever comes from the desk is written as text.
"""

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import (  # type: ignore[import-untyped]
    xl_range_abs,
    xl_rowcol_to_cell,
)

from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import ExcelError, serial
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.workbooks.style import (
    ERROR_FILL,
    Formats,
    Look,
    look_of,
    width_of,
)
from riskplugin.reporting.workbook.looks import LOSS

CREATED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the same bytes on every day
AS_DATA = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a page, and what they hold.

    Attributes
    ----------
    place : str
        As a formula names them: a defined name, or ``Desk!$B$5:$C$9``.
    rows : sequence of rows
    page : str
        Title of the page.
    row, column : int
        The upper left cell, from 0.
    """

    place: str
    rows: Sequence[Row]
    page: str
    row: int
    column: int

    def body(self, first: int, last: int | None = None) -> str:
        """Return where the columns `first` to `last` stand, without the header."""
        left, right = (
            self.column + first,
            self.column + (first if last is None else last),
        )
        bottom = self.row + max(len(self.rows) - 1, 1)
        return placed(self.page, self.row + 1, left, bottom, right)

    def line(self, row: int, first: int, last: int) -> str:
        """Return where the columns `first` to `last` of a row stand."""
        there = self.row + row
        return placed(self.page, there, self.column + first, there, self.column + last)

    def index(self, column: str) -> int:
        """Return the place of a column of the table."""
        return list(self.rows[0]).index(column)

    @property
    def below(self) -> int:
        """The first row that is free below."""
        return self.row + len(self.rows)


Argument = Cells | str | float | None


def placed(page: str, top: int, left: int, bottom: int, right: int) -> str:
    """Return a range of a page as a formula names it."""
    cells = xl_range_abs(top, left, bottom, right)
    return f"{quoted(page)}!{cells}"


def quoted(page: str) -> str:
    """Return a page's title as a formula names it."""
    return page if page.replace("_", "").isalnum() else f"'{page}'"


def formula(function: str, arguments: Sequence[Argument]) -> str:
    """Return a call as a cell holds it."""
    return f"={function}({','.join(map(literal, arguments))})"


def literal(argument: Argument) -> str:
    """Return an argument as a formula holds it."""
    if isinstance(argument, Cells):
        return argument.place
    if isinstance(argument, str):
        return '"' + argument.replace('"', '""') + '"'
    return "" if argument is None else f"{argument:.15g}"


def raw(argument: Argument) -> object:
    """Return an argument as a host would pass it."""
    return argument.rows if isinstance(argument, Cells) else argument


class Book:
    """A workbook in the making."""

    def __init__(self, session: Session, title: str) -> None:
        self.session = session
        self._file = io.BytesIO()
        self.workbook = xlsxwriter.Workbook(self._file, AS_DATA)
        self.workbook.set_properties({"title": title, "created": CREATED})
        self.workbook.set_size(2400, 1500)
        self.formats = Formats(self.workbook)
        self._pages: list[Page] = []

    def page(self, title: str, colour: str = "") -> "Page":
        """Return a new page."""
        made = Page(self, title, self.workbook.add_worksheet(title))
        if colour:
            made.sheet.set_tab_color(colour)
        self._pages.append(made)
        return made

    def name(self, name: str, cells: Cells) -> Cells:
        """Return the cells under a name that formulas may use."""
        self.workbook.define_name(name, "=" + cells.place)
        return Cells(name, cells.rows, cells.page, cells.row, cells.column)

    def answer(self, function: str, *arguments: Argument) -> list[list[Any]]:
        """Return the cells that a call gives."""
        given = [raw(a) for a in arguments]
        return call(FUNCTIONS[function], given, self.session)

    def content(self) -> bytes:
        """Return the finished file."""
        self.workbook.close()
        errors = {
            f"xl/worksheets/sheet{i}.xml": page.errors
            for i, page in enumerate(self._pages, start=1)
        }
        return with_errors(self._file.getvalue(), errors)


class Page:
    """A sheet in the making."""

    def __init__(self, book: Book, title: str, sheet: Any) -> None:  # noqa: ANN401
        self.book, self.title, self.sheet = book, title, sheet
        self.errors: dict[str, str] = {}
        sheet.hide_gridlines(2)
        sheet.set_default_row(15)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&F  &A&RPage &P of &N")

    def widths(self, first: int, *widths: float) -> None:
        """Set the widths of columns, from `first` on."""
        for i, width in enumerate(widths):
            self.sheet.set_column(first + i, first + i, width)

    def put(
        self, row: int, column: int, value: object, look: Look = Look.TEXT
    ) -> Cells:
        """Write a value, a text always as text."""
        style = self.book.formats(look)
        if value is None or value == "":
            self.sheet.write_blank(row, column, None, style)
        elif isinstance(value, bool):
            self.sheet.write_boolean(row, column, value, style)
        elif isinstance(value, float | int):
            self.sheet.write_number(row, column, value, style)
        else:
            self.sheet.write_string(row, column, str(value), style)
        place = f"{quoted(self.title)}!{xl_range_abs(row, column, row, column)}"
        return Cells(place, [[value]], self.title, row, column)

    def heading(self, title: str, *notes: str) -> None:
        """Write the title of the page and what there is to know about it."""
        self.sheet.set_row(0, 27)
        self.put(0, 1, title, Look.TITLE)
        for i, note in enumerate(notes, start=1):
            self.put(i, 1, note, Look.NOTE)

    def section(self, row: int, column: int, title: str, note: str = "") -> None:
        """Write the title of a block."""
        self.sheet.set_row(row, 19)
        self.put(row, column, title, Look.SECTION)
        if note:
            self.put(row + 1, column, note, Look.NOTE)

    def calculated(
        self, row: int, column: int, text: str, value: float | str, look: Look
    ) -> None:
        """Write a formula of the spreadsheet's own and what it gives."""
        style = self.book.formats(look)
        self.sheet.write_formula(row, column, text, style, value)

    def ask(
        self,
        at: tuple[int, int],
        function: str,
        *arguments: Argument,
        look: Look | None = None,
        coloured: bool = False,
    ) -> Cells:
        """Write a call; what it gives spills from `at`.

        Losses are marked unless the cells get colours of their own.
        """
        cells = self.book.answer(function, *arguments)
        table = len(cells) > 1 or len(cells[0]) > 1
        looks = looks_of(cells, look) if table else [[look or Look.TEXT]]
        self._spill(at, formula(function, arguments), cells, looks)
        bottom, right = at[0] + len(cells) - 1, at[1] + len(cells[0]) - 1
        self.flag((*at, bottom, right), losses=not coloured)
        return Cells(placed(self.title, *at, bottom, right), cells, self.title, *at)

    def why(
        self, at: tuple[int, int], of: Cells, function: str, *arguments: Argument
    ) -> None:
        """Write the reason behind an error of the call that stands at `of`."""
        asked = formula("RISK_WHY", (function, *arguments)).removeprefix("=")
        cell = xl_rowcol_to_cell(of.row, of.column)
        failed = isinstance(of.rows[0][0], ExcelError)
        reason = (
            self.book.answer("RISK_WHY", function, *arguments) if failed else [[""]]
        )
        text = f'=IF(ISERROR({cell}),{asked},"")'
        self._spill(at, text, reason, [[Look.NOTE]])

    def _spill(
        self,
        at: tuple[int, int],
        text: str,
        cells: Sequence[Row],
        looks: Sequence[Sequence[Look]],
    ) -> None:
        top, left = at
        for i, row in enumerate(cells):
            for j, cell in enumerate(row):
                here = top + i, left + j
                value, look = stored(cell), looks[i][j]
                if isinstance(cell, ExcelError):
                    self.errors[xl_rowcol_to_cell(*here)] = str(cell.code)
                if (i, j) != (0, 0):
                    self.put(*here, value, look)
                    continue
                bottom, right = top + len(cells) - 1, left + len(row) - 1
                style = self.book.formats(look)
                area = (top, left, bottom, right)
                self.sheet.write_dynamic_array_formula(*area, text, style, value)

    def flag(self, area: tuple[int, int, int, int], *, losses: bool) -> None:
        """Show errors in cells as what they are, and losses if wanted."""
        first = xl_rowcol_to_cell(*area[:2])
        only = self.book.formats.only
        error = {
            "type": "formula",
            "criteria": f"=ISERROR({first})",
            "format": only(bg_color=ERROR_FILL, font_color=LOSS, bold=True),
            "stop_if_true": True,
        }
        loss = {
            "type": "formula",
            "criteria": f"=AND(ISNUMBER({first}),{first}<0)",
            "format": only(font_color=LOSS),
        }
        self.sheet.conditional_format(*area, error)
        if losses:
            self.sheet.conditional_format(*area, loss)

    def fit(self, cells: Cells, least: Mapping[int, float] | None = None) -> None:
        """Make the columns of a table as wide as what they hold needs."""
        for j, name in enumerate(cells.rows[0]):
            column = cells.column + j
            width = max(width_of(str(name)), (least or {}).get(column, 0))
            texts = [r[j] for r in cells.rows[1:] if isinstance(r[j], str)]
            if texts and look_of(str(name)) is not Look.WRAPPED:
                width = max(width, 2 + max(map(len, texts)))
            self.sheet.set_column(column, column, min(width, 60))

    def heights(self, cells: Cells) -> None:
        """Make rows as high as their wrapped texts need."""
        header = [str(name) for name in cells.rows[0]]
        for i, row in enumerate(cells.rows[1:], start=1):
            lines = [
                lines_of(cell, width_of(name))
                for name, cell in zip(header, row, strict=True)
                if isinstance(cell, str) and look_of(name) is Look.WRAPPED
            ]
            self.sheet.set_row(cells.row + i, 13.5 * max([1, *lines]) + 2)


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes, words kept whole."""
    return sum(int(1.1 * len(part) / width) + 1 for part in text.split("\n"))


def looks_of(cells: Sequence[Row], look: Look | None) -> list[list[Look]]:
    """Return the looks of a table's cells, its header first."""
    header = [str(name) for name in cells[0]]
    body = [
        [cell_look(c, look or look_of(n)) for n, c in zip(header, r, strict=True)]
        for r in cells[1:]
    ]
    numbers = [
        any(not is_text(row[j]) for row in cells[1:]) for j in range(len(header))
    ]
    return [[Look.HEADER if n else Look.HEADER_TEXT for n in numbers], *body]


def is_text(cell: object) -> bool:
    """Whether a cell holds text."""
    return isinstance(cell, str)


def cell_look(cell: object, look: Look) -> Look:
    """Return the look of a cell in a column whose numbers have `look`."""
    if isinstance(cell, dt.datetime):
        return Look.DATE
    if isinstance(cell, str):
        return look if look is Look.WRAPPED else Look.TEXT
    return Look.WHOLE if isinstance(cell, bool) else look


def stored(cell: object) -> Any:  # noqa: ANN401 - what a file holds
    """Return a cell as it stands in the file; an error as 0, see `with_errors`."""
    if isinstance(cell, ExcelError):
        return 0
    return serial(cell) if isinstance(cell, dt.datetime) else cell


def with_errors(content: bytes, errors: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return a workbook with error values in cells.

    XlsxWriter writes an error neither as the value of an array nor as the cell of one.
    """
    packed = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for info in old.infolist():
            part = old.read(info)
            for cell, code in errors.get(info.filename, {}).items():
                part = with_error(part, cell, code)
            fresh = ZipInfo(info.filename)  # 1980: the same bytes on every day
            fresh.compress_type, fresh.external_attr = ZIP_DEFLATED, info.external_attr
            new.writestr(fresh, part)
    return packed.getvalue()


def with_error(part: bytes, cell: str, code: str) -> bytes:
    """Return the XML of a sheet with an error as the value of a cell."""
    pattern = rf'<c r="{cell}"([^>]*)>((?:<f.*?</f>)?)<v>0</v></c>'
    found = rf'<c r="{cell}"\1 t="e">\2<v>{code}</v></c>'
    changed, count = re.subn(pattern.encode(), found.encode(), part)
    if count != 1:
        reason = f"{cell} is no cell of this sheet"
        raise ValueError(reason)
    return changed
