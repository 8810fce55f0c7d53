"""Pictures of tables, drawn as SVG: no library, no colour that matters by itself.

Every figure that is drawn stands in the table below its picture, so that a picture is
one image to a screen reader, with a sentence that says where the figures are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from riskplugin.reporting.cells import CALLED, cell, scale_of
from riskplugin.reporting.html.markup import Html, element, joined
from riskplugin.reporting.shown import Drawing, Kind, Picture, Rows
from riskplugin.reporting.words import spaced

WIDE, LEFT, RIGHT, ROW, TOP = 760.0, 190.0, 74.0, 26.0, 8.0
MOST_ROWS = 30
PANEL, TALL, ACROSS = 250.0, 180.0, 3
HEAT = Picture.HEAT
LINES_TALL, COLOURS = 300.0, 8
SHORT = {
    "propagated": "prop.",
    "overshoot": "over.",
    "convexity": "conv.",
    "liquidity": "liq.",
}


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to places along a line."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value is."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)


def axis_over(values: Iterable[float], start: float, end: float) -> Axis:
    """Return an axis that holds some values and zero."""
    known = [0.0, *(v for v in values if not isnan(v))]
    return Axis(min(known), max(known), start, end)


def chart_of(drawing: Drawing, rows: Rows, title: str, currency: str) -> Html:
    """Return the picture of a table; nothing where there is nothing to draw."""
    figures = rows.frame[list(drawing.values)] if drawing.picture != HEAT else None
    if figures is None or not figures.notna().any(axis=None):
        return Html("")  # nothing is known; a heat map is its own table, shaded
    draw = {Picture.WATERFALL: waterfalls, Picture.LINES: lines}
    return draw.get(drawing.picture, bars)(drawing, rows, title, currency)


def svg(width: float, height: float, title: str, marks: Iterable[str]) -> Html:
    """Return an image of marks."""
    said = f"{title}: a picture; its figures stand in the table below."
    return element(
        "svg",
        joined(marks),
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=said,
    )


def label(x: float, y: float, text: str, **attributes: object) -> Html:
    """Return text at a place."""
    return element("text", text, x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """Return a line."""
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return element("line", class_=kind, **{k: f"{v:.1f}" for k, v in ends.items()})


def box(x: float, y: float, width: float, height: float, kind: str) -> Html:
    """Return a rectangle."""
    sides = {"x": x, "y": y, "width": width, "height": height}
    return element("rect", class_=kind, **{k: f"{v:.1f}" for k, v in sides.items()})


def mark(tip: str, *parts: str) -> Html:
    """Return parts that tell what they are when pointed at."""
    return element("g", element("title", tip), *parts, class_="mark")


# --------------------------------------------------------------- bars, and their bands


def bars(drawing: Drawing, rows: Rows, title: str, currency: str) -> Html:
    """Return a bar per row from zero, or a dot with its band."""
    frame = rows.frame.head(MOST_ROWS)
    names = [*drawing.values, *filter(None, (drawing.low, drawing.high))]
    figures = frame[names].to_numpy(float)
    axis = axis_over(figures.ravel().tolist(), LEFT, WIDE - RIGHT)
    height = 2 * TOP + ROW * len(frame)
    marks = [line(axis.at(0), TOP, axis.at(0), height - TOP, "axis")]
    for i, name in enumerate(frame[drawing.label].astype(str)):
        values = {n: float(v) for n, v in zip(names, figures[i], strict=True)}
        marks.append(bar_row(drawing, rows, name, values, (axis, i, currency)))
    return element("figure", legend(drawing), svg(WIDE, height, title, marks))


def legend(drawing: Drawing) -> Html:
    """Return what is drawn, where it is more than one figure."""
    said = [CALLED.get(v, spaced(v)) for v in drawing.values]
    if drawing.low:
        text = f"{said[0]}: the dot, its band the line through it."
    elif len(said) > 1:
        text = f"{said[0]}: the bar; {said[1]}: the thin line on it."
    else:
        text = f"{said[0]}."
    return element("figcaption", text)


def bar_row(
    drawing: Drawing,
    rows: Rows,
    name: str,
    values: dict[str, float],
    at: tuple[Axis, int, str],
) -> Html:
    """Return a row of a picture of bars."""
    axis, i, currency = at
    middle = TOP + ROW * (i + 0.5)
    scale = scale_of(rows, currency)
    kinds = {c.name: c.kind for c in rows.columns}
    said = {n: cell(v, kinds.get(n, Kind.MONEY), scale) for n, v in values.items()}
    of_money = kinds.get(drawing.values[0]) is Kind.MONEY
    unit = f", {scale.unit}" if of_money else ""
    figures = "; ".join(f"{CALLED.get(n, spaced(n))} {t}" for n, t in said.items())
    first = values[drawing.values[0]]
    parts = [
        box(0, middle - ROW / 2, WIDE, ROW, "row"),
        label(LEFT - 10, middle + 4, cut(name), text_anchor="end"),
        label(WIDE - 2, middle + 4, said[drawing.values[0]], **value_look(first)),
    ]
    draw = band_marks if drawing.low else bar_marks
    parts += draw(drawing, values, axis, middle)
    return mark(f"{name}: {figures}{unit}", *parts)


def value_look(value: float) -> dict[str, str]:
    """Return how the figure at the end of a row looks."""
    return {"text_anchor": "end", "class_": "loss" if value < 0 else "value"}


def bar_marks(
    drawing: Drawing, values: dict[str, float], axis: Axis, middle: float
) -> list[Html]:
    """Return a bar from zero, and a thin one on it of a second figure."""
    marks = []
    for name, size in zip(drawing.values, (15.0, 4.0), strict=False):
        value = values[name]
        if not isnan(value):
            start, end = sorted((axis.at(0), axis.at(value)))
            kind = "bar loss" if value < 0 else "bar gain"
            kind = kind if size > 4 else "bar thin"
            marks.append(
                box(start, middle - size / 2, max(end - start, 0.8), size, kind)
            )
    return marks


def band_marks(
    drawing: Drawing, values: dict[str, float], axis: Axis, middle: float
) -> list[Html]:
    """Return a dot, and the line of its band."""
    value, low, high = (
        values[n] for n in (drawing.values[0], drawing.low, drawing.high)
    )
    marks = []
    if not isnan(low + high):
        ends = axis.at(low), axis.at(high)
        marks.append(box(ends[0], middle - 4, ends[1] - ends[0], 8, "band"))
    if not isnan(value):
        place = {"cx": f"{axis.at(value):.1f}", "cy": f"{middle:.1f}", "r": "5.5"}
        kind = "bar loss" if value < 0 else "bar gain"
        marks.append(element("circle", class_=kind, **place))
    return marks


def cut(name: str, most: int = 28) -> str:
    """Return a name that fits beside a bar."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


# ------------------------------------------------------------------------- waterfalls


def waterfalls(drawing: Drawing, rows: Rows, title: str, currency: str) -> Html:
    """Return a waterfall per row: bars that begin where the one before them ended."""
    frame = rows.frame.head(2 * ACROSS)
    steps = frame[list(drawing.values)].to_numpy(float)
    reached = np.cumsum(np.nan_to_num(steps), axis=1)
    axis = axis_over(reached.ravel().tolist(), TALL - 42, 30)
    panels = [
        waterfall(str(name), drawing.values, step, axis, (rows, currency))
        for name, step in zip(frame[drawing.series], steps, strict=True)
    ]
    places = (
        element(
            "g",
            panel,
            transform=f"translate({PANEL * (i % ACROSS):g} {TALL * (i // ACROSS):g})",
        )
        for i, panel in enumerate(panels)
    )
    height = TALL * -(-len(panels) // ACROSS)
    words = "Each part begins where the one before it ended; the last bar is the P&L."
    picture = svg(PANEL * ACROSS, height, title, places)
    return element("figure", element("figcaption", words), picture)


def waterfall(
    name: str,
    parts: Sequence[str],
    steps: np.ndarray,
    axis: Axis,
    of: tuple[Rows, str],
) -> Html:
    """Return the waterfall of one row."""
    scale = scale_of(*of)
    width = (PANEL - 24) / (len(parts) + 1)
    reached = 0.0
    marks = [label(4, 16, cut(name), class_="title")]
    marks.append(line(0, axis.at(0), PANEL - 16, axis.at(0), "axis"))
    whole = float(np.sum(steps))
    for i, (part, step) in enumerate(zip((*parts, "P&L"), (*steps, nan), strict=True)):
        last = i == len(parts)
        begin, end = (0.0, whole) if last else (reached, reached + float(step))
        said = cell(whole if last else float(step), Kind.MONEY, scale)
        tip = f"{name}, {part}: {said} {scale.unit}"
        marks.append(step_mark(tip, part, (begin, end), axis, (4 + i * width, width)))
        reached = reached if isnan(end) else end
    return joined(marks)


def step_mark(
    tip: str,
    part: str,
    ends: tuple[float, float],
    axis: Axis,
    place: tuple[float, float],
) -> Html:
    """Return a step of a waterfall with its name below."""
    x, width = place
    said = SHORT.get(part, part)
    name = label(
        x + width / 2 - 2, TALL - 22, said, text_anchor="middle", class_="small"
    )
    if isnan(sum(ends)):
        return mark(tip, label(x, axis.at(0) - 4, "?"), name)
    top, bottom = sorted(axis.at(end) for end in ends)
    step = ends[1] - ends[0]
    kind = "bar loss" if step < 0 else "bar gain"
    kind = "bar whole" if part == "P&L" or step == 0 else kind
    return mark(tip, box(x, top, width - 4, max(bottom - top, 0.8), kind), name)


# ------------------------------------------------------------------------------ lines


def lines(drawing: Drawing, rows: Rows, title: str, currency: str) -> Html:
    """Return a line per series, each named at its end."""
    value = drawing.values[0]
    frame = rows.frame
    across = frame[drawing.label].to_numpy(float)
    down = frame[value].to_numpy(float)
    x = axis_over(across.tolist(), 60, WIDE - LEFT)
    y = axis_over(down.tolist(), LINES_TALL - 24, 14)
    scale = scale_of(rows, currency)
    marks = [line(60, y.at(0), WIDE - LEFT, y.at(0), "axis")]
    marks += [
        label(54, y.at(v) + 4, cell(v, Kind.MONEY, scale), text_anchor="end")
        for v in (y.low, y.high)
    ]
    kind = next(c.kind for c in rows.columns if c.name == drawing.label)
    marks += [
        label(x.at(v), LINES_TALL - 6, cell(v, kind, scale), text_anchor="middle")
        for v in (x.low, x.high)
    ]
    for i, (name, part) in enumerate(frame.groupby(drawing.series, sort=False)):
        here = part.dropna(subset=[value])
        if len(here):
            points = [
                (x.at(float(a)), y.at(float(b)))
                for a, b in here[[drawing.label, value]].to_numpy(float)
            ]
            marks.append(series(str(name), points, i))
    words = f"{CALLED.get(value, value)}, {scale.unit}, by {spaced(drawing.label)}."
    return element(
        "figure",
        element("figcaption", words),
        svg(WIDE, LINES_TALL, title, marks),
    )


def series(name: str, points: Sequence[tuple[float, float]], number: int) -> Html:
    """Return one line of a picture of lines."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    end = points[-1]
    return mark(
        name,
        element("polyline", points=path, class_=f"series s{number % COLOURS}"),
        label(end[0] + 6, end[1] + 4, cut(name, 26)),
    )
