"""Evidence: what the model would have said before each past reversal, and what came.

Every prediction comes from the functions behind `shocks` and `stress`, with a model
that was fitted on nothing later than the episode's first day. The core is the driver's
own realised move, so what is judged is how it spreads, not whether it was foreseen.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Vector
from riskplugin.book import KEYS, Book, Labels, grouped
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, UsageError, did_you_mean
from riskplugin.factors.drivers import (
    DriverHistory,
    driver_history,
    falls,
    priced_baskets,
)
from riskplugin.factors.model import FactorModel, fit
from riskplugin.factors.series import currencies_of, series_of
from riskplugin.results import Evidence, Table, evidence_table, table
from riskplugin.returns import panel
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scoring import (
    ALL_NAMES,
    DriverMove,
    Judged,
    calibration_table,
    summaries,
    tier_table,
)
from riskplugin.stressing.bands import name_band
from riskplugin.stressing.engine import stress_groups
from riskplugin.stressing.shock import ShockGrid, shock_grid

FEWEST_IN_A_BOOK = 2


@one_blas_thread
def evidence(
    desk: Desk,
    driver: str,
    episodes: Iterable[tuple[object, object]] | None,
    threshold: float,
    confidence: float,
) -> Evidence:
    """Predict every episode from before it and set it beside what came.

    Raises
    ------
    UsageError
        If the driver is none of the desk's, or an episode's dates cannot be used.
    ModelError
        If no episode has enough history before it.
    """
    history = full_history(desk, driver)
    dated = (
        found_episodes(history, driver, threshold)
        if episodes is None
        else [episode_between(history, driver, s, e) for s, e in episodes]
    )
    judged = [j for e in dated if (j := judge(desk, driver, e, confidence)) is not None]
    if not judged:
        msg = f"no reversal of {driver!r} has enough history before it to fit a model"
        raise ModelError(msg)
    return evidence_table(
        name_table(desk, judged),
        books=book_table(desk, judged),
        summary=summaries(desk, judged, confidence),
        by_tier=tier_table(desk, judged, confidence),
        calibration=calibration_table(desk, judged, confidence),
    )


def full_history(desk: Desk, driver: str) -> DriverHistory:
    """Return the driver's levels over all history."""
    baskets = priced_baskets(desk.market.priced(desk.as_of), desk.settings.drivers)
    if driver not in baskets:
        hint = did_you_mean(driver, baskets)
        raise UsageError(f"driver {driver!r} is unknown or has no prices; {hint}")
    currency_of = currencies_of(series_of(desk, desk.as_of))
    only = {driver: baskets[driver]}
    return driver_history(desk.market, desk.as_of, only, currency_of)


def found_episodes(
    history: DriverHistory, driver: str, threshold: float
) -> list[DriverMove]:
    """Return the falls of at least `threshold` (simple), peak to trough, in order.

    The last one counts even if its trough is not confirmed yet.
    """
    if not 0 < threshold < 1:
        raise UsageError(f"threshold is {threshold}, a fall between 0 and 1 is needed")
    found = falls(history.of(driver), threshold)
    return [episode_of(history, driver, peak, trough) for peak, trough in found]


def episode_of(history: DriverHistory, driver: str, start: int, end: int) -> DriverMove:
    """Return the episode between two rows of the history."""
    level = history.of(driver)
    move = float(level[end] - level[start])
    return DriverMove(history.dates[start], history.dates[end], end - start, move)


def episode_between(
    history: DriverHistory, driver: str, start: object, end: object
) -> DriverMove:
    """Return the episode between two dates, each at or after the row before it."""
    rows = []
    for day in (start, end):
        try:
            when = np.datetime64(str(day)[:10], "D")
        except ValueError as error:
            raise UsageError(f"{day!r} is no date; write 2024-06-19") from error
        rows.append(int(np.searchsorted(history.dates, when, side="right")) - 1)
    if not 0 <= rows[0] < rows[1]:
        raise UsageError(f"the episode {start} to {end} lies outside the prices")
    return episode_of(history, driver, rows[0], rows[1])


def judge(
    desk: Desk, driver: str, episode: DriverMove, confidence: float
) -> Judged | None:
    """Predict one episode; None if the driver had too little history before it."""
    model = fit(desk, episode.start)
    if driver not in model.drivers:
        return None
    grid = episode_grid(desk, model, driver, episode)
    low, high = name_band(grid, confidence)
    predicted, realised = np.expm1(grid.total[0]), realised_moves(desk, model, episode)
    rows = np.flatnonzero(~np.isnan(predicted + realised))
    members = model.members[model.drivers.index(driver)]
    member = np.isin(np.array(model.instruments)[rows], members)
    return Judged(
        episode,
        tuple(model.instruments[int(i)] for i in rows),
        tuple(model.tiers[int(i)] for i in rows),
        predicted[rows],
        low[0][rows],
        high[0][rows],
        realised[rows],
        tuple(model.provenance[int(i)] for i in rows),
        member,
        judged_books(grid, rows[~member], realised, confidence),
    )


def episode_grid(
    desk: Desk, model: FactorModel, driver: str, episode: DriverMove
) -> ShockGrid:
    """Return the shocks that the driver's realised move implies."""
    scenario = Scenario(
        name="episode",
        core={driver: float(np.expm1(episode.move))},
        horizon_sessions=episode.sessions,
    )
    return shock_grid(ScenarioSet((scenario,)), model, desk.universe)


def realised_moves(desk: Desk, model: FactorModel, episode: DriverMove) -> Vector:
    """Return what each instrument did in base currency, simple, shape (N,)."""
    ends = []
    for day in (episode.start, episode.end):
        prices = panel(desk.market, day, model.instruments, 1)
        usd = dict(zip(prices.currencies, prices.log_usd[-1], strict=True))
        usd["USD"] = 0.0
        base = usd.get(model.currencies[0], np.nan)
        rates = [usd.get(c, np.nan) - base for c in model.currencies]
        ends.append(prices.log_price[-1] + np.array([0.0, *rates[1:]])[model.currency])
    moved: Vector = np.expm1(ends[1] - ends[0])
    return moved


def judged_books(
    grid: ShockGrid, rows: Codes, realised: Vector, confidence: float
) -> dict[str, tuple[float, float, float, float, int]]:
    """Return predicted, low, high, realised and size of equal-weight books.

    One of all names, one a tier; returns of the book, simple. Predicted by the function
    behind `stress`.
    """
    model = grid.model
    books: dict[str, list[int]] = {ALL_NAMES: [int(r) for r in rows]}
    for row in rows:
        books.setdefault(model.tiers[int(row)], []).append(int(row))
    held = {b: names for b, names in books.items() if len(names) >= FEWEST_IN_A_BOOK}
    if not held:
        return {}
    book = equal_weight(model, held)
    grouping = grouped(book, ("book",))
    done = stress_groups(book, grouping, grid, confidence, 0.0)
    return {
        name: (
            float(done.pnl[g, 0]),
            float(done.low[g, 0]),
            float(done.high[g, 0]),
            float(realised[held[name]].mean()),
            len(held[name]),
        )
        for g, name in enumerate(grouping.keys["book"])
    }


def equal_weight(model: FactorModel, books: Mapping[str, Sequence[int]]) -> Book:
    """Return books of value one, in equal parts of the instruments in `books`."""
    rows = [row for names in books.values() for row in names]
    label = [book for book, names in books.items() for _ in names]
    value = np.array([1 / len(books[book]) for book in label])
    blank = Labels.of([""] * len(rows))
    labels = dict.fromkeys(KEYS, blank)
    labels["book"] = Labels.of(label, books)
    labels["instrument"] = Labels.of([model.instruments[row] for row in rows])
    one = np.ones(len(rows))
    return Book(labels, value, one, one, value, np.full(len(rows), np.nan))


def name_table(desk: Desk, judged: Sequence[Judged]) -> Table:
    """Return every prediction beside what came."""
    columns: dict[str, list[object]] = {
        "start": [str(j.episode.start) for j in judged for _ in j.instruments],
        "end": [str(j.episode.end) for j in judged for _ in j.instruments],
        "instrument": [name for j in judged for name in j.instruments],
        "tier": [tier for j in judged for tier in j.tiers],
    }
    figures = {
        name: np.concatenate([getattr(j, name) for j in judged])
        for name in ("predicted", "low", "high", "realised")
    }
    provenance = [p for j in judged for p in j.provenance]
    member = np.concatenate([j.member for j in judged])
    rest = {"provenance": provenance, "in_basket": member}
    return table("evidence", desk.as_of, {**columns, **figures, **rest})


def book_table(desk: Desk, judged: Sequence[Judged]) -> Table:
    """Return every equal-weight book beside what came."""
    rows = [(j.episode, name, *row) for j in judged for name, row in j.books.items()]
    columns = {
        "start": [str(r[0].start) for r in rows],
        "end": [str(r[0].end) for r in rows],
        "portfolio": [r[1] for r in rows],
        "names": [r[6] for r in rows],
        "predicted": [r[2] for r in rows],
        "low": [r[3] for r in rows],
        "high": [r[4] for r in rows],
        "realised": [r[5] for r in rows],
    }
    return table("evidence_books", desk.as_of, columns)
