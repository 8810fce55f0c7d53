"""The picture of a path shows the numbers of its table."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.adapters.picture_files import save_path
from riskplugin.estimates import model_of
from riskplugin.pictures.look import unit_of
from riskplugin.pictures.paths import Drawn, path_figure, spread
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.tables.paths import path_table

SAMPLES = Path(__file__).parents[2] / "samples"
PHASES = (
    Phase(name="leaders falter", sessions=20, reach={"memory": 0.7}, others=0.1),
    Phase(name="tokens overshoot", sessions=15, others=1.4),
    Phase(name="partial rebound", sessions=10),
)


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


def drawn_of(desk, scenario):
    only = ScenarioSet((scenario,))
    total, tiers = (
        path_table(desk, model_of(desk), only, by, 0.8) for by in ((), "tier")
    )
    return Drawn(scenario, total, tiers, "USD", 0.8)


@pytest.fixture
def staged(desk):
    scenario = Scenario(
        name="staged", core={"memory": -0.45}, horizon_sessions=45, phases=PHASES
    )
    return drawn_of(desk, scenario)


def texts(panel):
    return [text.get_text() for text in panel.texts]


def test_lines_are_the_table(staged):
    upper, lower = path_figure(staged).axes
    total = staged.total.to_frame()
    drawn = [line.get_ydata() for line in upper.lines if len(line.get_ydata()) == 46]
    assert len(drawn) == 3
    for column in ("low", "high", "pnl"):
        assert any(np.array_equal(total[column] / 1e6, y) for y in drawn), column
    tiers = staged.groups.to_frame()
    lines = [line.get_ydata() for line in lower.lines if len(line.get_ydata()) == 46]
    assert len(lines) == tiers["tier"].nunique()
    for _, part in tiers.groupby("tier", sort=False):
        assert any(np.array_equal(part["pnl"] / 1e6, y) for y in lines)


def test_the_worst_and_the_phases_are_named(staged):
    upper, lower = path_figure(staged).axes
    pnl = staged.total.to_frame()["pnl"]
    assert (
        f"worst \N{MINUS SIGN}{-pnl.min() / 1e6:,.1f} at session {pnl.idxmin()}"
        in texts(upper)
    )
    assert pnl.idxmin() == 35
    assert [t for t in texts(upper) if "worst" not in t] == [p.name for p in PHASES]
    assert set(texts(lower)) == set(staged.groups["tier"])
    assert upper.get_title(loc="left") == "staged: the whole desk and its 80% band"
    assert upper.get_ylabel() == "P&L, m USD"


def test_groups_are_told_apart(staged):
    _, lower = path_figure(staged).axes
    lines = [line for line in lower.lines if len(line.get_ydata()) == 46]
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(lines)


def test_a_path_without_a_band_is_drawn(desk):
    """Everything fixed: NaN bands, and tiers of no known move."""
    tiers = dict.fromkeys(desk.universe.tier_names(), -0.2)
    fixed = Scenario(name="fixed", tiers=tiers, fx={"KRW": 0.0}, horizon_sessions=3)
    upper, _ = path_figure(drawn_of(desk, fixed)).axes
    assert "at session 3" in texts(upper)[0]


def test_file_is_named_after_the_scenario(staged, tmp_path):
    (file,) = save_path(staged, tmp_path / "out")
    assert file.name == "path-staged.png"
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("largest", "unit"),
    [(2e9, (1e9, "bn ")), (5e6, (1e6, "m ")), (1e3, (1e3, "k ")), (999.0, (1.0, ""))],
)
def test_money_is_in_units_that_fit(largest, unit):
    assert unit_of(largest) == unit


@given(st.lists(st.floats(-100, 100), max_size=12).map(sorted), st.floats(0.1, 10))
def test_names_are_apart_in_order_and_in_the_middle(ends, apart):
    heights = spread(ends, apart)
    assert (np.diff(heights) >= apart * (1 - 1e-9)).all()
    if len(ends) > 1 and (np.diff(ends) >= apart).all():
        assert heights == pytest.approx(ends)
