"""The command ``riskplugin``."""

import sys
from pathlib import Path
from typing import Any

import click
import numpy as np

from riskplugin import api, pipeline
from riskplugin._version import __version__
from riskplugin.adapters import terminal
from riskplugin.adapters.decision_commands import what_if
from riskplugin.adapters.excel.commands import excel
from riskplugin.adapters.giving import (
    ADAPTER,
    BUG,
    DONE,
    INPUT,
    MODEL,
    USAGE,
    code_of_run,
    finish,
    give,
    keep,
)
from riskplugin.adapters.hedge_commands import hedge
from riskplugin.adapters.holding_commands import (
    accounts,
    doctor,
    greeks,
    liquidity,
)
from riskplugin.adapters.limit_commands import limits
from riskplugin.adapters.measure_commands import backtest, measures
from riskplugin.adapters.nightly import Wanted, run_wanted
from riskplugin.adapters.options import (
    desk_options,
    loaded,
    names,
    positions_option,
)
from riskplugin.adapters.picture_files import save_evidence
from riskplugin.adapters.run_commands import (
    explain,
    export_command,
    history,
    prune,
    report,
    verify,
)
from riskplugin.adapters.run_log import log_to
from riskplugin.adapters.scenario_commands import (
    claims,
    monitor,
    replay,
    reverse,
    scenarios,
    shocks,
    stress,
)
from riskplugin.errors import (
    AdapterError,
    InputError,
    ModelError,
    RiskPluginError,
    ScenarioError,
    Severity,
    UsageError,
    counted,
)
from riskplugin.inputs.config import as_date
from riskplugin.results import Report
from riskplugin.sources.files import read_episodes
from riskplugin.tables.limits import broken
from riskplugin.tables.tabulation import issue_table

EXIT_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (UsageError, USAGE),
    (InputError, INPUT),
    (ScenarioError, MODEL),
    (ModelError, MODEL),
    (AdapterError, ADAPTER),
    (OSError, ADAPTER),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="riskplugin")
def cli() -> None:
    """Cycle-reversal stress and tier exposures for a desk.

    Exit codes: 0 done, 1 our bug, 2 usage, 3 input (also a partial run), 4 model or
    scenario, 5 disk or another system, 6 done with broken limits; if several, 1 before
    5, 4, 3 and 6.
    """


@cli.command()
@desk_options
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    help="Root of all runs: writes ROOT/as_of=DATE/run=ID.",
)
@click.option("--replace", is_flag=True, help="Replace another run in --out.")
@click.option("--books", callback=names, help="Comma-separated; all by default.")
@click.option("--scenarios", callback=names, help="Comma-separated; all by default.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes to compute on; the results are the same on any number.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Dask scheduler to compute on, tcp://HOST:PORT, or local for one of its own.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Workers of a local cluster, or how many of another to wait for.",
)
@click.option(
    "--worker-memory", help="Of each worker of a local cluster, such as 2GiB."
)
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    help="File to append a line per stage to, with its seconds.",
)
@click.option("--log-json", is_flag=True, help="Write the log as JSON lines.")
@click.option(
    "--export",
    is_flag=True,
    help="Then write the run into the database of [export] in the desk file.",
)
def run(
    desk: str,
    as_of: object,
    as_json: bool,
    log: Path | None,
    log_json: bool,
    **wanted: Any,  # noqa: ANN401 - the options that `Wanted` names
) -> int:
    """Compute everything, show it, and write the run folder.

    A run that is there already is left as it is; one that was interrupted is taken up.
    """
    write = log_to(log, structured=log_json)
    try:
        report, folder = run_wanted(Wanted(desk=desk, as_of=as_of, **wanted), write)
    except RiskPluginError as error:
        write("failed", {"error": type(error).__name__, "message": str(error)})
        raise
    if as_json:
        terminal.print_json(run_row(report, folder))
    else:
        terminal.show_report(report, folder)
    return code_of_run(report)


def run_row(report: Report, folder: Path | None) -> dict[str, Any]:
    """Return what JSON says of a run."""
    row = {
        "run_id": report.run_id,
        "status": report.status,
        "folder": None if folder is None else str(folder),
        "left_out": len(report.left_out),
        "issues": len(report.issues),
        "broken_limits": broken(report.tables["limits"]),
    }
    return {"table": "run", "as_of": str(report.as_of), "rows": [row]}


@cli.command()
@desk_options
def check(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
) -> int:
    """List every issue of the desk's inputs."""
    date = as_date(as_of) or np.datetime64("NaT")
    try:
        loaded = api.load_desk(desk, as_of)
        issues = tuple(pipeline.findings_of(loaded))
        date = loaded.as_of
    except InputError as error:
        issues = error.issues
    found = issue_table(issues, date)
    give(found, as_json=as_json)
    keep(found, out)
    wrong = [i for i in issues if i.severity is Severity.ERROR]
    if not as_json:
        terminal.say(counted(issues))
    return INPUT if wrong else DONE


@cli.command()
@desk_options
@positions_option
@click.option(
    "--by",
    default="tier",
    callback=names,
    help="Comma-separated: book, tier, link, asset_class, currency, account, "
    "strategy, kind, instrument, position.",
    show_default=True,
)
@click.option(
    "--look-through",
    "through",
    is_flag=True,
    help="See through funds to what they hold.",
)
def exposures(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
    positions: str | None,
    by: list[str],
    through: bool,
) -> int:
    """Show what the desk holds."""
    held = loaded(desk, as_of, positions)
    found = api.look_through(held, by) if through else api.exposures(held, by)
    return finish(held, found, as_json=as_json, out=out)


@cli.command()
@desk_options
@click.option("--driver", default="memory", show_default=True, help="Whose falls.")
@click.option(
    "--episodes",
    type=click.Path(path_type=Path),
    help="CSV with columns start and end, instead of the falls found.",
)
@click.option(
    "--threshold",
    type=float,
    default=0.30,
    show_default=True,
    help="Simple fall that makes an episode.",
)
@click.option("--confidence", type=float, help="Level of the band.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Folder to write pictures to."
)
def evidence(
    desk: str,
    as_of: object,
    as_json: bool,
    out: Path | None,
    driver: str,
    episodes: Path | None,
    threshold: float,
    confidence: float | None,
    plot: Path | None,
) -> int:
    """Show what the model would have said before past reversals, and what came."""
    loaded = api.load_desk(desk, as_of)
    found = api.evidence(
        loaded,
        driver,
        None if episodes is None else read_episodes(str(episodes)),
        threshold=threshold,
        confidence=confidence,
    )
    if as_json:
        terminal.print_json(terminal.json_table(found))
    else:
        terminal.show_evidence(found)
    for part in (found, found.books, found.summary):
        keep(part, out)
    if plot is not None:
        level = loaded.settings.confidence if confidence is None else confidence
        for picture in save_evidence(found, plot, level):
            terminal.warn(f"wrote {picture}")
    return DONE


for command in (
    stress,
    shocks,
    scenarios,
    reverse,
    replay,
    claims,
    monitor,
    doctor,
    limits,
    liquidity,
    accounts,
    greeks,
    measures,
    backtest,
    what_if,
    hedge,
    explain,
    verify,
    report,
    export_command,
    history,
    prune,
    excel,
):
    cli.add_command(command)


def main() -> None:
    """Run the command and exit with its code."""
    try:
        code = cli.main(prog_name="riskplugin", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = USAGE
    except click.Abort:
        terminal.warn("stopped")
        code = BUG
    except (RiskPluginError, OSError) as error:
        terminal.warn(f"error: {error}")
        code = next(c for kind, c in EXIT_CODES if isinstance(error, kind))
    except Exception:  # the last line of defence, and it says so
        terminal.bug()
        code = BUG
    sys.exit(code)
