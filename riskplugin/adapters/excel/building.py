"""The files of excel/, made from the registry and a desk, and compared with it."""

import io
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from riskplugin.adapters.excel import vba, workbooks
from riskplugin.adapters.excel.session import Session
from riskplugin.errors import UsageError

WORKBOOK = ".xlsx"


def built(session: Session) -> Mapping[str, bytes]:
    """Return every generated file, by its path below the folder."""
    return {**vba.files(), **workbooks.files(session)}


def write(session: Session, folder: Path) -> list[Path]:
    """Write every generated file whose content is not there yet; return those."""
    written = []
    for name, content in built(session).items():
        path = folder / name
        if not same(path, content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(path)
    return written


def stale(session: Session, folder: Path) -> list[Path]:
    """Return the files of the folder that are not what would be written."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    files = built(session).items()
    return [
        folder / name for name, content in files if not same(folder / name, content)
    ]


def same(path: Path, content: bytes) -> bool:
    """Whether a file holds `content`; of workbooks, whatever packed them."""
    if not path.is_file():
        return False
    there = path.read_bytes()
    if there == content or path.suffix != WORKBOOK:
        return there == content
    return parts(there) == parts(content)


def parts(content: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook that we wrote."""
    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
