"""Native charts of the report. What only a chart needs stands on a sheet of its own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskplugin.reporting.shown import Column, Drawing, Kind, Picture, Rows
from riskplugin.reporting.workbook.looks import (
    FIGURES,
    GAIN,
    GREY,
    INK,
    LINE,
    LOSS,
    SERIES,
    money_format,
)
from riskplugin.reporting.workbook.pages import Cells, Page

FONT = {"name": "Calibri", "size": 9, "color": INK, "bold": False}
MOST_BARS = 25
WIDE, ROW = 900, 20  # pixels


class Canvas(NamedTuple):
    """Where charts are made: the workbook, and the sheet of what they alone need."""

    workbook: Any
    data: Page


def draw(canvas: Canvas, page: Page, cells: Cells, drawing: Drawing) -> None:
    """Put a chart of a table below it; a heat map is the shading of the table."""
    if drawing.picture is Picture.HEAT or cells.rows.frame.empty:
        return
    makers = {
        Picture.BARS: bars,
        Picture.BANDS: bands,
        Picture.WATERFALL: waterfall,
        Picture.LINES: lines,
    }
    chart, high = makers[drawing.picture](canvas, cells, drawing)
    chart.set_size({"width": WIDE, "height": high})
    page.free += 1
    page.sheet.insert_chart(page.free, 0, chart, {"object_position": 2})
    page.free += high // ROW + 2


def drawn_of(cells: Cells, drawing: Drawing) -> list[str]:
    """Return the columns that are drawn, of those that are there."""
    named = drawing.values  # noqa: PD011 - not of a frame
    return [name for name in named if name in cells.rows.frame.columns]


def bars(canvas: Canvas, cells: Cells, drawing: Drawing) -> tuple[Any, int]:
    """Return a bar per row and value."""
    shown = min(len(cells.rows.frame), MOST_BARS)
    chart = canvas.workbook.add_chart({"type": "bar"})
    named = drawn_of(cells, drawing)
    for name, colour in zip(named, SERIES, strict=False):
        chart.add_series(
            {
                "name": name.replace("_", " "),
                "categories": cells.body(drawing.label, shown),
                "values": cells.body(name, shown),
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    calm(chart, axis_format(cells, named[0]), upside_down=True)
    if len(named) == 1:
        chart.set_legend({"none": True})
    return chart, 110 + shown * (12 + 12 * len(named))


def bands(canvas: Canvas, cells: Cells, drawing: Drawing) -> tuple[Any, int]:
    """Return a bar per row with its band."""
    shown = min(len(cells.rows.frame), MOST_BARS)
    frame = cells.rows.frame.head(shown)
    (value,) = drawn_of(cells, drawing)
    chart = canvas.workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": value,
            "categories": cells.body(drawing.label, shown),
            "values": cells.body(value, shown),
            "fill": {"color": LOSS},
            "gap": 60,
            "x_error_bars": {
                "type": "custom",
                "minus_values": arm(frame[value] - frame[drawing.low]),
                "plus_values": arm(frame[drawing.high] - frame[value]),
                "line": {"color": INK, "width": 1.25},
            },
        }
    )
    calm(chart, money_format(cells.scale), upside_down=True)
    chart.set_legend({"none": True})
    return chart, 110 + shown * 24


def arm(lengths: pd.Series) -> list[float]:
    """Return the arms of a band; none where it is not known."""
    return [float(x) if np.isfinite(x) else 0.0 for x in lengths]


def waterfall(canvas: Canvas, cells: Cells, drawing: Drawing) -> tuple[Any, int]:
    """Return the values of the first row, each beginning where the last ended."""
    frame = cells.rows.frame
    row, named = frame.iloc[0], drawn_of(cells, drawing)
    steps = floating(named, [float(row[name]) for name in named])
    data = plotted(canvas, steps, cells.rows.columns[0].name, str(row.iloc[0]))
    chart = canvas.workbook.add_chart({"type": "column", "subtype": "stacked"})
    colours = {"loss": LOSS, "gain": GAIN, "total": GREY}
    for name in list(steps.columns)[1:]:
        fill = colours.get(name.split()[0])
        chart.add_series(
            {
                "name": name,
                "categories": data.body("part"),
                "values": data.body(name),
                "fill": {"color": fill} if fill else {"none": True},
                "gap": 40,
            }
        )
    calm(chart, money_format(cells.scale), upside_down=False)
    chart.set_legend({"none": True})
    title = f"{row.iloc[0]}: from nothing to the P&L"
    chart.set_title({"name": title, "name_font": {**FONT, "size": 10}})
    return chart, 320


def floating(names: Sequence[str], values: Sequence[float]) -> pd.DataFrame:
    """Return stacked columns that look as if they float, with their sum at the end.

    A step from `a` to `b` is drawn above nothing as a blank up to the nearer of the
    two ends and a bar up to the farther, and below nothing likewise.
    """
    ends = np.cumsum(np.nan_to_num(values))
    starts = np.append(0.0, ends[:-1])
    a, b = np.append(starts, 0.0), np.append(ends, ends[-1] if len(ends) else 0.0)
    kinds = ["loss" if v < 0 else "gain" for v in values] + ["total"]
    found: dict[str, object] = {"part": [*names, "P&L"]}
    for side, low, high in (
        ("above", np.minimum(a, b).clip(min=0), np.maximum(a, b).clip(min=0)),
        ("below", np.maximum(a, b).clip(max=0), np.minimum(a, b).clip(max=0)),
    ):
        found[f"blank {side}"] = low
        for kind in ("loss", "gain", "total"):
            is_kind = np.array([k == kind for k in kinds])
            found[f"{kind} {side}"] = np.where(is_kind, high - low, 0.0)
    return pd.DataFrame(found)


def lines(canvas: Canvas, cells: Cells, drawing: Drawing) -> tuple[Any, int]:
    """Return a line per series over the label."""
    (value,) = drawn_of(cells, drawing)
    grid = cells.rows.frame.pivot_table(
        index=drawing.label, columns=drawing.series, values=value, sort=False
    ).reset_index()
    grid.columns = pd.Index([str(c) for c in grid.columns])
    data = plotted(canvas, grid, drawing.label, value)
    chart = canvas.workbook.add_chart({"type": "line"})
    for i, name in enumerate(list(grid.columns)[1:]):
        chart.add_series(
            {
                "name": name,
                "categories": data.body(drawing.label),
                "values": data.body(name),
                "line": {
                    "color": SERIES[i % len(SERIES)],
                    "width": 1.5,
                    "dash_type": ("solid", "dash", "round_dot")[i // len(SERIES) % 3],
                },
            }
        )
    calm(chart, money_format(cells.scale), upside_down=False)
    return chart, 380


def plotted(canvas: Canvas, frame: pd.DataFrame, label: str, title: str) -> Cells:
    """Write what only a chart needs onto its sheet."""
    columns = (
        Column(str(frame.columns[0]), Kind.TEXT),
        *(Column(str(name), Kind.MONEY) for name in frame.columns[1:]),
    )
    canvas.data.section(f"{title}, by {label}")
    found = canvas.data.table(Rows(columns, frame, len(frame)))
    canvas.data.free += 1
    return found


def axis_format(cells: Cells, name: str) -> str:
    """Return how the figures of a column are written along an axis."""
    kind = next(c.kind for c in cells.rows.columns if c.name == name)
    if kind is Kind.MONEY:
        return money_format(cells.scale)
    return str(FIGURES[kind].get("num_format", "General"))


def calm(chart: Any, written: str, *, upside_down: bool) -> None:  # noqa: ANN401
    """Make a chart as calm as the sheet; bars are listed from above."""
    label: dict[str, Any] = {
        "num_font": FONT,
        "label_position": "low",
        "line": {"color": GREY},
    }
    value = {
        "num_font": FONT,
        "num_format": written,
        "num_format_linked": False,
        "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.5}},
        "line": {"none": True},
    }
    if upside_down:
        label["reverse"] = True
        value["label_position"] = "high"
        chart.set_y_axis(label)
        chart.set_x_axis(value)
    else:
        chart.set_x_axis(label)
        chart.set_y_axis(value)
    chart.set_title({"none": True})
    chart.set_legend({"position": "bottom", "font": FONT})
    chart.set_chartarea({"border": {"none": True}})
