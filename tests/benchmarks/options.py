"""Option prices a second and their accuracy, QuantLib beside them on one core."""

from functools import partial

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.pricing.options import american_price, bsm_price
from tests.benchmarks.ratios import Line, in_turns, medians, peak_mebibytes
from tests.option_peers import (
    Options,
    quantlib_american,
    quantlib_european,
    random_options,
)

EUROPEAN_BAR, AMERICAN_BAR = 0.2, 5.0  # microseconds: 5 and 0.2 million a second
MEDIAN_BAR, WORST_BAR = 1e-4, 1e-2  # relative, of what is worth less than 1 absolute
EUROPEAN_WORST_BAR = 1e-10
GRID_BAR, MEMORY_BAR = 4_000.0, 1_024.0
MANY = 20  # times as many European options


def options(contracts: int, grid: tuple[int, int], repeats: int) -> list[Line]:
    """Compare prices of random listed options, and revalue a book of them.

    The peers' engines take an option at a time from Python; ours take arrays.

    Parameters
    ----------
    contracts : int
        With terms of their own each.
    grid : tuple of int
        Contracts of the book, and scenarios of spot, volatility and time together.
    repeats : int
    """
    chosen = random_options(contracts, seed=31)
    many = Options(*(np.tile(column, MANY) for column in chosen))
    took = medians(
        in_turns(
            {
                "european": one_blas_thread(partial(bsm_price, *many)),
                "american": one_blas_thread(partial(american_price, *chosen)),
                "quantlib european": partial(quantlib_european, chosen),
                "quantlib american": partial(quantlib_american, chosen, fast=True),
            },
            repeats,
        )
    )
    each = {name: 1e3 * spent / contracts for name, spent in took.items()}
    each["european"] /= MANY
    note = f"{contracts:,} contracts of their own; QuantLib's fast scheme"
    return [
        Line("options, European", each["european"], "us", each["quantlib european"]),
        Line("options, European", each["european"], "us", bar=EUROPEAN_BAR),
        Line(
            "options, American",
            each["american"],
            "us",
            each["quantlib american"],
            note=note,
        ),
        Line("options, American", each["american"], "us", bar=AMERICAN_BAR),
        *accuracy(chosen),
        *revaluation(grid, repeats),
    ]


def accuracy(chosen: Options) -> list[Line]:
    """Return how far prices are from QuantLib's, American ones by its accurate scheme.

    The peer's own figure is that of its fast scheme.
    """
    european = quantlib_european(chosen)
    exact = quantlib_american(chosen)
    off, peer = (
        np.abs(found - exact) / np.maximum(exact, 1.0)
        for found in (american_price(*chosen), quantlib_american(chosen, fast=True))
    )
    far = np.abs(bsm_price(*chosen) - european) / np.maximum(european, 1.0)
    median, worst = float(np.median(off)), float(off.max())
    fast = f"QuantLib's fast scheme {np.median(peer):.1e}, {peer.max():.1e}"
    return [
        Line("options, European, worst error", far.max(), "", bar=EUROPEAN_WORST_BAR),
        Line("options, American, median error", median, "", bar=MEDIAN_BAR, note=fast),
        Line("options, American, worst error", worst, "", bar=WORST_BAR),
    ]


def revaluation(grid: tuple[int, int], repeats: int) -> list[Line]:
    """Return what it takes to revalue a book of American options in full."""
    count, scenarios = grid
    rng = np.random.default_rng(37)
    book = random_options(count, seed=37, volatility=(0.3, 1.2))
    moves = rng.normal(-0.2, 0.3, (scenarios, 1))
    spot = book.spot * np.exp(moves)
    volatility = book.volatility * np.exp(-0.5 * moves)
    years = np.maximum(book.years - rng.uniform(0.0, 0.3, (scenarios, 1)), 0.0)
    stressed = book._replace(spot=spot, volatility=volatility, years=years)
    took = medians(
        in_turns(
            {
                "all": one_blas_thread(partial(american_price, *stressed)),
                "spot": one_blas_thread(
                    partial(american_price, *book._replace(spot=spot))
                ),
            },
            min(repeats, 3),
        )
    )
    shape = f"{count:,} American options x {scenarios:,} scenarios"
    lines = [
        Line("options, revalued", took["all"], "ms", bar=GRID_BAR, note=shape),
        Line("options, revalued, spot alone", took["spot"], "ms", bar=GRID_BAR),
    ]
    peak = peak_mebibytes()
    if peak is not None:
        lines.append(
            Line("options, peak memory", peak, "MiB", bar=MEMORY_BAR, note="process")
        )
    return lines
