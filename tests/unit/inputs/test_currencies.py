"""Exchange rates: pairs, crosses and inverses, each by hand."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp


@pytest.fixture
def rates(load):
    """Return base currency per unit of each currency that is held.

    Holds one unit of a share quoted in each of the currencies at a price of one.
    """
    quoted = ["USD", "KRW", "EUR", "JPY"]

    def rates(fx, base="USD", held=quoted):
        codes = [f"IN_{c}" for c in held]
        desk = load(
            positions=pd.DataFrame(
                {"book": "b", "instrument": codes, "quantity": 1.0, "price": 1.0}
            ),
            instruments=pd.DataFrame(
                {"instrument": codes, "tier": "memory", "asset_class": "equity"}
            ).assign(currency=held),
            fx=fx,
            settings={"base_currency": base},
        )
        found = rp.positions(desk).set_index("currency")
        assert (found["market_value"] == found["fx_rate"]).all()
        return found["fx_rate"].to_dict()

    return rates


def test_pairs_against_the_dollar(rates, fx):
    assert rates(fx) == {"USD": 1.0, "KRW": 1 / 1250, "EUR": 1.25, "JPY": 1 / 160}


def test_base_other_than_the_dollar(rates, fx):
    found = rates(fx, base="EUR")
    assert found["EUR"] == 1.0
    assert found["USD"] == 1 / 1.25
    assert found["KRW"] == pytest.approx(1 / (1250 * 1.25), rel=1e-15)
    assert found["JPY"] == pytest.approx(1 / (160 * 1.25), rel=1e-15)


def test_inverse_pair(rates, fx):
    inverse = fx.drop(columns="USDKRW").assign(KRWUSD=0.0008)
    assert rates(inverse)["KRW"] == 0.0008


def test_cross_by_hand(rates, fx):
    """1 EUR = 1.25 USD = 1,562.5 KRW, so that 1 KRW is 0.0008 USD."""
    cross = fx[["date", "EURUSD"]].assign(EURKRW=1562.5)
    assert rates(cross, held=["USD", "KRW", "EUR"]) == {
        "USD": 1.0,
        "KRW": pytest.approx(0.0008, rel=1e-15),
        "EUR": 1.25,
    }


def test_cross_of_a_cross_by_hand(rates, fx):
    """1 EUR = 1.25 USD = 1,562.5 KRW and 1 JPY = 7.8125 KRW, as 1,250 / 160."""
    cross = fx[["date", "EURUSD"]].assign(JPYKRW=7.8125, EURKRW=1562.5)
    assert rates(cross)["JPY"] == pytest.approx(1 / 160, rel=1e-15)


def test_cross_uses_a_rate_at_most_four_rows_old(load, fx, positions):
    """EURUSD has no rate for four days, then for five: EURKRW has one every day."""
    held = positions.iloc[[0, 1]]
    cross = fx[["date", "EURUSD"]].assign(EURKRW=1562.5)
    cross.loc[6:, "EURUSD"] = np.nan
    desk = load(positions=held, fx=cross)
    won = desk.market.usd_per[:, desk.market.currencies.index("KRW")]
    np.testing.assert_allclose(won, 0.0008, rtol=1e-15)
    cross.loc[5, "EURUSD"] = np.nan
    desk = load(positions=held, fx=cross)
    won = desk.market.usd_per[:, desk.market.currencies.index("KRW")]
    assert np.isnan(won).tolist() == [False] * 9 + [True]


@pytest.mark.parametrize("pair", ["USDKRW", "USD/KRW", "usdkrw", " UsdKrw "])
def test_spelling_of_a_pair(rates, fx, pair):
    assert rates(fx.rename(columns={"USDKRW": pair}))["KRW"] == 1 / 1250


@pytest.mark.parametrize("pair", ["KRW", "USDUSD", "USD-KRW", "WONUSDX", "US1KRW"])
def test_what_is_not_a_pair_is_refused(refused, fx, faults, pair):
    issues = refused("not a pair", fx=fx.assign(**{pair: 2.0}))
    assert faults(issues) == [("bad-pair", -1, pair)]


def test_pair_that_does_not_reach_the_dollar_is_refused(refused, fx, faults):
    issues = refused("no pair leads from GBPCHF to USD", fx=fx.assign(GBPCHF=1.1))
    assert faults(issues) == [("bad-pair", -1, "GBPCHF")]


@pytest.mark.parametrize("cell", ["n/a", -1250.0, 0.0])
def test_bad_rate_is_refused(refused, fx, faults, cell):
    rate = fx["USDKRW"].astype(object)
    rate[3] = cell
    issues = refused("bad-", fx=fx.assign(USDKRW=rate))
    assert [fault[1:] for fault in faults(issues)] == [(3, "USDKRW")]


def test_pairs_that_agree_may_say_a_thing_twice(rates, fx):
    """A full triangle, each side consistent with the others."""
    assert rates(fx.assign(EURKRW=1562.5)) == rates(fx)


@pytest.mark.parametrize(
    "second", [{"KRWUSD": 0.001}, {"USD/KRW": 1000.0}, {"EURKRW": 1250.0}]
)
def test_pairs_that_contradict_each_other_are_flagged(load, fx, second):
    """1,250 won to the dollar in one column, 1,000 in another: which is it?"""
    desk = load(fx=fx.assign(**second), settings={"on_error": "quarantine"})
    about = [i for i in desk.issues if i.where.source == "fx"]
    assert [i for i in about if i.code != "short-fx-history"] != []


def test_order_of_pairs_does_not_count(rates, fx):
    """Two ways lead to the won: over the euro and over the yen."""
    two = fx[["date", "EURUSD", "USDJPY"]].assign(EURKRW=1562.6, JPYKRW=7.8125)
    turned = two[["date", "JPYKRW", "EURKRW", "USDJPY", "EURUSD"]]
    assert rates(turned)["KRW"] == rates(two)["KRW"]
