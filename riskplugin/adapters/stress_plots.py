"""The waterfall of a stress: from nothing to its P&L, part by part and tier by tier."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin.adapters.path_plots import unit_of
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
# Okabe and Ito (2008), told apart by readers who do not see red and green
GAIN, LOSS, WHOLE, INK = "#0072B2", "#D55E00", "#333333", "#999999"


def save_waterfall(stress: Table, folder: Path, currency: str) -> list[Path]:
    """Write stress-SCENARIO.png per scenario of a stress by scenario and tier."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, part in stress.to_frame().groupby("scenario", sort=False):
        file = folder / f"stress-{name}.png"
        waterfall_figure(str(name), part, currency).savefig(file, dpi=110)
        files.append(file)
    return files


def waterfall_figure(name: str, stress: pd.DataFrame, currency: str) -> "Figure":
    """Return the P&L of one scenario by part, and by tier, each adding up to it.

    A bar begins where the one before it ended; a gain has no hatch, a loss has one.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - only for pictures

    by_part = stress[list(PARTS)].sum(skipna=False)
    by_tier = stress.set_index("tier")["pnl"].sort_values()
    scale, unit = unit_of(float(np.nanmax(np.abs(stress["pnl"].cumsum()))))
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.9), sharey=True)
    draw_steps(left, list(PARTS), by_part.to_numpy() / scale)
    draw_steps(right, [str(t) for t in by_tier.index], by_tier.to_numpy() / scale)
    left.set_ylabel(f"P&L, {unit}{currency}")
    left.set_title("by part", loc="left", fontsize=10)
    right.set_title("by tier, the worst first", loc="left", fontsize=10)
    total = stress["pnl"].sum() / scale
    figure.suptitle(f"{name}: {total:,.1f} {unit}{currency}", x=0.01, ha="left")
    return figure


def draw_steps(panel: "Axes", names: Sequence[str], steps: np.ndarray) -> None:
    """Draw bars that begin where the one before ended, and their sum last."""
    ends = np.cumsum(steps)
    begins = ends - steps
    for i, (begin, step) in enumerate(zip(begins, steps, strict=True)):
        lost = step < 0
        panel.bar(
            i,
            step,
            bottom=begin,
            color=LOSS if lost else GAIN,
            hatch="///" if lost else None,
            edgecolor="white",
            width=0.75,
        )
        panel.plot([i - 0.4, i + 1.4], [begin + step] * 2, color=INK, linewidth=0.6)
        panel.annotate(
            "unknown" if np.isnan(step) else f"{step:+,.1f}",
            (i, max(begin, begin + step) if not np.isnan(step) else 0),
            ha="center",
            va="bottom",
            fontsize=8,
        )
    total = float(ends[-1]) if len(ends) else 0.0
    panel.bar(len(steps), total, color=WHOLE, width=0.75)
    panel.annotate(
        f"{total:,.1f}",
        (len(steps), max(total, 0)),
        ha="center",
        va="bottom",
        fontsize=8,
    )
    panel.axhline(0, color=WHOLE, linewidth=0.7)
    labels = [n.replace("_", " ") for n in (*names, "P&L")]
    panel.set_xticks(range(len(labels)), labels, rotation=40, ha="right", fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)
