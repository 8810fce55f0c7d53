"""Three doors, one set of numbers: Excel = Python = the command, to the last bit."""

import csv
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import riskplugin as rp
from riskplugin.adapters.cli import main
from riskplugin.adapters.excel.calling import call
from riskplugin.adapters.excel.cells import answer_cells
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.session import Session

SAMPLES = Path(__file__).parents[2] / "samples"
HEADER = ["book", "instrument", "quantity", "price", "account"]
NAMES = ["MU", "000660 KS Equity", "NVDA", "8035.T", "SMH", "TAO", "RNDR", "FET"]
NAMES += ["BTC", "CASH_KRW", "DELL", "Nobody"]
SCENARIOS = ["inventory_build", "narrative_unwind", "supercycle_reversal"]
FEW = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def folder(trimmed, tmp_path_factory):
    """The sample desk on its last 400 days."""
    return trimmed(tmp_path_factory.mktemp("doors")).parent


@pytest.fixture(scope="module")
def session(folder):
    return Session(str(folder / "desk.toml"))


@pytest.fixture(scope="module")
def sample(folder):
    return rp.load_desk(folder / "desk.toml")


@st.composite
def books(draw):
    """Return the rows of a range: some lots, some with a price of their own."""
    lots = []
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(NAMES))
        quantity = draw(st.floats(-1e6, 1e6).filter(lambda q: abs(q) > 1e-3))
        own = name == "Nobody" or draw(st.booleans())
        price = draw(st.floats(0.01, 1e4)) if own and name != "CASH_KRW" else None
        book = draw(st.sampled_from(["memory_semis", "new"]))
        lots.append([book, name, quantity, price, draw(st.sampled_from(["a", None]))])
    return [HEADER, *lots]


def command(*words):
    """Return what a command prints as JSON."""
    screen = io.StringIO()
    with (
        redirect_stdout(screen),
        patch.object(sys, "argv", ["riskplugin", *words]),
        pytest.raises(SystemExit) as done,
    ):
        main()
    assert done.value.code == 0
    return pd.DataFrame(json.loads(screen.getvalue())["rows"])


def in_cells(session, name, *arguments):
    return call(FUNCTIONS[name], arguments, session)


def bits(rows):
    """Return cells so that equal means equal to the last bit; unknown is itself."""
    return [[c.hex() if isinstance(c, float) else str(c) for c in row] for row in rows]


def cells_of(table):
    return bits(answer_cells(table))


@FEW
@given(rows=books(), scenario=st.sampled_from(SCENARIOS))
def test_any_book_has_one_stress(folder, session, sample, rows, scenario):
    path = folder / "held.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    frame = pd.DataFrame(rows[1:], columns=HEADER)
    held = rp.with_positions(sample, frame)

    by_tier = in_cells(session, "RISK_STRESS_TABLE", rows, scenario)
    python = rp.stress(held, scenario, by=("scenario", "tier"))
    assert bits(by_tier) == bits([r[1:] for r in answer_cells(python)])
    printed = command(
        *("stress", str(folder / "desk.toml"), "--positions", str(path)),
        *("--scenarios", scenario, "--json"),
    )
    for column in ("pnl", "direct", "propagated", "overshoot", "low", "high"):
        same = printed[column].astype(float).equals(python[column].astype(float))
        assert same, column

    total = in_cells(session, "RISK_STRESS_PNL", rows, scenario)
    (wanted,) = rp.stress(held, scenario, by="scenario")["pnl"]
    assert bits(total) == bits([[float(wanted)]])
    printed = command(
        *("stress", str(folder / "desk.toml"), "--positions", str(path)),
        *("--scenarios", scenario, "--by", "scenario", "--json"),
    )
    assert printed["pnl"].tolist() == [wanted]


@FEW
@given(rows=books())
def test_any_book_has_one_set_of_exposures(folder, session, sample, rows):
    path = folder / "held.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    held = rp.with_positions(sample, pd.DataFrame(rows[1:], columns=HEADER))
    python = rp.exposures(held, "tier")
    assert bits(in_cells(session, "RISK_EXPOSURE_TABLE", rows)) == cells_of(python)
    printed = command(
        *("exposures", str(folder / "desk.toml")),
        *("--positions", str(path), "--json"),
    )
    for column in ("long", "net", "memory_beta_exposure", "hhi", "proxied_share"):
        assert printed[column].astype(float).equals(python[column].astype(float))
    tier = python["tier"].iloc[0]
    one = in_cells(session, "RISK_EXPOSURE", rows, tier, "gross")
    assert bits(one) == bits([[float(python["gross"].iloc[0])]])


def test_a_book_alone_is_what_the_nightly_run_says_of_it(sample):
    """Its name in a cell gives the row of the desk's table, to the last bit."""
    for by in ((), ("tier",), ("position",)):
        whole = rp.stress(sample, by=("scenario", "book", *by))
        for book in ("crypto_infra", "market_neutral", "memory_semis"):
            alone = rp.stress(rp.with_positions(sample, book), by=("scenario", *by))
            mine = whole[whole["book"] == book].reset_index(drop=True)
            for column in ("pnl", "direct", "propagated", "low", "high"):
                assert alone[column].equals(mine[column]), (by, book, column)


def test_a_scenario_alone_is_what_it_is_among_all(sample):
    """What is asked beside it changes nothing, not even the last bit."""
    for by in (("scenario",), ("scenario", "tier"), ("scenario", "book", "tier")):
        whole = rp.stress(sample, by=by)
        for name in dict.fromkeys(whole["scenario"]):
            alone = rp.stress(sample, name, by=by)
            among = whole[whole["scenario"] == name].reset_index(drop=True)
            assert alone.to_frame().equals(among), (by, name)
