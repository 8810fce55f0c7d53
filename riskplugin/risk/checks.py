"""What the kernel refuses: it never measures what it cannot."""

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import ModelError, UsageError, listing

SUM_TOLERANCE = 1e-9
LARGEST = 1e250  # no sum or range of smaller numbers overflows


def checked_pnl(pnl: Matrix) -> Matrix:
    """Return `pnl` as it is, if every number of it is one.

    Parameters
    ----------
    pnl : ndarray of shape (T, G)

    Raises
    ------
    UsageError
        If it is not a matrix.
    ModelError
        If it has fewer than two scenarios, or holds NaN, infinite values or such as
        no sum of which would be finite.
    """
    found = np.asarray(pnl, dtype=np.float64)
    if found.ndim != 2:
        raise UsageError(
            f"pnl has {found.ndim} axes; expected scenarios x columns, shape (T, G)"
        )
    if len(found) < 2:
        raise ModelError(f"{len(found)} P&L scenario(s); a measure needs at least 2")
    # NaN fails every comparison, so that two reductions see all there is to refuse
    if found.size and not (found.min() >= -LARGEST and found.max() <= LARGEST):
        columns = np.flatnonzero(~(np.abs(found) <= LARGEST).all(axis=0))
        raise ModelError(
            f"P&L scenarios hold NaN, infinite or absurd values (beyond {LARGEST:g}) "
            f"in column(s) {listing(map(str, columns))}; fill or leave out what is "
            "missing first"
        )
    return found


def checked_probabilities(probabilities: Vector, scenarios: int) -> Vector:
    """Return the probabilities, made to sum to 1 to the last bit but rounding.

    Parameters
    ----------
    probabilities : ndarray of shape (T,)
    scenarios : int
        T, which they must be one each of.

    Raises
    ------
    UsageError
        If there are not T of them, one is negative or not a number, they do not sum
        to 1 within 1e-9, or fewer than two of them are positive.
    """
    found = np.asarray(probabilities, dtype=np.float64)
    if found.shape != (scenarios,):
        raise UsageError(
            f"probabilities have shape {found.shape}; expected ({scenarios},), one "
            "for each P&L scenario"
        )
    if not (found >= 0).all():
        where = np.flatnonzero(~(found >= 0))
        raise UsageError(
            f"probabilities are negative or NaN at scenario(s) "
            f"{listing(map(str, where))}"
        )
    total = float(found.sum())
    if not abs(total - 1.0) <= SUM_TOLERANCE:
        raise UsageError(f"probabilities sum to {total:.12g}; expected 1")
    if np.count_nonzero(found) < 2:
        raise UsageError("all probability is on one scenario; a measure needs 2")
    return found / total


def checked_alpha(alpha: float) -> float:
    """Return `alpha`, if it is a tail probability.

    Raises
    ------
    UsageError
        If it is not between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        hint = (
            f"; did you mean {alpha / 100:g}?"
            if 1.0 <= alpha < 100.0
            else "; 0.05 is the worst 5 %"
        )
        raise UsageError(f"alpha is {alpha}; expected a tail between 0 and 1{hint}")
    return float(alpha)


def equal_probabilities(scenarios: int) -> Vector:
    """Return ``1 / scenarios`` for each, shape (scenarios,)."""
    return np.full(scenarios, 1.0 / scenarios)
