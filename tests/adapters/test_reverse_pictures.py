"""Pictures of reverse stress and plausibility show the numbers of their tables."""

from pathlib import Path

import numpy as np
import pytest

import riskplugin as rp
from riskplugin.pictures.plausibility import plausibility_figure
from riskplugin.pictures.reverse import reverse_figure
from riskplugin.pipeline import model_of
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.tables.core import history_table, plausibility_table
from riskplugin.tables.reverse import curve_table, question, reverse_table

SAMPLE = Path(__file__).parents[2] / "samples" / "desk.toml"


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLE)


def shown(figure):
    return [panel for panel in figure.axes if panel.get_visible()]


@pytest.mark.parametrize("by", [None, "book"])
def test_curve_limit_and_moves_are_drawn(desk, by):
    model = model_of(desk)
    asked = question(model, "memory", by, None, None)
    curve = curve_table(desk, model, asked, 0.8)
    found = reverse_table(desk, model, asked, 5e6)
    figure = reverse_figure(curve, found, "USD")
    figure.draw_without_rendering()
    panels = shown(figure)
    groups = [None] if by is None else found["book"].drop_duplicates().to_list()
    assert [p.get_title(loc="left") for p in panels] == [g or "" for g in groups]
    for panel, group in zip(panels, groups, strict=True):
        own = found if group is None else found[found["book"] == group]
        line = max(panel.lines, key=lambda drawn: len(drawn.get_xdata()))
        part = curve if group is None else curve[curve["book"] == group]
        across = line.get_xdata()
        np.testing.assert_allclose(across, part["move"][: len(across)] * 100)
        np.testing.assert_allclose(line.get_ydata() * 1e6, part["pnl"][: len(across)])
        limits = [d for d in panel.lines if d.get_linestyle() == "--"]
        assert [d.get_ydata()[0] for d in limits] == [-5.0]
        dots = [d.get_xdata()[0] for d in panel.lines if d.get_marker() == "o"]
        np.testing.assert_allclose(dots, own["move"].dropna() * 100)
        says = [t.get_text() for t in panel.texts]
        assert ("no move does" in says) == (own["answer"] == 0).all()


def test_histogram_holds_every_window_and_the_scenario(desk):
    model = model_of(desk)
    scenarios = ScenarioSet(
        (
            Scenario(name="one", core={"memory": -0.3, "crypto": 0.0}),
            Scenario(name="two", core={"memory": -0.2, "crypto": 0.3}),
        )
    )
    history = history_table(desk, model, scenarios)
    figure = plausibility_figure(history, plausibility_table(desk, model, scenarios))
    figure.draw_without_rendering()
    panels = shown(figure)
    titles = [p.get_title(loc="left") for p in panels]
    assert titles == ["one: memory", "two: memory", "two: crypto"]
    for panel, (_, part) in zip(
        panels, history.groupby(["scenario", "driver"], sort=False), strict=True
    ):
        assert sum(bar.get_height() for bar in panel.patches) == len(part)
        strip, mark = panel.lines
        np.testing.assert_allclose(np.expm1(strip.get_xdata()), part["move"])
        assert np.expm1(mark.get_xdata()[0]) == pytest.approx(
            part["named_move"].iloc[0]
        )
        assert "as bad: " in panel.texts[0].get_text()


def test_windows_of_history_do_not_overlap_and_are_its_moves(desk):
    model = model_of(desk)
    one = ScenarioSet(
        (Scenario(name="one", core={"memory": -0.3}, horizon_sessions=40),)
    )
    found = history_table(desk, model, one)
    assert found["end"].iloc[-1] == str(desk.as_of)
    assert found["start"].to_list()[1:] == found["end"].to_list()[:-1]
    dates, level = model.history.dates.astype(str).tolist(), model.history.of("memory")
    for row in found.itertuples():
        start, end = dates.index(row.start), dates.index(row.end)
        assert end - start == 40
        assert row.move == pytest.approx(np.expm1(level[end] - level[start]))


def test_nothing_named_leaves_an_empty_picture(desk):
    model = model_of(desk)
    none = ScenarioSet((Scenario(name="tiers", tiers={"memory": -0.2}),))
    figure = plausibility_figure(
        history_table(desk, model, none), plausibility_table(desk, model, none)
    )
    assert shown(figure) == []
