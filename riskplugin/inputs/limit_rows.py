"""Limits, checked: metrics, scopes, units, levels, scenarios, waivers, and doubles."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskplugin.desk import Desk, Settings
from riskplugin.errors import Issue, Place, Severity, UsageError, did_you_mean, listing
from riskplugin.inputs.reading import CheckedTable, Findings
from riskplugin.inputs.tables import ASSET_CLASSES, KINDS, LINKS
from riskplugin.limits.definition import WORST, Limit, scenarios_meant, scope_of
from riskplugin.limits.metrics import Metric, metric_named
from riskplugin.results import Table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.universe import UNCLASSIFIED, Universe

OF_POSITIONS = ("book", "account", "strategy")  # keys that positions alone tell


@dataclass(frozen=True, eq=False, slots=True)
class Around:
    """What limits may name: labels by key, the universe and the scenarios."""

    labels: Mapping[str, Collection[str]]
    universe: Universe
    scenarios: ScenarioSet


class Fault(NamedTuple):
    """What is wrong with a column of a limit."""

    column: str
    code: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def around(
    own: Mapping[str, Iterable[str]],
    universe: Universe,
    settings: Settings,
    scenarios: ScenarioSet,
) -> Around:
    """Return what limits may name; `own` are the labels that the positions say."""
    said = {key: sorted(set(own[key]) - {""}) for key in OF_POSITIONS}
    known = universe.instruments.values()
    labels = {
        **said,
        "book": list(dict.fromkeys([*said["book"], *settings.nav])),
        "tier": universe.tier_names(),
        "link": LINKS,
        "asset_class": (*ASSET_CLASSES, UNCLASSIFIED),
        "currency": sorted({i.currency for i in known} | {settings.base_currency}),
        "kind": KINDS,
        "instrument": list(universe.instruments),
    }
    return Around(labels, universe, scenarios)


def around_desk(desk: Desk) -> Around:
    """Return what limits on a desk, or on those that it comes from, may name."""
    own: dict[str, set[str]] = {key: set() for key in OF_POSITIONS}
    home: Desk | None = desk
    while home is not None:
        for key, labels in own.items():
            labels |= {*home.book.labels[key].names, *home.left_out.get(key, ())}
        home = home.origin
    return around(own, desk.universe, desk.settings, desk.scenarios)


def check_limits(table: CheckedTable, known: Around, findings: Findings) -> None:
    """Report what is wrong with each limit, mark its row, and write names canonically.

    Rows whose cells are faulty already are not looked at.
    """
    found: dict[int, Limit] = {}
    for row in map(int, np.flatnonzero(table.reason == "")):
        given = {str(k): v for k, v in table.frame.iloc[row].items()}
        limit, faults = read(given, known)
        report(table, row, faults, findings)
        if limit is not None and not table.reason[row]:
            found[row] = limit
    for again, fault in clashes(table, found):
        report(table, again, [fault], findings)
    for column, written in WRITTEN.items():
        cells = table.frame[column].tolist()
        for at, limit in found.items():
            cells[at] = written(limit)
        table.frame[column] = pd.Series(cells, dtype="str")


WRITTEN: Mapping[str, Callable[[Limit], str]] = {
    "metric": lambda limit: limit.metric.name,
    "scope": lambda limit: limit.scope,
}


def report(
    table: CheckedTable, row: int, faults: Iterable[Fault], findings: Findings
) -> None:
    """Take the faults of a row, and mark it unless they are warnings."""
    for fault in faults:
        place = Place(table.source, int(table.lines[row]), fault.column)
        issue = Issue(fault.code, place, fault.message, fault.hint, fault.severity)
        findings.add([issue])
        if fault.severity is Severity.ERROR and not table.reason[row]:
            table.reason[row] = fault.code


def read(given: Mapping[str, Any], known: Around) -> tuple[Limit | None, list[Fault]]:
    """Return a limit, unless its metric or scope is unknown, and every fault of it."""
    faults: list[Fault] = []

    def tried(column: str, code: str, hint: str, of: Callable[[str], Any]) -> Any:  # noqa: ANN401
        try:
            return of(given[column])
        except UsageError as error:
            message, _, near = str(error).partition("; ")
            faults.append(Fault(column, code, message, near or hint))
            return None

    metric = tried("metric", "unknown-metric", "see the page on limits", metric_named)
    scope = tried("scope", "unknown-scope", "as tier:memory", scope_of)
    if scope is not None:
        key, label = scope
        scope = key, canonical_label(key, label, known)
        faults += unknown_label(*scope, known)
    faults += waiver_faults(given)
    if metric is None or scope is None:
        return None, faults
    limit = limit_of(given, metric, scope)
    faults += [
        *unit_faults(limit),
        *level_faults(limit),
        *scenario_faults(limit, known),
    ]
    return limit, faults


def limit_of(given: Mapping[str, Any], metric: Metric, scope: tuple[str, str]) -> Limit:
    """Return the limit of a row whose metric and scope are known."""
    until = pd.Timestamp(given["waiver_until"]).to_datetime64().astype("datetime64[D]")
    return Limit(
        metric,
        *scope,
        given["scenario"],
        float(given["soft"]),
        float(given["hard"]),
        given["unit"],
        given["direction"] == "max",
        until,
        given["reason"],
    )


def limits_from(table: Table) -> tuple[Limit, ...]:
    """Return the limits of a table that was checked."""
    rows = table.to_frame().to_dict(orient="records")
    given = [{str(k): v for k, v in row.items()} for row in rows]
    return tuple(
        limit_of(row, metric_named(row["metric"]), scope_of(row["scope"]))
        for row in given
    )


def canonical_label(key: str, label: str, known: Around) -> str:
    """Return a label as the desk writes it: aliases resolved, case as it is known."""
    if key == "instrument":
        return known.universe.resolve(label)
    folded = {name.casefold(): name for name in known.labels.get(key, ())}
    return folded.get(label.casefold(), label)


def unknown_label(key: str, label: str, known: Around) -> Iterator[Fault]:
    """Yield the fault of a scope that names what the desk does not know."""
    if key and label not in known.labels[key]:
        hint = did_you_mean(label, known.labels[key])
        if key in OF_POSITIONS:
            hint = f"{hint}; take the limit out if it is closed".removeprefix("; ")
        yield Fault("scope", "unknown-scope", f"there is no {key} {label!r}", hint)


def unit_faults(limit: Limit) -> Iterator[Fault]:
    """Yield the fault of a unit that does not fit the metric."""
    if limit.unit not in limit.metric.units:
        message = f"{limit.metric.name} is not limited in {limit.unit!r}"
        yield Fault("unit", "bad-unit", message, f"use {listing(limit.metric.units)}")


def level_faults(limit: Limit) -> Iterator[Fault]:
    """Yield faults of levels: in the wrong order, or such as nothing can pass."""
    soft, hard, metric = limit.soft, limit.hard, limit.metric
    order = "below" if limit.upper else "above"
    if limit.passes(soft, hard):
        message = f"the hard limit {hard:g} comes before the soft one {soft:g}"
        hint = f"of a {limit.direction} the soft level is {order} the hard one"
        yield Fault("hard", "limit-order", message, hint)
        return
    bound = max(metric.span) if limit.upper else min(metric.span)
    if not limit.passes(bound, soft):
        message = f"{metric.name} is never {'above' if limit.upper else 'below'} "
        message += f"{soft:g}: the limit cannot be broken"
        hint = "mind the sign and the direction; losses of stress_loss are above 0"
        yield Fault("soft", "idle-limit", message, hint)
    elif metric.column in ("pnl", "low") and asks_for_profit(limit):
        message = f"{metric.name} {limit.direction} {hard:g} asks for a profit"
        hint = "P&L is below 0 where it is a loss; stress_loss is above 0"
        yield Fault("hard", "limit-sign", message, hint, Severity.WARNING)


def asks_for_profit(limit: Limit) -> bool:
    """Whether a limit on a stress is kept by a profit alone."""
    return limit.hard * limit.metric.sign > 0


def scenario_faults(limit: Limit, known: Around) -> Iterator[Fault]:
    """Yield the fault of a scenario that is missing, unknown, or of no use."""
    name, metric = limit.scenario, limit.metric
    if not metric.of_scenarios:
        if name:
            message = f"{metric.name} is of no scenario, found {name!r}"
            yield Fault("scenario", "needless-scenario", message, "leave it blank")
        return
    if not name:
        hint = f"name one, or {WORST}, or {WORST}:FAMILY"
        message = f"{metric.name} needs a scenario"
        yield Fault("scenario", "missing-scenario", message, hint)
    elif not scenarios_meant(name, known.scenarios):
        word, _, family = name.partition(":")
        families = dict.fromkeys(s.family for s in known.scenarios)
        names = (*known.scenarios.names(), WORST, *(f"{WORST}:{f}" for f in families))
        hint = did_you_mean(name if word != WORST or family else WORST, names)
        message = f"there is no scenario {name!r}"
        yield Fault("scenario", "unknown-scenario", message, hint)


def waiver_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the fault of a waiver that nobody gives a reason for."""
    if not pd.isna(given["waiver_until"]) and not given["reason"]:
        message = f"waived until {str(given['waiver_until'])[:10]} without a reason"
        hint = "say why, and who agreed"
        yield Fault("reason", "waiver-without-reason", message, hint)


def clashes(
    table: CheckedTable, limits: Mapping[int, Limit]
) -> Iterator[tuple[int, Fault]]:
    """Yield rows that say the same as another, or what cannot stand beside it."""
    seen: dict[tuple[str, ...], dict[bool, int]] = {}
    for row, limit in limits.items():
        key = (limit.metric.name, limit.scope, limit.scenario, limit.unit)
        rows = seen.setdefault(key, {})
        first = rows.setdefault(limit.upper, row)
        if first != row:
            yield row, twice(limit, limits[first], int(table.lines[first]))
            continue
        other = rows.get(not limit.upper)
        if other is not None and apart(limit, limits[other]):
            line = int(table.lines[other])
            message = f"no value keeps both this and the hard limit of row {line}"
            hint = f"a min of {limits[other].hard:g} and a max of {limit.hard:g} clash"
            if not limit.upper:
                hint = (
                    f"a min of {limit.hard:g} and a max of {limits[other].hard:g} clash"
                )
            yield row, Fault("hard", "conflicting-limits", message, hint)


def twice(limit: Limit, first: Limit, line: int) -> Fault:
    """Return the fault of a second limit on the same."""
    if (limit.soft, limit.hard) == (first.soft, first.hard):
        message = f"the same limit as row {line}"
        return Fault("metric", "duplicate-row", message, "keep one")
    message = f"row {line} has other levels: {first.soft:g} and {first.hard:g}"
    return Fault("metric", "conflicting-limits", message, "keep one of them")


def apart(one: Limit, other: Limit) -> bool:
    """Whether no value lies between the hard levels of a max and a min."""
    upper, lower = (one, other) if one.upper else (other, one)
    return upper.hard < lower.hard
