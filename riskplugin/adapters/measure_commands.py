"""The commands of risk measures and their backtest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from riskplugin import api
from riskplugin.adapters import terminal
from riskplugin.adapters.giving import finish, keep
from riskplugin.adapters.options import desk_options, loaded, names, positions_option
from riskplugin.adapters.picture_files import save_backtest
from riskplugin.desk import Desk
from riskplugin.results import Table

F = TypeVar("F", bound=Callable[..., Any])


def sample_options(command: F) -> F:
    """Add --alpha, --horizon and --method."""
    for option in (
        click.option(
            "--method",
            default="historical",
            show_default=True,
            help="historical, age_weighted, filtered (today's volatility) or reversal "
            "(as probable as when memory falls).",
        ),
        click.option(
            "--horizon",
            type=int,
            default=1,
            show_default=True,
            help="Sessions of a scenario: 1, 5, 10 or 21.",
        ),
        click.option(
            "--alpha",
            type=float,
            default=0.05,
            show_default=True,
            help="Tail: 0.05 is the worst twentieth.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@desk_options
@positions_option
@click.option(
    "--measure",
    "chosen",
    default="CVaR",
    show_default=True,
    callback=names,
    help="Comma-separated: volatility, VaR, CVaR, EVaR, MDD, …; or all.",
)
@sample_options
@click.option(
    "--by",
    callback=names,
    help="Comma-separated keys of exposures, or total; by default tier, and total "
    "with --factors.",
)
@click.option(
    "--smoothing",
    type=float,
    default=0.0,
    help="Half-width, in probability, over which contributions to VaR are averaged.",
)
@click.option(
    "--factors", is_flag=True, help="Split by driver instead (one measure only)."
)
@click.option(
    "--riskfolio", is_flag=True, help="Show the totals beside riskfolio-lib's."
)
@click.option(
    "--samples", is_flag=True, help="Show how much history stands behind each method."
)
def measures(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show risk measures, and what each part of the desk has to do with them."""
    held = loaded(desk, as_of, given["positions"])
    found = asked_of(held, **given)
    return finish(held, found, as_json=given["as_json"], out=given["out"])


def asked_of(held: Desk, **given: Any) -> Table:  # noqa: ANN401
    """Return the table that the options ask for."""
    asked = given["by"] or (["total"] if given["factors"] else ["tier"])
    by = () if asked == ["total"] else asked
    how = {"horizon_sessions": given["horizon"], "method": given["method"]}
    wanted = None if given["chosen"] == ["all"] else given["chosen"]
    if given["samples"]:
        return api.samples(held)
    if given["riskfolio"]:
        return api.replicate_measures(held, wanted, given["alpha"], **how)
    if given["factors"]:
        return api.factor_risk(held, only(wanted), given["alpha"], by, **how)
    smoothing = given["smoothing"]
    return api.measures(held, wanted, given["alpha"], by, **how, smoothing=smoothing)


def only(wanted: list[str] | None) -> str:
    """Return the one measure that is split by driver.

    Raises
    ------
    click.UsageError
        If there are several.
    """
    if wanted is None or len(wanted) > 1:
        raise click.UsageError("--factors splits one measure: name one by --measure")
    return wanted[0]


def safe(name: str) -> str:
    """Return a name that a file may have."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


@click.command()
@desk_options
@positions_option
@click.option(
    "--confidence",
    type=float,
    default=0.99,
    show_default=True,
    help="Level of the value at risk.",
)
@click.option("--by", callback=names, help="Comma-separated keys of exposures.")
@click.option(
    "--nights", type=int, default=500, show_default=True, help="Forecasts wanted."
)
@click.option(
    "--window",
    type=int,
    help="Windows before each night that its forecast is made from; 500 by default, "
    "half of the history if that is less.",
)
@click.option(
    "--horizon",
    type=int,
    default=1,
    show_default=True,
    help="Sessions from the forecast to what came: 1, 5, 10 or 21.",
)
@click.option(
    "--method",
    default="historical",
    show_default=True,
    help="historical, age_weighted or filtered.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write a picture to."
)
def backtest(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show how the value at risk of past nights has fared for today's holdings."""
    held = loaded(desk, as_of, given["positions"])
    found = api.backtest(
        held,
        given["confidence"],
        given["by"] or (),
        nights=given["nights"],
        window=given["window"],
        horizon_sessions=given["horizon"],
        method=given["method"],
    )
    keep(found.nights, given["out"])
    if given["plot"] is not None:
        currency = held.settings.base_currency
        for group, (record, dates) in found.records.items():
            name = "backtest" + (f"-{group}" if len(found.records) > 1 else "")
            file = save_backtest(
                record, dates, given["plot"] / f"{safe(name)}.png", currency
            )
            terminal.warn(f"wrote {file}")
    return finish(held, found, as_json=given["as_json"], out=given["out"])
