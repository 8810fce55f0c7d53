"""Measure P&L scenarios, and say whose risk it is.

``measured`` gives totals and weights of many columns at once; ``components`` turns
weights into the share of every position with one product; ``incremental`` leaves a
part out and measures again.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import UsageError
from riskplugin.risk import moments, tails
from riskplugin.risk.checks import checked_alpha, checked_pnl, checked_probabilities
from riskplugin.risk.drawdowns import drawdowns, session_weights
from riskplugin.risk.entropic import entropic_value_at_risk
from riskplugin.risk.measure import Measure, Measured
from riskplugin.risk.relativistic import relativistic_value_at_risk

Kernel: TypeAlias = Callable[[Matrix, Vector, float], Measured]

CHUNK = 1 << 17  # numbers of P&L that `incremental` measures at once: 1 MiB, a cache


def without_level(kernel: Callable[[Matrix, Vector], Measured]) -> Kernel:
    """Return `kernel` as one that takes alpha and does not use it."""
    return lambda losses, probabilities, alpha: kernel(losses, probabilities)


OF_LOSSES: dict[Measure, Kernel] = {
    Measure.VOLATILITY: without_level(moments.volatility),
    Measure.MAD: without_level(moments.mean_absolute_deviation),
    Measure.GMD: without_level(tails.gini_mean_difference),
    Measure.SEMI_DEVIATION: without_level(moments.semi_deviation),
    Measure.LPM1: without_level(moments.first_lower_partial_moment),
    Measure.LPM2: without_level(moments.second_lower_partial_moment),
    Measure.VAR: tails.value_at_risk,
    Measure.CVAR: tails.conditional_value_at_risk,
    Measure.TAIL_GINI: tails.tail_gini,
    Measure.EVAR: entropic_value_at_risk,
    Measure.RLVAR: relativistic_value_at_risk,
    Measure.WORST_CASE: without_level(tails.worst_case),
    Measure.RANGE: without_level(tails.range_of_losses),
}
OF_DRAWDOWNS: dict[Measure, Kernel] = {
    Measure.MDD: without_level(tails.worst_case),
    Measure.ADD: without_level(moments.mean),
    Measure.DAR: tails.value_at_risk,
    Measure.CDAR: tails.conditional_value_at_risk,
    Measure.EDAR: entropic_value_at_risk,
    Measure.RLDAR: relativistic_value_at_risk,
    Measure.UCI: without_level(moments.quadratic_mean),
}
KERNELS = OF_LOSSES | OF_DRAWDOWNS
DISTORTIONS: dict[Measure, Callable[[Vector, float], tails.Distortion]] = {
    Measure.GMD: tails.difference,
    Measure.VAR: tails.quantile,
    Measure.CVAR: tails.shortfall,
    Measure.TAIL_GINI: tails.mixed_shortfalls,
    Measure.DAR: tails.quantile,
    Measure.CDAR: tails.shortfall,
}


def measured(
    measure: Measure, pnl: Matrix, probabilities: Vector, alpha: float
) -> Measured:
    """Return total and weights of every column of `pnl`.

    Parameters
    ----------
    measure : Measure
    pnl : ndarray of shape (T, G)
        P&L of T scenarios, profit > 0; no NaN. For drawdowns one path of sessions in
        time order.
    probabilities : ndarray of shape (T,)
        Of the scenarios; they sum to 1. `equal_probabilities(T)` if none is known.
    alpha : float
        Tail probability, 0.05 for the worst 5 %; not used by measures without one.

    Returns
    -------
    Measured
        total (G,), in the unit of `pnl`, a loss > 0; weights (T, G).

    Raises
    ------
    UsageError
        If `alpha` is no tail, or `probabilities` are not T that sum to 1.
    ModelError
        If `pnl` holds NaN or infinite values or fewer than two scenarios.
    """
    values, weighing, level = checked(pnl, probabilities, alpha)
    losses, fall = faced(measure, values)
    found = among_possible(KERNELS[measure], losses, weighing, level)
    if fall is None:
        return found
    return Measured(found.total, session_weights(fall, found.weights))


def totals(
    measure: Measure, pnl: Matrix, probabilities: Vector, alpha: float
) -> Vector:
    """Return the totals of `measured` alone, (G,), cheaper where that is possible.

    Takes and refuses what `measured` does.
    """
    values, weighing, level = checked(pnl, probabilities, alpha)
    losses, _ = faced(measure, values)
    possible = weighing > 0.0
    if not possible.all():
        losses, weighing = losses[possible], weighing[possible]
    if measure in DISTORTIONS:
        distortion = DISTORTIONS[measure](weighing, level)
        return tails.ordered_total(losses, weighing, distortion)
    return KERNELS[measure](losses, weighing, level).total


def components(weights: Vector, pnl: Matrix) -> Vector:
    """Return what each part of a total contributes to it, (N,) or (G, N).

    Exact Euler contributions ``-weights @ pnl``: the derivative of the total by the
    size of each part, times its size. They add up to the total.

    Parameters
    ----------
    weights : ndarray of shape (T,) or (G, T)
        Of the total, from `measured`: ``weights[:, g]``, or ``weights.T`` for all of
        its totals at once.
    pnl : ndarray of shape (T, N)
        P&L of the parts, whose sum was measured.
    """
    return np.asarray(-(weights @ pnl))


def incremental(
    measure: Measure, whole: Vector, parts: Matrix, probabilities: Vector, alpha: float
) -> Vector:
    """Return what the total falls by when each part alone is left out, (G,).

    ``total(whole) - total(whole - part)``, measured again for every part: no
    derivative. A part that hedges has a negative one. Columns are measured a few at a
    time, so that memory does not grow with G.

    Parameters
    ----------
    measure : Measure
    whole : ndarray of shape (T,)
    parts : ndarray of shape (T, G)
    probabilities : ndarray of shape (T,)
    alpha : float

    Raises
    ------
    UsageError
        If the parts have other scenarios than the whole.
    """
    if len(parts) != len(whole):
        raise UsageError(
            f"parts have {len(parts)} scenarios and the whole {len(whole)}; "
            "expected the same"
        )
    (total,) = totals(measure, whole[:, None], probabilities, alpha)
    width = max(1, CHUNK // len(parts))
    without = [
        totals(
            measure, whole[:, None] - parts[:, at : at + width], probabilities, alpha
        )
        for at in range(0, parts.shape[1], width)
    ]
    return np.asarray(total - np.concatenate([np.empty(0), *without]))


def checked(
    pnl: Matrix, probabilities: Vector, alpha: float
) -> tuple[Matrix, Vector, float]:
    """Return all three, if they can be measured."""
    values = checked_pnl(pnl)
    weighing = checked_probabilities(probabilities, len(values))
    return values, weighing, checked_alpha(alpha)


def faced(measure: Measure, pnl: Matrix) -> tuple[Matrix, Matrix | None]:
    """Return what `measure` looks at, and the drawdowns if it is them."""
    if measure in OF_DRAWDOWNS:
        fall = drawdowns(pnl)
        return fall, fall
    return -pnl, None


def among_possible(
    kernel: Kernel, losses: Matrix, probabilities: Vector, alpha: float
) -> Measured:
    """Measure scenarios of positive probability; the others have weight 0."""
    possible = probabilities > 0.0
    if possible.all():
        return kernel(losses, probabilities, alpha)
    found = kernel(losses[possible], probabilities[possible], alpha)
    weights = np.zeros_like(losses)
    weights[possible] = found.weights
    return Measured(found.total, weights)
