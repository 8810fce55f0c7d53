"""The tail of a sample by its order statistics, the convention of every sample here.

Of n losses the value at risk is the ``ceil(alpha n)``-th worst, one of the losses, and
the expected shortfall is that of Rockafellar and Uryasev (2002), in which the loss at
the value at risk counts by the fraction that fills the tail.
"""

from math import ceil

import numpy as np

from riskplugin._typing import Cube, Flags, Matrix, Vector
from riskplugin.errors import UsageError

DIGITS = 12  # of a level: 1 - 0.99 is 0.010000000000000009
ROUNDING = 1e-9  # of a rank: 0.07 x 100 is 7.000000000000001
FEW = 6  # times the losses that fill a tail if all weigh alike: sorted before the rest


def tail_of(confidence: float) -> float:
    """Return ``alpha = 1 - confidence``, as it would be written.

    Raises
    ------
    UsageError
        If `confidence` is not between 0.5 and 1.
    """
    if not 0.5 <= confidence < 1.0:
        raise UsageError(
            f"confidence is {confidence!r}; give a level from 0.5 to below 1, such as "
            "0.99 for a tail of 1 %"
        )
    return round(1.0 - confidence, DIGITS)


def tail_rank(alpha: float, count: int) -> int:
    """Return ``ceil(alpha n)``, from 1: which of `count` losses is the VaR."""
    return max(ceil(alpha * count - ROUNDING), 1)


def sample_tail(losses: Cube, alpha: float) -> tuple[Matrix, Matrix]:
    """Return value at risk and expected shortfall along the last axis.

    ``value_at_risk = ceil(alpha n)-th largest loss`` and ``expected_shortfall =
    value_at_risk + sum(max(loss - value_at_risk, 0)) / (alpha n)``.

    Parameters
    ----------
    losses : ndarray of shape (..., n)
        Loss > 0, equally likely; no missing values.
    alpha : float
        Tail, 0.01.

    Returns
    -------
    value_at_risk, expected_shortfall : ndarray of shape (...)
    """
    count = losses.shape[-1]
    rank = tail_rank(alpha, count)
    worst = np.partition(losses, count - rank, axis=-1)[..., count - rank :]
    value_at_risk = worst[..., 0]
    beyond = (worst - value_at_risk[..., None]).sum(axis=-1)
    return value_at_risk, value_at_risk + beyond / (alpha * count)


def weighted_tail(
    losses: Cube, probabilities: Vector, alpha: float
) -> tuple[Matrix, Matrix]:
    """Return value at risk and expected shortfall of unequally likely losses.

    The value at risk is the largest loss that the losses at least as large reach a
    probability of `alpha` with; equal probabilities give `sample_tail`.

    Parameters
    ----------
    losses : ndarray of shape (..., n)
        Loss > 0; no missing values.
    probabilities : ndarray of shape (n,)
        They sum to 1.
    alpha : float
    """
    count = losses.shape[-1]
    few = min(count, FEW * tail_rank(alpha, count))
    value_at_risk, shortfall, filled = tail_of_worst(losses, probabilities, alpha, few)
    if few < count and not filled.all():
        rest = tail_of_worst(losses[~filled], probabilities, alpha, count)
        value_at_risk[~filled], shortfall[~filled] = rest[:2]
    return value_at_risk, shortfall


def tail_of_worst(
    losses: Cube, probabilities: Vector, alpha: float, few: int
) -> tuple[Matrix, Matrix, Flags]:
    """Return `weighted_tail` of the `few` worst losses, and whether they fill the tail.

    Only where they do is it the tail of all.
    """
    worst = np.argpartition(losses, -few, axis=-1)[..., -few:]
    values = np.take_along_axis(losses, worst, axis=-1)
    order = np.argsort(-values, axis=-1, kind="stable")
    values = np.take_along_axis(values, order, axis=-1)
    likely = probabilities[np.take_along_axis(worst, order, axis=-1)]
    filled = np.cumsum(likely, axis=-1) >= alpha - ROUNDING
    at = np.argmax(filled, axis=-1)[..., None]
    value_at_risk = np.take_along_axis(values, at, axis=-1)
    beyond = (np.maximum(values - value_at_risk, 0.0) * likely).sum(axis=-1)
    level: Matrix = value_at_risk[..., 0]
    return level, np.asarray(level + beyond / alpha), filled[..., -1]
