"""What moves one for one with its price: its value, and what a shock makes of it."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.contracts import SETTLED


class Kind(StrEnum):
    """Kinds of instruments."""

    SPOT = "spot"
    ETF = "etf"
    CASH = "cash"
    FUTURE = "future"
    FORWARD = "forward"
    SWAP = "swap"
    PERPETUAL = "perpetual"
    OPTION = "option"
    LEVERAGED_ETF = "leveraged_etf"


DERIVED = frozenset({Kind.OPTION, Kind.LEVERAGED_ETF})  # move by their underlying
LINEAR = frozenset(Kind) - DERIVED  # move one for one with their own price
FUNDED = frozenset(Kind) - SETTLED  # paid for: the value itself is held


def market_value(
    quantity: Vector, price: Vector, multiplier: Vector, fx_rate: Vector
) -> Vector:
    """Return ``quantity x price x multiplier x fx_rate`` in base currency."""
    return quantity * price * multiplier * fx_rate


def is_funded(kinds: Sequence[str]) -> Flags:
    """Whether each of N kinds is paid for, so that all its value bears the FX move."""
    return np.array([kind in FUNDED for kind in kinds], dtype=bool)


def delta_one(funded: Flags, local: Matrix, fx: Matrix) -> Matrix:
    """Return the P&L per unit of market value of what moves one for one.

    For log shocks x of the price in its own currency and y of that currency against
    the base currency, both of shape (S, N): ``e^(x+y) - 1`` where the value is held,
    ``(e^x - 1) e^y`` where only the gain or loss is settled (futures, forwards, swaps,
    perpetuals), as the notional is not converted.

    Parameters
    ----------
    funded : ndarray of bool, shape (N,)
    local, fx : ndarray of shape (S, N)
    """
    growth: Matrix = np.where(
        funded, np.expm1(local + fx), np.expm1(local) * np.exp(fx)
    )
    return growth


def fx_carry(funded: Flags, local: Matrix) -> Matrix:
    """Return how far a position's P&L moves with its currency per move of its price.

    The ratio of the slopes: 1 where the value is held, ``1 - e^-x`` where only the
    gain or loss is settled; shape (S, N).
    """
    carry: Matrix = np.where(funded, 1.0, -np.expm1(-local))
    return carry
