"""Risk measures of a desk, and where they come from, as labelled tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Vector
from riskplugin.book import Book, Grouping, grouped
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError
from riskplugin.results import Table, table
from riskplugin.risk.bets import effective_bets, session_covariance
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure, Measured, measure_named
from riskplugin.risk.measuring import components, incremental, measured, totals
from riskplugin.risk.riskfolio_totals import riskfolio_total
from riskplugin.risk.sampling import HORIZONS, Method, Sample
from riskplugin.risk.smoothing import SMOOTHED, smoothed
from riskplugin.tables.earning import Holdings, holdings
from riskplugin.tables.tabulation import group_names, keys_in, keys_of, navs, rows_of

GROUPS_AT_ONCE = 256
SPECIFIC = "specific"
Wanted = str | Iterable[str] | None


def wanted_measures(measure: Wanted) -> tuple[Measure, ...]:
    """Return the measures asked for; all of them by None.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if measure is None:
        return tuple(Measure)
    asked = (measure,) if isinstance(measure, str) else tuple(measure)
    found = tuple(dict.fromkeys(measure_named(m) for m in asked))
    if not found:
        raise UsageError("no measure asked for: name one, or none for all")
    return found


def fitting(wanted: Sequence[Measure], sessions: int, *, strict: bool) -> list[Measure]:
    """Return those of `wanted` that windows of `sessions` can tell.

    Raises
    ------
    UsageError
        If one cannot be told and `strict`.
    """
    along = [m for m in wanted if DEFINITIONS[m].in_time_order and sessions != 1]
    if along and strict:
        names = ", ".join(along)
        msg = f"{names}: a drawdown runs along single sessions, so horizon_sessions "
        raise UsageError(msg + f"must be 1, not {sessions}")
    return [m for m in wanted if m not in along]


@one_blas_thread
def measure_table(
    desk: Desk,
    sample: Sample,
    measure: Wanted,
    alpha: float,
    by: str | Iterable[str],
    smoothing: float = 0.0,
) -> Table:
    """Return measures of the whole desk and what each group has to do with them."""
    if not 0 < alpha < 1:
        raise UsageError(f"alpha is {alpha}, a tail between 0 and 1 is needed")
    keys = keys_of(by) if by else ()
    chosen = fitting(
        wanted_measures(measure), sample.sessions, strict=measure is not None
    )
    held = holdings(desk, sample)
    return measures_of(
        desk, sample, held, held.pnl, Asked(chosen, alpha, keys, smoothing)
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of measures: which, at which tail, of which groups."""

    measures: Sequence[Measure]
    alpha: float
    keys: tuple[str, ...]
    smoothing: float = 0.0


@one_blas_thread
def measures_of(
    desk: Desk, sample: Sample, held: Holdings, whole: Vector, asked: Asked
) -> Table:
    """Return measures of the whole book and what groups of some of it have to do.

    Parameters
    ----------
    desk : Desk
    sample : Sample
    held : Holdings
        All positions, or some of them in a row: whole groups.
    whole : ndarray of shape (T,)
        P&L of all positions.
    asked : Asked
    """
    chosen, grouping = asked.measures, grouped(held.book, asked.keys)
    contributed = [
        of_pnl(whole, sample, m, asked.alpha, asked.smoothing) for m in chosen
    ]
    figures = [
        of_measure((held, whole), grouping, sample, m, (asked.alpha, found))
        for m, found in zip(chosen, contributed, strict=True)
    ]
    columns = {name: np.concatenate([f[name] for f in figures]) for name in figures[0]}
    nav = sum(navs(desk).values()) if desk.settings.nav else np.nan
    labels = {k: [*np.asarray(v)] * len(chosen) for k, v in keys_in(grouping).items()}
    own = own_history(held.book, held.rows[held.name], sample, grouping)
    return table(
        "measures",
        desk.as_of,
        {
            **labels,
            "group": group_names(grouping) * len(chosen),
            "measure": np.repeat([m.value for m in chosen], len(grouping)),
            **columns,
            "total_pct_nav": columns["total"] / nav,
            "component_pct_nav": columns["component"] / nav,
            "own_history": np.tile(own, len(chosen)),
            "independent_scenarios": np.full(
                len(chosen) * len(grouping), sample.independent
            ),
        },
    )


def whole_of(
    held: Holdings, sample: Sample, measure: Measure, alpha: float, smoothing: float
) -> Measured:
    """Return a measure of the whole book with the weights of its scenarios."""
    return of_pnl(held.pnl, sample, measure, alpha, smoothing)


def of_pnl(
    pnl: Vector, sample: Sample, measure: Measure, alpha: float, smoothing: float
) -> Measured:
    """Return a measure of a P&L (T,) with the weights of its scenarios."""
    whole, probabilities = pnl[:, None], sample.probabilities
    if smoothing and measure in SMOOTHED:
        return smoothed(measure, whole, probabilities, alpha, smoothing)
    return measured(measure, whole, probabilities, alpha)


def of_measure(
    of_book: tuple[Holdings, Vector],
    grouping: Grouping,
    sample: Sample,
    measure: Measure,
    of_whole: tuple[float, Measured],
) -> dict[str, Vector]:
    """Return one measure's columns, a row per group."""
    (held, whole), probabilities = of_book, sample.probabilities
    alpha, found = of_whole
    total = float(found.total[0])
    per_unit = components(found.weights[:, 0], held.unit)
    component = grouping.total(held.book.reference_value * per_unit[held.name])
    alone, without = np.empty(len(grouping)), np.empty(len(grouping))
    for groups in column_slices(len(grouping)):
        parts = held.unit @ held.values(grouping, groups)
        alone[groups] = totals(measure, parts, probabilities, alpha)
        without[groups] = incremental(measure, whole, parts, probabilities, alpha)
    net = grouping.total(held.book.market_value)
    gross = grouping.total(np.abs(held.book.market_value))
    nets = np.abs(net) > 1e-9 * gross
    return {
        "total": np.full(len(grouping), total),
        "component": component,
        "marginal": np.divide(
            component, net, out=np.full_like(net, np.nan), where=nets
        ),
        "incremental": without,
        "share": component / total if total else np.full_like(net, np.nan),
        "standalone": alone,
    }


def column_slices(groups: int) -> Iterator[slice]:
    """Yield the groups in pieces whose P&L fits into little memory."""
    for first in range(0, groups, GROUPS_AT_ONCE):
        yield slice(first, min(groups, first + GROUPS_AT_ONCE))


def own_history(book: Book, rows: Codes, sample: Sample, grouping: Grouping) -> Vector:
    """Return the share of gross x scenarios that is the names' own history, (G,).

    `rows` (P,) is the row of each position in the model.
    """
    gross = np.abs(book.market_value)
    own = grouping.total(gross * sample.own_share()[rows])
    total = grouping.total(gross)
    return np.divide(own, total, out=np.full_like(own, np.nan), where=total > 0)


def replication_table(
    desk: Desk, sample: Sample, measure: Wanted, alpha: float
) -> Table:
    """Return measures of the whole desk beside riskfolio-lib's own.

    Raises
    ------
    UsageError
        If the scenarios are not equally probable: riskfolio knows no others.
    """
    if np.ptp(sample.probabilities) > 0:
        msg = f"the scenarios of {sample.method.value!r} are not equally probable, and "
        raise UsageError(msg + "riskfolio knows no others; take historical or filtered")
    chosen = fitting(
        wanted_measures(measure), sample.sessions, strict=measure is not None
    )
    whole = holdings(desk, sample).pnl
    rows = [replicated(m, whole, sample.probabilities, alpha) for m in chosen]
    names = ("measure", "total", "riskfolio", "difference", "reason")
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names)}
    return table("replication", desk.as_of, columns)


def replicated(
    measure: Measure, whole: Vector, probabilities: Vector, alpha: float
) -> tuple[str, float, float, float, str]:
    """Return a measure beside riskfolio's, their difference, or why there is none."""
    total = float(totals(measure, whole[:, None], probabilities, alpha)[0])
    try:
        other = riskfolio_total(measure, whole, alpha)
    except ModelError as error:
        return measure.value, total, np.nan, np.nan, str(error)
    return measure.value, total, other, total / other - 1 if other else np.nan, ""


@one_blas_thread
def factor_table(
    desk: Desk, sample: Sample, measure: str, alpha: float, by: str | Iterable[str]
) -> Table:
    """Return which share of a measure comes from each driver and from no driver.

    The P&L of a group splits into its exposure to each driver times that driver's
    return, and the rest; the components of these add up to the measure.
    """
    keys = keys_of(by) if by else ()
    (chosen,) = fitting([measure_named(measure)], sample.sessions, strict=True)
    grouping, held, model = (
        grouped(desk.book, keys),
        holdings(desk, sample),
        sample.model,
    )
    found = measured(chosen, held.pnl[:, None], sample.probabilities, alpha)
    weights, total = found.weights[:, 0], float(found.total[0])
    values = held.values(grouping, slice(None))
    exposure = model.per_unit(model.loadings)[held.rows].T @ values  # (J, G)
    of_driver = -(weights @ sample.history.drivers)[:, None] * exposure
    component = values.T @ components(weights, held.unit)
    parts = np.vstack([of_driver, component - of_driver.sum(axis=0)])
    names = [*model.drivers, SPECIFIC]
    bets = effective_bets(
        session_covariance(model)[np.ix_(held.rows, held.rows)], values
    )
    repeated = {
        k: np.repeat(np.asarray(v), len(names)) for k, v in keys_in(grouping).items()
    }
    return table(
        "factor_risk",
        desk.as_of,
        {
            **repeated,
            "measure": [chosen.value] * parts.size,
            "factor": names * len(grouping),
            "component": parts.T.ravel(),
            "share": parts.T.ravel() / total if total else np.full(parts.size, np.nan),
            "effective_bets": np.repeat(bets, len(names)),
        },
    )


@one_blas_thread
def pnl_table(desk: Desk, sample: Sample, by: str | Iterable[str]) -> Table:
    """Return the P&L of every group in every scenario."""
    keys = keys_of(by) if by else ()
    grouping, held = grouped(desk.book, keys), holdings(desk, sample)
    pnl = held.unit @ held.values(grouping, slice(None))
    count = len(grouping)
    repeated = {
        k: [*np.asarray(v)] * len(sample.history) for k, v in keys_in(grouping).items()
    }
    return table(
        "pnl_scenarios",
        desk.as_of,
        {
            "end": np.repeat(sample.history.ends, count),
            "probability": np.repeat(sample.probabilities, count),
            **repeated,
            "pnl": pnl.ravel(),
        },
    )


def sample_table(desk: Desk, sample_of: Callable[[str, int], Sample]) -> Table:
    """Return how much history stands behind each method and horizon."""
    rows = [facts(desk, sample_of, m, s) for m in Method for s in HORIZONS]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return table("samples", desk.as_of, columns)


NO_SAMPLE: Mapping[str, object] = {
    "scenarios": 0,
    "first": "",
    "last": "",
    "effective_scenarios": np.nan,
    "independent_scenarios": np.nan,
    "own_history": np.nan,
    "memory_drift": np.nan,
}


def facts(
    desk: Desk, sample_of: Callable[[str, int], Sample], method: Method, sessions: int
) -> dict[str, object]:
    """Return what stands behind one method and horizon, or why nothing does."""
    row: dict[str, object] = {"method": method.value, "horizon_sessions": sessions}
    try:
        found = sample_of(method, sessions)
    except ModelError as error:
        return {**row, **NO_SAMPLE, "reason": str(error)}
    rows, whole = rows_of(desk, found.model), grouped(desk.book, ())
    own = own_history(desk.book, rows, found, whole)
    drift = np.nan if found.regime is None else np.expm1(found.regime.drift)
    return row | {
        "scenarios": len(found.history),
        "first": str(found.history.ends[0]),
        "last": str(found.history.ends[-1]),
        "effective_scenarios": found.effective,
        "independent_scenarios": found.independent,
        "own_history": float(own[0]),
        "memory_drift": drift,
        "reason": "",
    }
