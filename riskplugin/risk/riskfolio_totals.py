"""The same totals by riskfolio-lib, as an independent replication.

riskfolio is imported when first asked: that takes seconds. It knows equal
probabilities only. It counts ``ceil(alpha * T)`` in floating point, so that for some
whole ``alpha * T`` (0.07 of 100) its VaR and DaR are one scenario further in than
they should be. Where the worst scenario has a probability of alpha or more, EVaR is
the worst case; its SLSQP stops short of that limit, up to 1e-3 above.
"""

import contextlib
import io
import math
import warnings

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import ModelError
from riskplugin.risk.checks import (
    checked_alpha,
    checked_pnl,
    equal_probabilities,
)
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import faced
from riskplugin.risk.moments import quadratic_mean


def riskfolio_total(measure: Measure, pnl: Vector, alpha: float) -> float:
    """Return riskfolio's total of one column of equally likely scenarios.

    It is given P&L divided by the root mean square of what is measured: its solvers
    expect numbers about 1, and lose digits or minutes on others. What it prints is
    dropped, and the filters of warnings that it sets are taken back. EVaR and EDaR
    are solved by scipy's SLSQP, else by cvxpy with CLARABEL; RLVaR and RLDaR by
    CLARABEL alone, which comes with cvxpy.

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
        If `pnl` holds NaN, or riskfolio finds no answer, or one that its solver
        calls inaccurate (as RLVaR of a thousand scenarios and more).
    """
    values = checked_pnl(np.asarray(pnl)[:, None])
    level = checked_alpha(alpha)
    losses, _ = faced(measure, values)
    scale = float(quadratic_mean(losses, equal_probabilities(len(losses))).total[0])
    if scale == 0.0:
        return 0.0
    code = DEFINITIONS[measure].riskfolio
    with (
        warnings.catch_warnings(record=True) as said,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("always")
        from riskfolio.src.RiskFunctions import Sharpe_Risk  # noqa: PLC0415 - seconds

        try:
            found = Sharpe_Risk(values / scale, rm=code, alpha=level)
        except (ValueError, ArithmeticError) as error:
            raise ModelError(f"riskfolio has no {measure}: {error}") from error
    if any("inaccurate" in str(warning.message) for warning in said):
        raise ModelError(f"riskfolio's solver calls its {measure} inaccurate")
    if found is None or not math.isfinite(found):
        raise ModelError(f"riskfolio finds no {measure} (it returned {found})")
    return float(found) * scale
