"""Views as linear rows over scenario probabilities, and what they measure."""

from collections.abc import Mapping

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.errors import ModelError
from riskplugin.factors.stated import STAGES, TAILED, Quantity, View, percent
from riskplugin.factors.tail_views import Tail, expected_shortfall
from riskplugin.factors.tilting import Row, Sense

TIE = 1e-12


def rows_of(view: View, scenarios: Mapping[str, Vector], held: Vector) -> list[Row]:
    """Return the view as rows; means and volatilities as under `held` (T,)."""
    one = scenarios[view.name]
    if view.quantity in TAILED:
        return quantile_rows(view, one)
    match view.quantity:
        case Quantity.RANKING:
            values = one - scenarios[str(view.other)]
        case Quantity.CORRELATION:
            other = scored(view.other, scenarios, held)
            values = scored(view.name, scenarios, held) * other
        case Quantity.VOLATILITY:
            return [variance_row(view, one, held)]
        case _:
            values = one
    return [Row(view.label, values, view.sense, view.value, view.show)]


def quantile_rows(view: View, returns: Vector) -> list[Row]:
    """Return a view on value at risk or a quantile as probabilities of tails.

    A quantile of at most r: ``P(R <= r) >= alpha``; of at least r: ``P(R < r) <=
    alpha``. Of exactly r: both, which is ``P(R <= r) = alpha`` where no scenario is r.
    """
    turn = -1 if view.quantity is Quantity.VALUE_AT_RISK else 1
    at, sign = turn * view.value, turn * view.sense.sign
    below, within = indicator(returns < at), indicator(returns <= at)
    alpha = float(view.alpha or 0.0)
    where = f"(the probability of a return {{}} {view.show(at)})"
    at_most = f"{view.label} {where.format('of at most')}"
    under = f"{view.label} {where.format('below')}"
    if not sign and (below == within).all():
        return [Row(at_most, within, Sense.EQUAL, alpha, percent)]
    rows = []
    if sign <= 0:
        rows.append(Row(at_most, within, Sense.AT_LEAST, alpha, percent))
    if sign >= 0:
        rows.append(Row(under, below, Sense.AT_MOST, alpha, percent))
    return rows


def indicator(where: Flags) -> Vector:
    """Return 1 where true and 0 elsewhere, shape (T,)."""
    return where.astype(np.float64)


def variance_row(view: View, returns: Vector, held: Vector) -> Row:
    """Return a view on volatility as one on the variance around the held mean.

    Raises ModelError if no probabilities with that mean have that volatility: least
    is what the two neighbouring scenarios leave, most what the two farthest do.
    """
    mean = float(held @ returns)
    there = returns[held > 0]
    below, above = there[there <= mean], there[there >= mean]
    if not (len(below) and len(above)):  # a mean at the very edge, by rounding
        below = above = np.array([mean])
    least = np.sqrt((mean - below.max()) * (above.min() - mean))
    most = np.sqrt((mean - below.min()) * (above.max() - mean))
    square = (returns - mean) ** 2
    row = Row(view.label, square, view.sense, view.value**2, lambda v: root(view, v))
    if row.outside(least**2 * (1 - TIE), most**2 * (1 + TIE)):
        raise beyond(view, least, most, f"while its mean is {percent(mean)}")
    return row


def root(view: View, variance: float) -> str:
    """Return the volatility of a variance as it is read."""
    return view.show(float(np.sqrt(max(variance, 0.0))))


def held_rows(view: View, scenarios: Mapping[str, Vector], held: Vector) -> list[Row]:
    """Return what a volatility or correlation view holds still for its columns."""
    rows: list[Row] = []
    for name in (view.name, view.other):
        if name is None or view.quantity not in STAGES[1] | STAGES[2]:
            continue
        returns = scenarios[name]
        mean = float(held @ returns)
        label = f"mean of {name}, held,"
        rows.append(Row(label, returns, Sense.EQUAL, mean, percent))
        if view.quantity is Quantity.CORRELATION:
            square = scored(name, scenarios, held) ** 2
            label = f"variance of {name}, over what it is held at,"
            rows.append(Row(label, square, Sense.EQUAL, 1.0))
    return rows


def scored(
    name: str | None, scenarios: Mapping[str, Vector], probabilities: Vector
) -> Vector:
    """Return a column less its mean, by its volatility; ModelError if it has none."""
    returns = scenarios[str(name)]
    centred = returns - probabilities @ returns
    spread = float(np.sqrt(probabilities @ centred**2))
    if spread <= TIE * float(np.abs(returns).max()):
        raise ModelError(
            f"the other views leave {name!r} one value, so it correlates with nothing: "
            "relax them, or leave out the view on its correlation"
        )
    return np.asarray(centred / spread, dtype=np.float64)


def tail_of(view: View, scenarios: Mapping[str, Vector]) -> Tail:
    """Return a view on expected shortfall as the search takes it."""
    alpha = float(view.alpha or 0.0)
    return Tail(str(view), -scenarios[view.name], alpha, view.sense, view.value)


def refuse_beyond(prior: Vector, scenarios: Mapping[str, Vector], view: View) -> None:
    """Raise ModelError if a tail view lies outside the scenarios, with their range."""
    there = scenarios[view.name][prior > 0]
    if view.quantity in {Quantity.CORRELATION, Quantity.VOLATILITY}:
        for name in filter(None, (view.name, view.other)):
            if np.ptp(scenarios[name][prior > 0]) == 0:
                raise ModelError(f"view '{view}': {name!r} never moves")
    if view.quantity not in TAILED:
        return
    turned = there if view.quantity is Quantity.QUANTILE else -there
    low, high = float(turned.min()), float(turned.max())
    slack = TIE * float(np.abs(turned).max())
    if view.sense.outside(view.value, low - slack, high + slack):
        raise beyond(view, low, high, "its most extreme scenarios")


def beyond(view: View, low: float, high: float, why: str) -> ModelError:
    """Return the error for a view that is out of reach on its own."""
    over = view.value > high
    verb, end = ("exceed", high) if over else ("be below", low)
    return ModelError(
        f"view '{view}': it cannot {verb} {view.show(end)} ({why}; reachable: "
        f"{view.show(low)} to {view.show(high)}); take a value inside, or scenarios "
        "that reach further (a longer horizon)"
    )


def measure(
    view: View, scenarios: Mapping[str, Vector], probabilities: Vector
) -> float:
    """Return what the view is about under the probabilities (T,), in its unit."""
    one = scenarios[view.name]
    if view.quantity in TAILED:
        return measured_tail(view, one, probabilities)
    match view.quantity:
        case Quantity.RANKING:
            found = probabilities @ (one - scenarios[str(view.other)])
        case Quantity.VOLATILITY:
            found = np.sqrt(probabilities @ (one - probabilities @ one) ** 2)
        case Quantity.CORRELATION:
            other = scored(view.other, scenarios, probabilities)
            mine = scored(view.name, scenarios, probabilities)
            found = probabilities @ (mine * other)
        case _:
            found = probabilities @ one
    return float(found)


def measured_tail(view: View, returns: Vector, probabilities: Vector) -> float:
    """Return value at risk, expected shortfall or a quantile of a column."""
    alpha = float(view.alpha or 0.0)
    if view.quantity is Quantity.EXPECTED_SHORTFALL:
        return expected_shortfall(probabilities, -returns, alpha)
    found = quantile(probabilities, returns, alpha)
    return -found if view.quantity is Quantity.VALUE_AT_RISK else found


def quantile(probabilities: Vector, values: Vector, alpha: float) -> float:
    """Return the smallest value v with ``P(value <= v) >= alpha``, ties to rounding."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(probabilities[order])
    place = int(np.searchsorted(reached, alpha - TIE))
    return float(values[order[min(place, len(order) - 1)]])
