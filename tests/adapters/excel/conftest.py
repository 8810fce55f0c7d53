"""A desk that loads fast: the sample desk on its last 400 days."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "samples"
LAST_DAYS = {"prices.csv": 400, "fx.csv": 4 * 400}


@pytest.fixture(scope="session")
def trimmed():
    """Return a function that writes the desk into a folder, and gives its file."""

    def write(folder, on_error="stop"):
        for name in ("positions.csv", "instruments.csv", "scenarios.toml"):
            (folder / name).write_bytes((SAMPLES / name).read_bytes())
        for name, rows in LAST_DAYS.items():
            header, *lines = (SAMPLES / name).read_text("utf-8").splitlines()
            (folder / name).write_text("\n".join([header, *lines[-rows:]]), "utf-8")
        lines = (SAMPLES / "desk.toml").read_text("utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("limits"))
        text = text.replace('on_error = "stop"', f'on_error = "{on_error}"')
        (folder / "desk.toml").write_text(text, "utf-8")
        return folder / "desk.toml"

    return write


@pytest.fixture(scope="session")
def trimmed_desk(trimmed, tmp_path_factory):
    """Return the desk file of a trimmed desk that nobody changes."""
    return trimmed(tmp_path_factory.mktemp("trimmed"))
