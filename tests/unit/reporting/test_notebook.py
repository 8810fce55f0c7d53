"""Results in a notebook."""

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.results import table
from tests.adapters.nights import closes

DATE = np.datetime64("2026-05-29", "D")


def test_table_has_units_signs_definitions_and_escapes():
    found = table(
        "stress",
        DATE,
        {"scenario": ["<b>x</b>", "y"], "pnl": [-179.0e6, np.nan], "high": [2e6, 0.0]},
    )
    said = found._repr_html_()
    assert "stress, 2026-05-29" in said
    assert '<td class="loss">\N{MINUS SIGN}179.0</td>' in said
    assert '<td class="unknown">unknown</td>' in said
    assert "P&amp;L, base m" in said
    assert 'title="Profit (&gt; 0) or loss' in said
    assert "&lt;b&gt;x" in said
    assert "<b>x" not in said


def test_long_table_says_how_long():
    found = table("shocks", DATE, {"instrument": [f"N{i}" for i in range(75)]})
    said = found._repr_html_()
    assert "The first 60 of 75 rows." in said
    assert "N59<" in said
    assert "N60" not in said


def test_first_page_of_a_run():
    held = pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1.0]})
    report = rp.run(rp.desk_from_tables(positions=held, prices=closes()))
    said = report._repr_html_()
    assert "What is not known" in said
    assert str(report.as_of) in said
    assert report.run_id in said
