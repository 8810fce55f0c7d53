"""The waterfall of a stress: from nothing to its P&L, by part and by group."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin._typing import Vector
from riskplugin.pictures.look import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    bare,
    blank,
    groups_of,
    keys_before,
    signed,
    unit_of,
    words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
COLUMNS = 3


def stress_figure(stress: pd.DataFrame, currency: str) -> "Figure":
    """Return the waterfall of one scenario, or of each by its parts."""
    frame = pd.DataFrame(stress)
    names = list(dict.fromkeys(frame["scenario"]))
    if len(names) == 1:
        return waterfall_figure(str(names[0]), frame, currency)
    return scenarios_figure(frame, currency)


def waterfall_figure(name: str, stress: pd.DataFrame, currency: str) -> "Figure":
    """Return the P&L of one scenario by part, and by group, each adding up to it.

    A bar begins where the one before it ended; a gain has no hatch, a loss has one.
    The whole desk has no groups, and its parts alone are drawn.
    """
    keys = [key for key in keys_before(stress, "pnl") if key != "scenario"]
    by_part = stress[list(PARTS)].sum(skipna=False)
    by_group = stress["pnl"].set_axis(groups_of(stress, keys)).sort_values()
    scale, unit = unit_of(largest(by_part.to_numpy(), by_group.to_numpy()))
    figure = blank(11 if keys else 6, 5.2)
    ratios = (1, 1.9) if keys else (1,)
    panels = figure.subplots(
        1, len(ratios), width_ratios=ratios, sharey=True, squeeze=False
    ).ravel()
    draw_steps(panels[0], list(PARTS), by_part.to_numpy() / scale)
    panels[0].set_ylabel(f"P&L, {unit}{currency}")
    panels[0].set_title("by part", loc="left", fontsize=10)
    if keys:
        draw_steps(panels[1], list(by_group.index), by_group.to_numpy() / scale)
        said = ", ".join(words(key) for key in keys)
        panels[1].set_title(f"by {said}, the worst first", loc="left", fontsize=10)
    total = signed(stress["pnl"].sum(skipna=False) / scale, ",.1f")
    figure.suptitle(f"{name}: {total} {unit}{currency}", x=0.01, ha="left")
    return figure


def scenarios_figure(stress: pd.DataFrame, currency: str) -> "Figure":
    """Return the parts of every scenario, a panel each, on one scale."""
    scenarios = stress.groupby("scenario", sort=False)
    parts = {name: rows[list(PARTS)].sum(skipna=False) for name, rows in scenarios}
    scale, unit = unit_of(largest(*(part.to_numpy() for part in parts.values())))
    columns = min(COLUMNS, len(parts))
    rows = -(-len(parts) // columns)
    figure = blank(3.8 * columns, 2.6 * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel, (name, row) in zip(panels.ravel(), parts.items(), strict=False):
        draw_steps(panel, list(PARTS), row.to_numpy() / scale)
        panel.set_title(str(name), loc="left", fontsize=9)
    for panel in panels.ravel()[len(parts) :]:
        panel.set_visible(False)
    figure.suptitle(f"Stress P&L by part, {unit}{currency}", x=0.01, ha="left")
    return figure


def largest(*steps: Vector) -> float:
    """Return the largest height that bars reach; 0 if none is known."""
    heights = np.abs(np.concatenate([np.cumsum(part) for part in steps]))
    return float(np.max(heights[~np.isnan(heights)], initial=0.0))


def draw_steps(panel: "Axes", names: Sequence[str], steps: Vector) -> None:
    """Draw bars that begin where the one before ended, and their sum last."""
    ends = np.cumsum(steps)
    begins = ends - steps
    for i, (begin, step) in enumerate(zip(begins, steps, strict=True)):
        lost = step < 0
        panel.bar(
            i,
            step,
            bottom=begin,
            color=VERMILION if lost else BLUE,
            hatch="///" if lost else None,
            edgecolor="white",
            width=0.75,
        )
        panel.plot([i - 0.4, i + 1.4], [begin + step] * 2, color=GREY, linewidth=0.6)
        write(panel, i, step, "+z,.1f", begin + step)
    total = float(ends[-1]) if len(ends) else 0.0
    panel.bar(len(steps), total, color=INK, width=0.75)
    write(panel, len(steps), total, "z,.1f", total)
    panel.axhline(0, color=INK, linewidth=0.7)
    panel.use_sticky_edges = False
    panel.margins(y=0.12)
    labels = [words(n) for n in (*names, "P&L")]
    panel.set_xticks(range(len(labels)), labels, rotation=40, ha="right", fontsize=8)
    bare(panel)


def write(panel: "Axes", place: int, value: float, form: str, end: float) -> None:
    """Write a figure beyond the end of its bar: above a gain, below a loss."""
    known = not np.isnan(value) and not np.isnan(end)
    lost = value < 0
    panel.annotate(
        signed(value, form) if not np.isnan(value) else "unknown",
        (place, end if known else 0),
        textcoords="offset points",
        xytext=(0, -2 if lost else 2),
        ha="center",
        va="top" if lost else "bottom",
        fontsize=8,
    )
