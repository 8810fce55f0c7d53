"""The benchmarks run; how fast is never tested."""

import pytest

from tests.benchmarks.__main__ import main

pytestmark = pytest.mark.long

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


def test_options_run(capfd):
    assert main([*TINY, "--only", "options"]) == 0
    out = capfd.readouterr().out
    assert "options, American, worst error" in out
    assert "5 American options x 4 scenarios" in out


def test_loading_runs(capfd):
    assert main([*TINY, "--only", "loading"]) == 0
    assert "load_desk, parquet / bare pandas" in capfd.readouterr().out


def test_paths_run(capfd):
    assert main([*TINY, "--only", "paths"]) == 0
    out = capfd.readouterr().out
    assert "paths by tier" in out
    assert "paths by book and tier" in out
    assert "sessions of 8 scenarios" in out


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


def test_replays_say_what_they_need(capfd):
    assert main([*TINY, "--only", "replays"]) == 0
    out = capfd.readouterr().out
    assert "replays, off a calculation from the files" in out
    assert "skipped" in out
    assert "--data DIR" in out


def test_contributions_and_measures_run(capfd):
    chosen = ["--only", "contributions", "--only", "measures", "--relativistic"]
    assert main([*TINY, *chosen]) == 0
    out = capfd.readouterr().out
    assert "CDaR contributions, apart" in out
    assert "RLVaR, one series" in out
    assert "18 measures by group" in out
    assert "skipped" not in out


def test_unknown_name_lists_those_there_are():
    with pytest.raises(SystemExit, match="no benchmark strees; there are import"):
        main([*TINY, "--only", "strees"])


def test_batch_runs(capfd):
    assert main([*TINY, "--only", "batch"]) == 0
    out = capfd.readouterr().out
    assert "batch, 2 processes: twice the books / these" in out


def test_contracts_run_through_the_engine(capfd):
    assert main([*TINY, "--only", "contracts", "--only", "leveraged"]) == 0
    out = capfd.readouterr().out
    assert "5 American options x 4 scenarios, with bands" in out
    assert "leveraged, SOXL on SOXX, worst" in out
    assert "--data DIR" in out


def test_limits_run(capfd):
    assert main([*TINY, "--only", "limits"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].startswith("limits")
    assert "limits, 100 positions" in lines[1]


def test_hedging_runs_and_says_what_evidence_needs(capfd):
    only = ["--only", "hedging", "--only", "hedge_episodes"]
    assert main([*TINY, *only]) == 0
    out = capfd.readouterr().out
    assert "hedge, 5 instruments x" in out
    assert "hedges before past falls" in out
    assert "skipped" in out
