"""What the build of the add-in does without Excel: xlwings' module, zip, messages."""

import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
import xlwings

from riskplugin.adapters.excel import vba

SCRIPT = Path(__file__).parents[3] / "excel" / "build_addin.py"
XLWINGS = Path(xlwings.__file__).parent


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("build_addin", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def text(build):
    return build.patched(build.xlwings_module())


# --- xlwings' module ------------------------------------------------------------------


def test_only_the_user_configures(text):
    (head,) = re.findall(r"Function GetConfig\(.*", text)
    assert head.rstrip().endswith('Optional source As String = "user") As Variant')
    calls = re.findall(r"GetConfig\(([^()]*)\)", text)
    assert len(calls) > 5
    assert not [c for c in calls if '"sheet"' in c or '"directory"' in c]


def test_no_folder_of_a_workbook_is_searched(text):
    assert "ADD_WORKBOOK_TO_PYTHONPATH" not in text
    assert set(re.findall(r"AddExcelDir = (.*)\r", text)) == {'"false"'}
    assert not re.search(r"\b(Set wb|\w+FullName) = ActiveWorkbook", text)


def test_python_starts_deaf_to_the_folder_that_excel_is_in(text, tmp_path):
    """The very command, `serve` aside, beside modules that would be taken instead."""
    (line,) = re.findall(r'tail = "(.*)"\r', text)
    command = line.replace('" & LicenseKeyEnvString & "', "").replace('""', '"')
    options, code = re.fullmatch(r' (.*) -c "(.*)"', command).groups()
    shown = "import riskplugin;print(xlwings.__file__, riskplugin.__file__, sys.path)"
    code = code.replace("xlwings.serve('$(CLSID)')", shown)
    for name in ("xlwings", "riskplugin", "pythoncom"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken')")
    done = subprocess.run(
        [sys.executable, *options.split(), "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) not in done.stdout
    assert "''" not in done.stdout


def test_no_program_is_looked_for_where_excel_is(text):
    for line in text.splitlines():
        if "cmd.exe" in line and not line.lstrip().startswith("'"):
            assert 'Environ$("SystemRoot") & "\\System32\\cmd.exe "' in line


def test_the_interpreter_is_a_full_path_or_nothing_runs(text):
    checked = 'PYTHON_WIN = RiskFullPath(GetConfig("INTERPRETER_WIN", ""))'
    assert text.count(checked) == text.count("PYTHON_WIN = RiskFullPath(") == 2
    assert 'PYTHON_WIN = GetConfig("INTERPRETER_WIN' not in text
    assert "Private Function RiskFullPath(" in text


def test_what_the_vba_editor_takes(text):
    assert text.isascii()
    assert "\n" not in text.replace("\r\n", "")
    assert max(map(len, text.splitlines())) <= 1023
    assert text.startswith('Attribute VB_Name = "xlwings"')


def test_every_change_has_its_places(build):
    module = build.xlwings_module()
    for patch in build.PATCHES:
        assert module.count(patch.old) == patch.places > 0
        with pytest.raises(build.BuildError, match=r"expected, \d found"):
            build.patched(module.replace(patch.old, "", 1))
        with pytest.raises(build.BuildError, match=r"expected, \d found"):
            build.patched(module + patch.old)


def test_a_module_changed_already_is_refused(build, text):
    with pytest.raises(build.BuildError, match="0 found"):
        build.patched(text)


def test_another_versions_dll_is_refused(build, monkeypatch):
    monkeypatch.setattr(xlwings, "__version__", "9.9.9")
    with pytest.raises(build.BuildError, match=r"DLL of 9\.9\.9"):
        build.xlwings_module()


def test_no_cell_can_call_what_runs_python_or_writes_files(build, text):
    heads = re.findall(r"^\s*((?:\w+ )*)(?:Function|Sub) (\w+)\(", text, re.MULTILINE)
    heads = [(kind, name) for kind, name in heads if not kind.startswith("End")]
    assert [n for kind, n in heads if not kind.startswith("Private ")] == ["XLPy"]
    names = {name for _, name in heads}
    assert {"XLPyCommand", "GetConfig", "GetConfigFromFile", "RiskFullPath"} <= names
    for gone in ("RunPython", "RunFrozenPython", "ExecuteWindows", "SaveConfigToFile"):
        assert gone not in text
    assert "ImportPythonUDFs" not in text


def test_what_is_left_calls_nothing_that_is_gone(build, text):
    lines = build.xlwings_module().split("\r\n")
    gone = set(build.procedures(lines)) - set(build.procedures(text.split("\r\n")))
    code = re.sub(r"'.*", "", text)
    assert len(gone) > 10
    assert not {name for name in gone if re.search(rf"\b{name}\b", code)}
    opened, shut = (
        len(re.findall(rf"^\s*{w}", text, re.MULTILINE)) for w in ("#If", "#End If")
    )
    assert opened == shut
    for kind in ("Function", "Sub"):
        heads = re.findall(rf"^(?:Private )?{kind} (\w+)", text, re.MULTILINE)
        assert len(set(heads)) == len(re.findall(rf"^End {kind}", text, re.MULTILINE))


def test_names_of_procedures_are_unlike_across_modules(text):
    """VBA calls a public name that two modules have ambiguous."""
    sources = [text, *(vba.files()[n].decode() for n in vba.files() if "bas" in n)]
    procedure = re.compile(r"^(?:Public )?(?:Sub|Function) (\w+)", re.MULTILINE)
    each = [{n.casefold() for n in procedure.findall(source)} for source in sources]
    names = [name for found in each for name in found]
    assert len(set(names)) == len(names) > 20


# --- zip ------------------------------------------------------------------------------


def parts_of(add_in):
    with ZipFile(io.BytesIO(add_in)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_ribbon_is_one_part_and_one_relationship_more(build):
    before = (XLWINGS / "quickstart_addin.xlam").read_bytes()
    after = build.with_ribbon(before, b"<customUI/>")
    was, now = parts_of(before), parts_of(after)
    assert set(now) - set(was) == {"customUI/customUI.xml"}
    assert now["customUI/customUI.xml"] == b"<customUI/>"
    assert {n for n in was if was[n] != now[n]} == {"_rels/.rels"}
    assert next(iter(now)) == "[Content_Types].xml"
    relations = list(ElementTree.fromstring(now["_rels/.rels"]))
    assert len({r.get("Id") for r in relations}) == len(relations)
    (ui,) = [r for r in relations if r.get("Type") == build.UI_TYPE]
    assert ui.get("Target") == "customUI/customUI.xml"


def test_a_second_ribbon_is_refused(build):
    there = (XLWINGS / "quickstart_addin_ribbon.xlam").read_bytes()
    with pytest.raises(build.BuildError, match="a ribbon already"):
        build.with_ribbon(there, b"<customUI/>")


def test_a_type_for_xml_is_added_where_there_is_none(build):
    none = b'<Types xmlns="x"><Default Extension="bin" ContentType="b"/></Types>'
    once = build.knowing_xml(none)
    assert once.count(build.XML_TYPE) == 1
    assert build.knowing_xml(once) == once
    with pytest.raises(build.BuildError, match="not there once"):
        build.before_end(b"<Types/>", b"</Types>", b"")


# --- the rest -------------------------------------------------------------------------


def test_elsewhere_it_says_so_and_makes_nothing(build, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert build.main(["--out", str(tmp_path / "a.xlam")]) == 2
    assert "needs Windows with Excel" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_sources_of_another_version_are_refused(build, monkeypatch, tmp_path):
    assert set(build.own_sources()) == {*build.MODULES, "customUI.xml"}
    for name in build.own_sources():
        (tmp_path / name).write_bytes(vba.files()[name])
    (tmp_path / "RiskRibbon.bas").write_bytes(b"old")
    monkeypatch.setattr(build, "HERE", tmp_path)
    with pytest.raises(build.BuildError, match=r"RiskRibbon\.bas: not of this version"):
        build.own_sources()


def test_signing_names_certificate_and_time(build):
    plain = build.signing("ab12", "", Path("a.xlam"))
    assert plain == ["signtool", "sign", "/sha1", "ab12", "/fd", "SHA256", "a.xlam"]
    timed = build.signing("ab12", "http://time", Path("a.xlam"))
    assert timed[6:] == ["/tr", "http://time", "/td", "SHA256", "a.xlam"]


def test_an_add_in_that_could_not_be_signed_is_not_left(build, monkeypatch, tmp_path):
    out = tmp_path / "a.xlam"
    add_in = (XLWINGS / "quickstart_addin.xlam").read_bytes()
    given = {}

    def save(modules, path):
        given.update(modules)
        path.write_bytes(add_in)

    monkeypatch.setattr(build, "save_add_in", save)
    build.build(out, "", "")
    assert "customUI/customUI.xml" in parts_of(out.read_bytes())
    assert list(given) == ["xlwings.bas", *build.MODULES]
    nowhere = [str(tmp_path / "no signtool")]
    monkeypatch.setattr(build, "signing", lambda *_: nowhere)
    with pytest.raises(build.BuildError, match="not signed"):
        build.build(out, "ab12", "")
    assert not out.exists()
