"""Pictures of reverse stress and of plausibility."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from riskplugin.results import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), told apart by readers who do not see red and green
LINE, LIMIT, INK = "#0072B2", "#D55E00", "#333333"
COLUMNS = 3
BINS = 24
WIDEST = 1.0  # simple rise at which a curve ends, unless a found move lies further
TICKS = (-0.9, -0.75, -0.5, -0.25, 0.0, 0.5, 1.0, 3.0, 9.0)
UNITS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


def reverse_figure(curve: Table, found: Table, currency: str) -> "Figure":
    """Return the P&L against the move of the driver, a panel a group.

    Parameters
    ----------
    curve : Table
        Of `reverse_curve`; its band is shaded.
    found : Table
        Of `reverse_stress` for the same driver and groups: its losses are the limit
        lines, its moves the dots.
    currency : str
        Of the money.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - only for pictures

    keys = [*found.columns[: list(found.columns).index("driver")]]
    groups = found[keys].drop_duplicates().to_numpy().tolist() if keys else [[]]
    rows, columns = -(-len(groups) // COLUMNS), min(COLUMNS, len(groups))
    size = (3.4 * columns + 1.6, 2.9 * rows + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, group in zip(panels, groups, strict=False):
        part, dots = only(curve, keys, group), only(found, keys, group)
        draw_curve(panel, part, dots, currency)
        panel.set_title(", ".join(map(str, group)), fontsize=9, loc="left")
    for panel in panels[len(groups) :]:
        panel.set_visible(False)
    driver = curve["driver"].iloc[0]
    figure.supxlabel(f"move of {driver}, %", fontsize=9)
    title = (
        f"P&L against the move of {driver}, with its band",
        "orange: the loss asked for, and the moves that make it",
    )
    figure.suptitle(("; " if columns > 1 else "\n").join(title), fontsize=10)
    return figure


def save_reverse(curve: Table, found: Table, currency: str, folder: Path) -> Path:
    """Write reverse-DRIVER.png into `folder`."""
    name = f"reverse-{curve['driver'].iloc[0]}.png"
    return saved(reverse_figure(curve, found, currency), folder, name)


def save_plausibility(history: Table, judged: Table, folder: Path) -> Path:
    """Write plausibility.png into `folder`."""
    return saved(plausibility_figure(history, judged), folder, "plausibility.png")


def saved(figure: "Figure", folder: Path, name: str) -> Path:
    """Write a picture and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / name, dpi=110)
    return folder / name


def only(table: Table, keys: Sequence[str], group: Sequence[object]) -> "pd.DataFrame":
    """Return the rows of one group."""
    frame = table.to_frame()
    for key, label in zip(keys, group, strict=True):
        frame = frame[frame[key] == label]
    return frame


def draw_curve(
    panel: "Axes", curve: "pd.DataFrame", found: "pd.DataFrame", currency: str
) -> None:
    """Draw the curve of one group with its limit line and the moves found."""
    dots = found[found["answer"] > 0]
    end = max(WIDEST, 1.2 * dots["move"].max()) if len(dots) else WIDEST
    shown = curve[curve["move"] <= end]
    largest = max(float(shown["pnl"].abs().max()), float(found["loss"].iloc[0]))
    unit, name = next(((u, n) for u, n in UNITS if largest >= u), (1.0, ""))
    across = shown["move"] * 100
    panel.fill_between(
        across, shown["low"] / unit, shown["high"] / unit, color=LINE, alpha=0.15, lw=0
    )
    panel.plot(across, shown["pnl"] / unit, color=LINE, linewidth=1.6)
    panel.axhline(-found["loss"].iloc[0] / unit, color=LIMIT, linewidth=1, ls="--")
    panel.axhline(0, color=INK, linewidth=0.5)
    panel.axvline(0, color=INK, linewidth=0.5)
    for move, pnl in zip(dots["move"], dots["pnl"], strict=True):
        panel.plot(move * 100, pnl / unit, "o", color=LIMIT, markersize=6, zorder=3)
        panel.annotate(
            f"{move:+.1%}",
            (move * 100, pnl / unit),
            textcoords="offset points",
            xytext=(6, -14) if move < 0 else (-6, -14),
            ha="left" if move < 0 else "right",
            fontsize=8,
            color=LIMIT,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
    if not len(dots):
        panel.text(
            0.97,
            0.03,
            "no move does",
            transform=panel.transAxes,
            ha="right",
            fontsize=8,
        )
    bottom = min(float(shown["low"].min()), -float(found["loss"].iloc[0]))
    top = min(float(shown["high"].max()), 1.5 * float(shown["pnl"].abs().max()))
    panel.set_ylim(1.1 * bottom / unit, 1.1 * max(top, largest * 0.2) / unit)
    panel.set_ylabel(f"{currency} {name}".strip(), fontsize=8)
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)


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
    from matplotlib.figure import Figure  # noqa: PLC0415

    frame = history.to_frame()
    panels_of = list(frame.groupby(["scenario", "driver"], sort=False))
    words = judged.to_frame().set_index("scenario")
    rows, columns = -(-len(panels_of) // COLUMNS), min(COLUMNS, len(panels_of))
    size = (3.4 * columns + 0.6, 2.3 * rows + 0.9)
    figure = Figure(figsize=size, layout="constrained")
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
    heights, _, _ = panel.hist(moves, bins=bins.tolist(), color=LINE, alpha=0.55)
    top = max(float(np.max(heights)), 1.0)
    panel.plot(moves, np.full(len(moves), -0.08 * top), "|", color=LINE, markersize=7)
    panel.axvline(named, color=LIMIT, linewidth=1.6)
    left = named < (low + high) / 2
    panel.annotate(
        f"{np.expm1(named):+.0%}" + (f"; as bad: {counted}" if counted else ""),
        (named, 1.36 * top),
        textcoords="offset points",
        xytext=(4 if left else -4, -2),
        ha="left" if left else "right",
        va="top",
        fontsize=7.5,
        color=LIMIT,
    )
    ticks = [t for t in TICKS if low - pad <= np.log1p(t) <= high + pad]
    panel.set_xticks(
        np.log1p(ticks).tolist(), [f"{t * 100:+.0f}" if t else "0" for t in ticks]
    )
    panel.set_yticks(sorted({0, int(top) // 2, int(top)}))
    panel.set_ylim(-0.18 * top, 1.4 * top)
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
