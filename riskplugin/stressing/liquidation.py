"""Positions that are closed on the way: margin that a move uses up."""

from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.book import Book
from riskplugin.contracts import PERPETUAL, Contracts, joined
from riskplugin.factors.contract_rows import expanded
from riskplugin.factors.model import FactorModel
from riskplugin.pricing.perpetual import closing_ratio
from riskplugin.stressing.shock import ShockGrid

CLOSABLE = frozenset({PERPETUAL, "future"})  # at a price that the position states


@dataclass(frozen=True, eq=False, slots=True)
class Margined:
    """The K positions that are closed at some price.

    Attributes
    ----------
    position : ndarray of int, shape (K,)
        Row in the book.
    name : ndarray of int, shape (K,)
        Instrument in the model.
    terms : Contracts of K rows
    """

    position: Codes
    name: Codes
    terms: Contracts


def margined(book: Book, model: FactorModel) -> Margined:
    """Return the positions of `book` that are closed at some price, and where.

    At the price that the position states; else a perpetual where its posted margin
    falls to its maintenance margin, both being known. Of two prices the stated one
    counts. The margin that is posted is lost, or, where it is not known, what the price
    loses.
    """
    names = names_of(book, model)
    kind = book.labels["kind"]
    closable = np.array([k in CLOSABLE for k in kind.names], dtype=bool)[kind.codes]
    perpetual = np.array([k == PERPETUAL for k in kind.names], dtype=bool)[kind.codes]
    known = ~np.isnan(book.margin_posted) & ~np.isnan(book.maintenance_margin)
    stated = ~np.isnan(book.liquidation_price)
    some = closable & (stated | (perpetual & known)) & (book.reference_value != 0)
    position = np.flatnonzero(some)
    terms = model.contracts.at(names[position])
    return Margined(position, names[position], closing(book, position, terms))


def closing(book: Book, position: Codes, terms: Contracts) -> Contracts:
    """Return the terms (K,) of positions with where and how they are closed."""
    value = book.reference_value[position]
    side, size = np.sign(value), np.abs(value)
    posted = book.margin_posted[position]
    ratio = book.liquidation_price[position] / book.price[position]
    by_margin = closing_ratio(
        side, posted / size, book.maintenance_margin[position], terms.inverse
    )
    ratio = np.where(np.isnan(ratio), by_margin, ratio)
    with np.errstate(divide="ignore"):
        barrier = np.log(ratio)
    return replace(
        terms,
        side=side,
        barrier=barrier,
        closed=np.where(
            np.isnan(posted), at_price(ratio, terms.inverse), -posted / value
        ),
    )


def at_price(ratio: Vector, inverse: Flags) -> Vector:
    """Return the P&L per unit of notional at a price over today's, as it is settled."""
    with np.errstate(divide="ignore", invalid="ignore"):
        coins = 1.0 - 1.0 / ratio
    return np.where(inverse, coins, ratio - 1.0)


def names_of(book: Book, model: FactorModel) -> Codes:
    """Return the row of each position's instrument in the model, shape (P,)."""
    row = {name: i for i, name in enumerate(model.instruments)}
    held = book.labels["instrument"]
    return np.array([row[n] for n in held.names], dtype=np.int64)[held.codes]


def closing_sessions(terms: Contracts, local: Matrix) -> Vector:
    """Return the first row of paths (T, K) in which positions are closed, (K,).

    `local` holds log moves of their prices, the first row before anything moved; NaN
    where a path stays short of the price.
    """
    beyond = terms.side * local[1:] <= terms.side * terms.barrier
    first = 1.0 + beyond.argmax(axis=0) if len(beyond) else np.zeros(len(terms))
    return np.where(beyond.any(axis=0), first, np.nan)


def by_position(book: Book, grid: ShockGrid) -> tuple[ShockGrid, Codes]:
    """Return `grid` with names of their own for positions that are closed on the way.

    And the name of each position, shape (P,). Their shocks and their rows in the model
    are those of their instrument.
    """
    names = names_of(book, grid.model)
    found = margined(book, grid.model)
    if not len(found.position):
        return grid, names
    model, count = grid.model, len(grid.model.instruments)
    labels = labels_of(found)
    wide = expanded(model, found.name, labels, found.terms.kinds)
    terms = joined(model.contracts, replace(found.terms, instruments=labels))
    own = names.copy()
    own[found.position] = count + np.arange(len(found.position))
    columns = np.concatenate([np.arange(count), found.name])
    return grid.over(replace(wide, contracts=terms), columns), own


def labels_of(found: Margined) -> tuple[str, ...]:
    """Return names for positions that are closed on the way."""
    return tuple(
        f"{instrument} of position {int(row) + 1}"
        for instrument, row in zip(found.terms.instruments, found.position, strict=True)
    )
