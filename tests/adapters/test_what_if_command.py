"""What trades would do, asked on the command line."""

import json

import pytest

import riskplugin as rp

IDEAS = """idea,book,instrument,quantity
less,memory_semis,MU,-500
more,memory_semis,MU,500
"""


@pytest.fixture
def asked(command, trimmed_desk):
    """Return a function that asks, and gives the code and what was said."""

    def run(*arguments):
        return command("what-if", str(trimmed_desk), *arguments)

    return run


def test_orders_are_what_python_says(asked, trimmed_desk, tmp_path):
    code, out, _ = asked("--trade", "MU=-500", "--book", "memory_semis", "--json",
                         "--out", str(tmp_path / "kept"))  # fmt: skip
    assert code == 0
    found = json.loads(out)
    assert found["table"] == "what_if"
    wanted = rp.what_if(rp.load_desk(trimmed_desk), {"MU": -500}, book="memory_semis")
    said = {row["metric"]: row["change"] for row in found["rows"]}
    for metric, change in zip(wanted["metric"], wanted["change"], strict=True):
        assert said[metric] == (None if change != change else change)  # noqa: PLR0124
    kept = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"what_if.csv", "trades.csv", "exposures.csv", "stress.csv"} <= kept
    assert "measures.csv" not in kept


def test_a_file_with_ideas_is_ranked(asked, tmp_path):
    (tmp_path / "ideas.csv").write_text(IDEAS, "utf-8")
    code, out, _ = asked("--trades", str(tmp_path / "ideas.csv"), "--scenarios",
                         "inventory_build", "--json")  # fmt: skip
    assert code == 0
    found = json.loads(out)
    assert found["table"] == "ranking"
    assert [row["idea"] for row in found["rows"]] == ["less", "more"]
    assert found["rows"][0]["gained"] > 0 > found["rows"][1]["gained"]


def test_details_and_what_to_mind_are_shown(asked):
    code, out, err = asked("--trade", "NVDA=-1e9", "--book", "memory_semis",
                           "--details", "--measures", "volatility")  # fmt: skip
    assert code == 0
    for title in ("what_if", "trades", "exposures", "stress", "measures"):
        assert title in out
    assert "NVDA: sells" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "give --trade MU=-10000, repeatable, or --trades FILE"),
        (("--trade", "MU"), 2, "write MU=-10000"),
        (("--trade", "MU=-5"), 3, "the desk has several"),
        (("--trade", "MU=many", "--book", "memory_semis"), 3, "found 'many'"),
        (("--trade", "MU=1", "--book", "semis"), 2, "there is no book 'semis'"),
        (("--trades", "nowhere.csv"), 3, "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_said(asked, arguments, code, words):
    found, _, err = asked(*arguments)
    assert found == code
    assert words in err
