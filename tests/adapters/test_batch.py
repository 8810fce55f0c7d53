"""The batch: the same bytes on any number of processes, taken up where it stopped."""

import json
import sys
from multiprocessing import active_children

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin import pipeline
from riskplugin.errors import AdapterError, ModelError
from riskplugin.results import table
from riskplugin.store.batch import batch, run_id_of
from riskplugin.store.executors import Pool
from riskplugin.store.reading import desk_in, read_run
from riskplugin.store.runs import PARTIAL, sibling
from tests.adapters.nights import closes, content, positions, rates, write_desk


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def desk(desk_toml):
    return rp.load_desk(desk_toml)


@pytest.fixture(scope="module")
def undisturbed(desk, tmp_path_factory):
    """What one process writes without an interruption."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    batch(desk, out, told=lambda _: None)
    return content(out)


def interrupted(name):
    """Return a listener that ends the run after a stage."""

    def told(done):
        if done.name == name:
            raise KeyboardInterrupt

    return told


# --- the same bytes ------------------------------------------------------------------


def test_batch_writes_what_the_api_writes(desk, undisturbed, tmp_path):
    assert content(rp.write_run(rp.run(desk), tmp_path / "out")) == undisturbed


def test_pool_writes_the_bytes_of_one_process(desk, undisturbed, tmp_path):
    heard = []
    batch(desk, tmp_path / "out", on=Pool(2), told=heard.append)
    assert content(tmp_path / "out") == undisturbed
    assert [d.number for d in heard] == list(range(1, len(heard) + 1))
    assert {d.name for d in heard} == set(pipeline.stages(desk))
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_pool_writes_the_bytes_of_one_process_for_a_book(desk_toml, command, tmp_path):
    """Its model is that of the whole desk, in the workers too."""
    for jobs in (1, 2):
        words = ("--books", "semis", "--jobs", jobs, "--out", tmp_path / str(jobs))
        assert command("run", desk_toml, *words)[0] == 0
    assert content(tmp_path / "1") == content(tmp_path / "2")
    shown = pd.read_csv(tmp_path / "1" / "stress_by_book.csv")
    whole = rp.stress(rp.load_desk(desk_toml), by=("scenario", "book", "tier"))
    expected = whole[whole["book"] == "semis"].reset_index(drop=True)
    pd.testing.assert_series_equal(shown["pnl"], expected["pnl"], rtol=1e-12)


def test_report_read_back_is_the_report(desk, tmp_path):
    report = rp.run(desk)
    read = read_run(rp.write_run(report, tmp_path / "out"))
    assert (read.run_id, read.status) == (report.run_id, report.status)
    assert (read.issues, read.as_of) == (report.issues, report.as_of)
    assert list(read.tables) == sorted(report.tables)
    for name, found in report.tables.items():
        pd.testing.assert_frame_equal(
            read.tables[name].to_frame(), found.to_frame(), check_exact=True, obj=name
        )


@pytest.mark.parametrize("books", [None, ["semis"]])
def test_desk_of_a_run_is_the_desk(desk, books, tmp_path):
    """It has the same run id, and every table of its run the same bytes."""
    given = desk if books is None else rp.with_positions(desk, books)
    folder = rp.write_run(rp.run(given), tmp_path / "out")
    again = desk_in(read_run(folder))
    assert run_id_of(again) == run_id_of(given)
    assert content(rp.write_run(rp.run(again), tmp_path / "again")) == content(folder)


def every_table():
    """Return a desk that gives every table it can."""
    dates = pd.bdate_range(end="2026-05-29", periods=3)
    series = {"date": dates, "instrument": "MU"}
    return rp.desk_from_tables(
        positions=positions(),
        prices=closes(),
        fx=rates(),
        volumes=pd.DataFrame({**series, "volume": [1e6, 2e6, 3e6]}),
        rates=pd.DataFrame(
            {"date": dates, "currency": "USD", "tenor_days": 30, "rate": 0.04}
        ),
        vols=pd.DataFrame({**series, "implied_volatility": 0.5}),
        holdings=pd.DataFrame({"fund": ["SMH"], "instrument": ["MU"], "weight": [0.1]}),
        limits=pd.DataFrame(
            {
                "metric": ["gross", "gross"],
                "scope": ["total", "tier:memory"],
                "soft": [1e6, 1e5],
                "hard": [2e6, 2e5],
                "unit": "base",
                "direction": "max",
                "waiver_until": ["2026-06-30", None],
                "reason": "agreed",
            }
        ),
        indicators=pd.DataFrame({"date": dates, "series": "dram", "value": 1.5}),
        settings={"nav": {"semis": 1e6, "tokens": 2e6}},
    )


def test_every_table_that_a_desk_gives_travels_with_its_run(tmp_path):
    given = every_table()
    again = desk_in(read_run(rp.write_run(rp.run(given), tmp_path / "out")))
    assert set(again.tables) == set(given.tables)
    assert len(given.tables) == 6
    for name, found in given.tables.items():
        pd.testing.assert_frame_equal(
            again.tables[name].to_frame(), found.to_frame(), obj=name, check_dtype=False
        )
    assert run_id_of(again) == run_id_of(given)


# --- interrupted ---------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["exposures", "stress_by_position", "scenarios"])
def test_interrupted_run_goes_on_at_the_first_stage_that_lacks(
    desk, undisturbed, tmp_path, stage
):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(desk, out, told=interrupted(stage))
    assert not out.exists()
    heard = []
    batch(desk, out, told=heard.append)
    names = list(pipeline.stages(desk))
    kept = names[: names.index(stage) + 1]
    assert [d.name for d in heard if d.kept] == kept
    assert content(out) == undisturbed


@pytest.mark.parametrize("spoil", ["truncate", "rewrite", "remove"])
def test_stage_whose_file_is_not_as_recorded_is_computed_again(
    desk, undisturbed, tmp_path, spoil
):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(desk, out, told=interrupted("stress"))
    file = sibling(out, PARTIAL) / "exposures.csv"
    whole = file.read_bytes()
    if spoil == "remove":
        file.unlink()
    else:
        file.write_bytes(whole[:40] if spoil == "truncate" else whole[::-1])
    heard = []
    batch(desk, out, told=heard.append)
    assert "exposures" not in [d.name for d in heard if d.kept]
    assert content(out) == undisturbed


def test_other_inputs_take_nothing_of_an_interrupted_run(desk_toml, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(rp.load_desk(desk_toml), out, told=interrupted("stress"))
    heard = []
    batch(rp.load_desk(desk_toml, "2026-05-28"), out, told=heard.append)
    assert [d.name for d in heard if d.kept] == []
    assert read_run(out).as_of == np.datetime64("2026-05-28")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_lost_worker_is_said_and_the_run_taken_up(desk, undisturbed, tmp_path):
    out, killed = tmp_path / "out", []

    def told(_):
        for worker in active_children()[:1] if not killed else []:
            killed.append(worker.pid)
            worker.kill()

    with pytest.raises(AdapterError, match="a worker process was lost"):
        batch(desk, out, on=Pool(2), told=told)
    assert len(killed) == 1
    assert not out.exists()
    batch(desk, out, told=lambda _: None)
    assert content(out) == undisturbed


def test_stage_that_cannot_be_computed_leaves_nothing(desk, monkeypatch, tmp_path):
    def plan(_):
        def stage():
            raise ModelError("no")

        return {"never": stage}

    monkeypatch.setattr(pipeline, "PLANS", [*pipeline.PLANS, plan])
    with pytest.raises(ModelError, match="no"):
        batch(desk, tmp_path / "out", told=lambda _: None)
    assert list(tmp_path.iterdir()) == []


# --- stages plug in ------------------------------------------------------------------


def test_plan_that_is_added_is_in_the_run(desk, monkeypatch, tmp_path):
    def plan(of):
        return {"books": lambda: table("books", of.as_of, {"book": ["semis"]})}

    monkeypatch.setattr(pipeline, "PLANS", [*pipeline.PLANS, plan])
    batch(desk, tmp_path / "out", told=lambda _: None)
    assert (tmp_path / "out" / "books.csv").read_text("utf-8") == "book\nsemis\n"
    assert list(rp.run(desk).tables["books"]["book"]) == ["semis"]


def test_two_plans_do_not_give_one_table(desk, monkeypatch):
    monkeypatch.setattr(pipeline, "PLANS", [pipeline.own_stages] * 2)
    with pytest.raises(rp.UsageError, match="two plans of a run give a table"):
        pipeline.stages(desk)


# --- the command ---------------------------------------------------------------------


def test_rerun_with_the_same_inputs_computes_nothing(desk_toml, command, tmp_path):
    log = tmp_path / "log"
    words = (
        "run",
        desk_toml,
        "--store",
        tmp_path / "store",
        "--log",
        log,
        "--log-json",
    )
    assert command(*words)[0] == 0
    before = content(tmp_path / "store")
    first = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert command(*words)[0] == 0
    assert content(tmp_path / "store") == before
    both = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [e["event"] for e in both[len(first) :]] == ["start", "end"]


def test_log_has_a_line_per_stage_outside_the_run(desk_toml, desk, command, tmp_path):
    for name, option in (("text", ()), ("json", ("--log-json",))):
        words = ("--out", tmp_path / name, "--log", tmp_path / f"{name}.log", *option)
        assert command("run", desk_toml, *words)[0] == 0
    stages = list(pipeline.stages(desk))
    lines = (tmp_path / "json.log").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [e["stage"] for e in events if e["event"] == "stage"] == stages
    assert all(e["seconds"] > 0 for e in events if e["event"] == "stage")
    assert events[-1]["status"] == "complete"
    text = (tmp_path / "text.log").read_text("utf-8").splitlines()
    assert len(text) == len(stages) + 2
    assert "stage=stress_total" in text[1 + stages.index("stress_total")]


def test_log_tells_of_a_failure(desk_toml, command, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    log = tmp_path / "log"
    words = ("--out", tmp_path / "file" / "out", "--log", log)
    assert command("run", desk_toml, *words)[0] == 5
    assert 'failed error=AdapterError message="cannot write' in log.read_text("utf-8")


def test_jobs_without_a_folder_are_refused(desk_toml, command):
    code, _, error = command("run", desk_toml, "--jobs", "2")
    assert (code, "--jobs needs a folder" in error) == (2, True)


def test_scenarios_and_books_narrow_the_run(desk_toml, command, tmp_path):
    words = ("--books", "tokens", "--scenarios", "inventory_build")
    assert command("run", desk_toml, *words, "--out", tmp_path / "out")[0] == 0
    stress = pd.read_csv(tmp_path / "out" / "stress.csv")
    assert set(stress["scenario"]) == {"inventory_build"}
    held = pd.read_csv(tmp_path / "out" / "positions.csv")
    assert set(held["book"]) == {"tokens"}


@pytest.mark.parametrize(
    ("option", "name", "code"), [("--books", "semi", 2), ("--scenarios", "buld", 4)]
)
def test_unknown_part_is_said(desk_toml, command, option, name, code):
    left, _, error = command("run", desk_toml, option, name)
    assert left == code
    assert name in error


# --- one bad book --------------------------------------------------------------------


def with_bad_book():
    """Return positions of a third book that cannot be valued."""
    bad = {"book": "private", "instrument": "STARTUP", "quantity": 10.0}
    half = {"book": "tokens", "instrument": "NOBODY", "quantity": 1.0}
    return pd.concat([positions(), pd.DataFrame([bad, half])], ignore_index=True)


def test_bad_book_stops_a_desk_that_wants_to_stop(command, tmp_path):
    desk = write_desk(tmp_path / "desk", held=with_bad_book())
    code, _, error = command("run", desk, "--store", tmp_path / "store")
    assert code == 3
    assert "STARTUP" in error
    assert not (tmp_path / "store").exists()


def test_bad_book_does_not_sink_the_others_in_quarantine(command, tmp_path):
    desk = write_desk(tmp_path / "bad", held=with_bad_book(), on_error="quarantine")
    good = write_desk(tmp_path / "good", on_error="quarantine")
    code, out, _ = command("run", desk, "--json", "--store", tmp_path / "store")
    row = json.loads(out)["rows"][0]
    assert (code, row["status"], row["left_out"]) == (3, "partial", 2)
    (folder,) = (tmp_path / "store").glob("*/run=*")
    page = (folder / "summary.md").read_text("utf-8")
    assert (
        "Books: private (all of it), tokens (1 of 3)." in page[: page.index("## Worst")]
    )
    assert command("run", good, "--out", tmp_path / "alone")[0] == 0
    for name in ("stress_by_book", "measures_by_book", "positions"):
        one = pd.read_csv(folder / f"{name}.csv")
        other = pd.read_csv(tmp_path / f"alone/{name}.csv")
        pct = [c for c in one.columns if "pct_nav" in c]  # of a NAV that is not known
        pd.testing.assert_frame_equal(one.drop(columns=pct), other.drop(columns=pct))
