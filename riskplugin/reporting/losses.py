"""What breached, and what the desk loses in the worst scenarios."""

from collections.abc import Iterator
from math import isnan

import pandas as pd

from riskplugin.reporting.figures import frame_of, nav_of, worst_scenarios
from riskplugin.reporting.passages import Passage, Tone
from riskplugin.reporting.shown import Rows, money, percent, ratio, text
from riskplugin.reporting.unknowns import limit_in_words
from riskplugin.reporting.words import (
    joined,
    number,
    plural,
    share,
    signed,
    spaced,
    verb,
)
from riskplugin.reporting.words import money as said_money
from riskplugin.results import Report

SHOWN = 5
BAND_NOTE = (
    "P&L at the median shock of every name. The band says how far the same core move "
    "left prices apart in the history used; it does not say how likely the core move is."
)
STATUSES = (("BREACH", "hard"), ("WARN", "soft"))
MONEY_UNITS = ("base",)


def breaches(report: Report) -> Passage | None:
    """Return what breached; nothing where no limits were checked."""
    if "limits" not in report.tables:
        return None
    rows = frame_of(report, "limits")
    status = rows["status"].astype(str)
    hit = rows[status.isin([s for s, _ in STATUSES])]
    tone = tone_of(status)
    order = hit.assign(rank=(hit["status"].astype(str) != "BREACH")).sort_values(
        "rank", kind="stable"
    )
    columns = (
        *text("status metric scope scenario"),
        *ratio("value soft hard headroom"),
        *text("reason"),
    )
    there = tuple(c for c in columns if c.name in order)
    shown = Rows(there, order[[c.name for c in there]].head(2 * SHOWN), len(order))
    points = tuple(breach_points(rows, report.base_currency))
    return Passage("breaches", "Limits", tone, points, shown if len(hit) else None)


def tone_of(status: "pd.Series[str]") -> Tone:
    """Return the tone of the worst status there is."""
    tones = {"BREACH": Tone.BREACH, "UNKNOWN": Tone.UNKNOWN, "WARN": Tone.WARNING}
    return next((t for s, t in tones.items() if (status == s).any()), Tone.QUIET)


def breach_points(rows: pd.DataFrame, currency: str) -> Iterator[str]:
    """Yield what is broken, what is close, and what is within."""
    status = rows["status"].astype(str)
    for wanted, level in STATUSES:
        hit = rows[status == wanted]
        if len(hit):
            said = joined(
                (over(row, level, currency) for _, row in hit.iterrows()), SHOWN
            )
            yield f"{plural(len(hit), f'{level} limit')} {verb(len(hit))} broken: {said}."
    within = int((status == "OK").sum())
    if within == len(rows):
        yield f"All {plural(within, 'limit')} hold."
    else:
        yield f"{within} of {plural(len(rows), 'limit')} hold."


def over(row: "pd.Series[object]", level: str, currency: str) -> str:
    """Return how far a limit is broken: ``gross of tier memory 143.1m against 120m``."""
    name = limit_in_words(row)
    value, limit = (float(str(row[c])) for c in ("value", level))
    return (
        f"{name} {figure(value, row, currency)} against {figure(limit, row, currency)}"
    )


def figure(value: float, row: "pd.Series[object]", currency: str) -> str:
    """Return a limit's figure in its unit."""
    unit = str(row.get("unit", "") or "")
    if unit in MONEY_UNITS or (not unit and abs(value) >= 1000):
        return said_money(value, currency)
    return f"{number(value)} {unit}".rstrip() if unit != "ratio" else number(value)


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
    row = frame.iloc[0]
    name = str(row["scenario"])
    yield loss_in_words(report, row)
    tiers = tiers_in(report, name)
    lost, won = tiers[tiers["pnl"] < 0], tiers[tiers["pnl"] > 0].iloc[::-1]
    if len(lost):
        takes = joined(f"{r.tier} {signed(r.pnl)}" for r in lost.head(3).itertuples())
        gives = joined(f"{r.tier} {signed(r.pnl)}" for r in won.head(2).itertuples())
        yield f"Most of it is {takes}" + (f"; against it {gives}." if gives else ".")
    yield from severity_in_words(report, name)
    yield from course_in_words(report, name)
    losing = int((frame["pnl"] < 0).sum())
    yield f"{losing} of {plural(len(frame), 'scenario')} lose money."


def loss_in_words(report: Report, row: "pd.Series[object]") -> str:
    """Return the P&L of a scenario and its band in a sentence."""
    pnl, low, high = (float(str(row[c])) for c in ("pnl", "low", "high"))
    if isnan(pnl):
        return f"The P&L of {row['scenario']} is unknown."
    part = pnl / nav_of(report)
    of_nav = "" if isnan(part) else f" ({share(abs(part))} of NAV)"
    band = "" if isnan(low) else f", band {signed(low)} to {signed(high)}"
    does = "loses" if pnl < 0 else "makes"
    money_said = said_money(abs(pnl), report.base_currency)
    return f"{row['scenario']}: the desk {does} {money_said}{of_nav}{band}."


def severity_in_words(report: Report, name: str) -> Iterator[str]:
    """Yield what the scenario holds fixed, and how often history held as much."""
    rows = frame_of(report, "plausibility")
    if "core" not in rows:
        return
    for row in rows[rows["scenario"] == name].itertuples():
        over_sessions = plural(int(row.horizon_sessions), "session")
        seen = ""
        if not isnan(row.at_least_as_bad) and row.windows:
            count, of = int(row.at_least_as_bad), int(row.windows)
            seen = (
                f"; {count} of {plural(of, 'window')} of the history used fell as far"
            )
        yield f"It assumes {row.core} over {over_sessions}{seen}."


def course_in_words(report: Report, name: str) -> Iterator[str]:
    """Yield what a scenario calls on the way, and its worst point if not the end."""
    rows = frame_of(report, "stress_path_summary")
    for row in rows[rows["scenario"] == name].itertuples() if len(rows) else ():
        if row.worst_session < row.horizon_sessions and row.worst < row.pnl:
            worst_point = signed(row.worst, report.base_currency)
            yield f"Its worst point, {worst_point}, comes at session {row.worst_session:.0f}."
        called = [
            f"{said_money(value, report.base_currency)} of {spaced(what)}"
            for what, value in (
                ("cash", row.cash_called),
                ("margin", row.margin_called),
            )
            if value > 0
        ]
        if called:
            yield f"On the way it calls up to {joined(called)}."
