"""A desk of four lots whose every value can be checked in the head.

Closes rise by one part in a hundred a session to those of Friday 2026-05-29:

    MU 100 USD, 000660.KS 250,000 KRW, BTC 60,000 USD, RENDER 5 USD
    1 USD = 1,250 KRW = 160 JPY, 1 EUR = 1.25 USD

    0  semis   MU          100             10,000 USD
    1  semis   000660.KS    10 x 200 USD    2,000 USD
    2  tokens  BTC          -0.5          -30,000 USD
    3  tokens  RENDER      1,000            5,000 USD
"""

import json

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.adapters.cli import main
from tests import postgres as cluster

SESSIONS = 10
DATES = pd.bdate_range(end="2026-05-29", periods=SESSIONS)
LAST = {"MU": 100.0, "000660.KS": 250_000.0, "BTC": 60_000.0, "RENDER": 5.0}
RATES = {"USDKRW": 1250.0, "USDJPY": 160.0, "EURUSD": 1.25}


@pytest.fixture
def positions():
    return pd.DataFrame(
        {
            "book": ["semis", "semis", "tokens", "tokens"],
            "instrument": ["MU", "000660.KS", "BTC", "RENDER"],
            "quantity": [100.0, 10.0, -0.5, 1000.0],
        }
    )


@pytest.fixture
def prices():
    growth = [1 - 0.01 * (SESSIONS - 1 - i) for i in range(SESSIONS)]
    columns = {
        name: [round(last * g, 6) for g in growth] for name, last in LAST.items()
    }
    return pd.DataFrame({"date": DATES, **columns})


@pytest.fixture
def long_prices(prices):
    """The same closes, a row per date and instrument."""
    return prices.melt("date", var_name="instrument", value_name="close")


@pytest.fixture
def fx():
    return pd.DataFrame(
        {"date": DATES, **{p: [r] * SESSIONS for p, r in RATES.items()}}
    )


@pytest.fixture
def load(positions, prices, fx):
    """Return the desk of the three tables with some of them replaced."""

    def load(**tables):
        given = {"positions": positions, "prices": prices, "fx": fx}
        return rp.desk_from_tables(**{**given, **tables})

    return load


@pytest.fixture
def refused(load):
    """Return the issues with which a desk of other tables is refused."""

    def refused(match, **tables):
        with pytest.raises(rp.InputError, match=match) as caught:
            load(**tables)
        return caught.value.issues

    return refused


@pytest.fixture
def faults():
    """Return code, row and column of every issue that is an error, sorted."""

    def faults(issues):
        found = [i for i in issues if i.severity == "error"]
        return sorted(
            (i.code, -1 if i.where.row is None else i.where.row, i.where.column or "")
            for i in found
        )

    return faults


@pytest.fixture
def of_code():
    """Return the issues that bear a code."""

    def of_code(issues, code):
        return [i for i in issues if i.code == code]

    return of_code


@pytest.fixture
def worth():
    """Return the market value of each instrument held, base currency."""

    def worth(desk):
        held = rp.positions(desk)
        return held.groupby("instrument")["market_value"].sum().to_dict()

    return worth


TOML = """
[tables]
positions = "positions.csv"
prices = "prices.csv"
fx = "fx.csv"
"""


@pytest.fixture
def same_desk():
    """Assert that two desks hold the same positions, prices and rates, bit by bit."""

    def same_desk(one, other):
        held, against = rp.positions(one), rp.positions(other)
        pd.testing.assert_frame_equal(held, against, check_exact=True)
        assert one.market.instruments == other.market.instruments
        assert one.market.currencies == other.market.currencies
        np.testing.assert_array_equal(one.market.dates, other.market.dates)
        np.testing.assert_array_equal(one.market.close, other.market.close)
        np.testing.assert_array_equal(one.market.usd_per, other.market.usd_per)

    return same_desk


@pytest.fixture(scope="session")
def large():
    """Tables with history: 200 sessions, twelve names, 40 lots, a young token."""
    draw = np.random.default_rng(7)
    names = ["MU", "000660.KS", "005930.KS", "NVDA", "AMD", "AVGO", "BTC", "ETH"]
    names += ["SPY", "RENDER", "TAO", "QQQX"]
    dates = pd.bdate_range(end="2026-05-29", periods=200)
    common = draw.normal(0, 0.02, (200, 1))
    steps = common + draw.normal(0, 0.01, (200, len(names)))
    closes = np.round(100 * np.exp(np.cumsum(steps, axis=0)), 4)
    prices = pd.DataFrame(closes, columns=names)
    prices.insert(0, "date", dates)
    prices.loc[:170, "TAO"] = np.nan
    alias = {"RENDER": "RNDR", "000660.KS": "000660 KS Equity"}
    lots = [names[i] for i in draw.integers(0, len(names), 40)]
    positions = pd.DataFrame(
        {
            "book": draw.choice(["b", "a", "c"], 40),
            "instrument": [n if i % 2 else alias.get(n, n) for i, n in enumerate(lots)],
            "quantity": np.round(draw.normal(0, 1000, 40), 1),
            "account": draw.choice(["x", "y", ""], 40),
            "strategy": draw.choice(["s", "t"], 40),
        }
    )
    won = np.round(1300 * np.exp(np.cumsum(draw.normal(0, 0.004, 200))), 4)
    yen = np.round(160 * np.exp(np.cumsum(draw.normal(0, 0.004, 200))), 4)
    fx = pd.DataFrame({"date": dates, "USDKRW": won, "USDJPY": yen, "EURUSD": 1.25})
    return {"positions": positions, "prices": prices, "fx": fx}


@pytest.fixture
def folder(tmp_path, positions, prices, fx):
    """Write a desk folder and return its desk.toml.

    `files` adds or replaces files by name: text, bytes or a DataFrame; None makes a
    folder.
    """

    def folder(toml=TOML, files=None):
        given = {"positions.csv": positions, "prices.csv": prices, "fx.csv": fx}
        for name, content in {**given, **(files or {})}.items():
            path = tmp_path / name
            if isinstance(content, pd.DataFrame):
                content.to_csv(path, index=False)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            elif content is None:
                path.mkdir()
            else:
                path.write_text(content, "utf-8")
        desk = tmp_path / "desk.toml"
        desk.write_text(toml, "utf-8")
        return desk

    return folder


@pytest.fixture
def check(monkeypatch, capsys):
    """Return the exit code and the issues of the command `check`."""

    def check(desk):
        argv = ["riskplugin", "check", str(desk), "--json"]
        monkeypatch.setattr("sys.argv", argv)
        with pytest.raises(SystemExit, match=r"\d") as left:
            main()
        return left.value.code, json.loads(capsys.readouterr().out)["rows"]

    return check


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of its own, for as long as the tests run."""
    if cluster.programs() is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    server = cluster.Server()
    yield server
    server.close()
