"""What the what-ifs of a desk share: its model, and its scenarios revalued once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from weakref import WeakKeyDictionary

import numpy as np
from cachetools import LRUCache

from riskplugin import estimates
from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Vector
from riskplugin.book import Book, Grouping, grouped
from riskplugin.contracts import Contracts
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.inputs.units import Tradable
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.engine import Stressed
from riskplugin.stressing.regimes import Part, parts, stress_parts
from riskplugin.stressing.revaluing import Lots, Ready, ready, revalued
from riskplugin.trading.books import Turn, turn_of
from riskplugin.trading.orders import Change, Place

KEPT = 8  # sets of scenarios, and of instruments that a desk does not hold


@dataclass(frozen=True, eq=False, slots=True)
class Scenes:
    """Scenarios resolved against a model, and revalued for every name.

    `base` keeps the stress of the book as it is, by its keys.
    """

    scenarios: ScenarioSet
    confidence: float
    parts: tuple[Part, ...]
    ready: tuple[Ready, ...]
    base: dict[tuple[str, ...], tuple[Codes, Stressed]] = field(default_factory=dict)

    def before(self, desk: Desk, grouping: Grouping, keys: tuple[str, ...]) -> Stressed:
        """Return the stress of the book of `desk` in groups of more rows; 0 of others.

        Computed once by its keys.
        """
        if keys not in self.base:
            own = grouped(desk.book, keys)
            share = desk.settings.unwind_share
            found = stress_parts(desk.book, own, self.parts, self.confidence, share)
            self.base[keys] = own.codes, found
        codes, found = self.base[keys]
        place = np.full(len(grouping), -1)
        place[grouping.codes[: len(codes)]] = codes
        there = place >= 0
        shape = (len(fields(Stressed)), len(grouping), len(self.scenarios))
        whole = Stressed(*np.zeros(shape))
        for f in fields(Stressed):
            getattr(whole, f.name)[there] = getattr(found, f.name)[place[there]]
        return whole

    def whole(self, desk: Desk) -> Vector:
        """Return the P&L of the whole book of `desk` in every scenario, (S,)."""
        everything = grouped(desk.book, ())
        pnl: Vector = self.before(desk, everything, ()).pnl[0]
        return pnl

    def stressed(self, lots: Sequence[Lots], groups: int) -> Stressed:
        """Return the stress of groups of positions, a `Lots` per part."""
        shape = (len(fields(Stressed)), groups, len(self.scenarios))
        whole = Stressed(*np.zeros(shape))
        for part, own, some in zip(self.parts, self.ready, lots, strict=True):
            found = revalued(own, some, groups)
            for f in fields(Stressed):
                getattr(whole, f.name)[:, part.rows] = getattr(found, f.name)
        return whole


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """A model that knows all that is held and traded.

    Attributes
    ----------
    book : Book
        The desk's, then a lot of nothing of each instrument that its model lacks.
    model : FactorModel
    contracts : Contracts
        Those of the desk, and those of what is traded beside.
    row : Mapping of str to int
        Of each instrument in the model.
    scenes : LRUCache
        By scenarios and level of the bands.
    """

    book: Book
    model: FactorModel
    contracts: Contracts
    row: dict[str, int]
    scenes: LRUCache[tuple[object, ...], Scenes]

    def desk(self, desk: Desk, book: Book) -> Desk:
        """Return a desk that holds `book` in the market of `desk`."""
        made = replace(desk, book=book, contracts=self.contracts, origin=desk)
        estimates.keep_models([(made, self.model)])
        return made

    def names(self, turn: Turn, held: Codes) -> Codes:
        """Return the name of each row of a turn, (P + L,); `held` of those before."""
        instrument = turn.after.labels["instrument"]
        count = len(turn.after) - turn.added
        new = [self.row[instrument.names[int(c)]] for c in instrument.codes[count:]]
        return np.concatenate([held[:count], np.array(new, dtype=np.int64)])

    def scenes_of(
        self, desk: Desk, scenarios: ScenarioSet, confidence: float
    ) -> Scenes:
        """Return scenarios resolved and revalued, once for as long as it is kept."""
        key = (confidence, *map(id, scenarios))  # kept alive by what is kept
        if key not in self.scenes:
            resolved = parts(scenarios, self.model, desk.universe)
            of = tuple(ready(self.book, part.grid, confidence) for part in resolved)
            self.scenes[key] = Scenes(scenarios, confidence, resolved, of)
        found: Scenes = self.scenes[key]
        return found

    def stressed(
        self, desk: Desk, turn: Turn, scenes: Scenes, keys: tuple[str, ...]
    ) -> tuple[Grouping, Stressed, Stressed]:
        """Return groups of a turn, and their stress before and after it.

        Groups that hold nothing that is traded are as they were, to the last bit.
        """
        grouping = grouped(turn.before, keys)
        before = scenes.before(desk, grouping, keys)
        after = Stressed(*(getattr(before, f.name).copy() for f in fields(Stressed)))
        moved = np.unique(grouping.codes[turn.touched])
        rows = turn.kept & np.isin(grouping.codes, moved)
        groups = np.searchsorted(moved, grouping.codes)
        share = desk.settings.unwind_share
        lots = [
            Lots.of(turn.after, groups, self.names(turn, of.names), share).only(rows)
            for of in scenes.ready
        ]
        found = scenes.stressed(lots, len(moved))
        for f in fields(Stressed):
            getattr(after, f.name)[moved] = getattr(found, f.name)
        return grouping, before, after


_standing: WeakKeyDictionary[Desk, LRUCache[tuple[str, ...], Standing]] = (
    WeakKeyDictionary()
)


@one_blas_thread
def standing_of(desk: Desk, names: Iterable[str], known: Tradable) -> Standing:
    """Return the model for a desk that trades `names`: its own if that knows them."""
    model, book = estimates.model_of(desk), desk.book
    there = set(model.instruments)
    lacking = {n for n in names if n not in there or n in known.contracts}
    key = tuple(sorted(lacking))
    kept = _standing.setdefault(desk, LRUCache(KEPT))
    if key not in kept:
        contracts = known.beside(desk.contracts, key)
        if key:
            book = with_nothing_of(desk, key, known)
            wide = replace(desk, book=book, contracts=contracts, origin=desk)
            model = estimates.model_of(wide)
        row = {name: i for i, name in enumerate(model.instruments)}
        kept[key] = Standing(book, model, contracts, row, LRUCache(KEPT))
    found: Standing = kept[key]
    return found


def with_nothing_of(desk: Desk, names: Sequence[str], known: Tradable) -> Book:
    """Return the book of a desk with a lot of nothing of each instrument after it."""
    book = desk.book.labels["book"].names[0]
    added = {Place(book, name, "", ""): 1.0 for name in names}
    change = Change(np.zeros(len(desk.book)), added)
    tiers = desk.universe.tier_names()
    return turn_of(desk.book, change, known.units, tiers).before
