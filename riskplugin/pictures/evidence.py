"""Pictures of evidence: predicted beside realised, and how often bands held."""

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from riskplugin.pictures.look import BLUE, INK, PALE, VERMILION, bare, blank
from riskplugin.results import Evidence, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from riskplugin._typing import Vector

COLUMNS = 4
NARROWEST = 7.5  # inches that the title needs
LEVELS = np.linspace(0.05, 0.95, 19)
WITHIN = "within_"


def episodes_figure(found: Table, confidence: float | None = None) -> "Figure":
    """Return small multiples: predicted against realised, one panel an episode."""
    frame = found.to_frame()
    frame = frame[~frame["in_basket"]]
    episodes = list(frame.groupby(["start", "end"], sort=False))
    columns = min(COLUMNS, len(episodes))
    rows = -(-len(episodes) // columns)
    figure = blank(max(3 * columns, NARROWEST), 2.9 * rows + 0.6)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, ((start, end), part) in zip(panels, episodes, strict=False):
        inside = part["realised"].between(part["low"], part["high"])
        for mask, colour, mark in ((inside, BLUE, "o"), (~inside, VERMILION, "X")):
            panel.plot(
                part["predicted"][mask] * 100,
                part["realised"][mask].clip(upper=1) * 100,
                mark,
                color=colour,
                markersize=4,
                alpha=0.8,
            )
        panel.set_title(f"{start} to {end}", fontsize=8)
        frame_panel(panel)
    for panel in panels[len(episodes) :]:
        panel.set_visible(False)
    band = "band" if confidence is None else f"{confidence:.0%} band"
    figure.suptitle(
        "Predicted (across) against realised (up, cut at 100), %: a mark a name\n"
        f"orange crosses fell outside their {band}; the line is equality",
        fontsize=10,
    )
    return figure


def frame_panel(panel: "Axes") -> None:
    """Draw equality and no move, and keep all panels alike."""
    panel.plot([-100, 100], [-100, 100], color=INK, linewidth=0.7)
    panel.axhline(0, color=INK, linewidth=0.4)
    panel.axvline(0, color=INK, linewidth=0.4)
    panel.set_xlim(-100, 40)
    panel.set_ylim(-100, 105)
    panel.tick_params(labelsize=7)
    bare(panel)


def calibration_figure(found: Evidence, confidence: float) -> "Figure":
    """Return how often names fell into central bands of every level."""
    from scipy.special import ndtr  # noqa: PLC0415

    frame = found.to_frame()
    frame = frame[~frame["in_basket"]].dropna()
    columns = ["predicted", "low", "high", "realised"]
    logs = np.log1p(frame[columns].clip(lower=-0.9999))
    width = logs["high"] - logs["low"]
    scale = width / (2 * NormalDist().inv_cdf(0.5 + confidence / 2))
    off = (logs["realised"] - logs["predicted"]).abs() / scale.where(scale > 0)
    needed = 2 * ndtr(off.dropna().to_numpy()) - 1
    share = np.array([(needed <= level).mean() for level in LEVELS])
    figure = blank(5, 4.6)
    draw_calibration(figure.subplots(), LEVELS, share, len(needed))
    return figure


def levels_figure(calibration: Table) -> "Figure":
    """Return how often names fell into bands, over all and, pale, tier by tier."""
    frame = calibration.to_frame()
    columns = [c for c in frame.columns if c.startswith(WITHIN)]
    levels = np.array([int(c.removeprefix(WITHIN)) for c in columns]) / 100
    figure = blank(5, 4.6)
    panel = figure.subplots()
    for i, tier in enumerate(frame[frame["scope"] == "tier"].itertuples()):
        held = [getattr(tier, c) * 100 for c in columns]
        label = "a tier" if not i else None
        panel.plot(levels * 100, held, ".-", color=PALE, linewidth=0.7, label=label)
    (whole,) = frame[frame["scope"] == "all"].to_dict("records")
    share = np.array([whole[c] for c in columns])
    draw_calibration(panel, levels, share, int(whole["count"]))
    return figure


def draw_calibration(
    panel: "Axes", levels: "Vector", share: "Vector", count: int
) -> None:
    """Draw the shares beside those that would be perfect."""
    panel.plot([0, 100], [0, 100], color=INK, linewidth=0.8, label="perfect")
    panel.plot(levels * 100, share * 100, "o-", color=BLUE, label="all names")
    panel.set_xlabel("level of the band, %")
    panel.set_ylabel("names that fell into it, %")
    panel.set_title(f"Calibration of {count} predictions", loc="left")
    bare(panel)
    panel.legend(frameon=False)
