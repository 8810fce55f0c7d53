"""Laws of whatever is held: parts, zero, size, order, splitting, and what is lost."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskplugin.book import KEYS, Book, Labels, grouped
from riskplugin.contracts import joined
from riskplugin.factors.contract_rows import with_contracts
from riskplugin.pricing.contracts import Moves, linear_pnl, revalue
from riskplugin.pricing.convexity import convexity_parts
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.moves import moves_of
from riskplugin.stressing.shock import shock_grid
from tests.conftest import MEMORY, TOKENS
from tests.contract_terms import fund, option, perpetual

HELD = (
    "MU",
    "000660.KS",
    "TAO",
    "CALL",
    "PUT",
    "AMERICAN",
    "FUND",
    "INVERSE",
)
ROUNDING = 1e-12


@pytest.fixture
def page(hand_model, hand_universe):
    """The model of the page with all that can be held on it, and its universe."""
    model = replace(hand_model, kinds=("spot", "spot", "perpetual"))
    terms = joined(
        perpetual("TAO", 0.0005),
        option("CALL", "MU", "call", 1.1, 0.5, 0.6, rate=0.04),
        option("PUT", "TAO", "put", 0.9, 0.2, 1.2),
        option("AMERICAN", "000660.KS", "put", 1.0, 1.0, 0.5, american=True, rate=0.05),
        fund("FUND", "MU", 2.0),
        fund("INVERSE", "TAO", -1.0),
    )
    return with_contracts(model, terms), hand_universe


def book_of(rows, model):
    """Return a book of (group, instrument, reference value, margin)."""
    terms = {n: i for i, n in enumerate(model.contracts.instruments)}
    group, names, value, margin = (list(c) for c in zip(*rows, strict=True))
    kinds = [model.kinds[terms[n]] for n in names]
    columns = {key: [""] * len(rows) for key in KEYS}
    columns |= {"book": group, "instrument": names, "kind": kinds}
    columns["position"] = [f"{i:04d}" for i in range(len(rows))]
    labels = {key: Labels.of(column) for key, column in columns.items()}
    value, ones = np.array(value), np.ones(len(rows))
    rows_of = np.array([terms[n] for n in names])
    options = model.contracts.options[rows_of]
    market = np.where(options, value * model.contracts.value[rows_of], value)
    return Book(
        labels, ones, ones, ones, market, 0.01 * ones,
        margin_posted=np.array(margin), maintenance_margin=0.05 * ones,
        notional=np.where(options, value, np.nan),
    )  # fmt: skip


lots = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(HELD),
    st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1.0),
    st.one_of(st.just(float("nan")), st.floats(1.0, 1e6)),
)
books = st.lists(lots, min_size=1, max_size=12)
moves = st.floats(-0.95, 2.0)
scenarios = st.builds(
    lambda memory, tokens, sessions, jump, m, won: ScenarioSet(
        (
            Scenario(
                name="drawn",
                core={"memory": memory, "crypto": tokens},
                horizon_sessions=sessions,
                volatility={MEMORY: jump, TOKENS: -jump},
                overshoot={MEMORY: m},
                fx={"KRW": won},
            ),
        )
    ),
    moves, moves, st.integers(1, 250), st.floats(-0.3, 1.0), st.floats(0.5, 1.5),
    st.floats(-0.3, 0.3),
)  # fmt: skip


def stress(rows, scenario, model, universe, by=("book",), unwind=0.0):
    book = book_of(rows, model)
    grid = shock_grid(scenario, model, universe)
    return stress_groups(book, grouped(book, by), grid, 0.8, unwind)


def same(a, b, gross):
    for part in (
        "pnl",
        "direct",
        "propagated",
        "overshoot",
        "convexity",
        "low",
        "high",
    ):
        np.testing.assert_allclose(
            getattr(a, part), getattr(b, part), rtol=1e-7, atol=1e-9 * gross
        )


quick = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@quick
@given(rows=books, scenario=scenarios, unwind=st.sampled_from([0.0, 0.5]))
def test_parts_add_up(page, rows, scenario, unwind):
    model, universe = page
    done = stress(rows, scenario, model, universe, unwind=unwind)
    parts = sum(
        getattr(done, p)
        for p in ("direct", "propagated", "overshoot", "convexity", "liquidity")
    )
    gross = sum(abs(value) for _, _, value, _ in rows)
    assert np.abs(parts - done.pnl).max() <= ROUNDING * gross
    assert (done.low <= done.pnl).all()
    assert (done.pnl <= done.high).all()


@quick
@given(rows=books, scenario=scenarios, scale=st.floats(0.01, 100.0))
def test_scaling_the_book_scales_its_parts(page, rows, scenario, scale):
    model, universe = page
    bigger = [(g, n, v * scale, m * scale) for g, n, v, m in rows]
    a = stress(rows, scenario, model, universe)
    b = stress(bigger, scenario, model, universe)
    gross = sum(abs(value) for _, _, value, _ in rows)
    np.testing.assert_allclose(
        b.pnl, a.pnl * scale, rtol=1e-9, atol=1e-9 * gross * scale
    )
    np.testing.assert_allclose(
        b.low, a.low * scale, rtol=1e-6, atol=1e-7 * gross * scale
    )


@quick
@given(rows=books, scenario=scenarios, data=st.data())
def test_order_does_not_matter(page, rows, scenario, data):
    model, universe = page
    mixed = data.draw(st.permutations(rows))
    gross = sum(abs(value) for _, _, value, _ in rows)
    same(
        stress(rows, scenario, model, universe),
        stress(mixed, scenario, model, universe),
        gross,
    )


@quick
@given(rows=books, scenario=scenarios, share=st.floats(0.1, 0.9))
def test_splitting_lots_with_their_margin_changes_nothing(page, rows, scenario, share):
    model, universe = page
    split = [
        (g, n, v * part, m * part) for g, n, v, m in rows for part in (share, 1 - share)
    ]
    gross = sum(abs(value) for _, _, value, _ in rows)
    same(
        stress(rows, scenario, model, universe),
        stress(split, scenario, model, universe),
        gross,
    )


@quick
@given(
    name=st.sampled_from(sorted({*HELD} - {"TAO"})),
    value=st.floats(1.0, 1e6),
    scenario=scenarios,
)
def test_what_is_long_and_paid_for_never_loses_more_than_its_value(
    page, name, value, scenario
):
    model, universe = page
    book = book_of([("a", name, value, np.nan)], model)
    grid = shock_grid(scenario, model, universe)
    done = stress_groups(book, grouped(book, ("book",)), grid, 0.8, 0.0)
    assert done.pnl[0, 0] >= -book.market_value[0] - ROUNDING * value
    assert done.low[0, 0] >= -book.market_value[0] - 1e-9 * value


@quick
@given(value=st.floats(-1e6, -1.0), margin=st.floats(1.0, 1e6), scenario=scenarios)
def test_a_margined_perpetual_loses_no_more_than_its_margin_and_funding(
    page, value, margin, scenario
):
    model, universe = page
    done = stress([("a", "TAO", value, margin)], scenario, model, universe)
    sessions = scenario.scenarios[0].horizon_sessions
    earned = 0.0005 * sessions * abs(value) * 3.0
    assert done.pnl[0, 0] >= -margin - ROUNDING * abs(value)
    assert done.pnl[0, 0] <= abs(value) + earned


def test_no_move_and_no_time_is_exactly_nothing(page):
    model = page[0]
    count = len(model.instruments)
    still = Moves.within(np.zeros((3, count)), np.zeros((3, count)), 0.0)
    assert (revalue(model.contracts, still) == 0.0).all()


@quick
@given(scenario=scenarios, margin=st.floats(0.01, 2.0), short=st.booleans())
def test_parts_of_convexity_add_up_for_every_kind(page, scenario, margin, short):
    model, universe = page
    grid = shock_grid(scenario, model, universe)
    names = np.arange(len(model.instruments))
    side = np.where(np.array(model.kinds) == "perpetual", -1.0 if short else 1.0, 0.0)
    terms = replace(
        model.contracts, side=side, closed=-margin * side, barrier=-margin * side
    )
    moves = moves_of(grid, names)
    found = convexity_parts(terms, moves)
    total = sum(getattr(found, f.name) for f in fields(found))
    whole = revalue(terms, moves) - linear_pnl(terms, moves.local, moves.fx)
    size = 1.0 + np.abs(whole)
    assert (np.abs(total - whole) <= ROUNDING * size).all()
    assert (found.gamma[:, ~terms.options] == 0).all()
    assert (found.leverage[:, ~terms.leveraged] == 0).all()
