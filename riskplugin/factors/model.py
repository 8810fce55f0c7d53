"""The factor model of a desk on one date: estimated once, used by everything."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from cachetools import LRUCache

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.contracts import Contracts, no_contracts
from riskplugin.desk import Desk
from riskplugin.errors import ModelError
from riskplugin.factors.baskets import (
    basket_weights,
    corrections,
    recentred,
    rescaled,
    without_basket_residual,
)
from riskplugin.factors.covariance import (
    among_moving,
    pairwise_correlation,
    synchronous_covariance,
    weighted_covariance,
    within_groups,
)
from riskplugin.factors.drivers import DriverHistory
from riskplugin.factors.loadings import Regression, regress, shrink
from riskplugin.factors.propagation import completion_error, response_to
from riskplugin.factors.sample import Sample, lit_only, sampled
from riskplugin.factors.standins import (
    ASSUMED,
    OWN,
    SHRUNK,
    Estimates,
    hold_still,
    proxy,
)
from riskplugin.pricing.linear import is_funded
from riskplugin.returns import exponential_weights

MEMORY = "memory"
HISTORICAL = "historical"
REGIMES = 32  # that are kept beside a model


@dataclass(frozen=True, eq=False, slots=True)
class FactorModel:
    """Drivers, loadings and what the drivers leave, per session, in logs.

    Series are the N instruments, then the C currencies; returns of instruments are in
    their own currency, those of currencies against the base currency.

    Attributes
    ----------
    as_of : numpy.datetime64
        Nothing later was used.
    drivers : tuple of J str
        Drivers with enough history.
    members : tuple of tuple of str
        Members of each driver's basket that have enough windows in USD.
    history : DriverHistory
        Levels of the drivers over all history.
    driver_windows : ndarray of shape (2, T, J)
        The drivers' returns over the overlapping windows used, and over windows wider
        by a session at either end; NaN where missing.
    weights : ndarray of shape (T,)
        Weight of each window.
    return_sessions : int
        Sessions of a window.
    covariance : ndarray of shape (J, J)
        Of the drivers, per session.
    instruments, tiers, kinds : tuples of N str
        Identifiers in display order, with their tiers and kinds.
    currencies : tuple of C str
        The base currency first.
    currency : ndarray of shape (N,)
        Column of each instrument's currency in `currencies`.
    loadings : ndarray of shape (N + C, J)
        NaN where nothing is known that could stand in.
    errors : ndarray of shape (N + C, J, J)
        Covariance of the error of `loadings`.
    own_loadings : ndarray of shape (N + C, J)
        As measured, before shrinkage; NaN where not measured.
    volatility : ndarray of shape (N + C,)
        Residual standard deviation per session.
    correlation : ndarray of shape (N + C, N + C)
        Of the residuals.
    provenance : tuple of N + C str
        own, shrunk, proxied or assumed.
    windows : ndarray of shape (N + C,)
        Return windows shared with the drivers.
    source : ndarray of int, shape (N,)
        Instrument whose moves each one makes: itself, or the underlying of what is
        derived from it.
    contracts : Contracts of N rows
        What each one is; linear in its own price by default.
    regime : str
        Which weights the windows have: all history's, or those of a regime.
    sample : Sample, optional
        What it was estimated from, so that it can be under other weights.
    regimes : MutableMapping
        What other regimes make of it, by what tells them apart: each is told once.
    """

    as_of: np.datetime64
    drivers: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    history: DriverHistory
    driver_windows: Cube
    weights: Vector
    return_sessions: int
    covariance: Matrix
    instruments: tuple[str, ...]
    tiers: tuple[str, ...]
    kinds: tuple[str, ...]
    currencies: tuple[str, ...]
    currency: Codes
    loadings: Matrix
    errors: Cube
    own_loadings: Matrix
    volatility: Vector
    correlation: Matrix
    provenance: tuple[str, ...]
    windows: Codes
    source: Codes = field(default_factory=lambda: np.arange(0))
    contracts: Contracts = field(default_factory=no_contracts)
    regime: str = HISTORICAL
    sample: Sample | None = field(default=None, repr=False)
    regimes: MutableMapping[tuple[object, ...], Any] = field(
        default_factory=lambda: LRUCache(REGIMES), repr=False
    )

    def __post_init__(self) -> None:
        if not len(self.source):
            object.__setattr__(self, "source", np.arange(len(self.instruments)))
        if self.contracts.kinds != self.kinds:
            terms = self.contracts.beside(self.instruments, self.kinds)
            object.__setattr__(self, "contracts", terms)
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def with_currency(self) -> tuple[str, ...]:
        """Return the provenance of each instrument, its currency's counted in."""
        count = len(self.instruments)
        of_currency = self.provenance[count:]
        return tuple(
            ASSUMED if of_currency[c] == ASSUMED else source
            for source, c in zip(self.provenance[:count], self.currency, strict=True)
        )

    def underlyings(self) -> list[str]:
        """Return the instrument whose moves each one makes; blank where its own."""
        return [
            "" if row == source else self.instruments[int(source)]
            for row, source in enumerate(self.source)
        ]

    def held_currencies(self) -> set[str]:
        """Return the currencies that instruments are quoted in."""
        return {self.currencies[int(c)] for c in self.currency}

    def in_base(self, of_series: Matrix) -> Matrix:
        """Return what instruments and their currencies have together, (N, …)."""
        count = len(self.instruments)
        together: Matrix = of_series[:count] + of_series[count:][self.currency]
        return together

    def held_in_base(self, of_series: Matrix) -> Matrix:
        """Return what positions have: their currency's part only if it is held."""
        count = len(self.instruments)
        funded = is_funded(self.kinds).reshape(-1, *[1] * (of_series.ndim - 1))
        held: Matrix = np.where(funded, self.in_base(of_series), of_series[:count])
        return held

    def per_unit(self, of_series: Matrix) -> Matrix:
        """Return what a unit of reference value has: its delta's part, and FX it bears.

        Of what is linear in its own price that of `held_in_base`.
        """
        held = self.held_in_base(of_series)
        rows = np.flatnonzero(self.contracts.curved)
        shape = (-1, *[1] * (of_series.ndim - 1))
        delta = self.contracts.delta[rows].reshape(shape)
        value = self.contracts.value[rows].reshape(shape)
        fx = of_series[len(self.instruments) :][self.currency[rows]]
        held[rows] = delta * of_series[rows] + value * fx
        return held

    def unit_beta(self, driver: str = MEMORY) -> Vector:
        """Return the total beta of a unit of reference value, base currency, (N,)."""
        return self.total_beta(self.per_unit(self.loadings), driver)

    def response(self, driver: str) -> Vector | None:
        """Return how the drivers move per unit of one, (J,); None without it."""
        if driver not in self.drivers:
            return None
        return response_to(self.covariance, self.drivers.index(driver))

    def total_beta(self, loadings: Matrix, driver: str = MEMORY) -> Vector:
        """Return the sensitivity to a driver with every other driver following.

        ``b = sum_j loading_j S_j,d / S_d,d`` for loadings of shape (R, J); NaN if
        it is not among the drivers.
        """
        response = self.response(driver)
        if response is None:
            return np.full(len(loadings), np.nan)
        beta: Vector = loadings @ response
        return beta

    def beta(self, driver: str = MEMORY) -> tuple[Vector, Vector]:
        """Return total betas of the instruments in base currency, with their errors.

        Both of shape (N,). The error is that of the loadings and of the response of
        the other drivers.
        """
        loadings = self.held_in_base(self.loadings)
        beta = self.total_beta(loadings, driver)
        response = self.response(driver)
        if response is None:
            return beta, beta
        core = np.array([[d == driver for d in self.drivers]])
        unit = np.where(core, 1.0, 0.0)
        follow = completion_error(
            self.driver_windows, self.weights, core, unit, self.return_sessions
        )[0]
        errors = self.held_in_base(self.errors)
        variance = np.einsum("j,njk,k->n", response, errors, response)
        variance += np.einsum("nj,jk,nk->n", loadings, follow, loadings)
        return beta, np.sqrt(np.maximum(variance, 0.0))


@one_blas_thread
def fit(desk: Desk, as_of: np.datetime64 | None = None) -> FactorModel:
    """Estimate the factor model of `desk` from nothing later than `as_of`.

    Log returns over overlapping windows, exponentially weighted, regressed on the
    drivers, each series on its own overlap; shrunk to the tier; proxied where too
    short; members recentred so that each basket reproduces its own move.

    Raises
    ------
    ModelError
        If two drivers cannot be told apart.
    """
    sample = sampled(desk, desk.as_of if as_of is None else as_of)
    rows, half_life = sample.returns.shape[1], sample.settings.half_life
    return assembled(sample, exponential_weights(rows, half_life), HISTORICAL)


@one_blas_thread
def reweighted(model: FactorModel, weights: Vector, regime: str) -> FactorModel:
    """Return `model` estimated from the same windows under other weights.

    Every correction for the overlap of windows is that of these weights, which may
    rise and fall: see `overlap_bias`. The number of independent windows is counted as
    if weights changed slowly, which for others is too few, never too many.

    Parameters
    ----------
    model : FactorModel
    weights : ndarray of shape (T,)
        Not below 0; their scale does not matter.
    regime : str
        What the weights stand for.

    Raises
    ------
    ModelError
        If the model holds no windows, or two drivers cannot be told apart.
    """
    if model.sample is None:
        raise ModelError(f"a model without its windows cannot be {regime}")
    seen = lit_only(model.sample, weights, model.weights)
    return assembled(seen, weights / weights.max(), regime)


def assembled(of: Sample, weights: Vector, regime: str) -> FactorModel:
    """Measure, shrink, proxy and recentre."""
    settings, series, baskets = of.settings, of.series, of.baskets
    sessions, count = settings.return_sessions, len(series.instruments)
    covariance = driver_covariance(of.factors, weights, sessions, tuple(baskets))
    fitted = regress(of.returns, of.factors, weights, sessions, settings.min_overlap)
    estimates, correlation = completed(of, fitted, weights)
    basket = basket_weights(tuple(baskets.values()), series)
    correction = corrections(basket, count)
    volatility, correlation = without_basket_residual(
        estimates.volatility, correlation, basket, correction
    )
    return FactorModel(
        as_of=of.as_of,
        drivers=tuple(baskets),
        members=tuple(baskets.values()),
        history=of.history,
        driver_windows=of.factors,
        weights=weights,
        return_sessions=sessions,
        covariance=covariance,
        instruments=series.instruments,
        tiers=tuple(i.tier for i in series.known),
        kinds=tuple(i.kind for i in series.known),
        currencies=series.currencies,
        currency=series.currency,
        loadings=recentred(estimates.loadings, basket, correction),
        errors=rescaled(estimates.errors, estimates.volatility, volatility),
        own_loadings=fitted.loadings,
        volatility=volatility,
        correlation=correlation,
        provenance=tuple(estimates.provenance),
        windows=fitted.windows,
        regime=regime,
        sample=of,
    )


def completed(
    of: Sample, fitted: Regression, weights: Vector
) -> tuple[Estimates, Matrix]:
    """Return an estimate for every series, shrunk or standing in, and correlations."""
    settings, series = of.settings, of.series
    usable_rows: Flags = fitted.measured & ~series.still
    pairs = pairwise_correlation(
        np.where(usable_rows, fitted.residuals, np.nan),
        weights,
        settings.return_sessions,
        settings.min_overlap,
    )
    alike = within_groups(pairs.correlation, pairs.known, series.tier)
    shrunk = shrink(
        fitted.loadings, fitted.covariance, usable_rows, series.shrinks_to, alike
    )
    estimates = Estimates(
        shrunk.loadings,
        shrunk.covariance,
        np.sqrt(fitted.variance / settings.return_sessions),
        [SHRUNK if moved else OWN for moved in shrunk.shrunk],
    )
    proxy(series, usable_rows, estimates)
    hold_still(series, estimates)
    moving = estimates.volatility != 0
    return estimates, among_moving(pairs, series.tier, moving)


def driver_covariance(
    factors: Cube, weights: Vector, sessions: int, drivers: Sequence[str]
) -> Matrix:
    """Return the drivers' covariance per session; (0, 0) if there are none.

    Raises
    ------
    ModelError
        If one does not move, or two move as one.
    """
    if not drivers:
        return np.zeros((0, 0))
    sampled = weighted_covariance(factors[0], weights)
    scale = np.sqrt(np.diag(sampled))
    alone = (scale == 0).any()
    if alone or np.linalg.eigvalsh(sampled / np.outer(scale, scale))[0] < 1e-10:
        msg = f"the drivers {', '.join(drivers)} cannot be told apart: one does not "
        raise ModelError(msg + "move, or two hold the same instruments; see [drivers]")
    return synchronous_covariance(factors, weights) / sessions
