"""A desk of ten years whose youngest token has ninety sessions."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp

YOUNG = 90


@pytest.fixture(scope="session")
def long_prices():
    drawn = np.random.default_rng(20)
    days = pd.bdate_range("2016-01-01", "2026-05-29")
    memory = drawn.standard_t(5, len(days)) * 0.02
    # a memory fall of about half every five years, over 120 sessions
    memory[700:820] -= 0.006
    memory[1900:2020] -= 0.006
    crypto = 0.4 * memory + drawn.standard_t(5, len(days)) * 0.03
    own = {
        "MU": memory + drawn.normal(0, 0.01, len(days)),
        "SNDK": 1.1 * memory + drawn.normal(0, 0.015, len(days)),
        "BTC": crypto,
        "TAO": 1.5 * crypto + drawn.standard_t(4, len(days)) * 0.04,
        "VIRTUAL": 1.3 * crypto + drawn.standard_t(4, len(days)) * 0.05,
    }
    close = 100 * np.exp(pd.DataFrame(own, index=days).cumsum())
    close.loc[close.index[:-YOUNG], "VIRTUAL"] = np.nan
    return close.rename_axis("date")


@pytest.fixture(scope="session")
def long_desk(long_prices):
    last = long_prices.iloc[-1]
    held = {"MU": 3e6, "SNDK": 2e6, "TAO": 1e6, "VIRTUAL": 1e6}
    rows = [
        {
            "book": "semis" if n in ("MU", "SNDK") else "tokens",
            "instrument": n,
            "quantity": value / last[n],
        }
        for n, value in held.items()
    ]
    rows.append({"book": "tokens", "instrument": "MU", "quantity": -1e6 / last["MU"]})
    return rp.desk_from_tables(
        pd.DataFrame(rows),
        long_prices,
        settings={
            "drivers": {
                "memory": ["MU"],
                "crypto": ["BTC"],
                "ai_compute": [],
                "equity": [],
            },
            "nav": {"semis": 20e6, "tokens": 10e6},
        },
    )
