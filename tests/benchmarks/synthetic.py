"""A desk of made-up positions and prices, as large as a bar asks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.inputs.shipped import shipped_universe
from riskplugin.scenarios.definition import Scenario, ScenarioSet

LAST = "2026-05-29"
RATES = {"USDKRW": 1400.0, "USDJPY": 150.0, "USDTWD": 32.0, "USDEUR": 0.9}
DRIVERS = ("memory", "ai_compute", "crypto", "equity")
TIERS_HELD = 0.94  # of all tiers by each book: 200 books make about 1,880 groups
SHAPES = 4  # one scenario in four overshoots, one in four moves FX, …


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    positions: int = 100_000
    scenarios: int = 1_000
    books: int = 200
    instruments: int = 400
    sessions: int = 1_300


def names_by_tier(size: Size) -> dict[str, list[str]]:
    """Return the shipped universe, filled up to the same number in every tier."""
    tiers: dict[str, list[str]] = {}
    for name, instrument in shipped_universe().instruments.items():
        tiers.setdefault(instrument.tier, []).append(name)
    for tier, names in tiers.items():
        more = size.instruments // len(tiers) - len(names)
        names += [f"{tier.upper()}_{i:03d}" for i in range(max(more, 0))]
    return tiers


def desk(size: Size) -> Desk:
    """Return the desk of the tables."""
    return rp.desk_from_tables(**tables(size), settings={"base_currency": "USD"})


def tables(size: Size) -> dict[str, pd.DataFrame | None]:
    """Return its tables by name: every price moves with its tier and on its own."""
    rng = np.random.default_rng(5)
    tiers = names_by_tier(size)
    known = shipped_universe().instruments
    days = pd.bdate_range(end=LAST, periods=size.sessions, name="date")
    common = 0.010 * rng.standard_normal((size.sessions, 1))
    prices = {}
    for tier, names in tiers.items():
        of_tier = common + 0.012 * rng.standard_normal((size.sessions, 1))
        own = 0.020 * rng.standard_normal((size.sessions, len(names)))
        prices[tier] = pd.DataFrame(
            100 * np.exp(np.cumsum(of_tier + own, axis=0)), days, names
        )
    rates = 0.004 * rng.standard_normal((size.sessions, len(RATES))).cumsum(axis=0)
    fx = pd.DataFrame(np.array([*RATES.values()]) * np.exp(rates), days, [*RATES])
    added = [
        {"instrument": n, "tier": t, "asset_class": "equity", "kind": "spot",
         "currency": "USD"}
        for t, names in tiers.items() for n in names if n not in known
    ]  # fmt: skip
    return {
        "positions": positions(size, tiers, rng),
        "prices": pd.concat(prices.values(), axis=1),
        "instruments": pd.DataFrame(added) if added else None,
        "fx": fx,
    }


def positions(
    size: Size, tiers: dict[str, list[str]], rng: np.random.Generator
) -> pd.DataFrame:
    """Return linear positions, long and short, of books that hold most tiers each."""
    names = [name for held in tiers.values() for name in held]
    tier = np.repeat(np.arange(len(tiers)), [len(held) for held in tiers.values()])
    holds = rng.random((size.books, len(tiers))) < TIERS_HELD
    book = rng.integers(size.books, size=2 * size.positions)
    name = rng.integers(len(names), size=2 * size.positions)
    kept = np.flatnonzero(holds[book, tier[name]])[: size.positions]
    return pd.DataFrame(
        {
            "book": [f"book_{b:03d}" for b in book[kept]],
            "instrument": [names[n] for n in name[kept]],
            "quantity": rng.normal(200.0, 1000.0, len(kept)).round(1),
        }
    )


def scenarios(size: Size) -> ScenarioSet:
    """Return core moves, some with overshoot, tier shocks or exchange rates."""
    rng = np.random.default_rng(6)
    found = []
    for i in range(size.scenarios):
        moves = np.exp(rng.normal(-0.3, 0.4, len(DRIVERS))) - 1
        core = {d: float(m) for d, m in zip(DRIVERS[: 1 + i % 3], moves, strict=False)}
        shape = i // 3 % SHAPES
        extra: dict[str, dict[str, float]] = {}
        if shape == 1:
            extra["overshoot"] = {"crypto_agents": 1.5, "crypto_data_network": 1.25}
        if shape == 2:
            extra["fx"] = {"KRW": float(rng.normal(0.0, 0.1))}
        if shape == 3:
            extra["tiers"] = {"networking": float(rng.uniform(-0.6, 0.2))}
        sessions = int(rng.integers(20, 250))
        name = f"made_{i:04d}"
        found.append(Scenario(name=name, core=core, horizon_sessions=sessions, **extra))
    return ScenarioSet(tuple(found))
