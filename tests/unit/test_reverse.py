"""Reverse stress: answers against a closed form, brute force or `stress` itself."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import minimize

from riskplugin.book import grouped
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.most_plausible import most_plausible
from riskplugin.stressing.profit import engine_profit
from riskplugin.stressing.reverse import HIGHEST, LOWEST, crossings, scan_moves
from riskplugin.stressing.shock import core_moves, shock_grid
from riskplugin.stressing.worst_case import worst_within
from tests.conftest import book_from

# closed forms of the Gaussian reverse stress and worst case, derived, not published:
# min s'C^-1 s with w's = -L gives s = -L C w / (w'C w), distance L / sqrt(w'C w)
COVARIANCE = np.array([[0.04, 0.03, 0.036], [0.03, 0.0625, 0.06], [0.036, 0.06, 0.16]])
EXPOSURES = np.array([0.5, 0.3, 0.2])
LOSS = 0.25
MOVE = [-0.1992294991744634, -0.25178866263071, -0.3742432581177766]
DISTANCE = 1.1729852221214703
RADIUS, WORST_LOSS = 2.5, 0.5328285371486778
WORST_MOVE = [-0.4246206504079722, -0.5366407391205726, -0.7976299510425998]


@dataclass(frozen=True)
class Formula:
    """A P&L that is any function of the core: (S, K) -> (G, S)."""

    of: object
    coordinates: int
    groups: int = 1

    def table(self, core):
        return np.atleast_2d(self.of(core))

    def each(self, core, groups):
        return self.table(core)[groups, np.arange(len(core))]


LINEAR = Formula(lambda core: core @ EXPOSURES, 3)


# --- all drivers: the linearised problem ---------------------------------------------


def test_linear_reverse_is_the_closed_form():
    (answers,), _ = most_plausible(LINEAR, COVARIANCE, np.array([LOSS]))
    assert len(answers) == 1
    np.testing.assert_allclose(answers[0].move, MOVE, rtol=1e-7)
    assert answers[0].distance == pytest.approx(DISTANCE, rel=1e-12)
    assert answers[0].pnl == pytest.approx(-LOSS, rel=1e-10)


def test_linear_worst_case_is_the_closed_form():
    worst = worst_within(LINEAR, COVARIANCE, RADIUS)
    np.testing.assert_allclose(worst.moves[0], WORST_MOVE, rtol=1e-7)
    assert worst.pnl[0] == pytest.approx(-WORST_LOSS, rel=1e-12)
    assert worst.linear[0] == pytest.approx(-WORST_LOSS, rel=1e-9)
    assert worst.distance[0] == pytest.approx(RADIUS, rel=1e-12)


# --- all drivers: what is not linear -------------------------------------------------


def brute_force(formula, covariance, loss, distance):
    """Return which of 10,000 seeded points nearer than `distance` lose so much."""
    root = np.linalg.cholesky(covariance)
    unit = within_a_ball(np.random.default_rng(7), 10_000, len(root))
    pnl = formula.table((1 - 1e-6) * distance * unit @ root.T)
    return pnl <= -loss


def test_two_ways_to_lose_are_both_reported_nearest_first():
    """A straddle sold on one driver: it loses on either side, further up than down."""

    def straddle(core):
        return -(np.expm1(core[:, 0]) ** 2) + 0.05 * core[:, 0] + 0.1 * core[:, 1]

    formula = Formula(straddle, 2)
    covariance = np.array([[0.09, 0.02], [0.02, 0.04]])
    (answers,), _ = most_plausible(formula, covariance, np.array([0.2]))
    assert len(answers) == 2
    assert answers[0].distance < answers[1].distance
    assert {np.sign(a.move[0]) for a in answers} == {-1.0, 1.0}
    for answer in answers:
        assert formula.table(answer.move[None])[0, 0] == pytest.approx(-0.2, rel=1e-9)
    assert not brute_force(formula, covariance, 0.2, answers[0].distance).any()


def books_of_options(seed):
    """Return a book of eight names and options at expiry, its drivers' covariance."""
    draw = np.random.default_rng(seed)
    drivers, names = int(draw.integers(2, 5)), 8
    loadings = draw.normal(0.7, 0.6, (names, drivers))
    held, options = draw.normal(0, 1, names), draw.normal(0, 1.5, names)
    strike, put = np.exp(draw.normal(0, 0.25, names)), draw.random(names) < 0.5
    side = np.where(put, -1.0, 1.0)

    def pnl(core):
        price = np.exp(core @ loadings.T)
        paid = np.maximum(side * (1 - strike), 0)
        return (price - 1) @ held + (
            np.maximum(side * (price - strike), 0) - paid
        ) @ options

    mixed = draw.normal(size=(drivers, drivers))
    covariance = mixed @ mixed.T
    scale = np.sqrt(np.diag(covariance))
    correlation = 0.7 * covariance / np.outer(scale, scale) + 0.3 * np.eye(drivers)
    deviation = draw.uniform(0.1, 0.5, drivers)
    covariance = correlation * np.outer(deviation, deviation)
    return Formula(pnl, drivers), covariance, draw.uniform(0.1, 1.5)


@pytest.mark.parametrize("seed", range(30))
def test_books_of_options_with_corners(seed):
    """Neither a nearer seeded point that loses so much, nor a worse one in reach."""
    book, covariance, loss = books_of_options(seed)
    (answers,), _ = most_plausible(book, covariance, np.array([loss]))
    distance = answers[0].distance if answers else 5.0
    root = np.linalg.cholesky(covariance)
    unit = within_a_ball(np.random.default_rng(7), 10_000, len(root))
    core = (1 - 1e-6) * distance * unit @ root.T
    inside = ((core > LOWEST) & (core < HIGHEST)).all(axis=1)
    assert not (book.table(core[inside]) <= -loss).any()
    for answer in answers:
        assert book.table(answer.move[None])[0, 0] == pytest.approx(-loss, rel=1e-9)
    worst = worst_within(book, covariance, 2.0)
    assert worst.pnl[0] <= book.table(2.0 * unit @ root.T).min()
    assert worst.distance[0] <= 2.0 * (1 + 1e-12)


def test_a_loss_between_two_gains_is_found():
    """It gains near rest and far out: only a ring in between loses."""

    def ring(core):
        far = np.linalg.norm(core, axis=1)
        return 0.1 * far - np.where((far > 0.5) & (far < 0.9), 1.0, 0.0) * (
            np.sin((far - 0.5) / 0.4 * np.pi)
        )

    formula = Formula(ring, 2)
    (answers,), _ = most_plausible(formula, np.eye(2) * 0.09, np.array([0.4]))
    assert answers
    exact = answers[0].move
    assert formula.table(exact[None])[0, 0] == pytest.approx(-0.4, rel=1e-9)
    radii = np.linspace(0.5, 0.7, 200_001)
    first = radii[np.argmax(ring(np.stack([radii, 0 * radii], 1)) <= -0.4)]
    assert np.linalg.norm(exact) == pytest.approx(first, abs=2e-6)


def test_no_answer_says_the_lowest_that_was_seen():
    long = Formula(lambda core: np.expm1(core[:, 0]), 1)
    (answers,), lowest = most_plausible(long, np.array([[0.04]]), np.array([0.96]))
    assert answers == []
    assert lowest[0] == pytest.approx(-0.95, rel=1e-12)


def test_what_is_fixed_beside_the_core_counts_before_it_moves():
    """Linear with -0.1 at rest: the closed form of the 0.15 that is still to lose."""
    fixed = Formula(lambda core: core @ EXPOSURES - 0.1, 3)
    (answers,), _ = most_plausible(fixed, COVARIANCE, np.array([LOSS]))
    np.testing.assert_allclose(answers[0].move, 0.6 * np.array(MOVE), rtol=1e-7)
    worst = worst_within(fixed, COVARIANCE, RADIUS)
    assert worst.linear[0] == pytest.approx(-0.1 - WORST_LOSS, rel=1e-9)
    assert worst.pnl[0] == pytest.approx(-0.1 - WORST_LOSS, rel=1e-12)


def test_what_is_lost_at_rest_needs_no_move_of_any_driver():
    two = Formula(lambda core: np.stack([core[:, 0] - 1, core[:, 0]]), 2, 2)
    answers, _ = most_plausible(two, np.eye(2) * 0.09, np.array([0.5, 0.5]))
    assert [len(a) for a in answers] == [1, 1]
    assert (answers[0][0].distance, answers[0][0].pnl) == (0.0, -1.0)
    np.testing.assert_allclose(answers[1][0].move, [-0.5, 0.0], atol=1e-7)


def test_worst_case_inside_the_radius_is_found():
    """A P&L whose worst place is not on the rim: a butterfly sold at -20 %."""

    def butterfly(core):
        return -np.exp(-(((core[:, 0] + 0.2) / 0.1) ** 2)) + 0.01 * core[:, 1]

    covariance = np.diag([0.09, 0.04])
    worst = worst_within(Formula(butterfly, 2), covariance, 2.0)
    grid = np.stack(np.meshgrid(*[np.linspace(-0.7, 0.7, 701)] * 2), -1).reshape(-1, 2)
    inside = (grid**2 / np.diag(covariance)).sum(axis=1) <= 4.0
    lowest = butterfly(grid[inside]).min()
    assert worst.pnl[0] <= lowest + 1e-9
    assert worst.distance[0] < 2.0 + 1e-9


# --- one driver ----------------------------------------------------------------------


def test_one_driver_of_a_long_and_a_short_by_hand():
    """Long 100 loses 40 at -40 %; short 100 loses 40 at +40 %; flat loses nowhere."""
    book = Formula(lambda x: np.outer([100, -100, 0], np.expm1(x[:, 0])), 1, 3)
    found = crossings(book, np.array([40.0, 40.0, 40.0]))
    np.testing.assert_allclose(found.falls, [np.log(0.6), np.nan, np.nan], rtol=1e-9)
    np.testing.assert_allclose(found.rises, [np.nan, np.log(1.4), np.nan], rtol=1e-9)
    np.testing.assert_allclose(found.worst, [-95, -300, 0], rtol=1e-12)
    np.testing.assert_allclose(np.expm1(found.worst_at[:2]), [-0.95, 3.0], rtol=1e-12)


def test_straddle_has_a_nearest_root_on_either_side():
    """Sold: -|e^x - 1| + 0.1, so a loss of 0.2 lies at -30 % and at +30 %."""
    sold = Formula(lambda x: 0.1 - np.abs(np.expm1(x[:, 0])), 1)
    found = crossings(sold, np.array([0.2]))
    assert np.expm1(found.falls[0]) == pytest.approx(-0.3, rel=1e-9)
    assert np.expm1(found.rises[0]) == pytest.approx(0.3, rel=1e-9)


def test_the_nearest_of_several_roots_is_taken():
    """``-sin(10 x)`` loses 0.5 first at x = pi / 60 and, downwards, past one gain."""
    wave = Formula(lambda x: -np.sin(10 * x[:, 0]), 1)
    found = crossings(wave, np.array([0.5]))
    assert found.rises[0] == pytest.approx(np.pi / 60, rel=1e-9)
    assert found.falls[0] == pytest.approx(-(np.pi + np.pi / 6) / 10, rel=1e-9)


def test_what_is_lost_at_rest_needs_no_move():
    paid = Formula(lambda x: -1.0 + x[:, 0], 1)
    found = crossings(paid, np.array([0.5]))
    assert (found.falls[0], found.rises[0]) == (0.0, 0.0)


def test_scan_goes_from_minus_95_to_plus_300_percent_by_way_of_rest():
    moves = scan_moves()
    assert (moves[0], moves[-1]) == (LOWEST, HIGHEST)
    assert (np.diff(moves) > 0).all()
    assert (np.diff(moves) < 0.0051).all()
    assert 0.0 in moves


# --- on the engine: random desks -----------------------------------------------------

BOOKS = 250
NAMES = ("MU", "000660.KS", "TAO")
TIER = {"MU": "memory", "000660.KS": "memory", "TAO": "crypto_compute_storage"}


def random_books(rng, kinds=("long", "short", "neutral", "mixed")):
    """Return `BOOKS` books of the three names: long, short, neutral and mixed."""
    held = []
    for b in range(BOOKS):
        weight = rng.lognormal(0, 1, 3)
        kind = kinds[b % len(kinds)]
        if kind == "short":
            weight = -weight
        if kind == "neutral":
            weight *= np.where(np.arange(3) == b % 3, -1.0, 1.0)
            weight /= np.abs(weight[weight > 0].sum() / weight[weight < 0].sum()) ** (
                weight > 0
            )
        if kind == "mixed":
            weight *= rng.choice([-1.0, 1.0], 3)
        held += [
            (f"b{b:03d}", n, TIER[n], "direct", "equity", "USD", 1e4 * w, 100.0, 1.0)
            for n, w in zip(NAMES, weight, strict=True)
        ]
    return book_from(held)


def asked_of(model, universe, book, shape, drivers, unwind=0.0):
    """Return the groups of `book` by book and their P&L as a function of `drivers`."""
    alone = ScenarioSet((shape,))
    named, _ = core_moves(alone, model)
    rows = np.array([model.drivers.index(d) for d in drivers])
    grouping = grouped(book, ("book",))
    grid = shock_grid(alone, model, universe)
    return grouping, engine_profit(book, grouping, grid, (rows, named[0]), unwind)


SHAPES = (
    Scenario(name="plain", core={"memory": 0.0}),
    Scenario(name="over", core={"memory": 0.0}, overshoot={"memory": 1.4}),
    Scenario(name="won", core={"memory": 0.0}, fx={"KRW": -0.05}),
    Scenario(name="held", core={"memory": 0.0, "crypto": 0.0}),
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_random_desks_lose_what_was_asked_when_stressed(
    shape, hand_model, hand_universe
):
    """1,000 desks over the four shapes: `stress` gives the loss back to 1e-9 of it."""
    rng = np.random.default_rng(len(shape.name))
    book = random_books(rng)
    grouping, profit = asked_of(hand_model, hand_universe, book, shape, ["memory"])
    gross = grouping.total(np.abs(book.market_value))
    losses = gross * rng.uniform(0.02, 0.6, BOOKS)
    found = crossings(profit, losses)
    dense = np.linspace(LOWEST, HIGHEST, 10_000)
    pnl = profit.table(dense[:, None])
    answered = 0
    for sides in (found.falls, found.rises):
        rows = np.flatnonzero(~np.isnan(sides))
        made = ScenarioSet(
            tuple(
                Scenario(
                    name=f"s{g}",
                    core={**shape.core, "memory": float(np.expm1(sides[g]))},
                    fx=shape.fx,
                    overshoot=shape.overshoot,
                )
                for g in rows
            )
        )
        grid = shock_grid(made, hand_model, hand_universe)
        done = stress_groups(book, grouping, grid, 0.8, 0.0)
        own = done.pnl[rows, np.arange(len(rows))]
        np.testing.assert_allclose(own, -losses[rows], rtol=1e-9)
        answered += len(rows)
        side = dense <= 0 if sides is found.falls else dense >= 0
        for g in range(BOOKS):
            nearer = side & (np.abs(dense) < np.abs(sides[g]) - 1e-12)
            nearer = side if np.isnan(sides[g]) else nearer
            assert not (pnl[g, nearer] <= -losses[g]).any()
    assert answered > BOOKS / 2


def whole_core(book, model, universe):
    """Return the groups and P&L of books as a function of both drivers."""
    both = Scenario(name="both", core={"memory": 0.0, "crypto": 0.0})
    return asked_of(model, universe, book, both, ["memory", "crypto"])


def stressed(book, grouping, model, universe, moves):
    """Return the P&L (G, S) of books under core moves (S, 2), by the engine."""
    made = ScenarioSet(
        tuple(
            Scenario(name=f"s{i}", core=dict(zip(model.drivers, m, strict=True)))
            for i, m in enumerate(np.expm1(moves).tolist())
        )
    )
    return stress_groups(
        book, grouping, shock_grid(made, model, universe), 0.8, 0.0
    ).pnl


def test_most_plausible_move_of_random_desks(hand_model, hand_universe):
    """All drivers: stress gives the loss back, and no seeded point nearer loses it."""
    rng = np.random.default_rng(11)
    book = random_books(rng)
    grouping, profit = whole_core(book, hand_model, hand_universe)
    losses = grouping.total(np.abs(book.market_value)) * rng.uniform(0.02, 0.5, BOOKS)
    covariance = hand_model.covariance * 60
    answers, lowest = most_plausible(profit, covariance, losses)
    some = np.array([g for g in range(BOOKS) if answers[g]])
    none = np.setdiff1d(np.arange(BOOKS), some)
    assert len(some) > 0.6 * BOOKS
    assert (lowest[none] > -losses[none]).all()
    moves = np.array([answers[g][0].move for g in some])
    pnl = stressed(book, grouping, hand_model, hand_universe, moves)
    np.testing.assert_allclose(
        pnl[some, np.arange(len(some))], -losses[some], rtol=1e-9
    )
    unit = within_a_ball(np.random.default_rng(5), 10_000, 2)
    root = np.linalg.cholesky(covariance)
    for g in some:
        core = (1 - 1e-6) * answers[g][0].distance * unit @ root.T
        inside = ((core > LOWEST) & (core < HIGHEST)).all(axis=1)
        pnl = profit.each(core, np.full(len(core), g))
        assert not (pnl[inside] <= -losses[g]).any(), g


def within_a_ball(draw, count, dimensions):
    """Return points spread evenly over the unit ball."""
    unit = draw.standard_normal((count, dimensions))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return unit * draw.random((count, 1)) ** (1 / dimensions)


def test_most_plausible_equals_sequential_least_squares(hand_model, hand_universe):
    """The same answers as SLSQP of scipy from 30 seeded starts, on 12 desks."""
    rng = np.random.default_rng(3)
    book = random_books(rng)
    grouping, profit = whole_core(book, hand_model, hand_universe)
    losses = 0.1 * grouping.total(np.abs(book.market_value))
    covariance = hand_model.covariance * 60
    answers, _ = most_plausible(profit, covariance, losses)
    precision = np.linalg.inv(covariance)
    for g in range(12):
        best = np.inf
        for start in 0.3 * rng.standard_normal((30, 2)):
            end = minimize(
                lambda x: x @ precision @ x,
                start,
                method="SLSQP",
                bounds=[(LOWEST, HIGHEST)] * 2,
                constraints={
                    "type": "eq",
                    "fun": lambda x, g=g: (
                        profit.each(x[None], np.array([g]))[0] / losses[g] + 1
                    ),
                },
                options={"ftol": 1e-12, "maxiter": 300},
            )
            if end.success:
                best = min(best, np.sqrt(end.fun))
        mine = answers[g][0].distance if answers[g] else np.inf
        assert mine <= best * (1 + 1e-5), g


def test_unwinding_is_part_of_the_loss(hand_model, hand_universe):
    """At rest a half spread of 1 % on all of 100 gross costs 1; by -40 % 0.6."""
    book = book_from(
        [("b", "MU", "memory", "direct", "equity", "USD", 1.0, 100.0, 1.0)], 0.01
    )
    shape = Scenario(name="plain", core={"memory": 0.0})
    _, profit = asked_of(hand_model, hand_universe, book, shape, ["memory"], 1.0)
    core = np.log([[1.0], [0.6]])
    np.testing.assert_allclose(profit.table(core), [[-1.0, -40.6]], rtol=1e-12)
    np.testing.assert_allclose(
        profit.each(core, np.array([0, 0])), [-1.0, -40.6], rtol=1e-12
    )


def test_profit_is_what_the_engine_says(hand_model, hand_universe, hand_book):
    """Every kind: the parts of the stress add up to the P&L that is searched."""
    shape = Scenario(
        name="all",
        core={"memory": 0.0},
        tiers={"crypto_compute_storage": -0.3},
        fx={"KRW": -0.1},
        overshoot={"memory": 1.3},
    )
    grouping, profit = asked_of(hand_model, hand_universe, hand_book, shape, ["memory"])
    moves = (-0.6, -0.1, 0.0, 0.8)
    made = ScenarioSet(
        tuple(
            Scenario(
                name=f"m{i}",
                core={"memory": m},
                tiers=shape.tiers,
                fx=shape.fx,
                overshoot=shape.overshoot,
            )
            for i, m in enumerate(moves)
        )
    )
    grid = shock_grid(made, hand_model, hand_universe)
    done = stress_groups(hand_book, grouping, grid, 0.8, 0.0)
    core = np.log1p(moves)[:, None]
    np.testing.assert_allclose(profit.table(core), done.pnl, rtol=1e-12)
    np.testing.assert_allclose(profit.whole().table(core)[0], done.pnl.sum(axis=0))
