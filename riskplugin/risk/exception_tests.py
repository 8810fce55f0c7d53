"""Tests of exceptions: are there as many as there should be, and do they cluster.

Everywhere ``0 log 0 = 0``, so that no count is too small or too large for an answer.
p-values by chi-squared are asymptotic: with a handful of exceptions they are rough.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from riskplugin._typing import Codes, Flags, Vector
from riskplugin.risk.exception_counts import CountDistribution, checked_tail
from riskplugin.risk.track import (
    FACT,
    Finding,
    checked_level,
    joined,
    verdict,
)
from riskplugin.risk.traffic_light import check_count

SAME = 1e-9  # two statistics that differ by rounding
INTERVAL = 0.95


class Region(NamedTuple):
    """Numbers of exceptions from `low` to `high`, both included; low > high: none."""

    low: int
    high: int


def kupiec_statistic(
    exceptions: Codes | int, observations: int, alpha: float
) -> Vector:
    """Return the likelihood ratio of the proportion of failures.

    ``2 (x log(x / (T alpha)) + (T - x) log((T - x) / (T (1 - alpha))))`` for x
    exceptions in T observations. Source: Kupiec (1995), Journal of Derivatives 3(2).
    """
    x = np.asarray(exceptions, dtype=np.float64)
    inside = observations - x
    seen = special.xlogy(x, x / (observations * alpha))
    others = special.xlogy(inside, inside / (observations * (1.0 - alpha)))
    ratio: Vector = np.maximum(2.0 * (seen + others), 0.0)
    return ratio


def kupiec_region(observations: int, alpha: float, level: float = 0.05) -> Region:
    """Return the numbers of exceptions at which right forecasts are not rejected.

    The ratio is below the chi-squared quantile (one degree of freedom) at `level`.
    No exception is not rejected wherever one exception is not, whatever the ratio says
    of none: so Kupiec's own table has it, with ``N < 7`` for 255 sessions at 1 % though
    the ratio of none is 5.13 > 3.84. The chi-squared distribution is no guide there:
    none has a probability of 7.7 %. `count_test` is exact for none too.

    Parameters
    ----------
    observations : int
    alpha : float
        Probability of an exception, 0.01.
    level : float
        Size of the test.
    """
    alpha = checked_tail(observations, alpha)
    counts = np.arange(observations + 1, dtype=np.int64)
    ratio = kupiec_statistic(counts, observations, alpha)
    kept = np.flatnonzero(ratio <= special.chdtri(1, checked_level(level)))
    if not len(kept):
        return Region(1, 0)
    low, high = int(kept[0]), int(kept[-1])
    return Region(0 if low == 1 else low, high)


def kupiec(
    exceptions: int, observations: int, alpha: float, level: float = 0.05
) -> Finding:
    """Return Kupiec's test of the proportion of failures; figure: exceptions.

    Rejected outside `kupiec_region`.
    """
    region = kupiec_region(observations, alpha, level)
    check_count(exceptions, observations)
    ratio = float(kupiec_statistic(exceptions, observations, alpha))
    p_value = float(special.chdtrc(1, ratio))
    kept = region.low <= exceptions <= region.high
    note = f"not rejected from {region.low} to {region.high} exceptions"
    if region.low > region.high:
        note = "no number of exceptions is likely enough at this level"
    if kept and p_value < level:
        note += "; none counts as one does, as in Kupiec's table, not by its ratio"
    return Finding(
        "Kupiec", float(exceptions), ratio, p_value, verdict(not kept, level), note
    )


def kupiec_overlapping(
    exceptions: int, counts: CountDistribution, level: float = 0.05
) -> Finding:
    """Return Kupiec's ratio with its p-value from a distribution; figure: exceptions.

    ``p = P(ratio of X >= ratio seen)``: for windows that overlap the ratio is far from
    chi-squared.
    """
    check_count(exceptions, counts.observations)
    possible = np.arange(counts.observations + 1, dtype=np.int64)
    ratios = kupiec_statistic(possible, counts.observations, counts.alpha)
    likely = np.diff(counts.at_most, prepend=0.0)
    extreme = ratios >= ratios[exceptions] * (1.0 - SAME)
    p_value = counts.probability(likely[extreme].sum())
    return Finding(
        "Kupiec",
        float(exceptions),
        float(ratios[exceptions]),
        p_value,
        verdict(p_value < checked_level(level), level),
        by_simulation(counts),
    )


def count_test(
    exceptions: int, counts: CountDistribution, level: float = 0.05
) -> Finding:
    """Return the exact two-sided test of the count; figure: exceptions a forecast.

    ``p = min(1, 2 min(P(X <= x), P(X >= x)))``; its statistic is x less its mean. For
    separate sessions X is binomial, and the note has the Clopper-Pearson interval of
    the rate; for windows that overlap X is simulated.
    """
    check_count(exceptions, counts.observations)
    total = counts.observations
    tails = counts.at_most[exceptions], counts.at_least[exceptions]
    p_value = counts.probability(2.0 * min(tails))
    note = by_simulation(counts)
    if counts.horizon_sessions == 1:
        low, high = rate_interval(exceptions, total)
        note = f"{INTERVAL:.0%} interval of the rate {low:.2%} to {high:.2%}"
    return Finding(
        "binomial" if counts.horizon_sessions == 1 else "count",
        exceptions / total,
        exceptions - total * counts.alpha,
        p_value,
        verdict(p_value < checked_level(level), level),
        joined(f"{total * counts.alpha:.3g} exceptions expected", note),
    )


def rate_interval(exceptions: int, observations: int) -> tuple[float, float]:
    """Return the central interval of the rate (Clopper and Pearson 1934)."""
    outside = (1.0 - INTERVAL) / 2.0
    others = observations - exceptions
    low = special.betaincinv(exceptions, others + 1, outside) if exceptions else 0.0
    high = special.betaincinv(exceptions + 1, others, 1.0 - outside) if others else 1.0
    return float(low), float(high)


class Transitions(NamedTuple):
    """Forecasts by whether they, and the one before, were exceptions.

    `to_exception` and `to_calm` after a calm one, `again` and `back` after an
    exception.
    """

    to_calm: int
    to_exception: int
    back: int
    again: int


def transitions(exceptions: Flags) -> Transitions:
    """Return how the T - 1 pairs of neighbours (T,) divide."""
    before, after = exceptions[:-1], exceptions[1:]
    return Transitions(
        int((~before & ~after).sum()),
        int((~before & after).sum()),
        int((before & ~after).sum()),
        int((before & after).sum()),
    )


def log_likelihood(calm: int, exceptions: int) -> float:
    """Return ``calm log(1 - pi) + exceptions log(pi)`` at its largest; 0 of nothing."""
    total = max(calm + exceptions, 1)
    split = np.array([calm, exceptions])
    return float(special.xlogy(split, split / total).sum())


def independence_statistic(pairs: Transitions) -> float:
    """Return the likelihood ratio of a first-order chain against independence.

    0 where nothing follows an exception, or everything does: then both say the same.
    Source: Christoffersen (1998), International Economic Review 39(4).
    """
    chain = log_likelihood(pairs.to_calm, pairs.to_exception)
    chain += log_likelihood(pairs.back, pairs.again)
    together = log_likelihood(
        pairs.to_calm + pairs.back, pairs.to_exception + pairs.again
    )
    return max(2.0 * (chain - together), 0.0)


def christoffersen_independence(exceptions: Flags, level: float = 0.05) -> Finding:
    """Return the test of exceptions (T,) that depend on the one before.

    Figure: consecutive pairs. Two-sided: exceptions that cluster, or that avoid each
    other, both make the ratio large.
    """
    pairs = transitions(exceptions)
    ratio = independence_statistic(pairs)
    p_value = float(special.chdtrc(1, ratio))
    return Finding(
        "Christoffersen independence",
        float(pairs.again),
        ratio,
        p_value,
        verdict(p_value < checked_level(level), level),
        by_definition(pairs),
    )


def by_definition(pairs: Transitions) -> str:
    """Return what of the ratio was answered by definition."""
    if not pairs.back + pairs.again:
        return "0 by definition: nothing follows an exception"
    if not pairs.to_calm + pairs.to_exception:
        return "0 by definition: everything follows an exception"
    return "" if pairs.again else "no two exceptions in a row"


def conditional_coverage(
    exceptions: Flags, alpha: float, level: float = 0.05
) -> Finding:
    """Return the joint test of how many and how clustered; figure: exceptions.

    The sum of Kupiec's ratio over all T observations and that of independence over
    their T - 1 pairs, by chi-squared with two degrees of freedom. Without an exception
    the pairs say nothing and the verdict is Kupiec's. Source: Christoffersen (1998).
    """
    observations, count = len(exceptions), int(exceptions.sum())
    pairs = transitions(exceptions)
    ratio = float(kupiec_statistic(count, observations, alpha))
    ratio += independence_statistic(pairs)
    p_value = float(special.chdtrc(2, ratio))
    rejected = p_value < checked_level(level)
    note = by_definition(pairs)
    if not count:
        rejected = kupiec_region(observations, alpha, level).low > 0
        note = "no exception: independence is 0 by definition, the verdict is Kupiec's"
    else:
        note = note and f"independence: {note}"
    return Finding(
        "Christoffersen conditional coverage",
        float(count),
        ratio,
        p_value,
        verdict(rejected, level),
        note,
    )


def nonoverlapping_sets(
    test: Callable[[Flags, float], Finding],
    exceptions: Flags,
    horizon_sessions: int,
    level: float = 0.05,
) -> Finding:
    """Return a test of windows that overlap, by the sets of them that do not.

    Windows h sessions apart share none. Each of the h sets that start in turn is tested
    at ``level / h`` (Bonferroni); figure, statistic and note are those of the set with
    the smallest p-value, and the p-value is h times its own, at most 1. Sets too short
    to have neighbours are left out. Source: Diebold, Gunther and Tay (1998).
    """
    sets = [exceptions[start::horizon_sessions] for start in range(horizon_sessions)]
    usable = [part for part in sets if len(part) > 1] or sets[:1]
    size = checked_level(level) / len(usable)
    found = [test(part, size) for part in usable]
    worst = min(found, key=lambda finding: finding.p_value)
    return Finding(
        worst.test,
        worst.figure,
        worst.statistic,
        min(1.0, len(usable) * worst.p_value),
        verdict(any(finding.rejected for finding in found), level),
        joined(
            f"least likely of {len(usable)} sets of windows {horizon_sessions} "
            "sessions apart, p-value times their number",
            worst.note,
        ),
    )


def durations(exceptions: Flags, alpha: float) -> Finding:
    """Return how far exceptions (T,) lie apart; figure: mean distance in sessions.

    The statistic is the shortest distance. The note has the first, the longest, and the
    sessions since the last. NaN where there are fewer than two.
    """
    rows = np.flatnonzero(exceptions)
    apart = np.diff(rows)
    expected = f"{1 / alpha:.4g} expected"
    if not len(rows):
        note = f"no exception in {len(exceptions)} forecasts; {expected}"
        return Finding("durations", np.nan, np.nan, np.nan, FACT, note)
    since = len(exceptions) - 1 - int(rows[-1])
    ends = f"first after {rows[0] + 1}, {since} since the last"
    if not len(apart):
        note = f"a single exception; {ends}; {expected}"
        return Finding("durations", np.nan, np.nan, np.nan, FACT, note)
    spread = f"shortest {apart.min()}, longest {apart.max()}"
    return Finding(
        "durations",
        float(apart.mean()),
        float(apart.min()),
        np.nan,
        FACT,
        joined(f"sessions between exceptions: {spread}", ends, expected),
    )


def by_simulation(counts: CountDistribution) -> str:
    """Return where a p-value is from; nothing if it is exact."""
    if not counts.paths:
        return ""
    return (
        f"p-value from {counts.paths:,} simulated paths of windows of "
        f"{counts.horizon_sessions} sessions that overlap"
    )
