"""What a night may meet: kills, full disks, two batches at once, broken inputs.

Whatever happens, the runs that were finished stay as they were, and the next batch
completes. RISKPLUGIN_KILLS says how many random moments a run is killed at, 6 by
default, 30 for the whole suite.
"""

import os
import shutil
import subprocess
import sys
import time
from random import Random

import pytest

from riskplugin.store.layout import counting_runs, finished_runs
from tests.adapters.nights import SCRIPT, content, started, write_desk

KILLS = int(os.environ.get("RISKPLUGIN_KILLS", "6"))
BEFORE, TONIGHT = "2026-05-28", "2026-05-29"
HOLDER = """
import sys, time
from pathlib import Path
from riskplugin.store.layout import night
with night(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals or mounts")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def last_night(desk, tmp_path_factory):
    """A store with last night's run."""
    root = tmp_path_factory.mktemp("store") / "root"
    done = run(desk, "--as-of", BEFORE, "--store", root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def store(last_night, tmp_path):
    """A copy of it."""
    return shutil.copytree(last_night, tmp_path / "store")


@pytest.fixture(scope="module")
def undisturbed(desk, last_night, tmp_path_factory):
    """Tonight's store as a batch leaves it that nothing befell, and its seconds."""
    root = shutil.copytree(last_night, tmp_path_factory.mktemp("calm") / "root")
    start = time.perf_counter()
    done = run(desk, "--store", root)
    assert done.returncode == 0, done.stderr
    return content(root), time.perf_counter() - start


def run(*words, **options):
    return subprocess.run(
        [SCRIPT, "run", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        **options,
    )


def finished(root):
    """Return the files of the finished runs of a store."""
    return {r.run_id: content(r.folder) for r in finished_runs(root)}


# --- killed --------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("kill", range(KILLS))
def test_kill_at_any_moment_leaves_whole_runs_and_the_next_one_completes(
    desk, last_night, store, undisturbed, command, kill
):
    calm, seconds = undisturbed
    jobs = 2 if kill % 6 == 5 else 1
    process = started("run", desk, "--store", store, "--jobs", jobs)
    moment = Random(kill).uniform(0.45, 1.05) * seconds + (jobs - 1) * seconds
    time.sleep(moment)
    process.kill()
    process.communicate()
    left = finished(store)
    before = finished(last_night)
    assert {k: left[k] for k in before} == before
    for files in (files for run_id, files in left.items() if run_id not in before):
        assert "manifest.json" in files
        whole = {k: v for k, v in calm.items() if k.startswith(f"as_of={TONIGHT}/")}
        assert sorted(files.values()) == sorted(whole.values())
    assert command("run", desk, "--store", store)[0] == 0
    assert content(store) == calm


# --- the disk ------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own with little room; skipped where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2600k", "tmpfs", str(place)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@posix
def test_full_disk_leaves_last_nights_run_and_room(
    desk, last_night, small_disk, command
):
    root = shutil.copytree(last_night, small_disk / "root")
    room = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(b"x" * (room - 150_000))
    code, _, error = command("run", desk, "--store", root)
    assert code == 5
    assert "cannot write" in error
    assert "No space left" in error
    assert finished(root) == finished(last_night)
    assert not list(root.glob("**/*.partial"))
    (small_disk / "ballast").unlink()
    assert command("run", desk, "--store", root)[0] == 0


@posix
def test_read_only_disk_is_said(desk, last_night, small_disk, command):
    root = shutil.copytree(last_night, small_disk / "root")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, _, error = command("run", desk, "--store", root)
    assert code == 5
    assert "cannot write" in error
    assert "Read-only" in error
    assert content(root) == content(last_night)


@posix
def test_file_that_may_not_grow_leaves_last_nights_run(
    desk, last_night, store, undisturbed
):
    """As a full disk does, where none can be mounted."""
    import resource  # noqa: PLC0415 - not on Windows

    room = max(map(len, undisturbed[0].values())) // 2
    done = run(
        desk,
        "--store",
        store,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 5
    assert "cannot write" in done.stderr
    assert content(store) == content(last_night)


# --- two at once ---------------------------------------------------------------------


@pytest.fixture
def holder(store):
    """A process that holds the lock of tonight."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store), TONIGHT],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_second_batch_of_a_night_is_refused(desk, store, last_night, holder, command):
    code, _, error = command("run", desk, "--store", store)
    assert code == 5
    assert f"is being written by process {holder.pid} on " in error
    assert finished(store) == finished(last_night)
    assert command("run", desk, "--store", store, "--as-of", "2026-05-27")[0] == 0


def test_lock_of_a_process_that_was_killed_is_none(desk, store, holder, command):
    holder.kill()
    holder.wait()
    assert (store / f".as_of={TONIGHT}.lock").exists()
    assert command("run", desk, "--store", store)[0] == 0
    assert not (store / f".as_of={TONIGHT}.lock").exists()


def test_lock_with_the_number_of_another_process_is_none(desk, store, command):
    """The number was given to another process since: here to this one."""
    text = f"process {os.getpid()} on here\n"
    (store / f".as_of={TONIGHT}.lock").write_text(text, "utf-8")
    assert command("run", desk, "--store", store)[0] == 0


def test_two_batches_started_at_once_write_one_run(desk, store, undisturbed):
    both = [started("run", desk, "--store", store) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 5])  # the second waited for nothing, or found it done
    assert codes == [0, 0] or "is being written by process" in "".join(said)
    assert content(store) == undisturbed[0]


# --- inputs and the clock ------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_parquet_is_an_input_error(
    desk, last_night, store, command, tmp_path, share
):
    broken = shutil.copytree(desk.parent, tmp_path / "broken")
    whole = (broken / "prices.parquet").read_bytes()
    (broken / "prices.parquet").write_bytes(whole[: int(share * len(whole))])
    code, _, error = command("run", broken / "desk.toml", "--store", store)
    assert code == 3
    assert "prices.parquet" in error
    assert content(store) == content(last_night)


def test_clock_that_was_wrong_changes_nothing(desk, store, undisturbed, command):
    """Last night's files are of a year to come; dates and order do not come from it."""
    for path in [store, *store.rglob("*")]:
        os.utime(path, (4e9, 4e9))
    assert command("run", desk, "--store", store)[0] == 0
    assert content(store) == undisturbed[0]
    assert [run.as_of for run in counting_runs(store)] == [BEFORE, TONIGHT]


def test_stranger_in_the_place_of_the_run_is_never_replaced(desk, store, command):
    first = command("run", desk, "--json")[1]
    run_id = first.split('"run_id": "')[1][:12]
    place = store / f"as_of={TONIGHT}" / f"run={run_id}"
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("mine", "utf-8")
    code, _, error = command("run", desk, "--store", store)
    assert code == 2
    assert "holds files that are no run" in error
    assert content(place) == {"mine.txt": b"mine"}


def test_finished_run_that_was_changed_is_kept_and_said(desk, store, command):
    assert command("run", desk, "--store", store)[0] == 0
    (folder,) = (store / f"as_of={TONIGHT}").iterdir()
    (folder / "stress.csv").write_text("mine", "utf-8")
    before = content(store)
    code, _, error = command("run", desk, "--store", store)
    assert code == 2
    assert "stress.csv not as written" in error
    assert content(store) == before
    assert command("run", desk, "--store", store, "--replace")[0] == 0
    assert (folder / "stress.csv").read_text("utf-8") != "mine"
