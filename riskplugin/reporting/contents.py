"""What is in a report, in order: the sections, and of which tables of a run they are.

A table that a run does not hold is left out, and a section of which nothing is left
with it. The first page stands before them, definitions after them.
"""

from collections.abc import Iterator

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
from riskplugin.results import Report

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
CVAR = {"measure": ("CVaR",)}

HELD = (
    *money("gross net long short delta_equivalent memory_beta_exposure"),
    *percent("pct_nav largest proxied_share"),
    *ratio("effective_names"),
)
STRESSED = (*money("pnl low high direct propagated overshoot convexity liquidity"),)
CONTRIBUTION = (
    *money("component"),
    *percent("share"),
    *money("incremental standalone"),
)


def exposure(table: str, title: str, *keys: str, cut: int = 200) -> Shown:
    """Return how a table of exposures is shown."""
    drawing = Drawing(Picture.BARS, keys[-1], ("net", "memory_beta_exposure"))
    return Shown(
        table,
        title,
        (*text(" ".join(keys)), *HELD),
        cut=cut,
        drawing=drawing if len(keys) == 1 else None,
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


LIMITS = Section(
    "limits",
    "Limits",
    "Which limits are broken, and how much room is left in the others?",
    (
        Shown(
            "limits",
            "Every limit",
            (
                *text("metric scope scenario unit direction"),
                *ratio("value soft hard headroom"),
                *text("status reason"),
            ),
        ),
    ),
)
EXPOSURES = Section(
    "exposures",
    "Exposures",
    "What do we hold, and how much of it hangs on the memory cycle?",
    (
        exposure("exposures", "By tier", "tier"),
        exposure("exposures_by_link", "By link to the memory cycle", "link"),
        exposure("exposures_by_currency", "By currency", "currency"),
        exposure("exposures_by_book", "By book and tier", "book", "tier"),
        Shown(
            "look_through",
            "With funds seen through, by tier",
            (
                *text("tier"),
                *money("net net_as_held held_directly through_funds left_in_funds"),
                *percent("pct_nav largest"),
            ),
        ),
        Shown(
            "accounts",
            "By account",
            (
                *text("account"),
                *money("gross net cash notional margin_posted unknown_margin locked"),
                *money("default_pnl default_pnl_set_off"),
            ),
        ),
        Shown(
            "greeks",
            "Options, by tier",
            (*text("tier"), *money("delta gamma vega theta")),
        ),
    ),
)
STRESS = Section(
    "stress",
    "Stress",
    "What do we lose when the cycle turns, and where?",
    (
        Shown(
            "stress_total",
            "Every scenario, the whole desk",
            (*text("scenario"), *STRESSED),
            sort="pnl",
            drawing=Drawing(Picture.BANDS, "scenario", ("pnl",), "low", "high"),
        ),
        Shown(
            "stress",
            "P&L by tier and scenario",
            pivot=Pivot("tier", "scenario", "pnl"),
            drawing=Drawing(Picture.HEAT, "tier", ("pnl",)),
        ),
        Shown(
            "stress_by_book",
            "P&L by book and scenario",
            pivot=Pivot("book", "scenario", "pnl"),
            drawing=Drawing(Picture.HEAT, "book", ("pnl",)),
        ),
        Shown(
            "stress_weighted_by_phase",
            "Weighted by the phase of the cycle, beside the worst of all",
            (
                *text("phase tier book"),
                *ratio("weight"),
                *count("weighted_scenarios"),
                *money("weighted_pnl worst_pnl"),
                *text("worst_scenario"),
            ),
        ),
        Shown(
            "stress_by_position",
            "The positions that lose most, in any scenario",
            (*text("scenario position book instrument tier"), *STRESSED),
            sort="pnl",
            cut=50,
        ),
        Shown(
            "plausibility",
            "How plausible each core is",
            (
                *text("scenario core"),
                *days("horizon_sessions"),
                *ratio("distance"),
                *percent("tail_normal tail_t"),
                *count("windows at_least_as_bad"),
                *text("alone worst_windows reason"),
            ),
        ),
        Shown(
            "regimes",
            "The same scenarios by all history, by hectic and by pooled windows",
            (
                *text("scenario regime"),
                *money("pnl low high"),
                *percent("hectic_share"),
                *count("independent_scenarios"),
                *text("reason"),
            ),
        ),
    ),
)
PARTS_OF = Section(
    "parts",
    "The five parts",
    "How much of each loss does the scenario name, how much follows from history, and "
    "how much is assumed on top?",
    (
        Shown(
            "stress_total",
            "From nothing to the P&L, part by part",
            (*text("scenario"), *money("pnl"), *money(" ".join(PARTS))),
            sort="pnl",
            drawing=Drawing(Picture.WATERFALL, "", PARTS, series="scenario"),
        ),
        Shown(
            "convexity_parts",
            "What convexity is made of",
            (
                *text("scenario tier"),
                *money("convexity gamma vega theta funding compounding liquidation"),
            ),
        ),
    ),
)
PATHS = Section(
    "paths",
    "Paths",
    "How fast does it come, where is the worst point, and what is called on the way?",
    (
        Shown(
            "stress_paths",
            "P&L by session",
            (
                *text("scenario"),
                *days("session"),
                *money("pnl cash_called margin_called"),
            ),
            cut=0,
            drawing=Drawing(Picture.LINES, "session", ("pnl",), series="scenario"),
        ),
        Shown(
            "stress_path_summary",
            "The worst session of every path",
            (
                *text("scenario"),
                *money("pnl worst"),
                *days("worst_session horizon_sessions breach_session"),
                *money("cash_called margin_called"),
            ),
            sort="worst",
        ),
        Shown(
            "liquidations",
            "Margined positions that a scenario closes",
            (
                *text("scenario position instrument"),
                *percent("closing_move"),
                *days("liquidation_session"),
                *money("margin_posted margin_needed margin_missing pnl pnl_if_kept"),
            ),
            sort="liquidation_session",
        ),
    ),
)
REPLAYS = Section(
    "replays",
    "Replays",
    "What would past episodes have done to the book of today?",
    (
        Shown(
            "replays",
            "Every episode, the whole desk",
            (
                *text("episode"),
                *date("start end"),
                *money("pnl covered_own covered_loadings covered_table uncovered"),
            ),
            summed_by=("episode", "start", "end"),
            drawing=Drawing(Picture.BARS, "episode", ("pnl",)),
        ),
        Shown(
            "replays", "P&L by tier and episode", pivot=Pivot("tier", "episode", "pnl")
        ),
        Shown(
            "claims",
            "How often tiers fell further, or sooner, than memory",
            (
                *text("tier claim"),
                *count("episodes for against neither"),
                *text("sentence"),
            ),
        ),
    ),
)
REVERSE = Section(
    "reverse",
    "Reverse stress",
    "What would have to happen for the desk to lose a given amount?",
    (
        Shown(
            "reverse_stress",
            "The smallest move of a driver that loses so much",
            (
                *text("driver"),
                *count("answer"),
                *money("loss"),
                *percent("move"),
                *money("pnl"),
                *ratio("distance"),
                *text("reason"),
            ),
        ),
    ),
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
LIQUIDITY = Section(
    "liquidity",
    "Liquidity",
    "How long does it take to get out, what does it cost, and what is not known?",
    (
        Shown(
            "liquidity",
            "Days to sell, by tier",
            (
                *text("tier"),
                *money("netted_gross"),
                *days("days days_stressed mean_days_stressed"),
                *percent("within_1 within_5 within_21"),
                *money("cost"),
                *percent("cost_pct_gross"),
                *money("locked unknown_gross uncosted_gross"),
            ),
            drawing=Drawing(Picture.BARS, "tier", ("days_stressed",)),
        ),
        Shown(
            "unwinding",
            "Scenarios with the desk selling on the way",
            (
                *text("scenario"),
                *days("horizon_sessions"),
                *money("pnl_held pnl_unwinding selling_cost"),
                *percent("held_at_end"),
                *money("unknown_gross uncosted_gross"),
            ),
            sort="pnl_held",
        ),
    ),
)
PROPOSALS = Section(
    "proposals",
    "Proposals",
    "Which trades would bring the broken limits back, and at what cost?",
    (Shown("proposals", "The cheapest trades"),),
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
CONTENTS: tuple[Section, ...] = (
    LIMITS,
    STRESS,
    PARTS_OF,
    PATHS,
    EXPOSURES,
    REPLAYS,
    REVERSE,
    MEASURES,
    LIQUIDITY,
    PROPOSALS,
    CYCLE,
    DATA,
    PROVENANCE,
)


def contents_of(report: Report) -> Iterator[Section]:
    """Yield the sections of a report, each with the tables that the run holds."""
    for section in CONTENTS:
        there = tuple(s for s in section.tables if s.table in report.tables)
        if there:
            yield Section(section.key, section.title, section.question, there)
