"""What the function of hedges answers; like the others, without arithmetic."""

import datetime as dt

import pandas as pd

from riskplugin import api
from riskplugin.adapters.excel.answers import as_table
from riskplugin.adapters.excel.cells import Code, ExcelError
from riskplugin.adapters.excel.ranges import digest, hedges_in
from riskplugin.adapters.excel.session import Session
from riskplugin.bundles import Hedge
from riskplugin.desk import Desk
from riskplugin.hedging.solving import Outcome
from riskplugin.proposals.nightly import loss_limits
from riskplugin.results import Table

AsOf = dt.date | None
SHOWN = ["instrument", "side", "quantity", "traded_value", "trade_cost"]
NOTHING = {"instrument": "none", "side": "", **dict.fromkeys(SHOWN[2:], 0.0)}


def hedge_table(
    session: Session,
    positions: object,
    scenario: str,
    instruments: object = None,
    asof: AsOf = None,
    **most: float | None,
) -> Table:
    """Return the cheapest trades that keep the loss of a scenario inside a limit.

    `most` are max_loss and budget; the desk's own limit where neither is given.

    Each row has the loss before and after all of them. One row without a trade where
    none is needed.

    Raises
    ------
    ExcelError
        If no trades that are allowed keep the limit, with what holds them back.
    """
    held = session.held(positions, asof)
    max_loss, budget = most.get("max_loss"), most.get("budget")
    given = None if instruments is None else digest(instruments)

    def compute(desk: Desk) -> Hedge:
        menu = None if instruments is None else hedges_in(instruments)
        limit = own(desk, scenario) if max_loss is budget is None else max_loss
        return api.hedge(desk, scenario, menu, max_loss=limit, budget=budget)

    found = held.answer(("hedge", scenario, given, max_loss, budget), compute)
    if found.outcome != Outcome.MET:
        raise ExcelError(Code.NUMBER, found.message)
    trades = found.to_frame()[SHOWN]
    if not len(trades):
        trades = pd.DataFrame([NOTHING])
    losses = {c: found.scenarios[c].tolist()[0] for c in ("loss_before", "loss_after")}
    return as_table("hedge", held.desk, trades.assign(**losses))


def own(desk: Desk, scenario: str) -> float:
    """Return the largest loss that the desk's own limits allow in a scenario.

    Raises
    ------
    ExcelError
        If none does.
    """
    most = loss_limits(desk).most
    if scenario not in most:
        reason = f"no limit on the loss in {scenario}: give max_loss, or budget"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    return most[scenario]
