"""Desks that differ in one planted thing."""

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.scenarios.definition import Scenario

LAST = "2026-05-29"
SESSIONS = 200
NAMES = ["MU", "000660.KS", "NVDA", "BTC", "TAO"]
BUILD = Scenario(name="build", core={"memory": -0.5}, horizon_sessions=100)
OTHER = Scenario(name="other", core={"crypto": -0.3}, overshoot={"crypto_agents": 1.5})


def closes():
    draw = np.random.default_rng(3)
    moves = draw.normal(0, 0.012, (SESSIONS, 1)) + draw.normal(
        0, 0.02, (SESSIONS, len(NAMES))
    )
    days = pd.bdate_range(end=LAST, periods=SESSIONS)
    prices = pd.DataFrame(np.round(100 * np.exp(moves.cumsum(axis=0)), 4), days, NAMES)
    prices.index.name = "date"
    return prices


def rates():
    draw = np.random.default_rng(4)
    walk = 1400 * np.exp(np.cumsum(draw.normal(0, 0.004, SESSIONS)))
    days = pd.bdate_range(end=LAST, periods=SESSIONS)
    return pd.DataFrame({"date": days, "pair": "USDKRW", "rate": walk})


def held():
    """Return longs, shorts and two lots of one name; one with a price of its own."""
    rows = [
        ("semis", "MU", 1000.0, np.nan),
        ("semis", "000660.KS", 900.0, np.nan),
        ("semis", "NVDA", -300.0, np.nan),
        ("tokens", "MU", -200.0, np.nan),
        ("tokens", "BTC", 50.0, np.nan),
        ("tokens", "TAO", 400.0, 88.0),
    ]
    return pd.DataFrame(rows, columns=["book", "instrument", "quantity", "price"])


def desk(**given):
    """Return the desk, some of its tables, scenarios or settings replaced."""
    tables = {
        "positions": held(),
        "prices": closes(),
        "fx": rates(),
        "scenarios": [BUILD, OTHER],
        "settings": {"scenario_library": "replace"},
        **given,
    }
    tables["settings"] = {"scenario_library": "replace", **tables["settings"]}
    return rp.desk_from_tables(**tables)
