"""What Windows does otherwise, as far as another system can show it.

Its lock is taken here with a stand-in for ``msvcrt``: record locks of POSIX, which hold
between processes as its own do. What only Windows can show: that a locked byte cannot
be read there, that an open file can be neither removed nor renamed.
"""

import subprocess
import sys

import pytest

from riskplugin.store import executors

posix = pytest.mark.skipif(sys.platform == "win32", reason="it has its own")
STAND_IN = """
import fcntl, os, platform, sys, types
from pathlib import Path
platform.node()
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
def locking(handle, mode, count):
    assert (mode, count) == (2, 1)
    place = os.lseek(handle, 0, os.SEEK_CUR)
    assert place >= 1 << 20, "a byte of the text is locked: nobody could read it"
    fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
msvcrt.locking = locking
sys.modules["msvcrt"] = msvcrt
real = os.close
closed = []
os.close = lambda handle: (closed.append(handle), real(handle))
unlink = Path.unlink
def removed(path, *rest):
    assert closed, "an open file cannot be removed on Windows"
    unlink(path, *rest)
Path.unlink = removed
sys.platform = "win32"
from riskplugin.store.locking import InUseError, locked
try:
    with locked(Path(sys.argv[1]), "the store"):
        print("held", flush=True)
        sys.stdin.readline()
except InUseError as error:
    print(error, flush=True)
"""


@pytest.fixture
def start():
    """Start a process that asks for a lock and holds it until it is told to go on."""
    running = []

    def start(path):
        process = subprocess.Popen(
            [sys.executable, "-c", STAND_IN, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@posix
def test_lock_of_windows_holds_between_processes_and_names_its_owner(start, tmp_path):
    path = tmp_path / ".lock"
    first = start(path)
    assert first.stdout.readline() == "held\n"
    second = start(path)
    said = second.stdout.readline()
    assert f"is being written by process {first.pid} on " in said
    assert first.communicate("go\n", timeout=20) == ("", None)
    assert first.returncode == 0
    assert not path.exists()
    assert start(path).stdout.readline() == "held\n"


@posix
def test_lock_of_windows_ends_with_its_process(start, tmp_path):
    first = start(tmp_path / ".lock")
    assert first.stdout.readline() == "held\n"
    first.kill()
    first.wait()
    assert start(tmp_path / ".lock").stdout.readline() == "held\n"


def test_pool_has_no_more_processes_than_windows_waits_for(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert executors.processes(64) == 61
    assert executors.processes(4) == 4
    monkeypatch.setattr(sys, "platform", "linux")
    assert executors.processes(64) == 64
