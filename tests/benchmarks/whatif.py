"""What-ifs beside the full revaluation of the positions that they lead to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

import riskplugin as rp
from riskplugin.desk import Desk
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians

TYPED_BAR, RANK_BAR = 50.0, 1000.0  # milliseconds


@dataclass(frozen=True, slots=True)
class Question:
    """A desk, the positions it was made of, and trades."""

    desk: Desk
    positions: pd.DataFrame
    trades: pd.DataFrame
    ideas: pd.DataFrame


def question(size: synthetic.Size, ideas: int) -> Question:
    """Return a desk in the shape of `size`, three trades and many ideas of two."""
    tables = synthetic.tables(size)
    held = tables["positions"]
    desk = rp.desk_from_tables(**tables, settings={"base_currency": "USD"})
    rng = np.random.default_rng(8)
    rows = rng.integers(len(held), size=(ideas, 2))
    orders = held.iloc[rows.ravel()][["book", "instrument"]].reset_index(drop=True)
    orders = orders.assign(quantity=rng.normal(0.0, 500.0, len(orders)).round(1))
    named = orders.assign(idea=[f"idea_{i:04d}" for i in range(ideas) for _ in "ab"])
    return Question(desk, held, orders.head(3), named)


def whatif(size: synthetic.Size, ideas: int, repeats: int) -> list[Line]:
    """Time a what-if and a ranking, warm, beside full revaluations."""
    asked = question(size, ideas)
    desk = asked.desk
    more = pd.concat([asked.positions, asked.trades], ignore_index=True)

    def answered() -> object:
        return rp.what_if(desk, asked.trades)

    def revalued() -> object:
        held = rp.with_positions(desk, more)
        return [
            rp.stress(held, by="scenario"), rp.stress(held),
            rp.exposures(held), rp.exposures(held, ()),
        ]  # fmt: skip

    def ranked() -> object:
        return rp.rank_trades(desk, asked.ideas)

    jobs = {"what-if": answered, "full": revalued, "rank": ranked}
    took = medians(in_turns(jobs, repeats))
    shape = f"{size.positions:,} positions, {len(desk.scenarios)} scenarios"
    return [
        Line(
            "what-if / full revaluation", took["what-if"], "ms", took["full"],
            note=shape,
        ),
        Line("what-if of linear trades", took["what-if"], "ms", bar=TYPED_BAR),
        Line(
            f"rank {ideas} ideas / as many full revaluations",
            took["rank"], "ms", ideas * took["full"],
        ),
        Line(f"rank {ideas} ideas", took["rank"], "ms", bar=RANK_BAR),
    ]  # fmt: skip
