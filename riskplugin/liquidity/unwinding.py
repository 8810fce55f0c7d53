"""What is lost on the way while a book is sold along a path."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.liquidity.selling import Amounts, sold_by


def held_shares(amounts: Amounts, pace: Vector, sessions: int) -> Matrix:
    """Return the share of each amount still held after 0 … H sessions, (H + 1, A).

    Linear while free: ``1 - min(1, session x pace / |quantity|)``. NaN where the pace
    is unknown; 0 where there is nothing to sell.

    Parameters
    ----------
    amounts : Amounts
    pace : ndarray of shape (A,)
        Quantity sold in a session; NaN where unknown.
    sessions : int
        H of the path.
    """
    held: Matrix = 1 - sold_by(amounts, pace, np.arange(sessions + 1.0))
    return held


@dataclass(frozen=True, eq=False, slots=True)
class Unwound:
    """P&L of amounts that are sold along paths, cumulated to each session.

    Attributes
    ----------
    pnl : ndarray of shape (..., H, A)
        Of what is still held, base currency; cost not counted.
    cost : ndarray of shape (..., H, A)
        Of the selling, >= 0.
    """

    pnl: Matrix
    cost: Matrix


def unwound_along(
    value: Vector, held: Matrix, path: Matrix, cost_share: Vector
) -> Unwound:
    """Return what amounts make while they are sold along paths.

    What is sold in a session is sold at its close, so a session's move hits all that
    was held before it::

        pnl_t  = value x sum_{u <= t} held_(u-1) (path_u - path_(u-1))
        cost_t = sum_{u <= t} |value| (held_(u-1) - held_u) (1 + path_u) cost_share

    Parameters
    ----------
    value : ndarray of shape (A,)
        Base currency at the start; short < 0.
    held : ndarray of shape (H + 1, A)
        Share held after 0 … H sessions.
    path : ndarray of shape (..., H, A)
        Cumulated simple P&L per unit of value after 1 … H sessions: one path, or one
        per scenario.
    cost_share : ndarray of shape (A,)
        Cost per unit of value sold; NaN where unknown, as is then its cost.

    Notes
    -----
    Under moves of one size and no memory the variance is that of the whole held for
    ``n (1 + 1/n) (1 + 1/(2n)) / 3`` of n sessions of linear selling.

    References
    ----------
    Bangia, Diebold, Schuermann and Stroughair (1999), Modeling liquidity risk, Risk
    12. Almgren and Chriss (2001), Optimal execution of portfolio transactions,
    Journal of Risk 3: linear selling is their path without aversion to risk.
    """
    start = np.zeros_like(path[..., :1, :])
    moves = np.diff(np.concatenate([start, path], axis=-2), axis=-2)
    pnl = value * np.cumsum(held[:-1] * moves, axis=-2)
    sold = held[:-1] - held[1:]
    paid = np.where(sold > 0, sold * (1 + path) * cost_share, sold * 0)
    return Unwound(pnl, np.abs(value) * np.cumsum(paid, axis=-2))
