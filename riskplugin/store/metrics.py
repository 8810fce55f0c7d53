"""Headline figures by name: which table and column of a run holds each."""

from collections.abc import Mapping
from dataclasses import dataclass

from riskplugin.errors import UsageError, did_you_mean

TOTAL = "total"
SCOPES = ("tier", "book")
ADDITIVE = (
    "long",
    "short",
    "gross",
    "net",
    "delta_equivalent",
    "memory_beta_exposure",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the figures of one kind are, by scope.

    Attributes
    ----------
    tables : Mapping of str to str
        Table of the run folder by scope: total, tier, book.
    label : str
        Column that names the figure; "" where columns bear the names.
    columns : Mapping of str to str
        Column of the figures by scope; empty where the name is the column.
    """

    tables: Mapping[str, str]
    label: str
    columns: Mapping[str, str]


def stressed(column: str) -> Kept:
    """Return where a column of the stress tables is."""
    tables = {TOTAL: "stress_total", "tier": "stress"}
    return Kept(tables, "scenario", {TOTAL: column, "tier": column})


PNL = {TOTAL: "stress_total", "tier": "stress", "book": "stress_by_book"}
OF_MEASURE = {TOTAL: "total", "tier": "component", "book": "component"}
KINDS: Mapping[str, Kept] = {
    "stress": Kept(PNL, "scenario", dict.fromkeys(PNL, "pnl")),
    "low": stressed("low"),
    "high": stressed("high"),
    "worst": Kept({TOTAL: "stress_path_summary"}, "scenario", {TOTAL: "worst"}),
    "exposure": Kept(
        {TOTAL: "exposures", "tier": "exposures", "book": "exposures_by_book"}, "", {}
    ),
    "measure": Kept(
        {TOTAL: "measures", "tier": "measures", "book": "measures_by_book"},
        "measure",
        OF_MEASURE,
    ),
    "reversal": Kept(
        {TOTAL: "measures_in_reversal", "tier": "measures_in_reversal"},
        "measure",
        OF_MEASURE,
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run, ready to be looked up.

    ``combine(column)`` over the rows of `table` in which every column of `where` holds
    its value.
    """

    table: str
    column: str
    combine: str
    where: Mapping[str, str]


def figure_of(metric: str, scope: str | None) -> Figure:
    """Return where `metric` is in a run.

    Parameters
    ----------
    metric : str
        ``kind:name``: stress, low, high, worst and a scenario; exposure and a column
        that adds up; measure, reversal and a measure.
    scope : str, optional
        ``total`` by default, ``tier:memory``, ``book:semis``. Of a measure it is the
        component.

    Raises
    ------
    UsageError
        If there is no such kind, name or scope.
    """
    kind, _, name = metric.partition(":")
    if kind not in KINDS or not name:
        hint = did_you_mean(kind, KINDS)
        raise UsageError(f"no metric {metric!r}: write kind:name, as stress:x; {hint}")
    kept = KINDS[kind]
    key, _, label = (scope or TOTAL).partition(":")
    if key not in kept.tables or bool(label) == (key == TOTAL):
        known = ", ".join(TOTAL if k == TOTAL else f"{k}:NAME" for k in kept.tables)
        raise UsageError(f"no scope {scope!r} of {kind}: give {known}")
    if not kept.label and name not in ADDITIVE:
        hint = did_you_mean(name, ADDITIVE)
        raise UsageError(f"{metric}: only what adds up has a history; {hint}")
    where = {kept.label: name} if kept.label else {}
    where |= {key: label} if label else {}
    # the total of a measure stands on every row of it
    combine = "any_value" if kept.columns.get(key) == "total" else "sum"
    return Figure(kept.tables[key], kept.columns.get(key, name), combine, where)
