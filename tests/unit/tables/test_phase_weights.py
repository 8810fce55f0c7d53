"""Scenarios weighted by the phase of the cycle."""

from dataclasses import replace

import numpy as np
import pytest

import riskplugin as rp
from riskplugin.estimates import model_of
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.tables.weighting import by_phase, every_phase
from tests.unit.tables.test_repair_effects import desk_of, prices

FALL = rp.Scenario(name="memory_falls", core={"memory": -0.5}, weight=0.9)
HOLD = rp.Scenario(name="memory_holds", core={"memory": 0.1})
WORST = rp.Scenario(name="memory_breaks", core={"memory": -0.8})
SET = ScenarioSet((FALL, HOLD, WORST))
WEIGHTS = {"late": {"memory_falls": 0.5, "memory_holds": 0.25}}


def weighted_desk(weights=WEIGHTS):
    desk = desk_of(prices())
    settings = replace(desk.settings, phase_weights=weights)
    return replace(desk, settings=settings, scenarios=SET)


def pnl(desk, name):
    return rp.stress(desk, name, by="scenario")["pnl"].iloc[0]


def test_weights_are_those_of_the_phase_and_the_worst_is_of_all():
    desk = weighted_desk()
    row = by_phase(desk, model_of(desk), SET, (), 0.8, "late").iloc[0]
    mean = 0.5 * pnl(desk, "memory_falls") + 0.25 * pnl(desk, "memory_holds")
    assert row["weighted_pnl"] == pytest.approx(mean, rel=1e-12)
    assert row["weight"] == pytest.approx(0.75)
    assert row["weighted_scenarios"] == 2
    assert row["worst_scenario"] == "memory_breaks"  # without a weight, never left out
    assert row["worst_pnl"] == pytest.approx(pnl(desk, "memory_breaks"), rel=1e-12)
    assert (row["phase"], row["reason"]) == ("late", "")


@pytest.mark.parametrize("phase", ["expansion", "unknown"])
def test_a_phase_without_weights_is_unweighted_with_the_reason(phase):
    desk = weighted_desk()
    row = by_phase(desk, model_of(desk), SET, (), 0.8, phase).iloc[0]
    assert np.isnan(row["weighted_pnl"])
    assert row["worst_scenario"] == "memory_breaks"
    assert f"no weights for the phase {phase}" in row["reason"]


def test_a_weight_of_what_is_not_run_is_said():
    desk = weighted_desk()
    few = ScenarioSet((FALL, WORST))
    row = by_phase(desk, model_of(desk), few, (), 0.8, "late").iloc[0]
    assert row["reason"] == "with a weight and not run: memory_holds"


def test_every_phase_stands_with_the_one_that_is_called():
    desk = weighted_desk({**WEIGHTS, "reversal": {"memory_breaks": 1.0}})
    rows = every_phase(desk, model_of(desk), SET, 0.8, "expansion")
    assert rows["phase"].tolist() == ["expansion", "late", "reversal"]
    assert rows["called"].tolist() == [True, False, False]
    assert rows["weighted_pnl"].iloc[2] == pytest.approx(rows["worst_pnl"].iloc[2])


def test_the_phase_of_the_monitor_counts():
    desk = weighted_desk()
    phase = rp.cycle_monitor(desk).phase
    row = rp.weighted_stress(desk, weights="phase").iloc[0]
    assert row["phase"] == phase
    own = rp.weighted_stress(desk).iloc[0]
    assert own["weighted_pnl"] == pytest.approx(0.9 * pnl(desk, "memory_falls"))
    with pytest.raises(rp.UsageError, match="give 'scenario' or 'phase'"):
        rp.weighted_stress(desk, weights="own")


def test_without_memory_prices_the_phase_is_unknown_and_nothing_fails():
    desk = desk_of(
        prices().drop(columns=["MU"]),
        positions=prices().head(0).assign(book="", instrument="", quantity=0.0)
        .iloc[:, -3:].pipe(lambda t: t.reindex([0]).assign(
            book="b", instrument="NVDA", quantity=1.0)),
    )  # fmt: skip
    scenario = rp.Scenario(name="compute_falls", core={"ai_compute": -0.3})
    desk = replace(desk, scenarios=ScenarioSet((scenario,)))
    row = rp.weighted_stress(desk, weights="phase").iloc[0]
    assert row["phase"] == "unknown"
    assert row["worst_scenario"] == "compute_falls"


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"lat": {"memory_falls": 0.5}}, "did you mean 'late'"),
        ({"late": {"memory_fals": 0.5}}, "did you mean 'memory_falls'"),
        ({"late": {"memory_falls": -0.5}}, "late.memory_falls: found -0.5"),
        ({"late": {"memory_falls": 0.0}}, "weights of the phase late are all 0"),
        ({"late": {"memory_falls": float("nan")}}, "finite"),
        ({"late": {"memory_falls": 1.2}}, "less than or equal to 1"),
    ],
)
def test_weights_that_cannot_be_used(weights, match):
    with pytest.raises(rp.InputError, match=match):
        desk_of(prices(), cycle={"weights": weights})


def test_weights_of_more_than_one_together():
    weights = {"late": {"memory_falls": 0.7, "inventory_build": 0.7}}
    with pytest.raises(rp.InputError, match=r"sum to 1\.4, 1 is the most"):
        rp.desk_from_tables(
            desk_positions(), prices().rename_axis("date").reset_index(),
            scenarios=[FALL], settings={"cycle": {"weights": weights}},
        )  # fmt: skip


def desk_positions():
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame({"book": ["b"], "instrument": ["MU"], "quantity": [1.0]})


def test_weights_are_part_of_the_run_id_only_if_given():
    plain = desk_of(prices())
    given = desk_of(prices(), cycle={"weights": {"late": {"memory_falls": 0.5}}})
    first, second = rp.run(plain), rp.run(given)
    assert "phase_weights" not in first.manifest["settings"]
    assert first.run_id != second.run_id
    assert "stress_weighted_by_phase" not in first.tables
    assert "stress_weighted_by_phase" in second.tables
