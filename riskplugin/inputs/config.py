"""desk.toml and settings, checked; every fault at once, with the keys allowed."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from math import fsum
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from riskplugin.cycle.phases import PHASES
from riskplugin.cycle.signals import UNKNOWN
from riskplugin.desk import Settings
from riskplugin.errors import ConfigError, Issue, Place, did_you_mean
from riskplugin.inputs.references import (
    REFERENCES,
    ExportRef,
    Fraction,
    Number,
    Positive,
    Reference,
    Strict,
    Whole,
)
from riskplugin.mending import Repair, RepairKind
from riskplugin.scenarios.definition import MOST

DRIVERS: Mapping[str, tuple[str, ...]] = {
    "memory": ("MU", "000660.KS", "005930.KS"),
    "ai_compute": ("NVDA", "AMD", "AVGO"),
    "crypto": ("BTC", "ETH"),
    "equity": ("SPY",),
}
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Numbers(Strict):
    """The ``[settings]`` of desk.toml."""

    half_life: Positive = Field(
        252, description="Sessions after which a return counts half."
    )
    window_sessions: Whole = Field(
        1008, gt=0, description="Sessions of history that are used."
    )
    return_sessions: Whole = Field(5, gt=0, description="Sessions that a return spans.")
    min_overlap: Whole = Field(
        60,
        ge=20,
        description="Return windows that an instrument needs for loadings of its own.",
    )
    confidence: Fraction = Field(0.80, description="Level of the bands.")
    max_stale_sessions: Whole = Field(
        5, ge=0, description="Oldest price, in weekdays, that still values a position."
    )
    participation: Fraction = Field(
        0.2, description="Share of the daily volume that the desk trades."
    )
    volume_sessions: Whole = Field(
        21,
        ge=1,
        description="Sessions of the instrument's own calendar over which its volume "
        "is averaged, by the median.",
    )
    volume_stress: Positive = Field(
        0.5, description="Share of the average daily volume that is left under stress."
    )
    impact: Number = Field(
        1.0,
        ge=0,
        description="Constant Y of the square-root law of impact, "
        "Y x volatility x sqrt(quantity / daily volume).",
    )
    history_sessions: Whole = Field(
        2520,
        ge=60,
        description="Sessions whose returns are the scenarios of the risk measures.",
    )
    unwind_share: Number = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of every position that a stress assumes sold at the end, "
        "paying its half_spread.",
    )


def _known_members(drivers: dict[str, list[str]]) -> dict[str, list[str]]:
    twice = [d for d, members in drivers.items() if len(set(members)) < len(members)]
    if twice:
        raise ValueError(f"{', '.join(twice)} names a member twice")
    return drivers


Drivers = Annotated[dict[str, list[str]], AfterValidator(_known_members)]


class Mend(Strict):
    """A ``[[repairs]]`` of desk.toml: a change of some closes, and nothing else."""

    instruments: list[str] = Field(
        min_length=1, description="Identifiers or aliases of what is repaired."
    )
    kind: Literal["shift", "blank", "scale"] = Field(
        description="Move dates, take closes away, or multiply them."
    )
    start: date | None = Field(None, description="First date it changes, as given.")
    end: date | None = Field(None, description="Last date it changes, as given.")
    sessions: Whole = Field(
        0,
        description="Of a shift: sessions of its market, days for what trades around "
        "the clock; below 0 towards the past.",
    )
    factor: Positive = Field(1.0, description="Of a scale: what closes are times.")
    reason: str = Field("", description="Why, in the desk's words.")

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.kind == "shift") != (self.sessions != 0):
            raise ValueError("a shift, and nothing else, needs sessions other than 0")
        if (self.kind == "scale") != (self.factor != 1):
            raise ValueError("a scale, and nothing else, needs a factor other than 1")
        if self.kind == "blank" and self.start is None:
            raise ValueError("a blank needs the start of what it takes away")
        if self.start and self.end and self.start > self.end:
            raise ValueError("start is after end")
        return self

    def to_repair(self) -> Repair:
        """Return the repair of the core."""
        return Repair(
            tuple(self.instruments),
            RepairKind(self.kind),
            "" if self.start is None else str(self.start),
            "" if self.end is None else str(self.end),
            float(self.factor if self.kind == "scale" else self.sessions),
            self.reason,
        )


Weight = Annotated[float, Field(ge=0, le=1, strict=False, allow_inf_nan=False)]


class Cycle(Strict):
    """The ``[cycle]`` of desk.toml."""

    weights: dict[str, dict[str, Weight]] = Field(
        default={},
        description="Phase of the cycle (expansion, late, rolling_over, reversal, "
        "unknown) to the weights of scenarios in it, 0 to 1, at most 1 together; what "
        "is left counts as no move. Only ever shown beside the worst without them.",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        known = (*PHASES, UNKNOWN)
        for phase, weights in self.weights.items():
            if phase not in known:
                raise ValueError(f"no phase {phase!r}; {did_you_mean(phase, known)}")
            total = fsum(weights.values())
            if not total:
                raise ValueError(f"the weights of the phase {phase} are all 0")
            if total > MOST:
                raise ValueError(
                    f"the weights of the phase {phase} sum to {total:g}, 1 is the most"
                )
        return self


class Choices(Strict):
    """What a desk chooses, in desk.toml or in Python."""

    base_currency: Currency = Field("USD", description="Currency of all money.")
    on_error: Literal["stop", "quarantine"] = Field(
        "stop", description="What to do with rows that cannot be used."
    )
    universe: Literal["extend", "replace"] = Field(
        "extend",
        description="Whether the instruments table adds to the shipped universe or "
        "stands alone.",
    )
    scenario_library: Literal["extend", "replace"] = Field(
        "extend",
        description="Whether the desk's scenarios add to the shipped ones or stand "
        "alone.",
    )
    drivers: Drivers = Field(
        default={},
        description="Members of the drivers' baskets; a driver not named keeps its "
        "default, one with an empty list is dropped.",
    )
    nav: dict[str, Positive] = Field(
        default={}, description="Net asset value per book, base currency."
    )
    half_life_share: dict[str, Positive] = Field(
        default={},
        description="Tier to the half-life of its move on a path, as a share of the "
        "sessions that the move takes, instead of the tier's own; a large number is a "
        "straight line.",
    )
    cycle: Cycle = Field(
        default=Cycle(), description="What the phase of the cycle weights."
    )
    repairs: list[Mend] = Field(
        default=[],
        description="Changes of closes before anything is estimated; without one "
        "nothing is changed.",
    )


class InPython(Choices, Numbers):
    """The ``settings=`` of `desk_from_tables`: choices and figures side by side."""


class DeskFile(Choices):
    """The whole of desk.toml."""

    as_of: date | None = Field(
        None, description="Valuation date; the last date in prices where absent."
    )
    tables: dict[str, Reference] = Field(default={}, description="Where each table is.")
    settings: Numbers = Field(default=Numbers(), description="Figures of the method.")
    export: ExportRef | None = Field(
        None, description="Database that finished runs are exported to."
    )

    def to_settings(self) -> Settings:
        """Return the settings of the core."""
        baskets = {**DRIVERS, **{d: tuple(m) for d, m in self.drivers.items()}}
        return Settings(
            base_currency=self.base_currency,
            drivers={d: members for d, members in baskets.items() if members},
            nav=dict(self.nav),
            phase_weights=self.cycle.weights,
            **self.settings.model_dump(),
        )

    def mends(self) -> tuple[Repair, ...]:
        """Return the repairs the file names, in order."""
        return tuple(mend.to_repair() for mend in self.repairs)

    def date(self) -> np.datetime64 | None:
        """Return the valuation date the file names."""
        return None if self.as_of is None else np.datetime64(self.as_of, "D")


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    ConfigError
        If it is not TOML; with the line.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "check quotes, brackets and commas there"
        issue = Issue("bad-config", Place(source), f"not valid TOML: {error}", hint)
        raise ConfigError([issue]) from error


def desk_file(content: Mapping[str, Any], source: str) -> DeskFile:
    """Check the content of desk.toml.

    Raises
    ------
    ConfigError
        With every key that is unknown or holds the wrong thing.
    """
    try:
        return DeskFile.model_validate(content)
    except ValidationError as error:
        raise ConfigError(list(config_issues(error, DeskFile, source))) from error


def settings_file(settings: Mapping[str, Any] | None) -> DeskFile:
    """Return the desk file that the ``settings=`` of `desk_from_tables` stands for.

    Raises
    ------
    ConfigError
        With every key that is unknown or holds the wrong thing.
    """
    if not isinstance(settings, Mapping | None):
        where, hint = Place("settings"), "give a mapping of keys to values"
        raise ConfigError([Issue("bad-config", where, f"found {settings!r}", hint)])
    try:
        given = InPython.model_validate(dict(settings or {}))
    except ValidationError as error:
        raise ConfigError(list(config_issues(error, InPython, "settings"))) from error
    chosen = given.model_dump()
    figures = {key: chosen.pop(key) for key in Numbers.model_fields}
    return DeskFile(**chosen, settings=Numbers(**figures))


def config_issues(
    error: ValidationError, model: type[BaseModel], source: str, section: str = ""
) -> Iterator[Issue]:
    """Yield an issue per fault, with the key's path and the keys allowed there.

    `section` stands before the path of every key.
    """
    for detail in error.errors():
        path = [str(p) for p in detail["loc"] if p not in REFERENCES]
        where = Place(source, column=".".join(filter(None, [section, *path])))
        if detail["type"] == "extra_forbidden":
            keys = allowed_keys(model, detail["loc"][:-1])
            hint = did_you_mean(path[-1], keys, len(keys))
            yield Issue("unknown-key", where, "unknown key", hint)
        else:
            yield Issue("bad-config", where, *wrong_value(detail))


def wrong_value(detail: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong with a value, and what to do.

    A value of [tables] or [export] is not shown: it may be a secret in the wrong
    place.
    """
    message = detail["msg"].removeprefix("Value error, ")
    message = f"{message[0].lower()}{message[1:]}"
    if detail["type"] == "missing":
        message = f"absent: {message}"
    elif not {"tables", "export"} & set(detail["loc"]):
        message = f"found {detail['input']!r}: {message}"
    return message, "see the reference of desk.toml"


def allowed_keys(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """Return the keys that the section at `path` of `model` takes.

    A step may name a branch of a union, which no file shows.
    """
    for part in map(str, path):
        found = model.model_fields.get(part)
        annotation = None if found is None else found.annotation
        for inner in (REFERENCES.get(part), annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return list(model.model_fields)


def as_date(value: object) -> np.datetime64 | None:
    """Return `value` (date, datetime, ISO text, numpy) as a day; None stays None.

    Raises
    ------
    ConfigError
        If it is not a date.
    """
    if value is None:
        return None
    text = str(value)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?", text):
            return np.datetime64(text[:10], "D")
    except ValueError:
        pass
    hint = "write a date such as 2026-05-29"
    raise ConfigError([Issue("bad-config", Place("as_of"), f"found {value!r}", hint)])
