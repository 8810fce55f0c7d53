"""Run folders: a whole run exists, or none."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from riskplugin.errors import AdapterError, UsageError
from riskplugin.reporting.first_page import first_page
from riskplugin.reporting.html.page import report_page
from riskplugin.reporting.passages import FirstPage
from riskplugin.results import Report
from riskplugin.store.audit import manifest
from riskplugin.store.files import (
    hashes,
    sha256,
    sync,
    write_inputs,
    write_table,
)
from riskplugin.store.locking import locked
from riskplugin.store.summary import summary

MANIFEST = "manifest.json"
SUMMARY = "summary.md"
HTML, XLSX = "report.html", "report.xlsx"
PARTIAL, OLD, LOCK = "partial", "old", "lock"


def write_run(
    report: Report, out: str | PathLike[str], *, replace: bool = False
) -> Path:
    """Write the run folder `out` in a temporary sibling, then rename it.

    The folder holds manifest.json, summary.md, report.html, report.xlsx, every table as
    CSV and Parquet, and what they were computed from. The same inputs give the same
    bytes. A folder that already holds this run is left as it is.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If `out` holds anything else, or this run but not as it was written, and
        `replace` is false.
    AdapterError
        If another process writes it, or the disk does not take it; `out` is then as it
        was.
    """
    folder = Path(out).resolve()
    with taking(folder):
        if not settled(folder, report.run_id, replace=replace):
            new = sibling(folder, PARTIAL)
            try:
                shutil.rmtree(new, ignore_errors=True)
                new.mkdir()
                for name, found in report.tables.items():
                    write_table(found, new, name)
                close(report, new)
                swap(new, folder)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    return folder


@contextmanager
def taking(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder; the disk's refusals are told as ours.

    Raises
    ------
    AdapterError
        If another process holds it, or the disk does not take what is written.
    """
    try:
        with locked(sibling(folder, LOCK), str(folder)):
            mend(folder)
            yield
    except OSError as error:
        raise AdapterError(f"cannot write {folder}: {error}") from error


def sibling(folder: Path, ending: str) -> Path:
    """Return what stands beside a run folder while it is written."""
    return folder.with_name(f".{folder.name}.{ending}")


def settled(folder: Path, run_id: str, *, replace: bool) -> bool:
    """Whether `folder` holds the run already, every byte of it.

    Raises
    ------
    UsageError
        If it holds what must stay.
    """
    held = run_in(folder)
    if held is None and occupied(folder):
        raise UsageError(f"{folder} holds files that are no run; they stay")
    if held is None:
        return False
    if held != run_id:
        if not replace:
            other = "choose another folder or --replace"
            raise UsageError(f"{folder} holds run {held}; {other}")
        return False
    damage = damaged(folder)
    if damage and not replace:
        raise UsageError(
            f"{folder} holds this run, but {', '.join(damage)} not as written; keep it "
            "elsewhere for the record, or --replace"
        )
    return not damage


def occupied(folder: Path) -> bool:
    """Whether `folder` is there and holds something, or is a file."""
    if folder.is_dir():
        return any(folder.iterdir())
    return folder.exists()


def damaged(folder: Path) -> list[str]:
    """Return the files of a run that are missing or not as its manifest says."""
    known = content_of(folder)["files"]
    return [
        name
        for name, digest in known.items()
        if not (folder / name).is_file() or sha256(folder / name) != digest
    ]


def content_of(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a run says.

    Raises
    ------
    AdapterError
        If there is none.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterError(f"{folder} is no run folder: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise AdapterError(f"{folder} is no run folder: its manifest names no files")
    return content


def run_in(folder: Path) -> str | None:
    """Return the id of the run in `folder`, None if it holds none, or more than one.

    A run folder holds the files its manifest names, and nothing else.
    """
    try:
        content = content_of(folder)
    except AdapterError:
        return None
    run_id = content.get("run_id")
    there = {path.name for path in folder.iterdir()}
    whole = isinstance(run_id, str) and there <= {MANIFEST, *content["files"]}
    return str(run_id) if whole else None


def close(report: Report, folder: Path) -> None:
    """Add to a folder with the tables of a run all that makes it one.

    The manifest comes last: a folder without one is no run.
    """
    write_inputs(report.inputs, folder)
    page = first_page(report)
    (folder / SUMMARY).write_text(summary(report, page), "utf-8")
    (folder / HTML).write_text(report_page(report, page), "utf-8", newline="\n")
    (folder / XLSX).write_bytes(workbook(report, page))
    files = sorted(path for path in folder.iterdir() if path.is_file())
    known = hashes(folder, (path.name for path in files))
    text = json.dumps(
        manifest(report, known), indent=2, sort_keys=True, allow_nan=False
    )
    (folder / MANIFEST).write_text(text + "\n", "utf-8")
    for path in [*files, folder / MANIFEST, folder]:
        sync(path)


def workbook(report: Report, page: FirstPage) -> bytes:
    """Return the report of a run as a workbook."""
    from riskplugin.reporting.workbook.book import (  # noqa: PLC0415 - heavy
        report_workbook,
    )

    return report_workbook(report, page)


def swap(new: Path, folder: Path) -> None:
    """Put a whole run in its place; what stood there goes."""
    old = sibling(folder, OLD)
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        sync(folder.parent)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def mend(folder: Path) -> None:
    """Finish what a process that was killed in `swap` left undone."""
    old = sibling(folder, OLD)
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
