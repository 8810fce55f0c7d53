"""Make riskplugin.xlam, once per release, on Windows with Excel.

    python excel/build_addin.py [--out riskplugin.xlam] [--certificate THUMBPRINT]

A new workbook takes xlwings' own VBA module and ours, is saved as an add-in, gets the
ribbon, and is signed if a certificate is named. xlwings' module is changed first: as it
comes, a configuration beside the add-in or in a sheet, the folder that Excel happens to
be in, or a bare ``python`` on the path may choose what runs. Ours listens to the user's
own xlwings.conf alone, and to a full path alone.

Needs "Trust access to the VBA project object model" while it runs (Trust Center, Macro
Settings), and the exact xlwings that users have: its DLL's name carries the version.
"""

import argparse
import io
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZipFile

import xlwings

from riskplugin.adapters.excel import vba

HERE = Path(__file__).parent
ADD_IN = "riskplugin.xlam"
MODULES = ("RiskFunctions.bas", "RiskRibbon.bas")
UI = "customUI.xml"
UI_PART = "customUI/customUI.xml"
UI_TYPE = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"
RELATIONSHIPS = "_rels/.rels"
CONTENT_TYPES = "[Content_Types].xml"
XML_TYPE = b'<Default Extension="xml" ContentType="application/xml"/>'
XL_OPEN_XML_ADD_IN = 55  # Excel's number for .xlam
ENTRY = "XLPy"  # all that our modules call of xlwings'
HEAD = re.compile(r"(?:Public |Private )?(?P<kind>Function|Sub) (?P<name>\w+)")
END = re.compile(r"End (?:Function|Sub)\b")
DECLARE = re.compile(r"(\s*)((?:Declare|Const)\b.*)")
WRONG_SYSTEM = 2  # exit codes
FAILED = 1


class BuildError(Exception):
    """The add-in cannot be made, and why."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A text of xlwings' module, what stands for it, and how often it is there."""

    old: str
    new: str
    places: int
    why: str


PREPARE_PATH = (
    'import xlwings.utils;xlwings.utils.prepare_sys_path(\\""" & PYTHONPATH & "\\"");'
)
PATCHES = (
    Patch(
        'source As String = ""',
        'source As String = "user"',
        1,
        "no sheet and no folder of a workbook configures anything",
    ),
    Patch(
        'GetConfig("ADD_WORKBOOK_TO_PYTHONPATH", "true")',
        '"false"',
        2,
        "no folder of a workbook is searched for Python modules",
    ),
    Patch(
        'licenseKey = GetConfig("LICENSE_KEY", "")',
        'licenseKey = ""',
        1,
        "nothing that needs a licence is used",
    ),
    Patch(
        f'tail = " -B -c ""import sys, os;" & LicenseKeyEnvString & "{PREPARE_PATH}',
        'tail = " -P -B -c ""import sys, os;" & LicenseKeyEnvString & "',
        1,
        "the folder that Excel is in is not searched for Python modules; "
        "prepare_sys_path would put it first again, as '', without a PYTHONPATH",
    ),
    Patch(
        '"cmd.exe " & ConsoleSwitch',
        'Environ$("SystemRoot") & "\\System32\\cmd.exe " & ConsoleSwitch',
        2,
        "Windows would look for cmd.exe in the folder that Excel is in",
    ),
    Patch(
        'PYTHON_WIN = GetConfig("INTERPRETER_WIN", "")',
        'PYTHON_WIN = RiskFullPath(GetConfig("INTERPRETER_WIN", ""))',
        2,
        "cmd.exe would look for a bare python in the folder that Excel is in",
    ),
)
FULL_PATH = """
' Added by riskplugin: an interpreter is named by its full path, or not run.
Private Function RiskFullPath(ByVal path As String) As String
    If Mid$(path, 2, 2) <> ":\\" And Left$(path, 2) <> "\\\\" Then
        Err.Raise 1002, Description:= _
            "INTERPRETER_WIN in xlwings.conf must be a full path; see INSTALL.md"
    End If
    If InStr(path, Chr(34)) > 0 Then
        Err.Raise 1002, Description:="INTERPRETER_WIN in xlwings.conf holds a quote"
    End If
    RiskFullPath = path
End Function
"""


# --- pure: texts and bytes in, texts and bytes out -----------------------------------


def patched(module: str) -> str:
    """Return xlwings' VBA module, made deaf to everything but the user.

    Raises
    ------
    BuildError
        If a place to change is not there, or not as often as is known: another version
        has to be read before it is trusted.
    """
    for patch in PATCHES:
        found = module.count(patch.old)
        if found != patch.places:
            counts = f"{patch.places} times expected, {found} found"
            raise BuildError(f"xlwings.bas: {patch.old!r}: {counts} ({patch.why})")
        module = module.replace(patch.old, patch.new)
    return reduced(module + FULL_PATH.replace("\n", "\r\n"))


def reduced(module: str) -> str:
    """Return xlwings' module with nothing but what `XLPy` needs, and that private.

    A cell of any workbook can call the public functions of an add-in, without a macro
    and without a question, and xlwings' run any Python, any program, write any file.
    """
    lines = module.split("\r\n")
    found = procedures(lines)
    needed = reached(ENTRY, {name: lines[a:b] for name, (a, b) in found.items()})
    dropped = {
        i for name, (a, b) in found.items() if name not in needed for i in range(a, b)
    }
    kept = [private(line) for i, line in enumerate(lines) if i not in dropped]
    return "\r\n".join(kept)


def procedures(lines: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Return where each procedure begins and ends, conditions around its head too."""
    found = {}
    begin, name = 0, ""
    for i, line in enumerate(lines):
        head = HEAD.match(line)
        if head and not name:
            begin, name = i, head["name"]
        elif name and END.match(line):
            while depth(lines[begin : i + 1]) < 0:
                begin -= 1
            found[name] = begin, i + 1
            name = ""
    return found


def depth(lines: Sequence[str]) -> int:
    """Return how many conditions for the compiler are left open, < 0 if one is shut."""
    opened = sum(line.lstrip().startswith("#If ") for line in lines)
    return opened - sum(line.lstrip().startswith("#End If") for line in lines)


def reached(entry: str, bodies: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the procedures that one needs, by the names in their text."""
    found, ahead = {entry}, [entry]
    while ahead:
        text = "\n".join(line.split(" '")[0] for line in bodies[ahead.pop()])
        words = {word.casefold() for word in re.findall(r"\w+", text)}
        called = [n for n in bodies if n.casefold() in words and n not in found]
        found.update(called)
        ahead += called
    return found


def private(line: str) -> str:
    """Return a line; if it declares what a cell could call, then private."""
    head = HEAD.match(line)
    if head and head["name"] != ENTRY:
        return f"Private {head['kind']} {line[head.end('kind') :].lstrip()}"
    declared = DECLARE.match(line)
    return f"{declared[1]}Private {declared[2]}" if declared else line


def with_ribbon(add_in: bytes, ui: bytes) -> bytes:
    """Return an add-in with a ribbon: one part more, and the relationship to it.

    Raises
    ------
    BuildError
        If it has a ribbon already.
    """
    with ZipFile(io.BytesIO(add_in)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relations = ElementTree.fromstring(parts[RELATIONSHIPS])
    if UI_PART in parts or any(r.get("Type") == UI_TYPE for r in relations):
        raise BuildError("the add-in has a ribbon already")
    identifiers = {r.get("Id") for r in relations}
    own = next(i for i in (f"rIdUI{n}" for n in range(999)) if i not in identifiers)
    relation = f'<Relationship Id="{own}" Type="{UI_TYPE}" Target="{UI_PART}"/>'
    parts[RELATIONSHIPS] = before_end(
        parts[RELATIONSHIPS], b"</Relationships>", relation.encode()
    )
    parts[CONTENT_TYPES] = knowing_xml(parts[CONTENT_TYPES])
    return zipped({**parts, UI_PART: ui})


def knowing_xml(types: bytes) -> bytes:
    """Return the content types with one for .xml, in case Excel named each part."""
    root = ElementTree.fromstring(types)
    if any(t.get("Extension", "").casefold() == "xml" for t in root):
        return types
    return before_end(types, b"</Types>", XML_TYPE)


def before_end(document: bytes, end: bytes, element: bytes) -> bytes:
    """Return an XML document with one element more, before its end.

    Raises
    ------
    BuildError
        If that end is not there once.
    """
    if document.count(end) != 1:
        raise BuildError(f"{end.decode()} is not there once")
    return document.replace(end, element + end)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """Return parts as a zip, the content types first, as Office writes it."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda n: n != CONTENT_TYPES):
            archive.writestr(name, parts[name])
    return made.getvalue()


def own_sources() -> Mapping[str, bytes]:
    """Return our sources as they lie beside this script.

    Raises
    ------
    BuildError
        If they are not those of the package that is installed.
    """
    wanted = vba.files()
    found = {n: (HERE / n).read_bytes() for n in (*MODULES, UI)}
    stale = [name for name, content in found.items() if content != wanted[name]]
    if stale:
        again = "run `riskplugin excel build`"
        raise BuildError(f"{', '.join(stale)}: not of this version; {again}")
    return found


def xlwings_module() -> str:
    """Return the VBA module of the xlwings that is installed, as it comes.

    Raises
    ------
    BuildError
        If it loads another version's DLL.
    """
    path = Path(xlwings.__file__).with_name("xlwings.bas")
    text = path.read_bytes().decode("ascii")
    if f"xlwings64-{xlwings.__version__}.dll" not in text:
        raise BuildError(f"xlwings.bas does not load the DLL of {xlwings.__version__}")
    return text


def signing(certificate: str, timestamp: str, path: Path) -> list[str]:
    """Return the command that signs the VBA of an add-in.

    signtool knows Office files once Microsoft's "Office Subject Interface Packages"
    are registered on the machine.
    """
    command = ["signtool", "sign", "/sha1", certificate, "/fd", "SHA256"]
    if timestamp:
        command += ["/tr", timestamp, "/td", "SHA256"]
    return [*command, str(path)]


# --- Excel ---------------------------------------------------------------------------


def save_add_in(modules: Mapping[str, bytes], path: Path) -> None:
    """Let Excel save an add-in of VBA modules.

    Raises
    ------
    BuildError
        If Excel does not let its VBA be written.
    """
    with TemporaryDirectory() as folder, xlwings.App(add_book=False) as app:
        app.display_alerts = False
        book = app.books.add()
        try:
            components = book.api.VBProject.VBComponents
        except Exception as error:
            trust = "Trust access to the VBA project object model"
            raise BuildError(f"switch on {trust!r} in the Trust Center") from error
        for name, content in modules.items():
            source = Path(folder, name)
            source.write_bytes(content)
            components.Import(str(source))
        book.api.Title = "riskplugin"
        book.api.SaveAs(str(path), FileFormat=XL_OPEN_XML_ADD_IN)
        book.close()


def build(out: Path, certificate: str, timestamp: str) -> None:
    """Make the add-in at `out`, sign it if a certificate is named.

    Raises
    ------
    BuildError
        If it cannot be made.
    """
    sources = own_sources()
    modules = {"xlwings.bas": patched(xlwings_module()).encode("ascii")}
    modules |= {name: sources[name] for name in MODULES}
    out.unlink(missing_ok=True)
    save_add_in(modules, out)
    out.write_bytes(with_ribbon(out.read_bytes(), sources[UI]))
    if certificate:
        try:
            subprocess.run(signing(certificate, timestamp, out), check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            out.unlink()  # unsigned, it must not be taken for the release
            raise BuildError(f"not signed: {error}") from error


def main(words: Sequence[str] | None = None) -> int:
    """Make the add-in; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=HERE / ADD_IN)
    parser.add_argument("--certificate", default="", help="SHA-1 thumbprint")
    parser.add_argument("--timestamp", default="", help="URL of a timestamp server")
    given = parser.parse_args(words)
    if sys.platform != "win32":
        sys.stderr.write("build_addin.py needs Windows with Excel: nothing was made\n")
        return WRONG_SYSTEM
    try:
        build(given.out.resolve(), given.certificate, given.timestamp)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stdout.write(f"{given.out}: go through CHECKLIST_WINDOWS.md with it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
