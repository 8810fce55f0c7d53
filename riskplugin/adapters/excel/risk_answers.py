"""What the functions of risk measures answer; like the others, without arithmetic."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from riskplugin import api
from riskplugin.adapters.excel.answers import TOTAL, as_table, with_names
from riskplugin.adapters.excel.cells import known
from riskplugin.adapters.excel.session import Held, Session
from riskplugin.book import KEYS
from riskplugin.results import Table

AsOf = dt.date | None


def measured(
    held: Held,
    measures: tuple[str, ...] | None,
    keys: tuple[str, ...],
    how: dict[str, Any],
) -> Table:
    """Return measures of a book, computed once."""
    alpha, rest = chosen(**how)
    return held.answer(
        ("measures", measures, keys, alpha, *rest.values()),
        lambda desk: api.measures(desk, measures, alpha, keys, **rest),
    )


def chosen(
    alpha: float = 0.05, method: str = "historical", horizon: int = 1
) -> tuple[float, dict[str, Any]]:
    """Return the tail, and how the past becomes scenarios, as given or by default."""
    return alpha, {"horizon_sessions": horizon, "method": method.casefold()}


def measure(
    session: Session,
    positions: object,
    measure: str,
    asof: AsOf = None,
    **how: Any,  # noqa: ANN401 - as `chosen`
) -> float:
    """Return a measure of the whole book; a loss is > 0."""
    found = measured(session.held(positions, asof), (measure,), (), how)
    return float(found["total"].iloc[0])


def measure_table(
    session: Session,
    positions: object,
    measures: Sequence[str] | None = None,
    asof: AsOf = None,
    **how: Any,  # noqa: ANN401
) -> Table:
    """Return several measures of the whole book, in money and of NAV."""
    held = session.held(positions, asof)
    found = measured(held, None if measures is None else tuple(measures), (), how)
    columns = ["measure", "total", "total_pct_nav", "own_history"]
    return as_table("measures", held.desk, found[[*columns, "independent_scenarios"]])


def contribution(
    session: Session,
    positions: object,
    measure: str,
    by: str | None = None,
    asof: AsOf = None,
    **how: Any,  # noqa: ANN401
) -> Table:
    """Return what each tier, book, instrument, … has to do with a measure."""
    held = session.held(positions, asof)
    key = known(by or "tier", (*KEYS, TOTAL), "by")
    keys = () if key == TOTAL else with_names(key)
    found = measured(held, (measure,), keys, how)
    columns = ["component", "share", "marginal", "incremental", "standalone"]
    return as_table("contributions", held.desk, found[[*keys, *columns, "own_history"]])


def factor_risk(
    session: Session,
    positions: object,
    measure: str,
    asof: AsOf = None,
    **how: Any,  # noqa: ANN401
) -> Table:
    """Return which share of a measure comes from each driver."""
    held = session.held(positions, asof)
    alpha, rest = chosen(**how)
    return held.answer(
        ("factor_risk", measure, alpha, *rest.values()),
        lambda desk: api.factor_risk(desk, measure, alpha, **rest),
    )


def sample_table(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return how much history stands behind the measures of a book."""
    held = session.held(positions, asof)
    return held.answer("samples", api.samples)
