"""What ships with the package: tiers, universe, scenarios, episodes."""

import csv
from functools import cache
from importlib.resources import files
from itertools import groupby

import numpy as np

from riskplugin.episodes import Episode, Record
from riskplugin.errors import ConfigError
from riskplugin.inputs.config import parse_toml
from riskplugin.inputs.scenario_file import scenarios_from
from riskplugin.scenarios.definition import Scenario
from riskplugin.universe import Instrument, Tier, Universe

DATA = files("riskplugin") / "data"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a shipped table; lines that begin with # are remarks."""
    lines = (DATA / name).read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def figure(cell: str) -> float | None:
    """Return the number in a cell, None where it is blank."""
    return float(cell) if cell else None


@cache
def shipped_universe() -> Universe:
    """Return the shipped instruments and tiers."""
    tiers = tuple(
        Tier(
            r["tier"],
            r["link"],
            r["description"],
            figure(r["half_life_share"]),
            float(r["volatility_slope"]),
        )
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


@cache
def shipped_episodes() -> tuple[Episode, ...]:
    """Return the dated falls of memory, with what names did in them."""
    by_title = groupby(rows("episodes.csv"), lambda row: row["episode"])
    return tuple(episode_of(title, list(group)) for title, group in by_title)


def episode_of(title: str, group: list[dict[str, str]]) -> Episode:
    """Return the episode of some rows; 2000-2002 … is called replay_2000_02."""
    first, _, last = title.split(maxsplit=1)[0].partition("-")
    return Episode(
        name="_".join(filter(None, ("replay", first, last[2:]))),
        start=np.datetime64(group[0]["start"], "D"),
        end=np.datetime64(group[0]["end"], "D"),
        title=title,
        records=tuple(
            Record(
                instrument=row["instrument"],
                tier=row["tier"],
                move=float(row["return_start_to_end"]),
                worst=float(row["worst_from_start"]),
                half_sessions=float(row["sessions_to_half_of_worst"] or "nan"),
                worst_week=float(row["worst_5_sessions"]),
            )
            for row in group
        ),
    )
