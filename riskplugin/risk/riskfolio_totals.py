"""The same totals by riskfolio-lib, as an independent replication.

riskfolio is imported when first asked: that takes seconds. It knows equal
probabilities only. It counts ``ceil(alpha * T)`` in floating point, so that for some
whole ``alpha * T`` (0.07 of 100) its VaR and DaR are one scenario further in than
they should be.
"""

import contextlib
import io
import math
import warnings

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import ModelError
from riskplugin.risk.checks import checked_alpha, checked_pnl
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure


def riskfolio_total(measure: Measure, pnl: Vector, alpha: float) -> float:
    """Return riskfolio's total of one column of equally likely scenarios.

    It is given P&L divided by the largest of it: its solvers expect returns, and start
    from 1. What it prints is dropped, and the filters of warnings that it sets are
    taken back. EVaR and EDaR are solved by scipy's SLSQP, else by cvxpy with CLARABEL;
    RLVaR and RLDaR by CLARABEL alone, which comes with cvxpy: seconds for 500
    scenarios, most of a minute for 2,500.

    Parameters
    ----------
    measure : Measure
    pnl : ndarray of shape (T,)
        Profit > 0; no NaN.
    alpha : float

    Returns
    -------
    float
        In the unit of `pnl`; > 0 is a loss.

    Raises
    ------
    ModelError
        If `pnl` holds NaN, or riskfolio finds no answer.
    """
    values = checked_pnl(np.asarray(pnl)[:, None])
    level = checked_alpha(alpha)
    scale = float(np.abs(values).max())
    if scale == 0.0:
        return 0.0
    code = DEFINITIONS[measure].riskfolio
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from riskfolio.src.RiskFunctions import Sharpe_Risk  # noqa: PLC0415 - seconds

        try:
            found = Sharpe_Risk(values / scale, rm=code, alpha=level)
        except (ValueError, ArithmeticError) as error:
            raise ModelError(f"riskfolio has no {measure}: {error}") from error
    if found is None or not math.isfinite(found):
        raise ModelError(f"riskfolio finds no {measure} (it returned {found})")
    return float(found) * scale
