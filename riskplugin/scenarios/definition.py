"""What a scenario is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import expm1, fsum, log1p
from typing import Any

from riskplugin.errors import ScenarioError, did_you_mean
from riskplugin.scenarios.phases import Figures, Phase, is_number
from riskplugin.universe import Universe

NAME = re.compile(r"[a-z0-9_]+")
SHOCKS = ("core", "tiers", "instruments", "fx")
CURRENCY = re.compile(r"[A-Z]{3}")
LEEWAY = 0.05  # in logs: what currencies left open may explain
MOST = 1 + 1e-12  # of weights, which are written in decimals
PROPAGATIONS = ("historical", "hectic", "pooled")
OFF, DEFAULT = "off", "default"
VOL_LINKS = (OFF, DEFAULT)
FIGURES = (*SHOCKS, "retrace", "overshoot", "volatility", "half_life")
BY_TIER = ("tiers", "overshoot", "volatility", "half_life")
MADE = (*FIGURES, "horizon_sessions", "propagation", "phases", "vol_link")
VERDICTS = ("severity", "approved_by", "effective")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named, sourced set of shocks with a horizon.

    Every shock is a simple return over the horizon (-0.40 is a fall of 40 %).

    Attributes
    ----------
    name : str
        ``[a-z0-9_]+``.
    core : Mapping of driver to float
        Driver moves; a driver named with 0.0 is held still, one not named follows.
    retrace : Mapping of driver to float
        Share of the driver's log run-up since its last trough that is given back;
        resolved against the desk's own prices.
    tiers, instruments : Mapping to float
        Moves, in local currency, that replace propagation; instrument before tier.
    fx : Mapping of currency to float
        Moves of the currency against the base currency.
    overshoot : Mapping of tier to float
        Multiplier on the log shock of the tier's instruments.
    volatility : Mapping of tier to float
        Absolute change of implied volatility.
    vol_link : {"off", "default"}
        Whether volatilities rise as names fall, by their tiers' slopes; those that
        `volatility` names change as it says.
    half_life : Mapping of tier to float
        Half-life of the tier's move, in sessions; the tier's own share of the horizon
        by default.
    phases : tuple of Phase
        Stretches that follow each other and fill the horizon; the end of the last is
        the whole shock. None is one stretch.
    weight : float, optional
        The desk's probability weight, from 0 to 1; only ever shown beside the worst
        without it.

    Raises
    ------
    ScenarioError
        Naming the scenario and every figure that cannot be used.
    """

    name: str
    family: str = "desk"
    severity: str = ""
    description: str = ""
    sources: tuple[str, ...] = ()
    version: int = 1
    owner: str = ""
    approved_by: str = ""
    effective: str = ""
    horizon_sessions: int = 60
    propagation: str = "historical"
    vol_link: str = OFF
    core: Mapping[str, float] = field(default_factory=dict)
    retrace: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, float] = field(default_factory=dict)
    instruments: Mapping[str, float] = field(default_factory=dict)
    fx: Mapping[str, float] = field(default_factory=dict)
    volatility: Mapping[str, float] = field(default_factory=dict)
    overshoot: Mapping[str, float] = field(default_factory=dict)
    half_life: Mapping[str, float] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    weight: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "phases", tuple(self.phases))
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Mapping):
                object.__setattr__(self, f.name, Figures(value))
        faults = list(self._faults())
        if faults:
            raise ScenarioError(f"scenario {self.name!r}: " + "; ".join(faults))

    def _faults(self) -> Iterator[str]:
        if not NAME.fullmatch(self.name):
            yield "the name may hold a-z, 0-9 and _ only"
        sessions = self.horizon_sessions
        if not (is_number(sessions) and sessions >= 1 and sessions == int(sessions)):
            what = "a whole number, at least 1, is needed"
            yield f"horizon_sessions is {sessions!r}, {what}"
        yield from self._fault_of_words()
        for part in SHOCKS:
            for key, shock in getattr(self, part).items():
                if not (is_number(shock) and shock > -1):
                    yield f"{part}.{key} is {shock}, a simple return above -1 is needed"
        yield from self._fault_of_factors()
        yield from self._fault_of_phases()
        weight = self.weight
        if weight is not None and not (is_number(weight) and 0 <= weight <= 1):
            yield f"weight is {weight!r}, a number from 0 to 1 is needed"

    def _fault_of_words(self) -> Iterator[str]:
        if self.propagation not in PROPAGATIONS:
            known = ", ".join(PROPAGATIONS)
            yield f"propagation is {self.propagation!r}, known: {known}"
        if self.vol_link not in VOL_LINKS:
            hint = did_you_mean(str(self.vol_link), VOL_LINKS)
            yield f"vol_link is {self.vol_link!r}; {hint}"

    def _fault_of_phases(self) -> Iterator[str]:
        given: tuple[object, ...] = self.phases
        strange = [phase for phase in given if not isinstance(phase, Phase)]
        if strange:
            yield f"phases holds {strange[0]!r}, give Phase"
            return
        for phase in self.phases:
            for fault in phase.faults(last=phase is self.phases[-1]):
                yield f"phase {phase.name!r}: {fault}"
        names = [phase.name for phase in self.phases]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield f"phase {name!r} stands twice"
        lasts = [phase.sessions for phase in self.phases]
        if lasts and all(map(is_number, lasts)) and sum(lasts) != self.horizon_sessions:
            together = f"the phases last {sum(lasts)} sessions together"
            yield f"{together}, horizon_sessions is {self.horizon_sessions}"

    def _fault_of_factors(self) -> Iterator[str]:
        for part in ("retrace", "overshoot", "half_life"):
            for key, value in getattr(self, part).items():
                if not (is_number(value) and value > 0):
                    yield f"{part}.{key} is {value}, a number above 0 is needed"
        for key in self.retrace.keys() & self.core.keys():
            yield f"{key} stands in both core and retrace"
        for key, value in self.volatility.items():
            if not is_number(value):
                yield f"volatility.{key} is {value}, a finite change is needed"
        if not any((self.retrace, *(getattr(self, part) for part in SHOCKS))):
            yield "it shocks nothing: name a core, a tier, an instrument or a currency"


@dataclass(frozen=True, slots=True)
class ScenarioSet:
    """An ordered collection of scenarios with distinct names."""

    scenarios: tuple[Scenario, ...]

    def __post_init__(self) -> None:
        names = self.names()
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ScenarioError(f"scenario names that stand twice: {', '.join(twice)}")

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)

    def names(self) -> tuple[str, ...]:
        """Return the names, in order."""
        return tuple(s.name for s in self.scenarios)

    def choose(self, wanted: Iterable["str | Scenario"]) -> "ScenarioSet":
        """Return the set of `wanted`: names of this set, or scenarios as they are.

        Raises
        ------
        ScenarioError
            If a name is not in the set; with the nearest names.
        """
        known = {s.name: s for s in self.scenarios}
        chosen = []
        for item in wanted:
            if isinstance(item, Scenario):
                chosen.append(item)
            elif item in known:
                chosen.append(known[item])
            else:
                hint = did_you_mean(item, known)
                raise ScenarioError(f"no scenario {item!r}; {hint}")
        return ScenarioSet(tuple(chosen))

    def merge(self, other: "ScenarioSet") -> "ScenarioSet":
        """Return this set with the scenarios of `other`.

        One with the name of a scenario of this set takes its place; the others follow.
        """
        theirs = {s.name: s for s in other}
        kept = [theirs.pop(s.name, s) for s in self]
        return ScenarioSet((*kept, *theirs.values()))

    def validate(
        self, universe: Universe, drivers: Mapping[str, Sequence[str]], base: str
    ) -> None:
        """Check every scenario against what a desk knows.

        Parameters
        ----------
        universe : Universe
        drivers : Mapping of str to sequence of str
            The members of each driver's basket.
        base : str
            Base currency.

        Raises
        ------
        ScenarioError
            With every fault of every scenario: names that are not known, shocks that
            contradict each other, weights that sum to more than 1.
        """
        faults = [
            f"scenario {scenario.name!r}: {fault}"
            for scenario in self
            for fault in (
                *unknown_drivers(scenario, drivers),
                *unknown_names(scenario, universe, base),
                *contradictions(scenario, universe, drivers, base),
            )
        ]
        if self.weights() > MOST:
            faults.append(f"the weights sum to {self.weights():g}, 1 is the most")
        if faults:
            raise ScenarioError("\n".join(faults))

    def weights(self) -> float:
        """Return the sum of the weights given."""
        return fsum(s.weight for s in self if s.weight is not None)

    def override(self, name: str, /, **changes: object) -> "ScenarioSet":
        """Return this set with a scenario changed.

        Parameters
        ----------
        name : str
        changes
            Fields of `Scenario`. Figures by name (core, tiers, overshoot, …) replace
            those of the same name and leave the others; None takes one away. What was
            said of the figures (severity, approved_by, effective) is emptied unless it
            is given, as it was said of others.

        Raises
        ------
        ScenarioError
            If there is no such scenario or field, or with every figure that cannot be
            used.
        """
        (old,) = self.choose([name])
        known = [f.name for f in fields(old)]
        for change in changes:
            if change not in known:
                hint = did_you_mean(change, known)
                raise ScenarioError(f"a scenario has no {change!r}; {hint}")
        given: dict[str, Any] = {k: changed(old, k, v) for k, v in changes.items()}
        if not changes.keys().isdisjoint(MADE):
            given = {**dict.fromkeys(VERDICTS, ""), **given}
        made = replace(old, **given)
        return ScenarioSet(tuple(made if s is old else s for s in self))


def changed(old: Scenario, key: str, value: object) -> object:
    """Return a field of `old` with its figures changed by those of `value`."""
    if key not in FIGURES:
        return value
    if not isinstance(value, Mapping):
        raise ScenarioError(
            f"scenario {old.name!r}: {key} is {value!r}, give a mapping"
        )
    figures = {**getattr(old, key), **value}
    return {name: figure for name, figure in figures.items() if figure is not None}


def unknown_names(scenario: Scenario, universe: Universe, base: str) -> Iterator[str]:
    """Yield what `scenario` names that `universe` does not know, or names twice."""
    yield from unknown_tiers(scenario, universe)
    yield from fixed_twice(scenario, universe)
    for name in scenario.instruments:
        if len(universe.matches(name)) != 1:
            hint = did_you_mean(name, universe.instruments)
            yield f"unknown or ambiguous instrument {name!r}; {hint}"
    for code in scenario.fx:
        if code == base:
            yield f"{code} is the base currency and cannot move against itself"
        elif not CURRENCY.fullmatch(code):
            yield f"{code!r} is not a currency code such as KRW"


def unknown_tiers(scenario: Scenario, universe: Universe) -> Iterator[str]:
    """Yield the tiers that `scenario` names and `universe` does not have."""
    tiers = universe.tier_names()
    named = {part: getattr(scenario, part) for part in BY_TIER}
    for phase in scenario.phases:
        named[f"phase {phase.name!r}"] = {**phase.reach, **phase.half_life}
    for part, figures in named.items():
        for tier in figures:
            if tier not in tiers:
                yield f"{part} names no tier {tier!r}; {did_you_mean(tier, tiers)}"


def unknown_drivers(scenario: Scenario, drivers: Iterable[str]) -> Iterator[str]:
    """Yield the drivers that `scenario` names and that there are not."""
    known = list(drivers)
    for driver in (*scenario.core, *scenario.retrace):
        if driver not in known:
            yield f"no driver {driver!r}; {did_you_mean(driver, known)}"


def fixed_twice(scenario: Scenario, universe: Universe) -> Iterator[str]:
    """Yield the instruments that `scenario` fixes under several names."""
    names: dict[str, list[str]] = {}
    for name in scenario.instruments:
        names.setdefault(universe.resolve(name), []).append(name)
    for name, given in names.items():
        if len(given) > 1:
            yield f"instruments fixes {name} {len(given)} times: {', '.join(given)}"


def contradictions(
    scenario: Scenario,
    universe: Universe,
    drivers: Mapping[str, Sequence[str]],
    base: str,
) -> Iterator[str]:
    """Yield the core drivers whose baskets cannot move as the core says.

    Because all members are fixed and move otherwise. An instrument that moves otherwise
    than its tier, or some members of a basket otherwise than the driver, is precedence
    and no contradiction.
    """
    for driver, move in scenario.core.items():
        fixed = basket_move(scenario, universe, drivers.get(driver, ()), base)
        if fixed is not None and abs(fixed - log1p(move)) > LEEWAY:
            yield (
                f"core.{driver} is {move:+.1%}, but every member of its basket is "
                f"fixed, and they make {expm1(fixed):+.1%}"
            )


def basket_move(
    scenario: Scenario, universe: Universe, members: Sequence[str], base: str
) -> float | None:
    """Return the log move in USD of a basket whose members are all fixed, else None.

    Currencies that the scenario does not name stand still here.
    """
    given = {universe.resolve(k): move for k, move in scenario.instruments.items()}
    fx = {base: 0.0, **{code: log1p(move) for code, move in scenario.fx.items()}}
    moves = []
    for name in map(universe.resolve, members):
        known = universe.instruments.get(name)
        local = given.get(name)
        if local is None and known is not None:
            local = scenario.tiers.get(known.tier)
        if local is None:
            return None
        currency = base if known is None else known.currency
        moves.append(log1p(local) + fx.get(currency, 0.0) - fx.get("USD", 0.0))
    return fsum(moves) / len(moves) if moves else None
