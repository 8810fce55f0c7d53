"""What a limit is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from riskplugin._typing import Flags
from riskplugin.book import KEYS
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.limits.judging import Bounds
from riskplugin.limits.metrics import Metric
from riskplugin.scenarios.definition import Scenario

TOTAL, WORST = "total", "worst"
SCOPES = tuple(key for key in KEYS if key != "position")
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Limit:
    """A soft and a hard level of one metric in one scope.

    Attributes
    ----------
    metric : Metric
    key, label : str
        Of the scope: ``tier`` and ``memory``; both blank of the whole desk.
    scenario : str
        Name of a scenario, ``worst`` of all, ``worst:family`` of some; else blank.
    soft, hard : float
        In `unit`; the value may reach them and not pass them.
    unit : {"base", "nav", "days", "ratio"}
    upper : bool
        Whether the value must stay below.
    waiver_until : numpy.datetime64
        Last day on which a breach is waived; NaT if none is.
    reason : str
        Of the limit or its waiver, in the desk's words.
    """

    metric: Metric
    key: str
    label: str
    scenario: str
    soft: float
    hard: float
    unit: str
    upper: bool
    waiver_until: np.datetime64 = field(default=NEVER)
    reason: str = ""

    @property
    def scope(self) -> str:
        """The scope as it is written."""
        return f"{self.key}:{self.label}" if self.key else TOTAL

    @property
    def direction(self) -> str:
        """``max`` or ``min``."""
        return "max" if self.upper else "min"

    def passes(self, value: float, level: float) -> bool:
        """Whether `value` is beyond `level`."""
        return value > level if self.upper else value < level


def scope_of(text: str) -> tuple[str, str]:
    """Return key and label of a scope as it is written; both blank of ``total``.

    Raises
    ------
    UsageError
        If there is no such key, or no label.
    """
    key, colon, label = (part.strip() for part in text.partition(":"))
    if key.casefold() == TOTAL and not colon:
        return "", ""
    if key.casefold() not in SCOPES:
        hint = did_you_mean(key, (TOTAL, *(f"{k}:…" for k in SCOPES)))
        raise UsageError(f"there is no scope {text!r}; {hint}")
    if not label:
        raise UsageError(f"no scope {text!r}: write {key.casefold()}:NAME")
    return key.casefold(), label


def scenarios_meant(wanted: str, scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Return the names of the scenarios that a limit looks at; none if it is unknown.

    `wanted` is a name, ``worst`` or ``worst:family``.
    """
    word, colon, family = (part.strip() for part in wanted.partition(":"))
    if word != WORST:
        return tuple(s.name for s in scenarios if s.name == wanted)
    return tuple(s.name for s in scenarios if not colon or s.family == family)


def bounds_of(limits: Sequence[Limit]) -> Bounds:
    """Return the levels of `limits` as columns."""
    return Bounds(
        np.array([limit.soft for limit in limits], dtype=np.float64),
        np.array([limit.hard for limit in limits], dtype=np.float64),
        np.array([limit.upper for limit in limits], dtype=bool),
    )


def waived(limits: Sequence[Limit], as_of: np.datetime64) -> Flags:
    """Whether a breach of each limit is waived on `as_of`, its last day included."""
    until = np.array([limit.waiver_until for limit in limits], dtype="datetime64[D]")
    inside: Flags = until >= as_of  # not so where there is no date
    return inside
