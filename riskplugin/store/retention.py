"""Old runs removed from a store, and what interrupted batches left behind."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from riskplugin.errors import UsageError
from riskplugin.results import Table, table
from riskplugin.store.layout import DATE, RUN, Run, counting_runs, finished_runs, night
from riskplugin.store.locking import InUseError
from riskplugin.store.runs import LOCK, OLD, PARTIAL, sibling

GONE = "gone"
LEFTOVERS = (PARTIAL, OLD, GONE, LOCK)


@dataclass(frozen=True, slots=True)
class Removal:
    """A folder or file to remove: whose, of what size, and why."""

    as_of: str
    run_id: str
    path: Path
    why: str
    size: int


def prune(
    store: str | PathLike[str],
    *,
    keep_days: int | None = None,
    keep_last: int | None = None,
    dry_run: bool = False,
) -> Table:
    """Remove the runs of a store that neither rule keeps, and leftovers.

    All runs of a date stay or go together. The run that counts for the newest date
    stays whatever the rules say. Ages are counted from the newest date of the store,
    not from the clock. What a batch that still works has written stays.

    Parameters
    ----------
    store : path
    keep_days : int, optional
        Calendar days before the newest date that are kept.
    keep_last : int, optional
        Newest dates that are kept.
    dry_run : bool
        Say what would be done, and do nothing.

    Returns
    -------
    Table
        as_of, run_id, why, bytes, action (removed, would be removed, in use).

    Raises
    ------
    UsageError
        If no rule is given, or one is below 0.
    AdapterError
        If the store holds no finished run, or does not take the change.
    """
    root = Path(store)
    rules = {"keep_days": keep_days, "keep_last": keep_last}
    if keep_days is None and keep_last is None:
        raise UsageError("give keep_days or keep_last, else nothing says what goes")
    for name, value in rules.items():
        if value is not None and value < 0:
            raise UsageError(f"{name} is {value}, at least 0 is needed")
    newest = counting_runs(root)[-1]
    removals = [*superfluous(root, newest, keep_days, keep_last), *leftovers(root)]
    actions = ["would be removed" if dry_run else removed(root, r) for r in removals]
    return table(
        "pruned",
        np.datetime64(newest.as_of, "D"),
        {
            "as_of": [r.as_of for r in removals],
            "run_id": [r.run_id for r in removals],
            "why": [r.why for r in removals],
            "bytes": np.array([r.size for r in removals], dtype=np.int64),
            "action": actions,
        },
    )


def superfluous(
    root: Path, newest: Run, keep_days: int | None, keep_last: int | None
) -> Iterator[Removal]:
    """Yield the runs that no rule keeps, oldest first."""
    runs = finished_runs(root)
    dates = sorted({run.as_of for run in runs})
    last = set() if keep_last is None else set(dates[max(0, len(dates) - keep_last) :])
    for run in runs:
        young = keep_days is not None and age(run.as_of, newest.as_of) <= keep_days
        if run != newest and run.as_of not in last and not young:
            days = age(run.as_of, newest.as_of)
            size = bytes_in(run.folder)
            yield Removal(run.as_of, run.run_id, run.folder, f"{days} days old", size)


def age(date: str, newest: str) -> int:
    """Return the days from a date to the newest."""
    return int((np.datetime64(newest, "D") - np.datetime64(date, "D")).astype(int))


def leftovers(root: Path) -> Iterator[Removal]:
    """Yield what batches left that were interrupted, and never taken up."""
    for path in sorted(root.glob(f"{DATE}*/.{RUN}*")):
        run_id, _, ending = path.name.removeprefix(f".{RUN}").rpartition(".")
        if ending in LEFTOVERS and not is_the_only_one(path, ending):
            date = path.parent.name.removeprefix(DATE)
            yield Removal(date, run_id, path, "unfinished", bytes_in(path))


def is_the_only_one(path: Path, ending: str) -> bool:
    """Whether it is a run that was moved aside, and whose place is still empty."""
    place = path.with_name(path.name.removeprefix(".").removesuffix(f".{ending}"))
    return ending == OLD and not place.exists()


def bytes_in(path: Path) -> int:
    """Return the size of a file, or of all below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def removed(root: Path, removal: Removal) -> str:
    """Remove it unless a batch of its date works, and return what was done.

    A run is renamed first, so that none is ever half there.
    """
    try:
        with night(root, removal.as_of):
            gone = removal.path
            if removal.why != "unfinished":
                gone = sibling(removal.path, GONE)
                removal.path.rename(gone)
            if gone.is_dir():
                shutil.rmtree(gone)
            else:
                gone.unlink(missing_ok=True)
            if not any(removal.path.parent.iterdir()):
                removal.path.parent.rmdir()
    except InUseError:
        return "in use"
    return "removed"
