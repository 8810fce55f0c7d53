"""What a hedge does where it was not built for, and how much of it is known."""

from dataclasses import replace

import numpy as np

from riskplugin._typing import Vector
from riskplugin.desk import Desk
from riskplugin.errors import ModelError
from riskplugin.estimates import model_of, sample_of
from riskplugin.factors.model import FactorModel
from riskplugin.factors.standins import ASSUMED, PROXIED
from riskplugin.proposals.aims import Aims, TailLimit
from riskplugin.proposals.problem import stressed
from riskplugin.results import Table, table
from riskplugin.risk.bets import session_covariance
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import totals
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.tables.earning import holdings
from riskplugin.tables.tabulation import (
    SESSIONS_A_YEAR,
    rows_of,
    runnable_scenarios,
)

ANY_TAIL = TailLimit(np.inf)
Figure = tuple[str, str, float, float, str]


def basis_table(before: Desk, after: Desk, hedge: Desk | None, aims: Aims) -> Table:
    """Return figures of the desk before and after the trades that nothing limited.

    `hedge` holds the trades alone, None where there are none.
    """
    rows = [
        *other_scenarios(before, after, aims),
        *volatilities(before, after),
        tail_figure(before, after, aims.tail or ANY_TAIL),
        *known_shares(before, after, hedge),
    ]
    names = ("metric", "scope", "before", "after", "remark")
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names)}
    change = np.array(columns["after"]) - np.array(columns["before"])
    ordered = {**{n: columns[n] for n in names[:4]}, "change": change}
    return table("hedge_basis", before.as_of, {**ordered, "remark": columns["remark"]})


def other_scenarios(before: Desk, after: Desk, aims: Aims) -> list[Figure]:
    """Return the P&L of every scenario of the desk that the hedge is not built for."""
    chosen = set(aims.scenarios.names())
    kept = runnable_scenarios(before, model_of(before))
    others = ScenarioSet(tuple(s for s in kept if s.name not in chosen))
    if not len(others):
        return []
    asked = replace(aims, scenarios=others)
    first, second = (stressed(d, asked).pnl[0] for d in (before, after))
    return [
        ("stress_pnl", name, float(a), float(b), "not hedged for")
        for name, a, b in zip(others.names(), first, second, strict=True)
    ]


def volatilities(before: Desk, after: Desk) -> list[Figure]:
    """Return the volatility of a year, and of it what no driver explains."""
    first, second = (annual(d, model_of(d)) for d in (before, after))
    words = ("by the factor model", "what no driver explains: the basis")
    names = ("volatility", "residual_volatility")
    return [
        (name, "desk", float(a), float(b), word)
        for name, a, b, word in zip(names, first, second, words, strict=True)
    ]


def annual(desk: Desk, model: FactorModel) -> Vector:
    """Return volatility and residual volatility of a year, base currency, (2,)."""
    value = np.zeros(len(model.instruments))
    np.add.at(value, rows_of(desk, model), desk.book.reference_value)
    by_drivers = value @ np.nan_to_num(model.per_unit(model.loadings))
    whole = float(value @ session_covariance(model) @ value)
    explained = float(by_drivers @ model.covariance @ by_drivers)
    variance = np.maximum([whole, whole - explained], 0.0)
    volatility: Vector = np.sqrt(variance * SESSIONS_A_YEAR)
    return volatility


def tail_figure(before: Desk, after: Desk, limit: TailLimit) -> Figure:
    """Return the CVaR before and after; NaN where there is too little history."""
    first, second = (cvar(d, limit) for d in (before, after))
    scope = f"{limit.method}, {limit.horizon_sessions} sessions"
    return "CVaR", scope, first, second, f"worst {limit.alpha:.1%}; a loss is > 0"


def cvar(desk: Desk, limit: TailLimit) -> float:
    """Return the CVaR of a desk, NaN where its history is too short."""
    try:
        sample = sample_of(desk, limit.method, limit.horizon_sessions)
    except ModelError:
        return np.nan
    pnl = holdings(desk, sample).pnl[:, None]
    found = totals(Measure.CVAR, pnl, sample.probabilities, limit.alpha)
    return float(found[0])


def known_shares(before: Desk, after: Desk, hedge: Desk | None) -> list[Figure]:
    """Return memory beta, gross, and how much of it stands on others' loadings."""
    rows: list[Figure] = []
    first, second = (standing(d) for d in (before, after))
    for name, a, b in zip(
        ("memory_beta_exposure", "gross"), first, second, strict=False
    ):
        rows.append((name, "desk", a, b, ""))
    words = "share of gross whose loadings are proxied or assumed"
    rows.append(("proxied_share", "desk", first[2], second[2], words))
    if hedge is not None:
        own = standing(hedge)[2]
        rows.append(("proxied_share", "hedge", np.nan, own, "of the trades alone"))
    return rows


def standing(desk: Desk) -> tuple[float, float, float]:
    """Return memory-beta exposure, gross, and the share of it that others stand for."""
    model, book = model_of(desk), desk.book
    rows, gross = rows_of(desk, model), np.abs(book.market_value)
    beta = float(book.reference_value @ model.unit_beta()[rows])
    stand_in = np.isin(np.array(model.with_currency()), (PROXIED, ASSUMED))[rows]
    whole = float(gross.sum())
    share = float(gross @ stand_in) / whole if whole else np.nan
    return beta, whole, share
