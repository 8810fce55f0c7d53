"""What past episodes say of tiers that fall further or sooner, as tables."""

from collections.abc import Sequence

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.bundles import Claims, claims_table
from riskplugin.desk import Desk
from riskplugin.episodes import Episode
from riskplugin.factors.model import MEMORY
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario
from riskplugin.stressing.claims import FURTHER, SOONER, Instance, instances

SAID = {
    FURTHER: ("fell further than memory", "as far"),
    SOONER: ("reached half of its fall sooner than memory", "as soon"),
}
ASSUMPTION = {FURTHER: "overshoot", SOONER: "half_life"}


@one_blas_thread
def claim_table(desk: Desk, episodes: Sequence[Episode]) -> Claims:
    """Return what `episodes` say for and against each claim, with the figures beside.

    Two rows a tier: whether it fell further than memory, and whether it reached half of
    its fall sooner.
    """
    found = instances(episodes, desk.market, desk.universe)
    rows = list(dict.fromkeys((i.tier, i.claim) for i in found))
    heard = {row: [i for i in found if (i.tier, i.claim) == row] for row in rows}
    speaks = {row: [i.speaks for i in heard[row]] for row in rows}
    columns = {
        "tier": [tier for tier, _ in rows],
        "claim": [claim for _, claim in rows],
        "episodes": [len(heard[row]) for row in rows],
        "for": [speaks[row].count(1) for row in rows],
        "against": [speaks[row].count(-1) for row in rows],
        "neither": [speaks[row].count(0) for row in rows],
        "sentence": [sentence(heard[row]) for row in rows],
    }
    by_episode = instance_table(desk.as_of, found)
    return claims_table(table("claims", desk.as_of, columns), by_episode=by_episode)


def instance_table(as_of: np.datetime64, found: Sequence[Instance]) -> Table:
    """Return the figures of every claim, tier and episode."""
    columns = {
        "tier": [i.tier for i in found],
        "claim": [i.claim for i in found],
        "episode": [i.episode.name for i in found],
        "tier_figure": [i.figure for i in found],
        "memory_figure": [i.memory for i in found],
        "speaks": [("neither", "for", "against")[i.speaks] for i in found],
        "names": [i.fall.names for i in found],
        "own_names": [i.fall.own for i in found],
    }
    return table("claims_by_episode", as_of, columns)


def sentence(heard: Sequence[Instance]) -> str:
    """Return ``gpu fell further than memory in 1 of 2: 2011 (-54% against …), …``."""
    tier, claim = heard[0].tier, heard[0].claim
    said, equal = SAID[claim]
    count = [i.speaks for i in heard]
    draws = f", {equal} in {count.count(0)}" if 0 in count else ""
    head = f"{tier} {said} in {count.count(1)} of {len(heard)}{draws}: "
    return head + ", ".join(map(in_words, heard))


def in_words(one: Instance) -> str:
    """Return the figures of one episode: ``2011 (-54% against -31%)``."""
    when = one.episode.title.split(maxsplit=1)[0] or one.episode.name
    if one.claim == FURTHER:
        close = abs(one.figure - one.memory) < 0.01
        figure, memory = (f"{f:.{int(close)}%}" for f in (one.figure, one.memory))
        return f"{when} ({figure} against {memory})"
    return f"{when} ({one.figure:g} against {one.memory:g} sessions)"


def evidence_for(scenario: Scenario, claims: Claims) -> Table:
    """Return the claims that `scenario` rests on, with what it assumes.

    Of every tier that it overshoots, whether the tier fell further; of every tier with
    a half-life of its own, whether it fell sooner. Memory, which others are compared
    with, has none. A tier without a row in `claims` has no evidence, and is said to.
    """
    frame = claims.to_frame().set_index(["tier", "claim"])
    rows: list[dict[str, object]] = []
    for claim, part in ASSUMPTION.items():
        for tier, assumed in getattr(scenario, part).items():
            if tier == MEMORY:
                continue
            known = (tier, claim) in frame.index
            row = frame.loc[(tier, claim)].to_dict() if known else dict(NOTHING)
            rows.append({"tier": tier, "claim": claim, "assumed": assumed, **row})
    keys = ("tier", "claim", "assumed", *NOTHING)
    columns = {
        "scenario": [scenario.name] * len(rows),
        **{key: [row[key] for row in rows] for key in keys},
    }
    return table("evidence_for", np.datetime64(claims.as_of), columns)


NOTHING = {
    "episodes": 0,
    "for": 0,
    "against": 0,
    "neither": 0,
    "sentence": "no episode says anything of it",
}
