"""How far a scenario has got, session by session.

Each tier gets to its log shock x_H over H sessions with its own half-life h,

    x_t = x_H (1 - 2^(-t/h)) / (1 - 2^(-H/h)),

a straight line where h has no end. Where phases name a tier, the same law holds inside
each of them, from the share made before to the share made by its end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, log

import numpy as np

from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase

STRAIGHT = 1e-12  # half-lives in a way: the law is straight to the last bits


@dataclass(frozen=True, eq=False, slots=True)
class Course:
    """How far S scenarios have got, session by session from 0 to the horizon.

    Attributes
    ----------
    scenario, session : ndarray of int, shape (R,)
        Scenario and session of each row: scenarios one after the other.
    tiers : tuple of T str
    share : ndarray of shape (R, T)
        Share of its whole log move that each tier has made: 0 at session 0, exactly 1
        at the horizon, and beyond 0 to 1 where a phase says so.
    passed : ndarray of shape (R,)
        Share of the sessions that have passed.
    """

    scenario: Codes
    session: Codes
    tiers: tuple[str, ...]
    share: Matrix
    passed: Vector

    @property
    def ends(self) -> Codes:
        """Row of each scenario's last session, shape (S,)."""
        return np.flatnonzero(self.passed == 1.0)

    @property
    def starts(self) -> Codes:
        """Row of each scenario's session 0, shape (S,)."""
        return np.flatnonzero(self.session == 0)


def course_of(
    scenarios: ScenarioSet, half_life_shares: Mapping[str, float | None]
) -> Course:
    """Return the course of `scenarios` by tier.

    `half_life_shares` gives the half-life of every tier as a share of the sessions that
    its move takes, for scenarios that do not say; None is a straight line.
    """
    tiers = half_life_shares.items()
    spans = [np.arange(int(s.horizon_sessions) + 1) for s in scenarios]
    shares = [
        np.array([made(s, tier, own, span) for tier, own in tiers]).T
        for s, span in zip(scenarios, spans, strict=True)
    ]
    return Course(
        np.repeat(np.arange(len(spans)), [len(span) for span in spans]),
        np.concatenate([np.zeros(0, dtype=np.int64), *spans]),
        tuple(half_life_shares),
        np.concatenate([np.zeros((0, len(tiers))), *shares]),
        np.concatenate([np.zeros(0), *(span / span[-1] for span in spans)]),
    )


def made(
    scenario: Scenario, tier: str, half_life_share: float | None, sessions: Codes
) -> Vector:
    """Return the share of its move that `tier` has made at each of `sessions`."""
    share = np.zeros(len(sessions))
    for way in ways(scenario, tier, half_life_share):
        on = (sessions > way.start) & (sessions < way.end)
        part = law(sessions[on] - way.start, way.end - way.start, way.half_life)
        share[on] = way.before + (way.after - way.before) * part
        share[sessions == way.end] = way.after
    return share


@dataclass(frozen=True, slots=True)
class Way:
    """Of a tier through a stretch: sessions, shares, half-life in sessions."""

    start: int
    end: int
    before: float
    after: float
    half_life: float


def ways(scenario: Scenario, tier: str, half_life_share: float | None) -> Iterator[Way]:
    """Yield the ways of `tier`: through every phase, or at once if none names it.

    It waits in a phase that does not name it, and makes what is left in the last. The
    half-life is the phase's, else the scenario's, else the tier's share of the way.
    """
    alone = Phase(name=scenario.name, sessions=int(scenario.horizon_sessions))
    named = any(phase.names(tier) for phase in scenario.phases)
    phases = scenario.phases if named else (alone,)
    default = inf if half_life_share is None else half_life_share
    start, before = 0, 0.0
    for phase in phases:
        end, goal = start + phase.sessions, phase.reached(tier)
        after = 1.0 if phase is phases[-1] else before if goal is None else goal
        own = scenario.half_life.get(tier, default * phase.sessions)
        yield Way(start, end, before, after, phase.half_life.get(tier, own))
        start, before = end, after


def law(sessions: Codes, length: int, half_life: float) -> Vector:
    """Return ``(1 - 2^(-t/h)) / (1 - 2^(-H/h))`` for t sessions of H; t / H for long h.

    Half of the way is behind after h sessions where h is short beside H, and after
    H / 2 where it is long; never later.
    """
    passed = sessions / length
    rate = log(2) * length / half_life
    if rate < STRAIGHT:
        return passed
    share: Vector = np.expm1(-rate * passed) / np.expm1(-rate)
    return share
