"""From one desk to another, one block of inputs at a time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from riskplugin._typing import Codes, Vector
from riskplugin.attribution.matching import matched
from riskplugin.book import FIGURES, Book
from riskplugin.desk import Desk, Settings
from riskplugin.errors import UsageError
from riskplugin.estimates import keep_models, model_of
from riskplugin.factors.series import series_of
from riskplugin.pricing.linear import market_value
from riskplugin.universe import Universe

CLOSED = "closed_positions"
CHANGED = "changed_positions"
PRICES = "prices"
FX = "fx"
INSTRUMENTS = "instruments"
LOADINGS = "loadings"
SCENARIOS = "scenarios"
SETTINGS = "settings"
NEW = "new_positions"
PARTS = (
    CLOSED,
    CHANGED,
    PRICES,
    FX,
    INSTRUMENTS,
    LOADINGS,
    SCENARIOS,
    SETTINGS,
    NEW,
)


def steps(before: Desk, after: Desk) -> Iterator[tuple[str, Desk]]:
    """Yield each part with the desk as it is once that part is that of `after`.

    The parts before it are those of `after` already, the others still of `before`.
    Closed positions go in the world they were held in; new ones come in theirs, last.
    So no instrument is ever put into a world that does not know it.

    Raises
    ------
    UsageError
        If the desks count in different money.
    """
    bases = before.settings.base_currency, after.settings.base_currency
    if bases[0] != bases[1]:
        raise UsageError(
            f"the runs are in {bases[0]} and {bases[1]}; run one in the other's money"
        )
    kept, theirs = matched(before.book, after.book)
    stayed, came = taken(before.book, kept), taken(after.book, theirs)
    yield CLOSED, holding(before, stayed)
    priced = replace(before, contracts=after.contracts)
    for part, book in revalued(before, stayed, came):
        yield part, holding(before if part == CHANGED else priced, book)
    for part, world in worlds(priced, after):
        yield part, holding(world, came)
    yield NEW, after


def revalued(before: Desk, stayed: Book, came: Book) -> Iterator[tuple[str, Book]]:
    """Yield the positions that stayed with quantities, prices and rates of `came`."""
    instrument = stayed.labels["instrument"]
    known = [before.universe.instruments[n].multiplier for n in instrument.names]
    multiplier = np.array(known, dtype=np.float64)[instrument.codes]

    def book(of: Book, price: Vector, fx_rate: Vector) -> Book:
        quantity = came.quantity
        scale = np.divide(
            quantity * fx_rate,
            of.quantity * of.fx_rate,
            out=np.zeros_like(quantity),
            where=of.quantity != 0,
        )
        return replace(
            stayed,
            quantity=quantity,
            price=price,
            fx_rate=fx_rate,
            market_value=market_value(quantity, price, multiplier, fx_rate),
            notional=of.notional * scale,
        )

    yield CHANGED, book(stayed, stayed.price, stayed.fx_rate)
    yield PRICES, book(came, came.price, stayed.fx_rate)
    yield FX, book(came, came.price, came.fx_rate)


def worlds(before: Desk, after: Desk) -> Iterator[tuple[str, Desk]]:
    """Yield the desk whose model, scenarios and settings count from each part on."""
    known = both(before.universe, after.universe)
    yield INSTRUMENTS, with_model(throughout(before, universe=known), before)
    moved = throughout(after, settings=before.settings)
    yield LOADINGS, with_model(replace(moved, scenarios=before.scenarios), after)
    yield SCENARIOS, with_model(moved, after)
    yield SETTINGS, after


def both(before: Universe, after: Universe) -> Universe:
    """Return `after` with what only `before` knows."""
    tiers = {tier.name for tier in after.tiers}
    gone = tuple(tier for tier in before.tiers if tier.name not in tiers)
    known = {**before.instruments, **after.instruments}
    return Universe(known, (*after.tiers, *gone), after.spoilt)


def throughout(
    desk: Desk, *, settings: Settings | None = None, universe: Universe | None = None
) -> Desk:
    """Return `desk`, and those it comes from, with other settings or universe."""
    origin = desk.origin
    if origin is not None:
        origin = throughout(origin, settings=settings, universe=universe)
    return replace(
        desk,
        settings=settings or desk.settings,
        universe=universe or desk.universe,
        origin=origin,
    )


def with_model(made: Desk, like: Desk) -> Desk:
    """Return `made`, which shares the model of `like` if it would have the same."""
    series, theirs = (series_of(desk, desk.as_of) for desk in (made, like))
    same = made.market is like.market and made.settings == like.settings
    if same and (series.known, series.currencies) == (theirs.known, theirs.currencies):
        keep_models([(made, model_of(like))])
    return made


def holding(desk: Desk, book: Book) -> Desk:
    """Return a desk that holds `book` in the market of `desk`, by its model."""
    return replace(desk, book=book, origin=desk)


def taken(book: Book, rows: Codes) -> Book:
    """Return rows of a book, in the order given."""
    labels = {
        key: replace(column, codes=column.codes[rows])
        for key, column in book.labels.items()
    }
    figures = {column: getattr(book, column)[rows] for column in FIGURES}
    return replace(book, labels=labels, locked_until=book.locked_until[rows], **figures)
