"""A hedge of many instruments, scenarios and a tail, beside a bare linear programme.

The peer is scipy's HiGHS on the continuous problem without impact, its arrays ready:
no revaluation, no lots, no reasons.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import linprog

import riskplugin as rp
from riskplugin.desk import Desk
from riskplugin.estimates import model_of
from riskplugin.hedging.problem import Problem
from riskplugin.inputs.reading import RawTable
from riskplugin.proposals.aims import Given, TailLimit
from riskplugin.proposals.hedges import setting_of
from riskplugin.proposals.problem import problem_of
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.tables.tabulation import chosen_scenarios
from tests.benchmarks.ratios import Line, in_turns, medians
from tests.benchmarks.synthetic import Size, desk, scenarios

SECONDS = 5.0


def hedging(size: Size, instruments: int, count: int, repeats: int) -> list[Line]:
    """Time hedges that keep losses and CVaR inside limits, robust ones too."""
    book = desk(replace(size, scenarios=count))
    falls = falling(book, ScenarioSet(tuple(scenarios(replace(size, scenarios=count)))))
    menu = hedges(book, instruments)
    losses = -rp.stress(book, falls, by="scenario")["pnl"].to_numpy()
    cvar = float(rp.measures(book, "CVaR", 0.05, ())["total"].iloc[0])
    limits = {"max_loss": 0.6 * float(losses.max()), "max_cvar": 0.8 * cvar}
    problem = linear(book, falls, menu, limits)
    ask = partial(rp.hedge, book, falls, menu, **limits)
    seconds = in_turns(
        {
            "ours": ask,
            "robust": partial(ask, robust=True),
            "linprog": partial(bare, problem),
        },
        repeats,
    )
    milliseconds = medians(seconds)
    tail = 0 if problem.tail is None else len(problem.tail.pnl)
    what = f"hedge, {instruments} instruments x {len(falls)} scenarios x {tail}"
    peer = milliseconds["linprog"] / 1e3
    notes = {n: f"{f.outcome}, {len(f)} trades" for n, f in (
        ("ours", ask()), ("robust", ask(robust=True)))}  # fmt: skip
    return [
        Line(what, milliseconds["ours"] / 1e3, "s", peer, note=notes["ours"]),
        Line(f"{what}, seconds", milliseconds["ours"] / 1e3, "s", bar=SECONDS),
        Line(
            f"{what}, low end of the band",
            milliseconds["robust"] / 1e3,
            "s",
            note=notes["robust"],
        ),
    ]


def falling(book: Desk, made: ScenarioSet) -> list[Scenario]:
    """Return scenarios that lose, which a hedge is for: at most half of them."""
    pnl = rp.stress(book, list(made), by="scenario").set_index("scenario")["pnl"]
    lost = [s for s in made if pnl[s.name] < 0] or list(made)
    return lost[: len(made) // 2]


def hedges(book: Desk, instruments: int) -> pd.DataFrame:
    """Return a table of hedges with spreads, volumes and lots made up."""
    rng = np.random.default_rng(7)
    names = book.market.instruments[:: len(book.market.instruments) // instruments]
    count = min(instruments, len(names))
    return pd.DataFrame(
        {
            "instrument": names[:count],
            "side": "both",
            "half_spread_bps": rng.uniform(0.5, 10.0, count),
            "daily_volume": rng.uniform(1e6, 5e7, count),
            "lot": rng.choice([1.0, 10.0, 100.0], count),
        }
    )


def linear(
    book: Desk, falls: list[Scenario], menu: pd.DataFrame, limits: dict[str, float]
) -> Problem:
    """Return the arrays of the same question."""
    chosen = chosen_scenarios(book, model_of(book), falls)
    tail = TailLimit(limits["max_cvar"])
    given = Given(tuple(chosen), limits["max_loss"], tail=tail)
    setting = setting_of(book, RawTable(menu, "hedges"), "hedge", given)
    return problem_of(setting.menu, setting.prices, setting.aims)


def bare(problem: Problem) -> float:
    """Return the least cost without impact, by one linear programme."""
    trades, tail = problem.trades, problem.tail
    if tail is None:
        raise ValueError("the question has a tail")
    count, scenarios_ = len(trades), len(tail.pnl)
    unit, scale = problem.unit, problem.scale
    over = np.column_stack(
        [-trades.sample * scale / unit, -np.ones(scenarios_), -np.eye(scenarios_)]
    )
    cvar = np.concatenate([np.zeros(count), [1.0], tail.probabilities / tail.alpha])
    loss = np.hstack(
        [-trades.gain * scale / unit, np.zeros((len(problem.pnl), 1 + scenarios_))]
    )
    right = np.concatenate(
        [tail.pnl / unit, [tail.most / unit], (problem.pnl - problem.floor) / unit]
    )
    aim = np.concatenate([trades.cost * scale / unit, np.zeros(1 + scenarios_)])
    caps = trades.most / scale
    bounds = [*((0, c) for c in caps), (None, None), *[(0, None)] * scenarios_]
    done = linprog(aim, np.vstack([over, cvar, loss]), right, bounds=bounds)
    return float(done.fun or np.nan)
