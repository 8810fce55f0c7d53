"""Which windows a move of the core belongs to: calm and hectic ones, or pooled ones.

A reversal does not come out of an average week. Kim and Finger (2000) tell hectic
windows of the core from calm ones by a mixture of two normals; entropy pooling (Meucci
2008) bends the windows' probabilities until the core drifts on average as fast as the
scenario has it fall. Either gives a weight to every window, and the factor model is
estimated once more with these. Its means are left out as they are from all history:
what spreads a core move is how things move together, not the drift of the sample.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskplugin._typing import Codes, Cube, Flags, Matrix, Vector
from riskplugin.errors import ModelError
from riskplugin.factors.contract_rows import with_contracts
from riskplugin.factors.model import HISTORICAL, FactorModel, reweighted
from riskplugin.factors.pooling import (
    effective_number,
    entropy_pooling,
    independent_scenarios,
)
from riskplugin.returns import over_sessions

HECTIC, POOLED = "hectic", "pooled"
STARTS = (0.1, 0.25, 0.5)  # share of the widest windows that a fit starts from
TRIED, ROUNDS = 20, 5_000  # rounds of every start, and of the likeliest
CONVERGED = 1e-11  # gain of the log-likelihood per window
FLAT = 1e-10  # least eigenvalue of a correlation that is one
COLLAPSED = 1e-6  # of the variance of all windows, in any direction
FEWEST = 12.0  # independent windows that a regime needs


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """Two normals about one mean, calm and hectic, that K drivers' windows come from.

    Attributes
    ----------
    share : float
        Of the windows that are hectic, a priori.
    mean : ndarray of shape (K,)
        Per window, of both.
    covariances : ndarray of shape (2, K, K)
        Per window, calm first. The hectic one has the greater volume (determinant).
    log_likelihood, one_regime : float
        Of all windows, by the mixture and by one normal.
    """

    share: float
    mean: Vector
    covariances: Cube
    log_likelihood: float
    one_regime: float

    def posterior(self, windows: Matrix) -> Vector:
        """Return the probability that each window (T, K) is hectic, shape (T,).

        ``p f_h(x) / (p f_h(x) + (1 - p) f_c(x))``; NaN where a driver has no return.
        """
        full = ~np.isnan(windows).any(axis=1)
        joint = log_joint(windows[full] - self.mean, self.share, self.covariances)
        hectic = np.full(len(windows), np.nan)
        hectic[full] = np.exp(joint[1] - np.logaddexp(*joint))
        return hectic


def mixture(windows: Matrix, sessions: int) -> Mixture:
    """Fit the mixture of Kim and Finger (2000) by expectation-maximisation.

    Every round takes the share and the covariances from the posteriors and these from
    the former (Dempster, Laird and Rubin 1977), every window counting alike. It starts
    from the windows widest in the metric of their covariance, a tenth, a quarter or a
    half of them, and goes on from the likeliest: nothing is drawn. Both states have
    the mean of all windows, so that a state is one of volatility; means of their own
    fit a handful of windows on one side.

    Parameters
    ----------
    windows : ndarray of shape (T, K)
        Log returns; rows with a NaN are left out.
    sessions : int
        Sessions of a window. Overlapping windows count once: likelihoods are compared
        per independent window.

    Raises
    ------
    ModelError
        If the windows look like one regime: the mixture is no better than one normal
        by the criterion of Schwarz (1978), or a state is one of a few windows.
    """
    full = ~np.isnan(windows).any(axis=1)
    x = windows[full]
    count, drivers = x.shape
    if count < 10 * sessions * (drivers + 1):
        raise ModelError(f"{count} windows are too few to tell two regimes apart")
    mean = x.mean(axis=0)
    away = x - mean
    whole = away.T @ away / count
    if not moves_apart(whole):
        raise ModelError("the core does not move, or two of its drivers move as one")
    distance = np.einsum("tk,kl,tl->t", away, np.linalg.inv(whole), away)
    best = likeliest(away, distance)
    alone = float(log_normals(away, whole[None])[0].sum())
    more = 1 + drivers * (drivers + 1) / 2
    needed = 0.5 * more * np.log(count / sessions)
    apart = best is not None and stands(best, whole, count / sessions)
    if best is None or not apart or (best.log_likelihood - alone) / sessions < needed:
        raise ModelError(
            "the history of its core looks like one regime: no hectic windows stand "
            "apart from calm ones"
        )
    return Mixture(best.share, mean, best.covariances, best.log_likelihood, alone)


def moves_apart(covariance: Matrix) -> bool:
    """Whether every driver moves, and no two of them as one."""
    scale = np.sqrt(np.diag(covariance))
    if (scale == 0).any():
        return False
    return bool(np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] >= FLAT)


class State(NamedTuple):
    """Where expectation-maximisation stands; as in `Mixture`, calm first."""

    share: float
    covariances: Cube
    posterior: Vector
    log_likelihood: float


def likeliest(away: Matrix, distance: Vector) -> State | None:
    """Return where the most promising start ends; None if all diverge."""
    begun = [
        climbed(
            away, np.where(distance > np.quantile(distance, 1 - share), 0.9, 0.1), TRIED
        )
        for share in STARTS
    ]
    alive = [state for state in begun if state is not None]
    if not alive:
        return None
    best = max(alive, key=lambda state: state.log_likelihood)
    return climbed(away, best.posterior, ROUNDS)


def climbed(away: Matrix, posterior: Vector, rounds: int) -> State | None:
    """Return where the likelihood of windows (T, K) climbs to; None if it diverges."""
    state = one_round(away, posterior)
    for _ in range(rounds):
        if state is None:
            return None
        further = one_round(away, state.posterior)
        gain = np.inf if further is None else further.log_likelihood
        gain -= state.log_likelihood
        state = further
        if gain < CONVERGED * len(away):
            break
    return None if state is None else ordered(state)


def one_round(away: Matrix, posterior: Vector) -> State | None:
    """Return the parameters that posteriors imply, and what these make of them.

    None where a state is left with too few windows to have a covariance.
    """
    both = np.stack([1 - posterior, posterior])
    mass = both.sum(axis=1)
    if mass.min() < away.shape[1] + 1:
        return None
    covariances = (both[:, None, :] * away.T) @ away / mass[:, None, None]
    if (np.linalg.eigvalsh(covariances)[:, 0] <= 0).any():
        return None
    share = float(mass[1] / len(away))
    joint = log_joint(away, share, covariances)
    total = np.logaddexp(*joint)
    return State(share, covariances, np.exp(joint[1] - total), float(total.sum()))


def ordered(state: State) -> State:
    """Return the state with the greater volume as the hectic one."""
    share, covariances, posterior, likelihood = state
    calm, hectic = np.linalg.slogdet(covariances)[1]
    if hectic >= calm:
        return state
    return State(1 - share, covariances[::-1], 1 - posterior, likelihood)


def stands(state: State, whole: Matrix, independent: float) -> bool:
    """Whether neither state is one of a few windows, nor collapsed in any direction."""
    root = np.linalg.inv(np.linalg.cholesky(whole))
    least = np.linalg.eigvalsh(root @ state.covariances @ root.T)[:, 0].min()
    fewest = min(state.share, 1 - state.share) * independent
    return bool(least > COLLAPSED and fewest >= FEWEST)


def log_joint(away: Matrix, share: float, covariances: Cube) -> Matrix:
    """Return the log of share times density, calm and hectic, shape (2, T)."""
    parts = np.log([[1 - share], [share]])
    joint: Matrix = parts + log_normals(away, covariances)
    return joint


def log_normals(away: Matrix, covariances: Cube) -> Matrix:
    """Return the log densities of normals at the deviations (T, K), shape (S, T)."""
    roots = np.linalg.cholesky(covariances)
    z = np.linalg.solve(roots, away.T)
    extent = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    scale = extent + away.shape[1] * np.log(2 * np.pi)
    density: Matrix = -0.5 * ((z**2).sum(axis=1) + scale[:, None])
    return density


@dataclass(frozen=True, eq=False, slots=True)
class Regime:
    """The factor model that a scenario spreads by, and how much history is behind it.

    Attributes
    ----------
    model : FactorModel
    share : float
        Of the core's windows that are hectic, over its history; NaN unless hectic.
    effective : float
        Windows of equal weight of the same entropy.
    independent : float
        The same without overlap.
    """

    model: FactorModel
    share: float
    effective: float
    independent: float


def regime_of(
    model: FactorModel, propagation: str, core: Flags, moves: Vector, horizon: float
) -> Regime:
    """Return the regime in which a core move spreads, each told once per model.

    Parameters
    ----------
    model : FactorModel
        From all history.
    propagation : {"historical", "hectic", "pooled"}
    core : ndarray of bool, shape (J,)
        Which drivers the scenario fixes, a named zero included.
    moves : ndarray of shape (J,)
        Their log moves.
    horizon : float
        Sessions that they take.

    Raises
    ------
    ModelError
        If the regime cannot be told from the desk's windows, with the reason.
    """
    if propagation == HISTORICAL:
        return counted(model, np.nan)
    rows = np.flatnonzero(core)
    if not len(rows):
        raise ModelError(f"it names no driver, so no window is {propagation}")
    pace = moves[rows] * model.return_sessions / horizon
    key = (propagation, *rows.tolist(), *(pace if propagation == POOLED else ()))
    if key not in model.regimes:
        model.regimes[key] = told(model, propagation, rows, pace)
    found: Regime | str = model.regimes[key]
    if isinstance(found, str):
        raise ModelError(found)
    return found


def told(
    model: FactorModel, propagation: str, rows: Codes, pace: Vector
) -> Regime | str:
    """Return the regime of a core that falls at a pace, or why there is none."""
    try:
        if propagation == HECTIC:
            weights, share = hectic_weights(model, rows)
        else:
            weights, share = pooled_weights(model, rows, pace), np.nan
        own = reweighted(model, weights, propagation)
        terms = model.contracts.at(model.contracts.curved)
        return counted(with_contracts(own, terms), share)
    except ModelError as error:
        return str(error)


def counted(model: FactorModel, share: float) -> Regime:
    """Return a model with how many of its windows count.

    Raises
    ------
    ModelError
        If a regime has fewer than `FEWEST` that are independent.
    """
    full = ~np.isnan(model.driver_windows).any(axis=(0, 2))
    weights = np.where(full, model.weights, 0.0)
    weights /= weights.sum()
    found = independent_scenarios(weights, model.return_sessions)
    if model.regime != HISTORICAL and found < FEWEST:
        what = f"{found:.1f} independent windows; {FEWEST:g} are needed"
        raise ModelError(f"its {model.regime} weights leave {what}")
    return Regime(model, share, effective_number(weights), found)


def hectic_weights(model: FactorModel, rows: Codes) -> tuple[Vector, float]:
    """Return the windows' weights times their posterior of being hectic, and its share.

    The mixture is that of the core drivers `rows` over all their common history: what
    is hectic is told by the core, and a few calm years cannot tell it.
    """
    drivers = [model.drivers[int(row)] for row in rows]
    _, levels = model.history.together(drivers)
    sessions = model.return_sessions
    fitted = mixture(over_sessions(levels, sessions), sessions)
    hectic = fitted.posterior(model.driver_windows[0][:, rows])
    return model.weights * np.nan_to_num(hectic), fitted.share


def pooled_weights(model: FactorModel, rows: Codes, pace: Vector) -> Vector:
    """Return the probabilities nearest the windows' weights that fall at a pace.

    The view: the mean log return of each core driver over a window is its share of the
    move, ``pace = move x sessions / horizon``; of a driver held still it is zero. It is
    a view on the drift alone, as a reversal of many weeks is: no window holds all of
    it, but there are weeks that lose at its pace.

    Raises
    ------
    ModelError
        If no probabilities, or too few windows, hold the view; with what can be held.
    """
    windows = model.driver_windows
    full = ~np.isnan(windows).any(axis=(0, 2))
    weight = model.weights * full
    labels = [
        f"mean log return of {model.drivers[int(row)]} over {model.return_sessions} "
        "sessions"
        for row in rows
    ]
    views = np.where(full, windows[0][:, rows].T, 0.0)
    pooled = entropy_pooling(
        weight / weight.sum(), equalities=(views, pace), labels=labels
    )
    return pooled.probabilities
