"""Write the synthetic sample desk: prices, exchange rates and positions.

Every number comes from a seeded random generator and from the invented tables in
``recipe/``. Run ``python samples/make_samples.py`` to remake the files in place, or
with ``--out DIR`` for a whole desk somewhere else.

How a price is made: common factors move twice a day, once before the Asian close
and once between it and the New York close. An instrument's log price adds up
loadings x factors, its tier's own factor and its own noise, and is read at the close
of its market. So Seoul sees part of a New York move one session later, as it does in
life, and tokens, which have a close every day, also move at weekends.
"""

import argparse
import filecmp
import shutil
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import exchange_calendars
import numpy as np
import numpy.typing as npt
import pandas as pd
from made_contracts import (
    Derived,
    contract_positions,
    derived_prices,
    indicator_rows,
    surface,
    volume_rows,
)
from recipe_tables import HERE, RECIPE, read_recipe, significant, write_csv

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WRITTEN_BY_HAND = [
    "README.md",
    "desk.toml",
    "hedges.csv",
    "holdings.csv",
    "instruments.csv",
    "limits.csv",
    "rates.csv",
    "scenarios.toml",
]
SEED = 2586  # one whose noise leaves the story of recipe/regimes.csv easy to see
FIRST, AS_OF = "2020-06-01", "2026-05-29"

FACTORS = ["equity", "memory", "ai_compute", "crypto", "token"]
ASIAN_SHARE = np.array([0.25, 0.40, 0.32, 0.50, 0.50])  # of a day's variance
WEEKEND = np.array([0.0, 0.0, 0.0, 0.42, 0.75])  # a weekend day's variance, ...
OWN_WEEKEND = np.array([0.85])  # ... over a weekday's; and that of a token's own noise
HOLIDAY = 0.15  # what the world moves in while New York is shut, of its usual variance

TAIL = 4.0  # degrees of freedom of every Student-t ...
LARGEST = 6.0  # ... own noise cut off here, in standard deviations (a factor's
# common size at half of it): exchanges have price limits
CLUSTERING = 0.97  # of today's log volatility that lasts until tomorrow

# Correlations in the order of FACTORS. A regime is a mixture of the two.
CALM = np.array(
    [
        [1.00, 0.52, 0.70, 0.30, 0.05],
        [0.52, 1.00, 0.60, 0.15, 0.00],
        [0.70, 0.60, 1.00, 0.25, 0.05],
        [0.30, 0.15, 0.25, 1.00, 0.10],
        [0.05, 0.00, 0.05, 0.10, 1.00],
    ]
)
HECTIC = np.array(
    [
        [1.00, 0.75, 0.82, 0.55, 0.15],
        [0.75, 1.00, 0.78, 0.42, 0.10],
        [0.82, 0.78, 1.00, 0.48, 0.15],
        [0.55, 0.42, 0.48, 1.00, 0.25],
        [0.15, 0.10, 0.15, 0.25, 1.00],
    ]
)
TIER_VOLATILITY = {  # of what a tier's members share beyond the factors, annual
    "memory": 0.08,
    "gpu": 0.09,
    "semi_equipment": 0.12,
    "networking": 0.15,
    "datacenter_power": 0.18,
    "ai_servers": 0.10,
    "equity_benchmark": 0.0,
    "crypto_compute_storage": 0.35,
    "crypto_data_network": 0.32,
    "crypto_agents": 0.45,
    "crypto_benchmark": 0.0,
}
DOLLAR_VOLATILITY = 0.055

NEW_YORK = "XNYS"
TOKENS = "24/7"
CURRENCY = {"XKRX": "KRW", "XTKS": "JPY", "XTAI": "TWD", NEW_YORK: "USD", TOKENS: "USD"}
DECIMALS = {"XKRX": 0, "XTKS": 0, "XTAI": 1, NEW_YORK: 2}
LOT = {"XKRX": 10, "XTKS": 100, "XTAI": 1000, NEW_YORK: 100}
CASH = {"CASH_USD": ("USD", 1_000), "CASH_KRW": ("KRW", 1_000_000)}  # rounded to
ALIASES = {"000660 KS Equity": "000660.KS", "RNDR": "RENDER", "ASI": "FET"}


class Instrument(NamedTuple):
    """A row of `recipe/prices.csv`."""

    instrument: str
    tier: str
    calendar: str
    listed: str
    last: float
    equity: float
    memory: float
    ai_compute: float
    crypto: float
    token: float
    own: float

    @property
    def close(self) -> int:
        """The half day that ends with its close: 0 for Asia, 1 for the others."""
        return int(self.calendar in {NEW_YORK, TOKENS})


class Pair(NamedTuple):
    """A row of `recipe/fx.csv`."""

    pair: str
    first: float
    last: float
    own: float
    dollar: float
    equity: float
    memory: float


class Lot(NamedTuple):
    """A row of `recipe/positions.csv`."""

    book: str
    instrument: str
    share: float
    strategy: str
    account: str
    entry: str


class Position(NamedTuple):
    """A row of `positions.csv`, as text."""

    book: str
    instrument: str
    quantity: str
    strategy: str
    account: str
    entry_price: str


def main(argv: Sequence[str] | None = None) -> None:
    """Make the sample desk.

    Parameters
    ----------
    argv : sequence of str, optional
        Command line without the program's name; that of the process by default.
    """
    parser = argparse.ArgumentParser(description="Write the synthetic sample desk.")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="only compare, exit 1")
    asked = parser.parse_args(argv)
    if asked.check:
        sys.exit(compare())
    out: Path = asked.out
    out.mkdir(parents=True, exist_ok=True)
    if out.resolve() != HERE:
        for name in WRITTEN_BY_HAND:
            shutil.copyfile(HERE / name, out / name)
    write_desk(np.random.Generator(np.random.PCG64(SEED)), out)


def compare() -> str | None:
    """Return which files in place are not as the script makes them, None if all are."""
    with TemporaryDirectory() as folder:
        made = Path(folder)
        write_desk(np.random.Generator(np.random.PCG64(SEED)), made)
        names = sorted(file.name for file in made.iterdir())
        stale = filecmp.cmpfiles(made, HERE, names, shallow=False)[1:]
    different = [name for names in stale for name in names]
    return f"not as made: {', '.join(different)}" if different else None


def write_desk(rng: np.random.Generator, out: Path) -> None:
    """Draw the desk and write its prices, exchange rates, positions and the rest.

    Parameters
    ----------
    rng : numpy.random.Generator
        The only source of chance; a child each for factors, instruments, exchange
        rates, fills, what is derived from others, its fills, volumes and indicators, so
        that editing one table leaves the other draws alone.
    out : pathlib.Path
        An existing folder.
    """
    for_factors, for_instruments, for_fx, for_fills, *for_more = rng.spawn(8)
    days = pd.date_range(FIRST, AS_OF, name="date")
    instruments = read_recipe("prices.csv", Instrument)
    sessions = {calendar: sessions_of(calendar, days) for calendar in CURRENCY}
    clock = factor_clock(days, open_in_new_york=sessions[NEW_YORK])

    factors = draw_factors(for_factors, clock, days)
    own = draw_own_moves(for_instruments, instruments, clock, sessions)
    prices = closing_prices(instruments, factors, own, sessions)
    fx = draw_fx(for_fx, factors, days)
    positions = size_positions(for_fills, instruments, prices, fx)

    for_derived, for_contracts, for_volumes, for_indicators = for_more
    prices = prices.join(derived_prices(for_derived, prices, fx))
    calendars = {row.instrument: row.calendar for row in instruments}
    calendars |= {r.instrument: r.calendar for r in read_recipe("derived.csv", Derived)}
    quotes = {
        str(name): [
            quote(price, calendars.get(str(name), NEW_YORK)) for price in prices[name]
        ]
        for name in prices
    }
    contracts = contract_positions(for_contracts, prices, quotes)
    held = pd.concat([pd.DataFrame(positions), pd.DataFrame(contracts)])
    memory = factors[:, :, FACTORS.index("memory")].sum(axis=1).cumsum()
    rates = fx.map(significant, digits=6).reset_index()
    rates = rates.melt("date", var_name="pair", value_name="rate")
    vols = surface()
    vols.insert(0, "date", days[-1])
    tables = {
        "prices": pd.DataFrame(quotes, index=days).reset_index(),
        "fx": rates.sort_values("date", kind="stable"),
        "positions": held.fillna(""),
        "vols": vols,
        "volumes": volume_rows(for_volumes, prices, calendars),
        "indicators": indicator_rows(for_indicators, memory, days),
    }
    for name, table in tables.items():
        write_csv(table, out / f"{name}.csv")


def sessions_of(calendar: str, days: pd.DatetimeIndex) -> Flags:
    """Say on which days an exchange has a session.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars.
    days : pandas.DatetimeIndex of length n_days

    Returns
    -------
    ndarray of bool, shape (n_days,)
    """
    exchange = exchange_calendars.get_calendar(calendar, start=FIRST, end=AS_OF)
    return np.asarray(days.isin(exchange.sessions))


def factor_clock(days: pd.DatetimeIndex, *, open_in_new_york: Flags) -> Array:
    """Say how much of a year each factor lives through in each half day.

    Stock factors rest at weekends, and nearly so while New York is shut; crypto
    factors slow down at weekends.

    Parameters
    ----------
    days : pandas.DatetimeIndex of length n_days
    open_in_new_york : ndarray of bool, shape (n_days,)

    Returns
    -------
    ndarray of shape (n_days, 2, n_factors)
        Years. Half 0 ends at the Asian close, half 1 at the New York close.
    """
    share = np.stack([ASIAN_SHARE, 1 - ASIAN_SHARE])
    clock: Array = token_years(days, WEEKEND)[:, None, :] * share
    is_stock_factor = WEEKEND == 0
    is_quiet = np.asarray(~open_in_new_york)
    clock[:, 1, :][np.ix_(is_quiet, is_stock_factor)] *= HOLIDAY
    return clock


def token_years(days: pd.DatetimeIndex, weekend: Array) -> Array:
    """Share a year among its days, by how a weekend day compares with a weekday.

    Parameters
    ----------
    days : pandas.DatetimeIndex of length n_days
    weekend : ndarray of shape (n_series,)
        Variance of a weekend day over that of a weekday.

    Returns
    -------
    ndarray of shape (n_days, n_series)
        Years.
    """
    is_weekday = np.asarray(days.day_of_week < 5)[:, None]
    weeks_a_year = 365.25 / 7
    years: Array = np.where(is_weekday, 1.0, weekend)
    return years / (weeks_a_year * (5 + 2 * weekend))


def draw_factors(
    rng: np.random.Generator, clock: Array, days: pd.DatetimeIndex
) -> Array:
    """Draw the common factors, regime by regime.

    Correlated normals share one fat-tailed size per half day, so that extremes come
    together. Each regime's total is pinned to its `move_` columns: the story holds
    whatever the seed.

    Parameters
    ----------
    rng : numpy.random.Generator
    clock : ndarray of shape (n_days, 2, n_factors)
        Years.
    days : pandas.DatetimeIndex of length n_days

    Returns
    -------
    ndarray of shape (n_days, 2, n_factors)
        Log moves.
    """
    regimes = pd.read_csv(RECIPE / "regimes.csv", comment="#", skipinitialspace=True)
    starts = pd.DatetimeIndex(regimes["start"])
    regime = starts.searchsorted(days, side="right") - 1
    hectic = regimes["hectic"].to_numpy()[:, None, None]
    mixing = np.linalg.cholesky((1 - hectic) * CALM + hectic * HECTIC)
    volatility = regimes[[f"vol_{name}" for name in FACTORS]].to_numpy()[regime]
    volatility = volatility * volatility_clusters(rng, len(days), 1, spread=0.30)
    volatility *= volatility_clusters(rng, len(days), len(FACTORS), spread=0.25)

    normals = rng.standard_normal(clock.shape)
    size = np.sqrt((TAIL - 2) / rng.chisquare(TAIL, (len(days), 2, 1)))
    moves: Array = np.einsum("dij,dhj->dhi", mixing[regime], normals)
    moves *= np.minimum(size, LARGEST / 2) * volatility[:, None, :] * np.sqrt(clock)
    totals = regimes[[f"move_{name}" for name in FACTORS]].to_numpy()
    for number, total in enumerate(totals):
        inside = regime == number
        moves[inside] = pin(moves[inside], clock[inside], total)
    return moves


def volatility_clusters(
    rng: np.random.Generator, n_days: int, n_series: int, *, spread: float
) -> Array:
    """Draw slow multipliers of volatility with mean square one.

    ``x_t = c x_(t-1) + sqrt(1 - c^2) spread e_t`` with c = 0.97, so that half of a
    shock is gone after 23 days; the multiplier is ``exp(x_t - spread^2)``.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_days, n_series : int
    spread : float
        Standard deviation of the log multiplier.

    Returns
    -------
    ndarray of shape (n_days, n_series)
    """
    log_multiplier: Array = spread * rng.standard_normal((n_days, n_series))
    for today in range(1, n_days):
        log_multiplier[today] *= np.sqrt(1 - CLUSTERING**2)
        log_multiplier[today] += CLUSTERING * log_multiplier[today - 1]
    multiplier: Array = np.exp(log_multiplier - spread**2)
    return multiplier


def pin(moves: Array, clock: Array, total: Array) -> Array:
    """Add a drift along the clock so that every series sums to its total.

    Parameters
    ----------
    moves, clock : ndarray of shape (n_days, 2, n_series)
        Log moves; years.
    total : ndarray of shape (n_series,)
        Log moves.

    Returns
    -------
    ndarray of shape (n_days, 2, n_series)
    """
    drift: Array = (total - moves.sum(axis=(0, 1))) / clock.sum(axis=(0, 1))
    return moves + drift * clock


def fat_moves(rng: np.random.Generator, clock: Array, volatility: Array) -> Array:
    """Draw independent series with Student-t tails and clusters, pinned to zero.

    Parameters
    ----------
    rng : numpy.random.Generator
    clock : ndarray of shape (n_days, 2, n_series)
        Years.
    volatility : ndarray of shape (n_series,)
        Annual.

    Returns
    -------
    ndarray of shape (n_days, 2, n_series)
        Log moves.
    """
    n_days, _, n_series = clock.shape
    noise = rng.standard_t(TAIL, clock.shape) * np.sqrt((TAIL - 2) / TAIL)
    clusters = volatility_clusters(rng, n_days, n_series, spread=0.40)[:, None, :]
    moves: Array = (
        noise.clip(-LARGEST, LARGEST) * clusters * volatility * np.sqrt(clock)
    )
    return pin(moves, clock, np.zeros(n_series))


def draw_own_moves(
    rng: np.random.Generator,
    instruments: list[Instrument],
    clock: Array,
    sessions: dict[str, Flags],
) -> Array:
    """Draw what the common factors leave open: tier factors and own noise.

    Both are pinned to zero over the life of the sample: what an instrument has gained
    by the end comes from the common factors.

    Parameters
    ----------
    rng : numpy.random.Generator
    instruments : list of Instrument, length n_instruments
    clock : ndarray of shape (n_days, 2, n_factors)
        Years, of the common factors.
    sessions : dict of str to ndarray of bool, shape (n_days,)
        Per calendar.

    Returns
    -------
    ndarray of shape (n_days, 2, n_instruments)
        Log moves.
    """
    tiers = list(TIER_VOLATILITY)
    like = ["token" if tier.startswith("crypto") else "memory" for tier in tiers]
    tier_clock = clock[:, :, [FACTORS.index(name) for name in like]]
    tier_moves = fat_moves(rng, tier_clock, np.array(list(TIER_VOLATILITY.values())))

    days = pd.date_range(FIRST, AS_OF)
    own_clock = np.zeros((len(days), 2, len(instruments)))
    for column, row in enumerate(instruments):
        if row.calendar == TOKENS:
            own_clock[:, :, column] = token_years(days, OWN_WEEKEND) / 2
        else:
            own_clock[:, row.close, column] = sessions[row.calendar] / 250
        own_clock[days < pd.Timestamp(row.listed), :, column] = 0.0
    own_moves = fat_moves(rng, own_clock, np.array([row.own for row in instruments]))
    return own_moves + tier_moves[:, :, [tiers.index(row.tier) for row in instruments]]


def closing_prices(
    instruments: list[Instrument],
    factors: Array,
    own: Array,
    sessions: dict[str, Flags],
) -> pd.DataFrame:
    """Add up all moves and read each instrument at the close of its market.

    Parameters
    ----------
    instruments : list of Instrument, length n_instruments
    factors : ndarray of shape (n_days, 2, n_factors)
        Log moves.
    own : ndarray of shape (n_days, 2, n_instruments)
        Log moves.
    sessions : dict of str to ndarray of bool, shape (n_days,)
        Per calendar.

    Returns
    -------
    DataFrame of shape (n_days, n_instruments)
        Local currency; NaN while a market is shut and before listing.
    """
    days = pd.date_range(FIRST, AS_OF, name="date")
    loadings = np.array(
        [[getattr(row, name) for name in FACTORS] for row in instruments]
    )
    moves = factors @ loadings.T + own
    level = moves.reshape(-1, len(instruments)).cumsum(axis=0).reshape(moves.shape)
    closes = {}
    for column, row in enumerate(instruments):
        log_price = level[:, row.close, column]
        is_quoted = sessions[row.calendar] & (days >= pd.Timestamp(row.listed))
        price = row.last * np.exp(log_price - log_price[-1])
        closes[row.instrument] = np.where(is_quoted, price, np.nan)
    return pd.DataFrame(closes, index=days)


def draw_fx(
    rng: np.random.Generator, factors: Array, days: pd.DatetimeIndex
) -> pd.DataFrame:
    """Draw exchange rates that know the equity and memory factors.

    Parameters
    ----------
    rng : numpy.random.Generator
    factors : ndarray of shape (n_days, 2, n_factors)
        Log moves.
    days : pandas.DatetimeIndex of length n_days

    Returns
    -------
    DataFrame of shape (n_weekdays, n_pairs)
        `USDKRW` is KRW per USD. Weekdays other than 1 January and 25 December.
    """
    pairs = read_recipe("fx.csv", Pair)
    is_holiday = days.strftime("%m-%d").isin(["01-01", "12-25"])
    is_open = np.asarray((days.day_of_week < 5) & ~is_holiday)
    clock = np.repeat(is_open[:, None, None] / 260, len(pairs) + 1, axis=2)
    volatility = np.array([*(row.own for row in pairs), DOLLAR_VOLATILITY])
    noise = fat_moves(rng, clock, volatility)
    loadings = np.array([[row.equity, row.memory] for row in pairs])
    moves = (factors[:, :, :2] @ loadings.T).sum(axis=1, keepdims=True)
    moves += noise[:, :, :-1]
    moves += noise[:, :, -1:] * np.array([row.dollar for row in pairs])

    growth = np.log([row.last / row.first for row in pairs])
    level = pin(moves, clock[:, :, :-1], growth).cumsum(axis=0)[:, 0, :]
    rates = np.array([row.last for row in pairs]) * np.exp(level - level[-1])
    return pd.DataFrame(rates, index=days, columns=[row.pair for row in pairs])[is_open]


def size_positions(
    rng: np.random.Generator,
    instruments: list[Instrument],
    prices: pd.DataFrame,
    fx: pd.DataFrame,
) -> list[Position]:
    """Turn shares of NAV into quantities in round lots, with entry prices.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws how far each fill was from that day's close.
    instruments : list of Instrument
    prices : DataFrame of shape (n_days, n_instruments)
        Closes in local currency.
    fx : DataFrame of shape (n_weekdays, n_pairs)

    Returns
    -------
    list of Position
    """
    nav = tomllib.loads((HERE / "desk.toml").read_text(encoding="utf-8"))["nav"]
    known = {row.instrument: row for row in instruments}
    per_usd = {code: fx[f"USD{code}"].iloc[-1] for code in ("KRW", "JPY", "TWD")}
    per_usd["USD"] = 1.0
    last_known = prices.ffill()
    positions = []
    for lot in read_recipe("positions.csv", Lot):
        money = lot.share * nav[lot.book]
        slippage = np.exp(0.003 * rng.standard_normal())
        if lot.instrument in CASH:
            currency, step = CASH[lot.instrument]
            quantity = str(step * round(money * per_usd[currency] / step))
            entry = "1"
        else:
            row = known[ALIASES.get(lot.instrument, lot.instrument)]
            units = money * per_usd[CURRENCY[row.calendar]] / row.last
            quantity = round_lot(units, row.calendar)
            close = last_known.loc[lot.entry, row.instrument]
            entry = quote(close * slippage, row.calendar)
        labels = lot.strategy, lot.account
        positions.append(Position(lot.book, lot.instrument, quantity, *labels, entry))
    return positions


def round_lot(quantity: float, calendar: str) -> str:
    """Write a quantity in whole lots, or to three digits for tokens."""
    if calendar == TOKENS:
        return significant(quantity, digits=3)
    return str(LOT[calendar] * round(quantity / LOT[calendar]))


def quote(price: float, calendar: str) -> str:
    """Write a price as its market quotes it; nothing for NaN."""
    if np.isnan(price):
        return ""
    if calendar == TOKENS:
        return significant(price, digits=5)
    return f"{price:.{DECIMALS[calendar]}f}"


if __name__ == "__main__":
    main()
