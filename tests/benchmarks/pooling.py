"""Entropy pooling beside skfolio's and riskfolio's, on the same scenarios and views."""

from collections.abc import Callable
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin.factors.pooling import entropy_pooling
from tests.benchmarks.ratios import Line, in_turns, medians

BAR = 1.0
AGREED = 1e-6
SAME = "entropy pooling, farthest from a peer's optimum"
NAMES = ("memory", "ai_compute", "crypto", "equity", "carry")
MEANS = np.array([-0.01, 0.001, -0.004, 0.0005])
LEAST = 0.002


def pool(scenarios: int, repeats: int) -> list[Line]:
    """Compare four means and one bound on a mean, from a uniform prior.

    The peers' own doors, with their own solvers: skfolio's `EntropyPooling` (the dual)
    and riskfolio's `entropy_pooling` (the primal by Clarabel). The optimum is the same
    if relative entropies agree to 1e-6.
    """
    import riskfolio as rk  # noqa: PLC0415 - slow to import
    from skfolio.prior import EntropyPooling  # noqa: PLC0415

    returns = drawn(scenarios)
    frame = pd.DataFrame(returns, columns=NAMES)
    rows = np.ascontiguousarray(returns.T)
    prior = np.full(scenarios, 1 / scenarios)
    words = [f"{n} == {m}" for n, m in zip(NAMES, MEANS, strict=False)]

    def ours() -> float:
        views = (rows[:4], MEANS)
        bound = (-rows[4:], np.array([-LEAST]))
        return entropy_pooling(
            prior, equalities=views, inequalities=bound
        ).relative_entropy

    def skfolio() -> float:
        views = [*words, f"{NAMES[4]} >= {LEAST}"]
        return float(EntropyPooling(mean_views=views).fit(frame).relative_entropy_)

    def riskfolio() -> float:
        with catch_warnings():
            simplefilter("ignore")  # "solution may be inaccurate"
            *_, found = rk.ParamsEstimation.entropy_pooling(
                frame, rows[:4], MEANS[:, None], rows[4:], np.array([[LEAST]])
            )
        mass = np.maximum(found.ravel(), 1e-300)
        return float(mass @ np.log(mass * scenarios))

    optima: dict[str, float] = {}

    def kept(name: str, job: Callable[[], float]) -> Callable[[], None]:
        return lambda: optima.update({name: job()})

    mine = kept("ours", one_blas_thread(ours))
    quick = medians(in_turns({"ours": mine, "peer": kept("skfolio", skfolio)}, repeats))
    slow = medians(in_turns({"ours": mine, "peer": kept("riskfolio", riskfolio)}, 1))
    apart = max(abs(optimum - optima["ours"]) for optimum in optima.values())
    shape = f"{scenarios:,} scenarios, four means and a bound"
    return [
        *(
            Line(f"entropy pooling / {peer}", t["ours"], "ms", t["peer"], BAR, shape)
            for peer, t in (("skfolio", quick), ("riskfolio", slow))
        ),
        Line(SAME, apart, "nats", bar=AGREED),
    ]


def drawn(scenarios: int) -> np.ndarray:
    """Return correlated t(5) returns (T, 5) of 2 % a period."""
    rng = np.random.default_rng(5)
    mixed = np.eye(5) + 0.3 * np.tri(5, k=-1)
    return 0.02 * rng.standard_t(5, (scenarios, 5)) @ mixed.T
