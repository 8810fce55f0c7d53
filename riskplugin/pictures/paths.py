"""Pictures of how scenarios unfold: the whole desk in its band, its groups as lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin.pictures.look import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PINK,
    SKY,
    VERMILION,
    bare,
    blank,
    groups_of,
    signed,
    unit_of,
    words,
)
from riskplugin.results import Table
from riskplugin.scenarios.definition import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOTAL = "#000000"
COLOURS = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, "#7F7F7F")
DASHES = ("-", "--", ":")
APART = 0.05  # of the height, between two names at the end of their lines


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """What is drawn of one scenario.

    Attributes
    ----------
    scenario : Scenario
        Its phases are marked.
    total, groups : Table, DataFrame or None
        Its path as `path_table` gives it, by no key and by some; what is None is not
        drawn.
    currency : str
        Of the money.
    confidence : float
        Level of the band.
    """

    scenario: Scenario
    total: Table | pd.DataFrame | None
    groups: Table | pd.DataFrame | None
    currency: str
    confidence: float


def paths_figure(several: Sequence[Drawn]) -> "Figure":
    """Return P&L by session of one scenario, or of several in rows.

    The whole desk in its band and the groups as lines: above each other for one
    scenario, side by side for several. All have the same of the two.
    """
    shown = [
        (drawn, part, draw)
        for drawn in several
        for part, draw in ((drawn.total, draw_total), (drawn.groups, draw_parts))
        if part is not None
    ]
    alone = len(several) == 1
    columns = 1 if alone else len(shown) // len(several)
    rows = len(shown) // columns
    figure = blank(10 if columns == 1 else 15, 0.2 + 3.6 * rows)
    panels = figure.subplots(rows, columns, sharex=alone, squeeze=False).ravel()
    largest = [float(part["pnl"].abs().max()) for _, part, _ in shown]
    scale, unit = unit_of(max(largest))
    for place, (panel, (drawn, part, draw)) in enumerate(
        zip(panels, shown, strict=True)
    ):
        draw(panel, drawn, part.reset_index(drop=True), scale)
        frame_panel(panel, drawn.scenario, f"P&L, {unit}{drawn.currency}")
        if not place or not alone:
            name_phases(panel, drawn.scenario)
    for panel in panels[-columns:]:
        panel.set_xlabel("session")
    return figure


def path_figure(drawn: Drawn) -> "Figure":
    """Return P&L by session of one scenario."""
    return paths_figure((drawn,))


def draw_total(panel: "Axes", drawn: Drawn, whole: pd.DataFrame, scale: float) -> None:
    """Draw the whole desk, under its title."""
    draw_fan(panel, whole, scale)
    title = f"{drawn.scenario.name}: the whole desk and its {drawn.confidence:.0%} band"
    entitle(panel, drawn.scenario, title)


def draw_parts(panel: "Axes", drawn: Drawn, parts: pd.DataFrame, scale: float) -> None:
    """Draw the groups, under their title."""
    draw_groups(panel, parts, scale)
    by = f"by {', '.join(words(key) for key in keys_of(parts))}"
    entitle(panel, drawn.scenario, f"{drawn.scenario.name}: {by}")


def entitle(panel: "Axes", scenario: Scenario, title: str) -> None:
    """Write the title, above the names of phases if there are any."""
    pad = 20 if scenario.phases else 6
    panel.set_title(title, loc="left", fontsize=11, pad=pad)


def keys_of(parts: pd.DataFrame) -> list[str]:
    """Return the columns that name the groups; none for the whole desk."""
    columns = [str(c) for c in parts.columns]
    before = columns[: columns.index("pnl")]
    return [c for c in before if c not in ("scenario", "session")]


def draw_fan(panel: "Axes", whole: pd.DataFrame, scale: float) -> None:
    """Draw the P&L of the desk in its band, with its worst session."""
    session, pnl = whole["session"].to_numpy(), whole["pnl"].to_numpy() / scale
    low, high = (whole[end].to_numpy() / scale for end in ("low", "high"))
    panel.fill_between(session, low, high, color=SKY, alpha=0.35, linewidth=0)
    panel.plot(session, low, color=BLUE, linewidth=0.6)
    panel.plot(session, high, color=BLUE, linewidth=0.6)
    panel.plot(session, pnl, color=TOTAL, linewidth=1.8)
    panel.set_xlim(0, session.max())
    if np.isnan(pnl).all():
        return
    worst = int(np.nanargmin(pnl))
    panel.plot(session[worst], pnl[worst], "v", color=VERMILION, ms=9, clip_on=False)
    text = f"worst {signed(pnl[worst], ',.1f')} at session {session[worst]}"
    panel.text(
        0.015, 0.04, text, transform=panel.transAxes, fontsize=9, color=VERMILION
    )


def draw_groups(panel: "Axes", parts: pd.DataFrame, scale: float) -> None:
    """Draw the P&L of every group, each named at the end of its line."""
    ends: list[tuple[float, str, str]] = []
    last = parts["session"].max()
    group = groups_of(parts, keys_of(parts))
    for i, (name, part) in enumerate(parts.groupby(group, sort=False)):
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
    for height, (end, group_name, colour) in zip(heights, sorted(ends), strict=True):
        panel.annotate(
            group_name,
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
                "color": PALE,
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
        panel.axvline(start, color=PALE, linewidth=0.8, linestyle="--")
    panel.set_ylabel(label)
    bare(panel)


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
