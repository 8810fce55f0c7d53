"""The desk: book, market, universe, scenarios and settings on one date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from riskplugin.book import Book
from riskplugin.contracts import Contracts, no_contracts
from riskplugin.errors import Issue
from riskplugin.market import Market
from riskplugin.mending import Repair
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.universe import Universe

if TYPE_CHECKING:
    from riskplugin.results import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """How the desk wants its numbers computed.

    Attributes
    ----------
    base_currency : str
        Currency of all money.
    drivers : Mapping of str to tuple of str
        Members of each driver's basket.
    nav : Mapping of str to float
        Net asset value per book, base currency.
    half_life : float
        Sessions after which a return counts half.
    window_sessions : int
        Sessions of history that are used.
    return_sessions : int
        Sessions that a return spans.
    min_overlap : int
        Return windows that an instrument needs for loadings of its own.
    confidence : float
        Level of the bands.
    max_stale_sessions : int
        Oldest price that still values a position.
    participation : float
        Share of the daily volume that the desk trades.
    volume_sessions : int
        Sessions of the instrument's own calendar over which its volume is averaged.
    volume_stress : float
        Share of the average daily volume that is left under stress.
    impact : float
        Constant of the square-root law of impact.
    history_sessions : int
        Sessions whose returns are the scenarios of the risk measures.
    unwind_share : float
        Share of every position that a stress assumes sold at the end.
    phase_weights : Mapping of str to Mapping of str to float
        Phase of the cycle to the weights of scenarios in it.
    """

    base_currency: str
    drivers: Mapping[str, tuple[str, ...]]
    nav: Mapping[str, float]
    half_life: float
    window_sessions: int
    return_sessions: int
    min_overlap: int
    confidence: float
    max_stale_sessions: int
    participation: float
    volume_sessions: int
    volume_stress: float
    impact: float
    history_sessions: int
    unwind_share: float
    phase_weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Desk:
    """What the desk holds and the world on one date; everything is computed from it.

    Attributes
    ----------
    book, market, universe, scenarios, settings
        The parts, checked and aligned.
    issues : tuple of Issue
        Warnings, and errors whose rows were quarantined.
    left_out : Table
        Quarantined positions with their money where it is known.
    tables : Mapping of str to Table
        The desk's other tables (limits, volumes, …), checked, as given.
    source : str
        File and sheet of the positions, or the name of the argument.
    repairs : tuple of Repair
        Changes of closes that the desk named and that `market` holds.
    origin : Desk, optional
        The desk whose market this one shares, if it holds something else there.
    contracts : Contracts
        The terms of the options, leveraged ETFs and funded perpetuals held.
    """

    book: Book
    market: Market
    universe: Universe
    scenarios: ScenarioSet
    settings: Settings
    issues: tuple[Issue, ...]
    left_out: "Table"
    tables: Mapping[str, "Table"] = field(default_factory=dict)
    source: str = "positions"
    repairs: tuple[Repair, ...] = ()
    origin: "Desk | None" = None
    contracts: Contracts = field(default_factory=no_contracts)

    @property
    def as_of(self) -> np.datetime64:
        """Valuation date."""
        return self.market.as_of

    def held(self) -> frozenset[str]:
        """Return the instruments that it, or a desk it comes from, holds."""
        own = frozenset(self.book.labels["instrument"].names)
        return own if self.origin is None else own | self.origin.held()

    def series(self) -> frozenset[str]:
        """Return the same, with underlyings in place of what is derived from them."""
        derived = self.contracts.at(self.contracts.derived)
        held = frozenset(self.book.labels["instrument"].names)
        own = (held - set(derived.instruments)) | set(derived.underlyings)
        return own if self.origin is None else own | self.origin.series()

    def __repr__(self) -> str:
        """Say what the desk is in one line."""
        books = len(self.book.labels["book"].names)
        held = len(self.book.labels["instrument"].names)
        value = float(np.abs(self.book.market_value).sum())
        facts: dict[str, Any] = {
            "as_of": str(self.as_of),
            "books": books,
            "positions": len(self.book),
            "instruments": held,
            "gross": f"{value:,.0f} {self.settings.base_currency}",
            "issues": len(self.issues),
        }
        return "Desk(" + ", ".join(f"{k}={v}" for k, v in facts.items()) + ")"
