"""What is in a report, in order: the sections, and of which tables of a run they are.

A table that a run does not hold is left out, and a section of which nothing is left
with it. The first page stands before them, definitions after them.
"""

from collections.abc import Iterator

from riskplugin.reporting.contents_held import (
    EXPOSURES,
    LIMITS,
    LIQUIDITY,
    PROPOSALS,
)
from riskplugin.reporting.contents_known import CYCLE, DATA, MEASURES, PROVENANCE
from riskplugin.reporting.contents_stressed import (
    PARTS_OF,
    PATHS,
    REPLAYS,
    REVERSE,
    STRESS,
)
from riskplugin.reporting.shown import Section
from riskplugin.results import Report

CONTENTS: tuple[Section, ...] = (
    LIMITS,
    STRESS,
    PARTS_OF,
    PATHS,
    EXPOSURES,
    REPLAYS,
    REVERSE,
    MEASURES,
    LIQUIDITY,
    PROPOSALS,
    CYCLE,
    DATA,
    PROVENANCE,
)


def contents_of(report: Report) -> Iterator[Section]:
    """Yield the sections of a report, each with the tables that the run holds."""
    for section in CONTENTS:
        there = tuple(s for s in section.tables if s.table in report.tables)
        if there:
            yield Section(section.key, section.title, section.question, there)
