"""Markets of clean closes that no rule of the doctor was set by: one for every seed."""

from pathlib import Path

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.tables.doctor import published_sessions
from riskplugin.universe import Instrument

SAMPLES = Path(__file__).parents[2] / "samples" / "desk.toml"
FOREIGN = {"KRW": 1350.0, "JPY": 150.0, "TWD": 32.0}
COUNTS = {"america": 22, "asia": 6, "tokens": 12}
RUN_IN = 250  # days before the first, in which volatility settles
TAILS = (5.0, 8.0)  # degrees of freedom of what a name does by itself


def drawn_desk(seed: int, tails: tuple[float, float] = TAILS) -> Desk:
    """Return a desk of clean closes.

    Names of the shipped universe over four to eight years: a world of which Asia sees
    half a session later, a factor of the tokens, volatility that clusters, Student's t
    of degrees between `tails` for what each name does by itself, the holidays of each
    exchange, prices from 3 to 300 to four digits.
    """
    draw = np.random.default_rng(seed)
    days = pd.date_range(end="2026-05-29", periods=int(draw.integers(1460, 2922)))
    calm = clustered(draw, len(days))
    common = {
        "world": 0.011 * calm * heavy(draw, len(days), TAILS),
        "token": 0.012 * calm * heavy(draw, len(days), TAILS),
    }
    chosen = names(draw)
    closes = {
        i.instrument: close_of(draw, i, days, calm, common, tails) for i in chosen
    }
    rates = {
        f"USD{code}": usual * np.exp(draw.normal(0, 0.005, len(days)).cumsum())
        for code, usual in FOREIGN.items()
    }
    held = {"book": ["b"], "instrument": [chosen[0].instrument], "quantity": [1.0]}
    return rp.desk_from_tables(
        pd.DataFrame(held),
        pd.DataFrame(closes).rename_axis("date").reset_index(),
        fx=pd.DataFrame(rates, index=days).rename_axis("date").reset_index(),
        settings={"on_error": "quarantine"},
    )


def names(draw: np.random.Generator) -> list[Instrument]:
    """Return some American, Asian and crypto instruments."""
    known = rp.load_desk(SAMPLES).universe.instruments.values()
    spot = sorted(
        (i for i in known if i.kind in ("spot", "etf")), key=lambda i: i.instrument
    )
    tokens = [i for i in spot if i.asset_class == "crypto"]
    groups = {
        "america": [i for i in spot if i.currency == "USD" and i not in tokens],
        "asia": [i for i in spot if i.currency in FOREIGN],
        "tokens": tokens,
    }
    return [
        groups[group][place]
        for group, count in COUNTS.items()
        for place in draw.permutation(len(groups[group]))[:count]
    ]


def close_of(
    draw: np.random.Generator,
    instrument: Instrument,
    days: pd.DatetimeIndex,
    calm: np.ndarray,
    common: dict[str, np.ndarray],
    tails: tuple[float, float],
) -> "pd.Series[float]":
    """Return the closes of one instrument on the days its market is open."""
    token, away = instrument.asset_class == "crypto", instrument.currency in FOREIGN
    world = common["world"]
    moved = 0.5 * world + 0.6 * np.roll(world, 1) if away else world
    beta = draw.uniform(1.0, 2.2) if token else draw.uniform(0.6, 1.8)
    own = draw.uniform(0.03, 0.055) if token else draw.uniform(0.009, 0.024)
    moves = beta * moved + own * calm * heavy(draw, len(days), tails)
    moves = moves + common["token"] if token else moves
    path = np.cumsum(moves - moves.mean())
    series = pd.Series((10 ** draw.uniform(0.5, 2.5) * np.exp(path)).round(4), days)
    if token:
        return series
    dates = days.to_numpy().astype("datetime64[D]")
    published = published_sessions(instrument.calendar, dates)
    return series[np.is_busday(dates) if published is None else published]


def clustered(draw: np.random.Generator, count: int) -> np.ndarray:
    """Return volatility that clusters, about 1, (count,)."""
    noise = pd.Series(draw.normal(0, 1, RUN_IN + count)).ewm(halflife=20).mean()
    calm: np.ndarray = np.exp(1.2 * noise.to_numpy()[RUN_IN:])
    return calm


def heavy(
    draw: np.random.Generator, count: int, tails: tuple[float, float]
) -> np.ndarray:
    """Return Student's t with a variance of 1, (count,)."""
    degrees = draw.uniform(*tails)
    return draw.standard_t(degrees, count) * np.sqrt((degrees - 2) / degrees)
