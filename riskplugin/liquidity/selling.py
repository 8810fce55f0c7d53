"""How long it takes to sell what groups of positions hold."""

from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector

NOTHING = 1e-9  # of an amount: what rounding leaves of lots that offset each other


def sessions_locked(
    locked_until: Dates, as_of: np.datetime64, around_the_clock: Flags
) -> Vector:
    """Return the sessions that pass before the first one on which to sell, >= 0.

    Calendar days where trade goes on around the clock, else Mondays to Fridays; 0 for
    what is not locked, or is free in time for the session after `as_of`.

    Parameters
    ----------
    locked_until : ndarray of datetime64[D], shape (P,)
        First day on which it may be sold; NaT where at any time.
    as_of : numpy.datetime64
        Its close is the last that has passed.
    around_the_clock : ndarray of bool, shape (P,)
    """
    next_day = as_of + np.timedelta64(1, "D")
    until = np.where(np.isnat(locked_until), next_day, locked_until)
    until = np.maximum(until, next_day)
    days = (until - next_day).astype(np.float64)
    weekdays = np.busday_count(next_day, until).astype(np.float64)
    return np.where(around_the_clock, days, weekdays)


@dataclass(frozen=True, eq=False, slots=True)
class Amounts:
    """What each of G groups has to sell or buy back of each instrument: A amounts.

    Long and short positions of an instrument within a group offset each other, and
    those that are locked longest are offset first: what is free is sold first, and the
    rest stays hedged.

    Attributes
    ----------
    group, instrument : ndarray of shape (A,)
        Ascending, each pair once.
    quantity : ndarray of shape (A,)
        Net; short < 0, to be bought back.
    of_position : ndarray of shape (P,)
        Amount that each position belongs to.
    lot_amount : ndarray of shape (L,)
        Amount that each of its lots belongs to.
    released : ndarray of shape (L,)
        Sessions after which the lot may be sold.
    ahead : ndarray of shape (L,)
        Share of the amount that may be sold before it, >= 0.
    lot : ndarray of shape (L,)
        Share of the amount that it is, > 0.
    """

    group: Codes
    instrument: Codes
    quantity: Vector
    of_position: Codes
    lot_amount: Codes
    released: Vector
    ahead: Vector
    lot: Vector

    def __len__(self) -> int:
        return len(self.quantity)

    def part(self, first: int, last: int) -> "Amounts":
        """Return the amounts from `first` to before `last`, of their positions."""
        lots = slice(*np.searchsorted(self.lot_amount, (first, last)))
        own = (self.of_position >= first) & (self.of_position < last)
        return Amounts(
            self.group[first:last],
            self.instrument[first:last],
            self.quantity[first:last],
            self.of_position[own] - first,
            self.lot_amount[lots] - first,
            self.released[lots],
            self.ahead[lots],
            self.lot[lots],
        )

    def total(self, values: Vector) -> Vector:
        """Return the sum of `values` (P,) over each amount, shape (A,)."""
        sums = np.bincount(self.of_position, weights=values, minlength=len(self))
        return sums.astype(np.float64)


def amounts_of(
    group: Codes, instrument: Codes, quantity: Vector, released: Vector
) -> Amounts:
    """Net P positions by group and instrument.

    Parameters
    ----------
    group, instrument : ndarray of shape (P,)
    quantity : ndarray of shape (P,)
        Short < 0.
    released : ndarray of shape (P,)
        Sessions after which the position may be sold.
    """
    width = int(instrument.max(initial=0)) + 1
    pairs, pair = np.unique(group * width + instrument, return_inverse=True)
    sums = np.bincount(pair, weights=quantity, minlength=len(pairs))
    whole = np.bincount(pair, weights=np.abs(quantity), minlength=len(pairs))
    net = np.where(np.abs(sums) <= NOTHING * whole, 0.0, sums).astype(np.float64)
    order = np.lexsort((released, pair))
    order = order[quantity[order] * net[pair[order]] > 0]
    amount, free = pair[order], released[order]
    begins = np.flatnonzero((np.diff(amount, prepend=-1) != 0) | step(free))
    amount, free = amount[begins], free[begins]
    size = summed(np.abs(quantity[order]) / np.abs(net[pair[order]]), begins)
    size = np.minimum(size, 1.0)  # what exceeds the amount is offset
    ahead = np.cumsum(size) - size
    ahead = ahead - ahead[np.searchsorted(amount, amount)]
    lot = np.where(1 - ahead - size > NOTHING, size, 1 - ahead)
    kept = lot > NOTHING
    return Amounts(
        pairs // width,
        pairs % width,
        net,
        pair,
        amount[kept],
        free[kept],
        ahead[kept],
        lot[kept],
    )


def step(values: Vector) -> Flags:
    """Return where a value differs from the one before it."""
    differs: Flags = np.diff(values, prepend=np.nan) != 0
    return differs


def summed(values: Vector, begins: Codes) -> Vector:
    """Return the sum of each run of `values`, by where the runs begin."""
    return np.add.reduceat(values, begins) if len(begins) else np.zeros(0)


def sessions_to_sell(amounts: Amounts, pace: Vector) -> Vector:
    """Return the sessions until each amount is sold, shape (A,).

    ``max over lots (released + (1 - ahead) x |quantity| / pace)``: without a lock,
    ``|quantity| / pace``. 0 where nothing is to be sold; NaN where the pace is unknown.

    Parameters
    ----------
    amounts : Amounts
    pace : ndarray of shape (A,)
        Quantity sold in a session, > 0: participation x average daily volume; NaN
        where unknown, infinite for cash.
    """
    lot, alone = amounts.lot_amount, np.abs(amounts.quantity) / pace
    days = np.zeros(len(amounts))
    done = amounts.released + (1 - amounts.ahead) * alone[lot]
    with np.errstate(invalid="ignore"):  # what is unknown stays so
        np.maximum.at(days, lot, done)
    return days


def sold_by(amounts: Amounts, pace: Vector, sessions: Vector) -> Matrix:
    """Return the share of each amount sold after so many sessions, shape (D, A).

    The least of what was free by then and, for every lot, of what was free before it
    and a full pace since its release: so sells who always sells what may be sold. 1
    where nothing is to be sold; NaN where the pace is unknown and something was free.

    Parameters
    ----------
    amounts : Amounts
    pace : ndarray of shape (A,)
        As for `sessions_to_sell`.
    sessions : ndarray of shape (D,)
        Not negative.
    """
    lot = amounts.lot_amount
    tempo = pace[lot] / np.abs(amounts.quantity)[lot]
    shares = np.ones((len(sessions), len(amounts)))
    for sold, elapsed in zip(shares, sessions, strict=True):
        since = elapsed - amounts.released
        there = since > 0
        free = np.where(there, amounts.lot, 0.0)
        free = np.bincount(lot, weights=free, minlength=len(amounts))
        sold[:] = np.where(amounts.quantity != 0, np.minimum(free, 1.0), 1.0)
        at_pace = amounts.ahead[there] + tempo[there] * since[there]
        with np.errstate(invalid="ignore"):
            np.minimum.at(sold, lot[there], at_pace)
    return shares


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """How the selling of G groups spreads over time, each of shape (G,) or (D, G).

    `longest` and `mean` are sessions, over what is known, the mean by value; `within`
    the share of all of the value that is known to be sold in time; `unknown` the value
    of which nothing is known. NaN where nothing of the group is known, the mean and
    the shares also where it holds no net value.
    """

    longest: Vector
    mean: Vector
    within: Matrix
    unknown: Vector


def spread_over_time(
    group: Codes, groups: int, value: Vector, days: Vector, shares: Matrix
) -> Spread:
    """Return how the selling of groups spreads over time.

    Parameters
    ----------
    group : ndarray of shape (A,)
        Of each amount.
    groups : int
    value : ndarray of shape (A,)
        Net value of each amount, base currency, sign ignored.
    days : ndarray of shape (A,)
        Sessions to sell it; NaN where unknown.
    shares : ndarray of shape (D, A)
        Sold after so many sessions; NaN where unknown.
    """
    weight, known = np.abs(value), ~np.isnan(days)

    def total(values: Vector) -> Vector:
        return np.bincount(group, weights=values, minlength=groups).astype(np.float64)

    any_known = total(known.astype(np.float64)) > 0
    longest = np.zeros(groups)
    np.maximum.at(longest, group[known], days[known])
    costed = total(np.where(known, weight, 0.0))
    everything = total(weight)
    mean = quotient(total(np.where(known, weight * days, 0.0)), costed)
    sold = [
        quotient(total(np.where(known, weight * np.nan_to_num(s), 0.0)), everything)
        for s in shares
    ]
    within = np.where(any_known, np.array(sold).reshape(len(shares), groups), np.nan)
    return Spread(
        np.where(any_known, longest, np.nan),
        mean,
        within,
        total(np.where(known, 0.0, weight)),
    )


def quotient(numerator: Vector, denominator: Vector) -> Vector:
    """Return the quotient, NaN where the denominator is 0."""
    share: Vector = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=share, where=denominator > 0)
    return share
