"""From trades as asked for to what they change of the lots of a desk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from riskplugin._typing import Codes
from riskplugin.custody import locked
from riskplugin.desk import Desk
from riskplugin.errors import Issue, input_error
from riskplugin.errors import Place as Where
from riskplugin.inputs.trades import BAD_TRADE, OF_ORDERS
from riskplugin.inputs.units import Tradable, tradable
from riskplugin.trading.orders import Amount, Change, Place, Shelf, Trade

_shelves: WeakKeyDictionary[Desk, Shelf] = WeakKeyDictionary()
SOURCE = "trades"


def shelf_of(desk: Desk) -> Shelf:
    """Return the lots of a desk as orders find them, made once."""
    if desk not in _shelves:
        labels = {key: desk.book.labels[key] for key in OF_ORDERS}
        words = {k: [c.names[i] for i in c.codes] for k, c in labels.items()}
        free = locked(desk.book, desk.as_of)
        _shelves[desk] = Shelf.made(desk.book.quantity, free, words)
    return _shelves[desk]


def units_for(desk: Desk, trades: Iterable[Trade]) -> Tradable:
    """Return the units of what orders name.

    Raises
    ------
    InputError
        Naming every instrument that has no price, rate or terms.
    """
    lines: dict[str, int] = {}
    for trade in trades:
        if trade.amount is not Amount.CUT:
            lines.setdefault(trade.scope["instrument"], trade.line)
    return tradable(desk, lines, SOURCE)


@dataclass(frozen=True, eq=False, slots=True)
class Resolver:
    """The lots and prices that trades are resolved against; what is wrong is kept."""

    desk: Desk
    shelf: Shelf
    known: Tradable
    faults: list[Issue]

    @classmethod
    def of(cls, desk: Desk, trades: Sequence[Trade]) -> "Resolver":
        """Return what `trades` are resolved against."""
        return cls(desk, shelf_of(desk), units_for(desk, trades), [])

    def fault(self, trade: Trade, message: str, hint: str) -> None:
        """Take what is wrong with a trade."""
        place = Where(SOURCE, trade.line, trade.amount.value)
        self.faults.append(Issue(BAD_TRADE, place, message, hint))

    def checked(self) -> None:
        """Refuse what was found.

        Raises
        ------
        InputError
            With every issue.
        """
        if self.faults:
            raise input_error(self.faults)

    def change(self, trades: Sequence[Trade]) -> Change:
        """Return what the trades of one idea change of the lots.

        Cuts and targets are of what is held before any of them.
        """
        cuts = [t for t in trades if t.amount is Amount.CUT]
        orders = [t for t in trades if t.amount is not Amount.CUT]
        cut = [(self.scope(t), t.figure) for t in cuts]
        self.overlaps(cuts, [rows for rows, _ in cut])
        self.targets_alone(orders, [rows for rows, _ in cut])
        placed = [(place_of(t), self.quantity(t)) for t in orders]
        return self.shelf.changed(cut, placed)

    def scope(self, trade: Trade) -> Codes:
        """Return the lots that a cut is of."""
        rows = np.ones(len(self.desk.book), dtype=bool)
        for key, label in trade.scope.items():
            labels = self.desk.book.labels[key]
            rows &= labels.codes == labels.names.index(label)
        found = np.flatnonzero(rows)
        if not len(found):
            words = ", ".join(f"{k} {v}" for k, v in trade.scope.items())
            self.fault(trade, f"nothing is held of {words}", "name another scope")
        return found

    def overlaps(self, cuts: Sequence[Trade], lots: Sequence[Codes]) -> None:
        """Refuse lots that are cut twice: whether one after the other is not said."""
        times = np.zeros(len(self.desk.book), dtype=np.int64)
        for trade, rows in zip(cuts, lots, strict=True):
            times[rows] += 1
            again = rows[times[rows] > 1]
            if len(again):
                name = self.shelf.words["instrument"][int(again[0])]
                message = f"cuts {name} a second time"
                self.fault(trade, message, "make scopes that have nothing in common")

    def targets_alone(self, orders: Sequence[Trade], cut: Sequence[Codes]) -> None:
        """Refuse a target beside other trades of its instrument in its book."""
        count: dict[tuple[str, str], int] = {}
        for trade in orders:
            count[where(trade)] = count.get(where(trade), 0) + 1
        gone = {int(row) for rows in cut for row in rows}
        for trade in orders:
            lots = self.shelf.lots(place_of(trade))
            others = count[where(trade)] > 1 or not gone.isdisjoint(map(int, lots))
            if trade.amount is Amount.TARGET and others:
                name = trade.scope["instrument"]
                message = f"a target of {name} beside other trades of it in the book"
                self.fault(trade, message, "keep the target, or the others")

    def quantity(self, trade: Trade) -> float:
        """Return the units that an order buys; sold < 0."""
        if trade.amount is Amount.TARGET:
            return trade.figure - self.shelf.held(place_of(trade))
        if trade.amount is Amount.QUANTITY:
            return trade.figure
        value = self.known.units[trade.scope["instrument"]].value
        if value == 0:
            name = trade.scope["instrument"]
            self.fault(trade, f"{name} is worth nothing", "give the quantity")
            return 0.0
        return trade.figure / value


def where(trade: Trade) -> tuple[str, str]:
    """Return the book and instrument of an order."""
    return trade.scope["book"], trade.scope["instrument"]


def place_of(trade: Trade) -> Place:
    """Return where an order goes."""
    return Place(*(trade.scope.get(key, "") for key in OF_ORDERS))
