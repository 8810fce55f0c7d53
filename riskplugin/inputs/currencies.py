"""From exchange rates to the value of every currency in USD."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Matrix, Vector
from riskplugin.errors import Issue, Place
from riskplugin.inputs.reading import Wide
from riskplugin.returns import FILLED_ROWS

PAIR = 6


@dataclass(frozen=True, eq=False, slots=True)
class Currencies:
    """Value of one unit of each currency in USD.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (T,)
    names : tuple of C str
        Sorted, without USD.
    usd_per : ndarray of shape (T, C)
        NaN where there is no rate.
    """

    dates: Dates
    names: tuple[str, ...]
    usd_per: Matrix


def currencies_of(rates: Wide | None) -> tuple[Currencies, list[Issue]]:
    """Return every currency that the pairs reach from USD, crosses included.

    A cross (EURKRW) uses the other pair's rate of the same date, or of at most four
    rows before.
    """
    if rates is None:
        empty = np.array([], dtype="datetime64[D]")
        return Currencies(empty, (), np.zeros((0, 0))), []
    pairs = {
        name: pair
        for name in rates.names
        if (pair := name.replace("/", "").strip().upper()) and is_pair(pair)
    }
    issues = list(bad_pairs(rates, set(pairs)))
    value: dict[str, Vector] = {"USD": np.ones(len(rates.dates))}
    left = dict(pairs)
    while reached := [n for n, p in left.items() if p[:3] in value or p[3:] in value]:
        for name in reached:
            base, quote = left[name][:3], left[name][3:]
            del left[name]
            rate = rates.grid[:, rates.names.index(name)]
            if quote in value and base not in value:
                value[base] = rate * latest(value[quote])
            elif base in value and quote not in value:
                value[quote] = latest(value[base]) / rate
    issues += [
        Issue(
            "bad-pair",
            Place(rates.source, column=name),
            f"no pair leads from {pair} to USD",
            "give one of its currencies against USD",
        )
        for name, pair in left.items()
    ]
    names = tuple(sorted(value.keys() - {"USD"}))
    stacked = np.array([value[n] for n in names]).reshape(len(names), len(rates.dates))
    return Currencies(rates.dates, names, stacked.T), issues


def is_pair(name: str) -> bool:
    """Whether `name` is two different currency codes."""
    return len(name) == PAIR and name.isalpha() and name[:3] != name[3:]


def bad_pairs(rates: Wide, good: set[str]) -> Iterator[Issue]:
    """Yield an error per column or key that is not a pair of currencies."""
    for name in rates.names:
        if name not in good:
            hint = "write USDKRW for KRW per USD"
            yield Issue(
                "bad-pair", Place(rates.source, column=name), "not a pair", hint
            )


def latest(values: Vector) -> Vector:
    """Return `values` filled forward at most four rows."""
    here = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, here))
    fresh = (last >= 0) & (here - last <= FILLED_ROWS)
    return np.where(fresh, values[np.maximum(last, 0)], np.nan)
