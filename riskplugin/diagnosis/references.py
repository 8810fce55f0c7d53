"""What an instrument is judged against: the others of its group, never itself.

Every reference is a median that leaves the judged instrument out, so that neither its
own fault nor the faults of a minority of its peers move it (Hampel, Ronchetti,
Rousseeuw and Stahel, "Robust Statistics", 1986: the median breaks down at one half).
"""

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.mending import alive

NORMAL = 1.4826  # a normal's standard deviation over its median absolute deviation
BLOCK = 63  # sessions over which a scale is taken
SMALLEST_SCALE = 1e-4
LARGEST_PEER_MOVE = 0.4  # a group that moves more in a session is itself suspect


def own_returns(log_price: Matrix) -> Matrix:
    """Return log returns from each column's last price before, whenever that was.

    Parameters
    ----------
    log_price : ndarray of shape (T, N)
        NaN where there is no price.

    Returns
    -------
    ndarray of shape (T, N)
        NaN where there is no price and at a column's first.
    """
    there = ~np.isnan(log_price)
    row = np.where(there, np.arange(len(log_price))[:, None], -1)
    last = np.maximum.accumulate(row, axis=0)
    before = np.vstack([np.full((1, log_price.shape[1]), -1), last[:-1]])
    known = np.take_along_axis(log_price, np.maximum(before, 0), axis=0)
    returns: Matrix = np.where(before >= 0, log_price - known, np.nan)
    return returns


def others_median(values: Matrix, fewest: int = 2) -> Matrix:
    """Return in each cell the median of the rest of its row.

    Parameters
    ----------
    values : ndarray of shape (T, N)
        NaN where unknown: neither counted nor in the way.
    fewest : int
        Others that a median needs.

    Returns
    -------
    ndarray of shape (T, N)
        NaN where fewer others are known.
    """
    order = np.argsort(values, axis=1)  # NaN last
    ranked = np.take_along_axis(values, order, axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(values.shape[1])[None, :], axis=1)
    known = ~np.isnan(values)
    others = known.sum(axis=1)[:, None] - known
    low, high = np.maximum(others - 1, 0) // 2, others // 2

    def at(place: Codes) -> Matrix:
        """Return the element at a place of the ranked row without one's own."""
        skipped = place + (known & (place >= rank))
        inside = np.minimum(skipped, values.shape[1] - 1)
        found: Matrix = np.take_along_axis(ranked, inside, axis=1)
        return found

    median: Matrix = (at(low) + at(high)) / 2
    return np.where(others >= fewest, median, np.nan)


def peer_moves(returns: Matrix, groups: Codes) -> Matrix:
    """Return the median return of each instrument's others, 0 where there are none.

    `returns` has the shape (T, N), `groups` the group of each column. A move of a whole
    group beyond `LARGEST_PEER_MOVE` is cut there: such a group does not excuse its
    members.
    """
    moves = np.zeros_like(returns)
    for group in np.unique(groups):
        member = groups == group
        moves[:, member] = np.nan_to_num(others_median(returns[:, member]))
    return np.clip(moves, -LARGEST_PEER_MOVE, LARGEST_PEER_MOVE)


def local_scale(residual: Vector) -> Vector:
    """Return a robust standard deviation around each element, shape (n,).

    ``NORMAL * median|residual|`` over blocks of `BLOCK`, the largest of a block and its
    two neighbours, and not below half that of the whole: a quiet quarter must not make
    the first loud day a fault.
    """
    size = np.abs(residual)
    count = max(len(size) // BLOCK, 1)
    long = len(size) // count
    blocks = size[: count * long].reshape(count, long)
    spread = NORMAL * np.median(blocks, axis=1)
    near = np.pad(spread, 1, mode="edge")
    widest = np.max([near[:-2], near[1:-1], near[2:]], axis=0)
    least = max(0.5 * NORMAL * float(np.median(size)), SMALLEST_SCALE)
    block = np.minimum(np.arange(len(size)) // long, count - 1)
    scale: Vector = np.maximum(widest, least)[block]
    return scale


def within(returns: Matrix, limit: float = 4.0) -> Matrix:
    """Return columns cut at `limit` robust standard deviations; NaN stays NaN."""
    known = ~np.isnan(returns).all(axis=0)
    size = np.abs(returns)
    scale = np.ones(returns.shape[1])
    if known.any():
        scale[known] = NORMAL * np.nanmedian(size[:, known], axis=0)
    scale = np.maximum(scale, SMALLEST_SCALE)
    cut: Matrix = np.clip(returns, -limit * scale, limit * scale)
    return cut


def sessions_of(there: Flags, fewest: int = 3) -> Flags:
    """Return the days on which most of a market traded, shape (T, N).

    Of each instrument's others alone: those between their first and last close count,
    and at least half of them, and `fewest`, must be there. Where too few are alive no
    day is a session.
    """
    lives = alive(there)
    living = lives.sum(axis=1)[:, None] - lives
    trading = there.sum(axis=1)[:, None] - there
    session: Flags = (living >= fewest) & (2 * trading >= living)
    return session
