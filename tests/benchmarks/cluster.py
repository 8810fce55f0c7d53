"""The compute phase of a night on Dask: two workers beside one, and their bytes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import riskplugin as rp
from riskplugin.adapters.cluster import Cluster, computed_on
from riskplugin.desk import Desk
from riskplugin.store.batch import batch
from riskplugin.store.executors import Executor, InTurn, Results
from riskplugin.store.pieces import Piece
from tests.benchmarks.batch import write
from tests.benchmarks.ratios import Line
from tests.benchmarks.synthetic import Size

SHARE = 1 / 1.6  # of the seconds of one worker, at most


class Timed:
    """Workers whose seconds count from the first piece to the last, start excluded.

    `most` is the processor time of the busiest: what the seconds would be if nothing
    else ran on the machine.
    """

    def __init__(self, workers: int) -> None:
        self.on = Cluster("local", workers)
        self.seconds = 0.0
        self.most = 0.0

    def results(self, desk: Desk, pieces: Sequence[Piece]) -> Results:
        with self.on.client() as client:
            client.run(loaded)
            before, start = client.run(process_time), perf_counter()
            yield from computed_on(client, desk, pieces)
            self.seconds = perf_counter() - start
            after = client.run(process_time)
            self.most = max(after[name] - before[name] for name in before)


def loaded() -> None:
    """Import in a worker what every run needs."""
    import riskplugin.store.pieces  # noqa: F401, PLC0415 - there, not here


def cluster(size: Size, repeats: int) -> list[Line]:
    """Return the seconds of one and two workers, in turns, and whether bytes agree."""
    with TemporaryDirectory() as place:
        root = Path(place)
        desk = rp.load_desk(str(write(size, root / "desk")))
        known = {digest(run(desk, root / "alone", InTurn()))}
        seconds: dict[int, list[float]] = {1: [], 2: []}
        busiest: dict[int, list[float]] = {1: [], 2: []}
        for i in range(repeats):
            for workers, took in seconds.items():
                on = Timed(workers)
                known.add(digest(run(desk, root / f"{workers}-{i}", on)))
                took.append(on.seconds)
                busiest[workers].append(on.most)
    one, two = (median(took) for took in seconds.values())
    best = min(seconds[1]), min(seconds[2])
    alone, busy = (median(took) for took in busiest.values())
    shape = f"{size.books} books, {size.positions:,} positions"
    return [
        Line("cluster: two workers / one", two, "s", one, SHARE, shape),
        Line("cluster: the same, best of each", best[1], "s", best[0], SHARE),
        Line("cluster: busiest of two / one, CPU", busy, "s", alone, SHARE),
        Line("cluster: kinds of bytes", len(known), "", bar=1, note="one process too"),
    ]


def run(desk: Desk, out: Path, on: Executor) -> Path:
    """Write a run and return its folder."""
    batch(desk, out, on=on, told=lambda _: None)
    return out


def digest(folder: Path) -> str:
    """Return one hash of all files of a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()
