"""From the tables to what options, leveraged ETFs and perpetuals are."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest
import QuantLib as ql  # noqa: N813 - its usual name

import riskplugin as rp
from riskplugin.estimates import model_of
from riskplugin.inputs.surfaces import curves, rate_at, surfaces
from riskplugin.risk.history import History
from riskplugin.risk.sampling import Method, Sample
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.tables.earning import holdings
from riskplugin.tables.greeks import greeks_table
from riskplugin.tables.liquidations import liquidation_table
from riskplugin.tables.unwinding import unwinding_table

DAY = np.datetime64("2026-05-29")
EXPIRY = "2026-08-27"  # 90 days
YEARS = 90 / 365


@pytest.fixture
def put(load, positions):
    """Return a desk with a put on MU beside its four lots."""

    def put(*, quantity=10.0, price=np.nan, also=(), **tables):
        row = {
            "instrument": "MU_PUT", "tier": "memory", "asset_class": "equity",
            "kind": "option", "currency": "USD", "underlying": "MU",
            "option_type": "put", "style": "european", "strike": 90.0,
            "expiry": EXPIRY, "multiplier": 100.0,
        }  # fmt: skip
        changed = {k: tables.pop(k) for k in list(tables) if k in row}
        more = pd.DataFrame(
            {"book": ["semis"], "instrument": ["MU_PUT"], "quantity": [quantity],
             "price": [price]}
        )  # fmt: skip
        held = pd.concat([positions, more, *also], ignore_index=True)
        instruments = pd.DataFrame([{**row, **changed}])
        return load(positions=held, instruments=instruments, **tables)

    return put


def surface(levels):
    """Return a vols table of (tenor, moneyness, volatility)."""
    tenor, moneyness, volatility = zip(*levels, strict=True)
    return pd.DataFrame(
        {
            "date": "2026-05-29",
            "instrument": "MU",
            "implied_volatility": volatility,
            "tenor_days": tenor,
            "moneyness": moneyness,
        }
    )


RATES = pd.DataFrame(
    {
        "date": "2026-05-28",
        "currency": "USD",
        "tenor_days": [30.0, 150.0],
        "rate": [0.03, 0.05],
    }
)


def codes(desk):
    return {i.code for i in desk.issues}


def black(volatility, rate, strike=90.0):
    forward = 100.0 * np.exp(rate * YEARS)
    return ql.blackFormula(
        ql.Option.Put, strike, forward, volatility * sqrt(YEARS), np.exp(-rate * YEARS)
    )


def test_total_variance_is_straight_in_time_and_volatility_in_moneyness(put):
    """0.5 at 60 and 0.4 at 120 days at 0.9: 0.7 and 0.3 at 0.8, 0.5 at 1."""
    vols = surface([(60, 0.8, 0.6), (60, 1.0, 0.4), (120, 0.8, 0.5), (120, 1.0, 0.3)])
    desk = put(vols=vols, rates=RATES)
    variance = (0.5**2 * 60 + 0.4**2 * 120) / 2
    expected = sqrt(variance / 90)
    assert desk.contracts.volatility[0] == pytest.approx(expected, rel=1e-12)
    # a rate of 4 %, half way from 30 to 150 days
    price = black(expected, 0.04)
    held = desk.book.labels["instrument"].names.index("MU_PUT")
    row = list(desk.book.labels["instrument"].codes).index(held)
    assert desk.book.price[row] == pytest.approx(price, rel=1e-10)
    assert desk.book.market_value[row] == pytest.approx(1000 * price, rel=1e-10)
    assert desk.book.reference_value[row] == 100_000.0
    assert "modelled-price" in codes(desk)
    assert "no-rate" not in codes(desk)


def test_outside_the_table_the_nearest_volatility_is_used_and_said(put):
    desk = put(vols=surface([(10, 1.0, 0.6), (20, 1.0, 0.5)]), rates=RATES)
    assert desk.contracts.volatility[0] == 0.5
    assert "assumed-volatility" in codes(desk)


def test_without_any_volatility_what_the_underlying_did_is_used_and_said(put, prices):
    days = pd.bdate_range(end="2026-05-29", periods=30)
    closes = pd.DataFrame({"date": days, "MU": 100 * 1.02 ** (np.arange(30) % 2)})
    closes["MU"] *= 100 / closes["MU"].iloc[-1]
    wide = closes.merge(prices.drop(columns="MU"), how="left")
    desk = put(prices=wide, rates=RATES)
    log = np.log(1.02) * np.where(np.arange(29) % 2 == 0, 1, -1)
    assert desk.contracts.volatility[0] == pytest.approx(log.std() * sqrt(252))
    assert "assumed-volatility" in codes(desk)


def test_an_option_without_price_and_volatility_is_refused(put):
    with pytest.raises(rp.InputError, match="no price, no implied volatility"):
        put(rates=RATES)


@pytest.mark.parametrize("style", ["european", "american"])
def test_the_volatility_is_the_one_that_the_price_implies(put, style):
    desk = put(price=7.0, rates=RATES, style=style)
    found = desk.contracts
    assert found.value[0] == pytest.approx(0.07, abs=1e-11)
    if style == "european":
        assert black(found.volatility[0], 0.04) == pytest.approx(7.0, abs=1e-9)
    else:
        assert black(found.volatility[0], 0.04) < 7.0  # early exercise is worth more


def test_without_rates_nothing_is_earned_and_that_is_said(put):
    desk = put(price=7.0)
    assert black(desk.contracts.volatility[0], 0.0) == pytest.approx(7.0, abs=1e-9)
    assert "no-rate" in codes(desk)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strike": np.nan}, "strike missing"),
        ({"style": ""}, "style missing"),
        ({"underlying": "NOTHING"}, "no prices of its underlying NOTHING"),
        ({"currency": "KRW"}, "it is quoted in KRW, its underlying MU in USD"),
        ({"expiry": "2026-05-01"}, "it expired on 2026-05-01"),
    ],
)
def test_an_option_without_its_terms_is_refused(put, changed, message):
    with pytest.raises(rp.InputError, match=message):
        put(price=7.0, **changed)


def test_no_option_stands_on_an_old_price_of_its_underlying(put, prices):
    old = prices.copy()
    old.loc[old.index[-7:], "MU"] = np.nan
    with pytest.raises(rp.InputError, match="price of its underlying MU is too old"):
        put(price=7.0, prices=old)


def test_several_prices_give_one_volatility_and_each_its_own_value(put):
    more = pd.DataFrame(
        {
            "book": ["tokens"],
            "instrument": ["MU_PUT"],
            "quantity": [1.0],
            "price": [9.0],
        }
    )
    desk = put(price=7.0, rates=RATES, also=(more,))
    assert "several-prices" in codes(desk)
    assert black(desk.contracts.volatility[0], 0.04) == pytest.approx(8.0, abs=1e-9)
    names = desk.book.labels["instrument"]
    values = desk.book.market_value[names.codes == names.names.index("MU_PUT")]
    assert sorted(values) == [900.0, 7000.0]


def test_points_that_stand_twice_count_by_their_mean_and_later_days_not(put):
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-05-28", "2026-05-28", "2026-05-30"]),
            "instrument": "MU",
            "implied_volatility": [0.4, 0.6, 0.9],
            "tenor_days": np.nan,
            "moneyness": np.nan,
        }
    )
    universe = put(price=7.0).universe
    assert surfaces(table, universe, DAY)["MU"].at(0.5, 1.0) == (0.5, False)


def test_rates_are_straight_between_tenors_and_level_beyond():
    table = RATES.assign(date=pd.to_datetime(RATES["date"]))
    curve = curves(table, DAY)["USD"]
    assert rate_at(curve, 60 / 365) == pytest.approx(0.035)
    assert rate_at(curve, 5.0) == 0.05


def test_greeks_in_money_by_position(put):
    desk = put(price=7.0, rates=RATES)
    found = greeks_table(desk, model_of(desk), "instrument").set_index("instrument")
    assert found.loc["MU", ["delta", "gamma", "vega", "theta"]].tolist() == [
        10_000.0, 0.0, 0.0, 0.0,
    ]  # fmt: skip
    level = desk.contracts.volatility[0]
    process = ql.BlackCalculator(
        ql.PlainVanillaPayoff(ql.Option.Put, 90.0),
        100 * np.exp(0.04 * YEARS), level * sqrt(YEARS), np.exp(-0.04 * YEARS),
    )  # fmt: skip
    own = found.loc["MU_PUT"]
    assert own["delta"] == pytest.approx(1000 * 100 * process.delta(100.0), rel=1e-9)
    assert own["gamma"] == pytest.approx(
        1000 * 100**2 * process.gamma(100.0) / 100, rel=1e-9
    )
    assert own["vega"] == pytest.approx(1000 * process.vega(YEARS) / 100, rel=1e-9)
    assert own["theta"] == pytest.approx(
        1000 * process.theta(100.0, YEARS) / 252, rel=1e-9
    )
    exposed = rp.exposures(desk, by="instrument").set_index("instrument")
    assert exposed.loc["MU_PUT", "delta_equivalent"] == own["delta"]
    assert exposed.loc["MU_PUT", "gross"] == 7000.0


def perpetual(load, positions, **changed):
    row = {
        "instrument": "TAO_PERP", "tier": "memory", "asset_class": "crypto",
        "kind": "perpetual", "currency": "USD", "underlying": "MU",
        "maintenance_margin": 0.05, **changed,
    }  # fmt: skip
    more = pd.DataFrame(
        {"book": ["tokens"], "instrument": ["TAO_PERP"], "quantity": [10.0],
         "margin_posted": [300.0]}
    )  # fmt: skip
    held = pd.concat([positions, more], ignore_index=True)
    return load(positions=held, instruments=pd.DataFrame([row]))


def test_funding_without_its_interval_is_refused(load, positions):
    with pytest.raises(rp.InputError, match="funding_rate without funding_hours"):
        perpetual(load, positions, funding_rate=0.0001)


def test_an_inverse_contract_is_of_so_much_quote_currency(load, positions):
    desk = perpetual(load, positions, settlement="inverse", multiplier=100.0)
    names = desk.book.labels["instrument"]
    row = names.codes == names.names.index("TAO_PERP")
    assert desk.book.market_value[row].tolist() == [1000.0]
    assert desk.contracts.inverse.tolist() == [True]


def test_a_liquidation_has_its_session_and_the_margin_that_prevents_it(load, positions):
    """10 at 100 on 300: closed at 73.68; named to fall to 60 in a straight line.

    In logs the way is log(0.6) over 60 sessions: 0.7368 is passed in the 36th. At 60 it
    takes 400 of loss and 5 % of 600: 430 keep it open.
    """
    desk = perpetual(load, positions)
    named = dict.fromkeys(("MU", "000660.KS", "BTC", "RENDER", "TAO_PERP"), -0.4)
    scenario = Scenario(
        name="fall", instruments=named, horizon_sessions=60, half_life={"memory": 1e9}
    )
    found = liquidation_table(desk, model_of(desk), ScenarioSet((scenario,)))
    (row,) = found.to_dict("records")
    assert row["closing_move"] == pytest.approx(0.7 / 0.95 - 1)
    assert row["liquidation_session"] == 36
    assert row["margin_needed"] == pytest.approx(430.0)
    assert row["margin_missing"] == pytest.approx(130.0)
    assert row["pnl"] == -300.0
    assert row["pnl_if_kept"] == pytest.approx(-400.0)


def test_measures_close_a_position_whose_margin_a_session_uses_up(load, positions):
    """10 at 100 on 300, closed at 73.68 = 70 / 0.95: then no more than 300 is lost."""
    desk = perpetual(load, positions)
    model = model_of(desk)
    moves = np.array([-0.5, -0.264, -0.26, 0.1])  # 0.264 costs 264, and the margin
    series = np.tile(np.log1p(moves)[:, None], len(model.volatility))
    series[:, len(model.instruments) :] = 0.0
    days = np.datetime64("2026-05-26") + np.arange(4)
    own = np.ones(series.shape, dtype=bool)
    windows = History(1, days, np.zeros((4, len(model.drivers))), series, own)
    sample = Sample(Method.HISTORICAL, model, windows, np.full(4, 0.25))
    held = holdings(desk, sample)
    label = desk.book.labels["instrument"]
    (row,) = np.flatnonzero(label.codes == label.names.index("TAO_PERP"))
    pnl = 1000 * held.unit[:, held.name[row]]
    assert pnl == pytest.approx([-300.0, -300.0, -260.0, 100.0])


def test_unwinding_says_what_it_keeps_though_the_path_closes_it(load, positions):
    """As in the stress above: 10 at 100 are closed in the 36th session."""
    desk = perpetual(load, positions)
    named = dict.fromkeys(("MU", "000660.KS", "BTC", "RENDER", "TAO_PERP"), -0.4)
    deep = Scenario(
        name="fall", instruments=named, horizon_sessions=60, half_life={"memory": 1e9}
    )
    mild = Scenario(name="mild", instruments=dict.fromkeys(named, -0.1))
    found = unwinding_table(desk, model_of(desk), ScenarioSet((deep, mild)), "book")
    kept = found.set_index(["scenario", "book"])["kept_gross"]
    assert kept.loc[("fall", "tokens")] == 1000.0
    assert kept.sum() == 1000.0
