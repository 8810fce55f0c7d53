"""Weeks of nights, from the desk's files to the store, and what the store says of them.

The desk trades every fourth night, edits a scenario once, changes a setting once, gives
a row that cannot be used once, and runs one night again with mended positions.
"""

import json
import shutil
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskplugin as rp
from riskplugin.adapters.cli import cli
from riskplugin.attribution.explaining import explained
from riskplugin.attribution.morning import realised
from riskplugin.store.history import history
from riskplugin.store.layout import counting_runs, finished_runs
from riskplugin.store.reading import desk_at, read_run
from riskplugin.store.retention import prune
from tests.adapters.nights import closes, content, days, positions, write_desk

pytestmark = pytest.mark.long

NIGHTS = 13
TRADED = {4, 8, 12}
EDITED, RESET, SPOILT, MENDED = 5, 7, 10, 6
SCENARIO = """
[[scenario]]
name = "own"
version = {version}
core = {{memory = {memory}}}
"""


def dates():
    return [str(d.date()) for d in days(NIGHTS)]


def held_on(night):
    """Return what is held: a fifth more with every trade, a stranger on one night."""
    rows = positions(scale=1.2 ** sum(night >= t for t in TRADED))
    if night == SPOILT:
        bad = {"book": "tokens", "instrument": "NOBODY", "quantity": 1.0}
        rows = pd.concat([rows, pd.DataFrame([bad])])
    return rows


def write_night(folder, night, *, mended=False):
    """Write the files of a night: they hold no later price."""
    rows = held_on(night)
    if night == MENDED and not mended:
        rows = rows.assign(quantity=1.0)
    toml = write_desk(folder, on_error="quarantine", held=rows)
    prices = closes()
    prices[prices["date"] <= dates()[night]].to_parquet(
        folder / "prices.parquet", index=False
    )
    edited = night >= EDITED
    own = SCENARIO.format(version=1 + edited, memory=-0.4 if edited else -0.3)
    (folder / "scenarios.toml").write_text(own, "utf-8")
    text = toml.read_text("utf-8").replace(
        "[tables]\n", '[tables]\nscenarios = "scenarios.toml"\n'
    )
    text += f"[settings]\nhalf_life = {60 if night >= RESET else 252}\n"
    toml.write_text(text, "utf-8")
    return toml


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """Return the store, and each night's desk file and exit code."""
    root = tmp_path_factory.mktemp("month")
    store, codes, desks = root / "store", [], []

    def run(toml):
        words = ["run", str(toml), "--store", str(store), "--json"]
        done = CliRunner().invoke(cli, words, standalone_mode=False)
        assert done.exception is None, done.exception
        codes.append(done.return_value)

    for night in range(NIGHTS):
        desks.append(write_night(root / f"{night:02d}", night))
        run(desks[-1])
        if night == MENDED:
            desks[-1] = write_night(root / f"{night:02d}", night, mended=True)
            run(desks[-1])
    return store, desks, codes


@pytest.fixture(scope="module")
def nights(month):
    """The desk of every night, from its run that counts."""
    return [desk_at(run.folder) for run in counting_runs(month[0])]


@pytest.fixture(scope="module")
def explanations(nights):
    return [explained(*pair) for pair in pairwise(nights)]


def test_every_night_has_a_run_and_one_has_two(month):
    store, _, codes = month
    assert [run.as_of for run in counting_runs(store)] == dates()
    found = [run.as_of for run in finished_runs(store)]
    assert sorted(found) == sorted([*dates(), dates()[MENDED]])
    assert [i for i, code in enumerate(codes) if code] == [SPOILT + 1]
    assert set(codes) == {0, 3}
    assert not list(store.rglob(".*"))


def test_history_is_what_each_nights_desk_says(month):
    store, desks, _ = month
    for metric, scope in (("stress:own", None), ("exposure:gross", "book:semis")):
        found = history(store, metric, scope)
        assert list(found["as_of"]) == dates()
        for night in (0, EDITED, MENDED, NIGHTS - 1):
            desk = rp.load_desk(desks[night])
            if scope is None:
                said = rp.stress(desk, "own", "scenario")["pnl"][0]
            else:
                said = rp.exposures(desk, "book").set_index("book")["gross"]["semis"]
            assert found["value"][night] == pytest.approx(said, rel=1e-12)


def test_the_night_that_was_spoilt_is_partial(month):
    statuses = [read_run(run.folder).status for run in counting_runs(month[0])]
    assert [i for i, status in enumerate(statuses) if status != "complete"] == [SPOILT]
    page = (counting_runs(month[0])[SPOILT].folder / "summary.md").read_text("utf-8")
    assert "Books: tokens (1 of 3)." in page[: page.index("## Worst")]


def test_every_change_is_put_on_the_night_and_the_part_it_came_from(explanations):
    acted = {part: set() for part in ("changed_positions", "scenarios", "settings")}
    never = {"closed_positions", "new_positions", "instruments"}
    for night, found in enumerate(explanations, start=1):
        parts = set(found.loc[found["contribution"] != 0, "part"])
        assert parts >= {"prices", "fx", "loadings"}
        assert not parts & never
        for part, of in acted.items():
            if part in parts:
                of.add(night)
    assert acted == {
        "changed_positions": TRADED,
        "scenarios": {EDITED},
        "settings": {RESET},
    }
    edited = explanations[EDITED - 1]
    moved = edited[(edited["part"] == "scenarios") & (edited["contribution"] != 0)]
    assert list(moved["metric"]) == ["stress:own"]


def test_changes_of_the_nights_add_up_to_that_of_the_month(month, explanations):
    values = history(month[0], "stress:own")["value"]
    changes = [f[f["metric"] == "stress:own"]["change"].iloc[0] for f in explanations]
    assert sum(changes) == pytest.approx(values.iloc[-1] - values[0], rel=1e-9)
    for found, before, after in zip(explanations, values, values[1:], strict=False):
        row = found[found["metric"] == "stress:own"].iloc[0]
        assert (row["before"], row["after"]) == (before, after)
        assert row["residual"] == 0


def test_every_morning_after(month, nights):
    prices = closes().set_index("date")[list(positions()["instrument"])].tail(NIGHTS)
    for night in range(NIGHTS - 1):
        found = realised(*nights[night : night + 2]).set_index("figure")["value"]
        assert found["covered"] == 1
        rows = held_on(night)
        rows = rows[rows["instrument"] != "NOBODY"]
        usd = prices.iloc[night : night + 2].to_numpy().copy()
        won = list(rows["instrument"]).index("000660.KS")
        rate = nights[night + 1].market.usd_per[-2:, 0]
        usd[:, won] *= rate
        made = float(np.diff(usd, axis=0)[0] @ rows["quantity"].to_numpy())
        assert found["realised"] == pytest.approx(made, rel=1e-9)


def test_retention_leaves_the_newest_nights(month, tmp_path):
    store = shutil.copytree(month[0], tmp_path / "store")
    before = {run.as_of: content(run.folder) for run in counting_runs(store)}
    whole = history(store, "stress:own")
    gone = prune(store, keep_last=5)
    assert len(gone) == NIGHTS + 1 - 5
    left = counting_runs(store)
    assert [run.as_of for run in left] == dates()[-5:]
    assert {run.as_of: content(run.folder) for run in left} == {
        date: before[date] for date in dates()[-5:]
    }
    found = history(store, "stress:own")
    assert list(found["value"]) == list(whole["value"].tail(5))


def test_runs_hold_no_later_price_than_their_night(month):
    for run in counting_runs(month[0])[:3]:
        content_of = json.loads((run.folder / "manifest.json").read_text("utf-8"))
        assert content_of["as_of"] == run.as_of
        assert str(desk_at(run.folder).market.dates[-1]) == run.as_of
