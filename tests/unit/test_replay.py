"""Replays of the hand book, on the page.

Five closes, Monday to Friday. MU halves on the way to 50 and BTC loses a fifth; SK
hynix falls 40 % in won, the won a tenth. s = ln(1/2), c = ln(0.8).
"""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from riskplugin.book import grouped
from riskplugin.episodes import Episode, Record
from riskplugin.errors import ModelError
from riskplugin.factors.drivers import DriverHistory
from riskplugin.factors.standins import ASSUMED
from riskplugin.market import Market
from riskplugin.returns import panel
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.replay import (
    FX_SOURCES,
    SOURCES,
    as_scenario,
    outcome,
    pnl_path,
    replayed,
)
from riskplugin.stressing.shock import shock_grid
from riskplugin.universe import Instrument, Tier
from tests.conftest import AS_OF, TOKENS, book_from

NAN = float("nan")
S, C = log(0.5), log(0.8)
MU, HYNIX, TAO = 0, 1, 2
ROWS = np.array([HYNIX, MU, MU, TAO])  # of the positions of the hand book
WEEK = np.arange("2026-05-11", "2026-05-16", dtype="datetime64[D]")
EPISODE = Episode("replay_hand", WEEK[0], WEEK[-1])
MEMORY = (100.0, 80.0, 80.0, 60.0, 50.0)
KOREA = (1e5, 9e4, 7e4, 8e4, 6e4)
TOKEN = (NAN,) * 5
BITCOIN = (1000.0, 1000.0, 900.0, 700.0, 800.0)
WON = (8e-4, 8e-4, 7.6e-4, 7.6e-4, 7.2e-4)


def market(mu=MEMORY, hynix=KOREA, tao=TOKEN, btc=BITCOIN, won=WON, days=WEEK):
    close = np.array([hynix, btc, mu, tao]).T
    names = ("000660.KS", "BTC", "MU", "TAO")
    return Market(AS_OF, days, names, close, ("KRW",), np.array([won]).T)


@pytest.fixture
def universe(hand_universe):
    bitcoin = Instrument("BTC", "crypto_benchmark", "none", "crypto", "spot", "USD")
    return hand_universe.extended([bitcoin], [Tier("crypto_benchmark", "none")])


@pytest.fixture
def model(hand_model):
    days = np.array([AS_OF], dtype="datetime64[D]")
    history = DriverHistory(
        ("memory", "crypto"), (("MU",), ("BTC",)), days, np.zeros((1, 2))
    )
    return replace(hand_model, history=history)


def sources(replay):
    return [SOURCES[i] for i in replay.source]


def record(instrument, tier, move):
    return Record(instrument, tier, move, min(move, 0.0), NAN, NAN)


def pnl(replay, book, by=("position",)):
    return outcome(book, grouped(book, by), replay, ROWS).pnl


# --- where a move comes from ---------------------------------------------------------


def test_own_closes_come_first_with_the_currency_compounded(model, universe, hand_book):
    found = replayed(EPISODE, market(), model, universe)
    assert sources(found) == ["own", "own", "loadings"]
    assert [FX_SOURCES[i] for i in found.fx_source] == ["own", "own", "own"]
    hynix = 160_000 * (0.6 * 0.9 - 1)
    tao = -40_000 * (exp(0.5 * S + C) - 1)
    expected = [hynix, -50_000, 10_000, tao]
    np.testing.assert_allclose(pnl(found, hand_book), expected, rtol=1e-13)


def test_a_token_of_its_own_prices_needs_no_loading(model, universe, hand_book):
    prices = market(tao=(400.0, 300.0, 350.0, 200.0, 300.0))
    found = replayed(EPISODE, prices, model, universe)
    assert sources(found) == ["own", "own", "own"]
    assert pnl(found, hand_book)[3] == pytest.approx(-40_000 * (0.75 - 1), rel=1e-13)


def test_a_driver_without_closes_follows_those_that_have(model, universe, hand_book):
    """Crypto follows memory by a quarter: TAO moves by 0.5 s + 0.25 s."""
    found = replayed(EPISODE, market(btc=TOKEN), model, universe)
    assert found.baskets == (("MU",), ())
    np.testing.assert_array_equal(found.given, [True, False])
    np.testing.assert_allclose(found.drivers[-1], [S, 0.25 * S], rtol=1e-14)
    assert pnl(found, hand_book)[3] == pytest.approx(-40_000 * (0.5**0.75 - 1))


def test_half_a_basket_does_not_speak_for_it(model, universe, hand_book):
    """Of BTC and ETH one is not most: crypto follows, though BTC lost a fifth."""
    ether = Instrument("ETH", "crypto_benchmark", "none", "crypto", "spot", "USD")
    members = (("MU",), ("BTC", "ETH"))
    wider = replace(model, history=replace(model.history, members=members))
    found = replayed(EPISODE, market(), wider, universe.extended([ether], []))
    assert found.baskets == (("MU",), ("BTC",))
    np.testing.assert_array_equal(found.given, [True, False])
    assert pnl(found, hand_book)[3] == pytest.approx(-40_000 * (0.5**0.75 - 1))


def test_two_of_three_are_most_of_a_basket(model, universe):
    third = Instrument("ETH", "crypto_benchmark", "none", "crypto", "spot", "USD")
    members = (("MU",), ("BTC", "ETH", "MU"))
    wider = replace(model, history=replace(model.history, members=members))
    found = replayed(EPISODE, market(), wider, universe.extended([third], []))
    assert found.baskets == (("MU",), ("BTC", "MU"))
    np.testing.assert_allclose(found.drivers[-1], [S, (S + C) / 2], rtol=1e-14)


def test_memory_follows_too(model, universe):
    """By cov / var(crypto) = 1 / 9."""
    found = replayed(EPISODE, market(mu=TOKEN), model, universe)
    assert found.baskets == ((), ("BTC",))
    np.testing.assert_allclose(found.drivers[-1], [C / 9, C], rtol=1e-14)
    assert sources(found) == ["loadings", "own", "loadings"]
    assert found.local[-1, MU] == pytest.approx(C / 9, rel=1e-14)


def test_no_driver_and_no_table_is_unknown_and_not_zero(model, universe, hand_book):
    found = replayed(EPISODE, market(mu=TOKEN, btc=TOKEN), model, universe)
    assert sources(found) == ["unknown", "own", "unknown"]
    assert np.isnan(found.drivers).all()
    done = outcome(hand_book, grouped(hand_book, ("book",)), found, ROWS)
    hynix = 160_000 * (0.6 * 0.9 - 1)
    np.testing.assert_allclose(done.pnl, [hynix, NAN], rtol=1e-13)
    np.testing.assert_allclose(done.uncovered, [100_000, 60_000], rtol=1e-13)
    path = pnl_path(hand_book, grouped(hand_book, ("book",)), found, ROWS)
    assert np.isnan(path[:, 1]).all()
    assert path[-1, 0] == pytest.approx(hynix, rel=1e-13)


def test_a_model_without_drivers_knows_nothing_by_loadings(model, universe):
    """Not a move of zero: a sum over no drivers is no move at all."""
    bare = replace(
        model,
        drivers=(),
        members=(),
        covariance=np.zeros((0, 0)),
        loadings=np.zeros((5, 0)),
    )
    found = replayed(EPISODE, market(), bare, universe)
    assert sources(found) == ["own", "own", "unknown"]
    assert np.isnan(found.local[:, TAO]).all()


def test_loadings_that_are_not_known_are_no_zero(model, universe):
    loadings = model.loadings.copy()
    loadings[TAO] = NAN
    found = replayed(EPISODE, market(), replace(model, loadings=loadings), universe)
    assert sources(found)[TAO] == "unknown"


def test_the_table_speaks_last_of_the_name_itself_else_of_its_tier(
    model, universe, hand_book
):
    prices = market(mu=TOKEN, btc=TOKEN, hynix=TOKEN)
    said = (
        record("MU", "memory", -0.6),
        record("WDC", "memory", -0.2),
        record("STX", "memory", -0.3),
        record("FIL", TOKENS, -0.9),
        record("AR", TOKENS, -0.8),
        record("GRASS", TOKENS, -0.85),
    )
    found = replayed(replace(EPISODE, records=said), prices, model, universe)
    assert sources(found) == ["episode_table"] * 3
    # SK hynix: the median of -0.6, -0.3, -0.2, in USD whatever the won did
    expected = [160_000 * -0.3, -60_000, 12_000, -40_000 * -0.85]
    np.testing.assert_allclose(pnl(found, hand_book), expected, rtol=1e-13)
    assert [FX_SOURCES[i] for i in found.fx_source] == ["own"] * 3
    done = outcome(hand_book, grouped(hand_book, ()), found, ROWS)
    assert done.covered_table == pytest.approx(320_000)
    assert done.propagated == 0
    assert done.direct == done.pnl


def test_the_tables_dollars_need_no_rate(model, universe, hand_book):
    blind = market(mu=TOKEN, btc=TOKEN, hynix=TOKEN, won=TOKEN)
    said = (record("000660.KS", "memory", -0.7),)
    found = replayed(replace(EPISODE, records=said), blind, model, universe)
    assert FX_SOURCES[found.fx_source[HYNIX]] == "episode_table"
    assert pnl(found, hand_book)[0] == pytest.approx(160_000 * -0.7, rel=1e-13)


def test_the_table_does_not_speak_where_loadings_can(model, universe):
    said = (record("TAO", TOKENS, -0.99),)
    found = replayed(replace(EPISODE, records=said), market(), model, universe)
    assert sources(found)[TAO] == "loadings"


def test_a_name_of_the_table_stands_on_the_tier_that_the_desk_gives_it(model, universe):
    """BTC is a benchmark in the table and a compute token on this desk."""
    known = replace(universe.instruments["BTC"], tier=TOKENS)
    prices = market(mu=TOKEN, btc=TOKEN)
    moves = (("BTC", "crypto_benchmark", -0.4), ("FIL", TOKENS, -0.9))
    said = tuple(record(*m) for m in (*moves, ("AR", TOKENS, 0.1)))
    episode = replace(EPISODE, records=said)
    assert sources(replayed(episode, prices, model, universe))[TAO] == "unknown"
    found = replayed(episode, prices, model, universe.extended([known], []))
    assert sources(found)[TAO] == "episode_table"
    assert found.local[-1, TAO] == pytest.approx(log(0.6), rel=1e-14)


@pytest.mark.parametrize("tokens", [1, 2])
def test_one_or_two_names_do_not_stand_for_their_tier(tokens, model, universe):
    prices = market(mu=TOKEN, btc=TOKEN)
    said = (record("FIL", TOKENS, 3.9265), record("AR", TOKENS, -0.8))[:tokens]
    found = replayed(replace(EPISODE, records=said), prices, model, universe)
    assert sources(found)[TAO] == "unknown"
    assert np.isnan(found.local[-1, TAO])


def test_a_name_of_its_own_record_needs_no_other(model, universe):
    prices = market(mu=TOKEN, btc=TOKEN)
    said = (record("TAO", TOKENS, -0.6),)
    found = replayed(replace(EPISODE, records=said), prices, model, universe)
    assert sources(found)[TAO] == "episode_table"
    assert found.local[-1, TAO] == pytest.approx(log(0.4), rel=1e-14)


def test_the_table_knows_a_name_by_its_alias(model, universe):
    prices = market(mu=TOKEN, btc=TOKEN)
    said = (record("micron", "memory", -0.9), record("WDC", "memory", 0.3))
    found = replayed(replace(EPISODE, records=said), prices, model, universe)
    assert found.local[-1, MU] == pytest.approx(log(0.1), rel=1e-14)


def test_cash_does_not_move_in_its_own_currency(model, universe, hand_book):
    cash = replace(universe.instruments["TAO"], kind="cash", currency="KRW")
    holds = replace(model, kinds=("spot", "spot", "cash"), currency=np.array([0, 1, 1]))
    found = replayed(EPISODE, market(), holds, universe.extended([cash], []))
    assert sources(found)[TAO] == "own"
    assert pnl(found, hand_book)[3] == pytest.approx(-40_000 * -0.1, rel=1e-13)


# --- currencies ----------------------------------------------------------------------


def test_a_currency_without_rates_moves_by_its_loading(model, universe, hand_book):
    """The won by 0.1 s."""
    found = replayed(EPISODE, market(won=TOKEN), model, universe)
    assert FX_SOURCES[found.fx_source[HYNIX]] == "loadings"
    expected = 160_000 * (0.6 * 0.5**0.1 - 1)
    assert pnl(found, hand_book)[0] == pytest.approx(expected, rel=1e-13)


def test_a_currency_held_still_in_every_stress_is_still_and_says_so(model, universe):
    still = replace(model, provenance=(*model.provenance[:4], ASSUMED))
    found = replayed(EPISODE, market(won=TOKEN), still, universe)
    assert FX_SOURCES[found.fx_source[HYNIX]] == "assumed"
    assert sources(found)[HYNIX] == "own"
    np.testing.assert_array_equal(found.fx[:, HYNIX], np.zeros(5))
    rated = replayed(EPISODE, market(), still, universe)
    assert FX_SOURCES[rated.fx_source[HYNIX]] == "own"


def test_a_price_without_a_currency_is_not_known(model, universe):
    found = replayed(EPISODE, market(mu=TOKEN, btc=TOKEN, won=TOKEN), model, universe)
    assert sources(found)[HYNIX] == "unknown"
    assert FX_SOURCES[found.fx_source[HYNIX]] == "unknown"


def test_a_future_bears_the_currency_on_its_gain_only(model, universe, hand_book):
    futures = replace(model, kinds=("spot", "future", "spot"))
    found = replayed(EPISODE, market(), futures, universe)
    assert pnl(found, hand_book)[0] == pytest.approx(160_000 * -0.4 * 0.9, rel=1e-13)


def test_in_another_base_currency_the_dollar_counts(model, universe, hand_book):
    """Base KRW: MU halves in dollars that gain a ninth; the table is in dollars."""
    in_won = replace(
        model,
        currencies=("KRW", "USD"),
        currency=np.array([1, 0, 1]),
    )
    found = replayed(EPISODE, market(), in_won, universe)
    expected = [160_000 * -0.4, 100_000 * (0.5 / 0.9 - 1)]
    np.testing.assert_allclose(pnl(found, hand_book)[:2], expected, rtol=1e-13)
    said = (record("TAO", TOKENS, -0.5), record("000660.KS", "memory", -0.7))
    blind = market(mu=TOKEN, btc=TOKEN, hynix=TOKEN)
    found = replayed(replace(EPISODE, records=said), blind, in_won, universe)
    assert pnl(found, hand_book)[3] == pytest.approx(-40_000 * (0.5 / 0.9 - 1))
    assert pnl(found, hand_book)[0] == pytest.approx(160_000 * (0.3 / 0.9 - 1))


def test_a_base_currency_without_rates_is_not_known(model, universe):
    """Dollars are worth something in it, but nobody knows what."""
    in_euro = replace(
        model,
        currencies=("EUR", "USD", "KRW"),
        currency=np.array([1, 2, 1]),
        loadings=np.vstack([model.loadings[:3], np.zeros((3, 2))]),
        provenance=(*model.provenance[:3], "own", "own", "own"),
    )
    said = (record("MU", "memory", -0.5),)
    blind = market(mu=TOKEN, btc=TOKEN)
    found = replayed(replace(EPISODE, records=said), blind, in_euro, universe)
    assert sources(found) == ["unknown"] * 3


# --- gaps ----------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "source"), [(4, "own"), (5, "loadings")])
def test_an_end_is_filled_from_four_rows_before_and_no_more(
    late, source, model, universe
):
    days = np.arange("2026-05-11", "2026-05-23", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    tao = np.full(len(days), 400.0)
    tao[-1 - late] = 300.0
    tao[len(days) - late :] = NAN
    flat = np.ones(len(days))
    prices = market(flat, flat, tao, flat, flat, days)
    episode = replace(EPISODE, end=days[-1])
    found = replayed(episode, prices, model, universe)
    assert sources(found)[TAO] == source
    if source == "own":
        assert found.local[-1, TAO] == pytest.approx(log(0.75))


def test_a_start_is_filled_from_before_the_episode(model, universe):
    days = np.arange("2026-05-05", "2026-05-16", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    mu = np.array([100.0, *[NAN] * 4, 80, 80, 60, 50])[-len(days) :]
    flat = np.ones(len(days))
    found = replayed(EPISODE, market(mu, flat, flat, flat, flat, days), model, universe)
    assert sources(found)[MU] == "own"
    assert found.local[-1, MU] == pytest.approx(S, rel=1e-14)
    later = replace(EPISODE, start=days[5])
    found = replayed(later, market(mu, flat, flat, flat, flat, days), model, universe)
    assert found.local[-1, MU] == pytest.approx(log(50 / 80), rel=1e-14)


def test_a_gap_on_the_way_is_carried(model, universe):
    days = np.arange("2026-05-11", "2026-05-23", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    tao = np.array([400.0, 200, *[NAN] * 6, NAN, 100])
    flat = np.ones(10)
    episode = replace(EPISODE, end=days[-1])
    found = replayed(
        episode, market(flat, flat, tao, flat, flat, days), model, universe
    )
    expected = np.log([1, *[0.5] * 8, 0.25])
    np.testing.assert_allclose(found.local[:, TAO], expected, rtol=1e-14)


def test_what_the_clock_says_of_an_episode_is_the_panel_of_the_market(model, universe):
    found = replayed(EPISODE, market(), model, universe)
    whole = panel(market(), WEEK[-1], model.instruments)
    np.testing.assert_array_equal(found.dates, whole.dates)
    expected = whole.log_price[:, :2] - whole.log_price[0, :2]
    np.testing.assert_array_equal(found.local[:, :2], expected)


# --- session by session --------------------------------------------------------------


def test_the_path_by_hand(model, universe, hand_book):
    found = replayed(EPISODE, market(), model, universe)
    path = pnl_path(hand_book, grouped(hand_book, ("book",)), found, ROWS)
    mu = np.array(MEMORY) / 100
    won = np.array(WON) / 8e-4
    semis = 160_000 * (np.array(KOREA) / 1e5 * won - 1) + 100_000 * (mu - 1)
    tao = np.sqrt(mu) * np.array(BITCOIN) / 1000
    tokens = -20_000 * (mu - 1) - 40_000 * (tao - 1)
    np.testing.assert_allclose(path, np.array([semis, tokens]).T, atol=1e-8)
    np.testing.assert_array_equal(path[0], [0.0, 0.0])


def test_what_the_table_says_goes_there_in_a_straight_line(model, universe, hand_book):
    said = (record("TAO", TOKENS, -0.9375),)  # a sixteenth
    prices = market(mu=TOKEN, btc=TOKEN)
    found = replayed(replace(EPISODE, records=said), prices, model, universe)
    path = pnl_path(hand_book, grouped(hand_book, ("position",)), found, ROWS)
    left = np.array([1, 1 / 2, 1 / 4, 1 / 8, 1 / 16])
    np.testing.assert_allclose(path[:, 3], -40_000 * (left - 1), rtol=1e-13)


# --- as a scenario -------------------------------------------------------------------


def test_as_a_scenario_it_is_stressed_to_the_same(model, universe, hand_book):
    won = pytest.approx(-0.1, rel=1e-12)
    for prices in (market(), market(btc=TOKEN), market(won=TOKEN), market(mu=TOKEN)):
        found = replayed(EPISODE, prices, model, universe)
        scenario = as_scenario(found, model, np.unique(ROWS))
        grid = shock_grid(ScenarioSet((scenario,)), model, universe)
        grouping = grouped(hand_book, ("position",))
        done = stress_groups(hand_book, grouping, grid, 0.80, 0.0)
        np.testing.assert_allclose(
            done.pnl[:, 0], pnl(found, hand_book), rtol=1e-12, atol=1e-8
        )
        assert scenario.fx == ({} if np.isnan(prices.usd_per).all() else {"KRW": won})
    assert scenario.horizon_sessions == 4
    assert scenario.family == "replay"


def test_what_would_stand_still_is_no_scenario(model, universe):
    found = replayed(EPISODE, market(mu=TOKEN, btc=TOKEN), model, universe)
    with pytest.raises(ModelError, match=r"replay_hand cannot be a scenario: .* of MU"):
        as_scenario(found, model, np.unique(ROWS))
    with pytest.raises(ModelError, match="nothing is known of any driver in it"):
        as_scenario(found, model, np.array([HYNIX]))


def test_money_by_source_adds_up_to_gross(model, universe):
    """Money by source adds up to the gross of every group, longs and shorts apart."""
    book = book_from()
    found = replayed(EPISODE, market(), model, universe)
    done = outcome(book, grouped(book, ("book",)), found, ROWS)
    np.testing.assert_allclose(done.covered_own, [260_000, 20_000])
    np.testing.assert_allclose(done.covered_loadings, [0, 40_000])
    np.testing.assert_allclose(done.propagated, [0, -40_000 * (exp(S / 2 + C) - 1)])
    np.testing.assert_array_equal(done.covered_table, [0, 0])
    np.testing.assert_array_equal(done.uncovered, [0, 0])
