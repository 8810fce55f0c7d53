"""What is settled on an underlying moves by it: a hedged pair earns its funding."""

from dataclasses import replace
from math import expm1, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.contracts import linear
from riskplugin.errors import ScenarioError, UsageError
from riskplugin.factors.contract_rows import with_contracts
from riskplugin.inputs.derived import repositioned
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.inputs.shipped import shipped_universe
from riskplugin.pricing.underlyings import followed, moves_by
from riskplugin.risk.completion import Lots
from riskplugin.risk.history import History, with_basis
from riskplugin.scenarios.definition import Scenario
from riskplugin.universe import Instrument

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PRICE, HELD = 100_000.0, 60.0
NOTIONAL = PRICE * HELD
FUNDING = 0.0001  # every 8 hours
A_SESSION = 3 * FUNDING * 365 / 252
NOTHING = 1e-9 * 2 * NOTIONAL


def terms(name="BTC-PERP", kind="perpetual", underlying="BTC", **more):
    row = {
        "instrument": name, "tier": "crypto_benchmark", "asset_class": "crypto",
        "kind": kind, "currency": "USD", "underlying": underlying,
    }  # fmt: skip
    return row | more


def table(*rows):
    return pd.DataFrame(list(rows))


def held(*rows):
    """Return positions of (instrument, quantity, price, margin posted)."""
    columns = ["instrument", "quantity", "price", "margin_posted"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.assign(book="basis")


PAIR = held(("BTC", HELD, PRICE, np.nan), ("BTC-PERP", -HELD, PRICE, np.nan))


@pytest.fixture(scope="module")
def prices():
    """The closes of the sample: BTC-PERP has some of its own, and so has BTC."""
    return pd.read_csv(SAMPLES / "prices.csv", parse_dates=["date"])


@pytest.fixture(scope="module")
def fx():
    return pd.read_csv(SAMPLES / "fx.csv")


@pytest.fixture(scope="module")
def load(prices, fx):
    def load(positions, *rows, closes=None, **more):
        closes = prices if closes is None else closes
        known = table(*rows) if rows else None
        return rp.desk_from_tables(positions, closes, known, fx, **more)

    return load


@pytest.fixture(scope="module")
def funded(load):
    return load(PAIR, terms(funding_rate=FUNDING, funding_hours=8.0))


@pytest.fixture(scope="module")
def plain(load):
    return load(PAIR, terms(kind="future"))


def test_stress_of_a_hedged_pair_is_the_funding_it_earns(funded):
    """A short perpetual earns the rate on its notional, ``(e^x - 1) / x`` on the mean.

    Of every scenario that ships; x is the move of the coin.
    """
    done = rp.stress(funded, by="scenario").set_index("scenario")
    shocks = rp.shocks(funded)
    coin = shocks[shocks["instrument"] == "BTC"].set_index("scenario")["local_shock"]
    assert len(done) == len(funded.scenarios) >= 8
    for scenario in funded.scenarios:
        x = log(1 + coin[scenario.name])
        mean = expm1(x) / x if x else 1.0
        earned = NOTIONAL * A_SESSION * scenario.horizon_sessions * mean
        row = done.loc[scenario.name]
        assert row["pnl"] == pytest.approx(earned, abs=NOTHING)
        assert row["convexity"] == pytest.approx(earned, abs=NOTHING)
        assert abs(row["direct"] + row["propagated"]) <= NOTHING
        # what is left open is how much of the coin the funding is paid on
        assert row["low"] <= row["pnl"] <= row["high"]
        assert row["high"] - row["low"] <= 4 * earned


@pytest.mark.parametrize("kind", ["future", "forward", "swap", "perpetual"])
def test_a_pair_without_funding_has_no_pnl_and_no_band(load, kind):
    desk = load(PAIR, terms(kind=kind))
    done = rp.stress(desk, by="scenario")
    parts = ["pnl", "direct", "propagated", "overshoot", "convexity", "low", "high"]
    assert np.abs(done[parts].to_numpy()).max() <= NOTHING
    assert len(done) >= 8


def test_every_session_of_a_path_is_nothing(plain, funded):
    for scenario in plain.scenarios:
        path = rp.stress_path(plain, scenario.name, by=())
        assert np.abs(path["pnl"]).max() <= NOTHING
    path = rp.stress_path(funded, "inventory_build", by=())
    earned = path["pnl"].to_numpy()
    assert earned[0] == 0
    assert (np.diff(earned) > 0).all()


def test_replays_move_the_contract_as_its_underlying_did(plain, funded):
    """Closes of the coin from 2020; of the contract it does not matter which."""
    found = rp.replay(plain).set_index("episode")
    whole = found["uncovered"] == 0
    assert whole.sum() >= 3
    assert found.loc[whole, "pnl"].abs().max() <= NOTHING
    rows = rp.replay(plain).positions.set_index(["episode", "instrument"])
    last = rows.loc["replay_2025"]
    assert last["underlying"].to_dict() == {"BTC": "", "BTC-PERP": "BTC"}
    assert last["source"].unique().tolist() == ["own"]
    assert last.loc["BTC", "local_move"] == last.loc["BTC-PERP", "local_move"]
    earned = rp.replay(funded, "replay_2025")
    x = log(1 + last.loc["BTC", "local_move"])
    sessions = int(earned["sessions"].iloc[0])
    expected = NOTIONAL * A_SESSION * sessions * expm1(x) / x
    assert earned["pnl"].iloc[0] == pytest.approx(expected, abs=NOTHING)


def test_a_margin_that_is_used_up_is_lost_and_the_coin_still_held(load):
    """Short on a fifth of the notional, kept at 1 %: closed at 1.2 / 1.01 of the price.

    Ten thousand a coin at 100,000; a coin that doubles has gained its value, and the
    margin is gone.
    """
    positions = held(
        ("BTC", HELD, PRICE, np.nan), ("BTC-PERP", -HELD, PRICE, 0.2 * NOTIONAL)
    )
    desk = load(positions, terms(maintenance_margin=0.01))
    for move, expected in (
        (1.0, NOTIONAL - 0.2 * NOTIONAL),
        (0.15, 0.0),
        (-0.5, 0.0),
    ):
        jump = Scenario(name="jump", core={"memory": 0.0}, instruments={"BTC": move})
        done = rp.stress(desk, jump, by="scenario")
        assert done["pnl"].iloc[0] == pytest.approx(expected, abs=NOTHING)


def test_a_tier_is_the_same_with_and_without_the_contract(load, prices):
    """Held, listed with closes, or not known at all: nobody else's loadings move."""
    coin = held(("BTC", HELD, PRICE, np.nan))
    without = load(coin, closes=prices.drop(columns=["BTC-PERP"]))
    listed = load(coin, terms())
    both = load(PAIR, terms())
    expected = rp.loadings(without).to_frame()
    pd.testing.assert_frame_equal(rp.loadings(listed).to_frame(), expected)
    found = rp.loadings(both).to_frame()
    own = found[found["underlying"] == ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, expected)
    copied = found.set_index("instrument")
    assert copied.loc["BTC-PERP", "underlying"] == "BTC"
    figures = ["total_memory_beta", "residual_volatility", "loading_crypto"]
    assert (copied.loc["BTC-PERP", figures] == copied.loc["BTC", figures]).all()
    tiers = [rp.shocks(d, by="tier").to_frame() for d in (without, listed, both)]
    pd.testing.assert_frame_equal(tiers[1], tiers[0])
    pd.testing.assert_frame_equal(tiers[2], tiers[0])


def test_a_contract_is_no_second_member_of_a_basket(load):
    drivers = {"memory": ["MU"], "crypto": ["BTC", "ETH"], "equity": ["SPY"]}
    twice = drivers | {"crypto": ["BTC", "BTC-PERP", "ETH"]}
    once = load(PAIR, terms(), settings={"drivers": drivers})
    desk = load(PAIR, terms(), settings={"drivers": twice})
    assert desk.settings.drivers["crypto"] == ("BTC", "ETH")
    (issue,) = (i for i in desk.issues if i.code == "driver-member-of-underlying")
    assert "BTC-PERP moves by BTC" in issue.message
    pd.testing.assert_frame_equal(
        rp.loadings(desk).to_frame(), rp.loadings(once).to_frame()
    )


coins = st.integers(-1000, 1000).filter(bool)


@settings(max_examples=30, deadline=None)
@given(spot=coins, short=coins, other=coins)
def test_contracts_and_coins_count_alike_whatever_is_held(plain, spot, short, other):
    """Of quantities: P&L and band are those of their sum in coins."""
    rows = held(
        ("BTC", spot, PRICE, np.nan), ("BTC-PERP", short, PRICE, np.nan),
        ("BTC-PERP", other, PRICE, np.nan),
    )  # fmt: skip
    mixed = positioned(plain, rows)
    alone = positioned(plain, held(("BTC", 1.0, PRICE, np.nan)))
    columns = ["pnl", "low", "high"]
    found, one = (
        rp.stress(d, "narrative_unwind", by="scenario")[columns].to_numpy()[0]
        for d in (mixed, alone)
    )
    net = spot + short + other
    expected = net * (one if net >= 0 else one[[0, 2, 1]])
    gross = PRICE * (abs(spot) + abs(short) + abs(other))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * gross)


def positioned(desk, frame):
    """Return a desk that holds `frame` in the market of `desk`."""
    raw = RawTable(frame, "positions")
    return repositioned(desk, raw, Findings(), quarantine=False)


def test_a_scenario_may_name_the_contract_so_that_its_basis_widens(plain):
    """The coin stays and the contract falls by a tenth: what is short of it gains."""
    gap = Scenario(
        name="gap", core={"memory": 0.0}, instruments={"BTC": 0.0, "BTC-PERP": -0.1}
    )
    done = rp.stress(plain, gap, by="scenario")
    assert done[["low", "high"]].isna().all(axis=None)  # nothing is open
    for column in ("pnl", "direct"):
        assert done[column].iloc[0] == pytest.approx(0.1 * NOTIONAL, abs=NOTHING)
    loose = replace(gap, instruments={"BTC-PERP": -0.1})
    found = rp.stress(plain, loose, by=("scenario", "instrument"))
    bands = found.set_index("instrument")
    assert bands.loc["BTC", "low"] < bands.loc["BTC", "pnl"] < bands.loc["BTC", "high"]
    whole = rp.stress(plain, loose, by="scenario")
    # the contract is fixed, so that of the pair the coin alone is open
    for end in ("low", "high"):
        open_ = bands.loc["BTC", end] - bands.loc["BTC", "pnl"]
        assert (whole[end] - whole["pnl"]).iloc[0] == pytest.approx(open_, rel=1e-6)


def test_an_option_is_named_by_its_underlying_still(load):
    option = terms(
        "BTC-C", "option", option_type="call", style="european",
        strike=PRICE, expiry="2027-05-28",
    )  # fmt: skip
    desk = load(held(("BTC-C", 1.0, 9_000.0, np.nan)), option)
    named = Scenario(name="named", core={"memory": 0.0}, instruments={"BTC-C": -0.1})
    with pytest.raises(ScenarioError, match="BTC-C moves by its underlying: name BTC"):
        rp.stress(desk, named)


def test_an_option_on_a_future_moves_by_what_the_future_is_on(load):
    future = terms(kind="future")
    option = terms(
        "OF", "option", "BTC-PERP", option_type="call", style="european",
        strike=1.0, expiry="2027-05-28",
    )  # fmt: skip
    desk = load(held(("OF", 1.0, PRICE, np.nan)), future, option)
    assert rp.loadings(desk).set_index("instrument").loc["OF", "underlying"] == "BTC"
    fall = Scenario(
        name="fall", core={"memory": 0.0}, instruments={"BTC": -0.5},
        horizon_sessions=1,
    )  # fmt: skip
    spot = desk.market.close[:, desk.market.instruments.index("BTC-PERP")]
    last = spot[~np.isnan(spot)][-1]
    done = rp.stress(desk, fall, by="scenario")
    # at a strike of 1 on some 100,000 it is the future
    assert done["pnl"].iloc[0] == pytest.approx(-0.5 * last, rel=1e-3)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (terms(underlying=""), "it names no underlying"),
        (terms(underlying="NOSUCH"), "no table knows its underlying NOSUCH"),
        (terms(underlying="000660.KS"), "its underlying 000660.KS in KRW"),
        (terms(underlying="BTC-PERP"), None),
        (terms(underlying="CASH"), "its underlying CASH is cash"),
        (terms(underlying="UNPRICED"), "its underlying UNPRICED has no prices"),
    ],
)
def test_what_has_no_underlying_to_move_by_moves_alone_and_is_named(load, row, why):
    more = [
        terms("CASH", "cash", ""),
        terms("UNPRICED", "spot", ""),
    ]
    desk = load(PAIR, row, *more)
    loadings = rp.loadings(desk).set_index("instrument")
    assert loadings.loc["BTC-PERP", "underlying"] == ""
    assert loadings.loc["BTC-PERP", "windows"] > 500
    found = [i for i in desk.issues if i.code == "moves-alone"]
    if why is not None:
        (issue,) = found
        assert why in issue.message


def test_nothing_is_said_of_what_moves_by_its_underlying(plain, funded):
    for desk in (plain, funded):
        assert not [i for i in desk.issues if i.code == "moves-alone"]


def universe_of(**underlyings):
    known = [
        Instrument(n, "memory", "direct", "equity", kind, "USD", underlying=u)
        for n, (kind, u) in underlyings.items()
    ]
    return shipped_universe().extended(known, [])


def test_underlyings_are_followed_to_the_last():
    known = universe_of(
        A=("future", "B"), B=("swap", "C"), C=("spot", "MU"), X=("future", "Y"),
        Y=("future", "X"), O=("option", "A"), F=("leveraged_etf", "C"), E=("etf", "C"),
    )  # fmt: skip
    priced = {"A", "B", "C", "X", "Y", "MU", "E"}
    assert followed("A", known, priced) == "C"
    assert followed("X", known, priced) == "X"  # a ring
    assert followed("Y", known, priced) == "Y"
    assert followed("C", known, priced) == "C"  # a share is its own
    assert followed("nothing", known, priced) == "nothing"
    assert followed("A", known, {"A"}) == "A"  # B has no closes
    assert followed("A", known, set()) == "C"  # nor has A: one name then
    moved = {n: moves_by(known.instruments[n], known, priced) for n in "ABCOFE"}
    assert moved == {"A": "C", "B": "C", "C": "", "O": "C", "F": "C", "E": ""}


def test_measured_risk_of_a_hedged_pair_is_that_of_its_basis(plain):
    """From the closes of both, session by session, where both are own."""
    market = plain.market
    close = pd.DataFrame(
        market.close, index=pd.DatetimeIndex(market.dates), columns=market.instruments
    )[["BTC", "BTC-PERP"]]
    days = pd.bdate_range(close.index[0], market.as_of)
    log_price = np.log(close.reindex(days).ffill(limit=4))
    moved = log_price.diff().iloc[1:].dropna()
    measured = rp.measures(plain, measure="VaR", alpha=0.05, by="book")
    pnl = NOTIONAL * (np.expm1(moved["BTC"]) - np.expm1(moved["BTC-PERP"]))
    quiet = np.quantile(-pnl, 0.95)
    assert quiet > 0
    # windows before the contract's first close draw their basis from those after it
    assert measured["total"].iloc[0] == pytest.approx(quiet, rel=0.1)


def test_a_window_without_the_contract_draws_its_basis(hand_model):
    """Four windows of the contract's own, 1, -1, 3 and -3 basis points off its coin."""
    model = hand_basis(hand_model)
    spot = np.array([0.01, -0.02, 0.03, 0.0, 0.02, -0.01, 0.05, 0.01])
    off = np.array([1, -1, 3, -3]) / 1e4
    ends = np.datetime64("2026-05-18") + np.arange(8)
    series = np.zeros((8, 6))
    series[:, 2], series[:, 3] = spot, spot
    mine = np.full((8, 1), np.nan)
    mine[4:, 0] = spot[4:] + off
    found = History(1, ends, np.zeros((8, 2)), series, np.ones((8, 6), dtype=bool))
    lots = Lots.drawn(8, np.random.Generator(np.random.PCG64(1)))
    rows = np.array([3])
    done = with_basis(found, model, rows, mine, lots, 4)
    np.testing.assert_array_equal(done.series[4:, 3], mine[4:, 0])
    drawn = done.series[:4, 3] - spot[:4]
    assert np.abs(drawn[:, None] - off).min(axis=1).max() <= 1e-15
    assert done.own[:, 3].tolist() == [False] * 4 + [True] * 4
    np.testing.assert_array_equal(done.series[:, :3], series[:, :3])
    few = with_basis(found, model, rows, mine, lots, 5)  # too few to draw from
    np.testing.assert_array_equal(few.series[:4, 3], spot[:4])
    np.testing.assert_array_equal(few.series[4:, 3], mine[4:, 0])


def hand_basis(model):
    """The model of the page with a contract on its third name."""
    on_it = replace(linear(["TAO-F"], ["future"]), underlyings=("TAO",))
    wide = with_contracts(model, on_it)
    return replace(wide, as_of=np.datetime64("2026-05-29"))


def test_a_run_without_prices_of_memory_leaves_the_cycle_out(prices, fx):
    memory = ["MU", "000660.KS", "005930.KS"]
    held_coin = held(("BTC", 1.0, PRICE, np.nan))
    desk = rp.desk_from_tables(held_coin, prices.drop(columns=memory), None, fx)
    report = rp.run(desk)
    assert not {"cycle", "cycle_turns", "cycle_record"} & set(report.tables)
    assert any("there is no cycle to watch" in i.message for i in report.issues)


def test_a_scenario_in_the_place_of_a_core_is_told_where_it_goes(plain):
    with pytest.raises(UsageError, match="scenarios go by scenarios="):
        rp.shocks(plain, plain.scenarios.choose(["inventory_build"]).scenarios[0])


def test_other_positions_in_the_same_market_say_it_once(load):
    desk = load(PAIR, terms(underlying=""))
    other = positioned(desk, PAIR)
    assert [i.code for i in other.issues].count("moves-alone") == 1
