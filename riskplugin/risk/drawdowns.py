"""Drawdowns: measures of how far the cumulated P&L stands below its high.

The path is the sum of the P&L of the sessions so far, in time order, uncompounded; it
starts at 0, which is its first high. ``drawdown[j] = high[j] - path[j]``, one for each
session, weighs the probability of session j. A drawdown is minus the P&L from the
session after its high to its own, so that weights on drawdowns carry over to weights
on sessions. A high that is reached again counts from its last session.
"""

import numpy as np

from riskplugin._typing import Matrix


def drawdowns(pnl: Matrix) -> Matrix:
    """Return how far the path is below its high after each session, (T, G); >= 0."""
    path = np.cumsum(pnl, axis=0)
    high = np.maximum.accumulate(path, axis=0)
    np.maximum(high, 0.0, out=high)
    high -= path
    return high


def session_weights(drawdown: Matrix, weights: Matrix) -> Matrix:
    """Return the weights of sessions that weights of drawdowns amount to, (T, G).

    Session s counts in every drawdown from s on, up to the session before the path is
    at its high again.

    Parameters
    ----------
    drawdown : ndarray of shape (T, G)
    weights : ndarray of shape (T, G)
        Derivative of a total by each drawdown.
    """
    sessions = len(drawdown)
    after = np.zeros((sessions + 1, drawdown.shape[1]))
    np.cumsum(weights[::-1], axis=0, out=after[-2::-1])
    index = np.arange(sessions)[:, None]
    at_high = np.where(drawdown == 0.0, index, sessions)
    next_high = np.minimum.accumulate(at_high[::-1], axis=0)[::-1]
    return after[:-1] - np.take_along_axis(after, next_high, axis=0)
