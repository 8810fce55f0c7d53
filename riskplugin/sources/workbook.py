"""One sheet of an XLSX workbook that nobody vouches for, its values as last saved.

A workbook is a zip of XML: a small one can unpack to gigabytes, hold macros, or be
wrong about its own size. The zip's directory is checked before anything is unpacked;
then only the parts that lead to the sheet are read, once, in pieces, with a limit on
all that can pile up. Nothing is calculated, no link followed, no macro looked at.

The cells are not read with openpyxl, which takes the sheet's word for its dimensions:
it drops what lies beyond them, and rows out of order, without a word, and shows a
formula that was never calculated as a blank. Its rules of what is a date are used.
"""

import io
import posixpath
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from riskplugin.errors import Issue, Place, SchemaError, listing

MAX_UNPACKED = 400_000_000  # bytes of all its parts together
MAX_RATIO = 100  # of a part's bytes, unpacked to packed
FREE_OF_RATIO = 1_000_000  # bytes that a part may unpack to at any ratio
MAX_PARTS = 2_000
MAX_ROWS, MAX_COLUMNS, MAX_TEXT = 1_048_576, 16_384, 32_767  # Excel's own
MAX_CELLS = 5_000_000  # rows x columns, up to the last cell that holds anything
MAX_TEXTS = 2_000_000  # that cells share
MAX_ELEMENTS = 25_000_000  # of a part: what MAX_CELLS needs
MAX_LISTED = 100_000  # elements of a part that lists sheets, styles or parts
MAX_LEVELS, MAX_NAMES = 64, 10_000  # of nesting; distinct, of elements and attributes
MAX_TAG = 1_000_000  # bytes of one tag
MAX_FORMAT = 255  # characters of a number format
PIECE = 1 << 16

DIRECTORY_ENTRY = b"PK\x01\x02"
CODED = 1  # flag of a part that needs a password
MACROS = re.compile(r"vbaproject|macrosheet|macroenabled")
BINARY = re.compile(r"^xl/(workbook|worksheets/[^/]*)\.bin$|sheet\.binary")
ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})  # built in where Excel is CJK
ESCAPED = re.compile(r"_x(00[0-9A-Fa-f]{2})_")  # a control character in a text
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
DIGITS = 15  # that a double holds
PLAIN = "save it as a plain .xlsx"

Attributes = dict[str, str]
Found = list[tuple[str, Attributes]]
P = TypeVar("P", bound="Part")


class Unfit(Exception):  # noqa: N818 - a finding on its way to its Issue
    """Why a workbook is not read: code, message, hint."""


def refused(message: str, hint: str = PLAIN) -> Unfit:
    """Return what stops a file that may do harm."""
    return Unfit("refused-file", message, hint)


def too_many(what: str, limit: int) -> Unfit:
    """Return what stops a file beyond a limit."""
    hint = "split it, or give the table as CSV or Parquet"
    return refused(f"too many {what}: the limit is {limit:,}", hint)


def damaged(what: object) -> Unfit:
    """Return what stops a file that is not what it should be."""
    return Unfit("bad-file", f"not a workbook: {what}", "save it again as .xlsx")


def read_sheet(content: bytes, name: str, title: str | None) -> "Cells":
    """Return the cells of the sheet `title`, or the first, of the workbook `content`.

    Raises
    ------
    SchemaError
        With code refused-file if it is too large or may do harm, else bad-file.
    """
    try:
        if content.count(DIRECTORY_ENTRY) > MAX_PARTS:  # ZipFile reads them all
            raise too_many("parts", MAX_PARTS)
        with ZipFile(io.BytesIO(content)) as archive:
            return sheet_of(Package.of(archive), title)
    except Unfit as unfit:
        why = unfit
    except (BadZipFile, NotImplementedError, zlib.error, EOFError, OSError) as error:
        why = damaged(f"cut short or spoilt: {error}")
    except (ExpatError, LookupError, ValueError) as error:
        why = damaged(f"its XML is broken: {error}")
    code, message, hint = why.args
    raise SchemaError([Issue(code, Place(name), message, hint)]) from why


def check_kinds(kinds: Sequence[str]) -> None:
    """Check names or types of parts, in lower case."""
    for kind in kinds:
        if BINARY.search(kind) or MACROS.search(kind):
            raise refused(f"it is binary or holds macros: {kind[:80]}")


def check_sizes(members: Sequence[ZipInfo]) -> None:
    """Check what the parts say they unpack to; zipfile unpacks no more than that."""
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise too_many("bytes once unpacked", MAX_UNPACKED)
    for member in members:
        if member.flag_bits & CODED:
            raise refused("it needs a password", f"{PLAIN} without a password")
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise damaged(f"{member.filename} is packed as in no workbook")
        if member.file_size > max(FREE_OF_RATIO, MAX_RATIO * member.compress_size):
            raise too_many(f"bytes per byte of {member.filename}", MAX_RATIO)


class Part:
    """Reader of a part of a workbook; keeps the attributes of the elements `wanted`."""

    def __init__(self, *wanted: str) -> None:
        self.wanted = wanted
        self.found: Found = []
        self.level = self.elements = 0

    def opened(self, name: str, given: Attributes) -> None:
        """Take the start of an element."""
        if name in self.wanted:
            self.found.append((name, given))
            if len(self.found) > MAX_LISTED:
                raise too_many(name, MAX_LISTED)

    def closed(self, name: str) -> None:
        """Take the end of an element."""

    def text(self, piece: str) -> None:
        """Take a piece of text."""

    def start(self, name: str, given: Attributes) -> None:
        """Count an element and pass it on without its prefix."""
        self.level += 1
        self.elements += 1
        if self.level > MAX_LEVELS or self.elements > MAX_ELEMENTS:
            raise too_many("levels or elements", MAX_ELEMENTS)
        self.opened(name.rpartition(":")[2], given)

    def end(self, name: str) -> None:
        """Pass on the end of an element."""
        self.level -= 1
        self.closed(name.rpartition(":")[2])

    def doctype(self, *_: object) -> None:
        """Stop: a document type can define entities that multiply, or point outside."""
        raise refused("it declares a document type (DTD)")


class Package(NamedTuple):
    """The parts of a workbook by lower-case name; nothing speaks against unpacking."""

    archive: ZipFile
    parts: Mapping[str, ZipInfo]

    @classmethod
    def of(cls, archive: ZipFile) -> "Package":
        """Return the package of an archive, or stop."""
        members = archive.infolist()
        parts = {member.filename.casefold(): member for member in members}
        if len(parts) < len(members):
            raise damaged("two parts bear one name")
        check_kinds(list(parts))
        check_sizes(members)
        package = cls(archive, parts)
        types = package.read("[Content_Types].xml", Part("Default", "Override")).found
        check_kinds([given.get("ContentType", "").casefold() for _, given in types])
        return package

    def read(self, path: str, part: P) -> P:
        """Read the XML at `path` into `part`, piece by piece."""
        if (member := self.parts.get(path.casefold())) is None:
            raise damaged(f"{path or 'its main part'} is missing")
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = part.doctype
        parser.StartElementHandler = part.start
        parser.EndElementHandler = part.end
        parser.CharacterDataHandler = part.text
        fed = 0
        with self.archive.open(member) as file:
            while piece := file.read(PIECE):
                parser.Parse(piece)
                fed += len(piece)
                if fed - parser.CurrentByteIndex > MAX_TAG:
                    raise too_many("bytes in one tag", MAX_TAG)
                if len(parser.intern) > MAX_NAMES:
                    raise too_many("names", MAX_NAMES)
        parser.Parse(b"", True)  # noqa: FBT003 - takes no keyword
        return part

    def around(self, path: str) -> dict[str, tuple[str, str]]:
        """Return kind and path of the parts that the one at `path` leads to, by id."""
        folder, name = posixpath.split(path)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        found = {}
        for _, given in self.read(rels, Part("Relationship")).found:
            target = posixpath.normpath(posixpath.join("/", folder, given["Target"]))
            found[given["Id"]] = (posixpath.basename(given["Type"]), target.lstrip("/"))
        return found


def sheet_of(package: Package, title: str | None) -> "Cells":
    """Return the cells of a sheet of a package."""
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
    chosen = next(iter(paths), "") if title is None else title
    if chosen not in paths:
        raise Unfit("bad-file", f"no sheet {chosen!r}", f"sheets are {listing(paths)}")
    texts, styles = Texts(), Part("numFmt", "cellXfs", "cellStyleXfs", "dxfs", "xf")
    if "sharedStrings" in by_kind:
        package.read(by_kind["sharedStrings"], texts)
    if "styles" in by_kind:
        package.read(by_kind["styles"], styles)
    old = any(given.get("date1904") in ("1", "true") for _, given in book)
    cells = Cells(chosen, texts.texts, date_styles(styles.found))
    cells.epoch = MAC_EPOCH if old else WINDOWS_EPOCH
    package.read(paths[chosen], cells)
    if not cells.rows:
        raise Unfit("bad-file", f"sheet {chosen!r} is empty", "it needs a header row")
    return cells


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

    def __init__(
        self, title: str, shared: Sequence[str], dates: Mapping[int, bool]
    ) -> None:
        super().__init__()
        self.title, self.shared, self.dates = title, shared, dates
        self.epoch = WINDOWS_EPOCH
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
