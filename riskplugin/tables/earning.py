"""What a book earns in every scenario of a sample, by held name."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.book import Book, Grouping, positions_between
from riskplugin.desk import Desk
from riskplugin.risk.sampling import Sample
from riskplugin.stressing.liquidation import margined
from riskplugin.tables.tabulation import rows_of


@dataclass(frozen=True, eq=False, slots=True)
class Holdings:
    """What a book earns in every scenario, by name.

    Attributes
    ----------
    rows : ndarray of shape (K,)
        Rows of the held names in the model.
    unit : ndarray of shape (T, K)
        P&L per unit of reference value.
    name : ndarray of shape (P,)
        Held name of each position.
    book : Book
    """

    rows: Codes
    unit: Matrix
    name: Codes
    book: Book

    @property
    def pnl(self) -> Vector:
        """P&L of the whole book, base currency, shape (T,)."""
        value = np.bincount(
            self.name, weights=self.book.reference_value, minlength=len(self.rows)
        )
        pnl: Vector = self.unit @ value
        return pnl

    def between(self, first: int, last: int) -> "Holdings":
        """Return some of the positions in a row, of the same held names."""
        book = positions_between(self.book, first, last)
        return Holdings(self.rows, self.unit, self.name[first:last], book)

    def values(self, grouping: Grouping, groups: slice) -> Matrix:
        """Return the reference value per held name of some groups, shape (K, G)."""
        first, last, _ = groups.indices(len(grouping))
        inside = (grouping.codes >= first) & (grouping.codes < last)
        cell = self.name[inside] * (last - first) + grouping.codes[inside] - first
        value = np.bincount(
            cell,
            weights=self.book.reference_value[inside],
            minlength=len(self.rows) * (last - first),
        )
        return value.astype(np.float64).reshape(len(self.rows), last - first)


def holdings(desk: Desk, sample: Sample) -> Holdings:
    """Return what the desk's book earns in the scenarios of `sample`.

    A position that is closed at some price is a name of its own.
    """
    rows, name = np.unique(rows_of(desk, sample.model), return_inverse=True)
    unit, found = sample.unit_pnl(rows), margined(desk.book, sample.model)
    if len(found.position):
        name[found.position] = len(rows) + np.arange(len(found.position))
        rows = np.concatenate([rows, found.name])
        unit = np.hstack([unit, sample.unit_pnl(found.name, found.terms)])
    return Holdings(rows, unit, name, desk.book)
