"""What a run is computed in: a table, a part of one, or tables that share their work.

A piece is computed into the bytes of its files, wherever that is, and so needs no
folder. The pieces of a desk are the same on any number of processes, and so are the
bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from riskplugin import pipeline
from riskplugin.errors import Issue
from riskplugin.pipeline import InParts, Stage, attempted
from riskplugin.snapshot import issue_rows, records
from riskplugin.store.files import arrow_bytes, csv_bytes, parquet_bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit of work.

    Attributes
    ----------
    names : tuple of str
        The tables it gives; several that share their work, or one.
    part : int
        Which of the `of` parts of its only table it is, from 0.
    of : int
    """

    names: tuple[str, ...]
    part: int = 0
    of: int = 1

    def __str__(self) -> str:
        return f"{self.names[0]}.{self.part:05d}"


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A table, or a part of one, as the bytes of its files.

    Attributes
    ----------
    name : str
    rows : int
    csv : bytes
        With the names of the columns, unless it is a later part.
    columns : bytes
        Parquet; of a part the Arrow stream that its Parquet will be made of.
    late : Mapping or None
        Why there is no table.
    seconds : float
    """

    name: str
    rows: int
    csv: bytes
    columns: bytes
    late: Mapping[str, Any] | None
    seconds: float


def pieces_of(plan: Mapping[str, Stage]) -> list[Piece]:
    """Return the pieces of a run, in the order of its tables."""
    leader = {n: some[0] for some in pipeline.TOGETHER for n in some if some[0] in plan}
    found: list[Piece] = []
    for name, stage in plan.items():
        if isinstance(stage, InParts):
            count = len(stage.parts)
            found += [Piece((name,), part, count) for part in range(count)]
        elif leader.get(name, name) == name:
            with_it = (n for n in plan if n != name and leader.get(n) == name)
            found.append(Piece((name, *with_it)))
    return found


def longest_first(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces in the order in which several processes do them soonest."""
    place = {name: i for i, name in enumerate(pipeline.LONGEST)}
    return sorted(pieces, key=lambda p: place.get(p.names[0], len(place)))


def computed(plan: Mapping[str, Stage], piece: Piece) -> tuple[Made, ...]:
    """Compute a piece: one table, one part, or all the tables that it names."""
    return tuple(made(plan[name], name, piece) for name in piece.names)


def made(stage: Stage, name: str, piece: Piece) -> Made:
    """Compute a table, or the part of it that a piece stands for."""
    start = perf_counter()
    own = stage.parts[piece.part] if isinstance(stage, InParts) else stage
    found = attempted(name, own)
    if isinstance(found, Issue):
        late = records(issue_rows((found,)))[0]
        return Made(name, 0, b"", b"", late, perf_counter() - start)
    frame = found.to_frame()
    text = csv_bytes(frame, header=piece.part == 0)
    columns = parquet_bytes(frame) if piece.of == 1 else arrow_bytes(frame)
    return Made(name, len(frame), text, columns, None, perf_counter() - start)
