"""What a formula costs through xlwings' conversion, on a desk of 5,000 positions.

``python tests/benchmarks/excel_calls.py`` prints bars and figures. The way between
Excel and Python (COM, a process away) is not in them.
"""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "adapters" / "excel"))
LOTS = 5_000
SCENARIO = "inventory_build"
BARS = {
    "book's name, warm, median ms": 5.0,
    "range of 5,000 rows, warm, median ms": 20.0,
    "1,000 formulas on a book's name, s": 3.0,
    "first value after start, s": 3.0,
}


def large_desk(folder):
    """Write the sample desk with 5,000 lots into `folder`; return its positions."""
    shutil.copytree(ROOT / "samples", folder, dirs_exist_ok=True)
    with (folder / "positions.csv").open() as file:
        header, *rows = list(csv.reader(file))
    at = header.index("quantity")
    lots = []
    for i in range(LOTS):
        row = list(rows[i % len(rows)])
        row[at] = str(round(float(row[at]) * (1 + (i % 17) / 100), 2))
        lots.append(row)
    with (folder / "positions.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *lots])
    quantity = [[*r[:at], float(r[at]), *r[at + 1 :]] for r in lots]
    return [header, *quantity]


def measured(positions, started):
    """Return the figures, in this process, which began at `started`."""
    import fakewin  # noqa: PLC0415

    server = fakewin.install().com_server.XLPython()

    def ask(book, scenario=SCENARIO):
        module = "riskplugin.adapters.excel.functions"
        return server.CallUDF(module, "RISK_STRESS_PNL", (book, scenario))

    value = ask("all")
    first = time.time() - started
    if not isinstance(value, float):
        raise SystemExit(f"no value: {value}")
    table = fakewin.values(positions)
    begun = time.perf_counter()
    ask(table)
    fresh = time.perf_counter() - begun
    begun = time.perf_counter()
    for _ in range(1_000):
        ask("memory_semis")
    thousand = time.perf_counter() - begun
    name, rows = (median_ms(ask, book) for book in ("memory_semis", table))
    return {
        "book's name, warm, median ms": name,
        "range of 5,000 rows, warm, median ms": rows,
        "1,000 formulas on a book's name, s": thousand,
        "first value after start, s": first,
        "range of 5,000 rows, first time, s": fresh,
    }


def median_ms(ask, book):
    """Return the median of fifty calls."""
    taken = []
    for _ in range(50):
        begun = time.perf_counter()
        ask(book)
        taken.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(taken)


def main():
    if len(sys.argv) > 1:  # the process that is measured
        print(  # noqa: T201
            json.dumps(
                measured(json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2]))
            )
        )
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        positions = folder / "positions.json"
        positions.write_text(json.dumps(large_desk(folder)))
        done = subprocess.run(
            [sys.executable, __file__, str(positions), str(time.time())],
            env={**os.environ, "RISKPLUGIN_DESK": str(folder / "desk.toml")},
            check=True,
            capture_output=True,
            text=True,
        )
    for name, figure in json.loads(done.stdout).items():
        bar = BARS.get(name)
        verdict = "" if bar is None else "ok" if figure <= bar else "MISSED"
        print(f"{name:40} {figure:8.3f}  {'' if bar is None else bar:>5} {verdict}")  # noqa: T201


if __name__ == "__main__":
    main()
