"""A workbook that nobody vouches for, opened so that it can do no harm.

A workbook is a zip of XML: a small one can unpack to gigabytes, hold macros, or be
wrong about its own size. The zip's directory is checked before anything is unpacked;
then parts are read in pieces, with a limit on all that can pile up. Nothing is
calculated, no link followed, no macro looked at.
"""

import io
import posixpath
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from riskplugin.errors import Issue, Place, SchemaError

MAX_UNPACKED = 400_000_000  # bytes of all its parts together
MAX_RATIO = 100  # of a part's bytes, unpacked to packed
FREE_OF_RATIO = 1_000_000  # bytes that a part may unpack to at any ratio
MAX_PARTS = 2_000
MAX_ELEMENTS = 25_000_000  # of a part: what MAX_CELLS needs
MAX_LISTED = 100_000  # elements of a part that lists sheets, styles or parts
MAX_LEVELS, MAX_NAMES = 64, 10_000  # of nesting; distinct, of elements and attributes
MAX_TAG = 1_000_000  # bytes of one tag
PIECE = 1 << 16

DIRECTORY_ENTRY = b"PK\x01\x02"
CODED = 1  # flag of a part that needs a password
MACROS = re.compile(r"vbaproject|macrosheet|macroenabled")
BINARY = re.compile(r"^xl/(workbook|worksheets/[^/]*)\.bin$|sheet\.binary")
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


@contextmanager
def opened(content: bytes, name: str) -> Iterator["Package"]:
    """Open the workbook `content`; whatever goes wrong inside is an error of its own.

    Raises
    ------
    SchemaError
        With code refused-file if it is too large or may do harm, else bad-file.
    """
    try:
        if content.count(DIRECTORY_ENTRY) > MAX_PARTS:  # ZipFile reads them all
            raise too_many("parts", MAX_PARTS)
        with ZipFile(io.BytesIO(content)) as archive:
            yield Package.of(archive)
            return
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
