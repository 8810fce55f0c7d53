"""What cells look like: few colours, each with one meaning.

Blue on pale blue is an input, vermilion a loss or an error, grey what explains. Blue
against orange can be told apart by the colour-blind; a loss also carries its sign.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from riskplugin.reporting.workbook.looks import GAIN, GREY, INK, LINE

INPUT_INK, INPUT_FILL = "#0B4F8A", "#E8F1FA"
NEUTRAL, ERROR_FILL = "#FFFFFF", "#FBE3D3"
SERIES = ("#0072B2", "#56B4E9", "#E69F00", "#CC79A7", "#999999")  # Okabe and Ito


class Look(StrEnum):
    """What a cell is for."""

    TITLE = "title"
    SECTION = "section"
    NOTE = "note"
    LABEL = "label"
    HEADER = "header"
    HEADER_TEXT = "header of texts"
    TEXT = "text"
    WRAPPED = "wrapped"
    CODE = "code"
    LINK = "link"
    MILLIONS = "millions"
    UNITS = "units"
    PRICE = "price"
    DECIMAL = "decimal"
    FINE = "fine"
    PERCENT = "percent"
    WHOLE = "whole"
    DATE = "date"
    INPUT = "input"
    INPUT_UNITS = "input of units"
    INPUT_PRICE = "input of a price"


INPUT: Mapping[str, Any] = {
    "font_color": INPUT_INK,
    "bg_color": INPUT_FILL,
    "bottom": 4,
    "bottom_color": LINE,
    "locked": False,
}
HEADER: Mapping[str, Any] = {
    "bold": True,
    "font_color": GREY,
    "bottom": 1,
    "bottom_color": GREY,
    "text_wrap": True,
    "valign": "bottom",
}
PRICE = "#,##0.00##"
LOOKS: Mapping[Look, Mapping[str, Any]] = {
    Look.TITLE: {"bold": True, "font_size": 18},
    Look.SECTION: {"bold": True, "font_size": 12},
    Look.NOTE: {"font_color": GREY},
    Look.LABEL: {"align": "left", "valign": "top", "indent": 1},
    Look.HEADER: {**HEADER, "align": "right"},
    Look.HEADER_TEXT: {**HEADER, "align": "left", "indent": 1},
    Look.TEXT: {"align": "left", "valign": "top", "indent": 1},
    Look.WRAPPED: {"align": "left", "valign": "top", "text_wrap": True, "indent": 1},
    Look.CODE: {"font_name": "Consolas", "align": "left", "valign": "top"},
    Look.LINK: {"font_color": GAIN, "underline": 1, "valign": "top"},
    Look.MILLIONS: {"valign": "top", "num_format": "#,##0.0,,;-#,##0.0,,;0.0"},
    Look.UNITS: {"valign": "top", "num_format": "#,##0;-#,##0;0"},
    Look.PRICE: {"valign": "top", "num_format": PRICE},
    Look.DECIMAL: {"valign": "top", "num_format": "0.00;-0.00;0.00"},
    Look.FINE: {"valign": "top", "num_format": "0.0000;-0.0000;0.0000"},
    Look.PERCENT: {"valign": "top", "num_format": "0.0%;-0.0%;0.0%"},
    Look.WHOLE: {"valign": "top", "num_format": "0", "align": "right"},
    Look.DATE: {"valign": "top", "num_format": "yyyy-mm-dd", "align": "right"},
    Look.INPUT: INPUT,
    Look.INPUT_UNITS: {**INPUT, "num_format": "#,##0.####;-#,##0.####;0"},
    Look.INPUT_PRICE: {**INPUT, "num_format": PRICE},
}

COLUMN_LOOKS: Mapping[str, Look] = {
    **dict.fromkeys(("first", "last", "date"), Look.DATE),
    **dict.fromkeys(
        ("pct_nav", "largest", "proxied_share", "residual_volatility"), Look.PERCENT
    ),
    **dict.fromkeys(("mean_shock", "lowest", "highest"), Look.PERCENT),
    **dict.fromkeys(("shock", "local_shock", "fx_shock"), Look.PERCENT),
    **dict.fromkeys(("share", "own_history", "memory_drift"), Look.PERCENT),
    **dict.fromkeys(("total_pct_nav", "component_pct_nav"), Look.PERCENT),
    **dict.fromkeys(("hhi", "effective_names", "standard_error"), Look.DECIMAL),
    **dict.fromkeys(("effective_bets", "figure", "statistic"), Look.DECIMAL),
    **dict.fromkeys(("marginal", "p_value"), Look.FINE),
    **dict.fromkeys(("scenarios", "nights", "session", "sessions"), Look.WHOLE),
    **dict.fromkeys(("worst_session", "breach_session"), Look.WHOLE),
    **dict.fromkeys(("for", "against", "neither", "episodes"), Look.WHOLE),
    **dict.fromkeys(("weighted_scenarios",), Look.WHOLE),
    **dict.fromkeys(("start", "end"), Look.DATE),
    **dict.fromkeys(("assumed", "weight"), Look.DECIMAL),
    **dict.fromkeys(("move", "lowest_at", "hectic_share"), Look.PERCENT),
    **dict.fromkeys(("distance", "degrees_of_freedom", "radius"), Look.DECIMAL),
    **dict.fromkeys(("tail_normal", "tail_t"), Look.PERCENT),
    **dict.fromkeys(("answer", "at_least_as_bad", "drivers_named"), Look.WHOLE),
    **dict.fromkeys(("days", "days_stressed", "mean_days_stressed"), Look.DECIMAL),
    **dict.fromkeys(("within_1", "within_5", "within_10"), Look.PERCENT),
    **dict.fromkeys(("within_21", "cost_pct_gross"), Look.PERCENT),
    **dict.fromkeys(("sentence", "alone", "worst_windows"), Look.WRAPPED),
    **dict.fromkeys(("effective_scenarios", "independent_scenarios"), Look.WHOLE),
    **dict.fromkeys(("position", "names", "windows", "values", "row"), Look.WHOLE),
    **dict.fromkeys(("horizon_sessions", "sessions_old"), Look.WHOLE),
    **dict.fromkeys(("stale_names", "version"), Look.WHOLE),
    **dict.fromkeys(("description", "sources", "severity"), Look.WRAPPED),
    **dict.fromkeys(("core", "message", "hint", "note", "reason"), Look.WRAPPED),
}
WIDTHS: Mapping[str, float] = {
    "scenario": 27,
    "tier": 25,
    "driver": 25,
    "family": 16,
    "severity": 34,
    "core": 30,
    "description": 60,
    "sources": 52,
    "message": 46,
    "hint": 46,
    "note": 60,
    "sentence": 80,
    "episode": 18,
    "alone": 34,
    "worst_windows": 60,
    "worst_scenario": 27,
    "reason": 46,
    "test": 34,
    "verdict": 22,
    "method": 14,
    "code": 20,
    "source": 16,
    "series": 14,
    "instrument": 14,
    "book": 16,
}
NUMBER_WIDTH, TEXT_WIDTH = 12.5, 14.0


def look_of(column: str) -> Look:
    """Return how the numbers of a column are shown: money, if it is nothing else."""
    if column.endswith("_beta"):
        return Look.DECIMAL
    if column.startswith("move_"):
        return Look.PERCENT
    return COLUMN_LOOKS.get(column, Look.MILLIONS)


def width_of(column: str) -> float:
    """Return how wide a column is, in characters."""
    return WIDTHS.get(column, max(NUMBER_WIDTH, 1.25 * len(column)))


class Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, workbook: Any) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self._workbook = workbook
        self._made: dict[object, Any] = {}

    def __call__(self, look: Look, **more: object) -> Any:  # noqa: ANN401
        """Return the format of a look, with more properties."""
        key = look, tuple(sorted(more.items()))
        if key not in self._made:
            base = {"font_name": "Calibri", "font_size": 10, "font_color": INK}
            self._made[key] = self._workbook.add_format({**base, **LOOKS[look], **more})
        return self._made[key]

    def only(self, **properties: object) -> Any:  # noqa: ANN401
        """Return a format of nothing but `properties`, for conditional formats."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]
