"""What it costs to sell."""

import numpy as np

from riskplugin._typing import Vector


def unwind_cost(half_spread: Vector, unwind_share: float) -> Vector:
    """Return the cost of unwinding per unit of gross value, shape as `half_spread`.

    ``unwind_share x half_spread``, >= 0. Where nothing is unwound nothing is paid,
    known spread or not; otherwise an unknown spread is an unknown cost (NaN).
    """
    return np.where(unwind_share > 0, unwind_share * half_spread, 0.0)


def selling_cost(
    half_spread: Vector,
    volatility: Vector,
    days_of_volume: Vector,
    impact: float,
) -> Vector:
    """Return the cost of selling a whole amount per unit of its value, shape (A,).

    ``half_spread + impact x volatility x sqrt(days_of_volume)``, >= 0: half the
    bid-ask spread, as if it stood still, and the square-root law of impact, which
    does not depend on how long the selling takes.

    Parameters
    ----------
    half_spread : ndarray of shape (A,)
        As a fraction of price; NaN where unknown.
    volatility : ndarray of shape (A,)
        Standard deviation of a session's log return; NaN where unknown.
    days_of_volume : ndarray of shape (A,)
        Quantity / volume of a day, >= 0; NaN where unknown. The law is measured well
        below 1; above, it is extrapolated.
    impact : float
        The constant Y of the law; about 1 in every market measured.

    Returns
    -------
    ndarray of shape (A,)
        NaN where any of the three is unknown.

    References
    ----------
    Bangia, Diebold, Schuermann and Stroughair (1999), Modeling liquidity risk, Risk
    12: half the spread on top of the mid. Almgren, Thum, Hauptmann and Li (2005),
    Direct estimation of equity market impact, Risk 18: a power of 3/5, near 1/2. Tóth
    et al. (2011), Anomalous price impact and the critical nature of liquidity,
    Physical Review X 1, 021006: ``Y sigma sqrt(Q / V)`` with Y about 1.
    """
    cost: Vector = half_spread + impact * volatility * np.sqrt(days_of_volume)
    return cost
