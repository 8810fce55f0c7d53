"""The generated sources of the add-in, as far as they can be read without Excel."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from riskplugin.adapters.excel import vba
from riskplugin.adapters.excel.registry import FUNCTIONS

FOLDER = Path(__file__).parents[3] / "excel"
MODULES = ("RiskFunctions.bas", "RiskRibbon.bas")
BLOCKS = {"Sub", "Function", "If", "Select", "For"}
OPENS = re.compile(r"(?:(?:Public|Private) )?(Sub|Function|If|Select|For)\b")
CLOSES = {
    "End Sub": "Sub",
    "End Function": "Function",
    "End If": "If",
    "End Select": "Select",
    "Next": "For",
}


def statements(name):
    """Return the statements of a module, continued lines joined, comments left out."""
    text = vba.files()[name].decode("ascii").replace(" _\r\n", " ")
    lines = (line.strip() for line in text.split("\r\n"))
    return [line for line in lines if line and not line.startswith("'")]


@pytest.mark.parametrize("name", sorted(vba.files()))
def test_committed_file_is_the_generated_one(name):
    assert (FOLDER / name).read_bytes() == vba.files()[name]


@pytest.mark.parametrize("name", MODULES)
def test_blocks_are_closed_in_order(name):
    still_open = []
    for line in statements(name):
        closed = next((k for end, k in CLOSES.items() if line.startswith(end)), None)
        opened = OPENS.match(line)
        if closed:
            assert still_open.pop() == closed, line
        elif opened and not (opened[1] == "If" and not line.endswith("Then")):
            still_open.append(opened[1])
    assert still_open == []


@pytest.mark.parametrize("name", MODULES)
def test_lines_are_what_the_editor_takes(name):
    lines = vba.files()[name].split(b"\r\n")
    assert not any(b"\n" in line or b"\t" in line for line in lines)
    assert max(map(len, lines)) <= 1023
    runs = re.findall(rb"(?:[^\r\n]* _\r\n)+", vba.files()[name])
    assert max((run.count(b" _\r\n") for run in runs), default=0) <= 24


@pytest.mark.parametrize("name", MODULES)
def test_procedures_and_their_arguments_have_lawful_names_of_their_own(name):
    heads = [
        re.match(r"(?:Public|Private) (?:Sub|Function) (\w+)\((.*)\)", s)
        for s in statements(name)
    ]
    found = [head for head in heads if head]
    assert len({head[1].casefold() for head in found}) == len(found)
    for head in found:
        words = [re.sub(r" As .*", "", a).split()[-1] for a in head[2].split(", ") if a]
        assert len({word.casefold() for word in words}) == len(words)
        assert not vba.RESERVED & {word.casefold() for word in words}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_wrapper_declares_and_passes_every_argument(function):
    lines = statements("RiskFunctions.bas")
    at = next(
        i
        for i, s in enumerate(lines)
        if s.startswith(f"Public Function {function.name}(")
    )
    declared = re.search(r"\((.*)\) As Variant", lines[at])[1]
    given = [a for a in declared.split(", ") if a]
    assert ["Optional" in a for a in given] == [a.optional for a in function.arguments]
    assert lines[at + 1].count("Given(") == len(function.arguments)
    registered = next(s for s in lines if f'Macro:="{function.name}"' in s)
    texts = re.findall(r'"((?:[^"]|"")*)"', registered)
    assert len(texts) == 3 + len(function.arguments)
    assert max(map(len, texts)) <= 255


def test_help_that_excel_would_cut_is_refused():
    with pytest.raises(ValueError, match="at most 255 ASCII characters"):
        vba.quoted("x" * 256)
    with pytest.raises(ValueError, match="at most 255 ASCII characters"):
        vba.quoted("한")
    assert vba.quoted('a "b" …') == '"a ""b"" ..."'


def test_every_button_has_its_sub():
    root = ElementTree.fromstring(vba.files()["customUI.xml"])
    buttons = [e for e in root.iter() if e.tag.endswith("button")]
    subs = [s for s in statements("RiskRibbon.bas") if "As IRibbonControl" in s]
    wanted = {
        f"Public Sub {b.get('onAction')}(control As IRibbonControl)" for b in buttons
    }
    assert wanted == set(subs)
    assert len({b.get("keytip") for b in buttons}) == len(buttons) == 5


def test_no_workbook_reaches_python_and_nothing_is_paid_for():
    text = b"".join(vba.files().values()).decode()
    assert "ActiveWorkbook, Application.Caller" not in text
    assert not re.search(r"CallUDF\([^)]*Workbook", text)
    assert not re.search(r"licen[cs]e|xlwings\.pro", text, re.IGNORECASE)
