"""Tables from a real PostgreSQL: what it gives, how it refuses, how it is lost."""

import logging
import os
import select
import signal
import socket
import time
from contextlib import suppress
from threading import Thread

import pandas as pd
import psycopg
import pytest

import riskplugin as rp
from riskplugin.errors import Place
from riskplugin.inputs.reading import Findings
from riskplugin.inputs.references import QueryRef
from riskplugin.sources import query_tables
from riskplugin.sources.query_tables import Databases

AS_OF = pd.Timestamp("2026-05-29").to_datetime64().astype("datetime64[D]")
DESK = """
as_of = 2026-05-29
[tables]
positions = {url_env = "DESK_DB", query = "select * from positions"}
prices = {url_env = "DESK_DB", query = "select * from prices where date <= :as_of"}
fx = {url_env = "DESK_DB", query = "select * from fx where date <= :as_of"}
"""
KINDS = {"f": "numeric(24, 8)", "i": "bigint", "M": "date", "O": "text"}
SLOW = """select g as close, 'MU' as instrument, date '2026-05-29' - g as date
from generate_series(1, 60000) g
where g % 1000 <> 0 or pg_sleep(0.05) is not null"""  # 3 s in 60 pieces


@pytest.fixture(autouse=True)
def environment(monkeypatch, postgres):
    monkeypatch.setenv("DESK_DB", postgres.url())
    monkeypatch.setattr(query_tables, "PAUSES", (0.3,))


@pytest.fixture
def stored(postgres):
    """Put tables into the database, rows mixed, numbers as numeric, days as dates."""

    def stored(**tables):
        with postgres.connect() as line:
            for name, table in tables.items():
                kinds = (f'"{c}" {KINDS[k.kind]}' for c, k in table.dtypes.items())
                line.execute(f"DROP TABLE IF EXISTS {name}")
                line.execute(f"CREATE TABLE {name} ({', '.join(kinds)})")
                line.execute(f"GRANT SELECT ON {name} TO {postgres.reader}")
                mixed = table.sample(frac=1, random_state=5).astype(object)
                rows = mixed.where(mixed.notna(), None).itertuples(index=False)
                marks = ", ".join(["%s"] * table.shape[1])
                insert = f"INSERT INTO {name} VALUES ({marks})"
                line.cursor().executemany(insert, [tuple(row) for row in rows])

    return stored


@pytest.fixture
def read():
    """Return the table of a query."""

    def read(query, as_of=AS_OF, **keys):
        databases = Databases("desk.toml", as_of, Findings())
        ref = QueryRef(url_env="DESK_DB", query=query, **keys)
        return databases.read(ref, "prices").frame

    return read


@pytest.fixture
def why_not(read):
    """Return the issue with which a query is refused."""

    def why_not(match, query, **keys):
        with pytest.raises(rp.InputError, match=match) as caught:
            read(query, **keys)
        (issue,) = caught.value.issues
        return issue

    return why_not


def test_the_same_desk_and_run_as_from_files(folder, stored, large, same_desk):
    stored(**large)
    from_files = rp.load_desk(
        folder(files={f"{n}.csv": t for n, t in large.items()}), "2026-05-29"
    )
    from_database = rp.load_desk(folder(DESK))
    same_desk(from_files, from_database)
    one, other = rp.run(from_files), rp.run(from_database)
    assert one.manifest["inputs"] == other.manifest["inputs"]
    assert one.run_id == other.run_id


def test_as_of_cuts_off_later_days(folder, stored, large):
    stored(**large)
    desk = rp.load_desk(folder(DESK), "2026-05-22")
    assert str(desk.market.dates[-1]) == "2026-05-22"
    assert desk.market.close.shape[0] == 195


def test_as_of_is_a_day_to_the_server(read):
    frame = read("select pg_typeof(:as_of)::text as a, :as_of + 1 as b")
    assert frame["a"].tolist() == ["date"]
    assert frame["b"].tolist() == [pd.Timestamp("2026-05-30")]


def test_numbers_come_as_the_nearest_floats(read):
    query = """select v, v::text as t from (values (0.1::numeric), (1e-7),
    (123456789.123456789), (100.10), (null), (3)) x(v)"""
    frame = read(query).dropna()
    assert frame["v"].tolist() == [float(t) for t in frame["t"]]
    frame = read("select 0.1::float8 as a, 1e300::float8 as b, (1/3.0)::float8 as c")
    assert frame.iloc[0].tolist() == [0.1, 1e300, 1 / 3]


def test_null_in_every_kind_is_missing(read):
    kinds = ("numeric", "float8", "bigint", "text", "date", "boolean", "timestamp")
    columns = ", ".join(f"null::{k} as {k}_" for k in kinds)
    assert read(f"select {columns}").isna().all(axis=None)


def test_names_of_digits_keep_them(read):
    frame = read("select '000660' as a, 12345678901234567890::numeric as b")
    assert frame.iloc[0].tolist() == ["000660", 12345678901234567890]


def test_marks_of_drivers_and_servers_are_plain_text(read):
    query = """select '100 %' as "a:b", '%s :x' as b, $$:y$$ as c, 7 % 4 as d,
    'a' || 'b' as e where 'MU' like 'M%' -- :z %(as_of)s"""
    frame = read(query)
    assert frame.iloc[0].tolist() == ["100 %", "%s :x", ":y", 3, "ab"]
    assert list(frame.columns) == ["a:b", "b", "c", "d", "e"]


def test_moment_of_no_day_is_refused(why_not, read):
    instant = "timestamptz '2026-05-28 16:00:00-04'"
    issue = why_not("which day is meant", f"select {instant} as date, 1 as close")
    assert (issue.code, issue.where) == (
        "bad-date",
        Place("prices [query]", None, "date"),
    )
    cast = f"select ({instant} at time zone 'Asia/Seoul')::date as date"
    assert read(cast)["date"].tolist() == [pd.Timestamp("2026-05-29")]
    in_utc = read(f"select ({instant})::date as date")  # whatever the server's own is
    assert in_utc["date"].tolist() == [pd.Timestamp("2026-05-28")]
    read(f"select date '2026-05-29' as date, {instant} as changed_at")


def test_no_rows_keep_the_columns(read):
    frame = read("select 1 as close, 'a' as instrument where false")
    assert list(frame.columns) == ["close", "instrument"]
    assert len(frame) == 0


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("select * from nowhere", 'relation "nowhere" does not exist'),
        ("select closs from pg_class", 'column "closs" does not exist'),
        ("select 1 frm", r"refuses the query|prices"),
        ("select * from pg_authid", "permission denied for table pg_authid"),
        ("select 1 / 0", "division by zero"),
        ("select 1 as a, 2 as a", "two columns bear the name a"),
        ("select date 'infinity' as a", "refuses the query"),
        ("select 1 as a; select 2", "several statements"),
    ],
)
def test_query_that_is_refused_is_a_fault_of_the_input(why_not, read, query, match):
    if "frm" in query:
        assert read(query).shape == (1, 1)  # an alias, as SQL has it
        return
    if ";" in query:
        with pytest.raises(ValueError, match=match):
            read(query)
        return
    issue = why_not(match, query)
    assert (issue.code, str(issue.where)) == ("bad-query", "prices [query]")


@pytest.fixture
def writable(postgres):
    """A table and a function with which the reader may write, were it not for us."""
    postgres.execute(
        "DROP TABLE IF EXISTS ledger",
        "CREATE TABLE ledger (a int)",
        "INSERT INTO ledger VALUES (1)",
        "CREATE SEQUENCE IF NOT EXISTS counter",
        "CREATE OR REPLACE FUNCTION grab() RETURNS int LANGUAGE sql AS "
        "'INSERT INTO ledger VALUES (2) RETURNING a'",
        f"GRANT ALL ON ledger, counter TO {postgres.reader}",
    )
    return lambda: postgres.one("select count(*) + sum(a) from ledger")


@pytest.mark.parametrize(
    "query",
    [
        "select grab()",
        "select nextval('counter')",
        "select * from ledger for update",
        "with gone as (delete from ledger returning a) select * from gone",
        "select set_config('transaction_read_only', 'off', false), grab()",
    ],
)
def test_server_refuses_to_write(why_not, writable, query):
    before = writable()
    why_not("read-only|read-write|must not contain data-modifying", query)
    assert writable() == before


def test_what_a_server_lets_through_is_rolled_back(read, postgres):
    """PostgreSQL 15 makes a large object even in a transaction that only reads."""
    count = "select count(*) from pg_largeobject_metadata"
    before = postgres.one(count)
    with suppress(rp.InputError):
        read("select lo_create(0) as a")
    assert postgres.one(count) == before


def test_reader_could_write_but_for_the_transaction(postgres, writable):
    """What the test above shows is not a lack of rights."""
    with psycopg.connect(postgres.url()) as line:
        assert line.execute("select grab()").fetchone() == (2,)
        line.rollback()


def test_server_stops_a_statement_after_its_time(read, postgres):
    start = time.monotonic()
    with pytest.raises(
        rp.AdapterError,
        match=r"prices: the query took too long: more than the 0.5 s of timeout_sec",
    ):
        read("select pg_sleep(60)", timeout_seconds=0.5)
    assert time.monotonic() - start < 3.0, "the server stops it, not the client"
    assert "canceling statement due to statement timeout" in postgres.log()


def test_many_short_pieces_count_together(read):
    with pytest.raises(rp.AdapterError, match="took too long"):
        read(SLOW, timeout_seconds=1)


def test_server_that_answers_no_more_is_left(read, postgres, monkeypatch):
    """The process behind the query is halted: only the client can end this."""
    monkeypatch.setattr(query_tables, "GRACE", 0.5)
    raised = []

    def run():
        try:
            read("select pg_sleep(1) is null as a", timeout_seconds=1.5)
        except rp.AdapterError as error:
            raised.append(str(error))

    thread = Thread(target=run)
    thread.start()
    backend = wait_for(postgres)
    os.kill(backend, signal.SIGSTOP)
    try:
        thread.join(20)
        assert not thread.is_alive()
    finally:
        os.kill(backend, signal.SIGCONT)
    assert "took too long" in raised[0]
    assert "the server did not stop it" in raised[0]


def test_line_on_which_nobody_speaks_is_no_database(read, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        monkeypatch.setenv("DESK_DB", f"postgresql://a:b@127.0.0.1:{port}/desk")
        with pytest.raises(rp.AdapterError, match="no answer in time; attempts: 1"):
            read("select 1", timeout_seconds=2, retries=0)


def test_server_that_falls_silent_after_the_login_is_left(read, postgres, monkeypatch):
    """Before the query is put the driver asks for the server's version."""
    monkeypatch.setattr(query_tables, "GRACE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as between:
        port = between.getsockname()[1]
        Thread(target=relay, args=(between, postgres.port), daemon=True).start()
        url = postgres.url().replace(f":{postgres.port}/", f":{port}/")
        monkeypatch.setenv("DESK_DB", url)
        start = time.monotonic()
        with pytest.raises(rp.AdapterError, match="the server did not stop it"):
            read("select 1", timeout_seconds=2, retries=0)
        assert 2 <= time.monotonic() - start < 10


def relay(between, port):
    """Pass on what both sides say, until the client asks for the version."""
    client, _ = between.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        other = {client: server, server: client}
        while True:
            for side in select.select([client, server], [], [])[0]:
                said = side.recv(65536)
                if not said:
                    return
                if b"version" not in said or side is server:
                    other[side].sendall(said)


def wait_for(postgres):
    """Return the process that works on a query of ours."""
    query = (
        "select max(pid) from pg_stat_activity where state = 'active' "
        "and application_name = 'riskplugin' and query like 'FETCH%'"
    )
    for _ in range(400):
        if pid := postgres.one(query):
            return pid
        time.sleep(0.02)
    pytest.fail("no query of ours is at work")


def test_restart_in_the_middle_of_a_read_costs_time_not_rows(
    read, postgres, caplog, monkeypatch
):
    monkeypatch.setattr(query_tables, "CHUNK", 500)
    taken = []
    take = query_tables.Gathered.take

    def counted(self, rows):
        taken.append(len(rows))
        take(self, rows)

    monkeypatch.setattr(query_tables.Gathered, "take", counted)
    frames = []
    thread = Thread(target=lambda: frames.append(read(SLOW)))
    thread.start()
    wait_for(postgres)
    while len(taken) < 5:
        time.sleep(0.01)
    postgres.stop()
    before = sum(taken)
    postgres.start()
    thread.join(60)
    assert 0 < before < 60_000
    assert sum(taken) >= before + 60_000, "all was read again"
    assert sorted(frames[0]["close"]) == list(range(1, 60_001))
    assert any("the database cannot be reached" in m for m in caplog.messages)


def test_database_that_stays_away_ends_in_an_adapter_error(read, postgres):
    postgres.stop()
    try:
        with pytest.raises(
            rp.AdapterError,
            match=r"prices: the database cannot be reached: the connection is refused; "
            r"attempts: 3 \(postgresql database 'postgres' of DESK_DB\); see that it "
            "is up and reachable, then run again",
        ):
            read("select 1", retries=2)
    finally:
        postgres.start()


def test_table_that_another_session_locks_is_waited_for_and_left(read, postgres):
    postgres.execute(
        "DROP TABLE IF EXISTS held",
        "CREATE TABLE held (a int)",
        f"GRANT SELECT ON held TO {postgres.reader}",
    )
    with postgres.connect() as line:
        line.execute("BEGIN")
        line.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(rp.AdapterError, match="took too long"):
            read("select * from held", timeout_seconds=0.5, retries=0)


def test_too_many_rows_are_refused_before_all_are_held(why_not, monkeypatch):
    monkeypatch.setattr(query_tables, "CHUNK", 1000)
    start = time.monotonic()
    endless = "select generate_series(1, 2000000000) as close"
    issue = why_not("more than 2,000 rows", endless, max_rows=2000)
    assert issue.hint == "narrow the query, or raise max_rows"
    assert time.monotonic() - start < 60


def test_large_table_comes_in_pieces(read):
    frame = read(
        "select date '2026-05-29' - (g / 400) as date, 'N' || g % 400 as instrument, "
        "(g * 0.01)::numeric as close from generate_series(1, 200000) g"
    )
    assert frame.shape == (200_000, 3)
    assert [str(d) for d in frame.dtypes] == ["datetime64[s]", "str", "float64"]
    assert frame["close"].sum() == pytest.approx(200_000 * 200_001 / 2 * 0.01)
    assert frame.memory_usage(deep=True).sum() < 200_000 * 60


@pytest.mark.parametrize(
    ("user", "password", "database"),
    [
        (None, "wr0ng:secret", "postgres"),
        ("nobody_known", None, "postgres"),
        (None, None, "no_such_desk"),
    ],
)
def test_login_that_is_refused_is_a_fault_of_the_input(
    why_not, postgres, monkeypatch, user, password, database
):
    url = postgres.url(user, password, database)
    monkeypatch.setenv("DESK_DB", url)
    before = postgres.log().count("FATAL")
    issue = why_not(
        "the database cannot be opened: wrong user, password or", "select 1"
    )
    assert "correct user, password or database in the environment" in issue.hint
    assert postgres.log().count("FATAL") == before + 1, "asked once: no lock-out"


def test_user_and_password_may_stand_apart_from_the_url(read, postgres, monkeypatch):
    monkeypatch.setenv("DESK_DB", f"postgresql://127.0.0.1:{postgres.port}/postgres")
    monkeypatch.setenv("DESK_USER", postgres.reader)
    monkeypatch.setenv("DESK_PASSWORD", postgres.secret)
    apart = {"user_env": "DESK_USER", "password_env": "DESK_PASSWORD"}
    assert read("select current_user::text as a", **apart)["a"][0] == postgres.reader


def test_who_refused_once_is_not_asked_for_the_other_tables(
    folder, postgres, monkeypatch
):
    monkeypatch.setenv("DESK_DB", postgres.url(password="wrong"))
    before = postgres.log().count("FATAL")
    with pytest.raises(rp.SchemaError, match="cannot be opened"):
        rp.load_desk(folder(DESK))
    assert postgres.log().count("FATAL") == before + 1


def test_nothing_stays_open(read, postgres):
    read("select 1 as a")
    with pytest.raises(rp.InputError, match="nowhere"):
        read("select * from nowhere")
    count = (
        "select count(*) from pg_stat_activity where application_name = 'riskplugin'"
    )
    for _ in range(100):
        if postgres.one(count) == 0:
            return
        time.sleep(0.02)
    assert postgres.one(count) == 0


def test_every_statement_is_put_in_a_transaction_that_only_reads(read, postgres):
    read("select 'the mark' as a")
    said = postgres.log()
    last = said[said.rindex("SET TRANSACTION READ ONLY") :]
    assert "the mark" in last
    assert "ROLLBACK" in last
    assert "COMMIT" not in last
    logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)
