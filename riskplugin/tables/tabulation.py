"""The questions a desk asks, answered as labelled tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Vector
from riskplugin.book import KEYS, Grouping, grouped
from riskplugin.columns.core import LOADING
from riskplugin.desk import Desk
from riskplugin.errors import (
    Issue,
    Place,
    ScenarioError,
    Severity,
    UsageError,
    did_you_mean,
    listing,
)
from riskplugin.exposure import exposures
from riskplugin.factors.drivers import retracement
from riskplugin.factors.model import MEMORY, FactorModel
from riskplugin.factors.standins import ASSUMED, PROXIED
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.regimes import not_runnable, parts, stress_parts

SCENARIO = "scenario"
POSITION = "position"
SHORT_FX = "short-fx-history"
SESSIONS_A_YEAR = 252
Wanted = str | Scenario | Iterable[str | Scenario] | None


def keys_of(by: str | Iterable[str], extra: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the keys of a table.

    Raises
    ------
    UsageError
        Naming the keys that no table has or that stand twice.
    """
    keys = (by,) if isinstance(by, str) else tuple(map(str, by))
    allowed = (*extra, *KEYS)
    for key in keys:
        if key not in allowed:
            raise UsageError(f"cannot group by {key!r}; {did_you_mean(key, allowed)}")
    if len(set(keys)) < len(keys) or not keys:
        raise UsageError(f"group by one or more distinct keys, got {keys}")
    return keys


def exposure_table(desk: Desk, model: FactorModel, by: str | Iterable[str]) -> Table:
    """Return exposures by the keys `by`; of the whole desk by none."""
    keys = keys_of(by) if by else ()
    grouping = grouped(desk.book, keys)
    rows = rows_of(desk, model)
    beta = model.unit_beta()
    delta = model.contracts.delta[rows] if model.contracts.curved.any() else None
    stand_in = np.isin(np.array(model.with_currency()), (PROXIED, ASSUMED))
    own = beta[rows], stand_in[rows], delta
    figures = exposures(desk.book, grouping, navs(desk), *own)
    columns = {**keys_in(grouping), **figures}
    return table("exposures", desk.as_of, columns)


def navs(desk: Desk) -> dict[str, float]:
    """Return the NAV of every book given, NaN if unknown.

    A book whose positions were all left out still counts in the desk's NAV.
    """
    books = {*desk.book.labels["book"].names, *filter(None, desk.left_out["book"])}
    return {book: desk.settings.nav.get(book, np.nan) for book in sorted(books)}


def keys_in(grouping: Grouping) -> dict[str, object]:
    """Return the labels of each group, positions as numbers."""
    return {
        key: np.array(names, dtype=np.int64) if key == POSITION else names
        for key, names in grouping.keys.items()
    }


def group_names(grouping: Grouping) -> list[str]:
    """Return each group's labels in one."""
    if not grouping.keys:
        return ["total"]
    return [", ".join(labels) for labels in zip(*grouping.keys.values(), strict=True)]


def rows_of(desk: Desk, model: FactorModel) -> Codes:
    """Return the row of each position's instrument in the model, shape (P,)."""
    row = {name: i for i, name in enumerate(model.instruments)}
    held = desk.book.labels["instrument"]
    return np.array([row[n] for n in held.names], dtype=np.int64)[held.codes]


def runnable_scenarios(desk: Desk, model: FactorModel) -> ScenarioSet:
    """Return the scenarios of the desk whose drivers can be moved, in their regime."""
    return ScenarioSet(
        tuple(s for s in desk.scenarios if not any(not_runnable(s, model)))
    )


def chosen_scenarios(desk: Desk, model: FactorModel, wanted: Wanted) -> ScenarioSet:
    """Return the scenarios asked for; by default all whose drivers can be moved.

    Raises
    ------
    UsageError
        If none is asked for.
    ScenarioError
        If a name is unknown, or none of the desk's can be run.
    """
    if wanted is None:
        runnable = runnable_scenarios(desk, model)
        if len(desk.scenarios) and not len(runnable):
            reasons = dict.fromkeys(i.message for i in left_out_scenarios(desk, model))
            raise ScenarioError("no scenario can be run: " + listing(reasons, 3))
        return runnable
    asked = [wanted] if isinstance(wanted, str | Scenario) else list(wanted)
    if not asked:
        raise UsageError("no scenario asked for: name one, or none for all")
    return desk.scenarios.choose(asked)


def model_issues(desk: Desk, model: FactorModel) -> list[Issue]:
    """Return what only the model can tell: scenarios and currencies it cannot move."""
    found = left_out_scenarios(desk, model)
    said = {i.where.column for i in desk.issues if i.code == SHORT_FX}
    count = len(model.instruments)
    for name, source in zip(model.currencies, model.provenance[count:], strict=True):
        if source == ASSUMED and name in model.held_currencies() - said:
            message = "too few windows: held still unless a scenario names it"
            hint = "give a rate for every session"
            place = Place("fx", column=name)
            found.append(Issue(SHORT_FX, place, message, hint, Severity.WARNING))
    return [*found, *unknown_loadings(desk, model)]


def unknown_loadings(desk: Desk, model: FactorModel) -> Iterator[Issue]:
    """Warn of what is held and of whose moves nothing is known, in money.

    A scenario moves it where it names it and not otherwise, so that its part of every
    P&L stands at 0.
    """
    rows = rows_of(desk, model)
    count = len(model.instruments)
    without = np.isnan(model.loadings[:count]).any(axis=1) | (not model.drivers)
    without &= np.array(model.provenance[:count]) == ASSUMED
    lost = without[rows]
    if not lost.any():
        return
    value = np.abs(desk.book.reference_value)
    held = np.flatnonzero(without & (np.bincount(rows, minlength=count) > 0))
    sums = np.bincount(rows, weights=value, minlength=count)
    names = [model.instruments[int(i)] for i in held[np.argsort(-sums[held])]]
    why = "" if model.drivers else "; no driver has enough history of prices"
    base = desk.settings.base_currency
    yield Issue(
        "unknown-loadings",
        Place("prices", column="date"),
        f"nothing is known of how {listing(names)} move ({value[lost].sum():,.0f} "
        f"{base} gross{why}): they stand still, at a P&L of 0, in every scenario that "
        "does not name them",
        f"give {desk.settings.min_overlap + desk.settings.return_sessions} sessions of "
        "prices or more, of the drivers' members too",
        Severity.WARNING,
    )


def left_out_scenarios(desk: Desk, model: FactorModel) -> list[Issue]:
    """Return a warning per scenario of the desk that cannot be run, with the reason."""
    issues = []
    for scenario in desk.scenarios:
        for fault, hint in not_runnable(scenario, model):
            place = Place("scenarios", column=scenario.name)
            message = f"left out: {fault}"
            issues.append(
                Issue("scenario-left-out", place, message, hint, Severity.WARNING)
            )
    return issues


@one_blas_thread
def stress_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    confidence: float,
) -> Table:
    """Return stress P&L by the keys `by`; the scenario first if not among them."""
    keys = keys_of(by, (SCENARIO,))
    keys = keys if SCENARIO in keys else (SCENARIO, *keys)
    resolved = parts(scenarios, model, desk.universe)
    labels = tuple(k for k in keys if k != SCENARIO)
    grouping = grouped(desk.book, labels)
    done = stress_parts(
        desk.book, grouping, resolved, confidence, desk.settings.unwind_share
    )
    before = labels[: keys.index(SCENARIO)]
    order = row_order(len(grouping), len(scenarios), scenario_first=not before)
    group, scenario = order
    columns: dict[str, object] = {}
    names = scenarios.names()
    for key in keys:
        if key == SCENARIO:
            columns[key] = [names[s] for s in scenario]
        else:
            labels_of = np.array(keys_in(grouping)[key], dtype=object)
            columns[key] = labels_of[group].tolist()
    for f in fields(done):
        columns[f.name] = getattr(done, f.name)[group, scenario]
    return table("stress", desk.as_of, columns)


def row_order(
    groups: int, scenarios: int, *, scenario_first: bool
) -> tuple[Codes, Codes]:
    """Return group and scenario of each row of a table over both."""
    if scenario_first:
        scenario, group = np.divmod(np.arange(groups * scenarios), groups)
    else:
        group, scenario = np.divmod(np.arange(groups * scenarios), scenarios)
    return group, scenario


def loading_table(desk: Desk, model: FactorModel, driver: str = MEMORY) -> Table:
    """Return total beta to a driver and partial loadings of every instrument.

    Raises
    ------
    UsageError
        If the desk has no such driver.
    """
    if driver not in model.drivers and driver != MEMORY:
        hint = did_you_mean(driver, model.drivers)
        raise UsageError(f"there is no driver {driver!r} with prices; {hint}")
    count = len(model.instruments)
    beta, error = model.beta(driver)
    own = model.total_beta(model.own_loadings[:count], driver)
    partial = {
        LOADING + d: model.loadings[:count, j] for j, d in enumerate(model.drivers)
    }
    columns = {
        "instrument": list(model.instruments),
        "tier": list(model.tiers),
        f"total_{driver}_beta": beta,
        "standard_error": error,
        f"local_{driver}_beta": model.total_beta(model.loadings[:count], driver),
        f"own_{driver}_beta": own,
        f"tier_{driver}_beta": tier_means(own, model.tiers),
        "windows": model.windows[:count],
        "residual_volatility": model.volatility[:count] * np.sqrt(SESSIONS_A_YEAR),
        "provenance": list(model.provenance[:count]),
        **partial,
        "underlying": model.underlyings(),
    }
    return table("loadings", desk.as_of, columns)


def tier_means(figures: Vector, tiers: Sequence[str]) -> Vector:
    """Return for each instrument the mean of its tier's known figures, NaN if none."""
    names, tier = np.unique(np.array(tiers), return_inverse=True)
    known = ~np.isnan(figures)
    total = np.bincount(tier[known], weights=figures[known], minlength=len(names))
    count = np.bincount(tier[known], minlength=len(names))
    means = np.full(len(names), np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means[tier]


def position_table(desk: Desk) -> Table:
    """Return every position with its value."""
    book = desk.book
    keys = (POSITION, *(k for k in KEYS if k != POSITION))
    labels: Mapping[str, object] = {
        k: [book.labels[k].names[c] for c in book.labels[k].codes] for k in keys
    }
    columns = {
        **labels,
        POSITION: np.arange(1, len(book) + 1),
        "quantity": book.quantity,
        "price": book.price,
        "fx_rate": book.fx_rate,
        "market_value": book.market_value,
    }
    return table("positions", desk.as_of, columns)


def scenario_table(desk: Desk, model: FactorModel) -> Table:
    """Return the desk's scenarios in words."""
    items = list(desk.scenarios)
    columns = {
        SCENARIO: [s.name for s in items],
        "family": [s.family for s in items],
        "severity": [s.severity for s in items],
        "horizon_sessions": [s.horizon_sessions for s in items],
        "core": [core_in_words(s, model) for s in items],
        "description": [s.description for s in items],
        "sources": ["; ".join(s.sources) for s in items],
        "version": [s.version for s in items],
    }
    return table("scenarios", desk.as_of, columns)


def core_in_words(scenario: Scenario, model: FactorModel) -> str:
    """Return what a scenario fixes: ``memory -50%, crypto held; KRW -9%``."""
    moves = [f"{d} {m:+.0%}" if m else f"{d} held" for d, m in scenario.core.items()]
    for driver, share in scenario.retrace.items():
        moves.append(f"{driver} gives back {share:.0%} of its run-up")
        if driver in model.history.names:
            move = retracement(model.history.of(driver), share)
            moves[-1] += (
                ": not known, the prices hold no run-up"
                if move is None
                else f": {np.expm1(move):+.0%} from here"
                if move
                else ": done already"
            )
    fixed = {**scenario.tiers, **scenario.instruments, **scenario.fx}
    rest = [f"{name} {move:+.0%}" for name, move in fixed.items()]
    rest += [f"{tier} x {m:g}" for tier, m in scenario.overshoot.items()]
    return "; ".join(filter(None, [", ".join(moves), ", ".join(rest)]))


def issue_table(issues: Iterable[Issue], as_of: np.datetime64) -> Table:
    """Return findings as a table."""
    found = list(issues)
    columns = {
        "level": [i.severity.value for i in found],
        "code": [i.code for i in found],
        "source": [i.where.source for i in found],
        "row": ["" if i.where.row is None else str(i.where.row) for i in found],
        "column": [i.where.column or "" for i in found],
        "message": [i.message for i in found],
        "hint": [i.hint for i in found],
    }
    return table("issues", as_of, columns)


def without(found: Table, column: str) -> Table:
    """Return a table without one of its columns."""
    kept = {c: found[c] for c in found.columns if c != column}
    return table(found.title, np.datetime64(found.as_of), kept)
