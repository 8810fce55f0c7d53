"""The workbooks as files: what is committed, and what never becomes a formula."""

import math
from pathlib import Path

import openpyxl
import pytest

from riskplugin.adapters.excel import workbooks
from riskplugin.adapters.excel.session import Session

ROOT = Path(__file__).parents[3]
HOSTILE = ("=HYPERLINK(1)", "+1+1", "@SUM(1)", "-2+3", "http://x.example", "1e5")


def contents(path, *, values):
    """Return every cell of a workbook by sheet and place."""
    book = openpyxl.load_workbook(path, data_only=values)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def text_of(value):
    """Return a formula as text; an array formula is an object of openpyxl's."""
    return getattr(value, "text", value)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    session = Session(str(ROOT / "samples" / "desk.toml"))
    for name, content in workbooks.files(session).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", ["RiskDesk.xlsx", "RiskExamples.xlsx"])
def test_what_is_committed_is_what_is_built(built, name):
    """Formulas and texts exactly; figures to what another processor may round."""
    old, new = ROOT / "excel" / name, built / name
    formulas = [
        {k: text_of(v) for k, v in contents(p, values=False).items()}
        for p in (old, new)
    ]
    for book in formulas:
        for key, value in book.items():
            if isinstance(value, float):
                book[key] = float
    assert formulas[0] == formulas[1], "run: riskplugin excel build"
    was, now = (contents(p, values=True) for p in (old, new))
    assert was.keys() == now.keys()
    for key, value in was.items():
        if isinstance(value, float):
            assert math.isclose(value, now[key], rel_tol=1e-9, abs_tol=1e-6), key
        else:
            assert value == now[key], key


def test_building_twice_gives_the_same_bytes(built):
    again = workbooks.files(Session(str(ROOT / "samples" / "desk.toml")))
    assert {path.name: path.read_bytes() for path in built.iterdir()} == again


def test_text_of_positions_never_becomes_a_formula(tmp_path):
    for file in (ROOT / "samples").glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rows = [f'"{text}",MU,10,"{text}","{text}"' for text in HOSTILE]
    header = "book,instrument,quantity,strategy,account"
    (tmp_path / "positions.csv").write_text("\n".join([header, *rows]), "utf-8")
    session = Session(str(tmp_path / "desk.toml"))
    for name, content in workbooks.files(session).items():
        (tmp_path / name).write_bytes(content)
        cells = contents(tmp_path / name, values=False)
        texts = [text_of(v) for v in cells.values()]
        formulas = [t for t in texts if isinstance(t, str) and t.startswith("=")]
        live = openpyxl.load_workbook(tmp_path / name)
        kinds = {
            cell.data_type
            for sheet in live
            for row in sheet.iter_rows()
            for cell in row
            if text_of(cell.value) in HOSTILE
        }
        assert kinds <= {"s"}
        links = [str(link.target) for sheet in live for link in sheet._hyperlinks]
        assert not any("x.example" in link for link in links)
        assert len(formulas) > 10
    shown = contents(tmp_path / "RiskDesk.xlsx", values=True).values()
    assert set(HOSTILE) <= {v for v in shown if isinstance(v, str)}
