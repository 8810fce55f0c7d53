"""Names in settings: of tiers and scenarios, and of members of drivers' baskets."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from riskplugin.desk import Settings
from riskplugin.errors import Issue, Place, Severity, did_you_mean
from riskplugin.inputs.reading import Findings
from riskplugin.market import Market
from riskplugin.pricing.underlyings import followed
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


def in_canonical_names(settings: Settings, universe: Universe) -> Settings:
    """Return `settings` with the drivers' members by their identifiers."""
    baskets = {
        driver: tuple(dict.fromkeys(universe.resolve(m) for m in members))
        for driver, members in settings.drivers.items()
    }
    return replace(settings, drivers=baskets)


def driving(
    settings: Settings, universe: Universe, market: Market, findings: Findings
) -> Settings:
    """Return `settings` with underlyings for the members that move by one."""
    priced = market.priced(market.as_of)
    baskets = {}
    for driver, members in settings.drivers.items():
        moved = {m: followed(m, universe, priced) for m in members}
        baskets[driver] = tuple(dict.fromkeys(moved.values()))
        findings.add(member_notices(driver, moved))
    return replace(settings, drivers=baskets)


def member_notices(driver: str, moved: Mapping[str, str]) -> Iterator[Issue]:
    """Warn of members of a basket that move by another name, which `moved` gives."""
    for member, under in moved.items():
        if under != member:
            message = f"{member} moves by {under}, which stands in the basket for it"
            place, hint = Place("drivers", column=driver), f"name {under} instead"
            warn = Severity.WARNING
            yield Issue("driver-member-of-underlying", place, message, hint, warn)
