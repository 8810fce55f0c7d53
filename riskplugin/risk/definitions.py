"""What each measure is: formula, source, convention, what it needs.

In the formulas x are losses (minus P&L), p their probabilities, ``mean = p @ x``,
``x[k]`` the k-th worst loss and ``P[k]`` the probability of the k worst together, and
dd the drawdowns of the cumulated P&L.
"""

from dataclasses import dataclass

from riskplugin.risk.measure import Measure


@dataclass(frozen=True, slots=True)
class Definition:
    """A measure in words.

    Attributes
    ----------
    formula, source, convention : str
    riskfolio : str
        Its code there.
    takes_alpha : bool
        Whether it depends on a tail probability.
    in_time_order : bool
        Whether the scenarios must be one path of sessions in time order.
    coherent : bool
        Whether it is sub-additive, monotone and shifts by cash.
    deviation : bool
        Whether cash changes nothing.
    of_distribution : bool
        Whether listing every scenario twice leaves it as it is.
    """

    formula: str
    source: str
    convention: str
    riskfolio: str
    takes_alpha: bool = False
    in_time_order: bool = False
    coherent: bool = False
    deviation: bool = False
    of_distribution: bool = True


UNBIASED = "divided by 1 - sum(p**2), which is (T - 1) / T if all weigh the same"
ORDER_STATISTIC = (
    "order statistic without interpolation: the ceil(alpha * T)-th worst of T equally "
    "likely; a whole alpha * T is taken for whole whatever its rounding"
)
FRACTION = "the scenario at the edge counts with the part of it inside the tail"
PATH = (
    "uncompounded sum of the P&L from 0 on; one drawdown a session, with the "
    "probability of the session"
)
KISH = (
    "kappa 0.3; N = 1 / sum(p**2) scenarios (T if all weigh the same), and it depends "
    "on their number; where probabilities differ so much that an argument of ln_k "
    "exceeds 1, log takes its place"
)

DEFINITIONS: dict[Measure, Definition] = {
    Measure.VOLATILITY: Definition(
        formula="sqrt(p @ (x - mean)**2 / (1 - sum(p**2)))",
        source="Markowitz (1952)",
        convention=UNBIASED,
        riskfolio="MV",
        deviation=True,
        of_distribution=False,
    ),
    Measure.MAD: Definition(
        formula="p @ abs(x - mean)",
        source="Konno and Yamazaki (1991)",
        convention="about the mean, not the median",
        riskfolio="MAD",
        deviation=True,
    ),
    Measure.GMD: Definition(
        formula="sum_ij p[i] p[j] abs(x[i] - x[j]) / (1 - sum(p**2))",
        source="Gini (1912), Yitzhaki (1982)",
        convention=f"mean distance of two different scenarios; {UNBIASED}",
        riskfolio="GMD",
        deviation=True,
        of_distribution=False,
    ),
    Measure.SEMI_DEVIATION: Definition(
        formula="sqrt(p @ max(x - mean, 0)**2 / (1 - sum(p**2)))",
        source="Markowitz (1959)",
        convention=f"losses beyond the mean; {UNBIASED}",
        riskfolio="MSV",
        deviation=True,
        of_distribution=False,
    ),
    Measure.LPM1: Definition(
        formula="p @ max(x, 0)",
        source="Fishburn (1977)",
        convention="threshold: a P&L of 0",
        riskfolio="FLPM",
    ),
    Measure.LPM2: Definition(
        formula="sqrt(p @ max(x, 0)**2 / (1 - sum(p**2)))",
        source="Fishburn (1977)",
        convention=f"threshold: a P&L of 0; {UNBIASED}",
        riskfolio="SLPM",
        of_distribution=False,
    ),
    Measure.VAR: Definition(
        formula="x[k], k the first with P[k] >= alpha",
        source="Jorion (2006)",
        convention=ORDER_STATISTIC,
        riskfolio="VaR",
        takes_alpha=True,
    ),
    Measure.CVAR: Definition(
        formula="min over t of t + p @ max(x - t, 0) / alpha",
        source="Rockafellar and Uryasev (2002)",
        convention=FRACTION,
        riskfolio="CVaR",
        takes_alpha=True,
        coherent=True,
    ),
    Measure.TAIL_GINI: Definition(
        formula="2 / alpha**2 * integral from 0 to alpha of a * CVaR(a)",
        source="Ogryczak and Ruszczynski (2002)",
        convention="by riskfolio's quadrature: 100 levels from 1e-4 to alpha",
        riskfolio="TG",
        takes_alpha=True,
        coherent=True,
    ),
    Measure.EVAR: Definition(
        formula="min over z > 0 of z * log(p @ exp(x / z) / alpha)",
        source="Ahmadi-Javid (2012)",
        convention="the worst case where that has a probability of at least alpha",
        riskfolio="EVaR",
        takes_alpha=True,
        coherent=True,
    ),
    Measure.RLVAR: Definition(
        formula="max of q @ x, sum(q ln_k(q / (p N))) <= ln_k(1 / (alpha N)), "
        "ln_k(u) = (u**k - u**-k) / (2 k)",
        source="Cajas (2023)",
        convention=KISH,
        riskfolio="RLVaR",
        takes_alpha=True,
        coherent=True,
        of_distribution=False,
    ),
    Measure.WORST_CASE: Definition(
        formula="max(x)",
        source="Young (1998)",
        convention="over scenarios of positive probability",
        riskfolio="WR",
        coherent=True,
    ),
    Measure.RANGE: Definition(
        formula="max(x) - min(x)",
        source="Cajas (2021)",
        convention="over scenarios of positive probability",
        riskfolio="RG",
        deviation=True,
    ),
    Measure.MDD: Definition(
        formula="max(dd)",
        source="Chekhlov, Uryasev and Zabarankin (2005)",
        convention=f"{PATH}; over sessions of positive probability",
        riskfolio="MDD",
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.ADD: Definition(
        formula="p @ dd",
        source="Chekhlov, Uryasev and Zabarankin (2005)",
        convention=PATH,
        riskfolio="ADD",
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.DAR: Definition(
        formula="VaR of dd",
        source="Chekhlov, Uryasev and Zabarankin (2005)",
        convention=f"{PATH}; {ORDER_STATISTIC}",
        riskfolio="DaR",
        takes_alpha=True,
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.CDAR: Definition(
        formula="CVaR of dd",
        source="Chekhlov, Uryasev and Zabarankin (2005)",
        convention=f"{PATH}; {FRACTION}",
        riskfolio="CDaR",
        takes_alpha=True,
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.EDAR: Definition(
        formula="EVaR of dd",
        source="Cajas (2021)",
        convention=PATH,
        riskfolio="EDaR",
        takes_alpha=True,
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.RLDAR: Definition(
        formula="RLVaR of dd",
        source="Cajas (2023)",
        convention=f"{PATH}; {KISH}",
        riskfolio="RLDaR",
        takes_alpha=True,
        in_time_order=True,
        of_distribution=False,
    ),
    Measure.UCI: Definition(
        formula="sqrt(p @ dd**2)",
        source="Martin and McCann (1989)",
        convention=PATH,
        riskfolio="UCI",
        in_time_order=True,
        of_distribution=False,
    ),
}
