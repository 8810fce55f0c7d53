"""Days to sell and what selling costs, as a labelled table."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.book import grouped
from riskplugin.custody import locked
from riskplugin.desk import Desk
from riskplugin.errors import UsageError
from riskplugin.factors.model import FactorModel
from riskplugin.liquidity.cost import selling_cost
from riskplugin.liquidity.selling import (
    Amounts,
    amounts_of,
    quotient,
    sessions_locked,
    sessions_to_sell,
    sold_by,
    spread_over_time,
)
from riskplugin.results import Table, table
from riskplugin.tables.tabulation import keys_in, keys_of, rows_of
from riskplugin.tables.volumes import daily_volume

WITHIN = (1, 5, 10, 21)
AROUND_THE_CLOCK = "24/7"


@dataclass(frozen=True, eq=False, slots=True)
class Selling:
    """What groups have to sell, and the market they sell it in; each of shape (A,).

    Attributes
    ----------
    amounts : Amounts
    row : ndarray of int
        Row of the instrument in the model.
    value : ndarray
        Net market value, base currency.
    reference : ndarray
        Net reference value, which P&L is stated per unit of, base currency.
    volume : ndarray
        Average daily volume; NaN where unknown, infinite for cash.
    volatility : ndarray
        Of a session's log return in the instrument's own currency; NaN where unknown.
    half_spread : ndarray
        As a fraction of price; NaN where unknown.
    """

    amounts: Amounts
    row: Codes
    value: Vector
    reference: Vector
    volume: Vector
    volatility: Vector
    half_spread: Vector

    def at(self, share: float) -> tuple[Vector, Matrix]:
        """Return sessions to sell (A,), and shares sold in time (D, A).

        `share` is that of the average volume which the desk trades.
        """
        pace, in_time = share * self.volume, np.array(WITHIN, dtype=np.float64)
        days = sessions_to_sell(self.amounts, pace)
        return days, sold_by(self.amounts, pace, in_time)

    def cost_share(self, left: float, impact: float) -> Vector:
        """Return what selling costs per unit of value with `left` of the volume, (A,).

        A sale costs no more than what is sold; buying back may. NaN where the spread,
        the volatility or the volume is unknown; 0 where nothing is to be sold.
        """
        quantity = self.amounts.quantity
        days = np.abs(quantity) / (left * self.volume)
        share = selling_cost(self.half_spread, self.volatility, days, impact)
        share = np.where(quantity > 0, np.minimum(share, 1.0), share)
        return np.where(quantity == 0, 0.0, share)


def session_volatility(model: FactorModel) -> Vector:
    """Return the volatility of each instrument's log return a session, own currency.

    ``sqrt(loading' covariance loading + residual variance)``, shape (N,); NaN where
    nothing is known of it.
    """
    count = len(model.instruments)
    loadings = model.loadings[:count]
    by_drivers = np.einsum("nj,jk,nk->n", loadings, model.covariance, loadings)
    total: Vector = np.sqrt(by_drivers + model.volatility[:count] ** 2)
    return total


def released_after(desk: Desk) -> Vector:
    """Return the sessions for which each position is locked, shape (P,).

    Calendar days for instruments that trade around the clock.
    """
    instrument = desk.book.labels["instrument"]
    always = [
        desk.universe.instruments[n].calendar == AROUND_THE_CLOCK
        for n in instrument.names
    ]
    around_the_clock = np.array(always, dtype=bool)[instrument.codes]
    return sessions_locked(desk.book.locked_until, desk.as_of, around_the_clock)


def selling_of(desk: Desk, model: FactorModel, keys: tuple[str, ...]) -> Selling:
    """Return what each group by `keys` has to sell, as if it alone were to sell."""
    book, instrument = desk.book, desk.book.labels["instrument"]
    group = grouped(book, keys).codes
    amounts = amounts_of(group, instrument.codes, book.quantity, released_after(desk))
    row = np.empty(len(instrument.names), dtype=np.int64)
    row[instrument.codes] = rows_of(desk, model)
    half_spread = np.empty(len(instrument.names))
    half_spread[instrument.codes] = book.half_spread
    name = amounts.instrument
    return Selling(
        amounts,
        row[name],
        amounts.total(book.market_value),
        amounts.total(book.reference_value),
        daily_volume(desk)[name],
        session_volatility(model)[row[name]],
        half_spread[name],
    )


@one_blas_thread
def liquidity_table(
    desk: Desk,
    model: FactorModel,
    by: str | Iterable[str],
    participation: float | None = None,
    volume_stress: float | None = None,
) -> Table:
    """Return days to sell and cost by the keys `by`; of the whole desk by none.

    Raises
    ------
    UsageError
        If a key, the participation or the stress of the volume cannot be used.
    """
    keys = keys_of(by) if by else ()
    book = desk.book
    share, left = shares_of(desk, participation, volume_stress)
    grouping, selling = grouped(book, keys), selling_of(desk, model, keys)
    group, groups = selling.amounts.group, len(grouping)
    before = spread_over_time(group, groups, selling.value, *selling.at(share))
    after = spread_over_time(group, groups, selling.value, *selling.at(share * left))
    gross = np.abs(book.market_value)
    columns = {
        **keys_in(grouping),
        "gross": grouping.total(gross),
        "netted_gross": np.bincount(group, np.abs(selling.value), groups),
        "days": if_told(before.longest, after.unknown),
        "days_stressed": if_told(after.longest, after.unknown),
        "mean_days_stressed": if_told(after.mean, after.unknown),
        **{f"within_{n}": s for n, s in zip(WITHIN, after.within, strict=True)},
        "locked": grouping.total(gross * locked(book, desk.as_of)),
        "unknown_gross": after.unknown,
        **costs(selling, groups, selling.cost_share(left, desk.settings.impact)),
    }
    return table("liquidity", desk.as_of, columns)


def if_told(days: Vector, unknown: Vector) -> Vector:
    """Return `days`, NaN where all that takes no days is known and the rest is not.

    Cash takes none; a group of cash and of what has no known volume is not sold at
    once.
    """
    return np.where((unknown > 0) & (days == 0), np.nan, days)


def costs(selling: Selling, groups: int, share: Vector) -> dict[str, Vector]:
    """Return what selling costs each group, as far as it is known, shape (G,).

    `share` is the cost per unit of value, shape (A,).
    """
    money, known = np.abs(selling.value), ~np.isnan(share)

    def total(values: Vector) -> Vector:
        sums = np.bincount(selling.amounts.group, values, groups)
        return sums.astype(np.float64)

    paid, costed = total(money * np.where(known, share, 0.0)), total(money * known)
    return {
        "cost": np.where(total(known.astype(np.float64)) > 0, paid, np.nan),
        "cost_pct_gross": quotient(paid, costed),
        "uncosted_gross": total(money * ~known),
    }


def shares_of(
    desk: Desk, participation: float | None, volume_stress: float | None
) -> tuple[float, float]:
    """Return the share of the volume traded, and the share of it left under stress.

    Those of the desk where none is given.

    Raises
    ------
    UsageError
        If the participation is not above 0 and at most 1, or the stress not above 0.
    """
    settings = desk.settings
    share = settings.participation if participation is None else participation
    left = settings.volume_stress if volume_stress is None else volume_stress
    if not 0 < share <= 1:
        raise UsageError(
            f"participation is {share}, a share of the daily volume above 0 and at "
            "most 1 is needed"
        )
    if not 0 < left < np.inf:
        raise UsageError(
            f"volume_stress is {left}, the share of the daily volume that is left is "
            "needed: 0.5 halves it"
        )
    return share, left
