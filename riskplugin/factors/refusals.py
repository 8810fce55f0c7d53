"""Why views cannot be pooled, and what would do: reachable ranges, and the floor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import LISTED, ModelError
from riskplugin.factors.tilting import Row, edge, standardised, tilted

BISECTIONS = 14
MARGIN = 1e-3  # so that the value holds as it is printed
WIDER = "take a value inside, or scenarios that reach further (a longer horizon)"


def effective_number(probabilities: Vector) -> float:
    """Return ``exp(-sum q log q)``, the number of equally likely scenarios.

    Parameters
    ----------
    probabilities : ndarray of shape (T,)
        Non-negative, sum 1.

    Notes
    -----
    Meucci (2012), "Effective number of scenarios in fully flexible probabilities",
    GARP Risk Professional: between 1, all mass on one scenario, and T.
    """
    mass = probabilities[probabilities > 0]
    return float(np.exp(-(mass @ np.log(mass))))


def unreachable(prior: Vector, rows: Sequence[Row]) -> ModelError:
    """Return the error for rows that no probabilities meet: which, and what they reach.

    Each alone first; then each given the others, by linear programming.
    """
    support = prior > 0
    for row in rows:
        there = row.values[support]
        low, high = float(there.min()), float(there.max())
        slack = edge(row, support)
        if row.outside(low - slack, high + slack):
            return ModelError(
                f"view '{row}' cannot be reached: over the scenarios it lies between "
                f"{row.show(low)} and {row.show(high)}; {WIDER}"
            )
    findings = [
        f"'{row}' {reach_given_others(prior, rows, i)}" for i, row in enumerate(rows)
    ]
    more = len(findings) - LISTED
    tail = f"; and {more} more" if more > 0 else ""
    return ModelError(
        "the views cannot hold together: "
        + "; ".join(findings[:LISTED])
        + tail
        + "; relax one of them, or take scenarios that reach further"
    )


def reach_given_others(prior: Vector, rows: Sequence[Row], which: int) -> str:
    """Return in words what one row can reach while the other rows hold."""
    others = [row for i, row in enumerate(rows) if i != which]
    ends = [extreme(prior, rows[which], others, sign) for sign in (1.0, -1.0)]
    if ends[0] is None or ends[1] is None:
        return "has no say: without it the others cannot hold together either"
    show = rows[which].show
    return f"can reach {show(ends[0])} to {show(ends[1])} given the others"


def extreme(
    prior: Vector, row: Row, others: Sequence[Row], sign: float
) -> float | None:
    """Return the least (sign 1) or most (-1) of a row while the others hold, or None.

    Linear program over the probabilities, by HiGHS.
    """
    from scipy.optimize import linprog  # noqa: PLC0415 - only to explain a refusal

    support = prior > 0
    inside = prior[support]
    unit, _ = standardised(inside, row.values[support], 0.0)
    equal, bounded = [np.ones_like(inside)], [np.zeros_like(inside)]
    at, limit = [1.0], [0.0]
    for other in others:
        values, target = standardised(inside, other.values[support], other.target)
        turn = float(other.sense.sign)
        if turn:
            bounded.append(-turn * values)
            limit.append(-turn * target)
        else:
            equal.append(values)
            at.append(target)
    found = linprog(
        sign * unit, np.array(bounded), limit, np.array(equal), at, method="highs"
    )
    if found.status != 0:
        return None
    mass = np.maximum(found.x, 0.0)
    return float(row.values[support] @ (mass / mass.sum()))


class Views(NamedTuple):
    """Views as the floor sees them: N labels and values, and what answers to values.

    `solve` takes the values of the views that are kept, by place, and returns
    probabilities (T,) or None; `measure` returns what a view measures under them.
    """

    labels: Sequence[str]
    values: Sequence[float]
    show: Sequence[Callable[[float], str]]
    solve: Callable[[Mapping[int, float]], Vector | None]
    measure: Callable[[int, Vector], float]

    @property
    def stated(self) -> dict[int, float]:
        """Every view at its stated value, by place."""
        return dict(enumerate(self.values))


def views_of_rows(prior: Vector, rows: Sequence[Row]) -> Views:
    """Return rows as views whose values are their targets."""
    def solve(kept: Mapping[int, float]) -> Vector | None:
        return tilted(prior, [replace(rows[i], target=v) for i, v in kept.items()])

    return Views(
        [str(row) for row in rows],
        [row.target for row in rows],
        [row.show for row in rows],
        solve,
        lambda i, q: float(rows[i].values @ q),
    )


def too_thin(prior: Vector, posterior: Vector, floor: float, views: Views) -> ModelError:
    """Return the error for a posterior below the floor: which view costs most, and why.

    The costliest view is the one without which most scenarios remain. If it alone can
    make room, the value at which the floor holds is found by bisection between where
    it stands and what it measures when left out.
    """
    count, whole = effective_number(posterior), effective_number(prior)
    said = (
        f"the views leave {count:.1f} effective scenarios, {count / whole:.2%} of the "
        f"prior's {whole:.1f}; the floor is {floor:.2%}"
    )
    without = {i: left_out(views, i) for i in range(len(views.values))}
    sizes = {i: effective_number(q) for i, q in without.items() if q is not None}
    if not sizes:
        return ModelError(f"{said}; {WIDER}")
    worst = max(sizes, key=lambda i: sizes[i])
    said += (
        f"; '{views.labels[worst]}' costs most: without it {sizes[worst]:.1f} effective "
        "scenarios remain"
    )
    freed = without[worst]
    if freed is None or sizes[worst] < floor * whole:
        return ModelError(f"{said}, still below the floor: relax other views too")
    end = views.measure(worst, freed)
    value = highest_share(views, worst, end, floor * whole)
    return ModelError(
        f"{said}; relax it to {views.show[worst](value)}, where the floor holds, "
        "or lower the floor"
    )


def left_out(views: Views, which: int) -> Vector | None:
    """Return the probabilities under all views but one."""
    return views.solve({i: v for i, v in views.stated.items() if i != which})


def highest_share(views: Views, which: int, end: float, least: float) -> float:
    """Return the value nearest the stated one that leaves `least` effective scenarios.

    By bisection from the stated value, which leaves fewer, to `end`, which does not.
    """
    stated = views.values[which]
    held, failed = 1.0, 0.0
    for _ in range(BISECTIONS):
        middle = (held + failed) / 2
        moved = stated + middle * (end - stated)
        found = views.solve({**views.stated, which: moved})
        if found is not None and effective_number(found) >= least:
            held = middle
        else:
            failed = middle
    return stated + min(held + MARGIN, 1.0) * (end - stated)
