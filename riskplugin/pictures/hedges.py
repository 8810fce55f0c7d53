"""A hedge and its frontier as pictures."""

from typing import TYPE_CHECKING

import numpy as np

from riskplugin.bundles import Hedge
from riskplugin.pictures.look import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    bare,
    blank,
    unit_of,
    words,
)
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEFORE, AFTER, LIMIT = GREY, BLUE, VERMILION


def hedge_figure(found: Hedge, currency: str) -> "Figure":
    """Return P&L by scenario before and after: those hedged for, then all others."""
    own, basis = found.scenarios.to_frame(), found.basis.to_frame()
    others = basis[basis["metric"] == "stress_pnl"]
    names = [*own["scenario"], *others["scope"]]
    before = np.array([*own["pnl_before"], *others["before"]], dtype=np.float64)
    after = np.array([*own["pnl_after"], *others["after"]], dtype=np.float64)
    scale, unit = unit_of(float(np.nanmax(np.abs([*before, *after]))))
    figure = blank(9, 1.6 + 0.5 * len(names))
    panel = figure.subplots()
    rows = np.arange(len(names))
    panel.barh(rows - 0.2, before / scale, 0.38, color=BEFORE, label="as it is")
    panel.barh(
        rows + 0.2,
        after / scale,
        0.38,
        color=AFTER,
        hatch="//",
        label="with the trades",
    )
    limits = -own["max_loss"].to_numpy(np.float64) / scale
    known = np.flatnonzero(~np.isnan(limits))
    panel.plot(
        limits[known],
        rows[known],
        "|",
        color=LIMIT,
        markersize=20,
        mew=2.5,
        label="limit",
    )
    panel.axvline(0, color=INK, linewidth=0.7)
    panel.set_yticks(rows, [words(n) for n in names], fontsize=8)
    panel.axhline(len(own) - 0.5, color=INK, linewidth=0.7, linestyle=":")
    panel.invert_yaxis()
    panel.set_xlabel(f"P&L, {unit}{currency}; below the dotted line: not hedged for")
    panel.set_title(f"Proposed hedge: {found.outcome}", loc="left", fontsize=10)
    bare(panel)
    panel.legend(frameon=False, fontsize=8, markerscale=0.5)
    return figure


def frontier_figure(found: Table, currency: str) -> "Figure":
    """Return the cost against the worst loss that is left, steps that miss apart."""
    frame = found.to_frame()
    met = (frame["outcome"] == "met").to_numpy(bool)
    loss, cost = frame["loss_after"], frame["trade_cost"]
    across, wide = unit_of(float(np.nanmax(np.abs(loss))))
    up, unit = unit_of(float(np.nanmax(np.abs(cost))))
    figure = blank(7.5, 4.6)
    panel = figure.subplots()
    panel.plot(
        loss[met] / across, cost[met] / up, "o-", color=AFTER, markersize=4, label="met"
    )
    if not met.all():
        panel.plot(
            loss[~met] / across,
            cost[~met] / up,
            "X",
            color=LIMIT,
            label="nearest; the limit is missed",
        )
        panel.legend(frameon=False, fontsize=8)
    panel.set_xlabel(f"worst loss left, {wide}{currency}")
    panel.set_ylabel(f"cost, {unit}{currency}")
    panel.set_title("What a smaller loss costs", loc="left", fontsize=10)
    bare(panel)
    return figure
