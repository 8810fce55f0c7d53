"""Every test of a track record: value at risk, its exceptions, expected shortfall."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from riskplugin.errors import UsageError
from riskplugin.risk.exception_counts import (
    CountDistribution,
    binomial_counts,
    overlapping_counts,
)
from riskplugin.risk.exception_tests import (
    christoffersen_independence,
    conditional_coverage,
    count_test,
    durations,
    kupiec,
    kupiec_overlapping,
    nonoverlapping_sets,
)
from riskplugin.risk.shortfall_tests import (
    PATHS,
    TailShape,
    acerbi_szekely,
    normal_shape,
)
from riskplugin.risk.track import Finding, TrackRecord, checked_level
from riskplugin.risk.traffic_light import TrafficLight, traffic_light


@dataclass(frozen=True, eq=False, slots=True)
class Backtest:
    """A track record and what the tests say of it.

    Attributes
    ----------
    track : TrackRecord
    light : TrafficLight
    findings : tuple of Finding
        One a test, the traffic light first.
    """

    track: TrackRecord
    light: TrafficLight
    findings: tuple[Finding, ...]

    @property
    def headline(self) -> str:
        """The traffic light in words."""
        track, forecasts = self.track, len(self.track)
        horizon = track.horizon_sessions
        what = "sessions" if horizon == 1 else f"overlapping {horizon}-session windows"
        return (
            f"{self.light.zone.capitalize()} zone: {self.light.exceptions} losses "
            f"beyond the {100 * track.confidence:.4g} % VaR in {forecasts:,} {what}, "
            f"{forecasts * track.alpha:.3g} expected"
        )


def backtest(
    track: TrackRecord,
    rng: Generator,
    *,
    level: float = 0.05,
    shape: TailShape | None = None,
    paths: int = PATHS,
    counts: CountDistribution | None = None,
) -> Backtest:
    """Return every test that the record allows.

    Over one session: traffic light, Kupiec, binomial, Christoffersen's two, durations.
    Over more, where windows overlap: the first three by simulated counts and
    Christoffersen's by the sets of windows that do not overlap. With expected
    shortfall: Acerbi and Szekely's three.

    Parameters
    ----------
    track : TrackRecord
    rng : numpy.random.Generator
        Seeded by the caller: the same seed gives the same p-values.
    level : float
        Size of every test.
    shape : TailShape, optional
        Null of the tests of expected shortfall; normal by default, which is mild: a
        tail as fat as the desk's own is `sample_shape` or `student_shape`.
    paths : int
        Of the tests of expected shortfall.
    counts : CountDistribution, optional
        Distribution of exceptions, if it was made before.
    """
    checked_level(level)
    exceptions = int(track.exceptions.sum())
    counts = fitting(counts, track) if counts else counts_of(track, rng)
    light = traffic_light(exceptions, counts)
    found = [light.finding()]
    if track.horizon_sessions == 1:
        found += separate(track, counts, level)
    else:
        found += overlapping(track, counts, level)
    found.append(durations(track.exceptions, track.alpha))
    if track.expected_shortfall is not None:
        null = shape or normal_shape(track.confidence, track.horizon_sessions)
        found += acerbi_szekely(track, null, rng, level, paths)
    return Backtest(track, light, tuple(found))


def counts_of(track: TrackRecord, rng: Generator) -> CountDistribution:
    """Return the distribution of exceptions of such a record."""
    if track.horizon_sessions == 1:
        return binomial_counts(len(track), track.alpha)
    (counts,) = overlapping_counts(
        [len(track)], track.horizon_sessions, track.alpha, rng
    )
    return counts


def fitting(counts: CountDistribution, track: TrackRecord) -> CountDistribution:
    """Return a distribution that was made for such a record."""
    made = (counts.observations, counts.alpha, counts.horizon_sessions)
    wanted = (len(track), track.alpha, track.horizon_sessions)
    if made != wanted:
        raise UsageError(
            "counts are for (observations, alpha, horizon_sessions) = "
            f"{made}, the record has {wanted}"
        )
    return counts


def separate(
    track: TrackRecord, counts: CountDistribution, level: float
) -> Sequence[Finding]:
    """Return the tests of exceptions of separate sessions."""
    flags, alpha = track.exceptions, track.alpha
    exceptions = int(flags.sum())
    return [
        kupiec(exceptions, len(track), alpha, level),
        count_test(exceptions, counts, level),
        christoffersen_independence(flags, level),
        conditional_coverage(flags, alpha, level),
    ]


def overlapping(
    track: TrackRecord, counts: CountDistribution, level: float
) -> Sequence[Finding]:
    """Return the tests of exceptions of windows that overlap."""
    flags, horizon = track.exceptions, track.horizon_sessions
    exceptions = int(flags.sum())
    return [
        kupiec_overlapping(exceptions, counts, level),
        count_test(exceptions, counts, level),
        nonoverlapping_sets(christoffersen_independence, flags, horizon, level),
        nonoverlapping_sets(
            lambda part, size: conditional_coverage(part, track.alpha, size),
            flags,
            horizon,
            level,
        ),
    ]
