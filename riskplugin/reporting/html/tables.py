"""Tables that can be sorted, read aloud and printed."""

from html import escape
from typing import Any

import numpy as np

from riskplugin.reporting.cells import Scale, cell, heading, is_unknown, scale_of
from riskplugin.reporting.html.markup import Html, element, joined
from riskplugin.reporting.shown import NUMBERS, Column, Kind, Rows

WORDY = 40  # characters from which a text cell wraps


def table_of(rows: Rows, title: str, currency: str, *, grid: bool = False) -> Html:
    """Return a table in a frame that scrolls; a grid shades its cells by value."""
    scale = scale_of(rows, currency)
    caption = element("caption", title, class_="unseen")
    head = element(
        "thead", element("tr", [header(c, scale, grid=grid) for c in rows.columns])
    )
    body = element("tbody", body_rows(rows, scale, most_of(rows) if grid else 0.0))
    return element(
        "div",
        element("table", caption, head, body, class_="heat" if grid else None),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=f"{title}, table",
    )


def header(column: Column, scale: Scale, *, grid: bool) -> Html:
    """Return a column's header: a button that sorts, and tells what the column is."""
    name = column.name.replace("_", " ") if grid else heading(column, scale)
    name = name.replace(scale.unit, scale.unit.replace(" ", "\N{NO-BREAK SPACE}"))
    kind = "number" if column.kind in NUMBERS else "text"
    button = element(
        "button", name, type="button", data_c=None if grid else column.name
    )
    return element("th", button, scope="col", class_=kind, aria_sort="none")


def body_rows(rows: Rows, scale: Scale, most: float) -> Html:
    """Return the rows of a table; the first cell heads its row."""
    columns = [column_cells(rows, i, scale, most) for i in range(len(rows.columns))]
    return joined(
        Html(f"<tr>{''.join(cells)}</tr>") for cells in zip(*columns, strict=True)
    )


def column_cells(rows: Rows, place: int, scale: Scale, most: float) -> list[str]:
    """Return the cells of a column, as markup."""
    kind = rows.columns[place].kind
    values = rows.frame.iloc[:, place].tolist()
    if kind in NUMBERS:
        return [number_cell(value, kind, scale, most) for value in values]
    tag, ends = ("th", ' scope="row"') if place == 0 else ("td", "")
    return [text_cell(cell(value, kind, scale), tag, ends) for value in values]


def text_cell(text: str, tag: str, ends: str) -> str:
    """Return a cell of text."""
    wide = ' class="words"' if len(text) > WORDY else ""
    return f"<{tag}{ends}{wide}>{escape(text)}</{tag}>"


def number_cell(value: Any, kind: Kind, scale: Scale, most: float) -> str:  # noqa: ANN401 - of any column
    """Return a cell of a number: its exact value beside what is shown of it."""
    said = escape(cell(value, kind, scale))
    if is_unknown(value) or isinstance(value, str):
        return f'<td class="unknown">{said}</td>'
    figure = float(value)
    sign = "loss" if figure < 0 else "zero" if figure == 0 else "n"
    shade = f' style="--h:{100 * abs(figure) / most:.0f}%"' if most else ""
    return f'<td class="{sign}" data-v="{figure:.12g}"{shade}>{said}</td>'


def most_of(rows: Rows) -> float:
    """Return the largest absolute value of a grid."""
    names = [c.name for c in rows.columns if c.kind in NUMBERS]
    values = np.abs(rows.frame[names].to_numpy(float))
    return float(np.max(values, initial=0.0, where=~np.isnan(values)))
