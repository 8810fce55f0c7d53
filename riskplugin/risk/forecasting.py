"""Walk-forward forecasts on the P&L history of today's book.

Each forecast of value at risk and expected shortfall is made from the rows before its
own: nothing of the row itself or later is looked at. Order statistics throughout
(`riskplugin.risk.order_statistics`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from numbers import Integral

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from riskplugin._typing import Cube, Matrix
from riskplugin.errors import ModelError, UsageError
from riskplugin.risk.order_statistics import sample_tail, tail_of, weighted_tail
from riskplugin.risk.track import TrackRecord, checked_horizon, known

CHUNK = 2**21  # numbers held at a time
HALF_LIVES = 2  # of rows that feed the volatility before any is scaled by it
Tail = Callable[[Cube], tuple[Matrix, Matrix]]


@dataclass(frozen=True, eq=False, slots=True)
class Forecasts:
    """Forecasts of F rows in sequence for G groups.

    Attributes
    ----------
    first_row : int
        Row of the P&L history that the first forecast was made for; the last is the
        last row that `horizon_sessions` can still follow from.
    value_at_risk, expected_shortfall : ndarray of shape (F, G)
        Loss > 0, over `horizon_sessions` from the row on.
    confidence : float
    horizon_sessions : int
    """

    first_row: int
    value_at_risk: Matrix
    expected_shortfall: Matrix
    confidence: float
    horizon_sessions: int

    def __post_init__(self) -> None:
        self.value_at_risk.flags.writeable = False
        self.expected_shortfall.flags.writeable = False


def over_horizon(pnl: Matrix, sessions: int) -> Matrix:
    """Return sums over `sessions` rows from each on, shape (T - sessions + 1, G)."""
    windows = sliding_window_view(pnl, sessions, axis=0)
    total: Matrix = windows.sum(axis=-1)
    return total


def track_record(forecasts: Forecasts, pnl: Matrix, group: int = 0) -> TrackRecord:
    """Return forecasts of a group beside what came, from the same history (T, G)."""
    came = over_horizon(pnl, forecasts.horizon_sessions)[forecasts.first_row :]
    return TrackRecord(
        came[:, group],
        forecasts.value_at_risk[:, group],
        forecasts.expected_shortfall[:, group],
        forecasts.confidence,
        forecasts.horizon_sessions,
    )


def historical_forecasts(
    pnl: Matrix, window: int, confidence: float, horizon_sessions: int = 1
) -> Forecasts:
    """Return forecasts by historical simulation: every row of the window counts alike.

    Parameters
    ----------
    pnl : ndarray of shape (T, G)
        P&L a session, profit > 0, in chronological order; no missing values.
    window : int
        Rows before each row that its forecast is made from. Of fewer than ``1 / alpha``
        the worst loss stands for value at risk and expected shortfall alike, and is
        too low for both.
    confidence : float
        0.99.
    horizon_sessions : int
        If more than 1, the sums of so many neighbouring rows inside the window, which
        overlap, stand for the P&L over the horizon: ``window - horizon + 1`` of them.

    Raises
    ------
    UsageError
        For missing values, with how many and where; a window that is shorter than the
        horizon, or leaves no row to forecast.
    """
    history = known("pnl", pnl, 2)
    alpha = tail_of(confidence)
    first = checked_window(history, window, horizon_sessions)
    tails = rolled(
        history, window, horizon_sessions, lambda losses: sample_tail(losses, alpha)
    )
    return Forecasts(first, *tails, confidence, horizon_sessions)


def age_weighted_forecasts(
    pnl: Matrix,
    window: int,
    confidence: float,
    half_life: float,
    horizon_sessions: int = 1,
) -> Forecasts:
    """Return forecasts in which a row counts half after every `half_life` sessions.

    Probabilities ``2^(-age / half_life)``, made to sum to 1, on the losses of
    `historical_forecasts`; no interpolation between losses. Source: Boudoukh,
    Richardson and Whitelaw, The Best of Both Worlds, Risk 11(5), 1998.

    Parameters
    ----------
    pnl, window, confidence, horizon_sessions
        As for `historical_forecasts`.
    half_life : float
        Sessions; the paper's decay of 0.98 is a half-life of 34.

    Raises
    ------
    UsageError
        As `historical_forecasts`.
    """
    history = known("pnl", pnl, 2)
    alpha = tail_of(confidence)
    first = checked_window(history, window, horizon_sessions)
    age = np.arange(window - horizon_sessions, -1, -1)
    weight = 0.5 ** (age / checked_half_life(half_life))
    probabilities = weight / weight.sum()
    tails = rolled(
        history,
        window,
        horizon_sessions,
        lambda losses: weighted_tail(losses, probabilities, alpha),
    )
    return Forecasts(first, *tails, confidence, horizon_sessions)


def volatility_scaled_forecasts(
    pnl: Matrix,
    window: int,
    confidence: float,
    half_life: float,
    horizon_sessions: int = 1,
) -> Forecasts:
    """Return forecasts from rows scaled to the volatility of the forecast's date.

    Each row of the window is divided by its own volatility, known before it, and
    multiplied by that known before the forecast; then as `historical_forecasts`. The
    volatility is exponentially weighted (`known_volatility`). Rows feed it for two half
    lives before any is scaled by it, so that forecasts start so many rows later.
    Source: Hull and White, Incorporating Volatility Updating into the Historical
    Simulation Method for Value-at-Risk, Journal of Risk 1(1), 1998.

    Parameters
    ----------
    pnl, window, confidence, horizon_sessions
        As for `historical_forecasts`.
    half_life : float
        Of the squares in the volatility, sessions; a decay of 0.94 is 11.2.

    Raises
    ------
    UsageError
        As `historical_forecasts`.
    ModelError
        Where a group that stood still until then moves: nothing to scale by.
    """
    history = known("pnl", pnl, 2)
    alpha = tail_of(confidence)
    settling = ceil(HALF_LIVES * checked_half_life(half_life))
    first = settling + checked_window(history[settling:], window, horizon_sessions)
    volatility = known_volatility(history, half_life)
    scaled = standardised(history[settling:], volatility[settling:-1], settling)
    value_at_risk, shortfall = rolled(
        scaled, window, horizon_sessions, lambda losses: sample_tail(losses, alpha)
    )
    at_date = volatility[first : first + len(value_at_risk)]
    return Forecasts(
        first,
        value_at_risk * at_date,
        shortfall * at_date,
        confidence,
        horizon_sessions,
    )


def known_volatility(pnl: Matrix, half_life: float) -> Matrix:
    """Return the volatility known before each row and after the last, (T + 1, G).

    The root of the mean of all earlier squares with weights ``2^(-age / half_life)``:
    the mean of P&L is taken to be 0. NaN before the first row.
    """
    decay = 0.5 ** (1.0 / half_life)
    squares = np.full((len(pnl) + 1, pnl.shape[1]), np.nan)
    total, weight = np.zeros(pnl.shape[1]), 0.0
    for row, values in enumerate(pnl):
        total = decay * total + values**2
        weight = decay * weight + 1.0
        squares[row + 1] = total / weight
    volatility: Matrix = np.sqrt(squares)
    return volatility


def standardised(pnl: Matrix, volatility: Matrix, offset: int) -> Matrix:
    """Return P&L over its volatility (T, G); 0 where a group has only stood still.

    `offset` is the row of the history that the first row is.
    """
    still = volatility == 0.0
    moved = np.argwhere(still & (pnl != 0.0))
    if len(moved):
        row, column = (int(i) for i in moved[0])
        raise ModelError(
            f"the P&L of column {column} is 0 in every row before row {row + offset} "
            "(from 0) and moves there: no volatility to scale by; leave out the rows "
            "without history, or forecast by historical simulation"
        )
    scaled = np.zeros_like(pnl)
    np.divide(pnl, volatility, out=scaled, where=~still)
    return scaled


def rolled(pnl: Matrix, window: int, horizon: int, tail: Tail) -> tuple[Matrix, Matrix]:
    """Return the tail of every window of rows that a forecast can be made from.

    In chunks of forecasts, so that memory does not grow with them.
    """
    sums = over_horizon(pnl, horizon)
    # the forecast for row t sees the sums that start in t - window to t - horizon
    views = sliding_window_view(sums, window - horizon + 1, axis=0)
    count = len(pnl) - window - horizon + 1
    value_at_risk = np.empty((count, pnl.shape[1]))
    shortfall = np.empty_like(value_at_risk)
    for rows in blocks(count, views[0].size):
        value_at_risk[rows], shortfall[rows] = tail(-views[rows])
    return value_at_risk, shortfall


def blocks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of `count` items of `size` numbers each that fit together."""
    step = max(1, CHUNK // size)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def checked_window(pnl: Matrix, window: int, horizon: int) -> int:
    """Return the first row that has a whole window before it."""
    checked_horizon(horizon)
    if not isinstance(window, Integral) or window < horizon:
        raise UsageError(
            f"window is {window!r}; give whole rows, not fewer than the horizon of "
            f"{horizon}"
        )
    if len(pnl) < window + horizon:
        raise UsageError(
            f"{len(pnl)} usable rows leave nothing to forecast with a window of "
            f"{window} and a horizon of {horizon}: give more history or a shorter one"
        )
    return int(window)


def checked_half_life(half_life: float) -> float:
    """Return a half-life above 0."""
    if not 0.0 < half_life < float("inf"):
        raise UsageError(f"half_life is {half_life!r}; give sessions, above 0")
    return half_life
