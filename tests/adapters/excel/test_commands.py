"""``riskplugin excel``, as a process and through `main`."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter

import riskplugin as rp
from riskplugin import api
from riskplugin.adapters.cli import main
from riskplugin.adapters.excel.audit import arguments, called
from riskplugin.adapters.excel.registry import FUNCTIONS, NOT_IN_CELLS
from riskplugin.sources.formulas import open_formulas, read_formulas

SAMPLES = Path(__file__).parents[3] / "samples"
BOOK = SAMPLES.parent / "excel" / "RiskDesk.xlsx"
DESK = SAMPLES / "desk.toml"


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs a command and gives its exit code and output."""

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["riskplugin", *map(str, words)])
        with pytest.raises(SystemExit) as done:
            main()
        return done.value.code, *capsys.readouterr()

    return command


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(DESK)


# --- call ----------------------------------------------------------------------------


def test_call_as_a_process_gives_the_number_of_python(desk):
    words = ["excel", "call", "RISK_STRESS_PNL", "all", "inventory_build", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "riskplugin", *words, "--desk", str(DESK)],
        capture_output=True,
        text=True,
        check=True,
    )
    (cells,) = json.loads(done.stdout)["cells"]
    (wanted,) = rp.stress(desk, "inventory_build", by="scenario")["pnl"]
    assert cells == [wanted]


def test_call_takes_a_range_from_a_file(run, desk):
    path = f"@{SAMPLES / 'positions.csv'}"
    code, out, _ = run(
        "excel", "call", "RISK_STRESS_GRID", path, "", "book", "--json", "--desk", DESK
    )
    header, *rows = json.loads(out)["cells"]
    found = rp.stress(desk, by=("scenario", "book"))
    wanted = {(r.scenario, r.book): r.pnl for r in found.itertuples()}
    given = {
        (row[0], b): v
        for row in rows
        for b, v in zip(header[1:-1], row[1:-1], strict=True)
    }
    assert code == 0
    assert given == wanted


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["RISK_BETTA", "MU"], "did you mean 'RISK_BETA'"),
        (["RISK_BETA", "MUU"], "#N/A: there is no instrument 'MUU'; did you mean 'MU'"),
        (["RISK_BETA"], "#VALUE!: instrument is missing"),
        (["RISK_BETA", "MU", "", "", "x"], "RISK_BETA takes 3 arguments"),
        (["RISK_STRESS_WORST", "@none.csv"], "none.csv"),
        (
            ["RISK_STRESS_WORST", f"@{BOOK}"],
            "RiskDesk.xlsx: no CSV file in UTF-8; save the sheet as CSV",
        ),
        (["RISK_STRESS_WORST", "all", "0"], "#NUM!: n: 1, 2, 3"),
        (["RISK_ASOF", "--desk", ""], "no desk file: set RISKPLUGIN_DESK"),
    ],
)
def test_call_says_what_is_wrong(run, monkeypatch, words, match):
    monkeypatch.delenv("RISKPLUGIN_DESK", raising=False)
    chosen = [] if "--desk" in words else ["--desk", DESK]
    code, out, err = run("excel", "call", *words, *chosen)
    assert (code, out) == (2, "")
    assert match in err


def test_input_errors_keep_their_exit_code(run, tmp_path):
    (tmp_path / "desk.toml").write_text('[tables]\npositions = "none.csv"\n')
    code, _, err = run("excel", "call", "RISK_ASOF", "--desk", tmp_path / "desk.toml")
    assert code == 3
    assert "none.csv: no such file" in err


def test_functions_lists_every_one(run):
    code, out, _ = run("excel", "functions", "--json")
    rows = json.loads(out)["rows"]
    assert code == 0
    assert [r["function"] for r in rows] == list(FUNCTIONS)
    assert run("excel", "functions")[1].count("\nRISK_") == len(FUNCTIONS) - 1


# --- what is offered -----------------------------------------------------------------


def test_every_public_function_has_one_for_cells_or_a_reason():
    asked = " ".join(f.python for f in FUNCTIONS.values())
    offered = {n for n in api.__all__ if f"rp.{n}(" in asked}
    assert offered | set(NOT_IN_CELLS) == set(api.__all__)
    assert set(NOT_IN_CELLS) - {"with_positions"} & offered == set()


def test_names_and_helps_fit_into_excel():
    for function in FUNCTIONS.values():
        assert function.name.startswith("RISK_")
        assert len(function.name) <= 31
        assert function.name == function.name.upper()
        assert 0 < len(function.help) <= 255
        for argument in function.arguments:
            assert argument.name.isidentifier()
            assert 0 < len(argument.help) <= 255
        required = [a.optional for a in function.arguments]
        assert required == sorted(required), "what may be left out comes last"


# --- check ---------------------------------------------------------------------------

POSITIONS = list(
    csv.reader((SAMPLES / "positions.csv").read_text("utf-8").splitlines())
)


@pytest.fixture
def book(tmp_path):
    """Return a function that writes a workbook of cells (place, formula, value)."""

    def write(cells, rows=POSITIONS):
        path = tmp_path / "book.xlsx"
        kept = {"strings_to_formulas": False, "strings_to_numbers": True}
        with xlsxwriter.Workbook(path, kept) as made:
            sheet, held = made.add_worksheet("Risk"), made.add_worksheet("P & L's")
            made.define_name("held", "='P & L''s'!$A$1:$J$80")
            for i, row in enumerate(rows):
                held.write_row(i, 0, row)
            sheet.write("A1", "inventory_build")
            for place, formula, value in cells:
                sheet.write_formula(place, formula, None, value)
        return path

    return write


@pytest.mark.parametrize(
    "reference", ["held", "'P & L''s'!A1:J80", "'P & L''s'!$A$1:$J$90", "HELD"]
)
def test_check_computes_from_cached_cells(run, book, desk, reference):
    path = book([("C3", f"=RISK_STRESS_PNL({reference}, A1)", 1)])
    code, out, _ = run("excel", "check", path, "--desk", DESK, "--json")
    (row,) = json.loads(out)["rows"]
    (wanted,) = rp.stress(desk, "inventory_build", by="scenario")["pnl"]
    assert code == 0
    assert (row["cell"], row["shown"], row["reason"]) == ("Risk!C3", "1", "")
    assert float(row["gives"]) == wanted


def test_check_says_why_a_cell_is_an_error(run, book):
    rows = [list(r) for r in POSITIONS]
    rows[3][2] = "#N/A"
    cells = [
        ("B1", "=RISK_STRESS_PNL(held, A1)", "#VALUE!"),
        ("B2", '=_xlfn.risk_beta("MUU")', "#N/A"),
        ("B3", '=RISK_BETA("MU")+1', 2),
        ("B4", '=SUM(RISK_BETA("MU"), 1)', 2),
        ("B5", '=RISK_BETA(UPPER("mu"))', 2),
        ("B6", '=RISK_STRESS_WORST("all", -1)', 2),
        ("B7", "=RISK_BETA([1]Other!A1)", 2),
        ("B8", '=RISK_BETA("MU", , "2026-05-29")', 2),
    ]
    code, out, _ = run("excel", "check", book(cells, rows), "--desk", DESK)
    assert code == 3
    for line in (
        "Risk!B1  RISK_STRESS_PNL: #VALUE!",
        "range row 4, quantity: found '#N/A'",
        "Risk!B2  RISK_BETA: #N/A",
        "there is no instrument 'MUU'; did you mean 'MU'",
        "Risk!B3  RISK_BETA: 2\n    not evaluated: it is more than a single call",
        "Risk!B5  RISK_BETA: 2\n    not evaluated: it is more than a single call",
        "Risk!B6  RISK_STRESS_WORST: #NUM!",
        "Risk!B7  RISK_BETA: 2\n    not evaluated: [1]Other!A1 is not a range of this",
        "7 cells hold a call",
    ):
        assert line in out
    assert "Risk!B4" not in out
    assert "Risk!B8  RISK_BETA: 1." in out or "Risk!B8  RISK_BETA: 0." in out


def test_formulas_that_share_one_are_written_out(tmp_path):
    """Excel keeps a column of like formulas once; openpyxl writes such a file."""
    path = tmp_path / "shared.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        for i in range(3):
            sheet.write(i, 0, "MU")
            sheet.write_formula(i, 1, f"=RISK_BETA(A{i + 1})", None, 1)
    xml = "xl/worksheets/sheet1.xml"
    with ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    text = parts[xml].decode()
    text = text.replace(
        "<f>RISK_BETA(A1)</f>", '<f t="shared" ref="B1:B3" si="0">RISK_BETA(A1)</f>'
    )
    for i in (2, 3):
        text = text.replace(f"<f>RISK_BETA(A{i})</f>", '<f t="shared" si="0"/>')
    parts[xml] = text.encode()
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    (sheet,) = open_formulas(str(path)).sheets.values()
    assert sheet.formulas == {(i, 2): f"RISK_BETA(A{i})" for i in (1, 2, 3)}


def test_arguments_are_literals_and_cells(book):
    workbook = open_formulas(str(book([])))
    sheet = workbook.sheets["Risk"]
    formula = 'RISK_X("a ""b""", -2.5, TRUE, , A1, A1:B2)'
    assert arguments(formula, sheet, workbook) == [
        'a "b"',
        -2.5,
        True,
        None,
        [["inventory_build"]],
        [["inventory_build", None], [None, None]],
    ]
    assert arguments("RISK_VERSION()", sheet, workbook) == []
    assert called("+RISK_Beta (1)") == "RISK_BETA"


def test_a_workbook_that_leads_elsewhere_is_refused(book):
    path = book([])
    with ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    with pytest.raises(rp.SchemaError, match="it leads to another workbook"):
        read_formulas(path.read_bytes(), "book.xlsx")


@pytest.mark.parametrize("name", ["book.xlsm", "book.xls", "book.xlsb", "book.csv"])
def test_other_kinds_are_refused(run, tmp_path, name):
    (tmp_path / name).write_bytes(b"PK")
    code, out, err = run("excel", "check", tmp_path / name, "--desk", DESK)
    assert (code, out) == (3, "")
    assert "is binary or may hold macros" in err or "is not a workbook" in err
