"""What the functions of risk measures answer; like the others, without arithmetic."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from riskplugin import api
from riskplugin.adapters.excel.answers import TOTAL, as_table, with_names
from riskplugin.adapters.excel.cells import Code, ExcelError, known
from riskplugin.adapters.excel.session import Held, Session
from riskplugin.book import KEYS
from riskplugin.errors import UsageError
from riskplugin.results import Table
from riskplugin.risk.measure import measure_named
from riskplugin.risk.sampling import Method

METHODS = tuple(m.value for m in Method)
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


def named(measure: str) -> str:
    """Return a measure's own name, whatever it is called by.

    Raises
    ------
    ExcelError
        If there is none.
    """
    try:
        return measure_named(measure).value
    except UsageError as error:
        raise ExcelError(Code.NOT_AVAILABLE, str(error)) from error


def chosen(
    alpha: float = 0.05, method: str = "historical", horizon: int = 1
) -> tuple[float, dict[str, Any]]:
    """Return the tail, and how the past becomes scenarios, as given or by default."""
    return alpha, {
        "horizon_sessions": horizon,
        "method": known(method, METHODS, "method"),
    }


def measure(
    session: Session,
    positions: object,
    measure: str,
    asof: AsOf = None,
    **how: Any,  # noqa: ANN401 - as `chosen`
) -> float:
    """Return a measure of the whole book; a loss is > 0."""
    found = measured(session.held(positions, asof), (named(measure),), (), how)
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
    found = measured(
        held, None if measures is None else tuple(map(named, measures)), (), how
    )
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
    found = measured(held, (named(measure),), keys, how)
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
    one = named(measure)
    return held.answer(
        ("factor_risk", one, alpha, *rest.values()),
        lambda desk: api.factor_risk(desk, one, alpha, **rest),
    )


def sample_table(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return how much history stands behind the measures of a book."""
    held = session.held(positions, asof)
    return held.answer("samples", api.samples)


def backtest(
    session: Session,
    positions: object,
    confidence: float = 0.99,
    method: str = "historical",
    horizon: int = 1,
    asof: AsOf = None,
) -> Table:
    """Return how the value at risk of past nights has fared."""
    held = session.held(positions, asof)
    how = known(method, METHODS, "method")
    found = held.answer(
        ("backtest", confidence, how, horizon),
        lambda desk: api.backtest(
            desk, confidence, horizon_sessions=horizon, method=how
        ),
    )
    return as_table("backtest", held.desk, found)
