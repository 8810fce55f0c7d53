"""A store: what its nights say over time, and what goes when it is old."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import AdapterError, UsageError
from riskplugin.store.batch import batch
from riskplugin.store.history import history
from riskplugin.store.layout import (
    counting_runs,
    finished_runs,
    night,
    note_finished,
    run_folder,
)
from riskplugin.store.reading import read_run
from riskplugin.store.retention import prune
from riskplugin.store.runs import PARTIAL, sibling
from tests.adapters.nights import content, positions, write_desk

DATES = ["2026-05-26", "2026-05-27", "2026-05-28", "2026-05-29"]


def keep(desk, root):
    """Run a desk into a store, and return its run's id."""
    report = rp.run(desk)
    as_of = str(report.as_of)
    rp.write_run(report, run_folder(root, as_of, report.run_id))
    note_finished(root, as_of, report.run_id)
    return report.run_id


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def four_nights(desk_toml, tmp_path_factory):
    root = tmp_path_factory.mktemp("store")
    for date in DATES:
        keep(rp.load_desk(desk_toml, date), root)
    return root


@pytest.fixture
def store(four_nights, tmp_path):
    return shutil.copytree(four_nights, tmp_path / "store")


def dates(root):
    return sorted({run.as_of for run in finished_runs(root)})


# --- history -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "scope", "wanted"),
    [
        ("stress:inventory_build", None, ("stress_total", "pnl")),
        ("low:inventory_build", "total", ("stress_total", "low")),
        ("high:inventory_build", "tier:memory", ("stress", "high")),
        ("stress:inventory_build", "tier:memory", ("stress", "pnl")),
        ("stress:inventory_build", "book:semis", ("stress_by_book", "pnl")),
        ("worst:inventory_build", None, ("stress_path_summary", "worst")),
        ("exposure:net", None, ("exposures", "net")),
        ("exposure:gross", "book:tokens", ("exposures_by_book", "gross")),
        ("measure:MDD", "tier:memory", ("measures", "component")),
        ("reversal:VaR", "tier:memory", ("measures_in_reversal", "component")),
    ],
)
def test_history_is_what_the_runs_say(four_nights, metric, scope, wanted):
    found = history(four_nights, metric, scope)
    name, column = wanted
    kind, _, label = metric.partition(":")
    key, _, of = (scope or "total").partition(":")
    for row, run in zip(found.itertuples(), counting_runs(four_nights), strict=True):
        table = read_run(run.folder).tables[name].to_frame()
        if kind != "exposure":
            head = "measure" if kind in ("measure", "reversal") else "scenario"
            table = table[table[head] == label]
        if of:
            table = table[table[key] == of]
        assert row.value == pytest.approx(table[column].sum(), rel=1e-14)
        assert (row.as_of, row.run_id) == (run.as_of, run.run_id)
    assert list(found["scope"]) == [scope or "total"] * len(DATES)


def test_history_of_a_measure_is_its_total(desk_toml, four_nights):
    found = history(four_nights, "measure:CVaR")
    for date, value in zip(DATES, found["value"], strict=True):
        desk = rp.load_desk(desk_toml, date)
        assert value == rp.measures(desk, "CVaR", by="tier")["total"][0]


def test_history_goes_from_start_to_end(four_nights):
    found = history(four_nights, "exposure:net", start=DATES[1], end=DATES[2])
    assert list(found["as_of"]) == DATES[1:3]
    assert found.as_of == DATES[2]
    none = history(four_nights, "exposure:net", start="2027-01-01")
    assert list(none["value"]) == []


def test_night_without_the_figure_is_nan(desk_toml, store):
    """The scenario is not in the library of every night."""
    desk = rp.load_desk(desk_toml, "2026-05-25")
    only = desk.scenarios.choose(["inventory_build"])
    keep(rp.load_desk(desk_toml, "2026-05-22"), store)
    keep(replace(desk, scenarios=only), store)
    values = history(store, "stress:narrative_unwind")["value"].to_numpy()
    assert np.isnan(values).tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("metric", "scope", "said"),
    [
        ("inventory_build", None, "write kind:name"),
        ("stres:inventory_build", None, "did you mean 'stress'"),
        ("stress:inventory_bild", None, "did you mean 'inventory_build'"),
        ("exposure:hhi", None, "only what adds up has a history"),
        ("stress:inventory_build", "book", "no scope 'book' of stress"),
        ("stress:inventory_build", "book:semi", "did you mean 'semis'"),
        ("worst:inventory_build", "tier:memory", "give total"),
        ("exposure:net", "total:memory", "no scope 'total:memory'"),
    ],
)
def test_metric_that_is_none_is_said(four_nights, metric, scope, said):
    with pytest.raises(UsageError, match=said):
        history(four_nights, metric, scope)


def test_empty_store_is_said(tmp_path):
    with pytest.raises(AdapterError, match="holds no finished run"):
        history(tmp_path, "exposure:net")


def test_name_with_a_quote_is_a_name(four_nights):
    """It is a parameter, never a part of the query."""
    with pytest.raises(UsageError, match="no run has stress:x' OR '1'='1"):
        history(four_nights, "stress:x' OR '1'='1")


def test_run_that_counts_is_the_one_of_the_last_batch(
    desk_toml, store, command, tmp_path
):
    """Mended positions count, and so do the old ones if they are put back."""
    mended = write_desk(tmp_path / "mended", held=positions(scale=2.0))
    first = history(store, "exposure:gross")["value"].iloc[-1]
    assert command("run", mended, "--store", store)[0] == 0
    doubled = history(store, "exposure:gross")
    assert doubled["value"].iloc[-1] == pytest.approx(2 * first, rel=1e-12)
    assert len(doubled) == len(DATES)
    assert command("run", desk_toml, "--store", store)[0] == 0
    assert history(store, "exposure:gross")["value"].iloc[-1] == first
    assert len([r for r in finished_runs(store) if r.as_of == DATES[-1]]) == 2


def test_store_without_its_list_is_read_by_what_was_written_last(
    store, command, tmp_path
):
    mended = write_desk(tmp_path / "mended", held=positions(scale=2.0))
    assert command("run", mended, "--store", store)[0] == 0
    before = counting_runs(store)
    (store / "finished.csv").unlink()
    assert counting_runs(store) == before


@pytest.mark.parametrize(
    "part", [("--books", "semis"), ("--scenarios", "inventory_build")]
)
def test_run_of_a_part_of_the_desk_never_counts(desk_toml, store, command, part):
    before = counting_runs(store)
    assert command("run", desk_toml, "--store", store, *part)[0] == 0
    early = ("--as-of", "2026-05-25")
    assert command("run", desk_toml, "--store", store, *part, *early)[0] == 0
    assert len(finished_runs(store)) == len(DATES) + 2
    assert counting_runs(store) == before


def test_run_that_counted_before_counts_if_the_last_is_gone(
    store, command, desk_toml, tmp_path
):
    before = counting_runs(store)
    mended = write_desk(tmp_path / "mended", held=positions(scale=2.0))
    assert command("run", mended, "--store", store)[0] == 0
    after = counting_runs(store)
    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]
    shutil.rmtree(after[-1].folder)
    assert counting_runs(store) == before


def test_line_that_was_torn_spoils_no_other(store, command, desk_toml, tmp_path):
    with (store / "finished.csv").open("a", encoding="utf-8") as file:
        file.write("2026-05-2")
    mended = write_desk(tmp_path / "mended", held=positions(scale=2.0))
    assert command("run", mended, "--store", store)[0] == 0
    assert history(store, "exposure:gross")["value"].iloc[-1] == pytest.approx(
        rp.exposures(rp.load_desk(mended), ())["gross"][0]
    )
    assert len(counting_runs(store)) == len(DATES)


def test_history_by_the_command(four_nights, command):
    words = ("history", four_nights, "exposure:net", "--scope", "tier:memory", "--json")
    code, out, _ = command(*words)
    rows = json.loads(out)["rows"]
    expected = history(four_nights, "exposure:net", "tier:memory")
    assert code == 0
    assert [row["value"] for row in rows] == list(expected["value"])


# --- retention -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ({"keep_last": 2}, DATES[2:]),
        ({"keep_days": 2}, DATES[1:]),
        ({"keep_days": 0}, DATES[3:]),
        ({"keep_last": 0}, DATES[3:]),
        ({"keep_last": 3, "keep_days": 0}, DATES[1:]),
        ({"keep_last": 99}, DATES),
    ],
)
def test_rules_keep_what_they_say_and_the_newest(store, rules, left):
    before = {r.as_of: content(r.folder) for r in finished_runs(store)}
    would = prune(store, **rules, dry_run=True)
    assert dates(store) == DATES
    done = prune(store, **rules)
    assert dates(store) == left
    assert list(done["as_of"]) == list(would["as_of"]) == sorted(set(DATES) - set(left))
    assert set(would["action"]) <= {"would be removed"}
    assert set(done["action"]) <= {"removed"}
    assert {r.as_of: content(r.folder) for r in finished_runs(store)} == {
        d: before[d] for d in left
    }
    assert sorted(p.name for p in store.glob("as_of=*")) == [f"as_of={d}" for d in left]


def test_removed_bytes_are_those_of_the_files(store):
    (gone, *_) = finished_runs(store)
    size = sum(len(data) for data in content(gone.folder).values())
    found = prune(store, keep_last=3, dry_run=True)
    assert list(found["bytes"]) == [size]


def test_newest_date_keeps_the_run_that_counts(store, command, desk_toml, tmp_path):
    mended = write_desk(tmp_path / "mended", held=positions(scale=2.0))
    assert command("run", mended, "--store", store)[0] == 0
    counts = counting_runs(store)[-1]
    prune(store, keep_last=0)
    assert finished_runs(store) == [counts]


def test_leftovers_of_interrupted_batches_go(desk_toml, store):
    folder = run_folder(store, DATES[0], "0" * 12)

    def told(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(rp.load_desk(desk_toml, DATES[0]), folder, told=told)
    left = sibling(folder, PARTIAL)
    assert left.is_dir()
    found = prune(store, keep_last=99)
    assert list(found["why"]) == ["unfinished"]
    assert not left.exists()
    assert dates(store) == DATES


def test_batch_that_works_is_left_alone(store):
    folder = run_folder(store, DATES[0], "0" * 12)
    left = sibling(folder, PARTIAL)
    left.mkdir()
    with night(store, DATES[0]):
        found = prune(store, keep_last=1)
    assert left.is_dir()
    in_use = found[found["action"] == "in use"]
    assert set(in_use["as_of"]) == {DATES[0]}
    assert dates(store) == [DATES[0], DATES[-1]]


@pytest.mark.parametrize(
    ("rules", "said"), [({}, "give keep_days or keep_last"), ({"keep_last": -1}, "-1")]
)
def test_rules_that_say_nothing_are_refused(store, rules, said):
    with pytest.raises(UsageError, match=said):
        prune(store, **rules)
    assert dates(store) == DATES


def test_prune_by_the_command(store, command):
    code, out, _ = command("prune", store, "--keep-last", "1", "--dry-run", "--json")
    assert code == 0
    assert [row["as_of"] for row in json.loads(out)["rows"]] == DATES[:-1]
    assert command("prune", store, "--keep-last", "1")[0] == 0
    assert dates(store) == DATES[-1:]
    assert command("prune", store)[0] == 2


def test_history_survives_retention(store):
    before = history(store, "stress:inventory_build")
    prune(store, keep_last=2)
    after = history(store, "stress:inventory_build")
    pd.testing.assert_frame_equal(
        after.to_frame(), before.to_frame().tail(2).reset_index(drop=True)
    )
