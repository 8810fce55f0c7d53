"""One sheet of an XLSX workbook that nobody vouches for, its values as last saved.

Only the parts that lead to the sheet are read, once.

The cells are not read with openpyxl, which takes the sheet's word for its dimensions:
it drops what lies beyond them, and rows out of order, without a word, and shows a
formula that was never calculated as a blank. Its rules of what is a date are used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from riskplugin.errors import listing
from riskplugin.sources.package import (
    Attributes,
    Found,
    Package,
    Part,
    Unfit,
    damaged,
    opened,
    too_many,
)

MAX_ROWS, MAX_COLUMNS, MAX_TEXT = 1_048_576, 16_384, 32_767  # Excel's own
MAX_CELLS = 5_000_000  # rows x columns, up to the last cell that holds anything
MAX_TEXTS = 2_000_000  # that cells share
MAX_FORMAT = 255  # characters of a number format
ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})  # built in where Excel is CJK
ESCAPED = re.compile(r"_x(00[0-9A-Fa-f]{2})_")  # a control character in a text
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
DIGITS = 15  # that a double holds


def read_sheet(content: bytes, name: str, title: str | None) -> "Cells":
    """Return the cells of the sheet `title`, or the first, of the workbook `content`.

    Raises
    ------
    SchemaError
        With code refused-file if it is too large or may do harm, else bad-file.
    """
    with opened(content, name) as package:
        inside = contents_of(package)
        chosen = next(iter(inside.sheets), "") if title is None else title
        if chosen not in inside.sheets:
            hint = f"sheets are {listing(inside.sheets)}"
            raise Unfit("bad-file", f"no sheet {chosen!r}", hint)
        cells = Cells(chosen, inside)
        package.read(inside.sheets[chosen], cells)
        if not cells.rows:
            message = f"sheet {chosen!r} is empty"
            raise Unfit("bad-file", message, "it needs a header row")
    return cells


class Contents(NamedTuple):
    """What the sheets of a workbook share.

    Attributes
    ----------
    main : str
        Part that lists the sheets.
    sheets : Mapping of str to str
        Part of each worksheet, by its title.
    texts : sequence of str
        That cells share.
    dates : Mapping of int to bool
        Cell styles that show a date or time, and whether as a duration.
    epoch : datetime
        Day 0 of its dates.
    """

    main: str
    sheets: Mapping[str, str]
    texts: Sequence[str]
    dates: Mapping[int, bool]
    epoch: object


def contents_of(package: Package) -> Contents:
    """Return what the sheets of a package share, and where they are."""
    main = dict(package.around("").values()).get("officeDocument", "")
    around = package.around(main)
    by_kind = dict(around.values())
    book = package.read(main, Part("sheet", "workbookPr")).found
    paths = {
        given.get("name", ""): around[link][1]
        for name, given in book
        for key, link in given.items()
        if name == "sheet" and key.endswith(":id") and around[link][0] == "worksheet"
    }
    texts, styles = Texts(), Part("numFmt", "cellXfs", "cellStyleXfs", "dxfs", "xf")
    if "sharedStrings" in by_kind:
        package.read(by_kind["sharedStrings"], texts)
    if "styles" in by_kind:
        package.read(by_kind["styles"], styles)
    old = any(given.get("date1904") in ("1", "true") for _, given in book)
    epoch = MAC_EPOCH if old else WINDOWS_EPOCH
    return Contents(main, paths, texts.texts, date_styles(styles.found), epoch)


def date_styles(found: Found) -> dict[int, bool]:
    """Return which cell styles show a date or time, and whether as a duration."""
    formats = [given for name, given in reversed(found) if name == "numFmt"]
    own = {given["numFmtId"]: given["formatCode"][:MAX_FORMAT] for given in formats}
    list_of, numbers = "", []
    for name, given in found:
        if name != "xf":
            list_of = name
        elif list_of == "cellXfs":
            numbers.append(int(given.get("numFmtId", 0)))
    shown = [own.get(str(n), BUILTIN_FORMATS.get(n, "")) for n in numbers]
    return {
        style: is_timedelta_format(form)
        for style, (form, number) in enumerate(zip(shown, numbers, strict=True))
        if is_date_format(form) or (number in ASIAN_DATES and not form)
    }


class Texts(Part):
    """Reader of the texts that cells share, without how to pronounce them."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.pieces: list[str] = []
        self.length = 0
        self.gathers = self.muted = False

    def opened(self, name: str, given: Attributes) -> None:
        """Gather from here."""
        if name in ("v", "t"):
            self.gathers = not self.muted
        elif name == "rPh":
            self.muted = True

    def closed(self, name: str) -> None:
        """Gather no longer; keep a text that is complete."""
        if name in ("v", "t"):
            self.gathers = False
        elif name == "rPh":
            self.muted = False
        elif name == "si":
            self.texts.append(self.taken())
            if len(self.texts) > MAX_TEXTS:
                raise too_many("texts", MAX_TEXTS)

    def text(self, piece: str) -> None:
        """Gather a piece."""
        if self.gathers:
            self.length += len(piece)
            if self.length > MAX_TEXT:
                raise too_many("characters in one cell", MAX_TEXT)
            self.pieces.append(piece)

    def taken(self) -> str:
        """Return what was gathered, and begin again."""
        text = "".join(self.pieces)
        self.pieces.clear()
        self.length = 0
        if "_x00" in text:
            text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        return text


class Cells(Texts):
    """Reader of a sheet; rows and columns count from 1.

    `rows` holds the cells of each row with any, `width` is the last column with any;
    `uncalculated` has the columns with formulas that have no value, and their rows.
    """

    def __init__(self, title: str, inside: Contents) -> None:
        super().__init__()
        self.title, self.shared, self.dates = title, inside.texts, inside.dates
        self.epoch = inside.epoch
        self.rows: dict[int, list[object]] = {}
        self.uncalculated: dict[int, list[int]] = {}
        self.width = self.row = self.column = self.style = 0
        self.kind, self.formula, self.valued = "n", False, False

    def opened(self, name: str, given: Attributes) -> None:
        """Take the start of a row, a cell, its formula or its value."""
        if name == "c":
            self.open_cell(given)
        elif name == "row":
            self.open_row(int(given.get("r", self.row + 1)))
        elif name == "f":
            self.formula = True
        else:
            if name in ("v", "is"):
                if self.valued:
                    raise damaged(f"a cell of row {self.row} holds two values")
                self.valued = True
            super().opened(name, given)

    def open_row(self, row: int) -> None:
        """Take the start of a row."""
        if row <= self.row:
            raise damaged(f"row {row} comes after row {self.row}")
        if row > MAX_ROWS:
            raise too_many("rows", MAX_ROWS)
        self.row, self.column = row, 0

    def open_cell(self, given: Attributes) -> None:
        """Take the start of a cell."""
        place = given.get("r")
        column = self.column + 1
        if place is not None:
            letters = place.rstrip("0123456789")
            column = column_index_from_string(letters)
            if column <= self.column or place[len(letters) :] != str(self.row):
                raise damaged(f"cell {place} is out of order")
        if column > MAX_COLUMNS:
            raise too_many("columns", MAX_COLUMNS)
        self.column, self.kind = column, given.get("t", "n")
        self.style = int(given.get("s", 0))
        self.formula = self.valued = False
        self.taken()

    def closed(self, name: str) -> None:
        """Keep the value of a cell that ends."""
        super().closed(name)
        if name != "c":
            return
        text = self.taken()
        if self.formula and not text and not (self.valued and self.kind == "str"):
            self.uncalculated.setdefault(self.column, []).append(self.row)
        elif not text:
            return
        cells = self.rows.setdefault(self.row, [])
        cells += [None] * (self.column - 1 - len(cells))
        cells.append(self.value(text) if text else None)
        self.width = max(self.width, self.column)
        if self.row * self.width > MAX_CELLS:
            raise too_many("cells", MAX_CELLS)

    def value(self, text: str) -> object:
        """Return what the text of a cell stands for; what is no number stays text."""
        if self.kind == "s":
            return self.shared[int(text)] if text.isdigit() else text
        if self.kind == "b":
            return text.strip() in ("1", "true")
        if self.kind != "n" or not NUMBER.fullmatch(text):
            return text
        number = int(text) if text.isdigit() and len(text) <= DIGITS else float(text)
        return self.moment(number) if self.style in self.dates else number

    def moment(self, number: float) -> object:
        """Return the date or time that a number is shown as, or the number."""
        try:
            return from_excel(number, self.epoch, timedelta=self.dates[self.style])
        except (OverflowError, ValueError):
            return number
