"""Pictures of reverse stress: the curve, the limit and the moves that reach it."""

from typing import TYPE_CHECKING

from riskplugin.pictures.look import (
    BLUE,
    INK,
    VERMILION,
    WHOLE,
    bare,
    blank,
    groups_of,
    keys_before,
    signed,
    unit_of,
)
from riskplugin.results import Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
NARROWEST = 6.5  # inches that the title needs
WIDEST = 1.0  # simple rise at which a curve ends, unless a found move lies further
MOVE = "move_"


def reverse_figure(curve: Table, found: Table | None, currency: str) -> "Figure":
    """Return the P&L against the move of the driver, a panel a group.

    Parameters
    ----------
    curve : Table
        Of `reverse_curve`; its band is shaded.
    found : Table or None
        Of `reverse_stress` for the same driver and groups: its losses are the limit
        lines, its moves the dots.
    currency : str
        Of the money.
    """
    lines, dots = grouped(curve), {} if found is None else grouped(found)
    groups = list(dots or lines)
    rows, columns = -(-len(groups) // COLUMNS), min(COLUMNS, len(groups))
    figure = blank(max(3.4 * columns + 1.6, NARROWEST), 2.9 * rows + 0.9)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, group in zip(panels, groups, strict=False):
        draw_curve(panel, lines[group], dots.get(group), currency)
        panel.set_title("" if group == WHOLE else group, fontsize=9, loc="left")
    for panel in panels[len(groups) :]:
        panel.set_visible(False)
    driver = curve["driver"].iloc[0]
    figure.supxlabel(f"move of {driver}, %", fontsize=9)
    title = [f"P&L against the move of {driver}, with its band"]
    if found is not None:
        title.append("orange: the loss asked for, and the moves that make it")
    figure.suptitle(("; " if columns > 1 else "\n").join(title), fontsize=10)
    return figure


def grouped(table: Table) -> dict[str, "pd.DataFrame"]:
    """Return the rows of every group, in the order of the table."""
    frame = table.to_frame()
    group = groups_of(frame, keys_before(frame, "driver", "answer"))
    parts = frame.groupby(group, sort=False)
    return {str(name): part for name, part in parts}


def draw_curve(
    panel: "Axes",
    curve: "pd.DataFrame",
    found: "pd.DataFrame | None",
    currency: str,
) -> None:
    """Draw the curve of one group, with its limit line and the moves found."""
    dots = curve[:0] if found is None else found[found["answer"] > 0]
    loss = 0.0 if found is None else float(found["loss"].iloc[0])
    end = max(WIDEST, 1.2 * dots["move"].max()) if len(dots) else WIDEST
    shown = curve[curve["move"] <= end]
    largest = max(float(shown["pnl"].abs().max()), loss)
    unit, name = unit_of(largest)
    across = shown["move"] * 100
    panel.fill_between(
        across, shown["low"] / unit, shown["high"] / unit, color=BLUE, alpha=0.15, lw=0
    )
    panel.plot(across, shown["pnl"] / unit, color=BLUE, linewidth=1.6)
    panel.axhline(0, color=INK, linewidth=0.5)
    panel.axvline(0, color=INK, linewidth=0.5)
    if found is not None:
        draw_limit(panel, dots, loss, unit)
    bottom = min(float(shown["low"].min()), -loss)
    top = min(float(shown["high"].max()), 1.5 * float(shown["pnl"].abs().max()))
    panel.set_ylim(1.1 * bottom / unit, 1.1 * max(top, largest * 0.2) / unit)
    panel.set_ylabel(f"P&L, {name}{currency}", fontsize=8)
    panel.tick_params(labelsize=7)
    bare(panel)


def draw_limit(panel: "Axes", dots: "pd.DataFrame", loss: float, unit: float) -> None:
    """Draw the loss asked for, and the moves that make it."""
    panel.axhline(-loss / unit, color=VERMILION, linewidth=1, ls="--")
    for move, pnl in zip(dots["move"], dots["pnl"], strict=True):
        panel.plot(move * 100, pnl / unit, "o", color=VERMILION, markersize=6, zorder=3)
        panel.annotate(
            signed(move, "+.1%"),
            (move * 100, pnl / unit),
            textcoords="offset points",
            xytext=(6, -14) if move < 0 else (-6, -14),
            ha="left" if move < 0 else "right",
            fontsize=8,
            color=VERMILION,
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


def answers_figure(found: Table, currency: str) -> "Figure":
    """Return the move of every driver that loses as much, a panel an answer."""
    frame = found.to_frame()
    drivers = [c for c in frame.columns if c.startswith(MOVE)]
    group = groups_of(frame, keys_before(frame, "driver", "answer"))
    rows, columns = -(-len(frame) // COLUMNS), min(COLUMNS, len(frame))
    height = (0.3 * len(drivers) + 1.1) * rows + 0.6
    figure = blank(max(3.4 * columns + 1.6, NARROWEST), height)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    largest, unit = unit_of(float(frame["loss"].max()))
    for panel, name, (_, row) in zip(panels, group, frame.iterrows(), strict=False):
        draw_answer(panel, row[drivers])
        whose = "" if name == WHOLE else f"{name}: "
        loss = f"{row['loss'] / largest:,.1f} {unit}{currency}"
        said = f"{loss} lost at distance {row['distance']:.1f}"
        none = f"no move loses {loss}"
        panel.set_title(
            whose + (said if row["answer"] else none), fontsize=8, loc="left"
        )
    for panel in panels[len(frame) :]:
        panel.set_visible(False)
    figure.supxlabel("move of the driver, %", fontsize=9)
    figure.suptitle("The nearest moves that lose as much as asked for", fontsize=10)
    return figure


def draw_answer(panel: "Axes", moves: "pd.Series[float]") -> None:
    """Draw the moves of one answer as bars; none where no move loses as much."""
    known = moves.dropna().astype(float)
    if known.empty:
        panel.text(0.5, 0.5, "no move does", transform=panel.transAxes, ha="center")
    for place, move in enumerate(known):
        panel.barh(place, move * 100, color=VERMILION if move < 0 else BLUE, height=0.6)
        panel.annotate(
            signed(move, "+.1%"),
            (max(move, 0) * 100, place),
            textcoords="offset points",
            xytext=(4, 0),
            va="center",
            fontsize=8,
        )
    panel.set_yticks(
        range(len(known)), [str(n).removeprefix(MOVE) for n in known.index]
    )
    panel.axvline(0, color=INK, linewidth=0.5)
    panel.invert_yaxis()
    panel.margins(x=0.25)
    panel.tick_params(labelsize=7)
    bare(panel)
