"""The morning after: the P&L of yesterday's book, by hand, and what was said of it."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.attribution.morning import realised
from tests.unit.attribution.desks import closes, desk, held, rates

EVE = "2026-05-28"


def figures(before, after):
    return realised(before, after).set_index("figure")["value"]


def eve(**given):
    return desk(as_of=EVE, **given)


def made_by(rows, prices=None, fx=None):
    """Return the P&L of rows: value then x the price's move x the currency's."""
    prices, fx = closes() if prices is None else prices, rates() if fx is None else fx
    rate = {"000660.KS": 1 / fx["rate"].to_numpy()[-2:]}
    total = 0.0
    for row in rows.itertuples():
        p0, p1 = prices[row.instrument].to_numpy()[-2:]
        r0, r1 = rate.get(row.instrument, (1.0, 1.0))
        own = p0 if np.isnan(row.price) else row.price
        total += row.quantity * own * r0 * (p1 / p0 * r1 / r0 - 1)
    return total


def test_realised_is_what_the_closes_say_of_yesterdays_book():
    found = figures(eve(), desk())
    assert found["realised"] == pytest.approx(made_by(held()), rel=1e-10)
    assert (found["covered"], found["sessions"]) == (1.0, 1.0)


def test_what_was_traded_since_does_not_count():
    other = held().assign(quantity=1.0)
    found = figures(eve(), desk(positions=other))
    assert found["realised"] == pytest.approx(made_by(held()), rel=1e-10)


def test_split_that_the_later_feed_adjusts_is_no_profit():
    """The earlier close is divided by ten too, in the later feed alone."""
    split = closes()
    split["NVDA"] /= 10
    found = figures(eve(), desk(prices=split))
    assert found["realised"] == pytest.approx(made_by(held()), rel=1e-10)


def test_name_without_a_later_close_is_not_covered():
    prices = closes()
    prices.loc[prices.index[-1], "TAO"] = np.nan
    found = figures(eve(), desk(prices=prices))
    rest = held().query("instrument != 'TAO'")
    assert found["realised"] == pytest.approx(made_by(rest), rel=1e-10)
    value = np.abs(eve().book.market_value)
    tao = eve().book.labels["instrument"]
    out = value[np.array(tao.names)[tao.codes] == "TAO"].sum()
    assert found["covered"] == pytest.approx(1 - out / value.sum())


def test_gain_of_a_future_is_settled_at_the_later_rate():
    """Only the gain is converted: the notional bears no move of the won."""
    future = pd.DataFrame(
        {
            "instrument": ["000660.KS"],
            "tier": ["memory"],
            "asset_class": ["equity"],
            "kind": ["future"],
            "currency": ["KRW"],
        }
    )
    rows = held().query("instrument == '000660.KS'")
    found = figures(
        eve(positions=rows, instruments=future),
        desk(positions=rows, instruments=future),
    )
    p0, p1 = closes()["000660.KS"].to_numpy()[-2:]
    assert found["realised"] == pytest.approx(
        900 * (p1 - p0) / rates()["rate"].iloc[-1], rel=1e-10
    )


def test_band_is_the_stress_of_what_the_drivers_did():
    before = eve()
    table = realised(before, desk())
    found = table.set_index("figure")["value"]
    prices, fx = closes().iloc[-2:], rates()["rate"].to_numpy()[-2:]
    usd = prices.assign(**{"000660.KS": prices["000660.KS"] / fx})
    memory = np.log(usd[["MU", "000660.KS"]]).diff().iloc[-1].mean()
    core = {"memory": np.expm1(memory)}
    for driver, member in (("ai_compute", "NVDA"), ("crypto", "BTC")):
        core[driver] = prices[member].iloc[1] / prices[member].iloc[0] - 1
    said = rp.stress(
        before, rp.Scenario(name="x", core=core, horizon_sessions=1), "scenario"
    )
    for column, figure in (("pnl", "predicted"), ("low", "low"), ("high", "high")):
        assert found[figure] == pytest.approx(said[column][0], rel=1e-9)
    inside = said["low"][0] <= made_by(held()) <= said["high"][0]
    assert found["inside"] == float(inside)
    assert f"memory {core['memory']:+.1%}" in table["remark"][3]


def test_measures_are_those_of_the_night():
    before = eve()
    found = figures(before, desk())
    for name, figure in (("VaR", "value_at_risk"), ("CVaR", "expected_shortfall")):
        assert found[figure] == rp.measures(before, name, by="book")["total"][0]
    assert found["exception"] == float(-made_by(held()) > found["value_at_risk"])
    stress = rp.stress(before, None, "scenario")
    assert found["worst_stress"] == stress["pnl"].min()


def test_crash_is_an_exception_and_outside_of_nothing_it_followed():
    """Every close falls by a half: the drivers tell it, the value at risk did not."""
    crash = closes()
    crash.iloc[-1] = crash.iloc[-2] / 2
    found = figures(eve(), desk(prices=crash))
    assert found["exception"] == 1.0
    assert found["realised"] == pytest.approx(made_by(held(), crash), rel=1e-10)
    assert found["predicted"] < -found["value_at_risk"]


def test_several_sessions_take_the_measure_over_as_many():
    before = desk(as_of="2026-05-22")
    found = figures(before, desk())
    assert found["sessions"] == 5
    longer = rp.measures(before, "VaR", by="book", horizon_sessions=5)
    assert found["value_at_risk"] == longer["total"][0]
    assert "value_at_risk" not in figures(desk(as_of="2026-05-26"), desk())


def test_earlier_run_comes_first():
    with pytest.raises(rp.UsageError, match="swap the runs"):
        realised(desk(), eve())
    with pytest.raises(rp.UsageError, match="different money"):
        realised(eve(), desk(settings={"base_currency": "KRW"}))
