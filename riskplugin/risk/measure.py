"""The risk measures, what they are called, and what measuring gives back."""

from enum import StrEnum
from typing import NamedTuple

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import UsageError, did_you_mean


class Measure(StrEnum):
    """A risk measure; positive is a loss, in the unit of the P&L.

    Every one is homogeneous of degree 1: twice the position, twice the risk.
    `riskplugin.risk.definitions` holds formula, source and convention of each.
    """

    VOLATILITY = "volatility"
    MAD = "MAD"
    GMD = "GMD"
    SEMI_DEVIATION = "semi_deviation"
    LPM1 = "LPM1"
    LPM2 = "LPM2"
    VAR = "VaR"
    CVAR = "CVaR"
    TAIL_GINI = "tail_gini"
    EVAR = "EVaR"
    RLVAR = "RLVaR"
    WORST_CASE = "worst_case"
    RANGE = "range"
    MDD = "MDD"
    ADD = "ADD"
    DAR = "DaR"
    CDAR = "CDaR"
    EDAR = "EDaR"
    RLDAR = "RLDaR"
    UCI = "UCI"


class Measured(NamedTuple):
    """Totals of G columns of P&L, and the weights that they are made of.

    ``total == -(weights * pnl).sum(axis=0)``, and the weights are the derivative of
    the total by the loss of each scenario. So the component of a position whose P&L
    is ``part`` (T,), a summand of column g, is ``-weights[:, g] @ part``, and the
    components of all positions add up to the total (Euler).

    Attributes
    ----------
    total : ndarray of shape (G,)
        In the unit of the P&L; > 0 is a loss.
    weights : ndarray of shape (T, G)
        Dimensionless; 0 for scenarios that do not count.
    """

    total: Vector
    weights: Matrix


ALSO_CALLED: dict[Measure, tuple[str, ...]] = {
    Measure.VOLATILITY: ("MV", "vol", "standard deviation", "std", "sigma"),
    Measure.MAD: ("mean absolute deviation",),
    Measure.GMD: ("gini mean difference", "gini"),
    Measure.SEMI_DEVIATION: ("MSV", "semi standard deviation", "downside deviation"),
    Measure.LPM1: ("FLPM", "first lower partial moment"),
    Measure.LPM2: ("SLPM", "second lower partial moment"),
    Measure.VAR: ("value at risk",),
    Measure.CVAR: (
        "conditional value at risk",
        "expected shortfall",
        "ES",
        "AVaR",
        "average value at risk",
        "expected tail loss",
        "ETL",
    ),
    Measure.TAIL_GINI: ("TG",),
    Measure.EVAR: ("entropic value at risk",),
    Measure.RLVAR: ("relativistic value at risk", "RVaR"),
    Measure.WORST_CASE: ("WR", "worst realization", "worst", "minimax", "max loss"),
    Measure.RANGE: ("RG",),
    Measure.MDD: ("maximum drawdown", "max drawdown"),
    Measure.ADD: ("average drawdown",),
    Measure.DAR: ("drawdown at risk",),
    Measure.CDAR: ("conditional drawdown at risk",),
    Measure.EDAR: ("entropic drawdown at risk",),
    Measure.RLDAR: ("relativistic drawdown at risk",),
    Measure.UCI: ("ulcer index", "ulcer"),
}


def folded(name: str) -> str:
    """Return `name` without case, spaces, dashes and underscores."""
    return "".join(name.casefold().replace("-", " ").replace("_", " ").split())


MEASURE_OF = {
    folded(name): measure
    for measure, names in ALSO_CALLED.items()
    for name in (measure, *names)
}


def measure_named(name: str) -> Measure:
    """Return the measure that `name` stands for, whatever its case and separators.

    Raises
    ------
    UsageError
        If no measure is called so.
    """
    found = MEASURE_OF.get(folded(name))
    if found is None:
        near = (
            *(m.value for m in Measure),
            *(n for names in ALSO_CALLED.values() for n in names),
        )
        raise UsageError(f"no measure is called {name!r}; {did_you_mean(name, near)}")
    return found
