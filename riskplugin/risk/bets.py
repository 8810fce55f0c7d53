"""How many independent bets a book is."""

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.factors.model import FactorModel


def session_covariance(model: FactorModel) -> Matrix:
    """Return the covariance of the held names' log returns in base currency, (N, N).

    Per unit of reference value and session: ``B S B' + D R D`` with loadings and
    residuals of each name and its currency together; 0 for a name of which nothing is
    known.
    """
    loadings = np.nan_to_num(model.per_unit(model.loadings))
    scale = np.nan_to_num(model.volatility)
    residual = model.correlation * np.outer(scale, scale)
    carried = model.per_unit(np.eye(len(scale)))
    specific = carried @ residual @ carried.T
    covariance: Matrix = loadings @ model.covariance @ loadings.T + specific
    return covariance


def effective_bets(covariance: Matrix, values: Matrix) -> Vector:
    """Return the effective number of bets of G books, shape (G,).

    ``exp(-sum p ln p)`` over the shares p of a book's variance that come from the
    principal portfolios of the names it holds, which are uncorrelated (Meucci 2009):
    1 if all of the risk is one common move, however many names share it. NaN for a
    book without risk.

    Parameters
    ----------
    covariance : ndarray of shape (N, N)
        Of returns.
    values : ndarray of shape (N, G)
        Market value per name, base currency.
    """
    held = [np.flatnonzero(column) for column in values.T]
    bets = [
        number_of_bets(covariance[np.ix_(rows, rows)], column[rows])
        for rows, column in zip(held, values.T, strict=True)
    ]
    return np.array(bets, dtype=np.float64)


def number_of_bets(covariance: Matrix, values: Vector) -> float:
    """Return the effective number of bets of one book, all of whose names it holds."""
    variances, portfolios = np.linalg.eigh(covariance)
    bets = np.maximum(variances, 0.0) * (portfolios.T @ values) ** 2
    moving = bets[bets > 0]
    if not len(moving):
        return np.nan
    share = moving / moving.sum()
    return float(np.exp(-(share * np.log(share)).sum()))
