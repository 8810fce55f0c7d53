"""Cells and headings of a report's tables, as text: the same in every text format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskplugin.reporting.shown import NUMBERS, Column, Kind, Rows
from riskplugin.reporting.words import UNKNOWN, minus, number, share, spaced

CALLED: Mapping[str, str] = {
    "pnl": "P&L",
    "pct_nav": "% of NAV",
    "pnl_pct_nav": "% of NAV",
    "total_pct_nav": "% of NAV",
    "component_pct_nav": "% of NAV",
    "cost_pct_gross": "% of gross",
    "pnl_held": "P&L held",
    "pnl_unwinding": "P&L selling",
    "pnl_if_kept": "P&L if kept",
    "weighted_pnl": "weighted P&L",
    "worst_pnl": "worst P&L",
    "default_pnl": "P&L if it fails",
    "default_pnl_set_off": "the same, set off",
    "horizon_sessions": "horizon",
    "at_least_as_bad": "as bad",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """What the money of a table is divided by, and how that is written.

    Attributes
    ----------
    divisor : float
    unit : str
        Currency and letters: ``USD m``.
    digits : int
        Decimals.
    """

    divisor: float
    unit: str
    digits: int


def scale_of(rows: Rows, currency: str) -> Scale:
    """Return the one scale of all the money in a table, by its largest figure."""
    names = [c.name for c in rows.columns if c.kind is Kind.MONEY]
    figures = rows.frame[names].to_numpy(float)
    largest = float(np.max(np.abs(figures), initial=0.0, where=~np.isnan(figures)))
    if largest >= 1e6:
        return Scale(1e6, f"{currency} m", 2 if largest < 1e8 else 1)
    if largest >= 1e4:
        return Scale(1e3, f"{currency} k", 1)
    return Scale(1.0, currency, 2)


def heading(column: Column, scale: Scale) -> str:
    """Return what a column is called, with its unit: ``P&L, USD m``."""
    name = CALLED.get(column.name, spaced(column.name))
    if column.kind is Kind.MONEY:
        return f"{name}, {scale.unit}"
    return f"{name}, days" if column.name.startswith("days") else name


def cell(value: Any, kind: Kind, scale: Scale) -> str:  # noqa: ANN401 - of any column
    """Return a cell as text; a zero is a bare 0, so that 0.00 is small and not zero."""
    if is_unknown(value):
        return UNKNOWN if kind in NUMBERS else ""
    if kind is Kind.DATE:
        return str(value)[:10]
    if kind is Kind.TEXT or isinstance(value, str):
        return minus(str(value))
    return figure(float(value), kind, scale) if value else "0"


def figure(value: float, kind: Kind, scale: Scale) -> str:
    """Return a number as text."""
    if kind is Kind.PERCENT:
        return share(value)
    if kind is Kind.MONEY:
        return number(value / scale.divisor, scale.digits)
    return number(value, digits_of(value, kind))


def digits_of(value: float, kind: Kind) -> int:
    """Return how many decimals a number without a unit is written with."""
    if kind is Kind.RATIO:
        return 0 if abs(value) >= 1000 else 2
    return 0 if kind is Kind.COUNT or value.is_integer() else 1


def is_unknown(value: object) -> bool:
    """Whether a cell has no value."""
    return value is None or value is pd.NaT or value != value  # noqa: PLR0124 - NaN
