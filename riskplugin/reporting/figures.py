"""Figures of a run that the first page speaks of."""

from math import nan
from typing import Any

import pandas as pd

from riskplugin.results import Report


def frame_of(report: Report, name: str) -> pd.DataFrame:
    """Return a table of a run as a frame; an empty one if the run lacks it."""
    return report.tables[name].to_frame() if name in report.tables else pd.DataFrame()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame by column."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def total(frame: pd.DataFrame, column: str) -> float:
    """Return the sum of a column, unknown where a part is, or where it is not there."""
    return float(frame[column].sum(skipna=False)) if column in frame else nan


def nav_of(report: Report) -> float:
    """Return the NAV of all books that hold anything; unknown where one has none."""
    known: dict[str, Any] = report.manifest["settings"].get("nav", {})
    books = frame_of(report, "positions")["book"].unique()
    return sum((float(known.get(str(book), nan)) for book in books), 0.0) or nan


def gross_of(report: Report) -> float:
    """Return the gross of everything held."""
    return total(report.exposures, "gross")


def worst_scenarios(report: Report) -> pd.DataFrame:
    """Return the whole desk's scenarios, unknown ones first, then the worst."""
    frame = frame_of(report, "stress_total")
    return frame.sort_values("pnl", kind="stable", na_position="first")


def cvar_of(report: Report, name: str) -> float:
    """Return the CVaR of the whole desk from a table of measures."""
    frame = frame_of(report, name)
    if "measure" not in frame:
        return nan
    rows = frame[frame["measure"] == "CVaR"]
    return float(rows["total"].iloc[0]) if len(rows) else nan
