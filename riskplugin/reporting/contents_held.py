"""Sections of a report on holdings: limits, exposures, liquidity, proposals."""

from riskplugin.reporting.shown import (
    Drawing,
    Picture,
    Section,
    Shown,
    date,
    days,
    money,
    percent,
    ratio,
    text,
)

HELD = (
    *money("gross net long short delta_equivalent memory_beta_exposure"),
    *percent("pct_nav largest proxied_share"),
    *ratio("effective_names"),
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


LIMITS = Section(
    "limits",
    "Limits",
    "Which limits are broken, and how much room is left in the others?",
    (
        Shown(
            "limits",
            "Every limit",
            (
                *text("status waived metric scope scenario unit direction"),
                *ratio("value soft hard headroom"),
                *percent("utilisation"),
                *money("headroom_money"),
                *text("drivers reason"),
                *date("since waiver_until"),
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
    (
        Shown("proposals", "What is proposed"),
        Shown("proposal_trades", "Its trades"),
        Shown("proposal_scenarios", "The limited scenarios before and after it"),
    ),
)
