"""Sections of a report on losses: stress, parts, paths, replays, reverse stress."""

from riskplugin.reporting.shown import (
    Drawing,
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

PARTS = ("direct", "propagated", "overshoot", "convexity", "liquidity")
STRESSED = (*money("pnl low high direct propagated overshoot convexity liquidity"),)


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
                *text("phase called"),
                *ratio("weight"),
                *count("weighted_scenarios"),
                *money("weighted_pnl worst_pnl"),
                *text("worst_scenario reason"),
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
                *count("drivers_named"),
                *percent("tail_normal tail_t"),
                *count("windows at_least_as_bad"),
                *text("worst_windows alone reason"),
            ),
        ),
        Shown(
            "regimes",
            "The same scenarios by all history, by hectic and by pooled windows",
            (
                *text("scenario regime"),
                *money("pnl low high"),
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
                *money("convexity convexity_gamma convexity_volatility"),
                *money("convexity_carry convexity_leverage convexity_funding"),
                *money("convexity_liquidation"),
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
            cut=4000,
            drawing=Drawing(Picture.LINES, "session", ("pnl",), series="scenario"),
        ),
        Shown(
            "stress_path_summary",
            "The worst session of every path",
            (
                *text("scenario"),
                *money("pnl worst"),
                *days("worst_session horizon_sessions"),
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
    "How far must drivers move for the desk's losses to reach their limits?",
    (
        Shown(
            "reverse_stress",
            "The smallest move of each driver, and of all together, that loses so much",
            (
                *text("scope metric scenario limit"),
                *money("loss"),
                *text("driver"),
                *percent("move"),
                *days("horizon_sessions"),
                *ratio("distance"),
                *count("drivers_named windows at_least_as_bad"),
                *money("lowest_pnl"),
                *percent("lowest_at"),
                *percent("move_memory move_ai_compute move_crypto move_equity"),
                *text("reason"),
            ),
        ),
        Shown(
            "reverse_curve",
            "P&L of the whole desk against the move of one driver",
            (*text("driver"), *percent("move"), *money("pnl low high")),
            drawing=Drawing(Picture.LINES, "move", ("pnl",), series="driver"),
        ),
    ),
)
