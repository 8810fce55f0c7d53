"""What is said of a holdings table."""

import pandas as pd
import pytest


@pytest.fixture
def held(positions):
    return pd.concat(
        [
            positions,
            pd.DataFrame([{"book": "semis", "instrument": "SMH", "quantity": 1}]),
        ]
    )


@pytest.fixture
def all_prices(prices):
    return prices.assign(SMH=range(100, 110))


def funds(*rows):
    return pd.DataFrame(rows, columns=["fund", "instrument", "weight"])


def test_a_sound_table_is_used_without_a_word(load, held, all_prices):
    table = funds(("SMH", "MU", 0.5), ("SMH", "Hynix", 0.3))
    desk = load(positions=held, prices=all_prices, holdings=table)
    assert not [i for i in desk.issues if "holdings" in i.where.source]


def test_a_ring_stops_the_desk_even_under_quarantine(refused, of_code):
    table = funds(("SMH", "SOXX", 0.5), ("SOXX", "VanEck", 0.1), ("VanEck", "SMH", 1))
    match = "funds hold each other: (SMH|SOXX|VanEck) > "
    for settings in ({}, {"on_error": "quarantine"}):
        issues = refused(match, holdings=table, settings=settings)
        (ring,) = of_code(issues, "fund-ring")
        assert ring.message.count(">") == 3
        assert ring.where.column == "fund"


def test_a_ring_through_an_alias_is_one(refused):
    table = funds(("Micron", "SMH", 0.5), ("SMH", "MU US Equity", 0.5))
    refused("funds hold each other: (MU|SMH) > (MU|SMH) > (MU|SMH)", holdings=table)


def test_every_ring_is_named(refused, of_code):
    table = funds(("SMH", "SMH", 0.1), ("SOXX", "QQQ", 0.5), ("QQQ", "SOXX", 40))
    issues = refused("funds hold each other", holdings=table)
    said = {
        frozenset(i.message.split(": ")[1].split(" > "))
        for i in of_code(issues, "fund-ring")
    }
    assert said == {frozenset({"SMH"}), frozenset({"SOXX", "QQQ"})}
    assert of_code(issues, "fund-weights")


def test_percent_is_refused(refused, faults):
    table = funds(("SMH", "MU", 20.0), ("SMH", "NVDA", 21.5))
    issues = refused("add up to 41.5 times its assets", holdings=table)
    assert faults(issues) == [("fund-weights", -1, "fund")]


def test_more_than_its_assets_is_said(load, of_code):
    desk = load(holdings=funds(("SMH", "MU", 0.7), ("SMH", "NVDA", 0.5)))
    (issue,) = of_code(desk.issues, "fund-borrows")
    assert "add up to 1.2000: it is taken to have borrowed 0.2000" in issue.message
    assert issue.severity == "warning"


def test_rounding_is_not(load, of_code):
    desk = load(holdings=funds(("SMH", "MU", 0.704), ("SMH", "NVDA", 0.3)))
    assert not of_code(desk.issues, "fund-borrows")


def test_a_name_twice_in_a_fund_is_refused_by_alias_too(refused, faults):
    table = funds(("SMH", "MU", 0.2), ("SMH", "NVDA", 0.2), ("SMH", "Micron", 0.2))
    issues = refused("MU in SMH stands twice", holdings=table)
    assert faults(issues) == [("duplicate-row", 2, "instrument")]


def test_a_name_twice_counts_once_under_quarantine(load):
    table = funds(("SMH", "MU", 0.2), ("SMH", "Micron", 0.3))
    desk = load(holdings=table, settings={"on_error": "quarantine"})
    assert desk.tables["holdings"]["weight"].tolist() == [0.2]


def test_what_no_table_knows_is_said_of_held_funds(load, held, all_prices, of_code):
    table = funds(
        ("SMH", "MU", 0.5),
        ("SMH", "MYSTERY", 0.1),
        ("SMH", "QQQ", 0.4),
        ("QQQ", "ENIGMA", 0.5),
        ("SOXX", "RIDDLE", 1.0),
    )
    desk = load(positions=held, prices=all_prices, holdings=table)
    (issue,) = of_code(desk.issues, "unknown-in-fund")
    assert "30.0% of SMH is known to no table: ENIGMA, MYSTERY" in issue.message


def test_a_bad_weight_is_quarantined_and_its_share_left_with_the_fund(load, of_code):
    table = funds(("SMH", "MU", 0.5), ("SMH", "NVDA", "much"))
    desk = load(holdings=table, settings={"on_error": "quarantine"})
    assert len(desk.tables["holdings"]) == 1
    assert [i.where.row for i in desk.issues if i.where.source == "holdings"] == [1]
