"""Sections of a report on measures, the cycle, the data and provenance."""

from riskplugin.reporting.shown import (
    Drawing,
    Kind,
    Picture,
    Pivot,
    Section,
    Shown,
    count,
    date,
    days,
    money,
    percent,
    ratio,
    text,
)

CVAR = {"measure": ("CVaR",)}
CONTRIBUTION = (
    *money("component"),
    *percent("share"),
    *money("incremental standalone"),
)


def contribution(table: str, title: str, *keys: str, cut: int = 200) -> Shown:
    """Return how contributions to CVaR are shown."""
    return Shown(
        table,
        title,
        (*text(" ".join(keys)), *CONTRIBUTION),
        where=CVAR,
        sort="-component",
        cut=cut,
        drawing=Drawing(Picture.BARS, keys[-1], ("component",)),
    )


def totals(table: str, title: str) -> Shown:
    """Return how the risk measures of the whole desk are shown."""
    return Shown(
        table,
        title,
        (
            *text("measure"),
            *money("total"),
            *percent("total_pct_nav own_history"),
            *count("independent_scenarios"),
        ),
        first_by=("measure",),
    )


MEASURES = Section(
    "measures",
    "Risk measures",
    "How much can we lose in ordinary times and in a reversal, and which part of the "
    "book is it?",
    (
        totals("measures", "One session, as in the past"),
        totals("measures_in_reversal", "21 sessions, as probable as when memory falls"),
        contribution("measures", "CVaR of one session, by tier", "tier"),
        contribution(
            "measures_in_reversal", "CVaR of 21 sessions of a reversal, by tier", "tier"
        ),
        contribution("measures_by_book", "CVaR of one session, by book", "book"),
        contribution(
            "measures_by_position",
            "The positions that add most to the CVaR of one session",
            *("position", "book", "tier", "instrument"),
            cut=25,
        ),
        Shown(
            "factor_risk",
            "CVaR by book and driver",
            pivot=Pivot("book", "factor", "component"),
            drawing=Drawing(Picture.HEAT, "book", ("component",)),
        ),
        Shown(
            "samples",
            "How much history stands behind them",
            (
                *text("method"),
                *days("horizon_sessions"),
                *count("scenarios independent_scenarios effective_scenarios"),
                *date("first last"),
                *percent("own_history memory_drift"),
                *text("reason"),
            ),
        ),
    ),
)
CYCLE = Section(
    "cycle",
    "The cycle",
    "Where in the memory cycle are we, and how good has that reading been?",
    (
        Shown(
            "cycle",
            "The four signals",
            (
                *text("signal state"),
                *ratio("reading"),
                *percent("percentile"),
                *date("last"),
                *text("evidence"),
            ),
        ),
        Shown(
            "cycle_record",
            "Its record on these prices",
            (
                *text("counted"),
                *count("count of"),
                *percent("rate rate_low rate_high"),
                *days("median_sessions_late"),
            ),
        ),
        Shown(
            "cycle_turns",
            "Memory's past falls, and when they were warned of",
            (
                *date("start end"),
                *percent("fall"),
                *date("warned"),
                *days("sessions_late"),
                *percent("fall_before fall_after"),
            ),
        ),
    ),
)
DATA = Section(
    "data",
    "Data and findings",
    "What is wrong or doubtful in what all of this was computed from?",
    (
        Shown(
            "left_out",
            "Positions left out",
            (
                *text("source row book instrument"),
                *ratio("quantity"),
                *money("market_value"),
                *text("reason"),
            ),
        ),
        Shown(
            "doctor",
            "What the data doctor found",
            (
                *text("concern code instrument"),
                *date("start end"),
                *text("evidence advice effect_on"),
                *ratio("effect_before effect_after"),
                *text("stress_scenario"),
                *money("stress_before stress_after"),
                *text("stress_note"),
            ),
        ),
        Shown(
            "issues",
            "What the inputs made necessary to say",
            text("level code source row column message hint"),
        ),
    ),
)
PROVENANCE = Section(
    "provenance",
    "Provenance",
    "What do the numbers rest on: whose history, which scenarios, which inputs?",
    (
        Shown(
            "loadings",
            "Memory beta of every instrument, and where it comes from",
            (
                *text("instrument tier provenance"),
                *ratio("total_memory_beta standard_error own_memory_beta"),
                *ratio("tier_memory_beta"),
                *count("windows"),
                *percent("residual_volatility"),
            ),
            sort="-total_memory_beta",
        ),
        Shown(
            "shocks",
            "Shock of every instrument, by scenario",
            pivot=Pivot("instrument", "scenario", "shock", kind=Kind.PERCENT),
        ),
        Shown(
            "scenarios",
            "The scenarios in words",
            (
                *text("scenario family severity core"),
                *days("horizon_sessions"),
                *text("description sources"),
                *count("version"),
            ),
        ),
    ),
)
