"""Pictures of replays show the figures of the tables, and what is not known."""

from pathlib import Path

import numpy as np
import pytest

import riskplugin as rp
from riskplugin import estimates
from riskplugin.adapters.picture_files import save_replays
from riskplugin.pictures.replays import episodes_figure, tiers_figure
from riskplugin.tables.replays import replay_path_table, replay_table

SAMPLES = Path(__file__).parents[2] / "samples"
BY = ("episode", "tier")


@pytest.fixture(scope="module")
def desk():
    return rp.load_desk(SAMPLES / "desk.toml")


@pytest.fixture(scope="module")
def tables(desk):
    model = estimates.model_of(desk)
    path = replay_path_table(desk, model, None, ())
    return path, replay_table(desk, model, None, BY)


def visible(figure):
    return [panel for panel in figure.axes if panel.get_visible()]


WORDS = {
    "covered_own": "own closes",
    "covered_loadings": "loadings",
    "covered_table": "table",
    "uncovered": "unknown",
}


def test_a_panel_an_episode_with_its_path_and_its_coverage(tables):
    path, replays = tables
    panels = visible(episodes_figure(path, replays, "USD"))
    names = path["episode"].unique()
    assert len(panels) == len(names) == 8
    for panel, name in zip(panels, names, strict=True):
        pnl = path[path["episode"] == name]["pnl"].to_numpy() / 1e6
        (line,) = (x for x in panel.lines if len(x.get_xdata()) == len(pnl))
        np.testing.assert_array_equal(line.get_ydata(), pnl)
        assert (
            f"worst \N{MINUS SIGN}{-pnl.min():,.0f} on {pnl.argmin()},"
            in panel.get_xlabel()
        )
    covered = replays.to_frame().groupby("episode", sort=False)[list(WORDS)].sum()
    shares = covered.div(covered.sum(axis=1), axis=0)
    for panel, (_, share) in zip(panels, shares.iterrows(), strict=True):
        told = [f"{share[c]:.0%} {w}" for c, w in WORDS.items() if share[c] > 0]
        assert panel.get_title().split("\n")[1] == ", ".join(told)


def test_bars_are_the_parts_and_the_mark_their_sum(tables):
    _, replays = tables
    frame = replays.to_frame()
    panels = visible(tiers_figure(replays, "USD"))
    upwards = frame[::-1].groupby("episode")
    for panel, (_, part) in zip(panels, upwards, strict=True):
        widths = np.array([bar.get_width() for bar in panel.patches]) * 1e6
        both = part[["direct", "propagated"]].fillna(0).to_numpy().T.reshape(-1)
        np.testing.assert_allclose(widths, both, rtol=1e-12, atol=1e-6)
        marks = panel.lines[0].get_xdata() * 1e6
        np.testing.assert_allclose(marks, part["pnl"], rtol=1e-12)
        questions = sum(text.get_text() == " ?" for text in panel.texts)
        assert questions == part["pnl"].isna().sum()


def test_what_is_not_known_at_all_says_so(desk):
    model = estimates.model_of(desk)
    tokens = rp.positions(desk).query("instrument == 'TAO'")[["book", "instrument"]]
    only = rp.with_positions(desk, tokens.assign(quantity=1.0))
    episodes = ["replay_2000_02", "replay_2025"]
    path = replay_path_table(only, model, episodes, ())
    first, second = visible(
        episodes_figure(path, replay_table(only, model, episodes, BY), "USD")
    )
    assert [text.get_text() for text in first.texts] == ["nothing known"]
    assert first.get_title() == "2000-02\n100% unknown"
    assert not second.texts


def test_pictures_are_written(tables, tmp_path):
    path, replays = tables
    written = save_replays(path, replays, tmp_path / "new", "USD")
    assert [p.name for p in written] == ["replay-episodes.png", "replay-tiers.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in written)
