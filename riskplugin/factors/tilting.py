"""Probabilities nearest to a prior under linear views: the dual, by projected Newton.

Minimise ``sum q log(q / p)`` where ``values @ q`` is equal to, at least or at most a
target, row by row. The answer is an exponential family ``q ~ p exp(m @ gaps)``, with
``gaps = values - target``, and the multipliers m minimise the convex dual
``log sum p exp(m @ gaps)``: its slope is ``gaps @ q``, its curvature the covariance of
the rows under q; m >= 0 for an at-least row, m <= 0 for an at-most row (Meucci 2008,
"Fully flexible views", Risk 21(10); Boyd and Vandenberghe 2004, section 5.2.3).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector

CONVERGED = 1e-10  # of a row's prior standard deviation
GOAL = 1e-14
ROUNDING = 1e-14  # of a row's largest value
EDGE = 1e-12  # of a row's range
DEPENDENT = 1e-8  # of a row's prior standard deviation
RIDGE = 1e-13
ITERATIONS, HALVINGS = 300, 60


class Sense(StrEnum):
    """How a view compares what it measures with its value."""

    EQUAL = "=="
    AT_LEAST = ">="
    AT_MOST = "<="

    @property
    def sign(self) -> int:
        """The sign of the multiplier: 1, -1, or 0 where it is free."""
        return {">=": 1, "<=": -1}.get(self.value, 0)


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
        sign = self.sense.sign
        return (sign >= 0 and self.target > high) or (sign <= 0 and self.target < low)

    def __str__(self) -> str:
        return f"{self.label} {self.sense} {self.show(self.target)}"


class System(NamedTuple):
    """Rows without the redundant ones, each of unit standard deviation under the prior.

    `gaps` (M, T) are values less target, so that ``gaps @ q`` is 0 where a view holds;
    `signs` (M,) those of the multipliers.
    """

    gaps: Matrix
    signs: Vector


class Dual(NamedTuple):
    """The dual at its multipliers (M,): its value, slope (M,) and probabilities (T,)."""

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
        prior standard deviation, or to rounding where that is coarser.
    """
    if not rows:
        return prior
    support = face(prior > 0, rows)
    if support is None:
        return None
    inside = prior[support] / prior[support].sum()
    system = independent(inside, [(row, row.values[support]) for row in rows])
    if system is None:
        return None
    found = minimised(inside, system)
    if found is None:
        return None
    posterior = np.zeros_like(prior)
    posterior[support] = found
    return posterior if all(holds(row, prior, posterior) for row in rows) else None


def face(support: Flags, rows: Sequence[Row]) -> Flags | None:
    """Return the scenarios that may have mass, or None if a row is out of reach.

    A row that must reach its own largest or smallest value leaves mass only where it
    takes that value; there the multiplier would be infinite.
    """
    slacks = [edge(row, support) for row in rows]
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


def edge(row: Row, support: Flags) -> float:
    """Return how near to its largest or smallest value a row counts as there."""
    there = row.values[support]
    low, high = float(there.min()), float(there.max())
    return EDGE * (high - low) + ROUNDING * max(-low, high, abs(row.target))


def independent(prior: Vector, rows: Sequence[tuple[Row, Vector]]) -> System | None:
    """Return the rows that say something of their own, or None if two contradict.

    Equalities are made orthonormal under the prior, and inequalities are freed of what
    the equalities fix, which leaves their multipliers as they are. A row that the
    equalities fix is left out if it holds.
    """
    basis: list[Vector] = []
    reached: list[float] = []
    gaps, signs = [], []
    for row, values in sorted(rows, key=lambda r: abs(r[0].sense.sign)):
        unit, target = standardised(prior, values, row.target)
        for _ in range(2):  # twice is enough (Kahan, in Parlett 1980)
            for other, at in zip(basis, reached, strict=True):
                part = float((prior * other) @ unit)
                unit, target = unit - part * other, target - part * at
        spread = float(np.sqrt(prior @ unit**2))
        sign = row.sense.sign
        if spread <= DEPENDENT:
            if (sign >= 0 and target > CONVERGED) or (
                sign <= 0 and target < -CONVERGED
            ):
                return None
            continue
        unit, target = unit / spread, target / spread
        if not sign:
            basis.append(unit)
            reached.append(target)
        gaps.append(unit - target)
        signs.append(sign)
    return System(np.array(gaps).reshape(-1, len(prior)), np.array(signs, dtype=float))


def standardised(
    prior: Vector, values: Vector, target: float
) -> tuple[Vector, float]:
    """Return values and target less the prior mean, by the prior standard deviation.

    Values without spread are 0, and their target is in units of their size.
    """
    centre = float(prior @ values)
    centred = values - centre
    peak = float(np.abs(centred).max())
    size = float(np.abs(values).max())
    if peak <= ROUNDING * size:
        return np.zeros_like(values), (target - centre) / (size or 1.0)
    spread = peak * float(np.sqrt(prior @ (centred / peak) ** 2))
    return centred / spread, (target - centre) / spread


def minimised(prior: Vector, system: System) -> Vector | None:
    """Return the probabilities at the minimum of the dual; None if it has none.

    Relative entropy is at most ``-log(min prior)``; a dual below the negative of that
    proves that no probabilities meet the views.
    """
    bottom = float(np.log(prior.min())) - 1.0
    tolerance = np.maximum(CONVERGED, ROUNDING * np.abs(system.gaps).max(axis=1))
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
    for _ in range(HALVINGS):
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
    """Return the minimiser of the dual's quadratic model within the signs, less m."""
    gaps, signs = system
    curvature = (gaps * at.probabilities) @ gaps.T - np.outer(at.slope, at.slope)
    size = np.sqrt(np.maximum(np.diag(curvature), 0.0))
    size[size == 0] = 1.0
    scaled = curvature / np.outer(size, size) + RIDGE * np.eye(len(signs))
    pull = at.slope / size
    if not signs.any():
        values, vectors = np.linalg.eigh(scaled)
        raw = vectors @ ((vectors.T @ -pull) / np.maximum(values, RIDGE))
        return np.asarray(raw / size, dtype=np.float64)
    return bounded_step(scaled, pull, (signs, at.multipliers * size)) / size


def bounded_step(curvature: Matrix, pull: Vector, held: tuple[Vector, Vector]) -> Vector:
    """Return d that minimises ``d C d / 2 + pull d`` with ``m + d`` of the given signs.

    As bounded least squares, ``|C^(1/2) d + C^(-1/2) pull|``, solved by active sets.
    """
    from scipy.optimize import lsq_linear  # noqa: PLC0415 - only where a view is a bound

    signs, multipliers = held
    values, vectors = np.linalg.eigh(curvature)
    root = np.sqrt(np.maximum(values, RIDGE))
    aim = -(vectors.T @ pull) / root
    unit = float(np.abs(aim).max()) or 1.0
    low = np.where(signs > 0, -multipliers / unit, -np.inf)
    high = np.where(signs < 0, -multipliers / unit, np.inf)
    found = lsq_linear(
        root[:, None] * vectors.T, aim / unit, (low, high), method="bvls", tol=1e-13
    )
    return np.asarray(found.x * unit, dtype=np.float64)


def holds(row: Row, prior: Vector, posterior: Vector) -> bool:
    """Return whether the row holds, to 1e-10 of its prior standard deviation."""
    unit, target = standardised(prior, row.values, row.target)
    missed = float(posterior @ unit) - target
    tolerance = max(CONVERGED, ROUNDING * float(np.abs(unit).max() + abs(target)))
    sign = row.sense.sign
    return (-sign * missed if sign else abs(missed)) <= tolerance
