"""Pictures of results, for files."""

from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from riskplugin.results import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from riskplugin._typing import Dates
    from riskplugin.risk.backtests import Backtest

# Okabe and Ito (2008), told apart by readers who do not see red and green
INSIDE, OUTSIDE, INK = "#0072B2", "#D55E00", "#333333"
PALE = "#9A9A9A"
COLUMNS = 4
LEVELS = np.linspace(0.05, 0.95, 19)


def save_evidence(found: Evidence, folder: Path, confidence: float) -> list[Path]:
    """Write evidence-episodes.png and evidence-calibration.png into `folder`."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, only for pictures

    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "evidence-episodes.png": episodes_figure(found, confidence),
        "evidence-calibration.png": calibration_figure(found, confidence),
    }
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=110)
    return [folder / name for name in pictures]


def episodes_figure(found: Evidence, confidence: float) -> "Figure":
    """Return small multiples: predicted against realised, one panel an episode."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    frame = found.to_frame()
    frame = frame[~frame["in_basket"]]
    episodes = list(frame.groupby(["start", "end"], sort=False))
    rows = -(-len(episodes) // COLUMNS)
    figure = Figure(figsize=(3 * COLUMNS, 2.9 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, ((start, end), part) in zip(panels, episodes, strict=False):
        inside = part["realised"].between(part["low"], part["high"])
        for mask, colour in ((inside, INSIDE), (~inside, OUTSIDE)):
            panel.plot(
                part["predicted"][mask] * 100,
                part["realised"][mask].clip(upper=1) * 100,
                "o",
                color=colour,
                markersize=3.5,
                alpha=0.8,
            )
        panel.set_title(f"{start} to {end}", fontsize=8)
        frame_panel(panel)
    for panel in panels[len(episodes) :]:
        panel.set_visible(False)
    figure.suptitle(
        "Predicted (across) against realised (up, cut at 100), %: a dot a name; orange "
        f"fell outside its {confidence:.0%} band; the line is equality",
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
    panel.spines[["top", "right"]].set_visible(False)


def calibration_figure(found: Evidence, confidence: float) -> "Figure":
    """Return how often names fell into central bands of every level."""
    from matplotlib.figure import Figure  # noqa: PLC0415
    from scipy.special import ndtr  # noqa: PLC0415

    frame = found.to_frame()
    frame = frame[~frame["in_basket"]].dropna()
    columns = ["predicted", "low", "high", "realised"]
    logs = np.log1p(frame[columns].clip(lower=-0.9999))
    width = logs["high"] - logs["low"]
    scale = width / (2 * NormalDist().inv_cdf(0.5 + confidence / 2))
    off = (logs["realised"] - logs["predicted"]).abs() / scale.where(scale > 0)
    needed = 2 * ndtr(off.dropna().to_numpy()) - 1
    share = [(needed <= level).mean() for level in LEVELS]
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    panel = figure.subplots()
    panel.plot([0, 100], [0, 100], color=INK, linewidth=0.8, label="perfect")
    panel.plot(LEVELS * 100, np.array(share) * 100, "o-", color=INSIDE, label="names")
    panel.set_xlabel("level of the band, %")
    panel.set_ylabel("names that fell into it, %")
    panel.set_title(f"Calibration of {len(needed)} predictions", loc="left")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False)
    return figure


def save_backtest(found: "Backtest", dates: "Dates", file: Path, currency: str) -> Path:
    """Write the picture of a backtest; by the file's ending PNG, SVG or PDF."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, only for pictures

    mpl.use("agg")
    file.parent.mkdir(parents=True, exist_ok=True)
    backtest_figure(found, dates, currency).savefig(file, dpi=110)
    return file


def backtest_figure(found: "Backtest", dates: "Dates", currency: str) -> "Figure":
    """Return P&L beside its forecasts, losses beyond the VaR marked.

    `dates` (T,) are those of the forecasts: P&L over more than one session is drawn
    where it starts. The title is the traffic light in words.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415

    track = found.track
    scale, unit = money_scale(float(np.abs(track.pnl).max()), currency)
    pnl, beyond = track.pnl / scale, track.exceptions
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    panel = figure.subplots()
    panel.vlines(dates, 0, pnl, color=PALE, linewidth=0.8)
    panel.plot(dates, pnl, ".", color=PALE, markersize=3, label="P&L")
    level = f"{100 * track.confidence:.4g} %"
    panel.step(
        dates,
        -track.value_at_risk / scale,
        where="mid",
        color=INSIDE,
        linewidth=1.6,
        label=f"\N{MINUS SIGN}VaR {level}",
    )
    if track.expected_shortfall is not None:
        panel.step(
            dates,
            -track.expected_shortfall / scale,
            where="mid",
            color=INK,
            linewidth=1.2,
            linestyle=(0, (4, 2)),
            label=f"\N{MINUS SIGN}ES {level}",
        )
    panel.plot(
        dates[beyond],
        pnl[beyond],
        "X",
        color=OUTSIDE,
        markeredgecolor="white",
        markeredgewidth=0.6,
        markersize=9,
        label=f"loss beyond the VaR ({int(beyond.sum())})",
    )
    panel.axhline(0, color=INK, linewidth=0.5)
    sessions = track.horizon_sessions
    span = "" if sessions == 1 else f" over {sessions} sessions"
    panel.set_ylabel(f"P&L{span}, {unit}")
    panel.set_title(found.headline, loc="left", fontsize=11)
    panel.spines[["top", "right"]].set_visible(False)
    panel.margins(x=0.01)
    panel.legend(
        frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.08)
    )
    return figure


def money_scale(largest: float, currency: str) -> tuple[float, str]:
    """Return what to divide money by for an axis, and its unit in words."""
    for scale, word in ((1e9, "bn "), (1e6, "m "), (1e3, "k ")):
        if largest >= scale:
            return scale, f"{word}{currency}"
    return 1.0, currency
