"""Views on expected shortfall: a search over the scenario that is its value at risk.

Expected shortfall is ``min over u of u + E(L - u)^+ / alpha``, reached where u is the
value at risk (Rockafellar and Uryasev 2000). For a fixed u the view is one linear row,
``E(L - u)^+`` against ``alpha (value - u)``; it is the view itself where u is the value
at risk under the probabilities that the row leads to. A view that raises expected
shortfall asks the row of every u, so its answer is the one nearest to the prior of all;
for one that lowers it, the answer is nearest to the prior among its neighbours.
Meucci, Ardia and Keel (2011), "Fully flexible extreme views", Journal of Risk 14(2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import ModelError
from riskplugin.factors.refusals import unreachable
from riskplugin.factors.tilting import Row, Sense, tilted

TIE = 1e-12
MET = 1e-8  # of the losses' prior standard deviation
ROUNDS = 60
BISECTIONS = 12
TAILS = (1.0, 1.25, 1.6, 2.0, 3.0, 5.0, 8.0, 12.0, 18.0)  # of alpha


@dataclass(frozen=True, eq=False, slots=True)
class Tail:
    """A view on expected shortfall at tail `alpha` of `losses` (T,), loss > 0."""

    label: str
    losses: Vector
    alpha: float
    sense: Sense
    value: float


def expected_shortfall(probabilities: Vector, losses: Vector, alpha: float) -> float:
    """Return the mean of the worst `alpha` of the mass, the last scenario in part.

    Parameters
    ----------
    probabilities, losses : ndarrays of shape (T,)
        Loss > 0.
    alpha : float
        Tail in (0, 1).
    """
    order = np.argsort(-losses, kind="stable")
    mass = np.minimum(np.cumsum(probabilities[order]), alpha)
    taken = np.diff(mass, prepend=0.0)
    short = max(alpha - float(mass[-1]), 0.0)  # by rounding, where alpha is nearly 1
    return float((taken @ losses[order] + short * losses[order[-1]]) / alpha)


def pooled_with_tails(
    prior: Vector, rows: Sequence[Row], tails: Sequence[Tail]
) -> Vector:
    """Return the probabilities (T,) nearest to the prior under rows and tails.

    With several tails each is searched for in turn, the others held by their rows,
    until all hold.

    Raises
    ------
    ModelError
        If the views cannot hold together, with what they can reach.
    """
    found = reached(prior, rows)
    cuts: list[list[Row]] = [[] for _ in tails]
    for _ in range(ROUNDS):
        if all(met(tail, prior, found) for tail in tails):
            return found
        for i, tail in enumerate(tails):
            others = [row for j, cut in enumerate(cuts) if j != i for row in cut]
            cuts[i] = tail_rows(prior, [*rows, *others], tail)
        found = reached(prior, [*rows, *(row for cut in cuts for row in cut)])
    listed = ", ".join(f"'{tail.label}'" for tail in tails)
    raise ModelError(
        f"the views on expected shortfall move each other and do not settle: {listed}; "
        "drop one of them"
    )


def reached(prior: Vector, rows: Sequence[Row]) -> Vector:
    """Return the probabilities under which the rows hold, or raise ModelError."""
    found = tilted(prior, rows)
    if found is None:
        raise unreachable(prior, rows)
    return found


def met(tail: Tail, prior: Vector, probabilities: Vector) -> bool:
    """Return whether the view holds, to 1e-8 of the losses' standard deviation."""
    missed = expected_shortfall(probabilities, tail.losses, tail.alpha) - tail.value
    sign = tail.sense.sign
    spread = float(np.sqrt(prior @ (tail.losses - prior @ tail.losses) ** 2))
    return (-sign * missed if sign else abs(missed)) <= MET * spread


def tail_rows(prior: Vector, rows: Sequence[Row], tail: Tail) -> list[Row]:
    """Return the rows that stand for the view beside the others; none if it holds."""
    start = reached(prior, rows)
    if met(tail, prior, start):
        return []
    found = searched(prior, rows, tail, start)
    if found is None:
        raise out_of_reach(prior, rows, tail, start)
    return found


def searched(
    prior: Vector, rows: Sequence[Row], tail: Tail, start: Vector
) -> list[Row] | None:
    """Return the rows that meet the view, or None if none do.

    By bisection over the losses below the value, ascending: too much mass beyond u
    under the probabilities of u means that the value at risk is higher.
    """
    there = np.unique(tail.losses[prior > 0])
    if tail.value >= there[-1]:
        worst = (tail.losses >= there[-1]).astype(np.float64)
        return [Row(tail.label, worst, Sense.AT_LEAST, tail.alpha)]
    levels = there[there < tail.value]
    if not len(levels):
        return [Row(tail.label, tail.losses, Sense.AT_MOST, tail.value)]
    pivot = feasible_level(prior, rows, tail, start, levels)
    low, high = -1, len(levels)
    while high - low > 1:
        middle = (low + high) // 2
        cut = cut_at(tail, float(levels[middle]), start)
        found = tilted(prior, [*rows, cut])
        if found is None:
            side = 1 if middle < pivot else -1
        else:
            side = side_of(found, tail, float(levels[middle]))
        if not side:
            return [cut]
        low, high = (middle, high) if side > 0 else (low, middle)
    return between(prior, rows, tail, float(levels[low]) if low >= 0 else None)


def feasible_level(
    prior: Vector, rows: Sequence[Row], tail: Tail, start: Vector, levels: Vector
) -> int:
    """Return the place of a level whose row can hold; -1 if none of those tried can."""
    order = np.argsort(-tail.losses, kind="stable")
    mass = np.cumsum(start[order])
    for share in TAILS:
        place = min(int(np.searchsorted(mass, share * tail.alpha)), len(order) - 1)
        level = min(float(tail.losses[order[place]]), float(levels[-1]))
        cut = cut_at(tail, level, start)
        if tilted(prior, [*rows, cut]) is not None:
            return int(np.searchsorted(levels, level))
    return -1


def cut_at(tail: Tail, level: float, start: Vector) -> Row:
    """Return the view's row at a level u, with the sense in which it is not yet met."""
    excess = np.maximum(tail.losses - level, 0.0)
    rising = expected_shortfall(start, tail.losses, tail.alpha) < tail.value
    sense = Sense.AT_LEAST if rising else Sense.AT_MOST
    label = f"{tail.label} (the mean excess of the loss over {level:.4g})"
    return Row(label, excess, sense, tail.alpha * (tail.value - level))


def side_of(probabilities: Vector, tail: Tail, level: float) -> int:
    """Return 0 if the level is the value at risk, 1 if that is higher, -1 if lower."""
    if float(probabilities[tail.losses > level].sum()) > tail.alpha + TIE:
        return 1
    return -1 if float(probabilities[tail.losses >= level].sum()) < tail.alpha else 0


def between(
    prior: Vector, rows: Sequence[Row], tail: Tail, level: float | None
) -> list[Row] | None:
    """Return the rows where the value at risk lies in the gap above a level.

    The losses above it then have mass alpha and mean `value`: two linear rows.
    """
    if level is None:
        return None
    beyond = (tail.losses > level).astype(np.float64)
    size = tail.alpha * tail.value
    mass = Row(f"{tail.label} (the mass of its tail)", beyond, Sense.EQUAL, tail.alpha)
    mean = Row(tail.label, beyond * tail.losses, Sense.EQUAL, size)
    return [mass, mean] if tilted(prior, [*rows, mass, mean]) is not None else None


def out_of_reach(
    prior: Vector, rows: Sequence[Row], tail: Tail, start: Vector
) -> ModelError:
    """Return the error for a view that the others do not allow, with what they do."""
    stands = expected_shortfall(start, tail.losses, tail.alpha)
    held, failed = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (held + failed) / 2
        value = stands + middle * (tail.value - stands)
        if searched(prior, rows, replace(tail, value=value), start) is None:
            failed = middle
        else:
            held = middle
    reach = stands + held * (tail.value - stands)
    return ModelError(
        f"view '{tail.label}' cannot hold beside the others: they leave it at "
        f"{100 * stands:.4g} % and let it reach {100 * reach:.4g} %; relax one of them"
    )
