"""Every function through xlwings' own CallUDF, with every shape of argument.

Run as a process: ``python fakewin_matrix.py``. Prints what was called and what broke a
rule, as JSON.
"""

import csv
import datetime as dt
import importlib
import io
import json
import math
import sys
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import fakewin

SAMPLES = Path(__file__).parents[3] / "samples"
MODULE = "riskplugin.adapters.excel.functions"


def cells_of(path):
    """Return a file as a sheet holds it."""
    with path.open() as file:
        rows = list(csv.reader(file))
    return [rows[0], *([as_cell(text) for text in row] for row in rows[1:])]


def as_cell(text):
    try:
        return float(text)
    except ValueError:
        return text or None


POSITIONS = cells_of(SAMPLES / "positions.csv")
HEADER = ["book", "instrument", "quantity"]
SHAPES = {
    "missing": fakewin.MISSING,
    "empty": None,
    "name": "memory_semis",
    "scenario": "inventory_build",
    "instrument": "MU",
    "unknown": "no such thing",
    "blanks": "   ",
    "number": 3.0,
    "negative": -1.0,
    "large": 1e300,
    "nan": math.nan,
    "bool": True,
    "error": fakewin.NOT_AVAILABLE,
    "spill error": fakewin.SPILL,
    "serial": 46171.0,
    "far serial": 2_958_466.0,
    "date": fakewin.ComTime(2026, 5, 29, tzinfo=dt.UTC),
    "iso": "2026-05-29",
    "row": fakewin.values([["MU", "TAO", 1.0]]),
    "column": fakewin.values([["inventory_build"], ["hbm_oversupply"], [None]]),
    "table": fakewin.values(POSITIONS),
    "table with error": fakewin.values(
        [HEADER, ["a", "MU", fakewin.DIVISION], ["a", fakewin.SPILL, 2.0]]
    ),
    "only header": fakewin.values([HEADER]),
    "nothing known": fakewin.values([["x", "y"], [1.0, 2.0]]),
    "numbers": ((1.0, 2.0), (3.0, 4.0)),
    "nested": (("a", "b"), (("c", "d"), "e")),
    "2,000 rows": fakewin.values(
        [HEADER, *(["a", "MU", float(i)] for i in range(1, 2_001))]
    ),
    "range": fakewin.FakeRange(POSITIONS),
    "range of one": fakewin.FakeRange([["all"]]),
    "range with date": fakewin.FakeRange([[dt.datetime.fromisoformat("2026-05-29")]]),
    "range with error": fakewin.FakeRange([[fakewin.NOT_AVAILABLE, None]]),
}
USUAL = {
    "positions": "memory_semis",
    "scenario": "inventory_build",
    "tier": "total",
    "instrument": "MU",
    "measure": "CVaR",
    "loss": 1e6,
    "radius": 2.0,
    "signal": "persistence",
    "metric": "exposure:net",
    "function": "RISK_BETA",
    "argument1": "MU",
}


class Found:
    """What was called, and what broke a rule."""

    def __init__(self):
        self.calls = 0
        self.values = 0
        self.faults = []

    def fault(self, name, shape, what):
        self.faults.append(f"{name}({shape}): {what}")


def rows_of(answer):
    """Return what CallUDF gave as rows."""
    if not isinstance(answer, list):
        return [[answer]]
    return answer if answer and isinstance(answer[0], list) else [answer]


def plain(cell):
    """Return a cell as it left, dates without their zone."""
    return cell.replace(tzinfo=None) if isinstance(cell, dt.datetime) else cell


def call(server, functions, function, arguments, found, shape):
    """Call a function, and check what comes back against the rules and `calling`."""
    found.calls += 1
    try:
        answer = rows_of(server.CallUDF(MODULE, function.name, arguments))
    except Exception as error:
        found.fault(function.name, shape, f"{type(error).__name__}: {error}")
        return
    for j, cell in ((j, c) for row in answer for j, c in enumerate(row)):
        if not leaves(cell, function.name):
            found.fault(function.name, shape, f"{cell!r} leaves")
        elif not function.spills and function.name in NUMBERS and not figure(cell):
            found.fault(function.name, shape, f"prose in a number cell: {cell!r}")
        elif answer[0][j] in FIGURES and cell not in FIGURES and not figure(cell):
            found.fault(function.name, shape, f"prose in column {answer[0][j]}")
    widths = {len(row) for row in answer}
    if len(widths) != 1:
        found.fault(function.name, shape, f"ragged: {widths}")
    raw = [given(a) for a in arguments]
    own = functions.to_com(functions.call(function, raw, functions.SESSION))
    left = [[plain(cell) for cell in row] for row in answer]
    if repr(left) != repr(own):
        found.fault(function.name, shape, "not what calling.call answers")
    found.values += not str(left[0][0]).startswith(functions.ERROR_MARK)


FIGURES = ("component", "share", "pnl", "low", "high", "net", "gross", "long", "short")
NUMBERS = ("RISK_STRESS_PNL", "RISK_EXPOSURE", "RISK_BETA", "RISK_MEASURE")
NUMBERS += ("RISK_REVERSE_DISTANCE", "RISK_LIMIT_HEADROOM")
MAY_BE_BLANK = ("RISK_CHECK", "RISK_SAMPLE_TABLE", "RISK_BACKTEST")
MAY_BE_BLANK += ("RISK_REVERSE_STRESS", "RISK_WORST_CASE", "RISK_PLAUSIBILITY")
MAY_BE_BLANK += ("RISK_REGIME_TABLE", "RISK_ACCOUNT_TABLE", "RISK_DOCTOR_TABLE")
MAY_BE_BLANK += ("RISK_LIMIT_TABLE", "RISK_STRESS_BY_PHASE", "RISK_HEDGE")


def figure(cell):
    """Whether a cell is a number or the mark of an error."""
    return isinstance(cell, float) or str(cell).startswith("~riskplugin error~#")


def leaves(cell, name):
    """Whether Excel can hold a cell; an issue may have no row, a finding no note."""
    if isinstance(cell, float):
        return math.isfinite(cell)
    return isinstance(cell, str | bool | dt.datetime) and (
        cell != "" or name in MAY_BE_BLANK
    )


def given(argument):
    """Return an argument as a host without xlwings passes it."""
    if isinstance(argument, fakewin.FakeRange):
        return argument.Value
    return argument


def matrix(server, functions, found):
    """Put every shape in the place of every argument of every function."""
    for function in functions.FUNCTIONS.values():
        usual = [USUAL.get(a.name, fakewin.MISSING) for a in function.arguments]
        call(server, functions, function, tuple(usual), found, "usual")
        for i, argument in enumerate(function.arguments):
            for shape, value in SHAPES.items():
                arguments = (*usual[:i], value, *usual[i + 1 :])
                where = f"{argument.name}={shape}"
                call(server, functions, function, arguments, found, where)


def stock_import(xlwings, functions, found):
    """Let xlwings import the module into a workbook, as its ribbon would."""
    written, options = [], []

    class Components:
        def __call__(self, name):
            raise fakewin.ComError(-1)

        def Remove(self, component):  # noqa: N802 - named by Excel
            """Nothing is there yet."""

        def Import(self, path):  # noqa: N802 - named by Excel
            written.append(Path(path).read_text())

    def macro_options(*args, **kwargs):
        options.append((args, kwargs))

    app = types.SimpleNamespace(Version="16.0", MacroOptions=macro_options)
    project = types.SimpleNamespace(VBComponents=Components())
    book = types.SimpleNamespace(Name="a.xlam", VBProject=project, Application=app)
    xlwings.udfs.udf_modules[MODULE] = {
        "filename": functions.__file__,
        "filetime": None,
        "module": functions,
    }
    xlwings.udfs.import_udfs(MODULE, book)
    text = io.StringIO()
    xlwings.udfs.generate_vba_wrapper(MODULE, functions, text, book)
    for name in functions.FUNCTIONS:
        if f"Function {name}(" not in written[0] or name not in text.getvalue():
            found.fault(name, "import_udfs", "is not there")
    if len(options) != len(functions.FUNCTIONS):
        found.fault("import_udfs", "help", f"{len(options)} registered")


def ribbon(server):
    """Ask what the ribbon asks."""
    names = ("RISK_REFRESH", "RISK_LAST_REPORT", "RISK_ABOUT")
    return {n: server.Str(server.Call(server.Module(MODULE), n)) for n in names}


def main():
    xlwings = fakewin.install()
    server = xlwings.com_server.XLPython()
    functions = importlib.import_module(MODULE)

    found = Found()
    matrix(server, functions, found)
    stock_import(xlwings, functions, found)
    said = {
        "engine": [e.name for e in xlwings.engines],
        "functions": len(functions.FUNCTIONS),
        "calls": found.calls,
        "values": found.values,
        "faults": found.faults,
        "ribbon": ribbon(server),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
