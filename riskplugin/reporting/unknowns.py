"""What a run does not know, said before what it does."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from riskplugin.reporting.figures import frame_of, gross_of, nav_of, records, total
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.words import joined, money, plural, share, spaced
from riskplugin.results import Report

LEAST = 0.0005  # of gross: less is not worth a line on the first page
NEED = (
    ("scenario-left-out", "could not be run"),
    ("table-left-out", "could not be computed"),
)


def unknown(report: Report) -> Passage | None:
    """Return what the run does not know, if anything."""
    points = tuple(unknown_points(report))
    if not points:
        return None
    return Passage("unknown", "What is not known", Tone.UNKNOWN, points)


def unknown_points(report: Report) -> Iterator[str]:
    """Yield each thing that is not known, in words and money."""
    yield from of_limits(report)
    yield from of_issues(report)
    yield from of_nav(report)
    yield from of_liquidity(report)
    yield from of_margin(report)
    yield from of_loadings(report)
    yield from of_cycle(report)


def left_out_in_words(report: Report) -> str:
    """Return how many positions were left out, and their money where it is known."""
    values = report.left_out["market_value"].abs()
    missing = int(values.isna().sum())
    words = plural(len(values), "position")
    if missing < len(values):
        words += f", {money(values.sum(), report.base_currency)} gross"
    if missing:
        words += f", of unknown value {'all' if missing == len(values) else missing}"
    return words


def of_limits(report: Report) -> Iterator[str]:
    """Yield limits that could not be told, or that nobody checked."""
    if frame_of(report, "limits").empty:
        yield "No limits were checked, so the lack of a breach says nothing."
        return
    rows = frame_of(report, "limits")
    untold = rows[rows["status"].astype(str) == "UNKNOWN"]
    if len(untold):
        names = (limit_in_words(row) for row in records(untold))
        yield (
            f"{plural(len(untold), 'limit')} could not be told: {joined(names)}. "
            "Unknown is not within."
        )


def limit_in_words(row: Mapping[str, Any]) -> str:
    """Return which limit a row is: ``gross of tier memory``."""
    scope = str(row["scope"]).replace(":", " ")
    under = str(row.get("scenario", "") or "")
    of = "" if scope == "total" else f" of {spaced(scope)}"
    return f"{spaced(row['metric'])}{of}" + (f" under {under}" if under else "")


def of_issues(report: Report) -> Iterator[str]:
    """Yield scenarios and tables that the inputs did not allow."""
    for code, what in NEED:
        found = [i for i in report.issues if i.code == code]
        if found:
            said = joined((f"{i.where.column} ({i.message})" for i in found), 3)
            noun = "scenario" if code.startswith("scenario") else "table"
            yield f"{plural(len(found), noun)} {what}: {said}."


def of_nav(report: Report) -> Iterator[str]:
    """Yield that shares of NAV are not known."""
    if isnan(nav_of(report)):
        yield "The NAV of a book is not given, so shares of the desk's NAV are unknown."


def of_liquidity(report: Report) -> Iterator[str]:
    """Yield the money whose days to sell are not known."""
    rows = frame_of(report, "liquidity")
    missing = total(rows, "unknown_gross")
    if missing > LEAST * gross_of(report):
        whole = money(total(rows, "netted_gross"), report.base_currency)
        part = money(missing, report.base_currency)
        yield f"Days to sell are unknown for {part} of {whole}, for want of volumes."


def of_margin(report: Report) -> Iterator[str]:
    """Yield the notional whose margin is not known."""
    missing = total(frame_of(report, "accounts"), "unknown_margin")
    if missing > LEAST * gross_of(report):
        part = money(missing, report.base_currency)
        yield f"Margin is not given for {part} of notional."


def of_loadings(report: Report) -> Iterator[str]:
    """Yield the money that moves in stress as its peers do, not by its own history."""
    rows = report.exposures
    stand_in = total(rows, "gross") and float((rows.gross * rows.proxied_share).sum())
    gross = gross_of(report)
    if stand_in > LEAST * gross:
        yield (
            f"{money(stand_in, report.base_currency)} of gross "
            f"({share(stand_in / gross)}) has too little history of its own and is "
            "stressed as its tier."
        )


def of_cycle(report: Report) -> Iterator[str]:
    """Yield signals of the cycle that have no data."""
    rows = frame_of(report, "cycle")
    if "state" in rows:
        silent = rows.loc[rows["state"].astype(str) == "unknown", "signal"]
        if len(silent):
            names = joined(spaced(s) for s in silent)
            yield f"The cycle is read without {names}: no data."
