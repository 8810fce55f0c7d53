"""Entropy pooling: a prior over scenarios, bent as little as the views demand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import UsageError
from riskplugin.factors.refusals import (
    Views,
    effective_number,
    too_thin,
    unreachable,
    views_of_rows,
)
from riskplugin.factors.tilting import Row, Sense, tilted

__all__ = [
    "Posterior",
    "effective_number",
    "entropy_pooling",
    "independent_scenarios",
]

FLOOR = 0.05
SUMS_TO_ONE = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Posterior:
    """Scenario probabilities after the views.

    Parameters
    ----------
    probabilities : ndarray of shape (T,)
        Non-negative, sum 1; read-only.
    relative_entropy : float
        ``sum q log(q / p)`` >= 0: how far from the prior, in nats.
    effective_scenarios : float
        ``exp(-sum q log q)``: ``T exp(-relative_entropy)`` for a uniform prior.
    """

    probabilities: Vector
    relative_entropy: float
    effective_scenarios: float


def entropy_pooling(
    prior: Vector,
    *,
    equalities: tuple[Matrix, Vector] | None = None,
    inequalities: tuple[Matrix, Vector] | None = None,
    floor: float = FLOOR,
    labels: Sequence[str] | None = None,
) -> Posterior:
    """Return the probabilities nearest to `prior` under which the views hold.

    Minimises ``sum q log(q / p)`` with ``A q = b``, ``G q <= h`` and ``sum q = 1``.

    Parameters
    ----------
    prior : ndarray of shape (T,)
        Non-negative, sums to 1 within 1e-9. What is 0 stays 0.
    equalities : (A, b), ndarrays of shapes (K, T) and (K,), optional
    inequalities : (G, h), ndarrays of shapes (L, T) and (L,), optional
    floor : float
        Least effective scenarios, as a share of the prior's own; 0 takes any posterior.
    labels : sequence of K + L str, optional
        What errors call the views, equalities first.

    Returns
    -------
    Posterior
        Every view holds to 1e-10 of its row's prior standard deviation (or to 3e-12 of
        the row's range, or to rounding, where that is coarser).

    Raises
    ------
    UsageError
        For shapes that do not fit, values that are not finite (a missing value is one)
        or a prior that is no distribution.
    ModelError
        For views that cannot be reached or cannot hold together, with what each can
        reach; and for a posterior below the floor, with what to relax.

    Notes
    -----
    Meucci (2008), "Fully flexible views: theory and practice", Risk 21(10), 97-102.
    Redundant rows are fine, and so is a view that asks for a row's very largest or
    smallest value: the mass then lies where the row takes it.
    """
    check_floor(floor)
    checked = checked_prior(prior)
    equal = checked_rows("equalities", equalities, len(checked))
    bounded = checked_rows("inequalities", inequalities, len(checked))
    names = labels or [
        *(f"equality {k}" for k in range(len(equal[1]))),
        *(f"inequality {k}" for k in range(len(bounded[1]))),
    ]
    senses = [Sense.EQUAL] * len(equal[1]) + [Sense.AT_MOST] * len(bounded[1])
    if len(names) != len(senses):
        raise UsageError(f"{len(names)} labels for {len(senses)} views")
    values = (*equal[0], *bounded[0])
    targets = (*equal[1], *bounded[1])
    rows = [
        Row(name, row, sense, float(target))
        for name, row, sense, target in zip(names, values, senses, targets, strict=True)
    ]
    found = tilted(checked, rows)
    if found is None:
        raise unreachable(checked, rows)
    return floored(checked, found, floor, views_of_rows(checked, rows))


def floored(
    prior: Vector, probabilities: Vector, floor: float, views: Views
) -> Posterior:
    """Return the posterior, or raise ModelError if it is below the floor."""
    count = effective_number(probabilities)
    if count < floor * effective_number(prior):
        raise too_thin(prior, probabilities, floor, views)
    return Posterior(
        read_only(probabilities), relative_entropy(probabilities, prior), count
    )


def check_floor(floor: float) -> None:
    """Raise UsageError unless the floor is a share."""
    if not 0 <= floor <= 1:
        raise UsageError(f"floor is {floor:g}: give a share of the prior, from 0 to 1")


def relative_entropy(probabilities: Vector, prior: Vector) -> float:
    """Return ``sum q log(q / p)`` over scenarios with mass; at least 0."""
    held = probabilities > 0
    mass = probabilities[held]
    return max(float(mass @ np.log(mass / prior[held])), 0.0)


def independent_scenarios(probabilities: Vector, sessions: int) -> float:
    """Return how many independent windows stand behind overlapping ones.

    ``1 / sum P_b^2`` over consecutive blocks of `sessions` rows, with P_b the mass of
    a block: windows that start within one window's length of each other share days,
    so they count as one. With equal mass it is T / sessions.

    Parameters
    ----------
    probabilities : ndarray of shape (T,)
        Of windows in time order, one start a session; non-negative, sum 1.
    sessions : int
        Sessions of a window, at least 1; rows that do not overlap have 1.

    Raises
    ------
    UsageError
        For probabilities that are no distribution, or sessions below 1.
    """
    checked = checked_prior(probabilities, "probabilities")
    if sessions < 1:
        raise UsageError(f"sessions is {sessions}: a window has at least 1")
    blocks = np.add.reduceat(checked, np.arange(0, len(checked), sessions))
    return float(1.0 / (blocks @ blocks))


def checked_prior(prior: Vector, name: str = "prior") -> Vector:
    """Return the probabilities (T,), rescaled to sum 1 to the last bit or so."""
    checked = np.asarray(prior, dtype=np.float64)
    if checked.ndim != 1 or not len(checked):
        raise UsageError(f"{name} has shape {checked.shape}: give one a scenario")
    if not np.isfinite(checked).all():
        where = int(np.flatnonzero(~np.isfinite(checked))[0])
        raise UsageError(f"{name} is {checked[where]} in scenario {where}")
    if (checked < 0).any():
        where = int(np.flatnonzero(checked < 0)[0])
        raise UsageError(f"{name} is {checked[where]:g} in scenario {where}: below 0")
    total = float(checked.sum())
    if abs(total - 1.0) > SUMS_TO_ONE:
        raise UsageError(f"{name} sums to {total:.12g}: divide it by its sum")
    return checked / total


def checked_rows(
    name: str, given: tuple[Matrix, Vector] | None, scenarios: int
) -> tuple[Matrix, Vector]:
    """Return rows (M, T) and targets (M,), or raise UsageError."""
    if given is None:
        return np.zeros((0, scenarios)), np.zeros(0)
    rows = np.asarray(given[0], dtype=np.float64)
    targets = np.asarray(given[1], dtype=np.float64)
    if rows.ndim != 2 or rows.shape != (targets.size, scenarios) or targets.ndim != 1:
        raise UsageError(
            f"{name} have shapes {rows.shape} and {targets.shape}: give rows of "
            f"{scenarios} scenarios and one target a row"
        )
    if not (np.isfinite(rows).all() and np.isfinite(targets).all()):
        raise UsageError(f"{name} hold values that are not finite: leave them out")
    return rows, targets


def read_only(array: Vector) -> Vector:
    """Return a copy that cannot be written to."""
    copied = array.copy()
    copied.flags.writeable = False
    return copied
