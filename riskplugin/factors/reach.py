"""How far a view can go while others hold: a linear program over the probabilities."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.factors.tilting import Row, standardised

BATCH = 40
ROUNDS = 500
IMPROVES = 1e-9
FEASIBLE = 1e-8


class Program(NamedTuple):
    """``equal @ q = at`` and ``bounded @ q <= limit``, rows by scenarios."""

    equal: Matrix
    at: Vector
    bounded: Matrix
    limit: Vector


def reachable(
    prior: Vector, row: Row, others: Sequence[Row]
) -> tuple[float, float] | None:
    """Return the least and the most of a row while the others hold; None if they don't.

    Parameters
    ----------
    prior : ndarray of shape (T,)
        Scenarios where it is 0 have no mass.
    row : Row
        Its target plays no part.
    others : sequence of Row
    """
    support = prior > 0
    inside = prior[support]
    values = row.values[support]
    program = program_of(inside, [other.among(support) for other in others])
    unit, _, _ = standardised(inside, row.among(support))
    kept = feasible_columns(program, unit)
    if kept is None:
        return None
    least = optimum(program, unit, kept)
    most = optimum(program, -unit, kept)
    if least is None or most is None:
        return None
    return float(values @ least), float(values @ most)


def meet(prior: Vector, rows: Sequence[Row]) -> bool:
    """Return whether there are probabilities under which all rows hold."""
    support = prior > 0
    inside = prior[support]
    program = program_of(inside, [row.among(support) for row in rows])
    return feasible_columns(program, np.zeros_like(inside)) is not None


def program_of(inside: Vector, rows: Sequence[Row]) -> Program:
    """Return the rows, standardised under the prior, and that mass sums to 1."""
    equal, at = [np.ones_like(inside)], [1.0]
    bounded, limit = [np.zeros_like(inside)], [0.0]
    for row in rows:
        unit, target, _ = standardised(inside, row)
        turn = float(row.sense.sign)
        if turn:
            bounded.append(-turn * unit)
            limit.append(-turn * target)
        else:
            equal.append(unit)
            at.append(target)
    return Program(np.array(equal), np.array(at), np.array(bounded), np.array(limit))


def feasible_columns(program: Program, unit: Vector) -> Codes | None:
    """Return scenarios that suffice to meet the program, or None if none do.

    The slack that the program's rows still need is minimised over few scenarios; those
    that would lessen it most join, until none does (Dantzig and Wolfe 1960).
    """
    kept = np.unique([unit.argmin(), unit.argmax()]).astype(np.int64)
    for _ in range(ROUNDS):
        found = solved(program, np.zeros_like(unit), kept, slack_cost=1.0)
        if found is None:
            return None
        short, gains, _ = found
        if short <= FEASIBLE:
            return kept
        joined = joining(gains, kept)
        if not len(joined):
            return None
        kept = np.concatenate([kept, joined])
    return None


def optimum(program: Program, cost: Vector, kept: Codes) -> Vector | None:
    """Return the probabilities (T,) of least cost, from scenarios that suffice."""
    mass = np.zeros_like(cost)
    for _ in range(ROUNDS):
        found = solved(program, cost, kept, slack_cost=None)
        if found is None:
            break
        _, gains, shares = found
        mass = np.zeros_like(cost)
        mass[kept] = shares
        joined = joining(gains, kept)
        if not len(joined):
            break
        kept = np.concatenate([kept, joined])
    return mass / mass.sum() if mass.any() else None


def joining(gains: Vector, kept: Codes) -> Codes:
    """Return the scenarios that would lower the cost most, at most `BATCH`."""
    free = gains.copy()
    free[kept] = 0.0
    best = np.argsort(free)[:BATCH]
    return np.asarray(best[free[best] < -IMPROVES], dtype=np.int64)


def solved(
    program: Program, cost: Vector, kept: Codes, slack_cost: float | None
) -> tuple[float, Vector, Vector] | None:
    """Return the slack used, what each scenario (T,) would add, and the shares kept.

    Without a `slack_cost` no slack is allowed. None if it cannot be solved.
    """
    from scipy.optimize import linprog  # noqa: PLC0415 - only to explain a refusal

    equal, at, bounded, limit = program
    e, b = len(at), len(limit)
    slack = 2 * e + b
    top = FEASIBLE if slack_cost is None else None
    found = linprog(
        np.concatenate([cost[kept], np.full(slack, slack_cost or 0.0)]),
        np.hstack([bounded[:, kept], np.zeros((b, 2 * e)), -np.eye(b)]),
        limit,
        np.hstack([equal[:, kept], np.eye(e), -np.eye(e), np.zeros((e, b))]),
        at,
        [(0.0, None)] * len(kept) + [(0.0, top)] * slack,
        method="highs",
    )
    if found.status != 0:
        return None
    prices = found.eqlin.marginals @ equal + found.ineqlin.marginals @ bounded
    shares, slacks = np.split(np.asarray(found.x, dtype=np.float64), [len(kept)])
    return float(slacks.sum()), cost - prices, shares
