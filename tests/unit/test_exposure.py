"""Every exposure of the hand book, on the page."""

import numpy as np
import pytest

from riskplugin.book import grouped
from riskplugin.exposure import exposures
from tests.conftest import HELD, book_from

# total memory beta = loading . (1, cov/var) = memory + crypto / 4; the won adds 0.1
BETA = np.array([1.3, 1.0, 1.0, 0.75])
PROXIED = np.array([False, False, False, True])
NAV = {"semis": 1_000_000.0, "tokens": 100_000.0}


def figures(book, by, nav=NAV):
    return exposures(book, grouped(book, by), nav, BETA, PROXIED)


def test_by_book(hand_book):
    found = figures(hand_book, ("book",))
    expected = {
        "long": [260_000, 0],
        "short": [0, -60_000],
        "gross": [260_000, 60_000],
        "net": [260_000, -60_000],
        "pct_nav": [0.26, -0.6],
        "delta_equivalent": [260_000, -60_000],
        "memory_beta_exposure": [160_000 * 1.3 + 100_000, -20_000 - 40_000 * 0.75],
        "largest": [160 / 260, 40 / 60],
        "hhi": [(160**2 + 100**2) / 260**2, (40**2 + 20**2) / 60**2],
        "effective_names": [260**2 / (160**2 + 100**2), 60**2 / (40**2 + 20**2)],
        "proxied_share": [0, 40 / 60],
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-14, err_msg=name)


def test_by_tier_nets_a_name_across_books_for_concentration(hand_book):
    found = figures(hand_book, ("tier",))
    np.testing.assert_allclose(found["gross"], [280_000, 40_000])
    np.testing.assert_allclose(found["net"], [240_000, -40_000])
    np.testing.assert_allclose(found["pct_nav"], [240 / 1100, -40 / 1100])
    np.testing.assert_allclose(found["largest"], [160 / 240, 1.0])


def test_a_book_without_nav_makes_the_share_unknown_not_zero(hand_book):
    found = figures(hand_book, ("tier",), {"semis": 1e6, "tokens": np.nan})
    assert np.isnan(found["pct_nav"]).all()
    by_book = figures(hand_book, ("book",), {"semis": 1e6})
    np.testing.assert_allclose(by_book["pct_nav"], [0.26, np.nan])


def test_tiers_stand_in_display_order_and_others_sorted(hand_book):
    grouping = grouped(hand_book, ("tier", "book"))
    assert list(zip(*grouping.keys.values(), strict=True)) == [
        ("memory", "semis"),
        ("memory", "tokens"),
        ("crypto_compute_storage", "tokens"),
    ]


def test_a_perfectly_netted_name_has_no_shares():
    flat = (HELD[1], (*HELD[1][:6], -1000.0, 100.0, 1.0))
    book = book_from(flat)
    grouping = grouped(book, ("book",))
    found = exposures(book, grouping, {}, np.ones(2), np.zeros(2, bool))
    assert found["gross"][0] == pytest.approx(200_000)
    assert found["net"][0] == 0
    assert np.isnan(found["largest"][0])
    assert np.isnan(found["effective_names"][0])
