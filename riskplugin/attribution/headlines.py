"""The headline figures of a desk, and what each name has in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Vector
from riskplugin.book import grouped
from riskplugin.desk import Desk
from riskplugin.errors import ModelError
from riskplugin.estimates import model_of, sample_of
from riskplugin.pipeline import ALPHA, RISK_TABLES
from riskplugin.risk.measuring import components
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.earning import holdings
from riskplugin.tables.risk import whole_of
from riskplugin.tables.tabulation import rows_of, runnable_scenarios

MEASURED = {"measure": "measures", "reversal": "measures_in_reversal"}


@dataclass(frozen=True, eq=False, slots=True)
class Headline:
    """A figure of the whole desk, and what each name has in it.

    Attributes
    ----------
    value : float
    names : tuple of str
        Instruments held.
    parts : ndarray of shape (K,)
        They sum to the value, but for rounding.
    """

    value: float
    names: tuple[str, ...]
    parts: Vector


def headlines(desk: Desk) -> dict[str, Headline]:
    """Return every headline of `desk` that its inputs allow, by metric."""
    if not len(desk.book):
        return {}
    found: dict[str, Headline] = {}
    for of_kind in (stresses, exposed, measured):
        try:
            found |= dict(of_kind(desk))
        except ModelError:
            continue  # not told by this desk; what needs it is explained without it
    return found


@one_blas_thread
def stresses(desk: Desk) -> Mapping[str, Headline]:
    """Return ``stress:scenario``: the P&L of the whole desk."""
    model = model_of(desk)
    scenarios = runnable_scenarios(desk, model)
    if not len(scenarios):
        return {}
    grid = shock_grid(scenarios, model, desk.universe)
    level, share = desk.settings.confidence, desk.settings.unwind_share
    whole = stress_groups(desk.book, grouped(desk.book, ()), grid, level, share)
    by_name = grouped(desk.book, ("instrument",))
    each = stress_groups(desk.book, by_name, grid, level, share)
    names = by_name.keys["instrument"]
    return {
        f"stress:{name}": Headline(float(whole.pnl[0, s]), names, each.pnl[:, s])
        for s, name in enumerate(scenarios.names())
    }


def exposed(desk: Desk) -> Iterator[tuple[str, Headline]]:
    """Yield ``exposure:column`` of what adds up."""
    by_name = grouped(desk.book, ("instrument",))
    names = by_name.keys["instrument"]
    value = desk.book.market_value
    beta, _ = model_of(desk).beta()
    columns = {
        "long": np.maximum(value, 0.0),
        "short": np.minimum(value, 0.0),
        "gross": np.abs(value),
        "net": value,
        "memory_beta_exposure": value * beta[rows_of(desk, model_of(desk))],
    }
    for column, figures in columns.items():
        if not np.isnan(figures).any():
            whole = float(grouped(desk.book, ()).total(figures)[0])
            yield f"exposure:{column}", Headline(whole, names, by_name.total(figures))


@one_blas_thread
def measured(desk: Desk) -> dict[str, Headline]:
    """Return ``measure:name`` and ``reversal:name``: a loss is > 0."""
    found: dict[str, Headline] = {}
    by_name = grouped(desk.book, ("instrument",))
    names = by_name.keys["instrument"]
    for kind, name in MEASURED.items():
        wanted = RISK_TABLES[name]
        try:
            sample = sample_of(desk, wanted.method, wanted.sessions)
        except ModelError:
            continue
        held = holdings(desk, sample)
        for measure in wanted.measures:
            of = whole_of(held, sample, measure, ALPHA, 0.0)
            per_unit = components(of.weights[:, 0], held.unit)
            parts = by_name.total(desk.book.market_value * per_unit[held.name])
            found[f"{kind}:{measure.value}"] = Headline(
                float(of.total[0]), names, parts
            )
    return found
