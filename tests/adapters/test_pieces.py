"""Runs in pieces: parts that make the table, kept one by one, never many at once."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import riskplugin as rp
from riskplugin import pipeline
from riskplugin.store import files
from riskplugin.store.batch import batch
from riskplugin.store.executors import InTurn, in_window
from riskplugin.store.keeping import RECORDS
from riskplugin.store.pieces import Piece, longest_first, pieces_of
from riskplugin.store.runs import PARTIAL, sibling
from riskplugin.tables import by_position
from tests.adapters.nights import content, write_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return rp.load_desk(write_desk(tmp_path_factory.mktemp("desk")))


@pytest.fixture(scope="module")
def undisturbed(desk, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    batch(desk, out, told=lambda _: None)
    return content(out)


# --- parts ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_parts_are_the_rows_of_the_table(desk, monkeypatch, size):
    monkeypatch.setattr(by_position, "STRESSED", size)
    monkeypatch.setattr(by_position, "MEASURED", size)
    keys = by_position.POSITION_KEYS
    plan = pipeline.stages(desk)
    stress, measured = plan["stress_by_position"], plan["measures_by_position"]
    blocks = -(-len(desk.book) // size)
    assert len(stress.parts) == blocks * len(rp.stress(desk, by="scenario"))
    assert len(measured.parts) == blocks
    pd.testing.assert_frame_equal(
        stress().to_frame(),
        rp.stress(desk, by=("scenario", *keys)).to_frame(),
        check_exact=True,
    )
    whole = rp.measures(desk, "CVaR", 0.05, by=keys).to_frame()
    found = measured().to_frame()
    pd.testing.assert_frame_equal(found, whole, rtol=1e-12)
    assert found["component"].sum() == pytest.approx(found["total"].iloc[0])


def test_pieces_cover_the_plan_once(desk):
    plan = pipeline.stages(desk)
    pieces = pieces_of(plan)
    names = [name for piece in pieces if piece.part == 0 for name in piece.names]
    assert sorted(names) == sorted(plan)
    assert ("cycle", "cycle_turns", "cycle_record") in [p.names for p in pieces]
    first = longest_first(pieces)
    assert {p.names for p in first[:2]} == {("reverse_stress",), ("regimes",)}
    assert set(first) == set(pieces)


def test_tables_are_joined_that_share_no_leader():
    """A plan without the table that does the work still gives the others."""
    pieces = pieces_of({"cycle_turns": None, "books": None})
    assert [p.names for p in pieces] == [("cycle_turns",), ("books",)]


# --- files ---------------------------------------------------------------------------


@pytest.mark.parametrize("cuts", [[], [7], [1, 2, 19], [10, 20], [0, 25]])
def test_parquet_is_the_same_however_its_rows_came(monkeypatch, tmp_path, cuts):
    monkeypatch.setattr(files, "GROUP", 10)
    words = [None if i % 7 == 0 else f"w{i % 3}" for i in range(25)]
    frame = pd.DataFrame({"a": np.arange(25.0), "b": words})
    edges = [0, *cuts, 25]
    parts = [frame.iloc[a:b] for a, b in pairwise(edges)]
    path = tmp_path / "x.parquet"
    files.write_parquet(map(files.arrow_of, parts), path)
    assert path.read_bytes() == files.parquet_bytes(frame)
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert groups == [10, 10, 5]
    pd.testing.assert_frame_equal(pd.read_parquet(path), frame)
    text = [files.csv_bytes(p, header=i == 0) for i, p in enumerate(parts)]
    assert b"".join(text) == files.csv_bytes(frame, header=True)


def test_table_without_rows_keeps_its_columns(tmp_path):
    frame = pd.DataFrame({"a": np.empty(0), "b": pd.array([], dtype="str")})
    content_of = files.parquet_bytes(frame)
    (tmp_path / "x.parquet").write_bytes(content_of)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), frame)


# --- kept one by one -----------------------------------------------------------------


class Stopping(InTurn):
    """Is interrupted after so many pieces; knows which it was asked for."""

    def __init__(self, after):
        self.after, self.asked = after, []

    def results(self, desk, pieces):
        self.asked = list(pieces)
        for i, found in enumerate(super().results(desk, pieces)):
            if i == self.after:
                raise KeyboardInterrupt
            yield found


@pytest.mark.parametrize("after", [8, 12, 20])
def test_interrupted_run_goes_on_at_the_first_piece_that_lacks(
    desk, undisturbed, tmp_path, after
):
    out = tmp_path / "out"
    first, second = Stopping(after), Stopping(10**6)
    with pytest.raises(KeyboardInterrupt):
        batch(desk, out, on=first, told=lambda _: None)
    batch(desk, out, on=second, told=lambda _: None)
    done = [p for p in first.asked[:after] if p.of == 1]
    assert not set(done) & set(second.asked)
    kept = set(first.asked) - set(second.asked)
    assert after - 1 <= len(kept) <= after  # a table's last part may be made again
    assert content(out) == undisturbed
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("spoil", ["csv", "arrow", "json"])
def test_part_that_is_not_as_recorded_is_made_again(desk, undisturbed, tmp_path, spoil):
    out, first = tmp_path / "out", Stopping(12)
    with pytest.raises(KeyboardInterrupt):
        batch(desk, out, on=first, told=lambda _: None)
    part = sibling(out, PARTIAL) / RECORDS / f"stress_by_position.00001.{spoil}"
    part.write_bytes(part.read_bytes()[:20])
    second = Stopping(10**6)
    batch(desk, out, on=second, told=lambda _: None)
    again = [p.part for p in second.asked if p.names == ("stress_by_position",)]
    assert 1 in again
    assert 0 not in again
    assert content(out) == undisturbed


def test_parts_in_any_order_make_the_same_table(desk, undisturbed, tmp_path):
    class Backwards(InTurn):
        def results(self, desk, pieces):
            yield from super().results(desk, pieces[::-1])

    batch(desk, tmp_path / "out", on=Backwards(), told=lambda _: None)
    assert content(tmp_path / "out") == undisturbed


def test_table_that_comes_in_parts_is_told_once_with_all_its_seconds(desk, tmp_path):
    heard = []
    batch(desk, tmp_path / "out", told=heard.append)
    assert len({d.name for d in heard}) == len(heard)
    (of_parts,) = (d for d in heard if d.name == "stress_by_position")
    assert of_parts.rows == len(desk.book) * len(rp.stress(desk, by="scenario"))
    assert of_parts.seconds > 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["tables"]["stress_by_position"] == of_parts.rows


# --- never many at once --------------------------------------------------------------


@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_no_more_pieces_are_given_out_than_the_window_takes(window):
    running, most = set(), 0

    def submit(piece):
        nonlocal most
        running.add(piece.part)
        most = max(most, len(running))
        return piece.part

    def ended(some):
        done = {max(some)}  # the last one given out ends first
        running.difference_update(done)
        return done

    pieces = [Piece(("x",), part, 30) for part in range(30)]
    found = [piece.part for piece, _ in in_window(pieces, submit, ended, window)]
    assert sorted(found) == list(range(30))
    assert most == min(window, 30)
