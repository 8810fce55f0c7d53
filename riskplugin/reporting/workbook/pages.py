"""Sheets of the report: titles, words and tables, from above to below.

Nothing of a desk ever becomes a formula or a link: texts are written as texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from riskplugin.reporting.cells import Scale, heading, scale_of
from riskplugin.reporting.first_page import meaning
from riskplugin.reporting.shown import NUMBERS, Column, Kind, Rows
from riskplugin.reporting.words import UNKNOWN
from riskplugin.reporting.workbook.looks import (
    GAIN_FILL,
    LOSS,
    LOSS_FILL,
    STATES,
    Formats,
    Look,
    money_format,
)

NUMBER_WIDTH, LEAST, MOST = 11.0, 9.0, 34.0
CHARACTERS = 32_767  # of a cell


@dataclass(frozen=True, slots=True)
class Cells:
    """A table on a sheet: its columns and rows, and its upper left cell, from 0."""

    page: str
    rows: Rows
    top: int
    scale: Scale

    @property
    def below(self) -> int:
        """The first row that is free below."""
        return self.top + 1 + max(len(self.rows.frame), 1)

    def body(self, name: str, count: int | None = None) -> list[object]:
        """Return where the first `count` figures of a column stand, for a chart."""
        column = list(self.rows.frame.columns).index(name)
        shown = len(self.rows.frame) if count is None else count
        return [self.page, self.top + 1, column, self.top + shown, column]


class Page:
    """A sheet in the making; what is put goes below what is there."""

    def __init__(
        self,
        title: str,
        sheet: Any,  # noqa: ANN401 - xlsxwriter has no types
        formats: Formats,
        currency: str,
        foot: str,
    ) -> None:
        self.title, self.sheet, self.formats = title, sheet, formats
        self.currency = currency
        self.free = 0
        self._widths: dict[int, float] = {}
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer(f"&L{foot.replace('&', '&&')}&C&A&RPage &P of &N")

    def heading(self, title: str, *notes: str) -> None:
        """Write the title of the sheet and what there is to know about it."""
        self.sheet.set_row(self.free, 27)
        self.line(title, Look.TITLE)
        for note in notes:
            self.line(note, Look.NOTE)
        self.free += 1

    def section(self, title: str, note: str = "") -> None:
        """Write the title of a block."""
        self.sheet.set_row(self.free, 19)
        self.line(title, Look.SECTION)
        if note:
            self.line(note, Look.NOTE)

    def line(self, words: str, look: Look = Look.NOTE) -> None:
        """Write a line of words that runs over the cells to its right."""
        self.sheet.write_string(self.free, 0, words[:CHARACTERS], self.formats(look))
        self.free += 1

    def paragraph(self, words: str, width: int, look: Look = Look.WORDS) -> None:
        """Write words into cells joined over `width` columns, as high as they need."""
        there = [self._widths.get(i, LEAST) for i in range(width)]
        self.sheet.set_row(self.free, 13.5 * lines_of(words, sum(there)) + 2)
        style = self.formats(look)
        area = (self.free, 0, self.free, width - 1)
        self.sheet.merge_range(*area, "", style)
        self.sheet.write_string(self.free, 0, words[:CHARACTERS], style)
        self.free += 1

    def link(self, words: str, page: str) -> None:
        """Write a link to another sheet of this workbook."""
        place = f"internal:'{page}'!A1"
        self.sheet.write_url(self.free, 0, place, self.formats(Look.LINK), words)
        self.free += 1

    def table(self, rows: Rows, *, heat: bool = False) -> Cells:
        """Write a table that can be filtered and sorted, and mark what stands out."""
        cells = self.standing(rows)
        heads = unique(heading(c, cells.scale) for c in rows.columns)
        last = cells.below - 1, len(rows.columns) - 1
        self.sheet.add_table(
            self.free,
            0,
            *last,
            {
                "style": None,
                "columns": [
                    {"header": h, "header_format": self.formats(head_look(c))}
                    for h, c in zip(heads, rows.columns, strict=True)
                ],
            },
        )
        for j, (column, head) in enumerate(zip(rows.columns, heads, strict=True)):
            self._column(cells, j, column, head)
        self._heights(cells)
        if heat:
            self.shade(cells)
        self._mark(cells)
        self.free = cells.below
        return cells

    def standing(self, rows: Rows) -> Cells:
        """Return a table that is written nowhere, for a drawing that writes its own."""
        return Cells(self.title, rows, self.free, scale_of(rows, self.currency))

    def _column(self, cells: Cells, j: int, column: Column, head: str) -> None:
        values = cells.rows.frame[column.name]
        money = {"num_format": money_format(cells.scale)}
        more = money if column.kind is Kind.MONEY else {}
        style, unknown = self.formats(column.kind, **more), self.formats(Look.UNKNOWN)
        put = self.sheet
        written = texts_of(values, column.kind)
        for i, value in enumerate(written, start=cells.top + 1):
            if isinstance(value, float):
                put.write_number(i, j, value, style)
            elif value == UNKNOWN and column.kind in NUMBERS:
                put.write_string(i, j, value, unknown)
            elif value:
                put.write_string(i, j, value, style)
            else:
                put.write_blank(i, j, None, style)
        self.widen(j, width_of(column.kind, head, written))
        said = meaning(column.name)
        if said:
            size = {"x_scale": 2.2, "y_scale": max(0.6, len(said) / 150)}
            put.write_comment(cells.top, j, said, size)

    def _heights(self, cells: Cells) -> None:
        """Make rows as high as their texts need in the columns as they are."""
        needed = np.ones(len(cells.rows.frame))
        for j, column in enumerate(cells.rows.columns):
            if column.kind is Kind.TEXT:
                texts = texts_of(cells.rows.frame[column.name], column.kind)
                width = self._widths[j]
                lines = [lines_of(str(t), width) for t in texts]
                needed = np.maximum(needed, lines or 1)
        for i, count in enumerate(needed, start=cells.top + 1):
            if count > 1:
                self.sheet.set_row(i, 13.5 * count + 1.5)

    def widen(self, column: int, width: float) -> None:
        """Make a column at least so wide."""
        self._widths[column] = max(self._widths.get(column, LEAST), width)
        self.sheet.set_column(column, column, self._widths[column])

    def shade(self, cells: Cells) -> None:
        """Shade figures from the largest loss through nothing to the largest gain."""
        last = len(cells.rows.columns) - 1
        self.sheet.conditional_format(
            cells.top + 1,
            1,
            cells.below - 1,
            max(last, 1),
            {
                "type": "3_color_scale",
                "min_color": LOSS_FILL,
                "mid_color": "#FFFFFF",
                "max_color": GAIN_FILL,
                "mid_type": "num",
                "mid_value": 0,
            },
        )

    def _mark(self, cells: Cells) -> None:
        """Colour losses and states."""
        area = (cells.top + 1, 0, cells.below - 1, len(cells.rows.columns) - 1)
        loss = {"type": "cell", "criteria": "<", "value": 0}
        loss["format"] = self.formats.only(font_color=LOSS)
        self.sheet.conditional_format(*area, loss)
        states = {"status", "state", "concern", "level"}
        for j, column in enumerate(cells.rows.columns):
            if column.name in states:
                self._fill_states((area[0], j, area[2], j))

    def _fill_states(self, area: tuple[int, int, int, int]) -> None:
        for state, fill in STATES.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{state}"'}
            rule["format"] = self.formats.only(bg_color=fill)
            self.sheet.conditional_format(*area, rule)


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes, words kept whole."""
    return sum(max(1, ceil(1.05 * len(p) / width)) for p in text.split("\n"))


def head_look(column: Column) -> Look:
    """Return how the head of a column looks: above its figures, to the right."""
    return Look.HEADER if column.kind in NUMBERS else Look.HEADER_TEXT


def unique(heads: Iterable[str]) -> list[str]:
    """Return heads of which none is another's, whatever its case."""
    found: dict[str, str] = {}
    for head in heads:
        text = head
        while text.lower() in found:
            text += " "
        found[text.lower()] = text
    return list(found.values())


def texts_of(values: pd.Series, kind: Kind) -> Sequence[float | str]:
    """Return what the cells of a column hold; a figure that is not known says so."""
    if kind in NUMBERS:
        figures = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
        texts = values.astype(object).where(values.notna(), UNKNOWN)
        return [
            float(f) if np.isfinite(f) else as_text(t)
            for f, t in zip(figures, texts, strict=True)
        ]
    if values.dtype.kind == "M":
        return [UNKNOWN if pd.isna(v) else f"{v:%Y-%m-%d}" for v in values]
    return ["" if v is None or v != v else as_text(v) for v in values]  # noqa: PLR0124


def as_text(value: object) -> str:
    """Return a value as a cell takes it."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text[:CHARACTERS]


def width_of(kind: Kind, head: str, written: Sequence[float | str]) -> float:
    """Return the width that a column needs, in characters."""
    longest = max((len(word) for word in head.split()), default=0) + 3
    if kind in NUMBERS:
        return max(NUMBER_WIDTH, longest)
    texts = [len(v) for v in written if isinstance(v, str)]
    return min(max([longest, *(n + 2 for n in texts)]), MOST)
