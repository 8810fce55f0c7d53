"""Prices that positions state, held beside the closes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Vector
from riskplugin.desk import Settings
from riskplugin.errors import Issue, Place, Severity
from riskplugin.inputs.reading import CheckedTable
from riskplugin.inputs.valuation import Latest, Valuation, latest, per_contract
from riskplugin.market import Market
from riskplugin.pricing.linear import Kind, market_value
from riskplugin.universe import Universe

FAR = 0.2  # share of the close beyond which a price is not the next day's
FACTORS = (10, 100, 1000)
SAME = 1e-6  # share of the close within which a price is that close


@dataclass(frozen=True, eq=False, slots=True)
class Marks:
    """Prices of positions beside the last closes of their instruments.

    Attributes
    ----------
    positions : CheckedTable
    names : sequence of P str
    price, close : ndarray of shape (P,)
        Local currency; NaN where there is none, or where it values nothing: of cash,
        and of rows that cannot be used.
    effect : ndarray of shape (P,)
        What the price makes of the market value, beyond the close, base currency.
    size : ndarray of shape (P,)
        Market value in size, base currency.
    age : ndarray of int, shape (P,)
        Weekdays since the close; -1 where there is none and of options.
    """

    positions: CheckedTable
    names: Sequence[str]
    price: Vector
    close: Vector
    effect: Vector
    size: Vector
    age: Codes

    def place(self, row: int | None = None) -> Place:
        """Return where the price of a position stands, or all of them."""
        line = None if row is None else int(self.positions.lines[row])
        return Place(self.positions.source, line, "price")


def marks_of(
    positions: CheckedTable,
    names: Sequence[str],
    market: Market,
    universe: Universe,
    valuation: Valuation,
) -> Marks:
    """Return the prices that positions state beside the last closes."""
    known = [universe.instruments[n] for n in names]
    closes = latest(market.dates, market.close, market.as_of)
    close, age = of_names(closes, market, names)
    own = positions.frame["price"].to_numpy(np.float64)
    cash = np.array([i.kind == Kind.CASH for i in known], dtype=bool)
    good = (positions.reason == "") & (valuation.reason == "") & ~cash
    price = np.where(good, own, np.nan)
    option = np.array([i.kind == Kind.OPTION for i in known], dtype=bool)
    multiplier = np.array([i.multiplier for i in known], dtype=np.float64)
    quantity = positions.frame["quantity"].to_numpy(np.float64)
    gap = per_contract(price, known) - per_contract(close, known)
    return Marks(
        positions,
        names,
        price,
        close,
        market_value(quantity, gap, multiplier, valuation.fx_rate),
        np.abs(valuation.market_value),
        np.where(option, -1, age),
    )


def of_names(
    closes: Latest, market: Market, names: Sequence[str]
) -> tuple[Vector, Codes]:
    """Return the close and its age of each name; NaN and -1 where there is none."""
    column = {n: i for i, n in enumerate(market.instruments)}
    at = np.array([column.get(n, -1) for n in names], dtype=np.int64)
    return np.append(closes.values, np.nan)[at], np.append(closes.age, -1)[at]


def far_from_closes(
    marks: Marks, settings: Settings, universe: Universe
) -> Iterator[Issue]:
    """Warn of prices far from a fresh close, the largest effect first.

    One warning per instrument and price; its effect is that of all its rows.
    """
    gap = np.abs(marks.price / marks.close - 1)
    fresh = (marks.age >= 0) & (marks.age <= settings.max_stale_sessions)
    rows_of: dict[tuple[str, float], list[int]] = {}
    for row in map(int, np.flatnonzero(fresh & (gap > FAR))):
        rows_of.setdefault((marks.names[row], float(marks.price[row])), []).append(row)
    effects = {key: float(marks.effect[rows].sum()) for key, rows in rows_of.items()}
    for key in sorted(effects, key=lambda k: -abs(effects[k])):
        name, price = key
        first = rows_of[key][0]
        close = float(marks.close[first])
        currency = universe.instruments[name].currency
        message = (
            f"{name}: price {price:,.10g} {currency} against a close of "
            f"{close:,.10g}{factor(price / close)}; it counts, and makes "
            f"{effects[key]:+,.0f} {settings.base_currency} of market value"
        )
        lots = len(rows_of[key])
        message += f" in {lots} rows" if lots > 1 else ""
        hint = f"see that price is in {currency} and its whole unit, per unit of "
        hint += "quantity; leave it blank for the close"
        place = marks.place(first)
        yield Issue("price-differs", place, message, hint, Severity.WARNING)


def factor(ratio: float) -> str:
    """Return that a ratio is near 10, 100 or 1000, or one over these, in words."""
    size = max(ratio, 1 / ratio)
    near = [f for f in FACTORS if abs(size / f - 1) <= FAR]
    if not near:
        return ""
    return f", about {near[0]} times it" if ratio > 1 else f", about 1/{near[0]} of it"


def not_of_as_of(
    marks: Marks,
    as_of: np.datetime64,
    last: np.datetime64,
    base_currency: str,
) -> Iterator[Issue]:
    """Warn of prices in positions on a date before the `last` of the closes.

    A price that is the close on that date is of that date.
    """
    same = np.abs(marks.price / marks.close - 1) <= SAME
    rows = np.flatnonzero(~np.isnan(marks.price) & ~same)
    if as_of >= last or not len(rows):
        return
    money = float(np.nansum(marks.size[rows]))
    count = f"{len(rows)} position{'' if len(rows) == 1 else 's'}"
    message = (
        f"{count} ({money:,.0f} {base_currency} of market value) valued at a price of "
        f"their own, which has no date, as of {as_of}; prices go on to {last}"
    )
    hint = f"see that price is of {as_of}, or leave it blank for the close"
    place = marks.place()
    yield Issue("marks-not-of-as-of", place, message, hint, Severity.WARNING)
