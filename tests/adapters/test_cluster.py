"""Runs on a real Dask cluster of two workers: the bytes of one process, whatever ends.

The cluster is there for the whole module, its scheduler in this process.
"""

import logging
import os
import signal
import sys
import time

import psutil
import pytest

import riskplugin as rp
from riskplugin import pipeline
from riskplugin.adapters import cluster as clusters
from riskplugin.adapters.arithmetic import arithmetic
from riskplugin.adapters.cluster import Cluster, differences, local_cluster
from riskplugin.errors import AdapterError, ModelError, UsageError
from riskplugin.store.batch import batch
from tests.adapters.nights import content, write_desk

pytestmark = pytest.mark.long

distributed = pytest.importorskip("distributed")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def desk(desk_toml):
    return rp.load_desk(desk_toml)


@pytest.fixture(scope="module")
def undisturbed(desk, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    batch(desk, out, told=lambda _: None)
    return content(out)


@pytest.fixture(scope="module")
def two_workers():
    with local_cluster(2, "1GiB") as found:
        yield found


@pytest.fixture
def on(two_workers):
    """The cluster with both its workers there."""
    deadline = time.monotonic() + 30
    while len(two_workers.scheduler.workers) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return Cluster(two_workers.scheduler_address, 2)


def processes(cluster):
    return [nanny.pid for nanny in cluster.workers.values()]


def dies(desk):
    """Give a run a table over which its worker ends."""

    def stage():
        os._exit(9)

    return {"deadly": stage}


def fails(desk):
    """Give a run a table that no model has."""

    def stage():
        raise ModelError("too short a history")

    return {"never": stage}


# --- the same bytes ------------------------------------------------------------------


def test_cluster_writes_the_bytes_of_one_process(on, desk, undisturbed, tmp_path):
    heard = []
    batch(desk, tmp_path / "out", on=on, told=heard.append)
    assert content(tmp_path / "out") == undisturbed
    assert [d.number for d in heard] == list(range(1, len(heard) + 1))
    assert {d.name for d in heard} == set(pipeline.stages(desk))


def test_book_keeps_the_model_of_the_whole_desk_there(on, desk, tmp_path):
    semis = rp.with_positions(desk, "semis")
    batch(semis, tmp_path / "one", told=lambda _: None)
    batch(semis, tmp_path / "two", on=on, told=lambda _: None)
    assert content(tmp_path / "one") == content(tmp_path / "two")


@posix
def test_killed_worker_costs_time_and_no_figures(
    two_workers, on, desk, undisturbed, tmp_path
):
    killed = []

    def told(_):
        if not killed:
            killed.extend(processes(two_workers)[:1])
            os.kill(killed[0], signal.SIGKILL)

    batch(desk, tmp_path / "out", on=on, told=told)
    assert len(killed) == 1
    assert not psutil.pid_exists(killed[0]) or killed[0] not in processes(two_workers)
    assert content(tmp_path / "out") == undisturbed


def test_nothing_of_a_run_stays_with_the_cluster(two_workers, on, desk, tmp_path):
    batch(desk, tmp_path / "out", on=on, told=lambda _: None)
    names = list(two_workers.scheduler.worker_plugins)
    assert [name for name in names if name.startswith("riskplugin")] == []
    with distributed.Client(two_workers.scheduler_address) as client:
        from riskplugin.adapters import cluster_worker  # noqa: PLC0415 - imports Dask

        held = client.run(lambda: (cluster_worker._held, cluster_worker._plans))
    assert set(map(str, held.values())) == {"({}, {})"}


# --- what cannot be done -------------------------------------------------------------


@posix
def test_table_over_which_workers_end_again_and_again_is_named(
    two_workers, on, desk, monkeypatch, tmp_path
):
    monkeypatch.setattr(pipeline, "PLANS", [dies])
    monkeypatch.setattr(two_workers.scheduler, "allowed_failures", 0)
    with pytest.raises(AdapterError, match="several workers ended over"):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)
    assert not (tmp_path / "out").exists()


def test_error_of_a_table_is_the_one_of_a_process(on, desk, monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "PLANS", [fails])
    with pytest.raises(ModelError, match="too short a history"):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_worker_that_rounds_otherwise_is_refused(on, desk, monkeypatch, tmp_path):
    monkeypatch.setattr(clusters, "arithmetic", lambda: "of another processor")
    with pytest.raises(AdapterError, match="a worker rounds otherwise"):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)


def test_rounding_is_the_same_every_time():
    assert arithmetic() == arithmetic()


def test_other_packages_are_refused_and_named(on, desk, monkeypatch, tmp_path):
    whole = distributed.versions.get_package_info
    monkeypatch.setattr(
        distributed.versions,
        "get_package_info",
        lambda names: {**whole(names), "numpy": "0.0.1"},
    )
    match = r"tcp://127.0.0.1:\d+ has numpy [\d.]+, here 0\.0\.1"
    with pytest.raises(AdapterError, match=match):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)


def test_worker_of_other_code_is_refused(on, desk, monkeypatch, tmp_path):
    from riskplugin.adapters import cluster_worker  # noqa: PLC0415 - imports Dask

    monkeypatch.setattr(cluster_worker, "__version__", "0.0.1")
    with pytest.raises(AdapterError, match=r"the run began with 0\.0\.1"):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)


def test_versions_that_lack_or_differ_are_told():
    same = dict.fromkeys(clusters.SAME, "1")
    other = {**same, "python": "3.12", "riskplugin": None}
    workers = {"tcp://a": {"packages": same}, "tcp://b": {"packages": other}}
    assert list(differences({"packages": same}, workers)) == [
        "tcp://b has python 3.12, here 1",
        "tcp://b has riskplugin not at all, here 1",
    ]


def test_too_few_workers_are_said(two_workers, desk, monkeypatch, tmp_path):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1.0)
    on = Cluster(two_workers.scheduler_address, 7)
    with pytest.raises(AdapterError, match="workers, and 7 are waited for"):
        batch(desk, tmp_path / "out", on=on, told=lambda _: None)


def test_scheduler_that_is_not_there_is_said(desk_toml, monkeypatch, command, tmp_path):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.5)
    words = ("--out", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1")
    code, _, error = command("run", desk_toml, *words)
    assert code == 5
    assert "no scheduler answers at tcp://127.0.0.1:1" in error
    assert not (tmp_path / "out").exists()


def test_missing_dask_is_said_with_its_extra(desk, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(AdapterError, match=r"pip install 'riskplugin\[cluster\]'"):
        batch(desk, tmp_path / "out", on=Cluster("local"), told=lambda _: None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cluster", "local"), "--cluster needs a folder to work in"),
        (("--cluster", "local", "--jobs", 2, "--out", "x"), "--jobs or --cluster"),
        (("--workers", 2, "--out", "x"), "--workers and --worker-memory go with"),
        (("--cluster", "here:8786", "--out", "x"), "write tcp://HOST:PORT"),
        (
            ("--cluster", "tcp://a:1", "--worker-memory", "1GiB", "--out", "x"),
            "have theirs already",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(desk_toml, command, words, said):
    code, _, error = command("run", desk_toml, *words)
    assert (code, said in error) == (2, True)


def test_memory_that_is_none_is_said(desk):
    with pytest.raises(UsageError, match="--worker-memory 'much'"):
        next(Cluster("local", 1, "much").results(desk, ()))


# --- the command ---------------------------------------------------------------------


def test_command_runs_on_a_cluster_of_its_own(
    desk_toml, undisturbed, command, tmp_path, caplog
):
    caplog.set_level(logging.CRITICAL)
    words = ("--cluster", "local", "--workers", 1, "--worker-memory", "1GiB")
    assert command("run", desk_toml, "--out", tmp_path / "out", *words)[0] == 0
    assert content(tmp_path / "out") == undisturbed
