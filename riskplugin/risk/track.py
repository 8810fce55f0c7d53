"""Forecasts beside what came of them, and what a test says about the two."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.errors import UsageError
from riskplugin.risk.order_statistics import tail_of

UNDECIDED, REJECTED = "undecided", "rejected"
FACT = "a fact, no test"
NEARLY = 1e-9  # of the VaR, by which an ES may fall below it through rounding


@dataclass(frozen=True, eq=False, slots=True)
class TrackRecord:
    """Forecasts, each made before its P&L, in chronological order.

    Rows that the caller left out make neighbours of those around them.

    Attributes
    ----------
    pnl : ndarray of shape (T,)
        What came, profit > 0; over `horizon_sessions` from the date of the forecast.
    value_at_risk : ndarray of shape (T,)
        Forecast at `confidence`, loss > 0.
    expected_shortfall : ndarray of shape (T,), optional
        Forecast at `confidence`, loss > 0, not below the value at risk.
    confidence : float
        0.99 by default.
    horizon_sessions : int
        1 by default. If more, each row is a session later than the one before and so
        shares ``horizon_sessions - 1`` sessions with it.

    Raises
    ------
    UsageError
        For missing or infinite values, which are never left out silently; lengths
        that differ; no rows; an expected shortfall below the value at risk.
    """

    pnl: Vector
    value_at_risk: Vector
    expected_shortfall: Vector | None = None
    confidence: float = 0.99
    horizon_sessions: int = 1

    def __post_init__(self) -> None:
        tail_of(self.confidence)
        checked_horizon(self.horizon_sessions)
        rows = {}
        for name in ("pnl", "value_at_risk", "expected_shortfall"):
            given = getattr(self, name)
            if given is not None:
                values = known(name, given, 1)
                object.__setattr__(self, name, values)
                rows[name] = len(values)
        if len(set(rows.values())) != 1:
            lengths = ", ".join(f"{name} {count}" for name, count in rows.items())
            raise UsageError(f"forecasts and P&L need one row each: {lengths} rows")
        if self.expected_shortfall is not None:
            check_order(self.value_at_risk, self.expected_shortfall)

    @property
    def alpha(self) -> float:
        """Probability of an exception under the forecasts."""
        return tail_of(self.confidence)

    @property
    def exceptions(self) -> Flags:
        """Whether the loss was beyond the value at risk, strictly; shape (T,)."""
        beyond: Flags = -self.pnl > self.value_at_risk
        return beyond

    def __len__(self) -> int:
        return len(self.pnl)


def known(name: str, values: Matrix, rank: int) -> Matrix:
    """Return a read-only copy of finite `values` of so many axes.

    Raises
    ------
    UsageError
        That says how many values are missing or infinite and where the first stands.
    """
    array = np.array(values, dtype=np.float64)
    if array.ndim != rank or not array.size:
        axes = "one axis" if rank == 1 else f"{rank} axes"
        raise UsageError(f"{name} needs {axes} and a row, not shape {array.shape}")
    missing = ~np.isfinite(array)
    if missing.any():
        row, *column = (int(i) for i in np.argwhere(missing)[0])
        where = f"row {row}" + "".join(f", column {c}" for c in column)
        raise UsageError(
            f"{name} has {missing.sum()} missing or infinite values of {array.size}, "
            f"the first at {where} (from 0); leave such rows out or fill them "
            "knowingly before a test"
        )
    array.flags.writeable = False
    return array


def check_order(value_at_risk: Vector, expected_shortfall: Vector) -> None:
    """Refuse an expected shortfall below the value at risk."""
    slack = NEARLY * np.abs(value_at_risk)
    below = np.flatnonzero(expected_shortfall < value_at_risk - slack)
    if len(below):
        row = below[0]
        raise UsageError(
            f"expected_shortfall is below value_at_risk in {len(below)} rows, first in "
            f"row {row} (from 0): {expected_shortfall[row]:g} < "
            f"{value_at_risk[row]:g}; both are positive losses at one confidence"
        )


def checked_horizon(sessions: int) -> int:
    """Return a horizon of whole sessions, 1 or more."""
    if not isinstance(sessions, Integral) or sessions < 1:
        raise UsageError(
            f"horizon_sessions is {sessions!r}; give a whole number from 1"
        )
    return int(sessions)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test says: a row of the table.

    Attributes
    ----------
    test : str
        Its name.
    figure : float
        What was seen, in the test's own unit, which its function states.
    statistic : float
        NaN where the test has none.
    p_value : float
        Probability, under forecasts that are right, of a statistic as extreme; NaN
        where there is none.
    verdict : str
        In words, with the level of the test.
    note : str
        What a reader must know: what was answered by definition, how it was simulated.
    """

    test: str
    figure: float
    statistic: float
    p_value: float
    verdict: str
    note: str = ""

    @property
    def rejected(self) -> bool:
        """Whether the test rejects the forecasts; a zone or a fact never does."""
        return self.verdict.startswith(REJECTED)


def verdict(rejected: bool, level: float) -> str:  # noqa: FBT001 - reads as a sentence
    """Return the verdict in words."""
    return f"{REJECTED if rejected else 'not rejected'} at {100 * level:.3g} %"


def checked_level(level: float) -> float:
    """Return the level of a test."""
    if not 0.0 < level < 1.0:
        raise UsageError(f"level is {level!r}; give the size of a test, such as 0.05")
    return level


def joined(*notes: str) -> str:
    """Return the notes that say something as one."""
    return "; ".join(note for note in notes if note)
