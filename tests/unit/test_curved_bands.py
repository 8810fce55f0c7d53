"""Bands of books of options on several names, against draws of what is not known.

Four names on two drivers. The draws go through full revaluation, contract by contract;
the band knows five revaluations of each and no draw.
"""

from dataclasses import replace

import numpy as np
import pytest

from riskplugin.book import KEYS, Book, Labels, grouped
from riskplugin.contracts import joined
from riskplugin.factors.contract_rows import with_contracts
from riskplugin.pricing.contracts import Around, Moves, revalue
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.bands import base_correlation, uncertainty
from riskplugin.stressing.curved_bands import bent
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from riskplugin.universe import Instrument, Tier, Universe
from tests.conftest import AS_OF, MEMORY
from tests.contract_terms import fund, option

NAMES = ("A", "B", "C", "D")
IMPLIED = (0.55, 0.65, 0.45, 0.9)
DRAWS = 20_000


@pytest.fixture
def page(hand_model):
    """Four correlated names (A and B by 0.6 beside their drivers) with contracts."""
    correlation = np.eye(5)
    correlation[:4, :4] = 0.3
    correlation[0, 1] = correlation[1, 0] = 0.6
    np.fill_diagonal(correlation, 1.0)
    errors = np.zeros((5, 2, 2))
    errors[:4, 0, 0] = 0.02
    model = replace(
        hand_model,
        as_of=AS_OF,
        members=((), ()),
        instruments=NAMES,
        tiers=(MEMORY,) * 4,
        kinds=("spot",) * 4,
        currencies=("USD",),
        currency=np.zeros(4, dtype=np.int64),
        loadings=np.array([[1.0, 0.2], [1.2, 0.1], [0.6, 0.3], [0.4, 0.9], [0, 0]]),
        errors=errors,
        volatility=np.array([0.02, 0.025, 0.015, 0.045, 0.0]),
        correlation=correlation,
        provenance=("own",) * 5,
        own_loadings=np.full((5, 2), np.nan),
        windows=np.full(5, 1008),
        source=np.arange(4),
        contracts=replace(hand_model).contracts.at(np.zeros(0, dtype=np.int64)),
    )
    terms = [
        option(f"{name}_{kind}_{strike}", name, kind, strike, 0.5, level, rate=0.03)
        for name, level in zip(NAMES, IMPLIED, strict=True)
        for kind in ("call", "put")
        for strike in (0.8, 0.9, 1.0, 1.1, 1.3)
    ]
    funds = [
        fund(f"{name}_{lever}x", name, lever) for name in NAMES for lever in (3, -1)
    ]
    known = [Instrument(n, MEMORY, "direct", "equity", "spot", "USD") for n in NAMES]
    universe = Universe({i.instrument: i for i in known}, (Tier(MEMORY, "direct"),))
    return with_contracts(model, joined(*terms, *funds)), universe


def straddles(quantity, *names):
    return {
        f"{name}_{kind}_1.0": quantity for name in names for kind in ("call", "put")
    }


BOOKS = {
    "long calls on two names": {"A_call_1.0": 1000, "B_call_1.0": 1000},
    "short puts on four names": {f"{n}_put_0.9": -1000 for n in NAMES},
    "one straddle": straddles(1000, "A"),
    "short straddles on two": straddles(-1000, "A", "B"),
    "long straddles on four": straddles(1000, *NAMES),
    "two straddles against two": straddles(1000, "A", "B") | straddles(-1000, "C", "D"),
    "covered calls": {"A": 1000, "A_call_1.1": -1000, "B": 1000, "B_call_1.1": -1000},
    "calls against calls": {"A_call_1.0": 1000, "B_call_1.0": -1000},
    "spot and a short straddle": {"A": 1000, "B": 1000} | straddles(-1000, "D"),
    "short spot and long puts": {"C": -1000, "A_put_1.0": 1000, "B_put_0.9": 1000},
    "butterflies": {
        f"{n}_call_{k}": q
        for n in NAMES
        for k, q in ((0.8, 1000), (1.0, -2000), (1.3, 1000))
    },
    "long leveraged funds": {"A_3x": 1000, "B_3x": 1000},
    "straddles and spot both ways": straddles(1000, "A")
    | straddles(-1000, "C")
    | {"B": -700, "D": 500},
}
SCENARIOS = {
    "still": Scenario(name="still", core={"memory": 0.0}, horizon_sessions=20),
    "fall": Scenario(
        name="fall", core={"memory": -0.25, "crypto": -0.2}, horizon_sessions=20
    ),
    "long_fall": Scenario(name="long_fall", core={"memory": -0.4}, horizon_sessions=60),
    "rise": Scenario(name="rise", core={"memory": 0.4}, horizon_sessions=60),
}


def outside(page, holdings, scenario):
    """Return the share of draws below and above the 80 % band."""
    model, universe = page
    row = {name: i for i, name in enumerate(model.instruments)}
    names = np.array([row[name] for name in holdings])
    value = np.array([float(v) for v in holdings.values()])
    grid = shock_grid(ScenarioSet((scenario,)), model, universe)
    book = book_of(list(holdings), value, names, model)
    done = stress_groups(book, grouped(book, ("book",)), grid, 0.8, 0.0)
    open_, four = uncertainty(grid), np.arange(4)
    factors, specific = open_.factors[:, 0, four], open_.specific[0, four]
    among = base_correlation(model)[np.ix_(four, four)]
    covariance = factors.T @ factors + specific[:, None] * among * specific
    normal = np.random.default_rng(1).standard_normal((DRAWS, 4))
    away = (normal @ np.linalg.cholesky(covariance).T)[:, model.source[names]]
    local = grid.local[0, names] + away
    moves = Moves.within(local, np.zeros_like(local), grid.horizon[0])
    pnl = revalue(model.contracts.at(names), moves) @ value
    return np.mean(pnl < done.low[0, 0]), np.mean(pnl > done.high[0, 0])


def book_of(instruments, value, names, model):
    """Return one book of positions of these reference values."""
    count = len(value)
    columns = {key: [""] * count for key in KEYS}
    columns |= {"book": ["b"] * count, "instrument": instruments}
    columns["kind"] = [model.kinds[int(i)] for i in names]
    columns["position"] = [f"{i:02d}" for i in range(count)]
    labels = {key: Labels.of(column) for key, column in columns.items()}
    options, one = model.contracts.options[names], np.ones(count)
    market = np.where(options, value * model.contracts.value[names], value)
    notional = np.where(options, value, np.nan)
    return Book(labels, one, one, one, market, 0 * one, notional=notional)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("holdings", BOOKS)
def test_the_band_of_a_book_of_options_holds_what_it_says(page, holdings, scenario):
    below, above = outside(page, BOOKS[holdings], SCENARIOS[scenario])
    assert 0.74 <= 1 - below - above <= 0.88
    assert max(below, above) <= 0.14


def test_a_band_contains_its_pnl_though_nothing_ends_below_it(page):
    """Calls hedged to no delta: nothing moving is the worst, and rarer than a tenth."""
    hedged = {"A_call_1.0": 2000, "A": -1200, "B_call_1.0": 2000, "B": -1200}
    below, above = outside(page, hedged, SCENARIOS["still"])
    assert below < 0.03
    assert above == pytest.approx(0.1, abs=0.03)


def test_the_bends_meet_all_five_revaluations():
    """Put through ``w``, ``|w|``, ``w^2`` and ``w |w|`` of each point again."""
    step = np.array([[0.3, 0.3, 0.3]])
    up, down = np.array([[1.0, 0.2, 5.0]]), np.array([[-0.6, 0.3, -5.0]])
    half_up, half_down = np.array([[0.4, 0.05, 2.2]]), np.array([[-0.35, 0.1, -2.6]])
    around = Around(np.zeros((1, 3)), (up, down), (half_up, half_down))
    found = bent(around, step)
    for reach, expected in ((1, up), (-1, down), (0.5, half_up), (-0.5, half_down)):
        w = np.expm1(reach * step)
        again = found.slope * w + found.kink * abs(w) + found.bowl * w**2
        again += found.twist * w * abs(w)
        np.testing.assert_allclose(again, expected, rtol=1e-12)


def test_what_rises_throughout_has_bends_that_do():
    """1 at the end, nothing halfway: a parabola would fall first, a line does not."""
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    found = bent(Around(none, (one, none), (none, none)), 0.4 * one)
    w = np.expm1(np.linspace(-0.4, 0.4, 41))
    curve = found.slope * w + found.kink * abs(w) + found.bowl * w**2
    curve += found.twist * w * abs(w)
    assert (np.diff(curve[0]) >= -1e-15).all()
    assert curve[0, :21] == pytest.approx(np.zeros(21), abs=1e-15)
    assert curve[0, -1] == pytest.approx(1.0)
