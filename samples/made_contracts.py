"""What the sample desk holds beyond shares and tokens, and the tables about it.

Prices of leveraged funds, a future and perpetuals follow those of their underlyings; an
unlisted fund those of what it holds. Options are worth what a binomial tree makes of
the invented volatilities. Nothing here is drawn from the streams of the other prices:
they stay as they are, whatever is added.
"""

import csv
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from recipe_tables import HERE, read_recipe, significant

Array = npt.NDArray[np.float64]

TOKENS = "24/7"
FUND = "AIHW"
FUND_LAST, FUND_NOISE = 151.20, 0.16  # price at the end; annual volatility of the rest
SHORT_RATE = 0.04  # of what leveraged funds borrow or earn
BASIS_LASTS = 0.8  # share of a day's basis that is there on the next
STEPS = 801  # of a tree; odd, so that the strike lies between two nodes
DAYS_A_YEAR = 365.0
TENORS = (30, 61, 91, 182, 273)
MONEYNESS = (0.60, 0.70, 0.80, 0.90, 1.00, 1.10, 1.20, 1.30, 1.50)
INDEX = 0.8  # of the memory factor that prices of chips follow
SLOW, FAST, LOOK_BACK = 60, 15, 63  # days of contract and spot prices, and of analysts


class Derived(NamedTuple):
    """A row of `recipe/derived.csv`."""

    instrument: str
    underlying: str
    calendar: str
    listed: str
    last: float
    leverage: float
    fee: float
    scale: float
    basis: float


class Smile(NamedTuple):
    """A row of `recipe/vols.csv`."""

    instrument: str
    atm: float
    term: float
    skew: float
    smile: float

    def at(self, days: float, moneyness: float) -> float:
        """Return the volatility `days` before expiry of a strike over the spot."""
        term, strike = np.log(91 / days), np.log(moneyness)
        slope = self.skew * strike * np.sqrt(91 / days)
        return float(self.atm + self.term * term + slope + self.smile * strike**2)


class Turnover(NamedTuple):
    """A row of `recipe/volumes.csv`."""

    instrument: str
    venue: str
    typical: float
    first: str


class Holding(NamedTuple):
    """A row of `recipe/contracts.csv`, as text."""

    book: str
    instrument: str
    quantity: str
    strategy: str
    account: str
    entry: str
    margin_posted: str
    liquidation_price: str
    locked_until: str


def derived_prices(
    rng: np.random.Generator, prices: pd.DataFrame, fx: pd.DataFrame
) -> pd.DataFrame:
    """Return prices of what moves by others.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the basis of futures and perpetuals, and what the fund does not disclose.
    prices : DataFrame of shape (n_days, n_instruments)
        Local currency.
    fx : DataFrame of shape (n_weekdays, n_pairs)

    Returns
    -------
    DataFrame of shape (n_days, n_derived)
        NaN while a market is shut and before listing.
    """
    for_fund, for_basis = rng.spawn(2)
    made = {FUND: fund_price(for_fund, prices, fx)}
    for row in read_recipe("derived.csv", Derived):
        spot = prices[row.underlying].dropna()
        noise = for_basis.standard_normal(len(spot))
        price = spot * row.scale * np.exp(basis_of(noise, row.basis))
        if not row.scale:
            price = compounded(spot, row)
        made[row.instrument] = price[price.index >= row.listed]
    return pd.DataFrame(made, index=prices.index)


def basis_of(noise: Array, size: float) -> Array:
    """Return a basis in logs that fades from day to day and ends at 0, (n_days,)."""
    basis = np.zeros(len(noise))
    for day in range(1, len(noise) - 1):
        fresh = np.sqrt(1 - BASIS_LASTS**2) * size * noise[day]
        basis[day] = BASIS_LASTS * basis[day - 1] + fresh
    return basis


def compounded(spot: pd.Series, row: Derived) -> pd.Series:
    """Return the price of a fund that holds `leverage` times `spot` every day."""
    cost = (row.fee + (row.leverage - 1) * SHORT_RATE) / 252
    growth = (1 + row.leverage * spot.pct_change().fillna(0.0) - cost).cumprod()
    return row.last * growth / growth.iloc[-1]


def fund_price(
    rng: np.random.Generator, prices: pd.DataFrame, fx: pd.DataFrame
) -> pd.Series:
    """Return the price of the unlisted fund: what it discloses, and the rest as SMH."""
    holdings = pd.read_csv(HERE / "holdings.csv")
    mine = holdings[holdings["fund"] == FUND]
    weights = mine.set_index("instrument")["weight"]
    sessions = prices["SMH"].dropna().index
    usd = prices[[*weights.index, "SMH"]].ffill().loc[sessions]
    won = fx["USDKRW"].reindex(prices.index).ffill().bfill().loc[sessions]
    korean = [name for name in usd if str(name).endswith(".KS")]
    usd[korean] = usd[korean].div(won, axis=0)
    moves = usd.pct_change().fillna(0.0)
    noise = FUND_NOISE / np.sqrt(252) * rng.standard_normal(len(sessions))
    rest = (1 - weights.sum()) * (moves["SMH"] + noise)
    growth = (1 + moves[weights.index] @ weights + rest).cumprod()
    return FUND_LAST * growth / growth.iloc[-1]


def surface() -> pd.DataFrame:
    """Return the table of implied volatilities of the last day."""
    return pd.DataFrame(
        [
            (row.instrument, days, moneyness, f"{row.at(days, moneyness):.4f}")
            for row in read_recipe("vols.csv", Smile)
            for days in TENORS
            for moneyness in MONEYNESS
        ],
        columns=["instrument", "tenor_days", "moneyness", "implied_volatility"],
    )


def option_marks(prices: pd.DataFrame) -> dict[str, str]:
    """Return what each listed option is worth: American ones, in ticks of 0.05."""
    with (HERE / "instruments.csv").open(encoding="utf-8", newline="") as file:
        terms = [row for row in csv.DictReader(file) if row["style"] == "american"]
    curve = pd.read_csv(HERE / "rates.csv")
    smiles = {row.instrument: row for row in read_recipe("vols.csv", Smile)}
    as_of = prices.index[-1]
    marks = {}
    for row in terms:
        spot, strike = prices[row["underlying"]].iloc[-1], float(row["strike"])
        days = (pd.Timestamp(row["expiry"]) - as_of).days
        volatility = smiles[row["underlying"]].at(days, strike / spot)
        rate = float(np.interp(days, curve["tenor_days"], curve["rate"]))
        market = spot, days / DAYS_A_YEAR, volatility
        carry = rate, float(row["dividend_yield"] or 0)
        worth = tree(strike, row["option_type"] == "call", market, carry)
        marks[row["instrument"]] = f"{round(worth / 0.05) * 0.05:.2f}"
    return marks


def tree(
    strike: float,
    call: bool,  # noqa: FBT001 - a term of the option, read from a table
    market: tuple[float, float, float],
    carry: tuple[float, float],
) -> float:
    """Return the price of an American option by a binomial tree.

    Equal jumps up and down in logs (Cox, Ross and Rubinstein 1979).

    Parameters
    ----------
    strike : float
    call : bool
    market : tuple of float
        Spot, years, volatility.
    carry : tuple of float
        Rate and dividend yield, continuously compounded.
    """
    spot, years, volatility = market
    rate, dividend_yield = carry
    step = years / STEPS
    jump = volatility * np.sqrt(step)
    drift = np.exp((rate - dividend_yield) * step)
    up = (drift - np.exp(-jump)) / (np.exp(jump) - np.exp(-jump))
    discount = np.exp(-rate * step)
    sign = 1.0 if call else -1.0

    def exercised(level: int) -> Array:
        """Return what exercise brings on each node of a level."""
        nodes = spot * np.exp(jump * (2 * np.arange(level + 1) - level))
        worth: Array = np.maximum(sign * (nodes - strike), 0.0)
        return worth

    value = exercised(STEPS)
    for level in range(STEPS - 1, -1, -1):
        kept = discount * (up * value[1:] + (1 - up) * value[:-1])
        value = np.maximum(kept, exercised(level))
    return float(value[0])


def volume_rows(
    rng: np.random.Generator, prices: pd.DataFrame, calendars: Mapping[str, str]
) -> pd.DataFrame:
    """Draw volumes: busier on days of large moves, and for tokens quiet at weekends.

    Parameters
    ----------
    rng : numpy.random.Generator
        A child for each row of the recipe, so that a new one leaves the others alone.
    prices : DataFrame of shape (n_days, n_instruments)
        An option trades when New York does.
    calendars : mapping of str to str

    Returns
    -------
    DataFrame
        A row a date, instrument and venue.
    """
    rows = read_recipe("volumes.csv", Turnover)
    found = []
    for row, own in zip(rows, rng.spawn(len(rows)), strict=True):
        name = row.instrument if row.instrument in prices else "SPY"
        closes = prices[name].dropna()
        closes = closes[closes.index >= row.first]
        moves = np.log(closes).diff().abs().fillna(0.0)
        size = moves / moves.mean()
        draws = 0.32 * own.standard_normal(len(closes)) + 0.25 * (size - 1)
        if calendars.get(name) == TOKENS:
            draws -= 0.45 * (closes.index.day_of_week >= 5)
        volume = row.typical * np.exp(draws)
        text = [significant(v, digits=4) for v in volume]
        days = pd.DataFrame({"date": closes.index, "volume": text})
        found.append(days.assign(instrument=row.instrument, venue=row.venue))
    whole = pd.concat(found).sort_values("date", kind="stable")
    return whole[["date", "instrument", "venue", "volume"]]


def indicator_rows(
    rng: np.random.Generator, memory: Array, days: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return prices of memory chips and revisions of forecasts, behind the shares.

    A contract price is agreed once a month and follows slowly; the spot price is read
    on Fridays and follows fast; both are 100 on the first day.

    Parameters
    ----------
    rng : numpy.random.Generator
    memory : ndarray of shape (n_days,)
        Log level of the memory factor.
    days : pandas.DatetimeIndex of length n_days
    """
    level = pd.Series(INDEX * memory, index=days)
    slow, fast = (level.ewm(span=n, adjust=False).mean() for n in (SLOW, FAST))
    change = (level - level.shift(LOOK_BACK)).dropna()
    monthly, weekly = days[days.is_month_end], days[days.day_of_week == 4]
    last = days[-1:].union(monthly)
    series = {
        "memory_contract": 100 * np.exp(slow[last]),
        "memory_spot": 100 * np.exp(fast[weekly]),
        "analyst_revisions": np.tanh(2 * change[change.index.isin(last)]),
    }
    noises = {"memory_contract": 0.004, "memory_spot": 0.015, "analyst_revisions": 0.0}
    rows = []
    for name, values in series.items():
        noise = np.exp(noises[name] * rng.standard_normal(len(values)))
        rows.append(
            pd.DataFrame(
                {
                    "date": values.index,
                    "series": name,
                    "value": [f"{value:.2f}" for value in values * noise],
                }
            )
        )
    return pd.concat(rows).sort_values("date", kind="stable")


def contract_positions(
    rng: np.random.Generator, prices: pd.DataFrame, quotes: Mapping[str, list[str]]
) -> Iterator[dict[str, str]]:
    """Yield the positions of `recipe/contracts.csv` with marks and entry prices.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws how far each fill was from that day's close.
    prices : DataFrame of shape (n_days, n_instruments)
    quotes : mapping of str to list of str
        The same as they are quoted.
    """
    marks = option_marks(prices)
    days = prices.index
    for row in read_recipe("contracts.csv", Holding):
        slippage = float(np.exp(0.003 * rng.standard_normal()))
        entry = ""
        if row.instrument in quotes:
            on_day = quotes[row.instrument][: days.get_loc(row.entry) + 1]
            close = float(next(filter(None, reversed(on_day))))
            entry = significant(close * slippage, digits=5)
        yield {
            "book": row.book,
            "instrument": row.instrument,
            "quantity": row.quantity,
            "strategy": row.strategy,
            "account": row.account,
            "entry_price": entry,
            "price": marks.get(row.instrument, ""),
            "margin_posted": row.margin_posted,
            "liquidation_price": row.liquidation_price,
            "locked_until": row.locked_until,
        }
