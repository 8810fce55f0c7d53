"""How plausible a core move is. Not how probable the scenario is: nobody knows that.

Three answers, on the drivers that a scenario names and no others, as in many
dimensions everything looks implausible (Breuer et al. 2009): how many standard
deviations of its horizon the move is long, what share of a normal and of a Student t
lies as far out, and how often the drivers' own history held such a move.
"""

from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.errors import ModelError

FEWEST_DEGREES, MOST_DEGREES = (
    2.1,
    1_000.0,
)  # a covariance exists; normal in all but name
FIRST_DEGREES, ROUNDS = 8.0, 500
CONVERGED = 1e-9
FEWEST_WINDOWS = 60


def mahalanobis(covariance: Matrix, moves: Matrix) -> Vector:
    """Return ``sqrt(s' C^-1 s)`` for each of the moves s (S, K), shape (S,).

    Parameters
    ----------
    covariance : ndarray of shape (K, K)
        C, over the horizon of the moves; positive definite.
    moves : ndarray of shape (S, K)
        Log moves, about a mean of zero.
    """
    root = np.linalg.cholesky(covariance)
    z = np.linalg.solve(root, moves.T)
    distance: Vector = np.sqrt((z**2).sum(axis=0))
    return distance


def tail_normal(distance: Vector, drivers: int) -> Vector:
    """Return the share of a normal in K drivers that lies further out: of chi-square.

    ``P(chi2_K > d^2)``; two-sided, as a distance has no sign.
    """
    from scipy.special import chdtrc  # noqa: PLC0415

    tail: Vector = chdtrc(drivers, np.square(distance))
    return tail


def tail_t(distance: Vector, drivers: int, degrees: float) -> Vector:
    """Return the share of a Student t of the same covariance that lies further out.

    ``P(F_K,n > d^2 n / ((n - 2) K))``: with scale ``C (n - 2) / n`` the t has the
    covariance C. It takes the whole horizon as one draw as fat-tailed as a window;
    the sum of independent windows would lie nearer to a normal.
    """
    from scipy.special import fdtrc  # noqa: PLC0415

    ratio = np.square(distance) * degrees / ((degrees - 2) * drivers)
    tail: Vector = fdtrc(drivers, degrees, ratio)
    return tail


class StudentT(NamedTuple):
    """A Student t: location (K,), scale (K, K), degrees of freedom, log-likelihood."""

    location: Vector
    scale: Matrix
    degrees: float
    log_likelihood: float


def student_t(windows: Matrix) -> StudentT:
    """Fit a Student t by maximum likelihood, every window counting alike.

    Location and scale by ``w = (n + K) / (n + d^2)``, degrees n by the likelihood
    itself in between: the ECME of Liu and Rubin (1995). Degrees lie between 2.1, so
    that there is a covariance, and 1,000, where the normal ends.

    Parameters
    ----------
    windows : ndarray of shape (T, K)
        Log returns; rows with a NaN are left out.

    Raises
    ------
    ModelError
        If there are fewer than 60 windows, or they do not move.
    """
    x = windows[~np.isnan(windows).any(axis=1)]
    if len(x) < FEWEST_WINDOWS:
        raise ModelError(f"{len(x)} windows are too few for degrees of freedom")
    scale = covariance_of(x)
    if np.linalg.eigvalsh(scale)[0] <= 0:
        raise ModelError("the core does not move, or two of its drivers move as one")
    fitted = StudentT(x.mean(axis=0), scale, FIRST_DEGREES, -np.inf)
    for _ in range(ROUNDS):
        before, fitted = fitted, one_round(x, fitted)
        if fitted.log_likelihood - before.log_likelihood < CONVERGED * len(x):
            break
    return fitted


def one_round(x: Matrix, t: StudentT) -> StudentT:
    """Return the location and scale that weights imply, and the likeliest degrees."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    square = mahalanobis(t.scale, x - t.location) ** 2
    weight = (t.degrees + x.shape[1]) / (t.degrees + square)
    location = weight @ x / weight.sum()
    away = x - location
    scale = (away * weight[:, None]).T @ away / len(x)
    square = mahalanobis(scale, away) ** 2
    found = minimize_scalar(
        lambda log_n: -log_t(square, scale, float(np.exp(log_n))),
        bounds=(np.log(FEWEST_DEGREES), np.log(MOST_DEGREES)),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return StudentT(location, scale, float(np.exp(found.x)), -float(found.fun))


def covariance_of(x: Matrix) -> Matrix:
    """Return the covariance (K, K) of the rows of (T, K)."""
    away = x - x.mean(axis=0)
    covariance: Matrix = away.T @ away / len(x)
    return covariance


def log_t(square: Vector, scale: Matrix, degrees: float) -> float:
    """Return the log-likelihood of a t at squared distances (T,) by its scale."""
    from scipy.special import gammaln  # noqa: PLC0415

    drivers = len(scale)
    constant = (
        gammaln((degrees + drivers) / 2)
        - gammaln(degrees / 2)
        - drivers / 2 * np.log(degrees * np.pi)
        - np.linalg.slogdet(scale)[1] / 2
    )
    kernel = (degrees + drivers) / 2 * np.log1p(square / degrees).sum()
    return float(len(square) * constant - kernel)


class Record(NamedTuple):
    """What a history holds of moves at least as bad over a horizon.

    `windows` is how many windows without overlap fit in; `as_bad` the most of them,
    wherever they start, that were at least as bad.
    """

    windows: int
    as_bad: int


def as_bad_as(levels: Matrix, moves: Vector, horizon: int) -> Flags:
    """Whether each window of (T, K) levels moved at least as far in every driver.

    A fall counts if it is as deep, a rise if it is as high; a driver held still (0)
    has no worse side and does not count. Shape (T - horizon,); none if nothing moves.
    """
    windows = (
        levels[horizon:] - levels[:-horizon] if len(levels) > horizon else levels[:0]
    )
    moved = moves != 0
    side = np.sign(moves[moved])
    far = side * windows[:, moved] >= np.abs(moves[moved])
    bad: Flags = far.all(axis=1) if moved.any() else np.zeros(len(windows), bool)
    return bad


def record(levels: Matrix, moves: Vector, horizon: int) -> Record:
    """Return how often history held a move at least as bad.

    The windows that count do not overlap (one may start at the close where another
    ends). They are as many as can be chosen, so that the count does not hang on where
    counting starts: always the next one that ends first, which is the most there can
    be. A count by a fixed calendar is never higher.

    Parameters
    ----------
    levels : ndarray of shape (T, K)
        Log levels of the drivers, a row a session.
    moves : ndarray of shape (K,)
        Log moves.
    horizon : int
        Sessions, >= 1.
    """
    bad = np.flatnonzero(as_bad_as(levels, moves, horizon))
    return Record(
        (len(levels) - 1) // horizon if len(levels) else 0, len(disjoint(bad, horizon))
    )


def disjoint(starts: Codes, horizon: int) -> list[int]:
    """Return as many of the ascending starts as lie `horizon` apart, earliest first."""
    chosen: list[int] = []
    for start in starts:
        if not chosen or start >= chosen[-1] + horizon:
            chosen.append(int(start))
    return chosen


class Worst(NamedTuple):
    """The first and last day of a window and its moves (K,), in logs."""

    start: np.datetime64
    end: np.datetime64
    moves: Vector


def worst_windows(
    levels: Matrix, dates: Dates, moves: Vector, horizon: int, count: int
) -> list[Worst]:
    """Return the worst windows of a history that do not overlap, the worst first.

    The worse the further along the move: least in ``x' s`` over the drivers' own
    standard deviations where several move. None for a move of zero.
    """
    if len(levels) <= horizon or not moves.any():
        return []
    windows = levels[horizon:] - levels[:-horizon]
    deviation = windows.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)  # a driver that never moved
    size = (windows / scale) @ (moves / scale)
    found: list[Worst] = []
    taken: list[int] = []
    for row in np.argsort(-size, kind="stable"):
        if len(found) == count or size[row] <= 0:
            break
        if all(abs(int(row) - other) >= horizon for other in taken):
            taken.append(int(row))
            found.append(Worst(dates[row], dates[row + horizon], windows[row]))
    return found
