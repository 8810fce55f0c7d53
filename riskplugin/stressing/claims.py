"""Did other tiers fall further than memory, and sooner? What past episodes say.

Of every name with closes on both ends of an episode: the worst move from its first
close, and the session on which half of that, in logs, was reached. Of a tier the median
over its names, so that no single one speaks for it. A name counts by the desk's own
closes, in USD, where they reach over the episode, else by a table of the episode.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.episodes import Episode, Record
from riskplugin.factors.model import MEMORY
from riskplugin.market import Market
from riskplugin.pricing.linear import Kind
from riskplugin.returns import over_sessions, usd_between
from riskplugin.stressing.replay import from_first, tier_of
from riskplugin.universe import UNCLASSIFIED, Universe

FURTHER, SOONER = "further", "sooner"
WEEK = 5
LEAST_FALL = 0.02  # simple; half of less says nothing of speed


@dataclass(frozen=True, eq=False, slots=True)
class Falls:
    """How far and how fast N names fell, each of shape (N,).

    Attributes
    ----------
    worst : ndarray
        Simple return from the first close to the lowest, 0 if never below.
    half_sessions : ndarray
        First session with half of it, in logs; NaN where it is under `LEAST_FALL`.
    worst_week : ndarray
        Lowest simple return over five sessions; NaN of fewer.
    """

    worst: Vector
    half_sessions: Vector
    worst_week: Vector


def falls(moves: Matrix) -> Falls:
    """Return how far and fast log moves (T, N) from a first row of 0 fell."""
    lowest = moves.min(axis=0)
    half = np.argmax(moves <= lowest / 2, axis=0).astype(np.float64)
    half[lowest > np.log1p(-LEAST_FALL)] = np.nan
    weeks = over_sessions(moves, WEEK)
    unknown = np.full(moves.shape[1], np.nan)
    worst_week = np.expm1(weeks.min(axis=0)) if len(weeks) else unknown
    return Falls(np.expm1(lowest), half, worst_week)


def own_records(episode: Episode, market: Market, universe: Universe) -> list[Record]:
    """Return what the desk's own closes say of every name that `universe` knows.

    In USD, of the shares, funds and tokens with closes, and rates of their currency, on
    both ends; a contract on one of them is no second name.
    """
    currency_of = {
        name: known.currency
        for name, known in universe.instruments.items()
        if known.tier != UNCLASSIFIED
        and known.kind in (Kind.SPOT, Kind.ETF)
        and name in market.instruments
    }
    names = tuple(currency_of)
    moves = from_first(usd_between(market, episode.start, episode.end, currency_of))
    whole = np.flatnonzero(~np.isnan(moves[-1]))
    found = falls(moves[:, whole])
    return [
        Record(
            instrument=names[int(i)],
            tier=universe.instruments[names[int(i)]].tier,
            move=float(np.expm1(moves[-1, i])),
            worst=float(found.worst[k]),
            half_sessions=float(found.half_sessions[k]),
            worst_week=float(found.worst_week[k]),
        )
        for k, i in enumerate(whole)
    ]


@dataclass(frozen=True, slots=True)
class TierFall:
    """What an episode did to a tier: medians over its names.

    NaN where none has a figure; `own` names are measured on the desk's closes, the
    others are the table's.
    """

    worst: float
    half_sessions: float
    names: int
    own: int


def tier_falls(
    episode: Episode, market: Market, universe: Universe
) -> dict[str, TierFall]:
    """Return what `episode` did to every tier that has a name with figures."""
    own = {r.instrument: r for r in own_records(episode, market, universe)}
    table = {universe.resolve(r.instrument): r for r in episode.records}
    records = table | own
    tiers: dict[str, list[Record]] = {}
    for record in records.values():
        tiers.setdefault(tier_of(record, universe), []).append(record)
    return {
        tier: TierFall(
            worst=known_median([r.worst for r in found]),
            half_sessions=known_median([r.half_sessions for r in found]),
            names=len(found),
            own=sum(own.get(r.instrument) is r for r in found),
        )
        for tier, found in tiers.items()
    }


def known_median(figures: Sequence[float]) -> float:
    """Return the median of the figures that are known, NaN if none is."""
    known = np.array(figures, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(np.median(known)) if len(known) else float("nan")


@dataclass(frozen=True, slots=True)
class Instance:
    """What one episode says of a claim about a tier.

    `figure` beside `memory`: worst moves (`FURTHER`) or sessions to half of them
    (`SOONER`). `speaks` is 1 for the claim, -1 against it, 0 for neither: equal.
    """

    tier: str
    claim: str
    episode: Episode
    figure: float
    memory: float
    fall: TierFall
    speaks: int


def instances(
    episodes: Sequence[Episode], market: Market, universe: Universe
) -> list[Instance]:
    """Return every claim, tier by tier, and what each episode says of it.

    An episode says nothing where the tier or memory has no figure in it.
    """
    found = [(e, tier_falls(e, market, universe)) for e in episodes]
    tiers = [t for t in universe.tier_names() if t not in (MEMORY, UNCLASSIFIED)]
    return [
        instance
        for tier in tiers
        for claim in FIGURE_OF
        for episode, seen in found
        if (instance := compared(tier, claim, episode, seen)) is not None
    ]


FIGURE_OF: Mapping[str, str] = {FURTHER: "worst", SOONER: "half_sessions"}


def compared(
    tier: str, claim: str, episode: Episode, seen: Mapping[str, TierFall]
) -> Instance | None:
    """Return what an episode says of a claim; None if nothing.

    Either is said by the lower figure: the deeper worst, the earlier half.
    """
    if tier not in seen or MEMORY not in seen:
        return None
    figure, memory = (getattr(seen[t], FIGURE_OF[claim]) for t in (tier, MEMORY))
    if np.isnan(figure + memory):
        return None
    speaks = int(np.sign(memory - figure))
    return Instance(tier, claim, episode, figure, memory, seen[tier], speaks)
