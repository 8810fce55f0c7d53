"""Views on drivers or instruments, in a desk's words, put into entropy pooling."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from riskplugin._typing import Matrix, Vector
from riskplugin.errors import ModelError, UsageError, did_you_mean
from riskplugin.factors.pooling import (
    FLOOR,
    Posterior,
    check_floor,
    checked_prior,
    floored,
)
from riskplugin.factors.refusals import Views
from riskplugin.factors.stated import STAGES, Quantity, View
from riskplugin.factors.tail_views import Tail, pooled_with_tails
from riskplugin.factors.tilting import Row, Sense
from riskplugin.factors.view_rows import (
    held_rows,
    measure,
    refuse_beyond,
    rows_of,
    tail_of,
)

__all__ = ["Quantity", "Sense", "View", "measure", "pooled"]


def pooled(
    prior: Vector,
    columns: Matrix,
    names: Sequence[str],
    views: Sequence[View],
    floor: float = FLOOR,
) -> Posterior:
    """Return the probabilities nearest to `prior` under which the views hold.

    In three stages, each from the prior and with all views so far: first means,
    rankings, quantiles, value at risk and expected shortfall; then volatilities, with
    the means of their columns held where the first stage left them (the viewed mean,
    or the prior's if no view moves it); then correlations, with means and volatilities
    of their columns held likewise. Held so, volatility and correlation are linear in
    the probabilities (Meucci 2008).

    A value at risk or quantile at `value` is the probability `alpha` at or below it
    (for views that keep a loss small: at most `alpha` strictly below it), so it is met
    to the gap between two neighbouring scenarios. Expected shortfall is found by a
    search over the scenario that is its value at risk (Meucci, Ardia and Keel 2011,
    "Fully flexible extreme views", Journal of Risk 14(2)).

    Parameters
    ----------
    prior : ndarray of shape (T,)
        Sums to 1 within 1e-9; what is 0 stays 0.
    columns : ndarray of shape (T, N)
        Scenarios of drivers or instruments, in simple or log returns; no gaps.
    names : sequence of N str
    views : sequence of View
        None: the prior is the posterior.
    floor : float
        Least effective scenarios, as a share of the prior's own.

    Returns
    -------
    Posterior

    Raises
    ------
    UsageError
        For an unknown name, shapes that do not fit, or values that are not finite.
    ModelError
        For views out of reach, with the range that is in reach; for a posterior below
        the floor, with what to relax.
    """
    check_floor(floor)
    checked = checked_prior(prior)
    scenarios = named_columns(columns, names, len(checked))
    for view in views:
        for name in (view.name, view.other):
            if name is not None and name not in scenarios:
                hint = did_you_mean(name, scenarios)
                raise UsageError(f"view '{view}': no column {name!r}; {hint}")
        refuse_beyond(checked, scenarios, view)
    found = staged(checked, scenarios, views)

    def solve(kept: Mapping[int, float]) -> Vector | None:
        moved = [replace(views[i], value=value) for i, value in kept.items()]
        try:
            return staged(checked, scenarios, moved)
        except ModelError:
            return None

    measured = Views(
        [str(v) for v in views],
        [v.value for v in views],
        [v.show for v in views],
        solve,
        lambda i, q: measure(views[i], scenarios, q),
    )
    return floored(checked, found, floor, measured)


def staged(
    prior: Vector, scenarios: Mapping[str, Vector], views: Sequence[View]
) -> Vector:
    """Return the probabilities (T,) after all stages, or raise ModelError."""
    found = prior
    rows: list[Row] = []
    tails: list[Tail] = []
    for stage in STAGES:
        mine = [view for view in views if view.quantity in stage]
        for view in mine:
            if view.quantity is Quantity.EXPECTED_SHORTFALL:
                tails.append(tail_of(view, scenarios))
            else:
                rows += held_rows(view, scenarios, found)
                rows += rows_of(view, scenarios, found)
        if mine:
            found = pooled_with_tails(prior, rows, tails)
    return found


def named_columns(
    columns: Matrix, names: Sequence[str], scenarios: int
) -> dict[str, Vector]:
    """Return each column by its name, or raise UsageError."""
    table = np.asarray(columns, dtype=np.float64)
    if table.ndim != 2 or table.shape != (scenarios, len(names)):
        raise UsageError(
            f"columns have shape {table.shape}: give {scenarios} scenarios of "
            f"{len(names)} names"
        )
    if len(set(names)) < len(names):
        twice = next(n for n in names if list(names).count(n) > 1)
        raise UsageError(f"column {twice!r} is named twice")
    gaps = np.flatnonzero(~np.isfinite(table).all(axis=0))
    if len(gaps):
        raise UsageError(f"column {names[gaps[0]]!r} has gaps: leave it out or fill it")
    return {name: np.ascontiguousarray(table[:, j]) for j, name in enumerate(names)}
