"""Tests of expected shortfall forecasts by Acerbi and Szekely.

Three statistics of losses beyond the value at risk, each 0 on average under forecasts
that are right and negative where losses are larger (Z1 is above 0 for windows that
overlap, since its average is over clusters). Their distributions are simulated under a
stated null: every P&L has the forecast's own value at risk and expected
shortfall and the tail of one shape, ``loss = VaR + (ES - VaR) Y``, where Y is a
standard loss with VaR 0 and ES 1.

Source: C. Acerbi and B. Szekely, Backtesting Expected Shortfall, MSCI / Risk (2014).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from scipy import special

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.errors import UsageError
from riskplugin.risk.exception_counts import chunks
from riskplugin.risk.order_statistics import sample_tail, tail_of
from riskplugin.risk.track import (
    UNDECIDED,
    Finding,
    TrackRecord,
    checked_horizon,
    checked_level,
    joined,
    known,
    verdict,
)

PATHS = 10_000
ROUNDING = 1e-9
CONDITIONAL, UNCONDITIONAL, RANKED = (f"Acerbi-Szekely Z{n}" for n in (1, 2, 3))
# of Z2 for 250 sessions at 97.5 %, levels of 5 % and 0.01 %; nearly of any shape
YELLOW_BELOW, RED_BELOW = -0.7, -1.8
PUBLISHED_SESSIONS, PUBLISHED_CONFIDENCE = 250, 0.975


@dataclass(frozen=True, eq=False, slots=True)
class TailShape:
    """A standard loss: value at risk 0 and expected shortfall 1 at one confidence.

    Attributes
    ----------
    name : str
        In words, for the note.
    confidence : float
        At which VaR is 0 and ES is 1.
    horizon_sessions : int
        Windows that its draws overlap over; 1: draws are independent.
    draw : callable
        ``draw(rng, paths, observations)`` returns losses (paths, observations).
    """

    name: str
    confidence: float
    horizon_sessions: int
    draw: Callable[[Generator, int, int], Matrix]


def normal_shape(confidence: float, horizon_sessions: int = 1) -> TailShape:
    """Return the normal shape; over several sessions, sums of normal days overlap."""
    alpha = tail_of(confidence)
    horizon = checked_horizon(horizon_sessions)
    quantile = float(special.ndtri(1.0 - alpha))
    shortfall = exp(-(quantile**2) / 2.0) / sqrt(2.0 * pi) / alpha

    def draw(rng: Generator, paths: int, observations: int) -> Matrix:
        walk = np.zeros((paths, observations + horizon))
        walk[:, 1:] = rng.standard_normal((paths, observations + horizon - 1))
        np.cumsum(walk, axis=1, out=walk)
        window = (walk[:, horizon:] - walk[:, :-horizon]) / sqrt(horizon)
        return (window - quantile) / (shortfall - quantile)

    return TailShape("normal", confidence, horizon, draw)


def student_shape(confidence: float, degrees: float) -> TailShape:
    """Return the shape of Student's t with more than one degree of freedom."""
    alpha = tail_of(confidence)
    if degrees <= 1.0:
        raise UsageError(
            f"degrees is {degrees!r}; a tail with a mean needs more than 1"
        )
    quantile = float(special.stdtrit(degrees, 1.0 - alpha))
    scale = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - log(degrees * pi) / 2
    density = exp(scale - (degrees + 1) / 2 * log(1 + quantile**2 / degrees))
    shortfall = density / alpha * (degrees + quantile**2) / (degrees - 1)

    def draw(rng: Generator, paths: int, observations: int) -> Matrix:
        losses = rng.standard_t(degrees, (paths, observations))
        return (losses - quantile) / (shortfall - quantile)

    return TailShape(f"Student t, {degrees:g} degrees", confidence, 1, draw)


def sample_shape(losses: Vector, confidence: float) -> TailShape:
    """Return the shape of a sample of losses, such as the scenarios of the desk.

    Drawn independently and with equal probabilities. Losses equal to the sample's value
    at risk are exceptions as often as fills the tail, so that exactly `alpha` of all
    draws are.

    Parameters
    ----------
    losses : ndarray of shape (n,)
        Loss > 0.
    confidence : float

    Raises
    ------
    UsageError
        For missing values, or so few losses that none is beyond the value at risk.
    """
    alpha = tail_of(confidence)
    ordered = np.sort(known("losses", losses, 1))[::-1]
    value_at_risk, shortfall = sample_tail(ordered, alpha)
    if shortfall <= value_at_risk:
        raise UsageError(
            f"none of {len(ordered)} losses is beyond their VaR at {confidence:g}: "
            "give a larger sample, or a lower confidence"
        )
    standard = (ordered - value_at_risk) / (shortfall - value_at_risk)
    at_risk = np.nextafter(0.0, 1.0)

    def draw(rng: Generator, paths: int, observations: int) -> Matrix:
        uniform = rng.random((paths, observations))
        places = (uniform * len(standard)).astype(np.intp)
        drawn = standard[np.minimum(places, len(standard) - 1, out=places)]
        drawn[(uniform < alpha) & (drawn == 0.0)] = at_risk
        return drawn

    name = f"the sample of {len(ordered):,} losses, drawn independently"
    return TailShape(name, confidence, 1, draw)


class Statistics(NamedTuple):
    """Of N paths, each (N,): exceptions, Z1 (NaN without any), Z2, worst losses."""

    exceptions: Vector
    conditional: Vector
    unconditional: Vector
    worst: Vector


def statistics(
    beyond: Flags, relative: Matrix, standard: Matrix, alpha: float
) -> Statistics:
    """Return what the three statistics need of N paths of T forecasts.

    ``Z1 = 1 - sum(loss / ES over exceptions) / exceptions`` and ``Z2 = 1 - sum(loss /
    ES over exceptions) / (T alpha)``; `worst` is the mean of the ``floor(T alpha)``
    largest standard losses, one at least, of which Z3 is made.

    Parameters
    ----------
    beyond : ndarray of bool, shape (N, T)
        Exceptions.
    relative : ndarray of shape (N, T)
        Losses over the expected shortfall forecast.
    standard : ndarray of shape (N, T)
        Losses with VaR 0 and ES 1.
    alpha : float
    """
    observations = standard.shape[1]
    total = np.where(beyond, relative, 0.0).sum(axis=1)
    count = beyond.sum(axis=1).astype(np.float64)
    conditional = np.full(len(total), np.nan)
    np.divide(total, count, out=conditional, where=count > 0)
    rank = max(int(alpha * observations + ROUNDING), 1)
    largest = np.partition(standard, observations - rank, axis=1)[:, -rank:]
    return Statistics(
        count,
        1.0 - conditional,
        1.0 - total / (observations * alpha),
        largest.mean(axis=1),
    )


def acerbi_szekely(
    track: TrackRecord,
    shape: TailShape,
    rng: Generator,
    level: float = 0.05,
    paths: int = PATHS,
) -> tuple[Finding, Finding, Finding]:
    """Return the tests Z1, Z2 and Z3; figures: exceptions, exceptions, worst loss.

    One-sided: rejected where the statistic is so far below 0 that expected shortfall
    was too low. ``p = (1 + paths with a statistic as low) / (1 + paths)``.

    * Z1 looks only at the size of losses beyond the VaR, given that there are any;
    * Z2 at their number and size together;
    * Z3 at the worst ``floor(T alpha)`` losses, ranked under the forecasts:
      ``Z3 = 1 - mean((VaR + (ES - VaR) m) / (VaR + (ES - VaR) E[m]))``, m the mean of
      the worst standard losses; its figure is m.

    Parameters
    ----------
    track : TrackRecord
        With expected shortfall, all above 0.
    shape : TailShape
        The null, at the confidence and horizon of `track`.
    rng : numpy.random.Generator
    level : float
    paths : int
        10,000 by default: an error of 0.002 at a p-value of 0.05.

    Raises
    ------
    UsageError
        Without expected shortfall, or with one that is not above 0; for a shape at
        another confidence or horizon.
    """
    shortfall = checked_shortfall(track, shape)
    checked_level(level)
    if paths < 1:
        raise UsageError(f"paths is {paths}; give how many paths to simulate")
    share = track.value_at_risk / shortfall
    gap = np.maximum(shortfall - track.value_at_risk, 0.0)
    loss = -track.pnl
    standard = np.zeros_like(loss)
    np.divide(loss - track.value_at_risk, gap, out=standard, where=gap > 0)
    seen = statistics(
        track.exceptions[None], (loss / shortfall)[None], standard[None], track.alpha
    )
    null = simulated(share, shape, track.alpha, rng, paths)
    how = f"null: {shape.name}, {paths:,} paths"
    if track.horizon_sessions > 1:
        how += f" of windows of {track.horizon_sessions} sessions that overlap"
    return (
        conditional(seen, null, level, how),
        unconditional(track, seen, null, level, how),
        ranked(track.value_at_risk, gap, seen, null, (level, how)),
    )


def checked_shortfall(track: TrackRecord, shape: TailShape) -> Vector:
    """Return the expected shortfall of a record that fits the shape."""
    shortfall = track.expected_shortfall
    if shortfall is None:
        raise UsageError("the record has no expected_shortfall to test; give forecasts")
    flat = np.flatnonzero(shortfall <= 0.0)
    if len(flat):
        raise UsageError(
            f"expected_shortfall is not above 0 in {len(flat)} rows, first in row "
            f"{flat[0]} (from 0): losses are compared with it; leave such rows out"
        )
    wanted = (track.confidence, track.horizon_sessions)
    if (shape.confidence, shape.horizon_sessions) != wanted:
        raise UsageError(
            f"the null ({shape.name}) is at confidence {shape.confidence:g} over "
            f"{shape.horizon_sessions} sessions, the record at {wanted[0]:g} over "
            f"{wanted[1]}; make it for the record"
        )
    return shortfall


def simulated(
    share: Vector, shape: TailShape, alpha: float, rng: Generator, paths: int
) -> Statistics:
    """Return the statistics of simulated paths; `share` (T,) is VaR over ES."""
    parts = []
    for size in chunks(paths, len(share)):
        standard = shape.draw(rng, size, len(share))
        relative = share + (1.0 - share) * standard
        parts.append(statistics(standard > 0.0, relative, standard, alpha))
    return Statistics(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def lower_tail(seen: float, null: Vector) -> float:
    """Return how often the null is as low as what was seen, never quite 0."""
    return float((1 + (null <= seen + ROUNDING).sum()) / (1 + len(null)))


def conditional(seen: Statistics, null: Statistics, level: float, how: str) -> Finding:
    """Return the finding of Z1."""
    count, statistic = float(seen.exceptions[0]), float(seen.conditional[0])
    if not count:
        note = joined("no exception: there is no loss beyond the VaR to average", how)
        return Finding(CONDITIONAL, count, np.nan, np.nan, UNDECIDED, note)
    with_any = null.conditional[null.exceptions > 0]
    p_value = lower_tail(statistic, with_any)
    return Finding(
        CONDITIONAL, count, statistic, p_value, verdict(p_value < level, level), how
    )


def unconditional(
    track: TrackRecord, seen: Statistics, null: Statistics, level: float, how: str
) -> Finding:
    """Return the finding of Z2."""
    statistic = float(seen.unconditional[0])
    p_value = lower_tail(statistic, null.unconditional)
    published = ""
    if fits_published(track):
        zone = published_zone(statistic)
        published = f"{zone} by the published limits -0.7 (5 %) and -1.8 (0.01 %)"
    return Finding(
        UNCONDITIONAL,
        float(seen.exceptions[0]),
        statistic,
        p_value,
        verdict(p_value < level, level),
        joined(published, how),
    )


def ranked(
    value_at_risk: Vector,
    gap: Vector,
    seen: Statistics,
    null: Statistics,
    test: tuple[float, str],
) -> Finding:
    """Return the finding of Z3; `test` is its level and how the null was made."""
    level, how = test
    if not (gap > 0.0).all():
        flat = int((gap <= 0.0).sum())
        note = f"ES equals VaR in {flat} rows, so losses have no rank beyond it"
        return Finding(RANKED, np.nan, np.nan, np.nan, UNDECIDED, joined(note, how))
    expected = value_at_risk + gap * null.worst.mean()
    level_part, slope = (value_at_risk / expected).mean(), (gap / expected).mean()
    statistic = float(1.0 - level_part - slope * seen.worst[0])
    p_value = lower_tail(statistic, 1.0 - level_part - slope * null.worst)
    return Finding(
        RANKED,
        float(seen.worst[0]),
        statistic,
        p_value,
        verdict(p_value < level, level),
        how,
    )


def fits_published(track: TrackRecord) -> bool:
    """Return whether the published limits of Z2 were made for such a record."""
    return (len(track), track.confidence, track.horizon_sessions) == (
        PUBLISHED_SESSIONS,
        PUBLISHED_CONFIDENCE,
        1,
    )


def published_zone(statistic: float) -> str:
    """Return the zone of Z2 by the published limits, for 250 sessions at 97.5 %."""
    if statistic <= RED_BELOW:
        return "red"
    return "yellow" if statistic <= YELLOW_BELOW else "green"
