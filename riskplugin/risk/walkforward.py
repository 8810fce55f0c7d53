"""Forecasts as they would have been made every night, and what came of them.

The book is today's, the nights are past ones: each forecast sees nothing later than its
own date, neither prices nor a factor model. The scenarios are made by the functions
that make today's. What had no price of its own when its model was made is neither
forecast nor realised; what loses its price later stays in the forecast, and its P&L is
not counted: `covered` says how much was.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError
from riskplugin.factors.model import FactorModel
from riskplugin.pricing.contracts import Moves, revalue
from riskplugin.returns import exponential_weights
from riskplugin.risk.history import History
from riskplugin.risk.order_statistics import tail_of, weighted_tail
from riskplugin.risk.rescaling import FEWEST, ewma_volatility
from riskplugin.risk.sampling import Method, past

REFIT = 21  # nights that a factor model serves
Fit = Callable[[np.datetime64], FactorModel]


@dataclass(frozen=True, eq=False, slots=True)
class Nights:
    """Forecasts and what came, for F nights and G groups.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (F,)
        Of the forecast; the P&L is that of the sessions after it.
    pnl : ndarray of shape (F, G)
        Of today's holdings, profit > 0.
    value_at_risk, expected_shortfall : ndarray of shape (F, G)
        Loss > 0.
    covered : ndarray of shape (F, G)
        Share of gross that had prices of its own, before and after.
    """

    dates: Dates
    pnl: Matrix
    value_at_risk: Matrix
    expected_shortfall: Matrix
    covered: Matrix

    def figures(self) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Return P&L, value at risk, expected shortfall and coverage."""
        return self.pnl, self.value_at_risk, self.expected_shortfall, self.covered


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """How the nights are forecast.

    Attributes
    ----------
    method : Method
    confidence : float
    nights : int
        Forecasts wanted, the latest.
    window : int
        Windows that a forecast is made from.
    sessions : int
        Sessions from the forecast to what came.
    """

    method: Method
    confidence: float
    nights: int
    window: int
    sessions: int

    def __post_init__(self) -> None:
        tail_of(self.confidence)
        if self.method is Method.REVERSAL:
            msg = "method 'reversal' is a regime, not a forecast of the next session"
            raise UsageError(msg + "; backtest historical, age_weighted or filtered")
        for name, least in (("nights", 1), ("window", FEWEST)):
            if getattr(self, name) < least:
                msg = f"{name} is {getattr(self, name)}, at least {least} are needed"
                raise UsageError(msg)


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """What is held: K names, and their reference value in G groups, shape (K, G)."""

    names: tuple[str, ...]
    values: Matrix


def walk_forward(desk: Desk, fit: Fit, held: Held, plan: Plan) -> Nights:
    """Return the forecasts of past nights for today's holdings.

    Parameters
    ----------
    desk : Desk
    fit : callable
        Gives the factor model of a date, from nothing later.
    held : Held
    plan : Plan

    Raises
    ------
    ModelError
        If the history holds no night with a window before it.
    """
    parts = [block(desk, fit, held, plan, ends) for ends in blocks(desk, fit, plan)]
    columns = zip(*((p.dates, *p.figures()) for p in parts), strict=True)
    return Nights(*(np.concatenate(column) for column in columns))


def blocks(desk: Desk, fit: Fit, plan: Plan) -> Iterator[Dates]:
    """Yield the last days of the P&L of the nights that one model serves."""
    ends = past(desk, fit(desk.as_of), plan.sessions).ends
    first = plan.window + plan.sessions
    if plan.method is Method.FILTERED:  # its first window needs a volatility
        first += FEWEST
    can_be = ends[first:]
    if not len(can_be):
        msg = f"{len(ends)} windows of history, {first + 1} are needed to forecast one "
        raise ModelError(msg + "night: give longer histories or a shorter window")
    chosen = can_be[-plan.nights :]
    for start in range(0, len(chosen), REFIT):
        yield chosen[start : start + REFIT]


def block(desk: Desk, fit: Fit, held: Held, plan: Plan, ends: Dates) -> Nights:
    """Return the nights whose P&L ends on `ends`, by the model of the first."""
    made = np.busday_offset(ends, -plan.sessions, roll="forward")
    model = fit(made[0])
    rows = np.array([model.instruments.index(n) for n in held.names], dtype=np.int64)
    wanted = plan.window + len(ends) + plan.sessions
    windows = past(desk, model, plan.sessions, wanted, ends[-1])
    unit = unit_pnl(model, windows.series, rows, plan.sessions)
    scenarios = scenarios_by(plan, desk, model, windows, rows)
    began = int(np.searchsorted(windows.ends, made[0], side="right"))
    own = windows.held(model.currency)
    alive = own[began - 1, rows]
    nights = []
    for night, end in zip(made, ends, strict=True):
        upto = int(np.searchsorted(windows.ends, night, side="right"))
        pnl, weights = scenarios(night, slice(upto - plan.window, upto), unit)
        tail = weighted_tail(
            -(pnl[:, alive] @ held.values[alive]).T, weights, tail_of(plan.confidence)
        )
        row = int(np.searchsorted(windows.ends, end))
        came = alive & own[row, rows]
        nights.append((unit[row, came] @ held.values[came], *tail, came))
    return as_nights(made, nights, held)


def as_nights(
    dates: Dates, nights: Sequence[tuple[Vector, Vector, Vector, Flags]], held: Held
) -> Nights:
    """Return nights as columns; NaN for a group of which nothing had a price."""
    pnl, value_at_risk, shortfall, came = map(np.array, zip(*nights, strict=True))
    gross = np.abs(held.values)
    covered = ratio(came @ gross, gross.sum(axis=0))
    there = covered > 0
    pnl, value_at_risk, shortfall = (
        np.where(there, figure, np.nan) for figure in (pnl, value_at_risk, shortfall)
    )
    return Nights(dates, pnl, value_at_risk, shortfall, covered)


Scenarios = Callable[[np.datetime64, slice, Matrix], tuple[Matrix, Vector]]


def scenarios_by(
    plan: Plan, desk: Desk, model: FactorModel, windows: History, rows: Codes
) -> Scenarios:
    """Return what gives a night its scenarios of unit P&L, and their probabilities."""
    if plan.method is not Method.FILTERED:
        half_life = (
            desk.settings.half_life if plan.method is Method.AGE_WEIGHTED else np.inf
        )
        weights = exponential_weights(plan.window, half_life)
        weights = weights / weights.sum()
        return lambda _night, chosen, unit: (unit[chosen], weights)
    daily = past(
        desk, model, 1, len(windows) + plan.sessions + FEWEST, windows.ends[-1]
    )
    volatility = ewma_volatility(daily.series)
    began = np.searchsorted(daily.ends, windows.ends) - plan.sessions
    equal = np.full(plan.window, 1 / plan.window)

    def rescaled(
        night: np.datetime64, chosen: slice, _: Matrix
    ) -> tuple[Matrix, Vector]:
        at = int(np.searchsorted(daily.ends, night, side="right")) - 1
        then = volatility[np.maximum(began[chosen], 0)]
        scale = np.where(then > 0, volatility[at] / np.where(then > 0, then, 1.0), 1.0)
        scaled = windows.series[chosen] * scale
        return unit_pnl(model, scaled, rows, plan.sessions), equal

    return rescaled


def unit_pnl(model: FactorModel, series: Matrix, rows: Codes, sessions: int) -> Matrix:
    """Return P&L per unit of reference value of names, 0 where nothing is known."""
    local = series[:, rows]
    fx = series[:, len(model.instruments) + model.currency[rows]]
    unit = revalue(model.contracts.at(rows), Moves.within(local, fx, sessions))
    return np.nan_to_num(unit)


def ratio(numerator: Matrix, denominator: Vector) -> Matrix:
    """Return the quotient, 0 where the denominator is."""
    return np.divide(
        numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0
    )
