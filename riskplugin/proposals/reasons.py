"""Why a hedge is as it is: what binds, what it would save, and what was tried."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.errors import listing
from riskplugin.hedging.problem import Problem, Shadow, binding_caps
from riskplugin.hedging.solving import Outcome, Solution
from riskplugin.inputs.hedges import Menu
from riskplugin.proposals.aims import Aims
from riskplugin.proposals.problem import BUY, SELL, below
from riskplugin.results import Table, table
from riskplugin.stressing.engine import Stressed

CLOSE = 1e-6  # of the unit: slack that binds
PRICED = 1e-4  # of the largest price: a price that binds, and no rounding
Row = tuple[str, float, float, float, bool, float, str]


class Outcomes(Protocol):
    """What was decided and what revaluation says of it."""

    @property
    def problem(self) -> Problem: ...  # noqa: D102
    @property
    def solution(self) -> Solution: ...  # noqa: D102
    @property
    def quantity(self) -> Vector: ...  # noqa: D102
    @property
    def before(self) -> Stressed: ...  # noqa: D102
    @property
    def after(self) -> Stressed: ...  # noqa: D102
    @property
    def turns(self) -> int: ...  # noqa: D102


def why_table(menu: Menu, aims: Aims, found: Outcomes) -> Table:
    """Return every limit with its slack and price, then what the solvers said."""
    rows = [*limit_rows(menu, aims, found), *fact_rows(aims, found)]
    names = (
        "constraint",
        "most",
        "after",
        "slack",
        "binding",
        "shadow_price",
        "remark",
    )
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names)}
    return table("hedge_why", menu.desk.as_of, columns)


def limit_rows(menu: Menu, aims: Aims, found: Outcomes) -> Iterator[Row]:
    """Yield a row per limit: how much is left, and what loosening it would save."""
    least = PRICED * largest_price(found.solution.shadow)
    for name, limit, after, price, note in limits_of(aims, found):
        slack, cost = limit - after, 0.0 if price <= least else price
        near = abs(slack) <= CLOSE * found.problem.unit
        binds = near or cost > 0 or slack < 0
        yield name, limit, after, slack, bool(binds), cost, note
    yield from cap_rows(menu, found)


def limits_of(
    aims: Aims, found: Outcomes
) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield every limit but caps: its name, itself, the figure, its price, a note."""
    problem, lots = found.problem, found.solution.lots
    shadow = found.solution.shadow or no_shadow(problem)
    loss = below(found.after) * aims.robust - found.after.pnl[0]
    for s, name in enumerate(aims.scenarios.names()):
        if np.isfinite(aims.max_loss[s]):
            most, price = float(aims.max_loss[s]), float(shadow.scenario[s])
            yield f"loss in {name}", most, float(loss[s]), price, ""
    if problem.tail is not None:
        yield "CVaR", problem.tail.most, problem.tail_after(lots), shadow.tail, ""
    after = problem.exposure_after(lots)
    for e, name in enumerate(aims.exposures):
        high, low, own = (float(a[e]) for a in (problem.high, problem.low, after))
        yield f"exposure {name}, most", high, own, float(shadow.high[e]), ""
        turned = "signs turned"
        yield f"exposure {name}, least", -low, -own, float(shadow.low[e]), turned
    if np.isfinite(problem.budget):
        yield "budget", problem.budget, problem.cost(lots), shadow.budget, ""


def no_shadow(problem: Problem) -> Shadow:
    """Return no prices, where nothing was solved."""
    scenarios, exposures = len(problem.pnl), len(problem.exposure)
    unknown = np.full(exposures, np.nan)
    return Shadow(
        np.full(scenarios, np.nan),
        unknown,
        unknown,
        np.nan,
        np.nan,
        np.full(len(problem.trades), np.nan),
    )


def largest_price(shadow: Shadow | None) -> float:
    """Return the largest price of a limit other than a cap; 0 without one."""
    if shadow is None:
        return 0.0
    limits = (shadow.scenario, shadow.low, shadow.high, [shadow.tail, shadow.budget])
    return float(np.max(np.concatenate(limits), initial=0.0))


def cap_rows(menu: Menu, found: Outcomes) -> Iterator[Row]:
    """Yield a row per instrument that is traded as far as it may be, in lots."""
    problem, shadow = found.problem, found.solution.shadow
    for m in np.flatnonzero(binding_caps(problem, found.solution.lots)):
        trade, price = problem.trades, np.nan if shadow is None else shadow.most[m]
        side = BUY if trade.sign[m] > 0 else SELL
        name = f"cap, {side} {menu.names[int(trade.instrument[m])]}"
        most, lots = float(trade.most[m]), float(found.solution.lots[m])
        note = "lots; price per lot"
        yield name, most, lots, most - lots, True, float(price), note


def fact_rows(aims: Aims, found: Outcomes) -> Iterator[Row]:
    """Yield what was tried: outcome, solvers, rounds, what whole lots cost."""
    blank, solution = np.nan, found.solution
    whole, exact = (found.problem.cost(x) for x in (solution.lots, solution.exact))
    yield "outcome", blank, blank, blank, False, blank, solution.outcome.value
    yield "objective", blank, blank, blank, False, blank, aims.goal.value
    for said in solution.solvers:
        yield "solver", blank, blank, blank, False, blank, said
    turns = f"{found.turns} of solving and full revaluation"
    yield "rounds", blank, float(found.turns), blank, False, blank, turns
    if solution.outcome is not Outcome.MET:
        return
    words = "what whole lots cost more than fractions, base currency"
    yield "rounding", blank, whole - exact, blank, False, blank, words


def message_of(menu: Menu, aims: Aims, found: Outcomes) -> str:
    """Return in words what came of it, and what would help."""
    solution = found.solution
    if solution.outcome is Outcome.UNBOUNDED:
        return unbounded(menu, found, solution.endless)
    kept = missed_words(menu, aims, found)
    if solution.outcome is Outcome.MET and not kept:
        return done_words(menu, aims, found)
    start = {
        Outcome.MET: "revaluation misses what was promised",
        Outcome.INFEASIBLE: "no trades that are allowed keep every limit",
        Outcome.NO_WHOLE_LOTS: "no whole lots keep every limit, fractions would",
    }[solution.outcome]
    return f"{start}; the nearest miss {kept or 'nothing'}{holding_back(menu, found)}"


def done_words(menu: Menu, aims: Aims, found: Outcomes) -> str:
    """Return what the trades cost and do."""
    count = int(np.count_nonzero(found.quantity))
    if not count:
        return "no trade is needed: every limit is kept as it is"
    currency, problem = menu.desk.settings.base_currency, found.problem
    cost = f"{problem.cost(found.solution.lots):,.0f} {currency}"
    before, after = (
        float(np.max(below(d) * aims.robust - d.pnl[0]))
        for d in (found.before, found.after)
    )
    kind = "worst loss at the low end" if aims.robust else "worst loss"
    trades = "1 trade" if count == 1 else f"{count} trades"
    return f"{trades} at a cost of {cost}: {kind} from {before:,.0f} to {after:,.0f}"


def missed_words(menu: Menu, aims: Aims, found: Outcomes) -> str:
    """Return the limits that are missed, and by how much."""
    currency, unit = menu.desk.settings.base_currency, found.problem.unit
    missed = [
        f"{name} by {-slack:,.0f} {currency} ({after:,.0f} against {limit:,.0f})"
        for name, limit, after, slack, *_ in limit_rows(menu, aims, found)
        if slack < -1e-9 * unit
    ]
    return listing(missed, 5)


def holding_back(menu: Menu, found: Outcomes) -> str:
    """Return which caps hold a hedge back."""
    names = [name.removeprefix("cap, ") for name, *_ in cap_rows(menu, found)]
    if not names:
        return ": allow other instruments or sides"
    return f"; as large as allowed: {listing(names, 5)}"


def unbounded(menu: Menu, found: Outcomes, endless: Flags) -> str:
    """Return which trades nothing holds back."""
    trades = found.problem.trades
    names = [
        f"{BUY if trades.sign[m] > 0 else SELL} {menu.names[int(trades.instrument[m])]}"
        for m in np.flatnonzero(endless)
    ]
    which = listing(names, 5) or "some trades"
    return (
        f"nothing holds back {which}: more of it always pays (funding received, or no "
        "cost at all); give max_units, max_notional or a daily_volume"
    )
