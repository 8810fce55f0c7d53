"""How a table of a run is shown in a report: what of it, in which order, and drawn how.

A `Shown` is data alone. `rows_of` makes the rows of it, the same ones for every format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from riskplugin.results import Table


class Kind(StrEnum):
    """What the figures of a column are, and so how they are written.

    MONEY is in base currency, PERCENT a decimal that is written in percent, RATIO a
    number without a unit, COUNT a whole number, DAYS a number of days or sessions.
    """

    MONEY = "money"
    PERCENT = "percent"
    RATIO = "ratio"
    COUNT = "count"
    DAYS = "days"
    DATE = "date"
    TEXT = "text"


NUMBERS = frozenset({Kind.MONEY, Kind.PERCENT, Kind.RATIO, Kind.COUNT, Kind.DAYS})


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is shown."""

    name: str
    kind: Kind


Columns = tuple[Column, ...]


def columns_of(kind: Kind, names: str) -> Columns:
    """Return columns of one kind, named in a string with spaces."""
    return tuple(Column(name, kind) for name in names.split())


def money(names: str) -> Columns:
    """Return columns of money."""
    return columns_of(Kind.MONEY, names)


def percent(names: str) -> Columns:
    """Return columns of decimals that are written in percent."""
    return columns_of(Kind.PERCENT, names)


def ratio(names: str) -> Columns:
    """Return columns of numbers without a unit."""
    return columns_of(Kind.RATIO, names)


def count(names: str) -> Columns:
    """Return columns of whole numbers."""
    return columns_of(Kind.COUNT, names)


def days(names: str) -> Columns:
    """Return columns of days or sessions."""
    return columns_of(Kind.DAYS, names)


def date(names: str) -> Columns:
    """Return columns of dates."""
    return columns_of(Kind.DATE, names)


def text(names: str) -> Columns:
    """Return columns of text."""
    return columns_of(Kind.TEXT, names)


class Picture(StrEnum):
    """What a table is drawn as.

    BARS: a bar per row and value, the largest first. BANDS: a value with its low and
    high per row. WATERFALL: the values of one row, each beginning where the last ended.
    HEAT: a pivot whose cells are shaded by value. LINES: a line per `series` over
    `label`.
    """

    BARS = "bars"
    BANDS = "bands"
    WATERFALL = "waterfall"
    HEAT = "heat"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a table: which column labels, and which are drawn.

    `low` and `high` are those of BANDS, `series` names the column whose values are a
    line each in LINES, or a picture each in WATERFALL.
    """

    picture: Picture
    label: str
    values: tuple[str, ...]
    low: str = ""
    high: str = ""
    series: str = ""


class Pivot(NamedTuple):
    """A table of two labels as a grid: a row per one, a column per the other."""

    row: str
    column: str
    value: str
    kind: Kind = Kind.MONEY


@dataclass(frozen=True, slots=True)
class Shown:
    """A table of a run as a report shows it.

    Attributes
    ----------
    table : str
        Its name in the run.
    title : str
        What it is called here.
    columns : tuple of Column
        Those that are shown, in order; those that the table lacks are left out. None
        for all of them. Of a pivot its columns are the values of one.
    where : Mapping of str to tuple of str
        Rows that are shown: those whose column holds one of the values.
    summed_by : tuple of str
        Keys by which rows are summed up first, unknown where all of them are.
    first_by : tuple of str
        Keys of which only the first row each is shown: figures that are the same on
        every row of the key.
    pivot : Pivot, optional
        Shown as a grid.
    sort : str
        Column to sort by, ``-name`` from the largest down, ``|name|`` from the largest
        absolute value down; blank leaves the order of the table. Unknown comes first
        where the smallest would, so that no cut hides it.
    cut : int
        Rows that are shown at most; the report says how many there are.
    drawing : Drawing, optional
        How it is drawn.
    """

    table: str
    title: str
    columns: Columns = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summed_by: tuple[str, ...] = ()
    first_by: tuple[str, ...] = ()
    pivot: Pivot | None = None
    sort: str = ""
    cut: int = 200
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: what it answers, and the tables that do."""

    key: str
    title: str
    question: str
    tables: tuple[Shown, ...] = ()


class Rows(NamedTuple):
    """What is shown of a table: columns, rows, and how many there are before a cut."""

    columns: Columns
    frame: pd.DataFrame
    there: int


def rows_of(shown: Shown, found: Table) -> Rows:
    """Return what is shown of a table of a run; one without rows may lack columns."""
    frame = found.to_frame()
    if frame.empty:
        there = tuple(c for c in shown.columns if c.name in frame.columns)
        return Rows(there, frame[[c.name for c in there]], 0)
    for column, values in shown.where.items():
        frame = frame[frame[column].isin(values)]
    given = shown.columns or all_columns(frame)
    columns = tuple(c for c in given if c.name in frame.columns)
    if shown.summed_by:
        frame = summed(frame, shown.summed_by, columns)
    if shown.first_by:
        frame = frame.drop_duplicates(list(shown.first_by))
    if shown.sort:
        frame = in_order(frame, shown.sort)
    if shown.pivot is not None:
        frame, columns = pivoted(frame, shown.pivot)
    kept = frame[[c.name for c in columns]].head(shown.cut)
    return Rows(columns, kept.reset_index(drop=True), len(frame))


def all_columns(frame: pd.DataFrame) -> Columns:
    """Return every column of a frame; numbers count as having no unit."""
    return tuple(
        Column(str(name), Kind.RATIO if frame[name].dtype.kind in "iuf" else Kind.TEXT)
        for name in frame.columns
    )


def summed(
    frame: pd.DataFrame, keys: tuple[str, ...], columns: Columns
) -> pd.DataFrame:
    """Return sums by keys; a sum of which every part is unknown is unknown."""
    figures = [c.name for c in columns if c.name not in keys]
    return frame.groupby(list(keys), sort=False)[figures].sum(min_count=1).reset_index()


def in_order(frame: pd.DataFrame, sort: str) -> pd.DataFrame:
    """Return rows in an order; equal ones stay as they stand."""
    if sort.startswith("|"):
        sizes = frame[sort.strip("|")].abs()
        order = sizes.sort_values(ascending=False, kind="stable", na_position="first")
        return frame.loc[order.index]
    return frame.sort_values(
        sort.removeprefix("-"),
        ascending=not sort.startswith("-"),
        kind="stable",
        na_position="first",
    )


def pivoted(frame: pd.DataFrame, pivot: Pivot) -> tuple[pd.DataFrame, Columns]:
    """Return a grid, rows and columns in the order in which they come."""
    across = list(dict.fromkeys(frame[pivot.column].astype(str)))
    down = list(dict.fromkeys(frame[pivot.row]))
    cells = frame.assign(**{pivot.column: frame[pivot.column].astype(str)})
    keys = [pivot.row, pivot.column]
    groups = cells.groupby(keys, sort=False, observed=True, dropna=False)[pivot.value]
    grid = groups.sum(min_count=1).unstack(pivot.column)  # noqa: PD010 - not tidied
    grid = grid.reindex(index=down, columns=across)
    columns = (
        Column(pivot.row, Kind.TEXT),
        *(Column(name, pivot.kind) for name in across),
    )
    return grid.rename_axis(columns=None).reset_index(), columns
