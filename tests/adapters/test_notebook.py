"""The portfolio manager's notebook runs, and is kept without outputs."""

import json
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
NOTEBOOK = SAMPLES / "portfolio_manager.ipynb"
SECONDS = 60  # of one cell; all of them take about ten
TABLES = 3
PICTURES = 6


def test_the_notebook_is_kept_without_outputs():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert 12 <= len(cells) <= 18
    for cell in code:
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_the_notebook_runs_and_shows_what_it_asks_for(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbformat = pytest.importorskip("nbformat")
    kernel_of_this_interpreter(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    package = SAMPLES.parent
    monkeypatch.setenv("PYTHONPATH", str(package))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="here",
        resources={"metadata": {"path": str(SAMPLES)}},
    )
    client.execute()
    shown = [
        output["data"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert sum("image/png" in data for data in shown) == PICTURES
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert len(pages) == TABLES
    assert all("\N{MINUS SIGN}" in page for page in pages)
    errors = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    assert errors == []


def kernel_of_this_interpreter(folder):
    """Describe a kernel that runs the interpreter of the tests."""
    home = folder / "kernels" / "here"
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "here", "language": "python"}
    (home / "kernel.json").write_text(json.dumps(described), "utf-8")
