"""Reverse stress of every book, beside a vine fitted and conditioned once."""

import warnings

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin.factors.model import fit
from riskplugin.pipeline import model_of
from riskplugin.returns import over_sessions, panel
from riskplugin.tables.reverse import question, reverse_table, worst_table
from tests.benchmarks import synthetic
from tests.benchmarks.ratios import Line, in_turns, medians

BAR = 5_000.0  # milliseconds
SHARE = 0.1  # of a book's gross, that it is asked to lose
NAMES, SAMPLES, FALL = 20, 5_000, -0.10


def reverse(size: synthetic.Size, repeats: int) -> list[Line]:
    """Time the question *which memory move loses so much* for every book at once.

    The peer, skfolio's vine copula, answers less: it is fitted to few names and says
    what they do in one window of one given memory move, from which a search would have
    to start. Both are timed with the fit.
    """
    desk = synthetic.desk(size)
    model = model_of(desk)
    books = len(desk.book.labels["book"].names)
    loss = SHARE * float(np.abs(desk.book.market_value).sum()) / books
    one = question(model, "memory", "book", None, None)
    every = question(model, None, "book", None, None)
    jobs = {
        "one": lambda: reverse_table(desk, model, one, loss),
        "fit": lambda: reverse_table(desk, fit(desk), one, loss),
        "all": lambda: reverse_table(desk, model, every, loss),
        "worst": lambda: worst_table(desk, model, every, 2.5),
        "vine": vine_of(desk),
    }
    took = medians(in_turns(jobs, min(repeats, 3)))
    shape = f"{books} books, {len(desk.book):,} positions"
    against = f"fit and {SAMPLES:,} samples of {NAMES} names given one memory move"
    return [
        Line("reverse, memory, every book", took["one"], "ms", bar=BAR, note=shape),
        Line("reverse with fit / vine", took["fit"], "ms", took["vine"], note=against),
        Line("reverse, all drivers, every book", took["all"], "ms", note=shape),
        Line("worst case, all drivers, every book", took["worst"], "ms", note=shape),
    ]


def vine_of(desk: object) -> object:
    """Return the peer's job: fit to a week's returns, then condition on the first."""
    from skfolio.distribution import VineCopula  # noqa: PLC0415 - seconds, for it alone

    known = [*desk.settings.drivers["memory"][:1]]
    held = [n for n in desk.book.labels["instrument"].names if n not in known]
    names = [*known, *held[: NAMES - 1]]
    prices = panel(desk.market, desk.as_of, names).log_price
    returns = np.expm1(over_sessions(prices, 5)[::5])
    returns = returns[~np.isnan(returns).any(axis=1)]

    @one_blas_thread
    def job() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            vine = VineCopula(central_assets=[0], random_state=0, n_jobs=1)
            vine.fit(returns)
            return vine.sample(n_samples=SAMPLES, conditioning={0: FALL})

    return job
