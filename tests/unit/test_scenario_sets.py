"""Sets of scenarios: phases, weights, merge, override, and every fault at once."""

import json
import pickle
from dataclasses import asdict
from math import inf, log, nan

import pytest

from riskplugin.errors import ScenarioError
from riskplugin.inputs.config import DRIVERS
from riskplugin.inputs.shipped import shipped_scenarios, shipped_universe
from riskplugin.scenarios.definition import Scenario, ScenarioSet, basket_move
from riskplugin.scenarios.phases import Phase


def made(name="x", **parts):
    return Scenario(name=name, **({"core": {"memory": -0.5}} | parts))


def phased(*phases, sessions=60):
    return made(phases=phases, horizon_sessions=sessions)


def check(*scenarios, universe=None, drivers=DRIVERS, base="USD"):
    known = shipped_universe() if universe is None else universe
    ScenarioSet(scenarios).validate(known, drivers, base)


# --- phases --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ([Phase(name=" ", sessions=60)], "a phase has no name"),
        ([Phase(name="a", sessions=0)], "'a': sessions is 0, a whole number, at least"),
        ([Phase(name="a", sessions=2.5)], "sessions is 2.5, a whole number"),
        ([Phase(name="a", sessions=nan)], "sessions is nan, a whole number"),
        ([Phase(name="a", sessions="60")], "sessions is '60', a whole number"),
        (
            [
                Phase(name="a", sessions=30, reach={"gpu": nan}),
                Phase(name="b", sessions=30),
            ],
            r"phase 'a': reach.gpu is nan, a share",
        ),
        (
            [Phase(name="a", sessions=30, others=inf), Phase(name="b", sessions=30)],
            "phase 'a': others is inf, a share",
        ),
        (
            [Phase(name="a", sessions=60, reach={"gpu": 0.8})],
            r"reach.gpu is 0.8: the last phase ends at the whole move, 1",
        ),
        (
            [Phase(name="a", sessions=60, others=0.0)],
            "others is 0.0: the last phase ends at the whole move",
        ),
        (
            [Phase(name="a", sessions=60, half_life={"gpu": 0})],
            r"half_life.gpu is 0, a number above 0",
        ),
        (
            [
                Phase(name="a", sessions=30, half_life={"gpu": 5}),
                Phase(name="b", sessions=30),
            ],
            r"phase 'a': half_life.gpu needs reach.gpu, how far it gets",
        ),
        (
            [Phase(name="a", sessions=30), Phase(name="a", sessions=30)],
            "phase 'a' stands twice",
        ),
        (
            [Phase(name="a", sessions=30), Phase(name="b", sessions=31)],
            "the phases last 61 sessions together, horizon_sessions is 60",
        ),
    ],
)
def test_phases_that_cannot_be_used(phases, message):
    with pytest.raises(ScenarioError, match=rf"scenario 'x': .*{message}"):
        phased(*phases)


def test_what_is_no_phase_is_named():
    with pytest.raises(
        ScenarioError, match=r"phases holds \{'name': 'a'\}, give Phase"
    ):
        phased({"name": "a"})


def test_every_fault_of_phases_is_named_at_once():
    with pytest.raises(
        ScenarioError, match=r"(?=.*sessions is 0)(?=.*half_life.gpu)(?=.*last 5)"
    ):
        phased(
            Phase(name="a", sessions=0, half_life={"gpu": 3}),
            Phase(name="b", sessions=5),
        )


def test_the_last_phase_may_say_that_it_ends_at_the_whole_move():
    scenario = phased(
        Phase(name="a", sessions=60, reach={"gpu": 1}, half_life={"gpu": 5})
    )
    assert scenario.phases[0].reached("gpu") == 1


def test_others_are_the_tiers_not_named():
    phase = Phase(name="a", sessions=10, reach={"gpu": 0.5}, others=0.1)
    assert (phase.reached("gpu"), phase.reached("memory")) == (0.5, 0.1)
    assert Phase(name="a", sessions=10, reach={"gpu": 0.5}).reached("memory") is None


def test_phases_cannot_be_changed_and_survive_pickling():
    scenario = phased(
        Phase(name="a", sessions=20, reach={"gpu": 0.5}), Phase(name="b", sessions=40)
    )
    with pytest.raises(TypeError, match="assignment"):
        scenario.phases[0].reach["gpu"] = 1.0
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_phases_and_weights_are_part_of_what_a_run_stands_for():
    """The manifest is `asdict` as JSON: any difference makes another run id."""
    phases = (
        Phase(name="a", sessions=20, reach={"gpu": 0.5}),
        Phase(name="b", sessions=40),
    )
    other = (
        Phase(name="a", sessions=20, reach={"gpu": 0.6}),
        Phase(name="b", sessions=40),
    )
    texts = {
        json.dumps(asdict(made(**parts)))
        for parts in ({}, {"phases": phases}, {"phases": other}, {"weight": 0.1})
    }
    assert len(texts) == 4
    assert '"reach": {"gpu": 0.5}' in json.dumps(asdict(made(phases=phases)))


# --- weights -------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [-0.01, 1.01, nan, inf, "0.5"])
def test_weight_is_from_0_to_1(weight):
    with pytest.raises(ScenarioError, match=r"weight is .*a number from 0 to 1"):
        made(weight=weight)


def test_weights_are_summed_as_they_are():
    scenarios = [made(f"s{i}", weight=0.1) for i in range(10)]
    assert ScenarioSet((*scenarios, made("none"))).weights() == 1.0
    assert ScenarioSet((made(),)).weights() == 0.0


# --- merge and override --------------------------------------------------------------


def test_merge_replaces_in_place_and_adds_behind():
    ours = ScenarioSet((made("a"), made("b"), made("c")))
    theirs = ScenarioSet((made("d"), made("b", core={"memory": -0.1})))
    merged = ours.merge(theirs)
    assert merged.names() == ("a", "b", "c", "d")
    assert merged.choose(["b"]).scenarios[0].core == {"memory": -0.1}
    assert ours.choose(["b"]).scenarios[0].core == {"memory": -0.5}


def test_merging_nothing_changes_nothing():
    ours, none = ScenarioSet((made("a"), made("b"))), ScenarioSet(())
    assert ours.merge(none) == ours
    assert none.merge(ours) == ours


def test_override_changes_the_figures_named_and_leaves_the_others():
    old = made(
        "a",
        core={"memory": -0.45, "ai_compute": -0.45},
        overshoot={"gpu": 1.2},
        sources=("desk",),
        severity="middling",
        approved_by="cro",
        effective="2026-01-01",
    )
    changed = ScenarioSet((made("z"), old)).override(
        "a",
        core={"memory": -0.6},
        overshoot={"gpu": None, "memory": 1.1},
        horizon_sessions=90,
    )
    assert changed.names() == ("z", "a")
    (found,) = changed.choose(["a"])
    assert found.core == {"memory": -0.6, "ai_compute": -0.45}
    assert found.overshoot == {"memory": 1.1}
    assert found.horizon_sessions == 90
    assert found.sources == ("desk",)
    assert (found.severity, found.approved_by, found.effective) == ("", "", "")


def test_override_of_words_keeps_what_was_said_of_the_figures():
    old = made("a", severity="middling", approved_by="cro")
    (found,) = ScenarioSet((old,)).override("a", owner="risk", weight=0.2)
    assert (found.severity, found.approved_by) == ("middling", "cro")
    assert (found.owner, found.weight) == ("risk", 0.2)


def test_override_may_say_again_what_was_said():
    old = made("a", severity="middling")
    (found,) = ScenarioSet((old,)).override("a", core={"memory": -0.7}, severity="deep")
    assert found.severity == "deep"


def test_override_may_rename():
    renamed = ScenarioSet((made("a"), made("b"))).override("a", name="c")
    assert renamed.names() == ("c", "b")
    with pytest.raises(ScenarioError, match="stand twice: b"):
        ScenarioSet((made("a"), made("b"))).override("a", name="b")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("b", {}, "no scenario 'b'"),
        (
            "a",
            {"overshot": {}},
            "a scenario has no 'overshot'; did you mean 'overshoot'",
        ),
        ("a", {"core": -0.5}, "scenario 'a': core is -0.5, give a mapping"),
        (
            "a",
            {"core": {"memory": -1}, "horizon_sessions": 0},
            r"(?=.*core.memory is -1)(?=.*horizon_sessions is 0)",
        ),
        ("a", {"core": {"memory": None}}, "it shocks nothing"),
        ("a", {"retrace": {"memory": 0.5}}, "memory stands in both core and retrace"),
    ],
)
def test_overrides_that_cannot_be_used(name, changes, message):
    with pytest.raises(ScenarioError, match=message):
        ScenarioSet((made("a"),)).override(name, **changes)


# --- validation against a desk -------------------------------------------------------


def test_shipped_scenarios_have_no_fault():
    check(*shipped_scenarios())


def test_every_fault_of_every_scenario_is_named_at_once():
    phases = (
        Phase(name="first", sessions=30, reach={"gpux": 1}),
        Phase(name="b", sessions=30),
    )
    one = made(
        "one",
        core={"memroy": -0.5},
        tiers={"gpuu": -0.1},
        fx={"USD": 0.1, "won": 0.1},
        half_life={"powr": 3},
        phases=phases,
    )
    two = made("two", instruments={"Micron!": -0.5, "MU": -0.1, "mu": -0.2}, weight=0.7)
    three = made("three", retrace={"ai": 0.5}, weight=0.6)
    with pytest.raises(ScenarioError, match="scenario 'one'") as caught:
        check(one, two, three)
    expected = [
        "scenario 'one': no driver 'memroy'; did you mean 'memory'?",
        "scenario 'one': tiers names no tier 'gpuu'; did you mean 'gpu'?",
        "scenario 'one': half_life names no tier 'powr'",
        "scenario 'one': phase 'first' names no tier 'gpux'; did you mean 'gpu'?",
        "scenario 'one': USD is the base currency",
        "scenario 'one': 'won' is not a currency code",
        "scenario 'two': unknown or ambiguous instrument 'Micron!'",
        "scenario 'two': instruments fixes MU 2 times: MU, mu",
        "scenario 'three': no driver 'ai'",
        "the weights sum to 1.3, 1 is the most",
    ]
    lines = str(caught.value).splitlines()
    for text in expected:
        assert sum(line.startswith(text) for line in lines) == 1, text
    assert len(lines) == len(expected)


def test_one_instrument_under_two_names_is_refused():
    with pytest.raises(ScenarioError, match="fixes MU 2 times: MU, MU US Equity"):
        check(made(instruments={"MU": -0.5, "MU US Equity": -0.5}))


FIXED = {"MU": -0.2, "000660.KS": -0.2, "005930.KS": -0.2}


@pytest.mark.parametrize("fixed", [{"instruments": FIXED}, {"tiers": {"memory": -0.2}}])
def test_a_basket_fixed_against_its_driver_is_a_contradiction(fixed):
    message = r"core.memory is -50.0%, but every member .* they make -20.0%"
    with pytest.raises(ScenarioError, match=message):
        check(made(**fixed))


@pytest.mark.parametrize(
    "parts",
    [
        {"tiers": {"memory": -0.5}},  # says the same
        {"tiers": {"memory": -0.48}},  # within what currencies may explain
        {"instruments": {"MU": 0.5}},  # some members only: precedence
        {"tiers": {"gpu": -0.3}, "instruments": {"NVDA": 0.3}},  # against its tier
        {"core": {"ai_compute": 0.0}, "tiers": {"memory": -0.9}},  # not in the core
        {"tiers": {"memory": -0.45}, "fx": {"KRW": -0.15}},  # two of three in won
    ],
)
def test_precedence_is_no_contradiction(parts):
    check(made(**parts))


def test_the_move_of_a_fixed_basket_by_hand():
    """Members' log moves in USD: two Korean ones bear the won's move."""
    scenario = made(tiers={"memory": -0.2}, instruments={"MU": -0.5}, fx={"KRW": -0.1})
    universe, members = shipped_universe(), DRIVERS["memory"]
    found = basket_move(scenario, universe, members, "USD")
    assert found == pytest.approx((log(0.5) + 2 * log(0.8 * 0.9)) / 3, rel=1e-14)
    in_won = made(tiers={"memory": -0.2}, fx={"USD": 0.25})
    found = basket_move(in_won, universe, members, "KRW")
    assert found == pytest.approx((log(0.8) + 2 * log(0.8 / 1.25)) / 3, rel=1e-14)
    assert basket_move(made(instruments={"MU": -0.5}), universe, members, "USD") is None
    assert basket_move(made(), universe, (), "USD") is None


def test_weights_of_a_tenth_ten_times_are_one():
    check(*(made(f"s{i}", weight=0.1) for i in range(10)))
