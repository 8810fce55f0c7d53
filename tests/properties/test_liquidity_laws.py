"""Laws of selling, unwinding and seeing through funds: whatever the book."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskplugin.book import grouped
from riskplugin.funds import flattened, look_through_exposures, ring_in, seen_through
from riskplugin.liquidity.selling import amounts_of, sessions_to_sell, sold_by
from riskplugin.liquidity.unwinding import held_shares, unwound_along
from riskplugin.universe import Instrument, Tier, Universe
from tests.conftest import MEMORY, TOKENS, book_from

LAWS = settings(max_examples=150, deadline=None)
quantities = st.floats(-1e4, 1e4).map(lambda q: round(q, 2)).filter(bool)
lots = st.tuples(
    st.integers(0, 1),  # group
    st.integers(0, 2),  # instrument
    quantities,
    st.sampled_from([0.0, 0.0, 0.0, 3.0, 10.0, 200.0]),
)
books = st.lists(lots, min_size=1, max_size=10)
paces = st.lists(st.floats(0.5, 500), min_size=6, max_size=6)
TIMES = np.array([0.0, 0.5, 1, 3, 3.5, 10, 11, 60, 200, 201, 1e9])


def netted(rows):
    group, instrument, quantity, released = zip(*rows, strict=True)
    return amounts_of(
        np.array(group), np.array(instrument), np.array(quantity), np.array(released)
    )


def pace_of(found, paces):
    return np.array(paces)[found.group * 3 + found.instrument]


def sold_lot_by_lot(rows, pace, until):
    """Sell one amount as a desk would: (share sold by `until`, sessions in all).

    Lots of the net's sign in order of release, as far as the net goes; each at its
    pace as soon as it is free and the one before is done.
    """
    net = sum(q for q, _ in rows)
    left, clock, sold = abs(net), 0.0, 0.0
    whole = sum(abs(q) for q, _ in rows)
    if left <= 1e-9 * whole:
        return 1.0, 0.0
    for quantity, released in sorted(rows, key=lambda r: r[1]):
        if quantity * net <= 0 or left <= 1e-9 * abs(net):
            continue
        take = min(abs(quantity), left)
        start = max(clock, released)
        clock = start + take / pace
        left -= take
        sold += min(take, max(0.0, until - start) * pace)
    return sold / abs(net), clock


@LAWS
@given(rows=books, paces=paces)
def test_selling_lot_by_lot_says_the_same(rows, paces):
    found = netted(rows)
    pace = pace_of(found, paces)
    days, shares = sessions_to_sell(found, pace), sold_by(found, pace, TIMES)
    for a in range(len(found)):
        own = [
            (q, r)
            for g, i, q, r in rows
            if (g, i) == (found.group[a], found.instrument[a])
        ]
        for t, share in zip(TIMES, shares[:, a], strict=True):
            expected, sessions = sold_lot_by_lot(own, pace[a], t)
            np.testing.assert_allclose(share, expected, rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(days[a], sessions, rtol=1e-6, atol=1e-6)


@LAWS
@given(rows=books, paces=paces)
def test_more_time_sells_no_less_and_the_days_sell_all(rows, paces):
    found = netted(rows)
    pace = pace_of(found, paces)
    shares = sold_by(found, pace, TIMES)
    assert (np.diff(shares, axis=0) >= -1e-12).all()
    assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()
    days = sessions_to_sell(found, pace)
    at_the_end = np.diag(sold_by(found, pace, days * (1 + 1e-12)))
    np.testing.assert_allclose(at_the_end, 1, rtol=1e-6)
    just_before = np.diag(sold_by(found, pace, days * 0.99))
    busy = found.quantity != 0
    assert (just_before[busy] < 1).all()


@LAWS
@given(rows=books, paces=paces, share=st.floats(0.01, 0.99), seed=st.randoms())
def test_splitting_and_shuffling_positions_changes_nothing(rows, paces, share, seed):
    group, instrument, quantity, released = rows[0]
    parts = (
        (group, instrument, quantity * share, released),
        (group, instrument, quantity * (1 - share), released),
    )
    other = [*parts, *rows[1:]]
    seed.shuffle(other)
    a, b = netted(rows), netted(other)
    pace = pace_of(a, paces)
    np.testing.assert_array_equal(
        a.group * 3 + a.instrument, b.group * 3 + b.instrument
    )
    for f in (sessions_to_sell, lambda x, p: sold_by(x, p, TIMES)):
        np.testing.assert_allclose(f(a, pace), f(b, pace), rtol=1e-6, atol=1e-7)


@LAWS
@given(rows=books, paces=paces, scale=st.sampled_from([-1.0, 0.5, 2.0, 1024.0]))
def test_days_scale_with_quantity_over_pace(rows, paces, scale):
    a = netted(rows)
    b = netted([(g, i, q * scale, r) for g, i, q, r in rows])
    pace = pace_of(a, paces)
    np.testing.assert_allclose(
        sessions_to_sell(b, pace * abs(scale)), sessions_to_sell(a, pace), rtol=1e-12
    )
    free_a = netted([(g, i, q, 0.0) for g, i, q, _ in rows])
    free_b = netted([(g, i, q * scale, 0.0) for g, i, q, _ in rows])
    np.testing.assert_allclose(
        sessions_to_sell(free_b, pace),
        abs(scale) * sessions_to_sell(free_a, pace),
        rtol=1e-12,
    )


@LAWS
@given(
    rows=books,
    paces=paces,
    moves=st.lists(st.floats(0, 0.3), min_size=8, max_size=8),
)
def test_in_a_straight_fall_who_sells_faster_loses_no_more(rows, paces, moves):
    found = netted([(g, i, abs(q), r) for g, i, q, r in rows])
    path = np.cumprod(1 - np.array(moves))[:, None] - 1
    path = np.broadcast_to(path, (8, len(found)))
    value = np.abs(found.quantity)
    slow, fast = (
        unwound_along(value, held_shares(found, p, 8), path, np.zeros(len(found))).pnl[
            -1
        ]
        for p in (pace_of(found, paces), 2 * pace_of(found, paces))
    )
    assert (fast >= slow - 1e-9 * value).all()
    assert (slow >= value * path[-1] - 1e-9 * value).all()


NAMES = ("MU", "TAO", "F", "G", "H", "CASH")
KNOWN = {
    "MU": Instrument("MU", MEMORY, "direct", "equity", "spot", "USD"),
    "TAO": Instrument("TAO", TOKENS, "", "crypto", "spot", "USD"),
    "F": Instrument("F", MEMORY, "", "equity", "etf", "USD"),
    "G": Instrument("G", TOKENS, "", "equity", "etf", "KRW"),
    "H": Instrument("H", TOKENS, "", "equity", "future", "USD", underlying="F"),
    "CASH": Instrument("CASH", TOKENS, "", "cash", "cash", "USD"),
}
UNIVERSE = Universe(KNOWN, (Tier(MEMORY, "direct"), Tier(TOKENS, "")))
weights = st.floats(-0.5, 2.0).map(lambda w: round(w, 4))
# G may hold F, F holds no fund: no ring
funds = st.fixed_dictionaries(
    {},
    optional={
        "F": st.dictionaries(st.sampled_from(["MU", "TAO", "X", "CASH"]), weights),
        "G": st.dictionaries(st.sampled_from(["MU", "F", "X", "Y", "CASH"]), weights),
    },
)


@st.composite
def held_rows(draw):
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        name = KNOWN[draw(st.sampled_from(NAMES))]
        book = draw(st.sampled_from(["a", "b"]))
        row = (book, name.instrument, name.tier, name.link, name.asset_class)
        rows.append((*row, name.currency, draw(quantities), 7.0, 1.0))
    return rows


def seen(rows, funds):
    return seen_through(book_from(rows), funds, UNIVERSE, "USD")


def totals(rows, funds, by):
    held, through = book_from(rows), seen(rows, funds)
    grouping = grouped(through.book, by)
    found = look_through_exposures(through, held, grouping, {})
    return list(zip(*grouping.keys.values(), strict=True)), found


@LAWS
@given(rows=held_rows(), funds=funds)
def test_seeing_through_keeps_every_position_s_value(rows, funds):
    held, through = book_from(rows), seen(rows, funds)
    value = through.book.market_value
    kept = np.bincount(through.position, weights=value, minlength=len(held))
    scale = np.abs(value).sum() + np.abs(held.market_value).sum()
    np.testing.assert_allclose(kept, held.market_value, rtol=0, atol=1e-14 * scale)
    assert sorted(set(through.position)) == list(range(len(held)))
    for key in ("book", "account", "strategy", "position"):
        then, now = held.labels[key], through.book.labels[key]
        names = [then.names[c] for c in then.codes[through.position]]
        assert names == [now.names[c] for c in now.codes]


@LAWS
@given(rows=held_rows(), funds=funds)
def test_nothing_that_is_reached_can_be_seen_through_further(rows, funds):
    through = seen(rows, funds)
    instrument = through.book.labels["instrument"]
    reached = {instrument.names[c] for c in instrument.codes[through.through]}
    assert not reached & {*funds, "CASH"}
    assert not (through.through & through.left).any()


@LAWS
@given(rows=held_rows(), funds=funds)
def test_parts_of_the_net_add_up(rows, funds):
    for by in ((), ("tier",), ("book", "instrument"), ("position",)):
        _, found = totals(rows, funds, by)
        parts = ("held_directly", "through_funds", "left_in_funds")
        scale = found["gross"].sum() + 1
        np.testing.assert_allclose(
            sum(found[p] for p in parts), found["net"], rtol=0, atol=1e-14 * scale
        )
        np.testing.assert_allclose(
            found["net_as_held"].sum(), found["net"].sum(), rtol=0, atol=1e-14 * scale
        )


@LAWS
@given(rows=held_rows(), funds=funds, share=st.floats(0.01, 0.99), seed=st.randoms())
def test_splitting_and_shuffling_change_no_look_through(rows, funds, share, seed):
    first = rows[0]
    other = [
        (*first[:6], first[6] * share, *first[7:]),
        (*first[:6], first[6] * (1 - share), *first[7:]),
        *rows[1:],
    ]
    seed.shuffle(other)
    names, a = totals(rows, funds, ("tier", "instrument"))
    others, b = totals(other, funds, ("tier", "instrument"))
    assert names == others
    scale = a["gross"].sum() + b["gross"].sum()
    for figure in ("net", "gross", "through_funds", "left_in_funds", "net_as_held"):
        np.testing.assert_allclose(
            a[figure], b[figure], rtol=0, atol=1e-13 * scale, err_msg=figure
        )


@LAWS
@given(funds=funds)
def test_what_a_fund_reaches_adds_up_to_it(funds):
    assert ring_in(funds) == ()
    for fund, weights in flattened(funds, frozenset({"CASH"})).items():
        assert list(weights)[-1] == fund
        size = sum(map(abs, weights.values()))
        assert abs(sum(weights.values()) - 1) <= 1e-14 * size
