"""Many ideas tried one by one, and ranked by what they save for what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.bundles import Ranking, ranking_table
from riskplugin.desk import Desk
from riskplugin.errors import UsageError
from riskplugin.inputs.reading import RawTable
from riskplugin.inputs.trades import by_idea, read_trades
from riskplugin.liquidity.cost import unwind_cost
from riskplugin.results import Table, table
from riskplugin.tables.tabulation import Wanted, chosen_scenarios
from riskplugin.trading.books import Turn, turn_of
from riskplugin.trading.orders import Change, Place
from riskplugin.whatif.orders import Grouped, depth_of, filled, in_total
from riskplugin.whatif.resolving import SOURCE, Resolver
from riskplugin.whatif.standing import Scenes, Standing, standing_of


@dataclass(frozen=True, eq=False, slots=True)
class Tried:
    """What one idea changes, and what its orders cost.

    `gross` is all that is bought and sold, `uncosted` that of it whose cost is unknown.
    """

    orders: int
    gross: float
    cost: float
    uncosted: float
    days: float


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """All lots of all ideas in one turn, so that what they share is made once.

    Attributes
    ----------
    turn : Turn
        Of the desk, with every lot that any idea adds, of one unit.
    standing : Standing
    place : Mapping of Place to int
        Row of every lot that is added.
    """

    turn: Turn
    standing: Standing
    place: Mapping[Place, int]

    def quantity(self, change: Change) -> Vector:
        """Return the change of every row that an idea makes, (P + L,)."""
        moved = np.zeros(len(self.turn.before))
        moved[: len(change.quantity)] = change.quantity
        for place, lot in change.added.items():
            moved[self.place[place]] = lot
        return moved


def field_of(desk: Desk, resolver: Resolver, changes: Sequence[Change]) -> Field:
    """Return the lots of all ideas."""
    places = dict.fromkeys(place for change in changes for place in change.added)
    added = dict.fromkeys(places, 1.0)
    none = Change(np.zeros(len(desk.book)), added)
    known, tiers = resolver.known, desk.universe.tier_names()
    turn = turn_of(desk.book, none, known.units, tiers)
    standing = standing_of(desk, {p.instrument for p in places}, known)
    rows = {place: len(desk.book) + i for i, place in enumerate(places)}
    return Field(turn, standing, rows)


@one_blas_thread
def ranked(
    desk: Desk,
    given: pd.DataFrame,
    book: str | None,
    wanted: Wanted,
    confidence: float,
) -> Ranking:
    """Return the ideas of a table, the one that saves most for its cost first.

    Raises
    ------
    InputError
        With every issue of the table.
    UsageError
        If a row names no idea, or there is no such book.
    ScenarioError
        If a scenario is not the desk's.
    """
    ideas = by_idea(read_trades(RawTable(given, SOURCE), desk, book))
    if not ideas or "" in ideas:
        msg = "trades to be ranked need a column idea, filled in on every row"
        raise UsageError(msg)
    trades = [trade for of_idea in ideas.values() for trade in of_idea]
    resolver = Resolver.of(desk, trades)
    changes = [resolver.change(of_idea) for of_idea in ideas.values()]
    resolver.checked()
    field = field_of(desk, resolver, changes)
    scenarios = chosen_scenarios(desk, field.standing.model, wanted)
    if not len(scenarios):
        raise UsageError("there is no scenario to rank by: give one")
    scenes = field.standing.scenes_of(desk, scenarios, confidence)
    moved = np.array([field.quantity(change) for change in changes])
    before = scenes.whole(desk)
    pnl = before + pnl_change(desk, field, scenes, moved)
    tried = costed(desk, field, moved)
    return tables_of(desk, [*ideas], scenes, (before, pnl), tried)


def reference_change(field: Field, moved: Matrix) -> Matrix:
    """Return the change of reference value of every row by idea, (K, P + L)."""
    before, after = field.turn.before, field.turn.after
    held = np.where(before.quantity != 0, before.reference_value, after.reference_value)
    units = np.where(before.quantity != 0, before.quantity, after.quantity)
    per_unit = np.divide(held, units, out=np.zeros_like(held), where=units != 0)
    change: Matrix = moved * per_unit
    return change


def pnl_change(desk: Desk, field: Field, scenes: Scenes, moved: Matrix) -> Matrix:
    """Return by how much every idea moves the P&L of the desk, (K, S).

    No lot changes its sign, so that P&L and the cost of unwinding are linear in them.
    """
    rows = np.flatnonzero(moved.any(axis=0))
    change = reference_change(field, moved)[:, rows]
    side = np.sign(field.turn.before.quantity)
    side = np.where(side != 0, side, np.nan)[rows]
    gross = np.where(np.isnan(side), np.abs(change), change * side)
    share = desk.settings.unwind_share
    paid = gross * unwind_cost(field.turn.before.half_spread[rows], share)
    pnl = np.zeros((len(moved), len(scenes.scenarios)))
    for part, of in zip(scenes.parts, scenes.ready, strict=True):
        names = field.standing.names(field.turn, of.names)[rows]
        found = change @ of.gain[:, names].T
        if paid.any():
            found -= paid @ of.value[:, names].T
        pnl[:, part.rows] = found
    return pnl


def costed(desk: Desk, field: Field, moved: Matrix) -> list[Tried]:
    """Return what the orders of every idea cost and take."""
    standing, turn = field.standing, field.turn
    wide = standing.desk(desk, turn.before)
    depth = depth_of(wide, standing.row, standing.model)
    value = value_per_unit(turn)
    found = []
    for quantity in moved:
        orders = Grouped(turn.before, quantity, quantity * value)
        paid = filled(wide, orders, depth)
        gross, cost = np.abs(orders.total(orders.value)), paid.cost
        known = ~np.isnan(cost)
        found.append(
            Tried(
                len(orders),
                float(gross.sum()),
                in_total(cost, known),
                float(gross[~known].sum()),
                float(paid.days.max()) if len(orders) else 0.0,
            )
        )
    return found


def value_per_unit(turn: Turn) -> Vector:
    """Return the market value of a unit of every row, base currency, (P + L,)."""
    held = turn.before.quantity != 0
    value = np.where(held, turn.before.market_value, turn.after.market_value)
    units = np.where(held, turn.before.quantity, turn.after.quantity)
    return np.divide(value, units, out=np.zeros_like(value), where=units != 0)


def tables_of(
    desk: Desk,
    ideas: Sequence[str],
    scenes: Scenes,
    pnl: tuple[Vector, Matrix],
    tried: Sequence[Tried],
) -> Ranking:
    """Return the ideas in their order, and what each does in every scenario."""
    before, after = pnl
    worst, names = after.argmin(axis=1), scenes.scenarios.names()
    rows = np.arange(len(ideas))
    worst_after = after[rows, worst]
    gained = worst_after - before.min()
    cost = np.array([t.cost for t in tried])
    per_cost = np.divide(gained, cost, out=np.full(len(gained), np.nan), where=cost > 0)
    order = ranks(gained, per_cost)
    columns = {
        "idea": ideas,
        "gained": gained,
        "worst_before": np.full(len(ideas), before.min()),
        "worst_after": worst_after,
        "worst_scenario": [names[int(s)] for s in worst],
        "cost": cost,
        "gained_per_cost": per_cost,
        "uncosted": [t.uncosted for t in tried],
        "days": [t.days for t in tried],
        "orders": [t.orders for t in tried],
        "traded": [t.gross for t in tried],
    }
    ranking = {name: np.asarray(column)[order] for name, column in columns.items()}
    return ranking_table(
        table("ranking", desk.as_of, {"rank": rows + 1, **ranking}),
        stress=by_scenario(
            desk, [ideas[int(k)] for k in order], names, before, after[order]
        ),
    )


def ranks(gained: Vector, per_cost: Vector) -> Codes:
    """Return the order of ideas: most gained per cost first, unknown cost last.

    Among those without one by what they gain; of equals the first given.
    """
    unknown = np.isnan(per_cost)
    order: Codes = np.lexsort((-gained, -np.nan_to_num(per_cost), unknown))
    return order


def by_scenario(
    desk: Desk,
    ideas: Sequence[str],
    names: Sequence[str],
    before: Vector,
    after: Matrix,
) -> Table:
    """Return the P&L of every idea in every scenario beside that of the desk."""
    count = len(names)
    held = np.tile(before, len(ideas))
    columns = {
        "idea": [idea for idea in ideas for _ in range(count)],
        "scenario": [*names] * len(ideas),
        "before": held,
        "after": after.ravel(),
        "change": after.ravel() - held,
    }
    return table("ranking_stress", desk.as_of, columns)
