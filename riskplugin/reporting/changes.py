"""What changed since the run before, and why."""

import re
from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from riskplugin.reporting.figures import (
    cvar_of,
    frame_of,
    records,
    total,
    worst_scenarios,
)
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.shown import Rows, money, text
from riskplugin.reporting.unknowns import limit_in_words
from riskplugin.reporting.words import joined, plural, signed, spaced, verb
from riskplugin.results import Report, Table

FIRST_MOVER = re.compile(r"(.+?) [+-][\d,]+(?:,| and|$)")
STRESSES = 3
PARTS_SAID = 2
EXPOSED = ("gross", "net", "memory_beta_exposure")
MEASURED = {"measure:CVaR": "measures", "reversal:CVaR": "measures_in_reversal"}
TOLD = {
    "measure:CVaR": "CVaR, one session",
    "reversal:CVaR": "CVaR, 21 sessions of a reversal",
}
COLUMNS = (*text("figure"), *money("before after change"), *text("due_to"))
ALONE = (
    "This page speaks of this run alone; latest.html of its store, or riskplugin "
    "report RUN, says what changed since the run before, if there is one."
)


def changed(
    report: Report, previous: Report | None, explained: Table | None
) -> Passage:
    """Return what changed since `previous`; `explained` says which part did what."""
    if previous is None:
        return Passage("changes", "What changed", Tone.QUIET, (ALONE,))
    title = f"What changed since {previous.as_of}"
    if previous.base_currency != report.base_currency:
        other = previous.base_currency
        said = f"The run of {previous.as_of} is in {other}: nothing to compare with."
        return Passage("changes", title, Tone.UNKNOWN, (said,))
    frame = pd.DataFrame(change_rows(report, previous, explained))
    points = tuple(change_points(report, previous))
    note = "" if explained is None else ORDER_NOTE
    return Passage(
        "changes", title, Tone.QUIET, points, Rows(COLUMNS, frame, len(frame)), note
    )


ORDER_NOTE = (
    "Due to: what each kind of input did, replaced one after the other and everything "
    "valued again each time; all of them add up to the change. The largest are named."
)


def headlines(report: Report, like: Report) -> Iterator[tuple[str, str, float]]:
    """Yield metric, name in words and value; the scenarios are the worst of `like`."""
    stressed = frame_of(report, "stress_total").set_index("scenario")["pnl"]
    for scenario in worst_scenarios(like)["scenario"].head(STRESSES):
        value = float(stressed.get(scenario, float("nan")))
        yield f"stress:{scenario}", f"{scenario}, P&L", value
    for column in EXPOSED:
        value = total(report.exposures, column)
        yield f"exposure:{column}", spaced(column), value
    for metric, name in MEASURED.items():
        yield metric, TOLD[metric], cvar_of(report, name)


def change_rows(
    report: Report, previous: Report, explained: Table | None
) -> Iterator[dict[str, Any]]:
    """Yield a row per headline."""
    was = {metric: value for metric, _, value in headlines(previous, report)}
    for metric, name, value in headlines(report, report):
        if isnan(value) and isnan(was[metric]):
            continue
        yield {
            "figure": name,
            "before": was[metric],
            "after": value,
            "change": value - was[metric],
            "due_to": due_to(explained, metric),
        }


def due_to(explained: Table | None, metric: str) -> str:
    """Return the parts that moved a headline most: ``prices +1.1m (MU most)``."""
    if explained is None:
        return ""
    rows = explained.to_frame()
    rows = rows[(rows["metric"] == metric) & (rows["contribution"].abs() > 0)]
    sizes = rows["contribution"].abs().sort_values(ascending=False, kind="stable")
    said = (
        f"{spaced(row['part'])} {signed(row['contribution'])}{mover(row['movers'])}"
        for row in records(rows.loc[sizes.index].head(PARTS_SAID))
    )
    return joined(said)


def mover(movers: str) -> str:
    """Return the first of names with their money: it moved most."""
    found = FIRST_MOVER.match(movers)
    return f" ({found[1]} most)" if found else ""


def change_points(report: Report, previous: Report) -> Iterator[str]:
    """Yield what is another thing than it was, in words."""
    yield from new_statuses(report, previous)
    yield from new_positions(report, previous)
    phases = [phase_of(r) for r in (previous, report)]
    if phases[0] != phases[1]:
        yield f"The cycle went from {phases[0]} to {phases[1]}."
    yield from new_findings(report, previous)
    yield from new_scenarios(report, previous)


def phase_of(report: Report) -> str:
    """Return the phase of the cycle."""
    rows = frame_of(report, "cycle")
    return spaced(rows["phase"].iloc[0]) if len(rows) else "unknown"


def new_statuses(report: Report, previous: Report) -> Iterator[str]:
    """Yield limits that are another status than they were."""
    if "limits" not in report.tables or "limits" not in previous.tables:
        return
    was, now = statuses(previous), statuses(report)
    said = [
        f"{name} {was[name]} to {status}"
        for name, status in now.items()
        if name in was and was[name] != status
    ]
    if said:
        yield f"Limits that changed: {joined(said)}."


def statuses(report: Report) -> dict[str, str]:
    """Return the status of every limit by its words."""
    rows = frame_of(report, "limits")
    return {limit_in_words(row): str(row["status"]) for row in records(rows)}


def new_positions(report: Report, previous: Report) -> Iterator[str]:
    """Yield which names came into a book, and which went."""
    keys = ["book", "instrument"]
    was, now = (
        {(str(b), str(i)) for b, i in frame_of(r, "positions")[keys].to_numpy()}
        for r in (previous, report)
    )
    for names, word in ((now - was, "opened"), (was - now, "closed")):
        if names:
            listed = joined(f"{name} in {book}" for book, name in sorted(names))
            yield f"{plural(len(names), 'holding')} {word}: {listed}."


def new_findings(report: Report, previous: Report) -> Iterator[str]:
    """Yield what the data doctor had not found before."""
    keys = ["code", "instrument"]
    was, now = (
        {tuple(str(row[k]) for k in keys) for row in records(frame_of(r, "doctor"))}
        for r in (previous, report)
    )
    fresh = [f"{spaced(code)} of {name}" for code, name in sorted(now - was)]
    if fresh:
        many = plural(len(fresh), "finding")
        yield f"{many} in the data that {verb(len(fresh))} new: {joined(fresh)}."


def new_scenarios(report: Report, previous: Report) -> Iterator[str]:
    """Yield scenarios that are defined in another way, or came, or went."""
    was, now = (
        {s["name"]: s for s in r.manifest["scenarios"]} for r in (previous, report)
    )
    other = sorted(
        {n for n in was.keys() & now.keys() if was[n] != now[n]}
        | (was.keys() ^ now.keys())
    )
    if other:
        yield f"Scenarios that are not as they were: {joined(other)}."
