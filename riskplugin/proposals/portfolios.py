"""The long-only portfolio of least risk in a reversal, as a labelled table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Matrix
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.estimates import sample_of
from riskplugin.inputs.hedges import Menu, menu_of
from riskplugin.inputs.reading import RawTable
from riskplugin.proposals.aims import TailLimit
from riskplugin.proposals.problem import menu_rows
from riskplugin.proposals.riskfolio_weights import Bounds, least_risk
from riskplugin.results import Table, table
from riskplugin.risk.measure import Measure, measure_named
from riskplugin.risk.measuring import measured, totals
from riskplugin.risk.sampling import Sample
from riskplugin.tables.earning import holdings

MINIMISED = (Measure.CVAR, Measure.EVAR, Measure.VOLATILITY, Measure.MAD)
Share = float | tuple[float, float]


@one_blas_thread
def portfolio_table(
    desk: Desk,
    instruments: Sequence[str],
    measure: str,
    how: TailLimit,
    tiers: Mapping[str, Share],
    max_weight: float,
) -> Table:
    """Return the weights of least risk, and what each has to do with the risk.

    Of `how` the tail, the method and the sessions count. The weights come from equally
    probable draws of the scenarios, the risk from the scenarios themselves.

    Raises
    ------
    UsageError
        If riskfolio does not minimise the measure, or a bound makes no sense.
    InputError
        If an instrument is unknown or has no price.
    ModelError
        If no weights keep the bounds.
    """
    chosen = measure_named(measure)
    if chosen not in MINIMISED:
        raise UsageError(f"{chosen} is not minimised here; {', '.join(MINIMISED)} are")
    raw = RawTable(pd.DataFrame({"instrument": list(instruments)}), "instruments")
    menu = menu_of(desk, raw, "portfolio")
    names = [desk.universe.instruments[n] for n in menu.names]
    bounds = bounds_of([i.tier for i in names], tiers, max_weight)
    sample = sample_of(menu.bought, how.method, how.horizon_sessions)
    returns = per_money(menu, sample)
    chances = sample.probabilities
    weights = least_risk(returns, chances, chosen, how.alpha, bounds)
    found = measured(chosen, (returns @ weights)[:, None], chances, how.alpha)
    risk = float(found.total[0])
    part = -(found.weights[:, 0] @ returns) * weights
    columns = {
        "instrument": list(menu.names),
        "tier": [i.tier for i in names],
        "portfolio_weight": weights,
        "risk_share": part / risk,
        "standalone_risk": totals(chosen, returns, chances, how.alpha),
        "portfolio_risk": np.full(len(weights), risk),
        "effective_scenarios": np.full(len(weights), sample.effective),
    }
    return table("least_risk_portfolio", desk.as_of, columns)


def per_money(menu: Menu, sample: Sample) -> Matrix:
    """Return the P&L per unit of market value of each instrument, (T, R)."""
    lots, book = holdings(menu.bought, sample), menu.bought.book
    returns = np.empty((len(sample.history), len(menu)))
    scale = book.reference_value / np.abs(book.market_value)
    returns[:, menu_rows(menu.bought)] = lots.unit[:, lots.name] * scale
    return returns


def bounds_of(
    tier: Sequence[str], tiers: Mapping[str, Share], max_weight: float
) -> Bounds:
    """Return the bounds on the weights of tiers as rows, most first.

    Raises
    ------
    UsageError
        If a tier holds none of the instruments, or shares make no sense.
    """
    if not 0 < max_weight <= 1 or max_weight * len(tier) < 1:
        needed = f"more than 1 / {len(tier)} and at most 1 is needed"
        raise UsageError(f"max_weight is {max_weight}: {needed}")
    rows, most = [], []
    for name, share in tiers.items():
        if name not in tier:
            hint = did_you_mean(name, dict.fromkeys(tier))
            raise UsageError(f"no instrument is of tier {name!r}; {hint}")
        low, high = share if isinstance(share, Sequence) else (0.0, share)
        if not 0 <= low <= high <= 1:
            raise UsageError(f"the share of {name} is between {low} and {high}")
        inside = np.array([t == name for t in tier], dtype=np.float64)
        rows += [inside, -inside]
        most += [float(high), -float(low)]
    return Bounds(np.array(rows).reshape(-1, len(tier)), np.array(most), max_weight)
