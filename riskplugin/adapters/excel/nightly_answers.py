"""What the functions of the nightly run answer: the store of runs, as it is."""

from functools import lru_cache
from pathlib import Path

from riskplugin import api
from riskplugin.adapters.excel.answers import as_table
from riskplugin.adapters.excel.cells import Code, ExcelError, known
from riskplugin.adapters.excel.session import RUNS_VARIABLE, Session, configured
from riskplugin.attribution.explaining import Explained
from riskplugin.results import Table
from riskplugin.store.layout import Run, counting_runs

LATEST_TWO = -2


def store() -> Path:
    """Return the root of all runs.

    Raises
    ------
    ExcelError
        If none is named.
    """
    named = configured(RUNS_VARIABLE)
    if not named:
        reason = f"no store of runs: set {RUNS_VARIABLE} to the --store of the batch"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    return Path(named)


def nightly(_: Session, metric: str, scope: str | None = None) -> float:
    """Return a figure of the last night's run."""
    found = api.history(store(), metric, scope)
    return float(found["value"].iloc[-1])


def nightly_explain(session: Session, metric: str) -> Table:
    """Return why a figure of the last night is not that of the night before.

    Raises
    ------
    ExcelError
        If the store holds one night only.
    """
    runs = counting_runs(store())[LATEST_TWO:]
    if len(runs) < 2:
        reason = "the store holds one night: there is none before it to compare with"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    found = between(*runs)
    name = known(metric, tuple(dict.fromkeys(found["metric"])), "metric")
    rows = found[found["metric"] == name].drop(columns="metric")
    return as_table("explain", session.world(None).desk, rows)


@lru_cache(maxsize=4)
def between(before: Run, after: Run) -> Explained:
    """Return what moved between two nights; a finished run never changes."""
    return api.explain(before.folder, after.folder)
