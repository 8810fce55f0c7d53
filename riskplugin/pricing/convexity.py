"""What the full revaluation adds to the linear P&L, cause by cause."""

from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Matrix
from riskplugin.contracts import Contracts
from riskplugin.pricing.contracts import Moves, linear_pnl, revalue


@dataclass(frozen=True, eq=False, slots=True)
class Convexity:
    """Parts of the convexity of N contracts in S scenarios per unit, each (S, N).

    They add up to ``revalue - linear_pnl``. Each cause comes after those before it:
    what they make together is counted with the later one.

    Attributes
    ----------
    gamma : ndarray
        Of options: the move of the underlying beyond delta, at once and at today's
        volatility.
    volatility : ndarray
        The change of the volatility, of options before time passes.
    carry : ndarray
        Of options: the time that passes, settlement on the way included.
    leverage : ndarray
        Of leveraged funds: compounding, and the drag of today's volatility.
    funding : ndarray
        Of perpetuals.
    liquidation : ndarray
        Of what is closed on the way.
    """

    gamma: Matrix
    volatility: Matrix
    carry: Matrix
    leverage: Matrix
    funding: Matrix
    liquidation: Matrix


def convexity_parts(contracts: Contracts, moves: Moves) -> Convexity:
    """Return what makes the convexity of contracts under `moves`."""
    none = np.zeros(len(contracts))
    kept = replace(contracts, side=none)
    unfunded = replace(kept, funding=none)
    straight = linear_pnl(contracts, moves.local, moves.fx)
    unpaid, open_ = revalue(unfunded, moves), revalue(kept, moves)
    calm = replace(moves, volatility=np.zeros_like(moves.local))
    at_once = np.zeros_like(moves.sessions)
    gamma, volatility, carry, leverage = (np.zeros_like(straight) for _ in range(4))
    rows = contracts.options
    if rows.any():
        own = unfunded.at(rows)
        spot = revalue(own, replace(calm.at(rows), sessions=at_once))
        level = revalue(own, replace(moves.at(rows), sessions=at_once))
        gamma[:, rows] = spot - straight[:, rows]
        volatility[:, rows] = level - spot
        carry[:, rows] = unpaid[:, rows] - level
    rows = contracts.leveraged
    if rows.any():
        drawn = revalue(unfunded.at(rows), calm.at(rows))
        leverage[:, rows] = drawn - straight[:, rows]
        volatility[:, rows] = unpaid[:, rows] - drawn
    closed = revalue(contracts, moves) - open_
    return Convexity(gamma, volatility, carry, leverage, open_ - unpaid, closed)
