"""From scenarios to the shock of every instrument."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from statistics import NormalDist

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.errors import ScenarioError, did_you_mean
from riskplugin.factors.drivers import retracement
from riskplugin.factors.model import FactorModel
from riskplugin.factors.propagation import complete, completion_error, weighted_sum
from riskplugin.scenarios.definition import (
    DEFAULT,
    Scenario,
    ScenarioSet,
    unknown_names,
)
from riskplugin.universe import Universe

LANES = 16  # scenarios that a product works on side by side, or a multiple of them


@dataclass(frozen=True, eq=False, slots=True)
class ShockGrid:
    """Shocks of S scenarios to N instruments, in logs over each horizon.

    Attributes
    ----------
    drivers : ndarray of shape (S, J)
        Moves of the drivers; equal to the core where a scenario names one.
    remainder : ndarray of shape (S, J, J)
        Covariance per session of what the core leaves open.
    completion : ndarray of shape (S, J, J)
        Covariance of the error of how the other drivers follow, over the horizon.
    horizon : ndarray of shape (S,)
        Sessions.
    local : ndarray of shape (S, N)
        In the instrument's currency, before overshoot; NaN where nothing is known.
    multiplier : ndarray of shape (S, N)
        Overshoot: 1 where there is none.
    fx : ndarray of shape (S, N)
        Of the instrument's currency against the base currency.
    direct : ndarray of bool, shape (S, N)
        Named by the scenario, by itself or by its tier, or member of a core driver.
    explicit : ndarray of bool, shape (S, N)
        Fixed by the scenario, by itself or by its tier.
    fx_explicit : ndarray of bool, shape (S, N)
        The currency is fixed by the scenario.
    volatility : ndarray of shape (S, N)
        Absolute change of the implied volatility of the instrument, or its underlying.
    linked : ndarray of shape (S, N)
        How far it rises per unit of a log fall with overshoot; 0 where it does not.
    """

    model: FactorModel
    drivers: Matrix
    remainder: Cube
    completion: Cube
    horizon: Vector
    local: Matrix
    multiplier: Matrix
    fx: Matrix
    direct: Flags
    explicit: Flags
    fx_explicit: Flags
    volatility: Matrix
    linked: Matrix

    @property
    def total(self) -> Matrix:
        """Log shock in base currency with overshoot, shape (S, N)."""
        return self.multiplier * self.local + self.fx

    def over(self, model: FactorModel, columns: Codes) -> "ShockGrid":
        """Return the shocks of `model`, whose names move as `columns` of these."""
        of_names = ("local", "multiplier", "fx", "direct", "explicit", "fx_explicit")
        changed = {
            n: getattr(self, n)[:, columns] for n in (*of_names, "volatility", "linked")
        }
        return replace(self, model=model, **changed)

    def padded(self) -> "ShockGrid":
        """Return the grid with its last scenario repeated to full lanes.

        A product by BLAS rounds what stands at the edge of a table otherwise than what
        stands inside. In full lanes a scenario is the same to the last bit, whatever
        is asked beside it.
        """
        rows = np.arange(full_lanes(len(self.horizon)))
        rows = np.minimum(rows, len(self.horizon) - 1)
        arrays = [getattr(self, f.name) for f in fields(self)[1:]]
        return ShockGrid(self.model, *(array[rows] for array in arrays))

    def part(self, rows: slice | Codes) -> "ShockGrid":
        """Return the grid of some of the scenarios; of a slice, views of this one."""
        arrays = [getattr(self, f.name) for f in fields(self)[1:]]
        return ShockGrid(self.model, *(array[rows] for array in arrays))


def full_lanes(count: int) -> int:
    """Return the least multiple of `LANES` that is not less than `count`."""
    return -(-count // LANES) * LANES


def shock_grid(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> ShockGrid:
    """Resolve `scenarios` against `model`: instrument > tier > propagated.

    Raises
    ------
    ScenarioError
        With every scenario that names what the desk does not know.
    """
    faults = [f for s in scenarios for f in misfits(s, model, universe)]
    if faults:
        raise ScenarioError("\n".join(faults))
    core, moves = core_moves(scenarios, model)
    drivers, remainder = complete(model.covariance, core, moves)
    count = len(model.instruments)
    beta, fx_beta = model.loadings[:count], model.loadings[count:]
    tiers = on_tiers(scenarios, "tiers", model)
    named = by_name(on_instruments(scenarios, model, universe), tiers, model.source)
    explicit = ~np.isnan(named)
    fx_named = on_currencies(scenarios, model)
    fx = np.where(
        np.isnan(fx_named), weighted_sum(drivers, fx_beta), np.log1p(fx_named)
    )
    overshoot = on_tiers(scenarios, "overshoot", model)
    multiplier = np.where(np.isnan(overshoot), 1.0, overshoot)
    local = np.where(explicit, np.log1p(named), weighted_sum(drivers, beta))
    given = on_tiers(scenarios, "volatility", model)
    linked = np.where(np.isnan(given), volatility_slopes(scenarios, model, universe), 0)
    member = basket_members(model)
    return ShockGrid(
        model,
        drivers,
        remainder,
        completion_error(
            model.driver_windows, model.weights, core, moves, model.return_sessions
        ),
        np.array([float(s.horizon_sessions) for s in scenarios]),
        local,
        multiplier,
        fx[:, model.currency],
        explicit | ((core.astype(float) @ member) > 0)[:, model.source],
        explicit,
        ~np.isnan(fx_named)[:, model.currency],
        np.nan_to_num(given) + risen(linked, multiplier * local),
        linked,
    )


def volatility_slopes(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> Matrix:
    """Return by how much volatilities rise per unit of a log fall, shape (S, N)."""
    slope = {tier.name: tier.volatility_slope for tier in universe.tiers}
    chosen = np.array([s.vol_link == DEFAULT for s in scenarios], dtype=np.float64)
    slopes: Matrix = chosen[:, None] * np.array(
        [slope.get(t, 0.0) for t in model.tiers]
    )
    return slopes


def risen(linked: Matrix, local: Matrix) -> Matrix:
    """Return the rise of volatilities at log moves `local`, (S, N); 0 in a rise.

    ``linked x max(-x, 0)``; 0 where nothing is known of the move.
    """
    rise: Matrix = linked * np.maximum(-np.nan_to_num(local), 0.0)
    return rise


def misfits(
    scenario: Scenario, model: FactorModel, universe: Universe
) -> Iterator[str]:
    """Yield what `scenario` names that the desk, or this model of it, does not know."""
    for fault in (
        *other_regime(scenario, model),
        *missing_drivers(scenario, model),
        *derived_names(scenario, model, universe),
        *unknown_names(scenario, universe, model.currencies[0]),
    ):
        yield f"scenario {scenario.name!r}: {fault}"


def other_regime(scenario: Scenario, model: FactorModel) -> Iterator[str]:
    """Yield that `scenario` does not spread by the history that `model` stands for."""
    if scenario.propagation != model.regime:
        yield f"its propagation is {scenario.propagation}, the model is {model.regime}"


def missing_drivers(scenario: Scenario, model: FactorModel) -> Iterator[str]:
    """Yield why a driver in the core of `scenario` cannot be moved."""
    for driver in (*scenario.core, *scenario.retrace):
        if driver in model.drivers:
            continue
        if driver in model.history.names:
            yield f"driver {driver!r} has too little price history up to {model.as_of}"
        else:
            hint = did_you_mean(driver, model.drivers) or "give prices of its members"
            yield f"driver {driver!r} is unknown or has no prices; {hint}"
    for driver, share in scenario.retrace.items():
        known = driver in model.drivers
        if known and retracement(model.history.of(driver), share) is None:
            yield f"the prices of {driver!r} hold no run-up to give back"


def derived_names(
    scenario: Scenario, model: FactorModel, universe: Universe
) -> Iterator[str]:
    """Yield what `scenario` names instead of the underlying that has to move.

    A perpetual, future, forward or swap may be named: its basis is to widen.
    """
    contracts = model.contracts.at(~model.contracts.delta_one)
    under = dict(zip(contracts.instruments, contracts.underlyings, strict=True))
    for given in scenario.instruments:
        name = universe.resolve(given)
        if name in under:
            yield f"{given} moves by its underlying: name {under[name]}"


def core_moves(scenarios: ScenarioSet, model: FactorModel) -> tuple[Flags, Matrix]:
    """Return which drivers are core, and their log moves, both of shape (S, J)."""
    moves = np.full((len(scenarios), len(model.drivers)), np.nan)
    column = {driver: j for j, driver in enumerate(model.drivers)}
    for row, scenario in zip(moves, scenarios, strict=True):
        for driver, move in scenario.core.items():
            row[column[driver]] = np.log1p(move)
        for driver, share in scenario.retrace.items():
            back = retracement(model.history.of(driver), share)
            row[column[driver]] = np.nan if back is None else back
    core = ~np.isnan(moves)
    return core, np.where(core, moves, 0.0)


def filled(
    scenarios: ScenarioSet, names: Sequence[str], figures: Sequence[Mapping[str, float]]
) -> Matrix:
    """Return `figures` (one mapping per scenario) by `names`, NaN where not given."""
    column = {name: j for j, name in enumerate(names)}
    grid = np.full((len(scenarios), len(names)), np.nan)
    for row, given in zip(grid, figures, strict=True):
        for name, figure in given.items():
            if name in column:
                row[column[name]] = figure
    return grid


def on_tiers(scenarios: ScenarioSet, part: str, model: FactorModel) -> Matrix:
    """Return a figure by tier, spread to the instruments, shape (S, N)."""
    tiers = sorted(set(model.tiers))
    rows = np.array([tiers.index(t) for t in model.tiers], dtype=np.int64)
    figures = [getattr(s, part) for s in scenarios]
    return filled(scenarios, tiers, figures)[:, rows]


def on_instruments(
    scenarios: ScenarioSet, model: FactorModel, universe: Universe
) -> Matrix:
    """Return the shocks given by instrument (aliases resolved), shape (S, N)."""
    figures = [
        {universe.resolve(k): v for k, v in s.instruments.items()} for s in scenarios
    ]
    return filled(scenarios, model.instruments, figures)


def by_name(given: Matrix, tiers: Matrix, source: Codes) -> Matrix:
    """Return the shocks that scenarios fix, (S, N): by name, else by tier.

    Of what moves by an underlying by its own name, else that of the underlying.
    """
    names = np.where(np.isnan(given), given[:, source], given)
    fixed: Matrix = np.where(np.isnan(names), tiers, names)
    return fixed


def on_currencies(scenarios: ScenarioSet, model: FactorModel) -> Matrix:
    """Return the shocks given by currency, shape (S, C)."""
    return filled(scenarios, model.currencies, [s.fx for s in scenarios])


def basket_members(model: FactorModel) -> Matrix:
    """Return 1 where an instrument is in a driver's basket, shape (J, N)."""
    column = {name: i for i, name in enumerate(model.instruments)}
    member = np.zeros((len(model.drivers), len(model.instruments)))
    for row, basket in zip(member, model.members, strict=True):
        row[[column[m] for m in basket]] = 1.0
    return member


def band_ends(confidence: float) -> tuple[float, float]:
    """Return the standard normal quantiles at the ends of a central band."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return -z, z
