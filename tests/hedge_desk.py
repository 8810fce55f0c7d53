"""A small desk to hedge: memory and tokens held, funds and contracts to hedge with."""

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.scenarios.definition import Scenario

AS_OF = "2026-05-29"
SESSIONS = 700
BETAS = {  # to memory, to the whole market, own volatility
    "MU": (1.0, 0.0, 0.010),
    "000660.KS": (1.0, 0.0, 0.012),
    "005930.KS": (0.8, 0.0, 0.010),
    "NVDA": (0.5, 0.6, 0.014),
    "AMD": (0.5, 0.7, 0.016),
    "AVGO": (0.4, 0.6, 0.013),
    "SOXX": (0.5, 0.6, 0.004),
    "LRCX": (0.7, 0.4, 0.012),
    "SPY": (0.1, 0.7, 0.003),
    "BTC": (0.1, 0.8, 0.020),
    "ETH": (0.2, 0.9, 0.024),
    "TAO": (0.5, 1.1, 0.035),
}
START = {"000660.KS": 180_000.0, "005930.KS": 60_000.0, "BTC": 60_000.0}
POSITIONS = {"MU": 40_000.0, "000660.KS": 12_000.0, "LRCX": 8_000.0, "TAO": 20_000.0}
FALL = Scenario(name="fall", core={"memory": -0.4}, horizon_sessions=60)
SLOW = Scenario(name="slow", core={"memory": -0.5}, horizon_sessions=180)
RISE = Scenario(name="rise", core={"memory": 0.3}, horizon_sessions=60)
BROAD = Scenario(name="broad", core={"memory": -0.3, "crypto": -0.5})
CONTRACTS = [
    {"instrument": "MU_PUT", "tier": "memory", "asset_class": "equity",
     "kind": "option", "option_type": "put", "style": "european", "strike": 95.0,
     "expiry": "2026-12-18", "underlying": "MU", "multiplier": 100.0,
     "currency": "USD", "half_spread": 0.01},
    {"instrument": "SOXL", "tier": "semi_equipment", "asset_class": "equity",
     "kind": "leveraged_etf", "leverage": 3.0, "underlying": "SOXX",
     "currency": "USD", "half_spread": 0.0005},
    {"instrument": "BTC_PERP", "tier": "crypto_benchmark", "asset_class": "crypto",
     "kind": "perpetual", "currency": "USD", "funding_rate": 0.0001,
     "funding_hours": 8.0, "half_spread": 0.0003},
]  # fmt: skip


def prices() -> pd.DataFrame:
    """Return closes of a memory cycle in a market, each with moves of its own."""
    rng = np.random.default_rng(11)
    days = pd.bdate_range(end=AS_OF, periods=SESSIONS, name="date")
    memory = 0.018 * rng.standard_normal(SESSIONS)
    market = 0.010 * rng.standard_normal(SESSIONS)
    closes = {}
    for name, (to_memory, to_market, own) in BETAS.items():
        moves = to_memory * memory + to_market * market
        moves += own * rng.standard_normal(SESSIONS)
        level = np.cumsum(moves)
        closes[name] = START.get(name, 100.0) * np.exp(level - level[-1])
    closes["SOXL"] = 40.0 * np.ones(SESSIONS)
    closes["BTC_PERP"] = closes["BTC"]
    return pd.DataFrame(closes, index=days)


def fx() -> pd.DataFrame:
    """Return won to the dollar."""
    rng = np.random.default_rng(12)
    days = pd.bdate_range(end=AS_OF, periods=SESSIONS, name="date")
    rate = 1_350.0 * np.exp(np.cumsum(0.004 * rng.standard_normal(SESSIONS)))
    return pd.DataFrame({"USDKRW": rate}, index=days)


def hedge_desk(positions=None, **more) -> Desk:
    """Return the desk; `positions` of its own by default."""
    held = POSITIONS if positions is None else positions
    frame = pd.DataFrame(
        {"book": "fund", "instrument": list(held), "quantity": list(held.values())}
    )
    settings = {"base_currency": "USD", "nav": {"fund": 50e6}}
    given = {
        "positions": frame,
        "prices": prices(),
        "fx": fx(),
        "instruments": pd.DataFrame(CONTRACTS),
        "scenarios": [FALL, SLOW, RISE, BROAD],
        "settings": {**settings, "scenario_library": "replace"},
    }
    return rp.desk_from_tables(**{**given, **more})


def hedges(*rows, **columns) -> pd.DataFrame:
    """Return a table of hedges: (instrument, side) each, more columns as given."""
    frame = pd.DataFrame(rows, columns=["instrument", "side"])
    return frame.assign(**{"half_spread_bps": 2.0, **columns})


def applied(desk: Desk, found: pd.DataFrame) -> Desk:
    """Return the desk with trades as positions, as anyone would."""
    held = rp.positions(desk)[["book", "instrument", "quantity"]]
    trades = pd.DataFrame(found)[["book", "instrument", "quantity"]]
    return rp.with_positions(desk, pd.concat([held, trades], ignore_index=True))
