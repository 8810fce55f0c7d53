"""Commands about runs that are finished: history, prune, explain, verify."""

from pathlib import Path

import click

from riskplugin.adapters.giving import DONE, give, keep
from riskplugin.results import Table
from riskplugin.store.history import history as history_of
from riskplugin.store.retention import prune as prune_store

DATE = click.DateTime(["%Y-%m-%d"])


def given(found: Table, *, as_json: bool, out: Path | None) -> int:
    """Show a table, keep it if a folder is given, and return that it was done."""
    give(found, as_json=as_json)
    keep(found, out)
    return DONE


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out_option = click.option(
    "--out", type=click.Path(path_type=Path), help="Folder to write to."
)
store_argument = click.argument("store", type=click.Path(path_type=Path))


@click.command()
@store_argument
@click.argument("metric")
@click.option(
    "--scope", default="total", show_default=True, help="total, tier:NAME, book:NAME."
)
@click.option("--start", type=DATE, metavar="YYYY-MM-DD", help="First night.")
@click.option("--end", type=DATE, metavar="YYYY-MM-DD", help="Last night.")
@as_json_option
@out_option
def history(
    store: Path,
    metric: str,
    scope: str,
    start: object,
    end: object,
    as_json: bool,
    out: Path | None,
) -> int:
    """Show a figure of every night of a store.

    METRIC is stress:SCENARIO, low:SCENARIO, high:SCENARIO, worst:SCENARIO,
    exposure:COLUMN, measure:NAME or reversal:NAME. A night is told by the run that the
    last batch of its date ended with.
    """
    found = history_of(store, metric, scope, start, end)
    return given(found, as_json=as_json, out=out)


@click.command()
@store_argument
@click.option("--keep-days", type=int, help="Days before the newest date to keep.")
@click.option("--keep-last", type=int, help="Newest dates to keep.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@as_json_option
@out_option
def prune(
    store: Path,
    keep_days: int | None,
    keep_last: int | None,
    dry_run: bool,
    as_json: bool,
    out: Path | None,
) -> int:
    """Remove old runs and what interrupted batches left.

    A run goes if neither rule keeps it. The newest finished run always stays.
    """
    found = prune_store(
        store, keep_days=keep_days, keep_last=keep_last, dry_run=dry_run
    )
    return given(found, as_json=as_json, out=out)
