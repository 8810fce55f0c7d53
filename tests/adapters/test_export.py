"""Runs in the desk's SQL database: all of a run or none, the same on every export."""

import sqlite3
import threading
import time
from contextlib import closing

import numpy as np
import pandas as pd
import psycopg
import pytest

import riskplugin as rp
from riskplugin.errors import AdapterError
from riskplugin.results import Report, table
from riskplugin.warehouse import writing as export_writing
from tests import postgres as cluster
from tests.adapters.nights import content, write_desk

AS_OF = np.datetime64("2026-05-29", "D")
FACTS = {"version": "1"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(export_writing, "PAUSES", (0.1,))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of its own, with a user who may make tables."""
    if cluster.programs() is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    server = cluster.Server()
    server.execute(f"GRANT CREATE ON DATABASE postgres TO {server.reader}")
    yield server
    server.close()


class OfPostgres:
    def __init__(self, server):
        self.server, self.schema = server, "desk_risk"
        self.url = server.url()
        server.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")

    @property
    def keys(self):
        return {"schema_name": self.schema}

    def ask(self, query):
        with psycopg.connect(self.url) as line:
            line.execute(f"SET search_path TO {self.schema}")
            found = line.execute(query)
            return found.fetchall() if found.description else []


class OfSqlite:
    def __init__(self, folder):
        self.keys = {}
        self.file = folder / "risk.db"
        self.url = f"sqlite:///{self.file}"

    def ask(self, query):
        with closing(sqlite3.connect(self.file)) as line, line:
            return line.execute(query).fetchall()


@pytest.fixture(params=["postgres", "sqlite"])
def database(request, tmp_path, monkeypatch):
    if request.param == "postgres":
        found = OfPostgres(request.getfixturevalue("postgres"))
    else:
        found = OfSqlite(tmp_path)
    monkeypatch.setenv("RISK_DB", found.url)
    return found


@pytest.fixture
def send(database):
    def send(run, **keys):
        return rp.export_run(run, "RISK_DB", retries=1, **{**database.keys, **keys})

    return send


def report(run_id="r1", **columns):
    """Return a report of one result beside those that every run has."""
    tables = {
        name: table(name, AS_OF, found)
        for name, found in {
            "positions": {"book": ["a", "b"], "market_value": [1.0, np.nan]},
            "left_out": {"book": [], "reason": []},
            "scenarios": {"scenario": []},
            "stress": columns or {"tier": ["memory"], "pnl": [-1.5]},
        }.items()
    }
    return Report(AS_OF, "USD", run_id, 0.8, tables, (), FACTS)


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def whole_run(desk_toml, tmp_path_factory):
    return rp.write_run(
        rp.run(rp.load_desk(desk_toml)), tmp_path_factory.mktemp("out") / "run"
    )


# --- what is written -----------------------------------------------------------------


def test_database_holds_every_figure_of_a_run(whole_run, send, database):
    written = send(whole_run)
    run = rp.read_run(whole_run)
    counts = written.set_index("table")["rows"].to_dict()
    assert counts == {
        "risk_runs": 1,
        **{f"risk_{name}": len(found) for name, found in run.tables.items()},
    }
    for name in ("stress_by_position", "cycle", "samples", "scenarios"):
        expected = run.tables[name].to_frame()
        columns = ", ".join(f'"{c}"' for c in expected.columns)
        query = f"SELECT {columns} FROM risk_{name} ORDER BY row_number"
        found = pd.DataFrame(database.ask(query), columns=expected.columns)
        for column in expected:
            kind = expected[column].dtype
            if kind.kind == "M":
                got = pd.to_datetime(found[column]).astype(kind)
            elif kind.kind == "f":
                got = found[column].astype("float64")
            else:
                got = found[column].astype(kind)
            pd.testing.assert_series_equal(
                got, expected[column], check_exact=True, obj=f"{name}.{column}"
            )
    facts = database.ask("SELECT run_id, status, positions, sequence FROM risk_runs")
    assert facts == [(run.run_id, "complete", len(run.tables["positions"]), 1)]


def test_unknown_is_null_and_blank_is_text(send, database):
    send(
        report(
            tier=["", 'a "b", c\nd', None, "=1+1", "NULL"],
            pnl=[np.nan, np.inf, -0.1, 1e-300, 3.0],
            count=[1, 2, 3, 4, 2**62],
            named=[True, False, True, False, True],
        )
    )
    query = "SELECT tier, pnl, count, named FROM risk_stress ORDER BY row_number"
    assert database.ask(query) == [
        ("", None, 1, True),
        ('a "b", c\nd', np.inf, 2, False),
        (None, -0.1, 3, True),
        ("=1+1", 1e-300, 4, False),
        ("NULL", 3.0, 2**62, True),
    ]


def test_result_without_rows_makes_no_table(send, database):
    """An empty column says nothing of what it holds; the next run's does."""
    send(report("r1", tier=[], pnl=[]))
    send(report("r2", tier=["memory"], pnl=[2.0]))
    assert database.ask("SELECT run_id, tier, pnl FROM risk_stress") == [
        ("r2", "memory", 2.0)
    ]
    send(report("r2", tier=[], pnl=[]))
    assert database.ask("SELECT * FROM risk_stress") == []


def test_only_some_tables_are_written_if_asked(send, database):
    assert list(send(report(), tables=["stress"])["table"]) == [
        "risk_runs",
        "risk_stress",
    ]
    with pytest.raises(rp.UsageError, match="did you mean 'stress'"):
        send(report(), tables=["stres"])


# --- again ---------------------------------------------------------------------------


def test_exported_twice_it_stands_there_once(whole_run, send, database):
    send(whole_run)
    before = database.ask("SELECT * FROM risk_measures ORDER BY row_number")
    again = send(whole_run)
    assert database.ask("SELECT * FROM risk_measures ORDER BY row_number") == before
    assert set(again["columns_added"]) == {0}
    assert database.ask("SELECT count(*) FROM risk_runs") == [(1,)]


def test_runs_stand_beside_each_other_and_the_last_of_a_date_is_known(send, database):
    for run_id in ("r1", "r2", "r1"):
        send(report(run_id))
    assert database.ask("SELECT count(*) FROM risk_stress") == [(2,)]
    latest = "SELECT run_id FROM risk_runs ORDER BY sequence DESC"
    assert [row[0] for row in database.ask(latest)] == ["r1", "r2"]


def test_run_replaces_what_it_had_written_otherwise(send, database):
    send(report("r1", tier=["a", "b", "c"], pnl=[1.0, 2.0, 3.0]))
    send(report("r1", tier=["z"], pnl=[9.0]))
    assert database.ask("SELECT tier, pnl FROM risk_stress") == [("z", 9.0)]


# --- columns -------------------------------------------------------------------------


def test_column_that_a_result_gained_is_added(send, database):
    send(report("r1", tier=["a"], pnl=[1.0]))
    written = send(report("r2", tier=["b"], pnl=[2.0], **{"move_ai compute": [0.5]}))
    added = written.set_index("table")["columns_added"].to_dict()
    assert added == {"risk_runs": 0, "risk_positions": 0, "risk_stress": 1} | {
        "risk_left_out": 0,
        "risk_scenarios": 0,
    }
    query = 'SELECT tier, "move_ai compute" FROM risk_stress ORDER BY run_id'
    assert database.ask(query) == [("a", None), ("b", 0.5)]
    send(report("r3", tier=["c"], pnl=[3.0]))  # a run without it
    assert database.ask("SELECT count(*) FROM risk_stress") == [(3,)]


def test_whole_numbers_fit_a_column_of_figures_and_back(send, database):
    send(report("r1", count=[1.5], n=[1]))
    send(report("r2", count=[2], n=[3.0]))
    assert database.ask("SELECT count, n FROM risk_stress ORDER BY run_id") == [
        (1.5, 1),
        (2.0, 3),
    ]


@pytest.mark.parametrize(
    ("first", "second"), [([1], [1.5]), ([1.5], ["x"]), (["x"], [1.5])]
)
def test_changed_type_is_an_error_that_says_what_to_do(send, database, first, second):
    send(report("r1", pnl=first))
    match = r"risk_stress\.pnl takes .* and this run has others.*alter the column"
    with pytest.raises(AdapterError, match=match):
        send(report("r2", pnl=second))
    assert database.ask("SELECT run_id FROM risk_runs") == [("r1",)]
    assert database.ask("SELECT count(*) FROM risk_positions") == [(2,)]


def test_name_that_a_database_would_cut_is_refused(send):
    with pytest.raises(AdapterError, match="longer than the 63 bytes"):
        send(report(**{"move_" + "x" * 60: [1.0]}))


def test_tables_of_a_later_layout_are_left_alone(send, database):
    send(report("r1"))
    database.ask("UPDATE risk_runs SET layout = 99")
    with pytest.raises(AdapterError, match="has layout 99, this version writes 1"):
        send(report("r2"))
    assert database.ask("SELECT run_id FROM risk_runs") == [("r1",)]


# --- all or nothing ------------------------------------------------------------------


def test_failure_in_the_last_table_leaves_nothing(whole_run, send, database):
    """`unwinding` comes last; what stands in its place takes no rows."""
    send(report("r0"))
    database.ask("CREATE TABLE risk_unwinding (run_id text, scenario integer)")
    before = database.ask("SELECT * FROM risk_stress")
    with pytest.raises(AdapterError, match=r"risk_unwinding\.scenario takes whole"):
        send(whole_run)
    assert database.ask("SELECT * FROM risk_stress") == before
    assert database.ask("SELECT run_id FROM risk_runs") == [("r0",)]
    database.ask("DROP TABLE risk_unwinding")
    assert len(send(whole_run)) == len(rp.read_run(whole_run).tables) + 1


def test_two_exports_at_once_both_stand(send, database):
    failed = []

    def one(run_id):
        try:
            send(report(run_id))
        except AdapterError as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(f"r{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = database.ask("SELECT run_id, sequence FROM risk_runs ORDER BY run_id")
    assert [row[0] for row in found] == ["r0", "r1", "r2", "r3"]
    assert sorted(row[1] for row in found) == [1, 2, 3, 4]


def test_changed_run_folder_is_not_exported(whole_run, send, database, tmp_path):
    import shutil  # noqa: PLC0415

    folder = shutil.copytree(whole_run, tmp_path / "changed")
    (folder / "stress.csv").write_text("mine", "utf-8")
    with pytest.raises(AdapterError, match=r"stress\.csv not as written"):
        send(folder)


# --- the way there -------------------------------------------------------------------


def test_lost_database_is_tried_again_and_said_without_secrets(
    postgres, monkeypatch, caplog
):
    monkeypatch.setenv("RISK_DB", postgres.url().replace(str(postgres.port), "1"))
    start = time.monotonic()
    with pytest.raises(AdapterError, match=r"r1 was not exported.*refused") as caught:
        rp.export_run(report(), "RISK_DB", retries=1)
    assert time.monotonic() - start < 10
    assert "attempt 2 of 2" in caplog.text
    said = str(caught.value) + caplog.text
    for secret in (postgres.secret, postgres.reader, "127.0.0.1"):
        assert secret not in said
    assert caught.value.__cause__ is None


def test_user_who_may_not_write_is_told(postgres, monkeypatch):
    postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    monkeypatch.setenv("RISK_DB", postgres.url())
    with pytest.raises(AdapterError, match="refuses what is written: permission deni"):
        rp.export_run(report(), "RISK_DB")


def test_database_killed_in_the_middle_keeps_nothing(postgres, monkeypatch):
    """Its server process is ended while rows are on their way; then it is repeated."""
    monkeypatch.setenv("RISK_DB", postgres.url())
    whole, killed = export_writing.copy, []

    def copy(connection, *rest):
        whole(connection, *rest)
        if not killed:
            killed.append(connection.connection.driver_connection.info.backend_pid)
            postgres.execute(f"SELECT pg_terminate_backend({killed[0]})")

    monkeypatch.setattr(export_writing, "copy", copy)
    database = OfPostgres(postgres)
    done = rp.export_run(report(), "RISK_DB", retries=1, schema_name="desk_risk")
    assert len(killed) == 1
    assert len(done) == 5
    assert database.ask("SELECT count(*) FROM risk_positions") == [(2,)]


@pytest.mark.parametrize(
    ("url", "keys", "error", "match"),
    [
        (None, {}, rp.ConfigError, "RISK_DB is not set"),
        ("nonsense", {}, rp.ConfigError, "RISK_DB holds no URL"),
        ("mysql://h0st/desk", {}, rp.ConfigError, "writes to postgresql or sqlite"),
        ("sqlite://", {"schema_name": "x"}, rp.ConfigError, "SQLite has no schemas"),
        ("sqlite://", {"prefx": "x"}, rp.UsageError, "did you mean 'prefix'"),
        ("sqlite://", {"prefix": "x; drop"}, rp.ConfigError, "should match pattern"),
        ("sqlite:////no/where/x.db", {}, AdapterError, "unable to open"),
    ],
)
def test_destination_that_is_none_is_said(monkeypatch, url, keys, error, match):
    if url is None:
        monkeypatch.delenv("RISK_DB", raising=False)
    else:
        monkeypatch.setenv("RISK_DB", url)
    with pytest.raises(error, match=match) as caught:
        rp.export_run(report(), "RISK_DB", **keys)
    assert "h0st" not in str(caught.value)


# --- the command ---------------------------------------------------------------------


@pytest.fixture
def exporting(desk_toml, tmp_path):
    """A desk with an [export]."""
    folder = tmp_path / "desk"
    made = write_desk(folder)
    with made.open("a", encoding="utf-8") as file:
        file.write('[export]\nurl_env = "RISK_DB"\nretries = 0\ntables = ["stress"]\n')
    return made


def test_run_exports_what_it_wrote(exporting, tmp_path, monkeypatch, command):
    base = OfSqlite(tmp_path)
    monkeypatch.setenv("RISK_DB", base.url)
    log = tmp_path / "log"
    words = ("run", exporting, "--store", tmp_path / "store", "--export", "--log", log)
    assert command(*words)[0] == 0
    (folder,) = (tmp_path / "store").glob("*/run=*")
    stress = pd.read_csv(folder / "stress.csv")
    assert base.ask("SELECT count(*) FROM risk_stress") == [(len(stress),)]
    assert f"exported tables=2 rows={len(stress) + 1}" in log.read_text("utf-8")
    assert command(*words)[0] == 0  # the run is a no-op, and so is its export
    assert command("export", folder, exporting, "--json")[0] == 0
    assert base.ask("SELECT count(*) FROM risk_stress") == [(len(stress),)]


def test_failed_export_leaves_the_run_and_ends_with_5(
    exporting, tmp_path, monkeypatch, command
):
    monkeypatch.setenv("RISK_DB", "sqlite:////no/where/x.db")
    words = ("run", exporting, "--out", tmp_path / "out", "--export")
    code, _, error = command(*words)
    assert code == 5
    assert "`riskplugin export` tries again" in error
    assert command("verify", tmp_path / "out")[0] == 0
    before = content(tmp_path / "out")
    base = OfSqlite(tmp_path)
    monkeypatch.setenv("RISK_DB", base.url)
    assert command("export", tmp_path / "out", "--url-env", "RISK_DB")[0] == 0
    assert content(tmp_path / "out") == before
    assert base.ask("SELECT count(*) FROM risk_runs") == [(1,)]


def test_export_that_cannot_work_stops_before_the_run(
    exporting, desk_toml, tmp_path, monkeypatch, command
):
    monkeypatch.delenv("RISK_DB", raising=False)
    out = ("--out", tmp_path / "out", "--export")
    code, _, error = command("run", exporting, *out)
    assert (code, "RISK_DB is not set" in error) == (3, True)
    code, _, error = command("run", desk_toml, *out)
    assert (code, "has no [export]" in error) == (2, True)
    code, _, error = command("run", exporting, "--export")
    assert (code, "--export needs a run that is kept" in error) == (2, True)
    assert not (tmp_path / "out").exists()
    code, _, error = command("export", tmp_path / "out")
    assert (code, "give a desk file with [export], or" in error) == (2, True)
