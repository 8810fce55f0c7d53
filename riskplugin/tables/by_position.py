"""Tables with a row per position, in parts: blocks of positions, scenario by scenario.

A part gives the rows that it would be of the whole table, to the last bit: what is done
to a position does not look at the others, but for the P&L of the whole book, which
every part measures against.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from riskplugin._typing import Vector
from riskplugin.book import positions_between
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table
from riskplugin.risk.measure import Measure
from riskplugin.risk.sampling import Sample
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.tables.earning import Holdings, holdings
from riskplugin.tables.risk import GROUPS_AT_ONCE, Asked, measures_of
from riskplugin.tables.tabulation import stress_table

POSITION_KEYS = ("position", "book", "instrument", "tier")
STRESSED = 32_768  # positions of a part of the stress; each has a row per scenario
MEASURED = 16 * GROUPS_AT_ONCE  # of a part of measures, which are far dearer
Part = Callable[[], Table]


def blocks(count: int, size: int) -> list[tuple[int, int]]:
    """Return the first and last place of every block; one block of no positions."""
    starts = range(0, max(count, 1), size)
    return [(start, min(start + size, count)) for start in starts]


def stress_by_position(
    desk: Desk, model: FactorModel, scenarios: ScenarioSet, confidence: float
) -> tuple[Part, ...]:
    """Return the parts of the stress of every position, in the order of its rows."""

    def part(some: ScenarioSet, block: tuple[int, int]) -> Table:
        book = positions_between(desk.book, *block)
        own = replace(desk, book=book)
        return stress_table(own, model, some, ("scenario", *POSITION_KEYS), confidence)

    def alone(scenario: Scenario) -> ScenarioSet:
        return ScenarioSet((scenario,))

    sets = [alone(s) for s in scenarios] or [scenarios]
    places = blocks(len(desk.book), STRESSED)
    return tuple(partial(part, some, block) for some in sets for block in places)


def measures_by_position(
    desk: Desk,
    sample: Callable[[], Sample],
    measures: Sequence[Measure],
    alpha: float,
) -> tuple[Part, ...]:
    """Return the parts of measures of every position, in the order of its rows.

    Parameters
    ----------
    desk : Desk
    sample : callable
        Gives the scenarios, when the first part needs them.
    measures : sequence of Measure
    alpha : float
        Tail probability.
    """

    @cache
    def whole() -> tuple[Holdings, Vector]:
        held = holdings(desk, sample())
        return held, held.pnl

    def part(measure: Measure, block: tuple[int, int]) -> Table:
        held, pnl = whole()
        asked = Asked((measure,), alpha, POSITION_KEYS)
        return measures_of(desk, sample(), held.between(*block), pnl, asked)

    places = blocks(len(desk.book), MEASURED)
    return tuple(partial(part, m, block) for m in measures for block in places)
