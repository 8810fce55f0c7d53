"""What a benchmark says: a figure beside its peer's, and the bar between them."""

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table; without a bar it stands there to be compared with.

    `ours` and `peer` are in `unit`.
    """

    what: str
    ours: float
    unit: str
    peer: float | None = None
    bar: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.peer is None else self.ours / self.peer

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        measured = self.ours if self.ratio is None else self.ratio
        return "met" if measured <= self.bar else "MISSED"

    def cells(self) -> tuple[str, ...]:
        shown = [None if v is None else f"{v:,.4g}" for v in (self.ours, self.peer)]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        bar = "" if self.bar is None else f"{self.bar:g}"
        return (
            self.what,
            f"{shown[0]} {self.unit}",
            "" if shown[1] is None else f"{shown[1]} {self.unit}",
            ratio,
            bar,
            self.verdict,
            self.note,
        )


@dataclass(frozen=True, slots=True)
class Skipped:
    """A benchmark that did not run, and how to make it run."""

    what: str
    reason: str

    def cells(self) -> tuple[str, ...]:
        return (self.what, "", "", "", "", "skipped", self.reason)


HEADER = ("benchmark", "ours", "peer", "ratio", "bar", "verdict", "")


def rendered(lines: Sequence[Line | Skipped]) -> str:
    """Return the table as text."""
    rows = [HEADER, *(line.cells() for line in lines)]
    widths = [max(len(row[c]) for row in rows) for c in range(len(HEADER))]
    padded = (
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(padded) + "\n"


def in_turns(
    jobs: dict[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Return the seconds of each job, run in turns after one round unmeasured.

    What a job returns is dropped before the next one starts.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for round_ in range(repeats + 1):
        for name, job in jobs.items():
            gc.collect()
            start = perf_counter()
            result = job()
            took = perf_counter() - start
            del result
            if round_:
                seconds[name].append(took)
    return seconds


def medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return the median milliseconds of each job."""
    return {name: 1e3 * median(took) for name, took in seconds.items()}


def peak_mebibytes() -> float | None:
    """Return the most memory this process ever held; None on Windows."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEBIBYTE if sys.platform == "darwin" else most / 1024
