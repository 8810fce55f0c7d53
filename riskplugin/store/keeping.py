"""What was made of the pieces of a run, on disk as soon as it is made.

A table counts as done when its files are on disk and their hashes recorded. A table
that comes in parts is put together from them, in their order, when the last is there.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from riskplugin.store.files import (
    CSV,
    ENDINGS,
    PARQUET,
    arrow_pieces,
    hashes,
    sha256,
    sync,
    write_parquet,
)
from riskplugin.store.pieces import Made, Piece

RECORDS = "stages"
PARTS = (CSV, ".arrow")
Record = Mapping[str, Any]


class Keeper:
    """Keeps what is made of pieces, and knows which tables still wait for parts.

    Parameters
    ----------
    new : Path
        The temporary folder of the run.
    waiting : iterable of Piece
        All that will be made; parts that are not among them are on disk.
    """

    def __init__(self, new: Path, waiting: Iterable[Piece]) -> None:
        self._new = new
        self._missing = Counter(str(p.names[0]) for p in waiting if p.of > 1)
        self._seconds: dict[str, float] = dict.fromkeys(self._missing, 0.0)

    def keep(self, piece: Piece, found: tuple[Made, ...]) -> dict[str, Record]:
        """Write what was made of a piece; return the records of the tables done."""
        if piece.of == 1:
            return {one.name: keep_whole(self._new, one) for one in found}
        (one,) = found
        keep_part(self._new, piece, one)
        self._seconds[one.name] += one.seconds
        self._missing[one.name] -= 1
        if self._missing[one.name]:
            return {}
        return {
            one.name: {**joined(self._new, piece), "seconds": self._seconds[one.name]}
        }


def keep_whole(new: Path, one: Made) -> Record:
    """Write a table and then its record, and return that."""
    files = {}
    if one.late is None:
        (new / f"{one.name}{CSV}").write_bytes(one.csv)
        (new / f"{one.name}{PARQUET}").write_bytes(one.columns)
        files = on_disk(new, one.name)
    record = write_record(record_of(new, one.name), one.rows, one.late, files)
    return {**record, "seconds": one.seconds}


def on_disk(new: Path, name: str) -> dict[str, str]:
    """Make sure that the files of a table are on disk, and return their hashes."""
    files = hashes(new, (name + ending for ending in ENDINGS))
    for file in files:
        sync(new / file)
    return files


def write_record(
    path: Path, rows: int, late: Mapping[str, Any] | None, files: Mapping[str, str]
) -> Record:
    """Write down that a table or a part of one is there."""
    record = {"rows": rows, "late": late, "files": dict(files)}
    path.write_text(json.dumps(record), "utf-8")
    return record


def record_of(new: Path, name: str) -> Path:
    """Return the file that says a table is done."""
    return new / RECORDS / f"{name}.json"


def kept_record(new: Path, name: str) -> Record | None:
    """Return the record of a table whose files are as it says, else None."""
    return true_record(record_of(new, name), new)


def true_record(path: Path, folder: Path) -> Record | None:
    """Return a record whose files, in `folder`, are as it says, else None."""
    try:
        record: Record = json.loads(path.read_text("utf-8"))
        same = all(sha256(folder / file) == h for file, h in record["files"].items())
    except (OSError, ValueError):
        return None
    return record if same else None


# --- tables that come in parts -------------------------------------------------------


def part_record(new: Path, piece: Piece) -> Path:
    """Return the file that says a part is done."""
    return new / RECORDS / f"{piece}.json"


def kept_part(new: Path, piece: Piece) -> bool:
    """Whether a part of a table was made and is as it was recorded."""
    return true_record(part_record(new, piece), new / RECORDS) is not None


def keep_part(new: Path, piece: Piece, one: Made) -> None:
    """Write a part and then its record, whose hashes tell whether it is all there."""
    folder, files = new / RECORDS, {}
    if one.late is None:
        for ending, content in zip(PARTS, (one.csv, one.columns), strict=True):
            (folder / f"{piece}{ending}").write_bytes(content)
        files = hashes(folder, (f"{piece}{ending}" for ending in PARTS))
    write_record(part_record(new, piece), one.rows, one.late, files)


def joined(new: Path, piece: Piece) -> Record:
    """Put a table together from its parts, which go, and return its record."""
    parts = [Piece(piece.names, part, piece.of) for part in range(piece.of)]
    (name,) = piece.names
    found = [json.loads(part_record(new, part).read_text("utf-8")) for part in parts]
    late = next((record["late"] for record in found if record["late"]), None)
    files: dict[str, str] = {}
    if late is None:
        join_files(new, name, parts)
        files = on_disk(new, name)
    rows = 0 if late else sum(record["rows"] for record in found)
    record = write_record(record_of(new, name), rows, late, files)
    for part in parts:
        for path in part_files(new, part):
            path.unlink(missing_ok=True)
    return record


def join_files(new: Path, name: str, parts: list[Piece]) -> None:
    """Write the files of a table from those of its parts, a little at a time."""
    folder = new / RECORDS
    with (new / f"{name}{CSV}").open("wb") as whole:
        for part in parts:
            with (folder / f"{part}{CSV}").open("rb") as text:
                shutil.copyfileobj(text, whole)
    arrows = (folder / f"{part}{PARTS[1]}" for part in parts)
    write_parquet(arrow_pieces(arrows), new / f"{name}{PARQUET}")


def part_files(new: Path, part: Piece) -> Iterator[Path]:
    """Yield what stands on disk of a part, its record first."""
    yield part_record(new, part)
    for ending in PARTS:
        yield new / RECORDS / f"{part}{ending}"


def remove_strangers(new: Path, names: set[str]) -> None:
    """Remove what an interrupted attempt left half done."""
    with suppress(FileNotFoundError):
        shutil.rmtree(new / RECORDS)
    for path in new.iterdir():
        if path.stem not in names:
            path.unlink()
