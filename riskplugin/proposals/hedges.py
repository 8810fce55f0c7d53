"""The cheapest trades that bring losses inside limits, as labelled tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Vector
from riskplugin.bundles import Hedge, hedge_table
from riskplugin.desk import Desk
from riskplugin.errors import Issue, input_error
from riskplugin.estimates import model_of
from riskplugin.hedging.problem import Goal, Problem
from riskplugin.hedging.rows import floor_of
from riskplugin.hedging.solving import Outcome, Solution, solved
from riskplugin.inputs.hedges import Menu, menu_of
from riskplugin.inputs.reading import RawTable
from riskplugin.proposals.aims import Aims, Given, aims_of
from riskplugin.proposals.basis import basis_table
from riskplugin.proposals.problem import (
    BASIS_POINT,
    BUY,
    SELL,
    Prices,
    below,
    fitted_to,
    prices_of,
    problem_of,
    quantities,
    stressed,
    unpriced,
)
from riskplugin.proposals.reasons import message_of, why_table
from riskplugin.results import Table, table
from riskplugin.stressing.engine import Stressed

TURNS = 6  # of solving and revaluing, where bands curve
SETTLED = 1e-3  # of the unit: bands that are as far as was taken for them
EXACT = 1e-9  # of the unit: by which revaluation may differ


@dataclass(frozen=True, eq=False, slots=True)
class Decided:
    """What was decided and what revaluation says of it.

    Attributes
    ----------
    problem : Problem
        As it was last solved.
    solution : Solution
    quantity : ndarray of shape (R,)
        Units traded, sold < 0.
    desk : Desk
        With the trades as positions.
    before, after : Stressed
        The scenarios on the desk as it is, and with the trades.
    turns : int
        Rounds of solving and revaluing.
    """

    problem: Problem
    solution: Solution
    quantity: Vector
    desk: Desk
    before: Stressed
    after: Stressed
    turns: int


@dataclass(frozen=True, eq=False, slots=True)
class Setting:
    """What a hedge is chosen from and for: the menu, what it costs, the aims."""

    menu: Menu
    prices: Prices
    aims: Aims


def setting_of(desk: Desk, raw: RawTable, book: str, given: Given) -> Setting:
    """Check what is asked for.

    Raises
    ------
    InputError
        With every issue of the table of hedges at once.
    UsageError, ScenarioError
        If limits or scenarios make no sense.
    """
    aims = aims_of(desk, model_of(desk), given)
    menu = menu_of(desk, raw, book)
    prices = prices_of(menu, aims)
    issues = [*unusable(menu, prices)]
    if issues:
        raise input_error(issues)
    return Setting(menu, prices, aims)


def unusable(menu: Menu, prices: Prices) -> Iterator[Issue]:
    """Yield what instruments lack to be traded at a known cost."""
    for row in unpriced(menu, prices):
        name = menu.names[row]
        yield Issue(
            "hedge-without-spread",
            menu.place(row, "half_spread_bps"),
            f"what trading {name} costs is not known",
            "give half_spread_bps, or half_spread in instruments",
        )
    asked = ~np.isnan(menu.number("participation"))
    for unknown in np.flatnonzero(asked & np.isnan(prices.volume)):
        row = int(unknown)
        yield Issue(
            "hedge-without-volume",
            menu.place(row, "participation"),
            f"a share of the volume of {menu.names[row]}, which is not known",
            "give daily_volume, or its volumes",
        )


@one_blas_thread
def decided(setting: Setting, problem: Problem) -> Decided:
    """Solve, apply the trades as positions, revalue; with bands again until settled.

    The low end of a band is not quite so many standard deviations: what it has beyond
    them at one answer is taken for the next, and never less than before where limits
    are missed. The best by revaluation counts.
    """
    menu, aims = setting.menu, setting.aims
    before = stressed(menu.desk, aims)
    rounds: list[Decided] = []
    for turn in range(1, TURNS + 1):
        solution = solved(problem, aims.goal)
        quantity = quantities(menu, problem, solution.lots)
        desk = menu.traded(quantity)
        after = stressed(desk, aims)
        rounds.append(Decided(problem, solution, quantity, desk, before, after, turn))
        seen = as_revalued(rounds[-1])
        if seen is None:
            break
        problem = seen
    best = min(rounds, key=lambda found: score(found, aims.goal))
    return replace(best, turns=len(rounds))


def score(found: Decided, goal: Goal) -> tuple[float, float]:
    """Return by how much limits are missed by revaluation, and the cost.

    Without limits the worst loss.
    """
    problem = found.problem
    floor = floor_of(problem, goal)
    missed = float(np.max(floor - looked_at(found), initial=0.0))
    kept = missed <= EXACT * problem.unit
    return 0.0 if kept else missed, problem.cost(found.solution.lots)


def looked_at(found: Decided) -> Vector:
    """Return the P&L that limits look at, by revaluation: (S,)."""
    reach = 0.0 if found.problem.spread is None else below(found.after)
    low: Vector = found.after.pnl[0] - reach
    return low


def as_revalued(found: Decided) -> Problem | None:
    """Return the problem with bands as far as they were; None if they are so already.

    Or if there are none, or no trades.
    """
    problem, lots = found.problem, found.solution.lots
    if problem.spread is None or found.solution.outcome is Outcome.UNBOUNDED:
        return None
    seen = fitted_to(problem.spread, lots, below(found.after))
    off = seen.further - problem.spread.further
    kept = not (off > EXACT * problem.unit).any()
    if kept and np.abs(off).max() <= SETTLED * problem.unit:
        return None
    further = seen.further if kept else np.maximum(problem.spread.further, seen.further)
    return replace(problem, spread=replace(seen, further=further))


def hedge(desk: Desk, raw: RawTable, book: str, given: Given) -> Hedge:
    """Return the trades that serve best, verified by revaluation."""
    setting = setting_of(desk, raw, book, given)
    problem = problem_of(setting.menu, setting.prices, setting.aims)
    return bundle(setting, decided(setting, problem))


def bundle(setting: Setting, found: Decided) -> Hedge:
    """Return what was decided as tables."""
    menu, aims = setting.menu, setting.aims
    traded = np.flatnonzero(found.quantity)
    alone = menu.alone(found.quantity) if len(traded) else None
    made = trade_table(setting, found)
    scenarios = scenario_table(setting, found)
    return hedge_table(
        made,
        facts={
            "outcome": found.solution.outcome.value,
            "message": message_of(menu, aims, found),
            "cost": float(np.sum(made["trade_cost"])) if len(made) else 0.0,
        },
        scenarios=scenarios,
        basis=basis_table(menu.desk, found.desk, alone, aims),
        why=why_table(menu, aims, found),
    )


def trade_table(setting: Setting, found: Decided) -> Table:
    """Return the trades, what they cost and how large they are beside the volume."""
    menu, prices = setting.menu, setting.prices
    rows = np.flatnonzero(found.quantity)
    lots = found.quantity[rows] / menu.lot[rows]
    size, bought = np.abs(lots), lots > 0
    carry = np.where(bought, prices.carry_long[rows], prices.carry_short[rows])
    paid = {
        "spread_cost": size * prices.value[rows] * prices.half_spread[rows],
        "impact_cost": np.nan_to_num(prices.impact[rows]) * size**1.5,
        "carry_cost": size * carry,
    }
    own = menu.bought.book
    place = {name: i for i, name in enumerate(instruments_of(menu.bought))}
    at = [place[menu.names[int(r)]] for r in rows]
    model = model_of(menu.bought)
    sources = dict(zip(model.instruments, model.with_currency(), strict=True))
    names = [menu.names[int(r)] for r in rows]
    columns = {
        "book": [menu.book] * len(rows),
        "instrument": names,
        "side": [BUY if b else SELL for b in bought],
        "quantity": found.quantity[rows],
        "lots": size,
        "market_price": own.price[at],
        "traded_value": lots * prices.value[rows],
        **paid,
        "trade_cost": np.sum([*paid.values()], axis=0) if len(rows) else np.zeros(0),
        "cost_bps": bps(np.sum([*paid.values()], axis=0), size * prices.value[rows]),
        "days_to_trade": size / (prices.participation[rows] * prices.volume[rows]),
        "provenance": [sources[n] for n in names],
        "remark": [note_of(prices, int(r)) for r in rows],
    }
    return table("hedge", menu.desk.as_of, columns)


def bps(cost: Vector, value: Vector) -> Vector:
    """Return a cost in basis points of a value; NaN of none."""
    share = np.full_like(value, np.nan)
    np.divide(cost, value, out=share, where=value > 0)
    return share / BASIS_POINT


def instruments_of(held: Desk) -> list[str]:
    """Return the instrument of each position."""
    instrument = held.book.labels["instrument"]
    return [instrument.names[c] for c in instrument.codes]


def note_of(prices: Prices, row: int) -> str:
    """Return what the cost of an instrument lacks."""
    if np.isnan(prices.impact[row]):
        return (
            "no known volume: no impact is in its cost, and nothing caps it by volume"
        )
    return ""


def scenario_table(setting: Setting, found: Decided) -> Table:
    """Return the scenarios before and after, by revaluation, beside their limits."""
    aims, before, after = setting.aims, found.before, found.after
    reach = [below(d) if aims.robust else 0.0 for d in (before, after)]
    loss = [-(d.pnl[0] - r) for d, r in zip((before, after), reach, strict=True)]
    limit = np.where(np.isfinite(aims.max_loss), aims.max_loss, np.nan)
    allowed = EXACT * found.problem.unit
    met = np.where(
        np.isnan(limit), "", np.where(loss[1] <= limit + allowed, "yes", "no")
    )
    columns = {
        "scenario": list(aims.scenarios.names()),
        "pnl_before": before.pnl[0],
        "pnl_after": after.pnl[0],
        "low_before": before.low[0],
        "low_after": after.low[0],
        "loss_before": loss[0],
        "loss_after": loss[1],
        "max_loss": limit,
        "met": met.tolist(),
    }
    return table("hedge_scenarios", setting.menu.desk.as_of, columns)


def frontier_table(
    desk: Desk, raw: RawTable, book: str, given: Given, losses: Sequence[float] | int
) -> Table:
    """Return the cheapest trades of each largest loss, the loosest first.

    As many steps as `losses` says, evenly from the worst loss as it is to the least
    that the menu reaches, or 0 where that is below; or those given.
    """
    setting = setting_of(desk, raw, book, replace(given, budget=np.finfo(float).max))
    loose = replace(setting.aims, budget=np.inf, max_loss=endless(setting.aims))
    setting = replace(setting, aims=loose)
    problem = problem_of(setting.menu, setting.prices, loose)
    levels = levels_of(problem, losses)
    rows = [at_level(setting, problem, float(level)) for level in levels]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return table("hedge_frontier", desk.as_of, columns)


def endless(aims: Aims) -> Vector:
    """Return no limit for any scenario, (S,)."""
    return np.full(len(aims.scenarios), np.inf)


def levels_of(problem: Problem, losses: Sequence[float] | int) -> Vector:
    """Return the largest losses to look at, descending."""
    if not isinstance(losses, int):
        return np.sort(np.array(losses, dtype=np.float64))[::-1]
    before = problem.worst_loss(np.zeros(len(problem.trades)))
    best = solved(problem, Goal.LEAST_LOSS)
    reached = best.outcome is Outcome.MET
    least = max(problem.worst_loss(best.lots), 0.0) if reached else 0.0
    return np.linspace(before, min(least, before), max(losses, 2))


def at_level(setting: Setting, problem: Problem, level: float) -> dict[str, object]:
    """Return the row of one largest loss."""
    most = np.full(len(setting.aims.scenarios), level)
    there = replace(setting, aims=replace(setting.aims, max_loss=most))
    found = decided(there, replace(problem, floor=-most))
    made = trade_table(there, found)
    scenarios = scenario_table(there, found)
    worst = scenarios["loss_after"].to_numpy(np.float64)
    names = scenarios["scenario"].tolist()
    return {
        "max_loss": level,
        "loss_after": float(worst.max()),
        "worst_scenario": names[int(worst.argmax())],
        "trade_cost": float(made["trade_cost"].sum()),
        "trades": len(made),
        "traded": float(np.abs(made["traded_value"]).sum()),
        "outcome": found.solution.outcome.value,
    }
