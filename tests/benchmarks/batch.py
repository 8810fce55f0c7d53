"""A night: `riskplugin run` of a desk's files into a store, in processes of its own."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from tests.benchmarks.ratios import Line
from tests.benchmarks.synthetic import LAST, Size, tables

SECONDS, MOST_MEBIBYTES, GROWTH = 60.0, 2048.0, 2.1
COMMAND = "from riskplugin.adapters.cli import main; main()"
JOBS = (1, 2)
FEW = 10  # books; so few only prove that it runs, in two processes


def batch(size: Size, repeats: int) -> list[Line]:
    """Return the seconds and memory of a night, and of one with twice the books.

    The batch with twice the books holds twice the positions in them.
    """
    twice = replace(size, books=2 * size.books, positions=2 * size.positions)
    with TemporaryDirectory() as place:
        root = Path(place)
        small, large = write(size, root / "one"), write(twice, root / "two")
        lines = []
        for jobs in JOBS if size.books > FEW else JOBS[-1:]:
            once = [night(small, root / f"{jobs}s{i}", jobs) for i in range(repeats)]
            more = [night(large, root / f"{jobs}l{i}", jobs) for i in range(repeats)]
            lines += told(size, jobs, once, more)
        return lines


def told(
    size: Size,
    jobs: int,
    once: list[tuple[float, float | None]],
    more: list[tuple[float, float | None]],
) -> list[Line]:
    """Return the lines of a number of processes."""
    held = f"{size.books} books, {size.positions:,} positions, "
    shape = f"{held}{size.instruments} instruments x {size.sessions:,} sessions"
    of = f"batch, {jobs} process{'es' * (jobs > 1)}"
    seconds, doubled = (median(s for s, _ in runs) for runs in (once, more))
    lines = [
        Line(of, seconds, "s", bar=SECONDS, note=shape),
        Line(f"{of}: twice the books / these", doubled, "s", seconds, GROWTH),
    ]
    peaks = [peak for _, peak in more if peak is not None]
    if peaks:
        memory = Line(
            f"{of}: memory, twice the books", max(peaks), "MiB", bar=MOST_MEBIBYTES
        )
        lines.append(memory)
    return lines


def write(size: Size, folder: Path) -> Path:
    """Write a desk's files, and return its desk.toml."""
    folder.mkdir()
    named = []
    for name, frame in tables(size).items():
        if frame is None:
            continue
        index = frame.index.name is not None
        ending = "csv" if name == "positions" else "parquet"
        if ending == "csv":
            frame.to_csv(folder / f"{name}.csv", index=index)
        else:
            (frame.reset_index() if index else frame).to_parquet(
                folder / f"{name}.parquet", index=False
            )
        named.append(f'{name} = "{name}.{ending}"\n')
    text = f'as_of = {LAST}\nbase_currency = "USD"\n[tables]\n' + "".join(named)
    (folder / "desk.toml").write_text(text, encoding="utf-8")
    return folder / "desk.toml"


def night(desk: Path, store: Path, jobs: int) -> tuple[float, float | None]:
    """Return the seconds of a batch and the most MiB that its processes held at once.

    None where the system does not tell.
    """
    words = ("run", desk, "--store", store, "--jobs", jobs, "--json")
    start = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *map(str, words)], stdout=subprocess.DEVNULL
    )
    most = None
    while process.poll() is None:
        held = held_by(process.pid)
        most = held if held is not None and held > (most or 0.0) else most
        sleep(0.05)
    took = perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"the batch ended with {process.returncode}")
    return took, most


def held_by(process: int) -> float | None:
    """Return the MiB that a process and those it started hold, shared pages twice."""
    if not Path("/proc/self/status").is_file():
        return None
    total, waiting = 0.0, [process]
    while waiting:
        number = waiting.pop()
        try:
            status = Path(f"/proc/{number}/status").read_text("utf-8")
            waiting += map(int, children(number))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        kibibytes = [x.split()[1] for x in status.splitlines() if x[:6] == "VmRSS:"]
        total += sum(map(int, kibibytes)) / 1024
    return total


def children(process: int) -> list[str]:
    """Return the numbers of the processes that one started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [number for path in lists for number in path.read_text("utf-8").split()]
