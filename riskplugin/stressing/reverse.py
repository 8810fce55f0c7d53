"""Reverse stress by one driver: the smallest move of it that loses so much.

The P&L is asked for and never assumed: it may bend, jump in slope, turn around or stay
above the loss for good. The whole range of moves is laid out first, in both directions,
and every first crossing is closed in on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Flags, Vector
from riskplugin.stressing.profit import Profit

LOWEST, HIGHEST = float(np.log(0.05)), float(np.log(4.0))  # -95 % and +300 %
STEP = 0.005  # of the scan, in logs
EXACT = 1e-10  # of the loss


@dataclass(frozen=True, eq=False, slots=True)
class Crossings:
    """Where the P&L of G groups first falls to minus the loss, on either side of rest.

    Attributes
    ----------
    falls, rises : ndarray of shape (G,)
        Log moves <= 0 and >= 0; NaN where there is none on that side.
    worst, worst_at : ndarray of shape (G,)
        Lowest P&L of the scan, and the log move that makes it.
    """

    falls: Vector
    rises: Vector
    worst: Vector
    worst_at: Vector


def scan_moves() -> Vector:
    """Return log moves from -95 % to +300 %, zero among them, ascending."""
    below = np.linspace(LOWEST, 0.0, round(-LOWEST / STEP) + 1)
    above = np.linspace(0.0, HIGHEST, round(HIGHEST / STEP) + 1)
    return np.concatenate([below, above[1:]])


def crossings(profit: Profit, losses: Vector) -> Crossings:
    """Return the smallest moves of one driver that lose `losses`, each group its own.

    The first interval of the scan, from rest outwards, at whose end so much is lost
    holds a crossing; all of them are closed in on together by Chandrupatla's method
    (1997), to 1e-10 of the loss. A crossing and its return between two neighbours of
    the scan, half a percent apart, would be missed. A group that loses as much at rest
    gets a move of zero.

    Parameters
    ----------
    profit : Profit
        Of one driver.
    losses : ndarray of shape (G,)
        Positive, in base currency.
    """
    moves = scan_moves()
    pnl = profit.table(moves[:, None])
    lost = pnl <= -losses[:, None]
    rest = int(np.flatnonzero(moves == 0)[0])
    down = first_lost(lost[:, rest::-1])
    up = first_lost(lost[:, rest:])
    some = np.flatnonzero(np.append(down > 0, up > 0))
    groups = some % len(losses)
    ends = np.append(rest - down, rest + up)[some]
    inner = ends + np.where(some < len(losses), 1, -1)
    found = np.where(np.append(down, up) == 0, 0.0, np.nan)

    def excess(move: Vector, row: Codes) -> Vector:
        lost_by = losses[groups[row]]
        return profit.each(move[:, None], groups[row]) / lost_by + 1.0

    found[some] = closed_in(excess, moves[inner], moves[ends])
    lowest = np.argmin(pnl, axis=1)
    worst = np.take_along_axis(pnl, lowest[:, None], axis=1)[:, 0]
    falls, rises = found[: len(losses)], found[len(losses) :]
    return Crossings(falls, rises, worst, moves[lowest])


def first_lost(lost: Flags) -> Codes:
    """Return the first column of each row (G, S) that is true, -1 where none is."""
    return np.where(lost.any(axis=1), np.argmax(lost, axis=1), -1)


def closed_in(
    excess: Callable[[Vector, Codes], Vector], inner: Vector, outer: Vector
) -> Vector:
    """Return where functions are zero between two numbers each, shape (M,).

    By Chandrupatla's method (1997), all of them together. `excess` takes numbers and
    the rows that they are asked of.
    """
    from scipy.optimize.elementwise import find_root  # noqa: PLC0415

    if not len(inner):
        return np.zeros(0)

    def flat(at: Vector, row: Vector) -> Vector:
        return excess(np.ravel(at), np.ravel(row).astype(np.int64)).reshape(at.shape)

    found = find_root(
        flat,
        (inner, outer),
        args=(np.arange(len(inner), dtype=np.float64),),
        tolerances={"xatol": 1e-16, "xrtol": 4e-16, "fatol": EXACT / 10, "frtol": 0.0},
    )
    return np.asarray(found.x, dtype=np.float64)
