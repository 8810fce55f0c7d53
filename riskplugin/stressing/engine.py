"""Scenarios x book: profit and loss in five parts that add up."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Flags, Matrix
from riskplugin.book import Book, Grouping
from riskplugin.errors import ModelError, listing
from riskplugin.liquidity import unwind_cost
from riskplugin.pricing import delta_one, fx_carry, is_funded, revalue
from riskplugin.stressing.bands import book_band, uncertainty
from riskplugin.stressing.netting import netted
from riskplugin.stressing.shock import ShockGrid


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


def stress_groups(
    book: Book,
    grouping: Grouping,
    grid: ShockGrid,
    confidence: float,
    unwind_share: float,
) -> Stressed:
    """Return what every scenario of `grid` does to every group of `book`.

    With N a position's value, x the log shock of its price, y that of its currency
    and m its tier's multiplier: direct or propagated ``N (e^(x+y) - 1)``; overshoot
    ``N (e^(mx+y) - e^(x+y))``; convexity the full revaluation less the linear P&L;
    liquidity minus the cost of unwinding ``unwind_share`` of the stressed gross.

    Raises
    ------
    ModelError
        If a scenario reaches a held instrument of which nothing is known.
    """
    column = {name: i for i, name in enumerate(grid.model.instruments)}
    instrument = book.labels["instrument"]
    of_name = np.array([column[n] for n in instrument.names], dtype=np.int64)
    columns = of_name[instrument.codes]
    held = np.isin(np.arange(len(column)), of_name)
    require_known(grid, held)
    shape = (len(grouping), len(column))
    holdings = netted(grouping.codes, columns, book.market_value, shape)
    overshot = grid.multiplier * grid.local
    funded = is_funded(grid.model.kinds)
    before = np.where(held, delta_one(funded, grid.local, grid.fx), 0.0)
    linear = np.where(held, delta_one(funded, overshot, grid.fx), 0.0)
    full = np.zeros_like(linear)
    kinds = [grid.model.kinds[int(i)] for i in np.flatnonzero(held)]
    full[:, held] = revalue(kinds, overshot[:, held], grid.fx[:, held])
    cost = unwind_cost(book.half_spread, unwind_share) * np.abs(book.market_value)
    paid = netted(grouping.codes, columns, 0.0 - cost, shape)
    unwound = np.where(held & (cost.any()), np.exp(overshot + grid.fx), 0.0)
    parts = (
        holdings.total(np.where(grid.direct, before, 0.0)),
        holdings.total(np.where(grid.direct, 0.0, before)),
        holdings.total(linear - before),
        holdings.total(full - linear),
        paid.total(unwound),
    )
    pnl = sum(parts[1:], start=parts[0])
    carry = fx_carry(funded, overshot)
    low, high = book_band(uncertainty(grid, carry), grid, holdings, pnl, confidence)
    return Stressed(pnl, *parts, low, high)


def require_known(grid: ShockGrid, held: Flags) -> None:
    """Refuse to stress what nothing is known about."""
    unknown = held & np.isnan(grid.local).any(axis=0)
    if unknown.any():
        names = [grid.model.instruments[i] for i in np.flatnonzero(unknown)]
        msg = (
            f"no price history to propagate a shock to {listing(names)}: give prices "
            "of it or of its tier, or fix its shock in the scenario"
        )
        raise ModelError(msg)
