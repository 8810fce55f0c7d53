"""Laws of hedges: whatever the limits and the menu, these hold."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import riskplugin as rp
from tests.hedge_desk import applied, hedge_desk, hedges

LAWS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = ("SOXX", "SOXL", "MU_PUT", "BTC_PERP", "NVDA", "MU", "ETH")
SCENARIOS = ("fall", "slow", "rise", "broad")


@pytest.fixture(scope="module")
def desk():
    return hedge_desk()


@st.composite
def menus(draw):
    """Some instruments, each with a side, a cost, a lot and perhaps a cap."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    count = len(names)
    sides = draw(st.lists(st.sampled_from(["buy", "sell", "both"]), min_size=count,
                          max_size=count))  # fmt: skip
    made = hedges(*zip(names, sides, strict=True))
    floats = {
        "half_spread_bps": st.sampled_from([0.5, 3.0, 20.0]),
        "lot": st.sampled_from([0.5, 1.0, 25.0, 400.0]),
        "max_notional": st.sampled_from([np.nan, 1e6, 2e7]),
        "daily_volume": st.sampled_from([np.nan, 1e5, 5e6]),
        "borrow_rate": st.sampled_from([np.nan, 0.0, 0.08]),
    }
    for column, values in floats.items():
        made[column] = draw(st.lists(values, min_size=count, max_size=count))
    return made


@st.composite
def aims(draw):
    """Scenarios with a limit, perhaps a budget, robust or not."""
    chosen = draw(st.lists(st.sampled_from(SCENARIOS), min_size=1, unique=True))
    limits = st.sampled_from([0.0, 2e5, 1e6, 3e6])
    made = {"max_loss": {name: draw(limits) for name in chosen}}
    if draw(st.booleans()):
        made["budget"] = draw(st.sampled_from([0.0, 300.0, 1e5]))
    return {**made, "robust": draw(st.booleans())}


@LAWS
@given(menu=menus(), wanted=aims())
def test_the_trades_as_positions_are_what_was_promised(desk, menu, wanted):
    found = rp.hedge(desk, None, menu, **wanted)
    after = applied(desk, found)
    told = rp.stress(after, found.scenarios["scenario"].tolist(), by="scenario")
    for column in ("pnl", "low"):
        promised = found.scenarios[f"{column}_after"]
        np.testing.assert_allclose(promised, told[column], rtol=1e-9, atol=1e-3)
    met = (found.scenarios["loss_after"] <= found.scenarios["max_loss"] + 1).all()
    if found.outcome == "met":
        assert met
    else:
        assert found.message
        assert not met or "budget" in wanted or found.outcome == "unbounded"


@LAWS
@given(menu=menus(), wanted=aims())
def test_lots_caps_sides_and_budget_hold(desk, menu, wanted):
    found = rp.hedge(desk, None, menu, **wanted)
    rows = menu.set_index("instrument").loc[found["instrument"]]
    lots = np.abs(found["quantity"].to_numpy()) / rows["lot"].to_numpy()
    np.testing.assert_allclose(lots, np.round(lots), atol=1e-6)
    caps = 0.2 * rows["daily_volume"].fillna(np.inf).to_numpy()
    assert (np.abs(found["quantity"].to_numpy()) <= caps * (1 + 1e-9)).all()
    for side, given_side in zip(found["side"], rows["side"], strict=True):
        assert given_side in (side, "both")
    assert found.cost <= wanted.get("budget", np.inf) + 0.01
    np.testing.assert_allclose(
        found["trade_cost"],
        found[["spread_cost", "impact_cost", "carry_cost"]].sum(axis=1),
        rtol=1e-12,
    )


@LAWS
@given(menu=menus(), loss=st.sampled_from([2e5, 1e6, 2e6]))
def test_a_looser_limit_never_costs_more(desk, menu, loss):
    """But for what whole lots, and a search that may stop near the best, cost."""
    tight, loose = (
        rp.hedge(desk, "fall", menu, max_loss=limit) for limit in (loss, 1.2 * loss)
    )
    if tight.outcome == "met":
        assert loose.outcome == "met"
        whole = tight.why.set_index("constraint").loc["rounding", "after"]
        assert loose.cost <= tight.cost * 1.002 + abs(whole) + 1
