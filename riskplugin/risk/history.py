"""What every instrument did, window by window, completed where it has no history."""

from dataclasses import dataclass, fields, replace

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix
from riskplugin.desk import Desk
from riskplugin.errors import ModelError
from riskplugin.factors.contract_rows import alone, series_rows
from riskplugin.factors.drivers import driver_windows
from riskplugin.factors.model import FactorModel
from riskplugin.factors.series import CURRENCIES, series_windows
from riskplugin.returns import over_sessions, panel
from riskplugin.risk.completion import Lots, completed_drivers, completed_series


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """Log returns of the M series of a model over T overlapping windows.

    Attributes
    ----------
    sessions : int
        Sessions of a window.
    ends : ndarray of datetime64[D], shape (T,)
        Last day of each window, ascending.
    drivers : ndarray of shape (T, J)
        Without a gap.
    series : ndarray of shape (T, N + C)
        Instruments in their own currency, then currencies against the base currency;
        NaN only of what nothing is known.
    own : ndarray of bool, shape (T, N + C)
        Whether the return is the series' own (cash and the base currency always: they
        have none), or expected plus a drawn residual.
    """

    sessions: int
    ends: Dates
    drivers: Matrix
    series: Matrix
    own: Flags

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ends)

    def held(self, currency: Codes) -> Flags:
        """Return whether price and exchange rate are own, shape (T, N).

        `currency` is the column of each of the N instruments' currency among the C.
        """
        count = len(currency)
        both: Flags = self.own[:, :count] & self.own[:, count:][:, currency]
        return both

    def last(self, rows: int) -> "History":
        """Return the latest `rows` windows."""
        kept = slice(max(0, len(self) - rows), None)
        return History(
            self.sessions,
            self.ends[kept],
            self.drivers[kept],
            self.series[kept],
            self.own[kept],
        )


def history(
    desk: Desk,
    model: FactorModel,
    sessions: int,
    *,
    rows: int | None,
    generator: np.random.Generator,
    as_of: np.datetime64 | None = None,
) -> History:
    """Return the windows of `sessions` of every series that `model` knows.

    As `own_history` does. An option or a leveraged fund has the column of its
    underlying; a perpetual, future, forward or swap that and its basis (`with_basis`).
    """
    found = own_history(
        desk, alone(model), sessions, rows=rows, generator=generator, as_of=as_of
    )
    if len(model.loadings) == found.series.shape[1]:
        return found
    columns = series_rows(model)
    wide = History(
        sessions,
        found.ends,
        found.drivers,
        found.series[:, columns],
        found.own[:, columns],
    )
    based = np.flatnonzero(model.contracts.derived & model.contracts.delta_one)
    if not len(based):
        return wide
    names = tuple(model.instruments[int(i)] for i in based)
    wanted = None if rows is None else rows + sessions
    when = model.as_of if as_of is None else as_of
    prices = panel(desk.market, when, names, wanted)
    there = np.isin(prices.dates[sessions:], wide.ends)
    own = over_sessions(prices.log_price, sessions)[there]
    lots = Lots.drawn(len(wide), generator)
    return with_basis(wide, model, based, own, lots, desk.settings.min_overlap)


def with_basis(
    found: History,
    model: FactorModel,
    rows: Codes,
    returns: Matrix,
    lots: Lots,
    fewest: int,
) -> History:
    """Return the history with what K contracts did beside their underlyings.

    A contract has its own return where it has one. Elsewhere it has that of its
    underlying and a basis drawn from its own past; none if it has fewer than `fewest`
    windows of it beside windows of the underlying.

    Parameters
    ----------
    rows : ndarray of int, shape (K,)
        The contracts in the model.
    returns : ndarray of shape (T, K)
        Log returns of their own closes; NaN where missing.
    """
    under, measured = found.series[:, rows], found.own[:, rows]
    lending = ~np.isnan(returns) & measured
    lending &= (found.ends <= model.as_of)[:, None]
    lending[:, lending.sum(axis=0) < fewest] = False
    labels = [(model.instruments[int(i)], model.tiers[int(i)]) for i in rows]
    series, own = found.series.copy(), found.own.copy()
    still = np.zeros(len(rows))
    series[:, rows] = completed_series(returns, under, still, labels, lending, lots)
    own[:, rows] = ~np.isnan(returns)
    return replace(found, series=series, own=own)


def own_history(
    desk: Desk,
    model: FactorModel,
    sessions: int,
    *,
    rows: int | None,
    generator: np.random.Generator,
    as_of: np.datetime64 | None = None,
) -> History:
    """Return the windows of `sessions` of every series that `model` knows.

    Parameters
    ----------
    desk : Desk
        Its prices, and how many windows of its own a series needs for residuals.
    model : FactorModel
        Its loadings say what the drivers' moves imply where a series has no return;
        residuals are drawn from windows that end no later than its own date.
    sessions : int
        Sessions of a window, 1 or more.
    rows : int, optional
        Windows wanted, the latest; all of them by default.
    generator : numpy.random.Generator
        Which residuals are drawn.
    as_of : numpy.datetime64, optional
        Nothing later is looked at; the model's own date by default.

    Raises
    ------
    ModelError
        If no window has a driver's return.
    """
    when = model.as_of if as_of is None else as_of
    wanted = None if rows is None else rows + sessions
    prices = panel(desk.market, when, model.instruments, wanted)
    currency_of = {
        name: model.currencies[int(c)]
        for name, c in zip(model.instruments, model.currency, strict=True)
    }
    baskets = dict(zip(model.drivers, model.members, strict=True))
    drivers = driver_windows(prices, baskets, currency_of, sessions)
    seen = ~np.isnan(drivers).all(axis=1)
    if not seen.any():
        msg = f"no window of {sessions} sessions up to {when} has a driver's return: "
        raise ModelError(msg + "their members need longer histories")
    ends = prices.dates[sessions:][seen]
    returns = series_windows(prices, model.currencies, sessions)[seen]
    told = ends <= model.as_of
    whole = completed_drivers(drivers[seen], model.covariance, generator, told)
    own = ~np.isnan(returns)
    own[:, [i for i, kind in enumerate(model.kinds) if kind == "cash"]] = True
    own[:, len(model.instruments)] = True  # the base currency against itself
    expected = whole @ model.loadings.T
    lending = ~np.isnan(returns) & told[:, None] & ~np.isnan(expected)
    lending[:, lending.sum(axis=0) < desk.settings.min_overlap] = False
    lending[:, model.volatility == 0] = False
    filled = completed_series(
        returns,
        expected,
        np.nan_to_num(model.volatility) * np.sqrt(sessions),
        [
            *zip(model.instruments, model.tiers, strict=True),
            *((name, CURRENCIES) for name in model.currencies),
        ],
        lending,
        Lots.drawn(len(ends), generator),
    )
    return History(sessions, ends, whole, filled, own)
