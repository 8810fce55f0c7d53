"""Stress to book x tier, beside one bare product of the same shape."""

from unittest.mock import patch

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.book import grouped
from riskplugin.estimates import model_of
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians, peak_mebibytes

BAR, MEMORY_BAR = 3.0, 2048.0
CONFIDENCE, UNWIND_SHARE = 0.80, 0.0


def stress(size: synthetic.Size, repeats: int) -> list[Line]:
    """Compare the engine with ``netted (G, N) @ shocks (N, S)``, dense.

    Both on one core, and both on all. The engine runs as it does in `rp.stress`: every
    thread of its own has one BLAS thread.
    """
    desk = synthetic.desk(size)
    model = model_of(desk)
    grid = shock_grid(synthetic.scenarios(size), model, desk.universe)
    grouping = grouped(desk.book, ("book", "tier"))
    column = {name: i for i, name in enumerate(model.instruments)}
    held = desk.book.labels["instrument"]
    place = np.array([column[n] for n in held.names])[held.codes]
    netted = np.zeros((len(grouping), len(column)))
    np.add.at(netted, (grouping.codes, place), desk.book.market_value)
    shocks = np.ascontiguousarray(np.expm1(grid.total).T)

    def engine() -> object:
        return stress_groups(desk.book, grouping, grid, CONFIDENCE, UNWIND_SHARE)

    def product() -> object:
        return netted @ shocks

    def engine_on_one_core() -> object:
        with patch("os.cpu_count", return_value=1):
            return engine()

    jobs = {
        "product on one core": one_blas_thread(product),
        "on one core": one_blas_thread(engine_on_one_core),
        "product": product,
        "on all cores": one_blas_thread(engine),
    }
    took = medians(in_turns(jobs, repeats))
    peak = peak_mebibytes()
    shape = (
        f"{size.positions:,} positions in {len(grouping):,} groups x "
        f"{len(column)} instruments x {size.scenarios:,} scenarios"
    )
    one, product_on_one = took["on one core"], took["product on one core"]
    lines = [
        Line("stress / product, one core", one, "ms", product_on_one, BAR, shape),
        Line(
            "stress / product, all cores",
            took["on all cores"],
            "ms",
            took["product"],
            BAR,
        ),
    ]
    if peak is not None:
        lines.append(
            Line("stress, peak memory", peak, "MiB", bar=MEMORY_BAR, note="process")
        )
    return lines
