"""Tickers of listed options that no table knows are no shares."""

import io

import pandas as pd
import pytest

from riskplugin.inputs.option_tickers import OptionTicker, option_ticker

PUT = OptionTicker("MU", "2026-09-18", "put", 340.0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MU    260918P00340000", PUT),
        ("MU260918P00340000", PUT),
        ("MU 9/18/26 P340", PUT),
        ("mu 09/18/2026 p340", PUT),
        ("MU 18/09/26 P340", PUT),
        ("MU 18SEP26 340 P", PUT),
        ("MU 2026-09-18 340 Put", PUT),
        (
            "MU US 09/18/26 P340 Equity",
            OptionTicker("MU US", "2026-09-18", "put", 340.0),
        ),
        (
            "SPY   261218C00612500",
            OptionTicker("SPY", "2026-12-18", "call", 612.5),
        ),
        (
            "BTC-26JUN26-90000-C",
            OptionTicker("BTC", "2026-06-26", "call", 90_000.0, on_coin=True),
        ),
        (
            "XRP_USDC-5JUN26-2d1-P",
            OptionTicker("XRP_USDC", "2026-06-05", "put", 2.1, on_coin=True),
        ),
        ("MU 13/32/26 P340", OptionTicker("MU", "", "put", 340.0)),
    ],
)
def test_ticker_of_an_option_is_read(name, said):
    assert option_ticker(name) == said


@pytest.mark.parametrize(
    "name",
    [
        *("MU", "MU US Equity", "000660 KS Equity", "BTC-PERP", "BTC-26JUN26", "C"),
        *("BRK/B US", "MU 4.5 09/18/26", "MUZ6 Comdty", "T 4.25 05/15/35 Govt", ""),
    ],
)
def test_other_names_are_no_options(name):
    assert option_ticker(name) is None


NAMES = ["MU US 09/18/26 P340 Equity", "MU    260918P00340000", "MU 9/18/26 P340"]


@pytest.mark.parametrize("name", [*NAMES, "BTC-26JUN26-90000-C"])
def test_option_is_left_out_until_the_row_of_the_hint_is_there(
    load, positions, name, of_code, worth
):
    name = " ".join(name.split())
    held = positions.assign(
        instrument=["000660.KS", "000660.KS", name, "RENDER"],
        quantity=[1.0, 1.0, 5.0, 1.0],
        price=[None, None, 245.0, None],
    )
    desk = load(positions=held, settings={"on_error": "quarantine"})
    (out,) = desk.left_out.to_dict("records")
    assert (out["instrument"], out["reason"]) == (name, "looks-like-option")
    assert pd.isna(out["market_value"])
    assert not of_code(desk.issues, "unknown-instrument")
    (issue,) = of_code(desk.issues, "looks-like-option")
    assert issue.severity == "error"
    header, row = issue.hint.split(": ", 1)[1].split(" / ")
    ready = pd.read_csv(io.StringIO(f"{header}\n{row}"))
    multiplier = 1 if name.startswith("BTC") else 100
    mended = load(positions=held, instruments=ready)
    assert worth(mended)[name] == 5 * 245 * multiplier
    assert (
        mended.universe.instruments[name].tier
        == {
            1: "crypto_benchmark",
            100: "memory",
        }[multiplier]
    )


def test_check_stops_at_an_option_without_a_row(folder, positions, check):
    held = positions.assign(instrument=["MU", "000660.KS", NAMES[0], "RENDER"])
    code, told = check(folder(files={"positions.csv": held.assign(price=20.0)}))
    (issue,) = (i for i in told if i["level"] == "error")
    assert (code, issue["code"], issue["row"]) == (3, "looks-like-option", "4")
    assert (
        "MU US 09/18/26 P340 Equity,memory,equity,option,USD,100,MU," in issue["hint"]
    )
