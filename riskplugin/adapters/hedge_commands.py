"""The command of hedges: what to trade to be inside limits, and what it costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from riskplugin import api
from riskplugin.adapters import terminal
from riskplugin.adapters.giving import MODEL, finish, give, keep
from riskplugin.adapters.options import desk_options, loaded, names, positions_option
from riskplugin.adapters.picture_files import save_frontier, save_hedge
from riskplugin.bundles import Hedge
from riskplugin.desk import Desk
from riskplugin.hedging.solving import Outcome

BESIDE = ("scenarios", "basis", "why")


def loss_limits(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> float | Mapping[str, float] | None:
    """Return one limit for all scenarios, or ``NAME=LOSS`` as each its own."""
    if len(values) == 1 and "=" not in values[0]:
        return figure(values[0], "30e6, or inventory_build=30e6")
    return figures(values, "inventory_build=30e6") or None


def exposure_limits(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> Mapping[str, float | tuple[float, float]] | None:
    """Return ``TIER=MOST`` or ``TIER=LEAST:MOST`` as bounds."""
    found: dict[str, float | tuple[float, float]] = {}
    for text in values:
        name, _, bound = text.partition("=")
        low, colon, high = bound.partition(":")
        ends = [figure(t, "memory=20e6 or memory=0:20e6") for t in (low, high) if t]
        if colon and len(ends) < 2:
            raise click.BadParameter(f"{text!r}: write memory=0:20e6")
        found[name.strip()] = (ends[0], ends[1]) if colon else ends[0]
    return found or None


def figures(values: tuple[str, ...], example: str) -> dict[str, float]:
    """Return ``name=figure`` by name."""
    found: dict[str, float] = {}
    for text in values:
        name, equals, number = text.partition("=")
        if not equals or name.strip() in found:
            raise click.BadParameter(f"{text!r}: write {example}, each name once")
        found[name.strip()] = figure(number, example)
    return found


def figure(text: str, example: str) -> float:
    """Return a number."""
    try:
        return float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: write {example}") from error


@click.command()
@desk_options
@positions_option
@click.option(
    "--hedges",
    metavar="FILE",
    help="CSV, XLSX or Parquet table of what may be traded; the desk's own by default.",
)
@click.option("--scenarios", callback=names, help="Comma-separated; all by default.")
@click.option(
    "--max-loss",
    multiple=True,
    callback=loss_limits,
    metavar="LOSS|SCENARIO=LOSS",
    help="Largest loss allowed, base currency; of every scenario, or of one, "
    "repeatable.",
)
@click.option("--budget", type=float, help="Most that the trades may cost.")
@click.option("--max-cvar", type=float, help="Largest CVaR allowed, base currency.")
@click.option("--alpha", type=float, default=0.05, show_default=True, help="Its tail.")
@click.option(
    "--method",
    default="historical",
    show_default=True,
    help="Its scenarios: historical, age_weighted, filtered or reversal.",
)
@click.option("--horizon", type=int, default=1, show_default=True, help="Its sessions.")
@click.option(
    "--exposure",
    "bounds",
    multiple=True,
    callback=exposure_limits,
    metavar="TIER=MOST|TIER=LEAST:MOST",
    help="Limit of a tier's delta-equivalent, or of memory_beta; repeatable.",
)
@click.option("--robust", is_flag=True, help="Losses count at the low end of the band.")
@click.option(
    "--hold", type=float, help="Sessions for which funding and borrowing are paid."
)
@click.option(
    "--days", type=float, default=1.0, show_default=True, help="Sessions to trade over."
)
@click.option(
    "--frontier", is_flag=True, help="Show what smaller losses cost, step by step."
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write a picture to."
)
def hedge(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Propose the cheapest trades that bring losses inside limits.

    A proposal: nothing is sent anywhere. Exit code 4 if no trades that are allowed
    keep every limit; the trades shown then miss them by least.
    """
    held = loaded(desk, as_of, given["positions"])
    how = {
        "max_cvar": given["max_cvar"],
        "alpha": given["alpha"],
        "method": given["method"],
        "horizon_sessions": given["horizon"],
        "exposures": given["bounds"],
        "robust": given["robust"],
        "hold_sessions": given["hold"],
        "trade_sessions": given["days"],
    }
    if given["frontier"]:
        return frontier(held, given, how)
    limits = {"max_loss": given["max_loss"], "budget": given["budget"]}
    found = api.hedge(held, given["scenarios"], given["hedges"], **limits, **how)
    show(found, as_json=given["as_json"])
    for part in (found, *(getattr(found, name) for name in BESIDE)):
        keep(part, given["out"])
    if given["plot"] is not None:
        file = save_hedge(found, held.settings.base_currency, given["plot"])
        terminal.warn(f"wrote {file}")
    code = finish(held, found, as_json=given["as_json"], out=None, show=False)
    return code or (0 if found.outcome == Outcome.MET else MODEL)


def frontier(held: Desk, given: Mapping[str, Any], how: Mapping[str, Any]) -> int:
    """Show cost against largest loss.

    Raises
    ------
    click.UsageError
        If a limit is given that the frontier goes through.
    """
    if given["max_loss"] is not None or given["budget"] is not None:
        raise click.UsageError("--frontier goes through all losses: no limit")
    found = api.hedge_frontier(held, given["scenarios"], given["hedges"], **how)
    if given["plot"] is not None:
        file = save_frontier(found, held.settings.base_currency, given["plot"])
        terminal.warn(f"wrote {file}")
    return finish(held, found, as_json=given["as_json"], out=given["out"])


def show(found: Hedge, *, as_json: bool) -> None:
    """Print a proposal: the trades, what they do, and why."""
    if as_json:
        beside = {n: terminal.json_table(getattr(found, n))["rows"] for n in BESIDE}
        facts = {"outcome": found.outcome, "message": found.message, "cost": found.cost}
        terminal.print_json({**terminal.json_table(found), **facts, **beside})
        return
    for part in (found, *(getattr(found, name) for name in BESIDE)):
        give(part, as_json=False)
    terminal.say(f"proposal, not an order: {found.message}")
