"""Names that no table knows: the money they carry, the currency they are quoted in."""

import pandas as pd
import pytest

WON = 1250.0


@pytest.fixture
def stranger(positions):
    """Return the four lots and some of names that no table knows."""

    def stranger(rows, **columns):
        added = pd.DataFrame(rows, columns=["instrument", "quantity", "price"])
        added = added.assign(book="semis", **columns)
        return pd.concat([positions, added], ignore_index=True)

    return stranger


def test_unknown_names_carry_their_money_the_largest_first(load, stranger, of_code):
    """Gross is 47,000 without them; 300 at 7 and -500 at 10 make it 54,100."""
    desk = load(positions=stranger([("QQQX", 300.0, 7.0), ("ZZZX", -500.0, 10.0)]))
    first, second = of_code(desk.issues, "unknown-instrument")
    assert "'ZZZX'" in first.message
    assert first.message.endswith("in USD; 5,000 USD of market value, 9.2 % of gross")
    assert second.message.endswith("in USD; 2,100 USD of market value, 3.9 % of gross")


def test_currency_of_positions_is_that_of_an_unknown_name(load, stranger, worth):
    held = stranger([("QQQX", 10.0, 250_000.0)], currency="KRW")
    assert worth(load(positions=held))["QQQX"] == 10 * 250_000 / WON


@pytest.mark.parametrize(("code", "fine"), [("krw", True), ("KRw", False)])
def test_small_letters_are_a_currency_and_mixed_ones_are_another(
    load, refused, positions, code, fine, faults
):
    """GBp is a hundredth of GBP."""
    held = positions.assign(currency=["", code, "", ""])
    if fine:
        assert load(positions=held).issues == load().issues
        return
    issues = refused("positions say KRw, instruments say KRW", positions=held)
    assert faults(issues) == [("contradicting-currency", 1, "currency")]


def test_contradicted_position_is_left_out_without_money(load, positions):
    held = positions.assign(currency=["EUR", "KRW", "USD", None])
    desk = load(positions=held, settings={"on_error": "quarantine"})
    (out,) = desk.left_out.to_dict("records")
    assert (out["instrument"], out["reason"]) == ("MU", "contradicting-currency")
    assert pd.isna(out["market_value"])
    (issue,) = (i for i in desk.issues if i.code == "contradicting-currency")
    assert "positions say EUR, instruments say USD" in issue.message


def test_unknown_name_in_two_currencies_loses_every_row(load, stranger):
    rows = [("QQQX", 1.0, 7.0)] * 3
    held = stranger(rows).assign(currency=[*[None] * 4, "USD", "KRW", None])
    desk = load(positions=held, settings={"on_error": "quarantine"})
    assert desk.left_out["row"].tolist() == [4, 5, 6]
    (issue,) = (i for i in desk.issues if i.code == "contradicting-currency")
    assert "(rows 4, 5, 6): positions say USD, KRW" in issue.message


@pytest.mark.parametrize("header", ["CCY", "Curr", "crncy"])
def test_currency_under_another_header_stops_what_it_contradicts(
    load, stranger, header, of_code
):
    held = stranger([("QQQX", 10.0, 250_000.0)], **{header: "KRW"})
    desk = load(positions=held, settings={"on_error": "quarantine"})
    (out,) = desk.left_out.to_dict("records")
    assert (out["instrument"], out["reason"]) == ("QQQX", "unknown-instrument")
    assert pd.isna(out["market_value"])
    (ignored,) = of_code(desk.issues, "unknown-column")
    assert ignored.hint == f"it is ignored; map it: currency = {header!r}"
    (issue,) = of_code(desk.issues, "unknown-instrument")
    assert issue.severity == "error"
    assert f"{header} says KRW" in issue.message
    assert "2,500,000 USD of market value" in issue.message
    assert f"currency = {header!r}" in issue.hint


def test_currency_under_another_header_that_agrees_is_no_error(load, stranger, of_code):
    desk = load(positions=stranger([("QQQX", 10.0, 7.0)], CCY="USD"))
    assert [i.severity for i in of_code(desk.issues, "unknown-instrument")] == [
        "warning"
    ]


TOML = """
[tables]
positions = {path = "positions.csv"%s}
prices = "prices.csv"
fx = "fx.csv"
"""
MAPPED = ', columns = {currency = "CCY"}'


def test_check_stops_at_won_taken_for_dollars_until_they_are_mapped(
    folder, stranger, check
):
    held = stranger([("QQQX", 10.0, 250_000.0)], CCY="KRW")
    desk = folder(TOML % "", {"positions.csv": held})
    code, told = check(desk)
    (issue,) = (i for i in told if i["code"] == "unknown-instrument")
    assert (code, issue["level"]) == (3, "error")
    assert "map it: currency = 'CCY'" in issue["hint"]
    code, told = check(folder(TOML % MAPPED, {"positions.csv": held}))
    (issue,) = (i for i in told if i["code"] == "unknown-instrument")
    assert (code, issue["level"]) == (0, "warning")
    assert "in KRW as positions say; 2,000 USD of market value" in issue["message"]
