"""The first page of a run as data: what is not known, what breached, what may come."""

from math import isnan

from riskplugin.columns.meanings import definition
from riskplugin.reporting.changes import changed
from riskplugin.reporting.figures import frame_of, gross_of, nav_of, records, total
from riskplugin.reporting.figures import worst_scenarios as worst_of
from riskplugin.reporting.health import cycle, data, left_out
from riskplugin.reporting.losses import breaches, loss_in_words, worst
from riskplugin.reporting.passages import FirstPage, Tone
from riskplugin.reporting.proposed import proposed
from riskplugin.reporting.unknowns import left_out_in_words, unknown
from riskplugin.reporting.words import money, plural
from riskplugin.results import Report, Table

OWN_COLUMNS = {
    "pnl_pct_nav": "pnl / NAV of all books, as a decimal; NaN where one is missing.",
    "hardest_hit": "Tier with the largest loss; blank where none loses.",
    "figure": "Headline figure of the whole desk, base currency.",
    "due_to": "Inputs that moved it most, and the name that each moved most.",
    "phase": "expansion, late, rolling_over or reversal; unknown at the start.",
}


def meaning(column: str) -> str:
    """Return what a column of a report means; blank for one that explains itself."""
    if column in OWN_COLUMNS:
        return OWN_COLUMNS[column]
    try:
        return definition(column)
    except KeyError:
        return ""  # a grid's columns are names of scenarios or factors


def first_page(
    report: Report,
    previous: Report | None = None,
    explained: Table | None = None,
) -> FirstPage:
    """Return the first page of a run.

    Parameters
    ----------
    report : Report
    previous : Report, optional
        The run that came before it, to be compared with.
    explained : Table, optional
        What moved the headlines between the two (`rp.explain`).

    Returns
    -------
    FirstPage
        What is not known and what was left out, what breached, the worst scenarios with
        their bands, what changed, the data, the cycle. What the run does not hold is
        left out.
    """
    out = left_out(report)
    found = (
        unknown(report),
        out if len(report.left_out) else None,
        breaches(report),
        proposed(report),
        worst(report),
        changed(report, previous, explained),
        None if len(report.left_out) else out,
        data(report),
        cycle(report),
    )
    return FirstPage(
        title=f"Risk on {report.as_of}",
        lead=lead(report),
        facts=facts(report),
        base_currency=report.base_currency,
        passages=tuple(passage for passage in found if passage is not None),
    )


def lead(report: Report) -> str:
    """Return the night in a few sentences: what is broken, and what may be lost."""
    first = limits_in_words(report)
    if len(report.left_out):
        first = f"Every figure is without {left_out_in_words(report)}. {first}"
    frame = worst_of(report)
    if frame.empty:
        return f"{first} No scenario could be run."
    many = plural(len(frame), "scenario")
    loss = loss_in_words(report, records(frame.head(1))[0])
    return f"{first} Worst of {many}, {loss}"


def limits_in_words(report: Report) -> str:
    """Return whether a limit is broken, as far as it is known."""
    limits = breaches(report)
    if limits is None:
        return "Limits were not checked."
    if limits.tone is Tone.UNKNOWN:
        return "No limit is known to be broken, and some could not be told."
    return limits.points[0]


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what the run is of, in names and values."""
    held = frame_of(report, "positions")
    nav, currency = nav_of(report), report.base_currency
    return (
        ("Status", report.status),
        ("Books", f"{held['book'].nunique():,}"),
        ("Positions", f"{len(held):,}"),
        ("Gross", money(gross_of(report), currency)),
        ("Net", money(total(report.exposures, "net"), currency)),
        ("NAV", "not given" if isnan(nav) else money(nav, currency)),
        ("Run", report.run_id),
    )
