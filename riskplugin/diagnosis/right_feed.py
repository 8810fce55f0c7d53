"""Which of two feeds that are dated apart is right: the one that the drivers know."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.diagnosis.labels import FEWEST, slope
from riskplugin.diagnosis.moves import Feeds, Moves
from riskplugin.diagnosis.references import within
from riskplugin.diagnosis.regions import usual_lags

SURE = 3.0  # standard errors by which one correlation exceeds the other


class Told(NamedTuple):
    """Correlations of both feeds with the driver that tells them apart best.

    `apart` is in standard errors, above 0 where the own feed moves more with it.
    """

    driver: str
    own: float
    other: float
    apart: float


def told_apart(feeds: Feeds, other: Vector, column: int, rows: Flags) -> Told | None:
    """Return what the drivers say of two feeds of an instrument; None if nothing.

    Correlations of one-session log returns on weekdays, the highest of the lags at
    which the region may be behind the driver's, ``(atanh a - atanh b)
    sqrt((n - 3) / 2)`` apart. Drivers with members in the instrument's own region are
    left aside: they may be of the same feed.

    Parameters
    ----------
    feeds : Feeds
    other : ndarray of shape (T,)
        The second source's closes.
    column : int
    rows : ndarray of bool, shape (T,)
        Dates that count.
    """
    weekday = np.is_busday(feeds.dates)
    both = np.column_stack([feeds.close[:, column], other])
    both[~rows] = np.nan
    series = within(Moves.of(feeds.dates[weekday], both[weekday]).returns)
    found = [
        Told(driver, own, beside, apart)
        for driver, basket, lags in baskets(feeds, column)
        for own, beside, apart in [compared(series, basket, lags)]
        if not np.isnan(apart)
    ]
    return max(found, key=lambda told: abs(told.apart), default=None)


def baskets(feeds: Feeds, column: int) -> Iterator[tuple[str, Vector, tuple[int, ...]]]:
    """Yield drivers of other regions with their weekday returns and usual lags."""
    region = feeds.regions[column]
    weekday = np.is_busday(feeds.dates)
    for driver, members in feeds.drivers.items():
        places = [i for i, n in enumerate(feeds.names) if n in members]
        away = [i for i in places if feeds.regions[i] is not region]
        if away and len({feeds.regions[i] for i in away}) == 1:
            close = feeds.close[np.ix_(weekday, np.array(away))]
            returns = within(Moves.of(feeds.dates[weekday], close).returns).mean(axis=1)
            yield driver, returns, usual_lags(region, feeds.regions[away[0]])


def compared(
    series: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    basket: Vector,
    lags: tuple[int, ...],
) -> tuple[float, float, float]:
    """Return the correlations of own and other with a basket, and how far apart."""
    known = (~np.isnan(series)).all(axis=1) & ~np.isnan(basket)
    if known.sum() < FEWEST:
        return float("nan"), float("nan"), float("nan")
    own, other = (
        max(slope(at_lag(one, lag), basket)[1] for lag in lags) for one in series.T
    )
    z = np.arctanh(np.clip([own, other], -0.999, 0.999))
    return own, other, float((z[0] - z[1]) * np.sqrt((known.sum() - 3) / 2))


def at_lag(returns: Vector, late: int) -> Vector:
    """Return returns labelled `late` sessions earlier, NaN where there are none."""
    moved = np.roll(returns, -late)
    if late > 0:
        moved[-late:] = np.nan
    elif late < 0:
        moved[:-late] = np.nan
    return moved
