"""What is to be decided: which trades, what they do, and what they must achieve.

Trades are columns, one per instrument and side, and count in lots, ``x >= 0``. Every
P&L is linear in them, whatever they are: that of a position is its quantity times the
full revaluation of one unit, also of an option. So nothing is linearised here but the
unwinding and the cost, which are so for each side.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector

TIE = 1e-6  # weight of the cost where something else is minimised


class Goal(Enum):
    """What is minimised, and what may give way to it.

    `CHEAPEST` the cost, with every limit kept; `LEAST_LOSS` the worst loss of the
    scenarios, with every other limit kept; `NEAREST` by how much limits are missed.
    """

    CHEAPEST = "cheapest"
    LEAST_LOSS = "least_loss"
    NEAREST = "nearest"


@dataclass(frozen=True, eq=False, slots=True)
class Trades:
    """M trades that are allowed; each array per lot, money in base currency.

    Attributes
    ----------
    instrument : ndarray of int, shape (M,)
        Instrument that each trades; an instrument has one trade or two.
    sign : ndarray of shape (M,)
        1 buys, -1 sells.
    most : ndarray of shape (M,)
        Most lots; infinite where nothing caps them.
    gain : ndarray of shape (S, M)
        P&L of a lot in each scenario, its unwinding paid.
    cost : ndarray of shape (M,)
        Half spread and carry of a lot; below 0 where holding it earns more.
    impact : ndarray of shape (M,)
        x lots cost ``impact x^(3/2)`` on top (the square-root law), >= 0.
    exposure : ndarray of shape (E, M)
        What a lot adds to each exposure that is limited.
    sample : ndarray of shape (T, M)
        P&L of a lot in each scenario of the tail; (0, M) where no tail is limited.
    """

    instrument: Codes
    sign: Vector
    most: Vector
    gain: Matrix
    cost: Vector
    impact: Vector
    exposure: Matrix
    sample: Matrix

    def __len__(self) -> int:
        return len(self.sign)


@dataclass(frozen=True, eq=False, slots=True)
class Tail:
    """A limit on the mean of the worst `alpha` of P&L.

    Attributes
    ----------
    pnl, probabilities : ndarray of shape (T,)
        Of what is held, and of the scenarios; they sum to 1.
    alpha : float
    most : float
        Largest CVaR allowed, a loss > 0.
    """

    pnl: Vector
    probabilities: Vector
    alpha: float
    most: float

    def weights(self, pnl: Vector) -> Vector:
        """Return the weight of each scenario in the CVaR of `pnl`, both (T,).

        They sum to 1: the probability of the worst over `alpha`, the scenario at the
        edge with what is left (Rockafellar and Uryasev 2002).
        """
        order = np.argsort(pnl, kind="stable")
        reached = np.minimum(np.cumsum(self.probabilities[order]) / self.alpha, 1.0)
        weights = np.empty_like(pnl)
        weights[order] = np.diff(reached, prepend=0.0)
        return weights


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """How far below its P&L the low end of each scenario's band lies.

    ``z |root (1, x)| + further``: z standard deviations of what is held and traded
    together, and what the band has beyond that.

    Attributes
    ----------
    root : ndarray of shape (S, D, 1 + M)
        ``root' root`` is the covariance of what is held and of a lot of each trade.
    z : float
    further : ndarray of shape (S,)
    """

    root: Cube
    z: float
    further: Vector

    def below(self, lots: Vector) -> Vector:
        """Return how far below, (S,), with `lots` (M,) traded."""
        reach: Vector = self.z * np.linalg.norm(self.joint(lots), axis=1)
        return reach + self.further

    def joint(self, lots: Vector) -> Matrix:
        """Return ``root (1, x)``, shape (S, D)."""
        joint: Matrix = self.root @ np.concatenate([[1.0], lots])
        return joint


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """Trades, what is held, and what must hold of both together.

    Attributes
    ----------
    trades : Trades
    pnl : ndarray of shape (S,)
        P&L of what is held in each scenario; a loss is < 0.
    floor : ndarray of shape (S,)
        Lowest P&L allowed, minus infinity where none is.
    exposure, low, high : ndarray of shape (E,)
        Of what is held, and the least and most allowed.
    tail : Tail, optional
    spread : Spread, optional
        Where limits must hold at the low end of the band.
    budget : float
        Most that may be paid; infinite where none is given.
    """

    trades: Trades
    pnl: Vector
    floor: Vector
    exposure: Vector
    low: Vector
    high: Vector
    tail: Tail | None = None
    spread: Spread | None = None
    budget: float = np.inf

    @property
    def unit(self) -> float:
        """Money that the solvers count in: the largest P&L or limit there is."""
        bounds = [self.pnl, self.floor, self.exposure, self.low, self.high]
        sizes = np.abs(np.concatenate(bounds))
        if self.tail is not None:
            sizes = np.append(sizes, [abs(self.tail.most), np.abs(self.tail.pnl).max()])
        known = sizes[np.isfinite(sizes) & (sizes > 0)]
        return float(known.max()) if len(known) else 1.0

    @property
    def scale(self) -> Vector:
        """Lots of each trade that move P&L, exposure or cost by `unit`, (M,), > 0."""
        parts = (self.trades.gain, self.trades.exposure, self.trades.cost[None])
        money = np.abs(np.vstack(parts)).max(axis=0)
        scale = self.unit / np.where(money > 0, money, self.unit)
        capped = np.where(self.trades.most > 0, self.trades.most, np.inf)
        least: Vector = np.minimum(scale, capped)
        return least

    @property
    def dear(self) -> float:
        """Cost that the solvers count in, in `unit`: the largest of a `scale`."""
        scale = self.scale
        paid = np.abs(self.trades.cost) * scale + self.trades.impact * scale**1.5
        most = float(paid.max(initial=0.0)) / self.unit
        return most if most > 0 else 1.0

    @property
    def tie(self) -> Vector:
        """What decides between trades that serve alike, per lot in `unit`, (M,)."""
        ties: Vector = TIE * np.maximum(self.trades.cost, 0.0) / self.unit
        return ties

    # --- what trades do --------------------------------------------------------------

    def pnl_after(self, lots: Vector) -> Vector:
        """Return the P&L of each scenario, (S,)."""
        after: Vector = self.pnl + self.trades.gain @ lots
        return after

    def low_after(self, lots: Vector) -> Vector:
        """Return what the limits look at: the P&L or the low end of its band, (S,)."""
        below = 0.0 if self.spread is None else self.spread.below(lots)
        return self.pnl_after(lots) - below

    def exposure_after(self, lots: Vector) -> Vector:
        """Return the limited exposures, (E,)."""
        after: Vector = self.exposure + self.trades.exposure @ lots
        return after

    def sample_after(self, lots: Vector) -> Vector:
        """Return the P&L of each scenario of the tail, (T,)."""
        held = np.zeros(0) if self.tail is None else self.tail.pnl
        after: Vector = held + self.trades.sample @ lots
        return after

    def tail_after(self, lots: Vector) -> float:
        """Return the CVaR, a loss > 0; NaN where none is limited."""
        if self.tail is None:
            return np.nan
        pnl = self.sample_after(lots)
        return float(-self.tail.weights(pnl) @ pnl)

    def cost(self, lots: Vector) -> float:
        """Return ``cost x + impact x^(3/2)``, base currency."""
        return float(self.trades.cost @ lots + self.trades.impact @ lots**1.5)

    def missed(self, lots: Vector) -> float:
        """Return by how much money the limit is missed that is missed most; >= 0."""
        after = self.exposure_after(lots)
        short = [
            self.floor - self.low_after(lots),
            self.low - after,
            after - self.high,
        ]
        if self.tail is not None:
            short.append(np.array([self.tail_after(lots) - self.tail.most]))
        return float(np.max(np.concatenate(short), initial=0.0))

    def worst_loss(self, lots: Vector) -> float:
        """Return the loss of the worst scenario, as the limits look at it."""
        return float(-self.low_after(lots).min())


@dataclass(frozen=True, eq=False, slots=True)
class Shadow:
    """What a limit costs: money saved per unit of money that it is loosened by.

    Attributes
    ----------
    scenario : ndarray of shape (S,)
    low, high : ndarray of shape (E,)
    tail, budget : float
    most : ndarray of shape (M,)
        Per lot.
    """

    scenario: Vector
    low: Vector
    high: Vector
    tail: float
    budget: float
    most: Vector


def binding_caps(problem: Problem, lots: Vector) -> Flags:
    """Return which trades have no room for one more whole lot, (M,)."""
    most = problem.trades.most
    full: Flags = (most > 0) & np.isfinite(most) & (lots + 1 > most * (1 + 1e-12))
    return full
