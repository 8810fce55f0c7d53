"""The proposal of a night: a hedge where limits on losses of the whole desk are broken.

A stated largest loss is such a limit: ``stress_loss``, scope total, scenario ``worst``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin.bundles import Hedge
from riskplugin.desk import Desk
from riskplugin.estimates import model_of
from riskplugin.inputs.reading import RawTable
from riskplugin.limits.definition import Limit, scenarios_meant
from riskplugin.proposals.aims import Given
from riskplugin.proposals.hedges import hedge
from riskplugin.results import Table, table
from riskplugin.tables.loss_levels import AT_THE_LOW, HARD, loss_levels
from riskplugin.tables.tabulation import runnable_scenarios, stress_table

HEDGES, BOOK = "hedges", "hedge"
EMPTY = (
    *("book", "instrument", "side", "quantity", "lots", "market_price"),
    *("traded_value", "spread_cost", "impact_cost", "carry_cost", "trade_cost"),
    *("cost_bps", "days_to_trade", "provenance", "remark"),
)


@dataclass(frozen=True, slots=True)
class LossLimits:
    """The largest losses that the limits of a desk allow it, by scenario.

    Attributes
    ----------
    most : Mapping of str to float
        Base currency; the tightest of each scenario.
    robust : bool
        Whether one of them is on the low end of the band: all are then kept there.
    broken : bool
        Whether the desk as it is loses more in one of them.
    """

    most: Mapping[str, float]
    robust: bool
    broken: bool


def loss_limits(desk: Desk) -> LossLimits:
    """Return the hard limits on losses of the whole desk, those waived left out.

    A limit of 0 or less, that asks for a profit, is taken as no loss.
    """
    model = model_of(desk)
    runnable = runnable_scenarios(desk, model)
    done = stress_table(desk, model, runnable, "scenario", desk.settings.confidence)
    pnl = done.set_index("scenario")
    most: dict[str, float] = {}
    robust = broken = False
    for limit, level in levels(desk):
        low = limit.metric.name in AT_THE_LOW
        robust |= low
        for name in scenarios_meant(limit.scenario, runnable):
            most[name] = min(most.get(name, np.inf), max(level, 0.0))
            broken |= loss_of(pnl, name, low=low) > level
    return LossLimits(most, robust, broken)


def loss_of(stressed: pd.DataFrame, name: str, *, low: bool) -> float:
    """Return the loss of a scenario, or at its low end if it has a band."""
    row = stressed.loc[name].to_dict()
    banded = low and np.isfinite(row["low"])
    return -float(row["low"] if banded else row["pnl"])


def levels(desk: Desk) -> Iterator[tuple[Limit, float]]:
    """Yield the limits on losses of the whole desk with the loss they allow, money."""
    for limit, level, loss in loss_levels(desk):
        if level == HARD and not limit.key:
            yield limit, loss


def proposal(desk: Desk) -> Hedge | None:
    """Return the hedge of a night; None where no limit on losses is broken.

    Raises
    ------
    InputError
        If the desk's table of hedges cannot be used.
    """
    limits = loss_limits(desk)
    if not limits.broken:
        return None
    raw = RawTable(desk.tables[HEDGES].to_frame(), HEDGES)
    given = Given(max_loss=limits.most, robust=limits.robust)
    return hedge(desk, raw, BOOK, given)


def proposal_table(desk: Desk, found: Hedge | None) -> Table:
    """Return what the proposal is in one row; none where nothing is proposed."""
    rows = [] if found is None else [found]
    columns = {
        "outcome": [h.outcome for h in rows],
        "trades": [len(h) for h in rows],
        "trade_cost": [h.cost for h in rows],
        "message": [h.message for h in rows],
    }
    return table("proposals", desk.as_of, columns)


def trades_of(desk: Desk, found: Hedge | None) -> Table:
    """Return the proposed trades."""
    columns: dict[str, object] = {c: [] if found is None else found[c] for c in EMPTY}
    return table("proposal_trades", desk.as_of, columns)


def scenarios_of(desk: Desk, found: Hedge | None) -> Table:
    """Return the scenarios that are limited, before and after."""
    names = (
        *("scenario", "pnl_before", "pnl_after", "low_before", "low_after"),
        *("loss_before", "loss_after", "max_loss", "met"),
    )
    columns: dict[str, object] = {
        c: [] if found is None else found.scenarios[c] for c in names
    }
    return table("proposal_scenarios", desk.as_of, columns)
