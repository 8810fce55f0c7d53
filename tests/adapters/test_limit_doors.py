"""Limits through the doors: exit codes, runs, first pages, nights."""

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.adapters.cli import main
from riskplugin.adapters.giving import code_of_limits
from riskplugin.errors import AdapterError
from riskplugin.store.layout import note_finished, run_folder
from riskplugin.store.reading import desk_at, read_run
from riskplugin.store.summary import summary
from riskplugin.store.verifying import AS_WRITTEN
from tests.adapters.nights import SCRIPT, positions, write_desk

HEADER = "metric,scope,soft,hard,unit,direction,scenario,waiver_until,reason"
KEPT = "gross,total,1e9,2e9,base,max,,,"
WARNS = "net,total,1,1e9,base,max,,,"
BROKEN = "gross,book:semis,1,2,base,max,,,the mandate"
WAIVED = "stress_loss,total,1,2,base,max,inventory_build,2026-05-29,agreed by the board"
UNKNOWN = "days,total,5,10,days,max,,,"
LACKING = pd.concat(
    [positions(), pd.DataFrame([{"book": "semis", "instrument": "AMD", "quantity": 5}])]
)


def desk_file(folder, *limits, on_error="stop", held=None):
    """Write the small desk with limits and return its file."""
    path = write_desk(folder, on_error=on_error, held=held)
    (folder / "limits.csv").write_text("\n".join([HEADER, *limits]), "utf-8")
    text = path.read_text("utf-8")
    text = text.replace("[tables]", '[tables]\nlimits = "limits.csv"')
    path.write_text(text, "utf-8")
    return path


def process(*words):
    """Run the command in a process of its own."""
    return subprocess.run(
        [SCRIPT, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def ran(*words):
    """Run what is a process's whole work in this one."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["riskplugin", *map(str, words)])
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit, match=r"\d") as left,
        ):
            main()
    code, said = left.value.code, (out.getvalue(), err.getvalue())
    return subprocess.CompletedProcess(words, code, *said)


# --- exit codes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "more", "code"),
    [
        ((KEPT, WARNS, UNKNOWN, WAIVED), (), 0),
        ((KEPT, BROKEN, WAIVED), (), 6),
        ((WAIVED,), ("--as-of", "2026-05-28"), 0),
    ],
)
def test_a_broken_limit_exits_six_and_a_waived_one_does_not(
    tmp_path, limits, more, code
):
    path = desk_file(tmp_path, *limits)
    shown = ran("limits", path, "--json", *more)
    assert shown.returncode == code, shown.stderr
    content = json.loads(shown.stdout)
    assert content["table"] == "limits"
    as_of = more[1] if more else None
    found = rp.check_limits(rp.load_desk(path, as_of))
    rows = pd.DataFrame(content["rows"])
    assert rows["status"].tolist() == found["status"].tolist()
    assert rows["waived"].tolist() == found["waived"].tolist()
    np.testing.assert_array_equal(
        rows["headroom"].astype(float), found["headroom"].to_numpy()
    )


def test_a_waiver_that_ended_exits_six(tmp_path):
    ended = WAIVED.replace("2026-05-29", "2026-05-28")
    path = desk_file(tmp_path, ended)
    assert process("limits", path).returncode == 6
    assert ran("limits", path, "--as-of", "2026-05-28").returncode == 0


def test_a_run_exits_six_and_is_whole(tmp_path):
    path = desk_file(tmp_path / "desk", BROKEN, KEPT)
    out = tmp_path / "out"
    shown = process("run", path, "--out", out, "--json")
    assert shown.returncode == 6, shown.stderr
    (row,) = json.loads(shown.stdout)["rows"]
    assert (row["status"], row["broken_limits"]) == ("complete", 1)
    again = ran("run", path, "--out", out)  # it is there already, and still says so
    assert again.returncode == 6
    assert "BREACH: gross book:semis" in again.stdout


def test_a_partial_run_exits_three_before_six(tmp_path):
    path = desk_file(tmp_path, BROKEN, KEPT, on_error="quarantine", held=LACKING)
    shown = ran("run", path, "--json")
    assert shown.returncode == 3
    (row,) = json.loads(shown.stdout)["rows"]
    assert (row["status"], row["broken_limits"]) == ("partial", 1)
    assert ran("limits", path).returncode == 3


def test_a_run_of_some_books_is_held_against_their_limits(tmp_path):
    path = desk_file(tmp_path, BROKEN, WARNS)
    assert ran("run", path, "--books", "tokens").returncode == 0
    assert ran("run", path, "--books", "semis").returncode == 6


def test_mistakes_in_limits_exit_three_all_at_once(tmp_path):
    path = desk_file(
        tmp_path, "gros,total,1,2,base,max,,,", "net,teir:memory,1,2,base,max,,,"
    )
    shown = ran("limits", path)
    assert shown.returncode == 3
    assert "limits.csv row 2, metric: there is no metric 'gros'" in shown.stderr
    assert "limits.csv row 3, scope: there is no scope 'teir:memory'" in shown.stderr


# --- the run and its first page ------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    return rp.load_desk(desk_file(folder, KEPT, WARNS, BROKEN, WAIVED, UNKNOWN))


@pytest.fixture(scope="module")
def report(loaded):
    return rp.run(loaded)


def test_the_run_holds_what_check_limits_says(report, loaded):
    found = rp.check_limits(loaded)
    pd.testing.assert_frame_equal(report.tables["limits"], found)
    assert set(found["status"]) == {"OK", "WARN", "BREACH", "UNKNOWN"}
    assert code_of_limits(found) == 6


def test_the_first_lines_of_the_first_page_say_what_is_broken_and_unknown(report):
    page = summary(report)
    _, _, broken, *_ = page.splitlines()
    assert broken.startswith("**1 hard limit is broken: gross of book semis USD ")
    assert " against USD 2.00. " in broken
    limits = page[page.index("## Limits") : page.index("## Worst scenarios")]
    assert (
        "* Broken and waived: stress loss under inventory_build "
        "(waiver until 2026-05-29; agreed by the board).\n" in limits
    )
    assert "* 1 soft limit is broken: net USD " in limits
    (row,) = (line for line in limits.splitlines() if line.startswith("| BREACH"))
    assert row.startswith("| BREACH | gross | book:semis |")
    assert "NVDA" in row
    assert row.endswith("| the mandate |")
    assert "* 1 limit could not be told: days. Unknown is not within." in page


def test_a_desk_without_limits_says_so(tmp_path):
    bare = rp.load_desk(write_desk(tmp_path))
    done = rp.run(bare)
    assert len(done.tables["limits"]) == 0
    page = summary(done)
    assert page.splitlines()[2].startswith("**Limits were not checked. ")
    assert "* No limits were checked, so the lack of a breach says nothing." in page


def test_limits_travel_with_the_run_and_count_in_its_id(report, loaded, tmp_path):
    folder = rp.write_run(report, tmp_path / "run")
    again = desk_at(folder)
    pd.testing.assert_frame_equal(rp.check_limits(again), rp.check_limits(loaded))
    pd.testing.assert_frame_equal(
        read_run(folder).tables["limits"], report.tables["limits"], check_dtype=False
    )
    assert set(rp.verify(folder)["state"]) == {AS_WRITTEN}
    other = rp.load_desk(desk_file(tmp_path / "other", KEPT))
    assert rp.run(other).run_id != report.run_id


# --- since when ----------------------------------------------------------------------

NIGHTS = ["2026-05-25", "2026-05-26", "2026-05-27", "2026-05-28"]


def keep(desk, root):
    report = rp.run(desk)
    folder = run_folder(root, str(report.as_of), report.run_id)
    rp.write_run(report, folder)
    note_finished(root, str(report.as_of), report.run_id)


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """Four nights: semis held twice on 05-26, and a limit that came on 05-27."""
    root, folder = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("desks")
    level = (
        10
        * rp.exposures(rp.load_desk(write_desk(folder / "plain")), "book")
        .set_index("book")
        .loc["semis", "gross"]
    )
    gross = f"gross,book:semis,{level},{2 * level},base,max,,,"
    for night in NIGHTS:
        held = positions(30.0) if night == "2026-05-26" else positions()
        limits = [gross, BROKEN.replace("gross", "net")]
        limits += [WARNS] if night >= "2026-05-27" else []
        keep(rp.load_desk(desk_file(folder / night, *limits, held=held), night), root)
    last = desk_file(
        folder / "last", gross, BROKEN.replace("gross", "net"), WARNS, KEPT
    )
    return root, last


def test_since_is_the_first_of_an_unbroken_row_of_nights(nights):
    root, path = nights
    found = rp.check_limits(rp.load_desk(path), root)
    since = found.set_index(["metric", "scope"])["since"].dt.strftime("%Y-%m-%d")
    assert since.to_dict() == {
        ("gross", "book:semis"): "2026-05-27",  # it was broken on the 26th
        ("net", "book:semis"): "2026-05-25",  # as far back as the store goes
        ("net", "total"): "2026-05-27",  # since there is the limit
        ("gross", "total"): "2026-05-29",  # tonight's own
    }


def test_nights_to_come_do_not_count(nights):
    root, path = nights
    found = rp.check_limits(rp.load_desk(path, "2026-05-26"), root)
    since = found.set_index(["metric", "scope"])["since"].dt.strftime("%Y-%m-%d")
    assert since["gross", "book:semis"] == "2026-05-25"
    assert since["gross", "total"] == "2026-05-26"


def test_without_a_store_nobody_knows_since_when(nights):
    assert rp.check_limits(rp.load_desk(nights[1]))["since"].isna().all()


def test_the_command_shows_since_when(nights):
    root, path = nights
    shown = ran("limits", path, "--store", root, "--json")
    rows = json.loads(shown.stdout)["rows"]
    assert rows[0]["status"] == "BREACH"
    assert rows[0]["since"] == "2026-05-25"


def test_since_needs_no_duckdb(nights, monkeypatch):
    """A plain install has Arrow, and DuckDB is an extra."""
    root, path = nights
    expected = rp.check_limits(rp.load_desk(path), root)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(AdapterError, match="history needs DuckDB"):
        rp.history(root, "exposure:gross")
    pd.testing.assert_frame_equal(rp.check_limits(rp.load_desk(path), root), expected)
    shown = ran("limits", path, "--store", root, "--json")
    assert shown.returncode == 6, shown.stderr
    assert json.loads(shown.stdout)["rows"][0]["since"] == "2026-05-25"


def test_a_night_whose_limits_cannot_be_read_is_said(tmp_path):
    path = desk_file(tmp_path / "desk", KEPT)
    keep(rp.load_desk(path, NIGHTS[0]), tmp_path)
    (file,) = tmp_path.rglob("limits.parquet")
    found = pd.read_parquet(file)
    found.drop(columns="status").to_parquet(file)
    with pytest.raises(AdapterError, match=r"limits\.parquet .* has no status"):
        rp.check_limits(rp.load_desk(path), tmp_path)
    file.write_bytes(b"PAR1")
    with pytest.raises(AdapterError, match=r"cannot read limits\.parquet"):
        rp.check_limits(rp.load_desk(path), tmp_path)
    file.unlink()  # a run before there were limits
    found = rp.check_limits(rp.load_desk(path), tmp_path)
    assert found["since"].dt.strftime("%Y-%m-%d").tolist() == ["2026-05-29"]


def test_a_store_without_runs_is_said(loaded, tmp_path):
    with pytest.raises(AdapterError, match="holds no finished run"):
        rp.check_limits(loaded, tmp_path)
