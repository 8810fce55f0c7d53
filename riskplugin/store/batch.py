"""The batch: every table of a run computed and written, on one process or several.

A stage is the unit of work: it computes a table, writes it into the temporary folder,
makes sure it is on disk and records the hashes of its files there. A run that was
interrupted is taken up at the stages without a record; the records of another run id
are thrown away. Books are no units: measures, bands and shares of one book need all the
others.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

from riskplugin import pipeline
from riskplugin.desk import Desk
from riskplugin.errors import (
    AdapterError,
    Issue,
    ModelError,
    ScenarioError,
    UsageError,
)
from riskplugin.estimates import keep_models, models_behind
from riskplugin.factors.model import FactorModel
from riskplugin.manifest import digest, manifest_of
from riskplugin.pipeline import Plan, Stage, attempted, findings_of, report_of, stages
from riskplugin.results import Report
from riskplugin.snapshot import issue_of, issue_rows, records
from riskplugin.store.files import ENDINGS, hashes, sha256, sync, write_table
from riskplugin.store.reading import read_run, stored_tables
from riskplugin.store.runs import PARTIAL, close, settled, sibling, swap, taking

RECORDS = "stages"
CLOSING = ("issues", "left_out")
LOST = "a worker process was lost, killed or out of memory; run again to go on"


@dataclass(frozen=True, slots=True)
class Done:
    """A stage that ended: its table's rows, and the seconds it took.

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
Record = Mapping[str, Any]


def batch(
    desk: Desk, out: Path, *, jobs: int = 1, replace: bool = False, told: Told
) -> Report:
    """Compute everything that the inputs allow into the run folder `out`.

    Parameters
    ----------
    desk : Desk
    out : Path
        A whole run stands there afterwards; if anything fails, what stood there.
    jobs : int
        Processes; the bytes are the same on any number of them.
    replace : bool
        Whether another run in `out` gives way.
    told : callable
        Hears of every stage that ends.

    Returns
    -------
    Report
        Read from the folder; its tables when they are asked for.

    Raises
    ------
    UsageError
        If `out` holds anything else that must stay.
    AdapterError
        If another process writes there, the disk does not take it, or a worker is lost.
    """
    folder = out.resolve()
    run_id = run_id_of(desk)
    with taking(folder):
        if not settled(folder, run_id, replace=replace):
            new = sibling(folder, PARTIAL)
            take_up(new, run_id)
            try:
                fill(desk, new, jobs, told)
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


def fill(desk: Desk, new: Path, jobs: int, told: Told) -> None:
    """Compute and write all stages, and what makes the folder a run."""
    plan = stages(desk)
    known = {name: kept_record(new, name) for name in plan}
    waiting = [name for name, record in known.items() if record is None]
    count = len(plan)
    done = [name for name in plan if name not in waiting]
    for number, name in enumerate(done, start=1):
        told(heard(name, number, count, known[name] or {}, kept=True))
    made = (
        in_turn(plan, new, waiting) if jobs == 1 else at_once(desk, new, waiting, jobs)
    )
    for number, (name, record) in enumerate(made, start=len(done) + 1):
        known[name] = record
        told(heard(name, number, count, record, kept=False))
    finish(desk, new, {name: record or {} for name, record in known.items()})


def heard(name: str, number: int, count: int, record: Record, *, kept: bool) -> Done:
    """Return what is told of a stage."""
    late, seconds = record["late"], 0.0 if kept else record["seconds"]
    reason = late["message"] if late else ""
    return Done(name, number, count, record["rows"], seconds, kept, reason)


def in_turn(
    plan: Mapping[str, Stage], new: Path, waiting: list[str]
) -> Iterator[tuple[str, Record]]:
    """Yield the records of stages, computed in this process."""
    for name in waiting:
        yield name, written(new, name, plan[name])


def at_once(
    desk: Desk, new: Path, waiting: list[str], jobs: int
) -> Iterator[tuple[str, Record]]:
    """Yield the records of stages, computed in other processes, as they end.

    Raises
    ------
    AdapterError
        If one of them is lost.
    """
    given = (models_behind(desk), tuple(pipeline.PLANS))
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=settle_in, initargs=given
    )
    try:
        futures = {pool.submit(in_worker, new, name): name for name in waiting}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool as error:
        raise AdapterError(LOST) from error
    finally:
        pool.shutdown(cancel_futures=True)


_worker: dict[str, Mapping[str, Stage]] = {}


def settle_in(
    models: tuple[tuple[Desk, FactorModel], ...], plans: tuple[Plan, ...]
) -> None:
    """Keep what a worker process computes with, and end it with its parent."""
    keep_models(models)
    desk = models[0][0]
    pipeline.PLANS[:] = plans
    _worker["plan"] = stages(desk)  # its stages keep the desk alive
    Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process as soon as the one that started it does, killed or not."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def in_worker(new: Path, name: str) -> Record:
    """Compute and write a stage in a worker process."""
    return written(new, name, _worker["plan"][name])


def written(new: Path, name: str, stage: Stage) -> Record:
    """Compute a stage, write its table and then its record, and return that."""
    start = perf_counter()
    found = attempted(name, stage)
    files: dict[str, str] = {}
    late: Mapping[str, Any] | None = None
    rows = 0
    if isinstance(found, Issue):
        late = records(issue_rows((found,)))[0]
    else:
        write_table(found, new, name)
        rows = len(found)
        files = hashes(new, (name + ending for ending in ENDINGS))
        for file in files:
            sync(new / file)
    record = {"rows": rows, "late": late, "files": files}
    record_of(new, name).write_text(json.dumps(record), "utf-8")
    return {**record, "seconds": perf_counter() - start}


def record_of(new: Path, name: str) -> Path:
    """Return the file that says a stage is done."""
    return new / RECORDS / f"{name}.json"


def kept_record(new: Path, name: str) -> Record | None:
    """Return the record of a stage whose files are as it says, else None."""
    try:
        record: Record = json.loads(record_of(new, name).read_text("utf-8"))
        same = all(sha256(new / file) == h for file, h in record["files"].items())
    except (OSError, ValueError):
        return None
    return record if same else None


def finish(desk: Desk, new: Path, known: Mapping[str, Record]) -> None:
    """Write what is known only when all stages are done, and make the folder a run."""
    late = [issue_of(r["late"]) for r in known.values() if r["late"]]
    names = [name for name, record in known.items() if not record["late"]]
    tables = stored_tables(new, names, str(desk.as_of))
    report = report_of(desk, tables, late)
    for name in CLOSING:
        write_table(report.tables[name], new, name)
    remove_strangers(new, {*names, *CLOSING})
    close(report, new)


def remove_strangers(new: Path, names: set[str]) -> None:
    """Remove what an interrupted attempt left half done."""
    shutil.rmtree(new / RECORDS)
    for path in new.iterdir():
        if path.stem not in names:
            path.unlink()
