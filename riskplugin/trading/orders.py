"""Trades as they were asked for, and the lots that they change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Vector

ALIKE = 1e-12  # of a share of what is held: what rounding makes of all of it


class Amount(StrEnum):
    """How a trade says how much, by its column."""

    QUANTITY = "quantity"
    TARGET = "target_quantity"
    CUT = "pct"
    NOTIONAL = "notional"


@dataclass(frozen=True, eq=False, slots=True)
class Trade:
    """One row of trades, checked.

    `scope` has the labels of the lots that are meant; of all but a cut always book and
    instrument. `line` is its row number.
    """

    line: int
    idea: str
    scope: Mapping[str, str]
    amount: Amount
    figure: float


class Place(NamedTuple):
    """Where an order goes; account and strategy are blank where any will do."""

    book: str
    instrument: str
    account: str
    strategy: str

    @property
    def stated(self) -> int:
        """How many of account and strategy it states."""
        return bool(self.account) + bool(self.strategy)


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """What trades make of the P lots of a book.

    Attributes
    ----------
    quantity : ndarray of shape (P,)
        Change of each lot; no lot changes its sign.
    added : Mapping of Place to float
        Lots beside them and their quantity, not 0.
    """

    quantity: Vector
    added: Mapping[Place, float]


def taken_from(held: Vector, locked: Flags, amount: float) -> tuple[Vector, float]:
    """Return what an order changes of R lots, shape (R,), and what it adds to them.

    A sale is taken from what is held long, a purchase from what is held short: every
    lot in proportion, those that are free first, then those that are locked. What
    goes beyond is a lot of its own.

    Parameters
    ----------
    held : ndarray of shape (R,)
        Quantities; short < 0.
    locked : ndarray of bool, shape (R,)
        Which cannot be sold yet.
    amount : float
        Units bought; sold < 0.
    """
    change, left = np.zeros(len(held)), amount
    against = held * amount < 0
    for some in (against & ~locked, against & locked):
        there = float(held[some].sum())
        if left == 0 or there == 0:
            continue
        share = -left / there
        if share >= 1 - ALIKE:
            change[some] = -held[some]
            left = 0.0 if share <= 1 + ALIKE else left + there
        else:
            change[some] = -share * held[some]
            left = 0.0
    return change, left


def summed(orders: Iterable[tuple[Place, float]]) -> list[tuple[Place, float]]:
    """Return one order per place, those that state most first; zeros are left out.

    The same to the last bit in whatever order they come.
    """
    amounts: dict[Place, list[float]] = {}
    for place, amount in orders:
        amounts.setdefault(place, []).append(amount)
    totals = [(place, fsum(found)) for place, found in amounts.items()]
    kept = [(place, total) for place, total in totals if total != 0]
    return sorted(kept, key=lambda order: (-order[0].stated, order[0]))


@dataclass(frozen=True, eq=False, slots=True)
class Shelf:
    """The lots of a book as orders find them.

    Attributes
    ----------
    quantity : ndarray of shape (P,)
    locked : ndarray of bool, shape (P,)
        Which cannot be sold yet.
    words : Mapping of str to sequence of str
        Label of each lot: book, instrument, account, strategy.
    of : Mapping of (book, instrument) to ndarray of int
        Which lots are there.
    """

    quantity: Vector
    locked: Flags
    words: Mapping[str, Sequence[str]]
    of: Mapping[tuple[str, str], Codes]

    @classmethod
    def made(
        cls, quantity: Vector, locked: Flags, words: Mapping[str, Sequence[str]]
    ) -> "Shelf":
        """Return the lots by where they are."""
        found: dict[tuple[str, str], list[int]] = {}
        for row, where in enumerate(
            zip(words["book"], words["instrument"], strict=True)
        ):
            found.setdefault(where, []).append(row)
        of = {where: np.array(rows, dtype=np.int64) for where, rows in found.items()}
        return cls(quantity, locked, words, of)

    def lots(self, place: Place) -> Codes:
        """Return the lots that an order may be taken from."""
        rows = self.of.get((place.book, place.instrument), np.empty(0, dtype=np.int64))
        for key, wanted in (("account", place.account), ("strategy", place.strategy)):
            if wanted:
                own = self.words[key]
                rows = rows[[own[int(row)] == wanted for row in rows]]
        return rows

    def held(self, place: Place) -> float:
        """Return the quantity held where an order goes."""
        return float(self.quantity[self.lots(place)].sum())

    def settled(self, place: Place) -> Place:
        """Return the place of a lot that an order adds: labels that all lots share."""
        rows = self.lots(place)

        def shared(key: str, stated: str) -> str:
            own = {self.words[key][int(row)] for row in rows}
            return stated or (own.pop() if len(own) == 1 else "")

        account = shared("account", place.account)
        return place._replace(
            account=account, strategy=shared("strategy", place.strategy)
        )

    def changed(
        self, cuts: Iterable[tuple[Codes, float]], orders: Iterable[tuple[Place, float]]
    ) -> Change:
        """Return what cuts and orders make of the lots.

        Cuts are of what was held before; orders are taken from what they leave.

        Parameters
        ----------
        cuts : iterable of (lots, change as a share of what is held)
            No lot twice.
        orders : iterable of (Place, units bought)
        """
        change, added = np.zeros(len(self.quantity)), dict[Place, list[float]]()
        for rows, pct in cuts:
            change[rows] = pct * self.quantity[rows]
        for place, amount in summed(orders):
            rows = self.lots(place)
            left = self.quantity[rows] + change[rows]
            taken, beyond = taken_from(left, self.locked[rows], amount)
            closed = taken == -left
            change[rows] = np.where(closed, -self.quantity[rows], change[rows] + taken)
            if beyond:
                added.setdefault(self.settled(place), []).append(beyond)
        lots = {place: fsum(found) for place, found in added.items()}
        return Change(change, {place: lot for place, lot in lots.items() if lot != 0})
