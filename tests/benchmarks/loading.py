"""A long and wide price file, read and checked, beside bare pandas."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

import riskplugin as rp
from tests.benchmarks.ratios import Line, in_turns, medians

LAST = "2026-05-29"
SESSIONS_A_YEAR = 261


def load(instruments: int, years: int, repeats: int) -> list[Line]:
    """Compare `load_desk`, checks and all, with `read_csv` and `read_parquet`."""
    with TemporaryDirectory() as folder:
        return loaded(Path(folder), instruments, years * SESSIONS_A_YEAR, repeats)


def loaded(folder: Path, instruments: int, sessions: int, repeats: int) -> list[Line]:
    """Write the files, and read them in turns."""
    prices = random_prices(instruments, sessions)
    prices.to_csv(folder / "prices.csv")
    prices.reset_index().to_parquet(folder / "prices.parquet", index=False)
    names = list(prices)
    positions = pd.DataFrame({"book": "b", "instrument": names, "quantity": 1.0})
    positions.to_csv(folder / "positions.csv", index=False)
    known = pd.DataFrame({"instrument": names, "tier": "gpu"})
    known = known.assign(asset_class="equity", kind="spot", currency="USD")
    known.to_csv(folder / "instruments.csv", index=False)
    shape = f"{instruments} instruments x {sessions:,} sessions"
    lines = []
    readers = {"csv": bare_csv, "parquet": pd.read_parquet}
    for kind, bare in readers.items():
        desk, file = folder / f"{kind}.toml", folder / f"prices.{kind}"
        desk.write_text(desk_toml(file.name), encoding="utf-8")
        jobs = {
            "bare": partial(bare, file),
            "ours": partial(rp.load_desk, desk),
        }
        took = medians(in_turns(jobs, repeats))
        what = f"load_desk, {kind} / bare pandas"
        lines.append(Line(what, took["ours"], "ms", took["bare"], note=shape))
    return lines


def bare_csv(file: Path) -> pd.DataFrame:
    """Read what is needed for any use: dates as dates."""
    return pd.read_csv(file, parse_dates=["date"])


def random_prices(instruments: int, sessions: int) -> pd.DataFrame:
    """Return random walks, two decimals, date by instrument."""
    rng = np.random.default_rng(3)
    days = pd.bdate_range(end=LAST, periods=sessions, name="date")
    steps = 0.012 * rng.standard_normal((sessions, instruments))
    walk = np.clip(np.cumsum(steps, axis=0), -3.0, 3.0)
    names = [f"MADE_{i:03d}" for i in range(instruments)]
    return pd.DataFrame((100 * np.exp(walk)).round(2), days, names)


def desk_toml(prices: str) -> str:
    """Return the desk that reads it."""
    return f"""\
as_of = {LAST}
base_currency = "USD"

[tables]
positions = "positions.csv"
instruments = "instruments.csv"
prices = "{prices}"
"""
