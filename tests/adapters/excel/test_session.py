"""The session behind the cells: what it keeps, forgets, and computes once."""

import datetime as dt
import os
import threading
from collections import Counter

import pytest

import riskplugin as rp
from riskplugin import api
from riskplugin.adapters.excel import session as sessions
from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import Code, ExcelError
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session

SCENARIO = "inventory_build"
DATES = ["2026-05-26", "2026-05-27", "2026-05-28", "2026-05-29"]


def book(quantity):
    return [["instrument", "quantity"], ["MU", float(quantity)]]


def pnl(session, positions="all", asof=None):
    (row,) = call(
        FUNCTIONS["RISK_STRESS_PNL"], (positions, SCENARIO, None, asof), session
    )
    return row[0]


@pytest.fixture
def counted(monkeypatch):
    """Return how often the API is asked, by function."""
    calls = Counter()

    def counting(name):
        real = getattr(api, name)

        def asked(*given, **more):
            calls[name] += 1
            return real(*given, **more)

        monkeypatch.setattr(api, name, asked)

    for name in ("load_desk", "stress", "exposures", "with_positions"):
        counting(name)
    return calls


@pytest.fixture
def session(trimmed_desk):
    return Session(str(trimmed_desk))


@pytest.fixture
def changing(trimmed, tmp_path, monkeypatch):
    """Return a desk file to change, looked at by every cell."""
    monkeypatch.setattr(sessions, "LOOK_AGAIN", 0.0)
    return trimmed(tmp_path)


def touch(path):
    """Make a file look newer, whatever the clock of the file system."""
    then = path.stat().st_mtime_ns + 10_000_000
    os.utime(path, ns=(then, then))


# --- once -----------------------------------------------------------------------------


def test_a_thousand_cells_are_one_computation(session, counted):
    cells = {pnl(session).hex() for _ in range(1_000)}
    assert len(cells) == 1
    assert counted == {"load_desk": 1, "stress": 1}


def test_every_scenario_and_tier_looks_into_the_same_tables(session, counted):
    desk = session.world(None).desk
    for scenario in desk.scenarios.names():
        for tier in (None, *desk.book.labels["tier"].names):
            arguments = ("all", scenario, tier)
            (row,) = call(FUNCTIONS["RISK_STRESS_PNL"], arguments, session)
            assert isinstance(row[0], float)
    assert counted["stress"] == 2  # by scenario; by scenario and tier


def test_the_same_range_twice_is_one_book(session, counted):
    assert pnl(session, book(5)) == pnl(session, tuple(map(tuple, book(5))))
    assert pnl(session, book(6)) != pnl(session, book(5))
    assert counted["stress"] <= 3
    before = counted["stress"]
    pnl(session, book(5))
    assert counted["stress"] == before


def test_threads_share_one_load(session, counted):
    together = threading.Barrier(4)
    found = []

    def ask():
        together.wait()
        found.append(pnl(session))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert isinstance(found[0], float)
    assert counted == {"load_desk": 1, "stress": 1}


def test_warming_up_leaves_the_first_cell_nothing_to_load(session, counted):
    session._warm()
    pnl(session)
    assert counted["load_desk"] == 1


def test_warming_up_fails_in_silence(tmp_path):
    Session(str(tmp_path / "none.toml"))._warm()


# --- bounded --------------------------------------------------------------------------


def test_dates_are_bounded(trimmed_desk, counted, monkeypatch):
    monkeypatch.setattr(sessions, "DATES", 2)
    session = Session(str(trimmed_desk))
    worlds = {day: session.world(dt.date.fromisoformat(day)) for day in DATES}
    assert len(session._worlds) == 2
    assert counted["load_desk"] == 4
    assert session.world(dt.date.fromisoformat(DATES[3])) is worlds[DATES[3]]
    assert session.world(dt.date.fromisoformat(DATES[0])) is not worlds[DATES[0]]
    assert counted["load_desk"] == 5
    assert [str(w.desk.as_of)[:10] for w in worlds.values()] == DATES


def test_books_are_bounded_by_their_positions(trimmed_desk, monkeypatch):
    monkeypatch.setattr(sessions, "POSITIONS", 10)
    session = Session(str(trimmed_desk))
    for quantity in range(1, 30):
        session.held(book(quantity), None)
    books = session.world(None)._books
    assert len(books) == 5  # a position and one for the book itself
    assert books.currsize <= 10


def test_a_book_above_the_bound_is_answered_and_not_kept(trimmed_desk, monkeypatch):
    monkeypatch.setattr(sessions, "POSITIONS", 1)
    session = Session(str(trimmed_desk))
    assert isinstance(pnl(session, book(3)), float)
    assert len(session.world(None)._books) == 0


def test_failed_ranges_are_bounded_by_their_issues(trimmed_desk, monkeypatch):
    monkeypatch.setattr(sessions, "POSITIONS", 100)
    session = Session(str(trimmed_desk))
    header = ["instrument", "quantity"]
    for i in range(1, 10):
        bad = [[f"Nobody {j}", float(i)] for j in range(30)]
        assert isinstance(pnl(session, [header, *bad]), ExcelError)
    books = session.world(None)._books
    assert 0 < len(books) <= 3
    assert all(error.__traceback__ is None for error in books.values())


def test_answers_are_bounded_by_their_cells(trimmed_desk, monkeypatch):
    monkeypatch.setattr(sessions, "CELLS", 300)
    session = Session(str(trimmed_desk))
    wanted = {quantity: pnl(session, book(quantity)) for quantity in range(1, 12)}
    answers = session.world(None)._answers
    assert 0 < answers.currsize <= 300
    assert len(answers) < 2 * len(wanted)
    assert {q: pnl(session, book(q)) for q in wanted} == wanted


def test_the_least_used_goes_first(trimmed_desk, monkeypatch):
    monkeypatch.setattr(sessions, "POSITIONS", 4)  # two books of one position
    session = Session(str(trimmed_desk))
    used = session.held(book(1), None).desk
    session.held(book(2), None)
    assert session.held(book(1), None).desk is used
    session.held(book(3), None)
    assert session.held(book(1), None).desk is used


# --- as the files are -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["desk.toml", "positions.csv", "prices.csv"])
def test_a_file_that_changes_is_read_again(changing, counted, name):
    session = Session(str(changing))
    session.world(None)
    session.world(None)
    assert counted["load_desk"] == 1
    touch(changing.with_name(name))
    session.world(None)
    assert counted["load_desk"] == 2


def test_new_positions_are_the_next_answer(changing):
    session = Session(str(changing))
    before = pnl(session)
    path = changing.with_name("positions.csv")
    header, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, *lines[:-3]]), "utf-8")
    touch(path)
    after = pnl(session)
    (wanted,) = rp.stress(rp.load_desk(changing), SCENARIO, by="scenario")["pnl"]
    assert after == wanted != before


def test_files_are_not_looked_at_for_every_cell(trimmed, tmp_path, counted):
    path = trimmed(tmp_path)
    session = Session(str(path))
    session.world(None)
    touch(path)
    session.world(None)
    assert counted["load_desk"] == 1
    session.refresh()
    session.world(None)
    assert counted["load_desk"] == 2


def test_a_failure_is_kept_until_a_file_changes(changing, counted):
    path = changing.with_name("positions.csv")
    good = path.read_bytes()
    path.write_text("nothing\n1\n", "utf-8")
    session = Session(str(changing))
    failed = [pnl(session) for _ in range(5)]
    assert {f.code for f in failed} == {Code.VALUE}
    assert counted["load_desk"] == 1
    path.write_bytes(good)
    touch(path)
    assert isinstance(pnl(session), float)
    assert counted["load_desk"] == 2


def test_a_failed_range_is_kept_too(session, counted):
    bad = [["instrument", "quantity"], ["Nobody", 1.0]]
    failed = [pnl(session, bad) for _ in range(5)]
    assert {(f.code, f.reason) for f in failed} == {(failed[0].code, failed[0].reason)}
    assert isinstance(failed[0], ExcelError)
    assert isinstance(pnl(session), float)


def test_a_desk_file_that_appears_is_found(trimmed, tmp_path, monkeypatch):
    monkeypatch.setattr(sessions, "LOOK_AGAIN", 0.0)
    session = Session(str(tmp_path / "desk.toml"))
    assert pnl(session).code == Code.VALUE
    trimmed(tmp_path)
    assert isinstance(pnl(session), float)


def test_without_a_desk_the_reason_names_the_variable(monkeypatch):
    monkeypatch.delenv(sessions.DESK_VARIABLE, raising=False)
    monkeypatch.setattr("xlwings.utils.read_user_config", dict)
    failed = pnl(Session())
    assert failed.code == Code.NOT_AVAILABLE
    assert "RISKPLUGIN_DESK" in failed.reason


def test_the_environment_outranks_the_users_configuration(monkeypatch):
    config = {"riskplugin_desk": "of the user"}
    monkeypatch.setattr("xlwings.utils.read_user_config", lambda: config)
    monkeypatch.delenv(sessions.DESK_VARIABLE, raising=False)
    assert sessions.configured(sessions.DESK_VARIABLE) == "of the user"
    monkeypatch.setenv(sessions.DESK_VARIABLE, "of the environment")
    assert sessions.configured(sessions.DESK_VARIABLE) == "of the environment"
