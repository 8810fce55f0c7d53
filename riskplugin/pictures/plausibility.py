"""The picture of plausibility: a scenario's moves beside the windows of history."""

from typing import TYPE_CHECKING

import numpy as np

from riskplugin.pictures.look import BLUE, VERMILION, bare, blank, signed
from riskplugin.results import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
BINS = 24
TICKS = (-0.9, -0.75, -0.5, -0.25, 0.0, 0.5, 1.0, 3.0, 9.0)


def plausibility_figure(history: Table, judged: Table) -> "Figure":
    """Return each scenario's core against the windows of its drivers' history.

    Parameters
    ----------
    history : Table
        Of `core_history`: every scenario's drivers over windows of its horizon without
        overlap, and the move that the scenario names.
    judged : Table
        Of `plausibility`, of the same scenarios.
    """
    frame = history.to_frame()
    panels_of = list(frame.groupby(["scenario", "driver"], sort=False))
    words = judged.to_frame().set_index("scenario")
    rows, columns = -(-len(panels_of) // COLUMNS), min(COLUMNS, len(panels_of))
    figure = blank(max(3.4 * columns + 0.6, 8.5), 2.3 * rows + 0.9)
    panels = figure.subplots(max(rows, 1), max(columns, 1), squeeze=False).ravel()
    for panel, (key, part) in zip(panels, panels_of, strict=False):
        scenario, driver = map(str, key)
        counts = str(words["alone"].to_dict()[scenario]).split(", ")
        named = {item.partition(" ")[0]: item.partition(" ")[2] for item in counts}
        draw_history(panel, part, named.get(driver, ""))
        panel.set_title(f"{scenario}: {driver}", fontsize=8, loc="left")
    for panel in panels[len(panels_of) :]:
        panel.set_visible(False)
    figure.supxlabel("move over the scenario's horizon, %", fontsize=9)
    figure.suptitle(
        "Windows of each driver's history without overlap, counted back from the last "
        "day (blue); the scenario's move (orange)\nas bad: the most windows that can "
        "be chosen, wherever they start, of how many fit in",
        fontsize=10,
    )
    return figure


def draw_history(panel: "Axes", part: "pd.DataFrame", counted: str) -> None:
    """Draw a histogram of the windows over a strip of them, and the scenario's move.

    In logs, so that a halving and a doubling are as far from rest.
    """
    moves = np.log1p(part["move"].to_numpy())
    named = float(np.log1p(part["named_move"].iloc[0]))
    low = min(float(moves.min(initial=named)), named)
    high = max(float(moves.max(initial=named)), named)
    pad = 0.04 * max(high - low, 0.1)
    bins = np.linspace(low - pad, high + pad, BINS + 1)
    heights, _, _ = panel.hist(moves, bins=bins.tolist(), color=BLUE, alpha=0.55)
    top = max(float(np.max(heights)), 1.0)
    panel.plot(moves, np.full(len(moves), -0.08 * top), "|", color=BLUE, markersize=7)
    panel.axvline(named, color=VERMILION, linewidth=1.6)
    left = named < (low + high) / 2
    panel.annotate(
        signed(np.expm1(named), "+.0%") + (f"; as bad: {counted}" if counted else ""),
        (named, 1.36 * top),
        textcoords="offset points",
        xytext=(4 if left else -4, -2),
        ha="left" if left else "right",
        va="top",
        fontsize=7.5,
        color=VERMILION,
    )
    ticks = [t for t in TICKS if low - pad <= np.log1p(t) <= high + pad]
    panel.set_xticks(
        np.log1p(ticks).tolist(), [signed(t * 100, "+.0f") if t else "0" for t in ticks]
    )
    panel.set_yticks(sorted({0, int(top) // 2, int(top)}))
    panel.set_ylim(-0.18 * top, 1.4 * top)
    panel.tick_params(labelsize=7)
    bare(panel)
