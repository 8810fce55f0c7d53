"""The commands of what is held: how fast it sells, what funds hold, where it lies."""

from typing import Any

import click

from riskplugin import api
from riskplugin.adapters.giving import finish
from riskplugin.adapters.options import desk_options, loaded, names, positions_option


@click.command()
@desk_options
@positions_option
@click.option(
    "--by",
    default="tier",
    callback=names,
    show_default=True,
    help="Comma-separated keys of exposures, or total.",
)
@click.option(
    "--participation", type=float, help="Share of the daily volume that is traded."
)
@click.option(
    "--volume-stress", type=float, help="Share of the volume that a stress leaves."
)
@click.option(
    "--volumes", is_flag=True, help="Show the average volume of every name instead."
)
@click.option(
    "--unwinding",
    is_flag=True,
    help="Show what scenarios do if the desk sells on the way instead.",
)
@click.option("--scenarios", callback=names, help="With --unwinding; all by default.")
def liquidity(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show how long it takes to sell what the desk holds, and what that costs."""
    held = loaded(desk, as_of, given["positions"])
    by = () if given["by"] == ["total"] else given["by"]
    pace = (given["participation"], given["volume_stress"])
    if given["volumes"]:
        found = api.average_volumes(held)
    elif given["unwinding"]:
        found = api.unwinding(held, given["scenarios"], by, *pace)
    else:
        found = api.liquidity_profile(held, by, *pace)
    return finish(held, found, as_json=given["as_json"], out=given["out"])


@click.command()
@desk_options
@positions_option
@click.option("--default", "failed", help="What the failure of this account costs.")
def accounts(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show what stands with each prime broker or exchange."""
    held = loaded(desk, as_of, given["positions"])
    failed = given["failed"]
    found = api.accounts(held) if failed is None else api.account_default(held, failed)
    return finish(held, found, as_json=given["as_json"], out=given["out"])


@click.command()
@desk_options
@positions_option
@click.option(
    "--by",
    default="tier",
    callback=names,
    show_default=True,
    help="Comma-separated keys of exposures, or total.",
)
@click.option(
    "--liquidations",
    is_flag=True,
    help="Show which margined positions scenarios close instead.",
)
def greeks(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show delta, gamma, vega and theta of what the desk holds, in money."""
    held = loaded(desk, as_of, given["positions"])
    by = () if given["by"] == ["total"] else given["by"]
    found = (
        api.liquidations(held)
        if given["liquidations"]
        else api.greeks_exposure(held, by)
    )
    return finish(held, found, as_json=given["as_json"], out=given["out"])


@click.command()
@desk_options
def doctor(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show what is wrong or doubtful in the desk's data, and how to repair it."""
    held = api.load_desk(desk, as_of)
    return finish(held, api.doctor(held), as_json=given["as_json"], out=given["out"])
