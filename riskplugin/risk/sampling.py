"""Scenarios of what is held: returns of its own past, and how probable each is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Matrix, Vector
from riskplugin.contracts import Contracts
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError, listing
from riskplugin.factors.model import MEMORY, FactorModel
from riskplugin.factors.pooling import effective_number, independent_scenarios
from riskplugin.factors.views import View, pooled
from riskplugin.pricing.contracts import Moves, revalue
from riskplugin.returns import exponential_weights
from riskplugin.risk.history import History, history
from riskplugin.risk.rescaling import rescaled
from riskplugin.risk.reversal import WINDOW_SESSIONS, Reversal, reversal, within

HORIZONS = (1, 5, 10, 21)
SEED = 20_260_529  # of the residuals drawn where there is no history


class Method(StrEnum):
    """How the past becomes scenarios."""

    HISTORICAL = "historical"
    AGE_WEIGHTED = "age_weighted"
    FILTERED = "filtered"
    REVERSAL = "reversal"


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Scenarios of the returns of every series of a model, with probabilities.

    Attributes
    ----------
    method : Method
    history : History
        One scenario per window.
    probabilities : ndarray of shape (T,)
        They sum to 1.
    regime : Reversal, optional
        Where the probabilities are those of a reversal.
    """

    method: Method
    model: FactorModel
    history: History
    probabilities: Vector
    regime: Reversal | None = None

    @property
    def sessions(self) -> int:
        """Sessions that a scenario spans."""
        return self.history.sessions

    @property
    def effective(self) -> float:
        """Number of equally probable scenarios that carry as much entropy."""
        return effective_number(self.probabilities)

    @property
    def independent(self) -> float:
        """The same among windows that do not overlap."""
        return independent_scenarios(self.probabilities, self.sessions)

    def unit_pnl(self, rows: Codes, terms: Contracts | None = None) -> Matrix:
        """Return the P&L per unit of reference value of instruments, (T, len(rows)).

        By `terms` instead of the model's where positions have their own: where they are
        closed, a window goes straight from its start to its end.

        Raises
        ------
        ModelError
            If nothing is known of one of them.
        """
        model, series = self.model, self.history.series
        local = series[:, rows]
        fx = series[:, len(model.instruments) + model.currency[rows]]
        unknown = np.isnan(local + fx).any(axis=0)
        if unknown.any():
            names = [model.instruments[int(i)] for i in rows[unknown]]
            msg = f"no price history, of its own or of a peer, for {listing(names)}"
            raise ModelError(msg + ": give prices of it or of its tier")
        moves = Moves.within(local, fx, self.sessions)
        return revalue(model.contracts.at(rows) if terms is None else terms, moves)

    def own_share(self) -> Vector:
        """Return the probability of a scenario being own, rate included, shape (N,)."""
        held = self.history.held(self.model.currency)
        share: Vector = self.probabilities @ held
        return np.round(share, 12)  # a sum of probabilities is 1 but for rounding


@one_blas_thread
def sampled(desk: Desk, model: FactorModel, method: str, sessions: int) -> Sample:
    """Return the scenarios of `desk` over `sessions` by `method`.

    historical
        Every window of the last ``history_sessions``, all as probable.
    age_weighted
        The same, half as probable per ``half_life`` sessions into the past
        (Boudoukh, Richardson and Whitelaw 1998).
    filtered
        Rescaled to today's volatility (Hull and White 1998).
    reversal
        All of the prices' history, as probable as in a reversal of memory.

    Raises
    ------
    UsageError
        If there is no such method or horizon.
    ModelError
        If the history is too short, or holds no reversal.
    """
    if method not in {m.value for m in Method}:
        raise UsageError(f"method is {method!r}; known: {listing(Method)}")
    if sessions not in HORIZONS:
        msg = f"horizon_sessions is {sessions}; known: {listing(map(str, HORIZONS))}"
        raise UsageError(msg)
    return METHODS[Method(method)](desk, model, sessions)


def past(
    desk: Desk,
    model: FactorModel,
    sessions: int,
    rows: int | None = None,
    as_of: np.datetime64 | None = None,
) -> History:
    """Return the completed history of `desk`, the same whenever it is asked for."""
    return history(
        desk,
        model,
        sessions,
        rows=rows,
        generator=np.random.Generator(np.random.PCG64(SEED)),
        as_of=as_of,
    )


def historical(desk: Desk, model: FactorModel, sessions: int) -> Sample:
    """Return every window of the last ``history_sessions``, all as probable."""
    windows = past(desk, model, sessions, desk.settings.history_sessions)
    equal = np.full(len(windows), 1 / len(windows))
    return Sample(Method.HISTORICAL, model, windows, equal)


def age_weighted(desk: Desk, model: FactorModel, sessions: int) -> Sample:
    """Return the same, less probable the older they are."""
    windows = past(desk, model, sessions, desk.settings.history_sessions)
    weights = exponential_weights(len(windows), desk.settings.half_life)
    return Sample(Method.AGE_WEIGHTED, model, windows, weights / weights.sum())


def filtered(desk: Desk, model: FactorModel, sessions: int) -> Sample:
    """Return the same, at the volatility of today."""
    rows = desk.settings.history_sessions
    windows = past(desk, model, sessions, rows)
    daily = windows if sessions == 1 else past(desk, model, 1, rows + sessions)
    scaled = rescaled(windows, daily)
    if not len(scaled):
        raise ModelError("too few sessions of history to know a volatility from")
    equal = np.full(len(scaled), 1 / len(scaled))
    return Sample(Method.FILTERED, model, scaled, equal)


def in_reversal(desk: Desk, model: FactorModel, sessions: int) -> Sample:
    """Return all of history, as probable as in a reversal of memory."""
    if MEMORY not in model.drivers:
        raise ModelError("there are no prices of the driver 'memory' to reverse")
    wide = past(desk, model, WINDOW_SESSIONS)
    moves = wide.drivers[:, model.drivers.index(MEMORY)]
    regime = reversal(model.history, MEMORY, wide.ends, moves)
    windows = wide if sessions == WINDOW_SESSIONS else past(desk, model, sessions)
    probabilities = within(regime, windows.ends, sessions)
    return Sample(Method.REVERSAL, model, windows, probabilities, regime)


@one_blas_thread
def with_views(sample: Sample, views: Sequence[View]) -> Sample:
    """Return the same scenarios, as probable as views of them say (Meucci 2008).

    Views are on drivers and instruments by name, in simple returns over the horizon;
    instruments in base currency.

    Raises
    ------
    UsageError
        If a view names what has no scenarios.
    ModelError
        If they are out of reach, or leave too few scenarios; with what is in reach.
    """
    if not views:
        return sample
    model, series = sample.model, sample.history.series
    count = len(model.instruments)
    local, fx = series[:, :count], series[:, count:][:, model.currency]
    known = np.flatnonzero(~np.isnan(local + fx).any(axis=0))
    columns = np.column_stack([sample.history.drivers, (local + fx)[:, known]])
    names = [*model.drivers, *(model.instruments[int(i)] for i in known)]
    said = pooled(sample.probabilities, np.expm1(columns), names, views)
    return replace(sample, probabilities=said.probabilities)


METHODS: dict[Method, Callable[[Desk, FactorModel, int], Sample]] = {
    Method.HISTORICAL: historical,
    Method.AGE_WEIGHTED: age_weighted,
    Method.FILTERED: filtered,
    Method.REVERSAL: in_reversal,
}
