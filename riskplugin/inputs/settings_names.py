"""Names in settings that must be those of a tier or a scenario."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from riskplugin.errors import Issue, Place, did_you_mean
from riskplugin.universe import Universe


def strange_half_lives(tiers: Iterable[str], universe: Universe) -> Iterator[Issue]:
    """Yield an issue for every half-life of a tier that there is not."""
    known = universe.tier_names()
    for tier in tiers:
        if tier not in known:
            place = Place("half_life_share", column=tier)
            hint = did_you_mean(tier, known)
            yield Issue("bad-config", place, f"there is no tier {tier!r}", hint)


def weights_of_none(
    weights: Mapping[str, Mapping[str, float]], names: Collection[str]
) -> Iterator[Issue]:
    """Yield an issue for every weight of a scenario that there is not."""
    for phase, of_phase in weights.items():
        for name in of_phase:
            if name not in names:
                place = Place("cycle.weights", column=f"{phase}.{name}")
                hint = did_you_mean(name, names)
                yield Issue("bad-config", place, f"there is no scenario {name!r}", hint)
