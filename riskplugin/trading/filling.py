"""What orders cost and how long they take."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Flags, Vector
from riskplugin.liquidity.cost import selling_cost


@dataclass(frozen=True, eq=False, slots=True)
class Depth:
    """The market of K instruments, each of shape (K,).

    Attributes
    ----------
    volume : ndarray
        Average daily volume in units of the quantity; NaN where unknown.
    volatility : ndarray
        Of a session's log return in the instrument's currency; NaN where unknown.
    half_spread : ndarray
        As a fraction of price; NaN where unknown.
    cash : ndarray of bool
        What costs and takes nothing to trade.
    """

    volume: Vector
    volatility: Vector
    half_spread: Vector
    cash: Flags


class Fills(NamedTuple):
    """Money and sessions of R orders, each of shape (R,); NaN where unknown."""

    spread: Vector
    impact: Vector
    days: Vector

    @property
    def cost(self) -> Vector:
        """Half the spread and the impact, base currency, >= 0."""
        cost: Vector = self.spread + self.impact
        return cost


@dataclass(frozen=True, eq=False, slots=True)
class Orders:
    """R orders, each of shape (R,).

    Attributes
    ----------
    instrument : ndarray of int
        In `Depth`.
    quantity : ndarray
        Units bought; sold < 0.
    value : ndarray
        Market value bought, base currency; sold < 0.
    released : ndarray
        Sessions until the last of what is sold may be sold; 0 where at once.
    """

    instrument: Codes
    quantity: Vector
    value: Vector
    released: Vector


def fills(orders: Orders, depth: Depth, participation: float, impact: float) -> Fills:
    """Return what orders cost that go to the market of the day together.

    ``|value| half_spread`` and ``|value| impact x volatility x sqrt(Q / volume)`` with
    Q all that the orders buy and sell of the instrument, as `selling_cost`; sessions
    ``max(Q / (participation x volume), released)``.

    Parameters
    ----------
    orders : Orders of R rows
    depth : Depth of K instruments
    participation : float
        Share of the daily volume that is traded.
    impact : float
        The constant Y of the square-root law.
    """
    name = orders.instrument
    size = np.bincount(name, np.abs(orders.quantity), len(depth.volume))[name]
    volume, cash = depth.volume[name], depth.cash[name]
    gross = np.abs(orders.value)
    days_of_volume = np.where(cash, 0.0, size / volume)
    nothing = np.zeros(len(name))
    half = np.where(cash, 0.0, depth.half_spread[name])
    volatility = np.where(cash, 0.0, depth.volatility[name])
    moved = selling_cost(nothing, volatility, days_of_volume, impact)
    days = np.maximum(days_of_volume / participation, orders.released)
    return Fills(gross * half, gross * moved, days)
