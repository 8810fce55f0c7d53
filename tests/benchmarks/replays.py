"""Replays of real episodes beside a calculation by pandas, straight from the files.

The same for the figures of the shipped table of episodes, which the desk's own closes
must reproduce.
"""

from collections.abc import Iterator
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.episodes import Record
from riskplugin.estimates import model_of
from riskplugin.inputs.shipped import shipped_episodes
from riskplugin.stressing.claims import own_records
from riskplugin.tables.replays import replay_table
from tests.benchmarks import make_evidence_desk as raw
from tests.benchmarks.ratios import Line, Skipped

WHAT = "replays, off a calculation from the files"
ROUNDED = 5e-5  # the table has four decimals
IN_LOCAL_CURRENCY = (".T", ".TW")  # in the table; Korean shares are in USD
EPISODES = ("replay_2018", "replay_2022")
HELD = {  # long and short, equities in two currencies and tokens
    "MU": 20_000, "000660.KS": 5_000, "005930.KS": 40_000, "WDC": 10_000,
    "STX": 8_000, "NVDA": 25_000, "AMD": -9_000, "AVGO": 7_000, "TSM": 11_000,
    "MRVL": 13_000, "ASML": 2_000, "LRCX": 9_000, "AMAT": 6_000, "KLAC": 1_500,
    "ANET": 8_000, "CSCO": -30_000, "ETN": 5_000, "SMH": -12_000, "BTC": 25.5,
    "ETH": -400.25,
}  # fmt: skip


def replays(data: Path | None) -> list[Line | Skipped]:
    """Compare replays of 2018 and 2022, and every figure of the table of episodes."""
    if data is None:
        how = "--data DIR of raw prices (equities_us_theme.csv.gz, …)"
        return [Skipped(WHAT, f"needs {how}")]
    with TemporaryDirectory() as folder:
        as_of = date.fromisoformat(raw.AS_OF)
        raw.write_desk(data, Path(folder) / "desk", as_of, raw.USDTWD)
        theirs = rp.load_desk(Path(folder) / "desk" / "desk.toml")
    held = {"book": "twenty", "instrument": list(HELD), "quantity": list(HELD.values())}
    desk = rp.with_positions(theirs, pd.DataFrame(held))
    return [*against_files(desk, data), *against_table(theirs)]


def against_files(desk: Desk, data: Path) -> Iterator[Line]:
    """Yield how far each replay is from the same by pandas, as a share of gross."""
    found = replay_table(desk, model_of(desk), EPISODES, ("episode", "instrument"))
    values = values_from_files(data)
    last = pd.Timestamp(raw.AS_OF)
    for name, part in found.groupby("episode"):
        start, end = part["start"].iloc[0], part["end"].iloc[0]
        moved = values.loc[end] / values.loc[start] - 1
        today = values.loc[last] * pd.Series(HELD)
        wanted = today * moved
        ours = part.set_index("instrument")["pnl"]
        gross = today.abs().sum()
        off = (ours - wanted).abs().sum() / gross
        money = f"{ours.sum():,.0f} and {wanted.sum():,.0f} USD of {gross:,.0f}"
        own = part["covered_own"].sum() / gross
        note = f"{money}; {own:.0%} by own closes, {len(part)} names"
        yield Line(f"{WHAT}: {name}", float(off), "of gross", bar=1e-12, note=note)


def values_from_files(data: Path) -> pd.DataFrame:
    """Return the value of a unit of each name in USD, weekday by name."""
    parts = []
    for source in (raw.EQUITIES_US, raw.EQUITIES_ASIA, raw.TOKENS):
        frame = pd.read_csv(data / source.file, parse_dates=["date"])
        frame = frame[frame[source.key].isin(list(HELD))]
        parts.append(frame.pivot_table(source.value, "date", source.key))
    rates = pd.read_csv(data / raw.EXCHANGE.file, parse_dates=["date"])
    won = rates[rates["pair"] == "USDKRW"].set_index("date")["rate"]
    days = pd.bdate_range("1996-01-01", raw.AS_OF)
    prices = pd.concat([p.reindex(days) for p in parts], axis=1).ffill(limit=4)
    korean = [name for name in prices if str(name).endswith(".KS")]
    per_dollar = won.reindex(days).ffill(limit=4)
    prices[korean] = prices[korean].div(per_dollar, axis=0)
    return prices[list(HELD)]


def against_table(desk: Desk) -> Iterator[Line]:
    """Yield how far figures on the desk's closes are from those of the table."""
    known = [
        replace(known, currency="USD")
        for name, known in desk.universe.instruments.items()
        if name.endswith(IN_LOCAL_CURRENCY)
    ]
    as_in_table = desk.universe.extended(known, [])
    worst, compared, absent = 0.0, 0, 0
    for episode in shipped_episodes():
        found = own_records(episode, desk.market, as_in_table)
        own = {record.instrument: record for record in found}
        for record in episode.records:
            if record.instrument in own:
                compared += 1
                worst = max(worst, difference(own[record.instrument], record))
            else:
                absent += 1
    note = f"{compared} names x 4 figures in {len(shipped_episodes())} episodes"
    note += f", {absent} without closes"
    what = "episodes, largest difference from the table"
    yield Line(what, worst, "of 1", bar=ROUNDED, note=note)


def difference(ours: Record, table: Record) -> float:
    """Return the largest difference of the figures; infinite if one alone has one."""
    figures = [astuple(record)[2:] for record in (ours, table)]
    both = np.isnan(figures[0]) & np.isnan(figures[1])
    off = np.abs(np.subtract(*figures))
    return float(np.nan_to_num(off, nan=np.inf)[~both].max())
