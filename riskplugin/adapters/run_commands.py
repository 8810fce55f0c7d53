"""Commands about runs that are finished: history, prune, explain, verify."""

from pathlib import Path

import click
import numpy as np

from riskplugin import api
from riskplugin._typing import Flags
from riskplugin._version import __version__
from riskplugin.adapters import terminal
from riskplugin.adapters.giving import ADAPTER, DONE, INPUT, give, keep
from riskplugin.attribution.explaining import explained
from riskplugin.attribution.morning import realised
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.results import Table, table
from riskplugin.store.history import history as history_of
from riskplugin.store.pages import report_html, report_xlsx, run_before
from riskplugin.store.reading import desk_at
from riskplugin.store.retention import prune as prune_store
from riskplugin.store.runs import content_of
from riskplugin.store.verifying import AS_WRITTEN, DAMAGE, DIFFERS
from riskplugin.store.verifying import verify as verified
from riskplugin.warehouse.export import export, target_in, target_of

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


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--metric", "metrics", multiple=True, help="Only this one; repeatable.")
@click.option("--by-name", is_flag=True, help="What each part did to each name.")
@click.option(
    "--morning-after",
    is_flag=True,
    help="What the earlier book really made, beside what was said of it.",
)
@as_json_option
@out_option
def explain(
    before: str,
    after: str,
    metrics: tuple[str, ...],
    by_name: bool,
    morning_after: bool,
    as_json: bool,
    out: Path | None,
) -> int:
    """Show why every headline moved from one run to another.

    BEFORE and AFTER are run folders, or desk files. The parts: closed and changed
    positions, prices, FX, what the instruments are, loadings (the history behind them),
    scenarios, settings, new positions, each replaced in this order and everything
    revalued; they add up to the change. Parts that did nothing are not shown.
    """
    first, last = desk_of(before), desk_of(after)
    if morning_after:
        return given(realised(first, last), as_json=as_json, out=out)
    found = explained(first, last)
    shown = found.names if by_name else moved(found)
    if metrics:
        shown = only(shown, metrics)
    return given(shown, as_json=as_json, out=out)


def desk_of(path: str) -> Desk:
    """Return the desk of a run folder or a desk file; say if another version ran it."""
    if not Path(path).is_dir():
        return api.load_desk(path)
    version = content_of(Path(path)).get("version")
    if version != __version__:
        terminal.warn(f"{path} was computed by {version}; revalued by {__version__}")
    return desk_at(path)


def moved(found: Table) -> Table:
    """Return the parts that did anything, and headlines of one run alone."""
    return chosen(found, (found["contribution"] != 0).to_numpy())


def only(found: Table, metrics: tuple[str, ...]) -> Table:
    """Return the rows of some metrics.

    Raises
    ------
    UsageError
        If none of them moved, or there is no such metric.
    """
    known = list(dict.fromkeys(found["metric"]))
    for metric in metrics:
        if metric not in known:
            hint = did_you_mean(metric, known)
            raise UsageError(f"{metric!r} did not move, or is no metric; {hint}")
    return chosen(found, found["metric"].isin(metrics).to_numpy())


def chosen(found: Table, rows: Flags) -> Table:
    """Return some rows of a table."""
    date = np.datetime64(found.as_of, "D")
    return table(found.title, date, {str(c): found[c].to_numpy()[rows] for c in found})


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--before",
    type=click.Path(path_type=Path),
    help="Run folder to compare with; by default the date before, in a store.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="report.html",
    show_default=True,
    help="File to write: .html for a browser, .xlsx for a spreadsheet.",
)
def report(run: Path, before: Path | None, out: Path) -> int:
    """Write the report of a finished run as one file.

    It says what changed since the run before, and why.
    """
    earlier = run_before(run) if before is None else before
    write = report_xlsx if out.suffix.lower() == ".xlsx" else report_html
    terminal.say(f"Written to {write(run, out, earlier)}")
    return DONE


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("desk", required=False)
@as_json_option
@out_option
def verify(run: Path, desk: str | None, as_json: bool, out: Path | None) -> int:
    """Compare a run with its manifest, and compute it again.

    From the desk file DESK on the run's date, or from what the run itself holds.
    Exit code 5 if a file is not as written, 3 if it is but the desk gives another.
    """
    as_of = content_of(run)["as_of"]
    found = verified(run, None if desk is None else api.load_desk(desk, as_of))
    wrong = chosen(found, (found["state"] != AS_WRITTEN).to_numpy())
    given(found if as_json else wrong, as_json=as_json, out=out)
    states = set(found["state"])
    if not as_json:
        terminal.say(f"{len(found) - len(wrong)} of {len(found)} files as written")
    if states & set(DAMAGE):
        return ADAPTER
    return INPUT if DIFFERS in states else DONE


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("desk", required=False)
@click.option("--url-env", help="Environment variable with the database's URL.")
@as_json_option
@out_option
def export_command(
    run: Path, desk: str | None, url_env: str | None, as_json: bool, out: Path | None
) -> int:
    """Write a finished run into the desk's SQL database, all of it or nothing.

    To the database that [export] of the desk file DESK names, or to the one whose URL
    an environment variable holds. What is there of the same run is replaced.
    """
    if (desk is None) == (url_env is None):
        raise UsageError("give a desk file with [export], or --url-env, not both")
    to = target_of(url_env=url_env) if desk is None else target_in(desk)
    return given(export(run, to), as_json=as_json, out=out)
