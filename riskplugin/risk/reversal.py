"""Probabilities of the past as if a reversal were under way.

Windows of 21 sessions, because no daily history reaches a reversal. The prior gives
half of all probability to windows in which memory was falling from a peak to a trough;
entropy pooling (Meucci 2008) then moves it as little as can be until memory's expected
move is that of the episodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Vector
from riskplugin.errors import ModelError
from riskplugin.factors.drivers import DriverHistory, falls
from riskplugin.factors.pooling import (
    entropy_pooling,
    independent_scenarios,
)

WINDOW_SESSIONS = 21
EPISODE_SHARE = 0.5  # of the prior's probability


@dataclass(frozen=True, eq=False, slots=True)
class Reversal:
    """Probabilities of windows in the regime of a reversal.

    Attributes
    ----------
    ends : ndarray of datetime64[D], shape (T,)
    probabilities : ndarray of shape (T,)
    drift : float
        Expected log return of the driver over `WINDOW_SESSIONS`.
    episodes : tuple of (start, end)
        The falls that it is taken from.
    effective, independent : float
        Number of scenarios of equal probability that carry as much entropy; number of
        those among windows that do not overlap.
    """

    ends: Dates
    probabilities: Vector
    drift: float
    episodes: tuple[tuple[np.datetime64, np.datetime64], ...]
    effective: float
    independent: float


def reversal(
    levels: DriverHistory, driver: str, ends: Dates, moves: Vector
) -> Reversal:
    """Return the probabilities of windows as if `driver` were in a reversal.

    Parameters
    ----------
    levels : DriverHistory
        Whose falls of at least 30 % from a peak to a trough are the episodes.
    driver : str
    ends : ndarray of datetime64[D], shape (T,)
        Last day of each window of `WINDOW_SESSIONS`.
    moves : ndarray of shape (T,)
        The driver's log returns over them.

    Raises
    ------
    ModelError
        If the history holds no fall, or too few windows would carry the regime.
    """
    found = falls(levels.of(driver))
    if not found:
        msg = f"the history holds no fall of {driver!r} of 30 %: no reversal to learn "
        raise ModelError(msg + "from; give longer prices of its members")
    level = levels.of(driver)
    sessions = sum(trough - peak for peak, trough in found)
    drift = sum(level[trough] - level[peak] for peak, trough in found)
    drift *= WINDOW_SESSIONS / sessions
    inside = share_inside(found, len(level), np.searchsorted(levels.dates, ends))
    prior = (1 - EPISODE_SHARE) / len(ends) + EPISODE_SHARE * inside / inside.sum()
    view = (moves[None, :], np.array([drift]))
    posterior = entropy_pooling(prior, equalities=view)
    return Reversal(
        ends,
        posterior.probabilities,
        float(drift),
        tuple((levels.dates[p], levels.dates[t]) for p, t in found),
        posterior.effective_scenarios,
        independent_scenarios(posterior.probabilities, WINDOW_SESSIONS),
    )


def share_inside(found: Sequence[tuple[int, int]], rows: int, last: Codes) -> Vector:
    """Return the share of each window's sessions that lie in a fall, shape (T,).

    `last` is the row of each window's last session.
    """
    falling = np.zeros(rows)
    for peak, trough in found:
        falling[peak + 1 : trough + 1] = 1.0
    so_far = np.append(0.0, np.cumsum(falling))
    first = np.maximum(last + 1 - WINDOW_SESSIONS, 0)
    share: Vector = (so_far[last + 1] - so_far[first]) / WINDOW_SESSIONS
    return share


def within(regime: Reversal, ends: Dates, sessions: int) -> Vector:
    """Return the probabilities of windows of `sessions`, shape of `ends`.

    Those of drawing a window of 21 sessions and then one of those within it, evenly.
    """
    if sessions == WINDOW_SESSIONS and len(ends) == len(regime.ends):
        return regime.probabilities
    latest = np.busday_offset(ends, WINDOW_SESSIONS - sessions, roll="forward")
    so_far = np.append(0.0, np.cumsum(regime.probabilities))
    upto = np.searchsorted(regime.ends, latest, side="right")
    before = np.searchsorted(regime.ends, ends, side="left")
    weight = so_far[upto] - so_far[before]
    probabilities: Vector = weight / weight.sum()
    return probabilities
