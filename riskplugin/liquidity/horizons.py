"""Expected shortfall over liquidity horizons that differ."""

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.errors import UsageError

BASE_HORIZON = 10.0


def exposed_beyond(horizon: Vector, horizons: Vector) -> Flags:
    """Return which of N positions are in the shortfall of each horizon, shape (J, N).

    Those whose own horizon is at least as long: the sets shrink as horizons grow.

    Parameters
    ----------
    horizon : ndarray of shape (N,)
        Sessions it takes to leave each position, as its tier's.
    horizons : ndarray of shape (J,)
        Ascending, the shortest first.
    """
    inside: Flags = horizon[None, :] >= horizons[:, None]
    return inside


def horizon_shortfall(
    shortfalls: Vector, horizons: Vector, base: float = BASE_HORIZON
) -> float:
    """Return the expected shortfall of a book whose parts take longer to leave.

    ``sqrt(sum_j (shortfalls_j sqrt((horizons_j - horizons_(j-1)) / base))^2)`` with
    ``horizons_0 = 0``. It takes moves of a horizon to be independent of those before
    and longer moves to grow with its root; a fall that trends loses more.

    Parameters
    ----------
    shortfalls : ndarray of shape (J,)
        Expected shortfall > 0 over `base` sessions of the positions of
        `exposed_beyond`: of all of them first, of the least liquid last. A NaN makes
        the result unknown.
    horizons : ndarray of shape (J,)
        Sessions, ascending; the first is `base` in the rule.
    base : float
        Sessions over which the shortfalls are taken.

    Raises
    ------
    UsageError
        If horizons do not rise from above 0, or there is not one per shortfall.

    References
    ----------
    Basel Committee on Banking Supervision, MAR33.5 (the formula) and MAR33.12 (its
    horizons: large-cap equity 10, small-cap equity 20, most currencies 10 to 20). It
    knows no tokens: their horizons are the desk's own.
    """
    steps = np.diff(horizons, prepend=0.0)
    if len(shortfalls) != len(horizons) or not (steps > 0).all():
        raise UsageError(
            f"horizons are {list(horizons)} for {len(shortfalls)} shortfalls: give one "
            "for each, rising from above 0"
        )
    return float(np.sqrt(np.sum((shortfalls * np.sqrt(steps / base)) ** 2)))
