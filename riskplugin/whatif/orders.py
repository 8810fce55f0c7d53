"""Orders as they would go to the market: what they cost, and how long they take."""

from collections.abc import Sequence

import numpy as np

from riskplugin._typing import Codes, Flags, Vector
from riskplugin.book import Book
from riskplugin.custody import locked
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table, table
from riskplugin.tables.liquidity import released_after, session_volatility
from riskplugin.tables.volumes import daily_volume, is_cash
from riskplugin.trading.books import Turn
from riskplugin.trading.filling import Depth, Fills, Orders, fills

KEYS = ("book", "instrument", "account", "strategy")


def depth_of(desk: Desk, row: dict[str, int], model: FactorModel) -> Depth:
    """Return the market of every instrument of a desk's book, by its code."""
    instrument = desk.book.labels["instrument"]
    rows = np.array([row[name] for name in instrument.names], dtype=np.int64)
    half_spread = np.empty(len(instrument.names))
    half_spread[instrument.codes] = desk.book.half_spread
    return Depth(
        daily_volume(desk),
        session_volatility(model)[rows],
        half_spread,
        is_cash(desk.book),
    )


class Grouped:
    """Rows whose quantity changes as orders: one per book, instrument, account, ….

    `bought` and `value` (P + L,) are units and market value that each row buys, sold
    < 0; `rows` are those that do, `order` is the order of each, `first` its first row.
    """

    def __init__(self, book: Book, bought: Vector, value: Vector) -> None:
        self.rows = np.flatnonzero(bought)
        self.bought, self.value, self.book = bought, value, book
        cell = np.zeros(len(self.rows), dtype=np.int64)
        for key in KEYS:
            codes = book.labels[key].codes[self.rows]
            cell = cell * (len(book.labels[key].names) + 1) + codes
            cell = np.unique(cell, return_inverse=True)[1]
        self.order: Codes = cell
        self.first = np.unique(cell, return_index=True)[1]

    @classmethod
    def of(cls, turn: Turn) -> "Grouped":
        """Return the orders of a turn."""
        before, after = turn.before, turn.after
        return cls(
            before,
            after.quantity - before.quantity,
            after.market_value - before.market_value,
        )

    def __len__(self) -> int:
        return len(self.first)

    def total(self, values: Vector) -> Vector:
        """Return the sum of `values` (P + L,) over each order, shape (R,)."""
        sums = np.bincount(self.order, values[self.rows], len(self))
        return sums.astype(np.float64)

    def first_of(self, values: Vector) -> Vector:
        """Return the value of the first lot of each order, shape (R,)."""
        return values[self.rows[self.first]]

    def most(self, values: Vector) -> Vector:
        """Return the largest of `values` (P + L,) over each order, shape (R,)."""
        found = np.zeros(len(self))
        np.maximum.at(found, self.order, values[self.rows])
        return found

    def words(self, key: str) -> list[str]:
        """Return a label of each order."""
        labels = self.book.labels[key]
        codes = labels.codes[self.rows[self.first]]
        return [labels.names[int(code)] for code in codes]


def filled(desk: Desk, grouped: Grouped, depth: Depth) -> Fills:
    """Return what the orders of a turn cost; `desk` holds its rows."""
    shut = locked(desk.book, desk.as_of)
    released = np.where(shut, released_after(desk), 0.0)
    instrument = desk.book.labels["instrument"].codes
    orders = Orders(
        instrument[grouped.rows[grouped.first]],
        grouped.total(grouped.bought),
        grouped.total(grouped.value),
        grouped.most(released),
    )
    settings = desk.settings
    return fills(orders, depth, settings.participation, settings.impact)


def order_table(desk: Desk, turn: Turn, depth: Depth) -> Table:
    """Return the orders of a turn with cost and days; `desk` holds its rows."""
    grouped = Grouped.of(turn)
    found = filled(desk, grouped, depth)
    left = held_with(grouped, turn.after.quantity)
    shut = locked(desk.book, desk.as_of)
    columns = {
        **{key: grouped.words(key) for key in KEYS},
        "quantity": grouped.total(grouped.bought),
        "held_before": held_with(grouped, turn.before.quantity),
        "held_after": left,
        "price": grouped.first_of(desk.book.price),
        "fx_rate": grouped.first_of(desk.book.fx_rate),
        "traded": grouped.total(grouped.value),
        "spread_cost": found.spread,
        "impact_cost": found.impact,
        "cost": found.cost,
        "days": found.days,
    }
    sold_locked = grouped.total(np.abs(grouped.bought) * shut)
    in_book = KEYS[:2]
    turns = turned(
        held_with(grouped, turn.before.quantity, in_book),
        held_with(grouped, turn.after.quantity, in_book),
        left,
    )
    until = grouped.most(desk.book.locked_until.astype(np.float64) * shut)
    columns["mind"] = [
        "; ".join(filter(None, (words, locked_words(part, last))))
        for words, part, last in zip(turns, sold_locked, until, strict=True)
    ]
    return table("trades", desk.as_of, columns)


def held_with(grouped: Grouped, quantity: Vector, keys: Sequence[str] = KEYS) -> Vector:
    """Return what is held where each order goes, untouched lots included, (R,)."""
    there = np.ones((len(grouped), len(quantity)), dtype=bool)
    for key in keys:
        codes = grouped.book.labels[key].codes
        there &= codes[grouped.rows[grouped.first]][:, None] == codes[None, :]
    held: Vector = there @ quantity
    return held


def turned(before: Vector, after: Vector, left: Vector) -> list[str]:
    """Return what is said of orders that turn what a book holds of an instrument.

    `before` and `after` are what the book holds, `left` what is left where the order
    goes, each (R,).
    """
    words = []
    for held, then, own in zip(before, after, left, strict=True):
        if held > 0 > then and own < 0:
            words.append(f"sells {-then:,.10g} more than the book holds")
        elif held < 0 < then and own > 0:
            words.append(f"buys {then:,.10g} more than the book is short")
        else:
            words.append("")
    return words


def locked_words(quantity: float, until: float) -> str:
    """Return what is said of a part that cannot be sold yet."""
    if not quantity:
        return ""
    day = np.datetime64(int(until), "D")
    return f"{quantity:,.10g} of it locked until {day}"


def in_total(values: Sequence[float] | Vector, known: Flags) -> float:
    """Return the sum of what is known; NaN if there is something and none is known."""
    found = np.asarray(values, dtype=np.float64)
    if len(found) and not known.any():
        return np.nan
    return float(found[known].sum())
