"""How far the core is from a loss, as tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import NamedTuple

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.book import Grouping, grouped
from riskplugin.columns.core import MOVE
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean, listing
from riskplugin.factors.model import FactorModel
from riskplugin.factors.plausibility import tail_normal
from riskplugin.factors.regimes import POOLED
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.most_plausible import Answer, most_plausible
from riskplugin.stressing.profit import EngineProfit, Repeated, engine_profit
from riskplugin.stressing.regimes import regime_for
from riskplugin.stressing.reverse import HIGHEST, LOWEST, crossings
from riskplugin.stressing.shock import core_moves, shock_grid
from riskplugin.stressing.worst_case import FURTHEST, Worst, worst_within
from riskplugin.tables.core import judged
from riskplugin.tables.tabulation import keys_in, keys_of

REVERSE = "reverse"
Losses = float | Mapping[object, float]
CURVE_BELOW, CURVE_ABOVE = 60, 29  # moves of a curve, falls and rises
AT_REST = "so much is lost without any move: the cost of unwinding, or what is fixed"
UNKNOWN = "the P&L is not known: a half spread is missing and a share is unwound"


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """Which core moves are looked at, of which groups.

    Attributes
    ----------
    drivers : tuple of K str
        Those that move.
    shape : Scenario
        What holds beside the core: fixed tiers and currencies, overshoot, horizon.
    by : tuple of str
        Keys of the groups; none for the whole desk.
    """

    drivers: tuple[str, ...]
    shape: Scenario
    by: tuple[str, ...]


def question(
    model: FactorModel,
    driver: str | None,
    by: str | Iterable[str] | None,
    horizon_sessions: int | None,
    shape: Scenario | None,
) -> Question:
    """Return a checked question; one driver, or all of them for None.

    Raises
    ------
    UsageError
        For an unknown driver or key, a horizon given twice, or a pooled shape.
    """
    if driver is not None and driver not in model.drivers:
        hint = did_you_mean(driver, model.drivers)
        raise UsageError(f"there is no driver {driver!r} with prices; {hint}")
    if not model.drivers:
        raise UsageError("no driver has prices: name others under [drivers]")
    moving = model.drivers if driver is None else (driver,)
    keys = () if by is None else keys_of(by)
    if shape is None:
        sessions = 60 if horizon_sessions is None else horizon_sessions
        core = dict.fromkeys(moving, 0.0)
        made = Scenario(name=REVERSE, core=core, horizon_sessions=sessions)
        return Question(moving, made, keys)
    if horizon_sessions is not None:
        raise UsageError(
            "the shape has a horizon of its own; leave horizon_sessions out"
        )
    if shape.propagation == POOLED:
        what = "pooled probabilities hang on the very move that is looked for"
        raise UsageError(f"shape {shape.name!r} is pooled: {what}; take another")
    kept = {d: m for d, m in shape.core.items() if d not in moving}
    back = {d: m for d, m in shape.retrace.items() if d not in moving}
    core = {**kept, **dict.fromkeys(moving, 0.0)}
    return Question(moving, replace(shape, core=core, retrace=back), keys)


class Asked(NamedTuple):
    """A question put to a desk: its groups, their P&L, the core's covariance."""

    grouping: Grouping
    profit: EngineProfit
    covariance: Matrix


def asked(desk: Desk, model: FactorModel, of: Question) -> Asked:
    """Return what a search needs. The covariance is that of all history."""
    serving = regime_for(of.shape, model, desk.universe).model
    alone = ScenarioSet((of.shape,))
    template = shock_grid(alone, serving, desk.universe)
    named, _ = core_moves(alone, serving)
    rows = np.array([model.drivers.index(d) for d in of.drivers], dtype=np.int64)
    grouping = grouped(desk.book, of.by)
    profit = engine_profit(
        desk.book, grouping, template, (rows, named[0]), desk.settings.unwind_share
    )
    daily = model.covariance[np.ix_(rows, rows)]
    return Asked(grouping, profit, daily * of.shape.horizon_sessions)


def losses_of(loss: Losses, grouping: Grouping) -> Vector:
    """Return the loss asked of each group (G,); infinite where none is.

    Raises
    ------
    UsageError
        For a loss that is not above 0, or a group that there is not.
    """
    names = [*zip(*grouping.keys.values(), strict=True)] or [()]
    if isinstance(loss, Mapping):
        given = {label_of(name): figure for name, figure in loss.items()}
        unknown = [" / ".join(name) for name in given if name not in names]
        if unknown or not loss:
            known = listing(" / ".join(name) for name in names)
            hint = f"there are {known}" if grouping.keys else "give by"
            raise UsageError(f"no group {listing(unknown) or 'is named'}; {hint}")
    else:
        given = dict.fromkeys(names, loss)
    for name, figure in given.items():
        if not (isinstance(figure, Real) and 0 < figure < np.inf):
            whose = f" of {' / '.join(name)}" if isinstance(loss, Mapping) else ""
            raise UsageError(f"loss{whose} is {figure!r}, an amount above 0 is needed")
    return np.array([given.get(name, np.inf) for name in names], dtype=np.float64)


def label_of(name: object) -> tuple[str, ...]:
    """Return the labels of a group as they are asked for: one, or a tuple of them."""
    return tuple(map(str, name)) if isinstance(name, tuple) else (str(name),)


class Sought(NamedTuple):
    """Losses (A,), infinite where none is asked, and the groups (A,) that lose them."""

    groups: Codes
    losses: Vector


class Found(NamedTuple):
    """Answers row by row: which is sought, rank (0 for none), core move (R, K), why."""

    sought: Codes
    answers: Codes
    core: Matrix
    reasons: Sequence[str]


@one_blas_thread
def reverse_table(desk: Desk, model: FactorModel, of: Question, loss: Losses) -> Table:
    """Return the smallest core moves that lose `loss`, nearest first in each group."""
    put = asked(desk, model, of)
    losses = losses_of(loss, put.grouping)
    columns, _ = answered(desk, model, of, put, Sought(np.arange(len(losses)), losses))
    return table(REVERSE, desk.as_of, columns)


def answered(
    desk: Desk, model: FactorModel, of: Question, put: Asked, sought: Sought
) -> tuple[dict[str, object], Codes]:
    """Return the columns of answers (R rows), and which of the sought each row is of.

    Several losses of one group are searched together, each to the same bits as alone.
    """
    one = len(of.drivers) == 1
    found, worst = (by_one if one else by_all)(put, sought, desk.settings.base_currency)
    groups = sought.groups[found.sought]
    own = put.profit.each(found.core, groups)
    whole = put.profit.whole().table(found.core)[0]
    known = found.answers > 0
    drivers = np.expm1(put.profit.drivers(found.core))
    drivers[~known] = np.nan
    names = put.profit.template.model.drivers
    plausible = judged(model, of.drivers, found.core, of.shape.horizon_sessions)
    columns = {
        **labelled(put.grouping, groups),
        **({"driver": [of.drivers[0]] * len(known)} if one else {}),
        "answer": found.answers,
        **(
            {"move": np.where(known, np.expm1(found.core[:, 0]), np.nan)} if one else {}
        ),
        **{key: blanked(column, known) for key, column in plausible.items()},
        "loss": sought.losses[found.sought],
        "pnl": np.where(known, own, np.nan),
        "elsewhere": np.where(
            known, whole - own if len(put.grouping) > 1 else 0.0, np.nan
        ),
        **worst,
        **{MOVE + name: drivers[:, j] for j, name in enumerate(names)},
        "reason": list(found.reasons),
    }
    return columns, found.sought


def labelled(grouping: Grouping, groups: Codes) -> dict[str, object]:
    """Return the keys of each row's group."""
    return {
        key: np.array(names, dtype=object)[groups].tolist()
        for key, names in keys_in(grouping).items()
    }


def blanked(column: Vector | Codes, known: Flags) -> Vector:
    """Return a column of figures with NaN where there is no answer."""
    return np.where(known, column, np.nan)


def by_one(put: Asked, sought: Sought, money: str) -> tuple[Found, dict[str, Vector]]:
    """Return the nearest moves of one driver, either side, for every loss sought."""
    losses = sought.losses
    crossed = crossings(Repeated(put.profit, sought.groups), losses)
    sides = np.stack([crossed.falls, crossed.rises], axis=1)
    answers = []
    for g in np.flatnonzero(np.isfinite(losses)):
        distinct = np.unique(sides[g][~np.isnan(sides[g])])
        nearest = distinct[np.argsort(np.abs(distinct))]
        where = f", at {np.expm1(crossed.worst_at[g]):+.0%}"
        reason = none_does(crossed.worst[g], where, money)
        answers.append(Answered(int(g), nearest[:, None], reason))
    found = in_rows(answers)
    worst = {
        "lowest_pnl": crossed.worst[found.sought],
        "lowest_at": np.expm1(crossed.worst_at[found.sought]),
    }
    return found, worst


class Answered(NamedTuple):
    """Which is sought, moves (A, K) that answer, nearest first, or why none does."""

    sought: int
    moves: Matrix
    otherwise: str


def in_rows(answers: Sequence[Answered]) -> Found:
    """Return a row for every answer, and one for all that is sought and has none."""
    rows = [max(1, len(answer.moves)) for answer in answers]
    core = [
        a.moves if len(a.moves) else np.zeros((1, a.moves.shape[1])) for a in answers
    ]
    reasons = [
        reason
        for answer in answers
        for reason in (
            [AT_REST if not move.any() else "" for move in answer.moves]
            or [answer.otherwise]
        )
    ]
    ranks = [np.arange(1, len(a.moves) + 1) if len(a.moves) else [0] for a in answers]
    sought = np.repeat([answer.sought for answer in answers], rows)
    return Found(
        sought.astype(np.int64), np.concatenate(ranks), np.vstack(core), reasons
    )


def none_does(lowest: float, where: str, money: str) -> str:
    """Return that no move loses so much, and what the worst one does."""
    if np.isnan(lowest):
        return UNKNOWN
    range_ = f"between {np.expm1(LOWEST):.0%} and {np.expm1(HIGHEST):+.0%}"
    worst = f"the worst P&L is {lowest:,.0f} {money}"
    return f"no move {range_} does; {worst}{where}"


def by_all(put: Asked, sought: Sought, money: str) -> tuple[Found, dict[str, Vector]]:
    """Return the most plausible moves of all drivers, for every loss sought."""
    losses = sought.losses
    each: list[list[Answer]] = []
    lowest = np.empty(len(losses))
    for some, profit in Repeated(put.profit, sought.groups).in_turn():
        found, lowest[some] = most_plausible(profit, put.covariance, losses[some])
        each += found
    answers = []
    for g in np.flatnonzero(np.isfinite(losses)):
        moves = np.array([answer.move for answer in each[g]])
        reason = none_does(lowest[g], " of all places looked at", money)
        shaped = moves.reshape(-1, len(put.covariance))
        answers.append(Answered(int(g), shaped, reason))
    rows = in_rows(answers)
    return rows, {"lowest_pnl": lowest[rows.sought]}


@one_blas_thread
def worst_table(desk: Desk, model: FactorModel, of: Question, radius: float) -> Table:
    """Return the worst core move within a Mahalanobis radius, of each group.

    Raises
    ------
    UsageError
        If the radius is not above 0, or is beyond any move.
    """
    if not (np.isfinite(radius) and 0 < radius <= FURTHEST):
        what = f"a distance above 0 and up to {FURTHEST:g} is needed"
        raise UsageError(f"radius is {radius}, {what}")
    put = asked(desk, model, of)
    found = [
        worst_within(profit, put.covariance, radius)
        for _, profit in put.profit.in_turn()
    ]
    worst = Worst(*map(np.concatenate, zip(*found, strict=True)))
    unknown = np.isnan(worst.pnl)
    drivers = np.expm1(put.profit.drivers(worst.moves))
    drivers[unknown] = np.nan
    distance = np.where(unknown, np.nan, worst.distance)
    names = put.profit.template.model.drivers
    columns = {
        **labelled(put.grouping, np.arange(len(put.grouping))),
        "radius": np.full(len(unknown), radius),
        "pnl": worst.pnl,
        "linear_pnl": worst.linear,
        "distance": distance,
        "drivers_named": np.where(unknown, np.nan, len(of.drivers)),
        "tail_normal": tail_normal(distance, len(of.drivers)),
        **{MOVE + name: drivers[:, j] for j, name in enumerate(names)},
        "reason": [UNKNOWN if not_known else "" for not_known in unknown],
    }
    return table("worst_case", desk.as_of, columns)


@one_blas_thread
def curve_table(
    desk: Desk, model: FactorModel, of: Question, confidence: float
) -> Table:
    """Return the P&L of each group against the move of one driver, with its band.

    Raises
    ------
    UsageError
        If more than one driver moves.
    """
    if len(of.drivers) != 1:
        raise UsageError("a curve is that of one driver: name it")
    serving = regime_for(of.shape, model, desk.universe).model
    below = np.linspace(LOWEST, 0.0, CURVE_BELOW, endpoint=False)
    moves = np.expm1(np.append(below, np.linspace(0.0, HIGHEST, CURVE_ABOVE)))
    points = ScenarioSet(
        tuple(
            replace(
                of.shape,
                name=f"{REVERSE}_{i}",
                core={**of.shape.core, of.drivers[0]: m},
            )
            for i, m in enumerate(moves.tolist())
        )
    )
    grouping = grouped(desk.book, of.by)
    grid = shock_grid(points, serving, desk.universe)
    done = stress_groups(
        desk.book, grouping, grid, confidence, desk.settings.unwind_share
    )
    groups = np.repeat(np.arange(len(grouping)), len(moves))
    columns = {
        **labelled(grouping, groups),
        "driver": [of.drivers[0]] * len(groups),
        "move": np.tile(moves, len(grouping)),
        "pnl": done.pnl.ravel(),
        "low": done.low.ravel(),
        "high": done.high.ravel(),
    }
    return table("reverse_curve", desk.as_of, columns)
