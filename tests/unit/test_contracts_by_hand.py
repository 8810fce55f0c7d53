"""Contracts in the engine, computed on the page beside the book of three instruments.

Memory halves: MU and what is on it move by one half, the tokens by 0.5**(0.5 + 0.25)
and with their overshoot by 0.5**1.125.
"""

from dataclasses import fields, replace
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its usual name

from riskplugin.book import grouped
from riskplugin.contracts import joined
from riskplugin.episodes import Episode
from riskplugin.errors import ScenarioError
from riskplugin.factors.contract_rows import with_contracts
from riskplugin.pricing.contracts import linear_pnl, revalue
from riskplugin.pricing.convexity import convexity_parts
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.liquidation import closing_sessions, margined
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.profit import engine_profit
from riskplugin.stressing.replay import Replay
from riskplugin.stressing.shock import shock_grid
from riskplugin.universe import Instrument
from tests.conftest import MEMORY, TOKENS, book_from
from tests.contract_terms import fund, option, perpetual

CONFIDENCE = 0.8
Z = 1.2815515655446004  # scipy.stats.norm.ppf(0.9)


def one(**shocks):
    return ScenarioSet((Scenario(name="made", **shocks),))


def stressed(book, scenarios, model, universe, by=("position",), unwind=0.0):
    grid = shock_grid(scenarios, model, universe)
    return stress_groups(book, grouped(book, by), grid, CONFIDENCE, unwind)


def row(instrument, quantity, price, tier=MEMORY, currency="USD", rate=1.0):
    return ("b", instrument, tier, "direct", "equity", currency, quantity, price, rate)


def held(rows, notional=None, **columns):
    book = book_from(rows, half_spread=0.0)
    given = {"notional": notional, **columns}
    return replace(book, **{k: np.array(v) for k, v in given.items() if v is not None})


def five_parts(done):
    return (
        done.direct
        + done.propagated
        + done.overshoot
        + done.convexity
        + (done.liquidity)
    )


def test_an_option_is_revalued_in_spot_volatility_and_time(hand_model, hand_universe):
    """QuantLib values a put on MU before and after: 126 of 252 sessions pass."""
    put = option("PUT", "MU", "put", 0.9, 1.0, 0.6, rate=0.03)
    model = with_contracts(hand_model, put)
    book = held([row("PUT", 10.0, 1.0)], notional=[1000.0])
    scenario = one(
        core={"memory": -0.5}, volatility={MEMORY: 0.15}, horizon_sessions=126
    )
    done = stressed(book, scenario, model, hand_universe)

    def value(spot, years, volatility):
        forward = spot * exp(0.03 * years)
        return ql.blackFormula(
            ql.Option.Put, 90.0, forward, volatility * sqrt(years), exp(-0.03 * years)
        )

    before, after = value(100.0, 1.0, 0.6), value(50.0, 0.5, 0.75)
    assert done.pnl[0, 0] == pytest.approx(10 * (after - before), rel=1e-12)
    bump = 1e-4
    slope = (value(100 + bump, 1, 0.6) - value(100 - bump, 1, 0.6)) / (2 * bump)
    assert done.direct[0, 0] == pytest.approx(10 * slope * -50.0, rel=1e-7)
    assert done.convexity[0, 0] == pytest.approx(
        10 * (after - before + slope * 50.0), rel=1e-7
    )
    np.testing.assert_allclose(five_parts(done), done.pnl, rtol=0, atol=1e-9)


def test_an_american_option_is_worth_its_intrinsic_value_far_in_the_money(
    hand_model, hand_universe
):
    put = option("PUT", "MU", "put", 1.2, 1.0, 0.2, american=True, rate=0.05)
    model = with_contracts(hand_model, put)
    book = held([row("PUT", 1.0, 1.0)], notional=[100.0])
    done = stressed(book, one(core={"memory": -0.5}), model, hand_universe)
    # exercised at once: 120 - 50, less today's value
    assert done.pnl[0, 0] == pytest.approx(70.0 - 100 * put.value[0], abs=1e-9)


def test_an_option_that_expires_on_the_way_is_settled_at_the_spot_of_then(
    hand_model, hand_universe
):
    """42 of 84 sessions: the square root of the whole move, in logs half of it."""
    call = option("CALL", "MU", "put", 1.0, 42 / 252, 0.5)
    model = with_contracts(hand_model, call)
    book = held([row("CALL", 1.0, 1.0)], notional=[100.0])
    scenario = one(core={"memory": -0.5}, horizon_sessions=84)
    done = stressed(book, scenario, model, hand_universe)
    paid = 100 - 100 * sqrt(0.5)
    assert done.pnl[0, 0] == pytest.approx(paid - 100 * call.value[0], abs=1e-9)
    assert done.low[0, 0] < done.pnl[0, 0] < done.high[0, 0]


def test_a_covered_call_gains_no_more_than_its_premium_and_loses_less(
    hand_model, hand_universe
):
    """100 shares at 100 and a call sold on them; in a fall the premium is kept."""
    call = option("CALL", "MU", "call", 1.1, 0.25, 0.5)
    model = with_contracts(hand_model, call)
    premium = 100 * 100 * call.value[0]
    book = held(
        [row("MU", 100.0, 100.0), row("CALL", -100.0, 100 * call.value[0])],
        notional=[np.nan, -10_000.0],
    )
    fall = one(core={"memory": -0.5}, horizon_sessions=63)
    done = stressed(book, fall, model, hand_universe, ("book",))
    assert done.pnl[0, 0] == pytest.approx(-5_000.0 + premium, abs=1e-9)
    rise = one(core={"memory": 1.0}, horizon_sessions=63)
    done = stressed(book, rise, model, hand_universe, ("book",))
    assert done.pnl[0, 0] == pytest.approx(1_000.0 + premium, abs=1e-9)


def test_a_straddle_gains_on_either_side_and_its_band_says_so(
    hand_model, hand_universe
):
    """Nothing moves in 63 sessions: the time is lost, and what is open is to its good.

    TAO is moved by nothing but its residual, 0.04 a session.
    """
    legs = joined(
        option("C", "TAO", "call", 1.0, 0.5, 0.6),
        option("P", "TAO", "put", 1.0, 0.5, 0.6),
    )
    model = with_contracts(hand_model, legs)
    book = held(
        [row("C", 1.0, 1.0, TOKENS), row("P", 1.0, 1.0, TOKENS)],
        notional=[1000.0, 1000.0],
    )
    still = one(core={"memory": 0.0, "crypto": 0.0}, horizon_sessions=63)
    done = stressed(book, still, model, hand_universe, ("book",))

    def value(spot):
        call, put = (
            ql.blackFormula(kind, 1000.0, spot, 0.6 * sqrt(0.25))
            for kind in (ql.Option.Call, ql.Option.Put)
        )
        return call + put

    before = 1000 * legs.value.sum()
    assert done.pnl[0, 0] == pytest.approx(value(1000.0) - before, rel=1e-9)
    sigma = 0.04 * sqrt(63)
    points = NormalDist(0, sigma)
    drawn = [
        value(1000 * exp(points.inv_cdf((i + 0.5) / 2000))) - before
        for i in range(2000)
    ]
    low, high = np.quantile(drawn, [0.1, 0.9])
    # two kinked lines stand for the bowl: to a tenth of what is open
    assert done.low[0, 0] == pytest.approx(low, abs=0.1 * (high - low))
    assert done.high[0, 0] == pytest.approx(high, abs=0.1 * (high - low))


@pytest.mark.parametrize("option_type", ["call", "put"])
def test_the_band_of_one_option_is_its_revaluation_at_the_ends(
    hand_model, hand_universe, option_type
):
    bought = option("X", "TAO", option_type, 0.8, 1.0, 0.7)
    model = with_contracts(hand_model, bought)
    book = held([row("X", 1.0, 1.0, TOKENS)], notional=[1000.0])
    scenario = one(core={"memory": -0.5, "crypto": -0.5}, horizon_sessions=25)
    done = stressed(book, scenario, model, hand_universe)
    # the error of the loading on memory, 0.2, times the move of memory
    sigma = sqrt(0.04**2 * 25 + (0.2 * log(2)) ** 2)
    kind = ql.Option.Call if option_type == "call" else ql.Option.Put

    def pnl(z):
        spot = 1000 * 0.5**1.5 * exp(z * sigma)
        left = 0.7 * sqrt(1 - 25 / 252)
        return ql.blackFormula(kind, 800.0, spot, left) - 1000 * bought.value[0]

    low, high = sorted([pnl(-Z), pnl(Z)])
    assert done.pnl[0, 0] == pytest.approx(pnl(0), rel=1e-9)
    assert done.low[0, 0] == pytest.approx(low, rel=1e-9)
    assert done.high[0, 0] == pytest.approx(high, rel=1e-9)


def test_a_leveraged_fund_compounds_along_the_way_and_pays_for_variance(
    hand_model, hand_universe
):
    """Twice MU over 100 sessions in which it halves.

    Total variance of MU: 4e-4 of memory and 1e-4 of its own, a session.
    """
    model = with_contracts(hand_model, fund("MUU", "MU", 2.0))
    book = held([row("MUU", 1.0, 1000.0)])
    scenario = one(core={"memory": -0.5}, horizon_sessions=100)
    done = stressed(book, scenario, model, hand_universe)
    even = (1 + 2 * (0.5**0.01 - 1)) ** 100
    value = even * exp(-(4e-4 + 1e-4) * 99)
    assert done.pnl[0, 0] == pytest.approx(1000 * (value - 1), rel=1e-12)
    assert done.direct[0, 0] == pytest.approx(-1000.0)  # twice the fall, uncompounded
    assert done.convexity[0, 0] == pytest.approx(1000 * value, rel=1e-12)
    more = one(core={"memory": -0.5}, horizon_sessions=100, volatility={MEMORY: 0.2})
    annual = sqrt(5e-4 * 252) + 0.2
    drag = exp(-(annual**2) / 252 * 99)
    done = stressed(book, more, model, hand_universe)
    assert done.pnl[0, 0] == pytest.approx(1000 * (even * drag - 1), rel=1e-12)


def test_funding_is_paid_on_the_notional_along_the_way(hand_model, hand_universe):
    """A tenth of a percent a session for 100 sessions, while TAO falls to 0.5**0.75."""
    kinds = ("spot", "spot", "perpetual")
    model = with_contracts(replace(hand_model, kinds=kinds), perpetual("TAO", 0.001))
    book = held([row("TAO", -10.0, 100.0, TOKENS)])
    scenario = one(core={"memory": -0.5}, horizon_sessions=100)
    done = stressed(book, scenario, model, hand_universe)
    end = 0.5**0.75
    mean = (end - 1) / log(end)
    # a short position earns what longs pay
    assert done.propagated[0, 0] == pytest.approx(-1000 * (end - 1), rel=1e-12)
    assert done.convexity[0, 0] == pytest.approx(1000 * 0.1 * mean, rel=1e-12)


def test_a_perpetual_is_closed_where_its_margin_is_used_up(hand_model, hand_universe):
    """10 TAO at 100 on a margin of 300, closed at 5 % of the notional.

    At a price of 73.68 = 100 (1 - 0.3) / (1 - 0.05) what is left of the margin, 300 -
    263.2, is 5 % of 736.8. A fall to 0.5**0.75 = 59.46 passes it: the margin is lost,
    and not the 405 that the fall costs. 600 would not have been touched.
    """
    kinds = ("spot", "spot", "perpetual")
    model = replace(hand_model, kinds=kinds)
    scenario = one(core={"memory": -0.5}, horizon_sessions=100)
    for margin, expected in ((300.0, -300.0), (600.0, 1000 * (0.5**0.75 - 1))):
        book = held(
            [row("TAO", 10.0, 100.0, TOKENS)],
            margin_posted=[margin], maintenance_margin=[0.05],
        )  # fmt: skip
        book = as_kind(book, "perpetual")
        done = stressed(book, scenario, model, hand_universe)
        assert done.pnl[0, 0] == pytest.approx(expected, rel=1e-12)
        assert done.propagated[0, 0] == pytest.approx(1000 * (0.5**0.75 - 1))
        assert five_parts(done)[0, 0] == pytest.approx(done.pnl[0, 0], abs=1e-9)
        assert done.low[0, 0] >= -margin - 1e-9


def as_kind(book, kind):
    kinds = replace(book.labels["kind"], names=(kind,))
    return replace(book, labels={**book.labels, "kind": kinds})


def test_the_stated_price_closes_what_states_one(hand_model, hand_universe):
    """Shorts at 100, to be closed at 120: a rise to 200 costs 20 of every 100."""
    model = replace(hand_model, kinds=("perpetual", "spot", "spot"))
    book = held([row("MU", -10.0, 100.0)], liquidation_price=[120.0])
    rise = one(core={"memory": 1.0}, horizon_sessions=100)
    done = stressed(as_kind(book, "perpetual"), rise, model, hand_universe)
    assert done.pnl[0, 0] == pytest.approx(-200.0, rel=1e-12)


def test_a_coin_margined_perpetual_loses_the_coins_of_its_margin(
    hand_model, hand_universe
):
    """1,000 USD long at 100: 10 coins of notional, 3 of margin, closed at 5 %.

    Down to P the loss is 1000 / P - 10 coins: at P = 100 x 1.05 / 1.3 = 80.77 it is
    2.381, and what is left, 0.619, is 5 % of the 12.38 coins of the notional then. At
    59.46 the 3 coins that are lost are worth 178.4 USD.
    """
    model = replace(hand_model, kinds=("spot", "spot", "perpetual"))
    terms = perpetual("TAO", 0.0, inverse=True)
    model = with_contracts(model, terms)
    book = held(
        [row("TAO", 10.0, 100.0, TOKENS)],
        margin_posted=[300.0], maintenance_margin=[0.05],
    )  # fmt: skip
    scenario = one(core={"memory": -0.5}, horizon_sessions=100)
    done = stressed(as_kind(book, "perpetual"), scenario, model, hand_universe)
    assert done.pnl[0, 0] == pytest.approx(-3 * 100 * 0.5**0.75, rel=1e-12)
    roomy = replace(book, margin_posted=np.array([900.0]))
    done = stressed(as_kind(roomy, "perpetual"), scenario, model, hand_universe)
    coins = 1000 / 100 - 1000 / (100 * 0.5**0.75)
    assert done.pnl[0, 0] == pytest.approx(coins * 100 * 0.5**0.75, rel=1e-12)


def test_a_won_position_falls_with_its_price_and_with_the_won(
    hand_book, hand_model, hand_universe
):
    """160,000 USD of SK hynix: 0.5**1.2 in won, and the won 8 % lower."""
    fall = one(core={"memory": -0.5}, fx={"KRW": -0.08})
    done = stressed(hand_book, fall, hand_model, hand_universe)
    expected = 160_000 * (0.5**1.2 * 0.92 - 1)
    assert done.pnl[0, 0] == pytest.approx(expected, rel=1e-12)


def test_an_option_in_won_bears_the_won_on_its_value(hand_model, hand_universe):
    """Nothing but the won moves, in no time to speak of: 8 % of the value is lost."""
    call = option("C", "000660.KS", "call", 0.7, 3.0, 0.4)
    model = with_contracts(hand_model, call)
    book = held(
        [row("C", 2.0, 1e5 * call.value[0], currency="KRW", rate=8e-4)],
        notional=[160.0],
    )
    still = one(
        core={"memory": 0.0}, instruments={"000660.KS": 0.0}, fx={"KRW": -0.08},
        horizon_sessions=1,
    )  # fmt: skip
    done = stressed(book, still, model, hand_universe)
    left = ql.blackFormula(ql.Option.Call, 0.7, 1.0, 0.4 * sqrt(3 - 1 / 252))
    expected = 160 * (left * 0.92 - call.value[0])
    assert done.pnl[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_stablecoin_that_loses_its_peg(hand_model, hand_universe):
    """1,000 of what is worth 1, and then 0.88."""
    model = replace(hand_model, kinds=("spot", "spot", "cash"))
    book = held([row("TAO", 1000.0, 1.0, TOKENS)])
    depeg = one(core={"memory": 0.0}, instruments={"TAO": -0.12})
    done = stressed(book, depeg, model, hand_universe)
    assert done.direct[0, 0] == pytest.approx(-120.0, rel=1e-12)
    assert done.pnl[0, 0] == pytest.approx(-120.0, rel=1e-12)


def test_a_scenario_names_the_underlying_and_not_what_is_on_it(
    hand_model, hand_universe
):
    known = Instrument("MUU", MEMORY, "direct", "equity", "leveraged_etf", "USD")
    universe = hand_universe.extended([known], [])
    model = with_contracts(hand_model, fund("MUU", "MU", 2.0))
    with pytest.raises(ScenarioError, match="MUU moves by its underlying: name MU"):
        shock_grid(one(instruments={"MUU": -0.5}), model, universe)


def replayed_path(prices, terms):
    """Return a replay of one name through `prices`, by its contract."""
    local = np.log(np.array(prices) / prices[0])[:, None]
    days = np.datetime64("2026-05-04") + np.arange(len(prices))
    own = np.zeros(1, dtype=np.int64)
    return Replay(
        Episode("past", days[0], days[-1]), terms, days, np.zeros((len(prices), 0)),
        (), np.zeros(0, dtype=bool), local, np.zeros_like(local), own, own,
    )  # fmt: skip


def test_what_a_replay_closes_on_a_day_stays_closed(hand_model):
    """10 long at 100 on 300, closed at 73.68: passed on the third day, at 70.

    The price is back at 95 by the end. A margin of 600 would have lost 50; so would the
    position, had only its end been looked at.
    """
    model = replace(hand_model, kinds=("spot", "spot", "perpetual"))
    for margin, expected in (
        (300.0, [0, -100, -300, -300]),
        (600.0, [0, -100, -300, -50]),
    ):
        book = held(
            [row("TAO", 10.0, 100.0, TOKENS)],
            margin_posted=[margin], maintenance_margin=[0.05],
        )  # fmt: skip
        found = margined(as_kind(book, "perpetual"), model)
        path = replayed_path([100.0, 90.0, 70.0, 95.0], found.terms)
        assert 1000 * path.growth()[:, 0] == pytest.approx(expected)
        assert 1000 * path.growth(slice(-1, None))[0, 0] == pytest.approx(expected[-1])
        session = closing_sessions(found.terms, path.local)[0]
        assert session == (2 if margin == 300.0 else pytest.approx(np.nan, nan_ok=True))


def test_coins_lost_on_a_day_are_worth_what_the_coin_is_worth_at_the_end(hand_model):
    """1,000 USD long at 100 on 3 coins, closed below 80.77; the coin ends at 95."""
    terms = perpetual("TAO", 0.0, inverse=True)
    model = replace(hand_model, kinds=("spot", "spot", "perpetual"))
    model = with_contracts(model, terms)
    book = held(
        [row("TAO", 10.0, 100.0, TOKENS)],
        margin_posted=[300.0], maintenance_margin=[0.05],
    )  # fmt: skip
    found = margined(as_kind(book, "perpetual"), model)
    path = replayed_path([100.0, 70.0, 95.0], found.terms)
    assert 1000 * path.growth()[-1, 0] == pytest.approx(-3 * 95.0)


def sloped(universe, slope):
    tiers = [replace(t, volatility_slope=slope) for t in universe.tiers]
    return replace(universe, tiers=tuple(tiers))


def test_a_linked_volatility_rises_by_the_slope_times_the_log_fall(
    hand_model, hand_universe
):
    """Memory halves: 0.4 x log 2 = 0.2773 on the tier of MU, 0.4 x 1.125 log 2 on TAO.

    Off unless chosen, nothing in a rise, and not where the scenario names a volatility.
    """
    universe = sloped(hand_universe, 0.4)
    fall = {"core": {"memory": -0.5}, "overshoot": {TOKENS: 1.5}}

    def volatility(**shocks):
        return shock_grid(one(**shocks), hand_model, universe).volatility[0]

    assert volatility(**fall) == pytest.approx([0, 0, 0])
    # the Korean name falls by 1.2 log 2, TAO by (0.5 + 0.25) x 1.5 log 2
    linked = volatility(**fall, vol_link="default")
    assert linked == pytest.approx(0.4 * log(2) * np.array([1, 1.2, 1.125]))
    assert volatility(core={"memory": 1.0}, vol_link="default") == pytest.approx(
        [0] * 3
    )
    named = volatility(**fall, vol_link="default", volatility={MEMORY: 0.05})
    assert named == pytest.approx([0.05, 0.05, 0.4 * log(2) * 1.125])


def test_a_put_is_worth_more_where_the_volatility_is_linked(hand_model, hand_universe):
    """QuantLib at 0.6 + 0.4 log 2: 126 of 252 sessions pass and MU halves."""
    put = option("PUT", "MU", "put", 0.5, 1.0, 0.6)
    model = with_contracts(hand_model, put)
    book = held([row("PUT", 10.0, 1.0)], notional=[1000.0])
    scenario = one(core={"memory": -0.5}, vol_link="default", horizon_sessions=126)
    done = stressed(book, scenario, model, sloped(hand_universe, 0.4))
    level = (0.6 + 0.4 * log(2)) * sqrt(0.5)
    after = ql.blackFormula(ql.Option.Put, 0.5, 0.5, level)
    assert done.pnl[0, 0] == pytest.approx(1000 * (after - put.value[0]), rel=1e-12)
    assert done.convexity[0, 0] == pytest.approx(
        done.pnl[0, 0] - done.direct[0, 0], abs=1e-9
    )


def test_a_reverse_stress_moves_the_linked_volatility_too(hand_model, hand_universe):
    """What the search says of a move is what the stress of that move says."""
    put = option("PUT", "MU", "put", 0.5, 1.0, 0.6)
    model = with_contracts(hand_model, put)
    universe = sloped(hand_universe, 0.4)
    book = held([row("PUT", 10.0, 1.0)], notional=[1000.0])
    shape = shock_grid(one(core={"memory": -0.1}, vol_link="default"), model, universe)
    core = np.array([0]), np.array([True, False])
    profit = engine_profit(book, grouped(book, ("book",)), shape, core, 0.0)
    scenario = one(core={"memory": -0.5}, vol_link="default")
    done = stressed(book, scenario, model, universe)
    assert profit.table(np.array([[log(0.5)]]))[0, 0] == pytest.approx(done.pnl[0, 0])


def test_a_link_that_is_none_is_refused():
    with pytest.raises(ScenarioError, match=r"vol_link is 'defalt'.*default"):
        one(core={"memory": -0.5}, vol_link="defalt")


@pytest.fixture
def curved_page(hand_model, hand_universe):
    """A put on MU, a fund of twice MU, and TAO as a perpetual closed at 0.7 / 0.95.

    Memory halves over 126 sessions, its volatility 15 points higher.
    """
    put = option("PUT", "MU", "put", 0.9, 1.0, 0.6)
    terms = joined(perpetual("TAO", 0.0005), put, fund("FUND", "MU", 2.0))
    model = with_contracts(
        replace(hand_model, kinds=("spot", "spot", "perpetual")), terms
    )
    shape = one(core={"memory": -0.5}, volatility={MEMORY: 0.15}, horizon_sessions=126)
    grid = shock_grid(shape, model, hand_universe)
    row = {name: i for i, name in enumerate(model.instruments)}
    names = np.array([row["PUT"], row["FUND"], row["TAO"]])
    contracts = replace(
        model.contracts.at(names), side=np.array([0.0, 0.0, 1.0]),
        barrier=np.array([0.0, 0.0, log(0.7 / 0.95)]), closed=np.array([0, 0, -0.3]),
    )  # fmt: skip
    return contracts, moves_of(grid, names)


def test_parts_of_an_option_s_convexity(curved_page):
    """By QuantLib: at once and at 0.6, at 0.75, and half a year on."""
    contracts, moves = curved_page
    found = convexity_parts(contracts, moves)

    def value(spot, years, volatility):
        return ql.blackFormula(ql.Option.Put, 0.9, spot, volatility * sqrt(years))

    start, spot, level = value(1, 1, 0.6), value(0.5, 1, 0.6), value(0.5, 1, 0.75)
    gamma = spot - start + 0.5 * contracts.delta[0]
    assert found.gamma[0, 0] == pytest.approx(gamma, rel=1e-9)
    assert found.volatility[0, 0] == pytest.approx(level - spot, rel=1e-9)
    assert found.carry[0, 0] == pytest.approx(value(0.5, 0.5, 0.75) - level, rel=1e-9)


def test_parts_of_a_leveraged_fund_s_convexity(curved_page):
    """Twice a fall of 126 equal steps to one half, less the drag of 125."""
    contracts, moves = curved_page
    found = convexity_parts(contracts, moves)
    even, annual = (1 + 2 * (0.5 ** (1 / 126) - 1)) ** 126, contracts.volatility[1]
    calm, rough = (even * exp(-(v**2) / 252 * 125) for v in (annual, annual + 0.15))
    assert found.leverage[0, 1] == pytest.approx(calm, rel=1e-9)  # less 1, plus 2 / 2
    assert found.volatility[0, 1] == pytest.approx(rough - calm, rel=1e-9)


def test_parts_of_a_perpetual_s_convexity(curved_page):
    """0.0005 of its mean notional a session, until its margin of 0.3 is gone."""
    contracts, moves = curved_page
    found, end = convexity_parts(contracts, moves), 0.5**0.75
    paid = -0.0005 * 126 * (end - 1) / log(end)
    assert found.funding[0, 2] == pytest.approx(paid, rel=1e-9)
    assert found.liquidation[0, 2] == pytest.approx(-0.3 - (end - 1 + paid), rel=1e-9)
    whole = revalue(contracts, moves) - linear_pnl(contracts, moves.local, moves.fx)
    total = sum(getattr(found, f.name) for f in fields(found))
    np.testing.assert_allclose(total, whole, rtol=0, atol=1e-15)


def test_an_option_that_expires_today_is_worth_its_exercise(hand_model, hand_universe):
    """A put at 110 on 100 is worth 10, and is over before anything moves."""
    put = option("PUT", "MU", "put", 1.1, 0.0, 0.6)
    model = with_contracts(hand_model, put)
    assert put.value[0] == pytest.approx(0.1)
    book = held([row("PUT", 10.0, 1.0)], notional=[1000.0])
    done = stressed(book, one(core={"memory": -0.5}), model, hand_universe)
    assert done.pnl[0, 0] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(five_parts(done), done.pnl, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("volatility", "rate"), [(0.0, 0.03), (1.5, 0.03), (0.4, -0.02)]
)
@pytest.mark.parametrize("american", [False, True])
def test_no_volatility_much_of_it_and_negative_rates(
    hand_model, hand_universe, volatility, rate, american
):
    """A call 10 % in the money after a rise of a fifth and half a year, by QuantLib.

    Without dividends no call is exercised early while rates are positive; where they
    are negative it is worth no less than the European one.
    """
    call = option("C", "MU", "call", 1.0, 1.0, volatility, american=american, rate=rate)
    model = with_contracts(hand_model, call)
    book = held([row("C", 1.0, 1.0)], notional=[100.0])
    rise = one(core={"memory": 0.2}, horizon_sessions=126)
    done = stressed(book, rise, model, hand_universe)
    level = max(volatility * sqrt(0.5), 1e-12)
    after = ql.blackFormula(
        ql.Option.Call, 1.0, 1.2 * exp(rate * 0.5), level, exp(-rate * 0.5)
    )
    value = done.pnl[0, 0] / 100 + call.value[0]
    if american and rate < 0:
        assert value >= max(after, 0.2) - 1e-12
    else:
        assert value == pytest.approx(after, rel=1e-9)
    assert done.low[0, 0] <= done.pnl[0, 0] <= done.high[0, 0]
