"""What scenarios do to instruments, to tiers and to drivers, as tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.factors.model import FactorModel
from riskplugin.factors.standins import ASSUMED
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.bands import name_band
from riskplugin.stressing.regimes import parts
from riskplugin.stressing.shock import ShockGrid, band_ends, core_moves

SCENARIO = "scenario"
Columns = dict[str, object]


@one_blas_thread
def shock_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    confidence: float,
    by: str = "instrument",
) -> Table:
    """Return the shocks of each scenario by instrument, tier or driver.

    Raises
    ------
    UsageError
        If `by` is something else.
    """
    if by not in SHOCKS_BY:
        raise UsageError(f"cannot show shocks by {by!r}; {did_you_mean(by, SHOCKS_BY)}")
    title = "shocks" if by == "instrument" else f"shocks_by_{by}"
    found = [
        SHOCKS_BY[by](part.grid, part.scenarios, confidence)
        for part in parts(scenarios, model, desk.universe)
    ]
    return table(title, desk.as_of, in_order(found, scenarios))


def in_order(found: Sequence[Columns], scenarios: ScenarioSet) -> Columns:
    """Return the columns of parts of the scenarios as those of all, in their order."""
    if len(found) == 1:
        return found[0]
    place = {name: i for i, name in enumerate(scenarios.names())}
    named = [name for part in found for name in cast("list[str]", part[SCENARIO])]
    order = np.argsort([place[name] for name in named], kind="stable")
    columns: Columns = {}
    for key in found[0]:
        values = [part[key] for part in found]
        if isinstance(values[0], np.ndarray):
            columns[key] = np.concatenate(cast("list[Vector]", values))[order]
        else:
            together = [v for part in values for v in cast("list[object]", part)]
            columns[key] = [together[int(i)] for i in order]
    return columns


def by_instrument(
    grid: ShockGrid, scenarios: ScenarioSet, confidence: float
) -> Columns:
    """Return the shock of every modelled instrument, with its band."""
    model, count = grid.model, len(grid.model.instruments)
    low, high = name_band(grid, confidence)
    return {
        SCENARIO: repeated(scenarios, count),
        "instrument": list(model.instruments) * len(scenarios),
        "tier": list(model.tiers) * len(scenarios),
        "shock": flat(np.expm1(grid.total)),
        "low": flat(low),
        "high": flat(high),
        "provenance": sources(model, grid.explicit),
        "local_shock": flat(np.expm1(grid.multiplier * grid.local)),
        "fx_shock": flat(np.expm1(grid.fx)),
        "underlying": model.underlyings() * len(scenarios),
    }


def by_tier(grid: ShockGrid, scenarios: ScenarioSet, _: float) -> Columns:
    """Return the equal-weight mean of the shocks of each tier, and its extremes.

    Instruments of which nothing is known do not count, nor what is derived from one.
    """
    own = grid.model.source == np.arange(len(grid.model.source))
    tiers = np.where(own, np.array(grid.model.tiers), "")
    names = list(dict.fromkeys(grid.model.tiers))
    shocks = np.expm1(grid.total)
    members = [shocks[:, tiers == name] for name in names]
    members = [m[:, ~np.isnan(m).any(axis=0)] for m in members]
    seen = [i for i, m in enumerate(members) if m.shape[1]]
    return {
        SCENARIO: repeated(scenarios, len(seen)),
        "tier": [names[i] for i in seen] * len(scenarios),
        "names": [members[i].shape[1] for i in seen] * len(scenarios),
        "mean_shock": flat(np.stack([members[i].mean(axis=1) for i in seen], axis=1)),
        "lowest": flat(np.stack([members[i].min(axis=1) for i in seen], axis=1)),
        "highest": flat(np.stack([members[i].max(axis=1) for i in seen], axis=1)),
    }


def by_driver(grid: ShockGrid, scenarios: ScenarioSet, confidence: float) -> Columns:
    """Return the move of every driver: what the core names, and what follows."""
    model = grid.model
    core, _ = core_moves(scenarios, model)
    open_ = grid.horizon[:, None, None] * grid.remainder + grid.completion
    variance = np.diagonal(open_, axis1=1, axis2=2)
    deviation = np.where(core, np.nan, np.sqrt(np.maximum(variance, 0.0)))
    below, above = band_ends(confidence)
    return {
        SCENARIO: repeated(scenarios, len(model.drivers)),
        "driver": list(model.drivers) * len(scenarios),
        "shock": flat(np.expm1(grid.drivers)),
        "low": flat(np.expm1(grid.drivers + below * deviation)),
        "high": flat(np.expm1(grid.drivers + above * deviation)),
        "named": core.reshape(-1),
    }


SHOCKS_BY: Mapping[str, Callable[[ShockGrid, ScenarioSet, float], Columns]] = {
    "instrument": by_instrument,
    "tier": by_tier,
    "driver": by_driver,
}


def repeated(scenarios: ScenarioSet, times: int) -> list[str]:
    """Return the name of each scenario, so many times."""
    return [name for name in scenarios.names() for _ in range(times)]


def flat(grid: Matrix) -> Vector:
    """Return a (scenario, instrument) grid as one column."""
    return np.ascontiguousarray(grid).reshape(-1)


def sources(model: FactorModel, explicit: Flags) -> list[str]:
    """Return where each shock comes from: the scenario itself, or the loading."""
    provenance = model.with_currency()
    return [
        ASSUMED if fixed else provenance[i]
        for row in explicit
        for i, fixed in enumerate(row)
    ]
