"""What a position is worth, and what a shock makes of it."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from riskplugin._typing import Matrix, Vector


class Kind(StrEnum):
    """Kinds of instruments that are priced: all move one for one with their price."""

    SPOT = "spot"
    ETF = "etf"
    CASH = "cash"
    FUTURE = "future"
    FORWARD = "forward"
    SWAP = "swap"
    PERPETUAL = "perpetual"


PRICED = frozenset(Kind)


def market_value(
    quantity: Vector, price: Vector, multiplier: Vector, fx_rate: Vector
) -> Vector:
    """Return ``quantity x price x multiplier x fx_rate`` in base currency."""
    return quantity * price * multiplier * fx_rate


def delta_one(local: Matrix, fx: Matrix) -> Matrix:
    """Return the P&L per unit of market value of what moves one for one.

    ``(1 + local shock) (1 + fx shock) - 1 = e^(x + y) - 1`` for log shocks x of the
    price in its own currency and y of that currency against the base currency, both
    of shape (S, N).
    """
    growth: Matrix = np.expm1(local + fx)
    return growth


def revalue(kinds: Sequence[str], local: Matrix, fx: Matrix) -> Matrix:
    """Return the P&L per unit of market value by full revaluation, shape (S, N).

    Parameters
    ----------
    kinds : sequence of N str
        Members of `Kind`.
    local, fx : ndarray of shape (S, N)
        Log shocks.

    Raises
    ------
    ValueError
        For a kind that has no price function; inputs refuse those before.
    """
    unknown = sorted(set(kinds) - PRICED)
    if unknown:
        raise ValueError(f"no price function for {', '.join(unknown)}")
    return delta_one(local, fx)
