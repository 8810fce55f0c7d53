"""How many exceptions forecasts that are right lead to.

Separate sessions give a binomial count. Windows of several sessions that overlap share
sessions, so their exceptions come in clusters: the count has the same mean and far
wider tails, and bounds made for separate sessions would reject a good model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.random import Generator
from scipy import special

from riskplugin._typing import Codes, Vector
from riskplugin.errors import UsageError
from riskplugin.risk.order_statistics import DIGITS
from riskplugin.risk.track import checked_horizon

PATHS = 100_000
CHUNK = 2**18  # numbers held at a time: what a processor keeps at hand


@dataclass(frozen=True, eq=False, slots=True)
class CountDistribution:
    """Probabilities of the number of exceptions X in so many forecasts.

    Attributes
    ----------
    observations : int
        Forecasts, T.
    alpha : float
        Probability of one exception.
    horizon_sessions : int
        Sessions that a forecast spans; windows start a session apart.
    at_most, at_least : ndarray of shape (T + 1,)
        ``P(X <= k)`` and ``P(X >= k)``.
    paths : int
        Simulated paths; 0 where the probabilities are exact.
    """

    observations: int
    alpha: float
    horizon_sessions: int
    at_most: Vector
    at_least: Vector
    paths: int = 0

    def __post_init__(self) -> None:
        self.at_most.flags.writeable = False
        self.at_least.flags.writeable = False

    def probability(self, found: float) -> float:
        """Return a p-value: not above 1, and not 0 for what was only not drawn."""
        smallest = 1.0 / (1 + 2 * self.paths) if self.paths else 0.0
        return float(min(max(found, smallest), 1.0))

    def standard_error(self, exceptions: int) -> float:
        """Return at most the simulation error of ``P(X <= exceptions)``; 0 if exact."""
        if not self.paths:
            return 0.0
        p = self.at_most[exceptions]
        return sqrt(p * (1.0 - p) / self.paths)

    def first_reaching(self, probability: float) -> int:
        """Return the smallest k with ``P(X <= k) >= probability``."""
        return int(np.searchsorted(self.at_most, probability))


def binomial_counts(observations: int, alpha: float) -> CountDistribution:
    """Return the exact distribution for separate sessions.

    Binomial: exceptions of right forecasts are independent with probability alpha.
    """
    alpha = checked_tail(observations, alpha)
    counts = np.arange(observations + 1)
    at_most = np.asarray(special.bdtr(counts, observations, alpha), dtype=np.float64)
    at_least = np.ones(observations + 1)
    at_least[1:] = special.bdtrc(counts[:-1], observations, alpha)
    return CountDistribution(observations, alpha, 1, at_most, at_least)


def overlapping_counts(
    observations: Sequence[int],
    horizon_sessions: int,
    alpha: float,
    rng: Generator,
    paths: int = PATHS,
) -> tuple[CountDistribution, ...]:
    """Return the distributions for overlapping windows, one for each T asked for.

    Simulated: daily P&L is independent and normal, window k is the sum of sessions k to
    k + horizon - 1, and it is an exception where it is below its own alpha quantile.
    A path is counted twice, as drawn and with its sign reversed; the two depend on each
    other, so that the error of a probability is at most ``sqrt(p (1 - p) / paths)``.

    Parameters
    ----------
    observations : sequence of int
        Numbers of windows T, increasing; the shorter runs are starts of the longest.
    horizon_sessions : int
        Sessions of a window.
    alpha : float
        Probability of an exception.
    rng : numpy.random.Generator
        Seeded by the caller: the same seed gives the same distribution.
    paths : int
        100,000 by default, with which ``P(X <= k)`` near 0.9999 has an error of
        3e-5: the bound of the red zone may be one exception off.

    Source: the simulation behind the stop-light bounds of the Open Source Risk Engine
    (QuantExt, stoplightbounds); normal P&L, as there.
    """
    lengths = checked_lengths(observations)
    alpha = checked_tail(lengths[0], alpha)
    horizon = checked_horizon(horizon_sessions)
    if paths < 1:
        raise UsageError(f"paths is {paths}; give how many paths to simulate")
    longest = lengths[-1]
    threshold = sqrt(horizon) * float(special.ndtri(1.0 - alpha))
    seen = np.zeros((len(lengths), longest + 1), dtype=np.int64)
    for size in chunks(paths, longest + horizon):
        walk = np.zeros((size, longest + horizon))
        rng.standard_normal(out=(steps := np.empty((size, longest + horizon - 1))))
        np.cumsum(steps, axis=1, out=walk[:, 1:])
        window = walk[:, horizon:] - walk[:, :-horizon]
        for beyond in (window > threshold, window < -threshold):
            counts = np.zeros(size, dtype=np.int64)
            for row, (start, stop) in enumerate(pairwise([0, *lengths])):
                counts += np.count_nonzero(beyond[:, start:stop], axis=1)
                seen[row] += np.bincount(counts, minlength=longest + 1)
    return tuple(
        simulated(histogram[: count + 1], horizon, alpha)
        for count, histogram in zip(lengths, seen, strict=True)
    )


def simulated(histogram: Codes, horizon: int, alpha: float) -> CountDistribution:
    """Return the distribution of a histogram (T + 1,) of both signs of each path."""
    draws = int(histogram.sum())
    at_most = np.cumsum(histogram) / draws
    at_least = np.cumsum(histogram[::-1])[::-1] / draws
    observations = len(histogram) - 1
    return CountDistribution(
        observations, alpha, horizon, at_most, at_least, draws // 2
    )


def chunks(paths: int, length: int) -> Iterator[int]:
    """Yield how many of `paths`, each of `length` numbers, to hold at a time."""
    size = max(1, CHUNK // length)
    for start in range(0, paths, size):
        yield min(size, paths - start)


def checked_lengths(observations: Sequence[int]) -> list[int]:
    """Return numbers of observations that increase."""
    lengths = [int(count) for count in observations]
    if not lengths or any(b <= a for a, b in pairwise(lengths)):
        raise UsageError(f"observations must increase, got {list(observations)}")
    return lengths


def checked_tail(observations: int, alpha: float) -> float:
    """Return the tail as it would be written; observations must be 1 or more."""
    if observations < 1:
        raise UsageError(f"observations is {observations}; a test needs one or more")
    if not 0.0 < alpha < 1.0:
        raise UsageError(
            f"alpha is {alpha!r}; give the probability of an exception, 0.01 for a "
            "confidence of 0.99"
        )
    return round(alpha, DIGITS)
