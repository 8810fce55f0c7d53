"""Scenario files: TOML, shipped or the desk's own."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationError

from riskplugin.desk import Settings
from riskplugin.errors import (
    Issue,
    Place,
    ScenarioError,
    Severity,
    did_you_mean,
)
from riskplugin.inputs.config import DRIVERS, Number, Strict, Whole, config_issues
from riskplugin.scenarios.definition import Scenario, ScenarioSet, unknown_names
from riskplugin.universe import Universe

Figures = dict[str, Number]


class ScenarioEntry(Strict):
    """One ``[[scenario]]``."""

    name: str = Field(description="a-z, 0-9 and _.")
    family: str = Field("desk", description="cycle_reversal, replay, the desk's own.")
    severity: str = Field("", description="How severe it is, in words.")
    description: str = Field("", description="What happens.")
    sources: tuple[str, ...] = Field((), description="Where the figures come from.")
    version: Whole = Field(1, ge=1, description="Version of the definition.")
    owner: str = Field("", description="Who answers for it.")
    approved_by: str = Field("", description="Who approved it.")
    effective: date | None = Field(None, description="First day it is used.")
    horizon_sessions: Whole = Field(
        60, ge=1, description="Sessions over which it unfolds."
    )
    propagation: Literal["historical", "hectic", "pooled"] = Field(
        "historical", description="Which history the core spreads by."
    )
    core: Figures = Field(
        default={},
        description="Driver moves, simple returns; 0.0 holds a driver still.",
    )
    retrace: Figures = Field(
        default={},
        description="Share of a driver's log run-up since its last trough given back.",
    )
    tiers: Figures = Field(
        default={}, description="Moves of tiers, instead of propagation."
    )
    instruments: Figures = Field(
        default={}, description="Moves of instruments, before everything else."
    )
    fx: Figures = Field(
        default={}, description="Moves of currencies against the base currency."
    )
    volatility: Figures = Field(
        default={},
        description="Tier to absolute change of implied volatility (for options).",
    )
    overshoot: Figures = Field(
        default={}, description="Tier to multiplier on the log shock."
    )
    half_life: Figures = Field(
        default={}, description="Tier to sessions in which it makes half its move."
    )

    def to_scenario(self) -> Scenario:
        """Return the scenario of the core."""
        effective = "" if self.effective is None else self.effective.isoformat()
        return Scenario(**{**self.model_dump(), "effective": effective})


class ScenarioFile(Strict):
    """A file of scenarios, each to be checked by itself."""

    scenario: list[dict[str, Any]] = Field(default=[], description="Scenarios.")


def scenarios_from(
    content: Mapping[str, Any], source: str
) -> tuple[tuple[Scenario, ...], list[Issue]]:
    """Return the sound scenarios of a file's content, and the faults of the others."""
    try:
        entries = ScenarioFile.model_validate(content).scenario
    except ValidationError as error:
        return (), list(config_issues(error, ScenarioFile, source))
    sound: list[Scenario] = []
    faults: list[Issue] = []
    for entry in entries:
        try:
            sound.append(ScenarioEntry.model_validate(entry).to_scenario())
        except ValidationError as error:
            name = str(entry.get("name", "scenario"))
            faults += config_issues(error, ScenarioEntry, source, name)
        except ScenarioError as error:
            place = Place(source, column=str(entry["name"]))
            faults.append(Issue("bad-scenario", place, str(error), "correct it"))
    return tuple(sound), faults


def library(
    shipped: tuple[Scenario, ...], own: tuple[Scenario, ...], source: str
) -> tuple[ScenarioSet, list[Issue]]:
    """Return the shipped scenarios with the desk's own after them, and faults.

    A scenario of the desk with the name of a shipped one takes its place.
    """
    names = [s.name for s in own]
    faults = [
        Issue("bad-scenario", Place(source, column=name), "stands twice", "rename one")
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    replaced = {s.name: s for s in own}
    kept = [replaced.pop(s.name, s) for s in shipped]
    return ScenarioSet((*kept, *replaced.values())), faults


def unknown_in(
    scenarios: ScenarioSet, universe: Universe, settings: Settings, source: str
) -> Iterator[Issue]:
    """Yield an issue for every name in `scenarios` that the desk does not know.

    A driver that the desk names but has no prices of is none: the scenario is left
    out and said so when it is run.
    """
    drivers = {*DRIVERS, *settings.drivers}
    for scenario in scenarios:
        strange = [d for d in (*scenario.core, *scenario.retrace) if d not in drivers]
        faults = [f"no driver {d!r}; {did_you_mean(d, drivers)}" for d in strange]
        faults += unknown_names(scenario, universe, settings.base_currency)
        if not (scenario.core or scenario.retrace):
            yield Issue(
                "scenario-without-core",
                Place(source, column=scenario.name),
                "names no driver: what it does not name is centred on no move",
                "give it a core if the rest should follow",
                Severity.WARNING,
            )
        for fault in faults:
            place = Place(source, column=scenario.name)
            yield Issue("bad-scenario", place, fault, "correct it")
