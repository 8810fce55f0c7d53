"""The signals and the phase of every session, each from nothing later."""

from dataclasses import dataclass

from riskplugin._typing import Codes, Vector
from riskplugin.cycle.observed import Observed
from riskplugin.cycle.phases import PHASES, UNTOLD, called, seen
from riskplugin.cycle.signals import (
    UNKNOWN,
    Persistence,
    Signal,
    backing,
    breadth,
    dispersion,
    expectations,
)
from riskplugin.cycle.windows import percentile

FEWEST = 252  # sessions before a percentile is one
INDICATORS = ("memory_contract", "memory_spot", "analyst_revisions")


@dataclass(frozen=True, eq=False, slots=True)
class Watched:
    """The signals and the phase of every session."""

    of: Observed
    persistence: Persistence
    signals: dict[str, Signal]
    spread: Vector
    phase: Codes


def watched(of: Observed) -> Watched:
    """Return the signals and the phase of every session, each from nothing later."""
    persistence = Persistence.of(of.level)
    held = persistence.signal()
    expected = expectations(*(of.indicators[name] for name in INDICATORS))
    broad = breadth(of.log_price, of.leading)
    tokens = of.tokens
    backed = backing(of.log_price[:, tokens], of.value[:, tokens])
    stretch = percentile(persistence.above_long, FEWEST)
    raw = seen(persistence, held, expected, broad, stretch)
    signals = {
        "persistence": held,
        "price_expectations": expected,
        "breadth": broad,
        "volume_backing": backed,
    }
    return Watched(of, persistence, signals, dispersion(of.log_price), called(raw))


def in_word(phase: int) -> str:
    """Return the word of a phase's code; unknown where none could be told."""
    return UNKNOWN if phase == UNTOLD else PHASES[phase]
