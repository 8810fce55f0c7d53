"""Bands of books against simulation, and where they are exact."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.book import grouped
from riskplugin.estimates import model_of
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.stressing.bands import (
    base_correlation,
    shifted_lognormal,
    uncertainty,
)
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import shock_grid
from tests.conftest import HELD, book_from

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def simulated(book, grid, draws=400_000):
    """Draw shocks from the model's own words: drivers, residuals, loadings."""
    rng = np.random.default_rng(7)
    model, count = grid.model, len(grid.model.instruments)
    horizon = grid.horizon[0]
    drivers = grid.drivers[0] + rng.multivariate_normal(
        np.zeros(2), horizon * grid.remainder[0], draws
    )
    scale = np.sqrt(horizon) * model.volatility
    covariance = model.correlation * np.outer(scale, scale)
    residual = rng.multivariate_normal(np.zeros(len(scale)), covariance, draws)
    error = np.sqrt(
        np.einsum("j,njk,k->n", grid.drivers[0], model.errors, grid.drivers[0])
    )
    estimation = rng.standard_normal((draws, len(scale))) * error
    local = drivers @ model.loadings.T + estimation
    moved = grid.multiplier[0] * local[:, :count] + residual[:, :count]
    fx = (local + residual)[:, count + model.currency]
    names = list(model.instruments)
    held = book.labels["instrument"]
    columns = [names.index(held.names[c]) for c in held.codes]
    return np.expm1((moved + fx)[:, columns]) @ book.market_value


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((160e3, 100e3, 0, 40e3), id="all long"),
        pytest.param((-160e3, -100e3, 0, -40e3), id="all short"),
        pytest.param((160e3, 100e3, -20e3, -40e3), id="mostly long"),
        pytest.param((100e3, -100e3, 0, 0), id="hedged"),
    ],
)
def test_the_band_of_a_book_agrees_with_simulation(
    values, halving, hand_model, hand_universe
):
    rows = [
        (*row[:6], value / (row[7] * row[8]), *row[7:])
        for row, value in zip(HELD, values, strict=True)
    ]
    book = book_from(rows)
    grid = shock_grid(halving, hand_model, hand_universe)
    done = stress_groups(book, grouped(book, ()), grid, 0.80, 0.0)
    outcomes = simulated(book, grid)
    inside = (outcomes >= done.low[0, 0]) & (outcomes <= done.high[0, 0])
    # the ends are second-order approximations, and the outer ones of two medians
    assert 0.77 <= inside.mean() <= 0.87


def test_a_long_book_cannot_lose_more_than_its_value(hand_model, hand_universe):
    years = Scenario(name="long", core={"memory": -0.9}, horizon_sessions=2000)
    grid = shock_grid(ScenarioSet((years,)), hand_model, hand_universe)
    book = book_from(HELD[:2])
    done = stress_groups(book, grouped(book, ()), grid, 0.999, 0.0)
    assert -260_000 < done.low[0, 0] < -250_000


def test_a_perfect_hedge_has_a_band_of_no_width(halving, hand_model, hand_universe):
    book = book_from((HELD[1], (*HELD[1][:6], -1000.0, 100.0, 1.0)))
    grid = shock_grid(halving, hand_model, hand_universe)
    done = stress_groups(book, grouped(book, ()), grid, 0.80, 0.0)
    np.testing.assert_array_equal([done.low, done.pnl, done.high], np.zeros((3, 1, 1)))


def test_shifted_lognormal_at_its_limits():
    move = np.array([[0.0, 0.5, 0.5, 0.5]])
    skew = np.array([[1.0, 0.0, 1.0, -1.0]])
    down, up = shifted_lognormal(move, skew)
    np.testing.assert_allclose(
        down, [[0.0, 0.5, -np.expm1(-0.5), np.expm1(0.5)]], rtol=1e-15
    )
    np.testing.assert_allclose(
        up, [[0.0, 0.5, np.expm1(0.5), -np.expm1(-0.5)]], rtol=1e-15
    )
    for end in shifted_lognormal(move, 1e-12 * skew):
        np.testing.assert_allclose(end, move, rtol=1e-11)


def joint_draws(grid, scenario, draws=20_000):
    """Draw the names' log shocks jointly from what the grid leaves open."""
    left = uncertainty(grid)
    factors = left.factors[:, scenario]
    specific = np.outer(left.specific[scenario], left.specific[scenario])
    covariance = factors.T @ factors + specific * base_correlation(grid.model)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    noise = np.random.default_rng(5).standard_normal((draws, len(values)))
    return grid.total[scenario] + noise @ root.T


@pytest.mark.parametrize("side", [1.0, -1.0], ids=["the desk", "its mirror image"])
def test_bands_of_the_sample_desk_hold_four_draws_in_five(side):
    """Many positions, long horizons, tokens: where approximations would show."""
    whole = rp.load_desk(SAMPLES / "desk.toml")
    held = pd.read_csv(SAMPLES / "positions.csv", dtype=str)
    straight = rp.positions(whole)["kind"].isin(["spot", "etf", "cash"])
    names = set(rp.positions(whole)["instrument"][straight])
    desk = rp.with_positions(whole, held[held["instrument"].isin(names)])
    assert len(desk.book) > 40
    grid = shock_grid(desk.scenarios, model_of(desk), desk.universe)
    held = desk.book.labels["instrument"]
    column = {name: i for i, name in enumerate(grid.model.instruments)}
    of_position = np.array([column[n] for n in held.names])[held.codes]
    mirrored = replace(desk.book, market_value=side * desk.book.market_value)
    done = stress_groups(mirrored, grouped(mirrored, ()), grid, 0.80, 0.0)
    for s, scenario in enumerate(desk.scenarios):
        moves = np.expm1(joint_draws(grid, s))[:, of_position]
        outcomes = moves @ mirrored.market_value
        inside = (outcomes >= done.low[0, s]) & (outcomes <= done.high[0, s])
        assert 0.77 <= inside.mean() <= 0.87, scenario.name
