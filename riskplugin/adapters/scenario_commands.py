"""The commands of scenarios: what they do, how they unfold, what came before."""

from pathlib import Path
from typing import Any

import click

from riskplugin import api
from riskplugin.adapters import terminal
from riskplugin.adapters.giving import finish, keep, say_left_out
from riskplugin.adapters.options import (
    desk_options,
    loaded,
    moves,
    names,
    positions_option,
)
from riskplugin.adapters.picture_files import (
    save_monitor,
    save_path,
    save_plausibility,
    save_replays,
    save_reverse,
    save_waterfall,
)
from riskplugin.desk import Desk
from riskplugin.pictures.paths import Drawn
from riskplugin.results import Table
from riskplugin.tables.replays import WantedEpisodes


@click.command()
@desk_options
@positions_option
@click.option(
    "--scenarios", callback=names, help="Comma-separated; all of them by default."
)
@click.option(
    "--by",
    default="scenario,tier",
    callback=names,
    help="Comma-separated: scenario and the keys of exposures.",
    show_default=True,
)
@click.option("--confidence", type=float, help="Level of the band.")
@click.option(
    "--path",
    "unfolding",
    is_flag=True,
    help="Show how they unfold: worst session, calls for cash and margin; every "
    "session with --json or --out.",
)
@click.option(
    "--convexity", is_flag=True, help="Show what the convexity is made of instead."
)
@click.option("--loss", type=float, help="With --path: when is as much lost?")
@click.option(
    "--weights",
    type=click.Choice(["scenario", "phase"]),
    help="P&L by each scenario's own weight, or by those of the phase of the cycle, "
    "beside the worst without them.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Folder to write a picture of each scenario to: its parts, or its path.",
)
def stress(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show what scenarios do to it, in five parts that add up."""
    held = loaded(desk, as_of, given["positions"])
    if given["scenarios"] is None:
        say_left_out(held)
    if given["unfolding"]:
        return unfold(held, **given)
    if given["weights"] is not None:
        by = tuple(key for key in given["by"] if key != "scenario")
        wanted, how = given["scenarios"], given["weights"]
        found = api.weighted_stress(held, wanted, by, weights=how)
        return finish(held, found, as_json=given["as_json"], out=given["out"])
    if given["loss"] is not None:
        raise click.UsageError("--loss goes with --path")
    if given["plot"] is not None:
        by_tier = api.stress(held, given["scenarios"])
        currency = held.settings.base_currency
        for picture in save_waterfall(by_tier, given["plot"], currency):
            terminal.warn(f"wrote {picture}")
    level, by = given["confidence"], given["by"]
    if given["convexity"]:
        keys = tuple(key for key in by if key != "scenario")
        found = api.convexity_parts(held, given["scenarios"], keys)
    else:
        found = api.stress(held, given["scenarios"], by, confidence=level)
    return finish(held, found, as_json=given["as_json"], out=given["out"])


def unfold(held: Desk, **given: Any) -> int:  # noqa: ANN401
    """Give the path of scenarios: the worst of it on the screen, all of it in files."""
    by = tuple(key for key in given["by"] if key != "scenario")
    wanted, level = given["scenarios"], given["confidence"]
    path = api.stress_path(held, wanted, by, confidence=level)
    keep(path, given["out"])
    if given["plot"] is not None:
        draw_paths(held, path, given)
    if given["as_json"]:
        return finish(held, path, as_json=True, out=None)
    found = api.path_summary(held, wanted, loss=given["loss"])
    return finish(held, found, as_json=False, out=given["out"])


def draw_paths(held: Desk, path: Table, given: dict[str, Any]) -> None:
    """Write a picture of the path of every scenario, by tier."""
    level = given["confidence"] or held.settings.confidence
    for scenario in held.scenarios.choose(list(dict.fromkeys(path["scenario"]))):
        total = api.stress_path(held, scenario, (), confidence=level)
        parts = api.stress_path(held, scenario, "tier", confidence=level)
        currency = held.settings.base_currency
        drawn = Drawn(scenario, total, parts, currency, level)
        for picture in save_path(drawn, given["plot"]):
            terminal.warn(f"wrote {picture}")


@click.command()
@desk_options
@click.option(
    "--core",
    multiple=True,
    callback=moves,
    help="A driver and its simple return, as memory=-0.4; repeat for more.",
)
@click.option(
    "--horizon", type=int, help="Sessions over which the core moves; 60 by default."
)
@click.option("--scenarios", callback=names, help="Comma-separated, instead of --core.")
@click.option("--confidence", type=float, help="Level of the band.")
def shocks(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
    core: dict[str, float] | None,
    horizon: int | None,
    scenarios: list[str] | None,
    confidence: float | None,
) -> int:
    """Show what a driver move or a scenario does to every instrument."""
    loaded = api.load_desk(desk, as_of)
    if core is None and scenarios is None:
        say_left_out(loaded)
    found = api.shocks(loaded, core, horizon, confidence, scenarios=scenarios)
    return finish(loaded, found, as_json=as_json, out=out)


@click.command()
@desk_options
@click.option(
    "--plausibility", is_flag=True, help="How plausible the core of each is instead."
)
@click.option(
    "--regimes",
    is_flag=True,
    help="P&L by all history, hectic windows and pooled ones instead.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="With --plausibility.")
def scenarios(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show the desk's scenarios, in words."""
    held = api.load_desk(desk, as_of)
    as_json, out = given["as_json"], given["out"]
    if given["plausibility"]:
        found = api.plausibility(held)
        if given["plot"] is not None:
            file = save_plausibility(found.history, found, given["plot"])
            terminal.warn(f"wrote {file}")
        return finish(held, found, as_json=as_json, out=out)
    if given["regimes"]:
        return finish(held, api.regimes(held), as_json=as_json, out=out)
    listed = api.scenario_list(held)
    if not as_json:
        terminal.show_scenarios(listed)
    return finish(held, listed, as_json=as_json, out=out, show=as_json)


@click.command()
@desk_options
@positions_option
@click.option("--loss", type=float, help="Base currency, above 0.")
@click.option("--worst", type=float, help="Instead: worst move within this distance.")
@click.option(
    "--driver",
    default="memory",
    show_default=True,
    help="The one that moves; all for the most plausible move of all of them.",
)
@click.option("--by", callback=names, help="Comma-separated keys of exposures.")
@click.option(
    "--horizon", type=int, help="Sessions that the move takes; 60 by default."
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write a picture to."
)
def reverse(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show the smallest move that loses so much."""
    held = loaded(desk, as_of, given["positions"])
    if (given["loss"] is None) == (given["worst"] is None):
        raise click.UsageError("give --loss, or --worst and a distance")
    driver = None if given["driver"] == "all" else given["driver"]
    asked = {"by": given["by"], "horizon_sessions": given["horizon"]}
    if given["worst"] is not None:
        found = api.worst_case(held, given["worst"], **asked)
        return finish(held, found, as_json=given["as_json"], out=given["out"])
    found = api.reverse_stress(held, given["loss"], driver, **asked)
    if given["plot"] is not None:
        if driver is None:
            raise click.UsageError("--plot draws one driver; name it by --driver")
        curve = api.reverse_curve(held, driver, **asked)
        currency = held.settings.base_currency
        file = save_reverse(curve, found, currency, given["plot"])
        terminal.warn(f"wrote {file}")
    return finish(held, found, as_json=given["as_json"], out=given["out"])


@click.command()
@desk_options
@positions_option
@click.option(
    "--episodes",
    callback=names,
    help="Comma-separated: replay_2000_02, replay_2018, …; all that ended by default.",
)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="First close of an episode of your own; with --end, instead of --episodes.",
)
@click.option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Its last close.",
)
@click.option(
    "--by",
    default="tier",
    callback=names,
    show_default=True,
    help="Comma-separated keys of exposures, or total.",
)
@click.option("--path", "unfolding", is_flag=True, help="Session by session.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write pictures to."
)
def replay(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show what dated episodes of the past would do to today's book."""
    held = loaded(desk, as_of, given["positions"])
    wanted = episodes_asked(given)
    by = () if given["by"] == ["total"] else tuple(given["by"])
    if given["plot"] is not None:
        total = api.replay_path(held, wanted, ())
        tiers = api.replay(held, wanted)
        currency = held.settings.base_currency
        for picture in save_replays(total, tiers, given["plot"], currency):
            terminal.warn(f"wrote {picture}")
    if given["unfolding"]:
        path = api.replay_path(held, wanted, by)
        return finish(held, path, as_json=given["as_json"], out=given["out"])
    found = api.replay(held, wanted, ("episode", *by))
    for beside in (found.positions, found.drivers):
        keep(beside, given["out"])
    return finish(held, found, as_json=given["as_json"], out=given["out"])


def episodes_asked(given: dict[str, Any]) -> WantedEpisodes:
    """Return the episodes that the options name; None for all.

    Raises
    ------
    click.UsageError
        If one date is given without the other, or names beside them.
    """
    dates = given["start"], given["end"]
    if dates == (None, None):
        names_of: list[str] | None = given["episodes"]
        return names_of
    if None in dates or given["episodes"] is not None:
        raise click.UsageError("give --start and --end, or --episodes")
    start, end = (f"{date:%Y-%m-%d}" for date in dates)
    return (start, end)


@click.command()
@desk_options
@click.option("--scenario", help="Only what this one's overshoots and speeds rest on.")
def claims(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
    scenario: str | None,
) -> int:
    """Show how often tiers fell further, or sooner, than memory in past episodes."""
    held = api.load_desk(desk, as_of)
    if scenario is not None:
        found = api.evidence_for(held, scenario)
        return finish(held, found, as_json=as_json, out=out)
    every = api.claims(held)
    keep(every.by_episode, out)
    return finish(held, every, as_json=as_json, out=out)


@click.command()
@desk_options
@click.option("--record", is_flag=True, help="Show how the phases have fared instead.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write a picture to."
)
def monitor(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
    record: bool,
    plot: Path | None,
) -> int:
    """Show where memory stands in its cycle, and how such calls have fared."""
    held = api.load_desk(desk, as_of)
    found = api.cycle_monitor(held)
    for beside in (found.changes, found.turns, found.record, found.history):
        keep(beside, out)
    if plot is not None:
        terminal.warn(f"wrote {save_monitor(found, plot)}")
    if as_json:
        chosen = found.turns if record else found
        return finish(held, chosen, as_json=True, out=out)
    terminal.say(f"Phase: {found.phase.replace('_', ' ')}")
    if not record:
        terminal.say(f"Its record: {found.record_in_words()}")
    if record:
        finish(held, found.turns, as_json=False, out=None)
    shown = found.record if record else found
    return finish(held, shown, as_json=False, out=out)
