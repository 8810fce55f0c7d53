"""Pictures of replays: session by session, and tier by tier."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskplugin._typing import Vector
from riskplugin.adapters.plots import INK, INSIDE, OUTSIDE
from riskplugin.bundles import Replays
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
MILLION = 1e6
COVERED = {
    "covered_own": "own closes",
    "covered_loadings": "loadings",
    "covered_table": "table",
    "uncovered": "unknown",
}


def save_replays(
    path: Table, replays: Replays, folder: Path, currency: str
) -> list[Path]:
    """Write replay-episodes.png and replay-tiers.png into `folder`.

    `path` and `replays` are of the same episodes; the first of the whole desk, the
    second by tier.
    """
    import matplotlib as mpl  # noqa: PLC0415 - half a second, only for pictures

    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "replay-episodes.png": episodes_figure(path, replays, currency),
        "replay-tiers.png": tiers_figure(replays, currency),
    }
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in pictures]


def episodes_figure(path: Table, replays: Replays, currency: str) -> "Figure":
    """Return small multiples: the P&L of each episode by session, a panel each.

    Above each panel how much of the gross is covered, and by what.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415

    pnl = path.groupby(["episode", "session"], sort=False)["pnl"].sum(min_count=1)
    money = replays.groupby("episode", sort=False)[list(COVERED)].sum()
    rows = -(-len(money) // COLUMNS)
    figure = Figure(figsize=(3.1 * COLUMNS, 2.9 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
    for panel, name in zip(panels, money.index, strict=False):
        draw_path(panel, pnl.loc[name].to_numpy() / MILLION)
        said = in_words(dict(money.loc[name]))
        panel.set_title(f"{titled(str(name))}\n{said}", fontsize=8)
    for panel in panels[len(money) :]:
        panel.set_visible(False)
    figure.suptitle(
        f"What past episodes would do to the book of {path.as_of}: P&L by session, "
        f"million {currency}; straight in logs where only a table knows",
        fontsize=10,
    )
    return figure


def draw_path(panel: "Axes", pnl: Vector) -> None:
    """Draw one path, its worst point and its end."""
    panel.axhline(0, color=INK, linewidth=0.5)
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    if np.isnan(pnl).all():
        panel.text(0.5, 0.5, "nothing known", transform=panel.transAxes, ha="center")
        return
    panel.plot(pnl, color=INSIDE, linewidth=1.2)
    worst = int(np.argmin(pnl))
    panel.plot(worst, pnl[worst], "o", color=OUTSIDE, markersize=3.5)
    said = f"worst {pnl[worst]:,.0f} on {worst}, end {pnl[-1]:,.0f}"
    panel.set_xlabel(said, fontsize=7)


def titled(episode: str) -> str:
    """Return the name of an episode without what all names begin with."""
    return episode.removeprefix("replay_").replace("_", "-")


def in_words(covered: Mapping[str, float]) -> str:
    """Return ``67% own closes, 33% loadings`` of the gross."""
    gross = sum(covered.values())
    share = {word: covered[column] / gross for column, word in COVERED.items()}
    return ", ".join(f"{part:.0%} {word}" for word, part in share.items() if part > 0)


def tiers_figure(replays: Replays, currency: str) -> "Figure":
    """Return bars: P&L of each tier, a panel an episode.

    Dark what closes and tables say, light what goes through loadings.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415

    frame = replays.to_frame()
    tiers = list(dict.fromkeys(frame["tier"]))[::-1]
    episodes = list(dict.fromkeys(frame["episode"]))
    rows = -(-len(episodes) // COLUMNS)
    figure = Figure(
        figsize=(3.1 * COLUMNS, (0.24 * len(tiers) + 0.9) * rows + 0.5),
        layout="constrained",
    )
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharex=True, sharey=True)
    for panel, episode in zip(panels.ravel(), episodes, strict=False):
        part = frame[frame["episode"] == episode].set_index("tier").reindex(tiers)
        draw_bars(panel, part)
        panel.set_title(titled(episode), fontsize=8)
    for panel in panels.ravel()[len(episodes) :]:
        panel.set_visible(False)
    figure.suptitle(
        f"By tier, million {currency}: dark by closes and tables, light through "
        "loadings, | their sum; ? where nothing is known",
        fontsize=10,
    )
    return figure


def draw_bars(panel: "Axes", part: pd.DataFrame) -> None:
    """Draw the two parts of each tier, away from zero, and a mark at their sum."""
    place = np.arange(len(part))
    direct, through = (
        part[column].fillna(0).to_numpy() / MILLION
        for column in ("direct", "propagated")
    )
    panel.barh(place, direct, color=INSIDE)
    beside = np.where(direct * through > 0, direct, 0.0)
    panel.barh(place, through, left=beside, color="#9BC9E8")
    panel.plot(part["pnl"] / MILLION, place, "|", color=INK, markersize=8)
    for row in np.flatnonzero(part["pnl"].isna()):
        panel.text(0, float(row), " ?", va="center", fontsize=8, color=OUTSIDE)
    panel.axvline(0, color=INK, linewidth=0.5)
    panel.use_sticky_edges = False
    panel.margins(x=0.05)
    panel.set_yticks(place, list(part.index), fontsize=7)
    panel.tick_params(axis="x", labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
