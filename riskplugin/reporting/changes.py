"""What changed since the run before, and why."""

from collections.abc import Iterator
from math import isnan

import pandas as pd

from riskplugin.reporting.figures import (
    cvar_of,
    frame_of,
    total,
    worst_scenarios,
)
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.shown import Rows, money, text
from riskplugin.reporting.unknowns import limit_in_words
from riskplugin.reporting.words import joined, plural, signed, spaced
from riskplugin.results import Report, Table

STRESSES = 3
PARTS_SAID = 2
EXPOSED = ("gross", "net", "memory_beta_exposure")
MEASURED = {"measure:CVaR": "measures", "reversal:CVaR": "measures_in_reversal"}
TOLD = {
    "measure:CVaR": "CVaR, one session",
    "reversal:CVaR": "CVaR, 21 sessions of a reversal",
}
COLUMNS = (*text("figure"), *money("before after change"), *text("due_to"))
ALONE = "No earlier run stands beside this one: nothing to compare with."


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
) -> Iterator[dict[str, object]]:
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
    """Return the parts that moved a headline most: ``prices −1.1m (MU …)``."""
    if explained is None:
        return ""
    rows = explained.to_frame()
    rows = rows[(rows["metric"] == metric) & (rows["contribution"].abs() > 0)]
    sizes = rows["contribution"].abs().sort_values(ascending=False, kind="stable")
    said = [
        f"{spaced(r.part)} {signed(r.contribution)} ({first_mover(r.movers)})"
        for r in rows.loc[sizes.index].head(PARTS_SAID).itertuples()
    ]
    return joined(said)


def first_mover(movers: str) -> str:
    """Return the name that moved most, of names with their money in full."""
    name = (
        movers.split(" and ", maxsplit=1)[0]
        .split(", ", maxsplit=1)[0]
        .rsplit(" ", 1)[0]
    )
    return f"{name} most" if name else "no single name"


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
    return {limit_in_words(row): str(row["status"]) for _, row in rows.iterrows()}


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
    if not all(len(frame_of(r, "doctor")) for r in (report,)):
        return
    old = frame_of(previous, "doctor")
    was = set(map(tuple, old[keys].astype(str).to_numpy())) if len(old) else set()
    rows = frame_of(report, "doctor")[keys].astype(str).to_numpy()
    fresh = [f"{code} of {name}" for code, name in rows if (code, name) not in was]
    if fresh:
        yield f"{plural(len(fresh), 'finding')} in the data not there before: {joined(fresh)}."


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
