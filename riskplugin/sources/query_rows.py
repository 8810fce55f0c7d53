"""Rows of a query as columns of a table, of the kinds that files give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

EXACT = 2**53  # whole numbers up to here are floats without loss
LARGEST_NAME = 1e40  # a number of more digits names nothing
Rows = Sequence[Sequence[object]]


class Gathered:
    """Rows taken piece by piece, each piece kept as columns of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.rows = 0
        self._pieces: list[list[pd.Series[Any]]] = [[] for _ in names]

    def take(self, rows: Rows) -> None:
        """Take the next rows."""
        self.rows += len(rows)
        for pieces, values in zip(self._pieces, zip(*rows, strict=True), strict=False):
            pieces.append(column_of(values))

    def frame(self) -> pd.DataFrame:
        """Return all rows; columns without rows are there, empty."""
        columns = [
            pd.concat(pieces, ignore_index=True) if pieces else pd.Series(dtype=object)
            for pieces in map(same_kind, self._pieces)
        ]
        frame = pd.DataFrame(dict(enumerate(columns)))
        frame.columns = pd.Index(self.names, dtype=object)
        return frame


def same_kind(pieces: "list[pd.Series[Any]]") -> "list[pd.Series[Any]]":
    """Return pieces that can stand in one column without a change of their values.

    A piece of blanks alone takes the kind of the others.
    """
    kinds = {piece.dtype for piece in pieces if piece.notna().any()}
    if len(kinds) > 1 and not all(kind.kind in "if" for kind in kinds):
        return [piece.astype(object) for piece in pieces]
    kind = next(iter(kinds), np.dtype(object))
    return [p if p.dtype in kinds else blanks(len(p), kind) for p in pieces]


def blanks(rows: int, kind: Any) -> "pd.Series[Any]":  # noqa: ANN401 - a dtype
    """Return `rows` blanks of a kind, of floats where whole numbers have none."""
    own = np.dtype(np.float64) if kind == np.int64 else kind
    return pd.Series([None] * rows, dtype=own)


def column_of(values: Sequence[object]) -> "pd.Series[Any]":
    """Return values as numbers, dates or text, None as missing; else as they are.

    A decimal becomes the float nearest to it. A whole number that no float holds stays
    as it is: it may be a name. So does a truth value, which no column takes for 1.
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds and kinds <= NUMBERS:
        return numbers_of(values, kinds)
    kind = next(iter(kinds)) if len(kinds) == 1 else object
    if kind is date or (kind is datetime and not any(map(zoned, values))):
        codes, days = pd.factorize(np.array(values, dtype=object))
        known = np.array([*days, None], dtype=MOMENTS[kind])  # code -1 is the None
        return pd.Series(known[codes])
    if kind is str:
        return pd.Series(values, dtype="str")
    return pd.Series([plain(value) for value in values], dtype=object)


NUMBERS = {int, float, Decimal}
MOMENTS: Mapping[type, str] = {date: "datetime64[s]", datetime: "datetime64[us]"}


def numbers_of(values: Sequence[object], kinds: set[type]) -> "pd.Series[Any]":
    """Return numbers, some None, as floats, or as whole numbers if all of them are."""
    cells = values
    if Decimal in kinds or int in kinds:
        cells = [value if type(value) is float else plain(value) for value in values]
        if not small(cells):
            return pd.Series(cells, dtype=object)
    whole = kinds == {int} and None not in cells
    return pd.Series(cells, dtype="int64" if whole else "float64")


def small(cells: Iterable[object]) -> bool:
    """Whether floats hold every whole number among `cells`."""
    return all(type(c) is not int or -EXACT <= c <= EXACT for c in cells)


def plain(value: object) -> object:
    """Return a value as one of the kinds that files hold."""
    if isinstance(value, Decimal):
        number = float(value)
        if not EXACT < abs(number) < LARGEST_NAME:
            return number
        return int(value) if value == value.to_integral_value() else number
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return value


def zoned(cell: object) -> bool:
    """Whether a cell is a moment with a time zone: it has no day of its own."""
    return isinstance(cell, datetime) and cell.tzinfo is not None


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a frame by their content, column after column."""
    keys = pd.DataFrame({i: frame.iloc[:, i] for i in range(frame.shape[1])})
    for i, kind in enumerate(keys.dtypes):
        if kind.kind == "O":
            keys[i] = keys[i].astype("str")
    order = keys.sort_values(list(keys.columns), kind="stable").index
    return frame.iloc[order].reset_index(drop=True)
