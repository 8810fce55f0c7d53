"""Tables as files, and files that are really on disk."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from riskplugin.results import Table

CSV, PARQUET = ".csv", ".parquet"
ENDINGS = (CSV, PARQUET)
INPUT = "input_"  # of what a run was computed from, Parquet alone
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_table(found: Table, folder: Path, name: str) -> None:
    """Write a table as CSV and Parquet."""
    frame = found.to_frame()
    guarded(frame).to_csv(folder / f"{name}{CSV}", index=False, lineterminator="\n")
    frame.to_parquet(folder / f"{name}{PARQUET}", index=False)


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
