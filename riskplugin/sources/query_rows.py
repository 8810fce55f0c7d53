"""Rows of a query as columns of a table, of the kinds that files give."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

EXACT = 2**53  # whole numbers up to here are floats without loss
LARGEST_NAME = 10**40  # a number of more digits names nothing
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


def column_of(values: Iterable[object]) -> "pd.Series[Any]":
    """Return values as numbers, dates or text, None as missing; else as they are.

    A decimal becomes the float nearest to it. A whole number that no float holds stays
    as it is: it may be a name. So does a truth value, which no column takes for 1.
    """
    cells = [plain(value) for value in values]
    kind = kind_of(cells)
    if kind is not None and kind.startswith("datetime64"):
        return pd.Series(np.array(cells, dtype=kind))
    return pd.Series(cells, dtype=object if kind is None else kind)


def kind_of(cells: Sequence[object]) -> str | None:
    """Return the dtype that holds `cells` without loss, None if there is none."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float} and small(cells):
        return "int64" if kinds == {int} and None not in cells else "float64"
    if kinds == {datetime} and any(map(zoned, cells)):
        return None
    return SINGLE.get(next(iter(kinds))) if len(kinds) == 1 else None


SINGLE: Mapping[type, str] = {
    str: "str",
    date: "datetime64[s]",
    datetime: "datetime64[us]",
}


def small(cells: Iterable[object]) -> bool:
    """Whether floats hold every whole number among `cells`."""
    return all(not isinstance(cell, int) or abs(cell) <= EXACT for cell in cells)


def plain(value: object) -> object:
    """Return a value as one of the kinds that files hold."""
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        large = whole and EXACT < abs(value) < LARGEST_NAME
        return int(value) if large else float(value)
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
