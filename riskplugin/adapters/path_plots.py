"""Pictures of how a scenario unfolds, for files."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin.results import Table
from riskplugin.scenarios.definition import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY = "#333333", "#BBBBBB"
TOTAL = "#000000"
# Okabe and Ito (2008), told apart by readers who do not see red and green
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F",
)  # fmt: skip
DASHES = ("-", "--", ":")
UNITS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
APART = 0.05  # of the height, between two names at the end of their lines


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """What is drawn of one scenario.

    Attributes
    ----------
    scenario : Scenario
        Its phases are marked.
    total, groups : Table
        Its path as `path_table` gives it, by no key and by one.
    currency : str
        Base currency.
    confidence : float
        Level of the band.
    """

    scenario: Scenario
    total: Table
    groups: Table
    currency: str
    confidence: float


def save_path(drawn: Drawn, folder: Path) -> list[Path]:
    """Write the path of one scenario into `folder`, and return the files."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, only for pictures

    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"path-{drawn.scenario.name}.png"
    path_figure(drawn).savefig(file, dpi=110)
    return [file]


def path_figure(drawn: Drawn) -> "Figure":
    """Return P&L by session: the whole desk in its band, and its groups as lines."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    whole, parts = drawn.total.to_frame(), drawn.groups.to_frame()
    scenario = drawn.scenario
    scale, unit = unit_of(whole[["pnl", "low", "high"]].abs().max().max())
    figure = Figure(figsize=(10, 7.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.15))
    draw_fan(upper, whole, scale)
    draw_groups(lower, parts, scale)
    for panel in (upper, lower):
        frame_panel(panel, scenario, f"P&L, {unit}{drawn.currency}")
    name_phases(upper, scenario)
    lower.set_xlabel("session")
    pad = 20 if scenario.phases else 6
    title = f"{scenario.name}: the whole desk and its {drawn.confidence:.0%} band"
    upper.set_title(title, loc="left", fontsize=11, pad=pad)
    key = key_of(parts)
    lower.set_title(f"by {key.replace('_', ' ')}", loc="left", fontsize=11)
    return figure


def unit_of(largest: float) -> tuple[float, str]:
    """Return by what money is divided, and what it is called then."""
    for scale, name in UNITS:
        if largest >= scale:
            return scale, f"{name} "
    return 1.0, ""


def key_of(parts: pd.DataFrame) -> str:
    """Return the column that names the groups."""
    columns = [*parts.columns]
    return str(columns[columns.index("pnl") - 1])


def draw_fan(panel: "Axes", whole: pd.DataFrame, scale: float) -> None:
    """Draw the P&L of the desk in its band, with its worst session."""
    session, pnl = whole["session"].to_numpy(), whole["pnl"].to_numpy() / scale
    low, high = (whole[end].to_numpy() / scale for end in ("low", "high"))
    panel.fill_between(session, low, high, color=COLOURS[5], alpha=0.35, linewidth=0)
    panel.plot(session, low, color=COLOURS[0], linewidth=0.6)
    panel.plot(session, high, color=COLOURS[0], linewidth=0.6)
    panel.plot(session, pnl, color=TOTAL, linewidth=1.8)
    if np.isnan(pnl).all():
        return
    worst = int(np.nanargmin(pnl))
    panel.plot(session[worst], pnl[worst], "v", color=COLOURS[1], ms=9, clip_on=False)
    text = f"worst {pnl[worst]:,.1f} at session {session[worst]}"
    panel.text(
        0.015, 0.04, text, transform=panel.transAxes, fontsize=9, color=COLOURS[1]
    )


def draw_groups(panel: "Axes", parts: pd.DataFrame, scale: float) -> None:
    """Draw the P&L of every group, each named at the end of its line."""
    ends: list[tuple[float, str, str]] = []
    last = parts["session"].max()
    for i, (name, part) in enumerate(parts.groupby(key_of(parts), sort=False)):
        pnl = part["pnl"].to_numpy() / scale
        colour = COLOURS[i % len(COLOURS)]
        style = DASHES[i // len(COLOURS) % len(DASHES)]
        panel.plot(part["session"], pnl, style, color=colour, linewidth=1.5)
        if not np.isnan(pnl).any():
            worst = int(pnl.argmin())
            if worst:
                at = part["session"].iloc[worst]
                panel.plot(at, pnl[worst], "v", color=colour, clip_on=False)
            ends.append((float(pnl[-1]), str(name), colour))
    low, high = panel.get_ylim()
    heights = spread([end for end, _, _ in sorted(ends)], APART * (high - low))
    for height, (end, name, colour) in zip(heights, sorted(ends), strict=True):
        panel.annotate(
            name,
            (1.0, end),
            xycoords=("axes fraction", "data"),
            xytext=(1.03, height),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            color=colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.5,
                "relpos": (0, 0.5),
            },
        )
    panel.set_xlim(0, last)


def spread(ends: Sequence[float], apart: float) -> list[float]:
    """Return heights for `ends`, ascending, at least so far apart and near them.

    Midway between pushing up from below and down from above.
    """
    up, down = list(ends), list(ends)
    for i in range(1, len(ends)):
        up[i] = max(up[i], up[i - 1] + apart)
        down[-1 - i] = min(down[-1 - i], down[-i] - apart)
    return [(a + b) / 2 for a, b in zip(up, down, strict=True)]


def frame_panel(panel: "Axes", scenario: Scenario, label: str) -> None:
    """Draw no P&L and where phases end."""
    panel.axhline(0, color=INK, linewidth=0.6)
    for start, _ in stretches(scenario)[1:]:
        panel.axvline(start, color=GREY, linewidth=0.8, linestyle="--")
    panel.set_ylabel(label)
    panel.spines[["top", "right"]].set_visible(False)


def name_phases(panel: "Axes", scenario: Scenario) -> None:
    """Write the name of every phase above its stretch."""
    for phase, (start, end) in zip(scenario.phases, stretches(scenario), strict=False):
        panel.annotate(
            phase.name,
            ((start + end) / 2, 1.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8,
            color=INK,
        )


def stretches(scenario: Scenario) -> list[tuple[int, int]]:
    """Return the first and last session of every phase, or of the whole."""
    lasts = [phase.sessions for phase in scenario.phases]
    lasts = lasts or [scenario.horizon_sessions]
    return list(pairwise([0, *np.cumsum(lasts).tolist()]))
