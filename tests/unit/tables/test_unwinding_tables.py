"""Selling on the way through a scenario, from the desk's own paths."""

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.errors import UsageError
from riskplugin.estimates import model_of
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.tables import unwinding as unwinding_tables
from riskplugin.tables.unwinding import unwinding_table
from tests.unit.tables.test_liquidity_tables import (
    DAYS,
    INSTRUMENTS,
    LAST,
    SETTINGS,
    volumes,
)

SESSIONS = 4
FALL = rp.Scenario(
    name="fall",
    core={"memory": -0.4},
    tiers={"crypto_compute_storage": -0.5},
    overshoot={"crypto_compute_storage": 1.2},
    horizon_sessions=SESSIONS,
)
STILL = rp.Scenario(name="still", core={"memory": 0.0}, horizon_sessions=9)
ROWS = [
    ("a", "MU", 3_000.0, None),  # 1,000 a session: gone after three
    ("b", "MU", -1_000.0, None),  # bought back after the first
    ("a", "NVDA", 1_000.0, None),  # 100 a session: 600 left at the end
    ("b", "TAO", 10.0, "2026-06-01"),  # free from the third calendar day on
    ("b", "FET", 400.0, None),  # no volume
]


@pytest.fixture(scope="module")
def desk():
    drawn = np.random.default_rng(12)
    noise = drawn.normal(0, 0.02, (len(DAYS), len(LAST))).cumsum(axis=0)
    paths = np.exp(noise - noise[-1]) * np.array(list(LAST.values()))
    positions = pd.DataFrame(
        ROWS, columns=["book", "instrument", "quantity", "locked_until"]
    )
    return rp.desk_from_tables(
        positions,
        pd.DataFrame(paths, index=DAYS, columns=list(LAST)).rename_axis("date"),
        volumes=volumes(),
        instruments=INSTRUMENTS,
        settings=SETTINGS,
    )


def unwinding(desk, *scenarios, by=(), **given):
    chosen = ScenarioSet(scenarios)
    return unwinding_table(desk, model_of(desk), chosen, by, **given)


def path_of(desk, instrument):
    """P&L of every session of the scenario, of what the whole desk holds of a name."""
    path = rp.stress_path(desk, FALL, by="instrument")
    return path[path["instrument"] == instrument].set_index("session")["pnl"]


HELD = {
    # share held over each session: 2,000 MU net at 1,000 a session
    "MU": [1, 0.5, 0, 0],
    "NVDA": [1, 0.9, 0.8, 0.7],
    # two sessions locked, then 2.5 a session of 10
    "TAO": [1, 1, 1, 0.75],
    "FET": [1, 1, 1, 1],
}


def test_what_is_still_held_loses_on(desk):
    found = unwinding(desk, FALL, by="instrument").set_index("instrument")
    for name, held in HELD.items():
        pnl = path_of(desk, name)
        steps = pnl.diff().iloc[1:].to_numpy()
        assert found.loc[name, "pnl_held"] == pytest.approx(pnl.iloc[-1], rel=1e-12)
        assert found.loc[name, "pnl_unwinding"] == pytest.approx(
            float(np.array(held) @ steps), rel=1e-12
        )
    left = {"MU": 0, "NVDA": 0.6, "TAO": 0.5, "FET": 1}
    assert found["held_at_end"].to_dict() == pytest.approx(left)
    assert found["unknown_gross"].to_dict() == pytest.approx(
        {"MU": 0, "NVDA": 0, "TAO": 0, "FET": 800}
    )


def test_cost_is_that_of_what_is_sold_at_each_close(desk):
    found = unwinding(desk, FALL, by="instrument").set_index("instrument")
    whole = rp.exposures(desk, "instrument").set_index("instrument")["gross"]
    assert found.loc["FET", "selling_cost"] == 0
    assert found.loc["NVDA", "selling_cost"] == 0  # no spread is known
    assert found["uncosted_gross"].to_dict() == pytest.approx(
        {"MU": 0, "NVDA": whole["NVDA"], "TAO": 0, "FET": 800}
    )
    # 200,000 net, half at each of the first two closes
    share = unwinding_tables.selling_of(desk, model_of(desk), ("instrument",))
    (mu,) = np.flatnonzero(share.amounts.quantity == 2_000)
    per_unit = share.cost_share(0.5, 1.0)[mu]
    growth = 1 + path_of(desk, "MU").iloc[1:3] / 200_000
    expected = 100_000 * growth.sum() * per_unit
    assert found.loc["MU", "selling_cost"] == pytest.approx(expected, rel=1e-12)


def test_books_sell_their_own(desk):
    found = unwinding(desk, FALL, by=("book", "instrument"))
    names = found.set_index(["book", "instrument"])
    steps = path_of(desk, "MU").diff().iloc[1:].to_numpy() / 2_000
    assert names.loc[("a", "MU"), "pnl_unwinding"] == pytest.approx(
        3_000 * float(np.array([1, 2 / 3, 1 / 3, 0]) @ steps)
    )
    assert names.loc[("b", "MU"), "pnl_unwinding"] == pytest.approx(-1_000 * steps[0])


def test_rows_are_scenario_by_scenario_and_add_up(desk):
    found = unwinding(desk, FALL, STILL, by="tier")
    assert found["scenario"].tolist() == ["fall"] * 4 + ["still"] * 4
    assert set(found["horizon_sessions"][4:]) == {9}
    np.testing.assert_array_equal(found["pnl_unwinding"][4:], 0)
    whole = unwinding(desk, FALL, STILL)
    for column in ("pnl_held", "pnl_unwinding", "selling_cost", "unknown_gross"):
        sums = found.groupby("scenario")[column].sum()
        np.testing.assert_allclose(whole[column], sums, rtol=1e-12)


def test_the_held_figure_is_that_of_the_stress(desk):
    stressed = rp.stress(desk, FALL, by="scenario")["pnl"][0]
    assert unwinding(desk, FALL)["pnl_held"][0] == pytest.approx(stressed, rel=1e-12)


def test_parts_worked_on_at_once_change_nothing(desk, monkeypatch):
    whole = unwinding(desk, FALL, STILL, by="position").to_frame()
    monkeypatch.setattr(unwinding_tables, "CELLS", 11)
    parts = unwinding(desk, FALL, STILL, by="position").to_frame()
    pd.testing.assert_frame_equal(parts, whole, check_exact=True)


def test_no_scenario_no_row(desk):
    assert len(unwinding(desk, by="tier")) == 0


def test_participation_is_checked(desk):
    with pytest.raises(UsageError, match="participation is 2"):
        unwinding(desk, FALL, participation=2)


def test_every_column_says_what_it_means(desk):
    assert all(unwinding(desk, FALL, by="tier").definitions.values())
