"""A scenario is a named, sourced set of shocks; faults are named when it is made."""

import pickle
from math import inf, nan

import pytest

from riskplugin.errors import ScenarioError
from riskplugin.inputs.shipped import shipped_scenarios, shipped_universe
from riskplugin.scenarios.definition import Scenario, ScenarioSet, unknown_names

SHIPPED = (
    "supply_catch_up",
    "inventory_build",
    "demand_cooling",
    "leaders_falter",
    "price_expectations_weaken",
    "narrative_unwind",
    "supercycle_reversal",
    "rally_extends",
)
FALLS = ("core", "tiers", "instruments", "fx")


def made(name="x", **parts):
    return Scenario(name=name, **(parts or {"core": {"memory": -0.5}}))


@pytest.mark.parametrize("part", FALLS)
@pytest.mark.parametrize("shock", [-1, -1.0, -1.5, nan, inf, -inf])
def test_shock_at_or_below_minus_one_is_refused(part, shock):
    with pytest.raises(ScenarioError, match=rf"'x': {part}\.a is .*above -1 is needed"):
        made(**{part: {"a": shock}})


@pytest.mark.parametrize("part", FALLS)
@pytest.mark.parametrize("shock", [-0.999, 0.0, 5])
def test_shock_above_minus_one_is_taken(part, shock):
    assert getattr(made(**{part: {"a": shock}}), part) == {"a": shock}


@pytest.mark.parametrize("part", ["retrace", "overshoot", "half_life"])
@pytest.mark.parametrize("figure", [0, -0.5, nan, inf])
def test_factor_at_or_below_zero_is_refused(part, figure):
    with pytest.raises(ScenarioError, match=rf"{part}\.a is .*above 0 is needed"):
        made(**{"fx": {"KRW": -0.1}, part: {"a": figure}})


@pytest.mark.parametrize("change", [nan, inf])
def test_volatility_change_must_be_finite(change):
    with pytest.raises(ScenarioError, match=r"volatility\.a is .*finite"):
        made(fx={"KRW": -0.1}, volatility={"a": change})


@pytest.mark.parametrize("name", ["", "Bad", "a b", "a-b", "é", "a\n"])
def test_name_holds_small_letters_digits_and_underscores(name):
    with pytest.raises(ScenarioError, match="a-z, 0-9 and _ only"):
        made(name)


@pytest.mark.parametrize("part", ["overshoot", "volatility", "half_life"])
def test_scenario_that_shocks_nothing_is_refused(part):
    with pytest.raises(ScenarioError, match="it shocks nothing"):
        made(**{part: {"memory": 1.5}})


def test_driver_held_still_is_a_shock():
    assert made(core={"memory": 0.0}).core == {"memory": 0.0}


def test_retraced_driver_is_no_core_driver():
    with pytest.raises(ScenarioError, match="memory stands in both core and retrace"):
        made(core={"memory": -0.1}, retrace={"memory": 0.5})


@pytest.mark.parametrize("sessions", [0, -5, 2.5, nan, inf, "60"])
def test_horizon_is_at_least_a_session(sessions):
    with pytest.raises(ScenarioError, match=r"horizon_sessions is .*at least 1"):
        made(core={"memory": -0.1}, horizon_sessions=sessions)


def test_unknown_propagation_names_the_known_ones():
    with pytest.raises(ScenarioError, match="'magic', known: historical"):
        made(core={"memory": -0.1}, propagation="magic")


def test_every_fault_is_named_at_once():
    expected = "(?=.*a-z)(?=.*core.a)(?=.*fx.KRW)(?=.*horizon)(?=.*overshoot.t)"
    with pytest.raises(ScenarioError, match=expected):
        Scenario(
            name="Bad",
            core={"a": -2},
            fx={"KRW": -1},
            horizon_sessions=0,
            overshoot={"t": 0},
        )


def test_figures_given_are_copied():
    core = {"memory": -0.5}
    scenario = made(core=core)
    core["memory"] = -0.9
    assert scenario.core == {"memory": -0.5}


def test_figures_cannot_be_changed():
    """The shipped scenarios are one object for every desk of a process."""
    scenario = made(core={"memory": -0.5})
    with pytest.raises(TypeError, match="assignment"):
        scenario.core["memory"] = -0.9


def test_scenario_survives_pickling():
    scenario = made(core={"memory": -0.5}, tiers={"gpu": -0.1}, sources=("desk",))
    assert pickle.loads(pickle.dumps(scenario)) == scenario


# --- sets ----------------------------------------------------------------------------


@pytest.fixture
def three():
    return ScenarioSet(tuple(made(name) for name in ("one", "two", "three")))


def test_set_keeps_its_order(three):
    assert three.names() == ("one", "two", "three")
    assert [s.name for s in three] == ["one", "two", "three"]
    assert len(three) == 3


def test_set_refuses_a_name_that_stands_twice():
    with pytest.raises(ScenarioError, match="stand twice: a, b"):
        ScenarioSet(tuple(made(name) for name in "baabc"))


def test_choice_is_in_the_order_asked_for(three):
    own = made("own")
    assert three.choose(["three", own, "one"]).names() == ("three", "own", "one")


def test_unknown_choice_names_the_nearest(three):
    with pytest.raises(ScenarioError, match="no scenario 'thre'; did you mean 'three'"):
        three.choose(["one", "thre"])


def test_same_choice_twice_is_refused(three):
    with pytest.raises(ScenarioError, match="stand twice: one"):
        three.choose(["one", "one"])


# --- names a desk does not know ------------------------------------------------------


def test_every_unknown_name_is_named():
    scenario = made(
        tiers={"memori": -0.1, "gpu": -0.1},
        instruments={"MUU": -0.1, "Micron": -0.1},
        fx={"USD": -0.1, "won": -0.1, "KRW": -0.1},
        overshoot={"gpus": 2},
        half_life={"powr": 2},
        volatility={"memry": 0.1},
    )
    found = list(unknown_names(scenario, shipped_universe(), "USD"))
    assert len(found) == 7
    text = "\n".join(found)
    for name in ("memori", "MUU", "USD", "won", "gpus", "powr", "memry"):
        assert name in text
    assert "tiers names no tier 'memori'; did you mean 'memory'?" in found


# --- the shipped set -----------------------------------------------------------------


def test_shipped_set_is_the_one_we_document():
    assert tuple(s.name for s in shipped_scenarios()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario_is_sourced_and_says_how_severe_it_is(name):
    (scenario,) = (s for s in shipped_scenarios() if s.name == name)
    assert scenario.sources
    assert len(scenario.severity.split()) > 3
    assert len(scenario.description.split()) > 10
    assert list(unknown_names(scenario, shipped_universe(), "USD")) == []


def test_cycle_reversals_are_falls_of_memory():
    """A cycle reversal's core holds a fall in memory; a rally does not."""
    for scenario in shipped_scenarios():
        moves = {**scenario.core, **{d: -s for d, s in scenario.retrace.items()}}
        assert (scenario.family == "cycle_reversal") == (moves.get("memory", 0) < 0)


def test_narrative_unwind_holds_memory_still():
    (unwind,) = (s for s in shipped_scenarios() if s.name == "narrative_unwind")
    assert unwind.core["memory"] == 0.0
    assert unwind.core["crypto"] < 0
