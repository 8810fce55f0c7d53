"""Plausibility: distances, tails, the fit of a t, and counts by brute force."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, f, multivariate_t, t

from riskplugin.errors import ModelError
from riskplugin.factors.plausibility import (
    mahalanobis,
    record,
    student_t,
    tail_normal,
    tail_t,
    worst_windows,
)

# closed forms, derived, not published: the most plausible move that loses 0.25 with
# exposures (0.5, 0.3, 0.2); distance and chi-square tail in three dimensions
COVARIANCE = np.array([[0.04, 0.03, 0.036], [0.03, 0.0625, 0.06], [0.036, 0.06, 0.16]])
MOVE = np.array([[-0.1992294991744634, -0.25178866263071, -0.3742432581177766]])
DISTANCE, TAIL = 1.1729852221214703, 0.7111948336870664


def test_distance_and_normal_tail_of_a_known_move():
    distance = mahalanobis(COVARIANCE, MOVE)
    assert distance[0] == pytest.approx(DISTANCE, rel=1e-12)
    assert tail_normal(distance, 3)[0] == pytest.approx(TAIL, rel=1e-12)


def test_one_driver_is_a_two_sided_normal():
    distance = mahalanobis(np.array([[0.04]]), np.array([[-0.392]]))
    assert distance[0] == pytest.approx(1.96, rel=1e-12)
    assert tail_normal(distance, 1)[0] == pytest.approx(0.05, abs=1e-4)
    assert tail_normal(distance, 1)[0] == pytest.approx(chi2.sf(1.96**2, 1), rel=1e-12)


def test_t_tail_of_one_driver_is_that_of_a_scaled_t():
    """A t of 4 degrees has variance 2: at d deviations it stands at d sqrt(2)."""
    for distance in (0.5, 2.0, 6.0):
        expected = 2 * t.sf(distance * np.sqrt(2), 4)
        assert tail_t(np.array([distance]), 1, 4.0)[0] == pytest.approx(expected)


def test_t_tail_of_three_drivers_by_simulation():
    degrees = 5.0
    scale = COVARIANCE * (degrees - 2) / degrees
    draw = multivariate_t(shape=scale, df=degrees, seed=1).rvs(400_000)
    beyond = (mahalanobis(COVARIANCE, draw) > 2.5).mean()
    assert tail_t(np.array([2.5]), 3, degrees)[0] == pytest.approx(beyond, rel=0.02)
    exact = f.sf(2.5**2 * degrees / (degrees - 2) / 3, 3, degrees)
    assert tail_t(np.array([2.5]), 3, degrees)[0] == pytest.approx(exact, rel=1e-10)


def test_many_degrees_are_a_normal():
    at = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(tail_t(at, 2, 1e7), tail_normal(at, 2), rtol=1e-4)


# --- the fit -------------------------------------------------------------------------


def test_fit_of_one_driver_is_scipys():
    x = t.rvs(4, 0.001, 0.03, size=4_000, random_state=2)
    found = student_t(x[:, None])
    degrees, location, scale = t.fit(x)
    assert found.degrees == pytest.approx(degrees, rel=1e-3)
    assert found.location[0] == pytest.approx(location, abs=1e-5)
    assert np.sqrt(found.scale[0, 0]) == pytest.approx(scale, rel=1e-3)
    expected = t(degrees, location, scale).logpdf(x).sum()
    assert found.log_likelihood == pytest.approx(expected, abs=1e-3)


def test_known_degrees_of_two_drivers_come_back():
    shape = np.array([[4e-4, 1e-4], [1e-4, 9e-4]])
    x = multivariate_t([0.002, -0.001], shape, df=6, seed=3).rvs(30_000)
    found = student_t(x)
    assert found.degrees == pytest.approx(6, rel=0.06)
    np.testing.assert_allclose(found.scale, shape, rtol=0.05)
    expected = multivariate_t(found.location, found.scale, found.degrees)
    assert found.log_likelihood == pytest.approx(expected.logpdf(x).sum(), rel=1e-9)


def test_normal_windows_have_many_degrees():
    x = np.random.default_rng(4).normal(0, 0.05, (20_000, 1))
    assert student_t(x).degrees > 50


def test_too_few_windows_have_no_degrees():
    with pytest.raises(ModelError, match="59 windows are too few"):
        student_t(np.random.default_rng(5).normal(size=(59, 1)))
    with pytest.raises(ModelError, match="does not move"):
        student_t(np.zeros((100, 1)))


# --- the count -----------------------------------------------------------------------


def most_disjoint(starts, horizon):
    """The most starts that lie apart, by going through every choice."""
    if not starts:
        return 0
    first, *rest = starts
    with_first = 1 + most_disjoint([s for s in rest if s >= first + horizon], horizon)
    return max(with_first, most_disjoint(rest, horizon))


walks = st.integers(0, 2**32 - 1).map(
    lambda seed: (
        np.random.default_rng(seed).normal(0, 0.05, (26, 2)).cumsum(axis=0),
        np.random.default_rng(seed).integers(1, 7),
    )
)


@settings(max_examples=200, deadline=None)
@given(walks, st.floats(-0.25, 0.25), st.floats(-0.25, 0.25))
def test_count_is_the_most_that_can_be_chosen(walk, one, other):
    levels, horizon = walk
    moves = np.array([one, other])
    starts = []
    for start in range(len(levels) - horizon):
        moved = levels[start + horizon] - levels[start]
        far = [
            m <= move if move < 0 else m >= move
            for m, move in zip(moved, moves, strict=True)
            if move
        ]
        if far and all(far):
            starts.append(start)
    found = record(levels, moves, int(horizon))
    assert found.as_bad == most_disjoint(starts, horizon)
    assert found.windows == (len(levels) - 1) // horizon
    assert found.as_bad <= found.windows


def test_count_by_hand():
    """Falls of 10 % over two sessions: rows 0-2, 2-4 and 7-9, neighbours touching."""
    level = np.log([1, 0.95, 0.9, 0.85, 0.8, 0.8, 0.82, 0.9, 0.85, 0.8])[:, None]
    found = record(level, np.log([0.9]), 2)
    assert (found.windows, found.as_bad) == (4, 3)


def test_a_driver_held_still_does_not_count():
    levels = np.random.default_rng(6).normal(0, 0.05, (500, 2)).cumsum(axis=0)
    both = record(levels, np.array([-0.1, 0.0]), 20)
    alone = record(levels[:, :1], np.array([-0.1]), 20)
    assert both == alone
    assert record(levels, np.zeros(2), 20).as_bad == 0


def test_a_history_shorter_than_the_horizon_holds_nothing():
    assert record(np.zeros((10, 1)), np.array([-0.1]), 10) == (0, 0)
    assert record(np.zeros((11, 1)), np.array([-0.1]), 10) == (1, 0)


def test_worst_windows_do_not_overlap_and_get_milder():
    levels = np.random.default_rng(7).normal(0, 0.02, (800, 1)).cumsum(axis=0)
    dates = np.arange("2020-01-01", 800, dtype="datetime64[D]")
    found = worst_windows(levels, dates, np.array([-0.2]), 20, 4)
    windows = levels[20:, 0] - levels[:-20, 0]
    assert found[0].moves[0] == windows.min()
    assert found[0].start == dates[windows.argmin()]
    moves = [w.moves[0] for w in found]
    assert moves == sorted(moves)
    ends = sorted((w.start, w.end) for w in found)
    assert all(b[0] >= a[1] for a, b in pairwise(ends))
    risen = worst_windows(levels, dates, np.array([0.2]), 20, 1)
    assert risen[0].moves[0] == windows.max()
    assert worst_windows(levels, dates, np.array([0.0]), 20, 1) == []
