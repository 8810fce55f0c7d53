"""What scenarios do to a desk that sells on the way, as a labelled table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.liquidity.unwinding import held_shares, unwound_along
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.engine import name_moves, require_known
from riskplugin.stressing.liquidation import closing_sessions, margined
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.netting import slices
from riskplugin.stressing.path import path_grid
from riskplugin.stressing.regimes import runs
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.liquidity import Selling, selling_of, shares_of
from riskplugin.tables.paths import SCENARIO, course_by_tier, grouping_by
from riskplugin.tables.tabulation import keys_in, rows_of

CELLS = 2_000_000  # sessions x amounts worked on at once


@one_blas_thread
def unwinding_table(
    desk: Desk,
    model: FactorModel,
    scenarios: ScenarioSet,
    by: str | Iterable[str],
    participation: float | None = None,
    volume_stress: float | None = None,
) -> Table:
    """Return what each scenario does to groups that hold on, and that sell on the way.

    Selling begins with the first session, at the participation rate of the stressed
    volume. What has no known volume is taken as not sold. A session of the scenario is
    one of the instrument's own calendar: the weekends on which tokens could be sold as
    well are not counted on. Cash, foreign too, is converted at the first close.

    Raises
    ------
    UsageError
        If a key, the participation or the stress of the volume cannot be used.
    ModelError
        If a scenario reaches a held instrument of which nothing is known.
    """
    share, left = shares_of(desk, participation, volume_stress)
    grouping = grouping_by(desk, by)
    selling = selling_of(desk, model, tuple(grouping.keys))
    pace = share * left * selling.volume
    cost_share = selling.cost_share(left, desk.settings.impact)
    paths = unit_paths(desk, model, scenarios)
    figures = [ends_of(selling, path, pace, cost_share) for path in paths]
    groups, money = len(grouping), np.abs(selling.value)

    def by_group(rows: Iterable[Vector]) -> Matrix:
        sums = [np.bincount(selling.amounts.group, row, groups) for row in rows]
        return np.array(sums, dtype=np.float64).reshape(len(sums), groups)

    whole = by_group([money])
    held = by_group(end.held * money for end in figures)
    kept = np.full_like(held, np.nan)
    np.divide(held, whole, out=kept, where=whole > 0)
    scenario, group = np.divmod(np.arange(held.size), max(groups, 1))
    columns: dict[str, object] = {
        SCENARIO: [scenarios.names()[s] for s in scenario],
        **{
            key: np.array(labels, dtype=object)[group].tolist()
            for key, labels in keys_in(grouping).items()
        },
        "horizon_sessions": [scenarios.scenarios[s].horizon_sessions for s in scenario],
        "pnl_held": by_group(end.pnl_held for end in figures).ravel(),
        "pnl_unwinding": by_group(end.pnl for end in figures).ravel(),
        "selling_cost": by_group(np.nan_to_num(end.cost) for end in figures).ravel(),
        "held_at_end": kept.ravel(),
        "unknown_gross": by_group([money * unknown_pace(selling, pace)])[0][group],
        "uncosted_gross": by_group([money * np.isnan(cost_share)])[0][group],
        "kept_gross": np.array(
            [grouping.total(kept) for kept in kept_open(desk, model, scenarios)]
        ).reshape(-1),
    }
    return table("unwinding", desk.as_of, columns)


@dataclass(frozen=True, eq=False, slots=True)
class Ends:
    """Where amounts stand at the end of a path, each of shape (A,), base currency.

    P&L if all is held, P&L if it is sold on the way, cost of selling (NaN where
    unknown), and the share still held.
    """

    pnl_held: Vector
    pnl: Vector
    cost: Vector
    held: Vector


def unit_paths(
    desk: Desk, model: FactorModel, scenarios: ScenarioSet
) -> Iterator[Matrix]:
    """Yield the P&L per unit of value of every name on the path of each scenario.

    Of shape (H, N), after 1 … H sessions; what is not held stands still.
    """
    held = np.unique(rows_of(desk, model))
    for own, some in runs(scenarios, model, desk.universe):
        grid = shock_grid(some, own, desk.universe)
        require_known(grid, held)
        for s, scenario in enumerate(some):
            course = course_by_tier(desk, ScenarioSet((scenario,)))
            moves = name_moves(path_grid(grid.part(slice(s, s + 1)), course), held)
            whole = moves.direct + moves.propagated + moves.overshoot + moves.convexity
            yield whole[1:]


def kept_open(
    desk: Desk, model: FactorModel, scenarios: ScenarioSet
) -> Iterator[Vector]:
    """Yield the gross (P,) of positions that each scenario closes on its path.

    Selling is by instrument, and no position of an instrument is closed before it.
    """
    found = margined(desk.book, model)
    for own, some in runs(scenarios, model, desk.universe):
        grid = shock_grid(some, own, desk.universe)
        for s, scenario in enumerate(some):
            course = course_by_tier(desk, ScenarioSet((scenario,)))
            along = moves_of(path_grid(grid.part(slice(s, s + 1)), course), found.name)
            closed = ~np.isnan(closing_sessions(found.terms, along.local))
            gross = np.zeros(len(desk.book.market_value))
            rows = found.position[closed]
            gross[rows] = np.abs(desk.book.market_value[rows])
            yield gross


def ends_of(selling: Selling, path: Matrix, pace: Vector, cost_share: Vector) -> Ends:
    """Return where amounts stand at the end of the path (H, N) of every name."""
    sessions = len(path)
    found = np.empty((4, len(pace)))
    for part in slices(len(pace), max(1, CELLS // (sessions + 1))):
        amounts = selling.amounts.part(part.start, part.stop)
        held = held_shares(amounts, pace[part], sessions)
        held = np.where(np.isnan(held), 1.0, held)
        value, reference = selling.value[part], selling.reference[part]
        scale = np.divide(
            reference, value, out=np.ones_like(value), where=value != reference
        )
        own = path[:, selling.row[part]] * scale
        done = unwound_along(selling.value[part], held, own, cost_share[part])
        found[:, part] = (
            selling.value[part] * own[-1],
            done.pnl[-1],
            done.cost[-1],
            held[-1],
        )
    return Ends(*found)


def unknown_pace(selling: Selling, pace: Vector) -> Flags:
    """Whether it is unknown how fast each amount is sold; not where none is, (A,)."""
    unknown: Flags = np.isnan(pace) & (selling.amounts.quantity != 0)
    return unknown
