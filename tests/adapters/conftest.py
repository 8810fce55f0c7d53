"""A desk that loads fast (three books on their last 400 days); formulas of a book."""

import sys
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from riskplugin.adapters.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"
LAST_DAYS = {"prices.csv": 400, "fx.csv": 4 * 400}
BOOKS = ("memory_semis", "crypto_infra", "market_neutral")
OTHERS = ("memory_overlay", "token_basis")  # with tables of their own
TABLES_OUT = ("limits", "hedges", "volumes", "vols", "rates", "holdings", "indicators")
LEFT_OUT = (*TABLES_OUT, *OTHERS)


@pytest.fixture(scope="session")
def trimmed():
    """Return a function that writes the desk into a folder, and gives its file."""

    def write(folder, on_error="stop"):
        for name in ("instruments.csv", "scenarios.toml"):
            (folder / name).write_bytes((SAMPLES / name).read_bytes())
        header, *rows = (SAMPLES / "positions.csv").read_text("utf-8").splitlines()
        held = "\n".join([header, *(row for row in rows if row.startswith(BOOKS))])
        (folder / "positions.csv").write_text(held, "utf-8")
        for name, rows in LAST_DAYS.items():
            header, *lines = (SAMPLES / name).read_text("utf-8").splitlines()
            (folder / name).write_text("\n".join([header, *lines[-rows:]]), "utf-8")
        lines = (SAMPLES / "desk.toml").read_text("utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith(LEFT_OUT))
        text = text.replace('on_error = "stop"', f'on_error = "{on_error}"')
        (folder / "desk.toml").write_text(text, "utf-8")
        return folder / "desk.toml"

    return write


@pytest.fixture(scope="session")
def trimmed_desk(trimmed, tmp_path_factory):
    """Return the desk file of a trimmed desk that nobody changes."""
    return trimmed(tmp_path_factory.mktemp("trimmed"))


@pytest.fixture(scope="session")
def formula_cells():
    """Return a function that gives sheet, row and column of all that formulas fill."""

    def places(path):
        found = set()
        for sheet in openpyxl.load_workbook(path):
            for cell in (cell for row in sheet.iter_rows() for cell in row):
                if cell.data_type == "f":
                    ref = getattr(cell.value, "ref", cell.coordinate)
                    left, top, right, bottom = range_boundaries(ref)
                    found |= {
                        (sheet.title, row, column)
                        for row in range(top, bottom + 1)
                        for column in range(left, right + 1)
                    }
        return found

    return places


@pytest.fixture
def command(monkeypatch, capfd):
    """Run the command in this process; return its exit code and both its streams."""

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["riskplugin", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit, match=r"\d") as left:
            main()
        said = capfd.readouterr()
        return left.value.code, said.out, said.err

    return command
