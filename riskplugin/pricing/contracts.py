"""Full revaluation of whatever is held: spot, volatility and time together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.contracts import SESSIONS_A_YEAR, Contracts
from riskplugin.pricing.american import Boundary, with_less_time
from riskplugin.pricing.collocation import LASTING
from riskplugin.pricing.leveraged import leveraged_growth
from riskplugin.pricing.linear import delta_one, is_funded
from riskplugin.pricing.options import (
    bsm_price,
    exercise_boundary,
    price_from_boundary,
)
from riskplugin.pricing.perpetual import funding_pnl

CELLS = 2_000_000  # prices worked on at once


@dataclass(frozen=True, eq=False, slots=True)
class Moves:
    """What happens to N underlyings in S scenarios.

    Attributes
    ----------
    local : ndarray of shape (S, N)
        Log move of the underlying in its own currency.
    fx : ndarray of shape (S, N)
        Log move of that currency against the base currency.
    volatility : ndarray of shape (S, N)
        Change of the annual volatility, absolute.
    sessions : ndarray of shape (S,)
        Sessions that pass.
    """

    local: Matrix
    fx: Matrix
    volatility: Matrix
    sessions: Vector

    @classmethod
    def within(cls, local: Matrix, fx: Matrix, sessions: float | Vector) -> "Moves":
        """Return moves at volatilities as they are, over `sessions`."""
        passed = np.broadcast_to(np.asarray(sessions, dtype=np.float64), len(local))
        return cls(local, fx, np.zeros_like(local), passed)

    def at(self, names: Codes | Flags) -> "Moves":
        """Return the moves of some names."""
        local, fx, volatility = self.local, self.fx, self.volatility
        return Moves(local[:, names], fx[:, names], volatility[:, names], self.sessions)


def revalue(contracts: Contracts, moves: Moves) -> Matrix:
    """Return the P&L per unit of reference value, base currency today, shape (S, N).

    ``value after x e^y - value before`` of what is held, y the log move of the
    currency; gains and losses converted at ``e^y`` of what is only settled. Prices go
    straight (in logs) from here to the move: an option that expires on the way is
    settled at the spot that it has by then.

    Parameters
    ----------
    contracts : Contracts of N rows
    moves : Moves of shape (S, N)

    Notes
    -----
    No move and no time is exactly 0.
    """
    unit = np.empty_like(moves.local)
    rows = contracts.delta_one
    if rows.any():
        funded = is_funded(contracts.kinds)[rows]
        unit[:, rows] = delta_one(funded, moves.local[:, rows], moves.fx[:, rows])
    for rows, pnl in (
        (contracts.options, option_pnl),
        (contracts.leveraged, leveraged_pnl),
    ):
        if rows.any():
            unit[:, rows] = pnl(contracts.at(rows), moves.at(rows))
    rows = contracts.funded
    if rows.any():
        part = moves.at(rows)
        paid = funding_pnl(part.local, contracts.funding[rows], part.sessions)
        unit[:, rows] += paid * np.exp(part.fx)
    rows = contracts.margined
    if rows.any():
        unit[:, rows] = closed_pnl(contracts.at(rows), moves.at(rows), unit[:, rows])
    return unit


def closed_pnl(margined: Contracts, moves: Moves, unit: Matrix) -> Matrix:
    """Return the P&L per unit `unit` (S, N), with what is closed on the way in place.

    A position is closed once its price has moved to its barrier, which on a straight
    path it has if it ends there or beyond. What is settled in the coin is converted at
    the price of the coin.
    """
    beyond = margined.side * moves.local <= margined.side * margined.barrier
    moved = (moves.local != 0) | (moves.sessions[:, None] > 0)
    pnl: Matrix = np.where(beyond & moved, closed_value(margined, moves), unit)
    return pnl


def closed_value(margined: Contracts, moves: Moves) -> Matrix:
    """Return the P&L per unit of closed positions in base currency, (S, N)."""
    paid_in = moves.fx + np.where(margined.inverse, moves.local, 0.0)
    value: Matrix = margined.closed * np.exp(paid_in)
    return value


def linear_pnl(contracts: Contracts, local: Matrix, fx: Matrix) -> Matrix:
    """Return the P&L per unit of what is linear in the spot, and in the currency.

    ``delta (e^x - 1) e^y + value (e^y - 1)``, shape (S, N).
    """
    pnl: Matrix = contracts.delta * np.expm1(local) * np.exp(fx)
    pnl += contracts.value * np.expm1(fx)
    return pnl


def stressed_value(contracts: Contracts, moves: Moves, unit: Matrix) -> Matrix:
    """Return what is held (or its notional) per unit of reference value, (S, N).

    `unit` is the P&L by `revalue`.
    """
    notional = np.exp(moves.local + moves.fx)
    held: Matrix = np.where(contracts.delta_one, notional, contracts.value + unit)
    return held


class Around(NamedTuple):
    """P&L where moves end, and a `step` and half of it up and down from there, (S, N).

    `ends` holds the P&L one step up and one down, `halves` that half a step.
    """

    middle: Matrix
    ends: tuple[Matrix, Matrix]
    halves: tuple[Matrix, Matrix]


def revalue_around(contracts: Contracts, moves: Moves, step: Matrix) -> Around:
    """Return the P&L of `revalue`, and that a log `step` (S, N) further and half of it.

    Half a step away an American option has its European value, and for the right of
    early exercise what a parabola through the three others has.
    """
    european = replace(contracts, american=np.zeros(len(contracts), dtype=bool))
    reach = (0.0, 1.0, -1.0, 0.5, -0.5)
    points = revalue_at(european, moves, step, reach)
    rows = contracts.american
    if rows.any():
        own = revalue_at(contracts.at(rows), moves.at(rows), step[:, rows], reach[:3])
        early = [
            exact - plain[:, rows] for exact, plain in zip(own, points, strict=False)
        ]
        for place, share in zip((3, 4), (0.375, -0.125), strict=True):
            other = 0.25 - share
            halfway = 0.75 * early[0] + share * early[1] + other * early[2]
            points[place][:, rows] += np.maximum(halfway, 0.0)
        for exact, whole in zip(own, points, strict=False):
            whole[:, rows] = exact
    middle, up, down, half_up, half_down = points
    return Around(middle, (up, down), (half_up, half_down))


def revalue_at(
    contracts: Contracts, moves: Moves, step: Matrix, reach: Sequence[float]
) -> list[Matrix]:
    """Return the P&L of `revalue` so many steps (S, N) beyond `moves`, each (S, N)."""
    count = len(reach)
    whole = Moves(
        np.concatenate([moves.local + steps * step for steps in reach]),
        np.tile(moves.fx, (count, 1)),
        np.tile(moves.volatility, (count, 1)),
        np.tile(moves.sessions, count),
    )  # together, so that they share the boundaries of American options
    return np.split(revalue(contracts, whole), count)


def option_pnl(options: Contracts, moves: Moves) -> Matrix:
    """Return the P&L of options per unit of their underlying's value, (S, N)."""
    after = option_values(options, moves)
    pnl: Matrix = after * np.exp(moves.fx) - options.value
    return pnl


def option_values(options: Contracts, moves: Moves) -> Matrix:
    """Return what options are worth over today's spot, (S, N)."""
    span = moves.sessions[:, None] / SESSIONS_A_YEAR
    with np.errstate(divide="ignore", invalid="ignore"):
        until = np.where(span > options.years, options.years / span, 1.0)
    spot = np.exp(moves.local * until)
    years = np.maximum(options.years - span, 0.0)
    volatility = np.maximum(options.volatility + moves.volatility, 0.0)
    after = np.empty_like(spot)
    for rows, price in (
        (np.flatnonzero(~options.american), european_values),
        (np.flatnonzero(options.american), american_values),
    ):
        if len(rows):
            states = (m[:, rows] for m in (spot, years, volatility))
            after[:, rows] = price(options.at(rows), *states)
    still = (moves.local == 0) & (moves.volatility == 0) & (span == 0)
    return np.where(still, options.value, after)


def european_values(
    options: Contracts, spot: Matrix, years: Matrix, volatility: Matrix
) -> Matrix:
    """Return the value of European options at spots over today's, (S, N)."""
    return bsm_price(
        kinds_of(options),
        spot,
        options.strike,
        options.rate,
        options.dividend_yield,
        years,
        volatility,
    )


def american_values(
    options: Contracts, spot: Matrix, years: Matrix, volatility: Matrix
) -> Matrix:
    """Return the value of American options at spots over today's, (S, N).

    Scenarios that leave all contracts the same time and volatility share their
    boundaries; those that leave the volatility as it is are parts of one.
    """
    terms = (options.strike, options.rate, options.dividend_yield)
    groups: dict[bytes, list[int]] = {}
    for row, (left, level) in enumerate(zip(years, volatility, strict=True)):
        groups.setdefault(left.tobytes() + level.tobytes(), []).append(row)
    same = (volatility == options.volatility).all(axis=1)
    today = np.stack([*terms, options.years, options.volatility])
    whole = lasting_boundary(tuple(kinds_of(options).tolist()), today.tobytes())
    values = np.empty_like(spot)
    for alike in groups.values():
        row = alike[0]
        if same[row]:
            boundary = with_less_time(whole, years[row])
        else:
            boundary = exercise_boundary(
                kinds_of(options), *terms, years[row], volatility[row]
            )
        step = max(1, CELLS // len(options))
        for begin in range(0, len(alike), step):
            some = alike[begin : begin + step]
            values[some] = price_from_boundary(boundary, spot[some])
    return values


@lru_cache(maxsize=8)
def lasting_boundary(kinds: tuple[str, ...], today: bytes) -> Boundary:
    """Return the boundary of contracts as they are today, of N `kinds`.

    `today` holds their terms (5, N) as float64. A search that revalues the same
    contracts a hundred times solves it once.
    """
    terms = np.frombuffer(today).reshape(-1, len(kinds))
    return exercise_boundary(np.array(kinds), *terms, scheme=LASTING)


def kinds_of(options: Contracts) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return ``"call"`` or ``"put"`` of each option, shape (N,)."""
    return np.where(options.sign > 0, "call", "put")


def leveraged_pnl(funds: Contracts, moves: Moves) -> Matrix:
    """Return the P&L of leveraged ETFs per unit of their value, (S, N).

    Their underlyings vary as they do today, changed by the move of the volatility.
    """
    annual = np.maximum(funds.volatility + moves.volatility, 0.0)
    growth = leveraged_growth(
        moves.local, funds.leverage, annual**2 / SESSIONS_A_YEAR, moves.sessions
    )
    pnl: Matrix = growth * np.exp(moves.fx) + np.expm1(moves.fx)
    return pnl
