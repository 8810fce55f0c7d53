"""A store: the runs of one desk, by date and id, and which of a date counts.

``ROOT/as_of=YYYY-MM-DD/run=<id>/`` holds a run; ``ROOT/finished.csv`` has a line per
batch of the whole desk that ended well, in their order. The run that the last line of a
date names is the one that counts for it: inputs that were mended and run again count,
and so do the old ones if they are put back and run once more. A run of some books or
scenarios has no line, and never counts.
"""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from riskplugin.errors import AdapterError
from riskplugin.store.files import sync
from riskplugin.store.locking import locked
from riskplugin.store.runs import MANIFEST

DATE, RUN = "as_of=", "run="
FINISHED = "finished.csv"
HEADER = "as_of,run_id\n"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run of a store."""

    as_of: str
    run_id: str
    folder: Path


def run_folder(root: Path, as_of: str, run_id: str) -> Path:
    """Return where a run of a store is."""
    return root / f"{DATE}{as_of}" / f"{RUN}{run_id}"


@contextmanager
def night(root: Path, as_of: str) -> Iterator[None]:
    """Hold the lock of a store's date: one batch of a desk and date at a time.

    Raises
    ------
    AdapterError
        If another process holds it, or the store cannot be written to.
    """
    try:
        with locked(root / f".{DATE}{as_of}.lock", f"{root}, {as_of},"):
            yield
    except OSError as error:
        raise AdapterError(f"cannot write {root}: {error}") from error


def note_finished(root: Path, as_of: str, run_id: str) -> None:
    """Write down that a batch of a date ended with this run, unless the last one did.

    Call it while holding `night`. Batches of other dates may append at the same time:
    a line is one write to the end of the file.
    """
    if counted_by_date(root).get(as_of, [""])[-1] == run_id:
        return
    path = root / FINISHED
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    handle = os.open(path, flags, 0o644)
    try:
        start = HEADER if not path.stat().st_size else after_a_torn_line(path)
        os.write(handle, f"{start}{as_of},{run_id}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    sync(root)


def after_a_torn_line(path: Path) -> str:
    """Return a line's end, if a batch was killed before it wrote one."""
    return "" if path.read_bytes().endswith(b"\n") else "\n"


def counted_by_date(root: Path) -> dict[str, list[str]]:
    """Return the runs that the lines of each date name, in their order."""
    path = root / FINISHED
    found: dict[str, list[str]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.reader(file):
                if len(line) == 2 and line[0] != "as_of":
                    found.setdefault(line[0], []).append(line[1])
    return found


def finished_runs(root: Path) -> list[Run]:
    """Return every finished run of a store, by date, then by id."""
    found = []
    for manifest in sorted(root.glob(f"{DATE}*/{RUN}*/{MANIFEST}")):
        folder = manifest.parent
        as_of = folder.parent.name.removeprefix(DATE)
        found.append(Run(as_of, folder.name.removeprefix(RUN), folder))
    return found


def counting_runs(root: Path) -> list[Run]:
    """Return the run that counts for each date, by date.

    If it is gone, the one that counted before it does. In a store without its list, as
    one put together by hand, the run whose manifest was written last counts.

    Raises
    ------
    AdapterError
        If the store holds no finished run that counts.
    """
    by_date: dict[str, list[Run]] = {}
    for run in finished_runs(root):
        by_date.setdefault(run.as_of, []).append(run)
    lines = counted_by_date(root)
    if lines:
        found = [last_of(by_date.get(date, []), ids) for date, ids in lines.items()]
    else:
        found = [max(runs, key=written) for runs in by_date.values()]
    runs = [run for run in found if run is not None]
    if not runs:
        raise AdapterError(
            f"{root} holds no finished run; see `riskplugin run --store`"
        )
    return sorted(runs, key=lambda run: run.as_of)


def last_of(runs: list[Run], ids: list[str]) -> Run | None:
    """Return the run that the last of `ids` names, of those that are there."""
    there = {run.run_id: run for run in runs}
    return next((there[i] for i in reversed(ids) if i in there), None)


def written(run: Run) -> tuple[int, str]:
    """Return when the manifest of a run was written, and its id."""
    return (run.folder / MANIFEST).stat().st_mtime_ns, run.run_id
