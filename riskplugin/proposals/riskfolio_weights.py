"""Long-only weights of least tail risk, by riskfolio-lib's optimiser.

riskfolio knows equal probabilities only, so scenarios are drawn again in proportion to
theirs: systematically, ``(i + 1/2) / N`` through their cumulated probabilities, so that
each stands there its expected number of times, one more or less, and the same whenever
it is asked.
"""

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.errors import ModelError
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure

DRAWS = 2_000
SLIP = 1e-3  # of weight, by which bounds may be missed
SOLVERS = ["CLARABEL", "SCS"]  # the second where the first fails


@dataclass(frozen=True, eq=False, slots=True)
class Bounds:
    """What weights must keep: ``table w <= most``, and each w at most `largest`.

    Attributes
    ----------
    table : ndarray of shape (B, K)
    most : ndarray of shape (B,)
    largest : float
    """

    table: Matrix
    most: Vector
    largest: float


def drawn_again(probabilities: Vector, count: int = DRAWS) -> Codes:
    """Return `count` scenarios in proportion to their probabilities, systematically."""
    ends = np.cumsum(probabilities)
    points = (np.arange(count) + 0.5) / count * ends[-1]
    places: Codes = np.searchsorted(ends, points).astype(np.int64)
    return places


def least_risk(
    returns: Matrix,
    probabilities: Vector,
    measure: Measure,
    alpha: float,
    bounds: Bounds,
) -> Vector:
    """Return the long-only weights (K,) that sum to 1 and have the least risk.

    Parameters
    ----------
    returns : ndarray of shape (T, K)
        P&L per unit of value in each scenario.
    probabilities : ndarray of shape (T,)
    measure : Measure
        One that riskfolio minimises: CVaR, EVaR, ….
    alpha : float
    bounds : Bounds

    Raises
    ------
    ModelError
        If no weights keep the bounds, or riskfolio finds none.
    """
    again = returns[drawn_again(probabilities)]
    names = [str(k) for k in range(returns.shape[1])]
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        import riskfolio  # noqa: PLC0415 - seconds

        made: Any = riskfolio.Portfolio(returns=pd.DataFrame(again, columns=names))
        made.assets_stats(method_mu="hist", method_cov="hist")
        made.alpha, made.upperlng, made.solvers = alpha, bounds.largest, SOLVERS
        if len(bounds.most):
            made.ainequality = bounds.table
            made.binequality = bounds.most[:, None]
        code = DEFINITIONS[measure].riskfolio
        found = made.optimization(model="Classic", rm=code, obj="MinRisk", hist=True)
    if found is None:
        raise ModelError(
            f"riskfolio finds no weights of least {measure} that keep the bounds: "
            "loosen tiers or max_weight"
        )
    weights: Vector = np.maximum(found.loc[names].to_numpy(np.float64)[:, 0], 0.0)
    weights /= weights.sum()
    if (bounds.table @ weights > bounds.most + SLIP).any():
        raise ModelError(f"riskfolio's weights of least {measure} miss the bounds")
    return weights
