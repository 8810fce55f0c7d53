"""What cells of the report look like: by the kind of their figures, and few colours.

Vermilion is a loss, a breach or an error, blue a gain; the two can be told apart by the
colour-blind, and every loss carries its sign.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import log10
from typing import Any

from riskplugin.reporting.cells import Scale
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


def money_format(scale: Scale) -> str:
    """Return how a sum is written: scaled on the screen, whole in the cell."""
    thousands = "," * round(log10(scale.divisor) / 3)
    digits = f"#,##0.{'0' * scale.digits}{thousands}"
    return f"{digits};-{digits};0"


FIGURES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.MONEY: {"valign": "top"},
    Kind.PERCENT: {"valign": "top", "num_format": "0.0%;-0.0%;0"},
    Kind.RATIO: {"valign": "top", "num_format": "#,##0.00;-#,##0.00;0"},
    Kind.COUNT: {"valign": "top", "num_format": "#,##0;-#,##0;0"},
    Kind.DAYS: {"valign": "top", "num_format": "#,##0.0;-#,##0.0;0"},
    Kind.DATE: {"valign": "top", "align": "left"},
    Kind.TEXT: {"valign": "top", "align": "left", "text_wrap": True},
}


class Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, workbook: Any) -> None:  # noqa: ANN401 - untyped
        self._workbook = workbook
        self._made: dict[object, Any] = {}

    def __call__(self, look: Look | Kind, **more: object) -> Any:  # noqa: ANN401
        """Return the format of a look, or of the figures of a kind."""
        key = look, tuple(sorted(more.items()))
        if key not in self._made:
            base = {"font_name": "Calibri", "font_size": 10, "font_color": INK}
            own = LOOKS[look] if isinstance(look, Look) else FIGURES[look]
            self._made[key] = self._workbook.add_format({**base, **own, **more})
        return self._made[key]

    def only(self, **properties: object) -> Any:  # noqa: ANN401
        """Return a format of nothing but `properties`, for conditional formats."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]
