"""Trades that are decided on, beside hand, closed forms and linprog's own HiGHS."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from riskplugin.errors import ModelError
from riskplugin.hedging import solving
from riskplugin.hedging.attempt import Attempt, Status
from riskplugin.hedging.conic import by_cone
from riskplugin.hedging.planes import by_planes
from riskplugin.hedging.problem import Goal, Problem, Spread, Tail, Trades
from riskplugin.hedging.solving import Outcome, solved

BOTH = pytest.mark.parametrize("solver", [by_cone, by_planes])


def selling(gain, cost, most=np.inf, impact=0.0, exposure=()):
    """One trade a column: sell a lot, which gains so much per scenario."""
    gain, cost = np.atleast_2d(gain), np.atleast_1d(np.asarray(cost, dtype=float))
    count = gain.shape[1]
    return Trades(
        instrument=np.arange(count),
        sign=-np.ones(count),
        most=np.broadcast_to(np.asarray(most, dtype=float), count).copy(),
        gain=gain.astype(float),
        cost=np.broadcast_to(cost, count).copy(),
        impact=np.broadcast_to(np.asarray(impact, dtype=float), count).copy(),
        exposure=np.asarray(exposure, dtype=float).reshape(-1, count),
        sample=np.zeros((0, count)),
    )


def limited(trades, pnl, max_loss, **more):
    pnl = np.atleast_1d(np.asarray(pnl, dtype=float))
    floor = np.broadcast_to(-np.asarray(max_loss, dtype=float), len(pnl)).copy()
    none = np.zeros(0)
    given = {"exposure": none, "low": none, "high": none, **more}
    return Problem(trades, pnl, floor, **given)


def two_sided(seed, names=4, scenarios=3):
    """Random names to buy or sell, each at its own cost, some capped."""
    rng = np.random.default_rng(seed)
    per_lot = rng.normal(-30, 20, (scenarios, names))
    sign = np.tile([1.0, -1.0], names)
    trades = Trades(
        instrument=np.repeat(np.arange(names), 2),
        sign=sign,
        most=np.where(rng.random(2 * names) < 0.5, 8_000.0, 40_000.0),
        gain=np.repeat(per_lot, 2, axis=1) * sign - 0.02,
        cost=rng.uniform(0.05, 0.5, 2 * names),
        impact=np.zeros(2 * names),
        exposure=np.repeat(rng.uniform(40, 90, (1, names)), 2, axis=1) * sign,
        sample=np.zeros((0, 2 * names)),
    )
    pnl = -rng.uniform(0.4e6, 1e6, scenarios)
    return Problem(
        trades,
        pnl,
        0.4 * pnl,
        np.array([2e6]),
        np.array([0.5e6]),
        np.array([2.2e6]),
    )


# --- by hand -------------------------------------------------------------------------


def test_one_instrument_and_one_scenario_is_the_loss_over_the_gain_rounded_up():
    """(1,000,000 - 400,000) / 700 = 857.14, so 858 lots."""
    problem = limited(selling([[700.0]], [3.0]), -1e6, 4e5)
    found = solved(problem, Goal.CHEAPEST)
    assert found.outcome is Outcome.MET
    np.testing.assert_array_equal(found.lots, [858.0])
    assert found.exact[0] == pytest.approx(6e5 / 700, rel=1e-6)
    assert problem.cost(found.lots) == 3.0 * 858
    assert problem.missed(found.lots) == 0


def test_a_limit_costs_what_a_lot_costs_over_what_it_gains():
    found = solved(limited(selling([[700.0]], [3.0]), -1e6, 4e5), Goal.CHEAPEST)
    assert found.shadow.scenario[0] == pytest.approx(3 / 700, rel=1e-5)


def test_the_better_value_is_taken_first_and_the_next_after_its_cap():
    """Gains 10 for 1 and 10 for 2: the cap of 50 first, then 50 of the other."""
    trades = selling([[10.0, 10.0]], [1.0, 2.0], [50, np.inf])
    found = solved(limited(trades, -1_500, 500), Goal.CHEAPEST)
    np.testing.assert_array_equal(found.lots, [50, 50])
    assert found.shadow.most[0] == pytest.approx(1.0, rel=1e-4)  # saves 2 - 1 a lot


def test_a_budget_buys_what_it_pays_for():
    """100 of money at 4 a lot is 25 lots that gain 30 each."""
    problem = limited(selling([[30.0]], [4.0]), -1e4, np.inf, budget=100.0)
    found = solved(problem, Goal.LEAST_LOSS)
    np.testing.assert_array_equal(found.lots, [25])
    assert problem.worst_loss(found.lots) == 1e4 - 25 * 30
    assert found.shadow.budget == pytest.approx(30 / 4, rel=1e-4)


def test_nothing_is_traded_where_limits_hold():
    found = solved(limited(selling([[700.0]], [3.0]), -1e5, 4e5), Goal.CHEAPEST)
    np.testing.assert_array_equal(found.lots, [0])


@BOTH
def test_impact_is_shared_by_the_inverse_square_of_its_constant(solver):
    """Least of a x^(3/2) + b y^(3/2) with x + y fixed: sqrt(x / y) = b / a."""
    trades = selling([[10.0, 10.0]], 0.0, impact=[0.02, 0.04])
    found = solver(limited(trades, -1e5, 5e4), Goal.CHEAPEST)
    np.testing.assert_allclose(found.lots, [4_000, 1_000], rtol=6e-3)
    problem = limited(trades, -1e5, 5e4)
    least = 0.02 * 4_000**1.5 + 0.04 * 1_000**1.5
    assert problem.cost(found.lots) == pytest.approx(least, rel=1e-5)


@BOTH
def test_the_low_end_of_a_band_is_hedged_by_hand(solver):
    """A perfect hedge of a deviation of 100: 2 a lot, and P&L 5 a lot.

    P&L -1000, z 1.5: low end -1000 + 5 x - 1.5 (100 - 2 x) >= -850 from x = 37.5.
    """
    root = np.array([[[100.0, -2.0]]])
    spread = Spread(root, 1.5, np.zeros(1))
    problem = limited(selling([[5.0]], [1.0]), -1_000, 850, spread=spread)
    assert problem.low_after(np.zeros(1))[0] == -1_150
    found = solver(problem, Goal.CHEAPEST)
    assert found.lots[0] == pytest.approx(37.5, rel=1e-6)
    np.testing.assert_array_equal(solved(problem, Goal.CHEAPEST).lots, [38])


def test_what_a_band_has_beyond_its_deviation_counts():
    """30 further down: (150 + 30 + 150) / 8 = 41.25 instead of 37.5."""
    spread = Spread(np.array([[[100.0, -2.0]]]), 1.5, np.array([30.0]))
    problem = limited(selling([[5.0]], [1.0]), -1_000, 850, spread=spread)
    assert by_cone(problem, Goal.CHEAPEST).lots[0] == pytest.approx(41.25, rel=1e-6)


# --- beside linprog ------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("seed", range(8))
def test_linear_problems_are_those_of_linprog(solver, seed):
    problem = two_sided(seed)
    trades = problem.trades
    rows = np.vstack([-trades.gain, trades.exposure, -trades.exposure])
    right = np.concatenate(
        [
            problem.pnl - problem.floor,
            problem.high - problem.exposure,
            problem.exposure - problem.low,
        ]
    )
    bounds = [(0, most) for most in trades.most]
    peer = linprog(trades.cost, rows, right, bounds=bounds, method="highs")
    found = solver(problem, Goal.CHEAPEST)
    if peer.status == 2:
        assert found.status is Status.INFEASIBLE
        return
    assert found.status is Status.OPTIMAL
    assert problem.cost(found.lots) == pytest.approx(peer.fun, rel=1e-6)
    assert problem.missed(found.lots) <= 1e-6 * problem.unit


def test_linprog_finds_some_of_these_feasible():
    met = [solved(two_sided(s), Goal.CHEAPEST).outcome is Outcome.MET for s in range(8)]
    assert sum(met) >= 3


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_a_limit_on_the_tail_is_that_of_its_linear_programme(solver, seed):
    """Rockafellar and Uryasev's programme, written out for linprog."""
    rng = np.random.default_rng(seed)
    count, names, alpha, most = 40, 3, 0.1, 8.0
    pnl, sample = rng.normal(0, 10, count), rng.normal(0, 1, (count, names))
    sample -= 0.4 * pnl[:, None]  # hedges: they gain where the book loses
    probability = rng.uniform(0.5, 1.5, count)
    probability /= probability.sum()
    trades = replace(
        selling(np.zeros((1, names)), rng.uniform(0.5, 1.5, names)), sample=sample
    )
    tail = Tail(pnl, probability, alpha, most)
    problem = limited(trades, 0.0, np.inf, tail=tail)
    aim = np.concatenate([trades.cost, [0.0], np.zeros(count)])
    over = np.column_stack([-sample, -np.ones(count), -np.eye(count)])
    cvar = np.concatenate([np.zeros(names), [1.0], probability / alpha])
    peer = linprog(
        aim,
        np.vstack([over, cvar]),
        np.append(pnl, most),
        bounds=[*[(0, None)] * names, (None, None), *[(0, None)] * count],
        method="highs",
    )
    assert peer.status == 0
    assert peer.fun > 0
    found = solver(problem, Goal.CHEAPEST)
    assert problem.cost(found.lots) == pytest.approx(peer.fun, rel=1e-6)
    assert problem.tail_after(found.lots) <= most * (1 + 1e-7)


# --- both solvers --------------------------------------------------------------------


def curved(seed):
    """Everything at once: impact, a tail, a band, exposures, a budget."""
    problem, rng = two_sided(seed), np.random.default_rng(seed + 100)
    count, names = 150, 4
    sample = np.repeat(rng.normal(0, 0.2, (count, names)), 2, axis=1)
    trades = replace(
        problem.trades,
        impact=rng.uniform(1e-3, 5e-3, 2 * names),
        sample=sample * problem.trades.sign,
    )
    root = rng.normal(0, 4, (3, 5, 1 + 2 * names))
    root[:, :, 0] *= 2_000
    root[:, :, 2::2] = -root[:, :, 1::2]
    tail = Tail(rng.normal(0, 1e4, count), np.full(count, 1 / count), 0.05, 4e4)
    spread = Spread(root, 1.28, np.array([0.0, 5e3, -2e3]))
    return replace(problem, trades=trades, tail=tail, spread=spread, budget=4e4)


@pytest.mark.parametrize("goal", [Goal.CHEAPEST, Goal.LEAST_LOSS])
@pytest.mark.parametrize("seed", range(5))
def test_cones_and_planes_agree_on_all_at_once(seed, goal):
    problem = curved(seed)
    cone, planes = by_cone(problem, goal), by_planes(problem, goal)
    assert planes.status is not Status.FAILED
    assert cone.status in (planes.status, Status.FAILED)  # planes stand in then
    if cone.status is Status.FAILED:
        return
    if goal is Goal.LEAST_LOSS:
        assert planes.missed == pytest.approx(cone.missed, abs=1e-5 * problem.unit)
    elif cone.status is Status.OPTIMAL:
        cost = problem.cost(planes.lots)
        assert cost == pytest.approx(problem.cost(cone.lots), rel=1e-3)


def test_some_of_them_can_be_solved():
    statuses = [by_cone(curved(s), Goal.CHEAPEST).status for s in range(5)]
    assert Status.OPTIMAL in statuses


@pytest.mark.parametrize("seed", range(5))
def test_whole_lots_are_whole_kept_and_hardly_dearer(seed):
    problem = curved(seed)
    found = solved(problem, Goal.CHEAPEST)
    np.testing.assert_array_equal(found.lots, np.round(found.lots))
    assert (found.lots <= problem.trades.most).all()
    assert (found.lots >= 0).all()
    pairs = found.lots.reshape(-1, 2)
    assert (pairs.min(axis=1) == 0).all()  # none is bought and sold at once
    if found.outcome is Outcome.MET:
        assert problem.missed(found.lots) <= 1e-8 * problem.unit
        assert problem.cost(found.lots) <= 1.01 * problem.cost(found.exact) + 10


def test_lots_are_the_best_of_all_whole_numbers_of_a_small_case():
    """All 21 x 21 whole pairs tried."""
    trades = selling([[31.0, 17.0], [5.0, 23.0]], [3.1, 2.3], 20)
    problem = limited(trades, [-400, -300], [80, 60])
    found = solved(problem, Goal.CHEAPEST)
    pairs = np.array([(i, j) for i in range(21) for j in range(21)], dtype=float)
    kept = [p for p in pairs if problem.missed(p) == 0]
    assert problem.cost(found.lots) == pytest.approx(min(map(problem.cost, kept)))


# --- what cannot be ------------------------------------------------------------------


def test_limits_out_of_reach_are_missed_by_least_and_the_cap_is_named():
    """20 lots of 700 leave 986,000 of 1,000,000, 586,000 too much."""
    problem = limited(selling([[700.0]], [3.0], 20), -1e6, 4e5)
    found = solved(problem, Goal.CHEAPEST)
    assert found.outcome is Outcome.INFEASIBLE
    np.testing.assert_array_equal(found.lots, [20])
    assert problem.missed(found.lots) == 586_000
    assert found.shadow.scenario[0] == pytest.approx(1, rel=1e-4)
    assert found.shadow.most[0] == pytest.approx(700, rel=1e-4)
    assert found.solvers[0] == "CLARABEL: infeasible"


def test_scenarios_that_pull_apart_meet_in_the_middle():
    """What a lot gains in one it loses in the other: 50 lots miss both by 50."""
    problem = limited(selling([[1.0], [-1.0]], [0.1]), [-200, -100], [100, 100])
    found = solved(problem, Goal.CHEAPEST)
    assert found.outcome is Outcome.INFEASIBLE
    np.testing.assert_array_equal(found.lots, [50])
    assert problem.missed(found.lots) == 50


def test_a_limit_between_two_lots_is_no_whole_lots():
    trades = selling([[0.0]], [1.0], exposure=[[-100.0]])
    problem = limited(
        trades, 0.0, np.inf, exposure=np.array([300.0]),
        low=np.array([140.0]), high=np.array([160.0]),
    )  # fmt: skip
    found = solved(problem, Goal.CHEAPEST)
    assert found.outcome is Outcome.NO_WHOLE_LOTS
    assert found.exact[0] == pytest.approx(1.4, rel=1e-4)
    assert problem.missed(found.lots) == 40  # 1 lot or 2, as near


@pytest.mark.parametrize("goal", [Goal.CHEAPEST, Goal.LEAST_LOSS])
def test_a_trade_that_pays_and_is_not_capped_has_no_end(goal):
    trades = selling([[700.0, 10.0]], [3.0, -0.5])
    found = solved(limited(trades, -1e6, 4e5, budget=1e5), goal)
    assert found.outcome is Outcome.UNBOUNDED
    assert found.endless[1]
    np.testing.assert_array_equal(found.lots, [0, 0])
    assert found.shadow is None


def test_a_trade_that_pays_is_taken_to_its_cap():
    trades = selling([[700.0, 10.0]], [3.0, -0.5], [np.inf, 400])
    found = solved(limited(trades, -1e6, 4e5), Goal.CHEAPEST)
    assert found.outcome is Outcome.MET
    np.testing.assert_array_equal(found.lots, [852, 400])  # 596,000 / 700 = 851.4


# --- solvers that fail ---------------------------------------------------------------


def failing(problem, goal):
    return Attempt(Status.FAILED, "CLARABEL: failed", np.zeros(len(problem.trades)))


def test_cutting_planes_stand_in_for_a_cone_solver_that_fails(monkeypatch):
    monkeypatch.setattr(solving, "by_cone", failing)
    problem = limited(selling([[700.0]], [3.0], 20), -1e6, 4e5)
    found = solved(problem, Goal.CHEAPEST)
    assert found.outcome is Outcome.INFEASIBLE
    np.testing.assert_array_equal(found.lots, [20])
    assert found.solvers[0] == "CLARABEL: failed"
    assert found.solvers[-1] == "HiGHS: optimal"


def test_two_solvers_that_fail_are_an_error_with_their_words(monkeypatch):
    monkeypatch.setattr(solving, "by_cone", failing)
    monkeypatch.setattr(solving, "by_planes", failing)
    problem = limited(selling([[700.0]], [3.0]), -1e6, 4e5)
    with pytest.raises(ModelError, match=r"no solver could decide.*CLARABEL: failed"):
        solved(problem, Goal.CHEAPEST)


def test_small_lots_make_up_for_what_a_capped_large_one_leaves():
    """218.6 lots of 91,000 are allowed: 218 are, and 0.6 of one is 140 of the others.

    Nothing is left of the dear third, which a close look at its lots would take.
    """
    trades = selling(
        [[91_000.0, 388.0, 320.0]], [110.0, 2.3, 3.0], most=[218.6, 1e6, 1e6]
    )
    found = solved(limited(trades, -50e6, 20e6), Goal.CHEAPEST)
    left = 30e6 - 218 * 91_000.0
    assert found.outcome is Outcome.MET
    assert found.lots.tolist() == [218.0, np.ceil(left / 388.0), 0.0]


@pytest.mark.parametrize("seed", range(6))
def test_large_and_small_lots_come_near_the_answer_that_is_not_rounded(seed):
    rng = np.random.default_rng(seed)
    gain = 10.0 ** rng.uniform(0, 5, 6)
    cost, most = 1e-3 * gain * rng.uniform(1, 2, 6), np.floor(2e6 / gain)
    trades = selling(gain[None], cost, most)
    found = solved(limited(trades, -9e6, 2e6), Goal.CHEAPEST)
    assert found.outcome is Outcome.MET
    assert (trades.gain @ found.lots)[0] >= 7e6 * (1 - 1e-9)
    assert trades.cost @ found.lots <= (trades.cost @ found.exact) * 1.002
