"""Names to instruments: aliases, ambiguity, what no table knows, the desk's own."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp


@pytest.fixture
def own():
    """Two instruments of the desk that answer to one alias."""
    return pd.DataFrame(
        {
            "instrument": ["DELL", "HPE"],
            "tier": "ai_servers",
            "asset_class": "equity",
            "aliases": ["Server maker; Dell Technologies", "server  MAKER"],
            "currency": "USD",
        }
    )


@pytest.mark.parametrize(
    ("alias", "instrument"),
    [
        ("RNDR", "RENDER"),
        ("ASI", "FET"),
        ("000660 KS Equity", "000660.KS"),
        ("MU US Equity", "MU"),
        ("mu us  equity", "MU"),
        ("Micron", "MU"),
        ("SK hynix", "000660.KS"),
        ("XBT", "BTC"),
    ],
)
def test_alias_stands_for_its_instrument(load, positions, prices, alias, instrument):
    held = positions.assign(instrument=[alias, "000660.KS", "BTC", "RENDER"])
    desk = load(positions=held, prices=prices.assign(FET=0.5))
    row = rp.positions(desk).query("quantity == 100")
    assert row["instrument"].tolist() == [instrument]
    assert row["price"].tolist() == [prices.assign(FET=0.5)[instrument].iloc[-1]]


def test_alias_in_prices_stands_for_its_instrument(load, prices, worth):
    renamed = prices.rename(columns={"RENDER": "RNDR", "MU": "MU US Equity"})
    assert worth(load(prices=renamed)) == worth(load())


def test_alias_in_a_driver_stands_for_its_instrument(load):
    by_alias = {"memory": ["Micron", "000660 KS Equity"], "crypto": ["XBT"]}
    by_name = {"memory": ["MU", "000660.KS"], "crypto": ["BTC"]}
    assert load(settings={"drivers": by_alias}).issues == (
        load(settings={"drivers": by_name}).issues
    )


def test_alias_in_a_scenario_stands_for_its_instrument(load):
    named = rp.Scenario(name="squeeze", instruments={"XBT": 0.10, "MU": 0.2})
    found = rp.shocks(load(scenarios=[named]), scenarios="squeeze")
    shock = found.set_index("instrument")["shock"]
    assert shock["BTC"] == pytest.approx(0.10, rel=1e-12)
    assert shock["MU"] == pytest.approx(0.20, rel=1e-12)


def test_two_lots_under_two_names_are_one_instrument(load, positions):
    twice = pd.concat(
        [positions, positions.iloc[[3]].assign(instrument="RNDR")], ignore_index=True
    )
    held = rp.exposures(load(positions=twice), "instrument").set_index("instrument")
    assert held.loc["RENDER", "net"] == 10_000.0


def test_ambiguous_alias_is_one_error_with_its_rows_and_candidates(
    refused, positions, own, faults
):
    held = positions.assign(instrument=["MU", "Server Maker", "BTC", "RENDER"])
    issues = refused("may be DELL, HPE", positions=held, instruments=own)
    assert faults(issues) == [("ambiguous-instrument", 1, "instrument")]
    (issue,) = (i for i in issues if i.code == "ambiguous-instrument")
    assert issue.hint == "use the canonical identifier"


def test_ambiguous_alias_is_quarantined_not_guessed(load, positions, own):
    held = positions.assign(
        instrument=["MU", "Server Maker", "BTC", "RENDER"],
        price=[None, 200.0, None, None],
    )
    desk = load(positions=held, instruments=own, settings={"on_error": "quarantine"})
    assert desk.left_out[["row", "instrument", "reason"]].to_dict("records") == [
        {"row": 1, "instrument": "Server Maker", "reason": "ambiguous-instrument"}
    ]
    assert set(rp.positions(desk)["instrument"]) == {"MU", "BTC", "RENDER"}


def test_unambiguous_alias_of_the_desk_resolves(load, positions, prices, own):
    held = positions.assign(instrument=["dell technologies", "MU", "BTC", "RENDER"])
    desk = load(positions=held, prices=prices.assign(DELL=100.0), instruments=own)
    row = rp.positions(desk).query("quantity == 100")
    assert row["instrument"].tolist() == ["DELL"]
    assert row["tier"].tolist() == ["ai_servers"]


def test_unknown_instrument_is_kept_unclassified_and_flagged(
    load, positions, prices, of_code
):
    held = pd.concat(
        [
            positions,
            pd.DataFrame(
                {"book": ["semis"], "instrument": ["QQQX"], "quantity": [300.0]}
            ),
        ],
        ignore_index=True,
    )
    desk = load(positions=held, prices=prices.assign(QQQX=7.0))
    (issue,) = of_code(desk.issues, "unknown-instrument")
    assert (issue.severity, issue.where.row) == ("warning", 4)
    assert "QQQX" in issue.message
    assert "quoted in USD" in issue.message
    by_tier = rp.exposures(desk, "tier").set_index("tier")
    assert by_tier.loc["unclassified", "net"] == 2_100.0
    assert by_tier["net"].sum() == pytest.approx(
        10_000 + 2_000 - 30_000 + 5_000 + 2_100
    )
    by_book = rp.exposures(desk, "book").set_index("book")
    assert by_book.loc["semis", "net"] == 14_100.0
    assert len(desk.left_out) == 0


def test_unknown_instrument_without_a_price_is_flagged_and_refused(
    refused, positions, faults
):
    held = positions.assign(instrument=["MU", "000660.KS", "BTC", "NOPE"])
    issues = refused("no price", positions=held)
    assert faults(issues) == [("no-price", 3, "instrument")]
    assert "unknown-instrument" in {i.code for i in issues}


def test_desk_row_replaces_the_shipped_one(load, worth):
    mine = pd.DataFrame(
        {
            "instrument": ["MU"],
            "tier": ["gpu"],
            "asset_class": ["equity"],
            "currency": ["KRW"],
            "multiplier": [2.0],
        }
    )
    desk = load(instruments=mine)
    assert worth(desk)["MU"] == 100 * 100 * 2 / 1250
    row = rp.positions(desk).query("instrument == 'MU'")
    assert row["tier"].tolist() == ["gpu"]


def test_blank_of_a_desk_row_keeps_what_ships(load, worth):
    """Half the spread is news; the won, the tier's link and the aliases are not."""
    mine = pd.DataFrame(
        {
            "instrument": ["000660.KS"],
            "tier": ["memory"],
            "asset_class": ["equity"],
            "half_spread": [0.001],
        }
    )
    desk = load(instruments=mine)
    assert worth(desk) == worth(load())
    known = desk.universe.instruments["000660.KS"]
    assert (known.currency, known.link, known.half_spread) == ("KRW", "direct", 0.001)
    assert desk.universe.resolve("000660 KS Equity") == "000660.KS"


def test_replaced_universe_knows_the_desks_rows_alone(load, own, prices, of_code):
    desk = load(
        instruments=own.assign(instrument=["MU", "HPE"], aliases=""),
        settings={"universe": "replace"},
        fx=None,
        prices=prices.assign(**{"000660.KS": 200.0}),
    )
    tiers = rp.positions(desk).set_index("instrument")["tier"].to_dict()
    assert tiers == {
        "MU": "ai_servers",
        "000660.KS": "unclassified",
        "BTC": "unclassified",
        "RENDER": "unclassified",
    }
    unknown = of_code(desk.issues, "unknown-instrument")
    assert {i.where.row for i in unknown} == {1, 2, 3}


def test_instrument_that_stands_twice_is_refused(refused, own, faults):
    doubled = own.assign(instrument="DELL")
    issues = refused("DELL stands twice", instruments=doubled)
    assert faults(issues) == [("duplicate-row", 1, "instrument")]


def test_tier_that_looks_like_a_slip_is_flagged(load, own, of_code):
    desk = load(instruments=own.assign(tier=["semi_equipmnt", "ai_servers"]))
    (issue,) = of_code(desk.issues, "new-tier")
    assert (issue.severity, issue.hint) == ("warning", "did you mean 'semi_equipment'?")
    assert "semi_equipmnt" in issue.message


def test_own_tiers_come_before_unclassified(load, own, positions, prices):
    held = positions.assign(instrument=["MU", "DELL", "WHAT", "RENDER"])
    desk = load(
        positions=held, prices=prices.assign(DELL=1.0, WHAT=1.0), instruments=own
    )
    assert rp.exposures(desk)["tier"].tolist() == [
        "memory",
        "crypto_compute_storage",
        "ai_servers",
        "unclassified",
    ]


def test_link_is_the_tiers_where_the_row_has_none(load, own, positions, prices):
    rows = pd.concat(
        [
            own.assign(link=["sentiment", ""]),
            pd.DataFrame({"instrument": ["X1"], "tier": ["memory"]}).assign(
                asset_class="equity", aliases="", currency="USD", link=""
            ),
        ],
        ignore_index=True,
    )
    held = positions.assign(instrument=["DELL", "HPE", "X1", "RENDER"])
    priced = prices.assign(DELL=1.0, HPE=1.0, X1=1.0)
    desk = load(positions=held, prices=priced, instruments=rows)
    links = rp.positions(desk).set_index("instrument")["link"].to_dict()
    assert links == {
        "DELL": "sentiment",
        "HPE": "sentiment",
        "X1": "direct",
        "RENDER": "infrastructure",
    }


@pytest.mark.parametrize("name", ["KQ", "kay", "000660.KS", "SK hynix", "MU"])
def test_what_is_held_under_a_row_that_cannot_be_used_is_not_guessed_at(
    load, positions, prices, name, of_code
):
    """Won are no dollars: 250,000 of them would be taken for a price in USD."""
    own = pd.DataFrame(
        {
            "instrument": ["KQ", "000660.KS", "MU"],
            "tier": "memory",
            "asset_class": ["equity", "equity", "bond"],
            "currency": ["KRW", "KRW", "USD"],
            "half_spread": ["5 bps", "x", ""],
            "aliases": ["kay;BTC", "", ""],
        }
    )
    held = positions[2:].copy()
    held.loc[9] = ["semis", name, 10.0]
    desk = load(
        positions=held.assign(price=[None, None, 7.0]),
        prices=prices.assign(KQ=250_000.0),
        instruments=own,
        settings={"on_error": "quarantine"},
    )
    (out,) = desk.left_out.to_dict("records")
    assert (out["instrument"], out["reason"]) == (name, "spoilt-instrument")
    assert np.isnan(out["market_value"])
    assert set(rp.positions(desk)["instrument"]) == {"BTC", "RENDER"}
    assert "cannot be used" in of_code(desk.issues, "spoilt-instrument")[0].message
    assert not of_code(desk.issues, "unknown-instrument")


def test_money_under_an_ambiguous_name_is_unknown(load, positions, own):
    held = positions.assign(
        instrument=["MU", "Server Maker", "BTC", "RENDER"], price=5.0
    )
    desk = load(positions=held, instruments=own, settings={"on_error": "quarantine"})
    assert desk.left_out["market_value"].isna().tolist() == [True]


def test_rows_that_differ_in_case_alone_are_the_same_instrument(refused, faults):
    own = pd.DataFrame(
        {
            "instrument": ["MU", "mu"],
            "tier": "memory",
            "asset_class": "equity",
            "multiplier": [1.0, 10.0],
        }
    )
    issues = refused("mu stands twice", instruments=own)
    assert faults(issues) == [("duplicate-row", 1, "instrument")]
