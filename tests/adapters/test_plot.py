"""`rp.plot` draws what the tables say, and says what it cannot draw."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskplugin as rp
from riskplugin.scenarios.definition import Scenario

SAMPLES = Path(__file__).parents[2] / "samples"
PARTS = ["direct", "propagated", "overshoot", "convexity", "liquidity"]
TWO = ["inventory_build", "rally_extends"]
M = 1e6


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


def shown(figure):
    return [panel for panel in figure.axes if panel.get_visible()]


def heights(panel):
    return np.array([bar.get_height() for bar in panel.patches])


def widths(panel):
    return np.array([bar.get_width() for bar in panel.patches])


def test_a_stress_is_its_five_parts_and_its_groups_each_adding_up(desk):
    found = rp.stress(desk, "inventory_build")
    parts, tiers = shown(rp.plot(found, desk=desk))
    total = found["pnl"].sum()
    by_part = [*found[PARTS].sum(), total]
    np.testing.assert_allclose(heights(parts) * M, by_part, rtol=1e-12, atol=1e-6)
    by_tier = [*found["pnl"].sort_values(), total]
    np.testing.assert_allclose(heights(tiers) * M, by_tier, rtol=1e-12, atol=1e-6)
    for panel in (parts, tiers):
        bottoms = np.array([bar.get_y() for bar in panel.patches])
        tops = bottoms + heights(panel)
        np.testing.assert_allclose(bottoms[1:-1], tops[:-2], atol=1e-9)
        assert (bottoms[0], bottoms[-1]) == (0, 0)
    assert parts.get_ylabel() == "P&L, m USD"
    names = [label.get_text() for label in tiers.get_xticklabels()]
    order = found.to_frame().sort_values("pnl")["tier"].str.replace("_", " ")
    assert names == [*order, "P&L"]


def test_several_scenarios_are_a_panel_each_by_part(desk):
    found = rp.stress(desk, TWO, by=("scenario", "book", "tier"))
    panels = shown(rp.plot(found))
    assert [p.get_title(loc="left") for p in panels] == TWO
    sums = found.groupby("scenario", sort=False)[["pnl", *PARTS]].sum()
    for panel, (_, row) in zip(panels, sums.iterrows(), strict=True):
        expected = [*row[PARTS], row["pnl"]]
        np.testing.assert_allclose(heights(panel) * M, expected, atol=1e-6)


def test_an_unknown_part_is_said_and_not_drawn_as_nothing(desk):
    found = rp.stress(desk, "inventory_build", by="scenario")
    unknown = found.to_frame().assign(liquidity=np.nan)
    figure = rp.plot(relabelled(found, unknown))
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said[4] == said[5] == "unknown"


def relabelled(found, frame):
    """Return other figures under the name of a result."""
    made = type(found)(frame)
    for name in ("title", "as_of"):
        object.__setattr__(made, name, getattr(found, name))
    return made


def test_a_path_knows_its_scenario_and_band(desk):
    whole = rp.stress_path(desk, TWO[0], (), confidence=0.9)
    tiers = rp.stress_path(desk, TWO[0], "tier")
    fan, groups = shown(rp.plot(tiers, whole, desk=desk))
    assert fan.get_title(loc="left") == (
        "inventory_build: the whole desk and its 90% band"
    )
    assert groups.get_title(loc="left") == "inventory_build: by tier"
    sessions = len(whole)
    lines = [x.get_ydata() for x in fan.lines if len(x.get_ydata()) == sessions]
    for column in ("low", "high", "pnl"):
        assert any(np.array_equal(whole[column] / M, y) for y in lines), column
    drawn = [x.get_ydata() for x in groups.lines if len(x.get_ydata()) == sessions]
    for _, part in tiers.groupby("tier", sort=False):
        assert any(np.array_equal(part["pnl"] / M, y) for y in drawn)
    assert len(drawn) == tiers["tier"].nunique()


def test_paths_of_several_scenarios_stand_in_rows(desk):
    whole, books = (rp.stress_path(desk, TWO, by) for by in ((), ("book", "link")))
    panels = shown(rp.plot(whole, books))
    titles = [panel.get_title(loc="left") for panel in panels]
    assert [t.split(":")[0] for t in titles] == [TWO[0]] * 2 + [TWO[1]] * 2
    assert titles[3] == "rally_extends: by book, link"
    alone = whole[whole["scenario"] == TWO[1]]
    lines = [line.get_ydata() for line in panels[2].lines]
    assert any(np.array_equal(alone["pnl"] / M, y) for y in lines)
    names = {text.get_text() for text in panels[3].texts}
    pairs = books[["book", "link"]].drop_duplicates().agg(", ".join, axis=1)
    assert names == set(pairs)


def test_exposures_are_bars_with_net_and_beta_as_marks(desk):
    found = rp.exposures(desk, "tier")
    (panel,) = rp.plot(found, desk=desk).axes
    both = [*found["long"], *found["short"]]
    np.testing.assert_allclose(widths(panel) * M, both, rtol=1e-12)
    lines = {line.get_label(): np.array(line.get_xdata()) * M for line in panel.lines}
    np.testing.assert_allclose(lines["net"], found["net"])
    beta = lines["net \N{MULTIPLICATION SIGN} beta to memory"]
    np.testing.assert_allclose(beta, found["memory_beta_exposure"])
    assert panel.get_xlabel() == "market value, m USD"


def test_answers_are_the_moves_of_every_driver(desk):
    found = rp.reverse_stress(desk, 5e6, None, by="book")
    drivers = [c for c in found.columns if c.startswith("move_")]
    panels = shown(rp.plot(found, desk=desk))
    assert len(panels) == len(found)
    for panel, (_, row) in zip(panels, found.iterrows(), strict=True):
        known = row[drivers].dropna().to_numpy(float)
        np.testing.assert_allclose(widths(panel), known * 100)
        none = [t.get_text() for t in panel.texts] == ["no move does"]
        assert none == (row["answer"] == 0)
        assert panel.get_title(loc="left").startswith(f"{row['book']}: ")


def test_a_curve_alone_has_no_limit_and_with_answers_has(desk):
    curve, found = rp.reverse_curve(desk), rp.reverse_stress(desk, 5e6)
    (alone,), (both,) = rp.plot(curve).axes, rp.plot(curve, found).axes
    for panel in (alone, both):
        line = max(panel.lines, key=lambda drawn: len(drawn.get_xdata()))
        count = len(line.get_xdata())
        np.testing.assert_allclose(line.get_ydata() * M, curve["pnl"][:count])
    assert not [x for x in alone.lines if x.get_linestyle() == "--"]
    (limit,) = (x for x in both.lines if x.get_linestyle() == "--")
    assert limit.get_ydata()[0] == -5.0
    assert alone.get_ylabel() == "P&L, m base currency"


def test_replays_are_drawn_by_any_group_and_by_session(desk):
    found = rp.replay(desk, "replay_2022", ("episode", "book"))
    (panel,) = shown(rp.plot(found))
    parts = found[["direct", "propagated"]].fillna(0).to_numpy()[::-1]
    np.testing.assert_allclose(widths(panel) * M, parts.T.ravel(), atol=1e-6)
    path = rp.replay_path(desk, "replay_2022", ())
    for figure in (rp.plot(path), rp.plot(path, found)):
        (panel,) = shown(figure)
        assert any(np.array_equal(x.get_ydata(), path["pnl"] / M) for x in panel.lines)
    assert "own closes" in panel.get_title()


def test_plausibility_holds_its_windows(desk):
    found = rp.plausibility(desk, TWO)
    panels = shown(rp.plot(found))
    parts = found.history.groupby(["scenario", "driver"], sort=False)
    assert len(panels) == len(parts) == 2
    for panel, (_, part) in zip(panels, parts, strict=True):
        assert heights(panel).sum() == len(part)
        np.testing.assert_allclose(np.expm1(panel.lines[0].get_xdata()), part["move"])


def test_the_cycle_is_its_history(desk):
    found = rp.cycle_monitor(desk)
    top, *below = rp.plot(found).axes
    history = found.history.to_frame()
    level = 100 * np.exp(history["memory_level"] - history["memory_level"].iloc[0])
    np.testing.assert_allclose(top.lines[0].get_ydata(), level)
    for panel, name in zip(below, ("persistence", "breadth"), strict=False):
        np.testing.assert_array_equal(panel.lines[0].get_ydata(), history[name])
    assert top.get_title(loc="left") == f"Phase now: {found.phase.replace('_', ' ')}"


def test_a_backtest_of_groups_is_a_panel_each(desk):
    found = rp.backtest(desk, by="asset_class", nights=60)
    panels = rp.plot(found, desk=desk).axes
    assert len(panels) == len(found.records) > 1
    nights = found.nights.to_frame()
    for panel, name in zip(panels, found.records, strict=True):
        own = nights[(nights["asset_class"] == name) & nights["pnl"].notna()]
        scale = M if own["pnl"].abs().max() >= M else 1e3
        lines = {line.get_label(): line for line in panel.lines}
        np.testing.assert_allclose(lines["P&L"].get_ydata() * scale, own["pnl"])
        var = lines["\N{MINUS SIGN}VaR 99 %"].get_ydata()
        np.testing.assert_allclose(var * scale, -own["value_at_risk"])
        assert panel.get_title(loc="left").startswith(f"{name}: ")


def test_evidence_is_a_mark_a_name_and_calibration_its_table(desk):
    found = rp.evidence(desk)
    panels = shown(rp.plot(found))
    names = found[~found["in_basket"]]
    parts = names.groupby(["start", "end"], sort=False)
    for panel, (_, part) in zip(panels, parts, strict=True):
        marks = {x.get_marker(): x for x in panel.lines if x.get_marker() in "oX"}
        inside = part["realised"].between(part["low"], part["high"])
        for mark, mask in (("o", inside), ("X", ~inside)):
            rows = part[mask]
            np.testing.assert_allclose(marks[mark].get_xdata(), rows["predicted"] * 100)
            realised = rows["realised"].clip(upper=1) * 100
            np.testing.assert_allclose(marks[mark].get_ydata(), realised)
    calibration = found.calibration
    (panel,) = rp.plot(calibration).axes
    every = calibration[calibration["scope"] == "all"].iloc[0]
    (line,) = (x for x in panel.lines if x.get_label() == "all names")
    for level, share in zip(line.get_xdata(), line.get_ydata(), strict=True):
        assert share == pytest.approx(100 * every[f"within_{level:.0f}"])
    tiers = (calibration["scope"] == "tier").sum()
    assert sum(x.get_marker() == "." for x in panel.lines) == tiers


def test_a_hedge_is_before_and_after_with_its_limit(desk):
    found = rp.hedge(desk, "inventory_build", max_loss=60e6)
    (panel,) = rp.plot(found, desk=desk).axes
    elsewhere = found.basis[found.basis["metric"] == "stress_pnl"]
    before = [*found.scenarios["pnl_before"], *elsewhere["before"]]
    after = [*found.scenarios["pnl_after"], *elsewhere["after"]]
    np.testing.assert_allclose(widths(panel) * M, before + after)
    (limit,) = (x for x in panel.lines if x.get_label() == "limit")
    assert limit.get_xdata() == pytest.approx([-60.0])


def test_a_frontier_is_cost_against_loss(desk):
    found = rp.hedge_frontier(desk, "inventory_build", losses=[110e6, 1e6])
    (panel,) = rp.plot(found, desk=desk).axes
    met = found["outcome"] == "met"
    marks = {line.get_marker(): line for line in panel.lines}
    for mark, mask in (("o", met), ("X", ~met)):
        assert mask.sum() == 1
        rows = found[mask]
        assert marks[mark].get_xdata() * M == pytest.approx(rows["loss_after"])
        scale = M if found["trade_cost"].max() >= M else 1e3
        assert marks[mark].get_ydata() * scale == pytest.approx(rows["trade_cost"])


def test_a_notebook_shows_it_and_minus_signs_are_true(desk, tmp_path):
    figure = rp.plot(rp.stress(desk, "inventory_build"), desk=desk)
    assert figure._repr_png_().startswith(b"\x89PNG")
    figure.savefig(tmp_path / "picture.svg")
    assert (tmp_path / "picture.svg").read_text("utf-8").startswith("<?xml")
    figure.draw_without_rendering()
    words = [
        t.get_text() for p in figure.axes for t in (*p.texts, *p.get_yticklabels())
    ]
    assert any(word.startswith("\N{MINUS SIGN}") for word in words)
    assert not [word for word in words if word.startswith("-")]


# --- what cannot be drawn ------------------------------------------------------------


def test_what_has_no_picture_is_refused_with_what_has(desk):
    with pytest.raises(rp.UsageError, match=r"nothing draws rp.positions; what can .*"):
        rp.plot(rp.positions(desk))
    with pytest.raises(rp.UsageError, match=r"rp.reverse_stress with rp.reverse_curve"):
        rp.plot(rp.positions(desk))


def test_what_does_not_belong_together_is_refused(desk):
    stress, whole = rp.stress(desk, TWO[0]), rp.stress_path(desk, TWO[0], ())
    with pytest.raises(
        rp.UsageError, match=r"nothing draws rp.stress with rp.stress_p"
    ):
        rp.plot(stress, whole)
    with pytest.raises(rp.UsageError, match=r"one of the whole desk \(by=\(\)\)"):
        rp.plot(whole, whole)
    with pytest.raises(rp.UsageError, match="of the same scenarios"):
        rp.plot(whole, rp.stress_path(desk, TWO[1]))
    curve = rp.reverse_curve(desk)
    with pytest.raises(rp.UsageError, match="of different drivers"):
        rp.plot(curve, rp.reverse_stress(desk, 5e6, "crypto"))
    with pytest.raises(rp.UsageError, match="groups that the curve has not"):
        rp.plot(curve, rp.reverse_stress(desk, 5e6, by="book"))
    replays = rp.replay(desk, "replay_2024")
    with pytest.raises(rp.UsageError, match="of different episodes"):
        rp.plot(replays, rp.replay_path(desk, "replay_2022"))


def test_an_ordinary_frame_is_refused(desk):
    with pytest.raises(rp.UsageError, match="found is a DataFrame; give the table as"):
        rp.plot(rp.stress(desk).query("tier == 'memory'"))
    with pytest.raises(rp.UsageError, match="found is a list"):
        rp.plot([rp.stress(desk)])


def test_a_table_without_what_stood_beside_it_is_refused(desk):
    bare = relabelled_as_table(rp.cycle_monitor(desk))
    with pytest.raises(
        rp.UsageError, match=r"without its history; draw what rp.cycle_"
    ):
        rp.plot(bare)


def relabelled_as_table(found):
    made = rp.Table(found.to_frame())
    for name in ("title", "as_of"):
        object.__setattr__(made, name, getattr(found, name))
    return made


def test_no_rows_are_no_picture(desk):
    empty = relabelled(stress := rp.stress(desk, TWO[0]), stress.to_frame().iloc[:0])
    with pytest.raises(rp.UsageError, match="'stress' has no rows to draw"):
        rp.plot(empty)


def test_scenarios_that_move_no_driver_have_no_history(desk):
    fixed = Scenario(name="fixed", tiers={"memory": -0.2})
    with pytest.raises(rp.UsageError, match="no scenario moves a driver"):
        rp.plot(rp.plausibility(desk, fixed))


def test_a_backtest_that_tested_nothing_says_why(desk):
    held = pd.DataFrame({"book": ["b"], "instrument": ["CASH_USD"], "quantity": [1.0]})
    safe = rp.with_positions(desk, held)
    with pytest.raises(rp.UsageError, match="no group was tested, so nothing can be"):
        rp.plot(rp.backtest(safe, nights=20))


# --- the gallery ---------------------------------------------------------------------


def test_every_picture_of_the_gallery_stands_under_the_lines_that_draw_it():
    docs = SAMPLES.parent / "docs"
    page = (docs / "how-to" / "pictures.md").read_text("utf-8")
    drawn = re.findall(
        r"```python\n(?:(?!```).)*figure = rp\.plot\((?:(?!```).)*```\n+"
        r"!\[[^]]+\]\(\.\./images/gallery/([\w-]+\.png)\)",
        page,
        re.S,
    )
    files = {path.name: path for path in (docs / "images" / "gallery").iterdir()}
    assert sorted(drawn) == sorted(files)
    assert len(drawn) == page.count("![")
    assert max(path.stat().st_size for path in files.values()) <= 60_000
