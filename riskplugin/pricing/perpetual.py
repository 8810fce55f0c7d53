"""Perpetuals: funding, the price at which they are closed, and margin.

An inverse contract is of so much quote currency and settled in the coin: its P&L of ``n
(1 / P0 - 1 / P1)`` coins, converted at P1, is ``n (P1 / P0 - 1)``, as of a linear one
of that notional; its margin is coins too, and falls with them.
"""

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector

NEAR = 1e-6  # log move below which its mean growth is a series


def mean_growth(local: Matrix) -> Matrix:
    """Return the mean of ``e^(t x)`` over t from 0 to 1: ``(e^x - 1) / x``.

    What a notional is on the mean over a straight path to the log move x.
    """
    near = np.abs(local) < NEAR
    safe = np.where(near, 1.0, local)
    mean: Matrix = np.where(near, 1.0 + local / 2, np.expm1(local) / safe)
    return mean


def funding_pnl(local: Matrix, funding: Vector, sessions: Vector) -> Matrix:
    """Return what funding brings per unit of long notional, < 0 if paid, (S, N).

    ``- funding x sessions x mean notional`` on a straight path to the log move `local`;
    `funding` (N,) is the share of the notional that a long position pays per session.
    """
    pnl: Matrix = -funding * sessions[:, None] * mean_growth(local)
    return pnl


def closing_ratio(
    side: Vector, margin: Vector, maintenance: Vector, inverse: Flags
) -> Vector:
    """Return the price at which positions are closed over today's price, shape (K,).

    Where ``margin + gain = maintenance x notional``, all per notional today: linear
    ``(1 - margin) / (1 - maintenance)`` for a long and ``(1 + margin) / (1 +
    maintenance)`` for a short position; inverse, in coins, ``(1 + maintenance) / (1 +
    margin)`` and ``(1 - maintenance) / (1 - margin)``. 0 or infinite where no price
    does.

    Parameters
    ----------
    side : ndarray of shape (K,)
        1 of a long, -1 of a short position.
    margin, maintenance : ndarray of shape (K,)
        Shares of the notional.
    inverse : ndarray of bool, shape (K,)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        straight = (1.0 - side * margin) / (1.0 - side * maintenance)
        coin = (1.0 + side * maintenance) / (1.0 + side * margin)
        short_of_coins = (side < 0) & (margin >= 1.0)
        ratio: Vector = np.where(inverse, coin, np.maximum(straight, 0.0))
    return np.where(inverse & short_of_coins, np.inf, ratio)


def margin_needed(
    ratio: Matrix, side: Vector, maintenance: Vector, inverse: Flags
) -> Matrix:
    """Return the margin per notional today that a price over today's asks for, (S, K).

    The margin at which `closing_ratio` is `ratio`, not below 0.
    """
    straight = maintenance * ratio - side * (ratio - 1.0)
    with np.errstate(divide="ignore"):
        coin = (maintenance + side) / ratio - side
    needed: Matrix = np.maximum(np.where(inverse, coin, straight), 0.0)
    return needed
