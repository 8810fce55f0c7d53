"""Plausibility and regimes of scenarios as tables, and sets of several regimes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import riskplugin as rp
from riskplugin.errors import ScenarioError
from riskplugin.pipeline import model_of
from riskplugin.scenarios.definition import PROPAGATIONS, Scenario, ScenarioSet
from riskplugin.stressing.regimes import parts
from riskplugin.stressing.shock import shock_grid
from riskplugin.tables.core import plausibility_table, regime_table
from riskplugin.tables.paths import path_summary_table, path_table
from riskplugin.tables.tabulation import stress_table
from riskplugin.tables.weighting import weighted_table

SAMPLE = Path(__file__).parents[3] / "samples" / "desk.toml"
CRYPTO = Scenario(name="crypto_falls", core={"crypto": -0.4}, horizon_sessions=80)
MEMORY = Scenario(name="memory_falls", core={"memory": -0.4}, horizon_sessions=80)
VIEWS = Scenario(name="tiers_only", tiers={"memory": -0.2})


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLE)


@pytest.fixture(scope="module")
def model(desk):
    return model_of(desk)


def together(*scenarios):
    return ScenarioSet(scenarios)


# --- sets of several regimes ---------------------------------------------------------


def mixed():
    """Three regimes of one core, out of order, among others."""
    return together(
        replace(CRYPTO, name="c_pooled", propagation="pooled"),
        MEMORY,
        replace(CRYPTO, name="c_hectic", propagation="hectic"),
        CRYPTO,
        replace(MEMORY, name="m_pooled", propagation="pooled"),
    )


def test_every_scenario_gives_the_bits_that_it_gives_alone(desk, model):
    whole = stress_table(desk, model, mixed(), ("scenario", "tier"), 0.8)
    assert list(whole["scenario"].unique()) == list(mixed().names())
    for scenario in mixed():
        alone = stress_table(desk, model, together(scenario), ("scenario", "tier"), 0.8)
        mine = whole[whole["scenario"] == scenario.name].reset_index(drop=True)
        np.testing.assert_array_equal(
            mine.drop(columns=["scenario", "tier"]).to_numpy(),
            alone.drop(columns=["scenario", "tier"]).to_numpy(),
        )


@pytest.mark.parametrize("by", ["instrument", "tier", "driver"])
def test_shocks_of_several_regimes_stand_in_the_order_given(desk, by):
    whole = rp.shocks(desk, scenarios=list(mixed()), by=by)
    assert list(whole["scenario"].unique()) == list(mixed().names())
    for scenario in mixed():
        alone = rp.shocks(desk, scenarios=[scenario], by=by)
        mine = whole[whole["scenario"] == scenario.name].reset_index(drop=True)
        assert mine.equals(alone.to_frame())


def test_paths_of_several_regimes_end_where_stress_does(desk, model):
    path = path_table(desk, model, mixed(), "tier", 0.8)
    ends = path[path["session"] == 80].reset_index(drop=True)
    whole = stress_table(desk, model, mixed(), ("scenario", "tier"), 0.8)
    assert ends["scenario"].tolist() == whole["scenario"].tolist()
    for name in ("pnl", "low", "high"):
        np.testing.assert_array_equal(ends[name], whole[name])
    summary = path_summary_table(desk, model, mixed(), "tier", 0.8)
    assert summary["scenario"].tolist() == whole["scenario"].tolist()
    np.testing.assert_array_equal(summary["pnl"], whole["pnl"])


def test_weighted_scenarios_keep_their_regimes(desk, model):
    halves = ScenarioSet(tuple(replace(s, weight=0.2) for s in mixed()))
    pnl = stress_table(desk, model, halves, ("scenario",), 0.8)["pnl"]
    found = weighted_table(desk, model, halves, (), 0.8).iloc[0]
    assert found["weighted_pnl"] == pytest.approx(0.2 * pnl.sum(), rel=1e-12)
    assert found["worst_pnl"] == pnl.min()


def test_historical_is_what_the_model_gives(desk, model):
    only = together(MEMORY, CRYPTO)
    (part,) = parts(only, model, desk.universe)
    grid = shock_grid(only, model, desk.universe)
    assert part.grid.model is model
    np.testing.assert_array_equal(part.grid.local, grid.local)
    np.testing.assert_array_equal(part.rows, [0, 1])


def test_a_model_of_another_regime_is_refused(desk, model):
    hectic = replace(CRYPTO, propagation="hectic")
    with pytest.raises(ScenarioError, match="propagation is hectic, the model is hist"):
        shock_grid(together(hectic), model, desk.universe)


def test_every_fault_of_a_set_is_said_at_once(desk, model):
    """A core that never happened, a driver that is not there, and a tier unknown."""
    wrong = together(
        replace(CRYPTO, name="deep", core={"crypto": -0.99}, horizon_sessions=5,
                propagation="pooled"),
        Scenario(name="typo", core={"memry": -0.1}, propagation="hectic"),
        Scenario(name="tier", core={"memory": -0.1}, overshoot={"nothing": 2.0}),
    )  # fmt: skip
    with pytest.raises(
        ScenarioError, match=r"(?s)'deep' has no pooled.*'typo'.*'tier'"
    ):
        parts(wrong, model, desk.universe)


def test_a_run_leaves_out_a_regime_that_cannot_be_told_and_says_so(desk):
    """A scenario of the desk must not stop its night."""
    wild = replace(MEMORY, name="wild", propagation="hectic")
    told = replace(CRYPTO, name="told", propagation="hectic")
    mine = replace(desk, scenarios=together(MEMORY, wild, told))
    report = rp.run(mine)
    assert report.stress["scenario"].unique().tolist() == ["memory_falls", "told"]
    (issue,) = [i for i in report.issues if i.code == "scenario-left-out"]
    assert issue.where.column == "wild"
    assert "has no hectic regime" in issue.message
    assert "looks like one regime" in issue.message
    with pytest.raises(ScenarioError, match="'wild' has no hectic regime"):
        rp.stress(mine, "wild")


# --- side by side --------------------------------------------------------------------


def test_three_regimes_stand_side_by_side(desk, model):
    found = regime_table(desk, model, together(CRYPTO, MEMORY), 0.8)
    assert found["regime"].tolist() == [*PROPAGATIONS] * 2
    for row in found[found["reason"] == ""].to_dict("records"):
        scenario = CRYPTO if row["scenario"] == "crypto_falls" else MEMORY
        variant = replace(scenario, propagation=row["regime"])
        again = rp.stress(desk, variant, by="scenario", confidence=0.8).iloc[0]
        for name in ("pnl", "low", "high"):
            assert row[name] == again[name]
        moves = rp.shocks(desk, scenarios=variant, by="driver").set_index("driver")
        for driver in model.drivers:
            assert row[f"move_{driver}"] == moves.loc[driver, "shock"]
    hectic = found[
        (found["regime"] == "hectic") & (found["scenario"] == "crypto_falls")
    ]
    assert 0.2 < hectic["hectic_share"].iloc[0] < 0.5
    by_regime = found[found["scenario"] == "crypto_falls"].set_index("regime")
    effective = by_regime["effective_scenarios"]
    assert effective["hectic"] < effective["historical"]
    assert effective["pooled"] < effective["historical"]
    assert (
        by_regime["independent_scenarios"] < by_regime["effective_scenarios"] / 4
    ).all()


def test_a_regime_that_cannot_be_told_keeps_its_row_and_says_why(desk, model):
    found = regime_table(desk, model, together(MEMORY, VIEWS), 0.8)
    assert len(found) == 6
    row = found.set_index(["scenario", "regime"])
    assert np.isnan(row.loc[("memory_falls", "hectic"), "pnl"])
    assert "looks like one regime" in row.loc[("memory_falls", "hectic"), "reason"]
    assert "names no driver" in row.loc[("tiers_only", "pooled"), "reason"]
    assert row.loc[("tiers_only", "historical"), "reason"] == ""
    deep = replace(MEMORY, core={"memory": -0.9}, horizon_sessions=10)
    reason = regime_table(desk, model, together(deep), 0.8)["reason"].iloc[2]
    assert "cannot be reached" in reason
    assert "lies between" in reason


def test_a_scenario_that_no_desk_can_run_is_an_error(desk, model):
    with pytest.raises(ScenarioError, match="driver 'memry' is unknown"):
        regime_table(
            desk, model, together(Scenario(name="x", core={"memry": -0.1})), 0.8
        )


# --- plausibility --------------------------------------------------------------------


def test_plausibility_of_one_driver_by_hand(desk, model):
    found = plausibility_table(desk, model, together(MEMORY)).iloc[0]
    j = model.drivers.index("memory")
    distance = abs(np.log(0.6)) / np.sqrt(80 * model.covariance[j, j])
    assert found["distance"] == pytest.approx(distance, rel=1e-12)
    assert found["tail_normal"] == pytest.approx(chi2.sf(distance**2, 1), rel=1e-9)
    assert found["drivers_named"] == 1
    level = model.history.of("memory")
    level = level[np.flatnonzero(np.diff(level))[0] :]
    assert found["windows"] == (len(level) - 1) // 80
    starts = np.flatnonzero(level[80:] - level[:-80] <= np.log(0.6))
    count, last = 0, -80
    for start in starts:
        if start >= last + 80:
            count, last = count + 1, start
    assert found["at_least_as_bad"] == count > 0
    assert found["alone"] == f"memory {count} of {(len(level) - 1) // 80}"
    worst = np.expm1((level[80:] - level[:-80]).min())
    assert f"memory {worst:+.0%}" in found["worst_windows"].split(";")[0]


def test_plausibility_does_not_hang_on_the_regime(desk, model):
    one = plausibility_table(desk, model, together(CRYPTO))
    other = plausibility_table(
        desk, model, together(replace(CRYPTO, propagation="hectic"))
    )
    assert one.equals(other)


def test_joint_core_counts_windows_in_which_all_fell(desk, model):
    both = replace(MEMORY, core={"memory": -0.2, "crypto": -0.2})
    found = plausibility_table(desk, model, together(both)).iloc[0]
    assert found["drivers_named"] == 2  # and the tail is of a chi-square of as many
    far = chi2.sf(found["distance"] ** 2, 2)
    assert found["tail_normal"] == pytest.approx(far, rel=1e-9)
    alone = [int(part.split()[1]) for part in found["alone"].split(", ")]
    assert 0 < found["at_least_as_bad"] <= min(alone)


def test_no_core_has_no_plausibility_and_says_so(desk, model):
    held = Scenario(name="still", core={"memory": 0.0})
    found = plausibility_table(desk, model, together(VIEWS, held))
    assert np.isnan(found["distance"].iloc[0])
    assert np.isnan(found["drivers_named"].iloc[0])
    assert found["reason"].tolist() == [
        "it names no driver",
        "every driver it names is held still",
    ]
    assert found["distance"].iloc[1] == 0
    assert found["tail_normal"].iloc[1] == 1
    with pytest.raises(ScenarioError, match="driver 'memry' is unknown"):
        plausibility_table(
            desk, model, together(Scenario(name="x", core={"memry": -0.1}))
        )


def test_every_column_is_defined(desk, model):
    scenarios = together(CRYPTO, MEMORY)
    tables = (
        regime_table(desk, model, scenarios, 0.8),
        plausibility_table(desk, model, scenarios),
    )
    for found in tables:
        assert all(found.definitions.values())


# --- what is not known of moves ------------------------------------------------------


def short_of_history(sessions):
    days = pd.bdate_range(end="2026-05-29", periods=sessions)
    walk = np.random.default_rng(5).standard_normal((sessions, 3)).cumsum(axis=0)
    prices = pd.DataFrame(100 * np.exp(walk / 100), days, ["MU", "NVDA", "SPY"])
    held = [("a", "MU", 1000.0), ("a", "NVDA", -500.0), ("a", "CASH_USD", 1e6)]
    return rp.desk_from_tables(
        pd.DataFrame(held, columns=["book", "instrument", "quantity"]),
        prices.rename_axis("date"),
        pd.DataFrame(
            [("CASH_USD", "unclassified", "cash", "cash")],
            columns=["instrument", "tier", "asset_class", "kind"],
        ),
        settings={
            "drivers": {
                "memory": ["MU"],
                "ai_compute": ["NVDA"],
                "equity": ["SPY"],
                "crypto": [],
            }
        },
    )


def test_what_moves_nobody_knows_is_said_and_not_silently_zero():
    desk = short_of_history(50)
    said = {i.code: i for i in rp.run(desk).issues}
    gross = rp.exposures(desk, by="asset_class").set_index("asset_class")["gross"]
    message = said["unknown-loadings"].message
    assert f"MU, NVDA move ({gross['equity']:,.0f} USD gross" in message  # not the cash
    assert "no driver has enough history of prices" in message
    whole = rp.run(short_of_history(300)).issues
    assert "unknown-loadings" not in [i.code for i in whole]
