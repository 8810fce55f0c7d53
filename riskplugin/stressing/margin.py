"""What a move asks for in cash and in margin before it is over."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.book import Book, Grouping
from riskplugin.pricing.contracts import revalue
from riskplugin.pricing.linear import is_funded
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.netting import slices
from riskplugin.stressing.shock import ShockGrid

CELLS = 1_000_000  # rows x positions worked on at once


@dataclass(frozen=True, eq=False, slots=True)
class Called:
    """What R moves ask of G groups for, base currency, each of shape (G, R).

    Attributes
    ----------
    cash : ndarray
        Minus the P&L of futures, forwards, swaps and perpetuals: what has been paid
        for their losses, net of what their gains brought in; below 0 it was received.
    margin : ndarray
        What is missing from the margin posted, >= 0; NaN where a position needs margin
        and the margin posted or its maintenance margin is not known.
    """

    cash: Matrix
    margin: Matrix


@dataclass(frozen=True, eq=False, slots=True)
class Settled:
    """The K positions that cash or margin is called for.

    Attributes
    ----------
    group, name : ndarray of int, shape (K,)
        Group, and place among the names.
    names : ndarray of int, shape (n,)
        Their instruments in the model.
    value, posted, maintenance : ndarray of shape (K,)
        Reference value (the notional), margin posted (base currency) and maintenance
        margin (share of the notional).
    unfunded : ndarray of bool, shape (K,)
    """

    group: Codes
    name: Codes
    names: Codes
    value: Vector
    posted: Vector
    maintenance: Vector
    unfunded: Flags


def called(book: Book, grouping: Grouping, grid: ShockGrid) -> Called:
    """Return the cash and the margin that each row of `grid` calls for.

    With N a position's notional, g its P&L per unit and x its log shock in base
    currency: cash ``-sum(N g)`` over what is not paid for; margin the sum of
    ``max(0, maintenance |N| e^x - (posted + N g))`` over the same, and over whatever
    else margin is posted for. Margin is counted position by position, as where it is
    isolated: a gain on one does not stand in for another. Nothing has been added or
    taken out before, and nothing is closed: it is what keeps every position open, where
    the P&L of a stress is that of one that is closed.

    The two are not to be added up. Losses are paid in cash, or they come out of the
    margin that is posted.
    """
    some = settled(book, grouping, grid)
    rows, shape = len(grid.horizon), (len(grouping), len(some.value))
    done = Called(*np.zeros((2, len(grouping), rows)))
    if not len(some.value):
        return done
    order = np.arange(len(some.value))
    belongs = coo_array((np.ones(len(order)), (some.group, order)), shape).tocsr()
    contracts = grid.model.contracts.at(some.names)
    for part in slices(rows, CELLS // len(order)):
        moves = moves_of(grid.part(part), some.names)
        gain = some.value * revalue(contracts, moves)[:, some.name]
        growth = np.exp(moves.local + moves.fx)[:, some.name]
        notional = np.abs(some.value) * growth
        short = some.maintenance * notional - (some.posted + gain)
        done.margin[:, part] = np.asarray(belongs @ np.maximum(short, 0.0).T)
        done.cash[:, part] = np.asarray(belongs @ np.where(some.unfunded, -gain, 0.0).T)
    return done


def settled(book: Book, grouping: Grouping, grid: ShockGrid) -> Settled:
    """Return the positions of `book` that are not paid for, or have margin posted."""
    instrument = book.labels["instrument"]
    column = {name: i for i, name in enumerate(grid.model.instruments)}
    held = np.array([column[n] for n in instrument.names], dtype=np.int64)
    held = held[instrument.codes]
    unfunded = ~is_funded(grid.model.kinds)[held]
    some = np.flatnonzero(unfunded | ~np.isnan(book.margin_posted))
    names, name = np.unique(held[some], return_inverse=True)
    return Settled(
        grouping.codes[some],
        name.astype(np.int64),
        names,
        book.reference_value[some],
        book.margin_posted[some],
        book.maintenance_margin[some],
        unfunded[some],
    )
