"""The first page says what a risk manager would, of tables made by hand."""

from dataclasses import replace
from math import nan

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.reporting.first_page import first_page
from riskplugin.reporting.passages import Tone
from riskplugin.results import table
from tests.adapters.nights import closes, rates

MINUS = "\N{MINUS SIGN}"
LIMIT = {
    "metric": "gross",
    "scope": "total",
    "scenario": "",
    "value": 143.1e6,
    "unit": "base",
    "soft": 110e6,
    "hard": 120e6,
    "headroom": -23.1e6,
    "status": "BREACH",
    "waived": False,
    "reason": "mandate",
}


def run(quantity=100.0, **more):
    held = pd.DataFrame(
        {
            "book": ["semis", "semis", "tokens"],
            "instrument": ["MU", "NVDA", "BTC"],
            "quantity": [quantity, -50.0, 20.0],
        }
    )
    return rp.run(
        rp.desk_from_tables(positions=held, prices=closes(), fx=rates(), **more)
    )


@pytest.fixture(scope="module")
def report():
    return run()


def with_table(report, name, rows):
    columns = {k: [row[k] for row in rows] for k in rows[0]}
    made = table(name, np.datetime64(report.as_of, "D"), columns)
    return replace(report, tables={**report.tables, name: made})


def passages(page):
    return {p.key: p for p in page.passages}


def test_unknown_stands_first(report):
    page = first_page(report)
    assert page.passages[0].key == "unknown"
    said = " ".join(page.passages[0].points)
    assert "No limits were checked, so the lack of a breach says nothing." in said
    assert "NAV" in said


def test_lead_tells_the_worst_of_the_run(report):
    frame = report.tables["stress_total"].to_frame()
    worst = frame.loc[frame["pnl"].idxmin()]
    page = first_page(report)
    assert f"{worst['scenario']}: the desk loses USD" in page.lead
    assert passages(page)["worst"].rows.frame["pnl"][0] == worst["pnl"]


@pytest.mark.parametrize(
    ("changes", "tone", "said"),
    [
        (
            {},
            Tone.BREACH,
            "1 hard limit is broken: gross USD 143.1m against USD 120.0m.",
        ),
        (
            {"unit": "nav", "value": 1.7, "hard": 1.6, "scope": "book:semis"},
            Tone.BREACH,
            "1 hard limit is broken: gross of book semis 170.0% of NAV against 160.0% "
            "of NAV.",
        ),
        (
            {"status": "WARN"},
            Tone.WARNING,
            "1 soft limit is broken: gross USD 143.1m against USD 110.0m.",
        ),
        (
            {"waived": True, "reason": "waiver until 2026-06-05; agreed"},
            Tone.QUIET,
            "Broken and waived: gross (waiver until 2026-06-05; agreed).",
        ),
        ({"status": "UNKNOWN", "value": nan}, Tone.UNKNOWN, "0 of 1 limit hold."),
        ({"status": "OK", "value": 1e6}, Tone.QUIET, "All limits hold, 1 of 1."),
    ],
)
def test_limits(report, changes, tone, said):
    found = first_page(with_table(report, "limits", [{**LIMIT, **changes}]))
    limits = passages(found)["breaches"]
    assert (limits.tone, limits.points[0]) == (tone, said)


def test_limit_that_cannot_be_told_is_not_within(report):
    row = {**LIMIT, "status": "UNKNOWN", "value": nan, "scope": "tier:memory"}
    page = first_page(with_table(report, "limits", [row]))
    assert "No limit is known to be broken, and some could not be told." in page.lead
    assert page.passages[0].points[0] == (
        "1 limit could not be told: gross of tier memory. Unknown is not within."
    )


def test_what_changed_and_why(report):
    before = run(60.0)
    page = first_page(report, before, rp.explain(before, report))
    rows = passages(page)["changes"].rows.frame.set_index("figure")
    gross = report.exposures["gross"].sum() - before.exposures["gross"].sum()
    assert rows.loc["gross", "change"] == pytest.approx(gross, rel=1e-12)
    assert gross > 0
    assert rows.loc["gross", "due_to"].startswith("changed positions +")
    assert "(MU most)" in rows.loc["gross", "due_to"]


def test_opened_and_closed_holdings_are_named(report):
    held = pd.DataFrame({"book": ["semis"], "instrument": ["MU"], "quantity": [9.0]})
    less = rp.run(rp.desk_from_tables(positions=held, prices=closes(), fx=rates()))
    opened = passages(first_page(report, less))["changes"].points
    assert "2 holdings opened: NVDA in semis and BTC in tokens." in opened
    closed = passages(first_page(less, report))["changes"].points
    assert "2 holdings closed: NVDA in semis and BTC in tokens." in closed


def test_runs_in_different_money_are_not_compared(report):
    other = replace(report, base_currency="EUR")
    said = passages(first_page(report, other))["changes"]
    assert said.tone is Tone.UNKNOWN
    assert "is in EUR: nothing to compare with." in said.points[0]
