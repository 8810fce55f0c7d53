"""Tables as files, and files that are really on disk."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskplugin.results import Table

CSV, PARQUET = ".csv", ".parquet"
ENDINGS = (CSV, PARQUET)
INPUT = "input_"  # of what a run was computed from, Parquet alone
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
GROUP = 65_536  # rows of a row group of a Parquet file, however they came


def write_table(found: Table, folder: Path, name: str) -> None:
    """Write a table as CSV and Parquet."""
    frame = found.to_frame()
    guarded(frame).to_csv(folder / f"{name}{CSV}", index=False, lineterminator="\n")
    write_parquet([arrow_of(frame)], folder / f"{name}{PARQUET}")


def csv_bytes(frame: pd.DataFrame, *, header: bool) -> bytes:
    """Return rows as CSV, under the names of the columns or without them."""
    text: str = guarded(frame).to_csv(index=False, header=header, lineterminator="\n")
    return text.encode()


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    content = io.BytesIO()
    write_parquet([arrow_of(frame)], content)
    return content.getvalue()


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow keeps it, without its index."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def arrow_bytes(frame: pd.DataFrame) -> bytes:
    """Return a part of a table as an Arrow stream."""
    found, content = arrow_of(frame), io.BytesIO()
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(content, found.schema, options=packed) as stream:
        stream.write_table(found)
    return content.getvalue()


def arrow_pieces(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """Yield the parts of a table from their Arrow streams."""
    for path in paths:
        with path.open("rb") as file, pa.ipc.open_stream(file) as stream:
            yield stream.read_all()


def write_parquet(parts: Iterable[pa.Table], where: Path | BinaryIO) -> None:
    """Write the parts of a table as one, its row groups of the same rows always.

    Parameters
    ----------
    parts : iterable of pyarrow.Table
        At least one, of the same columns.
    where : Path or file
    """
    groups = row_groups(parts)
    first = next(groups)
    with pq.ParquetWriter(where, first.schema) as writer:
        writer.write_table(first)
        for group in groups:
            writer.write_table(group)


def row_groups(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of all parts, `GROUP` at a time; a table without rows is one."""
    left: pa.Table | None = None
    given = False
    for part in parts:
        left = part if left is None else pa.concat_tables([left, part])
        while left.num_rows >= GROUP:
            yield left.slice(0, GROUP).combine_chunks()
            left, given = left.slice(GROUP), True
    if left is not None and (left.num_rows or not given):
        yield left.combine_chunks()


def write_inputs(inputs: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write what a run was computed from."""
    for name, frame in inputs.items():
        frame.to_parquet(folder / f"{INPUT}{name}{PARQUET}", index=False)


def guarded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with text that a spreadsheet would run as a formula quoted."""
    safe = frame.copy()
    for column in safe.columns:
        if safe[column].dtype.kind in "OTU":
            text = safe[column].astype("str")
            risky = text.str.startswith(FORMULA_STARTS)
            safe[column] = text.mask(risky, "'" + text)
    return safe


def sync(path: Path) -> None:
    """Make sure that `path` is on disk; Windows does so for files alone."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(folder: Path, names: Iterator[str]) -> dict[str, str]:
    """Return the SHA-256 of some files of a folder, by name."""
    return {name: sha256(folder / name) for name in sorted(names)}
