"""A book of American options through the engine: bands, parts and all."""

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin._threads import one_blas_thread
from riskplugin.book import grouped
from riskplugin.desk import Desk
from riskplugin.estimates import model_of
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians, peak_mebibytes

BAR, MEMORY_BAR = 4_000.0, 1_024.0
UNDERLYINGS, BOOKS, DAYS = 40, 5, 700
CONFIDENCE = 0.80


def contracts(count: int, scenarios: int, repeats: int) -> list[Line]:
    """Time the stress of `count` American options by book and tier.

    Every scenario has a core, and nearly every one a horizon, of its own.
    """
    desk = option_desk(count)
    model = model_of(desk)
    size = synthetic.Size(scenarios=scenarios)
    grid = shock_grid(synthetic.scenarios(size), model, desk.universe)
    grouping = grouped(desk.book, ("book", "tier"))

    def engine() -> object:
        return stress_groups(desk.book, grouping, grid, CONFIDENCE, 0.0)

    took = medians(in_turns({"engine": one_blas_thread(engine)}, min(repeats, 3)))
    shape = f"{count:,} American options x {scenarios:,} scenarios, with bands"
    lines = [Line("contracts, stressed", took["engine"], "ms", bar=BAR, note=shape)]
    peak = peak_mebibytes()
    if peak is not None:
        lines.append(
            Line("contracts, peak memory", peak, "MiB", bar=MEMORY_BAR, note="process")
        )
    return lines


def option_desk(count: int) -> Desk:
    """Return a desk of options on a few names of every tier, each beside its name."""
    rng = np.random.default_rng(41)
    tiers = synthetic.names_by_tier(synthetic.Size(instruments=UNDERLYINGS))
    names = [(n, tier) for tier, held in tiers.items() for n in held[:4]]
    days = pd.bdate_range(end=synthetic.LAST, periods=DAYS, name="date")
    common = 0.015 * rng.standard_normal((DAYS, 1))
    own = 0.02 * rng.standard_normal((DAYS, len(names)))
    closes = 100 * np.exp(np.cumsum(common + own, axis=0))
    prices = pd.DataFrame(closes, days, [name for name, _ in names])
    on = rng.integers(len(names), size=count)
    strike = closes[-1, on] * rng.uniform(0.7, 1.3, count)
    expiry = pd.Timestamp(synthetic.LAST) + pd.to_timedelta(
        rng.integers(10, 700, count), "D"
    )
    under = [names[int(i)] for i in on]
    options = pd.DataFrame(
        {
            "instrument": [f"OPTION_{i}" for i in range(count)],
            "tier": [tier for _, tier in under],
            "asset_class": "equity",
            "kind": "option",
            "currency": "USD",
            "multiplier": 100.0,
            "underlying": [name for name, _ in under],
            "option_type": np.where(rng.random(count) < 0.5, "call", "put"),
            "style": "american",
            "strike": strike,
            "expiry": expiry.strftime("%Y-%m-%d"),
            "dividend_yield": rng.uniform(0.0, 0.03, count),
        }
    )
    spots = pd.DataFrame(
        [
            {"instrument": name, "tier": tier, "asset_class": "equity", "kind": "spot",
             "currency": "USD"}
            for name, tier in names
        ]
    )  # fmt: skip
    held = [*options["instrument"], *spots["instrument"]]
    positions = pd.DataFrame(
        {
            "book": [f"book_{i % BOOKS}" for i in range(len(held))],
            "instrument": held,
            "quantity": rng.normal(0.0, 50.0, len(held)).round(1),
        }
    )
    rates = pd.DataFrame(
        {"date": [synthetic.LAST], "currency": ["USD"], "tenor_days": [30.0],
         "rate": [0.04]}
    )  # fmt: skip
    return rp.desk_from_tables(
        positions,
        prices,
        pd.concat([options, spots]),
        rates=rates,
        settings={"base_currency": "USD"},
    )
