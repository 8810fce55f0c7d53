"""What `riskplugin run` does: a desk, or a part of it, into a folder or a store."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from riskplugin import api, pipeline
from riskplugin.adapters import terminal
from riskplugin.adapters.cluster import Cluster
from riskplugin.adapters.run_log import Write, shown
from riskplugin.desk import Desk
from riskplugin.errors import AdapterError, UsageError
from riskplugin.inputs.derived import with_scenarios
from riskplugin.results import Report
from riskplugin.store.batch import batch, run_id_of
from riskplugin.store.executors import Executor, InTurn, Pool
from riskplugin.store.layout import night, note_finished, run_folder
from riskplugin.store.pages import write_latest
from riskplugin.warehouse.export import Target, export, target_in


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run, where to, and how.

    `books` and `scenarios` are names, all of them by None; at most one of `out` and
    `store` is given.
    """

    desk: str
    as_of: object
    books: list[str] | None
    scenarios: list[str] | None
    out: Path | None
    store: Path | None
    replace: bool
    jobs: int
    export: bool = False
    cluster: str | None = None
    workers: int | None = None
    worker_memory: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the whole desk is run: such a run counts for its date."""
        return self.books is None and self.scenarios is None

    def check(self) -> None:
        """Refuse what does not fit together.

        Raises
        ------
        UsageError
        """
        if self.out is not None and self.store is not None:
            raise UsageError("give --out or --store, not both")
        for option, asked in (
            ("--jobs needs a folder to work in", self.jobs > 1),
            ("--cluster needs a folder to work in", self.cluster is not None),
            ("--export needs a run that is kept", self.export),
        ):
            if asked and self.out is None and self.store is None:
                raise UsageError(f"{option}: --store or --out")
        if self.cluster is None and (self.workers or self.worker_memory):
            raise UsageError("--workers and --worker-memory go with --cluster")
        if self.cluster is not None and self.jobs > 1:
            raise UsageError("give --jobs or --cluster, not both")

    def executor(self) -> Executor:
        """Return what computes.

        Raises
        ------
        UsageError
            If the cluster is none.
        """
        if self.cluster is not None:
            found = Cluster(self.cluster, self.workers, self.worker_memory)
            found.check()
            return found
        return InTurn() if self.jobs == 1 else Pool(self.jobs)


def desk_wanted(wanted: Wanted) -> Desk:
    """Return the desk, or the part of it, that is asked for."""
    desk = api.load_desk(wanted.desk, wanted.as_of)
    if wanted.books is not None:
        desk = api.with_positions(desk, wanted.books)
    if wanted.scenarios is not None:
        desk = with_scenarios(desk, wanted.scenarios)
    return desk


def run_wanted(wanted: Wanted, log: Write) -> tuple[Report, Path | None]:
    """Run what is asked for and return its report and folder."""
    wanted.check()
    on = wanted.executor()
    to = target_in(wanted.desk) if wanted.export else None
    desk = desk_wanted(wanted)
    if wanted.out is None and wanted.store is None:
        with terminal.progress() as on_stage:
            return pipeline.run(desk, on_stage), None
    run_id, as_of = run_id_of(desk), str(desk.as_of)
    log("start", {"as_of": as_of, "run": run_id, "positions": len(desk.book)})
    with place(wanted, as_of, run_id) as folder, shown(log) as told:
        report = batch(desk, folder, on=on, replace=wanted.replace, told=told)
    if wanted.store is not None and wanted.is_whole:
        write_latest(wanted.store)
    log("end", {"as_of": as_of, "run": run_id, "status": report.status})
    if to is not None:
        send(folder, to, log)
    return report, folder


def send(folder: Path, to: Target, log: Write) -> None:
    """Export a run that stands in its folder, whatever becomes of the export.

    Raises
    ------
    AdapterError
        If the database does not take it; with the command to try again.
    """
    try:
        found = export(folder, to)
    except AdapterError as error:
        again = f"the run stands in {folder}; `riskplugin export` tries again"
        raise AdapterError(f"{error}; {again}") from error
    log("exported", {"tables": len(found), "rows": int(found["rows"].sum())})


@contextmanager
def place(wanted: Wanted, as_of: str, run_id: str) -> Iterator[Path]:
    """Yield the run folder to write; a store's date is locked meanwhile.

    At the end a run of the whole desk is noted as the one that counts for the date.
    """
    root = wanted.store
    with nullcontext() if root is None else night(root, as_of):
        if root is None:
            yield (wanted.out or Path()).resolve()
            return
        yield run_folder(root, as_of, run_id).resolve()
        if wanted.is_whole:
            note_finished(root, as_of, run_id)
