"""Why a number moved between two runs: one block of inputs at a time, nothing over.

Every block (closed positions, changed quantities, prices, exchange rates, what the
instruments are, the history behind the loadings, scenarios, settings, new positions) is
replaced in turn, everything is revalued in full, and the difference is the block's. The
differences telescope: they add up to the whole change. What a block does depends on
those replaced before it, so the order is fixed and stated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, ulp
from typing import Any

import numpy as np

from riskplugin.attribution.headlines import Headline, headlines
from riskplugin.attribution.steps import PARTS, steps
from riskplugin.bundles import with_tables
from riskplugin.desk import Desk
from riskplugin.results import Table, table

ROUNDING = 1e-12  # of the larger figure: sums in another order, and not a change
MOVERS = 3
NOT_BEFORE, NOT_AFTER = "not in the earlier run", "not in the later run"
JOINED = " + "


class Explained(Table):
    """What moved the headlines, in the stated order.

    Attributes
    ----------
    names : Table
        The same by name.
    """

    _metadata = ["title", "as_of", "names"]  # noqa: RUF012 - pandas' name
    names: Table


@dataclass(frozen=True, slots=True)
class Step:
    """What a figure is after one part, or several that cannot be told apart."""

    part: str
    reached: float
    by_name: Mapping[str, float]
    is_rounding: bool


def explained(before: Desk, after: Desk) -> Explained:
    """Return what moved every headline between two desks.

    Parameters
    ----------
    before, after : Desk

    Returns
    -------
    Explained
        metric, before, after, change, part, contribution, residual, movers; a row per
        headline and part, the parts in the order of `PARTS`. Where a part on its own
        leaves something that cannot be computed, it stands with the next as one. A
        headline of one run alone has one row, and NaN for the other.

    Raises
    ------
    UsageError
        If the desks count in different money.
    """
    first = headlines(before)
    chain = [(part, valued(desk, after, first)) for part, desk in steps(before, after)]
    last = chain[-1][1]
    rows: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for metric in [*first, *(m for m in last if m not in first)]:
        if metric in first and metric in last:
            taken = list(told_apart(metric, first[metric], chain))
            rows += whole_rows(metric, first[metric].value, taken)
            names += list(name_rows(metric, taken))
        else:
            rows.append(one_sided(metric, first.get(metric), last.get(metric)))
    main = table("explain", after.as_of, columns(rows, OF_ROWS))
    beside = table("explain_names", after.as_of, columns(names, OF_NAMES))
    return with_tables(Explained(main.to_frame()), main, {"names": beside})


OF_ROWS = (
    "metric",
    "before",
    "after",
    "change",
    "part",
    "contribution",
    "residual",
    "movers",
)
OF_NAMES = ("metric", "part", "instrument", "contribution")


def columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Return the columns of rows, also of none."""
    return {name: [row[name] for row in rows] for name in names}


def valued(
    desk: Desk, after: Desk, first: Mapping[str, Headline]
) -> Mapping[str, Headline]:
    """Return the headlines of a step; a book that holds nothing has 0 of each."""
    if len(desk.book) or desk is after:
        return headlines(desk)
    return {metric: Headline(0.0, (), np.zeros(0)) for metric in first}


def told_apart(
    metric: str, first: Headline, chain: Sequence[tuple[str, Mapping[str, Headline]]]
) -> Iterator[Step]:
    """Yield what each part did; those that leave no figure with the next."""
    held, waiting = first, list[str]()
    for part, found in chain:
        waiting.append(part)
        if metric not in found:
            continue
        reached = found[metric]
        change = reached.value - held.value
        scale = max(abs(reached.value), abs(held.value), *np.abs(reached.parts), 0.0)
        least = ROUNDING * scale
        by_name = differences(held, reached, least)
        yield Step(JOINED.join(waiting), reached.value, by_name, abs(change) <= least)
        held, waiting = reached, []


def differences(held: Headline, reached: Headline, least: float) -> dict[str, float]:
    """Return what each name gained in a figure, those that moved at all."""
    was = dict(zip(held.names, held.parts.tolist(), strict=True))
    now = dict(zip(reached.names, reached.parts.tolist(), strict=True))
    moved = {n: now.get(n, 0.0) - was.get(n, 0.0) for n in sorted({*was, *now})}
    return {name: gain for name, gain in moved.items() if abs(gain) > least}


def whole_rows(
    metric: str, before: float, taken: Sequence[Step]
) -> Iterator[dict[str, Any]]:
    """Yield a row per part, contributions that sum to the change exactly."""
    values = [before, *(step.reached for step in taken)]
    still = [step.is_rounding for step in taken]
    contributions = closing(values, still)
    if left_over(values, contributions):
        values = coarser(values)
        contributions = closing(values, still)
    for step, contribution in zip(taken, contributions, strict=True):
        yield {
            "metric": metric,
            "before": values[0],
            "after": values[-1],
            "change": values[-1] - values[0],
            "part": step.part,
            "contribution": contribution,
            "residual": left_over(values, contributions),
            "movers": in_words(step.by_name) if contribution else "",
        }


def coarser(values: Sequence[float]) -> list[float]:
    """Return values on one grid, on which their differences are exact.

    It is a few last digits of the largest. What passes through a large figure and
    comes back to a small one is known no better than that.
    """
    grid = 4 * ulp(max(map(abs, values)))
    return [round(value / grid) * grid for value in values]


def closing(values: Sequence[float], still: Sequence[bool]) -> list[float]:
    """Return the differences of values, mended by what rounding left over.

    Those that are `still` are 0, unless all are. The largest takes what is left over;
    what it is too coarse to hold the next takes, down to the smallest.
    """
    made = [last - first for first, last in pairwise(values)]
    if not all(still):
        made = [0.0 if s else d for d, s in zip(made, still, strict=True)]
    order = sorted(range(len(made)), key=lambda i: -abs(made[i]))
    for i in [i for i in order if made[i]] or order[:1]:
        made[i] += left_over(values, made)
    return made


def left_over(values: Sequence[float], contributions: Sequence[float]) -> float:
    """Return the whole change less all contributions, rounded once."""
    return fsum([values[-1] - values[0], *(-c for c in contributions)])


def in_words(by_name: Mapping[str, float]) -> str:
    """Return the names that moved most: ``MU -1,200, NVDA +300``."""
    order = sorted(by_name.items(), key=lambda item: (-abs(item[1]), item[0]))
    said = [f"{name} {gain:+,.0f}" for name, gain in order[:MOVERS]]
    more = len(order) - MOVERS
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def name_rows(metric: str, taken: Sequence[Step]) -> Iterator[dict[str, Any]]:
    """Yield what each part did to each name that it moved."""
    for step in taken:
        if not step.is_rounding:
            for name, gain in step.by_name.items():
                yield {
                    "metric": metric,
                    "part": step.part,
                    "instrument": name,
                    "contribution": gain,
                }


def one_sided(
    metric: str, first: Headline | None, last: Headline | None
) -> dict[str, Any]:
    """Return the row of a headline that one of the runs does not have."""
    return {
        "metric": metric,
        "before": np.nan if first is None else first.value,
        "after": np.nan if last is None else last.value,
        "change": np.nan,
        "part": NOT_BEFORE if first is None else NOT_AFTER,
        "contribution": np.nan,
        "residual": np.nan,
        "movers": "",
    }


__all__ = ["PARTS", "Explained", "explained"]
