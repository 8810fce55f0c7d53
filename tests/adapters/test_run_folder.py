"""Run folders: a whole run or none, the same bytes for the same inputs."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.adapters.cli import main
from riskplugin.results import table

SCRIPT = shutil.which("riskplugin", path=Path(sys.executable).parent)
RISKY = {"=1+1": "'=1+1", "+x": "'+x", "-y": "'-y", "@z": "'@z", "a=1": "a=1"}


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    """A desk of 130 sessions in quarantine, with text that a spreadsheet would run."""
    folder = tmp_path_factory.mktemp("desk")
    draw = np.random.default_rng(5)
    walk = np.cumsum(draw.normal(0, 0.02, (130, 4)), axis=0)
    names = ["MU", "NVDA", "BTC", "TAO"]
    prices = pd.DataFrame(np.round(100 * np.exp(walk), 2), columns=names)
    prices.insert(0, "date", pd.bdate_range(end="2026-05-29", periods=130))
    prices.to_csv(folder / "prices.csv", index=False)
    rows = [f"b{i},{names[i % 4]},{i + 1},{s}" for i, s in enumerate(RISKY)]
    rows += ["b9,MU,10,", ",MU,1,", "b9,MU,x,"]
    header = "book,instrument,quantity,strategy"
    (folder / "positions.csv").write_text("\n".join([header, *rows, ""]), "utf-8")
    toml = 'on_error = "quarantine"\n[tables]\npositions = "positions.csv"\n'
    (folder / "desk.toml").write_text(toml + 'prices = "prices.csv"\n', "utf-8")
    return folder / "desk.toml"


@pytest.fixture(scope="module")
def report(desk_toml):
    return rp.run(rp.load_desk(desk_toml))


@pytest.fixture(scope="module")
def earlier(desk_toml):
    """Another run."""
    return rp.run(rp.load_desk(desk_toml, as_of="2026-05-28"))


@pytest.fixture
def written(report, tmp_path):
    """A run folder, alone in its parent."""
    return rp.write_run(report, tmp_path / "root" / "out")


@pytest.fixture
def command(monkeypatch, capfd):
    """Run the command in this process; return its exit code and error stream."""

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["riskplugin", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit, match=r"\d") as left:
            main()
        return left.value.code, capfd.readouterr().err

    return command


def content(folder):
    """Return every file below a folder by its path there."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def stamps(folder):
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.iterdir()}


# --- what is in it -------------------------------------------------------------------


def test_folder_holds_the_whole_run_and_nothing_else(report, written):
    tables = {f"{name}.{kind}" for name in report.tables for kind in ("csv", "parquet")}
    inputs = {f"input_{name}.parquet" for name in report.inputs}
    pages = {"manifest.json", "summary.md", "report.html", "report.xlsx"}
    assert set(content(written)) == {*pages, *tables, *inputs}
    assert "issues.csv" in tables


def test_nothing_is_left_beside_it(written):
    assert [p.name for p in written.parent.iterdir()] == ["out"]


def test_parquet_holds_the_frames_of_the_api(report, written):
    for name, found in report.tables.items():
        frame = pd.read_parquet(written / f"{name}.parquet")
        pd.testing.assert_frame_equal(
            frame, found.to_frame(), check_exact=True, obj=name
        )


def test_csv_holds_the_figures_of_the_api(report, written):
    for name, found in report.tables.items():
        frame = pd.read_csv(written / f"{name}.csv")
        assert list(frame.columns) == list(found.columns)
        assert len(frame) == len(found)
        for column in found.select_dtypes("number"):
            np.testing.assert_array_equal(frame[column], found[column])


def test_csv_quotes_what_a_spreadsheet_would_run(report, written):
    frame = pd.read_csv(written / "positions.csv", keep_default_na=False)
    assert set(RISKY.values()) <= set(frame["strategy"])
    assert not frame["strategy"].str.match(r"[=+\-@]").any()
    exact = pd.read_parquet(written / "positions.parquet")["strategy"]
    assert set(RISKY) <= set(exact)


def test_numbers_below_zero_are_numbers_in_csv(written):
    frame = pd.read_csv(written / "stress_total.csv")
    assert frame["pnl"].dtype.kind == "f"
    assert (frame["pnl"] < 0).any()


def test_manifest_says_what_the_run_is(report, written):
    manifest = json.loads((written / "manifest.json").read_text("utf-8"))
    assert manifest["run_id"] == report.run_id
    assert manifest["as_of"] == "2026-05-29"
    assert manifest["version"] == rp.__version__
    assert manifest["status"] == "partial"
    assert (manifest["positions"], manifest["left_out"]) == (6, 2)
    assert manifest["tables"] == {n: len(t) for n, t in report.tables.items()}
    assert set(manifest["inputs"]) >= {"positions", "market", "universe"}


def test_manifest_holds_neither_time_nor_place(desk_toml, written):
    text = (written / "manifest.json").read_text("utf-8")
    assert re.findall(r"\d\d:\d\d", text) == []
    places = (desk_toml.parent, written, Path.home(), Path.cwd(), Path(sys.prefix))
    assert [p for p in places if str(p) in text and str(p) != os.sep] == []


def test_summary_opens_with_what_was_left_out_in_money(report, written):
    text = (written / "summary.md").read_text("utf-8")
    top = text[: text.index("## Worst")]
    assert f"Run {report.run_id}" in top[: top.index("## ")]
    assert "Status partial" in top[: top.index("## ")]
    price = report.tables["positions"].query("instrument == 'MU'")["price"].iloc[0]
    said = f"without 2 positions, USD {price:,.2f} gross, of unknown value 1."
    assert said in top[: top.index("## ")]
    for code in ("bad-number", "missing-value"):
        assert code in top


def test_summary_writes_little_money_as_money(desk_toml, tmp_path):
    """A position of fifty cents is not one of 50 %."""
    cents = pd.DataFrame(
        {"book": ["a"], "instrument": ["MU"], "quantity": [1.0], "price": [0.5]}
    )
    prices = pd.read_csv(desk_toml.parent / "prices.csv")
    little = rp.run(rp.desk_from_tables(positions=cents, prices=prices))
    folder = rp.write_run(little, tmp_path / "little")
    text = (folder / "summary.md").read_text("utf-8")
    facts = text.splitlines()[4]
    assert "Gross USD 0.50;" in facts
    assert "%" not in facts


# --- the same bytes ------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(desk_toml, tmp_path_factory):
    """The folders of one desk, written by two processes that differ in all else."""
    root = tmp_path_factory.mktemp("twins")
    moved = shutil.copytree(desk_toml.parent, root / "elsewhere") / "desk.toml"

    def process(number):
        desk, threads = ((desk_toml, "1"), (moved, "2"))[number]
        env = {
            **os.environ,
            "PYTHONHASHSEED": str(number + 1),
            "OPENBLAS_NUM_THREADS": threads,
            "TZ": ("UTC", "Asia/Seoul")[number],
            "COLUMNS": ("80", "200")[number],
        }
        return subprocess.run(
            [SCRIPT, "run", desk, "--out", root / f"out{number}"],
            capture_output=True,
            check=False,
            env=env,
        ).returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(process, range(2))) == [3, 3]
    return root / "out0", root / "out1"


def test_same_inputs_give_the_same_bytes_in_two_processes(twins):
    one, other = map(content, twins)
    assert list(one) == list(other)
    assert [name for name in one if one[name] != other[name]] == []


def test_command_writes_what_the_api_writes(twins, written):
    assert content(twins[0]) == content(written)


# --- one run, one folder -------------------------------------------------------------


def test_same_run_again_is_left_as_it_is(report, written):
    before = stamps(written)
    assert rp.write_run(report, written) == written
    assert rp.write_run(report, written, replace=True) == written
    assert stamps(written) == before


def test_other_run_is_refused_without_replace(desk_toml, report, written, command):
    before = content(written)
    code, error = command("run", desk_toml, "--as-of", "2026-05-28", "--out", written)
    assert code == 2
    assert f"holds run {report.run_id}" in error
    assert "--replace" in error
    assert content(written) == before


def test_other_run_takes_its_place_with_replace(
    desk_toml, earlier, written, command, tmp_path
):
    words = ("--as-of", "2026-05-28", "--out", written, "--replace")
    code, _ = command("run", desk_toml, *words)
    assert code == 3
    assert content(written) == content(rp.write_run(earlier, tmp_path / "fresh"))
    assert [p.name for p in written.parent.iterdir()] == ["out"]


def test_other_verb_never_changes_a_run(desk_toml, written, command):
    before = stamps(written)
    code, error = command("exposures", desk_toml, "--by", "book", "--out", written)
    assert code == 2
    assert "holds a run" in error
    assert stamps(written) == before


@pytest.mark.parametrize("name", ["stress.csv", "positions.parquet", "summary.md"])
def test_run_that_lost_a_file_is_not_taken_for_whole(report, written, name):
    """It is made whole or refused, never passed over."""
    before = content(written)
    (written / name).unlink()
    try:
        rp.write_run(report, written, replace=True)
    except rp.UsageError:
        return
    assert content(written) == before


def test_empty_folder_is_filled(report, written, tmp_path):
    (tmp_path / "empty").mkdir()
    assert content(rp.write_run(report, tmp_path / "empty")) == content(written)


@pytest.mark.parametrize("name", ["notes.txt", "manifest.json", ".hidden", "sub/a.csv"])
@pytest.mark.parametrize("replaced", [False, True])
def test_folder_of_other_files_is_never_replaced(report, tmp_path, name, replaced):
    file = tmp_path / "out" / name
    file.parent.mkdir(parents=True)
    file.write_text('{"mine": 1}', "utf-8")
    with pytest.raises(rp.UsageError, match="files that are no run"):
        rp.write_run(report, tmp_path / "out", replace=replaced)
    assert content(tmp_path / "out") == {name: b'{"mine": 1}'}


@pytest.mark.parametrize("name", ["notes.txt", "sub/mine.csv"])
def test_run_folder_with_other_files_is_never_replaced(earlier, written, name):
    """Somebody's notes beside the run would be gone for good."""
    (written / name).parent.mkdir(exist_ok=True)
    (written / name).write_text("mine", "utf-8")
    before = content(written)
    with pytest.raises(rp.UsageError, match="no run"):
        rp.write_run(earlier, written, replace=True)
    assert content(written) == before


def test_folder_of_another_tool_with_a_run_id_is_never_replaced(report, tmp_path):
    (tmp_path / "manifest.json").write_text('{"run_id": "2026-05-29"}', "utf-8")
    (tmp_path / "theirs.db").write_text("theirs", "utf-8")
    before = content(tmp_path)
    with pytest.raises(rp.UsageError, match="no run"):
        rp.write_run(report, tmp_path, replace=True)
    assert content(tmp_path) == before


def test_file_in_the_place_of_the_folder_is_never_replaced(report, tmp_path):
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(rp.UsageError, match="files that are no run"):
        rp.write_run(report, tmp_path / "out", replace=True)
    assert (tmp_path / "out").read_text("utf-8") == "mine"


def test_current_folder_is_written_or_refused(
    desk_toml, monkeypatch, tmp_path, command
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    code, error = command("run", desk_toml, "--out", ".")
    assert "Traceback" not in error
    assert code == (3 if (tmp_path / "here" / "manifest.json").is_file() else 2)


# --- a whole run or none -------------------------------------------------------------


def too_much(report, name="no/such/folder"):
    """Return a run whose last table cannot be written."""
    last = table(name, np.datetime64("2026-05-29"), {"position": [1]})
    return replace(report, run_id="0" * 12, tables={**report.tables, name: last})


def test_parent_that_is_a_file_is_a_disk_error(report, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    with pytest.raises(rp.AdapterError, match="cannot write"):
        rp.write_run(report, tmp_path / "file" / "out")
    assert content(tmp_path) == {"file": b"mine"}


def test_write_that_fails_leaves_no_folder(report, tmp_path):
    with pytest.raises(rp.AdapterError, match="cannot write"):
        rp.write_run(too_much(report), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_write_that_fails_leaves_the_old_run(report, written):
    before = stamps(written), content(written)
    with pytest.raises(rp.AdapterError, match="cannot write"):
        rp.write_run(too_much(report), written, replace=True)
    assert (stamps(written), content(written)) == before
    assert [p.name for p in written.parent.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_disk_that_fills_up_leaves_the_old_run(desk_toml, earlier, tmp_path):
    """The system refuses to let a file grow, as a full disk does, in mid-run."""
    import resource  # noqa: PLC0415 - not on Windows

    out = rp.write_run(earlier, tmp_path / "out")
    before = content(out)
    room = max(map(len, before.values())) // 2
    done = subprocess.run(
        [SCRIPT, "run", desk_toml, "--out", out, "--replace"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 5
    assert f"cannot write {out}" in done.stderr
    assert content(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


# --- a store -------------------------------------------------------------------------


def test_store_lays_runs_out_by_date_and_id(
    desk_toml, report, earlier, command, tmp_path
):
    root = tmp_path / "store"

    def runs():
        return {p.relative_to(root).as_posix() for p in root.glob("*/*")}

    first = f"as_of=2026-05-29/run={report.run_id}"
    second = f"as_of=2026-05-28/run={earlier.run_id}"
    words = ("run", desk_toml, "--store", root)
    assert command(*words)[0] == 3
    assert runs() == {first}
    before = stamps(root / first)
    assert command(*words)[0] == 3
    assert command(*words, "--as-of", "2026-05-28")[0] == 3
    assert runs() == {first, second}
    assert stamps(root / first) == before
