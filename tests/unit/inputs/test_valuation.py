"""Which price values a position, and what cannot be valued."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp


@pytest.fixture
def own():
    """Return an instruments table of one row."""

    def own(instrument, **columns):
        row = {"tier": "memory", "asset_class": "equity", "currency": "USD", **columns}
        return pd.DataFrame(
            {"instrument": [instrument], **{k: [v] for k, v in row.items()}}
        )

    return own


def test_value_is_quantity_times_price_times_rate(load, worth):
    assert worth(load()) == {
        "MU": 10_000.0,
        "000660.KS": 2_000.0,
        "BTC": -30_000.0,
        "RENDER": 5_000.0,
    }


def test_price_in_positions_overrides_the_market_in_local_currency(
    load, positions, worth
):
    override = positions.assign(price=[np.nan, 500_000.0, 10.0, np.nan])
    assert worth(load(positions=override)) == {
        "MU": 10_000.0,
        "000660.KS": 4_000.0,
        "BTC": -5.0,
        "RENDER": 5_000.0,
    }


def test_price_in_positions_values_what_has_no_market_price(
    load, positions, prices, worth
):
    held = positions.assign(price=[1.0, np.nan, np.nan, np.nan])
    desk = load(positions=held, prices=prices.drop(columns="MU"))
    assert worth(desk)["MU"] == 100.0


@pytest.mark.parametrize("cell", [0.0, -1.0])
def test_price_override_at_or_below_zero_is_refused(refused, positions, faults, cell):
    bad = positions.assign(price=[np.nan, cell, np.nan, np.nan])
    issues = refused("above 0 is needed", positions=bad)
    assert faults(issues) == [("bad-range", 1, "price")]


def test_no_price_is_one_issue_per_instrument_with_its_rows(
    refused, positions, prices, faults
):
    held = pd.concat([positions, positions.iloc[[0]]], ignore_index=True)
    issues = refused("no price", positions=held, prices=prices.drop(columns="MU"))
    assert faults(issues) == [("no-price", 0, "instrument")]
    (issue,) = (i for i in issues if i.code == "no-price")
    assert "MU (rows 0, 4)" in issue.message


@pytest.mark.parametrize(("blanks", "stale"), [(5, False), (6, True)])
def test_price_older_than_the_settings_allow_is_refused(
    load, refused, prices, worth, blanks, stale
):
    """Five sessions is the default: the close of the Friday before is the last."""
    prices.loc[10 - blanks :, "MU"] = np.nan
    if not stale:
        assert worth(load(prices=prices))["MU"] == pytest.approx(100 * (100 - blanks))
        return
    issues = refused("price is 6 weekdays old, 5 are allowed", prices=prices)
    assert [i.where.row for i in issues if i.code == "stale-price"] == [0]


def test_stale_price_is_taken_where_the_settings_allow_it(load, prices, worth):
    prices.loc[2:, "MU"] = np.nan
    desk = load(prices=prices, settings={"max_stale_sessions": 8})
    assert worth(desk)["MU"] == pytest.approx(9_200.0)


def test_price_in_positions_stands_in_for_a_stale_one(load, positions, prices, worth):
    prices.loc[2:, "MU"] = np.nan
    held = positions.assign(price=[120.0, np.nan, np.nan, np.nan])
    assert worth(load(positions=held, prices=prices))["MU"] == 12_000.0


def test_missing_rate_is_refused(refused, fx, faults):
    issues = refused("no exchange rate", fx=fx.drop(columns="USDKRW"))
    assert faults(issues) == [("missing-fx", 1, "instrument")]


def test_no_rates_at_all_is_refused(refused, faults):
    issues = refused("no exchange rate", fx=None)
    assert faults(issues) == [("missing-fx", 1, "instrument")]


@pytest.mark.parametrize(
    ("currency", "hint"),
    [
        ("ZZZ", "add the pair USDZZZ to fx"),
        ("usd", "write a code of three capitals, as USD, in instruments"),
        ("GBp", "write a code of three capitals, as USD, in instruments"),
    ],
)
def test_currency_without_a_rate_is_named(refused, of_code, currency, hint):
    own = pd.DataFrame(
        {"instrument": ["BTC"], "tier": ["memory"], "asset_class": ["equity"]}
    ).assign(currency=currency)
    issues = refused(f"no exchange rate from {currency} to USD", instruments=own)
    (issue,) = of_code(issues, "missing-fx")
    assert issue.hint.startswith(hint)


def test_stale_rate_is_refused(refused, fx, faults):
    fx.loc[4:, "USDKRW"] = np.nan
    issues = refused(r"from KRW to USD is \d weekdays old, 5 are allowed", fx=fx)
    assert faults(issues) == [("stale-fx", 1, "instrument")]


@pytest.mark.parametrize("kind", ["option", "leveraged_etf"])
def test_kind_without_its_terms_is_refused_with_what_is_missing(
    refused, positions, prices, own, faults, kind
):
    held = positions.assign(instrument=["X1", "000660.KS", "BTC", "RENDER"])
    issues = refused(
        "cannot be priced: .*underlying missing",
        positions=held,
        prices=prices.assign(X1=1.0),
        instruments=own("X1", kind=kind),
    )
    assert faults(issues) == [("kind-not-priced", 0, "instrument")]
    (issue,) = (i for i in issues if i.code == "kind-not-priced")
    assert "delta-equivalent" in issue.hint


def test_inverse_settlement_is_of_derivatives_alone(refused, own, faults):
    mine = own("MU", kind="spot", settlement="inverse")
    issues = refused("inverse settlement of a spot", instruments=mine)
    assert faults(issues) == [("kind-not-priced", 0, "instrument")]


@pytest.mark.parametrize("kind", ["", "spot", "etf", "future", "perpetual"])
def test_multiplier_multiplies(load, own, worth, kind):
    desk = load(instruments=own("MU", kind=kind, multiplier=50.0))
    assert worth(desk)["MU"] == 500_000.0


@pytest.mark.parametrize("kind", ["perpetual", "future"])
def test_prices_of_the_underlying_stand_in(load, positions, own, worth, of_code, kind):
    held = positions.assign(instrument=["BTC_X", "000660.KS", "BTC", "RENDER"])
    mine = own("BTC_X", kind=kind, asset_class="crypto", underlying="Bitcoin")
    desk = load(positions=held, instruments=mine)
    assert worth(desk)["BTC_X"] == 100 * 60_000.0
    (issue,) = of_code(desk.issues, "priced-by-underlying")
    assert (issue.severity, issue.where.column) == ("warning", "BTC_X")


def test_own_prices_come_before_those_of_the_underlying(
    load, positions, prices, own, worth
):
    held = positions.assign(instrument=["BTC_X", "000660.KS", "BTC", "RENDER"])
    mine = own("BTC_X", kind="future", asset_class="crypto", underlying="BTC")
    desk = load(positions=held, instruments=mine, prices=prices.assign(BTC_X=7.0))
    assert worth(desk)["BTC_X"] == 700.0


def test_prices_of_an_underlying_in_another_currency_stand_in_for_nothing(
    refused, positions, own, faults
):
    """A Seoul share in won is not the price of its receipt in dollars."""
    held = positions.assign(instrument=["GDR", "000660.KS", "BTC", "RENDER"])
    mine = own("GDR", underlying="000660.KS")
    issues = refused("no price", positions=held, instruments=mine)
    assert faults(issues) == [("no-price", 0, "instrument")]


def test_cash_is_worth_one(load, positions, own, worth):
    held = positions.assign(instrument=["WON", "000660.KS", "BTC", "RENDER"])
    mine = own("WON", kind="cash", asset_class="cash", currency="KRW")
    assert worth(load(positions=held, instruments=mine))["WON"] == 100 / 1250


def test_missing_nav_is_flagged_and_its_share_unknown(load, of_code):
    desk = load(settings={"nav": {"semis": 24_000}})
    (issue,) = of_code(desk.issues, "no-nav")
    assert (issue.severity, issue.where.column) == ("warning", "tokens")
    by_book = rp.exposures(desk, "book").set_index("book")["pct_nav"]
    assert by_book["semis"] == 0.5
    assert np.isnan(by_book["tokens"])
    assert rp.exposures(desk, "tier")["pct_nav"].isna().all()


def test_share_of_nav_is_of_all_books_where_book_is_no_key(load, of_code):
    desk = load(settings={"nav": {"semis": 24_000, "tokens": 26_000}})
    assert of_code(desk.issues, "no-nav") == []
    by_tier = rp.exposures(desk, "tier").set_index("tier")["pct_nav"]
    assert by_tier["memory"] == 12_000 / 50_000
    assert by_tier["crypto_benchmark"] == -30_000 / 50_000


def test_nav_of_a_book_that_is_not_held_is_flagged(load, of_code):
    desk = load(settings={"nav": {"semis": 1.0, "tokens": 1.0, "tokns": 1.0}})
    (issue,) = of_code(desk.issues, "unknown-book")
    assert (issue.severity, issue.where.column) == ("warning", "tokns")


def test_driver_without_prices_is_flagged_by_name(load, of_code):
    issues = load().issues
    none = {i.where.column for i in of_code(issues, "driver-without-prices")}
    some = {i.where.column: i.message for i in issues if "member" in i.code}
    assert none == {"ai_compute", "equity"}
    assert set(some) == {"memory", "crypto"}
    assert "005930.KS" in some["memory"]
    assert "ETH" in some["crypto"]


def test_driver_whose_price_columns_are_blank_is_flagged_too(load, prices, of_code):
    """A header without a single close is no price."""
    desk = load(prices=prices.assign(SPY=np.nan, ETH=np.nan))
    none = {i.where.column for i in of_code(desk.issues, "driver-without-prices")}
    assert none == {"ai_compute", "equity"}
    some = {i.message for i in of_code(desk.issues, "driver-member-without-prices")}
    assert any("ETH" in message for message in some)


def test_unwinding_at_an_unknown_spread_is_refused(refused):
    issues = refused("spread is unknown", settings={"unwind_share": 0.5})
    unknown = [i.where.row for i in issues if i.code == "unknown-half-spread"]
    assert unknown == [0, 1, 2, 3]
