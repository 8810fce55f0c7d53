"""VaR and DaR contributions, averaged over the neighbours of the quantile.

The exact derivative of an order statistic is the P&L of one scenario: right, and as
noisy as one day is. Here the losses around the quantile count, by a triangle of
probability about alpha (a kernel quantile, Sheather and Marron 1990; for contributions
Epperlein and Smillie 2006), and are scaled so that contributions add up to the VaR
that stands beside them.
"""

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.drawdowns import session_weights
from riskplugin.risk.measure import Measure, Measured
from riskplugin.risk.measuring import among_possible, checked, faced
from riskplugin.risk.tails import Distortion, ordered, value_at_risk

SMOOTHED = (Measure.VAR, Measure.DAR)
MOST_SCALING = 2.0


def smoothed(
    measure: Measure,
    pnl: Matrix,
    probabilities: Vector,
    alpha: float,
    half_width: float | None = None,
) -> Measured:
    """Return exact totals of VaR or DaR with smoothed weights.

    ``weight[k] = VaR / smooth * (D(P[k]) - D(P[k-1]))`` for losses from the worst, D
    the distribution function of a triangle from ``alpha - half_width`` to
    ``alpha + half_width``, and smooth the total that those steps give. The weights
    are no derivative of the total; components still add up to it.

    Parameters
    ----------
    measure : Measure
        VaR or DaR.
    pnl : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
    alpha : float
    half_width : float, optional
        In probability; half of the tail, ``min(alpha, 1 - alpha) / 2``, by default.

    Raises
    ------
    UsageError
        If `measure` is another, or the triangle reaches beyond 0 or 1.
    ModelError
        If the smooth total is not of the size of the exact one (less than half or
        more than twice), so that scaling would mean nothing.
    """
    if measure not in SMOOTHED:
        raise UsageError(f"{measure} has no smoothing; only VaR and DaR have")
    values, weighing, level = checked(pnl, probabilities, alpha)
    nearest = min(level, 1.0 - level)
    half = 0.5 * nearest if half_width is None else half_width
    if not 0.0 < half <= nearest:
        raise UsageError(f"half_width is {half}; expected more than 0, up to {nearest}")
    losses, fall = faced(measure, values)
    about = triangle(level, half)
    exact = among_possible(value_at_risk, losses, weighing, level).total
    near = among_possible(lambda x, p, a: ordered(x, p, about), losses, weighing, level)
    weights = near.weights * scaling(exact, near.total)
    return Measured(exact, weights if fall is None else session_weights(fall, weights))


def triangle(centre: float, half_width: float) -> Distortion:
    """Return the distribution function of a triangle about `centre`."""

    def height(probability: Matrix) -> Matrix:
        away = np.clip((probability - centre) / half_width, -1.0, 1.0)
        return 0.5 + away - 0.5 * away * np.abs(away)

    return height


def scaling(exact: Vector, smooth: Vector) -> Vector:
    """Return ``exact / smooth``; 1 where both are 0.

    Raises
    ------
    ModelError
        If they are not of one size.
    """
    none = (exact == 0.0) & (smooth == 0.0)
    ratio = np.where(none, 1.0, exact) / np.where(smooth == 0.0, 1.0, smooth)
    off = ~((ratio <= MOST_SCALING) & (ratio >= 1.0 / MOST_SCALING))
    off |= (smooth == 0.0) & ~none
    if off.any():
        first = int(np.argmax(off))
        raise ModelError(
            f"smoothed VaR {smooth[first]:.6g} is not of the size of VaR "
            f"{exact[first]:.6g} (column {first}); take a smaller half_width, or the "
            "exact contributions"
        )
    return ratio
