"""Column specifications: one per table, for checking, reference and headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a cell of the column holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class Check(StrEnum):
    """What a number must be."""

    FINITE = "any number"
    POSITIVE = "above 0"
    NOT_NEGATIVE = "0 or more"
    FRACTION = "between 0 and 1"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and what it means.

    `choices` are the texts that a column of text may hold; none means any. A required
    column must be there, and filled in unless it `may_be_blank`. `synonyms`, without
    capitals, are headers under which others give it; they are not read.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = False
    check: Check = Check.FINITE
    choices: tuple[str, ...] = ()
    may_be_blank: bool = False
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One input table.

    `pivot` names the key and value column of a table that may also come wide, with
    one column per key.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    pivot: tuple[str, str] | None = None

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(c for c in self.columns if c.name == name)

    def required(self) -> tuple[str, ...]:
        """Return the names of the columns that must be there."""
        return tuple(c.name for c in self.columns if c.required)

    def names(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        return tuple(c.name for c in self.columns)


def text(
    name: str,
    description: str,
    *,
    required: bool = False,
    choices: tuple[str, ...] = (),
    synonyms: tuple[str, ...] = (),
) -> Column:
    """Return a column of text."""
    return Column(
        name,
        Kind.TEXT,
        description,
        "",
        required,
        choices=choices,
        synonyms=synonyms,
    )


def date(name: str, description: str, *, required: bool = False) -> Column:
    """Return a column of dates."""
    return Column(name, Kind.DATE, description, "ISO date", required)


def number(
    name: str,
    description: str,
    unit: str,
    *,
    required: bool = False,
    check: Check = Check.FINITE,
    may_be_blank: bool = False,
) -> Column:
    """Return a column of numbers."""
    return Column(
        name, Kind.NUMBER, description, unit, required, check, (), may_be_blank
    )


def by_name(*tables: TableSpec) -> Mapping[str, TableSpec]:
    """Return `tables` by their names."""
    return {table.name: table for table in tables}
