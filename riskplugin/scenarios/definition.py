"""What a scenario is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import NoReturn

from riskplugin.errors import ScenarioError, did_you_mean
from riskplugin.universe import Universe

NAME = re.compile(r"[a-z0-9_]+")
SHOCKS = ("core", "tiers", "instruments", "fx")
CURRENCY = re.compile(r"[A-Z]{3}")
PROPAGATIONS = ("historical", "hectic", "pooled")


def is_number(value: object) -> bool:
    """Whether `value` is a finite number."""
    return isinstance(value, float | int) and isfinite(value)


class Figures(dict[str, float]):
    """Figures by name that cannot be changed."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a scenario's figures do not support assignment")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type["Figures"], tuple[dict[str, float]]]:
        """Pickle as an ordinary dict, to be filled at once."""
        return Figures, (dict(self),)


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
    half_life : Mapping of tier to float
        Sessions in which the tier makes half its move.

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
    core: Mapping[str, float] = field(default_factory=dict)
    retrace: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, float] = field(default_factory=dict)
    instruments: Mapping[str, float] = field(default_factory=dict)
    fx: Mapping[str, float] = field(default_factory=dict)
    volatility: Mapping[str, float] = field(default_factory=dict)
    overshoot: Mapping[str, float] = field(default_factory=dict)
    half_life: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
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
        if sessions < 1 or sessions != int(sessions):
            what = "a whole number, at least 1, is needed"
            yield f"horizon_sessions is {sessions!r}, {what}"
        if self.propagation not in PROPAGATIONS:
            known = ", ".join(PROPAGATIONS)
            yield f"propagation is {self.propagation!r}, known: {known}"
        for part in SHOCKS:
            for key, shock in getattr(self, part).items():
                if not (is_number(shock) and shock > -1):
                    yield f"{part}.{key} is {shock}, a simple return above -1 is needed"
        yield from self._fault_of_factors()

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


def unknown_names(scenario: Scenario, universe: Universe, base: str) -> Iterator[str]:
    """Yield what `scenario` names that `universe` does not know."""
    yield from unknown_tiers(scenario, universe)
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
    for part in ("tiers", "overshoot", "volatility", "half_life"):
        for tier in getattr(scenario, part):
            if tier not in tiers:
                yield f"{part} names no tier {tier!r}; {did_you_mean(tier, tiers)}"
