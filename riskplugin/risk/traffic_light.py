"""The Basel traffic light, for any number of forecasts, confidence and horizon."""

from dataclasses import dataclass

from scipy import special

from riskplugin.errors import UsageError
from riskplugin.risk.exception_counts import CountDistribution
from riskplugin.risk.track import Finding, joined

YELLOW_FROM, RED_FROM = 0.95, 0.9999
PUBLISHED_SESSIONS, PUBLISHED_ALPHA = 250, 0.01
# by exceptions in 250 sessions at 99 %: what is added to a multiplier of 3 (BCBS 1996),
# and the whole multiplier (BCBS 2019, MAR32)
PLUS_FACTORS = {5: 0.40, 6: 0.50, 7: 0.65, 8: 0.75, 9: 0.85}
MULTIPLIERS = {5: 1.70, 6: 1.76, 7: 1.83, 8: 1.88, 9: 1.92}
GREEN_PLUS, RED_PLUS = 0.0, 1.0
GREEN_MULTIPLIER, RED_MULTIPLIER = 1.5, 2.0
CLOSE = 1e-12
ERRORS_APART = 3  # standard errors within which a simulated bound is doubtful


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """Where a number of exceptions stands.

    Attributes
    ----------
    exceptions : int
        Seen.
    zone : str
        green, yellow or red.
    plus_factor : float
        Added to a multiplier of 3 (1996).
    multiplier : float
        Multiplier that replaces it (2019), from 1.5 to 2.
    cumulative_probability : float
        ``P(X <= exceptions)`` under right forecasts.
    tail_probability : float
        ``P(X >= exceptions)``.
    max_green, max_yellow : int
        Most exceptions of each zone.
    note : str
        How it was found where the published table does not say it.
    """

    exceptions: int
    zone: str
    plus_factor: float
    multiplier: float
    cumulative_probability: float
    tail_probability: float
    max_green: int
    max_yellow: int
    note: str = ""

    def finding(self) -> Finding:
        """Return the row of the table; its statistic is the cumulative probability."""
        bounds = (
            f"green to {self.max_green}, yellow to {self.max_yellow} exceptions; plus "
            f"factor {self.plus_factor:.2f} (1996), multiplier {self.multiplier:.2f} "
            "(2019)"
        )
        return Finding(
            "traffic light",
            float(self.exceptions),
            self.cumulative_probability,
            self.tail_probability,
            self.zone,
            joined(bounds, self.note),
        )


def zone_bounds(counts: CountDistribution) -> tuple[int, int]:
    """Return the most exceptions that are green, and that are yellow.

    Yellow begins at the number of exceptions k with ``P(X <= k) >= 0.95``, red at
    0.9999. No exception at all is always green, and one that is as unlikely as red
    in a single forecast is red.

    Source: Basel Committee, Supervisory framework for the use of backtesting (1996).
    """
    green, yellow = (
        max(counts.first_reaching(p) - 1, 0) for p in (YELLOW_FROM, RED_FROM)
    )
    return green, yellow


def traffic_light(exceptions: int, counts: CountDistribution) -> TrafficLight:
    """Return the zone of a number of exceptions and what it adds to capital.

    At 250 separate sessions and 99 % this is the published table. The Committee gives
    no factors for other sizes; there the factor is that of the published count which is
    as unlikely: the largest published count whose ``P(X <= k)`` is not above that of
    the exceptions seen.

    Parameters
    ----------
    exceptions : int
        From 0 to the number of observations.
    counts : CountDistribution
        `binomial_counts`, or `overlapping_counts` for windows that overlap.

    Raises
    ------
    UsageError
        For more exceptions than observations.
    """
    check_count(exceptions, counts.observations)
    green, yellow = zone_bounds(counts)
    reached = float(counts.at_most[exceptions])
    if exceptions <= green:
        zone, plus, multiplier = "green", GREEN_PLUS, GREEN_MULTIPLIER
    elif exceptions <= yellow:
        like = published_like(reached)
        zone, plus, multiplier = "yellow", PLUS_FACTORS[like], MULTIPLIERS[like]
    else:
        zone, plus, multiplier = "red", RED_PLUS, RED_MULTIPLIER
    return TrafficLight(
        exceptions,
        zone,
        plus,
        multiplier,
        reached,
        float(counts.at_least[exceptions]),
        green,
        yellow,
        joined(origin(zone, counts), doubt(exceptions, counts)),
    )


def published_like(probability: float) -> int:
    """Return the published yellow count that is as unlikely."""
    as_unlikely = [
        count
        for count in PLUS_FACTORS
        if special.bdtr(count, PUBLISHED_SESSIONS, PUBLISHED_ALPHA)
        <= probability + CLOSE
    ]
    return max(as_unlikely, default=min(PLUS_FACTORS))


def origin(zone: str, counts: CountDistribution) -> str:
    """Return how the zone was found where it is not the published table's."""
    simulated, like = "", ""
    if counts.paths:
        simulated = (
            f"windows of {counts.horizon_sessions} sessions overlap: bounds simulated "
            f"from independent normal days, {counts.paths:,} paths"
        )
    made_for = (counts.observations, counts.alpha, counts.horizon_sessions)
    if zone == "yellow" and made_for != (PUBLISHED_SESSIONS, PUBLISHED_ALPHA, 1):
        like = "factor of the count as unlikely in the published 250 sessions at 99 %"
    return joined(simulated, like)


def doubt(exceptions: int, counts: CountDistribution) -> str:
    """Return a warning where simulation leaves the zone open."""
    for limit in (YELLOW_FROM, RED_FROM):
        for count in {exceptions, max(exceptions - 1, 0)}:
            error = ERRORS_APART * counts.standard_error(count)
            if abs(counts.at_most[count] - limit) < error:
                return "within simulation error of the next zone: take more paths"
    return ""


def check_count(exceptions: int, observations: int) -> None:
    """Refuse a count that cannot be."""
    if not 0 <= exceptions <= observations:
        raise UsageError(
            f"{exceptions} exceptions in {observations} forecasts: give a number from "
            "0 to theirs"
        )
