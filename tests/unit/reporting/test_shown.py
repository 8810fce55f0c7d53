"""What is shown of a table: rows, sums, grids and cuts, by hand."""

from math import isnan, nan

import numpy as np
import pytest

from riskplugin.reporting.contents import CONTENTS, contents_of
from riskplugin.reporting.shown import Kind, Pivot, Shown, money, rows_of, text
from riskplugin.results import table

DATE = np.datetime64("2026-05-29", "D")


@pytest.fixture
def found():
    return table(
        "stress",
        DATE,
        {
            "scenario": ["up", "up", "down", "down"],
            "tier": ["memory", "gpu", "memory", "gpu"],
            "pnl": [2.0, nan, -5.0, -1.0],
        },
    )


def shown(**how):
    return Shown("stress", "t", (*text("scenario tier"), *money("pnl")), **how)


def test_unknown_comes_first_so_that_no_cut_hides_it(found):
    rows = rows_of(shown(sort="pnl", cut=2), found)
    assert rows.frame["tier"].tolist() == ["gpu", "memory"]
    assert isnan(rows.frame["pnl"][0])
    assert rows.there == 4


def test_largest_in_size_first(found):
    rows = rows_of(shown(sort="|pnl|"), found)
    assert rows.frame["pnl"].tolist()[1:] == [-5.0, 2.0, -1.0]


def test_sum_of_the_known_is_unknown_only_where_all_is(found):
    rows = rows_of(
        Shown("stress", "t", (*text("tier"), *money("pnl")), summed_by=("tier",)), found
    )
    assert rows.frame.to_dict("list") == {
        "tier": ["memory", "gpu"],
        "pnl": [-3.0, -1.0],
    }


def test_grid_keeps_the_order_and_what_is_unknown(found):
    rows = rows_of(shown(pivot=Pivot("tier", "scenario", "pnl")), found)
    assert [c.name for c in rows.columns] == ["tier", "up", "down"]
    assert rows.frame["tier"].tolist() == ["memory", "gpu"]
    assert isnan(rows.frame["up"][1])
    assert rows.frame["down"].tolist() == [-5.0, -1.0]


def test_rows_of_one_value_and_the_first_of_each(found):
    rows = rows_of(shown(where={"tier": ("gpu",)}, first_by=("tier",)), found)
    assert rows.frame["scenario"].tolist() == ["up"]


def test_table_without_columns_named_shows_all(found):
    rows = rows_of(Shown("stress", "t"), found)
    kinds = [c.kind for c in rows.columns]
    assert kinds == [Kind.TEXT, Kind.TEXT, Kind.RATIO]


def test_sections_are_told_apart_and_those_without_tables_left_out():
    keys = [section.key for section in CONTENTS]
    assert len(set(keys)) == len(keys)

    class Run:
        tables = {"stress_total": None, "issues": None}  # noqa: RUF012

    there = {s.key: [t.table for t in s.tables] for s in contents_of(Run())}
    assert there == {
        "stress": ["stress_total"],
        "parts": ["stress_total"],
        "data": ["issues"],
    }


def test_table_without_rows_may_lack_the_columns_it_is_sorted_by():
    empty = table("stress", DATE, {"tier": []})
    for how in ({"sort": "pnl"}, {"pivot": Pivot("tier", "scenario", "pnl")}):
        rows = rows_of(shown(**how), empty)
        assert [c.name for c in rows.columns] == ["tier"]
        assert (len(rows.frame), rows.there) == (0, 0)
