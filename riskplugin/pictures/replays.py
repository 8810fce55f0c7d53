"""Pictures of replays: session by session, and group by group."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin._typing import Vector
from riskplugin.pictures.look import (
    BLUE,
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
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
NARROWEST = 7.5  # inches that the title needs
LIGHT = "#9BC9E8"
COVERED = {
    "covered_own": "own closes",
    "covered_loadings": "loadings",
    "covered_table": "table",
    "uncovered": "unknown",
}


def episodes_figure(path: Table, replays: Table | None, currency: str) -> "Figure":
    """Return small multiples: the P&L of each episode by session, a panel each.

    Above each panel how much of the gross is covered, and by what, where `replays`,
    of the same episodes, say so.
    """
    frame = path.to_frame()
    pnl = frame.groupby(["episode", "session"], sort=False)["pnl"].sum(min_count=1)
    covered = {} if replays is None else coverage(replays.to_frame())
    episodes = list(dict.fromkeys(frame["episode"]))
    scale, unit = unit_of(float(pnl.abs().max()))
    columns = min(COLUMNS, len(episodes))
    rows = -(-len(episodes) // columns)
    figure = blank(max(3.1 * columns + 1, NARROWEST), 2.9 * rows + 0.7)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for panel, name in zip(panels, episodes, strict=False):
        draw_path(panel, pnl.loc[name].to_numpy() / scale)
        said = f"\n{covered[name]}" if name in covered else ""
        panel.set_title(f"{titled(str(name))}{said}", fontsize=8)
    for panel in panels[len(episodes) :]:
        panel.set_visible(False)
    figure.suptitle(
        f"What past episodes would do to the book of {path.as_of}\nP&L by session, "
        f"{unit}{currency}; straight in logs where only a table knows",
        fontsize=10,
    )
    return figure


def coverage(frame: pd.DataFrame) -> dict[str, str]:
    """Return what covers each episode, in words."""
    money = frame.groupby("episode", sort=False)[list(COVERED)].sum()
    return {str(name): in_words(dict(row)) for name, row in money.iterrows()}


def draw_path(panel: "Axes", pnl: Vector) -> None:
    """Draw one path, its worst point and its end."""
    panel.axhline(0, color=INK, linewidth=0.5)
    panel.tick_params(labelsize=7)
    bare(panel)
    if np.isnan(pnl).all():
        panel.text(0.5, 0.5, "nothing known", transform=panel.transAxes, ha="center")
        return
    panel.plot(pnl, color=BLUE, linewidth=1.2)
    worst = int(np.nanargmin(pnl))
    panel.plot(worst, pnl[worst], "o", color=VERMILION, markersize=3.5)
    low, end = signed(pnl[worst], ",.0f"), signed(pnl[-1], ",.0f")
    panel.set_xlabel(f"worst {low} on {worst}, end {end}", fontsize=7)


def titled(episode: str) -> str:
    """Return the name of an episode without what all names begin with."""
    return episode.removeprefix("replay_").replace("_", "-")


def in_words(covered: Mapping[str, float]) -> str:
    """Return ``67% own closes, 33% loadings`` of the gross."""
    gross = sum(covered.values())
    share = {word: covered[column] / gross for column, word in COVERED.items()}
    return ", ".join(f"{part:.0%} {word}" for word, part in share.items() if part > 0)


def tiers_figure(replays: Table, currency: str) -> "Figure":
    """Return bars: P&L of each tier, or other group, a panel an episode.

    Dark what closes and tables say, light what goes through loadings.
    """
    frame = replays.to_frame()
    keys = [key for key in keys_before(frame, "start") if key != "episode"]
    frame["group"] = groups_of(frame, keys)
    groups = list(dict.fromkeys(frame["group"]))[::-1]
    episodes = list(dict.fromkeys(frame["episode"]))
    scale, unit = unit_of(float(frame["pnl"].abs().max()))
    columns = min(COLUMNS, len(episodes))
    rows = -(-len(episodes) // columns)
    height = (0.24 * len(groups) + 0.9) * rows + 0.7
    figure = blank(max(3.1 * columns + 1.5, NARROWEST), height)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel, episode in zip(panels.ravel(), episodes, strict=False):
        part = frame[frame["episode"] == episode].set_index("group").reindex(groups)
        draw_bars(panel, part, scale)
        panel.set_title(titled(str(episode)), fontsize=8)
    for panel in panels.ravel()[len(episodes) :]:
        panel.set_visible(False)
    by = ", ".join(words(key) for key in keys) or "whole desk"
    figure.suptitle(
        f"What past episodes would do, by {by}, {unit}{currency}\ndark by closes and "
        "tables, light through loadings, | their sum; ? where nothing is known",
        fontsize=10,
    )
    return figure


def draw_bars(panel: "Axes", part: pd.DataFrame, scale: float) -> None:
    """Draw the two parts of each group, away from zero, and a mark at their sum."""
    place = np.arange(len(part))
    direct, through = (
        part[column].fillna(0).to_numpy() / scale for column in ("direct", "propagated")
    )
    panel.barh(place, direct, color=BLUE)
    beside = np.where(direct * through > 0, direct, 0.0)
    panel.barh(place, through, left=beside, color=LIGHT)
    panel.plot(part["pnl"] / scale, place, "|", color=INK, markersize=8)
    for row in np.flatnonzero(part["pnl"].isna()):
        panel.text(0, float(row), " ?", va="center", fontsize=8, color=VERMILION)
    panel.axvline(0, color=INK, linewidth=0.5)
    panel.use_sticky_edges = False
    panel.margins(x=0.05)
    panel.set_yticks(place, [words(label) for label in part.index], fontsize=7)
    panel.tick_params(axis="x", labelsize=7)
    bare(panel)
