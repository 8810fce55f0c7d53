"""What options, leveraged ETFs and perpetuals are, from the tables to their terms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskplugin._typing import Vector
from riskplugin.contracts import (
    HOURS_A_SESSION,
    LEVERAGED,
    PERPETUAL,
    SETTLED,
    Contracts,
    joined,
    linear,
    no_contracts,
)
from riskplugin.errors import Issue, Place, Severity, listing
from riskplugin.inputs.surfaces import (
    Surface,
    curves,
    past_volatility,
    rate_at,
    surfaces,
)
from riskplugin.market import Market
from riskplugin.pricing.calibration import calibrated
from riskplugin.pricing.linear import LINEAR, Kind
from riskplugin.pricing.terms import CALL
from riskplugin.pricing.underlyings import moves_by, why_alone
from riskplugin.pricing.unit_greeks import with_greeks
from riskplugin.universe import Instrument, Universe

TERMS: Mapping[str, tuple[str, ...]] = {
    Kind.OPTION: ("option_type", "style", "strike", "expiry", "underlying"),
    Kind.LEVERAGED_ETF: ("leverage", "underlying"),
}
INVERSE = frozenset({Kind.PERPETUAL, Kind.FUTURE})
ON_FUTURES = frozenset({Kind.PERPETUAL, Kind.FUTURE, Kind.FORWARD})
DAYS_A_YEAR = 365.0


@dataclass(frozen=True, eq=False, slots=True)
class Priced:
    """Held contracts with their terms, and what cannot be priced.

    Attributes
    ----------
    contracts : Contracts
        Options, leveraged ETFs, perpetuals that pay funding, and whatever else moves by
        an underlying.
    spot : Mapping of str to float
        Price of the underlying of each option, its own currency.
    price : Mapping of str to float
        Model price of each option; NaN where its volatility is not known.
    lacking : Mapping of str to str
        Why an instrument cannot be priced.
    issues : list of Issue
    """

    contracts: Contracts
    spot: Mapping[str, float]
    price: Mapping[str, float]
    lacking: Mapping[str, str]
    issues: list[Issue]


@dataclass(frozen=True, eq=False, slots=True)
class Quotes:
    """What the market says on the valuation date, by instrument or currency.

    `given` are the prices that the positions state, `spot` the last closes, `stale` the
    names whose close is too old; `past` is what volatility each name had.
    """

    spot: Mapping[str, float]
    given: Mapping[str, tuple[float, ...]]
    surfaces: Mapping[str, Surface]
    curves: Mapping[str, tuple[Vector, Vector]]
    past: Mapping[str, float]
    as_of: np.datetime64
    stale: frozenset[str] = frozenset()


def quotes_of(
    market: Market,
    universe: Universe,
    spot: Mapping[str, float],
    given: Mapping[str, tuple[float, ...]],
    tables: Mapping[str, pd.DataFrame],
    stale: frozenset[str],
) -> Quotes:
    """Return what the market says of contracts and their underlyings."""
    past = past_volatility(market.close)
    return Quotes(
        spot,
        given,
        surfaces(tables.get("vols"), universe, market.as_of),
        curves(tables.get("rates"), market.as_of),
        dict(zip(market.instruments, map(float, past), strict=True)),
        market.as_of,
        stale,
    )


def contracts_of(held: Iterable[str], universe: Universe, quotes: Quotes) -> Priced:
    """Return the terms of what is `held` beyond what moves one for one."""
    known = [universe.instruments[name] for name in sorted({*held} - {""})]
    lacking = {i.instrument: why for i in known if (why := lack(i, universe, quotes))}
    sound = [i for i in known if i.instrument not in lacking]
    options = [i for i in sound if i.kind == Kind.OPTION]
    issues: list[Issue] = []
    priced, value = options_of(options, universe, quotes, issues)
    others = others_of(
        [i for i in sound if i.kind != Kind.OPTION and has_terms(i, universe, quotes)]
    )
    spot = {i.instrument: quotes.spot[universe.resolve(i.underlying)] for i in options}
    price = {
        i.instrument: float(v) * spot[i.instrument]
        for i, v in zip(options, value, strict=True)
    }
    unknown = [name for name, at in price.items() if np.isnan(at)]
    lacking |= dict.fromkeys(
        unknown,
        "no price, no implied volatility and too short a history of its "
        "underlying; give one of them",
    )
    together = joined(priced, others)
    under = (
        moves_by(universe.instruments[n], universe, quotes.spot)
        for n in together.instruments
    )
    together = replace(together, underlyings=tuple(under))
    issues += alone(known, universe, quotes)
    kept = np.array([n not in lacking for n in together.instruments], dtype=bool)
    return Priced(together.at(kept), spot, price, lacking, issues)


def alone(
    known: Iterable[Instrument], universe: Universe, quotes: Quotes
) -> Iterator[Issue]:
    """Warn of contracts that do not move by what they are on."""
    for instrument in known:
        name = instrument.instrument
        why = why_alone(name, universe, quotes.spot)
        if instrument.kind in SETTLED and why:
            message = f"{name} does not move by an underlying: {why}"
            hint = "name one with prices, in its currency; else a position in both "
            hint += "is no hedge"
            place = Place("instruments", column=name)
            yield Issue("moves-alone", place, message, hint, Severity.WARNING)


def has_terms(instrument: Instrument, universe: Universe, quotes: Quotes) -> bool:
    """Whether it does anything but move one for one with a price of its own."""
    return (
        pays_funding(instrument)
        or coin(instrument)
        or bool(moves_by(instrument, universe, quotes.spot))
    )


def pays_funding(instrument: Instrument) -> bool:
    """Whether holding it costs or earns something per interval."""
    rate, hours = instrument.funding_rate, instrument.funding_hours
    return instrument.kind == PERPETUAL and bool(rate) and hours is not None


def coin(instrument: Instrument) -> bool:
    """Whether it is settled in the coin that it is on."""
    return instrument.settlement == "inverse"


def lack(instrument: Instrument, universe: Universe, quotes: Quotes) -> str:
    """Return why there is no price function for `instrument`, or nothing."""
    return next(filter(None, lacks(instrument, universe, quotes)), "")


def lacks(instrument: Instrument, universe: Universe, quotes: Quotes) -> Iterator[str]:
    """Yield what `instrument` needs to be priced and does not have."""
    if coin(instrument) and instrument.kind not in INVERSE:
        kinds = " and ".join(sorted(INVERSE))
        yield f"inverse settlement of a {instrument.kind}; known of {kinds} alone"
    funded = instrument.kind == PERPETUAL and instrument.funding_rate
    if funded and instrument.funding_hours is None:
        yield "funding_rate without funding_hours"
    if instrument.kind in TERMS:
        needed = TERMS[instrument.kind]
        missing = [t for t in needed if getattr(instrument, t) in ("", None)]
        if missing:
            yield f"{listing(missing)} missing"
        else:
            yield from lacks_below(instrument, universe, quotes)


def lacks_below(
    instrument: Instrument, universe: Universe, quotes: Quotes
) -> Iterator[str]:
    """Yield why its underlying cannot carry `instrument`."""
    name = universe.resolve(instrument.underlying)
    other = universe.instruments.get(name)
    if other is None or name not in quotes.spot:
        yield f"no prices of its underlying {instrument.underlying}"
    elif other.kind not in LINEAR:
        yield f"its underlying {name} is a {other.kind} itself; name what that is on"
    elif other.currency != instrument.currency:
        pair = f"{instrument.currency}, its underlying {name} in {other.currency}"
        yield f"it is quoted in {pair}; they must be alike"
    if instrument.kind == Kind.OPTION and name in quotes.stale:
        yield f"the last price of its underlying {name} is too old"
    if instrument.kind == Kind.OPTION and days_left(instrument, quotes) < 0:
        yield f"it expired on {instrument.expiry}"


def days_left(instrument: Instrument, quotes: Quotes) -> int:
    """Return the days to the expiry of an option."""
    left = np.datetime64(instrument.expiry, "D") - quotes.as_of
    return int(left.astype(np.int64))


def others_of(known: Sequence[Instrument]) -> Contracts:
    """Return leveraged ETFs, without their volatility, and what is settled."""
    if not known:
        return no_contracts()
    funding = [
        (i.funding_rate or 0.0) * HOURS_A_SESSION / (i.funding_hours or 1.0)
        if i.kind == PERPETUAL
        else 0.0
        for i in known
    ]
    leverage = np.array([i.leverage if i.kind == LEVERAGED else 1.0 for i in known])
    whole = linear([i.instrument for i in known], [i.kind for i in known])
    return replace(
        whole,
        delta=leverage,
        leverage=leverage,
        funding=np.array(funding),
        inverse=np.array([coin(i) for i in known], dtype=bool),
    )


def options_of(
    known: Sequence[Instrument],
    universe: Universe,
    quotes: Quotes,
    issues: list[Issue],
) -> tuple[Contracts, Vector]:
    """Return options with their greeks, and what they are worth by them.

    Over the spot, shape (N,). The volatility is the one that the price implies, of the
    positions or of the market; else that of the table of volatilities; else what the
    underlying did.
    """
    if not known:
        return no_contracts(), np.zeros(0)
    under = [universe.resolve(i.underlying) for i in known]
    spot = np.array([quotes.spot[name] for name in under])
    years = np.array([days_left(i, quotes) / DAYS_A_YEAR for i in known])
    futures = np.array([universe.instruments[n].kind in ON_FUTURES for n in under])
    rate = np.array(list(rates_of(known, years, quotes, issues)))
    yields = np.array([i.dividend_yield or 0.0 for i in known])
    strike = np.array([i.strike or np.nan for i in known])
    whole = replace(
        linear([i.instrument for i in known], [i.kind for i in known]),
        underlyings=tuple(under),
        sign=np.where([i.option_type == CALL for i in known], 1.0, -1.0),
        american=np.array([i.style == "american" for i in known], dtype=bool),
        strike=strike / spot,
        years=years,
        rate=rate,
        dividend_yield=np.where(futures, rate, yields),
    )
    market = np.array([market_price(i, quotes, issues) for i in known])
    volatility = volatilities(whole, market / spot, quotes, issues)
    with_volatility = with_greeks(replace(whole, volatility=volatility))
    return with_volatility, with_volatility.value


def rates_of(
    known: Sequence[Instrument], years: Vector, quotes: Quotes, issues: list[Issue]
) -> Iterator[float]:
    """Yield the interest rate of each option; 0 with a warning where none is given."""
    without = sorted({i.currency for i in known} - quotes.curves.keys())
    for currency in without:
        message = f"no interest rate of {currency}: options are valued at 0 %"
        hint = "give it in rates"
        place = Place("rates", column=currency)
        issues.append(Issue("no-rate", place, message, hint, Severity.WARNING))
    for instrument, left in zip(known, years, strict=True):
        curve = quotes.curves.get(instrument.currency)
        yield 0.0 if curve is None else rate_at(curve, float(left))


def market_price(instrument: Instrument, quotes: Quotes, issues: list[Issue]) -> float:
    """Return the price of an option that its volatility has to give; NaN if none."""
    name = instrument.instrument
    given = sorted(set(quotes.given.get(name, ())))
    if len(given) > 1:
        message = f"positions give {len(given)} prices from {given[0]:g} to "
        message += f"{given[-1]:g}: its volatility is that of their median"
        place = Place("positions", column=name)
        hint = "give one price"
        issues.append(Issue("several-prices", place, message, hint, Severity.WARNING))
    if given:
        return float(np.median(given))
    return float(quotes.spot.get(name, np.nan))


def volatilities(
    options: Contracts, market: Vector, quotes: Quotes, issues: list[Issue]
) -> Vector:
    """Return the volatility of each option, NaN where nothing tells one, (N,)."""
    found = np.full(len(options), np.nan)
    quoted = ~np.isnan(market)
    if quoted.any():
        found[quoted] = calibrated(options.at(quoted), market[quoted])
    for row in np.flatnonzero(np.isnan(found)):
        i = int(row)
        found[i], source = volatility_of(options, i, quotes)
        words = [
            *(["no volatility gives its price"] if quoted[i] else ["it has no price"]),
            source,
        ]
        message = f"{options.instruments[i]}: {'; '.join(words)}"
        place = Place("vols", column=options.underlyings[i])
        hint = "give its price, or volatilities around it"
        if not source.startswith("valued"):
            issues.append(Issue("assumed-volatility", place, message, hint, WARN))
        else:
            issues.append(Issue("modelled-price", place, message, hint, WARN))
    return found


WARN = Severity.WARNING


def volatility_of(options: Contracts, row: int, quotes: Quotes) -> tuple[float, str]:
    """Return the volatility of an option whose price tells none, and whence."""
    name = options.underlyings[row]
    surface = quotes.surfaces.get(name)
    if surface is None:
        past = quotes.past.get(name, np.nan)
        return past, f"no volatility of {name} is given, {past:.0%} is what it did"
    level, outside = surface.at(float(options.years[row]), float(options.strike[row]))
    if outside:
        return level, f"outside the volatilities of {name}: the nearest, {level:.0%}"
    return level, f"valued at the {level:.0%} of {name} on {surface.date}"
