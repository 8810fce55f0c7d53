"""Every shipped scenario day by day, beside one bare product of the same shape."""

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.book import grouped
from riskplugin.estimates import model_of
from riskplugin.stressing.path import path_grid
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.paths import course_by_tier, path_table
from riskplugin.tables.tabulation import runnable_scenarios
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians

BAR = 1_000.0  # milliseconds
CONFIDENCE = 0.80
KEYS = {"tier": ("tier",), "book and tier": ("book", "tier")}


def paths(size: synthetic.Size, repeats: int) -> list[Line]:
    """Time the tables by tier and by book and tier, with parts, bands and calls.

    The peer is ``netted (G, N) @ shocks (N, R)``, dense, R the sessions of all
    scenarios together.
    """
    desk = synthetic.desk(size)
    model = model_of(desk)
    scenarios = runnable_scenarios(desk, model)
    grid = shock_grid(scenarios, model, desk.universe)
    along = path_grid(grid, course_by_tier(desk, scenarios))
    shocks = np.ascontiguousarray(np.expm1(along.total).T)
    lines = []
    for name, keys in KEYS.items():
        grouping = grouped(desk.book, keys)
        netted = dense(desk, model, grouping)
        jobs = {
            "ours": lambda k=keys: path_table(desk, model, scenarios, k, CONFIDENCE),
            "peer": one_blas_thread(lambda n=netted: n @ shocks),
        }
        took = medians(in_turns(jobs, repeats))
        note = (
            f"{len(desk.book):,} positions in {len(grouping):,} groups x "
            f"{shocks.shape[1]:,} sessions of {len(scenarios)} scenarios"
        )
        lines += [
            Line(f"paths by {name}", took["ours"], "ms", bar=BAR, note=note),
            Line("  beside a bare product", took["ours"], "ms", took["peer"]),
        ]
    return lines


def dense(desk, model, grouping) -> np.ndarray:
    """Return what each group holds of each name."""
    column = {name: i for i, name in enumerate(model.instruments)}
    held = desk.book.labels["instrument"]
    place = np.array([column[n] for n in held.names])[held.codes]
    netted = np.zeros((len(grouping), len(column)))
    np.add.at(netted, (grouping.codes, place), desk.book.market_value)
    return netted
