"""Replay: what a dated episode of history would do to what is held today.

For each instrument the first that is known:

1. ``own``: its own closes on both ends;
2. ``loadings``: today's loadings x what the drivers did. A driver's basket is what has
   closes on both ends; a driver of which that is not more than half (Bitcoin alone is
   not the basket of Bitcoin and Ether) takes its conditional mean given the others
   (`complete`), never zero;
3. ``episode_table``: what a table of the episode says of it, else the median of what it
   says of its tier if that is of three names or more (Bitcoin alone does not stand for
   its tier), in USD;
4. ``unknown``: NaN, reported.

Currencies likewise: own rates, else their loadings; one that is held still in every
stress (``assumed``) is held still. What has a price of its own and no rate is not own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from scipy.sparse import coo_array

from riskplugin._typing import Codes, Dates, Flags, Matrix, Vector
from riskplugin.book import Book, Grouping
from riskplugin.contracts import Contracts, joined
from riskplugin.episodes import Episode, Record
from riskplugin.errors import ModelError, listing
from riskplugin.factors.drivers import carried
from riskplugin.factors.model import FactorModel
from riskplugin.factors.propagation import complete, weighted_sum
from riskplugin.factors.standins import ASSUMED, OWN
from riskplugin.market import Market
from riskplugin.pricing.contracts import Moves, closed_value, revalue
from riskplugin.pricing.linear import Kind
from riskplugin.returns import Panel, panel_between
from riskplugin.scenarios.definition import Scenario
from riskplugin.stressing.liquidation import (
    Margined,
    closing_sessions,
    labels_of,
)
from riskplugin.universe import Universe

LOADINGS, TABLE, UNKNOWN = "loadings", "episode_table", "unknown"
SOURCES = (OWN, LOADINGS, TABLE, UNKNOWN)
FX_SOURCES = (OWN, LOADINGS, ASSUMED, UNKNOWN, TABLE)
MOST = 0.5  # of a basket, to speak for it
FEWEST_NAMES = 3  # of a tier in a table, for their median to stand for another


@dataclass(frozen=True, eq=False, slots=True)
class Replay:
    """What an episode did to N instruments and J drivers, session by session.

    Log moves from the close of the first of T days, whose row is 0; NaN throughout
    where nothing is known.

    Attributes
    ----------
    episode : Episode
    contracts : Contracts of N rows
    dates : ndarray of datetime64[D], shape (T,)
    drivers : ndarray of shape (T, J)
        Of the baskets, USD.
    baskets : tuple of J tuples of str
        The members that had closes on both ends.
    given : ndarray of bool, shape (J,)
        Whether these are most of the basket; else the move follows the others.
    local : ndarray of shape (T, N)
        Of the price, own currency. A gap is carried; from a table, which has the ends
        alone, a straight line.
    fx : ndarray of shape (T, N)
        Of the instrument's currency against the base currency; 0 where it is within
        what the table says of the instrument.
    source : ndarray of int, shape (N,)
        Place in `SOURCES`.
    fx_source : ndarray of int, shape (N,)
        Place in `FX_SOURCES`.
    """

    episode: Episode
    contracts: Contracts
    dates: Dates
    drivers: Matrix
    baskets: tuple[tuple[str, ...], ...]
    given: Flags
    local: Matrix
    fx: Matrix
    source: Codes
    fx_source: Codes

    def growth(self, days: slice = slice(None)) -> Matrix:
        """Return the P&L per unit of reference value by full revaluation, (T, N).

        What is closed on a day stays closed, wherever its price goes then.
        """
        passed = np.arange(len(self.dates), dtype=np.float64)
        moves = Moves.within(self.local[days], self.fx[days], passed[days])
        unit = revalue(self.contracts, moves)
        rows = np.flatnonzero(self.contracts.margined)
        if len(rows):
            own = self.contracts.at(rows)
            shut = passed[days, None] >= closing_sessions(own, self.local[:, rows])
            lost = closed_value(own, moves.at(rows))
            unit[:, rows] = np.where(shut, lost, unit[:, rows])
        return unit

    def over(self, contracts: Contracts, columns: Codes) -> "Replay":
        """Return the replay of `contracts`, which move as `columns` of these."""
        of_names = ("local", "fx", "source", "fx_source")
        changed = {n: getattr(self, n)[..., columns] for n in of_names}
        return replace(self, contracts=contracts, **changed)

    def by_position(self, found: Margined) -> "Replay":
        """Return it with columns of their own for positions that are closed."""
        terms = replace(found.terms, instruments=labels_of(found))
        columns = np.concatenate([np.arange(len(self.contracts)), found.name])
        return self.over(joined(self.contracts, terms), columns)


def replayed(
    episode: Episode, market: Market, model: FactorModel, universe: Universe
) -> Replay:
    """Return what `episode` did to every instrument that `model` knows."""
    members = [m for basket in model.history.members for m in basket]
    names = tuple(dict.fromkeys((*model.instruments, *members)))
    prices = panel_between(market, episode.start, episode.end, names)
    own, usd = own_moves(prices, universe), usd_moves(prices)
    baskets, given, drivers = driver_moves(names, own, usd, model, universe)
    count = len(model.instruments)
    fx, fx_source = currency_moves(usd, drivers, model)
    table = np.log1p(table_moves(episode, model, universe))
    base = usd.get(model.currencies[0], np.full(len(own), np.nan))
    converted = base[:, None] + np.nan_to_num(fx)
    options = (
        np.where(np.isnan(fx), np.nan, own[:, :count]),
        np.where(np.isnan(fx), np.nan, by_loadings(drivers, model.loadings[:count])),
        straight(table, len(own)) - converted,
    )
    local, source = first_known(options)
    local, source = local[:, model.source], source[model.source]
    within = (source == SOURCES.index(TABLE)) & (fx_source == FX_SOURCES.index(UNKNOWN))
    return Replay(
        episode=episode,
        contracts=model.contracts,
        dates=prices.dates,
        drivers=drivers,
        baskets=baskets,
        given=given,
        local=local,
        fx=np.where(within, 0.0, fx),
        source=source,
        fx_source=np.where(within, FX_SOURCES.index(TABLE), fx_source),
    )


def own_moves(prices: Panel, universe: Universe) -> Matrix:
    """Return the moves of `prices` from their first row; cash does not move."""
    moves = from_first(prices.log_price)
    cash = [universe.instruments[n].kind == Kind.CASH for n in prices.instruments]
    moves[:, np.array(cash, dtype=bool)] = 0.0
    return moves


def from_first(log: Matrix) -> Matrix:
    """Return ``log - log[0]`` with gaps carried, NaN for columns without both ends."""
    whole = ~np.isnan(log[0]) & ~np.isnan(log[-1])
    moves: Matrix = np.where(whole, carried(log) - log[0], np.nan)
    return moves


def usd_moves(prices: Panel) -> dict[str, Vector]:
    """Return the moves of each currency's value in USD, (T,); NaN where unknown."""
    moves = from_first(prices.log_usd)
    found = {c: moves[:, i] for i, c in enumerate(prices.currencies)}
    return found | {"USD": np.zeros(len(prices.dates))}


def driver_moves(
    names: Sequence[str],
    own: Matrix,
    usd: Mapping[str, Vector],
    model: FactorModel,
    universe: Universe,
) -> tuple[tuple[tuple[str, ...], ...], Flags, Matrix]:
    """Return what each basket held, whether it speaks for its driver, and the moves.

    In USD, (T, J): the mean of the members with closes on both ends. A driver of which
    these are not most follows the others; all are NaN if none speaks.
    """
    unknown = np.full(len(own), np.nan)
    alone = {
        name: own[:, i] + usd.get(universe.instruments[name].currency, unknown)
        for i, name in enumerate(names)
    }
    whole = dict(zip(model.history.names, model.history.members, strict=True))
    baskets = tuple(
        tuple(member for member in whole[d] if not np.isnan(alone[member][-1]))
        for d in model.drivers
    )
    enough = [
        len(basket) > MOST * len(whole[d])
        for d, basket in zip(model.drivers, baskets, strict=True)
    ]
    given = np.array(enough, dtype=bool)
    moves = np.full((len(own), len(baskets)), np.nan)
    for j in np.flatnonzero(given):
        moves[:, j] = np.mean([alone[member] for member in baskets[j]], axis=0)
    if given.any():
        core = np.tile(given, (len(own), 1))
        moves, _ = complete(model.covariance, core, np.nan_to_num(moves))
    return baskets, given, moves


def by_loadings(drivers: Matrix, loadings: Matrix) -> Matrix:
    """Return ``drivers @ loadings.T``, (T, N); NaN where nothing is known of either."""
    if not drivers.shape[1]:
        return np.full((len(drivers), len(loadings)), np.nan)
    return weighted_sum(drivers, loadings)


def currency_moves(
    usd: Mapping[str, Vector], drivers: Matrix, model: FactorModel
) -> tuple[Matrix, Codes]:
    """Return moves against the base currency by instrument, (T, N), and their source.

    A source is a place in `FX_SOURCES`.
    """
    count, base = len(model.instruments), model.currencies[0]
    unknown = np.full(len(drivers), np.nan)
    own = np.array([usd.get(c, unknown) for c in model.currencies]).T
    own -= usd.get(base, unknown)[:, None]
    own[:, 0] = 0.0
    assumed = np.array([p == ASSUMED for p in model.provenance[count:]])
    estimated = by_loadings(drivers, model.loadings[count:])
    moves, source = first_known(
        (
            own,
            np.where(assumed, np.nan, estimated),
            np.where(assumed, 0.0, np.full_like(own, np.nan)),
        )
    )
    return moves[:, model.currency], source[model.currency]


def first_known(options: Sequence[Matrix]) -> tuple[Matrix, Codes]:
    """Return per column the first of K `options` (T, N) that is known at the end.

    With its place, which is K and the column NaN where none is.
    """
    stack = np.stack([*options, np.full_like(options[0], np.nan)])
    known = ~np.isnan(stack[:, -1])
    known[-1] = True
    place: Codes = np.argmax(known, axis=0).astype(np.int64)
    return stack[place, :, np.arange(stack.shape[2])].T, place


def straight(ends: Vector, rows: int) -> Matrix:
    """Return straight lines from 0 to `ends` (N,) over so many rows."""
    line: Matrix = np.linspace(0.0, 1.0, rows)[:, None] * ends
    return line


def table_moves(episode: Episode, model: FactorModel, universe: Universe) -> Vector:
    """Return what the table of the episode says of each instrument, (N,).

    Simple return in USD: of the instrument itself, else the median of what it says of
    names of its tier, at least `FEWEST_NAMES` of them, tiers being those of `universe`;
    NaN where it says nothing, or too little of the tier.
    """
    itself = {universe.resolve(r.instrument): r.move for r in episode.records}
    tiers: dict[str, list[float]] = {}
    for record in episode.records:
        tiers.setdefault(tier_of(record, universe), []).append(record.move)
    typical = {
        tier: median(moves)
        for tier, moves in tiers.items()
        if len(moves) >= FEWEST_NAMES
    }
    found = [
        itself.get(name, typical.get(tier, np.nan))
        for name, tier in zip(model.instruments, model.tiers, strict=True)
    ]
    return np.array(found, dtype=np.float64)


def tier_of(record: Record, universe: Universe) -> str:
    """Return the tier on which the desk sees the instrument of a record."""
    known = universe.instruments.get(universe.resolve(record.instrument))
    return record.tier if known is None else known.tier


# --- money ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What an episode did to G groups, base currency, each of shape (G,).

    ``pnl = direct + propagated``: of own closes and the table, and through loadings;
    NaN where nothing in the group is known. The rest is gross market value by source,
    and adds up to the gross of the group.
    """

    pnl: Vector
    direct: Vector
    propagated: Vector
    covered_own: Vector
    covered_loadings: Vector
    covered_table: Vector
    uncovered: Vector


def outcome(book: Book, grouping: Grouping, replay: Replay, rows: Codes) -> Outcome:
    """Return what `replay` does to every group of `book`.

    `rows` (P,) is the instrument of each position in the replay.
    """
    source = replay.source[rows]
    end = replay.growth(slice(-1, None))[0]
    pnl = book.reference_value * np.nan_to_num(end)[rows]
    through = source == SOURCES.index(LOADINGS)
    gross = [
        grouping.total(np.abs(book.market_value) * (source == s))
        for s in range(len(SOURCES))
    ]
    nothing = grouping.total((source != SOURCES.index(UNKNOWN)).astype(float)) == 0
    direct, propagated = (
        np.where(nothing, np.nan, grouping.total(pnl * part))
        for part in (~through, through)
    )
    return Outcome(direct + propagated, direct, propagated, *gross)


def pnl_path(book: Book, grouping: Grouping, replay: Replay, rows: Codes) -> Matrix:
    """Return the P&L of every group of `book` by session, (T, G), 0 on the first.

    Of what is known; NaN where nothing in the group is.
    """
    growth = replay.growth()
    known = replay.source != SOURCES.index(UNKNOWN)
    shape = (len(grouping), len(known))
    where = (grouping.codes, rows)
    value = coo_array((book.reference_value, where), shape).tocsr()
    held = coo_array((np.ones(len(rows)), where), shape).tocsr()
    path = np.array((value @ np.nan_to_num(growth).T).T)
    path[:, (held @ known.astype(float)) == 0] = np.nan
    return path


# --- as a scenario -------------------------------------------------------------------


def as_scenario(replay: Replay, model: FactorModel, held: Codes) -> Scenario:
    """Return the scenario that does to the instruments `held` what `replay` did.

    What drivers did is its core; what has closes or a table of its own it names, and
    the currencies with rates; the rest is propagated, with its band.

    Raises
    ------
    ModelError
        If no driver has closes in the episode, or nothing is known of what is held: a
        scenario would leave it still.
    """
    episode = replay.episode
    unknown = held[replay.source[held] == SOURCES.index(UNKNOWN)]
    if not replay.given.any() or len(unknown):
        names = listing(model.instruments[int(i)] for i in unknown)
        what = f"of {names}" if names else "of any driver"
        msg = f"{episode.name} cannot be a scenario: nothing is known {what} in it; "
        raise ModelError(msg + "give prices from its first day to its last")
    ends = np.expm1(np.stack([replay.local[-1], replay.fx[-1]]))
    names_itself = replay.source != SOURCES.index(LOADINGS)
    own = model.source == np.arange(len(model.source))
    named = np.flatnonzero(own & names_itself & ~np.isnan(ends[0]))
    rated = np.flatnonzero((replay.fx_source == 0) & (model.currency != 0))
    days = f"{episode.start} to {episode.end}"
    return Scenario(
        name=episode.name,
        family="replay",
        severity="what happened",
        description=f"{episode.title or 'The episode'}, {days}, again.",
        sources=("the desk's own closes", "closes of public record where it has none"),
        horizon_sessions=episode.sessions,
        core={
            driver: float(np.expm1(replay.drivers[-1, j]))
            for j, driver in enumerate(model.drivers)
            if replay.given[j]
        },
        instruments={model.instruments[int(i)]: float(ends[0, i]) for i in named},
        fx={model.currencies[int(model.currency[i])]: float(ends[1, i]) for i in rated},
    )
