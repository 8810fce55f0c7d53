"""The benchmarks run; how fast is never tested."""

from tests.benchmarks.__main__ import main

TINY = ["--small", "--repeats", "1"]


def test_small_benchmarks_print_a_table(capfd):
    assert main([*TINY, "--only", "stress", "--only", "evidence"]) == 0
    head, *lines = capfd.readouterr().out.splitlines()
    assert head.split() == ["benchmark", "ours", "peer", "ratio", "bar", "verdict"]
    assert lines[0].startswith("stress / product, one core")
    assert lines[1].startswith("stress / product, all cores")
    assert lines[-1].startswith("evidence, CRPS / baseline's")
    assert "skipped" in lines[-1]
    assert "--data DIR" in lines[-1]


def test_pooling_runs_and_agrees_with_its_peers(capfd):
    assert main([*TINY, "--only", "pooling"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].startswith("entropy pooling / skfolio")
    assert lines[-1].startswith("entropy pooling, farthest from a peer's optimum")
    assert "met" in lines[-1]


def test_loading_runs(capfd):
    assert main([*TINY, "--only", "loading"]) == 0
    assert "load_desk, parquet / bare pandas" in capfd.readouterr().out


def test_excel_runs(capfd):
    assert main([*TINY, "--only", "excel"]) == 0
    out = capfd.readouterr().out
    assert "excel, book's name" in out
    assert "excel, range of 100 rows, first time" in out


def test_reverse_runs(capfd):
    assert main([*TINY, "--only", "reverse"]) == 0
    out = capfd.readouterr().out
    assert "reverse, memory, every book" in out
    assert "reverse with fit / vine" in out
