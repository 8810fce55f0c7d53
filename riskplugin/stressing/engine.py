"""Scenarios x book: profit and loss in five parts that add up."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np

from riskplugin._typing import Codes, Matrix
from riskplugin.book import Book, Grouping
from riskplugin.errors import ModelError, listing
from riskplugin.liquidity.cost import unwind_cost
from riskplugin.pricing.contracts import (
    linear_pnl,
    revalue_around,
    stressed_value,
)
from riskplugin.pricing.linear import delta_one, fx_carry, is_funded
from riskplugin.stressing.bands import (
    base_correlation,
    block_band,
    name_parts,
    uncertainty,
)
from riskplugin.stressing.curved_bands import LEAST_STEP, Bent, bent, curved_band
from riskplugin.stressing.liquidation import by_position
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.netting import Block, netted, slices
from riskplugin.stressing.shock import ShockGrid, band_ends, full_lanes

CHUNK = 100_000  # scenarios x instruments worked on at once, to stay in the cache
CURVED_CHUNK = 200_000  # where there are contracts


@dataclass(frozen=True, eq=False, slots=True)
class Stressed:
    """P&L of G groups in S scenarios, base currency, each of shape (G, S).

    ``pnl = direct + propagated + overshoot + convexity + liquidity``; low and high are
    each group's own.
    """

    pnl: Matrix
    direct: Matrix
    propagated: Matrix
    overshoot: Matrix
    convexity: Matrix
    liquidity: Matrix
    low: Matrix
    high: Matrix

    def part(self, scenarios: slice) -> "Stressed":
        """Return views of some of the scenarios, to be written to."""
        return Stressed(*(getattr(self, f.name)[:, scenarios] for f in fields(self)))


def stress_groups(
    book: Book,
    grouping: Grouping,
    grid: ShockGrid,
    confidence: float,
    unwind_share: float,
) -> Stressed:
    """Return what every scenario of `grid` does to every group of `book`.

    With N a position's reference value, x the log shock of its price or underlying, y
    that of its currency and m its tier's multiplier: direct or propagated ``N (e^(x+y)
    - 1)``; overshoot ``N (e^(mx+y) - e^(x+y))``, each times its delta where it is not
    linear (`linear_pnl`); convexity the full revaluation less the linear P&L;
    liquidity minus the cost of unwinding ``unwind_share`` of the stressed gross.

    Raises
    ------
    ModelError
        If a scenario reaches a held instrument of which nothing is known.
    """
    grid, names = by_position(book, grid)
    held, count = np.unique(names), len(grid.model.instruments)
    require_known(grid, held)
    blocks = netted(
        grouping.codes,
        names,
        book.reference_value,
        unwind_cost(book.half_spread, unwind_share) * np.abs(book.reference_value),
        (len(grouping), count),
    )
    model, curved = grid.model, grid.model.contracts.curved
    correlation = base_correlation(model)
    z = band_ends(confidence)[1]
    scenarios = len(grid.horizon)
    grid, place = in_order(grid.padded())
    # one array: the memory of a part that nothing is written to is never touched
    shape = (len(fields(Stressed)), len(grouping), len(grid.horizon))
    done = Stressed(*np.zeros(shape))

    def fill(some: slice) -> None:
        part, out = grid.part(some), done.part(some)
        moves = name_moves(part, held, z)
        open_ = uncertainty(part, moves.carry)
        band = name_parts(open_, moves.bent.slope)
        for block in blocks:
            reach = (
                curved_band(block, open_, moves.bent, (model.source, correlation), z)
                if curved[block.instruments].any()
                else block_band(block, band, correlation, z)
            )
            write(out, block, moves, reach)

    most = CURVED_CHUNK if curved.any() else CHUNK
    step = full_lanes(most // max(1, count))
    in_turn(fill, [*slices(len(grid.horizon), step)])
    if place is not None:
        done = Stressed(*(getattr(done, f.name)[:, place] for f in fields(Stressed)))
    return done.part(slice(scenarios))


def in_order(grid: ShockGrid) -> tuple[ShockGrid, Codes | None]:
    """Return `grid` by horizon, and where each scenario stands then; as is, and None.

    Contracts that have the same time left share what is solved for them.
    """
    if not grid.model.contracts.curved.any():
        return grid, None
    order = np.argsort(grid.horizon, kind="stable")
    return grid.part(order), np.argsort(order, kind="stable")


def in_turn(fill: Callable[[slice], None], parts: Sequence[slice]) -> None:
    """Fill every part, on as many cores as there are.

    Parts are what they are on any number of cores, and so are the results.
    """
    if len(parts) < 2:
        for part in parts:
            fill(part)
        return
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as cores:
        for done in [cores.submit(fill, part) for part in parts]:
            done.result()


@dataclass(frozen=True, eq=False, slots=True)
class NameMoves:
    """What scenarios do to each name, per unit of reference value, of shape (S, N).

    The first four parts of the P&L; how it goes on from the stressed state (`Bent`);
    what is then held; and how far the P&L moves with the currency per move of its
    price.
    """

    direct: Matrix
    propagated: Matrix
    overshoot: Matrix
    convexity: Matrix
    bent: Bent
    value: Matrix
    carry: Matrix


def name_moves(grid: ShockGrid, held: Codes, z: float = 1.0) -> NameMoves:
    """Return the moves of the instruments `held`; convexity is 0 of the others.

    It goes on as full revaluations `z` standard deviations of the log shock up and down
    say, and half of that.
    """
    funded = is_funded(grid.model.kinds)
    overshot = grid.multiplier * grid.local
    before = delta_one(funded, grid.local, grid.fx)
    linear = before.copy()
    further = np.flatnonzero((grid.multiplier != 1).any(axis=0))
    linear[:, further] = delta_one(
        funded[further], overshot[:, further], grid.fx[:, further]
    )
    growth = np.exp(overshot + grid.fx)
    none = np.zeros_like(linear)
    carry = fx_carry(funded, overshot)
    bends = Bent(growth, none, none, none)
    found = NameMoves(before, before, linear, none, bends, growth, carry)
    curved = held[grid.model.contracts.curved[held]]
    if len(curved):
        found = with_curved(found, grid, curved, z)
    direct = found.direct * grid.direct.astype(np.float64)
    return replace(
        found,
        direct=direct,
        propagated=found.direct - direct,
        overshoot=found.overshoot - found.direct,
    )


def with_curved(
    linear: NameMoves, grid: ShockGrid, names: Codes, z: float
) -> NameMoves:
    """Return moves with those of `names` by full revaluation.

    `linear` holds the P&L before overshoot as `direct`, and after it as `overshoot`.
    """
    contracts, moves = grid.model.contracts.at(names), moves_of(grid, names)
    deviation = uncertainty(grid).deviation[:, names]
    step = np.maximum(z * deviation, LEAST_STEP)
    around = revalue_around(contracts, moves, step)
    full = around.middle
    straight = linear_pnl(contracts, moves.local, moves.fx)
    held = stressed_value(contracts, moves, full)
    columns = {
        "direct": linear_pnl(contracts, grid.local[:, names], moves.fx),
        "overshoot": straight,
        "convexity": full - straight,
        "value": held,
    }
    changed = {
        name: with_columns(getattr(linear, name), names, column)
        for name, column in columns.items()
    }
    bends = [
        with_columns(whole, names, np.where(deviation > 0, column, 0.0))
        for whole, column in zip(linear.bent, bent(around, step), strict=True)
    ]
    return replace(linear, **changed, bent=Bent(*bends))


def with_columns(whole: Matrix, names: Codes, columns: Matrix) -> Matrix:
    """Return a copy of `whole` (S, N) with some of its columns in place."""
    changed = whole.copy()
    changed[:, names] = columns
    return changed


def write(
    done: Stressed, block: Block, moves: NameMoves, reach: tuple[Matrix, Matrix]
) -> None:
    """Write the P&L of the groups of a block, and its band that reaches so far."""
    parts = {
        "direct": block.gain(moves.direct),
        "propagated": block.gain(moves.propagated),
        "overshoot": block.gain(moves.overshoot),
        "convexity": block.gain(moves.convexity),
        "liquidity": block.unwinding(moves.value),
    }
    pnl, count = np.zeros_like(reach[0]), len(block.groups)
    for name, part in parts.items():
        if part is not None:  # where nothing moves no memory is touched
            getattr(done, name)[block.groups] = part[:count]
            pnl += part
    done.pnl[block.groups] = pnl[:count]
    done.low[block.groups] = (pnl - reach[0])[:count]
    done.high[block.groups] = (pnl + reach[1])[:count]


def require_known(grid: ShockGrid, held: Codes) -> None:
    """Refuse to stress what nothing is known about."""
    unknown = held[np.isnan(grid.local[:, held]).any(axis=0)]
    if len(unknown):
        names = [grid.model.instruments[int(i)] for i in unknown]
        msg = (
            f"no price history to propagate a shock to {listing(names)}: give prices "
            "of it or of its tier, or fix its shock in the scenario"
        )
        raise ModelError(msg)
