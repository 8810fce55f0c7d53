"""Every function through xlwings' own COM machinery, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskplugin.adapters.excel.registry import FUNCTIONS

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "samples"


@pytest.fixture(scope="module")
def matrix():
    """Return what `fakewin_matrix.py` found on the sample desk."""
    done = subprocess.run(
        [sys.executable, str(HERE / "fakewin_matrix.py")],
        env={**os.environ, "RISKPLUGIN_DESK": str(SAMPLES / "desk.toml")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # xlwings prints a line before


def test_every_shape_in_every_place_breaks_no_rule_and_equals_python(matrix):
    assert matrix["faults"] == []


def test_calls_reach_real_values(matrix):
    assert matrix["engine"] == ["excel"]
    assert matrix["functions"] == len(FUNCTIONS)
    assert matrix["calls"] > 1_000
    assert matrix["values"] > 300


def test_the_ribbon_gets_what_it_asks_for(matrix):
    assert matrix["ribbon"]["RISK_REFRESH"] == "None"
    assert matrix["ribbon"]["RISK_ABOUT"].endswith("As of: 2026-05-29")
