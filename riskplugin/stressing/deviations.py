"""How groups of positions vary together in each scenario.

The band of a group reaches about z standard deviations; what a hedge is worth there
depends on how it varies with what it hedges.
"""

import numpy as np

from riskplugin._typing import Cube, Matrix
from riskplugin.book import Book, Grouping
from riskplugin.stressing.bands import base_correlation, uncertainty
from riskplugin.stressing.engine import name_moves
from riskplugin.stressing.liquidation import by_position
from riskplugin.stressing.shock import ShockGrid


def joint_roots(book: Book, grouping: Grouping, grid: ShockGrid, z: float) -> Cube:
    """Return roots of the covariance of G groups at the stressed state, (S, G, G).

    ``root' root`` is, with v the money slopes of a group at the stressed state, f the
    sensitivities to the drivers left open, s the specific deviations and R their
    correlation, ``sum over factors of (v f)(v f)' + (v s) R (v s)'``: the variance of
    `block_band`, for groups together. What is derived moves by the slope of
    `name_moves`.

    Parameters
    ----------
    book : Book
    grouping : Grouping
    grid : ShockGrid
        Of S scenarios.
    z : float
        Standard deviations over which slopes of what is curved are taken.
    """
    grid, names = by_position(book, grid)
    held, place = np.unique(names, return_inverse=True)
    values = np.zeros((len(grouping), len(held)))
    np.add.at(values, (grouping.codes, place), book.reference_value)
    moves = name_moves(grid, held, z)
    open_ = uncertainty(grid, moves.carry)
    among = base_correlation(grid.model)[np.ix_(held, held)]
    found = np.empty((len(grid.horizon), len(grouping), len(grouping)))
    for s in range(len(found)):
        money = values * moves.bent.slope[s, held]
        own = money * open_.specific[s, held]
        shared = money @ open_.factors[:, s, held].T
        found[s] = root_of(shared @ shared.T + own @ among @ own.T)
    return found


def root_of(covariance: Matrix) -> Matrix:
    """Return C with ``C' C`` the covariance, by its principal directions."""
    values, vectors = np.linalg.eigh(covariance)
    root: Matrix = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return root
