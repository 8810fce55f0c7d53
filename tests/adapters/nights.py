"""A small desk that trades from night to night, and its store."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

SCRIPT = shutil.which("riskplugin", path=Path(sys.executable).parent)
NAMES = ["MU", "000660.KS", "NVDA", "BTC", "TAO", "SPY"]
HELD = {"semis": ["MU", "000660.KS", "NVDA"], "tokens": ["BTC", "TAO"]}
LAST = "2026-05-29"
SESSIONS = 200


def days(count=SESSIONS):
    return pd.bdate_range(end=LAST, periods=count)


def closes():
    """Return correlated closes of six names and of the won."""
    draw = np.random.default_rng(11)
    common = draw.normal(0, 0.012, (SESSIONS, 1))
    own = draw.normal(0, 0.02, (SESSIONS, len(NAMES)))
    walk = 100 * np.exp(np.cumsum(common + own, axis=0))
    prices = pd.DataFrame(np.round(walk, 4), columns=NAMES)
    prices.insert(0, "date", days())
    return prices


def rates():
    draw = np.random.default_rng(12)
    walk = 1400 * np.exp(np.cumsum(draw.normal(0, 0.004, SESSIONS)))
    pairs = {"date": days(), "pair": "USDKRW", "rate": np.round(walk, 4)}
    return pd.DataFrame(pairs)


def positions(scale=1.0):
    rows = [
        {"book": book, "instrument": name, "quantity": scale * 100.0 * (i + 1)}
        for book, names in HELD.items()
        for i, name in enumerate(names)
    ]
    return pd.DataFrame(rows)


def write_desk(folder, *, on_error="stop", held=None):
    """Write the desk into a folder and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    closes().to_parquet(folder / "prices.parquet", index=False)
    rates().to_csv(folder / "fx.csv", index=False)
    (positions() if held is None else held).to_csv(
        folder / "positions.csv", index=False
    )
    text = (
        f'on_error = "{on_error}"\n[tables]\npositions = "positions.csv"\n'
        'prices = "prices.parquet"\nfx = "fx.csv"\n'
        "[nav]\nsemis = 1e6\ntokens = 1e6\n"
    )
    (folder / "desk.toml").write_text(text, "utf-8")
    return folder / "desk.toml"


def content(folder):
    """Return every file below a folder by its path there."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def started(*words, **options):
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [SCRIPT, *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=dict(os.environ),
        **options,
    )
