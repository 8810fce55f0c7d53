"""Leveraged and inverse ETFs: compounded daily along the way, floored at -100 %.

M. Avellaneda and S. Zhang, Path-dependence of leveraged ETF returns, SIAM Journal on
Financial Mathematics 1 (2010): over continuous time the fund returns ``(1 + s)^l exp(-l
(l - 1) RV / 2)`` with RV the realised variance. Of a path whose end is known, that
variance is its own square over the sessions plus that of a bridge:
``x^2 / H + v^2 (H - 1)``.
"""

import numpy as np

from riskplugin._typing import Matrix, Vector


def leveraged_growth(
    local: Matrix, leverage: Vector, variance: Matrix, sessions: Vector
) -> Matrix:
    """Return the simple return of leveraged ETFs, -1 at the lowest, shape (S, N).

    ``(1 + l (e^(x / H) - 1))^H exp(-l (l - 1) v^2 (H - 1) / 2) - 1``: an even path,
    compounded session by session, and the drag of what a path varies around it. Over
    one session it is ``l (e^x - 1)`` exactly; over many ``(1 + s)^l exp(-l (l - 1) v^2
    H / 2) - 1``. 0 for no move in no time.

    Parameters
    ----------
    local : ndarray of shape (S, N)
        Log move x of the underlying over all sessions.
    leverage : ndarray of shape (N,)
        l, negative of an inverse ETF.
    variance : ndarray of shape (S, N)
        v^2 of the underlying per session.
    sessions : ndarray of shape (S,)
        H; a move within less than a session counts as one of one session.
    """
    whole = np.maximum(sessions, 1.0)[:, None]
    daily = leverage * np.expm1(local / whole)
    left = daily > -1.0
    even = whole * np.log1p(np.where(left, daily, 0.0))
    drag = 0.5 * leverage * (leverage - 1.0) * variance * (whole - 1.0)
    growth: Matrix = np.where(left, np.expm1(even - drag), -1.0)
    return growth
