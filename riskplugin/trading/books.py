"""A book before and after trades, row by row the same lots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Flags, Vector
from riskplugin.book import KEYS, Book, Labels, numbered
from riskplugin.trading.orders import Change, Place
from riskplugin.universe import Instrument


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of an instrument as the market values it.

    `price` in its own currency, `fx_rate` base currency per unit of that; `value` and
    `notional` (NaN of what is no option) in base currency.
    """

    instrument: Instrument
    price: float
    fx_rate: float
    value: float
    notional: float

    def label(self, key: str) -> str:
        """Return one of the labels that come from the instrument."""
        return str(getattr(self.instrument, key))

    @property
    def half_spread(self) -> float:
        """Half the bid-ask spread over the price; NaN where unknown."""
        known = self.instrument.half_spread
        if self.instrument.kind == "cash":
            return 0.0
        return np.nan if known is None else known

    @property
    def maintenance_margin(self) -> float:
        """Share of the notional below which it is closed; NaN where unknown."""
        known = self.instrument.maintenance_margin
        return np.nan if known is None else known


@dataclass(frozen=True, eq=False, slots=True)
class Turn:
    """A book before and after trades: P + L rows, the L added lots last.

    Attributes
    ----------
    before, after : Book
        Rows alike; a lot that is closed, or not there yet, has a quantity of 0.
    touched : ndarray of bool, shape (P + L,)
        Whose quantity changes.
    """

    before: Book
    after: Book
    touched: Flags

    @property
    def added(self) -> int:
        """How many rows there were none of before."""
        return int(np.count_nonzero(self.touched & (self.before.quantity == 0)))

    @property
    def kept(self) -> Flags:
        """Which rows there are afterwards."""
        there: Flags = ~self.touched | (self.after.quantity != 0)
        return there


def turn_of(
    book: Book, change: Change, units: Mapping[str, Unit], tiers: Iterable[str]
) -> Turn:
    """Return `book` before and after a change of its lots.

    A lot that is sold in part keeps its price, and so much of its margin. What is
    added is worth what the market says, unlocked, with no margin stated.

    Parameters
    ----------
    book : Book
    change : Change
    units : Mapping of str to Unit
        Of every instrument of the added lots.
    tiers : iterable of str
        In display order.
    """
    places, count = list(change.added), len(change.added)
    added = np.array([*change.added.values()], dtype=np.float64)
    own = [units[place.instrument] for place in places]
    labels = with_rows(book, places, own, tuple(tiers))

    def column(name: str) -> Vector:
        return np.array([getattr(unit, name) for unit in own], dtype=np.float64)

    value, notional = column("value"), column("notional")
    ratio = np.ones(len(book))
    moved = change.quantity != 0
    ratio[moved] = 1.0 + change.quantity[moved] / book.quantity[moved]
    closed = moved & (change.quantity == -book.quantity)
    ratio[closed] = 0.0
    fixed = Fixed(
        labels,
        joined(book.price, column("price")),
        joined(book.fx_rate, column("fx_rate")),
        joined(book.half_spread, column("half_spread")),
        joined(book.maintenance_margin, column("maintenance_margin")),
        joined(book.liquidation_price, np.full(count, np.nan)),
        np.concatenate(
            [book.locked_until, np.full(count, "NaT", dtype="datetime64[D]")]
        ),
    )
    none = np.full(count, np.nan)
    before = fixed.book(
        joined(book.quantity, np.zeros(count)),
        joined(book.market_value, np.zeros(count)),
        joined(book.margin_posted, none),
        joined(book.notional, 0.0 * notional),
    )
    after = fixed.book(
        joined(np.where(closed, 0.0, book.quantity + change.quantity), added),
        joined(book.market_value * ratio, added * value),
        joined(book.margin_posted * ratio, none),
        joined(book.notional * ratio, added * notional),
    )
    return Turn(before, after, np.concatenate([moved, np.ones(count, dtype=bool)]))


def joined(held: Vector, added: Vector) -> Vector:
    """Return a column of the lots held and of those added."""
    return np.concatenate([held, added])


@dataclass(frozen=True, eq=False, slots=True)
class Fixed:
    """What trades do not change of a lot."""

    labels: Mapping[str, Labels]
    price: Vector
    fx_rate: Vector
    half_spread: Vector
    maintenance_margin: Vector
    liquidation_price: Vector
    locked_until: Dates

    def book(
        self, quantity: Vector, value: Vector, margin: Vector, notional: Vector
    ) -> Book:
        """Return the book that holds so much."""
        return Book(
            self.labels,
            quantity,
            self.price,
            self.fx_rate,
            value,
            self.half_spread,
            margin,
            self.maintenance_margin,
            notional,
            self.liquidation_price,
            locked_until=self.locked_until,
        )


def with_rows(
    book: Book, places: Sequence[Place], units: Sequence[Unit], tiers: tuple[str, ...]
) -> dict[str, Labels]:
    """Return the labels of a book with those of added lots after them."""
    labels = {}
    for key in KEYS:
        if key == "position":
            labels[key] = numbered(len(book) + len(places))
            continue
        if key in Place._fields:
            words = [str(getattr(place, key)) for place in places]
        else:
            words = [unit.label(key) for unit in units]
        labels[key] = extended(book.labels[key], words, tiers if key == "tier" else ())
    return labels


def extended(labels: Labels, words: Sequence[str], order: tuple[str, ...]) -> Labels:
    """Return labels with `words` after them; names stay in display order."""
    if not words:
        return labels
    every = Labels.of([*labels.names, *words], order)
    count = len(labels.names)
    codes = np.concatenate([every.codes[:count][labels.codes], every.codes[count:]])
    codes.flags.writeable = False
    return Labels(every.names, codes)
