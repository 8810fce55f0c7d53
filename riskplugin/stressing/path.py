"""The path of a book: every session of a scenario is a shock of its own."""

from dataclasses import dataclass, fields

import numpy as np

from riskplugin._typing import Matrix
from riskplugin.book import Book, Grouping
from riskplugin.factors.model import FactorModel
from riskplugin.factors.propagation import weighted_sum
from riskplugin.stressing.course import Course
from riskplugin.stressing.engine import Stressed, stress_groups
from riskplugin.stressing.margin import Called, called
from riskplugin.stressing.shock import ShockGrid


@dataclass(frozen=True, eq=False, slots=True)
class Unfolded:
    """What R sessions of S scenarios do to G groups: each of shape (G, R)."""

    course: Course
    stressed: Stressed
    called: Called


def path_groups(
    book: Book,
    grouping: Grouping,
    grid: ShockGrid,
    course: Course,
    confidence: float,
    unwind_share: float,
) -> Unfolded:
    """Return what every session of `course` does to every group of `book`.

    A session is a shock like any other, of what has been reached by then over the
    sessions that have passed; its parts and its band are those of `stress_groups`.
    What is unwound is unwound at the end: until then liquidity is 0. The last session
    is the one-shot stress by `grid` to the last bit.
    """
    along = path_grid(grid, course)
    done = stress_groups(book, grouping, along, confidence, 0.0)
    whole = stress_groups(book, grouping, grid, confidence, unwind_share)
    for part in fields(Stressed):
        getattr(done, part.name)[:, course.ends] = getattr(whole, part.name)
    return Unfolded(course, done, called(book, grouping, along))


def path_grid(grid: ShockGrid, course: Course) -> ShockGrid:
    """Return the shocks reached at every row of `course` by the shocks of `grid`.

    Names move as their tier does, drivers as their members on the mean, a driver
    without members and every currency in a straight line. Volatilities change as names
    move. The error of how drivers follow the core grows with their own moves.
    """
    model, rows = grid.model, course.scenario
    drivers = driver_shares(course, model)
    place = {tier: i for i, tier in enumerate(course.tiers)}
    names = course.share[:, [place[tier] for tier in model.tiers]]
    both = drivers[:, :, None] * drivers[:, None, :]
    kept = {f.name: getattr(grid, f.name)[rows] for f in fields(grid)[1:]}
    return ShockGrid(
        model,
        **{
            **kept,
            "drivers": kept["drivers"] * drivers,
            "completion": kept["completion"] * both,
            "horizon": course.session.astype(np.float64),
            "local": kept["local"] * names,
            "fx": kept["fx"] * course.passed[:, None],
            "volatility": kept["volatility"] * names,
        },
    )


def driver_shares(course: Course, model: FactorModel) -> Matrix:
    """Return the share of its log move that every driver has made, shape (R, J)."""
    tier_of = dict(zip(model.instruments, model.tiers, strict=True))
    counts = np.array(
        [
            [sum(tier_of[m] == tier for m in basket) for tier in course.tiers]
            for basket in model.members
        ],
        dtype=np.float64,
    ).reshape(len(model.members), len(course.tiers))
    count = counts.sum(axis=1)
    share = weighted_sum(course.share, counts)
    share[:, count == 0] = course.passed[:, None]
    mean: Matrix = share / np.maximum(count, 1.0)
    return mean


@dataclass(frozen=True, eq=False, slots=True)
class Worst:
    """The worst of each path, of shape (G, S).

    Attributes
    ----------
    pnl : ndarray
        Lowest P&L at any session, session 0 included: 0 if it never loses. NaN where
        the P&L of a session is unknown.
    session : ndarray
        First session with it.
    breach : ndarray
        First session with a loss of at least the loss asked for; NaN if none.
    """

    pnl: Matrix
    session: Matrix
    breach: Matrix


def worst_of(pnl: Matrix, course: Course, loss: float) -> Worst:
    """Return the worst of the paths `pnl` (G, R), and where they lose `loss`.

    A NaN for the loss is never lost.
    """
    groups, scenarios = len(pnl), len(course.starts)
    found = Worst(*np.full((3, groups, scenarios), np.nan))
    every = np.arange(groups)
    for s, (start, end) in enumerate(zip(course.starts, course.ends, strict=True)):
        path = pnl[:, start : end + 1]
        row = path.argmin(axis=1)
        found.pnl[:, s] = path[every, row]
        found.session[:, s] = np.where(np.isnan(found.pnl[:, s]), np.nan, row)
        broken = path <= -loss
        first = broken.argmax(axis=1).astype(np.float64)
        found.breach[:, s] = np.where(broken.any(axis=1), first, np.nan)
    return found


def highest_of(figures: Matrix, course: Course) -> Matrix:
    """Return the highest of `figures` (G, R) on each path, NaN if any is unknown."""
    starts = course.starts
    if not len(starts):
        return np.zeros((len(figures), 0))
    return np.maximum.reduceat(figures, starts, axis=1)
