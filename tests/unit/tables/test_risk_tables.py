"""Measures of a whole desk: against the desk's own prices, line by line."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.risk.measure import Measure


@pytest.fixture(scope="module")
def pnl(desk, prices):
    """P&L per position and day, straight from the prices."""
    held = rp.positions(desk)
    returns = prices.pct_change().iloc[1:]
    columns = [
        returns[i] * v for i, v in held[["instrument", "market_value"]].to_numpy()
    ]
    return held, pd.concat(columns, axis=1).to_numpy()


@pytest.fixture(scope="module")
def prices():
    drawn = np.random.default_rng(4)
    days = pd.bdate_range("2022-01-03", periods=800)
    common = drawn.standard_t(5, len(days)) * 0.02
    moves = {
        n: b * common + drawn.normal(0, s, len(days))
        for n, b, s in (
            ("MU", 1.0, 0.01),
            ("SNDK", 1.2, 0.02),
            ("NVDA", 0.8, 0.015),
            ("TAO", 0.7, 0.05),
        )
    }
    return (100 * np.exp(pd.DataFrame(moves, index=days).cumsum())).rename_axis("date")


@pytest.fixture(scope="module")
def desk(prices):
    rows = [
        ("a", "MU", 3000.0),
        ("a", "NVDA", -1000.0),
        ("a", "SNDK", 500.0),
        ("b", "MU", 1000.0),
        ("b", "TAO", 800.0),
        ("b", "MU", -200.0),
    ]
    return rp.desk_from_tables(
        pd.DataFrame(rows, columns=["book", "instrument", "quantity"]),
        prices,
        settings={
            "drivers": {
                "memory": ["MU"],
                "ai_compute": ["NVDA"],
                "crypto": [],
                "equity": [],
            },
            "nav": {"a": 1e6, "b": 5e5},
        },
    )


def test_total_and_components_from_the_prices(desk, pnl):
    held, by_position = pnl
    whole = by_position.sum(axis=1)
    tail = np.argsort(whole)[:40]  # 799 scenarios x 0.05 = 39.95
    found = rp.measures(desk, by=("book", "tier"))
    share = np.ones(40)
    share[np.argmax(whole[tail])] = 0.95
    expected = -(share[:, None] * by_position[tail]).sum(axis=0) / 39.95
    assert found["total"].to_numpy() == pytest.approx(-(share @ whole[tail]) / 39.95)
    parts = pd.Series(expected).groupby([held["book"], held["tier"]]).sum()
    for row in found.itertuples():
        assert row.component == pytest.approx(parts[row.book, row.tier])
    assert found["component"].sum() == pytest.approx(found["total"].iloc[0], rel=1e-12)
    assert found["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("by", ["tier", "position", ("book", "link")])
def test_components_of_every_measure_add_up(desk, measure, by):
    found = rp.measures(desk, measure, by=by)
    total = found["total"].iloc[0]
    assert found["component"].sum() == pytest.approx(total, rel=1e-9)


def test_volatility_is_that_of_the_daily_pnl(desk, pnl):
    found = rp.measures(desk, "volatility", by=())
    assert found["total"].tolist() == pytest.approx([pnl[1].sum(axis=1).std(ddof=1)])
    assert found["group"].tolist() == ["total"]


def test_incremental_is_the_measure_with_and_without(desk):
    found = rp.measures(desk, "VaR", by="book").set_index("book")
    without = rp.measures(rp.with_positions(desk, "b"), "VaR", by=())["total"].iloc[0]
    assert found.loc["a", "incremental"] == pytest.approx(
        found.loc["a", "total"] - without
    )
    assert found.loc["b", "standalone"] == pytest.approx(without)


def test_marginal_is_the_change_per_unit_of_value_added(desk, prices):
    found = rp.measures(desk, "volatility", by="instrument").set_index("instrument")
    more = rp.positions(desk)[["book", "instrument", "quantity"]]
    step = 100.0
    added = {
        "book": "a",
        "instrument": "TAO",
        "quantity": step / prices["TAO"].iloc[-1],
    }
    more = pd.concat([more, pd.DataFrame([added])], ignore_index=True)
    bumped = rp.measures(rp.with_positions(desk, more), "volatility", by=())
    change = (bumped["total"].iloc[0] - found["total"].iloc[0]) / step
    assert found.loc["TAO", "marginal"] == pytest.approx(change, rel=1e-3)


def test_row_that_nets_to_nothing_has_no_marginal(desk, prices):
    rows = [("a", "MU", 100.0), ("b", "MU", -100.0), ("b", "TAO", 1.0)]
    flat = rp.with_positions(
        desk, pd.DataFrame(rows, columns=["book", "instrument", "quantity"])
    )
    found = rp.measures(flat, by="instrument").set_index("instrument")
    assert np.isnan(found.loc["MU", "marginal"])
    assert found.loc["MU", "component"] == pytest.approx(0, abs=1e-9)


def test_share_of_nav(desk):
    found = rp.measures(desk, by="book")
    assert found["total_pct_nav"].to_numpy() == pytest.approx(found["total"] / 1.5e6)
    assert found["component_pct_nav"].sum() == pytest.approx(
        found["total_pct_nav"].iloc[0]
    )


def test_wider_windows_are_those_of_the_prices(desk, prices):
    held = rp.positions(desk)
    moves = prices.pct_change(10).iloc[10:]
    whole = sum(
        moves[i] * v for i, v in held[["instrument", "market_value"]].to_numpy()
    )
    found = rp.measures(desk, "worst_case", by=(), horizon_sessions=10)
    assert found["total"].tolist() == pytest.approx([-whole.min()])
    assert found["independent_scenarios"].tolist() == pytest.approx([len(whole) / 10])


def test_scenarios_are_what_is_measured(desk):
    found = rp.pnl_scenarios(desk, by="book")
    whole = found.groupby("end")["pnl"].sum()
    assert found["probability"].sum() == pytest.approx(2)
    worst = rp.measures(desk, "worst_case", by=())["total"].iloc[0]
    assert -whole.min() == pytest.approx(worst)


def test_factor_risk_adds_up_and_finds_the_driver_itself(desk):
    found = rp.factor_risk(desk, "volatility", by="book")
    total = rp.measures(desk, "volatility", by=())["total"].iloc[0]
    assert found["component"].sum() == pytest.approx(total, rel=1e-12)
    alone = rp.with_positions(
        desk, pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1.0]})
    )
    of = rp.factor_risk(alone, "volatility").set_index("factor")
    assert of.loc["memory", "share"] == pytest.approx(1, abs=0.01)
    assert of["effective_bets"].tolist() == pytest.approx([1.0] * 3)


def test_age_weighted_total_by_hand(desk, pnl):
    whole = pnl[1].sum(axis=1)
    weights = 0.5 ** (np.arange(len(whole))[::-1] / 252)
    weights /= weights.sum()
    order = np.argsort(whole)
    reached = np.cumsum(weights[order]) >= 0.05
    found = rp.measures(desk, "VaR", by=(), method="age_weighted")
    assert found["total"].tolist() == pytest.approx([-whole[order][reached.argmax()]])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"measure": "CVAr2"}, "no measure is called 'CVAr2'"),
        ({"alpha": 0.0}, "alpha is 0.0, a tail between 0 and 1"),
        ({"alpha": 5.0}, "alpha is 5.0"),
        ({"by": "teir"}, "cannot group by 'teir'"),
        ({"method": "monte_carlo"}, "method is 'monte_carlo'; known: historical"),
        ({"horizon_sessions": 2}, "horizon_sessions is 2; known: 1, 5, 10, 21"),
        ({"measure": "MDD", "horizon_sessions": 5}, "MDD: a drawdown runs along"),
        ({"measure": []}, "no measure asked for"),
    ],
)
def test_what_cannot_be_measured_is_said(desk, given, said):
    with pytest.raises(rp.UsageError, match=said):
        rp.measures(desk, **given)


def test_all_measures_that_a_horizon_allows(desk):
    daily = rp.measures(desk, None, by=())
    weekly = rp.measures(desk, None, by=(), horizon_sessions=5)
    assert daily["measure"].tolist() == [m.value for m in Measure]
    assert set(daily["measure"]) - set(weekly["measure"]) == {
        "MDD",
        "ADD",
        "DaR",
        "CDaR",
        "EDaR",
        "RLDaR",
        "UCI",
    }


def test_instrument_of_which_nothing_is_known_is_an_error(prices):
    close = prices[["MU", "NVDA"]].assign(SNDK=np.nan, X=np.nan)
    close.loc[close.index[-1], "X"] = 5.0
    desk = rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["X"], "quantity": [1.0]}),
        close[["MU", "NVDA", "X"]],
        settings={
            "drivers": {
                "memory": ["MU"],
                "ai_compute": ["NVDA"],
                "crypto": [],
                "equity": [],
            }
        },
    )
    assert rp.measures(desk, by=())["own_history"].tolist() == [0.0]  # a peer stands in


def test_samples_say_what_stands_behind_each_method(desk):
    found = rp.samples(desk).set_index(["method", "horizon_sessions"])
    assert found.loc[("historical", 1), "scenarios"] == 799
    assert found.loc[("historical", 21), "independent_scenarios"] == pytest.approx(
        1 / (37 * (21 / 779) ** 2 + (2 / 779) ** 2)  # 37 whole windows and two rows
    )
    assert found.loc["historical", "own_history"].tolist() == [1.0] * 4


def test_reversal_without_a_fall_says_so():
    days = pd.bdate_range("2023-01-02", periods=300)
    drawn = np.random.default_rng(1).normal(0.001, 0.004, len(days))
    close = pd.DataFrame({"MU": 100 * np.exp(drawn.cumsum())}, index=days)
    desk = rp.desk_from_tables(
        pd.DataFrame({"book": ["a"], "instrument": ["MU"], "quantity": [1.0]}),
        close.rename_axis("date"),
        settings={
            "drivers": {"memory": ["MU"], "ai_compute": [], "crypto": [], "equity": []}
        },
    )
    with pytest.raises(rp.ModelError, match="holds no fall of 'memory' of 30 %"):
        rp.measures(desk, method="reversal")
    found = rp.samples(desk).set_index("method").loc["reversal"]
    assert found["reason"].str.contains("no reversal to learn from").all()


def test_smoothed_contributions_to_var_add_up_to_the_same_total(desk):
    exact = rp.measures(desk, "VaR", by="position")
    near = rp.measures(desk, "VaR", by="position", smoothing=0.02)
    assert near["total"].tolist() == exact["total"].tolist()
    assert near["component"].sum() == pytest.approx(exact["total"].iloc[0])
    assert not np.allclose(near["component"], exact["component"], rtol=1e-3)
    with pytest.raises(rp.UsageError, match=r"half_width is 0\.2"):
        rp.measures(desk, "VaR", smoothing=0.2)


def test_views_move_the_probabilities_and_hold(desk, prices):
    view = rp.View("mean", "memory", "==", -0.002)
    found = rp.pnl_scenarios(desk, views=[view])
    moves = prices["MU"].pct_change().loc[found["end"]].to_numpy()
    assert found["probability"] @ moves == pytest.approx(-0.002, abs=1e-9)
    calm = rp.measures(desk, "CVaR", by=())["total"].iloc[0]
    assert rp.measures(desk, "CVaR", by=(), views=[view])["total"].iloc[0] > calm


def test_view_out_of_reach_says_what_is_in_reach(desk):
    view = rp.View("mean", "MU", "<=", -0.9)
    with pytest.raises(rp.ModelError, match="reach"):
        rp.measures(desk, views=[view])
    with pytest.raises(rp.UsageError, match="did you mean 'memory'"):
        rp.measures(desk, views=[rp.View("mean", "memroy", "<=", 0.0)])
