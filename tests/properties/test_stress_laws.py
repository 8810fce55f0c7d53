"""Laws of stress and exposure: whatever the book, these hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskplugin.book import grouped
from riskplugin.exposure import exposures
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing import engine
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from tests.conftest import HELD, TOKENS, book_from

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
LAWS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
moves = st.floats(-0.95, 3.0).map(lambda m: round(m, 6))
amounts = st.floats(-1e4, 1e4).map(lambda q: round(q, 3)).filter(lambda q: q != 0)


@st.composite
def books(draw):
    """Return one to twelve rows of the hand book with other books and quantities."""
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        row = list(draw(st.sampled_from(HELD)))
        row[0] = draw(st.sampled_from(["a", "b", "c"]))
        row[6] = draw(amounts)
        rows.append(tuple(row))
    return rows


@st.composite
def scenarios(draw):
    """Return a scenario with a core, and perhaps fixed tiers, currency, overshoot."""
    core = {"memory": draw(moves)}
    if draw(st.booleans()):
        core["crypto"] = draw(moves)
    return Scenario(
        name="drawn",
        core=core,
        tiers=draw(st.sampled_from([{}, {TOKENS: -0.4}, {"memory": 0.2}])),
        fx=draw(st.sampled_from([{}, {"KRW": -0.1}])),
        overshoot=draw(st.sampled_from([{}, {TOKENS: 1.5}, {"memory": 1.2}])),
        horizon_sessions=draw(st.integers(1, 500)),
    )


def stress(rows, scenario, model, universe, by=(), unwind_share=0.5):
    book = book_from(rows)
    grid = shock_grid(ScenarioSet((scenario,)), model, universe)
    return stress_groups(book, grouped(book, by), grid, 0.80, unwind_share)


def gross(rows):
    return sum(abs(r[6] * r[7] * r[8]) for r in rows)


@LAWS
@given(rows=books(), scenario=scenarios())
def test_parts_add_up_and_so_do_groups(rows, scenario, hand_model, hand_universe):
    total = stress(rows, scenario, hand_model, hand_universe)
    tolerance = 1e-12 * gross(rows) * 64  # shocks up to +300 % to a power
    for by in (("tier",), ("position",), ("book", "tier")):
        done = stress(rows, scenario, hand_model, hand_universe, by)
        parts = sum(getattr(done, p) for p in PARTS)
        np.testing.assert_allclose(done.pnl, parts, rtol=0, atol=tolerance)
        for part in (*PARTS, "pnl"):
            summed = getattr(done, part).sum(axis=0)
            expected = getattr(total, part)[0]
            np.testing.assert_allclose(summed, expected, rtol=0, atol=tolerance)


@LAWS
@given(rows=books(), scenario=scenarios())
def test_what_is_priced_here_has_no_convexity(
    rows, scenario, hand_model, hand_universe
):
    done = stress(rows, scenario, hand_model, hand_universe, ("position",))
    np.testing.assert_array_equal(done.convexity, np.zeros_like(done.convexity))


@LAWS
@given(rows=books())
def test_no_shock_no_pnl(rows, hand_model, hand_universe):
    still = Scenario(name="still", core={"memory": 0.0, "crypto": 0.0})
    done = stress(rows, still, hand_model, hand_universe, ("book",), 0.0)
    for part in (*PARTS, "pnl"):
        np.testing.assert_array_equal(getattr(done, part), np.zeros_like(done.pnl))


@LAWS
@given(rows=books(), scenario=scenarios(), seed=st.randoms())
def test_permuting_rows_changes_nothing(
    rows, scenario, seed, hand_model, hand_universe
):
    shuffled = list(rows)
    seed.shuffle(shuffled)
    a = stress(rows, scenario, hand_model, hand_universe, ("book", "tier"))
    b = stress(shuffled, scenario, hand_model, hand_universe, ("book", "tier"))
    scale = 64 * gross(rows)
    for part in (*PARTS, "pnl"):
        np.testing.assert_allclose(
            getattr(a, part), getattr(b, part), rtol=0, atol=1e-12 * scale
        )
    for end in ("low", "high"):
        np.testing.assert_allclose(
            getattr(a, end), getattr(b, end), rtol=1e-7, atol=1e-7 * scale
        )


@LAWS
@given(rows=books(), scenario=scenarios(), share=st.floats(0.01, 0.99))
def test_splitting_a_position_changes_nothing(
    rows, scenario, share, hand_model, hand_universe
):
    first = rows[0]
    halves = [
        (*first[:6], first[6] * share, *first[7:]),
        (*first[:6], first[6] * (1 - share), *first[7:]),
        *rows[1:],
    ]
    a = stress(rows, scenario, hand_model, hand_universe, ("book",))
    b = stress(halves, scenario, hand_model, hand_universe, ("book",))
    np.testing.assert_allclose(a.pnl, b.pnl, rtol=0, atol=64e-12 * gross(rows))
    np.testing.assert_allclose(a.low, b.low, rtol=1e-7, atol=1e-6 * gross(rows))


@LAWS
@given(rows=books(), scenario=scenarios(), scale=st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_the_book_scales_everything(
    rows, scenario, scale, hand_model, hand_universe
):
    larger = [(*r[:6], r[6] * scale, *r[7:]) for r in rows]
    a = stress(rows, scenario, hand_model, hand_universe, ("tier",))
    b = stress(larger, scenario, hand_model, hand_universe, ("tier",))
    for part in (*PARTS, "pnl", "low", "high"):
        np.testing.assert_allclose(
            scale * getattr(a, part), getattr(b, part), rtol=1e-9, equal_nan=True
        )


@LAWS
@given(rows=books(), scenario=scenarios())
def test_the_band_holds_the_median(rows, scenario, hand_model, hand_universe):
    done = stress(rows, scenario, hand_model, hand_universe, ("book",))
    known = ~np.isnan(done.low)
    assert (done.low[known] <= done.pnl[known]).all()
    assert (done.pnl[known] <= done.high[known]).all()


@LAWS
@given(rows=books(), move=st.floats(-0.9, 2.0), sessions=st.integers(1, 250))
def test_a_longer_horizon_widens_the_band(
    rows, move, sessions, hand_model, hand_universe
):
    short = Scenario(name="s", core={"memory": move}, horizon_sessions=sessions)
    long = replace(short, horizon_sessions=2 * sessions)
    a = stress(rows, short, hand_model, hand_universe, ("tier",), 0.0)
    b = stress(rows, long, hand_model, hand_universe, ("tier",), 0.0)
    slack = 1e-9 * gross(rows)
    assert (b.high - b.low >= a.high - a.low - slack).all()


@LAWS
@given(memory=moves, crypto=moves)
def test_propagating_every_driver_is_the_identity(
    memory, crypto, hand_model, hand_universe
):
    scenario = Scenario(name="all", core={"memory": memory, "crypto": crypto})
    grid = shock_grid(ScenarioSet((scenario,)), hand_model, hand_universe)
    np.testing.assert_allclose(
        np.expm1(grid.drivers), [[memory, crypto]], rtol=0, atol=1e-12
    )
    np.testing.assert_array_equal(grid.remainder, np.zeros((1, 2, 2)))


@LAWS
@given(rows=books())
def test_memory_beta_exposure_is_the_slope_of_stress(rows, hand_model, hand_universe):
    book = book_from(rows)
    in_base, _ = hand_model.beta()
    held = book.labels["instrument"]
    columns = [hand_model.instruments.index(held.names[c]) for c in held.codes]
    found = exposures(
        book, grouped(book, ()), {}, in_base[columns], np.zeros(len(book), bool)
    )
    step = 1e-6
    up, down = (
        stress(
            rows,
            Scenario(name="x", core={"memory": float(np.expm1(s))}),
            hand_model,
            hand_universe,
            (),
            0.0,
        ).pnl[0, 0]
        for s in (step, -step)
    )
    slope = (up - down) / (2 * step)
    assert found["memory_beta_exposure"][0] == pytest.approx(
        slope, rel=1e-6, abs=1e-7 * gross(rows)
    )


@LAWS
@given(rows=books())
def test_exposures_add_up(rows):
    book = book_from(rows)
    beta, proxied = np.ones(len(book)), np.zeros(len(book), bool)
    total = exposures(book, grouped(book, ()), {}, beta, proxied)
    for by in (("tier",), ("book", "currency"), ("position",)):
        found = exposures(book, grouped(book, by), {}, beta, proxied)
        for name in ("long", "short", "gross", "net", "memory_beta_exposure"):
            summed = found[name].sum()
            assert summed == pytest.approx(total[name][0], abs=1e-12 * gross(rows))
        np.testing.assert_allclose(found["gross"], found["long"] - found["short"])
        np.testing.assert_allclose(
            found["net"], found["long"] + found["short"], atol=1e-12 * gross(rows)
        )


def test_scenarios_in_parts_are_scenarios_at_once(
    hand_model, hand_universe, monkeypatch
):
    """The same bytes on any number of cores, the same numbers in any company."""
    rng = np.random.default_rng(3)
    made = tuple(
        Scenario(name=f"made_{i}", core={"memory": float(rng.uniform(-0.8, 0.5))})
        for i in range(12)
    )
    book = book_from()
    by = grouped(book, ("book", "tier"))

    def done():
        grid = shock_grid(ScenarioSet(made), hand_model, hand_universe)
        return stress_groups(book, by, grid, 0.80, 0.25)

    whole = done()
    monkeypatch.setattr(engine, "CHUNK", 5 * len(hand_model.instruments))
    in_parts = done()
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    on_one_core = done()
    for part in (*PARTS, "pnl", "low", "high"):
        found = getattr(in_parts, part)
        np.testing.assert_allclose(getattr(whole, part), found, rtol=1e-12)
        assert getattr(on_one_core, part).tobytes() == found.tobytes()


def test_no_scenario_and_no_position_are_no_error(hand_model, hand_universe, halving):
    book = book_from()
    none = shock_grid(ScenarioSet(()), hand_model, hand_universe)
    done = stress_groups(book, grouped(book, ("book",)), none, 0.80, 0.0)
    assert done.pnl.shape == done.low.shape == (2, 0)
    empty = book.only(np.zeros(len(book), dtype=bool))
    grid = shock_grid(halving, hand_model, hand_universe)
    done = stress_groups(empty, grouped(empty, ()), grid, 0.80, 0.0)
    np.testing.assert_array_equal([done.low, done.pnl, done.high], np.zeros((3, 1, 1)))
