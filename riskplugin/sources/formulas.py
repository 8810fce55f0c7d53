"""All sheets of a workbook: values as last saved, formulas as they stand, names.

Nothing is calculated. A workbook that leads to another one is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from openpyxl.formula.translate import Translator
from openpyxl.utils.cell import get_column_letter

from riskplugin.sources.opening import workbook_bytes
from riskplugin.sources.package import MAX_LISTED, Attributes, opened, refused, too_many
from riskplugin.sources.workbook import Cells, Contents, Texts, contents_of

MAX_FORMULA = 8_192  # characters, Excel's own
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Formulas:
    """A workbook with its formulas.

    Attributes
    ----------
    sheets : Mapping of str to Sheet
        By title, in order.
    names : Mapping of str to str
        What each defined name refers to, by its name in lower case.
    """

    sheets: Mapping[str, "Sheet"]
    names: Mapping[str, str]


class Sheet(Cells):
    """Reader of a sheet with its formulas, by row and column, which count from 1."""

    def __init__(self, title: str, inside: Contents) -> None:
        super().__init__(title, inside)
        self.formulas: dict[Place, str] = {}
        self.masters: dict[str, tuple[str, str]] = {}
        self.parts: list[str] = []
        self.given: Attributes = {}
        self.in_formula = False

    def opened(self, name: str, given: Attributes) -> None:
        """Take the start of an element, of a formula too."""
        super().opened(name, given)
        if name == "f":
            self.in_formula, self.given = True, given
            self.parts.clear()

    def text(self, piece: str) -> None:
        """Gather a piece of a formula, or of a value."""
        if not self.in_formula:
            super().text(piece)
            return
        self.parts.append(piece)
        if sum(map(len, self.parts)) > MAX_FORMULA:
            raise too_many("characters in one formula", MAX_FORMULA)

    def closed(self, name: str) -> None:
        """Keep a formula that ends; one that shares another's is written out."""
        if name == "f":
            self.in_formula = False
            self.keep("".join(self.parts))
        super().closed(name)

    def keep(self, formula: str) -> None:
        """Keep the formula of the cell."""
        here = f"{get_column_letter(self.column)}{self.row}"
        shared = self.given.get("si") if self.given.get("t") == "shared" else None
        if shared is not None and formula:
            self.masters[shared] = (formula, here)
        elif shared is not None and shared in self.masters:
            master, origin = self.masters[shared]
            moved = Translator("=" + master, origin).translate_formula(here)
            formula = moved.removeprefix("=")
        if formula:
            self.formulas[self.row, self.column] = formula
        if len(self.formulas) > MAX_LISTED:
            raise too_many("formulas", MAX_LISTED)

    def at(self, row: int, column: int) -> object:
        """Return the value of a cell as last saved, None where there is none."""
        cells = self.rows.get(row, [])
        return cells[column - 1] if column <= len(cells) else None


class Names(Texts):
    """Reader of the names that a workbook defines."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.name = ""

    def opened(self, name: str, given: Attributes) -> None:
        """Gather what a name refers to."""
        if name == "definedName":
            self.name = given.get("name", "").casefold()
            self.gathers = True

    def closed(self, name: str) -> None:
        """Keep it."""
        if name == "definedName":
            self.gathers = False
            self.names[self.name] = self.taken()
            if len(self.names) > MAX_LISTED:
                raise too_many("names", MAX_LISTED)


def open_formulas(path: str) -> Formulas:
    """Return every sheet of the workbook at `path`.

    Raises
    ------
    SchemaError
        If it cannot be read, or is not to be opened.
    """
    name = PurePosixPath(path.replace("\\", "/")).name
    return read_formulas(workbook_bytes(path), name)


def read_formulas(content: bytes, name: str) -> Formulas:
    """Return every sheet of the workbook `content`.

    Raises
    ------
    SchemaError
        With code refused-file if it is too large, may do harm or leads to another
        workbook, else bad-file.
    """
    with opened(content, name) as package:
        if any("externallink" in part for part in package.parts):
            raise refused("it leads to another workbook", "break its links and save it")
        inside = contents_of(package)
        names = package.read(inside.main, Names()).names
        sheets = {
            title: package.read(path, Sheet(title, inside))
            for title, path in inside.sheets.items()
        }
    return Formulas(sheets, names)
