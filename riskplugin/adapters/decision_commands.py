"""The commands of decisions: what trades would do, and which do most."""

from typing import Any

import click
import pandas as pd

from riskplugin import api
from riskplugin.adapters import terminal
from riskplugin.adapters.giving import finish, give, keep
from riskplugin.adapters.options import desk_options, loaded, names, positions_option
from riskplugin.desk import Desk
from riskplugin.errors import input_error
from riskplugin.inputs.reading import Findings
from riskplugin.inputs.references import TableRef
from riskplugin.inputs.tables import TRADES
from riskplugin.sources.files import read_table


def orders(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> pd.DataFrame | None:
    """Return ``MU=-10000`` as a table of trades; None if there is none."""
    rows = []
    for text in values:
        name, equals, units = text.rpartition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r}: write MU=-10000")
        rows.append((name.strip(), units.strip()))
    return pd.DataFrame(rows, columns=["instrument", "quantity"]) if rows else None


def read_trades_file(path: str) -> pd.DataFrame:
    """Return a CSV, XLSX or Parquet file of trades as it stands.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    findings = Findings()
    raw = read_table(path, TableRef(path=path), TRADES.name, findings)
    if findings.fatal or findings.errors():
        raise input_error(findings.issues)
    return raw.frame


def wanted_trades(orders: pd.DataFrame | None, path: str | None) -> pd.DataFrame:
    """Return the trades of the options.

    Raises
    ------
    click.UsageError
        If there are none, or both.
    """
    if (orders is None) == (path is None):
        raise click.UsageError("give --trade MU=-10000, repeatable, or --trades FILE")
    return read_trades_file(str(path)) if orders is None else orders


@click.command("what-if")
@desk_options
@positions_option
@click.option(
    "--trade",
    "orders",
    multiple=True,
    callback=orders,
    metavar="NAME=UNITS",
    help="Units bought, sold < 0: MU=-10000. Repeatable.",
)
@click.option(
    "--trades",
    "file",
    type=click.Path(),
    metavar="FILE",
    help="CSV, XLSX or Parquet with the columns of trades; with a column idea the "
    "ideas are ranked.",
)
@click.option("--book", help="Book of trades that name none.")
@click.option(
    "--by",
    default="tier",
    callback=names,
    show_default=True,
    help="Comma-separated keys of exposures, or total.",
)
@click.option("--scenarios", callback=names, help="Comma-separated; all by default.")
@click.option("--measures", callback=names, help="Comma-separated; none by default.")
@click.option(
    "--details",
    is_flag=True,
    help="Show orders, exposures, stress, measures and limits too.",
)
def what_if(desk: str, as_of: object, **given: Any) -> int:  # noqa: ANN401
    """Show what trades would do to exposures, stress and measures, and their cost."""
    trades = wanted_trades(given["orders"], given["file"])
    held = loaded(desk, as_of, given["positions"])
    if "idea" in {str(c).strip().casefold() for c in trades.columns}:
        return ranking(held, trades, **given)
    found = api.what_if(
        held,
        trades,
        () if given["by"] == ["total"] else given["by"],
        book=given["book"],
        scenarios=given["scenarios"],
        measures=given["measures"],
    )
    beside = [found.trades, found.exposures, found.stress, found.stress_by]
    beside += [part for part in (found.measures, found.limits) if len(part)]
    for part in beside:
        keep(part, given["out"])
    for order, mind in zip(
        found.trades["instrument"], found.trades["mind"], strict=True
    ):
        if mind:
            terminal.warn(f"{order}: {mind}")
    code = finish(held, found, as_json=given["as_json"], out=given["out"])
    if given["details"] and not given["as_json"]:
        for part in beside:
            give(part, as_json=False)
    return code


def ranking(held: Desk, trades: pd.DataFrame, **given: Any) -> int:  # noqa: ANN401
    """Show ideas, the one that gains most for its cost first."""
    found = api.rank_trades(held, trades, given["scenarios"], book=given["book"])
    keep(found.stress, given["out"])
    return finish(held, found, as_json=given["as_json"], out=given["out"])
