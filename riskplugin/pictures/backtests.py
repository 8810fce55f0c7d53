"""The picture of a backtest: P&L beside its forecasts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from riskplugin.pictures.look import BLUE, GREY, INK, VERMILION, bare, blank, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from riskplugin._typing import Dates
    from riskplugin.risk.backtests import Backtest


def backtest_figure(found: "Backtest", dates: "Dates", currency: str) -> "Figure":
    """Return P&L beside its forecasts, losses beyond the VaR marked.

    `dates` (T,) are those of the forecasts: P&L over more than one session is drawn
    where it starts. The title is the traffic light in words.
    """
    return backtests_figure({"": (found, dates)}, currency)


def backtests_figure(
    records: Mapping[str, tuple["Backtest", "Dates"]], currency: str
) -> "Figure":
    """Return the pictures of several groups above each other, by their names."""
    figure = blank(10, 4.6 * len(records))
    panels = figure.subplots(len(records), 1, squeeze=False)[:, 0]
    for panel, (name, (found, dates)) in zip(panels, records.items(), strict=True):
        draw_record(panel, found, dates, currency)
        whose = f"{name}: " if len(records) > 1 else ""
        panel.set_title(whose + found.headline, loc="left", fontsize=11)
    return figure


def draw_record(
    panel: "Axes", found: "Backtest", dates: "Dates", currency: str
) -> None:
    """Draw the nights of one group."""
    track = found.track
    scale, unit = unit_of(float(np.abs(track.pnl).max()))
    pnl, beyond = track.pnl / scale, track.exceptions
    panel.vlines(dates, 0, pnl, color=GREY, linewidth=0.8)
    panel.plot(dates, pnl, ".", color=GREY, markersize=3, label="P&L")
    level = f"{100 * track.confidence:.4g} %"
    panel.step(
        dates,
        -track.value_at_risk / scale,
        where="mid",
        color=BLUE,
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
        color=VERMILION,
        markeredgecolor="white",
        markeredgewidth=0.6,
        markersize=9,
        label=f"loss beyond the VaR ({int(beyond.sum())})",
    )
    panel.axhline(0, color=INK, linewidth=0.5)
    sessions = track.horizon_sessions
    span = "" if sessions == 1 else f" over {sessions} sessions"
    panel.set_ylabel(f"P&L{span}, {unit}{currency}")
    bare(panel)
    panel.margins(x=0.01)
    panel.legend(
        frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.08)
    )
