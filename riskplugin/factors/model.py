"""The factor model of a desk on one date: estimated once, used by everything."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.desk import Desk, Settings
from riskplugin.errors import ModelError
from riskplugin.factors.covariance import residual_correlation, weighted_covariance
from riskplugin.factors.drivers import (
    DriverHistory,
    driver_history,
    overlapping,
    usable,
)
from riskplugin.factors.loadings import (
    Regression,
    Shrunk,
    regress,
    shrink,
    spread,
)
from riskplugin.factors.propagation import response_to, total_beta
from riskplugin.market import Market
from riskplugin.returns import exponential_weights, over_sessions, panel
from riskplugin.universe import UNCLASSIFIED, Instrument

MEMORY = "memory"
OWN, SHRUNK, PROXIED, ASSUMED = "own", "shrunk", "proxied", "assumed"
UPPER_QUARTILE = 0.75


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
        Members of each driver's basket that have prices.
    history : DriverHistory
        Daily driver returns over all history.
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
    volatility : ndarray of shape (N + C,)
        Residual standard deviation per session.
    correlation : ndarray of shape (N + C, N + C)
        Of the residuals.
    provenance : tuple of N + C str
        own, shrunk, proxied or assumed.
    own_weight : ndarray of shape (N + C,)
        Share of the total memory beta that is the series' own; NaN without memory.
    windows : ndarray of shape (N + C,)
        Return windows shared with the drivers.
    """

    as_of: np.datetime64
    drivers: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    history: DriverHistory
    covariance: Matrix
    instruments: tuple[str, ...]
    tiers: tuple[str, ...]
    kinds: tuple[str, ...]
    currencies: tuple[str, ...]
    currency: Codes
    loadings: Matrix
    errors: Cube
    volatility: Vector
    correlation: Matrix
    provenance: tuple[str, ...]
    own_weight: Vector
    windows: Codes

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def memory_beta(self) -> tuple[Vector, Vector]:
        """Return the total memory beta of each series and its standard error.

        NaN throughout if memory is not among the drivers.
        """
        if MEMORY not in self.drivers:
            unknown = np.full(len(self.loadings), np.nan)
            return unknown, unknown
        driver = self.drivers.index(MEMORY)
        return total_beta(self.loadings, self.errors, self.covariance, driver)


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """The instruments and currencies of a model, and the groups they shrink to."""

    instruments: tuple[str, ...]
    currencies: tuple[str, ...]
    currency: Codes
    known: tuple[Instrument, ...]

    @property
    def tier(self) -> list[str]:
        """Tier per series; a currency has its own group."""
        return [i.tier for i in self.known] + ["fx"] * len(self.currencies)

    @property
    def still(self) -> Flags:
        """Series that cannot move in their own currency: cash, the base currency."""
        cash = [i.kind == "cash" for i in self.known]
        return np.array(cash + [c == self.currencies[0] for c in self.currencies])


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
    when = desk.as_of if as_of is None else as_of
    settings, market = desk.settings, desk.market
    series = series_of(desk)
    currency_of = {m: currency(desk, m) for b in settings.drivers.values() for m in b}
    history = driver_history(market, when, settings.drivers, currency_of)
    returns = series_returns(market, when, series, settings)
    factors = overlapping(history.daily, settings.return_sessions, len(returns))
    chosen = usable(factors, settings.half_life, settings.min_overlap)
    factors = factors[:, chosen]
    weights = exponential_weights(len(returns), settings.half_life)
    drivers = tuple(history.names[j] for j in chosen)
    covariance = driver_covariance(factors, weights, settings, drivers)
    measured = regress(
        returns, factors, weights, settings.return_sessions, settings.min_overlap
    )
    return assembled(
        Estimation(settings, when, series, history, drivers, covariance, measured)
    )


@dataclass(frozen=True, eq=False, slots=True)
class Estimation:
    """What the regressions gave, before shrinkage and proxies."""

    settings: Settings
    as_of: np.datetime64
    series: Series
    history: DriverHistory
    drivers: tuple[str, ...]
    covariance: Matrix
    regression: Regression


def assembled(e: Estimation) -> FactorModel:
    """Shrink, proxy and recentre the regressions, and correlate their residuals."""
    series, fitted = e.series, e.regression
    usable_rows = fitted.measured & ~series.still
    shrink_to = ["" if t in ("fx", UNCLASSIFIED) else t for t in series.tier]
    shrunk = shrink(fitted.loadings, fitted.covariance, usable_rows, shrink_to)
    volatility = np.sqrt(fitted.variance / e.settings.return_sessions)
    loadings, errors, sources = shrunk.loadings, shrunk.covariance, provenance(shrunk)
    proxy(series, usable_rows, (loadings, errors, volatility, sources))
    hold_still(series, (loadings, errors, volatility, sources))
    members = tuple(e.history.members[e.history.names.index(d)] for d in e.drivers)
    recentre(loadings, series, members)
    correlation = residual_correlation(
        np.where(usable_rows, fitted.residuals, np.nan),
        exponential_weights(len(fitted.residuals), e.settings.half_life),
        series.tier,
        e.settings.return_sessions,
        e.settings.min_overlap,
    )
    return FactorModel(
        as_of=e.as_of,
        drivers=e.drivers,
        members=members,
        history=e.history,
        covariance=e.covariance,
        instruments=series.instruments,
        tiers=tuple(i.tier for i in series.known),
        kinds=tuple(i.kind for i in series.known),
        currencies=series.currencies,
        currency=series.currency,
        loadings=loadings,
        errors=errors,
        volatility=volatility,
        correlation=correlation,
        provenance=tuple(sources),
        own_weight=own_weight(e, shrunk, usable_rows),
        windows=fitted.windows,
    )


def currency(desk: Desk, instrument: str) -> str:
    """Return the currency of `instrument`; the base currency if no table knows it."""
    known = desk.universe.instruments.get(instrument)
    return desk.settings.base_currency if known is None else known.currency


def series_of(desk: Desk) -> Series:
    """Return what is modelled: what is held, what drives, and every priced peer."""
    universe, base = desk.universe, desk.settings.base_currency
    held = set(desk.book.labels["instrument"].names)
    members = {m for basket in desk.settings.drivers.values() for m in basket}
    priced = set(desk.market.instruments)
    peers = {k for k, i in universe.instruments.items() if i.tier != UNCLASSIFIED}
    names = sorted(held | (members & priced) | (peers & priced))
    order = {tier: i for i, tier in enumerate(universe.tier_names())}
    known = [universe.instruments[n] for n in names if n in universe.instruments]
    known.sort(key=lambda i: (order.get(i.tier, len(order)), i.instrument))
    others = sorted(({i.currency for i in known} | {"USD"}) - {base})
    currencies = (base, *others)
    column = {c: j for j, c in enumerate(currencies)}
    codes = np.array([column[i.currency] for i in known], dtype=np.int64)
    instruments = tuple(i.instrument for i in known)
    return Series(instruments, currencies, codes, tuple(known))


def series_returns(
    market: Market, as_of: np.datetime64, series: Series, settings: Settings
) -> Matrix:
    """Return log returns over overlapping windows, shape (T, N + C)."""
    rows = settings.window_sessions + settings.return_sessions
    prices = panel(market, as_of, series.instruments, rows)
    usd = {c: prices.log_usd[:, i] for i, c in enumerate(prices.currencies)}
    usd["USD"] = np.zeros(len(prices.dates))
    unknown = np.full(len(prices.dates), np.nan)
    base = usd.get(series.currencies[0], unknown)
    rates = [usd.get(c, unknown) - base for c in series.currencies]
    stacked = np.column_stack([prices.log_price, *rates])
    return over_sessions(stacked, settings.return_sessions)


def driver_covariance(
    factors: Matrix, weights: Vector, settings: Settings, drivers: Sequence[str]
) -> Matrix:
    """Return the drivers' covariance per session; (0, 0) if there are none."""
    if not drivers:
        return np.zeros((0, 0))
    covariance = weighted_covariance(factors, weights) / settings.return_sessions
    scale = np.sqrt(np.diag(covariance))
    if (scale == 0).any() or (
        np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] < 1e-10
    ):
        msg = f"the drivers {', '.join(drivers)} cannot be told apart: one does not "
        raise ModelError(msg + "move, or two hold the same instruments; see [drivers]")
    return covariance


def provenance(shrunk: Shrunk) -> list[str]:
    """Return own or shrunk per series."""
    identity = np.eye(shrunk.own.shape[1])
    return [
        OWN if np.allclose(own, identity, rtol=0, atol=1e-6) else SHRUNK
        for own in shrunk.own
    ]


def own_weight(e: Estimation, shrunk: Shrunk, measured: Flags) -> Vector:
    """Return how much of the total memory beta the series' own history makes."""
    if MEMORY not in e.drivers:
        return np.full(len(measured), np.nan)
    response = response_to(e.covariance, e.drivers.index(MEMORY))
    squared = np.sum(response**2)
    weight = np.einsum("j,njk,k->n", response, shrunk.own, response) / squared
    return np.where(measured, weight, 0.0)


Columns = tuple[Matrix, Cube, Vector, list[str]]


def proxy(series: Series, measured: Flags, into: Columns) -> None:
    """Give series without a measurement the mean of their peers.

    Peers are those of the tier (``proxied``), else of the link, the asset class, or
    all (``assumed``). The error is the spread among the peers plus their own; the
    residual volatility is the peers' upper quartile.
    """
    loadings, errors, volatility, sources = into
    count = len(series.instruments)
    for row in np.flatnonzero(~measured[:count] & ~series.still[:count]):
        sources[row], peers = peers_of(series, measured, int(row))
        if not len(peers):
            continue
        loadings[row] = loadings[peers].mean(axis=0)
        errors[row] = errors[peers].mean(axis=0) + spread(loadings[peers])
        volatility[row] = np.quantile(volatility[peers], UPPER_QUARTILE)


def peers_of(series: Series, measured: Flags, row: int) -> tuple[str, Codes]:
    """Return the provenance and the measured peers of an unmeasured instrument."""
    me = series.known[row]
    alike = (
        [p.tier == me.tier != UNCLASSIFIED for p in series.known],
        [p.link == me.link != "none" for p in series.known],
        [p.asset_class == me.asset_class for p in series.known],
        [True] * len(series.known),
    )
    for level, same in enumerate(alike):
        peers = np.flatnonzero(np.array(same) & measured[: len(same)])
        if len(peers):
            return (PROXIED if level == 0 else ASSUMED), peers
    return ASSUMED, np.array([], dtype=np.int64)


def hold_still(series: Series, into: Columns) -> None:
    """Fix what cannot move, and currencies whose history is too short to say.

    The latter are ``assumed`` still; loading the desk has warned of them.
    """
    loadings, errors, volatility, sources = into
    short = np.isnan(volatility)
    short[: len(series.instruments)] = False
    for row in np.flatnonzero(series.still | short):
        loadings[row], errors[row], volatility[row] = 0.0, 0.0, 0.0
        sources[row] = OWN if series.still[row] else ASSUMED


def recentre(
    loadings: Matrix, series: Series, members: Sequence[tuple[str, ...]]
) -> None:
    """Move the members of each driver so that the basket reproduces its own move.

    The mean over the members of their USD loadings becomes the unit vector of the
    driver; every member moves by the same amount. An instrument in two baskets is
    moved by both; the baskets are solved together.
    """
    row = {name: i for i, name in enumerate(series.instruments)}
    count = len(series.instruments)
    fx = loadings[count:]
    usd = fx[series.currencies.index("USD")]
    share = np.zeros((len(members), count))
    for j, basket in enumerate(members):
        share[j, [row[m] for m in basket]] = 1 / len(basket)
    in_usd = loadings[:count] + fx[series.currency] - usd
    gap = np.eye(len(members)) - share @ in_usd
    loadings[:count] += share.T @ np.linalg.pinv(share @ share.T) @ gap
