"""Paths of the sample desk as tables: the numbers of `stress`, session by session."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.estimates import model_of
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.tables.paths import batches, path_summary_table, path_table
from riskplugin.tables.weighting import weighted_table

SAMPLES = Path(__file__).parents[3] / "samples"
FIGURES = (
    "pnl", "direct", "propagated", "overshoot", "convexity", "liquidity", "low", "high",
)  # fmt: skip
NAMES = ("leaders_falter", "narrative_unwind", "rally_extends")


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


def tabulated(desk, by="tier", names=NAMES):
    chosen = desk.scenarios.choose(names)
    return path_table(desk, model_of(desk), chosen, by, 0.80).to_frame()


def summary(desk, by=(), loss=None, names=NAMES):
    chosen = desk.scenarios.choose(names)
    return path_summary_table(desk, model_of(desk), chosen, by, 0.80, loss).to_frame()


def test_columns_and_their_meanings(desk):
    found = path_table(
        desk, model_of(desk), desk.scenarios.choose(NAMES), ("book", "tier"), 0.8
    )
    assert list(found.columns) == [
        "scenario", "session", "book", "tier", *FIGURES, "cash_called", "margin_called",
    ]  # fmt: skip
    assert found.title == "stress_path"
    assert set(found.definitions) == set(found.columns)


def test_rows_are_by_scenario_session_and_key(desk):
    found = tabulated(desk)
    tiers = desk.book.labels["tier"].names
    assert len(found) == len(tiers) * (61 + 101 + 61)
    first = found.head(2 * len(tiers))
    assert first["session"].tolist() == [0] * len(tiers) + [1] * len(tiers)
    assert first["tier"].tolist() == [*tiers, *tiers]
    assert found["scenario"].unique().tolist() == [*NAMES]


@pytest.mark.parametrize("by", ["tier", ("book", "tier"), "position"])
def test_the_last_session_is_what_stress_says_to_the_last_bit(desk, by):
    keys = (by,) if isinstance(by, str) else by
    found = tabulated(desk, by)
    last = found.groupby("scenario")["session"].transform("max") == found["session"]
    ends = found[last].reset_index(drop=True)
    whole = rp.stress(desk, NAMES, by=("scenario", *keys)).to_frame()
    assert ends[[*keys]].equals(whole[[*keys]])
    for figure in FIGURES:
        np.testing.assert_array_equal(ends[figure], whole[figure])


def test_the_whole_desk_is_the_sum_of_its_tiers(desk):
    total, tiers = tabulated(desk, ()), tabulated(desk)
    assert list(total.columns[:3]) == ["scenario", "session", "pnl"]
    summed = tiers.groupby(["scenario", "session"], sort=False)
    for figure in (*FIGURES[:6], "cash_called", "margin_called"):
        np.testing.assert_allclose(summed[figure].sum(), total[figure], atol=1e-6)


def test_no_figure_is_minus_zero(desk):
    found = tabulated(desk, "position")
    for figure in (*FIGURES, "cash_called", "margin_called"):
        zero = found[figure] == 0
        assert not np.signbit(found.loc[zero, figure]).any(), figure


def test_tiers_with_a_half_life_are_ahead(desk):
    """Half of the log move at once: 15 of 60 for tokens, by the scenario's own."""
    found = tabulated(desk, "tier", ["leaders_falter"]).set_index(["session", "tier"])
    share = found["pnl"] / found["pnl"].loc[60]
    at_15 = share.loc[15]
    assert at_15["crypto_agents"] > 0.5 > at_15["gpu"] > at_15["semi_equipment"]


def test_the_desk_may_replace_the_half_lives(desk):
    slow = replace(desk, universe=desk.universe.with_half_lives({"gpu": 1e15}))
    name = ["price_expectations_weaken", "inventory_build"]
    ahead, straight = (
        tabulated(d, "tier", name).set_index(["scenario", "session", "tier"])["pnl"]
        for d in (desk, slow)
    )
    assert ahead["inventory_build", 60, "gpu"] < straight["inventory_build", 60, "gpu"]
    assert (
        ahead["inventory_build", 120, "gpu"] == straight["inventory_build", 120, "gpu"]
    )
    assert (
        ahead["inventory_build", 60, "memory"]
        == straight["inventory_build", 60, "memory"]
    )


def test_scenario_and_session_stand_first_named_or_not(desk):
    named = tabulated(desk, ("tier", "scenario", "session"))
    assert named.equals(tabulated(desk, "tier"))
    assert tabulated(desk, "session").equals(tabulated(desk, ()))


def test_a_straight_path_is_a_series_of_smaller_stresses(desk):
    """Band included: errors of loadings and of followers grow with the move."""
    straight = dict.fromkeys(desk.universe.tier_names(), 1e15)
    flat = replace(desk, universe=desk.universe.with_half_lives(straight))
    whole = rp.Scenario(name="whole", core={"memory": -0.75}, horizon_sessions=90)
    half = rp.Scenario(name="half", core={"memory": -0.50}, horizon_sessions=45)
    found = path_table(flat, model_of(desk), ScenarioSet((whole,)), "tier", 0.80)
    found = found.to_frame().query("session == 45")
    once = rp.stress(desk, half, by="tier").to_frame()
    for figure in FIGURES:
        np.testing.assert_allclose(found[figure], once[figure], rtol=1e-7, atol=1e-3)


def test_unknown_keys_are_refused(desk):
    with pytest.raises(
        rp.UsageError, match="cannot group by 'teir'; did you mean 'tier'"
    ):
        tabulated(desk, "teir")


# --- the worst of each path ----------------------------------------------------------


def test_summary_is_read_off_the_path(desk):
    pnl = tabulated(desk, "book").set_index(["scenario", "book", "session"])["pnl"]
    found = summary(desk, "book", 5e6).set_index(["scenario", "book"])
    assert list(found.columns) == [
        "horizon_sessions", "pnl", "worst", "worst_session", "breach_session",
        "cash_called", "margin_called",
    ]  # fmt: skip
    broken = 0
    for (scenario, book), row in found.iterrows():
        path = pnl.xs((scenario, book), level=(0, 1))
        assert row["horizon_sessions"] == path.index[-1]
        assert row["pnl"] == path.iloc[-1]
        assert (row["worst"], row["worst_session"]) == (path.min(), path.idxmin())
        lost = path.index[path <= -5e6]
        assert len(lost) == 0 or row["breach_session"] == lost[0]
        assert np.isnan(row["breach_session"]) == (len(lost) == 0)
        broken += len(lost) > 0
    assert 0 < broken < len(found)


def test_summary_in_batches_is_the_summary_at_once(desk, monkeypatch):
    whole = summary(desk, "tier", 5e6)
    monkeypatch.setattr("riskplugin.tables.paths.CELLS", 1)
    assert summary(desk, "tier", 5e6).equals(whole)


@pytest.mark.parametrize(
    ("cells", "expected"), [(1, [1, 1, 1]), (160, [2, 1]), (220, [3])]
)
def test_batches_keep_every_scenario_in_order(desk, monkeypatch, cells, expected):
    """60, 100 and 60 sessions of one group."""
    monkeypatch.setattr("riskplugin.tables.paths.CELLS", cells)
    chosen = desk.scenarios.choose(NAMES)
    found = list(batches(chosen, 1))
    assert [len(some) for some in found] == expected
    assert [name for some in found for name in some.names()] == [*NAMES]


def test_no_loss_asked_for_is_none_broken(desk):
    assert summary(desk)["breach_session"].isna().all()


@pytest.mark.parametrize("loss", [0.0, -1.0, float("nan")])
def test_loss_is_above_0(desk, loss):
    with pytest.raises(rp.UsageError, match=r"loss is .*an amount above 0 is needed"):
        summary(desk, loss=loss)


def test_a_rebound_leaves_the_worst_behind(desk):
    (falter,) = desk.scenarios.choose(["leaders_falter"])
    phases = (
        Phase(
            name="leaders falter",
            sessions=20,
            reach={"memory": 0.7, "gpu": 0.8},
            others=0.1,
        ),
        Phase(name="all fall", sessions=25, others=1.3),
        Phase(name="partial rebound", sessions=15),
    )
    back = replace(falter, name="back", phases=phases)
    found = path_summary_table(
        desk, model_of(desk), ScenarioSet((falter, back)), (), 0.80
    ).to_frame()
    straight, rebound = (row for _, row in found.iterrows())
    assert rebound["pnl"] == straight["pnl"]
    assert rebound["worst_session"] == 45
    assert rebound["worst"] < straight["worst"] == straight["pnl"]


def test_no_scenario_gives_no_row(desk):
    none = ScenarioSet(())
    for found in (
        path_table(desk, model_of(desk), none, "tier", 0.8),
        path_summary_table(desk, model_of(desk), none, "tier", 0.8),
    ):
        assert len(found) == 0


# --- from the tables of a desk to what is called --------------------------------------


def test_cash_and_margin_of_a_perpetual_from_the_tables(desk):
    """10 BTC short and 1,000 of a future on MU long, on margin that is given.

    What is called for is what keeps a position open: the P&L is that of the one that is
    closed where nothing is added, and then no more than the margin is lost.
    """
    frame = {t: pd.read_csv(SAMPLES / f"{t}.csv") for t in ("prices", "fx")}
    mine = pd.DataFrame(
        {
            "instrument": ["BTC_PERP", "MU_FUT"],
            "tier": ["crypto_benchmark", "memory"],
            "asset_class": ["crypto", "equity"],
            "kind": ["perpetual", "future"],
            "currency": "USD",
            "underlying": ["BTC", "MU"],
            "maintenance_margin": [0.05, 0.10],
        }
    )
    held = pd.DataFrame(
        {
            "book": ["perp", "future", "cash"],
            "instrument": ["BTC_PERP", "MU_FUT", "MU"],
            "quantity": [-10.0, 1000.0, 500.0],
            "margin_posted": [100_000.0, 30_000.0, None],
        }
    )
    own = rp.desk_from_tables(held, instruments=mine, **frame)
    value = rp.positions(own).to_frame().set_index("book")["market_value"]
    found = tabulated(own, "book", ["rally_extends", "inventory_build"])
    assert len(found) == 3 * (61 + 121)
    kept = {"perp": (100_000.0, 0.05), "future": (30_000.0, 0.10)}
    calls = 0
    for row in found.itertuples():
        if row.book == "cash":
            assert (row.cash_called, row.margin_called) == (0.0, 0.0)
            continue
        posted, share = kept[row.book]
        pnl = row.direct + row.propagated + row.overshoot
        assert row.cash_called == pytest.approx(-pnl, rel=1e-12, abs=1e-9)
        notional = abs(value[row.book] + pnl)
        short = share * notional - (posted + pnl)
        closed = row.book == "perp" and short >= 0
        assert row.pnl == pytest.approx(-posted if closed else pnl, rel=1e-9, abs=1e-9)
        assert row.margin_called == pytest.approx(max(0.0, short), rel=1e-9, abs=1e-6)
        calls += short > 0
    assert 0 < calls < 2 * (61 + 121)


# --- weights -------------------------------------------------------------------------


def weighted(desk, weights, by=()):
    chosen = ScenarioSet(
        tuple(
            replace(s, weight=weights.get(s.name)) for s in desk.scenarios.choose(NAMES)
        )
    )
    return weighted_table(desk, model_of(desk), chosen, by, 0.80)


def test_weighted_beside_the_worst_without_weights(desk):
    pnl = rp.stress(desk, NAMES, by=("scenario", "book")).to_frame()
    pnl = pnl.set_index(["scenario", "book"])["pnl"]
    found = weighted(desk, {"leaders_falter": 0.25, "rally_extends": 0.5}, "book")
    assert set(found.definitions) == set(found.columns)
    rows = found.to_frame().set_index("book")
    assert len(rows) == len(desk.book.labels["book"].names)
    for book, row in rows.iterrows():
        mean = 0.25 * pnl["leaders_falter", book] + 0.5 * pnl["rally_extends", book]
        assert row["weighted_pnl"] == pytest.approx(mean, rel=1e-12)
        of_book = pnl.xs(book, level="book")
        assert row["worst_pnl"] == of_book.min()
        assert row["worst_scenario"] == of_book.idxmin()
    assert rows["weight"].tolist() == [0.75] * len(rows)
    assert rows["weighted_scenarios"].tolist() == [2] * len(rows)
    assert "narrative_unwind" in rows["worst_scenario"].tolist()


def test_weights_are_not_scaled_to_one(desk):
    once, twice = (
        weighted(desk, {"leaders_falter": w})["weighted_pnl"][0] for w in (0.25, 0.5)
    )
    assert twice == pytest.approx(2 * once, rel=1e-14)


def test_a_weight_of_zero_is_a_weight(desk):
    found = weighted(desk, {"leaders_falter": 0.0})
    assert found["weighted_pnl"][0] == 0.0
    assert found["weighted_scenarios"][0] == 1


def test_no_weight_is_no_weighted_figure(desk):
    found = weighted(desk, {})
    assert np.isnan(found["weighted_pnl"][0])
    assert found["weight"][0] == 0.0
    assert found["worst_pnl"][0] < 0


def test_weights_of_more_than_one_are_refused(desk):
    with pytest.raises(rp.ScenarioError, match=r"sum to 1\.2, 1 is the most"):
        weighted(desk, {"leaders_falter": 0.6, "rally_extends": 0.6})


def test_nothing_to_weight_is_refused(desk):
    with pytest.raises(rp.ScenarioError, match="no scenario to weight"):
        weighted_table(desk, model_of(desk), ScenarioSet(()), (), 0.80)
