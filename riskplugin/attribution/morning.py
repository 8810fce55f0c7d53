"""The morning after: what yesterday's book really made, beside what was said of it."""

from collections.abc import Iterator

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.attribution.steps import holding
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError
from riskplugin.estimates import model_of, sample_of
from riskplugin.inputs.valuation import base_rates
from riskplugin.market import Market
from riskplugin.pipeline import ALPHA
from riskplugin.pricing.linear import delta_one, is_funded
from riskplugin.results import Table, table
from riskplugin.risk.measure import Measure
from riskplugin.risk.sampling import HORIZONS
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.tables.earning import holdings
from riskplugin.tables.risk import whole_of
from riskplugin.tables.tabulation import runnable_scenarios, stress_table

Row = tuple[str, float, str]
SAID = {Measure.VAR: "value_at_risk", Measure.CVAR: "expected_shortfall"}


def realised(before: Desk, after: Desk) -> Table:
    """Return what the book of `before` made until `after`, beside what was said of it.

    Each position makes what its own closes and its currency's rates in the market of
    `after` say, of the value that it had: so a price of the desk's own, or a split,
    is no profit. Nothing traded in between counts. A name without a close after
    `before` is not covered, and is in no figure but `covered`.

    Parameters
    ----------
    before, after : Desk

    Returns
    -------
    Table
        figure, value, remark: sessions; covered (share of gross); realised P&L; the
        band of the model of `before` for what the drivers did (predicted, low, high)
        and whether the P&L is inside; value_at_risk and expected_shortfall over as many
        sessions, where there are such, and whether the loss was beyond the former; the
        worst stress of that night. Money in base currency.

    Raises
    ------
    UsageError
        If `after` is not later, or counts in other money.
    """
    if after.as_of <= before.as_of:
        raise UsageError(f"{after.as_of} is not after {before.as_of}: swap the runs")
    if before.settings.base_currency != after.settings.base_currency:
        raise UsageError("the runs are in different money; run one in the other's")
    pnl, covered = moves(before, after)
    made = float(pnl[covered].sum())
    gross = np.abs(before.book.market_value)
    share = float(gross[covered].sum() / gross.sum()) if gross.sum() else np.nan
    sessions = int(np.busday_count(before.as_of, after.as_of))
    rows: list[Row] = [
        ("sessions", float(sessions), ""),
        ("covered", share, "share of gross"),
        ("realised", made, ""),
        *predicted(before, after, covered, made),
        *measured(before, sessions, made),
        *worst(before),
    ]
    columns = zip(("figure", "value", "remark"), zip(*rows, strict=True), strict=True)
    return table("realised", after.as_of, {k: list(v) for k, v in columns})


def moves(before: Desk, after: Desk) -> tuple[Vector, Flags]:
    """Return the P&L of each position of `before`, and whether it is known."""
    book, base = before.book, before.settings.base_currency
    instrument, currency = book.labels["instrument"], book.labels["currency"]
    price = np.array([log_move(before, after, n) for n in instrument.names])
    then, now = (base_rates(known_by(after, d.as_of), base)[0] for d in (before, after))
    rate = np.array(
        [np.log(now.get(c, np.nan) / then.get(c, np.nan)) for c in currency.names]
    )
    funded = is_funded(
        [book.labels["kind"].names[c] for c in book.labels["kind"].codes]
    )
    x, y = price[instrument.codes], rate[currency.codes]
    growth = delta_one(funded, x[None, :], y[None, :])[0]
    pnl: Vector = book.market_value * growth
    covered: Flags = ~np.isnan(pnl)
    return pnl, covered


def known_by(desk: Desk, date: np.datetime64) -> Market:
    """Return the market of `desk` as it was on a date."""
    market = desk.market
    rows = market.dates <= date
    return Market(
        date,
        market.dates[rows],
        market.instruments,
        market.close[rows],
        market.currencies,
        market.usd_per[rows],
    )


def log_move(before: Desk, after: Desk, name: str) -> float:
    """Return the log move of a name between the dates, NaN without a later close."""
    market = after.market
    known = after.universe.instruments.get(name)
    if known is not None and known.kind == "cash":
        return 0.0
    if name not in market.instruments:
        return np.nan
    close = market.close[:, market.instruments.index(name)]
    there = ~np.isnan(close)
    early = close[there & (market.dates <= before.as_of)]
    late = close[there & (market.dates > before.as_of)]
    return float(np.log(late[-1] / early[-1])) if len(early) and len(late) else np.nan


def predicted(before: Desk, after: Desk, covered: Flags, made: float) -> Iterator[Row]:
    """Yield the band for what the drivers did, of the positions that are covered."""
    model = model_of(before)
    history = model_of(after).history
    ends = np.searchsorted(history.dates, [before.as_of, after.as_of], side="right") - 1
    core = {
        driver: float(np.expm1(np.diff(history.of(driver)[ends])[0]))
        for driver, members in zip(history.names, history.members, strict=True)
        if driver in model.drivers
        and not all(np.isnan(log_move(before, after, name)) for name in members)
    }
    if not core or not covered.any():
        return
    sessions = max(1, int(np.busday_count(before.as_of, after.as_of)))
    scenario = Scenario(name="realised", core=core, horizon_sessions=sessions)
    desk = holding(before, before.book.only(covered))
    level = before.settings.confidence
    found = stress_table(desk, model, ScenarioSet((scenario,)), ("scenario",), level)
    row = found.to_dict(orient="records")[0]
    did = ", ".join(f"{driver} {move:+.1%}" for driver, move in core.items())
    yield "predicted", row["pnl"], f"the drivers did {did}"
    yield "low", row["low"], f"{level:.0%} band of that"
    yield "high", row["high"], ""
    yield (
        "inside",
        float(row["low"] <= made <= row["high"]),
        "1: the P&L is in the band",
    )


def measured(before: Desk, sessions: int, made: float) -> Iterator[Row]:
    """Yield what the night's measures said of as many sessions."""
    if sessions not in HORIZONS:
        return
    try:
        sample = sample_of(before, "historical", sessions)
    except ModelError:
        return
    held = holdings(before, sample)
    said = {
        name: float(whole_of(held, sample, measure, ALPHA, 0.0).total[0])
        for measure, name in SAID.items()
    }
    for name, value in said.items():
        yield name, value, f"{sessions} session{'s' * (sessions > 1)}, tail {ALPHA:.0%}"
    beyond = float(-made > said["value_at_risk"])
    yield "exception", beyond, "1: the loss was beyond the value at risk"


def worst(before: Desk) -> Iterator[Row]:
    """Yield the worst stress of the night."""
    model = model_of(before)
    scenarios = runnable_scenarios(before, model)
    if not len(scenarios):
        return
    level = before.settings.confidence
    found = stress_table(before, model, scenarios, ("scenario",), level)
    row = found.to_dict(orient="records")[int(found["pnl"].argmin())]
    yield "worst_stress", row["pnl"], str(row["scenario"])
