"""From exchange rates to the value of every currency in USD."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Dates, Matrix, Vector
from riskplugin.errors import Issue, Place, Severity
from riskplugin.inputs.wide import Wide
from riskplugin.returns import FILLED_ROWS

PAIR = 6
TOLERATED = 0.01  # crosses of two fixings differ by less


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
    rows before. Where several pairs lead to a currency the shortest way counts, then
    the alphabet; pairs that contradict it are warned of.
    """
    if rates is None:
        empty = np.array([], dtype="datetime64[D]")
        return Currencies(empty, (), np.zeros((0, 0))), []
    pairs = {
        name: pair
        for name in sorted(rates.names)
        if is_pair(pair := name.replace("/", "").strip().upper())
    }
    issues = list(bad_pairs(rates, set(pairs)))
    value, unreached = reached(rates, pairs)
    issues += [
        Issue(
            "bad-pair",
            Place(rates.source, column=name),
            f"no pair leads from {pairs[name]} to USD",
            "give one of its currencies against USD",
        )
        for name in unreached
    ]
    issues += contradictions(rates, pairs, value)
    names = tuple(sorted(value.keys() - {"USD"}))
    stacked = np.array([value[n] for n in names]).reshape(len(names), len(rates.dates))
    return Currencies(rates.dates, names, stacked.T), issues


def reached(
    rates: Wide, pairs: Mapping[str, str]
) -> tuple[dict[str, Vector], list[str]]:
    """Return the USD value of every currency reached, and the pairs that lead nowhere.

    Level by level from USD, so that the order of the columns does not count.
    """
    value: dict[str, Vector] = {"USD": np.ones(len(rates.dates))}
    left = dict(pairs)
    while near := [n for n, p in left.items() if p[:3] in value or p[3:] in value]:
        level: dict[str, Vector] = {}
        for name in near:
            base, quote = left[name][:3], left[name][3:]
            del left[name]
            rate = rates.grid[:, rates.names.index(name)]
            if base not in value:
                level.setdefault(base, rate * latest(value[quote]))
            elif quote not in value:
                level.setdefault(quote, latest(value[base]) / rate)
        value |= level
    return value, list(left)


def contradictions(
    rates: Wide, pairs: Mapping[str, str], value: Mapping[str, Vector]
) -> Iterator[Issue]:
    """Warn of pairs whose last rate differs from the one that counts."""
    for name, pair in pairs.items():
        base, quote = value.get(pair[:3]), value.get(pair[3:])
        if base is None or quote is None:
            continue
        given = rates.grid[:, rates.names.index(name)]
        implied = latest(base) / latest(quote)
        both = np.flatnonzero(~np.isnan(given) & ~np.isnan(implied))
        if not len(both):
            continue
        last = both[-1]
        if abs(given[last] / implied[last] - 1) > TOLERATED:
            place = Place(rates.source, column=name)
            message = (
                f"{given[last]:g} on {rates.dates[last]}, but the other pairs say "
                f"{implied[last]:g}; the latter counts"
            )
            hint = "take out the wrong one"
            yield Issue("contradicting-pairs", place, message, hint, Severity.WARNING)


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
