"""The path of the hand book, session by session, on the page.

Memory halves over 100 sessions. The memory tier has a half-life of 25, so that it has
made 8, 12, 14 and 15 fifteenths of its log move after 25, 50, 75 and 100 sessions; the
token tier and the won go in a straight line.
"""

from dataclasses import fields, replace
from math import exp, log, sqrt

import numpy as np
import pytest

from riskplugin.book import Labels, grouped
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.stressing.course import course_of
from riskplugin.stressing.engine import Stressed, stress_groups
from riskplugin.stressing.margin import called
from riskplugin.stressing.path import highest_of, path_grid, path_groups, worst_of
from riskplugin.stressing.shock import shock_grid
from tests.conftest import MEMORY, TOKENS, book_from

S = log(0.5)
Z80 = 1.2815515655446004  # standard normal quantile at 0.9
MADE = {0: 0.0, 25: 8 / 15, 50: 12 / 15, 75: 14 / 15, 100: 1.0}
PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")


@pytest.fixture
def slow(halving):
    (scenario,) = halving
    return ScenarioSet((replace(scenario, half_life={MEMORY: 25}),))


def path(book, scenarios, model, universe, by=(), unwind_share=0.0):
    grid = shock_grid(scenarios, model, universe)
    course = course_of(scenarios, {t.name: t.half_life_share for t in universe.tiers})
    return path_groups(book, grouped(book, by), grid, course, 0.80, unwind_share)


def one_shot(book, scenarios, model, universe, by=(), unwind_share=0.0):
    grid = shock_grid(scenarios, model, universe)
    return stress_groups(book, grouped(book, by), grid, 0.80, unwind_share)


def with_kinds(model, *kinds):
    given = {f.name: getattr(model, f.name) for f in fields(model)}
    return type(model)(**{**given, "kinds": kinds})


@pytest.mark.parametrize("t", MADE)
def test_pnl_by_position(t, slow, hand_book, hand_model, hand_universe):
    done = path(hand_book, slow, hand_model, hand_universe, ("position",)).stressed
    hynix = 160_000 * (0.5 ** (1.2 * MADE[t] + 0.1 * t / 100) - 1)
    mu = 0.5 ** MADE[t] - 1
    tao = -40_000 * (0.5 ** (0.75 * t / 100) - 1)
    overshot = -40_000 * (0.5 ** (1.125 * t / 100) - 0.5 ** (0.75 * t / 100))
    by_part = {
        "direct": [0, 100_000 * mu, -20_000 * mu, 0],
        "propagated": [hynix, 0, 0, tao],
        "overshoot": [0, 0, 0, overshot],
        "convexity": [0, 0, 0, 0],
        "liquidity": [0, 0, 0, 0],
        "pnl": [hynix, 100_000 * mu, -20_000 * mu, tao + overshot],
    }
    for part, expected in by_part.items():
        np.testing.assert_allclose(
            getattr(done, part)[:, t], expected, rtol=1e-12, atol=1e-9
        )


def test_drivers_go_as_their_members_and_else_straight(slow, hand_model, hand_universe):
    """The memory basket is MU; the hand model knows no member of crypto."""
    grid = shock_grid(slow, hand_model, hand_universe)
    along = path_grid(grid, course_of(slow, {MEMORY: None, TOKENS: None}))
    at = [*MADE]
    np.testing.assert_allclose(
        along.drivers[at, 0], [S * m for m in MADE.values()], rtol=1e-14
    )
    np.testing.assert_allclose(
        along.drivers[at, 1], [0.25 * S * t / 100 for t in at], rtol=1e-14
    )
    assert along.horizon.tolist() == list(range(101))


def test_a_driver_goes_as_the_mean_of_its_members(slow, hand_model, hand_universe):
    given = {f.name: getattr(hand_model, f.name) for f in fields(hand_model)}
    mixed = type(hand_model)(**{**given, "members": (("MU", "TAO"), ("TAO",))})
    grid = shock_grid(slow, mixed, hand_universe)
    along = path_grid(grid, course_of(slow, {MEMORY: None, TOKENS: None}))
    assert along.drivers[25, 0] == pytest.approx(S * (8 / 15 + 0.25) / 2, rel=1e-14)
    assert along.drivers[25, 1] == pytest.approx(0.25 * S * 0.25, rel=1e-14)
    np.testing.assert_array_equal(along.drivers[100], grid.drivers[0])


@pytest.mark.parametrize("t", [25, 50, 75])
def test_band_of_a_position_is_that_of_a_stress_over_the_sessions_passed(
    t, slow, hand_book, hand_model, hand_universe
):
    done = path(hand_book, slow, hand_model, hand_universe, ("position",)).stressed
    crypto_left = t * (9e-4 - 1e-4**2 / 4e-4)
    moved = S * MADE[t]
    tao = 1.5**2 * crypto_left + t * 0.04**2 + 1.5**2 * 0.04 * moved**2
    mu_low = 100_000 * (exp(moved - Z80 * sqrt(t) * 0.01) - 1)
    tao_low = -40_000 * (exp(1.125 * S * t / 100 + Z80 * sqrt(tao)) - 1)
    assert done.low[1, t] == pytest.approx(mu_low, rel=1e-12)
    assert done.low[3, t] == pytest.approx(tao_low, rel=1e-12)


@pytest.mark.parametrize("unwind_share", [0.0, 0.25])
@pytest.mark.parametrize("by", [(), ("tier",), ("position",), ("book", "tier")])
def test_the_end_is_the_one_shot_stress_to_the_last_bit(
    by, unwind_share, slow, hand_book, hand_model, hand_universe
):
    where = (hand_book, slow, hand_model, hand_universe, by, unwind_share)
    done, whole = path(*where).stressed, one_shot(*where)
    for part in fields(Stressed):
        found = getattr(done, part.name)[:, 100]
        assert found.tobytes() == getattr(whole, part.name)[:, 0].tobytes(), part.name


def test_the_shocks_at_the_end_are_the_scenarios_to_the_last_bit(
    slow, hand_model, hand_universe
):
    """Not by taking the place of something else: every shock times exactly one."""
    grid = shock_grid(slow, hand_model, hand_universe)
    along = path_grid(grid, course_of(slow, {MEMORY: 0.3, TOKENS: 0.7}))
    for f in fields(grid)[1:]:
        end = getattr(along, f.name)[100]
        assert end.tobytes() == getattr(grid, f.name)[0].tobytes(), f.name


def test_at_session_0_nothing_has_happened(slow, hand_book, hand_model, hand_universe):
    done = path(hand_book, slow, hand_model, hand_universe, ("tier",), 0.25)
    for part in ("pnl", *PARTS, "low", "high"):
        np.testing.assert_array_equal(getattr(done.stressed, part)[:, 0], [0.0, 0.0])
    np.testing.assert_array_equal(done.called.cash[:, 0], [0.0, 0.0])


def test_what_is_unwound_is_unwound_at_the_end(
    slow, hand_book, hand_model, hand_universe
):
    done = path(hand_book, slow, hand_model, hand_universe, ("tier",), 0.25).stressed
    np.testing.assert_array_equal(done.liquidity[:, :100], np.zeros((2, 100)))
    memory = 120_000 * 0.5 + 160_000 * 0.5**1.3
    assert done.liquidity[0, 100] == pytest.approx(-0.25 * 0.01 * memory, rel=1e-13)


def test_an_unknown_spread_is_unknown_at_the_end_only(slow, hand_model, hand_universe):
    book = book_from(half_spread=np.nan)
    found = path(book, slow, hand_model, hand_universe, (), 0.25)
    assert np.isnan(found.stressed.pnl[0, 100])
    assert not np.isnan(found.stressed.pnl[0, :100]).any()
    worst = worst_of(found.stressed.pnl, found.course, 1.0)
    assert np.isnan(worst.pnl[0, 0])
    assert np.isnan(worst.session[0, 0])


def test_a_fixed_currency_goes_straight(hand_book, hand_model, hand_universe):
    fixed = ScenarioSet(
        (
            Scenario(
                name="won",
                core={"memory": 0.0},
                fx={"KRW": -0.19},
                horizon_sessions=2,
                half_life={MEMORY: 0.1},
            ),
        )
    )
    done = path(hand_book, fixed, hand_model, hand_universe, ("position",)).stressed
    np.testing.assert_allclose(
        done.pnl[0], 160_000 * (0.81 ** np.array([0, 0.5, 1]) - 1), rtol=1e-13
    )


# --- the worst -----------------------------------------------------------------------


def test_worst_point_of_a_fall_with_a_rebound(hand_model, hand_universe):
    """MU falls by 1.5 of its log move, then comes back: worst at session 60."""
    phases = (
        Phase(name="down", sessions=60, reach={MEMORY: 1.5}, others=0.0),
        Phase(name="back", sessions=40),
    )
    scenario = Scenario(
        name="v", core={"memory": -0.5}, horizon_sessions=100, phases=phases
    )
    book = book_from(half_spread=0.0).only(np.array([False, True, False, False]))
    found = path(book, ScenarioSet((scenario,)), hand_model, hand_universe)
    worst = worst_of(found.stressed.pnl, found.course, 50_000.0)
    assert worst.pnl[0, 0] == pytest.approx(100_000 * (0.5**1.5 - 1), rel=1e-14)
    assert worst.session[0, 0] == 60
    # half is lost once 1.5 t / 60 reaches 1
    assert worst.breach[0, 0] == 40
    assert found.stressed.pnl[0, 100] == pytest.approx(-50_000, rel=1e-14)


def test_a_book_that_gains_has_its_worst_at_the_start(hand_model, hand_universe, slow):
    book = book_from().only(np.array([False, False, True, False]))
    found = path(book, slow, hand_model, hand_universe)
    worst = worst_of(found.stressed.pnl, found.course, 1.0)
    assert (worst.pnl[0, 0], worst.session[0, 0]) == (0.0, 0.0)
    assert np.isnan(worst.breach[0, 0])


def test_a_loss_nobody_asked_for_is_never_broken(
    slow, hand_book, hand_model, hand_universe
):
    found = path(hand_book, slow, hand_model, hand_universe, ("position",))
    worst = worst_of(found.stressed.pnl, found.course, np.nan)
    assert np.isnan(worst.breach).all()


# --- cash and margin -----------------------------------------------------------------


def margined(posted, maintenance, kinds=("spot", "future", "future")):
    """Return the hand book with margin, and its instruments' kinds.

    Rows: 000660.KS +160,000, MU +100,000 and -20,000 (spot here), TAO -40,000.
    """
    book = book_from()
    column = {"MU": kinds[0], "000660.KS": kinds[1], "TAO": kinds[2]}
    held = book.labels["instrument"]
    kind = Labels.of([column[held.names[c]] for c in held.codes])
    return replace(
        book,
        labels={**book.labels, "kind": kind},
        margin_posted=np.array(posted, dtype=float),
        maintenance_margin=np.array(maintenance, dtype=float),
    )


NONE = np.nan


def test_cash_is_the_loss_of_what_is_not_paid_for(slow, hand_model, hand_universe):
    model = with_kinds(hand_model, "spot", "future", "future")
    book = margined([NONE] * 4, [NONE] * 4)
    found = path(book, slow, model, hand_universe, ("position",))
    hynix = 160_000 * (0.5 ** (1.2 * 8 / 15) - 1) * 0.5 ** (0.1 * 0.25)
    tao = -40_000 * (0.5 ** (1.125 * 0.25) - 1)
    np.testing.assert_allclose(
        found.called.cash[:, 25], [-hynix, 0, 0, -tao], rtol=1e-12
    )
    np.testing.assert_allclose(
        found.called.cash[[0, 3]], -found.stressed.pnl[[0, 3]], rtol=1e-12
    )
    total = path(book, slow, model, hand_universe)
    np.testing.assert_allclose(
        total.called.cash[0], found.called.cash.sum(axis=0), rtol=1e-12, atol=1e-9
    )


@pytest.mark.parametrize("t", [0, 25, 75])
def test_margin_is_what_is_missing_below_maintenance(
    t, slow, hand_model, hand_universe
):
    model = with_kinds(hand_model, "spot", "future", "future")
    book = margined([40_000, NONE, NONE, 5_000], [0.10, NONE, NONE, 0.20])
    found = path(book, slow, model, hand_universe, ("position",)).called.margin[:, t]
    price, won = 0.5 ** (1.2 * MADE[t]), 0.5 ** (0.1 * t / 100)
    equity = 40_000 + 160_000 * (price - 1) * won
    hynix = max(0.0, 0.10 * 160_000 * price * won - equity)
    token = 0.5 ** (1.125 * t / 100)
    tao = max(0.0, 0.20 * 40_000 * token - (5_000 - 40_000 * (token - 1)))
    np.testing.assert_allclose(found, [hynix, 0, 0, tao], rtol=1e-12, atol=1e-9)
    assert tao > 0 if t == 0 else tao == 0  # posted below maintenance from the start
    assert hynix > 0 if t else hynix == 0


def test_no_gain_stands_in_for_the_margin_of_another(slow, hand_model, hand_universe):
    model = with_kinds(hand_model, "spot", "future", "future")
    book = margined([40_000, NONE, NONE, 1e6], [0.10, NONE, NONE, 0.20])
    by_position = path(book, slow, model, hand_universe, ("position",)).called.margin
    total = path(book, slow, model, hand_universe).called.margin
    np.testing.assert_allclose(total[0], by_position.sum(axis=0), rtol=1e-13)
    assert total[0, 100] > 0


@pytest.mark.parametrize(
    ("posted", "maintenance"), [(NONE, 0.1), (1e6, NONE), (NONE, NONE)]
)
def test_margin_that_is_not_known_is_not_zero(
    posted, maintenance, slow, hand_model, hand_universe
):
    model = with_kinds(hand_model, "spot", "future", "spot")
    book = margined(
        [posted, NONE, NONE, NONE],
        [maintenance, NONE, NONE, NONE],
        ("spot", "future", "spot"),
    )
    found = path(book, slow, model, hand_universe, ("tier",))
    assert np.isnan(found.called.margin[0]).all()  # memory holds the future
    np.testing.assert_array_equal(found.called.margin[1], np.zeros(101))
    assert np.isnan(highest_of(found.called.margin, found.course)[0, 0])
    assert not np.isnan(found.called.cash).any()


def test_margin_posted_for_a_share_counts_too(slow, hand_model, hand_universe):
    """100,000 of MU on 30,000 with 25 % to be kept: missing at the end 45,000 - ..."""
    book = margined([NONE, 30_000, NONE, NONE], [NONE, 0.25, NONE, NONE], ("spot",) * 3)
    found = path(book, slow, hand_model, hand_universe)
    at_end = 0.25 * 50_000 - (30_000 - 50_000)
    assert found.called.margin[0, 100] == pytest.approx(at_end, rel=1e-14)
    np.testing.assert_array_equal(found.called.cash, np.zeros((1, 101)))


def test_the_most_that_is_called_is_on_the_way(hand_model, hand_universe):
    phases = (
        Phase(name="down", sessions=60, reach={MEMORY: 1.5}, others=0.0),
        Phase(name="back", sessions=40),
    )
    scenario = Scenario(
        name="v", core={"memory": -0.5}, horizon_sessions=100, phases=phases
    )
    model = with_kinds(hand_model, "perpetual", "spot", "spot")
    book = margined([NONE] * 4, [NONE] * 4, ("perpetual", "spot", "spot"))
    book = book.only(np.array([False, True, False, False]))
    found = path(book, ScenarioSet((scenario,)), model, hand_universe)
    most = highest_of(found.called.cash, found.course)[0, 0]
    assert most == pytest.approx(100_000 * (1 - 0.5**1.5), rel=1e-14)


def test_calls_in_parts_are_calls_at_once(slow, hand_model, hand_universe, monkeypatch):
    model = with_kinds(hand_model, "spot", "future", "future")
    book = margined([40_000, NONE, NONE, 5_000], [0.10, NONE, NONE, 0.20])
    grid = path_grid(
        shock_grid(slow, model, hand_universe),
        course_of(slow, {MEMORY: None, TOKENS: None}),
    )
    whole = called(book, grouped(book, ("tier",)), grid)
    monkeypatch.setattr("riskplugin.stressing.margin.CELLS", 14)
    parts = called(book, grouped(book, ("tier",)), grid)
    assert whole.cash.tobytes() == parts.cash.tobytes()
    assert whole.margin.tobytes() == parts.margin.tobytes()


def test_no_scenario_and_no_position_are_no_error(
    slow, hand_book, hand_model, hand_universe
):
    none = path(hand_book, ScenarioSet(()), hand_model, hand_universe, ("book",))
    assert none.stressed.pnl.shape == none.called.cash.shape == (2, 0)
    assert worst_of(none.stressed.pnl, none.course, 1.0).pnl.shape == (2, 0)
    assert highest_of(none.called.cash, none.course).shape == (2, 0)
    empty = hand_book.only(np.zeros(4, dtype=bool))
    found = path(empty, slow, hand_model, hand_universe)
    np.testing.assert_array_equal(found.stressed.pnl, np.zeros((1, 101)))
    np.testing.assert_array_equal(found.called.margin, np.zeros((1, 101)))
