"""Some groups revalued after a change, with what scenarios do to every name kept.

What a scenario does to a unit of each name does not depend on how much is held. Kept
once, it leaves of a stress the netting and the products of the groups that change.
"""

from dataclasses import dataclass, fields

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.book import Book
from riskplugin.liquidity.cost import unwind_cost
from riskplugin.stressing.bands import (
    NameParts,
    Uncertainty,
    base_correlation,
    block_band,
    name_parts,
    uncertainty,
)
from riskplugin.stressing.curved_bands import Bent, curved_band
from riskplugin.stressing.engine import (
    NameMoves,
    Stressed,
    in_order,
    name_moves,
    require_known,
    write,
)
from riskplugin.stressing.liquidation import by_position
from riskplugin.stressing.netting import Block, netted
from riskplugin.stressing.shock import ShockGrid, band_ends


@dataclass(frozen=True, eq=False, slots=True)
class Ready:
    """What S scenarios do to every name, by full revaluation.

    Attributes
    ----------
    grid : ShockGrid
        Padded to full lanes, by horizon where there are contracts.
    place : ndarray of int, shape (S,)
        Where each scenario stands in `grid`.
    names : ndarray of int, shape (P,)
        Name of each position of the book, one of its own where it may be closed.
    moves : NameMoves
    open_ : Uncertainty
    band : NameParts
    correlation : ndarray of shape (N, N)
    z : float
        Normal quantile at the upper end of the band.
    """

    grid: ShockGrid
    place: Codes
    names: Codes
    moves: NameMoves
    open_: Uncertainty
    band: NameParts
    correlation: Matrix
    z: float

    @property
    def gain(self) -> Matrix:
        """P&L of a unit of reference value but for its unwinding, (S, N)."""
        moves = self.moves
        parts = moves.direct + moves.propagated + moves.overshoot + moves.convexity
        gain: Matrix = parts[self.place]
        return gain

    @property
    def value(self) -> Matrix:
        """What is then held of a unit of reference value, shape (S, N)."""
        value: Matrix = self.moves.value[self.place]
        return value

    def reach(self, block: Block) -> tuple[Matrix, Matrix]:
        """Return how far the band of each group of a block reaches, (g, S)."""
        model = self.grid.model
        if not model.contracts.curved[block.instruments].any():
            return block_band(block, self.band, self.correlation, self.z)
        bends = Bent(self.moves.growth, self.moves.kink)
        return curved_band(
            block, self.open_, bends, model.source, self.z, self.correlation
        )


def ready(book: Book, grid: ShockGrid, confidence: float) -> Ready:
    """Return what the scenarios of `grid` do to every name that `book` holds."""
    grid, names = by_position(book, grid)
    scenarios = len(grid.horizon)
    grid, place = in_order(grid.padded())
    z = band_ends(confidence)[1]
    contracts = np.flatnonzero(grid.model.contracts.curved)  # of lots to come, too
    moves = name_moves(grid, np.union1d(names, contracts), z)
    open_ = uncertainty(grid, moves.carry)
    where = np.arange(len(grid.horizon)) if place is None else place
    return Ready(
        grid,
        where[:scenarios],
        names,
        moves,
        open_,
        name_parts(open_, moves.growth),
        base_correlation(grid.model),
        z,
    )


@dataclass(frozen=True, eq=False, slots=True)
class Lots:
    """Positions to be stressed: group, name, reference value and cost, each (P,)."""

    groups: Codes
    names: Codes
    value: Vector
    cost: Vector

    @classmethod
    def of(cls, book: Book, groups: Codes, names: Codes, unwind_share: float) -> "Lots":
        """Return the positions of a book by groups and names, (P,)."""
        value = book.reference_value
        cost = unwind_cost(book.half_spread, unwind_share) * np.abs(value)
        return cls(groups, names, value, cost)

    def only(self, rows: Flags) -> "Lots":
        """Return some of the positions."""
        return Lots(*(getattr(self, f.name)[rows] for f in fields(self)))


def revalued(of: Ready, lots: Lots, groups: int) -> Stressed:
    """Return what every scenario does to `groups` groups, as `stress_groups` does.

    A group without a position has no P&L.

    Raises
    ------
    ModelError
        If nothing is known of a name that is held.
    """
    require_known(of.grid, np.unique(lots.names))
    count = len(of.grid.model.instruments)
    done = Stressed(*np.zeros((len(fields(Stressed)), groups, len(of.grid.horizon))))
    if len(lots.names):
        shape = (groups, count)
        for block in netted(lots.groups, lots.names, lots.value, lots.cost, shape):
            write(done, block, of.moves, of.reach(block))
    return Stressed(*(getattr(done, f.name)[:, of.place] for f in fields(Stressed)))
