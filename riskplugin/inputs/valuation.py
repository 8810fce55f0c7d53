"""Which price values each position, and what cannot be valued."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector, Words
from riskplugin.desk import Settings
from riskplugin.errors import Issue, Place, Severity, listing
from riskplugin.inputs.contracts import Priced, contracts_of, quotes_of
from riskplugin.inputs.reading import CheckedTable
from riskplugin.market import Market
from riskplugin.pricing.linear import market_value
from riskplugin.universe import Instrument, Universe

CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, eq=False, slots=True)
class Latest:
    """The last value of each column on or before a date.

    Attributes
    ----------
    values : ndarray of shape (N,)
        NaN where there is none.
    age : ndarray of shape (N,)
        Weekdays since; -1 where there is none.
    """

    values: Vector
    age: Codes


def latest(dates: Dates, values: Matrix, as_of: np.datetime64) -> Latest:
    """Return the last value of each column of `values` (T, N) up to `as_of`."""
    if not len(dates):
        columns = values.shape[1]
        return Latest(np.full(columns, np.nan), np.full(columns, -1))
    rows = np.where(np.isnan(values), -1, np.arange(len(dates))[:, None])
    last = rows.max(axis=0, initial=-1)
    row = np.maximum(last, 0)
    found = np.where(last >= 0, values[row, np.arange(values.shape[1])], np.nan)
    age = np.where(last >= 0, np.busday_count(dates[row], as_of), -1)
    return Latest(found, age)


@dataclass(frozen=True, eq=False, slots=True)
class Valuation:
    """Positions valued, row by row of the positions table.

    Attributes
    ----------
    price, fx_rate, market_value : ndarray of shape (P,)
        NaN where unknown.
    notional : ndarray of shape (P,)
        Value of the underlying that an option stands for, base currency; NaN elsewhere.
    reason : ndarray of str, shape (P,)
        Code of the fault that makes the row unusable, else "".
    issues : list of Issue
    """

    price: Vector
    fx_rate: Vector
    market_value: Vector
    notional: Vector
    reason: Words
    issues: list[Issue]


def valued(
    table: CheckedTable,
    names: Sequence[str],
    market: Market,
    universe: Universe,
    settings: Settings,
    priced: Priced,
) -> Valuation:
    """Value every row of the positions `table`, of instruments `names`.

    The row's own price comes first, then the last close on or before the valuation
    date if it is not too old, then an option's model price; cash is worth 1.
    """
    known = [universe.instruments[n] for n in names]
    cash = np.array([i.kind == "cash" for i in known], dtype=bool)
    price, age = prices_of(table, names, market, cash)
    price, age = with_model_prices(price, age, names, market, universe, priced)
    rates, rate_age = base_rates(market, settings.base_currency)
    fx_rate = np.array([rates.get(i.currency, np.nan) for i in known], np.float64)
    fx_age = np.array([rate_age.get(i.currency, -1) for i in known], np.int64)
    no_spread = np.array([i.half_spread is None for i in known], dtype=bool)
    faults = {
        "no-price": np.isnan(price),
        "stale-price": age > settings.max_stale_sessions,
        "missing-fx": np.isnan(fx_rate),
        "stale-fx": fx_age > settings.max_stale_sessions,
        "kind-not-priced": np.array([n in priced.lacking for n in names], dtype=bool),
        "unknown-half-spread": no_spread & ~cash & (settings.unwind_share > 0),
    }
    named = np.array(names, dtype=object) != ""

    def facts(row: int) -> dict[str, object]:
        currency = known[row].currency
        return {
            "lack": priced.lacking.get(names[row], ""),
            "age": age[row],
            "fx_age": fx_age[row],
            "most": settings.max_stale_sessions,
            "currency": currency,
            "base": settings.base_currency,
            "mend_fx": fx_hint(currency, settings.base_currency),
        }

    reason = np.full(len(known), "", dtype="U40")
    issues: list[Issue] = []
    for code, wrong in faults.items():
        reason = np.where((reason == "") & wrong, code, reason)
        rows = np.flatnonzero(wrong & named)
        issues += fault_issues(code, rows, table, names, facts)
    multiplier = np.array([i.multiplier for i in known], dtype=np.float64)
    quantity = table.frame["quantity"].to_numpy(np.float64)
    unit = np.where(named, per_contract(price, known), np.nan)
    money = market_value(quantity, unit, multiplier, fx_rate)
    spot = np.array([priced.spot.get(n, np.nan) for n in names], dtype=np.float64)
    notional = market_value(quantity, spot, multiplier, fx_rate)
    return Valuation(price, fx_rate, money, notional, reason, issues)


def per_contract(price: Vector, known: Sequence[Instrument]) -> Vector:
    """Return the value of one unit of the multiplier, shape (P,): its price.

    1 of an inverse contract, which is of so much quote currency whatever the price.
    """
    inverse = np.array([i.settlement == "inverse" for i in known], dtype=bool)
    return np.where(inverse & ~np.isnan(price), 1.0, price)


def priced_contracts(
    table: CheckedTable,
    names: Sequence[str],
    market: Market,
    universe: Universe,
    tables: Mapping[str, pd.DataFrame],
    most_stale: int,
) -> Priced:
    """Return the terms of what is held beyond what moves one for one.

    No option stands on a price of its underlying older than `most_stale` weekdays.
    """
    last = latest(market.dates, market.close, market.as_of)
    closes = {
        name: float(value)
        for name, value in zip(market.instruments, last.values, strict=True)
        if not np.isnan(value)
    }
    own = table.frame["price"].to_numpy(np.float64)
    given: dict[str, tuple[float, ...]] = {}
    for name, price in zip(names, own, strict=True):
        if not np.isnan(price):
            given[name] = (*given.get(name, ()), float(price))
    old = np.flatnonzero(last.age > most_stale)
    stale = frozenset(market.instruments[int(i)] for i in old)
    quotes = quotes_of(market, universe, closes, given, tables, stale)
    return contracts_of(names, universe, quotes)


def with_model_prices(
    price: Vector,
    age: Codes,
    names: Sequence[str],
    market: Market,
    universe: Universe,
    priced: Priced,
) -> tuple[Vector, Codes]:
    """Return prices and their ages with those of the model where there is none.

    A model price is as old as the price of the underlying.
    """
    last = latest(market.dates, market.close, market.as_of)
    ages = dict(zip(market.instruments, map(int, last.age), strict=True))
    price, age = price.copy(), age.copy()
    for row in np.flatnonzero(np.isnan(price)):
        name = names[int(row)]
        if name in priced.price:
            price[row] = priced.price[name]
            age[row] = ages[universe.resolve(universe.instruments[name].underlying)]
    return price, age


def prices_of(
    table: CheckedTable,
    names: Sequence[str],
    market: Market,
    cash: Flags,
) -> tuple[Vector, Codes]:
    """Return the price of each row, NaN if unknown, and its age, -1 if of no date."""
    column = {n: i for i, n in enumerate(market.instruments)}
    columns = np.array([column.get(n, -1) for n in names], dtype=np.int64)
    closes = latest(market.dates, market.close, market.as_of)
    close = np.append(closes.values, np.nan)[columns]
    age = np.append(closes.age, -1)[columns]
    own = table.frame["price"].to_numpy(np.float64)
    price = np.where(np.isnan(own), np.where(np.isnan(close) & cash, 1.0, close), own)
    return price, np.where(np.isnan(own) & ~cash, age, -1)


def base_rates(market: Market, base: str) -> tuple[dict[str, float], dict[str, int]]:
    """Return base currency per unit of each currency, and the older rate's age."""
    found = latest(market.dates, market.usd_per, market.as_of)
    usd = dict(zip(market.currencies, found.values, strict=True)) | {"USD": 1.0}
    age = dict(zip(market.currencies, found.age, strict=True)) | {"USD": 0}
    rates = {c: float(v / usd.get(base, np.nan)) for c, v in usd.items()}
    ages = {c: int(max(a, age.get(base, -1))) for c, a in age.items()}
    return rates | {base: 1.0}, ages | {base: 0}


HINTS = {
    "no-price": "add it to prices, or give a price in positions",
    "stale-price": "refresh the price, give one in positions, or raise "
    "settings.max_stale_sessions",
    "missing-fx": "{mend_fx}",
    "stale-fx": "refresh the rate, or raise settings.max_stale_sessions",
    "kind-not-priced": "complete its row in instruments; or book its delta-equivalent "
    "as spot",
    "unknown-half-spread": "give half_spread in instruments, or set unwind_share to 0",
}
MESSAGES = {
    "no-price": "no price on or before the valuation date",
    "stale-price": "the last price is {age} weekdays old, {most} are allowed",
    "missing-fx": "no exchange rate from {currency} to {base}",
    "stale-fx": "the last exchange rate from {currency} to {base} is {fx_age} weekdays "
    "old, {most} are allowed",
    "kind-not-priced": "it cannot be priced: {lack}",
    "unknown-half-spread": "positions are to be unwound but the spread is unknown",
}


def fx_hint(currency: str, base: str) -> str:
    """Return what to do about a currency without a rate."""
    if CURRENCY.fullmatch(currency):
        return f"add the pair {base}{currency} to fx"
    return "write a code of three capitals, as USD, in instruments; prices in its unit"


def fault_issues(
    code: str,
    rows: Codes,
    table: CheckedTable,
    names: Sequence[str],
    facts: Callable[[int], Mapping[str, object]],
) -> Iterator[Issue]:
    """Yield one issue per instrument with a fault, naming its rows.

    `facts` fills in the message and hint of a row.
    """
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(names[int(row)], []).append(int(row))
    for name, where in found.items():
        lines = [str(table.lines[row]) for row in where]
        also = f" (rows {listing(lines)})" if len(where) > 1 else ""
        known = facts(where[0])
        yield Issue(
            code,
            Place(table.source, int(lines[0]), "instrument"),
            f"{name}{also}: {MESSAGES[code].format_map(known)}",
            HINTS[code].format_map(known),
        )


def notices(
    settings: Settings, books: Sequence[str], market: Market, universe: Universe
) -> Iterator[Issue]:
    """Yield warnings of what is used as it stands but weakens the numbers."""
    warn = Severity.WARNING
    yield from nav_notices(settings, books)
    for book in sorted(settings.nav.keys() - set(books)):
        hint = f"books are {listing(books)}" if books else "no book holds anything"
        place = Place("nav", column=book)
        yield Issue("unknown-book", place, "no such book is held", hint, warn)
    for driver, members in settings.drivers.items():
        missing = [m for m in members if m not in market.instruments]
        place = Place("drivers", column=driver)
        if len(missing) == len(members):
            message = "no member has prices: the driver is left out, and so is every "
            message += "scenario that names it"
            yield Issue("driver-without-prices", place, message, "add prices", warn)
        elif missing:
            message = f"{listing(missing)} left out of the basket: no prices"
            yield Issue(
                "driver-member-without-prices", place, message, "add prices", warn
            )
        for member in members:
            yield from without_rate(driver, member, market, universe)
    yield from short_currencies(settings, market)


def nav_notices(settings: Settings, books: Iterable[str]) -> Iterator[Issue]:
    """Warn of books without a NAV."""
    for book in sorted(set(books) - {""} - settings.nav.keys()):
        hint = "give it under [nav]; % of NAV is unknown until then"
        place = Place("nav", column=book)
        yield Issue("no-nav", place, "no NAV", hint, Severity.WARNING)


def without_rate(
    driver: str, member: str, market: Market, universe: Universe
) -> Iterator[Issue]:
    """Warn of a member with prices whose currency has no rate against USD."""
    known = universe.instruments.get(member)
    if known is None or member not in market.instruments:
        return
    if known.currency != "USD" and known.currency not in market.currencies:
        message = f"{member} left out of the basket: no rate of {known.currency} to USD"
        place, hint = Place("drivers", column=driver), "add the pair to fx"
        warn = Severity.WARNING
        yield Issue("driver-member-without-fx", place, message, hint, warn)


def short_currencies(settings: Settings, market: Market) -> Iterator[Issue]:
    """Warn of currencies whose moves cannot be estimated."""
    needed = settings.min_overlap + settings.return_sessions
    counts = (~np.isnan(market.usd_per)).sum(axis=0)
    for name, count in zip(market.currencies, counts, strict=True):
        if count < needed:
            message = f"too few rates ({count}): held still unless a scenario names it"
            place = Place("fx", column=name)
            hint = f"give {needed} sessions or more"
            yield Issue("short-fx-history", place, message, hint, Severity.WARNING)
