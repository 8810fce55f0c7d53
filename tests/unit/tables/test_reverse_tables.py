"""Reverse stress of the sample desk: what the tables say, put through `stress`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import riskplugin as rp
from riskplugin.errors import ScenarioError, UsageError
from riskplugin.pipeline import model_of
from riskplugin.scenarios.definition import Scenario
from riskplugin.tables.reverse import curve_table, question, reverse_table, worst_table

SAMPLE = Path(__file__).parents[3] / "samples" / "desk.toml"


LINEAR_BOOKS = ["crypto_infra", "market_neutral", "memory_semis"]


@pytest.fixture(scope="module")
def desk():
    """The books without contracts: what a move does to them is the same by any path."""
    return rp.with_positions(rp.load_desk(SAMPLE), LINEAR_BOOKS)


@pytest.fixture(scope="module")
def model(desk):
    return model_of(desk)


def asked(model, driver="memory", by=None, horizon=None, shape=None):
    return question(model, driver, by, horizon, shape)


def test_move_of_every_book_loses_the_loss_when_stressed(desk, model):
    found = reverse_table(desk, model, asked(model, by="book"), 4e6)
    assert list(found["book"].unique()) == [
        "crypto_infra",
        "market_neutral",
        "memory_semis",
    ]
    answered = found[found["answer"] > 0]
    assert len(answered) >= 2
    for row in answered.itertuples():
        scenario = Scenario(name="found", core={"memory": row.move})
        again = rp.stress(desk, scenario, by="book").set_index("book")["pnl"]
        assert again[row.book] == pytest.approx(-4e6, rel=1e-9)
        assert again.drop(row.book).sum() == pytest.approx(row.elsewhere, rel=1e-9)
        assert row.pnl == pytest.approx(-4e6, rel=1e-9)
        assert row.move_memory == pytest.approx(row.move, rel=1e-12)


def test_no_move_does_is_an_answer_with_the_worst(desk, model):
    found = reverse_table(desk, model, asked(model, by="book"), 5e6)
    row = found.set_index("book").loc["market_neutral"]
    assert row["answer"] == 0
    assert np.isnan(row["move"])
    assert np.isnan(row["pnl"])
    assert row["lowest_pnl"] > -5e6
    assert "no move between -95% and +300% does" in row["reason"]
    scenario = Scenario(name="worst", core={"memory": row["lowest_at"]})
    again = rp.stress(desk, scenario, by="book").set_index("book")["pnl"]
    assert again["market_neutral"] == pytest.approx(row["lowest_pnl"], rel=1e-9)


def test_most_plausible_move_of_every_tier_loses_the_loss(desk, model):
    found = reverse_table(desk, model, asked(model, None, "tier"), 2e6)
    names = [f"move_{d}" for d in model.drivers]
    for row in found[found["answer"] > 0].to_dict("records"):
        core = {d: row[n] for d, n in zip(model.drivers, names, strict=True)}
        scenario = Scenario(name="found", core=core)
        again = rp.stress(desk, scenario, by="tier").set_index("tier")["pnl"]
        assert again[row["tier"]] == pytest.approx(-2e6, rel=1e-9)
        moves = np.log1p([row[n] for n in names])
        distance = np.sqrt(moves @ np.linalg.solve(60 * model.covariance, moves))
        assert row["distance"] == pytest.approx(distance, rel=1e-9)


def test_no_seeded_core_move_nearer_loses_so_much(desk, model):
    """10,000 core moves inside the ellipsoid of the answer, through `stress`."""
    found = reverse_table(desk, model, asked(model, None), 20e6)
    distance = found["distance"].iloc[0]
    draw = np.random.default_rng(1)
    unit = draw.standard_normal((10_000, 4))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    unit *= distance * (1 - 1e-6) * draw.random((10_000, 1)) ** 0.25
    moves = np.expm1(unit @ np.linalg.cholesky(60 * model.covariance).T)
    made = [
        Scenario(name=f"s{i}", core=dict(zip(model.drivers, m, strict=True)))
        for i, m in enumerate(moves.tolist())
    ]
    pnl = rp.stress(desk, made, by="scenario")["pnl"]
    assert len(pnl) == 10_000
    assert pnl.min() > -20e6


def test_one_driver_is_never_more_plausible_than_all(desk, model):
    alone = reverse_table(desk, model, asked(model), 20e6)
    free = reverse_table(desk, model, asked(model, None), 20e6)
    assert free["distance"].iloc[0] <= alone["distance"].iloc[0]
    assert [t["drivers_named"].iloc[0] for t in (alone, free)] == [1, 4]


def test_horizon_enters_the_distance_and_nothing_else(desk, model):
    short = reverse_table(desk, model, asked(model, horizon=30), 20e6)
    long = reverse_table(desk, model, asked(model, horizon=120), 20e6)
    assert short["move"].iloc[0] == pytest.approx(long["move"].iloc[0], rel=1e-12)
    ratio = short["distance"].iloc[0] / long["distance"].iloc[0]
    assert ratio == pytest.approx(2.0, rel=1e-9)


def test_distance_of_one_driver_is_its_move_in_deviations(desk, model):
    found = reverse_table(desk, model, asked(model), 20e6)
    memory = model.drivers.index("memory")
    deviation = np.sqrt(60 * model.covariance[memory, memory])
    expected = abs(np.log1p(found["move"].iloc[0])) / deviation
    assert found["distance"].iloc[0] == pytest.approx(expected, rel=1e-9)
    history = model.history.of("memory")
    falls = (history[60:] - history[:-60]) <= np.log1p(found["move"].iloc[0])
    assert 0 < found["at_least_as_bad"].iloc[0] <= falls.sum()


def test_each_group_may_have_a_loss_of_its_own(desk, model):
    losses = {"memory_semis": 30e6, "crypto_infra": 2e6}
    found = reverse_table(desk, model, asked(model, by="book"), losses)
    assert dict(zip(found["book"], found["loss"], strict=True)) == losses
    np.testing.assert_allclose(found["pnl"], -found["loss"], rtol=1e-9)
    both = reverse_table(
        desk,
        model,
        asked(model, by=("book", "tier")),
        {("memory_semis", "memory"): 1e6},
    )
    assert both[["book", "tier"]].to_numpy().tolist() == [["memory_semis", "memory"]]


def test_a_shape_holds_while_the_driver_moves(desk, model):
    shape = Scenario(
        name="desk_view",
        core={"memory": -0.3, "crypto": 0.0},
        fx={"KRW": -0.05},
        overshoot={"memory": 1.2},
        horizon_sessions=90,
        propagation="historical",
    )
    found = reverse_table(desk, model, asked(model, shape=shape), 20e6)
    move = found["move"].iloc[0]
    scenario = Scenario(
        name="found",
        core={"memory": move, "crypto": 0.0},
        fx={"KRW": -0.05},
        overshoot={"memory": 1.2},
        horizon_sessions=90,
    )
    again = rp.stress(desk, scenario, by="scenario")["pnl"].iloc[0]
    assert again == pytest.approx(-20e6, rel=1e-9)
    assert found["move_crypto"].iloc[0] == pytest.approx(0.0, abs=1e-12)


def test_a_hectic_shape_searches_in_its_regime(desk, model):
    shape = Scenario(name="wild", core={"crypto": -0.3}, propagation="hectic")
    found = reverse_table(desk, model, asked(model, "crypto", shape=shape), 5e6)
    move = found["move"].iloc[0]
    wild = Scenario(name="w", core={"crypto": move}, propagation="hectic")
    again = rp.stress(desk, wild, by="scenario")["pnl"].iloc[0]
    assert again == pytest.approx(-5e6, rel=1e-9)
    plain = Scenario(name="p", core={"crypto": move})
    assert rp.stress(desk, plain, by="scenario")["pnl"].iloc[0] != pytest.approx(-5e6)


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        ("much", "loss is 'much', an amount above 0 is needed"),
        (0.0, "loss is 0.0, an amount above 0 is needed"),
        (-5e6, "loss is -5000000.0, an amount above 0"),
        (np.nan, "loss is nan"),
        ({"memory": 1.0}, "no group memory; give by"),
    ],
)
def test_a_loss_that_is_none_is_refused(desk, model, loss, match):
    with pytest.raises(UsageError, match=match):
        reverse_table(desk, model, asked(model), loss)


def test_every_column_is_defined(desk, model):
    tables = (
        reverse_table(desk, model, asked(model, by="tier"), 1e6),
        reverse_table(desk, model, asked(model, None), 1e6),
        worst_table(desk, model, asked(model, None, "book"), 2.0),
        curve_table(desk, model, asked(model), 0.8),
    )
    for found in tables:
        assert all(found.definitions.values())


def test_positions_are_asked_by_their_number(desk, model):
    found = reverse_table(desk, model, asked(model, by="position"), {3: 1e5})
    assert found["position"].to_list() == [3]
    assert found["pnl"].iloc[0] == pytest.approx(-1e5, rel=1e-9)


def test_unknown_names_are_refused_with_a_hint(desk, model):
    with pytest.raises(UsageError, match=r"no driver 'memry'.*did you mean 'memory'"):
        asked(model, "memry")
    with pytest.raises(UsageError, match="cannot group by 'boook'"):
        asked(model, by="boook")
    with pytest.raises(UsageError, match="no group semis; there are crypto_infra"):
        reverse_table(desk, model, asked(model, by="book"), {"semis": 1e6})
    with pytest.raises(ScenarioError, match="horizon_sessions is 0"):
        asked(model, horizon=0)


def test_a_shape_has_its_own_horizon_and_is_not_pooled(model):
    shape = Scenario(name="s", core={"memory": -0.1})
    with pytest.raises(UsageError, match="the shape has a horizon of its own"):
        asked(model, horizon=60, shape=shape)
    pooled = Scenario(name="p", core={"memory": -0.1}, propagation="pooled")
    with pytest.raises(UsageError, match="shape 'p' is pooled"):
        asked(model, shape=pooled)


# --- worst case and curve ------------------------------------------------------------


def test_worst_case_is_stress_of_its_move_and_no_seeded_one_is_worse(desk, model):
    found = worst_table(desk, model, asked(model, None), 2.0)
    core = {d: found[f"move_{d}"].iloc[0] for d in model.drivers}
    again = rp.stress(desk, Scenario(name="w", core=core), by="scenario")["pnl"].iloc[0]
    assert found["pnl"].iloc[0] == pytest.approx(again, rel=1e-9)
    assert found["distance"].iloc[0] <= 2.0 * (1 + 1e-9)
    assert found["drivers_named"].iloc[0] == 4
    draw = np.random.default_rng(2)
    unit = draw.standard_normal((2_000, 4))
    unit *= 2.0 / np.linalg.norm(unit, axis=1, keepdims=True)
    moves = np.expm1(unit @ np.linalg.cholesky(60 * model.covariance).T)
    made = [
        Scenario(name=f"s{i}", core=dict(zip(model.drivers, m, strict=True)))
        for i, m in enumerate(moves.tolist())
    ]
    assert rp.stress(desk, made, by="scenario")["pnl"].min() >= found["pnl"].iloc[0]


def test_worst_case_and_reverse_stress_are_each_others_inverse(desk, model):
    worst = worst_table(desk, model, asked(model, None), 1.5)["pnl"].iloc[0]
    back = reverse_table(desk, model, asked(model, None), -worst)
    assert back["distance"].iloc[0] == pytest.approx(1.5, rel=1e-6)


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, 1_000.0])
def test_a_radius_that_is_none_is_refused(desk, model, radius):
    with pytest.raises(UsageError, match="a distance above 0 and up to 100"):
        worst_table(desk, model, asked(model, None), radius)


def test_curve_is_stress_at_every_move(desk, model):
    curve = curve_table(desk, model, asked(model, by="book"), 0.8)
    one = curve[curve["book"] == "memory_semis"]
    assert one["move"].is_monotonic_increasing
    assert one["move"].iloc[0] == pytest.approx(-0.95)
    assert one["move"].iloc[-1] == pytest.approx(3.0)
    assert 0.0 in one["move"].to_list()
    for at in (3, 40, 70):
        row = one.iloc[at]
        scenario = Scenario(name="c", core={"memory": row["move"]})
        again = rp.stress(desk, scenario, by="book", confidence=0.8)
        again = again.set_index("book").loc["memory_semis"]
        for name in ("pnl", "low", "high"):
            assert row[name] == pytest.approx(again[name], rel=1e-12)
    with pytest.raises(UsageError, match="a curve is that of one driver"):
        curve_table(desk, model, asked(model, None), 0.8)


def test_an_unknown_cost_makes_the_loss_unknown_and_says_so(desk):
    """Where a share is unwound and its cost is not known, neither is the P&L."""
    labels = desk.book.labels["book"]
    unknown = labels.codes == labels.names.index("crypto_infra")
    dear = replace(
        desk,
        book=replace(desk.book, half_spread=np.where(unknown, np.nan, 0.001)),
        settings=replace(desk.settings, unwind_share=0.5),
    )
    model = model_of(dear)
    for driver in ("memory", None):
        found = reverse_table(dear, model, asked(model, driver, "book"), 4e6)
        row = found.set_index("book").loc["crypto_infra"]
        assert row["answer"] == 0
        assert "a half spread is missing" in row["reason"]
        assert found.set_index("book").loc["memory_semis", "answer"] == 1
    worst = worst_table(dear, model, asked(model, None, "book"), 2.0).set_index("book")
    assert np.isnan(worst.loc["crypto_infra", "pnl"])
    assert "a half spread is missing" in worst.loc["crypto_infra", "reason"]
    assert worst.loc["memory_semis", "pnl"] < 0
