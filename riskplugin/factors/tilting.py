"""Probabilities nearest to a prior under linear views: the dual, by projected Newton.

Minimise ``sum q log(q / p)`` where ``values @ q`` is equal to, at least or at most a
target, row by row. The answer is an exponential family ``q ~ p exp(m @ gaps)``, with
``gaps = values - target``, and the multipliers m minimise the convex dual
``log sum p exp(m @ gaps)``: its slope is ``gaps @ q``, its curvature the covariance of
the rows under q; m >= 0 for an at-least row, m <= 0 for an at-most row (Meucci 2008,
"Fully flexible views", Risk 21(10); Boyd and Vandenberghe 2004, section 5.2.3).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector

CONVERGED = 1e-10  # of a row's prior standard deviation
GOAL = 1e-14
ROUNDING = 1e-14  # of a row's largest value
EDGE = 1e-12  # of a row's range
DEPENDENT = 1e-11  # of a row's prior standard deviation
RIDGE = 1e-13
ITERATIONS, HALVINGS, LAST_HALVINGS = 300, 60, 4


class Sense(StrEnum):
    """How a view compares what it measures with its value."""

    EQUAL = "=="
    AT_LEAST = ">="
    AT_MOST = "<="

    @property
    def sign(self) -> int:
        """The sign of the multiplier: 1, -1, or 0 where it is free."""
        return {">=": 1, "<=": -1}.get(self.value, 0)

    def outside(self, target: float, low: float, high: float) -> bool:
        """Return whether a target in this sense asks for more than `low` to `high`."""
        return (self.sign >= 0 and target > high) or (self.sign <= 0 and target < low)


def plain(value: float) -> str:
    """Return a figure as an error says it."""
    return f"{value:.6g}"


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """What one view asks of the probabilities: ``values @ q`` against ``target``.

    Parameters
    ----------
    label : str
        What the row measures, as an error names it.
    values : ndarray of shape (T,)
        One a scenario; finite.
    sense : Sense
    target : float
        In the unit of `values`.
    show : callable
        Says a figure in that unit.
    """

    label: str
    values: Vector
    sense: Sense
    target: float
    show: Callable[[float], str] = plain

    def outside(self, low: float, high: float) -> bool:
        """Return whether the row asks for more than `high` or less than `low`."""
        return self.sense.outside(self.target, low, high)

    def among(self, scenarios: Flags) -> "Row":
        """Return the row over some of the scenarios."""
        if scenarios.all():
            return self
        return replace(self, values=self.values[scenarios])

    def __str__(self) -> str:
        return f"{self.label} {self.sense} {self.show(self.target)}"


class System(NamedTuple):
    """Rows without the redundant ones, each of unit standard deviation under the prior.

    `gaps` (M, T) are values less target, so that ``gaps @ q`` is 0 where a view holds;
    `signs` (M,) those of the multipliers; `errors` (M,) what rounding leaves of a gap.
    """

    gaps: Matrix
    signs: Vector
    errors: Vector


class Dual(NamedTuple):
    """The dual at multipliers (M,): its value, slope (M,) and probabilities (T,)."""

    multipliers: Vector
    value: float
    slope: Vector
    probabilities: Vector


def tilted(prior: Vector, rows: Sequence[Row]) -> Vector | None:
    """Return the probabilities (T,) nearest to the prior under which every row holds.

    Parameters
    ----------
    prior : ndarray of shape (T,)
        Sums to 1; what is 0 stays 0.
    rows : sequence of Row

    Returns
    -------
    ndarray of shape (T,), or None
        None if no probabilities were found under which all rows hold to 1e-10 of their
        prior standard deviation (or to 3e-12 of their range over the scenarios, or to
        rounding, where that is coarser).
    """
    held = prior > 0
    inside = prior[held]
    there = [row.among(held) for row in rows]
    support = face(inside, there)
    if support is None:
        return None
    found = np.zeros_like(inside)
    mass = inside[support] / inside[support].sum()
    left = [row.among(support) for row in there if not settled(row, support)]
    system = independent(mass, left)
    solution = None if system is None else minimised(mass, system)
    if solution is None:
        return None
    found[support] = solution
    posterior = np.zeros_like(prior)
    posterior[held] = found
    return posterior if all(holds(row, inside, found) for row in there) else None


def face(prior: Vector, rows: Sequence[Row]) -> Flags | None:
    """Return the scenarios that may have mass, or None if a row is out of reach.

    A row that must reach its own largest or smallest value leaves mass only where it
    takes that value; there the multiplier would be infinite.
    """
    support = np.ones(len(prior), dtype=np.bool_)
    slacks = [edge(row) for row in rows]
    while True:
        smaller = support.copy()
        for row, slack in zip(rows, slacks, strict=True):
            there = row.values[support]
            low, high = there.min() - slack, there.max() + slack
            if row.outside(low, high):
                return None
            if row.sense.sign >= 0 and row.target >= high - 2 * slack:
                smaller &= row.values >= high - 2 * slack
            if row.sense.sign <= 0 and row.target <= low + 2 * slack:
                smaller &= row.values <= low + 2 * slack
        if not smaller.any():
            return None
        if (smaller == support).all():
            return support
        support = smaller


def edge(row: Row) -> float:
    """Return how near to its largest or smallest value a row counts as there."""
    low, high = float(row.values.min()), float(row.values.max())
    return EDGE * (high - low) + ROUNDING * max(-low, high, abs(row.target))


def settled(row: Row, support: Flags) -> bool:
    """Return whether the row takes one value on a face, which `face` has checked."""
    return bool(np.ptp(row.values[support]) <= 2 * edge(row))


def independent(prior: Vector, rows: Sequence[Row]) -> System | None:
    """Return the rows that say something of their own, or None if two contradict.

    Equalities are made orthonormal under the prior, and inequalities are freed of what
    the equalities fix, which leaves their multipliers as they are. A row that the
    equalities fix is left out if it holds, to what rounding leaves of it.
    """
    basis = np.empty((len(rows), len(prior)))
    reached, errors = np.zeros(len(rows)), np.zeros(len(rows))
    signs: list[int] = []
    fixed = 0
    stated = [(row.sense, *standardised(prior, row)) for row in rows]
    for sense, unit, stated_at, own in sorted(stated, key=exact_equalities_first):
        parts, rest = freed(prior, unit, basis[:fixed])
        target = stated_at - float(parts @ reached[:fixed])
        error = own + float(np.abs(parts) @ errors[:fixed])
        spread = float(np.sqrt(prior @ rest**2))
        if spread > max(DEPENDENT, 100 * error):
            place = len(signs)
            basis[place], reached[place] = rest / spread, target / spread
            errors[place] = error / spread
            signs.append(sense.sign)
            fixed += not sense.sign
        elif sense.outside(target, -max(CONVERGED, error), max(CONVERGED, error)):
            return None
    count = len(signs)
    gaps = basis[:count] - reached[:count, None]
    return System(gaps, np.array(signs, dtype=np.float64), errors[:count])


def exact_equalities_first(
    stated: tuple[Sense, Vector, float, float],
) -> tuple[int, float]:
    """Return the order of a row: equalities first, and least rounding first."""
    sense, _, _, error = stated
    return abs(sense.sign), error


def freed(prior: Vector, unit: Vector, basis: Matrix) -> tuple[Vector, Vector]:
    """Return a row's parts along an orthonormal basis (K, T), and what is left of it.

    Twice where little is left, so that it is orthogonal (Kahan, in Parlett 1980).
    """
    parts = basis @ (prior * unit)
    left = unit - parts @ basis
    if prior @ left**2 < 0.5 * (prior @ unit**2):
        again = basis @ (prior * left)
        parts, left = parts + again, left - again @ basis
    return parts, left


def standardised(prior: Vector, row: Row) -> tuple[Vector, float, float]:
    """Return values and target less the prior mean, by the prior standard deviation.

    And the rounding of both in that unit. Values without spread are 0, and their
    target is in units of their size.
    """
    centre = float(prior @ row.values)
    centred = row.values - centre
    peak = float(np.abs(centred).max())
    size = max(float(np.abs(row.values).max()), abs(row.target))
    if peak <= ROUNDING * size:
        return np.zeros_like(prior), (row.target - centre) / (size or 1.0), ROUNDING
    spread = peak * float(np.sqrt(prior @ (centred / peak) ** 2))
    return centred / spread, (row.target - centre) / spread, ROUNDING * size / spread


def minimised(prior: Vector, system: System) -> Vector | None:
    """Return the probabilities at the minimum of the dual; None if it has none.

    Relative entropy is at most ``-log(min prior)``; a dual below the negative of that
    proves that no probabilities meet the views.
    """
    bottom = float(np.log(prior.min())) - 1.0
    tolerance = np.maximum(CONVERGED, system.errors)
    at = dual(prior, system, np.zeros(len(system.signs)))
    for _ in range(ITERATIONS):
        if at.value < bottom:
            return None
        if (violation(at, system.signs) <= GOAL).all():
            break
        better = descended(prior, system, at)
        if better is None:
            break
        at = better
    reached = (violation(at, system.signs) <= tolerance).all()
    return at.probabilities if reached else None


def dual(prior: Vector, system: System, multipliers: Vector) -> Dual:
    """Return the dual at the multipliers; the largest exponent is taken out first."""
    exponents = multipliers @ system.gaps
    top = float(exponents.max())
    weights = prior * np.exp(exponents - top)
    total = float(weights.sum())
    probabilities = weights / total
    slope = system.gaps @ probabilities
    return Dual(multipliers, top + float(np.log(total)), slope, probabilities)


def violation(at: Dual, signs: Vector) -> Vector:
    """Return by how much each row (M,) misses the conditions of the optimum.

    A row without a multiplier may lie on its side of the target; any other is on it.
    """
    idle = (signs != 0) & (at.multipliers == 0)
    return np.where(idle, np.maximum(-signs * at.slope, 0.0), np.abs(at.slope))


def descended(prior: Vector, system: System, at: Dual) -> Dual | None:
    """Return the dual after a Newton step, halved until it descends; None if at rest.

    At the end the value no longer resolves the descent; a smaller violation does.
    """
    step = newton_step(system, at)
    promised = float(at.slope @ step)
    noise = 1e-15 * (1.0 + abs(at.value))
    before = violation(at, system.signs).max()
    share = 1.0
    for _ in range(HALVINGS if -promised > noise else LAST_HALVINGS):
        trial = at.multipliers + share * step
        bounded = np.where(system.signs * trial < 0, 0.0, trial)
        found = dual(prior, system, bounded)
        descent = 1e-4 * share * promised
        if found.value <= at.value + descent and -descent > noise:
            return found
        if (
            found.value <= at.value + 10 * noise
            and violation(found, system.signs).max() < before
        ):
            return found
        share /= 2
    return None


def newton_step(system: System, at: Dual) -> Vector:
    """Return the step (M,) to the minimum of the dual's quadratic model.

    Multipliers keep their signs: by active sets, as in non-negative least squares
    (Lawson and Hanson 1974). A multiplier that would cross 0 stops there; one at 0 is
    let go if that descends.
    """
    gaps, signs, _ = system
    curvature = (gaps * at.probabilities) @ gaps.T - np.outer(at.slope, at.slope)
    size = np.sqrt(np.maximum(np.diag(curvature), 0.0))
    size[size == 0] = 1.0
    scaled = curvature / np.outer(size, size) + RIDGE * np.eye(len(signs))
    pull, start = at.slope / size, at.multipliers * size
    least = RIDGE * float(np.abs(pull).max())
    step = np.zeros_like(pull)
    free = (signs == 0) | (start != 0)
    for _ in range(10 * len(signs)):
        wanted = step.copy()
        wanted[free] = -solved(
            scaled[np.ix_(free, free)], remaining(scaled, pull, step, free)
        )
        crossing = free & (signs * (start + wanted) < 0)
        if crossing.any():
            step = stopped(step, wanted, start, crossing)
            free &= (signs == 0) | (start + step != 0)
            continue
        step = wanted
        gain = np.where(free, 0.0, -signs * (pull + scaled @ step))
        if gain.max() <= least:
            break
        free[gain.argmax()] = True
    return step / size


def remaining(curvature: Matrix, pull: Vector, step: Vector, free: Flags) -> Vector:
    """Return the slope of the free rows with the others at their step."""
    return pull[free] + curvature[np.ix_(free, ~free)] @ step[~free]


def solved(curvature: Matrix, pull: Vector) -> Vector:
    """Return the solution of a positive semi-definite system."""
    values, vectors = np.linalg.eigh(curvature)
    return np.asarray(
        vectors @ ((vectors.T @ pull) / np.maximum(values, RIDGE)), dtype=np.float64
    )


def stopped(step: Vector, wanted: Vector, start: Vector, crossing: Flags) -> Vector:
    """Return the way from `step` to `wanted` as far as the first multiplier at 0."""
    way = np.full_like(step, np.inf)
    way[crossing] = (start + step)[crossing] / (step - wanted)[crossing]
    share = float(way.min())
    there = step + share * (wanted - step)
    there[way == share] = -start[way == share]
    return there


def holds(row: Row, prior: Vector, posterior: Vector) -> bool:
    """Return whether the row holds, to 1e-10 of its prior standard deviation.

    Or to rounding, or as near as `face` takes for the edge, where that is coarser.
    """
    unit, target, error = standardised(prior, row)
    missed = float(posterior @ unit) - target
    slack = 3 * EDGE * float(np.ptp(unit)) + 3 * error
    sign = row.sense.sign
    return (-sign * missed if sign else abs(missed)) <= max(CONVERGED, slack)
