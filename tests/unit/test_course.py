"""How far a scenario has got, by hand: the half-life law and the points of phases.

With a half-life of 25 sessions of 100 a move is 8, 12, 14 and 15 fifteenths done after
25, 50, 75 and 100: half of what is left, and (1 - 2^-k) / (1 - 2^-4).
"""

import numpy as np
import pytest

from riskplugin.inputs.shipped import shipped_scenarios, shipped_universe
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.stressing.course import course_of, law

QUARTERS = np.array([0, 25, 50, 75, 100])
HALVED = np.array([0, 8, 12, 14, 15]) / 15


def scenario(**parts):
    given = {"name": "x", "core": {"memory": -0.5}, "horizon_sessions": 100, **parts}
    return Scenario(**given)


def share(tier="memory", default=None, **parts):
    return course_of(ScenarioSet((scenario(**parts),)), {tier: default}).share[:, 0]


def test_law_is_the_formula():
    np.testing.assert_allclose(law(QUARTERS, 100, 25.0), HALVED, rtol=1e-15)


@pytest.mark.parametrize("half_life", [0.3, 7.0, 60.0, 1e5])
def test_law_is_the_formula_as_it_is_written(half_life):
    t = np.arange(61)
    written = (1 - 2 ** (-t / half_life)) / (1 - 2 ** (-60 / half_life))
    np.testing.assert_allclose(law(t, 60, half_life), written, rtol=1e-9)


@pytest.mark.parametrize("half_life", [1e15, 1e300, np.inf])
def test_a_long_half_life_is_a_straight_line(half_life):
    np.testing.assert_array_equal(law(QUARTERS, 100, half_life), QUARTERS / 100)


def test_the_limit_to_a_straight_line_has_no_step():
    t = np.arange(101)
    np.testing.assert_allclose(
        law(t, 100, 100 * 0.99e12), law(t, 100, 100 * 1.01e12), rtol=2e-12
    )


def test_half_of_the_move_is_behind_after_a_short_half_life():
    assert law(np.array([10]), 10_000, 10.0)[0] == pytest.approx(0.5, rel=1e-15)


@pytest.mark.parametrize("half_life", [1.0, 25.0, 400.0])
def test_half_of_the_move_is_never_later_than_half_of_the_sessions(half_life):
    assert law(np.array([50]), 100, half_life)[0] >= 0.5


def test_a_tier_takes_the_half_life_of_the_scenario_before_its_own():
    own = share(default=3.0, half_life={"memory": 25})
    np.testing.assert_allclose(own[QUARTERS], HALVED, rtol=1e-15)
    by_default = share(default=0.25)
    np.testing.assert_allclose(by_default[QUARTERS], HALVED, rtol=1e-15)
    np.testing.assert_array_equal(share()[QUARTERS], QUARTERS / 100)


PHASES = (
    Phase(name="leaders falter", sessions=20, reach={"memory": 0.6}),
    Phase(name="equipment follows", sessions=30, reach={"semi_equipment": 0.9}),
    Phase(name="overshoot", sessions=25, reach={"crypto_agents": 1.3, "memory": 1.2}),
    Phase(name="rebound", sessions=25, half_life={"memory": 5}),
)


def shares(tiers, **parts):
    course = course_of(ScenarioSet((scenario(**parts),)), dict.fromkeys(tiers, None))
    return dict(zip(course.tiers, course.share.T, strict=True))


def test_a_tier_moves_in_the_phases_that_name_it_and_waits_in_the_others():
    found = shares(("memory", "semi_equipment", "crypto_agents"), phases=PHASES)
    at = [0, 10, 20, 35, 50, 75, 100]
    np.testing.assert_allclose(
        found["memory"][[*at]][:6], [0, 0.3, 0.6, 0.6, 0.6, 1.2], rtol=1e-15
    )
    np.testing.assert_allclose(
        found["semi_equipment"][at], [0, 0, 0, 0.45, 0.9, 0.9, 1], rtol=1e-15
    )
    np.testing.assert_allclose(
        found["crypto_agents"][at], [0, 0, 0, 0, 0, 1.3, 1], rtol=1e-15
    )
    # in the last phase what is left, or what was too much
    assert found["semi_equipment"][80] == pytest.approx(0.92)
    assert found["crypto_agents"][80] == pytest.approx(1.24)


def test_a_tier_that_no_phase_names_moves_all_the_time():
    half_life = {"gpu": 25}
    found = shares(("gpu",), phases=PHASES, half_life=half_life)["gpu"]
    np.testing.assert_allclose(found[QUARTERS], HALVED, rtol=1e-15)


def test_others_name_every_tier():
    phases = (Phase(name="a", sessions=40, reach={"memory": 0.5}, others=0.25),)
    found = shares(("memory", "gpu"), phases=(*phases, Phase(name="b", sessions=60)))
    assert (found["memory"][40], found["gpu"][40]) == (0.5, 0.25)
    assert found["gpu"][70] == pytest.approx(0.25 + 0.75 / 2)


def test_the_last_phase_may_name_what_moves_in_it_alone():
    phases = (Phase(name="a", sessions=40), Phase(name="b", sessions=60, others=1.0))
    found = shares(("gpu",), phases=phases)["gpu"]
    assert (found[40], found[100]) == (0.0, 1.0)
    assert found[70] == pytest.approx(0.5)


def test_the_law_holds_inside_a_phase_with_its_own_half_life():
    memory = share(phases=PHASES)
    back = (1 - 2 ** (-np.arange(26) / 5)) / (1 - 2**-5)
    np.testing.assert_allclose(memory[75:], 1.2 - 0.2 * back, rtol=1e-14)


def test_the_law_holds_inside_a_phase_with_the_half_life_of_the_scenario():
    memory = share(half_life={"memory": 11}, phases=PHASES)
    made = (1 - 2 ** (-np.arange(26) / 11)) / (1 - 2 ** (-25 / 11))
    np.testing.assert_allclose(memory[50:76], 0.6 + 0.6 * made, rtol=1e-14)


def test_a_default_half_life_is_a_share_of_each_phase():
    memory = share(default=0.25, phases=PHASES)
    assert memory[5] == pytest.approx(0.6 * 8 / 15, rel=1e-14)


def test_scenarios_stand_one_after_the_other():
    two = ScenarioSet((scenario(), scenario(name="y", horizon_sessions=3)))
    course = course_of(two, {"memory": None})
    assert course.scenario.tolist() == [0] * 101 + [1] * 4
    assert course.session.tolist() == [*range(101), 0, 1, 2, 3]
    assert course.starts.tolist() == [0, 101]
    assert course.ends.tolist() == [100, 104]
    np.testing.assert_array_equal(course.share[course.ends], np.ones((2, 1)))


def test_sessions_are_whole_numbers_however_they_are_given():
    course = course_of(ScenarioSet((scenario(horizon_sessions=3.0),)), {"memory": None})
    assert course.session.dtype == np.int64
    assert course.session.tolist() == [0, 1, 2, 3]


def test_no_scenario_has_no_course():
    course = course_of(ScenarioSet(()), {"memory": None})
    assert course.share.shape == (0, 1)
    assert len(course.starts) == len(course.ends) == 0


def test_shipped_tiers_that_go_ahead_are_ahead_and_the_others_straight():
    universe = shipped_universe()
    given = {t.name: t.half_life_share for t in universe.tiers if t.half_life_share}
    assert given == {
        "gpu": 0.8,
        "crypto_compute_storage": 0.4,
        "crypto_data_network": 0.4,
        "crypto_agents": 0.4,
    }


def test_the_shipped_scenario_with_a_half_life_keeps_it():
    (falter,) = (s for s in shipped_scenarios() if s.name == "leaders_falter")
    course = course_of(ScenarioSet((falter,)), {"crypto_agents": 0.4})
    # 15 of 60 sessions: 8 / 15 after a quarter, as the head of this page has it
    assert course.share[15, 0] == pytest.approx(8 / 15)
