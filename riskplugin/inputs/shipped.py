"""What ships with the package: tiers, universe, scenarios."""

import csv
from functools import cache
from importlib.resources import files

from riskplugin.errors import ConfigError
from riskplugin.inputs.config import parse_toml
from riskplugin.inputs.scenario_file import scenarios_from
from riskplugin.scenarios.definition import Scenario
from riskplugin.universe import Instrument, Tier, Universe

DATA = files("riskplugin") / "data"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a shipped table."""
    return list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))


def figure(cell: str) -> float | None:
    """Return the number in a cell, None where it is blank."""
    return float(cell) if cell else None


@cache
def shipped_universe() -> Universe:
    """Return the shipped instruments and tiers."""
    tiers = tuple(
        Tier(r["tier"], r["link"], r["description"], figure(r["half_life_share"]))
        for r in rows("tiers.csv")
    )
    link = {tier.name: tier.link for tier in tiers}
    instruments = {
        r["instrument"]: Instrument(
            instrument=r["instrument"],
            tier=r["tier"],
            link=link[r["tier"]],
            asset_class=r["asset_class"],
            kind=r["kind"],
            currency=r["currency"],
            name=r["name"],
            calendar=r["calendar"],
            aliases=tuple(a for a in r["aliases"].split(";") if a),
        )
        for r in rows("universe.csv")
    }
    return Universe(instruments, tiers)


@cache
def shipped_scenarios() -> tuple[Scenario, ...]:
    """Return the shipped scenarios."""
    name = "scenarios.toml"
    content = parse_toml((DATA / name).read_text("utf-8"), name)
    scenarios, faults = scenarios_from(content, name)
    if faults:
        raise ConfigError(faults)
    return scenarios
