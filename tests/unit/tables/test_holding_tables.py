"""Look-through and accounts of a whole desk, from its tables."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import UsageError
from riskplugin.tables.holdings import account_table, default_table, look_through_table

DAYS = pd.bdate_range("2026-01-05", "2026-05-29")


@pytest.fixture(scope="module")
def desk():
    drawn = np.random.default_rng(3)
    names = {"MU": 100.0, "NVDA": 200.0, "SMH": 250.0, "TAO": 400.0}
    noise = drawn.normal(0, 0.02, (len(DAYS), 4)).cumsum(axis=0)
    prices = np.exp(noise - noise[-1]) * np.array(list(names.values()))
    positions = pd.DataFrame(
        [
            ("a", "MU", 50.0, "prime", np.nan, None),
            ("a", "SMH", 100.0, "prime", np.nan, None),
            ("b", "TAO", 10.0, "venue", np.nan, "2026-09-01"),
            ("b", "TAO_PERP", -10.0, "venue", 900.0, None),
            ("b", "NVDA", -10.0, "", np.nan, None),
        ],
        columns=[
            "book",
            "instrument",
            "quantity",
            "account",
            "margin_posted",
            "locked_until",
        ],
    )
    instruments = pd.DataFrame(
        [("TAO_PERP", "crypto_compute_storage", "crypto", "perpetual", "TAO")],
        columns=["instrument", "tier", "asset_class", "kind", "underlying"],
    )
    holdings = pd.DataFrame(
        [("VanEck", "Micron", 0.5), ("VanEck", "NVDA", 0.3)],
        columns=["fund", "instrument", "weight"],
    )
    instruments.loc[1] = ["SMH", "equity_benchmark", "equity", "etf", ""]
    instruments["aliases"] = ["", "VanEck"]
    return rp.desk_from_tables(
        positions,
        pd.DataFrame(prices, index=DAYS, columns=list(names)).rename_axis("date"),
        instruments=instruments,
        holdings=holdings,
        settings={"nav": {"a": 1e5, "b": 1e5}},
    )


def test_look_through_by_tier_sums_to_what_is_held(desk):
    found = look_through_table(desk, "tier").set_index("tier")
    held = rp.exposures(desk, "tier").set_index("tier")
    assert found["net"].to_dict() == pytest.approx(
        {
            "memory": 5_000 + 12_500,
            "gpu": 7_500 - 2_000,
            "crypto_compute_storage": 0,
            "equity_benchmark": 5_000,
        }
    )
    assert found["net"].sum() == pytest.approx(held["net"].sum(), rel=1e-14)
    pd.testing.assert_series_equal(
        found["net_as_held"][held.index], held["net"], check_names=False
    )
    assert found["pct_nav"]["memory"] == pytest.approx(0.0875)


def test_look_through_of_the_whole_desk(desk):
    found = look_through_table(desk, ())
    assert len(found) == 1
    # a name at 17,500 of 25,000 + 5,500 + nothing (TAO against its perpetual are two)
    assert found["through_funds"][0] == pytest.approx(20_000)
    assert found["left_in_funds"][0] == pytest.approx(5_000)


def test_look_through_by_position_keeps_its_number(desk):
    found = look_through_table(desk, ("position", "instrument"))
    held = rp.positions(desk).set_index("position")["market_value"]
    net = found.groupby("position")["net"].sum()
    np.testing.assert_allclose(net[held.index], held, rtol=1e-14)
    assert found["position"].dtype == np.int64


def test_accounts(desk):
    found = account_table(desk).set_index("account")
    assert list(found.index) == ["", "prime", "venue"]
    venue = found.loc["venue"]
    assert venue[["long", "short", "locked", "margin_posted"]].tolist() == (
        pytest.approx([4_000, -4_000, 4_000, 900])
    )
    assert venue["default_pnl"] == pytest.approx(-4_900)
    assert found.loc["prime", "default_pnl"] == pytest.approx(-30_000)
    assert found.loc["", "default_pnl"] == 0
    assert found["gross"].sum() == pytest.approx(
        rp.exposures(desk, ())["gross"][0], rel=1e-14
    )


def test_default_of_one_account_by_book(desk):
    found = default_table(desk, "venue", "book").set_index("book")
    assert found["default_pnl"].to_dict() == pytest.approx({"a": 0, "b": -4_900})
    assert found["gross_there"].to_dict() == pytest.approx({"a": 0, "b": 8_000})


def test_default_of_an_account_that_is_none(desk):
    with pytest.raises(UsageError, match="no account 'vnue'; did you mean 'venue'"):
        default_table(desk, "vnue", "book")


def test_every_column_says_what_it_means(desk):
    for found in (
        look_through_table(desk, "tier"),
        account_table(desk),
        default_table(desk, "venue", ()),
    ):
        assert all(found.definitions.values())


def test_a_desk_without_holdings_sees_through_nothing(desk):
    alone = rp.with_positions(desk, "b")
    found = look_through_table(alone, "tier")
    np.testing.assert_allclose(found["net"], found["net_as_held"])
    assert (found["through_funds"] == 0).all()
