"""The cycle monitor as a picture: memory with its phases, the signals beneath."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin.bundles import Monitor
from riskplugin.pictures.look import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    VERMILION,
    YELLOW,
    bare,
    blank,
    words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = {
    "expansion": (GREEN, ""),
    "late": (YELLOW, ".."),
    "rolling_over": (ORANGE, "//"),
    "reversal": (VERMILION, "xx"),
}
SIGNALS = {
    "persistence": ("memory to its\n200-session mean", 0.0),
    "breadth": ("share of the\ntheme above", 0.5),
    "price_expectations": ("memory prices,\n63 sessions", 0.0),
    "volume_backing": ("value, rising\nover falling", 1.0),
}


def monitor_figure(found: Monitor) -> "Figure":
    """Return memory in logs with phases shaded, and the signals that are known."""
    history = found.history.to_frame()
    known = [name for name in SIGNALS if history[name].notna().any()]
    rows = 1 + len(known)
    figure = blank(11, 3.2 + 1.5 * len(known))
    ratios = [2.4, *[1.0] * len(known)]
    panels = figure.subplots(rows, 1, sharex=True, height_ratios=ratios, squeeze=False)
    top, *below = panels[:, 0]
    draw_level(top, history, found)
    for panel, name in zip(below, known, strict=True):
        said, middle = SIGNALS[name]
        panel.plot(history["date"], history[name], color=BLUE, linewidth=0.9)
        panel.axhline(middle, color=INK, linewidth=0.6)
        panel.set_ylabel(said, fontsize=8)
        bare(panel)
    return figure


def draw_level(panel: "Axes", history: pd.DataFrame, found: Monitor) -> None:
    """Draw memory, its phases shaded, its peaks and the warnings of them."""
    level = 100 * np.exp(history["memory_level"] - history["memory_level"].iloc[0])
    panel.semilogy(history["date"], level, color=INK, linewidth=1.0)
    for phase, (colour, hatch) in SHADES.items():
        panel.fill_between(
            history["date"],
            0,
            1,
            where=(history["phase"] == phase).to_numpy(),
            transform=panel.get_xaxis_transform(),
            color=colour,
            alpha=0.25,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=words(phase),
        )
    heights = pd.Series(level.to_numpy(), index=pd.DatetimeIndex(history["date"]))
    turns = found.turns.to_frame()
    for column, mark, said in (("start", "v", "peak"), ("warned", "X", "warning")):
        days = pd.DatetimeIndex(turns[column].dropna())
        panel.plot(days, heights.reindex(days), mark, color=BLUE, ms=6, label=said)
    panel.set_ylabel("memory basket, log scale")
    panel.set_title(f"Phase now: {words(found.phase)}", loc="left")
    panel.legend(ncols=6, frameon=False, fontsize=8, loc="upper left")
    bare(panel)
