"""Run folders: a whole run exists, or none."""

import json
import os
import shutil
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from riskplugin.errors import AdapterError, UsageError
from riskplugin.results import Report, Table
from riskplugin.store.summary import summary

MANIFEST = "manifest.json"
SUMMARY = "summary.md"
ENDINGS = (".csv", ".parquet")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_run(
    report: Report, out: str | PathLike[str], *, replace: bool = False
) -> Path:
    """Write the run folder `out` in a temporary sibling, then rename it.

    The folder holds manifest.json, summary.md and every table as CSV and Parquet. The
    same inputs give the same bytes. A folder that already holds this run is left as
    it is.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If `out` holds anything else and `replace` is false.
    AdapterError
        If the disk does not take it; `out` is then as it was.
    """
    folder = Path(out).resolve()
    held = run_in(folder)
    if held == report.run_id and whole(folder, report):
        return folder
    if occupied(folder) and held is None:
        raise UsageError(f"{folder} holds files that are no run; they stay")
    if held not in (None, report.run_id) and not replace:
        raise UsageError(
            f"{folder} holds run {held}; choose another folder or --replace"
        )
    try:
        place(report, folder)
    except OSError as error:
        raise AdapterError(f"cannot write {folder}: {error}") from error
    return folder


def occupied(folder: Path) -> bool:
    """Whether `folder` is there and holds something, or is a file."""
    if folder.is_dir():
        return any(folder.iterdir())
    return folder.exists()


def whole(folder: Path, report: Report) -> bool:
    """Whether every file of `report` is in `folder`."""
    own = {
        MANIFEST,
        SUMMARY,
        *(t + ending for t in report.tables for ending in ENDINGS),
    }
    return own <= {path.name for path in folder.iterdir()}


def run_in(folder: Path) -> str | None:
    """Return the id of the run in `folder`, None if it holds none, or more than one.

    A run folder holds the files its manifest names, and nothing else.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text("utf-8"))
        run_id, tables = content["run_id"], content["tables"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (isinstance(run_id, str) and isinstance(tables, dict)):
        return None
    own = {MANIFEST, SUMMARY, *(t + ending for t in tables for ending in ENDINGS)}
    there = {path.name for path in folder.iterdir()}
    return run_id if there <= own else None


def place(report: Report, folder: Path) -> None:
    """Write `report` beside `folder`, then put it in its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        fill(report, new)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        sync(folder.parent)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def fill(report: Report, folder: Path) -> None:
    """Write the files of a run into `folder` and make sure they are on disk."""
    for name, found in report.tables.items():
        write_table(found, folder, name)
    (folder / SUMMARY).write_text(summary(report), "utf-8")
    text = json.dumps(manifest(report), indent=2, sort_keys=True, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", "utf-8")
    for file in sorted(folder.iterdir()):
        sync(file)
    sync(folder)


def manifest(report: Report) -> Mapping[str, Any]:
    """Return what manifest.json holds."""
    return {
        **report.manifest,
        "run_id": report.run_id,
        "status": report.status,
        "base_currency": report.base_currency,
        "confidence": report.confidence,
        "positions": len(report.tables["positions"]),
        "left_out": len(report.left_out),
        "issues": len(report.issues),
        "tables": {name: len(found) for name, found in report.tables.items()},
    }


def write_table(found: Table, folder: Path, name: str) -> None:
    """Write a table as CSV and Parquet."""
    frame = found.to_frame()
    guarded(frame).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    frame.to_parquet(folder / f"{name}.parquet", index=False)


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
    """Make sure that `path` is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
