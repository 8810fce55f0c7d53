"""Print how fast it is beside what others do with the same work.

    python -m tests.benchmarks [--only stress] [--data DIR]

Every figure is a median beside its peer's from the same process, in turns. Nothing
fails for being slow: the verdict is for the reader.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.batch import batch
from tests.benchmarks.cluster import cluster
from tests.benchmarks.contracts import contracts as engine_contracts
from tests.benchmarks.contributions import BookSize, Shape, contributions, measures
from tests.benchmarks.diagnosis import diagnose
from tests.benchmarks.excel_calls import excel
from tests.benchmarks.hedge_episodes import hedge_episodes
from tests.benchmarks.hedging import hedging
from tests.benchmarks.importing import start
from tests.benchmarks.judging import judge
from tests.benchmarks.leveraged import leveraged
from tests.benchmarks.limiting import limiting
from tests.benchmarks.loading import load
from tests.benchmarks.options import options
from tests.benchmarks.paths import paths
from tests.benchmarks.pooling import pool
from tests.benchmarks.ratios import Line, Skipped, rendered
from tests.benchmarks.replays import replays
from tests.benchmarks.reverse import reverse
from tests.benchmarks.stressing import stress
from tests.benchmarks.synthetic import Size
from tests.benchmarks.whatif import whatif

SMALL = Size(positions=300, scenarios=6, books=4, instruments=70, sessions=400)
Benchmark = Callable[[], list[Line | Skipped]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print the table; always 0."""
    given = parsed(arguments)
    chosen = benchmarks(given)
    unknown = sorted(set(given.only or ()) - set(chosen))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(chosen)}")
    lines: list[Line | Skipped] = []
    for name in given.only or chosen:
        sys.stderr.write(f"{name} …\n")
        lines += isolated(chosen[name])
    sys.stdout.write(rendered(lines))
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", help="a name, repeatable")
    parser.add_argument(
        "--data", type=Path, help="raw prices, for evidence, replays, doctor"
    )
    parser.add_argument(
        "--scorer",
        type=Path,
        help="the outside script that scores evidence; "
        "../evaluation/reversals.py beside --data by default",
    )
    parser.add_argument("--repeats", type=int, default=9, help="of each, 9 by default")
    parser.add_argument(
        "--relativistic",
        action="store_true",
        help="contributions: RLVaR beside riskfolio's too, a minute or two",
    )
    parser.add_argument(
        "--small", action="store_true", help="tiny sizes: shows only that it runs"
    )
    return parser.parse_args(arguments)


def benchmarks(given: argparse.Namespace) -> dict[str, Benchmark]:
    """Return all of them by name, at the size asked for."""
    repeats = given.repeats
    size = SMALL if given.small else Size()
    instruments, years = (5, 2) if given.small else (500, 25)
    positions = min(size.positions, 20_000)
    contracts, grid = (100, (5, 4)) if given.small else (10_000, (2_000, 500))
    walks = (20, 2) if given.small else (500, 25)
    pooled = 500 if given.small else 100_000
    lots, calls = (100, 20) if given.small else (5_000, 1_000)
    tails = Shape(12, 90) if given.small else Shape(1_000, 2_500)
    entropic = Shape(5, 90) if given.small else Shape(100, 1_000)
    book = BookSize(90, 12, 90, 3) if given.small else BookSize(5_000, 400, 2_500, 11)
    ten_years = replace(size, positions=20_000, sessions=2_610)
    night = replace(size, positions=60, books=2) if given.small else ten_years
    hedged = size if given.small else Size(5_000, 1_000, 20, 400, 2_010)
    menu, falls = (5, 6) if given.small else (30, 40)
    return {
        "import": partial(start, repeats),
        "stress": partial(stress, size, repeats),
        "reverse": partial(reverse, replace(size, positions=positions), repeats),
        "pooling": partial(pool, pooled, repeats),
        "paths": partial(paths, replace(size, positions=lots, books=20), repeats),
        "options": partial(options, contracts, grid, repeats),
        "contracts": partial(engine_contracts, *grid, repeats),
        "loading": partial(load, instruments, years, min(repeats, 3)),
        "excel": partial(excel, lots, calls),
        "evidence": partial(judge, given.data, given.scorer),
        "replays": partial(replays, given.data),
        "hedge_episodes": partial(hedge_episodes, given.data),
        "leveraged": partial(leveraged, given.data),
        "doctor": partial(diagnose, given.data, 2 if given.small else 1_000, *walks),
        "contributions": partial(
            contributions, tails, entropic, repeats, relativistic=given.relativistic
        ),
        "measures": partial(measures, book, repeats),
        "whatif": partial(
            whatif,
            replace(size, positions=lots, books=20),
            20 if given.small else 500,
            repeats,
        ),
        "limits": partial(limiting, replace(size, positions=lots, books=18), repeats),
        "hedging": partial(hedging, hedged, menu, falls, min(repeats, 3)),
        "batch": partial(batch, night, min(repeats, 3)),
        "cluster": partial(cluster, night, min(repeats, 3)),
    }


def isolated(benchmark: Benchmark) -> list[Line | Skipped]:
    """Run in a process of its own, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(benchmark).result()


if __name__ == "__main__":
    sys.exit(main())
