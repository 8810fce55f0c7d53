"""Hedges built before past falls of memory, and what the falls then did to them.

For each episode a long book of the theme is sized at the prices of its first day, the
model is fitted on nothing later, the memory scenario is hedged to nothing lost, and
the returns that came are applied to book and hedge. Beside it: no hedge, and the naive
one, as much SOXX sold as the book's own beta to it. Costs are paid; funding is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.episodes import Episode
from riskplugin.inputs.shipped import shipped_episodes, shipped_universe
from tests.benchmarks import make_evidence_desk as raw
from tests.benchmarks.ratios import Line, Skipped

WHAT = "hedges before past falls, loss left / naive's"
EPISODES = ("replay_2018", "replay_2022", "replay_2024", "replay_2025")
BOOKS = ("memory_semis", "crypto_infra")
SCENARIO = "inventory_build"
NAIVE = "SOXX"
SPREADS = {  # half spreads in basis points, assumed
    "SOXX": 1.0, "SMH": 1.0, "QQQ": 0.5, "SPY": 0.5, "MU": 1.0, "NVDA": 1.0,
    "AMD": 1.0, "LRCX": 2.0, "AMAT": 1.0, "BTC": 3.0, "ETH": 3.0,
}  # fmt: skip
CAP = 0.25  # of the book's gross in each instrument
WINDOW, HALF_LIFE, OVERLAP = 1008, 252, 5  # sessions of the naive beta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one episode did, P&L in shares of the book's gross."""

    episode: str
    memory: float
    stressed: float
    unhedged: float
    hedged: float
    robust: float
    naive: float
    as_large: float
    trades: str


def hedge_episodes(data: Path | None) -> list[Line | Skipped]:
    """Return the loss left by the hedge beside the naive hedge's, by episode."""
    if data is None:
        how = "--data DIR of raw prices (equities_us_theme.csv.gz, …)"
        return [Skipped(WHAT, f"needs {how}")]
    return [line_of(outcome) for outcome in outcomes(data)]


def line_of(found: Outcome) -> Line:
    """Return an episode as a line: losses, % of gross."""
    note = (
        f"% of gross: memory {found.memory:+.1%}, P&L stressed {found.stressed:+.1%}, "
        f"unhedged {found.unhedged:+.1%}, hedged {found.hedged:+.1%}, for the low end "
        f"{found.robust:+.1%}, naive {found.naive:+.1%}, SOXX as large as the hedge "
        f"{found.as_large:+.1%}; "
        f"{found.trades}"
    )
    what = f"{WHAT}, {found.episode}"
    return Line(what, -100 * found.hedged, "%", -100 * found.naive, note=note)


def outcomes(data: Path) -> list[Outcome]:
    """Return what every episode did."""
    episodes = {e.name: e for e in shipped_episodes()}
    values = in_dollars(data)
    return [outcome(data, episodes[name], values) for name in EPISODES]


def in_dollars(data: Path) -> pd.DataFrame:
    """Return closes in USD, weekday by name; a gap of up to four days is the last."""
    known = shipped_universe().instruments
    prices = raw.all_prices(data, known)
    fx = raw.wide(raw.long_table(data, raw.EXCHANGE), raw.EXCHANGE)
    days = pd.bdate_range(prices.index[0], prices.index[-1])
    rates = fx.reindex(days).ffill(limit=4)
    seen = prices.reindex(days).ffill(limit=4)
    for name in seen:
        currency = known[str(name)].currency
        if currency != "USD":
            pair = f"USD{currency}"
            rate = rates.get(pair, np.nan)
            seen[name] = seen[name] / rate
    return seen


def outcome(data: Path, episode: Episode, values: pd.DataFrame) -> Outcome:
    """Return what one episode did to the book and its hedges."""
    start, end = (pd.Timestamp(str(d)) for d in (episode.start, episode.end))
    desk = desk_on(data, start, values)
    moved = values.loc[end] / values.loc[start] - 1
    held = rp.positions(desk).to_frame().groupby("instrument")["market_value"].sum()
    gross = float(held.abs().sum())
    menu = hedges(values.loc[start], volumes(data, start), gross)
    losing = rp.stress(desk, SCENARIO, by="scenario")["pnl"].iloc[0]
    made = {
        robust: rp.hedge(desk, SCENARIO, menu, max_loss=0.0, robust=robust)
        for robust in (False, True)
    }
    paid = {k: float(of["traded_value"] @ moved[of["instrument"]].to_numpy()) - of.cost
            for k, of in made.items()}  # fmt: skip
    naive = -naive_beta(held, values.loc[:start])
    own = naive * (moved[NAIVE] + SPREADS[NAIVE] * 1e-4)  # sold: the spread is paid
    same = made[False]["traded_value"].sum() / naive * own
    alone = float(held @ moved[held.index])
    memory = np.expm1(np.log1p(moved[["MU", "000660.KS", "005930.KS"]]).mean())
    sold = ", ".join(
        f"{r.instrument} {r.traded_value / gross:+.0%}"
        for r in made[False].to_frame().itertuples()
    )
    hedged = [alone + p for p in (paid[False], paid[True], own, same)]
    pnl = [losing, alone, *hedged]
    shares = [float(p) / gross for p in pnl]
    words = f"{made[False].outcome}: {sold}; naive SOXX {naive / gross:+.0%}"
    return Outcome(episode.name, float(memory), *shares, words)


def desk_on(data: Path, day: pd.Timestamp, values: pd.DataFrame) -> Desk:
    """Return the theme's long book, sized on a day, of names priced in dollars then."""
    with TemporaryDirectory() as folder:
        raw.write_desk(data, Path(folder) / "desk", day.date(), raw.USDTWD)
        desk = rp.load_desk(Path(folder) / "desk" / "desk.toml")
    held = rp.positions(desk).to_frame()
    known = values.loc[day]
    kept = held[
        held["book"].isin(BOOKS)
        & (held["strategy"] != "hedge")
        & held["instrument"].map(known).notna()
    ]
    return rp.with_positions(desk, kept[["book", "instrument", "quantity"]])


def volumes(data: Path, day: pd.Timestamp) -> Mapping[str, float]:
    """Return the median volume of the month before a day, shares; of those that have.

    Of tokens units, from what was traded in dollars.
    """
    month = slice(day - pd.Timedelta(days=30), day)
    shares = pd.read_csv(data / raw.EQUITIES_US.file, parse_dates=["date"])
    own = shares.pivot_table("volume", "date", "ticker").loc[month].median()
    tokens = pd.read_csv(data / raw.TOKENS.file, parse_dates=["date"])
    tokens = tokens.assign(units=tokens["volume_usd"] / tokens["close"])
    coins = tokens.pivot_table("units", "date", "asset").loc[month].median()
    return {str(n): float(v) for n, v in [*own.items(), *coins.items()] if v > 0}


def hedges(
    prices: pd.Series, volume: Mapping[str, float], gross: float
) -> pd.DataFrame:
    """Return what may be sold: what has a price that day."""
    names = [n for n in SPREADS if np.isfinite(prices.get(n, np.nan))]
    tokens = ("BTC", "ETH")
    return pd.DataFrame(
        {
            "instrument": names,
            "side": "sell",
            "half_spread_bps": [SPREADS[n] for n in names],
            "daily_volume": [volume.get(n, np.nan) for n in names],
            "participation": [0.2 if n in volume else np.nan for n in names],
            "max_notional": CAP * gross,
            "lot": [0.01 if n in tokens else 1.0 for n in names],
        }
    )


def naive_beta(held: pd.Series, past: pd.DataFrame) -> float:
    """Return the book's beta to SOXX in dollars: each name's own, summed.

    By weighted least squares on overlapping windows, as the factor model has them;
    1 where there are too few.
    """
    logs = np.log(past[[*held.index.difference([NAIVE]), NAIVE]]).iloc[-WINDOW:]
    moves = logs.diff(OVERLAP)
    weight = pd.Series(0.5 ** (np.arange(len(moves))[::-1] / HALF_LIFE), moves.index)
    total = 0.0
    for name, money in held.items():
        both = moves[[name, NAIVE]].dropna()
        if len(both) < 60:
            total += float(money)
            continue
        w = weight[both.index]
        of, by = (both[c] - np.average(both[c], weights=w) for c in (name, NAIVE))
        total += float(money) * float((w * of * by).sum() / (w * by * by).sum())
    return total
