"""Two hundred limits of all kinds, beside one stress table by book and instrument."""

from functools import partial

import pandas as pd

import riskplugin as rp
from riskplugin.estimates import model_of, sample_of
from riskplugin.tables.limits import limit_table
from riskplugin.tables.tabulation import runnable_scenarios, stress_table
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians

BAR = 1_000.0  # milliseconds
CONFIDENCE = 0.80
COLUMNS = ["metric", "scope", "unit", "scenario"]
EACH = (
    ("gross", "base", ""),
    ("memory_beta_exposure", "base", ""),
    ("largest", "ratio", ""),
    ("stress_loss", "base", "worst"),
    ("stress_low_loss", "base", "inventory_build"),
    ("CVaR", "base", ""),
    ("VaR alpha=0.01", "base", ""),
)
LEVELS = {"base": (1e12, 2e12), "ratio": (0.98, 0.99)}


def limiting(size: synthetic.Size, repeats: int) -> list[Line]:
    """Time all limits of a desk with its drivers in words, the model being there.

    The peer is one table that the drivers of the stress limits need.
    """
    desk = limited(size)
    model = model_of(desk)
    scenarios = runnable_scenarios(desk, model)
    keys = ("scenario", "book", "instrument")
    jobs = {
        "ours": lambda: limit_table(desk, model, partial(sample_of, desk)),
        "peer": lambda: stress_table(desk, model, scenarios, keys, CONFIDENCE),
    }
    took = medians(in_turns(jobs, repeats))
    count = len(desk.tables["limits"])
    note = f"{count} limits, {len(desk.book):,} positions, {len(scenarios)} scenarios"
    return [
        Line("limits", took["ours"], "ms", bar=BAR, note=note),
        Line("  beside one stress table", took["ours"], "ms", took["peer"]),
    ]


def limited(size: synthetic.Size):
    """Return the desk with each kind of limit on its total, tiers and books."""
    tables = synthetic.tables(size)
    books = tables["positions"]["book"].unique()
    tiers = list(synthetic.names_by_tier(size))
    scopes = ["total", *(f"tier:{t}" for t in tiers), *(f"book:{b}" for b in books)]
    rows = [(m, scope, unit, s) for scope in scopes for m, unit, s in EACH]
    limits = pd.DataFrame(rows, columns=COLUMNS).assign(direction="max")
    limits["soft"] = [LEVELS[unit][0] for unit in limits["unit"]]
    limits["hard"] = [LEVELS[unit][1] for unit in limits["unit"]]
    settings = {"base_currency": "USD"}
    return rp.desk_from_tables(**tables, limits=limits, settings=settings)
