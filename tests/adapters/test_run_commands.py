"""Runs explained and verified, from their folders."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.attribution.explaining import explained
from riskplugin.attribution.morning import realised
from riskplugin.errors import AdapterError
from riskplugin.store.batch import run_id_of
from riskplugin.store.history import history
from riskplugin.store.layout import run_folder
from riskplugin.store.reading import desk_at, desk_given, read_run
from riskplugin.store.retention import prune
from riskplugin.store.verifying import verify
from tests.adapters.nights import positions, write_desk

EVE = "2026-05-28"


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    return write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def runs(desk_toml, tmp_path_factory):
    """Two runs, of the eve and of the last date."""
    root = tmp_path_factory.mktemp("runs")
    return [
        rp.write_run(rp.run(rp.load_desk(desk_toml, date)), root / name)
        for name, date in (("eve", EVE), ("last", None))
    ]


@pytest.fixture
def run(runs, tmp_path):
    return shutil.copytree(runs[1], tmp_path / "run")


def states(found):
    """Return the files that are not as written, with their states."""
    wrong = found[found["state"] != "as_written"]
    return dict(zip(wrong["file"], wrong["state"], strict=True))


# --- explain -------------------------------------------------------------------------


def test_runs_explain_what_their_desks_do(desk_toml, runs):
    """The folders alone are enough."""
    found = explained(*map(desk_at, runs))
    desks = rp.load_desk(desk_toml, EVE), rp.load_desk(desk_toml)
    expected = explained(*desks)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    for column, folder in (("before", runs[0]), ("after", runs[1])):
        total = read_run(folder).tables["stress_total"].set_index("scenario")["pnl"]
        said = found.groupby("metric")[column].first()
        for name, value in total.items():
            assert said[f"stress:{name}"] == value


def test_desk_report_and_folder_are_one(desk_toml, runs):
    desk = rp.load_desk(desk_toml)
    ids = {run_id_of(desk_given(g)) for g in (desk, rp.run(desk), runs[1])}
    assert ids == {read_run(runs[1]).run_id}
    assert desk_given(desk) is desk


def test_explain_by_the_command(runs, command):
    metric = "stress:inventory_build"
    code, out, _ = command("explain", *runs, "--metric", metric, "--json")
    rows = json.loads(out)["rows"]
    assert code == 0
    assert {row["part"] for row in rows} == {"prices", "fx", "loadings"}
    assert sum(row["contribution"] for row in rows) == pytest.approx(rows[0]["change"])
    code, out, _ = command("explain", *runs, "--metric", metric, "--by-name", "--json")
    names = pd.DataFrame(json.loads(out)["rows"])
    assert set(names.query("part == 'fx'")["instrument"]) == {"000660.KS"}
    assert command("explain", *runs, "--metric", "stress:inventory_bild")[0] == 2


def test_desk_files_are_explained_too(desk_toml, runs, command, tmp_path):
    more = write_desk(tmp_path / "more", held=positions(scale=2.0))
    code, out, _ = command("explain", runs[1], more, "--json")
    assert code == 0
    parts = {row["part"] for row in json.loads(out)["rows"]}
    assert parts == {"changed_positions"}


def test_morning_after_by_the_command(desk_toml, runs, command):
    code, out, _ = command("explain", *runs, "--morning-after", "--json")
    expected = realised(rp.load_desk(desk_toml, EVE), rp.load_desk(desk_toml))
    assert code == 0
    assert [row["value"] for row in json.loads(out)["rows"]] == list(expected["value"])
    assert command("explain", *runs[::-1], "--morning-after")[0] == 2


def test_run_whose_inputs_were_changed_is_not_explained(runs, run):
    frame = pd.read_parquet(run / "input_closes.parquet")
    frame["MU"] *= 2
    frame.to_parquet(run / "input_closes.parquet", index=False)
    with pytest.raises(AdapterError, match=r"input_closes.parquet not as written"):
        desk_at(run)


def test_every_column_is_defined(runs, tmp_path):
    root = tmp_path / "store"
    folder = run_folder(root, EVE, read_run(runs[0]).run_id)
    shutil.copytree(runs[0], folder)
    found = explained(*map(desk_at, runs))
    for table in (
        found,
        found.names,
        realised(*map(desk_at, runs)),
        verify(runs[0]),
        history(root, "exposure:net"),
        prune(root, keep_last=1),
    ):
        assert list(table.definitions) == list(table.columns), table.title


# --- audit ---------------------------------------------------------------------------


def test_manifest_says_what_an_auditor_asks(desk_toml, tmp_path):
    rows = pd.concat(
        [positions(), pd.DataFrame([{"book": "x", "instrument": "Y", "quantity": 1}])]
    )
    young = {"book": "semis", "instrument": "AMD", "quantity": 50.0, "price": 10.0}
    rows = pd.concat([rows, pd.DataFrame([young])])
    toml = write_desk(tmp_path / "desk", held=rows, on_error="quarantine")
    (tmp_path / "desk" / "scenarios.toml").write_text(
        '[[scenario]]\nname = "own"\nversion = 3\nowner = "desk"\n'
        'approved_by = "risk"\neffective = "2026-01-01"\ncore = {memory = -0.1}\n',
        "utf-8",
    )
    text = toml.read_text("utf-8")
    toml.write_text(
        text.replace("[tables]", '[tables]\nscenarios = "scenarios.toml"'), "utf-8"
    )
    desk = rp.load_desk(toml)
    folder = rp.write_run(rp.run(desk), tmp_path / "out")
    content = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert content["schema_version"] == 1
    assert (content["left_out"], content["left_out_reasons"]) == (1, {"no-price": 1})
    assert content["input_rows"]["closes"] == len(desk.market.dates)
    assert content["input_rows"]["positions"] == len(positions()) + 1
    assert content["scenario_versions"]["own"] == {
        "version": 3,
        "owner": "desk",
        "approved_by": "risk",
        "effective": "2026-01-01",
    }
    gross = np.abs(desk.book.market_value).sum()
    assert content["proxies"] == {
        "instruments": 1,
        "positions": 1,
        "share_of_gross": pytest.approx(500 / gross),
    }
    assert set(content["files"]) == {p.name for p in folder.iterdir()} - {
        "manifest.json"
    }


def test_run_that_is_as_written_is_verified(desk_toml, run, command):
    assert states(verify(run)) == {}
    assert states(verify(run, rp.load_desk(desk_toml))) == {}
    code, out, _ = command("verify", run)
    files = len(list(run.iterdir()))
    assert (code, f"{files} of {files} files as written" in out) == (0, True)
    assert command("verify", run, desk_toml)[0] == 0


def test_tampering_is_named(run, command):
    (run / "stress.csv").write_text("mine", "utf-8")
    (run / "shocks.parquet").unlink()
    (run / "notes.txt").write_text("mine", "utf-8")
    expected = {
        "stress.csv": "changed",
        "shocks.parquet": "missing",
        "notes.txt": "stranger",
    }
    assert states(verify(run)) == expected
    code, out, _ = command("verify", run, "--json")
    assert code == 5
    rows = json.loads(out)["rows"]
    wrong = {r["file"]: r["state"] for r in rows if r["state"] != "as_written"}
    assert wrong == expected


def test_tampering_that_mends_the_hashes_is_found_by_computing_again(run):
    """The P&L and its hash were changed together."""
    frame = pd.read_parquet(run / "stress_total.parquet")
    frame.loc[0, "pnl"] += 1000.0
    frame.to_parquet(run / "stress_total.parquet", index=False)
    mend_hash(run, "stress_total.parquet")
    found = verify(run).set_index("file")
    assert states(found.reset_index()) == {"stress_total.parquet": "differs"}
    assert found.loc["stress_total.parquet", "detail"] == "pnl (1 rows)"


def mend_hash(run, name):
    import hashlib  # noqa: PLC0415

    content = json.loads((run / "manifest.json").read_text("utf-8"))
    data = (run / name).read_bytes()
    content["files"][name] = hashlib.sha256(data).hexdigest()
    (run / "manifest.json").write_text(json.dumps(content), "utf-8")


def test_manifest_that_was_changed_is_named(run):
    content = json.loads((run / "manifest.json").read_text("utf-8"))
    content["scenarios"][0]["approved_by"] = "me"
    (run / "manifest.json").write_text(json.dumps(content), "utf-8")
    assert states(verify(run)) == {"manifest.json": "changed"}


def test_status_that_was_changed_is_named(run):
    """It is no part of what the run id stands for; computing again tells."""
    content = json.loads((run / "manifest.json").read_text("utf-8"))
    content["status"] = "partial"
    (run / "manifest.json").write_text(json.dumps(content), "utf-8")
    found = verify(run).set_index("file")
    assert found.loc["manifest.json", "state"] == "differs"
    assert found.loc["manifest.json", "detail"] == (
        "status: partial, computed again complete"
    )


def test_desk_that_gives_another_run_is_told_where(run, command, tmp_path):
    other = write_desk(tmp_path / "other", held=positions(scale=2.0))
    found = verify(run, rp.load_desk(other)).set_index("file")
    assert found.loc["manifest.json", "detail"].startswith(
        "inputs: issues, positions; "
    )
    assert found.loc["stress_total.parquet", "state"] == "differs"
    assert "pnl" in found.loc["stress_total.parquet", "detail"]
    assert found.loc["input_closes.parquet", "state"] == "as_written"
    assert command("verify", run, other)[0] == 3


def test_folder_that_is_no_run_is_said(tmp_path, command):
    code, _, error = command("verify", tmp_path)
    assert (code, "is no run folder" in error) == (5, True)
    code, _, error = command("explain", tmp_path, tmp_path)
    assert (code, "is no run folder" in error) == (5, True)


def test_run_of_another_schema_is_not_guessed_at(run, command):
    content = json.loads((run / "manifest.json").read_text("utf-8"))
    content["schema_version"] = 99
    (run / "manifest.json").write_text(json.dumps(content), "utf-8")
    code, _, error = command("explain", run, run)
    assert (code, "has schema 99, this version reads 1" in error) == (5, True)
