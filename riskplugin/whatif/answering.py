"""A desk before and after trades: the tables of one what-if."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from riskplugin import estimates
from riskplugin._threads import one_blas_thread
from riskplugin._typing import Vector
from riskplugin.bundles import WhatIf, whatif_table
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, listing
from riskplugin.inputs.reading import RawTable
from riskplugin.inputs.trades import by_idea, read_trades
from riskplugin.results import Table, table
from riskplugin.risk.sampling import Sample
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.engine import Stressed
from riskplugin.tables import risk as risk_tables
from riskplugin.tables.tabulation import (
    SCENARIO,
    Wanted,
    chosen_scenarios,
    exposure_table,
    keys_in,
    keys_of,
)
from riskplugin.trading.books import Turn, turn_of
from riskplugin.trading.orders import Trade
from riskplugin.whatif.limiting import STAGES, limits_before_and_after
from riskplugin.whatif.orders import depth_of, in_total, order_table
from riskplugin.whatif.resolving import SOURCE, Resolver
from riskplugin.whatif.standing import Standing, standing_of

STAGE = "stage"
HEADLINES = (
    "gross",
    "net",
    "pct_nav",
    "delta_equivalent",
    "memory_beta_exposure",
    "largest",
    "effective_names",
)


@dataclass(frozen=True, slots=True)
class Measuring:
    """Which risk measures are asked for; none by None."""

    measures: str | Iterable[str] | None = None
    alpha: float = 0.05
    horizon_sessions: int = 1
    method: str = "historical"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about trades."""

    by: tuple[str, ...]
    scenarios: Wanted
    confidence: float
    measuring: Measuring


@dataclass(frozen=True, eq=False, slots=True)
class Traded:
    """A desk before and after trades, row by row the same lots.

    Attributes
    ----------
    turn : Turn
    standing : Standing
    before, after : Desk
        That hold all rows of the turn.
    """

    turn: Turn
    standing: Standing
    before: Desk
    after: Desk


def traded(desk: Desk, trades: Sequence[Trade]) -> Traded:
    """Return `desk` before and after trades.

    Raises
    ------
    InputError
        With every trade that cannot be resolved.
    """
    resolver = Resolver.of(desk, trades)
    change = resolver.change(trades)
    resolver.checked()
    known = resolver.known
    tiers = desk.universe.tier_names()
    turn = turn_of(desk.book, change, known.units, tiers)
    new = dict.fromkeys(place.instrument for place in change.added)
    standing = standing_of(desk, new, known)
    return Traded(
        turn,
        standing,
        standing.desk(desk, turn.before),
        standing.desk(desk, turn.after),
    )


def one_idea(raw: RawTable, desk: Desk, book: str | None) -> list[Trade]:
    """Return the trades of a table of one idea.

    Raises
    ------
    UsageError
        If there are several.
    """
    trades = read_trades(raw, desk, book)
    ideas = list(by_idea(trades))
    if len(ideas) > 1:
        msg = (
            f"trades hold {len(ideas)} ideas ({listing(ideas, 3)}): give one, or rank "
        )
        raise UsageError(msg + "them by rank_trades")
    return trades


@one_blas_thread
def answered(
    desk: Desk, given: pd.DataFrame, book: str | None, question: Question
) -> WhatIf:
    """Return what the trades of a table would do.

    Raises
    ------
    InputError
        With every issue of the table.
    UsageError
        If there is no such book, key or measure, or several ideas.
    ScenarioError
        If a scenario is not the desk's.
    """
    trades = one_idea(RawTable(given, SOURCE), desk, book)
    by = keys_of(question.by) if question.by else ()
    found = traded(desk, trades)
    model = found.standing.model
    scenarios = chosen_scenarios(desk, model, question.scenarios)
    total, grouped = stress_tables(desk, found, scenarios, by, question.confidence)
    depth = depth_of(found.after, found.standing.row, model)
    orders = order_table(found.after, found.turn, depth)
    measures = measured(found, by, question.measuring)
    exposures = compared(found, lambda d: exposure_table(d, model, by))
    whole = compared(found, lambda d: exposure_table(d, model, ()))
    rows = [*headlines(whole), *losses(total), *of_measures(measures), *cost(orders)]
    summary = table(
        "what_if",
        desk.as_of,
        {
            "metric": [row[0] for row in rows],
            **{s: [row[1 + i] for row in rows] for i, s in enumerate(STAGES)},
        },
    )
    kept = kept_of(desk, found)
    return whatif_table(
        summary,
        kept,
        limits=limits_before_and_after(desk, kept),
        exposures=exposures,
        stress=total,
        stress_by=grouped,
        measures=measures,
        trades=orders,
    )


def kept_of(desk: Desk, found: Traded) -> Desk:
    """Return the desk that holds what there is after trades."""
    kept = found.turn.kept
    if kept.all() or not kept.any():
        return found.after
    return found.standing.desk(desk, found.turn.after.only(kept))


def stages(
    title: str,
    as_of: np.datetime64,
    keys: dict[str, object],
    both: Sequence[pd.DataFrame],
) -> Table:
    """Return rows before, after and their change, group by group."""
    before, after = both
    count, figures = len(before), list(before.columns)
    columns: dict[str, object] = {
        key: [label for label in list(labels) for _ in STAGES]  # type: ignore[call-overload]
        for key, labels in keys.items()
    }
    columns[STAGE] = list(STAGES) * count
    for name in figures:
        one, two = (f[name].to_numpy(np.float64) for f in (before, after))
        columns[name] = np.column_stack([one, two, two - one]).ravel()
    return table(title, as_of, columns)


def compared(found: Traded, compute: Callable[[Desk], Table]) -> Table:
    """Return a table of the desk before and after, and the change of its figures."""
    both = [compute(found.before), compute(found.after)]
    words = [c for c in both[0].columns if not is_figure(both[0], c)]
    keys: dict[str, object] = {c: both[0][c].tolist() for c in words}
    numbers = [t.to_frame().drop(columns=words) for t in both]
    return stages(both[0].title, found.before.as_of, keys, numbers)


def is_figure(found: Table, column: str) -> bool:
    """Whether a column holds figures; positions are numbers but labels."""
    return column != "position" and found[column].dtype.kind == "f"


def stress_tables(
    desk: Desk,
    found: Traded,
    scenarios: ScenarioSet,
    by: tuple[str, ...],
    confidence: float,
) -> tuple[Table, Table]:
    """Return the stress of the whole desk, and that of every group by `by`."""
    standing, turn = found.standing, found.turn
    scenes = standing.scenes_of(desk, scenarios, confidence)
    tables = []
    for title, keys in (("stress", ()), ("stress_by", by)):
        grouping, *both = standing.stressed(desk, turn, scenes, keys)
        count, names = len(grouping), scenarios.names()
        labels: dict[str, object] = {
            SCENARIO: [name for name in names for _ in range(count)],
            **{k: [*v] * len(names) for k, v in keys_in(grouping).items()},  # type: ignore[misc]
        }
        frames = [stress_frame(done) for done in both]
        tables.append(stages(title, desk.as_of, labels, frames))
    return tables[0], tables[1]


def stress_frame(done: Stressed) -> pd.DataFrame:
    """Return P&L, parts and bands, scenario by scenario all groups."""
    return pd.DataFrame({f.name: getattr(done, f.name).T.ravel() for f in fields(done)})


def measured(found: Traded, by: tuple[str, ...], wanted: Measuring) -> Table:
    """Return risk measures before and after, a row per group and measure.

    No row if none is asked for.
    """
    if wanted.measures is None:
        columns = ("group", "measure", STAGE, "total")
        return table("measures", found.before.as_of, {c: [] for c in columns})

    def compute(desk: Desk) -> Table:
        sample: Sample = estimates.sample_of(
            desk, wanted.method, wanted.horizon_sessions
        )
        return risk_tables.measure_table(
            desk, sample, wanted.measures, wanted.alpha, by
        )

    return compared(found, compute)


Row = tuple[str, float, float, float]


def row_of(metric: str, values: Vector | Sequence[float]) -> Row:
    """Return a row of the summary from a figure before, after and its change."""
    before, after, change = (float(v) for v in values)
    return metric, before, after, change


def headlines(whole: Table) -> list[Row]:
    """Return the exposures of the whole desk."""
    return [row_of(f"exposure:{c}", whole[c].tolist()) for c in HEADLINES]


def losses(total: Table) -> list[Row]:
    """Return the P&L of the whole desk in every scenario."""
    pnl = total["pnl"].to_numpy().reshape(-1, len(STAGES))
    names = total[SCENARIO].tolist()[:: len(STAGES)]
    return [row_of(f"stress:{n}", row) for n, row in zip(names, pnl, strict=True)]


def of_measures(measures: Table) -> list[Row]:
    """Return the measures of the whole desk."""
    rows: dict[str, list[float]] = {}
    for name, total in zip(measures["measure"], measures["total"], strict=True):
        rows.setdefault(f"measure:{name}", []).append(float(total))
    return [row_of(metric, found[: len(STAGES)]) for metric, found in rows.items()]


def cost(orders: Table) -> list[Row]:
    """Return what the orders cost in all, what of them is not known, and the days."""
    paid, days = orders["cost"].to_numpy(), orders["days"].to_numpy()
    known = ~np.isnan(paid)
    traded_gross = np.abs(orders["traded"].to_numpy())
    figures = {
        "trade:gross": float(traded_gross.sum()),
        "trade:cost": in_total(paid, known),
        "trade:uncosted": float(traded_gross[~known].sum()),
        "trade:days": float(days.max()) if len(days) else 0.0,
    }
    return [(metric, 0.0, after, after) for metric, after in figures.items()]
