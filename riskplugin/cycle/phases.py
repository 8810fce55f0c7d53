"""The phase that the signals make, by rules a reader can check, without flapping."""

import numpy as np

from riskplugin._typing import Codes, Vector
from riskplugin.cycle.signals import Persistence, Signal

EXPANSION, LATE, ROLLING_OVER, REVERSAL = PHASES = (
    "expansion",
    "late",
    "rolling_over",
    "reversal",
)
UNTOLD = -1
WORSE, BETTER = 5, 15  # sessions without a break before a phase is called
STRETCHED = 0.90  # percentile of the distance to the long mean
WARNINGS = (2, 3)  # codes of the phases that call a turn


def seen(
    persistence: Persistence,
    held: Signal,
    expected: Signal,
    broad: Signal,
    stretch: Vector,
) -> Codes:
    """Return the phase that the signals of each session make by themselves, (T,).

    Codes of `PHASES`, the first rule that holds; -1 where persistence is unknown.

    reversal
        the leaders are broken: below their long mean for five sessions and 20 % below
        the year's high
    rolling_over
        the leaders falter or are broken, and breadth is weak or prices are expected to
        fall
    late
        the leaders hold or are unsettled, but only they do, or prices are expected to
        fall, or they stand further above their long mean than nine tenths of the time
    expansion
        else
    """
    below = (persistence.below_long >= WORSE) & (persistence.drawdown <= -0.20)
    shaky = np.isin(held.state, ("faltering", "broken"))
    doubts = (broad.state == "weak") | (expected.state == "falling")
    narrow = (broad.state == "leaders only") | (expected.state == "falling")
    late = narrow | (stretch >= STRETCHED) | shaky
    raw = np.select(
        [held.state == "unknown", below, shaky & doubts, late],
        [UNTOLD, 3, 2, 1],
        0,
    )
    return raw.astype(np.int64)


def called(raw: Codes) -> Codes:
    """Return the phase that is called on each session, (T,).

    A worse phase is called once it, or one worse still, has been seen for 5 sessions
    without a break; a better one once it, or one better still, has been for 15. Until
    then the one before stands.
    """
    phase = np.full(len(raw), UNTOLD, dtype=np.int64)
    standing, worse, better = UNTOLD, 0, 0
    for row, code in enumerate(map(int, raw)):
        if UNTOLD in (standing, code):
            standing, worse, better = code, 0, 0
        worse = worse + 1 if code > standing else 0
        better = better + 1 if code < standing else 0
        if worse >= WORSE:
            standing, worse = int(raw[row - WORSE + 1 : row + 1].min()), 0
        elif better >= BETTER:
            standing, better = int(raw[row - BETTER + 1 : row + 1].max()), 0
        phase[row] = standing
    return phase


def changes(phase: Codes) -> Codes:
    """Return the rows on which another phase is called than on the row before."""
    found: Codes = (
        np.flatnonzero(np.diff(phase, prepend=UNTOLD)) if len(phase) else phase
    )
    return found
