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
)
from riskplugin.inputs.config import DRIVERS, config_issues
from riskplugin.inputs.references import Number, Strict, Whole
from riskplugin.scenarios.definition import (
    Scenario,
    ScenarioSet,
    contradictions,
    unknown_drivers,
    unknown_names,
)
from riskplugin.scenarios.phases import Phase
from riskplugin.universe import Universe

Figures = dict[str, Number]


class PhaseEntry(Strict):
    """One ``[[scenario.phases]]``."""

    name: str = Field(description="What happens, in a few words.")
    sessions: Whole = Field(ge=1, description="How long it lasts.")
    reach: Figures = Field(
        default={},
        description="Tier to share of its whole log move that is made by the end of "
        "the phase; above 1 goes further than it stays.",
    )
    others: Number | None = Field(
        None, description="The same for every tier not in `reach`."
    )
    half_life: Figures = Field(
        default={},
        description="Tier to half-life in sessions, in this phase, instead of the "
        "scenario's.",
    )

    def to_phase(self) -> Phase:
        """Return the phase of the core."""
        return Phase(**self.model_dump())


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
        60,
        ge=1,
        description="Sessions over which it unfolds; those of its phases together "
        "where they are given.",
    )
    propagation: Literal["historical", "hectic", "pooled"] = Field(
        "historical", description="Which history the core spreads by."
    )
    vol_link: Literal["off", "default"] = Field(
        "off",
        description="Whether implied volatilities rise as names fall, by the slope of "
        "their tier; tiers in `volatility` change as it says.",
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
        default={},
        description="Tier to the half-life of its move in sessions, instead of the "
        "tier's own share of the horizon.",
    )
    phases: tuple[PhaseEntry, ...] = Field(
        (),
        description="Stretches of the path, one after the other. The last ends at the "
        "whole move.",
    )
    weight: Number | None = Field(
        None,
        ge=0,
        le=1,
        description="The desk's probability weight; shown beside the worst without it.",
    )

    def to_scenario(self) -> Scenario:
        """Return the scenario of the core."""
        given = self.model_dump(exclude={"phases"})
        given["effective"] = "" if self.effective is None else str(self.effective)
        if self.phases and "horizon_sessions" not in self.model_fields_set:
            given["horizon_sessions"] = sum(phase.sessions for phase in self.phases)
        phases = tuple(phase.to_phase() for phase in self.phases)
        return Scenario(**given, phases=phases)


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
    alone = ScenarioSet(tuple({s.name: s for s in own}.values()))
    return ScenarioSet(shipped).merge(alone), faults


def unknown_in(
    scenarios: ScenarioSet, universe: Universe, settings: Settings, source: str
) -> Iterator[Issue]:
    """Yield an issue for every name in `scenarios` that the desk does not know.

    A driver that the desk names but has no prices of is none: the scenario is left
    out and said so when it is run.
    """
    drivers, base = {**DRIVERS, **settings.drivers}, settings.base_currency
    for scenario in scenarios:
        place = Place(source, column=scenario.name)
        for fault in (
            *unknown_drivers(scenario, drivers),
            *unknown_names(scenario, universe, base),
        ):
            yield Issue("bad-scenario", place, fault, "correct it")
        for fault in contradictions(scenario, universe, drivers, base):
            hint = "fix fewer of them, or let the core say the same"
            yield Issue("contradictory-shocks", place, fault, hint, Severity.WARNING)
        if not (scenario.core or scenario.retrace):
            yield Issue(
                "scenario-without-core",
                place,
                "names no driver: what it does not name is centred on no move",
                "give it a core if the rest should follow",
                Severity.WARNING,
            )
