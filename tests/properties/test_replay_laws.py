"""Laws of replays: whatever the book and whatever is known of it, these hold."""

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskplugin.book import grouped
from riskplugin.episodes import Episode, Record
from riskplugin.factors.drivers import DriverHistory
from riskplugin.market import Market
from riskplugin.stressing.claims import falls
from riskplugin.stressing.replay import outcome, pnl_path, replayed
from riskplugin.universe import Instrument
from tests.conftest import AS_OF, HELD, TOKENS, book_from

LAWS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
DAYS = np.arange("2026-05-11", "2026-05-16", dtype="datetime64[D]")
NAMES = ("000660.KS", "BTC", "MU", "TAO")
PARTS = ("direct", "propagated")
COVERED = ("covered_own", "covered_loadings", "covered_table", "uncovered")
amounts = st.floats(-1e4, 1e4).map(lambda q: round(q, 3)).filter(lambda q: q != 0)
ratios = st.floats(0.05, 4.0)
columns = st.one_of(st.just([np.nan] * 5), st.lists(ratios, min_size=5, max_size=5))


@st.composite
def books(draw):
    """Return one to twelve rows of the hand book with other books and quantities."""
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        row = list(draw(st.sampled_from(HELD)))
        row[0] = draw(st.sampled_from(["a", "b", "c"]))
        row[6] = draw(amounts)
        rows.append(tuple(row))
    return rows


@st.composite
def episodes(draw):
    """Return a market in which any closes may lack, and a table that may help."""
    close = np.array([draw(columns) for _ in NAMES]).T
    won = np.array([draw(columns)]).T
    tokens = [(name, TOKENS) for name in ("FIL", "AR", "AKT")]
    said = draw(st.lists(st.sampled_from([("MU", "memory"), *tokens]), unique=True))
    records = tuple(
        Record(name, tier, draw(st.floats(-0.95, 2.0)), -0.95, np.nan, np.nan)
        for name, tier in said
    )
    episode = Episode("drawn", DAYS[0], DAYS[-1], records=records)
    return episode, Market(AS_OF, DAYS, NAMES, close, ("KRW",), won)


def replay(drawn, model, universe):
    episode, market = drawn
    bitcoin = Instrument("BTC", TOKENS, "none", "crypto", "spot", "USD")
    one = np.array([AS_OF], dtype="datetime64[D]")
    members = (("MU",), ("BTC",))
    history = DriverHistory(("memory", "crypto"), members, one, np.zeros((1, 2)))
    known = universe.extended([bitcoin], [])
    return replayed(episode, market, replace(model, history=history), known)


def found(rows, replayed_, by=()):
    book = book_from(rows)
    column = {name: i for i, name in enumerate(("MU", "000660.KS", "TAO"))}
    at = np.array([column[row[1]] for row in rows])
    grouping = grouped(book, by)
    done = outcome(book, grouping, replayed_, at)
    return done, pnl_path(book, grouping, replayed_, at), grouping


def close_to(a, b, rows):
    gross = sum(abs(r[6] * r[7] * r[8]) for r in rows)
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-9 * gross + 1e-300)


@LAWS
@given(rows=books(), drawn=episodes())
def test_parts_and_money_add_up(rows, drawn, hand_model, hand_universe):
    seen = replay(drawn, hand_model, hand_universe)
    done, path, grouping = found(rows, seen, ("book", "tier"))
    close_to(done.pnl, done.direct + done.propagated, rows)
    close_to(path[-1], done.pnl, rows)
    gross = grouping.total(np.abs(book_from(rows).market_value))
    close_to(sum(getattr(done, c) for c in COVERED), gross, rows)
    total, whole, _ = found(rows, seen)
    for part in (*PARTS, "pnl"):
        summed, one = getattr(done, part), getattr(total, part)
        if not np.isnan(one).all():
            close_to(np.nansum(summed), one[0], rows)
    if not np.isnan(whole).all():
        close_to(np.nansum(path, axis=1), whole[:, 0], rows)


@LAWS
@given(rows=books(), drawn=episodes())
def test_nothing_known_is_no_number_and_something_is_one(
    rows, drawn, hand_model, hand_universe
):
    seen = replay(drawn, hand_model, hand_universe)
    done, path, _ = found(rows, seen, ("position",))
    known = done.uncovered == 0
    np.testing.assert_array_equal(np.isnan(done.pnl), ~known)
    np.testing.assert_array_equal(np.isnan(path), np.tile(~known, (5, 1)))
    np.testing.assert_array_equal(path[0][known], np.zeros(known.sum()))


@LAWS
@given(rows=books(), drawn=episodes(), share=st.floats(0.01, 0.99))
def test_splitting_a_position_changes_nothing(
    rows, drawn, share, hand_model, hand_universe
):
    seen = replay(drawn, hand_model, hand_universe)
    first = list(rows[0])
    halves = [list(first), list(first)]
    halves[0][6], halves[1][6] = first[6] * share, first[6] * (1 - share)
    split = [*map(tuple, halves), *rows[1:]]
    (a, one, _), (b, two, _) = (found(r, seen, ("book",)) for r in (rows, split))
    for part in (*PARTS, "pnl", *COVERED):
        close_to(getattr(a, part), getattr(b, part), rows)
    close_to(one, two, rows)


@LAWS
@given(rows=books(), drawn=episodes(), seed=st.randoms())
def test_permuting_rows_changes_nothing(rows, drawn, seed, hand_model, hand_universe):
    seen = replay(drawn, hand_model, hand_universe)
    shuffled = list(rows)
    seed.shuffle(shuffled)
    (a, one, _), (b, two, _) = (found(r, seen, ("book",)) for r in (rows, shuffled))
    for part in (*PARTS, "pnl", *COVERED):
        close_to(getattr(a, part), getattr(b, part), rows)
    close_to(one, two, rows)


@LAWS
@given(rows=books(), drawn=episodes(), factor=st.floats(-3, 3).filter(bool))
def test_scaling_the_book_scales_the_pnl(
    rows, drawn, factor, hand_model, hand_universe
):
    seen = replay(drawn, hand_model, hand_universe)
    scaled = [(*r[:6], r[6] * factor, *r[7:]) for r in rows]
    (a, one, _), (b, two, _) = (found(r, seen, ("tier",)) for r in (rows, scaled))
    for part in (*PARTS, "pnl"):
        close_to(getattr(a, part) * factor, getattr(b, part), [*rows, *scaled])
    for money in COVERED:
        close_to(getattr(a, money) * abs(factor), getattr(b, money), [*rows, *scaled])
    close_to(one * factor, two, [*rows, *scaled])


@LAWS
@given(rows=books(), drawn=episodes())
def test_a_long_position_cannot_lose_more_than_its_value(
    rows, drawn, hand_model, hand_universe
):
    seen = replay(drawn, hand_model, hand_universe)
    _, path, grouping = found(rows, seen, ("position",))
    value = grouping.total(book_from(rows).market_value)
    worst = np.nanmin(np.vstack([path, np.zeros(len(value))]), axis=0)
    assert (worst[value > 0] >= -value[value > 0] * (1 + 1e-12)).all()


@LAWS
@given(prices=st.lists(ratios, min_size=2, max_size=30), level=st.floats(0.01, 100))
def test_a_fall_does_not_depend_on_the_level(prices, level):
    """And by plain loops: the worst, the first session with half of it, the week."""
    path = np.log(np.array(prices))[:, None]
    moves = path - path[0]
    a, b = (
        falls(moves),
        falls(np.log(level * np.exp(path)) - np.log(level * np.exp(path[0]))),
    )
    np.testing.assert_allclose(a.worst, b.worst, atol=1e-12)
    np.testing.assert_allclose(a.worst_week, b.worst_week, atol=1e-12)
    lowest = min(p / prices[0] for p in prices)
    assert a.worst[0] == np.float64(lowest - 1) or abs(a.worst[0] - lowest + 1) < 1e-12
    if lowest - 1 <= -0.021:
        half = int(a.half_sessions[0])
        assert prices[half] / prices[0] <= np.sqrt(lowest) * (1 + 1e-9)
        before = [p / prices[0] for p in prices[:half]]
        assert all(p > np.sqrt(lowest) * (1 - 1e-9) for p in before)
    if lowest > 0.981:
        assert np.isnan(a.half_sessions[0])
    weeks = [q / p - 1 for p, q in zip(prices, prices[5:], strict=False)]
    if weeks:
        assert abs(a.worst_week[0] - min(weeks)) < 1e-9
    else:
        assert np.isnan(a.worst_week[0])
