"""Weights of least risk by riskfolio, beside linear programmes of our own."""

import numpy as np
import pytest
from scipy.optimize import linprog

import riskplugin as rp
from riskplugin.errors import InputError, ModelError, UsageError
from riskplugin.estimates import sample_of
from riskplugin.proposals.riskfolio_weights import Bounds, drawn_again, least_risk
from riskplugin.risk.measure import Measure
from riskplugin.risk.measuring import totals
from tests.hedge_desk import hedge_desk

NAMES = ["MU", "NVDA", "SPY", "BTC"]
NONE = Bounds(np.zeros((0, 4)), np.zeros(0), 1.0)


@pytest.fixture(scope="module")
def desk():
    return hedge_desk()


def least_cvar(returns, probabilities, alpha, bounds):
    """Rockafellar and Uryasev's programme with the probabilities themselves."""
    count, names = returns.shape
    over = np.column_stack([-returns, -np.ones(count), -np.eye(count)])
    tiers = np.hstack([bounds.table, np.zeros((len(bounds.most), count + 1))])
    done = linprog(
        np.concatenate([np.zeros(names), [1.0], probabilities / alpha]),
        np.vstack([over, tiers]),
        np.concatenate([np.zeros(count), bounds.most]),
        A_eq=np.concatenate([np.ones(names), np.zeros(count + 1)])[None],
        b_eq=[1.0],
        bounds=[*[(0, bounds.largest)] * names, (None, None), *[(0, None)] * count],
    )
    assert done.status == 0
    return done.x[:names], done.fun


def drawn(seed):
    rng = np.random.default_rng(seed)
    returns = rng.normal(0, 0.05, (300, 4)) * [1, 1.5, 0.8, 2]
    returns += 0.01 * rng.standard_normal((300, 1))
    probabilities = rng.uniform(0.2, 3, 300)
    return returns, probabilities / probabilities.sum()


@pytest.mark.parametrize(
    "bounds",
    [
        NONE,
        Bounds(np.array([[0, 0, 1.0, 0]]), np.array([0.2]), 0.6),
        Bounds(np.array([[0, 0, 0, -1.0]]), np.array([-0.3]), 0.6),
    ],
    ids=["free", "most", "least"],
)
def test_least_cvar_is_that_of_the_linear_programme(bounds):
    """Draws again of 300 scenarios: within a hundredth of the least risk."""
    returns, probabilities = drawn(0)
    _, least = least_cvar(returns, probabilities, 0.05, bounds)
    weights = least_risk(returns, probabilities, Measure.CVAR, 0.05, bounds)
    risk = totals(Measure.CVAR, (returns @ weights)[:, None], probabilities, 0.05)[0]
    assert least * (1 - 1e-6) <= risk <= least * 1.01
    assert weights.sum() == pytest.approx(1)
    assert (bounds.table @ weights <= bounds.most + 1e-3).all()


def test_least_evar_cannot_be_improved_by_moving_weight():
    returns, probabilities = drawn(1)
    weights = least_risk(returns, probabilities, Measure.EVAR, 0.05, NONE)

    def risk(w):
        return totals(Measure.EVAR, (returns @ w)[:, None], probabilities, 0.05)[0]

    at = risk(weights)
    for i in range(4):
        for j in range(4):
            step = min(0.05, weights[i])
            moved = weights - step * np.eye(4)[i] + step * np.eye(4)[j]
            assert risk(moved) >= at * (1 - 1e-3)


def test_draws_again_stand_in_proportion():
    probabilities = np.array([0.5, 0.0, 0.1234, 0.3766])
    counts = np.bincount(drawn_again(probabilities, 1_000), minlength=4)
    np.testing.assert_allclose(counts, 1_000 * probabilities, atol=1)


def test_the_portfolio_of_a_desk_is_least_in_its_reversal(desk):
    how = {"method": "historical", "horizon_sessions": 5}
    found = rp.least_risk_portfolio(desk, NAMES, tiers={"memory": (0.1, 0.3)}, **how)
    assert found["instrument"].tolist() == NAMES
    weight = found.set_index("instrument")["portfolio_weight"]
    assert weight.sum() == pytest.approx(1)
    assert 0.1 - 1e-3 <= weight["MU"] <= 0.3 + 1e-3
    sample = sample_of(desk, "historical", 5)
    rows = np.array([sample.model.instruments.index(n) for n in NAMES])
    returns, chances = sample.unit_pnl(rows), sample.probabilities
    memory = np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]])
    bounds = Bounds(memory, np.array([0.3, -0.1]), 1.0)
    _, least = least_cvar(returns, chances, 0.05, bounds)
    assert found["portfolio_risk"].iloc[0] == pytest.approx(least, rel=0.01)
    assert found["risk_share"].sum() == pytest.approx(1)
    alone = totals(Measure.CVAR, returns, chances, 0.05)
    np.testing.assert_allclose(found["standalone_risk"], alone, rtol=1e-12)


def test_bounds_out_of_reach_are_an_error():
    impossible = Bounds(np.array([[-1.0, 0, 0, 0]]), np.array([-0.9]), 0.5)
    with pytest.raises(ModelError, match="riskfolio finds no weights of least CVaR"):
        least_risk(*drawn(0), Measure.CVAR, 0.05, impossible)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"measure": "MDD"}, "MDD is not minimised here"),
        ({"tiers": {"gpus": 0.5}}, "no instrument is of tier 'gpus'; did you mean"),
        ({"tiers": {"memory": (0.5, 0.2)}}, "the share of memory"),
        ({"max_weight": 0.2}, "max_weight is 0.2"),
    ],
)
def test_questions_that_make_no_sense_are_refused(desk, given, words):
    with pytest.raises(UsageError, match=words):
        rp.least_risk_portfolio(desk, NAMES, **given)


def test_an_unknown_instrument_is_refused(desk):
    with pytest.raises(InputError, match="no table knows 'MUU'"):
        rp.least_risk_portfolio(desk, ["MUU", "SPY"])
