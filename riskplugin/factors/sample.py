"""What a factor model is estimated from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Cube, Vector
from riskplugin.desk import Desk, Settings
from riskplugin.factors.drivers import (
    DriverHistory,
    covered_baskets,
    driver_history,
    driver_windows,
    priced_baskets,
    usable,
)
from riskplugin.factors.series import Series, currencies_of, series_of, series_windows
from riskplugin.returns import panel, two_widths

LEAST_LIT = 0.5  # of the weight that windows keep on average


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """The windows of what drives and of what is modelled, on a date, and how.

    Attributes
    ----------
    settings : Settings
    as_of : numpy.datetime64
        Nothing later was used.
    series : Series
    history : DriverHistory
        Levels of the drivers over all history.
    baskets : Mapping of str to tuple of str
        The J drivers that have enough windows, with their members.
    factors : ndarray of shape (2, T, J)
        The drivers' returns over windows, and over those wider at both ends.
    returns : ndarray of shape (2, T, N + C)
        Those of the series.
    """

    settings: Settings
    as_of: np.datetime64
    series: Series
    history: DriverHistory
    baskets: Mapping[str, tuple[str, ...]]
    factors: Cube
    returns: Cube

    def __post_init__(self) -> None:
        for name in ("factors", "returns"):
            # one layout: a sum over another one rounds otherwise, and a copy in another
            # process has another
            array = np.ascontiguousarray(getattr(self, name))
            array.flags.writeable = False
            object.__setattr__(self, name, array)


def sampled(desk: Desk, when: np.datetime64) -> Sample:
    """Return what the factor model of `desk` is estimated from, up to a date."""
    settings, market = desk.settings, desk.market
    sessions = settings.return_sessions
    series = series_of(desk, when)
    currency_of = currencies_of(series)
    baskets = priced_baskets(market.priced(when), settings.drivers)
    history = driver_history(market, when, baskets, currency_of)
    rows = settings.window_sessions + sessions
    prices = panel(market, when, series.instruments, rows)
    returns = two_widths(
        lambda width: series_windows(prices, series.currencies, width), sessions
    )
    covered = covered_baskets(
        prices, baskets, currency_of, sessions, settings.min_overlap
    )
    factors = two_widths(
        lambda width: driver_windows(prices, covered, currency_of, width), sessions
    )
    chosen = usable(factors.sum(axis=0), settings.half_life, settings.min_overlap)
    members = list(covered.items())
    return Sample(
        settings,
        when,
        series,
        history,
        dict(members[j] for j in chosen),
        factors[:, :, chosen],
        returns,
    )


def lit_only(sample: Sample, weights: Vector, before: Vector) -> Sample:
    """Return `sample` without the series whose windows lose too much of their weight.

    What a series keeps of its weights `before` (T,) under `weights` (T,) must be
    `LEAST_LIT` of what all windows keep. One that lived through calm alone cannot say
    what it does in another regime, though a regression scales its weights up.
    """
    there = ~np.isnan(sample.returns).any(axis=0)
    kept, had = weights @ there, before @ there
    lit = kept * before.sum() >= LEAST_LIT * had * weights.sum()
    return replace(sample, returns=np.where(lit, sample.returns, np.nan))
