"""How far drivers must move for the desk's loss to reach its limit, in words."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from riskplugin.columns.core import MOVE
from riskplugin.limits.definition import TOTAL, WORST
from riskplugin.reporting.figures import frame_of, records
from riskplugin.reporting.unknowns import limit_in_words
from riskplugin.reporting.words import joined, money, plural, share, signed
from riskplugin.results import Report
from riskplugin.tables.loss_levels import AT_THE_LOW, HARD
from riskplugin.tables.reaching import LIMIT, REACHING, TOGETHER

Row = dict[str, Any]


def reach_in_words(report: Report) -> Iterator[str]:
    """Yield how far the limit on the whole desk's loss is, or else shares of NAV.

    The tightest hard limit at the median; where there is none, the tightest on the low
    end of the band.
    """
    rows = frame_of(report, REACHING)
    if rows.empty:
        return
    whole = rows[rows["scope"] == TOTAL]
    hard = whole[whole["limit"] == HARD]
    if hard.empty:
        yield shares_in_words(report, whole)
        return
    low = hard["metric"].isin(AT_THE_LOW)
    chosen = hard[~low] if not low.all() else hard
    tightest = min(records(chosen), key=lambda row: float(row["loss"]))
    same = [all(row[c] == tightest[c] for c in LIMIT) for row in records(chosen)]
    yield from limit_reached(report, chosen[same])


def limit_reached(report: Report, rows: pd.DataFrame) -> Iterator[str]:
    """Yield where a limit is broken already, and what must happen for it to be."""
    first = records(rows)[0]
    level = money(first["loss"], report.base_currency)
    said = f"the hard limit of {level} ({limit_in_words(first)})"
    beyond = scenarios_beyond(report, first)
    if beyond:
        yield f"The desk is already beyond {said} in {joined(beyond)}."
    by_driver = {
        str(name): records(some) for name, some in rows.groupby("driver", sort=False)
    }
    together = by_driver.pop(TOGETHER, [])
    yield first_in_words(report, by_driver.pop(str(first["driver"])), said)
    if by_driver:
        yield others_in_words(by_driver)
    if together:
        yield from together_in_words(together[0])


def scenarios_beyond(report: Report, limit: Row) -> list[str]:
    """Return the scenarios of a limit that lose more than it allows."""
    word, _, family = str(limit["scenario"]).partition(":")
    known = frame_of(report, "scenarios")
    meant = known["scenario"] == word
    if word == WORST:
        meant = known["family"].isin([family] if family else known["family"])
    done = frame_of(report, "stress_total").sort_values("pnl", kind="stable")
    column = "low" if limit["metric"] in AT_THE_LOW else "pnl"
    figures = done[column].fillna(done["pnl"])
    beyond = done["scenario"].isin(known["scenario"][meant]) & (
        -figures > limit["loss"]
    )
    return [str(name) for name in done["scenario"][beyond]]


def first_in_words(report: Report, answers: list[Row], said: str) -> str:
    """Return what the first driver must do for the loss to reach a limit."""
    row = answers[0]
    name = str(row["driver"])
    low = row["metric"] in AT_THE_LOW
    sooner = "; the low end, which is limited, lies lower" if low else ""
    if row["answer"] == 0:
        if isnan(row["lowest_pnl"]):
            return f"How far {name} is from {said} is not known: {row['reason']}."
        deepest = signed(row["lowest_pnl"], report.base_currency)
        return (
            f"No move of {name} reaches {said}, the other drivers following: the "
            f"worst P&L is {deepest}, where it {does(row['lowest_at'])}{sooner}."
        )
    if row["move"] == 0:
        return f"Without any move of {name} the loss is {said} or more."
    sessions = plural(int(row["horizon_sessions"]), "session")
    windows = plural(int(row["windows"]), "window")
    seen = f"{int(row['at_least_as_bad'])} of {windows} of the history used"
    history = f"; {seen} moved as far" if row["windows"] > 0 else ""
    return (
        f"{name[:1].upper()}{name[1:]} must {must(answers)} from here over {sessions}, "
        f"the other drivers following, for the loss to reach {said}{history}{sooner}."
    )


def must(answers: list[Row]) -> str:
    """Return what a driver must do: ``fall 43.0%``, ``fall 60.0% or rise 20.0%``."""
    turns = ("fall" if row["move"] < 0 else "rise" for row in answers)
    pairs = zip(turns, answers, strict=True)
    return " or ".join(f"{turn} {share(abs(row['move']))}" for turn, row in pairs)


def does(move: float) -> str:
    """Return what a driver does: ``falls 95.0%``."""
    return f"{'falls' if move < 0 else 'rises'} {share(abs(move))}" if move else "rests"


def others_in_words(by_driver: dict[str, list[Row]]) -> str:
    """Return what each of the other drivers must do, one at a time."""
    there = {name: rows for name, rows in by_driver.items() if rows[0]["answer"] > 0}
    unable = [name for name in by_driver if name not in there]
    words = [f"{name} must {must(rows)}" for name, rows in there.items()]
    if unable:
        words.append(f"no move of {' or '.join(unable)} does")
    return f"Named in its place, {'; '.join(words)}."


def together_in_words(row: Row) -> Iterator[str]:
    """Yield the most plausible move of all drivers that loses as much, or that none."""
    if row["answer"] == 0 and not isnan(row["lowest_pnl"]):
        yield "No move of all of them together was found that does."
    if row["answer"] == 0 or row["distance"] == 0:
        return
    moves = {n.removeprefix(MOVE): m for n, m in row.items() if n.startswith(MOVE)}
    said = joined((f"{n} {share(m)}" for n, m in moves.items() if not isnan(m)), 8)
    far = f"{row['distance']:.1f} standard deviations away"
    yield f"The most plausible way there moves all of them: {said}, {far}."


def shares_in_words(report: Report, rows: pd.DataFrame) -> str:
    """Return what the first driver must do for shares of NAV or gross to be lost."""
    first = rows[rows["driver"] == rows["driver"].iloc[0]]
    parts = [
        share_in_words(report, records(some))
        for _, some in first.groupby("limit", sort=False)
    ]
    row = records(first)[0]
    sessions = plural(int(row["horizon_sessions"]), "session")
    return (
        f"There is no limit on the desk's loss to measure by. Over {sessions}, the "
        f"other drivers following, {joined(parts)}."
    )


def share_in_words(report: Report, answers: list[Row]) -> str:
    """Return what a driver must do for one loss, named by its share."""
    row = answers[0]
    loss = f"{row['limit']} ({money(row['loss'], report.base_currency)})"
    if row["answer"] == 0:
        known = not isnan(row["lowest_pnl"])
        does_not = f"no move of {row['driver']} loses {loss}"
        return does_not if known else f"whether {loss} is lost is not known"
    if row["move"] == 0:
        return f"{loss} is lost without any move"
    return f"{row['driver']} must {must(answers)} for a loss of {loss}"
