"""The values that limits are about: each table of the desk computed once for all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes, Vector
from riskplugin.book import grouped
from riskplugin.desk import Desk
from riskplugin.errors import ModelError, ScenarioError
from riskplugin.factors.model import FactorModel
from riskplugin.limits.definition import Limit, scenarios_meant
from riskplugin.limits.metrics import HowMeasured, Metric, Source
from riskplugin.risk.measuring import components, measured
from riskplugin.risk.sampling import Sample
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.regimes import not_runnable
from riskplugin.tables.earning import Holdings, holdings
from riskplugin.tables.greeks import greeks_table
from riskplugin.tables.liquidity import liquidity_table
from riskplugin.tables.paths import path_summary_table
from riskplugin.tables.tabulation import exposure_table, stress_table

SampleOf = Callable[[str, int], Sample]
INSTRUMENT, BOOK, SCENARIO = "instrument", "book", "scenario"


class Split(NamedTuple):
    """What makes a value: instruments, or books of one, and what each has in it."""

    names: tuple[str, ...]
    parts: Vector


def no_split() -> Split:
    """Return the split of what is made of nothing, or not known."""
    return Split((), np.empty(0))


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """What one limit is about.

    Attributes
    ----------
    figure : float
        In base currency, days or a ratio, before a unit of NAV; NaN where unknown.
    missing : str
        What is missing from it, in words; blank where it is whole.
    more_is : {"higher", "lower", ""}
        Where what is missing can only take it; blank where either way.
    scenario : str
        Which it is of, where a limit is on the worst of several.
    split : callable
        Gives what makes it: the metric's `parts` by name, signed as the figure;
        computed when it is asked for.
    """

    figure: float
    missing: str = ""
    more_is: str = ""
    scenario: str = ""
    split: Callable[[], Split] = no_split


def unknown(why: str) -> Value:
    """Return a value that is not known."""
    return Value(np.nan, why)


class Asked(NamedTuple):
    """A desk, its model, and what gives the scenarios of its measures."""

    desk: Desk
    model: FactorModel
    sample_of: SampleOf


@one_blas_thread
def values_of(asked: Asked, limits: Sequence[Limit]) -> tuple[Value, ...]:
    """Return the value of every limit, in their order.

    A table that cannot be computed makes the values that need it unknown.
    """
    found: dict[int, Value] = {}
    for source, reader in READERS.items():
        mine = [i for i, limit in enumerate(limits) if limit.metric.source is source]
        if mine:
            some = [limits[i] for i in mine]
            found |= dict(zip(mine, attempted(reader, asked, some), strict=True))
    return tuple(found[i] for i in range(len(limits)))


Reader = Callable[[Asked, Sequence[Limit]], list[Value]]


def attempted(reader: Reader, asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return the values of limits of one source, or why none is known."""
    try:
        return reader(asked, limits)
    except (ModelError, ScenarioError) as error:
        return [unknown(str(error))] * len(limits)


class Rows:
    """Rows of a table by the labels of some keys, and its columns as arrays."""

    def __init__(self, found: pd.DataFrame, keys: Sequence[str]) -> None:
        self.columns: Mapping[str, Any] = {str(c): found[c].to_numpy() for c in found}
        labels = zip(*(self.columns[key].tolist() for key in keys), strict=True)
        self._of: dict[tuple[str, ...], list[int]] = {}
        for row, label in enumerate(labels if keys else [()] * len(found)):
            self._of.setdefault(label, []).append(row)

    def at(self, label: tuple[str, ...]) -> Codes:
        """Return the rows of a label; none if the table has none."""
        return np.array(self._of.get(label, ()), dtype=np.int64)


class Figures:
    """A kind of table by key, and by key and instrument, each computed once."""

    def __init__(
        self,
        compute: Callable[[tuple[str, ...]], pd.DataFrame],
        extra: tuple[str, ...] = (),
    ) -> None:
        @cache
        def rows(key: str, part: str) -> Rows:
            by = tuple(filter(None, (key, part)))
            return Rows(compute(by), (*extra, *filter(None, (key,))))

        self._rows = rows

    def figures(self, limit: Limit, column: str, *first: str) -> Vector:
        """Return a column of the limit's scope: one figure, none if nothing is held."""
        whole = self._rows(limit.key, "")
        rows = whole.at((*first, *filter(None, (limit.label,))))
        return np.asarray(whole.columns[column][rows], dtype=np.float64)

    def split(self, limit: Limit, column: str, *first: str) -> Split:
        """Return the same by instrument; by book of an instrument."""
        part = BOOK if limit.key == INSTRUMENT else INSTRUMENT
        split = self._rows(limit.key, part)
        rows = split.at((*first, *filter(None, (limit.label,))))
        names = tuple(map(str, split.columns[part][rows]))
        sign = limit.metric.sign if column == limit.metric.parts else 1.0
        return Split(names, sign * split.columns[column][rows].astype(np.float64))


def plain(figures: Figures, limit: Limit) -> Value:
    """Return the value of a limit on a column of one table."""
    metric = limit.metric
    found = figures.figures(limit, metric.column)
    if not len(found):
        return Value(metric.empty, "" if metric.empty == metric.empty else NOTHING)
    split = partial(figures.split, limit, metric.parts)
    return Value(metric.sign * float(found[0]), split=split)


NOTHING = "nothing is held there"


def exposed(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return values of exposures."""

    def compute(by: tuple[str, ...]) -> pd.DataFrame:
        found = exposure_table(asked.desk, asked.model, by)
        return found.assign(proxied=found["gross"] * found["proxied_share"])

    figures = Figures(compute)
    return [plain(figures, limit) for limit in limits]


def greek(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return values of greeks."""
    figures = Figures(lambda by: greeks_table(asked.desk, asked.model, by))
    return [plain(figures, limit) for limit in limits]


# --- liquidity -----------------------------------------------------------------------

GAPS = {
    "days": "unknown_gross",
    "days_stressed": "unknown_gross",
    "mean_days_stressed": "unknown_gross",
    "cost": "uncosted_gross",
    "cost_pct_gross": "uncosted_gross",
}
LACKS = {
    "unknown_gross": "no volume of",
    "uncosted_gross": "no volume, volatility or half_spread of",
}
AT_LEAST = ("days", "days_stressed", "cost")


def liquid(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return values of days to sell and costs; what has no volume is missing."""
    figures = Figures(lambda by: liquidity_table(asked.desk, asked.model, by))
    return [sold(figures, limit) for limit in limits]


def sold(figures: Figures, limit: Limit) -> Value:
    """Return one value of days to sell or costs."""
    found, column = plain(figures, limit), limit.metric.column
    gap = GAPS.get(column)
    if gap is None or not (figures.figures(limit, gap) > 0).any():
        return found
    split = figures.split(limit, gap)
    lack = [name for name, money in zip(*split, strict=True) if money > 0]
    missing = f"{LACKS[gap]} {some_of(lack)}"
    more_is = "higher" if column in AT_LEAST else ""
    return replace(found, missing=missing, more_is=more_is)


def some_of(names: Iterable[str], most: int = 5) -> str:
    """Return a few names in a row, and how many more there are."""
    items = list(dict.fromkeys(names))
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")


# --- scenarios -----------------------------------------------------------------------


PNL = ("stress_pnl", "stress_low")  # below 0 is a loss; of the others it is above


def stressed(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return values of stress."""
    desk, level = asked.desk, asked.desk.settings.confidence
    return of_scenarios(
        asked,
        limits,
        lambda some, by: stress_table(desk, asked.model, some, (SCENARIO, *by), level),
    )


def on_paths(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return values of the paths of scenarios."""
    desk, level = asked.desk, asked.desk.settings.confidence
    return of_scenarios(
        asked,
        limits,
        lambda some, by: path_summary_table(desk, asked.model, some, by, level, None),
    )


def of_scenarios(
    asked: Asked,
    limits: Sequence[Limit],
    compute: Callable[[ScenarioSet, tuple[str, ...]], pd.DataFrame],
) -> list[Value]:
    """Return values of tables by scenario, of the scenarios that limits look at."""
    meant = [scenarios_meant(limit.scenario, asked.desk.scenarios) for limit in limits]
    wanted = {name for names in meant for name in names}
    chosen = [s for s in asked.desk.scenarios if s.name in wanted]
    faults = {s.name: next(not_runnable(s, asked.model), ("", ""))[0] for s in chosen}
    runnable = ScenarioSet(tuple(s for s in chosen if not faults[s.name]))
    figures = Figures(lambda by: compute(runnable, by), (SCENARIO,))
    return [
        scenario_value(figures, limit, names, faults)
        for limit, names in zip(limits, meant, strict=True)
    ]


def scenario_value(
    figures: Figures, limit: Limit, names: Sequence[str], faults: Mapping[str, str]
) -> Value:
    """Return the value in the scenario, or the worst of several."""
    if not names:
        return unknown(f"the desk has no scenario {limit.scenario!r}")
    lost = [f"{name} cannot be run: {faults[name]}" for name in names if faults[name]]
    there = [name for name in names if not faults[name]]
    if not there:
        return unknown("; ".join(lost))
    found = [one_scenario(figures, limit, name) for name in there]
    blank = [v.scenario for v in found if np.isnan(v.figure)]
    if blank:
        lost.append(f"{lacks(limit.metric)} in {some_of(blank)}")
    known = [v for v in found if not np.isnan(v.figure)]
    if not known:
        return unknown("; ".join(lost))
    worse = "lower" if limit.metric.name in PNL else "higher"
    worst = min(known, key=lambda v: v.figure if worse == "lower" else -v.figure)
    split = partial(figures.split, limit, limit.metric.parts, worst.scenario)
    return Value(worst.figure, "; ".join(lost), worse, worst.scenario, split)


def one_scenario(figures: Figures, limit: Limit, name: str) -> Value:
    """Return the figure of a limit in one scenario."""
    metric = limit.metric
    found = figures.figures(limit, metric.column, name)
    figure = metric.sign * float(found[0]) if len(found) else metric.empty
    return Value(figure, scenario=name)


def lacks(metric: Metric) -> str:
    """Return what is said of a figure that a scenario does not give."""
    if metric.source is Source.PATH:
        return "a margin_posted or maintenance_margin is not given"
    return "there is no band: the scenario propagates to nothing there"


# --- measures ------------------------------------------------------------------------


def measures_of(asked: Asked, limits: Sequence[Limit]) -> list[Value]:
    """Return risk measures of each scope by itself."""

    @cache
    def held(method: str, sessions: int) -> tuple[Sample, Holdings] | str:
        try:
            sample = asked.sample_of(method, sessions)
            return sample, holdings(asked.desk, sample)
        except ModelError as error:
            return str(error)

    return [measure_value(limit, held) for limit in limits]


def measure_value(
    limit: Limit, held: Callable[[str, int], tuple[Sample, Holdings] | str]
) -> Value:
    """Return one measure, or why it is not known.

    Raises
    ------
    ValueError
        If the metric is no measure.
    """
    how = limit.metric.how
    if how is None:
        raise ValueError(f"{limit.metric.name} is no measure")
    of = held(how.method.value, how.sessions)
    if isinstance(of, str):
        return unknown(of)
    try:
        return measured_in(limit, how, of)
    except ModelError as error:
        return unknown(str(error))


def measured_in(limit: Limit, how: HowMeasured, of: tuple[Sample, Holdings]) -> Value:
    """Return one measure of one scope by itself."""
    sample, held = of
    book = held.book
    inside = np.ones(len(book), dtype=bool)
    if limit.key:
        labels = book.labels[limit.key]
        names = np.array([name == limit.label for name in labels.names], dtype=bool)
        inside = names[labels.codes]
    if not inside.any():
        return Value(0.0)
    value = np.bincount(
        held.name, weights=book.reference_value * inside, minlength=len(held.rows)
    )
    pnl = held.unit @ value
    done = measured(how.measure, pnl[:, None], sample.probabilities, how.alpha)

    def split() -> Split:
        counts = np.flatnonzero(done.weights[:, 0])  # of a tail, few scenarios do
        per_unit = components(done.weights[counts, 0], held.unit[counts])
        by_part = grouped(book, (BOOK if limit.key == INSTRUMENT else INSTRUMENT,))
        (names,) = by_part.keys.values()
        parts = by_part.total(book.reference_value * inside * per_unit[held.name])
        return Split(names, parts)

    return Value(float(done.total[0]), split=split)


READERS: Mapping[Source, Reader] = {
    Source.EXPOSURES: exposed,
    Source.STRESS: stressed,
    Source.PATH: on_paths,
    Source.LIQUIDITY: liquid,
    Source.GREEKS: greek,
    Source.MEASURES: measures_of,
}
