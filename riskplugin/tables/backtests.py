"""Value at risk of past nights against what came, as labelled tables."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.book import Grouping, grouped
from riskplugin.bundles import Backtest, backtest_table
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError, listing
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table, table
from riskplugin.risk import backtests
from riskplugin.risk.rescaling import FEWEST
from riskplugin.risk.sampling import HORIZONS, Method, past
from riskplugin.risk.track import Finding, TrackRecord
from riskplugin.risk.walkforward import Fit, Held, Nights, Plan, walk_forward
from riskplugin.tables.tabulation import group_names, keys_in, keys_of

SEED = 1996  # of the simulated tests: the same record, the same p-values


LONGEST_WINDOW = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: as `api.backtest`."""

    method: str
    confidence: float
    nights: int
    window: int | None
    sessions: int


def planned(desk: Desk, model: FactorModel, asked: Asked) -> Plan:
    """Return how the nights are forecast.

    Raises
    ------
    UsageError
        If there is no such method, horizon or level.
    ModelError
        If the history is too short for any window.
    """
    method, sessions = asked.method, asked.sessions
    if method not in {m.value for m in Method}:
        raise UsageError(f"method is {method!r}; known: {listing(Method)}")
    if sessions not in HORIZONS:
        msg = f"horizon_sessions is {sessions}; known: {listing(map(str, HORIZONS))}"
        raise UsageError(msg)
    window = asked.window
    if window is None:
        half = len(past(desk, model, sessions)) // 2
        if half < FEWEST:
            msg = f"{2 * half} windows of history are too few to backtest: at least "
            raise ModelError(msg + f"{2 * FEWEST} are needed")
        window = min(LONGEST_WINDOW, half)
    return Plan(Method(method), asked.confidence, asked.nights, window, sessions)


@one_blas_thread
def backtest(desk: Desk, fit: Fit, plan: Plan, by: str | Iterable[str]) -> Backtest:
    """Return the tests of the forecasts of past nights, by the keys `by`."""
    grouping = grouped(desk.book, keys_of(by) if by else ())
    nights = walk_forward(desk, fit, holdings(desk, grouping), plan)
    found = [judged(nights, g, plan) for g in range(len(grouping))]
    findings = [(f,) if isinstance(f, Finding) else f.findings for f in found]
    counts = [len(part) for part in findings]
    flat = [finding for part in findings for finding in part]
    columns: dict[str, object] = {
        key: np.repeat(np.asarray(names), counts)
        for key, names in keys_in(grouping).items()
    }
    known = (~np.isnan(nights.pnl)).sum(axis=0)
    columns["nights"] = np.repeat(known, counts)
    for name in ("test", "figure", "statistic", "p_value", "verdict", "note"):
        columns[name] = [getattr(finding, name) for finding in flat]
    records = {
        label: (f, nights.dates[~np.isnan(nights.pnl[:, g])])
        for g, (label, f) in enumerate(zip(group_names(grouping), found, strict=True))
        if not isinstance(f, Finding)
    }
    tests = table("backtest", desk.as_of, columns)
    return backtest_table(tests, night_table(desk, nights, grouping), records)


def holdings(desk: Desk, grouping: Grouping) -> Held:
    """Return the names held, and their value in every group."""
    held = desk.book.labels["instrument"]
    cell = held.codes * len(grouping) + grouping.codes
    values = np.bincount(
        cell,
        weights=desk.book.reference_value,
        minlength=len(held.names) * len(grouping),
    )
    return Held(held.names, values.astype(float).reshape(len(held.names), -1))


def judged(nights: Nights, group: int, plan: Plan) -> backtests.Backtest | Finding:
    """Return what the tests say of a group, or why there is nothing to test."""
    there = ~np.isnan(nights.pnl[:, group])
    safe = there & ~(nights.expected_shortfall[:, group] > 0)
    if not there.any():
        return untested("nothing held had a price of its own on any night")
    if safe.any():
        return untested(f"on {safe.sum()} nights the forecast is no loss at all")
    track = TrackRecord(
        nights.pnl[there, group],
        nights.value_at_risk[there, group],
        nights.expected_shortfall[there, group],
        plan.confidence,
        plan.sessions,
    )
    return backtests.backtest(track, np.random.Generator(np.random.PCG64(SEED)))


def untested(reason: str) -> Finding:
    """Return the row of a group that there is nothing to test of."""
    return Finding("none", np.nan, np.nan, np.nan, "not tested", reason)


def night_table(desk: Desk, nights: Nights, grouping: Grouping) -> Table:
    """Return every forecast beside what came."""
    count, groups = nights.pnl.shape
    labels = {k: [*np.asarray(v)] * count for k, v in keys_in(grouping).items()}
    beyond = (-nights.pnl > nights.value_at_risk).astype(np.float64)
    exception = np.where(np.isnan(nights.pnl), np.nan, beyond)
    return table(
        "backtest_nights",
        desk.as_of,
        {
            "night": np.repeat(nights.dates, groups),
            **labels,
            "pnl": nights.pnl.ravel(),
            "value_at_risk": nights.value_at_risk.ravel(),
            "expected_shortfall": nights.expected_shortfall.ravel(),
            "exception": exception.ravel(),
            "covered": nights.covered.ravel(),
        },
    )
