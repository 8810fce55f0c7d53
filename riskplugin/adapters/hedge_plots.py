"""A hedge and its frontier as pictures, for files."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from riskplugin.adapters.path_plots import unit_of
from riskplugin.bundles import Hedge
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito (2008), told apart by readers who do not see red and green
BEFORE, AFTER, LIMIT, INK = "#9A9A9A", "#0072B2", "#D55E00", "#333333"


def save_hedge(found: Hedge, currency: str, folder: Path) -> Path:
    """Write hedge.png into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "hedge.png"
    hedge_figure(found, currency).savefig(file, dpi=110)
    return file


def save_frontier(found: Table, currency: str, folder: Path) -> Path:
    """Write hedge-frontier.png into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "hedge-frontier.png"
    frontier_figure(found, currency).savefig(file, dpi=110)
    return file


def hedge_figure(found: Hedge, currency: str) -> "Figure":
    """Return P&L by scenario before and after: those hedged for, then all others."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only for pictures

    own, basis = found.scenarios.to_frame(), found.basis.to_frame()
    others = basis[basis["metric"] == "stress_pnl"]
    names = [*own["scenario"], *others["scope"]]
    before = np.array([*own["pnl_before"], *others["before"]], dtype=np.float64)
    after = np.array([*own["pnl_after"], *others["after"]], dtype=np.float64)
    scale, unit = unit_of(float(np.nanmax(np.abs([*before, *after]))))
    figure = Figure(figsize=(9, 1.6 + 0.5 * len(names)), layout="constrained")
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
        limits[known], rows[known], "|", color=LIMIT, markersize=22, label="limit"
    )
    panel.axvline(0, color=INK, linewidth=0.7)
    panel.set_yticks(rows, [n.replace("_", " ") for n in names], fontsize=8)
    panel.axhline(len(own) - 0.5, color=INK, linewidth=0.7, linestyle=":")
    panel.invert_yaxis()
    panel.set_xlabel(f"P&L, {unit}{currency}; below the dotted line: not hedged for")
    panel.set_title(f"Proposed hedge: {found.outcome}", loc="left", fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=8)
    return figure


def frontier_figure(found: Table, currency: str) -> "Figure":
    """Return the cost against the worst loss that is left, steps that miss apart."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    frame = found.to_frame()
    met = (frame["outcome"] == "met").to_numpy(bool)
    loss, cost = frame["loss_after"], frame["trade_cost"]
    across, words = unit_of(float(np.nanmax(np.abs(loss))))
    up, unit = unit_of(float(np.nanmax(np.abs(cost))))
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
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
    panel.set_xlabel(f"worst loss left, {words}{currency}")
    panel.set_ylabel(f"cost, {unit}{currency}")
    panel.set_title("What a smaller loss costs", loc="left", fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
    return figure
