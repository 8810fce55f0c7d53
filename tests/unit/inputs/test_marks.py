"""Prices that positions state, far from the closes or of another day."""

import pandas as pd
import pytest

from tests.unit.inputs.conftest import TOML


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (5_000.0, None),
        (10_000.0, "about 100 times it"),
        (10.5, "about 1/10 of it"),
        (0.1, "about 1/1000 of it"),
        (121.0, None),
        (79.0, None),
    ],
)
def test_price_far_from_the_close_is_said_with_its_money(
    load, positions, price, words, of_code
):
    """MU closes at 100; of 100 units each dollar more is 100."""
    desk = load(positions=positions.assign(price=[price, None, None, None]))
    (issue,) = of_code(desk.issues, "price-differs")
    assert (issue.severity, issue.where.row, issue.where.column) == (
        "warning",
        0,
        "price",
    )
    assert f"price {price:,g} USD against a close of 100" in issue.message
    assert f"{100 * (price - 100):+,.0f} USD of market value" in issue.message
    assert ("about" in issue.message) == (words is not None)
    assert words is None or words in issue.message


@pytest.mark.parametrize("price", [100.0, 120.0, 80.0])
def test_price_near_the_close_is_not_said(load, positions, price, of_code):
    desk = load(positions=positions.assign(price=[price, None, None, None]))
    assert not of_code(desk.issues, "price-differs")


def test_the_largest_effect_comes_first_and_lots_of_a_price_are_one(
    load, positions, of_code
):
    """Won for dollars: 10 at 200 instead of 250,000 are 1,998.40 less, twice."""
    held = pd.concat([positions, positions.iloc[[1]]], ignore_index=True)
    desk = load(positions=held.assign(price=[105.0, 200, 30_000, 6.5, 200]))
    first, second, third = of_code(desk.issues, "price-differs")
    assert "BTC" in first.message
    assert "+15,000 USD" in first.message
    assert "-3,997 USD of market value in 2 rows" in second.message
    assert "200 KRW against a close of 250,000" in second.message
    assert "+1,500 USD" in third.message


def test_stale_closes_and_options_are_not_held_against_prices(
    load, positions, prices, of_code
):
    option = pd.DataFrame(
        {
            "instrument": ["MUC"],
            "tier": "memory",
            "asset_class": "equity",
            "kind": "option",
            "currency": "USD",
            "underlying": "MU",
            "option_type": "call",
            "style": "european",
            "strike": 100.0,
            "expiry": "2026-12-18",
        }
    )
    old = prices.assign(MUC=1.0)
    old.loc[2:, "RENDER"] = None
    held = positions.assign(
        instrument=["MUC", "000660.KS", "BTC", "RENDER"], price=[9.0, None, None, 50.0]
    )
    desk = load(positions=held, prices=old, instruments=option)
    assert not of_code(desk.issues, "price-differs")


def test_prices_on_a_day_in_the_past_are_said(load, positions, prices, of_code):
    """The close of MU on the day before the last is 99; BTC stands at -0.5 x 61,000."""
    held = positions.assign(price=[99.0, None, 61_000.0, None])
    past = load(positions=held, as_of="2026-05-28")
    (issue,) = of_code(past.issues, "marks-not-of-as-of")
    assert issue.severity == "warning"
    assert issue.message.startswith("1 position (30,500 USD of market value)")
    assert "as of 2026-05-28; prices go on to 2026-05-29" in issue.message
    assert not of_code(load(positions=held).issues, "marks-not-of-as-of")
    blank = load(positions=positions, as_of="2026-05-28")
    assert not of_code(blank.issues, "marks-not-of-as-of")


def test_check_tells_of_both(folder, positions, check):
    held = positions.assign(price=[9_900.0, None, None, None])
    desk = folder('as_of = "2026-05-28"\n' + TOML, {"positions.csv": held})
    code, told = check(desk)
    found = {i["code"]: i for i in told}
    assert code == 0
    assert "about 100 times it" in found["price-differs"]["message"]
    assert found["price-differs"]["row"] == "2"
    assert "990,000 USD" in found["marks-not-of-as-of"]["message"]
