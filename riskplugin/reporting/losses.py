"""What breached, and what the desk loses in the worst scenarios."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd

from riskplugin.reporting.figures import frame_of, nav_of, records, worst_scenarios
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.reaching import reach_in_words
from riskplugin.reporting.shown import Rows, money, percent, ratio, text
from riskplugin.reporting.unknowns import limit_in_words
from riskplugin.reporting.words import (
    joined,
    minus,
    number,
    plural,
    share,
    signed,
    verb,
)
from riskplugin.reporting.words import money as said_money
from riskplugin.results import Report

SHOWN = 5
BAND_NOTE = (
    "P&L at the median shock of every name. The band says how far the same core move "
    "left prices apart in the history used; it does not say how likely that move is."
)
STATUSES = (("BREACH", "hard"), ("WARN", "soft"))
WAIVED = "WAIVED"
MONEY_UNITS = ("base",)


def breaches(report: Report) -> Passage | None:
    """Return what breached; nothing where no limits were checked."""
    rows = frame_of(report, "limits")
    if rows.empty:
        return None
    status = standing(rows)
    hit = rows[status.isin([s for s, _ in STATUSES])]
    tone = tone_of(status)
    order = hit.assign(rank=(hit["status"].astype(str) != "BREACH")).sort_values(
        "rank", kind="stable"
    )
    columns = (
        *text("status metric scope scenario"),
        *ratio("value soft hard"),
        *text("unit drivers reason"),
    )
    there = tuple(c for c in columns if c.name in order)
    shown = Rows(there, order[[c.name for c in there]].head(2 * SHOWN), len(order))
    points = tuple(breach_points(rows, report.base_currency))
    return Passage("breaches", "Limits", tone, points, shown if len(hit) else None)


def standing(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return the status of limits; a breach that is waived stands as one apart."""
    status = rows["status"].astype(str)
    if "waived" not in rows:
        return status
    return status.mask((status == "BREACH") & rows["waived"].astype(bool), WAIVED)


def tone_of(status: "pd.Series[str]") -> Tone:
    """Return the tone of the worst status there is."""
    tones = {"BREACH": Tone.BREACH, "UNKNOWN": Tone.UNKNOWN, "WARN": Tone.WARNING}
    return next((t for s, t in tones.items() if (status == s).any()), Tone.QUIET)


def waiver(row: Mapping[str, Any]) -> str:
    """Return a limit that is waived, with the reason: till when, and why."""
    reason = str(row.get("reason") or "")
    return limit_in_words(row) + (f" ({reason})" if reason else "")


def breach_points(rows: pd.DataFrame, currency: str) -> Iterator[str]:
    """Yield what is broken, what is close, and what is within."""
    status = standing(rows)
    for wanted, level in STATUSES:
        hit = rows[status == wanted]
        if len(hit):
            said = joined((over(r, level, currency) for r in records(hit)), SHOWN)
            many = plural(len(hit), f"{level} limit")
            yield f"{many} {verb(len(hit))} broken: {said}."
    waived = rows[status == WAIVED]
    if len(waived):
        yield f"Broken and waived: {joined(map(waiver, records(waived)))}."
    within = int((status == "OK").sum())
    if within == len(rows):
        yield f"All limits hold, {within} of {within}."
    else:
        yield f"{within} of {plural(len(rows), 'limit')} {holds(within)}."


def holds(count: int) -> str:
    """Return holds or hold."""
    return "holds" if count == 1 else "hold"


def over(row: Mapping[str, Any], level: str, currency: str) -> str:
    """Return how far a limit is broken: ``gross of tier x 143.1m against 120m``."""
    name = limit_in_words(row)
    value, limit = (figure(row[c], row, currency) for c in ("value", level))
    return f"{name} {value} against {limit}"


def figure(value: float, row: Mapping[str, Any], currency: str) -> str:
    """Return a limit's figure in its unit."""
    unit = str(row.get("unit", "") or "")
    if unit in MONEY_UNITS:
        return said_money(value, currency)
    if unit == "nav":
        return f"{share(value)} of NAV"
    return f"{number(value, 1)} days" if unit == "days" else number(value)


def worst(report: Report) -> Passage:
    """Return the worst scenarios with their bands."""
    frame = worst_scenarios(report)
    title = f"Worst scenarios, with their {report.confidence:.0%} band"
    if frame.empty:
        return Passage("worst", title, Tone.UNKNOWN, ("No scenario could be run.",))
    frame = frame.assign(pnl_pct_nav=frame["pnl"] / nav_of(report))
    frame["hardest_hit"] = [hardest(report, s) for s in frame["scenario"]]
    columns = (
        *text("scenario"),
        *money("pnl low high"),
        *percent("pnl_pct_nav"),
        *text("hardest_hit"),
    )
    shown = frame[[c.name for c in columns]].head(SHOWN).reset_index(drop=True)
    rows = Rows(columns, shown, len(frame))
    points = tuple(worst_points(report, frame))
    return Passage("worst", title, Tone.QUIET, points, rows, BAND_NOTE)


def hardest(report: Report, scenario: str) -> str:
    """Return the tier that loses most in a scenario; blank where none loses."""
    rows = tiers_in(report, scenario)
    return str(rows["tier"].iloc[0]) if len(rows) and rows["pnl"].iloc[0] < 0 else ""


def tiers_in(report: Report, scenario: str) -> pd.DataFrame:
    """Return the tiers of a scenario, the largest loss first."""
    frame = frame_of(report, "stress")
    return frame[frame["scenario"] == scenario].sort_values("pnl", kind="stable")


def worst_points(report: Report, frame: pd.DataFrame) -> Iterator[str]:
    """Yield the worst scenario in words: how much, where, how fast, how plausible."""
    row = records(frame.head(1))[0]
    name = str(row["scenario"])
    if isnan(row["pnl"]):
        yield loss_in_words(report, row)
    tiers = tiers_in(report, name)
    lost, won = tiers[tiers["pnl"] < 0], tiers[tiers["pnl"] > 0].iloc[::-1]
    if len(lost):
        takes = joined(map(tier_in_words, records(lost.head(3))))
        gives = joined(map(tier_in_words, records(won.head(2))))
        against = f"; against it {gives}" if gives else ""
        yield f"In {name} the loss is most of all {takes}{against}."
    yield from books_in_words(report, name)
    yield from severity_in_words(report, name)
    yield from course_in_words(report, name)
    yield from reach_in_words(report)
    losing = int((frame["pnl"] < 0).sum())
    yield f"{losing} of {plural(len(frame), 'scenario')} lose money."


def tier_in_words(row: Mapping[str, Any]) -> str:
    """Return a tier and its P&L."""
    return f"{row['tier']} {signed(row['pnl'])}"


def loss_in_words(report: Report, row: Mapping[str, Any]) -> str:
    """Return the P&L of a scenario and its band in a sentence."""
    pnl, low, high = (float(row[c]) for c in ("pnl", "low", "high"))
    if isnan(pnl):
        return f"The P&L of {row['scenario']} is unknown."
    part = pnl / nav_of(report)
    of_nav = "" if isnan(part) else f" ({share(abs(part))} of NAV)"
    band = "" if isnan(low) else f", band {signed(low)} to {signed(high)}"
    does = "loses" if pnl < 0 else "makes"
    money_said = said_money(abs(pnl), report.base_currency)
    return f"{row['scenario']}: the desk {does} {money_said}{of_nav}{band}."


def books_in_words(report: Report, name: str) -> Iterator[str]:
    """Yield the books that lose most, where there are several."""
    frame = frame_of(report, "stress_by_book")
    if frame.empty or frame["book"].nunique() < 2:
        return
    of_book = frame[frame["scenario"] == name].groupby("book", sort=True)["pnl"]
    sums = of_book.sum(min_count=1).sort_values(kind="stable")
    losing = sums[sums < 0]
    if len(losing):
        said = joined(f"{book} {signed(value)}" for book, value in losing.items())
        yield f"{len(losing)} of {plural(len(sums), 'book')} lose: {said}."


def severity_in_words(report: Report, name: str) -> Iterator[str]:
    """Yield what the scenario holds fixed, and how often history held as much."""
    rows = frame_of(report, "plausibility")
    if "core" not in rows:
        return
    for row in records(rows[rows["scenario"] == name]):
        sessions = plural(int(row["horizon_sessions"]), "session")
        count, of, seen = row["at_least_as_bad"], row["windows"], ""
        if not isnan(count) and of > 0:
            windows = plural(int(of), "window")
            seen = f"; {int(count)} of {windows} of the history used moved as far"
        yield f"It assumes {minus(row['core'])} over {sessions}{seen}."


def course_in_words(report: Report, name: str) -> Iterator[str]:
    """Yield what a scenario calls on the way, and its worst point if not the end."""
    rows = frame_of(report, "stress_path_summary")
    currency = report.base_currency
    for row in records(rows[rows["scenario"] == name]) if len(rows) else ():
        session = row["worst_session"]
        if session < row["horizon_sessions"] and row["worst"] < row["pnl"]:
            deepest = signed(row["worst"], currency)
            yield f"Its worst point, {deepest}, comes at session {session:.0f}."
        called = [
            f"{said_money(row[f'{what}_called'], currency)} of {what}"
            for what in ("cash", "margin")
            if row[f"{what}_called"] > 0
        ]
        if called:
            yield f"On the way it calls up to {joined(called)}."
