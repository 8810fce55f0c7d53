"""Laws of paths: whatever the book and the phases, these hold."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskplugin.book import grouped
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.stressing.course import course_of, law, ways
from riskplugin.stressing.engine import Stressed, stress_groups
from riskplugin.stressing.path import path_groups
from riskplugin.stressing.shock import shock_grid
from tests.conftest import HELD, TOKENS, book_from

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
TIERS = ("memory", TOKENS)
LAWS = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
moves = st.floats(-0.95, 3.0).map(lambda m: round(m, 6))
amounts = st.floats(-1e4, 1e4).map(lambda q: round(q, 3)).filter(lambda q: q != 0)
speeds = st.floats(0.05, 500.0)
shares = st.floats(-0.5, 2.0)
defaults = st.fixed_dictionaries(
    {tier: st.none() | st.floats(0.05, 20.0) for tier in TIERS}
)


@st.composite
def books(draw):
    """Return one to ten rows of the hand book with other books and quantities."""
    rows = []
    for _ in range(draw(st.integers(1, 10))):
        row = list(draw(st.sampled_from(HELD)))
        row[0] = draw(st.sampled_from(["a", "b"]))
        row[6] = draw(amounts)
        rows.append(tuple(row))
    return rows


@st.composite
def phases(draw):
    """Return up to four phases with points of some tiers."""
    made = []
    for i in range(draw(st.integers(0, 4))):
        reach = draw(st.dictionaries(st.sampled_from(TIERS), shares))
        others = draw(st.none() | shares)
        named = TIERS if others is not None else tuple(reach)
        half_life = (
            draw(st.dictionaries(st.sampled_from(named), speeds)) if named else {}
        )
        made.append(
            Phase(
                name=f"phase {i}",
                sessions=draw(st.integers(1, 30)),
                reach=reach,
                others=others,
                half_life=half_life,
            )
        )
    if made:
        last = draw(st.integers(1, 30))
        made.append(
            Phase(name="last", sessions=last, half_life={"memory": draw(speeds)})
        )
    return tuple(made)


@st.composite
def scenarios(draw, name="drawn"):
    """Return a scenario with phases or without, perhaps with half-lives of its own."""
    core = {"memory": draw(moves)}
    if draw(st.booleans()):
        core["crypto"] = draw(moves)
    stretches = draw(phases())
    total = sum(phase.sessions for phase in stretches)
    return Scenario(
        name=name,
        core=core,
        tiers=draw(st.sampled_from([{}, {TOKENS: -0.4}])),
        fx=draw(st.sampled_from([{}, {"KRW": -0.1}])),
        overshoot=draw(st.sampled_from([{}, {TOKENS: 1.5}, {"memory": 1.2}])),
        half_life=draw(st.dictionaries(st.sampled_from(TIERS), speeds)),
        horizon_sessions=total or draw(st.integers(1, 60)),
        phases=stretches,
    )


def path(rows, scenario, half, model, universe, by=(), unwind_share=0.0):  # noqa: PLR0917
    book, only = book_from(rows), ScenarioSet((scenario,))
    grid = shock_grid(only, model, universe)
    course = course_of(only, half)
    return path_groups(book, grouped(book, by), grid, course, 0.80, unwind_share)


def gross(rows):
    return sum(abs(r[6] * r[7] * r[8]) for r in rows)


@LAWS
@given(rows=books(), scenario=scenarios(), half=defaults)
def test_a_path_ends_at_the_one_shot_stress_to_the_last_bit(
    rows, scenario, half, hand_model, hand_universe
):
    book, by = book_from(rows), ("book", "tier")
    grid = shock_grid(ScenarioSet((scenario,)), hand_model, hand_universe)
    whole = stress_groups(book, grouped(book, by), grid, 0.80, 0.5)
    done = path(rows, scenario, half, hand_model, hand_universe, by, 0.5).stressed
    for part in fields(Stressed):
        end = getattr(done, part.name)[:, -1]
        assert end.tobytes() == getattr(whole, part.name)[:, 0].tobytes()


@LAWS
@given(rows=books(), scenario=scenarios(), half=defaults)
def test_nothing_has_happened_at_session_0(
    rows, scenario, half, hand_model, hand_universe
):
    done = path(rows, scenario, half, hand_model, hand_universe, ("position",))
    for part in ("pnl", *PARTS):
        figures = getattr(done.stressed, part)[:, 0]
        np.testing.assert_array_equal(figures, np.zeros(len(rows)))


@LAWS
@given(rows=books(), stretches=phases(), half=defaults)
def test_no_shock_no_path(rows, stretches, half, hand_model, hand_universe):
    sessions = sum(phase.sessions for phase in stretches) or 30
    still = Scenario(
        name="still",
        core={"memory": 0.0, "crypto": 0.0},
        horizon_sessions=sessions,
        phases=stretches,
    )
    done = path(rows, still, half, hand_model, hand_universe, ("book",)).stressed
    for part in ("pnl", *PARTS):
        found = getattr(done, part)
        np.testing.assert_array_equal(found, np.zeros_like(found))


@LAWS
@given(rows=books(), scenario=scenarios(), half=defaults)
def test_parts_add_up_and_so_do_groups_at_every_session(
    rows, scenario, half, hand_model, hand_universe
):
    total = path(rows, scenario, half, hand_model, hand_universe, (), 0.5)
    scale = np.abs(total.course.share).max() + 1
    tolerance = 1e-12 * gross(rows) * 64**scale
    for by in (("tier",), ("position",), ("book", "tier")):
        done = path(rows, scenario, half, hand_model, hand_universe, by, 0.5)
        parts = sum(getattr(done.stressed, p) for p in PARTS)
        np.testing.assert_allclose(done.stressed.pnl, parts, rtol=0, atol=tolerance)
        for part in (*PARTS, "pnl"):
            summed = getattr(done.stressed, part).sum(axis=0)
            expected = getattr(total.stressed, part)[0]
            np.testing.assert_allclose(summed, expected, rtol=0, atol=tolerance)


@LAWS
@given(rows=books(), scenario=scenarios(), half=defaults, seed=st.randoms())
def test_permuting_rows_changes_nothing(
    rows, scenario, half, seed, hand_model, hand_universe
):
    shuffled = list(rows)
    seed.shuffle(shuffled)
    a, b = (
        path(r, scenario, half, hand_model, hand_universe, ("book", "tier"))
        for r in (rows, shuffled)
    )
    scale = gross(rows) * 64 ** (np.abs(a.course.share).max() + 1)
    for part in (*PARTS, "pnl"):
        np.testing.assert_allclose(
            getattr(a.stressed, part),
            getattr(b.stressed, part),
            rtol=0,
            atol=1e-12 * scale,
        )


@LAWS
@given(scenario=scenarios(), half=defaults, quantity=st.floats(1.0, 1e6))
def test_what_is_paid_for_never_loses_more_than_its_value(
    scenario, half, quantity, hand_model, hand_universe
):
    rows = [(*held[:6], quantity, *held[7:]) for held in HELD]
    done = path(rows, scenario, half, hand_model, hand_universe, ("position",))
    value = book_from(rows).market_value[:, None]
    assert (done.stressed.pnl >= -value).all()
    low = done.stressed.low
    assert (low >= -value * (1 + 1e-12))[~np.isnan(low)].all()


@LAWS
@given(scenario=scenarios(), half=defaults)
def test_a_tier_goes_one_way_inside_each_phase(scenario, half):
    course = course_of(ScenarioSet((scenario,)), half)
    for column, tier in enumerate(course.tiers):
        share = course.share[:, column]
        assert share[0] == 0.0
        assert share[-1] == 1.0
        for way in ways(scenario, tier, half[tier]):
            steps = np.diff(share[way.start : way.end + 1])
            assert share[way.end] == way.after
            towards = np.sign(way.after - way.before)
            assert (steps * towards >= -1e-12).all()


@LAWS
@given(
    fall=st.floats(-0.95, -0.01),
    half=defaults,
    sessions=st.integers(1, 120),
)
def test_a_long_book_loses_more_by_every_session_of_a_fall(
    fall, half, sessions, hand_model, hand_universe
):
    rows = [(*held[:6], abs(held[6]), *held[7:]) for held in HELD]
    scenario = Scenario(name="f", core={"memory": fall}, horizon_sessions=sessions)
    pnl = path(rows, scenario, half, hand_model, hand_universe).stressed.pnl[0]
    assert (np.diff(pnl) <= 1e-12 * gross(rows)).all()


@LAWS
@given(half_life=st.integers(1, 40), times=st.integers(60, 400))
def test_half_of_a_long_move_is_made_in_one_half_life(half_life, times):
    sessions = np.array([half_life])
    made = law(sessions, half_life * times, float(half_life))[0]
    assert made == pytest.approx(0.5, rel=1e-14)


@LAWS
@given(
    half_life=st.floats(0.5, 100.0),
    length=st.integers(2, 300),
    cut=st.integers(1, 299),
)
def test_what_is_left_of_the_law_is_the_law(half_life, length, cut):
    """From any session on, the rest of the way is a way of the same half-life."""
    cut = min(cut, length - 1)
    whole = law(np.arange(length + 1), length, half_life)
    left = 1 - whole[cut]
    rest = law(np.arange(length - cut + 1), length - cut, half_life)
    np.testing.assert_allclose(whole[cut:], whole[cut] + left * rest, rtol=1e-9)


@LAWS
@given(rows=books(), first=scenarios("a"), second=scenarios("b"), half=defaults)
def test_a_path_is_the_same_in_any_company(
    rows, first, second, half, hand_model, hand_universe
):
    book = book_from(rows)
    both = ScenarioSet((first, second))
    grid = shock_grid(both, hand_model, hand_universe)
    course = course_of(both, half)
    by = grouped(book, ("tier",))
    done = path_groups(book, by, grid, course, 0.80, 0.25).stressed
    start = course.starts[1]
    alone = path(rows, second, half, hand_model, hand_universe, ("tier",), 0.25)
    for part in fields(Stressed):
        together = getattr(done, part.name)[:, start:]
        np.testing.assert_array_equal(together, getattr(alone.stressed, part.name))


@LAWS
@given(
    rows=books(),
    memory=moves,
    fixed=st.sampled_from([{}, {TOKENS: -0.4}]),
    won=st.sampled_from([{}, {"KRW": -0.1}]),
    overshoot=st.sampled_from([{}, {TOKENS: 1.5}]),
    sessions=st.integers(2, 60),
    at=st.integers(1, 59),
)
def test_a_straight_path_is_a_series_of_smaller_stresses(  # noqa: PLR0917
    rows, memory, fixed, won, overshoot, sessions, at, hand_model, hand_universe
):
    """At session t of H: every log shock t / H of itself, over t sessions."""
    at = min(at, sessions - 1)

    def part(figures):
        return {k: float((1 + v) ** (at / sessions) - 1) for k, v in figures.items()}

    whole = Scenario(
        name="whole",
        core={"memory": memory},
        tiers=fixed,
        fx=won,
        overshoot=overshoot,
        horizon_sessions=sessions,
    )
    smaller = Scenario(
        name="smaller",
        core=part({"memory": memory}),
        tiers=part(fixed),
        fx=part(won),
        overshoot=overshoot,
        horizon_sessions=at,
    )
    straight = dict.fromkeys(TIERS)
    done = path(rows, whole, straight, hand_model, hand_universe, ("tier",)).stressed
    book = book_from(rows)
    grid = shock_grid(ScenarioSet((smaller,)), hand_model, hand_universe)
    once = stress_groups(book, grouped(book, ("tier",)), grid, 0.80, 0.0)
    for name in ("pnl", *PARTS, "low", "high"):
        np.testing.assert_allclose(
            getattr(done, name)[:, at],
            getattr(once, name)[:, 0],
            rtol=1e-7,
            atol=1e-7 * gross(rows),
        )
