"""Implied volatilities and interest rates of one day, read between the points given."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin._typing import Matrix, Vector
from riskplugin.universe import Universe

DAYS_A_YEAR = 365.0


@dataclass(frozen=True, eq=False, slots=True)
class Smile:
    """Implied volatilities of a tenor by moneyness, ascending; a NaN alone is any."""

    days: float
    moneyness: Vector
    volatility: Vector

    def at(self, moneyness: float) -> tuple[float, bool]:
        """Return the volatility, straight between points, and whether it is outside."""
        if len(self.moneyness) == 1 and np.isnan(self.moneyness[0]):
            return float(self.volatility[0]), False
        known = ~np.isnan(self.moneyness)
        points, levels = self.moneyness[known], self.volatility[known]
        outside = not points[0] <= moneyness <= points[-1]
        return float(np.interp(moneyness, points, levels)), outside


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """Implied volatilities of an underlying: a smile per tenor, ascending."""

    date: np.datetime64
    smiles: tuple[Smile, ...]

    def at(self, years: float, moneyness: float) -> tuple[float, bool]:
        """Return the volatility of an option, and whether it lies outside the points.

        Total variance (volatility^2 x time) is straight between tenors; beyond the
        first and the last the volatility is theirs.
        """
        found = [smile.at(moneyness) for smile in self.smiles]
        outside = any(out for _, out in found)
        levels = np.array([level for level, _ in found])
        days = np.array([smile.days for smile in self.smiles])
        if len(days) == 1 and np.isnan(days[0]):
            return float(levels[0]), outside
        tenor = years * DAYS_A_YEAR
        if not days[0] <= tenor <= days[-1]:
            nearest = 0 if tenor < days[0] else -1
            return float(levels[nearest]), True
        variance = np.interp(tenor, days, levels**2 * days)
        return float(np.sqrt(variance / tenor)), outside


def surfaces(
    vols: pd.DataFrame | None, universe: Universe, as_of: np.datetime64
) -> dict[str, Surface]:
    """Return the latest surface up to `as_of` of each underlying that `vols` knows.

    Several rows of one point count by their mean.
    """
    if vols is None or not len(vols):
        return {}
    names = vols["instrument"].map(universe.resolve)
    dates = vols["date"].to_numpy().astype("datetime64[D]")
    found = {}
    for name, rows in vols[dates <= as_of].groupby(names, sort=True):
        days = rows["date"].to_numpy().astype("datetime64[D]")
        latest = rows[days == days.max()]
        smiles = [
            Smile(float(tenor), *points(part, "moneyness", "implied_volatility"))
            for tenor, part in latest.groupby("tenor_days", dropna=False)
        ]
        timed = [s for s in smiles if not np.isnan(s.days)] or smiles
        timed.sort(key=lambda smile: smile.days)
        found[str(name)] = Surface(days.max(), tuple(timed))
    return found


def points(rows: pd.DataFrame, key: str, level: str) -> tuple[Vector, Vector]:
    """Return the mean of `level` by `key`, ascending; NaN counts as no other key."""
    means = rows.groupby(rows[key], dropna=False)[level].mean().sort_index()
    at = means.index.to_numpy(np.float64)
    chosen = ~np.isnan(at) if not np.isnan(at).all() else np.ones(len(at), dtype=bool)
    return at[chosen], means.to_numpy(np.float64)[chosen]


def curves(
    rates: pd.DataFrame | None, as_of: np.datetime64
) -> dict[str, tuple[Vector, Vector]]:
    """Return tenors in days and rates a year of each currency, of the last date."""
    if rates is None or not len(rates):
        return {}
    dates = rates["date"].to_numpy().astype("datetime64[D]")
    found = {}
    for name, rows in rates[dates <= as_of].groupby("currency", sort=True):
        days = rows["date"].to_numpy().astype("datetime64[D]")
        found[str(name)] = points(rows[days == days.max()], "tenor_days", "rate")
    return found


def rate_at(curve: tuple[Vector, Vector], years: float) -> float:
    """Return the rate, straight between tenors and level beyond them."""
    return float(np.interp(years * DAYS_A_YEAR, *curve))


def past_volatility(close: Matrix, sessions: int = 252) -> Vector:
    """Return the annual volatility of the last closes of each column (T, N), (N,).

    Of log returns from close to close, as many as there are up to `sessions`; NaN where
    fewer than 20.
    """
    found = np.full(close.shape[1], np.nan)
    for i, column in enumerate(close.T):
        known = column[~np.isnan(column)][-sessions - 1 :]
        if len(known) > 20:
            found[i] = np.diff(np.log(known)).std() * np.sqrt(252.0)
    return found
