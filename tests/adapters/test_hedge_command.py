"""The command of hedges and its pictures."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import riskplugin as rp
from riskplugin.adapters.cli import cli
from riskplugin.pictures.hedges import frontier_figure, hedge_figure
from tests.hedge_desk import CONTRACTS, POSITIONS, fx, hedge_desk, hedges, prices

MENU = hedges(("SOXX", "sell"), ("NVDA", "sell"), daily_volume=2e6)
SCENARIOS = """
[[scenario]]
name = "fall"
core = {memory = -0.4}
horizon_sessions = 60
"""


@pytest.fixture(scope="module")
def desk_toml(tmp_path_factory):
    """The same desk in files, its hedges among them."""
    folder = tmp_path_factory.mktemp("desk")
    frames = {
        "positions": pd.DataFrame(
            {"book": "fund", "instrument": list(POSITIONS),
             "quantity": list(POSITIONS.values())}
        ),
        "prices": prices().reset_index(),
        "fx": fx().reset_index(),
        "instruments": pd.DataFrame(CONTRACTS),
        "hedges": MENU,
    }  # fmt: skip
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "scenarios.toml").write_text(SCENARIOS, "utf-8")
    tables = "\n".join(f'{name} = "{name}.csv"' for name in frames)
    text = f'scenario_library = "replace"\n[tables]\n{tables}\n'
    text += 'scenarios = "scenarios.toml"\n[nav]\nfund = 50e6\n'
    (folder / "desk.toml").write_text(text, "utf-8")
    return str(folder / "desk.toml")


def asked(*arguments):
    return CliRunner().invoke(cli, ["hedge", *arguments], standalone_mode=False)


def test_json_is_what_python_says(desk_toml):
    done = asked(desk_toml, "--max-loss", "1e6", "--json")
    assert done.return_value == 0
    said = json.loads(done.stdout)
    found = rp.hedge(rp.load_desk(desk_toml), max_loss=1e6)
    assert [row["quantity"] for row in said["rows"]] == found["quantity"].tolist()
    assert said["outcome"] == "met"
    assert said["cost"] == found.cost
    own = found.scenarios["pnl_after"].tolist()
    assert [row["pnl_after"] for row in said["scenarios"]] == own
    assert {"basis", "why", "message"} <= set(said)


def test_the_screen_says_it_is_a_proposal(desk_toml):
    done = asked(desk_toml, "--max-loss", "fall=1e6", "--exposure", "memory_beta=0:9e6")
    assert done.return_value == 0
    assert "proposal, not an order" in done.stdout
    assert "hedge_why" in done.stdout
    assert "exposure memory_beta, most" in done.stdout


def test_out_of_reach_ends_with_4_and_the_reason(desk_toml, tmp_path):
    MENU.assign(max_units=10.0).to_csv(tmp_path / "few.csv", index=False)
    file = str(tmp_path / "few.csv")
    done = asked(desk_toml, "--max-loss", "1e6", "--hedges", file)
    assert done.return_value == 4
    words = " ".join(done.stdout.split())
    assert "as large as allowed: sell SOXX, sell NVDA" in words


def test_tables_are_kept(desk_toml, tmp_path):
    asked(desk_toml, "--budget", "500", "--out", str(tmp_path / "out"))
    kept = {file.name for file in (tmp_path / "out").glob("*.csv")}
    parts = ("hedge", "hedge_scenarios", "hedge_basis", "hedge_why")
    assert kept == {f"{part}.csv" for part in parts}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--max-loss", "much"), "write 30e6"),
        (("--max-loss", "fall=1", "--max-loss", "fall=2"), "each name once"),
        (("--exposure", "memory=1:"), "write memory=0:20e6"),
        (("--max-loss", "1", "--frontier"), "no limit"),
    ],
)
def test_options_that_make_no_sense_are_said(desk_toml, arguments, words):
    done = asked(desk_toml, *arguments)
    assert words in str(done.exception)


def test_a_frontier_is_shown_and_drawn(desk_toml, tmp_path):
    done = asked(desk_toml, "--frontier", "--json", "--plot", str(tmp_path))
    assert done.return_value == 0
    said = json.loads(done.stdout)
    assert said["table"] == "hedge_frontier"
    assert len(said["rows"]) == 11
    assert (tmp_path / "hedge-frontier.png").stat().st_size > 10_000


def test_pictures_show_the_numbers_of_their_tables():
    desk = hedge_desk()
    found = rp.hedge(desk, "fall", MENU, max_loss=1e6)
    (panel,) = hedge_figure(found, "USD").axes
    names = [t.get_text() for t in panel.get_yticklabels()]
    assert names == ["fall", "slow", "rise", "broad"]
    widths = [p.get_width() * 1e6 for p in panel.patches]
    others = found.basis[found.basis["metric"] == "stress_pnl"]
    before = [*found.scenarios["pnl_before"], *others["before"]]
    after = [*found.scenarios["pnl_after"], *others["after"]]
    np.testing.assert_allclose(widths, [*before, *after])
    marks = next(d for d in panel.lines if d.get_label() == "limit")
    np.testing.assert_allclose(marks.get_xdata(), [-1.0])

    steps = rp.hedge_frontier(desk, "fall", MENU, losses=[2e6, 1e6, 0.0])
    (panel,) = frontier_figure(steps, "USD").axes
    line = panel.lines[0]
    np.testing.assert_allclose(line.get_xdata() * 1e6, steps["loss_after"])
