"""What cells of the report look like: by the kind of their figures, and few colours.

Vermilion is a loss, a breach or an error, blue a gain; the two can be told apart by the
colour-blind, and every loss carries its sign.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from riskplugin.reporting.shown import Kind

INK, GREY, LINE, PALE = "#222222", "#6B6B6B", "#BFBFBF", "#F2F2F2"
LOSS, GAIN = "#B2410E", "#2C6FA6"
LOSS_FILL, GAIN_FILL, WARN_FILL, DOUBT_FILL = "#F0A36B", "#7FB2DA", "#FBE9C6", "#E4E4E4"
SERIES = ("#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#999999", "#D55E00", "#009E73")
STATES: Mapping[str, str] = {  # how a state is filled, wherever it stands
    "BREACH": LOSS_FILL,
    "high": LOSS_FILL,
    "error": LOSS_FILL,
    "WARN": WARN_FILL,
    "medium": WARN_FILL,
    "warning": WARN_FILL,
    "UNKNOWN": DOUBT_FILL,
    "unknown": DOUBT_FILL,
}


class Look(StrEnum):
    """What a cell is for, where it holds no figure of a table."""

    TITLE = "title"
    SECTION = "section"
    NOTE = "note"
    HEADER = "header"
    HEADER_TEXT = "header of texts"
    WORDS = "words"
    LINK = "link"
    UNKNOWN = "unknown"


HEADER: Mapping[str, Any] = {
    "bold": True,
    "font_color": GREY,
    "bottom": 1,
    "bottom_color": GREY,
    "text_wrap": True,
    "valign": "bottom",
}
LOOKS: Mapping[Look, Mapping[str, Any]] = {
    Look.TITLE: {"bold": True, "font_size": 18},
    Look.SECTION: {"bold": True, "font_size": 12},
    Look.NOTE: {"font_color": GREY},
    Look.HEADER: {**HEADER, "align": "right"},
    Look.HEADER_TEXT: {**HEADER, "align": "left"},
    Look.WORDS: {"text_wrap": True, "valign": "top"},
    Look.LINK: {"font_color": GAIN, "underline": 1},
    Look.UNKNOWN: {"font_color": GREY, "italic": True, "align": "right"},
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How large sums of money are written; the cell holds the sum itself.

    Attributes
    ----------
    unit : str
        As it stands in headers: ``USD m``.
    number_format : str
    """

    unit: str
    number_format: str


def scale_of(sums: Iterable[np.ndarray[Any, Any]], currency: str) -> Scale:
    """Return the scale in which the largest of some sums has one to four digits."""
    sizes = [np.abs(s[np.isfinite(s)]) for s in sums]
    largest = max((float(s.max()) for s in sizes if s.size), default=0.0)
    if largest >= 1e7:
        return Scale(f"{currency} m", "#,##0.00,,;-#,##0.00,,;0.00")
    if largest >= 1e5:
        return Scale(f"{currency} k", "#,##0.0,;-#,##0.0,;0.0")
    return Scale(currency, "#,##0.00;-#,##0.00;0.00")


FIGURES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.PERCENT: {"num_format": "0.0%;-0.0%;0.0%"},
    Kind.RATIO: {"num_format": "#,##0.00;-#,##0.00;0.00"},
    Kind.COUNT: {"num_format": "#,##0;-#,##0;0"},
    Kind.DAYS: {"num_format": "#,##0.#;-#,##0.#;0"},
    Kind.DATE: {"align": "left"},
    Kind.TEXT: {"align": "left", "text_wrap": True},
}


class Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, workbook: Any, scale: Scale) -> None:  # noqa: ANN401 - untyped
        self._workbook = workbook
        self._made: dict[object, Any] = {}
        self.scale = scale

    def __call__(self, look: Look | Kind, **more: object) -> Any:  # noqa: ANN401
        """Return the format of a look, or of the figures of a kind."""
        key = look, tuple(sorted(more.items()))
        if key not in self._made:
            base = {"font_name": "Calibri", "font_size": 10, "font_color": INK}
            own = LOOKS[look] if isinstance(look, Look) else self.figures(look)
            self._made[key] = self._workbook.add_format({**base, **own, **more})
        return self._made[key]

    def figures(self, kind: Kind) -> Mapping[str, Any]:
        """Return the properties of the figures of a kind."""
        if kind is Kind.MONEY:
            return {"num_format": self.scale.number_format, "valign": "top"}
        return {**FIGURES[kind], "valign": "top"}

    def only(self, **properties: object) -> Any:  # noqa: ANN401
        """Return a format of nothing but `properties`, for conditional formats."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]
