"""What scenarios do to the desk session by session, as tables."""

from collections.abc import Iterable, Iterator

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Matrix
from riskplugin.book import Grouping, grouped
from riskplugin.desk import Desk
from riskplugin.errors import UsageError
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.course import Course, course_of
from riskplugin.stressing.path import (
    Unfolded,
    highest_of,
    path_groups,
    worst_of,
)
from riskplugin.stressing.regimes import runs
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.tabulation import keys_in, keys_of

SCENARIO, SESSION = "scenario", "session"
PARTS = ("pnl", "direct", "propagated", "overshoot", "convexity", "liquidity")
BAND = ("low", "high")
SUMMARY = (
    "pnl", "worst", "worst_session", "breach_session", "cash_called", "margin_called",
)  # fmt: skip
CELLS = 3_000_000  # groups x sessions that a summary holds at once


@one_blas_thread
def path_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    confidence: float,
) -> Table:
    """Return the P&L of every session of each scenario, by the keys `by`.

    Rows are by scenario, session from 0 to the horizon, then keys; no key gives the
    whole desk.
    """
    grouping = grouping_by(desk, by)
    found = [
        path_columns(path_of(desk, own, some, grouping, confidence), some, grouping)
        for own, some in runs(scenarios, model, desk.universe) or [(model, scenarios)]
    ]
    columns: dict[str, object] = {}
    for key in found[0]:
        column = np.concatenate([part[key] for part in found])
        columns[key] = column.tolist() if column.dtype == object else column
    return table("stress_path", desk.as_of, columns)


def path_columns(
    path: Unfolded, scenarios: ScenarioSet, grouping: Grouping
) -> dict[str, np.ndarray]:
    """Return the columns of the paths of scenarios that one model serves."""
    row, group = np.divmod(np.arange(path.stressed.pnl.size), max(len(grouping), 1))
    names = np.array(scenarios.names(), dtype=object)
    columns = {
        SCENARIO: names[path.course.scenario[row]],
        SESSION: path.course.session[row],
    }
    for key, labels in keys_in(grouping).items():
        columns[key] = np.array(labels, dtype=object)[group]
    for name in (*PARTS, *BAND):
        columns[name] = flat(getattr(path.stressed, name))
    columns["cash_called"] = flat(path.called.cash)
    columns["margin_called"] = flat(path.called.margin)
    return columns


@one_blas_thread
def path_summary_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    confidence: float,
    loss: float | None = None,
) -> Table:
    """Return the worst of each path and what it asks for on the way.

    Parameters
    ----------
    loss : float, optional
        In base currency, above 0: the first session at which a row loses as much is
        sought.

    Raises
    ------
    UsageError
        If the loss is not above 0.
    """
    if loss is not None and not loss > 0:
        raise UsageError(f"loss is {loss}, an amount above 0 is needed")
    grouping = grouping_by(desk, by)
    limit = np.nan if loss is None else float(loss)
    found = [
        summary_of(path_of(desk, own, some, grouping, confidence), limit)
        for own, run in runs(scenarios, model, desk.universe)
        for some in batches(run, len(grouping))
    ]
    groups = max(len(grouping), 1)
    scenario, group = np.divmod(np.arange(len(scenarios) * len(grouping)), groups)
    columns: dict[str, object] = {
        SCENARIO: np.array(scenarios.names(), dtype=object)[scenario].tolist()
    }
    for key, labels in keys_in(grouping).items():
        columns[key] = np.array(labels, dtype=object)[group].tolist()
    sessions = np.array([int(s.horizon_sessions) for s in scenarios], dtype=np.int64)
    columns["horizon_sessions"] = sessions[scenario]
    none = np.zeros((len(grouping), 0))
    for name in SUMMARY:
        parts = [none, *(figures[name] for figures in found)]
        columns[name] = flat(np.concatenate(parts, axis=1))
    return table("stress_path_summary", desk.as_of, columns)


def summary_of(path: Unfolded, loss: float) -> dict[str, Matrix]:
    """Return the figures of `SUMMARY`, each of shape (G, S)."""
    course, pnl = path.course, path.stressed.pnl
    worst = worst_of(pnl, course, loss)
    figures = (
        pnl[:, course.ends],
        worst.pnl,
        worst.session,
        worst.breach,
        highest_of(path.called.cash, course),
        highest_of(path.called.margin, course),
    )
    return dict(zip(SUMMARY, figures, strict=True))


def batches(scenarios: ScenarioSet, groups: int) -> Iterator[ScenarioSet]:
    """Yield the scenarios, as many together as `CELLS` allows and at least one."""
    some: list[Scenario] = []
    cells = 0
    for scenario in scenarios:
        own = groups * int(scenario.horizon_sessions)
        if some and cells + own > CELLS:
            yield ScenarioSet(tuple(some))
            some, cells = [], 0
        some.append(scenario)
        cells += own
    if some:
        yield ScenarioSet(tuple(some))


def grouping_by(desk: Desk, by: str | Iterable[str]) -> Grouping:
    """Return the groups of the keys `by`; one group for none.

    Scenario and session stand first, named or not.
    """
    first = (SCENARIO, SESSION)
    keys = keys_of(by, first) if by else ()
    return grouped(desk.book, [key for key in keys if key not in first])


def path_of(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    grouping: Grouping,
    confidence: float,
) -> Unfolded:
    """Return the paths of `scenarios` for the groups of the desk's book."""
    grid = shock_grid(scenarios, model, desk.universe)
    course = course_by_tier(desk, scenarios)
    unwound = desk.settings.unwind_share
    return path_groups(desk.book, grouping, grid, course, confidence, unwound)


def course_by_tier(desk: Desk, scenarios: ScenarioSet) -> Course:
    """Return how far every tier of the desk has got at every session."""
    shares = {tier.name: tier.half_life_share for tier in desk.universe.tiers}
    return course_of(scenarios, shares)


def flat(figures: Matrix) -> Matrix:
    """Return a (group, row) array as one column, row by row."""
    return np.ascontiguousarray(figures.T).reshape(-1)
