"""What was left out, how the data is, and where the cycle stands."""

from collections.abc import Iterator
from math import isnan

from riskplugin.reporting.figures import frame_of, records
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.shown import Rows, date, money, ratio, text
from riskplugin.reporting.unknowns import left_out_in_words
from riskplugin.reporting.words import joined, plural, share, spaced
from riskplugin.reporting.words import money as money_of
from riskplugin.results import Report

SHOWN = 10
CONCERNS = ("high", "medium", "low")
OUT = (
    *text("source row book instrument"),
    *ratio("quantity"),
    *money("market_value"),
    *text("reason"),
)
FOUND = (*text("concern code instrument"), *date("start"), *text("evidence advice"))
SIGNALS = text("signal state evidence")


def left_out(report: Report) -> Passage:
    """Return what was left out: positions in money, and scenarios."""
    out = report.left_out.to_frame()
    if out.empty:
        said = "Every position given is in every figure."
        return Passage("left_out", "What was left out: nothing", Tone.QUIET, (said,))
    columns = tuple(c for c in OUT if c.name in out)
    rows = Rows(columns, out[[c.name for c in columns]].head(SHOWN), len(out))
    points = (
        f"{left_out_in_words(report)}. Every figure is without them.",
        f"Books: {', '.join(books_left_out(report))}.",
    )
    return Passage("left_out", "What was left out", Tone.BREACH, points, rows)


def books_left_out(report: Report) -> Iterator[str]:
    """Yield the books that lost positions, and how many of each."""
    held = frame_of(report, "positions")["book"].value_counts()
    for book, count in report.left_out["book"].value_counts(sort=False).items():
        kept = int(held.get(book, 0))
        share_of = f"{count} of {count + kept}" if kept else "all of it"
        yield f"{str(book) or 'of no name'} ({share_of})"


def data(report: Report) -> Passage | None:
    """Return what the doctor found in the data."""
    if "doctor" not in report.tables:
        return None
    found = frame_of(report, "doctor")
    if found.empty:
        said = "The data doctor found nothing wrong or doubtful."
        return Passage("data", "Data", Tone.QUIET, (said,))
    by = found["concern"].astype(str).value_counts()
    counts = [f"{by[c]} of {c} concern" for c in CONCERNS if c in by]
    most = next(c for c in (*CONCERNS, by.index[0]) if c in by)
    first = found[found["concern"].astype(str) == most]
    said = joined(
        (f"{r['instrument']} ({spaced(r['code'])})" for r in records(first)), 4
    )
    points = (f"{plural(len(found), 'finding')}: {joined(counts)}.", f"First: {said}.")
    columns = tuple(c for c in FOUND if c.name in found)
    rows = Rows(columns, found[[c.name for c in columns]].head(SHOWN), len(found))
    tone = Tone.WARNING if most == "high" else Tone.QUIET
    return Passage("data", "Data", tone, points, rows)


def cycle(report: Report) -> Passage | None:
    """Return the phase of the cycle with its record."""
    found = frame_of(report, "cycle")
    if found.empty:
        return None
    phase = spaced(found["phase"].iloc[0])
    states = [f"{spaced(r['signal'])} {spaced(r['state'])}" for r in records(found)]
    points = (
        f"{joined(states)}.".capitalize(),
        *record_in_words(report),
        *weighted_in_words(report),
    )
    tone = Tone.WARNING if phase in ("rolling over", "reversal") else Tone.QUIET
    rows = Rows(SIGNALS, found[[c.name for c in SIGNALS]], len(found))
    note = "It informs; no scenario is taken away by it."
    return Passage("cycle", f"The cycle: {phase}", tone, points, rows, note)


def record_in_words(report: Report) -> Iterator[str]:
    """Yield how good the reading has been."""
    said = []
    for row in records(frame_of(report, "cycle_record")):
        part = f"{row['counted']} {row['count']} of {row['of']}"
        low, high, late = (
            row[c] for c in ("rate_low", "rate_high", "median_sessions_late")
        )
        if not isnan(low):
            part += f" (80% interval {share(low)} to {share(high)})"
        if not isnan(late):
            side = "after" if late >= 0 else "before"
            part += f", in the median {abs(late):.0f} sessions {side} the peak"
        said.append(part)
    if said:
        yield f"Its record on these prices: {'; '.join(said)}."


def weighted_in_words(report: Report) -> Iterator[str]:
    """Yield what the desk's own weights of the phase make of the scenarios."""
    for row in records(frame_of(report, "stress_weighted_by_phase")):
        if not row["called"]:
            continue
        worst = f"{spaced(row['worst_scenario'])} {money_of(row['worst_pnl'])}"
        if row["reason"]:
            reason = row["reason"]
            yield f"Not weighted by phase: {reason}. The worst of all is {worst}."
        else:
            yield (
                f"By the desk's weights of this phase the P&L is "
                f"{money_of(row['weighted_pnl'])}; the worst of all is {worst}."
            )
