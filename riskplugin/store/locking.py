"""One writer at a time, however the last one ended.

The operating system holds the lock for the process and gives it up when the process
ends, killed or not. So no lock outlives its owner: a file that is left behind is a name
and nothing more, whatever process bears the number in it meanwhile.
"""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from riskplugin.errors import AdapterError

ATTEMPTS = 100


class InUseError(AdapterError):
    """Another process, which lives, holds the lock."""


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; it is gone afterwards.

    Raises
    ------
    InUseError
        If a process that lives holds it; with its number and machine.
    """
    handle = taken(path, what)
    try:
        yield
    finally:
        released(handle, path)


def released(handle: int, path: Path) -> None:
    """Give up the lock and remove its file, in the order that the system allows.

    Where an open file can be removed it goes first, while nobody else can hold it; on
    Windows it cannot, nor can one that another process has opened since.
    """
    if sys.platform == "win32":
        os.close(handle)
    with suppress(OSError):
        path.unlink()
    if sys.platform != "win32":
        os.close(handle)


def taken(path: Path, what: str) -> int:
    """Return the open lock file.

    A file that its last owner removed between opening and locking is no lock: then
    again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not grasped(handle):
            owner = os.read(handle, 200).decode("utf-8", "replace").strip()
            os.close(handle)
            raise InUseError(
                f"{what} is being written by {owner or 'another process'}; wait for "
                "it, or end it and run again"
            )
        if is_at(handle, path):
            sign(handle)
            return handle
        os.close(handle)
    raise AdapterError(f"{what}: its lock {path} does not stay; run again")


def is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(handle)
    return (there.st_ino, there.st_dev) == (mine.st_ino, mine.st_dev)


def sign(handle: int) -> None:
    """Write into the lock file who holds it, for whoever reads it."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, f"process {os.getpid()} on {platform.node()}\n".encode())


if sys.platform == "win32":
    import msvcrt

    BEYOND = 1 << 20  # a locked byte cannot be read there, so none of the text is

    def grasped(handle: int) -> bool:
        """Whether the lock could be had."""
        os.lseek(handle, BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def grasped(handle: int) -> bool:
        """Whether the lock could be had."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
