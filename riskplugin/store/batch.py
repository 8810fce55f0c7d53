"""The batch: every table of a run computed and written, on one process or several.

The unit of work is a piece: a table, a part of one, or tables that share their work.
It is computed somewhere, written into the temporary folder as soon as it is made, and
recorded there with its hashes. A run that was interrupted is taken up at the pieces
without a record; the records of another run id are thrown away. Books are no units:
measures, bands and shares of one book need all the others.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from riskplugin.desk import Desk
from riskplugin.errors import ModelError, ScenarioError, UsageError
from riskplugin.manifest import digest, manifest_of
from riskplugin.pipeline import findings_of, report_of, stages
from riskplugin.results import Report
from riskplugin.snapshot import issue_of
from riskplugin.store.executors import Executor, InTurn
from riskplugin.store.files import write_table
from riskplugin.store.keeping import (
    RECORDS,
    Keeper,
    Record,
    kept_part,
    kept_record,
    remove_strangers,
)
from riskplugin.store.pieces import Piece, pieces_of
from riskplugin.store.reading import read_run, stored_tables
from riskplugin.store.runs import PARTIAL, close, settled, sibling, swap, taking

CLOSING = ("issues", "left_out")


@dataclass(frozen=True, slots=True)
class Done:
    """A table that is done: its rows, and the seconds it took.

    `kept` says that an interrupted run had it already, `left_out` why there is no
    table.
    """

    name: str
    number: int
    count: int
    rows: int
    seconds: float
    kept: bool
    left_out: str


Told = Callable[[Done], None]


def batch(
    desk: Desk,
    out: Path,
    *,
    on: Executor | None = None,
    replace: bool = False,
    told: Told,
) -> Report:
    """Compute everything that the inputs allow into the run folder `out`.

    Parameters
    ----------
    desk : Desk
    out : Path
        A whole run stands there afterwards; if anything fails, what stood there.
    on : Executor, optional
        What computes; this process by default. The bytes are the same on any.
    replace : bool
        Whether another run in `out` gives way.
    told : callable
        Hears of every table that is done.

    Returns
    -------
    Report
        Read from the folder; its tables when they are asked for.

    Raises
    ------
    UsageError
        If `out` holds anything else that must stay.
    AdapterError
        If another process writes there, the disk does not take it, or what computes is
        lost.
    """
    folder = out.resolve()
    run_id = run_id_of(desk)
    with taking(folder):
        if not settled(folder, run_id, replace=replace):
            new = sibling(folder, PARTIAL)
            take_up(new, run_id)
            try:
                fill(desk, new, InTurn() if on is None else on, told)
                swap(new, folder)
            except (OSError, ModelError, ScenarioError, UsageError):
                shutil.rmtree(new, ignore_errors=True)
                raise
    return read_run(folder)


def run_id_of(desk: Desk) -> str:
    """Return the id of the run of `desk`, before anything is computed."""
    return digest(manifest_of(desk, findings_of(desk)))


def take_up(new: Path, run_id: str) -> None:
    """Make the temporary folder, or keep what an interrupted run of this id left."""
    mark = new / RECORDS / "run_id"
    if mark.is_file() and mark.read_text("utf-8") == run_id:
        return
    shutil.rmtree(new, ignore_errors=True)
    mark.parent.mkdir(parents=True)
    mark.write_text(run_id, "utf-8")


def fill(desk: Desk, new: Path, on: Executor, told: Told) -> None:
    """Compute and write all tables, and what makes the folder a run."""
    plan = stages(desk)
    found = {name: kept_record(new, name) for name in plan}
    known = {name: record for name, record in found.items() if record is not None}
    count = len(plan)
    for number, (name, record) in enumerate(known.items(), start=1):
        told(heard(name, number, count, record, kept=True))
    waiting = [*left_to_do(new, pieces_of(plan), known)]
    keeper = Keeper(new, waiting)
    with closing(on.results(desk, waiting)) as results:
        for piece, made in results if waiting else ():
            for name, record in keeper.keep(piece, made).items():
                known[name] = record
                told(heard(name, len(known), count, record, kept=False))
    finish(desk, new, {name: known[name] for name in plan})


def left_to_do(
    new: Path, pieces: Iterable[Piece], known: Mapping[str, Record]
) -> Iterator[Piece]:
    """Yield the pieces, or what of them, that an interrupted run did not keep.

    Of a table whose parts are all there but for it, the last part is made again.
    """
    for piece in pieces:
        names = tuple(name for name in piece.names if name not in known)
        last = piece.part == piece.of - 1
        if names and (piece.of == 1 or last or not kept_part(new, piece)):
            yield replace(piece, names=names)


def heard(name: str, number: int, count: int, record: Record, *, kept: bool) -> Done:
    """Return what is told of a table."""
    late, seconds = record["late"], 0.0 if kept else record["seconds"]
    reason = late["message"] if late else ""
    return Done(name, number, count, record["rows"], seconds, kept, reason)


def finish(desk: Desk, new: Path, known: Mapping[str, Record]) -> None:
    """Write what is known only when all tables are done, and make the folder a run."""
    late = [issue_of(r["late"]) for r in known.values() if r["late"]]
    names = [name for name, record in known.items() if not record["late"]]
    report = report_of(desk, {}, late)
    for name in CLOSING:
        write_table(report.tables[name], new, name)
    there = [*names, *CLOSING]
    remove_strangers(new, set(there))
    close(replace(report, tables=stored_tables(new, there, str(desk.as_of))), new)
