"""The pieces of a run on Dask: a cluster that is there, or one on this machine.

The model is estimated once, where the command runs, and goes with the desk to every
worker that is there or joins later; a piece then is a name and a number. What a lost
worker was at is computed again by another. Results come back as the bytes of files, a
few at a time, so that workers need no disk in common and no more memory for more books.
"""

import logging
import warnings
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, TypeAlias
from uuid import uuid4

from riskplugin.adapters.arithmetic import arithmetic
from riskplugin.desk import Desk
from riskplugin.errors import AdapterError, UsageError, listing
from riskplugin.store.executors import AHEAD, Results, given_of, in_window
from riskplugin.store.pieces import Made, Piece, longest_first

Client: TypeAlias = Any  # Dask's, whose types are no more than begun
Future: TypeAlias = Any
LOCAL = "local"
SAME = ("python", "riskplugin", "numpy", "scipy", "pandas", "pyarrow", "distributed")
CONNECT_SECONDS = 20.0
LOOK = 5.0  # seconds between looks at whether there still is a cluster
PATIENCE = 300.0  # seconds that a run waits for workers when all are gone
INSTALL = "--cluster needs Dask: pip install 'riskplugin[cluster]'"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Workers of a Dask cluster.

    Attributes
    ----------
    address : str
        Of its scheduler, as ``tcp://host:8786``; ``local`` makes one on this machine.
    workers : int, optional
        Of a local one, how many, a core each by default; of another, how many must be
        there before it begins, 1 by default.
    memory : str, optional
        Of a worker of a local one, as ``2GiB``; its share of the machine by default.
    """

    address: str
    workers: int | None = None
    memory: str | None = None

    def check(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        UsageError
        """
        if self.address != LOCAL and "://" not in self.address:
            hint = "write tcp://HOST:PORT of the scheduler, or local"
            raise UsageError(f"--cluster {self.address!r}: {hint}")
        if self.memory is not None and self.address != LOCAL:
            hint = "the workers of a cluster that is there have theirs already"
            raise UsageError(f"--worker-memory goes with --cluster local: {hint}")

    def results(self, desk: Desk, pieces: Sequence[Piece]) -> Results:
        """Yield each piece with what was made of it, as they end.

        Raises
        ------
        AdapterError
            If Dask is not installed, the scheduler cannot be reached, its workers are
            not of this environment, or all of them are lost.
        """
        with self.client() as client:
            yield from computed_on(client, desk, pieces)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Yield a client of the cluster with its workers there."""
        distributed = dask()
        with ExitStack() as stack:
            where: Any = self.address
            if self.address == LOCAL:
                where = stack.enter_context(local_cluster(self.workers, self.memory))
            try:
                with warnings.catch_warnings():  # of versions, which we refuse
                    warnings.simplefilter("ignore")
                    found = distributed.Client(where, timeout=CONNECT_SECONDS)
            except (OSError, ValueError) as error:  # a time-out is an OSError
                raise AdapterError(
                    f"no scheduler answers at {self.address}: see that `dask scheduler`"
                    f" runs there and can be reached ({type(error).__name__})"
                ) from error
            stack.callback(found.close)
            await_workers(found, self.workers or 1)
            refuse_others(found)
            yield found


def dask() -> Any:  # noqa: ANN401 - a module
    """Return Dask's own module.

    Raises
    ------
    AdapterError
        If it is not installed.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise AdapterError(INSTALL) from error
    return distributed


@contextmanager
def local_cluster(workers: int | None, memory: str | None) -> Iterator[Any]:
    """Yield a cluster of processes of this machine, one thread each."""
    check_memory(memory)
    with TemporaryDirectory(prefix="riskplugin-") as place:
        made = dask().LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=memory or "auto",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            local_directory=place,
        )
        with closing(made):
            yield made


def check_memory(memory: str | None) -> None:
    """Refuse a size that is none.

    Raises
    ------
    UsageError
    """
    dask()
    from dask.utils import parse_bytes  # noqa: PLC0415 - an extra, and heavy

    try:
        parse_bytes(memory or "1GiB")
    except ValueError as error:
        raise UsageError(f"--worker-memory {memory!r}: write 2GiB") from error


def await_workers(client: Client, count: int) -> None:
    """Wait until so many workers are there.

    Raises
    ------
    AdapterError
        If they do not come.
    """
    try:
        client.wait_for_workers(count, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        there = len(client.nthreads())
        raise AdapterError(
            f"the cluster has {there} workers, and {count} are waited for; start them "
            "with `dask worker ADDRESS --nthreads 1`"
        ) from error


def refuse_others(client: Client) -> None:
    """Refuse workers whose versions are not those of this process.

    Raises
    ------
    AdapterError
        Naming them.
    """
    asked = [name for name in SAME if name != "python"]
    found = client.get_versions(packages=asked)
    faults = list(differences(found["client"], found["workers"]))
    if faults:
        raise AdapterError(
            f"the cluster is not of this environment: {listing(faults, 5)}; install "
            "the same versions everywhere, else the figures may differ"
        )


def differences(
    own: Mapping[str, Any], workers: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield how the packages of workers differ from ours."""
    here = own["packages"]
    for address, worker in workers.items():
        for name in SAME:
            there = worker["packages"].get(name)
            if there != here[name]:
                yield f"{address} has {name} {there or 'not at all'}, here {here[name]}"


def computed_on(client: Client, desk: Desk, pieces: Sequence[Piece]) -> Results:
    """Yield each piece with what the workers made of it, as they end."""
    from riskplugin.adapters.cluster_worker import (  # noqa: PLC0415 - imports Dask
        Holder,
        in_cluster,
    )

    run = f"riskplugin-{uuid4().hex}"
    holder = Holder(run, given_of(desk), arithmetic())

    def submit(piece: Piece) -> Future:
        return client.submit(in_cluster, run, piece, key=f"{run}-{piece}", pure=False)

    client.register_plugin(holder, name=run)
    try:
        window = AHEAD * max(1, sum(client.nthreads().values()))
        ended = waiting_for(client)
        for piece, future in in_window(longest_first(pieces), submit, ended, window):
            yield piece, result_of(future, piece)
    finally:
        with suppress(Exception):  # a cluster that is gone holds nothing
            client.unregister_worker_plugin(run)


def result_of(future: Future, piece: Piece) -> tuple[Made, ...]:
    """Return what was made of a piece.

    Raises
    ------
    AdapterError
        If workers were lost over it again and again, or the cluster was.
    """
    try:
        made: tuple[Made, ...] = future.result()
    except dask().KilledWorker as error:
        raise AdapterError(
            f"several workers ended over {piece.names[0]}, most likely out of memory: "
            "give each more, or take fewer; run again to go on"
        ) from error
    except (CancelledError, OSError) as error:
        raise lost(error) from error
    return made


def lost(error: BaseException) -> AdapterError:
    """Return what is said where the cluster went away."""
    return AdapterError(
        f"the cluster was lost ({type(error).__name__}): see that its scheduler runs, "
        "and run again to go on"
    )


def waiting_for(
    client: Client,
) -> Callable[[Iterable[Future]], set[Future]]:
    """Return what waits until one of some futures has ended."""
    wait = dask().wait

    def ended(some: Iterable[Future]) -> set[Future]:
        futures, since = list(some), monotonic()
        while True:
            try:
                done = wait(futures, timeout=LOOK, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                since = monotonic() if alive(client) else since
                if monotonic() - since > PATIENCE:
                    message = "no worker has been there for"
                    raise AdapterError(
                        f"{message} {PATIENCE:g} s; start some and run again to go on"
                    ) from None
                continue
            except (CancelledError, OSError) as error:
                raise lost(error) from error
            return set(done)

    return ended


def alive(client: Client) -> bool:
    """Whether the cluster has workers.

    Raises
    ------
    AdapterError
        If there is no scheduler any more.
    """
    try:
        return bool(client.nthreads())
    except (CancelledError, OSError, ValueError, RuntimeError) as error:
        raise lost(error) from error
