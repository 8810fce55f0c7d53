"""Why views cannot be pooled, and what would do: reachable ranges, and the floor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import LISTED, ModelError
from riskplugin.factors.reach import meet, reachable
from riskplugin.factors.tilting import Row, edge, tilted

BISECTIONS = 14
MARGIN = 1e-3  # so that the value holds as it is printed
EDGE_OF_REACH = (
    "no probabilities were found that hold the views exactly, which are at the very "
    "edge of what they can reach together"
)
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

    Each alone first; then the fewest that contradict each other, each with what it can
    reach given the rest of them.
    """
    for row in rows:
        there = row.among(prior > 0)
        low, high = float(there.values.min()), float(there.values.max())
        slack = edge(there)
        if row.outside(low - slack, high + slack):
            return ModelError(
                f"view '{row}' cannot be reached: over the scenarios it lies between "
                f"{row.show(low)} and {row.show(high)}; {WIDER}"
            )
    possible = meet(prior, rows)
    fewest = list(rows) if possible else contradicting(prior, rows)
    findings = [
        f"'{row}' {reach_given_others(prior, fewest, i)}"
        for i, row in enumerate(fewest[:LISTED])
    ]
    more = len(fewest) - LISTED
    tail = f"; and {more} more" if more > 0 else ""
    opening = EDGE_OF_REACH if possible else "views cannot hold together"
    return ModelError(
        f"{opening}: {'; '.join(findings)}{tail}; "
        "relax one of them, or take scenarios that reach further"
    )


def contradicting(prior: Vector, rows: Sequence[Row]) -> list[Row]:
    """Return rows that no probabilities meet, but any fewer of them do.

    Rows are left out one by one while the rest still contradict (Chinneck and
    Dravnieks 1991).
    """
    kept = list(rows)
    for row in rows:
        fewer = [other for other in kept if other is not row]
        if not meet(prior, fewer):
            kept = fewer
    return kept


def reach_given_others(prior: Vector, rows: Sequence[Row], which: int) -> str:
    """Return in words what one row can reach while the other rows hold."""
    others = [row for i, row in enumerate(rows) if i != which]
    found = reachable(prior, rows[which], others)
    if found is None:
        return "stands against others that contradict already"
    low, high = (rows[which].show(end) for end in found)
    return f"can reach {low} to {high} given the others"


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


def too_thin(
    prior: Vector, posterior: Vector, floor: float, views: Views
) -> ModelError:
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
        f"; '{views.labels[worst]}' costs most: without it {sizes[worst]:.1f} "
        "effective scenarios remain"
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
