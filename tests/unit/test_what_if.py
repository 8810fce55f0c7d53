"""What trades would do, by hand; and everything that cannot be meant."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.trading.filling import Depth, Orders, fills
from riskplugin.trading.orders import Place, summed, taken_from

DAYS = pd.bdate_range(end="2026-05-29", periods=120, name="date")
HELD = pd.DataFrame(
    [
        ("semis", "MU", 1000.0, "prime_a", "long", None),
        ("semis", "MU", 3000.0, "prime_b", "long", "2026-06-30"),
        ("semis", "NVDA", 400.0, "prime_a", "", None),
        ("tokens", "TAO", -50.0, "", "", None),
    ],
    columns=["book", "instrument", "quantity", "account", "strategy", "locked_until"],
)


def desk_of(positions=HELD, **tables):
    rng = np.random.default_rng(3)
    names = ["MU", "NVDA", "AMD", "TAO", "SPY", "BTC"]
    levels = 100 * np.exp(0.02 * rng.standard_normal((120, 6)).cumsum(axis=0))
    prices = pd.DataFrame(levels * 100 / levels[-1], DAYS, names)
    volume = np.full((120, 6), 1e4)
    given = {
        "instruments": pd.DataFrame(
            {"instrument": ["MU", "AMD"], "tier": ["memory", "gpu"],
             "asset_class": "equity", "half_spread": [0.001, 0.002]}
        ),
        "volumes": pd.DataFrame(volume, DAYS, names),
        "settings": {"nav": {"semis": 1e6, "tokens": 1e5}},
    }  # fmt: skip
    return rp.desk_from_tables(positions, prices, **(given | tables))


@pytest.fixture(scope="module")
def desk():
    return desk_of()


def rows(*orders, **columns):
    names = ("book", "instrument", "quantity")
    return pd.DataFrame(orders, columns=names).assign(**columns)


# --- what is taken from which lot -----------------------------------------------------


def test_a_sale_takes_what_is_free_first_in_proportion():
    """10 and 30 free, 20 locked: of 20 sold a quarter and three quarters are free."""
    held, locked = np.array([10.0, 30, 20, -5]), np.array([0, 0, 1, 0], dtype=bool)
    change, beyond = taken_from(held, locked, -20.0)
    assert change.tolist() == [-5.0, -15.0, 0.0, 0.0]
    assert beyond == 0.0
    change, beyond = taken_from(held, locked, -50.0)
    assert change.tolist() == [-10.0, -30.0, -10.0, 0.0]
    assert beyond == 0.0
    change, beyond = taken_from(held, locked, -67.0)
    assert change.tolist() == [-10.0, -30.0, -20.0, 0.0]
    assert beyond == -7.0
    change, beyond = taken_from(held, locked, 8.0)
    assert change.tolist() == [0.0, 0.0, 0.0, 5.0]
    assert beyond == 3.0


def test_orders_of_one_place_are_one_and_the_most_stated_comes_first():
    anywhere, stated = Place("b", "MU", "", ""), Place("b", "MU", "a", "")
    found = summed([(anywhere, 0.1), (stated, 1.0), (anywhere, 0.2), (anywhere, -0.3)])
    assert [place for place, _ in found] == [stated, anywhere]
    assert found[1][1] == pytest.approx(2.7755575615628914e-17)  # as exact arithmetic
    assert summed([(stated, 5.0), (stated, -5.0)]) == []


def test_cost_and_days_by_hand():
    """100,000 at 2 % a session, a quarter of the volume: 100 + 2000 x sqrt(1/4)."""
    depth = Depth(
        np.array([400.0, np.nan, np.inf]), np.array([0.02, 0.02, np.nan]),
        np.array([0.001, 0.001, np.nan]), np.array([False, False, True]),
    )  # fmt: skip
    orders = Orders(
        np.array([0, 1, 2]), np.array([-100.0, 5.0, 9.0]),
        np.array([-1e5, 50.0, 9.0]), np.array([3.0, 0.0, 0.0]),
    )  # fmt: skip
    found = fills(orders, depth, 0.1, 1.0)
    np.testing.assert_allclose(found.spread, [100.0, 0.05, 0.0])
    np.testing.assert_allclose(found.impact, [1000.0, np.nan, 0.0])
    np.testing.assert_allclose(found.cost, [1100.0, np.nan, 0.0])
    np.testing.assert_allclose(found.days, [3.0, np.nan, 0.0])  # 2.5, but locked for 3
    both = Orders(
        np.array([0, 0]), np.array([-100.0, 300.0]), np.array([-1e5, 3e5]), np.zeros(2)
    )
    found = fills(both, depth, 0.1, 1.0)  # they meet in the market: all of a day's
    np.testing.assert_allclose(found.impact, [2000.0, 6000.0])
    np.testing.assert_allclose(found.days, [10.0, 10.0])


# --- what an answer says --------------------------------------------------------------


def test_every_way_to_say_how_much(desk):
    """4,000 MU at 100: 1,000 less by each; a cut of a quarter takes it of every lot."""
    given = [
        rows(("semis", "MU", -1000.0)),
        rows(("semis", "MU", np.nan), target_quantity=3000.0),
        rows(("semis", "MU", np.nan), notional=-100_000.0),
        rows(("semis", "MU", np.nan), pct=-0.25),
        pd.DataFrame({"tier": ["memory"], "pct": ["-0.25"]}),
        pd.DataFrame({"account": ["prime_a"], "tier": "memory", "pct": -1.0}),
    ]
    for trades in given:
        done = rp.what_if(desk, trades)
        net = done.exposures.set_index(["tier", "stage"])["net"]
        assert net["memory", "before"] == pytest.approx(400_000.0)
        assert net["memory", "change"] == pytest.approx(-100_000.0)
        assert net["gpu", "change"] == 0.0
        assert done.trades["traded"].sum() == pytest.approx(-100_000.0)
    cut = rp.what_if(desk, given[3]).trades.set_index("account")["quantity"]
    assert cut.to_dict() == {"prime_a": -250.0, "prime_b": -750.0}
    sold = rp.what_if(desk, given[0]).trades.set_index("account")["quantity"]
    assert sold.to_dict() == {"prime_a": -1000.0}


def test_what_to_mind_is_said(desk):
    done = rp.what_if(desk, {"MU": -1500.0, "TAO": 80.0}, book="semis")
    mind = done.trades.set_index(["instrument", "account"])["mind"]
    assert mind["MU", "prime_b"] == "500 of it locked until 2026-06-30"
    assert mind["MU", "prime_a"] == ""
    days = done.trades.set_index(["instrument", "account"])["days"]
    assert days["MU", "prime_b"] == 21.0  # Mondays to Fridays from 1 to 29 June
    assert days["MU", "prime_a"] == pytest.approx(1500 / (0.2 * 1e4))
    more = rp.what_if(desk, {"MU": -4100.0}, book="semis").trades
    assert more["mind"].tolist() == [
        "sells 100 more than the book holds", "", "3,000 of it locked until 2026-06-30"
    ]  # fmt: skip
    short = rp.what_if(desk, {"NVDA": -500.0}, book="semis").trades
    assert short["mind"].tolist() == ["sells 100 more than the book holds"]
    back = rp.what_if(desk, {"TAO": 60.0}, book="tokens").trades
    assert back["mind"].tolist() == ["buys 10 more than the book is short"]


def test_costs_and_headlines_add_up(desk):
    done = rp.what_if(desk, {"MU": -100.0, "AMD": 50.0, "NVDA": 1.0}, book="semis")
    figures = done.set_index("metric")["change"]
    orders = done.trades.set_index("instrument")
    assert figures["trade:gross"] == pytest.approx(100 * 150 + 100)
    assert orders["spread_cost"]["MU"] == pytest.approx(10.0)  # 0.1 % of 10,000
    assert orders["spread_cost"]["AMD"] == pytest.approx(10.0)  # 0.2 % of 5,000
    assert np.isnan(orders["cost"]["NVDA"])  # its spread is not known
    assert figures["trade:uncosted"] == pytest.approx(100.0)
    known = orders["cost"][["MU", "AMD"]].sum()
    assert figures["trade:cost"] == pytest.approx(known)
    assert figures["exposure:net"] == pytest.approx(-10_000 + 5_000 + 100)
    pnl = done.stress.set_index(["scenario", "stage"])["pnl"]
    for name in dict.fromkeys(done.stress["scenario"]):
        assert figures[f"stress:{name}"] == pnl[name, "change"]
    assert rp.positions(done.desk)["instrument"].tolist().count("AMD") == 1


def test_limits_stand_before_and_after():
    limits = pd.DataFrame(
        {"metric": ["gross"], "scope": ["tier:memory"], "soft": [300_000.0],
         "hard": [450_000.0], "unit": ["base"], "direction": ["max"]}
    )  # fmt: skip
    desk = desk_of(limits=limits)
    found = rp.what_if(desk, {"MU": -2000.0}, book="semis").limits.set_index("stage")
    assert found["value"].tolist() == pytest.approx([400_000, 200_000, -200_000])
    assert found["headroom"].tolist() == pytest.approx([50_000, 250_000, 200_000])
    assert found["status"].tolist() == ["WARN", "OK", "WARN to OK"]
    worse = rp.what_if(desk, {"MU": 1000.0}, book="semis").limits.set_index("stage")
    assert worse["status"].tolist() == ["WARN", "BREACH", "WARN to BREACH"]
    assert worse["value"]["after"] == pytest.approx(
        rp.check_limits(rp.what_if(desk, {"MU": 1000.0}, book="semis").desk)["value"][0]
    )


def test_ranking_is_by_what_is_gained_per_cost(desk):
    ideas = {
        "all": {"MU": -4000.0},
        "little": {"MU": -40.0},
        "wrong way": {"MU": 4000.0},
        "unknown": {"NVDA": -400.0},
    }
    found = rp.rank_trades(desk, ideas, book="semis").set_index("idea")
    assert found["rank"].to_dict() == {
        "little": 1, "all": 2, "wrong way": 3, "unknown": 4
    }  # fmt: skip
    assert found["gained_per_cost"]["little"] > found["gained_per_cost"]["all"] > 0
    assert found["gained"]["wrong way"] < 0
    assert np.isnan(found["cost"]["unknown"])
    assert found["uncosted"]["unknown"] == pytest.approx(40_000.0)
    gained = found["worst_after"] - found["worst_before"]
    np.testing.assert_allclose(found["gained"], gained)
    one = rp.rank_trades(desk, ideas, "inventory_build", book="semis")
    assert set(one.stress["scenario"]) == {"inventory_build"}


def test_nothing_is_estimated_again(desk):
    from riskplugin.estimates import model_of  # noqa: PLC0415

    done = rp.what_if(desk, {"MU": -10.0, "AMD": 10.0}, book="semis")
    assert model_of(done.desk) is model_of(desk)


# --- what cannot be meant -------------------------------------------------------------

WRONG = {
    "no amount": (rows(("semis", "MU", np.nan)), "one of quantity, .* found none"),
    "two": (rows(("semis", "MU", 1.0), pct=-1.0), "found quantity and pct"),
    "no book": (rows((None, "MU", 1.0)), "the desk has several .name one of s"),
    "book": (rows(("semi", "MU", 1.0)), "no book 'semi' .did you mean 'semis'"),
    "unknown": (rows(("semis", "MUU", 1.0)), "no table knows 'MUU'"),
    "no price": (rows(("semis", "AMAT", 1.0)), "AMAT: no price on or before"),
    "text": (rows(("semis", "MU", "1,000")), "row 0, quantity: found '1,000'"),
    "tier": (rows(("semis", "MU", 1.0), tier="memory"), "whatever its tier"),
    "scope": (pd.DataFrame({"pct": [-1.0]}), "it names no scope"),
    "pct": (pd.DataFrame({"tier": ["memory"], "pct": [-1.5]}), "a share of -1 or more"),
    "label": (pd.DataFrame({"tier": ["memry"], "pct": [-1.0]}), "you mean 'memory'"),
    "nothing": (
        pd.DataFrame({"tier": ["memory"], "book": "tokens", "pct": [-1.0]}),
        "nothing is held of book tokens, tier memory",
    ),
    "twice": (
        pd.DataFrame({"tier": ["memory", None], "book": [None, "semis"], "pct": -0.5}),
        "cuts MU a second time",
    ),
    "target": (
        rows(("semis", "MU", 5.0), ("semis", "MU", None)).assign(
            target_quantity=[None, 10.0]
        ),
        "a target of MU beside other trades",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused_with_its_row(desk, name):
    trades, message = WRONG[name]
    with pytest.raises(rp.InputError, match=message):
        rp.what_if(desk, trades)


def test_every_instrument_that_cannot_be_traded_is_named_at_once(desk):
    trades = rows(("semis", "AMAT", 1.0), ("semis", "LRCX", 1.0), ("semis", "MU", 1.0))
    with pytest.raises(rp.InputError, match="no-price") as failed:
        rp.what_if(desk, trades)
    assert [str(i.where) for i in failed.value.issues] == [
        "trades row 0, instrument", "trades row 1, instrument"
    ]  # fmt: skip


def test_arguments_that_cannot_be_used(desk):
    with pytest.raises(rp.UsageError, match="no book 'x'; known: semis, tokens"):
        rp.what_if(desk, {"MU": 1.0}, book="x")
    with pytest.raises(rp.UsageError, match="trades are a list; give a DataFrame, or"):
        rp.what_if(desk, [("MU", 1.0)])
    with pytest.raises(rp.UsageError, match=r"2 ideas .a, b.: give one, or rank them"):
        rp.what_if(desk, {"a": {"MU": 1.0}, "b": {"MU": 2.0}}, book="semis")
    with pytest.raises(rp.UsageError, match="mix ideas and units"):
        rp.rank_trades(desk, {"a": {"MU": 1.0}, "MU": 2.0}, book="semis")
    with pytest.raises(rp.UsageError, match="need a column idea, filled in on every"):
        rp.rank_trades(desk, {"MU": 1.0}, book="semis")
    with pytest.raises(rp.InputError, match="other rows name their idea"):
        rp.rank_trades(desk, rows(("semis", "MU", 1.0)).assign(idea="").pipe(
            lambda f: pd.concat([f, f.assign(idea="a")])
        ))  # fmt: skip
    with pytest.raises(rp.UsageError, match="cannot group by 'teir'"):
        rp.what_if(desk, {"MU": 1.0}, "teir", book="semis")


def test_a_held_instrument_without_closes_trades_at_the_price_positions_state(desk):
    more = pd.DataFrame(
        {"book": ["semis"], "instrument": ["LRCX"], "quantity": [10.0], "price": [50.0]}
    )
    own = desk_of(pd.concat([HELD, more], ignore_index=True))
    bought = rp.what_if(own, {"LRCX": 10.0}, book="semis").trades
    assert bought["traded"].tolist() == [500.0]
    several = pd.concat([HELD, more, more.assign(price=60.0)], ignore_index=True)
    with pytest.raises(rp.InputError, match="LRCX: no price on or before"):
        rp.what_if(desk_of(several), {"LRCX": 10.0}, book="semis")


def test_without_scenarios_there_is_a_what_if_and_no_ranking():
    plain = desk_of(settings={"scenario_library": "replace"})
    done = rp.what_if(plain, {"MU": -100.0}, book="semis")
    assert not len(done.stress)
    assert done.set_index("metric")["change"]["exposure:net"] == pytest.approx(-10_000)
    with pytest.raises(rp.UsageError, match="no scenario to rank by: give one"):
        rp.rank_trades(plain, {"a": {"MU": -100.0}}, book="semis")
