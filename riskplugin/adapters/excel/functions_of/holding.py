"""Functions of what is held."""

from riskplugin.adapters.excel import answers, holding_answers
from riskplugin.adapters.excel.cells import Kind
from riskplugin.adapters.excel.functions_of.arguments import ASOF, BY, DRIVER, POSITIONS
from riskplugin.adapters.excel.specification import Argument, Function, optional

HOLDING = (
    Function(
        "RISK_EXPOSURE",
        "One exposure of a tier: long, short, gross, net, pct_nav, …",
        'rp.exposures(rp.with_positions(desk, positions), by="tier")[measure]',
        (
            POSITIONS,
            Argument("tier", Kind.TEXT, "Tier, or total for the whole book."),
            optional(
                "measure", Kind.TEXT, "net (if left out), gross, memory_beta_exposure …"
            ),
            ASOF,
        ),
        spills=False,
        answer=answers.exposure,
    ),
    Function(
        "RISK_EXPOSURE_TABLE",
        "Long, short, gross, net, share of NAV, memory beta and concentration by tier.",
        "rp.exposures(rp.with_positions(desk, positions), by=by)",
        (POSITIONS, BY, ASOF),
        spills=True,
        answer=answers.exposure_table,
    ),
    Function(
        "RISK_LIQUIDITY_TABLE",
        "Days to sell, share sold by 1, 5, 10 and 21 sessions, cost; unknown apart.",
        "rp.liquidity_profile(rp.with_positions(desk, positions), by, participation)",
        (
            POSITIONS,
            BY,
            optional(
                "participation",
                Kind.NUMBER,
                "Share of the daily volume; the desk's own if left out.",
            ),
            ASOF,
        ),
        spills=True,
        answer=holding_answers.liquidity_table,
    ),
    Function(
        "RISK_LOOK_THROUGH_TABLE",
        "Exposures with funds seen through to what they hold.",
        "rp.look_through(rp.with_positions(desk, positions), by)",
        (POSITIONS, BY, ASOF),
        spills=True,
        answer=holding_answers.look_through,
    ),
    Function(
        "RISK_GREEK_TABLE",
        "Delta, gamma per 1 %, vega per point, theta per session, in money.",
        "rp.greeks_exposure(rp.with_positions(desk, positions), by)",
        (POSITIONS, BY, ASOF),
        spills=True,
        answer=holding_answers.greek_table,
    ),
    Function(
        "RISK_ACCOUNT_TABLE",
        "What stands with each prime broker or exchange, and what its failure costs.",
        "rp.accounts(rp.with_positions(desk, positions))",
        (POSITIONS, ASOF),
        spills=True,
        answer=holding_answers.account_table,
    ),
    Function(
        "RISK_BETA",
        "Total beta of an instrument to a driver, everything else following.",
        "rp.loadings(desk, driver)",
        (
            Argument("instrument", Kind.TEXT, "Identifier or alias."),
            DRIVER,
            ASOF,
        ),
        spills=False,
        answer=answers.beta,
    ),
    Function(
        "RISK_BETA_TABLE",
        "Total beta, standard error, windows and provenance of what is held.",
        "rp.loadings(rp.with_positions(desk, positions), driver)",
        (POSITIONS, DRIVER, ASOF),
        spills=True,
        answer=answers.beta_table,
    ),
)
