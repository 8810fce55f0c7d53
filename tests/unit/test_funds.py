"""Funds seen through, on the page."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from riskplugin.book import grouped
from riskplugin.funds import (
    flattened,
    look_through_exposures,
    ring_in,
    seen_through,
)
from riskplugin.universe import Instrument, Tier, Universe
from tests.conftest import MEMORY, TOKENS, book_from

BROAD = "equity_benchmark"
ETF = ("semis", "SMH", BROAD, "none", "equity", "USD", 100.0, 250.0, 1.0)  # 25,000
MU = ("semis", "MU", MEMORY, "direct", "equity", "USD", 50.0, 100.0, 1.0)  # 5,000
SHORT = ("tokens", "SMH", BROAD, "none", "equity", "USD", -20.0, 250.0, 1.0)  # -5,000
FUTURE = ("tokens", "SMH_FUT", BROAD, "none", "equity", "USD", 4.0, 250.0, 1.0)  # 1,000
# 80 % disclosed: half Micron, 25 % SK hynix, 5 % something no table knows
DISCLOSED = {"SMH": {"MU": 0.5, "000660.KS": 0.25, "MYSTERY": 0.05}}


@pytest.fixture
def universe():
    known = (
        Instrument("MU", MEMORY, "direct", "equity", "spot", "USD"),
        Instrument("000660.KS", MEMORY, "direct", "equity", "spot", "KRW"),
        Instrument("TAO", TOKENS, "infrastructure", "crypto", "spot", "USD"),
        Instrument("SMH", BROAD, "none", "equity", "etf", "USD"),
        Instrument(
            "SMH_FUT",
            BROAD,
            "none",
            "equity",
            "future",
            "USD",
            underlying="vaneck semis",
        ),
        Instrument("CASH_USD", "unclassified", "none", "cash", "cash", "USD"),
    )
    table = {i.instrument: i for i in known}
    table["SMH"] = replace(table["SMH"], aliases=("VanEck Semis",))
    tiers = (Tier(MEMORY, "direct"), Tier(TOKENS, "infrastructure"), Tier(BROAD, ""))
    return Universe(table, tiers)


def seen(rows, funds, universe):
    return seen_through(book_from(rows), funds, universe, "USD")


def by(key, rows, funds, universe, nav=None):
    held = book_from(rows)
    through = seen_through(held, funds, universe, "USD")
    grouping = grouped(through.book, (key,) if key else ())
    found = look_through_exposures(through, held, grouping, nav or {})
    return grouping.keys.get(key), found


def labels(book, key):
    column = book.labels[key]
    return [column.names[i] for i in column.codes]


def test_eighty_percent_disclosed_on_the_page(universe):
    """25,000 of SMH and 5,000 of Micron: 12,500, 6,250 and 1,250 through the fund.

    5,000 are not disclosed and stay with the fund.
    """
    tiers, found = by("tier", [ETF, MU], DISCLOSED, universe, {"semis": 100_000.0})
    assert tiers == (MEMORY, BROAD, "unclassified")
    expected = {
        "long": [23_750, 5_000, 1_250],
        "short": [0, 0, 0],
        "gross": [23_750, 5_000, 1_250],
        "net": [23_750, 5_000, 1_250],
        "pct_nav": [0.2375, 0.05, 0.0125],
        "net_as_held": [5_000, 25_000, 0],
        "held_directly": [5_000, 0, 0],
        "through_funds": [18_750, 0, 1_250],
        "left_in_funds": [0, 5_000, 0],
        "largest": [17_500 / 23_750, 1, 1],
        "hhi": [(17_500**2 + 6_250**2) / 23_750**2, 1, 1],
        "effective_names": [23_750**2 / (17_500**2 + 6_250**2), 1, 1],
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, err_msg=name)


def test_the_one_name_behind_several_lines_is_seen(universe):
    # Micron held at 5,000 and, through the fund, at 12,500: 17,500 of 30,000
    _, found = by("", [ETF, MU], DISCLOSED, universe)
    assert found["largest"][0] == pytest.approx(17_500 / 30_000)


def test_labels_are_those_of_what_is_reached(universe):
    book = seen([ETF], DISCLOSED, universe).book
    assert labels(book, "instrument") == ["MU", "000660.KS", "MYSTERY", "SMH"]
    assert labels(book, "currency") == ["USD", "KRW", "USD", "USD"]
    assert labels(book, "kind") == ["spot", "spot", "spot", "etf"]
    assert labels(book, "link") == ["direct", "direct", "none", "none"]
    assert labels(book, "asset_class") == ["equity", "equity", "unclassified", "equity"]
    assert labels(book, "book") == ["semis"] * 4
    assert labels(book, "position") == ["1"] * 4


def test_a_tier_stands_once_though_the_universe_has_it(universe):
    tiers = (*universe.tiers, Tier("unclassified", "none"))
    book = seen([ETF], DISCLOSED, Universe(universe.instruments, tiers)).book
    assert book.labels["tier"].names == (MEMORY, BROAD, "unclassified")


def test_what_is_not_in_a_fund_stays_as_it_is(universe):
    held = book_from([MU, ETF])
    through = seen_through(held, DISCLOSED, universe, "USD")
    assert through.book.quantity[0] == 50
    assert through.book.half_spread[0] == 0.01
    assert np.isnan(through.book.quantity[1:]).all()
    assert through.position.tolist() == [0, 1, 1, 1, 1]
    assert through.through.tolist() == [False, True, True, True, False]
    assert through.left.tolist() == [False, False, False, False, True]


def test_a_short_position_in_a_fund_is_short_what_it_holds(universe):
    tiers, found = by("tier", [MU, SHORT], DISCLOSED, universe)
    memory = tiers.index(MEMORY)
    assert found["net"][memory] == pytest.approx(5_000 - 3_750)
    assert found["gross"][memory] == pytest.approx(5_000 + 3_750)


def test_a_future_on_a_fund_is_seen_through_its_underlying(universe):
    book = seen([FUTURE], DISCLOSED, universe).book
    assert labels(book, "instrument") == ["MU", "000660.KS", "MYSTERY", "SMH_FUT"]
    np.testing.assert_allclose(book.market_value, [500, 250, 50, 200])
    assert labels(book, "kind")[-1] == "future"


def test_an_option_or_spot_line_with_an_underlying_is_not(universe):
    known = dict(universe.instruments)
    known["SMH_FUT"] = replace(known["SMH_FUT"], kind="spot")
    other = Universe(known, universe.tiers)
    assert labels(seen([FUTURE], DISCLOSED, other).book, "instrument") == ["SMH_FUT"]


def test_cash_of_a_fund_stays_with_it(universe):
    funds = {"SMH": {"MU": 0.9, "CASH_USD": 0.1}}
    tiers, found = by("tier", [ETF], funds, universe)
    assert tiers == (MEMORY, BROAD)
    np.testing.assert_allclose(found["net"], [22_500, 2_500])
    np.testing.assert_allclose(found["left_in_funds"], [0, 2_500])


def test_a_fund_of_funds_is_seen_through_once(universe):
    # 60 % of SMH: 30 % Micron; what SMH leaves, 12 %, stays in SMH's tier
    known = dict(universe.instruments)
    known["TAO"] = replace(known["TAO"], kind="etf")  # a fund in another tier
    outer = {"TAO": {"SMH": 0.6, "MU": 0.1}, "SMH": {"MU": 0.5, "000660.KS": 0.3}}
    row = ("tokens", "TAO", TOKENS, "", "crypto", "USD", 10.0, 100.0, 1.0)
    tiers, found = by("tier", [row], outer, Universe(known, universe.tiers))
    assert tiers == (MEMORY, TOKENS, BROAD)
    np.testing.assert_allclose(found["net"], [1000 * (0.4 + 0.18), 300, 120])
    np.testing.assert_allclose(found["left_in_funds"], [0, 300, 120])
    np.testing.assert_allclose(found["net_as_held"], [0, 1000, 0])


def test_weights_above_one_leave_what_the_fund_has_borrowed(universe):
    tiers, found = by("tier", [ETF], {"SMH": {"MU": 1.5, "TAO": -0.2}}, universe)
    assert tiers == (MEMORY, TOKENS, BROAD)
    np.testing.assert_allclose(found["net"], [37_500, -5_000, -7_500])
    assert found["net"].sum() == pytest.approx(25_000)
    np.testing.assert_allclose(found["short"], [0, -5_000, -7_500])


def test_a_fund_that_discloses_nothing_stays_as_it_is(universe):
    through = seen([ETF], {"SMH": {"CASH_USD": 1.0}}, universe)
    assert labels(through.book, "instrument") == ["SMH"]
    assert through.left.tolist() == [True]


def test_no_holdings_no_change(universe):
    held = book_from([ETF, MU])
    through = seen_through(held, {}, universe, "USD")
    for column in ("quantity", "price", "fx_rate", "market_value", "half_spread"):
        np.testing.assert_array_equal(
            getattr(through.book, column), getattr(held, column)
        )
    assert not through.through.any()
    assert not through.left.any()


def test_margin_stands_once(universe):
    held = replace(book_from([FUTURE]), margin_posted=np.array([120.0]))
    through = seen_through(held, DISCLOSED, universe, "USD")
    assert np.nansum(through.book.margin_posted) == 120
    assert through.book.margin_posted[-1] == 120


@pytest.mark.parametrize(
    ("funds", "ring"),
    [
        ({"A": {"A": 0.1}}, {"A"}),
        ({"A": {"B": 0.5, "MU": 0.5}, "B": {"A": 0.1}}, {"A", "B"}),
        ({"A": {"B": 1}, "B": {"C": 1}, "C": {"D": 1}, "D": {"B": 1}}, {"B", "C", "D"}),
    ],
)
def test_rings_are_found_and_named_in_the_order_of_holding(funds, ring):
    found = ring_in(funds)
    assert set(found) == ring
    assert found[0] == found[-1]
    assert all(b in funds[a] for a, b in pairwise(found))
    with pytest.raises(ValueError, match=f"funds hold each other: {' > '.join(found)}"):
        flattened(funds)


def test_two_funds_of_the_same_fund_are_no_ring():
    funds = {"A": {"B": 0.5, "C": 0.5}, "B": {"C": 1}, "C": {"MU": 1}}
    assert ring_in(funds) == ()
    assert flattened(funds)["A"] == {"MU": 1.0, "C": 0.0, "B": 0.0, "A": 0.0}


def test_a_long_chain_of_funds_is_followed_to_its_end():
    chain = {f"F{i}": {f"F{i + 1}": 1.0} for i in range(3000)}
    assert flattened(chain)["F0"]["F3000"] == 1
