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
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Vector
from riskplugin.errors import ModelError
from riskplugin.factors.refusals import unreachable
from riskplugin.factors.tilting import Row, Sense, tilted

TIE = 1e-12
MET = 1e-8  # of the losses' prior standard deviation
ROUNDS = 60
BISECTIONS = 10
TAILS = (1.0, 1.25, 1.6, 2.0, 3.0, 5.0, 8.0, 12.0, 18.0)  # of alpha
SPREAD = 40


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
    until all hold. For views that raise expected shortfall that is the nearest of all;
    among several that lower it the search is local, and may refuse views that other
    probabilities, farther off, would meet.

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
            near = value_at_risk(found, tail.losses, tail.alpha)
            cuts[i] = tail_rows(prior, [*rows, *others], tail, near)
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
    losses = tail.losses
    missed = expected_shortfall(probabilities, losses, tail.alpha) - tail.value
    spread = float(np.sqrt(prior @ (losses - prior @ losses) ** 2))
    slack = MET * spread + TIE * float(np.abs(losses).max())
    sign = tail.sense.sign
    return (-sign * missed if sign else abs(missed)) <= slack


def tail_rows(prior: Vector, rows: Sequence[Row], tail: Tail, near: float) -> list[Row]:
    """Return the rows that stand for the view beside the others; none if it holds.

    The search begins at the loss `near`.
    """
    start = reached(prior, rows)
    if met(tail, prior, start):
        return []
    stands = expected_shortfall(start, tail.losses, tail.alpha)
    sense = Sense.AT_LEAST if stands < tail.value else Sense.AT_MOST
    search = Search(prior, rows, tail, start, sense)
    found = search.found(near)
    if found is None:
        raise out_of_reach(search, near)
    return found


def value_at_risk(probabilities: Vector, losses: Vector, alpha: float) -> float:
    """Return the largest loss beyond which, itself included, lies mass alpha."""
    order = np.argsort(-losses, kind="stable")
    mass = np.cumsum(probabilities[order])
    place = int(np.searchsorted(mass, alpha - TIE))
    return float(losses[order[min(place, len(order) - 1)]])


class Search(NamedTuple):
    """The search for one view beside other rows, from where those alone lead (T,).

    `sense` says whether the view raises or lowers expected shortfall from there.
    """

    prior: Vector
    rows: Sequence[Row]
    tail: Tail
    start: Vector
    sense: Sense

    def found(self, near: float) -> list[Row] | None:
        """Return the rows that meet the view, or None if none do.

        By bisection over the losses below the value, ascending, in steps that grow
        from `near`: too much mass beyond u under the probabilities of u means that the
        value at risk is higher. A level whose row cannot hold lies away from one whose
        row can.
        """
        there = np.unique(self.tail.losses[self.prior > 0])
        levels = there[there < self.tail.value]
        if self.tail.value >= there[-1] or not len(levels):
            return [end_row(self.tail, float(there[-1]))]
        low, high, width = -1, len(levels), 4
        pivot: int | None = None
        place = min(int(np.searchsorted(levels, near)), high - 1)
        while high - low > 1:
            side = self.side(float(levels[place]))
            if side is None:
                pivot = self.pivot(levels) if pivot is None else pivot
                side = 1 if place < pivot else -1
            if not side:
                return [self.cut(float(levels[place]))]
            low, high = (place, high) if side > 0 else (low, place)
            place, width = (low + high) // 2, 4 * width
            if side > 0 and high == len(levels):
                place = min(place, low + width)
            elif side < 0 and low < 0:
                place = max(place, high - width)
        return None if low < 0 else self.between(float(levels[low]))

    def side(self, level: float) -> int | None:
        """Return 0 if the level is the value at risk, 1 if that is higher, -1 if lower.

        None if the row of the level cannot hold.
        """
        found = tilted(self.prior, [*self.rows, self.cut(level)])
        if found is None:
            return None
        losses, alpha = self.tail.losses, self.tail.alpha
        if float(found[losses > level].sum()) > alpha + TIE:
            return 1
        return -1 if float(found[losses >= level].sum()) < alpha - TIE else 0

    def pivot(self, levels: Vector) -> int:
        """Return the place of a level whose row can hold; -1 if none tried can.

        Tried are the values at risk of growing tails, then levels spread over all.
        """
        tail, top = self.tail, len(levels) - 1
        alphas = [min(share * tail.alpha, 1.0) for share in TAILS]
        risks = [value_at_risk(self.start, tail.losses, alpha) for alpha in alphas]
        places = [
            *(min(int(np.searchsorted(levels, risk)), top) for risk in risks),
            *(int(place) for place in np.linspace(0, top, SPREAD)),
        ]
        for place in dict.fromkeys(places):
            cut = self.cut(float(levels[place]))
            if tilted(self.prior, [*self.rows, cut]) is not None:
                return place
        return -1

    def cut(self, level: float) -> Row:
        """Return the view's row at a level."""
        tail = self.tail
        excess = np.maximum(tail.losses - level, 0.0)
        label = f"{tail.label} (the mean excess of the loss over {level:.4g})"
        return Row(label, excess, self.sense, tail.alpha * (tail.value - level))

    def between(self, level: float) -> list[Row] | None:
        """Return the rows where the value at risk lies in the gap above a level.

        The losses above it then have mass alpha and mean `value`: two linear rows.
        """
        tail = self.tail
        beyond = (tail.losses > level).astype(np.float64)
        label = f"{tail.label} (the mass of its tail)"
        mass = Row(label, beyond, Sense.EQUAL, tail.alpha)
        size = tail.alpha * tail.value
        mean = Row(tail.label, beyond * tail.losses, Sense.EQUAL, size)
        found = tilted(self.prior, [*self.rows, mass, mean])
        return None if found is None else [mass, mean]


def end_row(tail: Tail, worst: float) -> Row:
    """Return the row of a view at the worst loss of all, or at the least."""
    if tail.value >= worst:
        there = (tail.losses >= worst).astype(np.float64)
        return Row(tail.label, there, Sense.AT_LEAST, tail.alpha)
    return Row(tail.label, tail.losses, Sense.AT_MOST, tail.value)


def out_of_reach(search: Search, near: float) -> ModelError:
    """Return the error for a view that the others do not allow, with what they do."""
    tail = search.tail
    stands = expected_shortfall(search.start, tail.losses, tail.alpha)
    held, failed = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (held + failed) / 2
        moved = replace(tail, value=stands + middle * (tail.value - stands))
        if search._replace(tail=moved).found(near) is None:
            failed = middle
        else:
            held = middle
    reach = stands + held * (tail.value - stands)
    return ModelError(
        f"view '{tail.label}' cannot hold beside the others: they leave it at "
        f"{100 * stands:.4g} % and let it reach {100 * reach:.4g} %; relax one of them"
    )
