"""Both workbooks evaluated without any spreadsheet, by the package `formulas`.

Our functions are registered from the registry. Every cell that it computes must be what
the file says, to 1e-9; an error must be an error.
"""

# ruff: noqa: PLC0415, C901, PLR0911 - the package warns when it is imported, which only
# a filter around it stops; its kinds of values are told apart one by one

import datetime as dt
import math
import warnings
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from riskplugin.adapters.excel import workbooks
from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import Code, ExcelError, Kind, serial
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session
from riskplugin.adapters.excel.workbooks.desk import POSITIONS_ROW

# Of an argument left out the package makes 0, and no host does: here a call with a bad
# date, =RISK_STRESS_WORST(positions,,"yesterday"), and its reason, differ.
NUMBERS = (Kind.NUMBER, Kind.WHOLE)
ZERO_FOR_BLANK = {
    f.name
    for f in FUNCTIONS.values()
    if any(a.optional and a.kind in NUMBERS for a in f.arguments)
}
DESK = Path(__file__).parents[3] / "samples" / "desk.toml"


def prepared(session):
    """Return the package with our functions registered."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import formulas
        import schedula
        from formulas.functions import Array, wrap_ranges_func
        from formulas.tokens.operand import Error, XlError

    def incoming(value):
        if value is schedula.EMPTY:
            return None
        if isinstance(value, XlError):
            return ExcelError(Code.NOT_AVAILABLE, str(value))
        return value.item() if isinstance(value, np.generic) else value

    def rows(value):
        if isinstance(value, np.ndarray):
            return [[incoming(c) for c in row] for row in np.atleast_2d(value).tolist()]
        return incoming(value)

    def outgoing(cell):
        if isinstance(cell, ExcelError):
            return Error.errors[str(cell.code)]
        return serial(cell) if isinstance(cell, dt.datetime) else cell

    def made(function):
        def answer(*given):
            cells = call(function, [rows(g) for g in given], session)
            found = np.empty((len(cells), len(cells[0])), dtype=object)
            for i, row in enumerate(cells):
                found[i] = [outgoing(c) for c in row]
            return found.view(Array)

        return wrap_ranges_func(answer)

    known = formulas.get_functions()
    known.update({f.name: made(f) for f in FUNCTIONS.values()})
    return formulas


def cached(path):
    book = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title.upper(), cell.row, cell.column): (
            {"error": cell.value} if cell.data_type == "e" else cell.value
        )
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
    }


def same(found, wanted):
    if isinstance(wanted, dt.datetime):
        wanted = serial(wanted)
    shown = str(found)
    if isinstance(wanted, dict) or type(found).__name__ == "XlError":
        return type(found).__name__ == "XlError" and wanted == {"error": shown}
    if isinstance(found, str):
        return found == (wanted or "")
    if wanted is None:
        return shown in ("", "empty", "0", "0.0")
    if isinstance(wanted, str):
        return shown == wanted
    return math.isclose(float(found), float(wanted), rel_tol=1e-9)


@pytest.fixture(scope="module")
def session():
    return Session(str(DESK))


def computed(solution):
    """Return the value of every cell of a solution."""
    found = {}
    for value in solution.values():
        for box in getattr(value, "ranges", ()):
            sheet = box["sheet_id"].rpartition("]")[2].strip("'").upper()
            for i, row in enumerate(np.atleast_2d(value.value)):
                for j, cell in enumerate(row):
                    found[sheet, int(box["r1"]) + i, int(box["n1"]) + j] = cell
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["RiskDesk.xlsx", "RiskExamples.xlsx"])
def test_every_formula_cell_is_what_the_file_says(
    session, tmp_path, formula_cells, name
):
    path = tmp_path / name
    path.write_bytes(workbooks.files(session)[name])
    model = prepared(session).ExcelModel().loads(str(path)).finish()
    found, wanted = computed(model.calculate()), cached(path)
    cells = {(sheet.upper(), row, column) for sheet, row, column in formula_cells(path)}
    assert len(cells) > 500
    assert cells <= found.keys()
    differ = {k: (found[k], wanted[k]) for k in cells if not same(found[k], wanted[k])}
    assert {sheet for sheet, _, _ in differ} <= ZERO_FOR_BLANK
    assert len(differ) <= 2 * len(ZERO_FOR_BLANK)
    assert {str(given)[:5] for given, _ in differ.values()} <= {"#NUM!"}


@pytest.mark.filterwarnings("ignore")
def test_cells_follow_the_scenario_that_is_chosen(session, tmp_path):
    path = tmp_path / "RiskDesk.xlsx"
    path.write_bytes(workbooks.files(session)[path.name])
    model = prepared(session).ExcelModel().loads(str(path)).finish()
    chosen = f"'[{path.name}]DESK'!B5"
    found = computed(model.calculate(inputs={chosen: "narrative_unwind"}))
    pnl = call(FUNCTIONS["RISK_STRESS_PNL"], ("all", "narrative_unwind"), session)
    assert found["DESK", 9, 3] == pytest.approx(pnl[0][0], rel=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_cells_follow_a_quantity_that_changes(session, tmp_path):
    path = tmp_path / "RiskDesk.xlsx"
    path.write_bytes(workbooks.files(session)[path.name])
    model = prepared(session).ExcelModel().loads(str(path)).finish()
    sheet = openpyxl.load_workbook(path)["Positions"]
    top = POSITIONS_ROW + 1
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=top, min_col=2)]
    rows[1][2] *= 2
    quantity = f"'[{path.name}]POSITIONS'!D{top + 1}"
    found = computed(model.calculate(inputs={quantity: rows[1][2]}))
    scenario = openpyxl.load_workbook(path)["Desk"]["B5"].value
    (pnl,) = call(FUNCTIONS["RISK_STRESS_PNL"], (rows, scenario), session)
    assert found["DESK", 9, 3] == pytest.approx(pnl[0], rel=1e-9)
    assert pnl != call(FUNCTIONS["RISK_STRESS_PNL"], ("all", scenario), session)[0]
