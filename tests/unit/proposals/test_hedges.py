"""Hedges of a desk: by hand, their costs and limits, and what revaluation says."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import InputError, UsageError
from riskplugin.liquidity.cost import selling_cost
from riskplugin.pipeline import model_of
from riskplugin.tables.liquidity import session_volatility
from tests.hedge_desk import FALL, SLOW, applied, hedge_desk, hedges

EVERYTHING = [
    ("SOXX", "sell"), ("SOXL", "both"), ("MU_PUT", "buy"), ("BTC_PERP", "both"),
    ("NVDA", "both"), ("005930.KS", "sell"),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk():
    return hedge_desk()


def loss_in(desk, scenario="fall", column="pnl"):
    return -float(rp.stress(desk, scenario, by="scenario")[column].iloc[0])


def one(desk, instrument, quantity=1.0):
    """The desk's market with one position."""
    held = {"book": ["x"], "instrument": [instrument], "quantity": [quantity]}
    return rp.with_positions(desk, pd.DataFrame(held))


def quantity(found, instrument):
    own = found[found["instrument"] == instrument]["quantity"]
    return float(own.iloc[0]) if len(own) else 0.0


# --- by hand -------------------------------------------------------------------------


@pytest.mark.parametrize("lot", [1.0, 50.0, 700.0])
def test_one_instrument_and_one_scenario_is_computed_by_hand(desk, lot):
    """As many lots as the loss too much holds gains of one, rounded up."""
    gain = -loss_in(one(desk, "SOXX", -lot))
    wanted = np.ceil((loss_in(desk) - 1e6) / gain)
    menu = hedges(("SOXX", "sell"), lot=lot)
    found = rp.hedge(desk, "fall", menu, max_loss=1e6)
    assert found.outcome == "met"
    assert quantity(found, "SOXX") == -wanted * lot
    assert found["lots"].iloc[0] == wanted
    value = wanted * lot * found["market_price"].iloc[0]
    assert found["traded_value"].iloc[0] == pytest.approx(-value, rel=1e-12)
    assert found.cost == pytest.approx(2e-4 * value, rel=1e-12)


def test_the_cheaper_of_two_per_loss_is_taken(desk):
    """Two sold funds of one cost: the one that falls more for it."""
    gains = {n: -loss_in(one(desk, n, -1 / price)) for n, price in
             (("SOXX", 100.0), ("SPY", 100.0))}  # fmt: skip
    best = max(gains, key=gains.get)
    menu = hedges(("SOXX", "sell"), ("SPY", "sell"))
    found = rp.hedge(desk, "fall", menu, max_loss=1e6)
    assert found["instrument"].tolist() == [best]


def test_a_loss_inside_its_limit_needs_no_trade(desk):
    found = rp.hedge(desk, "fall", hedges(("SOXX", "sell")), max_loss=1e9)
    assert len(found) == 0
    assert found.cost == 0
    assert "no trade is needed" in found.message
    assert (found.scenarios["pnl_before"] == found.scenarios["pnl_after"]).all()


# --- revaluation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        {"max_loss": 5e5},
        {"max_loss": 5e5, "robust": True},
        {"budget": 400.0},
        {"max_loss": {"fall": 5e5, "broad": 3e5}},
        {"max_loss": 8e5, "max_cvar": 1.2e5, "exposures": {"memory": 3e6}},
    ],
)
@pytest.mark.parametrize("skip", [0, 1, 3])
def test_trades_as_positions_give_what_was_promised(desk, wanted, skip):
    found = rp.hedge(desk, None, hedges(*EVERYTHING[skip:]), **wanted)
    after = rp.stress(applied(desk, found), by="scenario").set_index("scenario")
    promised = found.scenarios.to_frame().set_index("scenario")
    basis = found.basis[found.basis["metric"] == "stress_pnl"].set_index("scope")
    own = after.loc[promised.index]
    np.testing.assert_allclose(promised["pnl_after"], own["pnl"], rtol=1e-9, atol=1e-3)
    np.testing.assert_allclose(promised["low_after"], own["low"], rtol=1e-9, atol=1e-3)
    others = after.loc[basis.index]
    np.testing.assert_allclose(basis["after"], others["pnl"], rtol=1e-9, atol=1e-3)
    assert len(promised) + len(basis) == len(after)


@pytest.mark.parametrize("robust", [False, True])
def test_limits_hold_by_the_stress_of_the_traded_desk(desk, robust):
    found = rp.hedge(desk, None, hedges(*EVERYTHING), max_loss=6e5, robust=robust)
    assert found.outcome == "met"
    after = rp.stress(applied(desk, found), by="scenario")
    column = "low" if robust else "pnl"
    assert after[column].min() >= -6e5 - 1e-3
    assert after[column].min() <= -5.9e5  # and no more than that is paid for


def test_a_robust_hedge_costs_more(desk):
    costs = [
        rp.hedge(desk, None, hedges(*EVERYTHING), max_loss=6e5, robust=r).cost
        for r in (False, True)
    ]
    assert costs[1] > 1.1 * costs[0]


def test_unwinding_is_paid_for_the_hedge_too():
    """A desk that assumes half of everything sold pays for its hedges as well."""
    spread = pd.DataFrame(
        [{"instrument": n, "tier": t, "asset_class": "equity", "half_spread": 0.02}
         for n, t in (("MU", "memory"), ("SOXX", "semi_equipment"))]
    )  # fmt: skip
    desk = hedge_desk(
        {"MU": 40_000.0},
        instruments=spread,
        settings={"unwind_share": 0.5, "scenario_library": "replace"},
    )
    found = rp.hedge(desk, "fall", hedges(("SOXX", "sell")), max_loss=1e6)
    assert found.outcome == "met"
    after = rp.stress(applied(desk, found), "fall", by="scenario")
    assert (
        after["liquidity"].iloc[0]
        < rp.stress(desk, "fall", by="scenario")["liquidity"].iloc[0]
    )
    assert after["pnl"].iloc[0] == pytest.approx(
        found.scenarios["pnl_after"].iloc[0], rel=1e-12
    )
    assert -1e6 <= after["pnl"].iloc[0] <= -0.999e6


def test_an_option_that_the_desk_holds_keeps_its_volatility():
    held = pd.DataFrame(
        {"book": "fund", "instrument": ["MU", "MU_PUT"], "quantity": [40_000.0, -50.0],
         "price": [np.nan, 9.5]}
    )  # fmt: skip
    desk = hedge_desk(positions=None)
    desk = rp.with_positions(desk, held)
    found = rp.hedge(desk, "fall", hedges(("MU_PUT", "buy")), max_loss=1e6)
    assert found["market_price"].iloc[0] == 9.5
    rows = pd.concat([held, found.to_frame()[["book", "instrument", "quantity"]]])
    after = rp.with_positions(desk, rows)
    assert found.scenarios["pnl_after"].iloc[0] == pytest.approx(
        -loss_in(after), rel=1e-9
    )


# --- costs ---------------------------------------------------------------------------


def test_impact_is_that_of_the_liquidity_model(desk):
    menu = hedges(("SOXX", "sell"), daily_volume=2e5, participation=0.9)
    found = rp.hedge(desk, "fall", menu, max_loss=1.5e6)
    sold = -quantity(found, "SOXX")
    model = model_of(desk)
    own = session_volatility(model)[model.instruments.index("SOXX")]
    share = selling_cost(
        np.array([2e-4]), np.array([own]), np.array([sold / 2e5]), 1.0
    )[0]
    value = -found["traded_value"].iloc[0]
    assert found.cost == pytest.approx(share * value, rel=1e-9)
    assert found["impact_cost"].iloc[0] == pytest.approx(
        value * own * np.sqrt(sold / 2e5), rel=1e-9
    )
    assert found["days_to_trade"].iloc[0] == pytest.approx(sold / (0.9 * 2e5))


def test_impact_of_none_is_none(desk):
    menu = hedges(("SOXX", "sell"), impact=0.0, daily_volume=2e6)
    found = rp.hedge(desk, "fall", menu, max_loss=1.5e6)
    assert found["impact_cost"].tolist() == [0.0]
    assert found["remark"].tolist() == [""]


def test_an_unknown_volume_is_said_and_not_free(desk):
    found = rp.hedge(desk, "fall", hedges(("SOXX", "sell")), max_loss=1.5e6)
    assert "no known volume" in found["remark"].iloc[0]
    assert np.isnan(found["days_to_trade"].iloc[0])


@pytest.mark.parametrize(
    ("side", "rate"), [("sell", 0.03 - 0.02), ("buy", 0.02)], ids=["short", "long"]
)
def test_funding_and_borrowing_are_paid_over_the_time_held(desk, side, rate):
    """A short receives funding and pays to borrow; 126 sessions are half a year."""
    scenario = "fall" if side == "sell" else "rise"
    book = desk if side == "sell" else hedge_desk({"MU": -40_000.0})
    menu = hedges(("SOXX", side), funding_rate=0.02, borrow_rate=0.03)
    found = rp.hedge(book, scenario, menu, max_loss=1e6, hold_sessions=126)
    value = abs(found["traded_value"].iloc[0])
    assert found["carry_cost"].iloc[0] == pytest.approx(rate / 2 * value, rel=1e-12)


def test_it_is_held_for_the_longest_scenario_unless_said(desk):
    menu = hedges(("SOXX", "sell"), borrow_rate=0.10)
    found = rp.hedge(desk, [FALL, SLOW], menu, max_loss=1e6)
    years = SLOW.horizon_sessions / 252
    value = -found["traded_value"].iloc[0]
    assert found["carry_cost"].iloc[0] == pytest.approx(0.1 * years * value, rel=1e-12)


def test_carry_may_decide_between_sides_of_two(desk):
    """SPY pays its short so much that it is worth more of it."""
    menu = hedges(("SOXX", "sell"), ("SPY", "sell"), max_notional=2e7)
    dear = rp.hedge(desk, "fall", menu, max_loss=2e6)
    menu["funding_rate"] = [0.0, 0.5]
    paid = rp.hedge(desk, "fall", menu, max_loss=2e6)
    assert quantity(dear, "SPY") == 0
    assert paid["traded_value"].min() == pytest.approx(-2e7, rel=1e-3)  # to its cap
    assert paid.cost < 0


# --- caps and lots -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "most"),
    [("max_units", 1_234.0), ("max_notional", 123_456.0), ("daily_volume", 5_000.0)],
)
def test_caps_hold_and_are_named(desk, column, most):
    menu = hedges(("SOXX", "sell"), ("NVDA", "sell"), lot=10.0, impact=0.0)
    menu[column], menu["half_spread_bps"] = [most, np.nan], [2.0, 50.0]
    found = rp.hedge(desk, "fall", menu, max_loss=5e5)
    sold, price = -quantity(found, "SOXX"), 100.0
    units = {
        "max_units": most,
        "max_notional": most / price,
        "daily_volume": 0.2 * most,
    }
    assert sold == 10 * np.floor(units[column] / 10)
    caps = found.why[found.why["constraint"] == "cap, sell SOXX"]
    assert caps["binding"].all()
    assert (caps["shadow_price"] > 0).all()


def test_two_days_trade_twice_the_volume(desk):
    menu = hedges(("SOXX", "sell"), daily_volume=5_000.0, participation=0.1)
    found = rp.hedge(desk, "fall", menu, max_loss=5e5, trade_sessions=2)
    assert found.outcome == "infeasible"
    assert quantity(found, "SOXX") == -1_000


def test_every_trade_is_a_whole_number_of_its_lots(desk):
    menu = hedges(*EVERYTHING)
    menu["lot"] = [100, 7, 1, 0.25, 13, 10]
    found = rp.hedge(desk, None, menu, max_loss=4e5, exposures={"memory": 2.5e6})
    lot = dict(zip(menu["instrument"], menu["lot"], strict=True))
    whole = [
        q / lot[n] for n, q in zip(found["instrument"], found["quantity"], strict=True)
    ]
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)
    np.testing.assert_array_equal(found["lots"], np.abs(np.round(whole)))


@pytest.mark.parametrize(("side", "sign"), [("buy", 1), ("sell", -1)])
def test_only_the_side_that_is_allowed_is_traded(side, sign):
    book = hedge_desk({"MU": -sign * 40_000.0})
    scenario = "rise" if sign > 0 else "fall"
    for name in ("buy", "sell"):
        menu = hedges(("SOXX", name))
        found = rp.hedge(book, scenario, menu, max_loss=1e6)
        assert found.outcome == ("met" if name == side else "infeasible")
        assert np.sign(quantity(found, "SOXX")) == (sign if name == side else 0)


# --- other limits --------------------------------------------------------------------


def test_the_tail_is_inside_its_limit_by_measures(desk):
    before = rp.measures(desk, "CVaR", 0.05, ())["total"].iloc[0]
    most = 0.6 * before
    found = rp.hedge(desk, "fall", hedges(*EVERYTHING), max_cvar=most)
    assert found.outcome == "met"
    after = rp.measures(applied(desk, found), "CVaR", 0.05, ())["total"].iloc[0]
    assert 0.99 * most <= after <= most * (1 + 1e-9)
    row = found.basis[found.basis["metric"] == "CVaR"].iloc[0]
    assert row["before"] == pytest.approx(before, rel=1e-12)
    assert row["after"] == pytest.approx(after, rel=1e-9)
    why = found.why.to_frame().set_index("constraint").loc["CVaR"]
    assert why["after"] == pytest.approx(after, rel=1e-9)
    assert why["binding"]


@pytest.mark.parametrize(
    ("name", "column"),
    [("memory", "delta_equivalent"), ("memory_beta", "memory_beta_exposure")],
)
def test_exposures_are_inside_their_bounds_by_exposures(desk, name, column):
    menu = hedges(*EVERYTHING, ("MU", "sell"))
    found = rp.hedge(desk, "fall", menu, exposures={name: (1e6, 1.5e6)})
    assert found.outcome == "met"
    after = rp.exposures(applied(desk, found), "tier" if name == "memory" else ())
    own = after[after["tier"] == name] if name == "memory" else after
    assert 1e6 <= own[column].iloc[0] <= 1.5e6 + 1e-6


def test_a_budget_buys_the_best_and_more_buys_more(desk):
    menu = hedges(("SOXX", "sell"), ("NVDA", "sell"), daily_volume=1e6)
    worst = []
    for budget in (0.0, 500.0, 2_000.0):
        found = rp.hedge(desk, ["fall", "slow"], menu, budget=budget)
        assert found.cost <= budget + 1e-9
        assert found.cost >= 0.98 * budget
        worst.append(found.scenarios["loss_after"].max())
    assert worst[0] == pytest.approx(loss_in(desk, "slow"), rel=1e-12)
    assert worst[0] > worst[1] > worst[2]


def test_a_limit_and_a_budget_that_does_not_reach_it(desk):
    found = rp.hedge(desk, "fall", hedges(("SOXX", "sell")), max_loss=1e6, budget=10.0)
    assert found.outcome == "infeasible"
    assert found.cost <= 10
    assert "loss in fall by" in found.message


# --- what cannot be ------------------------------------------------------------------


def test_out_of_reach_says_by_how_much_and_what_holds_it_back(desk):
    menu = hedges(("SOXX", "sell"), max_units=1_000.0)
    found = rp.hedge(desk, "fall", menu, max_loss=1e6)
    assert found.outcome == "infeasible"
    assert quantity(found, "SOXX") == -1_000
    left = loss_in(applied(desk, found))
    assert f"loss in fall by {left - 1e6:,.0f} USD" in found.message
    assert "as large as allowed: sell SOXX" in found.message
    assert found.scenarios["met"].tolist() == ["no"]


def test_without_end_says_which_trade_pays(desk):
    menu = hedges(("SOXX", "sell"), ("SPY", "sell"))
    menu["funding_rate"] = [0.0, 0.5]
    found = rp.hedge(desk, "fall", menu, max_loss=1e6)
    assert found.outcome == "unbounded"
    assert "nothing holds back sell SPY" in found.message
    assert len(found) == 0
    assert found.why["shadow_price"].isna().all()


def test_every_fault_of_the_table_is_said_at_once(desk):
    menu = pd.DataFrame(
        {
            "instrument": ["SOX", "SPY", "SPY", "GEV", "NVDA", "AMD"],
            "side": ["sell", "short", "sell", "sell", "sell", "sell"],
            "lot": [1, 1, 1, 1, -5, 0],
            "half_spread_bps": 1.0,
        }
    )
    with pytest.raises(InputError, match="no table knows 'SOX'") as error:
        rp.hedge(desk, "fall", menu, max_loss=1e6)
    found = {(i.code, i.where.row) for i in error.value.issues}
    assert {code for code, _ in found} >= {"unknown-hedge", "hedge-twice", "no-price"}
    assert {("unknown-hedge", 0), ("hedge-twice", 2), ("no-price", 3)} <= found
    lots = [i for i in error.value.issues if i.where.column == "lot"]
    assert [i.where.row for i in lots] == [4, 5]


def test_costs_that_are_not_known_are_refused_with_their_rows(desk):
    menu = hedges(("SOXX", "sell"), ("SPY", "sell"), participation=np.nan)
    menu["half_spread_bps"] = [np.nan, 1.0]
    menu["participation"] = [np.nan, 0.1]
    with pytest.raises(InputError, match="what trading SOXX costs is not known") as e:
        rp.hedge(desk, "fall", menu, max_loss=1e6)
    assert "a share of the volume of SPY" in str(e.value)


def test_an_empty_table_allows_nothing(desk):
    with pytest.raises(InputError, match="no instrument is allowed"):
        rp.hedge(desk, "fall", hedges(), max_loss=1e6)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "nothing is asked for"),
        ({"max_loss": -1.0}, "max_loss is -1"),
        ({"budget": float("nan")}, "budget is nan"),
        ({"max_loss": {"fal": 1.0}}, "fal"),
        ({"exposures": {"memry": 1.0}}, "did you mean 'memory'"),
        ({"exposures": {"memory": (2.0, 1.0)}}, "nothing is"),
        ({"max_cvar": 1.0, "alpha": 2.0}, "alpha is 2"),
        ({"max_loss": 1.0, "trade_sessions": 0.0}, "trade_sessions is 0"),
        ({"max_loss": 1.0, "confidence": 1.0}, "confidence is 1"),
    ],
)
def test_questions_that_make_no_sense_are_refused(desk, wanted, words):
    with pytest.raises(UsageError, match=words):
        rp.hedge(desk, "fall", hedges(("SOXX", "sell")), **wanted)


def test_without_a_table_it_says_where_to_give_one(desk):
    with pytest.raises(UsageError, match="no hedges: give instruments"):
        rp.hedge(desk, "fall", max_loss=1e6)


# --- where the table comes from ------------------------------------------------------


def test_the_table_may_be_the_desks_a_frame_or_a_file(desk, tmp_path):
    menu = hedges(("SOXX", "sell"), ("SPY", "sell"))
    menu.to_csv(tmp_path / "hedges.csv", index=False)
    own = hedge_desk(hedges=menu)
    found = [
        rp.hedge(desk, "fall", menu, max_loss=1e6),
        rp.hedge(desk, "fall", tmp_path / "hedges.csv", max_loss=1e6),
        rp.hedge(own, "fall", max_loss=1e6),
    ]
    for other in found[1:]:
        pd.testing.assert_frame_equal(other.to_frame(), found[0].to_frame())


# --- basis ---------------------------------------------------------------------------


def test_basis_holds_volatility_by_factors_and_what_is_left(desk):
    found = rp.hedge(desk, "fall", hedges(("SOXX", "sell")), max_loss=1e6)
    basis = found.basis.to_frame().set_index("metric")
    model = model_of(desk)
    after = applied(desk, found)
    value = np.zeros(len(model.instruments))
    for name, money in zip(
        rp.positions(after)["instrument"],
        rp.positions(after)["market_value"],
        strict=True,
    ):
        value[model.instruments.index(name)] += money
    count = len(model.instruments)
    fx = model.loadings[count:][model.currency]
    drivers = value @ (model.loadings[:count] + fx)
    explained = drivers @ model.covariance @ drivers * 252
    whole = basis.loc["volatility", "after"] ** 2
    left = basis.loc["residual_volatility", "after"] ** 2
    assert whole == pytest.approx(explained + left, rel=1e-9)
    ours = rp.exposures(after, ())
    assert basis.loc["memory_beta_exposure", "after"] == pytest.approx(
        ours["memory_beta_exposure"].iloc[0], rel=1e-12
    )
    assert basis.loc["gross", "after"] == pytest.approx(ours["gross"].iloc[0])
    assert (basis["change"] == basis["after"] - basis["before"])[:5].all()


# --- frontier ------------------------------------------------------------------------


def test_a_frontier_costs_more_for_less_loss(desk):
    menu = hedges(("SOXX", "sell"), ("NVDA", "sell"), daily_volume=2e6)
    found = rp.hedge_frontier(desk, ["fall", "slow"], menu, losses=6)
    assert len(found) == 6
    assert found["trade_cost"].iloc[0] == 0
    assert found["trades"].iloc[0] == 0
    assert found["max_loss"].iloc[0] == pytest.approx(loss_in(desk, "slow"))
    assert (np.diff(found["trade_cost"]) > 0).all()
    assert (found["loss_after"] <= found["max_loss"] + 1e-3).all()
    each = rp.hedge(desk, ["fall", "slow"], menu, max_loss=found["max_loss"].iloc[3])
    assert found["trade_cost"].iloc[3] == pytest.approx(each.cost, rel=1e-3)


def test_a_frontier_ends_at_what_can_be_reached(desk):
    menu = hedges(("SOXX", "sell"), max_units=5_000.0)
    found = rp.hedge_frontier(desk, "fall", menu, losses=3)
    best = loss_in(applied(desk, pd.DataFrame(
        {"book": ["h"], "instrument": ["SOXX"], "quantity": [-5_000.0]}
    )))  # fmt: skip
    assert found["max_loss"].iloc[-1] == pytest.approx(best, rel=1e-9)
    asked = rp.hedge_frontier(desk, "fall", menu, losses=[1e5, 2.9e6])
    assert asked["outcome"].tolist() == ["met", "infeasible"]
