"""What every command does with a table: show it, keep it, say what it lacks."""

from pathlib import Path

from riskplugin import estimates
from riskplugin.adapters import terminal
from riskplugin.desk import Desk
from riskplugin.errors import Severity, UsageError, input_error
from riskplugin.results import Report, Table
from riskplugin.store.files import write_table
from riskplugin.store.runs import run_in
from riskplugin.tables.limits import broken
from riskplugin.tables.tabulation import left_out_scenarios

DONE, BUG, USAGE, INPUT, MODEL, ADAPTER, BREACHED = range(7)


def say_left_out(desk: Desk) -> None:
    """Say which scenarios of the desk cannot be run."""
    for issue in left_out_scenarios(desk, estimates.model_of(desk)):
        terminal.warn(str(issue))


def code_of_run(report: Report) -> int:
    """Return the exit code of a run that ended: partial before broken limits."""
    if report.status != "complete":
        return INPUT
    return (
        code_of_limits(report.tables["limits"]) if "limits" in report.tables else DONE
    )


def code_of_limits(found: Table) -> int:
    """Return the exit code of limits: broken, unless each breach is waived."""
    return BREACHED if broken(found) else DONE


def finish(
    desk: Desk, found: Table, *, as_json: bool, out: Path | None, show: bool = True
) -> int:
    """Give a table, say what was left out of it, and return the exit code."""
    if show:
        give(found, as_json=as_json)
    keep(found, out)
    errors = [i for i in desk.issues if i.severity is Severity.ERROR]
    if errors:
        terminal.warn(str(input_error(errors)))
        terminal.warn(f"{len(desk.left_out)} positions were left out; see `check`")
        return INPUT
    return DONE


def give(found: Table, *, as_json: bool) -> None:
    """Print a table."""
    if as_json:
        terminal.print_json(terminal.json_table(found))
    else:
        terminal.show_table(found)


def keep(found: Table, out: Path | None) -> None:
    """Write a table if a folder is given that holds no run.

    Raises
    ------
    UsageError
        If it holds one: a run is never changed.
    """
    if out is None:
        return
    if run_in(out) is not None:
        raise UsageError(f"{out} holds a run, which is never changed; choose another")
    out.mkdir(parents=True, exist_ok=True)
    write_table(found, out, found.title)
