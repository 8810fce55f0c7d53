"""What stands behind the cells: the desk, loaded once, and answers computed once.

A sheet asks the same book thousands of things. The desk is read when it is first asked
for and again when one of its files changes; a book, be it a name or the content of a
range, is assembled once; a table is computed once and answers every cell that looks
into it. All of it is bounded: the least used goes first.
"""

import os
import time
from collections.abc import Callable, Hashable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import RLock, Thread
from typing import Any, TypeVar

import pandas as pd
from cachetools import LRUCache

from riskplugin import api
from riskplugin.adapters.excel.cells import Code, ExcelError, known
from riskplugin.adapters.excel.ranges import (
    FIRST_ROW,
    digest,
    frame_of,
    named_book,
)
from riskplugin.desk import Desk
from riskplugin.errors import InputError
from riskplugin.inputs.derived import repositioned
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.sources.desk_files import DeskFiles, desk_files

DESK_VARIABLE = "RISKPLUGIN_DESK"
RUNS_VARIABLE = "RISKPLUGIN_RUNS"  # the folder that runs are written below
RANGE = "range"  # what the issues of a range call it
WHOLE_DESK = "all"
DATES = 4  # dates on which the desk is kept; of each:
POSITIONS = 200_000  # positions of books
CELLS = 2_000_000  # cells of answers
LOOK_AGAIN = 1.0  # seconds between two looks at the files
T = TypeVar("T")


class World:
    """The desk on one date, the books seen in its market, and their answers."""

    def __init__(self, desk: Desk, files: DeskFiles) -> None:
        self.desk = desk
        self._files = files
        self._books: LRUCache[Hashable, Any] = LRUCache(POSITIONS, positions_in)
        self._answers: LRUCache[Hashable, Any] = LRUCache(CELLS, cells_in)

    def book(self, positions: object) -> tuple[Hashable, Desk]:
        """Return a key of the content of `positions` and the desk that holds them."""
        name = named_book(positions)
        if name is None:
            key: Hashable = digest(positions)
            return key, once(self._books, key, lambda: self._in_range(positions))
        own = self.desk.book.labels["book"].names
        book = known(name, (*own, WHOLE_DESK), "book")
        if book not in own:
            return book, self.desk
        narrow = partial(api.with_positions, self.desk, book)
        return book, once(self._books, book, narrow)

    def _in_range(self, positions: object) -> Desk:
        files = self._files
        frame = frame_of(positions, files.columns)
        raw = RawTable(frame, RANGE, FIRST_ROW, files.mapping_for(frame.columns))
        return repositioned(self.desk, raw, Findings(), quarantine=files.quarantine)

    def answer(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` gives, computed once as long as it is kept."""
        return once(self._answers, key, compute)


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """A book that was asked about, in the world of a date."""

    desk: Desk
    key: Hashable
    world: World

    def answer(self, question: Hashable, compute: Callable[[Desk], T]) -> T:
        """Return what `compute` says of the book, computed once."""
        return self.world.answer((self.key, question), lambda: compute(self.desk))


class Session:
    """The desk behind the functions of one Excel, or of one command."""

    def __init__(self, path: str | None = None) -> None:
        self._chosen = path
        self._path = ""
        self._worlds: LRUCache[Hashable, Any] = LRUCache(DATES)
        self._seen: tuple[object, ...] = ()
        self._looked = float("-inf")
        self.lock = RLock()

    def refresh(self) -> None:
        """Forget everything: files are read again when they are next asked for."""
        with self.lock:
            self._worlds.clear()
            self._looked = float("-inf")

    def warm_up(self) -> None:
        """Load the desk and its model in the background, so that no cell waits."""
        Thread(target=self._warm, name="riskplugin warm-up", daemon=True).start()

    def _warm(self) -> None:
        try:
            with self.lock:
                desk = self.world(None).desk
                api.stress(desk)
                api.exposures(desk)
        except Exception:
            pass

    def world(self, as_of: Hashable) -> World:
        """Return the desk on a date, None for its own, as its files are now.

        Raises
        ------
        ExcelError
            If no desk file is named.
        """
        with self.lock:
            self._notice_changes()
            path = self._path
            if not path:
                reason = f"no desk file: set {DESK_VARIABLE} to the path of a desk.toml"
                raise ExcelError(Code.NOT_AVAILABLE, reason)
            return once(
                self._worlds,
                as_of,
                lambda: World(api.load_desk(path, as_of), desk_files(path)),
            )

    def held(self, positions: object, as_of: Hashable) -> Held:
        """Return the book that `positions` (a name or a range) stands for."""
        with self.lock:
            world = self.world(as_of)
            key, desk = world.book(positions)
            return Held(desk, key, world)

    def _notice_changes(self) -> None:
        """Forget everything if a file of the desk is not as it was."""
        now = time.monotonic()
        if now - self._looked >= LOOK_AGAIN:
            self._path = self._chosen or configured(DESK_VARIABLE) or ""
            seen = tuple(state_of(p) for p in files_of(self._path))
            if seen != self._seen:
                self._worlds.clear()
            self._seen, self._looked = seen, now


def files_of(path: str) -> tuple[str, ...]:
    """Return the files of a desk; its desk file alone if that cannot be used."""
    if not path:
        return ()
    try:
        return desk_files(path).paths
    except InputError:  # the cell that asks will say it
        return (path,)


def state_of(path: str) -> tuple[str, int, int]:
    """Return what tells one version of a file from another."""
    try:
        found = Path(path).stat()
    except OSError:
        return path, -1, -1
    return path, found.st_mtime_ns, found.st_size


def once(cache: LRUCache[Hashable, Any], key: Hashable, compute: Callable[[], T]) -> T:
    """Return what `compute` gives or raises, from the cache if it is there."""
    outcome: Any = cache.get(key)
    if outcome is None:
        try:
            outcome = compute()
        except Exception as error:
            outcome = bare(error)
        keep(cache, key, outcome)
    if isinstance(outcome, Exception):
        raise bare(outcome)
    found: T = outcome
    return found


def bare(error: Exception) -> Exception:
    """Return a copy of an error without its traceback, which holds whole ranges.

    What is raised gets another one, so it is never what is kept.
    """
    return copy(error).with_traceback(None)


def keep(cache: LRUCache[Hashable, Any], key: Hashable, outcome: object) -> None:
    """Keep an outcome, unless it alone is larger than the cache may be."""
    if cache.getsizeof(outcome) <= cache.maxsize:
        cache[key] = outcome


def positions_in(outcome: object) -> int:
    """Return what a book weighs in the cache."""
    if isinstance(outcome, InputError):  # each issue is a few objects
        return len(outcome.issues) + 1
    return len(outcome.book) + 1 if isinstance(outcome, Desk) else 1


def cells_in(outcome: object) -> int:
    """Return what an answer weighs in the cache."""
    if isinstance(outcome, pd.DataFrame):
        return outcome.size + 1
    return len(outcome) + 1 if isinstance(outcome, Mapping | list) else 1


def configured(variable: str) -> str | None:
    """Return what the environment or the user's xlwings.conf sets a variable to.

    A workbook's own configuration is not looked at: whoever sends a workbook must not
    choose the desk.
    """
    named = os.environ.get(variable)
    if named:
        return named
    from xlwings.utils import read_user_config  # noqa: PLC0415 - a second to import

    config: Mapping[str, str] = read_user_config()  # type: ignore[no-untyped-call]
    return config.get(variable.casefold())
