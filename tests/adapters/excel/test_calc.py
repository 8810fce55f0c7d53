"""Both workbooks in LibreOffice Calc: every formula cell is what the file says.

The add-in is made from the registry; its functions ask a thread of this process, which
calls them as Excel would.
"""

import datetime as dt
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import openpyxl
import pytest

from riskplugin.adapters.excel import workbooks
from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import ExcelError, serial
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.workbooks.desk import POSITIONS_ROW

HERE = Path(__file__).parent / "calc"
DESK = Path(__file__).parents[3] / "samples" / "desk.toml"
SYSTEM = "/usr/bin/python3"
ERRORS = {"#N/A": 32767, "#VALUE!": 519, "#NUM!": 503}
SECONDS = 120


def has_uno():
    """Whether LibreOffice, its Python bridge and its SDK are there."""
    sdk = Path("/usr/lib/libreoffice/sdk/bin/unoidl-write").exists()
    if not (shutil.which("soffice") and sdk and Path(SYSTEM).exists()):
        return False
    return subprocess.run([SYSTEM, "-c", "import uno"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not has_uno(),
    reason="needs libreoffice-calc, python3-uno and libreoffice-dev",
)


@pytest.fixture(scope="module")
def session():
    return Session(str(DESK))


@pytest.fixture(scope="module")
def books(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    for name, content in workbooks.files(session).items():
        (folder / name).write_bytes(content)
    return folder


def as_json(cell):
    if isinstance(cell, ExcelError):
        return {"error": str(cell.code)}
    return serial(cell) if isinstance(cell, dt.datetime) else cell


def serve(listener, session):
    """Answer every line that the add-in sends."""
    line, _ = listener.accept()
    with line, line.makefile("rw", encoding="utf-8") as file:
        for asked in file:
            name, arguments = json.loads(asked)
            rows = call(FUNCTIONS[name], arguments, session)
            file.write(json.dumps([[as_json(c) for c in r] for r in rows]) + "\n")
            file.flush()


@pytest.fixture(scope="module")
def recalculated(session, books, tmp_path_factory):
    """Return a function that calculates a book, with cells changed, in Calc."""
    folder = tmp_path_factory.mktemp("office")
    done = subprocess.run(
        [sys.executable, str(HERE / "addin.py"), str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    own = [  # --shared, which root must say, is of this folder too
        f"-env:UserInstallation=file://{folder}/profile",
        f"-env:UNO_SHARED_PACKAGES=file://{folder}/shared",
        f"-env:UNO_SHARED_PACKAGES_CACHE=file://{folder}/shared/cache",
    ]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "line"))
    listener.listen()
    Thread(target=serve, args=(listener, session), daemon=True).start()
    spills = {f.name: f.spills for f in FUNCTIONS.values()}
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),  # killed, it leaves its temporary files
        "RISKPLUGIN_CALC": str(folder / "line"),
        "RISKPLUGIN_CALC_FUNCTIONS": json.dumps(spills),
    }
    subprocess.run(
        ["unopkg", "add", "--shared", *own, done.stdout.strip()],
        check=True,
        capture_output=True,
        env=environment,
        timeout=SECONDS,
    )
    pipe = f"risk{os.getpid()}"
    accept = f"--accept=pipe,name={pipe};urp;"
    office = subprocess.Popen(
        ["soffice", *own, "--headless", "--norestore", "--nodefault", accept],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def calculate(name, *changes):
        script = [SYSTEM, str(HERE / "recalculate.py"), pipe, str(books / name)]
        found = subprocess.run(
            [*script, *map(str, changes)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)

    yield calculate
    with suppress(ProcessLookupError):
        os.killpg(office.pid, signal.SIGKILL)
    office.wait()
    listener.close()


def cached(path):
    """Return what every cell of a workbook holds, as saved; errors as Calc has them."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        f"{sheet.title}!{cell.column - 1},{cell.row - 1}": (
            {"error": ERRORS[cell.value]} if cell.data_type == "e" else cell.value
        )
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
    }


def same(found, wanted):
    """Whether Calc's value is the one of the file."""
    if isinstance(found, dict) or isinstance(wanted, dict):
        return found == wanted
    if isinstance(wanted, dt.datetime):
        wanted = serial(wanted)
    if isinstance(found, str):
        return found == (wanted or "")
    return not isinstance(wanted, str) and math.isclose(
        found, float(wanted or 0.0), rel_tol=1e-9
    )


@pytest.mark.parametrize("name", ["RiskDesk.xlsx", "RiskExamples.xlsx"])
def test_every_formula_cell_is_what_the_file_says(
    recalculated, books, formula_cells, name
):
    found, wanted = recalculated(name), cached(books / name)
    assert len(found) > 500
    places = formula_cells(books / name)
    assert found.keys() == {f"{s}!{c - 1},{r - 1}" for s, r, c in places}
    differ = {k: (v, wanted.get(k)) for k, v in found.items() if not same(v, wanted[k])}
    assert differ == {}


def test_cells_follow_the_scenario_that_is_chosen(recalculated, session):
    found = recalculated("RiskDesk.xlsx", "Desk", "B5", "narrative_unwind")
    pnl = call(FUNCTIONS["RISK_STRESS_PNL"], ("all", "narrative_unwind"), session)
    assert found["Desk!2,8"] == pytest.approx(pnl[0][0], rel=1e-9)


def test_cells_follow_a_position_that_changes(recalculated, books, session):
    """The first lot doubled, and one more written into a spare row."""
    sheet = openpyxl.load_workbook(books / "RiskDesk.xlsx")["Positions"]
    top = POSITIONS_ROW + 1
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=top, min_col=2)]
    assert rows[0][:3] == ["book", "instrument", "quantity"]
    end = next(i for i, row in enumerate(rows) if row[1] is None)
    doubled = 2 * rows[1][2]
    changes = ["Positions", f"D{top + 1}", doubled, "Positions", f"B{top + end}", "new"]
    changes += ["Positions", f"C{top + end}", "MU", "Positions", f"D{top + end}", -5000]
    found = recalculated("RiskDesk.xlsx", *changes)
    rows[1][2] = doubled
    rows[end][:3] = ["new", "MU", -5000.0]
    scenario = openpyxl.load_workbook(books / "RiskDesk.xlsx")["Desk"]["B5"].value
    (pnl,) = call(FUNCTIONS["RISK_STRESS_PNL"], (rows, scenario), session)
    assert found["Desk!2,8"] == pytest.approx(pnl[0], rel=1e-9)
    (before,) = call(FUNCTIONS["RISK_STRESS_PNL"], ("all", scenario), session)
    assert abs(pnl[0] - before[0]) > 1e4  # dollars: the cell did move
