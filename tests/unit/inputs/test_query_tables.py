"""Tables from SQLite: the desk of the files, or a reason that tells no secret."""

import sqlite3
import time

import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.sources import query_tables
from riskplugin.sources.desk_files import desk_files

QUERY = "select * from prices where date <= :as_of"


def toml(prices=QUERY, as_of="2026-05-29", more=""):
    head = f"as_of = {as_of}\n" if as_of else ""
    return head + (
        "[tables]\n"
        'positions = {url_env = "DESK_DB", query = "select * from positions"}\n'
        f'prices = {{url_env = "DESK_DB", query = """{prices}"""{more}}}\n'
        'fx = {url_env = "DESK_DB", query = "select * from fx"}\n'
    )


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(query_tables, "PAUSES", (0.0,))


def put(path, **tables):
    """Write tables into a SQLite file, days as the text that SQLite compares."""
    line = sqlite3.connect(path)
    for name, table in tables.items():
        days = (
            {"date": table["date"].dt.strftime("%Y-%m-%d")} if "date" in table else {}
        )
        table.assign(**days).to_sql(name, line, index=False, if_exists="replace")
    line.commit()
    line.close()


@pytest.fixture
def database(tmp_path, monkeypatch, positions, prices, fx):
    """Return the path of a SQLite file with the desk's tables, named by DESK_DB."""
    path = tmp_path / "a folder" / "desk 1.db"
    path.parent.mkdir()
    put(path, positions=positions, prices=prices, fx=fx)
    monkeypatch.setenv("DESK_DB", f"sqlite:///{path}")
    return path


def changed(database, *statements):
    line = sqlite3.connect(database)
    for statement in statements:
        line.execute(statement)
    line.commit()
    line.close()


@pytest.fixture
def why_not(folder, database):
    """Return the errors with which a query for prices is refused."""

    def why_not(match, prices=QUERY, kind=rp.SchemaError, **rest):
        with pytest.raises(kind, match=match) as caught:
            rp.load_desk(folder(toml(prices, **rest)))
        found = caught.value.issues
        return [(i.code, str(i.where)) for i in found if i.severity == "error"]

    return why_not


def test_a_database_holds_the_desk_of_the_files(folder, database, load, same_desk):
    desk = rp.load_desk(folder(toml()))
    same_desk(desk, load())
    assert desk.source == "positions [query]"


def test_run_id_is_that_of_the_files(folder, database, large, monkeypatch):
    files = {f"{n}.csv": t for n, t in large.items()}
    from_files = rp.load_desk(folder(files=files), "2026-05-29")
    mixed = {n: table.sample(frac=1, random_state=3) for n, table in large.items()}
    put(database, **mixed)
    from_database = rp.load_desk(folder(toml()))
    one, other = rp.run(from_files), rp.run(from_database)
    assert one.manifest["inputs"] == other.manifest["inputs"]
    assert one.run_id == other.run_id


def test_columns_are_mapped_as_of_a_file(folder, database, load, same_desk):
    query = "select date as day, instrument as name, close as px from long"
    line = sqlite3.connect(database)
    frame = pd.read_sql("select * from prices", line)
    frame.melt("date", var_name="instrument", value_name="close").to_sql(
        "long", line, index=False
    )
    line.close()
    mapped = ', columns = {date = "day", instrument = "name", close = "px"}'
    same_desk(rp.load_desk(folder(toml(query, more=mapped))), load())


def test_as_of_of_the_call_comes_before_that_of_the_file(folder, database):
    desk = rp.load_desk(folder(toml()), "2026-05-27")
    assert str(desk.as_of) == "2026-05-27"
    assert str(desk.market.dates[-1]) == "2026-05-27"
    query = "select * from prices where date = :as_of"
    desk = rp.load_desk(folder(toml(query)), "2026-05-26T23:00:00+09:00")
    assert str(desk.market.dates[-1]) == "2026-05-26"


def test_as_of_is_needed_where_it_is_asked_for(why_not):
    found = why_not("asks for :as_of, and there is none", kind=rp.ConfigError, as_of="")
    assert found == [("bad-config", "desk.toml, tables.prices.query")]


def test_no_as_of_is_needed_where_it_is_not_asked_for(
    folder, database, load, same_desk
):
    same_desk(rp.load_desk(folder(toml("select * from prices", as_of=""))), load())


@pytest.mark.parametrize(
    "given", ["2026-05-29' or '1'='1", "2026-05-29; drop table prices", "x", 7]
)
def test_nothing_but_a_day_becomes_as_of(folder, database, given):
    """What follows a day after a blank is a time of day; it goes nowhere."""
    before = database.read_bytes()
    with pytest.raises(rp.ConfigError, match="write a date such as 2026-05-29"):
        rp.load_desk(folder(toml()), given)
    desk = rp.load_desk(folder(toml()), "2026-05-27 ' or 1=1; drop table prices; --")
    assert str(desk.market.dates[-1]) == "2026-05-27"
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("select * from nowhere", "no such table: nowhere"),
        ("select none from prices", "no such column: none"),
        ("select * frm prices", "syntax error"),
        ("with a as (select 1) delete from prices", "(readonly|syntax error)"),
        ("select date, MU, MU from prices", "two columns bear the name MU"),
    ],
)
def test_query_that_the_database_refuses_is_a_fault_of_the_input(
    why_not, database, query, match
):
    before = database.read_bytes()
    assert ("bad-query", "prices [query]") in why_not(match, query)
    assert database.read_bytes() == before


def test_write_is_refused_by_the_database_itself(why_not, database, monkeypatch):
    """The text alone is no guard: it is taken out here, and nothing is written."""
    monkeypatch.setattr("riskplugin.inputs.queries.READS", ("delete", "select"))
    before = database.read_bytes()
    found = why_not("attempt to write a readonly database", "delete from prices")
    assert found == [("bad-query", "prices [query]")]
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("select 1; delete from prices", "several statements"),
        ("delete from prices", "does not begin with SELECT"),
        ("select * from prices where date < :day", "unknown parameter :day"),
    ],
)
def test_any_other_text_is_refused_before_it_is_put(why_not, query, match):
    found = why_not(match, query, kind=rp.ConfigError)
    assert found == [("bad-config", "desk.toml, tables.prices.query")]


def test_no_rows_are_a_table_without_rows(why_not):
    found = why_not("no price", "select * from prices where 0", kind=rp.CoverageError)
    assert ("no-price", "prices [query], date") in found


def test_blank_is_missing(folder, database):
    changed(database, "update prices set MU = null where date = '2026-05-29'")
    desk = rp.load_desk(folder(toml()))
    held = rp.positions(desk).set_index("instrument")
    assert held["price"]["MU"] == pytest.approx(99.0)


def test_text_of_numbers_is_judged_as_in_files(why_not, database):
    changed(
        database,
        "alter table positions rename column quantity to q",
        "alter table positions add column quantity text",
        "update positions set quantity = '1,000' where book = 'tokens'",
        "update positions set quantity = '12.50' where book = 'semis'",
    )
    found = why_not("found '1,000'")
    assert {c for c, _ in found} == {"bad-number"}
    assert len(found) == 2


def test_faults_of_all_tables_are_named_at_once(folder, database):
    text = toml("select * from nowhere").replace("select * from fx", "select x from fx")
    with pytest.raises(rp.InputError, match="no such column: x") as caught:
        rp.load_desk(folder(text))
    assert "no such table: nowhere" in str(caught.value)


def test_too_many_rows_say_so(why_not):
    match = "more than 9 rows, the max_rows of this table"
    assert why_not(match, more=", max_rows = 9") == [("bad-query", "prices [query]")]


def test_as_many_rows_as_allowed_are_taken(folder, database, load, same_desk):
    same_desk(rp.load_desk(folder(toml(more=", max_rows = 10"))), load())


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) "


def test_query_without_end_is_stopped(folder, database, monkeypatch):
    monkeypatch.setattr(query_tables, "GRACE", 0.2)
    text = toml(
        ENDLESS + "select max(i) as close from n", more=", timeout_seconds = 0.3"
    )
    start = time.monotonic()
    with pytest.raises(
        rp.AdapterError,
        match=r"prices: the query took too long: more "
        r"than the 0.3 s of timeout_seconds",
    ):
        rp.load_desk(folder(text))
    assert time.monotonic() - start < 10


def test_rows_without_end_are_stopped(folder, database):
    text = toml(ENDLESS + "select i as close from n", more=", timeout_seconds = 0.3")
    with pytest.raises(rp.AdapterError, match=r"took too long.* rows were read"):
        rp.load_desk(folder(text))


def test_locked_database_is_tried_again_and_then_given_up(folder, database, caplog):
    line = sqlite3.connect(database, isolation_level=None)
    line.execute("begin exclusive")
    text = toml().replace(
        '"select * from positions"',
        '"select * from positions", retries = 1, timeout_seconds = 1',
    )
    with pytest.raises(rp.AdapterError, match="database is locked; attempts: 2"):
        rp.load_desk(folder(text))
    line.rollback()
    line.close()
    assert caplog.messages == [
        "positions: the database cannot be reached: database is locked; "
        "attempt 2 of 2 in 0 s"
    ]
    rp.load_desk(folder(text))


def test_missing_file_is_named_and_not_made(folder, database, monkeypatch):
    missing = database.parent / "none.db"
    monkeypatch.setenv("DESK_DB", f"sqlite:///{missing}")
    with pytest.raises(rp.SchemaError, match="unable to open database file") as caught:
        rp.load_desk(folder(toml()))
    assert "'none.db' of DESK_DB" in str(caught.value)
    assert str(missing.parent) not in str(caught.value)
    assert not missing.exists()
    assert len(caught.value.issues) == 1, "who refused once is not asked again"


def test_file_that_is_no_database_is_said(why_not, database):
    database.write_bytes(b"x" * 4096)
    assert ("bad-query", "prices [query]") in why_not("file is not a database")


@pytest.mark.parametrize("held", [None, "", "  "])
def test_variable_that_is_not_set_is_named(folder, database, monkeypatch, held):
    monkeypatch.delenv("DESK_DB") if held is None else monkeypatch.setenv(
        "DESK_DB", held
    )
    with pytest.raises(rp.ConfigError, match="variable DESK_DB is not set") as caught:
        rp.load_desk(folder(toml()))
    assert caught.value.issues[0].where.column == "tables.positions"


def test_scenarios_are_no_query(folder, database):
    text = toml() + 'scenarios = {url_env = "DESK_DB", query = "select 1"}\n'
    with pytest.raises(rp.ConfigError, match="scenarios are read from a file"):
        rp.load_desk(folder(text))


def test_excel_watches_the_files_alone(folder, database):
    desk = folder(
        toml().replace('{url_env = "DESK_DB", query = "select * from fx"}', '"fx.csv"')
    )
    found = desk_files(str(desk))
    assert found.paths == (str(desk), str(desk.parent / "fx.csv"))
    mapped = toml().replace(
        'from positions"', 'from positions", columns = {quantity = "Qty"}'
    )
    assert desk_files(str(folder(mapped))).columns == {"quantity": "Qty"}


def test_other_databases_are_warned_of(folder, database, monkeypatch):
    monkeypatch.setattr(query_tables, "GUARDS", {})
    found = rp.load_desk(folder(toml())).issues
    warned = [i for i in found if i.code == "query-not-guarded"]
    assert len(warned) == 3
    assert "a user that may only read" in warned[0].hint


def test_missing_package_says_what_to_install(folder, database, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sqlalchemy", None)
    with pytest.raises(rp.ConfigError, match="SQLAlchemy is not installed") as caught:
        rp.load_desk(folder(toml()))
    assert caught.value.issues[0].hint == "pip install 'riskplugin[sql]'"


def test_missing_driver_says_what_to_install(folder, database, monkeypatch):
    monkeypatch.setenv("DESK_DB", "mysql+mysqldb://someone:hidden@there/db")
    with pytest.raises(rp.SchemaError, match=r"riskplugin\[sql\]") as caught:
        rp.load_desk(folder(toml()))
    assert "MySQLdb" in str(caught.value)
    for secret in ("someone", "hidden", "there"):
        assert secret not in str(caught.value)
