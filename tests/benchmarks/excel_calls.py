"""What a formula costs through xlwings' conversion, on a desk of 5,000 positions.

The way between Excel and Python (COM, a process away) is not in the figures.
"""

import csv
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.ratios import Line

ROOT = Path(__file__).parents[2]
STAND_INS = ROOT / "tests" / "adapters" / "excel"
MODULE = "riskplugin.adapters.excel.functions"
FUNCTION = "RISK_STRESS_PNL"
SCENARIO = "inventory_build"
BOOK = "memory_semis"
NOTE = "without the way from Excel to Python"


def excel(lots: int, calls: int) -> list[Line]:
    """Measure in a process of its own: xlwings sees a Windows that is none."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        positions = folder / "positions.json"
        positions.write_text(json.dumps(large_desk(folder, lots)))
        words = [str(positions), str(time.time()), str(calls)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.excel_calls", *words],
            cwd=ROOT,
            env={**os.environ, "RISKPLUGIN_DESK": str(folder / "desk.toml")},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    rows = f"excel, range of {lots:,} rows"
    return [
        Line("excel, book's name", found["name"], "ms", bar=5.0, note=NOTE),
        Line(rows, found["rows"], "ms", bar=20.0, note=NOTE),
        Line(f"{rows}, first time", found["fresh"], "ms", note=NOTE),
        Line(f"excel, {calls:,} formulas", found["many"], "ms", bar=3.0 * calls),
        Line("excel, first value after start", found["first"], "ms", bar=3000.0),
    ]


def large_desk(folder: Path, lots: int) -> list[list[str | float]]:
    """Write the sample desk with many lots into `folder`; return its positions."""
    shutil.copytree(ROOT / "samples", folder, dirs_exist_ok=True)
    with (folder / "positions.csv").open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    at = header.index("quantity")
    written = []
    for i in range(lots):
        row = list(rows[i % len(rows)])
        row[at] = str(round(float(row[at]) * (1 + (i % 17) / 100), 2))
        written.append(row)
    with (folder / "positions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *written])
    return [[*header], *([*r[:at], float(r[at]), *r[at + 1 :]] for r in written)]


def measured(
    positions: list[list[str | float]], started: float, calls: int
) -> dict[str, float]:
    """Return milliseconds, in this process, which began at `started`."""
    sys.path.insert(0, str(STAND_INS))
    fakewin = importlib.import_module("fakewin")
    server = fakewin.install().com_server.XLPython()

    def ask(book: object) -> object:
        return server.CallUDF(MODULE, FUNCTION, (book, SCENARIO))

    value = ask("all")
    first = 1e3 * (time.time() - started)
    if not isinstance(value, float):
        raise TypeError(f"no value: {value}")
    table = fakewin.values(positions)

    def took(book: object) -> float:
        begun = time.perf_counter()
        ask(book)
        return 1e3 * (time.perf_counter() - begun)

    fresh = took(table)
    names = [took(BOOK) for _ in range(calls)]
    rows = [took(table) for _ in range(max(1, calls // 20))]
    return {
        "first": first,
        "fresh": fresh,
        "many": sum(names),
        "name": statistics.median(names),
        "rows": statistics.median(rows),
    }


if __name__ == "__main__":  # the process that is measured
    path, began, times = sys.argv[1:]
    found = measured(json.loads(Path(path).read_text()), float(began), int(times))
    sys.stdout.write(json.dumps(found) + "\n")
