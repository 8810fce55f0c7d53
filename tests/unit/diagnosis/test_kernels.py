"""The doctor's kernels, against figures worked out by hand and plain loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from riskplugin.diagnosis.jumps import JumpKind, level_changes, named
from riskplugin.diagnosis.labels import LATE, SAME, displaced, scan, slope
from riskplugin.diagnosis.references import (
    BLOCK,
    local_scale,
    others_median,
    own_returns,
    peer_moves,
    sessions_of,
)
from riskplugin.diagnosis.runs import missing_runs, repeated_blocks, stale_runs

NAN = np.nan


def test_others_median_is_numpys_of_the_rest():
    draw = np.random.default_rng(1)
    for width in (1, 2, 5, 8):
        values = draw.normal(size=(60, width)).round(1)  # with ties
        values[draw.random(values.shape) < 0.25] = NAN
        found = others_median(values)
        for t, i in np.ndindex(values.shape):
            rest = np.delete(values[t], i)
            rest = rest[~np.isnan(rest)]
            wanted = np.median(rest) if len(rest) >= 2 else NAN
            assert_allclose(found[t, i], wanted, err_msg=f"{width} {t} {i}")


def test_a_shifted_minority_does_not_move_the_reference():
    values = np.array([[9.0, 9.0, 0.01, 0.01, 0.01, 0.01, 0.01]])
    assert_allclose(others_median(values)[0], 0.01)


def test_own_returns_reach_over_gaps():
    log = np.array([[1.0, NAN], [NAN, 2.0], [1.5, NAN], [1.6, 2.5]])
    wanted = [[NAN, NAN], [NAN, NAN], [0.5, NAN], [0.1, 0.5]]
    assert_allclose(own_returns(log), wanted)


def test_a_group_that_jumps_as_one_does_not_excuse_its_members():
    returns = np.array([[4.6, 4.6, 4.6, 0.1]])
    moves = peer_moves(returns, np.array([0, 0, 0, 1]))
    assert_allclose(moves, [[0.4, 0.4, 0.4, 0.0]])


def test_scale_is_that_of_a_normal_and_of_the_loudest_block_near():
    draw = np.random.default_rng(2)
    assert local_scale(draw.normal(0, 0.02, 40_000)).mean() == pytest.approx(
        0.023, abs=0.003
    )  # the largest of three blocks, somewhat above 0.02
    loud = np.full(5 * BLOCK, 0.01)
    loud[2 * BLOCK : 3 * BLOCK] = 0.1
    at = local_scale(loud)[::BLOCK]
    assert_allclose(at, np.array([0.01, 0.1, 0.1, 0.1, 0.01]) * 1.4826)


def test_sessions_are_what_most_others_trade():
    there = np.ones((4, 5), bool)
    there[1] = [True, False, False, False, False]  # one feed with a holiday row
    session = sessions_of(there)
    assert session[[0, 2, 3]].all()
    assert not session[1].any()
    assert not sessions_of(there[:, :3]).any()  # two others say nothing


# --- jumps ---------------------------------------------------------------------------


def flat(*moves):
    """Return 200 quiet residuals of 1 % with some moves in them."""
    residual = 0.01 * np.where(np.arange(200) % 2, 1.0, -1.0)
    for place, move in moves:
        residual[place] = move
    return residual, np.full(200, 0.01)


@pytest.mark.parametrize(
    ("move", "kind", "ratio"),
    [
        (np.log(0.5), JumpKind.SPLIT, 0.5),
        (np.log(10), JumpKind.SPLIT, 10),
        (np.log(1.5), JumpKind.SPLIT, 1.5),
        (np.log(0.01), JumpKind.UNIT, 0.01),
        (np.log(1000), JumpKind.UNIT, 1000),
        (np.log(1.72), JumpKind.UNKNOWN, 1.72),
        (np.log(1 / 1350), JumpKind.CURRENCY, 1 / 1350),
    ],
)
def test_a_level_that_stays_is_named_by_its_ratio(move, kind, ratio):
    rates = {"USD": np.full(200, np.log(1 / 1350))}
    (jump,) = level_changes(*flat((100, move)), rates)
    assert (jump.kind, jump.first, jump.stays) == (kind, 100, True)
    assert jump.ratio == pytest.approx(ratio)


def test_a_level_that_comes_back_has_an_end():
    (jump,) = level_changes(*flat((50, np.log(100)), (70, -np.log(100))), {})
    assert (jump.kind, jump.first, jump.last) == (JumpKind.UNIT, 50, 69)
    assert not jump.stays


@pytest.mark.parametrize(("out", "back"), [(116.0, 100.0), (100.0, 1 / 0.0086)])
def test_news_on_one_of_its_days_does_not_hide_a_unit(out, back):
    (jump,) = level_changes(*flat((50, np.log(out)), (70, -np.log(back))), {})
    assert (jump.kind, jump.ratio) == (JumpKind.UNIT, pytest.approx(100))
    assert np.exp(jump.back) == pytest.approx(1 / back)
    news = flat((50, np.log(116)), (70, -np.log(116)))
    assert [j.kind for j in level_changes(*news, {})] == [JumpKind.UNKNOWN]


def test_a_spike_is_one_close_and_not_a_jump_that_stays():
    (jump,) = level_changes(*flat((50, 0.08), (51, -0.08)), {})
    assert (jump.kind, jump.first, jump.last) == (JumpKind.SPIKE, 50, 50)
    assert jump.scales == pytest.approx(8)
    assert level_changes(*flat((50, 0.08)), {}) == []
    assert level_changes(*flat((50, 0.08), (51, -0.02)), {}) == []


def test_a_rate_near_one_is_no_evidence_of_a_currency():
    residual, scale = flat((100, -0.39))
    jump = named(100, 199, residual, scale, {"EUR": np.full(200, -0.09)})
    assert jump.kind is not JumpKind.CURRENCY


# --- runs ----------------------------------------------------------------------------


def walk(rows=1000, seed=3):
    return np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, rows)))


def test_a_stale_run_is_judged_by_the_instruments_own_habit():
    price = walk()
    price[500:505] = price[499]
    (run,) = stale_runs(price)
    assert (run.first, run.last) == (500, 504)
    # no other run: p = (1 + 1) / (995 + 2), so 1000 p^5
    assert run.expected <= 1000 * (2 / 247) ** 5
    coarse = np.repeat(walk(), 5)[:1000]  # changes once a week
    assert stale_runs(coarse) == []


def test_missing_sessions_do_not_count_closed_days():
    there = np.array([1, 0, 0, 0, 1, 0, 1, 0], bool)
    session = np.array([1, 1, 0, 1, 1, 0, 1, 1], bool)
    assert [(r.first, r.last) for r in missing_runs(there, session)] == [(1, 3)]
    assert missing_runs(np.zeros(8, bool), session) == []


def test_a_repeated_week_is_found_with_where_it_stood():
    price = walk()
    price[300:305] = price[295:300]
    (repeat,) = repeated_blocks(price)
    assert repeat == (300, 304, 5)
    price[600:612] = price[100:112]
    assert repeated_blocks(price)[1] == (600, 611, 500)


def test_a_coarse_tick_repeats_a_week_by_chance():
    draw = np.random.default_rng(4)
    price = 9 + np.cumsum(draw.choice([-1, 0, 1], 3000)) % 16 / 16
    assert repeated_blocks(price) == []


# --- labels --------------------------------------------------------------------------


def two_series(late, noise=0.01):
    draw = np.random.default_rng(5)
    world = draw.normal(0, 0.01, 600)
    own = np.roll(world, late) + draw.normal(0, noise, 600)
    return own[:, None], world[:, None]


@pytest.mark.parametrize("late", [-2, -1, 0, 1, 2])
def test_a_displacement_has_the_sign_of_the_lateness(late):
    only_same = (LATE == 0)[:, None]
    found = scan(*two_series(late))
    assert displaced(found, only_same)[-1, 0] == late


def test_correlations_are_numpys():
    own, world = two_series(1)
    own[100:150] = NAN
    found = scan(own, world).correlation[-1, :, 0]
    for place, late in enumerate(LATE):
        x, y = (
            own[max(late, 0) : 600 + min(late, 0), 0],
            world[max(-late, 0) : 600 - max(late, 0), 0],
        )
        both = ~np.isnan(x)
        assert_allclose(found[place], np.corrcoef(x[both], y[both])[0, 1])


def test_seoul_before_new_york_is_no_fault():
    usual = np.isin(LATE, (0, 1))[:, None]
    assert (displaced(scan(*two_series(1)), usual) == 0).all()
    assert displaced(scan(*two_series(2)), usual)[-1, 0] == 2


def test_a_series_of_its_own_is_not_displaced():
    own, world = two_series(0, noise=1.0)
    assert (displaced(scan(own, world), (LATE == 0)[:, None]) == 0).all()
    assert LATE[SAME] == 0


def test_slope_is_polyfits():
    own, world = two_series(0)
    beta, fit = slope(own[:, 0], world[:, 0])
    assert beta == pytest.approx(np.polyfit(world[:, 0], own[:, 0], 1)[0])
    assert fit == pytest.approx(np.corrcoef(own[:, 0], world[:, 0])[0, 1])
