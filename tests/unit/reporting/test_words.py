"""Figures in words, by hand."""

from math import nan

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskplugin.reporting import words
from riskplugin.reporting.cells import Scale, cell, heading, scale_of
from riskplugin.reporting.shown import Column, Kind, Rows, money

MINUS = "\N{MINUS SIGN}"
MILLIONS = Scale(1e6, "USD m", 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (179_012_345.0, "USD 179.0m"),
        (-12_345.0, f"USD {MINUS}12.3k"),
        (8.4e9, "USD 8.4bn"),
        (940.0, "USD 940"),
        (0.5, "USD 0.50"),
        (nan, "unknown"),
    ],
)
def test_money(value, said):
    assert words.money(value, "USD") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(3.67e7, "+36.7m"), (-3.67e7, f"{MINUS}36.7m"), (nan, "unknown")],
)
def test_signed_money(value, said):
    assert words.signed(value) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefgh"), "a, b, c, d and 4 more"),
    ],
)
def test_names_in_a_row(names, said):
    assert words.joined(names) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory -55%", f"memory {MINUS}55%"),
        ("2026-05-29", "2026-05-29"),
        ("000660-1.KS", "000660-1.KS"),
    ],
)
def test_only_a_sign_becomes_a_minus(text, said):
    assert words.minus(text) == said


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (0.0, Kind.MONEY, "0"),
        (-1.0, Kind.MONEY, f"{MINUS}0.0"),
        (-1.5e6, Kind.MONEY, f"{MINUS}1.5"),
        (0.416, Kind.PERCENT, "41.6%"),
        (nan, Kind.MONEY, "unknown"),
        (None, Kind.TEXT, ""),
        (pd.Timestamp("2026-05-29"), Kind.DATE, "2026-05-29"),
        (pd.NaT, Kind.DATE, ""),
        (12.5, Kind.DAYS, "12.5"),
        (1564.0, Kind.COUNT, "1,564"),
        (4.655, Kind.RATIO, "4.66"),
    ],
)
def test_cells(value, kind, said):
    assert cell(value, kind, MILLIONS) == said


def test_one_scale_for_all_the_money_of_a_table():
    frame = pd.DataFrame({"pnl": [-2.5e8, nan], "low": [1.0, 2.0]})
    rows = Rows(money("pnl low"), frame, 2)
    assert scale_of(rows, "USD") == MILLIONS
    assert heading(Column("pnl", Kind.MONEY), MILLIONS) == "P&L, USD m"


@given(st.floats(allow_nan=False, allow_infinity=False, width=32).filter(bool))
def test_what_is_below_zero_has_a_minus_and_nothing_else_does(value):
    for kind in (Kind.MONEY, Kind.PERCENT, Kind.RATIO, Kind.DAYS, Kind.COUNT):
        assert cell(value, kind, MILLIONS).startswith(MINUS) == (value < 0)
