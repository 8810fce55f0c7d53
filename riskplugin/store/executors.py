"""Where the pieces of a run are computed: here, or in processes of this machine."""

import os
import sys
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Protocol, TypeVar

from riskplugin import pipeline
from riskplugin.desk import Desk
from riskplugin.errors import AdapterError
from riskplugin.estimates import keep_models, models_behind
from riskplugin.factors.model import FactorModel
from riskplugin.pipeline import Plan, Stage, stages
from riskplugin.store.pieces import Made, Piece, computed, longest_first

F = TypeVar("F")
MOST_ON_WINDOWS = 61
AHEAD = 3  # pieces given out for every process, so that none waits and few are held
LOST = "a worker process was lost, killed or out of memory; run again to go on"

Results = Generator[tuple[Piece, tuple[Made, ...]], None, None]
Given = tuple[tuple[tuple[Desk, FactorModel], ...], tuple[Plan, ...]]


class Executor(Protocol):
    """Computes pieces of a desk's run, somewhere.

    The bytes of a piece are the same wherever that is.
    """

    def results(self, desk: Desk, pieces: Sequence[Piece]) -> Results:
        """Yield each piece with what was made of it, as they end, in any order.

        No more results than a few are held at once; an iterator that is closed stops
        the work.

        Raises
        ------
        AdapterError
            If what computes them is lost.
        """


class InTurn:
    """One piece after the other, in this process and in their order."""

    def results(self, desk: Desk, pieces: Sequence[Piece]) -> Results:
        """Yield each piece with what was made of it."""
        plan = stages(desk)
        for piece in pieces:
            yield piece, computed(plan, piece)


@dataclass(frozen=True, slots=True)
class Pool:
    """So many processes of this machine."""

    jobs: int

    def results(self, desk: Desk, pieces: Sequence[Piece]) -> Results:
        """Yield each piece with what was made of it, as they end."""
        pool = ProcessPoolExecutor(
            processes(self.jobs),
            mp_context=get_context("spawn"),
            initializer=start_worker,
            initargs=given_of(desk),
        )

        def submit(piece: Piece) -> "Future[tuple[Made, ...]]":
            return pool.submit(in_worker, piece)

        def ended(
            some: Iterable["Future[tuple[Made, ...]]"],
        ) -> set["Future[tuple[Made, ...]]"]:
            return wait_for(some, return_when=FIRST_COMPLETED).done

        try:
            window = AHEAD * self.jobs
            for piece, future in in_window(
                longest_first(pieces), submit, ended, window
            ):
                yield piece, future.result()
        except BrokenProcessPool as error:
            raise AdapterError(LOST) from error
        finally:
            pool.shutdown(cancel_futures=True)


def processes(wanted: int) -> int:
    """Return how many processes a pool has; Windows cannot wait for more than 61."""
    return min(wanted, MOST_ON_WINDOWS) if sys.platform == "win32" else wanted


def in_window(
    pieces: Sequence[Piece],
    submit: Callable[[Piece], F],
    ended: Callable[[Iterable[F]], set[F]],
    window: int,
) -> Iterator[tuple[Piece, F]]:
    """Yield pieces with their futures as they end, `window` of them given out at once.

    However many there are, no more results than that wait to be taken.
    """
    left = iter(pieces)
    running = {submit(piece): piece for piece in islice(left, window)}
    while running:
        for future in ended(list(running)):
            piece = running.pop(future)
            for following in islice(left, 1):
                running[submit(following)] = following
            yield piece, future
            del future


def given_of(desk: Desk) -> Given:
    """Return what another process computes a desk's pieces with: models included."""
    return models_behind(desk), tuple(pipeline.PLANS)


def plan_of(given: Given) -> Mapping[str, Stage]:
    """Return the plan of a desk that came from another process, with its models."""
    models, plans = given
    keep_models(models)
    pipeline.PLANS[:] = plans
    return stages(models[0][0])  # its stages keep the desk alive


_worker: dict[str, Mapping[str, Stage]] = {}


def start_worker(
    models: tuple[tuple[Desk, FactorModel], ...], plans: tuple[Plan, ...]
) -> None:
    """Keep what a worker process computes with, and end it with its parent."""
    _worker["plan"] = plan_of((models, plans))
    Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process as soon as the one that started it does, killed or not."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def in_worker(piece: Piece) -> tuple[Made, ...]:
    """Compute a piece in a worker process."""
    return computed(_worker["plan"], piece)
