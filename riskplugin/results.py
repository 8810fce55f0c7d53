"""Results: labelled tables that say what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from riskplugin.columns.meanings import definition
from riskplugin.errors import Issue, Severity


def shown_by(name: str, result: object) -> str:
    """Return what a function of the notebook's pages makes of a result.

    Results know nothing of pages: those are looked up when a notebook asks.
    """
    pages = import_module("riskplugin.reporting.html.notebook")
    return str(getattr(pages, name)(result))


class Table(pd.DataFrame):
    """A result: a DataFrame that knows its name and date, fresh on every call.

    Changing it is refused. Whatever is derived from it (a selection, a sort, a
    merge) is an ordinary DataFrame, and so is `to_frame()`.

    Attributes
    ----------
    title : str
        Name of the table, as in the run folder.
    as_of : str
        Valuation date, ISO.
    definitions : dict of str to str
        What each column means, with its unit and sign.
    """

    _metadata = ["title", "as_of"]  # noqa: RUF012 - the name pandas reads
    title: str
    as_of: str

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def definitions(self) -> dict[str, str]:
        """What each column means, with its unit and sign."""
        return {c: definition(str(c)) for c in self.columns}

    def to_frame(self) -> pd.DataFrame:
        """Return an independent ordinary DataFrame with the same content."""
        return pd.DataFrame(self)

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return shown_by("table_html", self)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = f"table {self.title!r} is a result; use to_frame() for one to change"
        raise TypeError(msg)

    __setitem__ = _refuse
    __delitem__ = _refuse  # type: ignore[misc]
    insert = pop = _update_inplace = _refuse

    @property
    def loc(self) -> Any:  # noqa: ANN401 - pandas' own
        """Rows and columns by label, to read; writing does not reach the table."""
        return self.to_frame().loc

    @property
    def iloc(self) -> Any:  # noqa: ANN401 - pandas' own
        """Rows and columns by place, to read; writing does not reach the table."""
        return self.to_frame().iloc

    @property
    def at(self) -> Any:  # noqa: ANN401 - pandas' own
        """One cell by label, to read; writing does not reach the table."""
        return self.to_frame().at

    @property
    def iat(self) -> Any:  # noqa: ANN401 - pandas' own
        """One cell by place, to read; writing does not reach the table."""
        return self.to_frame().iat


def in_milliseconds(values: object) -> object:
    """Return an array of days in milliseconds; anything else as it is."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[ms]")
    return values


def table(title: str, as_of: np.datetime64, columns: Mapping[str, Any]) -> Table:
    """Return the frozen table `title` with `columns` in the order given.

    Days are in milliseconds, the unit that Parquet keeps.
    """
    made = Table({name: in_milliseconds(values) for name, values in columns.items()})
    object.__setattr__(made, "title", title)
    object.__setattr__(made, "as_of", str(as_of))
    return made


class Evidence(Table):
    """Predictions of past reversals beside what came, name by name.

    Attributes
    ----------
    books : Table
        The same for equal-weight books of all names and of each tier.
    summary : Table
        Scores by episode, tier and book and over all, beside "no move".
    by_tier : Table
        Scores of every tier in every episode.
    calibration : Table
        How often names fell into bands of several levels, by tier and over all.
    """

    _metadata = [  # noqa: RUF012 - the name pandas reads
        "title",
        "as_of",
        "books",
        "summary",
        "by_tier",
        "calibration",
    ]
    books: Table
    summary: Table
    by_tier: Table
    calibration: Table


def evidence_table(names: Table, **beside: Table) -> Evidence:
    """Return the evidence of `names`, with the tables that stand beside it."""
    made = Evidence(names.to_frame())
    for attribute, value in {"title": names.title, "as_of": names.as_of}.items():
        object.__setattr__(made, attribute, value)
    for attribute, other in beside.items():
        object.__setattr__(made, attribute, other)
    return made


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """Everything that one run computed.

    Attributes
    ----------
    as_of : numpy.datetime64
        Valuation date.
    base_currency : str
        Currency of all money.
    run_id : str
        First 12 hex digits of SHA-256 over inputs, settings, version and as_of.
    confidence : float
        Level of the bands.
    tables : Mapping of str to Table
        Every result by name, in the order of the run folder.
    issues : tuple of Issue
        What the inputs made necessary to say.
    manifest : Mapping
        Inputs, settings and scenarios that the run id stands for.
    inputs : Mapping of str to DataFrame
        What it was computed from; the desk can be made of it again.
    """

    as_of: np.datetime64
    base_currency: str
    run_id: str
    confidence: float
    tables: Mapping[str, Table]
    issues: tuple[Issue, ...]
    manifest: Mapping[str, Any]
    inputs: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        """Return the first page of the run as a notebook shows it."""
        return shown_by("report_html", self)

    @property
    def exposures(self) -> Table:
        """Exposures by tier."""
        return self.tables["exposures"]

    @property
    def stress(self) -> Table:
        """Stress P&L by scenario and tier."""
        return self.tables["stress"]

    @property
    def shocks(self) -> Table:
        """Shock of every instrument in every scenario."""
        return self.tables["shocks"]

    @property
    def left_out(self) -> Table:
        """Positions that were quarantined, with their money where it is known."""
        return self.tables["left_out"]

    @property
    def status(self) -> str:
        """Return ``complete``, or ``partial``.

        Partial where anything given was left out, or no scenario could be run.
        """
        errors = any(i.severity is Severity.ERROR for i in self.issues)
        nothing_run = len(self.tables["scenarios"]) and not len(self.stress)
        lacking = errors or nothing_run or len(self.left_out)
        return "partial" if lacking else "complete"
