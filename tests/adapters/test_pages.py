"""Pages of a store: the newest night, with what changed since the one before."""

import shutil
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from riskplugin.adapters.cli import cli, main
from riskplugin.store.layout import counting_runs
from riskplugin.store.pages import run_before
from tests.adapters.nights import write_desk


@pytest.fixture
def command(monkeypatch, capfd):
    """Run the command in this process; return its exit code and what it printed."""

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["riskplugin", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit, match=r"\d") as left:
            main()
        return left.value.code, capfd.readouterr()

    return command


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def nights(desk, tmp_path_factory):
    """Return a store of three nights, the oldest one run last."""
    root = tmp_path_factory.mktemp("nights") / "store"
    for date in ("2026-05-28", "2026-05-29", "2026-05-27"):
        words = ["run", str(desk), "--as-of", date, "--store", str(root)]
        done = CliRunner().invoke(cli, words, standalone_mode=False)
        assert (done.exception, done.return_value) == (None, 0)
    return root


@pytest.fixture
def store(nights, tmp_path):
    """Return a copy of it."""
    return shutil.copytree(nights, tmp_path / "store")


def test_latest_is_the_newest_night_and_says_what_changed(store):
    page = (store / "latest.html").read_text("utf-8")
    newest = counting_runs(store)[-1]
    assert f"Run {newest.run_id} of 2026-05-29" in page
    assert "What changed since 2026-05-28" in page
    assert "prices" in page[page.index("What changed") :]


def test_runs_own_page_speaks_of_that_run_alone(store):
    page = (counting_runs(store)[-1].folder / "report.html").read_text("utf-8")
    assert "What changed since" not in page


def test_report_finds_the_run_before_in_a_store(command, store, tmp_path):
    newest = counting_runs(store)[-1].folder
    assert run_before(newest) == counting_runs(store)[-2].folder
    code, said = command("report", newest, "--out", tmp_path / "page.html")
    assert (code, "page.html" in said.out) == (0, True)
    assert (tmp_path / "page.html").read_bytes() == (store / "latest.html").read_bytes()


def test_report_of_the_first_night_stands_alone(command, store, tmp_path):
    first = counting_runs(store)[0].folder
    assert run_before(first) is None
    assert command("report", first, "--out", tmp_path / "page.html")[0] == 0
    assert "speaks of this run alone" in (tmp_path / "page.html").read_text("utf-8")


def test_run_of_some_books_leaves_the_page(command, desk, store):
    was = (store / "latest.html").read_bytes()
    assert command("run", desk, "--books", "semis", "--store", store)[0] == 0
    assert (store / "latest.html").read_bytes() == was


def test_folder_without_a_run_is_said(command, tmp_path):
    code, said = command("report", tmp_path, "--out", tmp_path / "page.html")
    assert code == 5
    assert "is no run folder" in said.err
    assert not (tmp_path / "page.html").exists()


def test_page_can_be_read_as_the_tables_are(store):
    """The change of gross on the page is that of the two nights' tables."""
    one, other = (
        pd.read_parquet(r.folder / "exposures.parquet")["gross"].sum()
        for r in counting_runs(store)[-2:]
    )
    page = (store / "latest.html").read_text("utf-8")
    row = page[page.index('<th scope="row">gross</th>') :]
    row = row[: row.index("</tr>")]
    values = [float(part.split('"', 1)[0]) for part in row.split('data-v="')[1:]]
    assert values == pytest.approx([one, other, other - one], rel=1e-9)
