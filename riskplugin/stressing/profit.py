"""P&L of groups as a function of the core: what a search asks of the engine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.book import Book, Grouping
from riskplugin.factors.propagation import complete, weighted_sum
from riskplugin.liquidity.cost import unwind_cost
from riskplugin.pricing.contracts import Moves, revalue, stressed_value
from riskplugin.stressing.engine import require_known
from riskplugin.stressing.liquidation import by_position
from riskplugin.stressing.netting import slices
from riskplugin.stressing.shock import ShockGrid, risen

AT_ONCE = 1_000_000  # scenarios x instruments held at once
GROUPS_AT_ONCE = 250


class Profit(Protocol):
    """P&L of G groups under core moves of K numbers; nothing is assumed of its shape.

    `coordinates` is K and `groups` is G.
    """

    @property
    def coordinates(self) -> int:
        """How many numbers state a core move."""

    @property
    def groups(self) -> int:
        """How many groups there are."""

    def table(self, core: Matrix) -> Matrix:
        """Return the P&L (G, S) of every group under core moves (S, K), in logs."""

    def each(self, core: Matrix, groups: Codes) -> Vector:
        """Return the P&L (S,) of one group (S,) under each of the core moves (S, K)."""


@dataclass(frozen=True, eq=False, slots=True)
class EngineProfit:
    """P&L by full revaluation, through the functions that a stress goes through.

    The drivers move by ``at_rest + core @ response``; what the scenario fixes beside
    the core stays.

    Attributes
    ----------
    template : ShockGrid
        Of the one scenario whose core moves.
    at_rest : ndarray of shape (J,)
        Log moves of the drivers where the core does not move.
    response : ndarray of shape (K, J)
        Of the drivers to the core.
    held : ndarray of int, shape (n,)
        The instruments held.
    values, costs : ndarray of shape (G, n)
        Net reference value of the groups, and what unwinding them costs.
    """

    template: ShockGrid
    at_rest: Vector
    response: Matrix
    held: Codes
    values: Matrix
    costs: Matrix

    @property
    def coordinates(self) -> int:
        """How many numbers state a core move."""
        return len(self.response)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.values)

    def in_turn(self) -> Iterator[tuple[slice, "EngineProfit"]]:
        """Yield so many groups at a time, and their P&L."""
        every = np.arange(self.groups)
        for some in slices(self.groups, GROUPS_AT_ONCE):
            yield some, self.at(every[some])

    def at(self, groups: Codes) -> "EngineProfit":
        """Return the P&L of some groups."""
        return replace(self, values=self.values[groups], costs=self.costs[groups])

    def whole(self) -> "EngineProfit":
        """Return the P&L of all groups together, as one."""
        values, costs = (
            m.sum(axis=0, keepdims=True) for m in (self.values, self.costs)
        )
        return replace(self, values=values, costs=costs)

    def drivers(self, core: Matrix) -> Matrix:
        """Return the log moves (S, J) of all drivers under core moves (S, K)."""
        return self.at_rest + weighted_sum(core, self.response.T)

    def table(self, core: Matrix) -> Matrix:
        """Return the P&L (G, S) of every group under core moves (S, K), in logs."""
        pnl = np.empty((self.groups, len(core)))
        for some, unit in self._in_parts(core):
            pnl[:, some] = self.values @ unit.gain.T
            if unit.stressed is not None:
                pnl[:, some] -= self.costs @ unit.stressed.T
        return pnl

    def each(self, core: Matrix, groups: Codes) -> Vector:
        """Return the P&L (S,) of one group (S,) under each of the core moves (S, K)."""
        pnl = np.empty(len(core))
        for some, unit in self._in_parts(core):
            of = groups[some]
            pnl[some] = np.einsum("sn,sn->s", self.values[of], unit.gain)
            if unit.stressed is not None:
                pnl[some] -= np.einsum("sn,sn->s", self.costs[of], unit.stressed)
        return pnl

    def _in_parts(self, core: Matrix) -> Iterator[tuple[slice, "Unit"]]:
        """Yield per unit of value what core moves do, so many scenarios at a time.

        The five parts of a P&L add up to the full revaluation less the unwinding.
        """
        held = self.held
        contracts = self.template.model.contracts.at(held)
        for some in slices(len(core), AT_ONCE // max(1, len(held))):
            moves = self._moves(self.drivers(core[some]))
            gain, costly = revalue(contracts, moves), self.costs.any()
            stressed = stressed_value(contracts, moves, gain) if costly else None
            yield some, Unit(gain, stressed)

    def _moves(self, drivers: Matrix) -> Moves:
        """Return the moves (S, n) of what is held, overshoot in.

        What the template fixes stays, volatilities and sessions too.
        """
        grid, held = self.template, self.held
        model, count = grid.model, len(grid.model.instruments)
        of_fx = count + model.currency[held]
        local = weighted_sum(drivers, model.loadings[held])
        local = np.where(grid.explicit[:, held], grid.local[:, held], local)
        fx = weighted_sum(drivers, model.loadings[of_fx])
        fx = np.where(grid.fx_explicit[:, held], grid.fx[:, held], fx)
        local = grid.multiplier[:, held] * local
        linked = grid.linked[:, held]
        volatility = np.where(
            linked > 0, risen(linked, local), grid.volatility[:, held]
        )
        sessions = np.broadcast_to(grid.horizon, len(local))
        return Moves(local, fx, volatility, sessions)


@dataclass(frozen=True, eq=False, slots=True)
class Repeated:
    """P&L of groups of `of`, in any order and as often as they are asked for.

    A group that is asked for twice is computed once where all of them are; its P&L is
    the same to the last bit.

    Attributes
    ----------
    of : EngineProfit
    place : ndarray of int, shape (G,)
        Which group of `of` each one is.
    """

    of: EngineProfit
    place: Codes

    @property
    def coordinates(self) -> int:
        """How many numbers state a core move."""
        return self.of.coordinates

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.place)

    def in_turn(self) -> Iterator[tuple[slice, "Repeated"]]:
        """Yield so many groups at a time, and their P&L."""
        for some in slices(self.groups, GROUPS_AT_ONCE):
            distinct, place = np.unique(self.place[some], return_inverse=True)
            yield some, Repeated(self.of.at(distinct), place)

    def table(self, core: Matrix) -> Matrix:
        """Return the P&L (G, S) of every group under core moves (S, K), in logs."""
        return self.of.table(core)[self.place]

    def each(self, core: Matrix, groups: Codes) -> Vector:
        """Return the P&L (S,) of one group (S,) under each of the core moves (S, K)."""
        return self.of.each(core, self.place[groups])


class Unit(NamedTuple):
    """P&L and stressed value per unit of reference, (S, n); None if none sells."""

    gain: Matrix
    stressed: Matrix | None


def engine_profit(
    book: Book,
    grouping: Grouping,
    template: ShockGrid,
    core: tuple[Codes, Flags],
    unwind_share: float,
) -> EngineProfit:
    """Return the P&L of the groups of `book` as a function of some drivers.

    Parameters
    ----------
    book : Book
    grouping : Grouping
    template : ShockGrid
        Of one scenario, whose core holds the drivers that move, and may hold others.
    core : (ndarray of int, shape (K,), ndarray of bool, shape (J,))
        The drivers that move, and all that the scenario names.
    unwind_share : float

    Raises
    ------
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    template, names = by_position(book, template)
    held, place = np.unique(names, return_inverse=True)
    require_known(template, held)
    cells = grouping.codes * len(held) + place
    shape = (len(grouping), len(held))
    cost = unwind_cost(book.half_spread, unwind_share) * np.abs(book.reference_value)
    netted = np.zeros((2, shape[0] * shape[1]))
    np.add.at(netted[0], cells, book.reference_value)
    np.add.at(netted[1], cells, cost)
    values, costs = netted.reshape(2, *shape)
    at_rest, response = affine(template, *core)
    return EngineProfit(template, at_rest, response, held, values, costs)


def affine(template: ShockGrid, core: Codes, named: Flags) -> tuple[Vector, Matrix]:
    """Return the drivers' moves (J,) with `core` at rest, and their response (K, J).

    Other drivers that the scenario names stay where it has them.
    """
    count = len(core) + 1
    moves = np.tile(np.where(named, template.drivers[0], 0.0), (count, 1))
    moves[:, core] = np.vstack([np.zeros(len(core)), np.eye(len(core))])
    covariance = template.model.covariance
    completed, _ = complete(covariance, np.tile(named, (count, 1)), moves)
    return completed[0], completed[1:] - completed[0]
