"""Contributions to risk beside riskfolio's finite differences; measures by group."""

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.risk.checks import equal_probabilities
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import components, measured
from tests.benchmarks.ratios import Line, Skipped, in_turns, medians, peak_mebibytes

ALPHA = 0.05
EQUALITY_BAR = 1e-5
SECONDS_BAR, MEMORY_BAR = 2.0, 1536.0
SLOW = (Measure.RLVAR, Measure.RLDAR)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many assets and scenarios."""

    assets: int
    scenarios: int


def contributions(
    tails: Shape, entropic: Shape, repeats: int, *, relativistic: bool
) -> list[Line | Skipped]:
    """Compare components of all assets with `riskfolio.Risk_Contribution`.

    riskfolio measures twice for each asset, which takes half a minute: it is timed
    once, on all assets.
    """
    lines: list[Line | Skipped] = []
    for measure, shape, bar in (
        (Measure.CVAR, tails, 1 / 100),
        (Measure.CDAR, tails, 1 / 100),
        (Measure.EVAR, entropic, 1 / 20),
    ):
        lines += beside_riskfolio(measure, shape, bar, repeats)
    lines += relativistic_total(tails.scenarios, repeats, long_run=relativistic)
    return lines


def sample(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return returns (T, N) with one common driver, and positions (N,) of sum 1."""
    rng = np.random.default_rng(5)
    common = rng.standard_t(4, size=(shape.scenarios, 1))
    own = rng.standard_t(4, size=(shape.scenarios, shape.assets))
    returns = 0.01 * (rng.uniform(0.2, 1.5, shape.assets) * common + own)
    return returns, np.full(shape.assets, 1 / shape.assets)


def beside_riskfolio(
    measure: Measure, shape: Shape, bar: float, repeats: int
) -> list[Line | Skipped]:
    """Return speed, and the largest difference, of one measure's components."""
    returns, weights = sample(shape)
    pnl = returns * weights
    equal = equal_probabilities(shape.scenarios)

    def ours() -> np.ndarray:
        found = measured(measure, pnl.sum(axis=1)[:, None], equal, ALPHA)
        return components(found.weights[:, 0], pnl)

    took = medians(in_turns({"ours": one_blas_thread(ours)}, repeats))["ours"]
    finite_differences(measure, returns[:, :2], weights[:2])  # imports
    start = perf_counter()
    peer = finite_differences(measure, returns, weights)
    seconds = perf_counter() - start
    apart = float(np.abs(ours() - peer).max() / ours().sum())
    how = (
        f"{1e3 * seconds / took:,.0f} x; {shape.assets:,} assets x "
        f"{shape.scenarios:,} scenarios, peer timed once"
    )
    return [
        Line(f"{measure} contributions", took, "ms", 1e3 * seconds, bar, how),
        Line(
            f"{measure} contributions, apart", apart, "of the total", bar=EQUALITY_BAR
        ),
    ]


def finite_differences(
    measure: Measure, returns: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return riskfolio's contributions."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from riskfolio.src.RiskFunctions import Risk_Contribution  # noqa: PLC0415

        code = DEFINITIONS[measure].riskfolio
        found = Risk_Contribution(
            weights, returns, cov=np.eye(len(weights)), rm=code, alpha=ALPHA
        )
    return np.asarray(found)


def relativistic_total(
    scenarios: int, repeats: int, *, long_run: bool
) -> list[Line | Skipped]:
    """Compare RLVaR of one series; riskfolio's takes most of a minute."""
    what = "RLVaR, one series"
    if not long_run:
        how = f"--relativistic: a minute or two, {scenarios:,} scenarios"
        return [Skipped(what, how)]
    returns, weights = sample(Shape(1, scenarios))
    pnl = returns @ weights
    equal = equal_probabilities(scenarios)

    def ours() -> object:
        return measured(Measure.RLVAR, pnl[:, None], equal, ALPHA)

    took = medians(in_turns({"ours": ours}, repeats))["ours"]
    total = measured(Measure.RLVAR, pnl[:, None], equal, ALPHA).total[0]
    start = perf_counter()
    peer = riskfolio_relativistic(pnl)
    seconds = perf_counter() - start
    note = (
        f"{1e3 * seconds / took:,.0f} x; {scenarios:,} scenarios, peer timed once, "
        f"{peer / total - 1:+.1e} from ours"
    )
    return [Line(what, took, "ms", 1e3 * seconds, note=note)]


def riskfolio_relativistic(pnl: np.ndarray) -> float:
    """Return riskfolio's RLVaR, at the scale its solver likes best."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from riskfolio.src.RiskFunctions import RLVaR_Hist  # noqa: PLC0415

        scale = float(np.sqrt((pnl**2).mean()))
        return scale * float(RLVaR_Hist(pnl / scale, ALPHA))


@dataclass(frozen=True, slots=True)
class BookSize:
    """Positions in names, and the groups they are measured by."""

    positions: int
    names: int
    scenarios: int
    groups: int


def measures(size: BookSize, repeats: int) -> list[Line | Skipped]:
    """Time every measure of every group with the components of all positions."""
    rng = np.random.default_rng(6)
    returns, _ = sample(Shape(size.names, size.scenarios))
    name = rng.integers(size.names, size=size.positions)
    group = rng.integers(size.groups, size=size.positions)
    value = rng.normal(1e5, 3e5, size.positions)
    equal = equal_probabilities(size.scenarios)
    netted = np.zeros((size.names, size.groups))
    np.add.at(netted, (name, group), value)

    def every(chosen: list[Measure]) -> Callable[[], object]:
        def work() -> object:
            pnl = returns @ netted
            whole = np.column_stack([pnl, pnl.sum(axis=1)])
            found = {}
            for measure in chosen:
                of = measured(measure, whole, equal, ALPHA)
                by_name = components(of.weights.T, returns)
                found[measure] = (
                    of.total,
                    by_name[group, name] * value,
                    by_name[-1, name] * value,
                )
            return found

        return one_blas_thread(work)

    quick = [m for m in Measure if m not in SLOW]
    jobs = {"quick": every(quick), "slow": every(list(SLOW))}
    took = medians(in_turns(jobs, repeats))
    how = (
        f"{size.positions:,} positions in {size.names} names, {size.groups} groups and "
        f"the whole x {size.scenarios:,} scenarios, with components"
    )
    seconds, slow = took["quick"] / 1e3, took["slow"] / 1e3
    return [
        Line(
            f"{len(quick)} measures by group", seconds, "s", bar=SECONDS_BAR, note=how
        ),
        Line("RLVaR and RLDaR by group", slow, "s", note=how),
        *memory(),
    ]


def memory() -> list[Line | Skipped]:
    """Return the most that this process held, where that can be known."""
    peak = peak_mebibytes()
    if peak is None:
        return []
    return [Line("measures, peak memory", peak, "MiB", bar=MEMORY_BAR, note="process")]
