"""The picture of exposures: long, short and net of every group."""

from typing import TYPE_CHECKING

import numpy as np

from riskplugin.pictures.look import (
    BLUE,
    INK,
    VERMILION,
    bare,
    blank,
    groups_of,
    keys_before,
    unit_of,
    words,
)
from riskplugin.results import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def exposures_figure(found: Table, currency: str) -> "Figure":
    """Return what is held long and short as bars, net and beta to memory as marks."""
    frame = found.to_frame()
    keys = keys_before(frame, "long")
    groups, place = groups_of(frame, keys), np.arange(len(frame))
    scale, unit = unit_of(float(frame["gross"].max()))
    figure = blank(9, 1.7 + 0.34 * len(frame))
    panel = figure.subplots()
    panel.barh(place, frame["long"] / scale, 0.66, color=BLUE, label="long")
    panel.barh(
        place,
        frame["short"] / scale,
        0.66,
        color=VERMILION,
        hatch="///",
        edgecolor="white",
        label="short",
    )
    for column, mark, said in (
        ("net", "D", "net"),
        ("memory_beta_exposure", "|", "net \N{MULTIPLICATION SIGN} beta to memory"),
    ):
        panel.plot(
            frame[column] / scale,
            place,
            mark,
            color=INK,
            markeredgecolor="white" if mark == "D" else INK,
            markeredgewidth=0.8 if mark == "D" else 2.5,
            markersize=6 if mark == "D" else 15,
            label=said,
        )
    panel.axvline(0, color=INK, linewidth=0.7)
    panel.set_yticks(place, [words(group) for group in groups], fontsize=8)
    panel.invert_yaxis()
    panel.set_xlabel(f"market value, {unit}{currency}")
    by = ", ".join(words(key) for key in keys)
    title = f"What is held, by {by}" if by else "What is held"
    panel.set_title(f"{title}, on {found.as_of}", loc="left", fontsize=10)
    bare(panel)
    figure.legend(frameon=False, fontsize=8, ncols=4, loc="outside lower center")
    return figure
