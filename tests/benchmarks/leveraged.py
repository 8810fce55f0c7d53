"""Leveraged ETFs on real falls: the end move, the horizon and the volatility alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskplugin.contracts import SESSIONS_A_YEAR
from riskplugin.pricing.leveraged import leveraged_growth
from tests.benchmarks.ratios import Line, Skipped

FILE = "equities_us_theme.csv.gz"
PAIRS = (("SOXL", "SOXX", 3.0), ("TQQQ", "QQQ", 3.0))
WINDOW, WORST = 20, 10
EARLY_2020 = ("2020-02-19", "2020-03-23")
BAR = 0.03


def leveraged(data: Path | None) -> list[Line | Skipped]:
    """Compare what funds returned with the model and with leverage x move.

    Over the ten worst windows of 20 sessions of the underlying that do not overlap, and
    over early 2020. The volatility is what the underlying did within the window.
    """
    names = [f"leveraged, {fund} on {under}, worst" for fund, under, _ in PAIRS]
    if data is None:
        return [Skipped(name, "give --data DIR with real prices") for name in names]
    raw = pd.read_csv(data / FILE, parse_dates=["date"])
    closes = raw.pivot_table(index="date", columns="ticker", values="adj_close")
    lines: list[Line | Skipped] = []
    for (fund, under, leverage), name in zip(PAIRS, names, strict=True):
        pair = closes[[fund, under]].dropna()
        rows = [*worst_windows(pair[under]), early_2020(pair)]
        found = [judged(pair, fund, under, leverage, *row) for row in rows]
        off = max(abs(row["model"] - row["realised"]) for row in found)
        naive = max(abs(row["naive"] - row["realised"]) for row in found)
        lines += [
            Line(f"{fund} {row['start']} to {row['end']}", row["model"], "",
                 row["realised"], note=in_words(row))
            for row in found
        ]  # fmt: skip
        note = f"farthest from what came; leverage x move {naive:.3f}"
        lines.append(Line(name, off, "", bar=BAR, note=note))
    return lines


def worst_windows(under: pd.Series) -> list[tuple[int, int]]:
    """Return first and last row of the worst windows, none of them in another."""
    returns = under.to_numpy()[WINDOW:] / under.to_numpy()[:-WINDOW] - 1
    chosen: list[int] = []
    for start in np.argsort(returns, kind="stable"):
        if all(abs(int(start) - other) >= WINDOW for other in chosen):
            chosen.append(int(start))
        if len(chosen) == WORST:
            break
    return [(start, start + WINDOW) for start in chosen]


def early_2020(pair: pd.DataFrame) -> tuple[int, int]:
    """Return the rows of the fall of early 2020."""
    first, last = (int(pair.index.get_loc(pd.Timestamp(d))) for d in EARLY_2020)
    return first, last


def judged(
    pair: pd.DataFrame, fund: str, under: str, leverage: float, first: int, last: int
) -> dict[str, Any]:
    """Return one window: what came, what the model says, and leverage x move."""
    part = pair.iloc[first : last + 1]
    log = np.log(part[under].to_numpy())
    daily = np.diff(log)
    sessions = float(len(daily))
    move = log[-1] - log[0]
    variance = daily.var(ddof=1)
    model = leveraged_growth(
        np.array([[move]]),
        np.array([leverage]),
        np.array([[variance]]),
        np.array([sessions]),
    )[0, 0]
    return {
        "start": str(part.index[0].date()),
        "end": str(part.index[-1].date()),
        "volatility": float(np.sqrt(variance * SESSIONS_A_YEAR)),
        "move": float(np.expm1(move)),
        "realised": float(part[fund].iloc[-1] / part[fund].iloc[0] - 1),
        "model": float(model),
        "naive": leverage * float(np.expm1(move)),
    }


def in_words(row: dict[str, Any]) -> str:
    """Return the move, the volatility and leverage x move in one phrase."""
    phrase = "{move:+.1%} at {volatility:.0%} a year; leverage x move {naive:+.1%}"
    return phrase.format_map(row)
