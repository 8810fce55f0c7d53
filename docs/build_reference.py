"""Write docs/reference from the code, and the outputs that the pages show.

    python docs/build_reference.py --check    exit 1 if a page is out of date
    python docs/build_reference.py --write    write what is out of date

A page is played as a reader would: its files (a block whose first line names one, as
```toml my-desk/desk.toml```) are written, its Python blocks run in order in one
namespace, beside a copy of samples/. A ```text``` block right after a Python block, or
after a block of riskplugin commands, is what these print.
"""

import argparse
import ast
import inspect
import io
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import click
import pandas as pd
from pydantic import BaseModel

import riskplugin as rp
from riskplugin import api, errors
from riskplugin.adapters import cli
from riskplugin.adapters.excel.ranges import SHEET_BOOK
from riskplugin.adapters.excel.registry import FUNCTIONS
from riskplugin.adapters.excel.specification import Function
from riskplugin.book import KEYS
from riskplugin.columns.meanings import COLUMNS, definition
from riskplugin.inputs.columns import Column, TableSpec
from riskplugin.inputs.config import DRIVERS, DeskFile, Numbers
from riskplugin.inputs.references import ExportRef, QueryRef, TableRef
from riskplugin.inputs.scenario_file import PhaseEntry, ScenarioEntry
from riskplugin.inputs.tables import TABLES, TRADES
from riskplugin.results import Table
from riskplugin.risk.definitions import DEFINITIONS
from riskplugin.risk.measure import ALSO_CALLED
from riskplugin.universe import Instrument

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
SOURCE = ROOT / "riskplugin"
WIDTH = 80
SCREEN = ("display.width", WIDTH, "display.max_columns", 0, "display.max_rows", 60)
GENERATED = "<!-- Written by docs/build_reference.py from the code; edit that. -->"

# --------------------------------------------------------------------- what codes mean

ALWAYS, CHOICE, WARNING = "stops", "stops or left out", "warning"
STOPS_HEDGE = "stops the hedge"


@dataclass(frozen=True, slots=True)
class Code:
    """An issue code: what it does to the run, what it means, how to mend it."""

    effect: str
    meaning: str
    remedy: str


CODES: Mapping[str, Code] = {
    "second-source-alone": Code(
        WARNING,
        "A name of the second source that has no prices to hold it beside.",
        "Write the identifier that prices use, or leave it: it is not looked at.",
    ),
    "ambiguous-instrument": Code(
        CHOICE,
        "An alias that two or more instruments answer to.",
        "Use the canonical identifier, or take the alias away from one of them.",
    ),
    "bad-choice": Code(
        CHOICE,
        "Text that the column does not take, such as an unknown asset class.",
        "Write one of the texts listed in the [input tables](input-tables.md).",
    ),
    "bad-trade": Code(
        ALWAYS,
        "A trade that cannot be meant: no amount or two, no book or scope, a scope of "
        "which nothing is held, lots cut twice, a target beside other trades.",
        "Say how much in one way, and of what.",
    ),
    "bad-config": Code(
        ALWAYS,
        "desk.toml, `settings=` or a scenario file is not TOML, or a key holds the "
        "wrong kind of value.",
        "See [desk.toml](desk-toml.md) or the [scenario file](scenario-file.md).",
    ),
    "bad-date": Code(
        CHOICE,
        "A cell that is no ISO date. A bare number that may be an Excel serial is not "
        "taken for a date.",
        "Write 2026-05-29, or format the column as a date.",
    ),
    "bad-file": Code(
        ALWAYS,
        "A file that is missing, empty, not readable, of an unknown kind, without "
        "the sheet named, or with more cells in a row than there are columns.",
        "The message says which; files are .csv (UTF-8), .xlsx or .parquet.",
    ),
    "bad-number": Code(
        CHOICE,
        "A cell that is no number: a percent sign, a thousands separator, a failed "
        "formula, `n/a`.",
        "Write a plain decimal; leave the cell blank if the figure is unknown.",
    ),
    "bad-pair": Code(
        CHOICE,
        "A name in fx that is not two currency codes, or a pair that no other pair "
        "connects to USD.",
        "Write USDKRW for KRW per USD; give one of the two currencies against USD.",
    ),
    "bad-query": Code(
        ALWAYS,
        "A database that cannot be opened or refuses a query, or a result that is no "
        "table: two columns of one name, too many rows.",
        "The message says what the database says; user and password are in the "
        "environment.",
    ),
    "bad-range": Code(
        CHOICE,
        "A number outside what the column takes, such as a price of 0, or too large "
        "or small to be meant, such as 1e300.",
        "Correct it; the [input tables](input-tables.md) give the range.",
    ),
    "bad-scenario": Code(
        ALWAYS,
        "A scenario that names a driver, tier, instrument or currency the desk does "
        "not have, holds a figure that cannot be used, or stands twice.",
        "See the [scenario file](scenario-file.md).",
    ),
    "contradictory-shocks": Code(
        WARNING,
        "A scenario fixes every member of a core driver's basket, and they do not move "
        "as the core says. Each moves as it is fixed; what follows the driver follows "
        "the core.",
        "Fix fewer of the members, or let the core say the same.",
    ),
    "driver-member-without-prices": Code(
        WARNING,
        "A member of a driver's basket has no prices; the basket is made of the rest.",
        "Give its prices, or name another member under `[drivers]`.",
    ),
    "driver-member-of-underlying": Code(
        WARNING,
        "A member of a driver's basket is a perpetual, future, forward or swap that "
        "moves by its underlying; the underlying stands in the basket, once.",
        "Name the underlying under `[drivers]`.",
    ),
    "moves-alone": Code(
        WARNING,
        "A perpetual, future, forward or swap that is held moves by its own closes, as "
        "no underlying can be used: none is named, no table knows it, it has no "
        "prices, or it is in another currency. Against the spot it shows a P&L and a "
        "band that a hedge does not have, and it counts as a name of its tier.",
        "Name its `underlying` in instruments and give that one's prices; leave it "
        "where it does not move one for one with it.",
    ),
    "driver-without-prices": Code(
        WARNING,
        "No member of a driver has prices: the driver is left out, and so is every "
        "scenario that names it.",
        "Give prices of a member, or name other members under `[drivers]`.",
    ),
    "data-repaired": Code(
        WARNING,
        "Closes that a repair of the desk changed before anything was valued.",
        "Nothing; drop the repair once the feed is mended.",
    ),
    "duplicate-column": Code(
        ALWAYS,
        "A column stands twice, also one of prices or fx, or two price columns are "
        "the same instrument under two names.",
        "Keep one.",
    ),
    "duplicate-row": Code(
        CHOICE,
        "The same date, date and name, or instrument twice. Under `quarantine` the "
        "first row is used.",
        "Keep one.",
    ),
    "empty-book": Code(
        ALWAYS,
        "There is no position, or none that can be used.",
        "Give positions, or mend the other issues of the list.",
    ),
    "kind-not-priced": Code(
        CHOICE,
        "An option, a leveraged ETF or a perpetual without what its price depends on, "
        "or expired, or on something that has no series of its own; inverse settlement "
        "of what is no perpetual or future.",
        "Complete its row in `instruments`; or book its delta-equivalent as spot.",
    ),
    "no-hedge": Code(
        STOPS_HEDGE,
        "A table of hedges without a row.",
        "Give a row per instrument that may be traded.",
    ),
    "unknown-hedge": Code(
        STOPS_HEDGE,
        "No table knows an instrument of the table of hedges.",
        "Correct its name, or add it to `instruments`.",
    ),
    "hedge-twice": Code(
        STOPS_HEDGE,
        "An instrument stands twice in the table of hedges.",
        "Keep one row.",
    ),
    "hedge-without-spread": Code(
        STOPS_HEDGE,
        "What trading an instrument costs is not known.",
        "Give `half_spread_bps`, or `half_spread` in `instruments`.",
    ),
    "hedge-without-volume": Code(
        STOPS_HEDGE,
        "A share of the volume may be traded, which is not known.",
        "Give `daily_volume`, or its volumes.",
    ),
    "assumed-volatility": Code(
        WARNING,
        "An option has no price that a volatility could give, and no volatility around "
        "it: the nearest is used, else what its underlying did.",
        "Give its price, or volatilities around its tenor and moneyness.",
    ),
    "modelled-price": Code(
        WARNING,
        "An option without a price is valued by the volatilities given.",
        "Give its price.",
    ),
    "several-prices": Code(
        WARNING,
        "Positions give an option several prices: its volatility is that of their "
        "median; each position keeps its own value.",
        "Give one price.",
    ),
    "no-rate": Code(
        WARNING,
        "Options are valued without an interest rate: 0 %.",
        "Give rates of the currency.",
    ),
    "table-left-out": Code(
        WARNING,
        "A table is left out of a run: the history is too short for it, or holds no "
        "reversal to learn from.",
        "Give longer histories.",
    ),
    "looks-like-option": Code(
        CHOICE,
        "A held name that no table knows and that reads like the ticker of a listed "
        "option: `MU US 09/18/26 P340 Equity`, `MU260918P00340000`, `MU 9/18/26 P340`, "
        "`BTC-26JUN26-90000-C`. It is not booked as a share.",
        "Add its row to instruments; the hint has it ready, header and row. Style and "
        "multiplier are the usual ones: check them.",
    ),
    "marks-not-of-as-of": Code(
        WARNING,
        "`as_of` is before the last date in prices while positions state prices, which "
        "have no date; those that are the close on `as_of` do not count.",
        "See that they are prices on `as_of`, or leave them blank for the closes.",
    ),
    "missing-column": Code(
        ALWAYS,
        "A required column is not there.",
        'Add it, or map it: `columns = {quantity = "Qty"}`.',
    ),
    "missing-fx": Code(
        CHOICE,
        "No exchange rate from the instrument's currency to the base currency.",
        "Add the pair to fx.",
    ),
    "missing-table": Code(
        ALWAYS,
        "positions or prices is not given.",
        "Name it under `[tables]`.",
    ),
    "missing-value": Code(
        CHOICE,
        "A required cell is blank, a formula of a workbook was never calculated, or "
        "text is that of a failed one (`#N/A`).",
        "Fill it, or delete the row; let Excel calculate and save the workbook.",
    ),
    "new-tier": Code(
        WARNING,
        "A tier of the desk's own whose name is close to a shipped one.",
        "Nothing if it is meant; else correct the spelling.",
    ),
    "contradicting-currency": Code(
        CHOICE,
        "`currency` in positions is not that of the instrument, or an instrument that "
        "no table knows is given in several. Its money is not known.",
        "Correct the one that is wrong, in positions or in instruments; the price is "
        "in the instrument's currency.",
    ),
    "contradicting-pairs": Code(
        WARNING,
        "Two ways through the pairs in fx give a currency values that differ by more "
        "than 1 % on the last date; the shortest way counts, then the alphabet.",
        "Take out the wrong pair.",
    ),
    "price-differs": Code(
        WARNING,
        "`price` in positions is more than 20 % from a fresh close; it counts. Options "
        "are not looked at. The message says the factor if it is near 10, 100 or 1000, "
        "and the money, the largest first.",
        "Write the price in the instrument's currency, in its whole unit (GBP, not "
        "pence), per unit of quantity; or leave it blank for the close.",
    ),
    "priced-by-underlying": Code(
        WARNING,
        "An instrument without prices that names an underlying is valued and measured "
        "by the underlying's.",
        "Give its own prices to see the basis.",
    ),
    "fund-ring": Code(
        ALWAYS,
        "Funds of the holdings table that hold each other in a ring; it is named.",
        "Take out the row that closes the ring.",
    ),
    "fund-weights": Code(
        ALWAYS,
        "Weights of a fund that add up to several times its assets, as percent do.",
        "Give decimals: 0.08 for 8 %.",
    ),
    "fund-borrows": Code(
        WARNING,
        "Weights of a fund that add up to more than its assets: it is taken to have "
        "borrowed the rest.",
        "Mend the weights if the fund does not borrow.",
    ),
    "unknown-in-fund": Code(
        WARNING,
        "A held fund holds what no table knows; it is unclassified when the fund is "
        "seen through.",
        "Add it to instruments.",
    ),
    "unknown-metric": Code(
        CHOICE,
        "A limit on what is neither a column that can be limited nor a risk measure, "
        "or a measure with an option that it does not take.",
        "Take the nearest name that the issue gives; see the page on limits.",
    ),
    "unknown-scope": Code(
        CHOICE,
        "A limit on a key or a label that the desk does not know.",
        "Write `total`, or a key of exposures and a label, as `tier:memory`. Take out "
        "limits on books, accounts and strategies that are closed.",
    ),
    "bad-unit": Code(
        CHOICE,
        "A limit in a unit that its metric is not in.",
        "Take one that the issue names.",
    ),
    "limit-order": Code(
        CHOICE,
        "A limit whose hard level is reached before the soft one.",
        "Of a `max` the soft level is below the hard one, of a `min` above it.",
    ),
    "idle-limit": Code(
        CHOICE,
        "A limit that no value can break, as a `max` above 0 of `short`, which is a "
        "negative number.",
        "Mind the sign and the direction.",
    ),
    "limit-sign": Code(
        WARNING,
        "A limit on a stress that only a profit keeps: P&L is below 0 where it is a "
        "loss, `stress_loss` above 0.",
        "Turn the sign, unless a profit is meant, as of a book of hedges.",
    ),
    "missing-scenario": Code(
        CHOICE,
        "A limit on a stress that names no scenario.",
        "Name one, or `worst`, or `worst:FAMILY`.",
    ),
    "unknown-scenario": Code(
        CHOICE,
        "A limit on a scenario or a family that the desk does not have.",
        "Take the nearest name that the issue gives.",
    ),
    "needless-scenario": Code(
        CHOICE, "A limit with a scenario on what is of none.", "Leave it blank."
    ),
    "waiver-without-reason": Code(
        CHOICE, "A waiver that nobody gives a reason for.", "Say why, and who agreed."
    ),
    "conflicting-limits": Code(
        CHOICE,
        "Two limits on the same with other levels, or a `min` above a `max`.",
        "Keep one of them.",
    ),
    "unknown-volume": Code(
        WARNING,
        "The average daily volume of something held is not known, or not to be relied "
        "on, for the reason given; its days to sell and its cost are NaN.",
        "Give its volumes, up to date and of one venue; name `volume_venue` where "
        "there are several.",
    ),
    "unused-table": Code(
        WARNING,
        "A table that is read and checked and that no result of this version uses.",
        "Nothing to do.",
    ),
    "scenario-without-core": Code(
        WARNING,
        "A scenario that names no driver: what it does not name is centred on no move.",
        "Give it a core if the rest of the desk should follow.",
    ),
    "driver-member-without-fx": Code(
        WARNING,
        "A member of a driver has prices but its currency has no rate against USD; it "
        "is left out of the basket.",
        "Add the pair to fx, also if nothing in that currency is held.",
    ),
    "no-nav": Code(
        WARNING,
        "A book without net asset value: its `pct_nav`, and that of totals over all "
        "books, is NaN.",
        "Give it under `[nav]`.",
    ),
    "no-price": Code(
        CHOICE,
        "A held instrument without a close on or before the valuation date. If there "
        "is no close of any instrument, the run always stops.",
        "Add it to prices, or give `price` in positions.",
    ),
    "query-not-guarded": Code(
        WARNING,
        "A database that riskplugin does not know how to tell that a query may only "
        "read; the transaction is rolled back all the same.",
        "Give riskplugin a user that may only read.",
    ),
    "refused-file": Code(
        ALWAYS,
        "A workbook that is not opened: macros or binary inside or by its name, a "
        "password, a document type (DTD), or more bytes, parts, rows, columns or cells "
        "than are read.",
        "Save it as a plain .xlsx without a password; split what is too large, or give "
        "it as CSV or Parquet.",
    ),
    "scenario-left-out": Code(
        WARNING,
        "A scenario names a driver that has no prices or too short a history.",
        "Give prices of the driver's members, or name others under `[drivers]`.",
    ),
    "short-fx-history": Code(
        WARNING,
        "Too few rates to estimate how a currency moves: it is held still unless a "
        "scenario names it.",
        "Give a longer history of the pair.",
    ),
    "spoilt-instrument": Code(
        CHOICE,
        "A held instrument whose row in instruments cannot be used: what it is worth "
        "is not known.",
        "Mend that row.",
    ),
    "stale-fx": Code(
        CHOICE,
        "The last exchange rate is older than `max_stale_sessions` weekdays.",
        "Refresh the rate, or raise the setting.",
    ),
    "stale-price": Code(
        CHOICE,
        "The last close is older than `max_stale_sessions` weekdays.",
        "Refresh it, give `price` in positions, or raise the setting.",
    ),
    "unknown-loadings": Code(
        WARNING,
        "Nothing is known of how held instruments move: no history of their own, no "
        "peers with one, or no driver has enough. They stand still in every scenario "
        "that does not name them; their bands are NaN.",
        "Give longer prices, of them and of the members of a driver.",
    ),
    "unknown-book": Code(
        WARNING,
        "`[nav]` names a book that holds nothing.",
        "Correct the name.",
    ),
    "unknown-column": Code(
        "warning; stops in a mapping",
        "A column that the table does not have, or without a header, is ignored. A "
        "`columns` mapping that names one stops the run.",
        "Nothing if it is meant to be ignored; else rename or map it.",
    ),
    "unknown-half-spread": Code(
        CHOICE,
        "`unwind_share` is above 0 and the instrument has no `half_spread`.",
        "Give it in instruments, or set `unwind_share` to 0.",
    ),
    "unknown-instrument": Code(
        "warning; stops or left out",
        "A held instrument that no table knows: tier `unclassified`, quoted in the "
        "`currency` of positions or else in the base currency; it counts in every "
        "total. The message says for how much money, the largest first. It is an error "
        "where a column that is not read (`CCY`, `Curr`, `Crncy`) says another "
        "currency.",
        "Add it to instruments, use a known identifier or alias, or map the column: "
        '`columns = {currency = "CCY"}`.',
    ),
    "unknown-key": Code(
        ALWAYS,
        "A key or table name that desk.toml, `settings=` or a scenario file does not "
        "take.",
        "The message names the nearest key.",
    ),
}
NOT_CODES = frozenset({"yyyy-mm-dd", "what-if"})
CODE = re.compile(r"[a-z]+(-[a-z]+)+")

# ------------------------------------------------------- what the pages say of a table

TABLES_OF_A_RUN: Mapping[str, str] = {
    "limits": "Where the desk stands against its limits: `rp.check_limits(desk)`.",
    "exposures": "Exposures by tier: `rp.exposures(desk)`.",
    "exposures_by_book": 'The same by book and tier: `by=("book", "tier")`.',
    "exposures_by_link": 'The same by link: `by="link"`.',
    "exposures_by_currency": 'The same by currency: `by="currency"`.',
    "stress_total": 'Stress P&L of the whole desk: `rp.stress(desk, by="scenario")`.',
    "stress": "Stress P&L by tier: `rp.stress(desk)`.",
    "stress_by_book": "Stress P&L by book and tier.",
    "stress_by_position": "Stress P&L of every position.",
    "plausibility": "How plausible each core is: `rp.plausibility(desk)`.",
    "regimes": "Scenarios by all history, hectic and pooled windows: "
    "`rp.regimes(desk)`.",
    "reverse_stress": "How far each driver, and all together, must move for the "
    "losses that the desk's limits allow, or for 10 %, 20 % and 30 % of NAV (of gross "
    "without one) where it has none; of books with limits the first driver: "
    "`rp.reverse_stress(desk, …)`. At the median; limits that are waived are left out.",
    "reverse_curve": "P&L of the whole desk against the move of the first driver: "
    "`rp.reverse_curve(desk)`.",
    "stress_path_summary": "The worst session of each scenario's path: "
    "`rp.path_summary(desk)`.",
    "replays": "Past episodes on the book of today: `rp.replay(desk)`.",
    "claims": "How often tiers fell further, or sooner, than memory: "
    "`rp.claims(desk)`.",
    "doctor": "What is wrong or doubtful in the data: `rp.doctor(desk)`.",
    "stress_weighted_by_phase": "The worst, and P&L by the weights of each phase, if "
    'the desk gives any: `rp.weighted_stress(desk, weights="phase")`.',
    "cycle": "The four signals of the cycle: `rp.cycle_monitor(desk)`.",
    "cycle_turns": "Memory's past falls and when they were warned of.",
    "cycle_record": "Hits and false alarms of the monitor.",
    "liquidity": "Days to sell and their cost: `rp.liquidity_profile(desk)`.",
    "unwinding": "Scenarios with the desk selling on the way: `rp.unwinding(desk)`.",
    "greeks": "Delta, gamma, vega and theta in money: `rp.greeks_exposure(desk)`.",
    "liquidations": "Margined positions that scenarios close: `rp.liquidations(desk)`.",
    "look_through": "Exposures with funds seen through: `rp.look_through(desk)`.",
    "accounts": "What stands in each account: `rp.accounts(desk)`.",
    "measures": "Risk measures over one session, and what each tier has to do with "
    "them: `rp.measures(desk, …)`.",
    "measures_by_book": 'The same by book: `by="book"`.',
    "measures_by_position": "CVaR by position.",
    "measures_in_reversal": "Over 21 sessions, as probable as when memory falls: "
    '`method="reversal", horizon_sessions=21`.',
    "factor_risk": 'CVaR by book and driver: `rp.factor_risk(desk, by="book")`.',
    "samples": "How much history stands behind the measures: `rp.samples(desk)`.",
    "shocks": "Shock of every modelled instrument: `rp.shocks(desk)`.",
    "loadings": "Total memory beta and partial loadings: `rp.loadings(desk)`.",
    "positions": "Every position as valued: `rp.positions(desk)`.",
    "scenarios": "The scenarios in words: `rp.scenario_list(desk)`.",
    "proposals": "The hedge that is proposed where a limit on losses of the whole desk "
    "is broken, in a row; only with a table `hedges`.",
    "proposal_trades": "Its trades: `rp.hedge(desk, …)`.",
    "proposal_scenarios": "The limited scenarios before and after it.",
    "issues": "What the inputs made necessary to say.",
    "left_out": "Positions that were quarantined.",
}
MEANS_ELSE: Mapping[tuple[str, str], str] = {
    ("issues", "severity"): "error or warning.",
    ("shocks", "provenance"): "Where the loading comes from: own, shrunk, proxied or "
    "assumed; assumed also where the scenario itself fixes the shock.",
}
LABELS = ("scenario", *KEYS)
BY_DRIVER = "loading_"
LOADING = (
    "Partial loading on that driver: sensitivity of the local log return with the "
    "other drivers held still. A diagnostic; risk is read from total_memory_beta."
)
USED: Mapping[str, frozenset[str]] = {
    "positions": frozenset(
        {
            *KEYS,
            "quantity",
            "price",
            "margin_posted",
            "liquidation_price",
            "locked_until",
        }
    ),
    "volumes": frozenset(TABLES["volumes"].names()),
    "trades": frozenset(TRADES.names()),
    "holdings": frozenset(TABLES["holdings"].names()),
    "rates": frozenset(TABLES["rates"].names()),
    "vols": frozenset(TABLES["vols"].names()),
    "indicators": frozenset(TABLES["indicators"].names()),
    "limits": frozenset(TABLES["limits"].names()),
    "hedges": frozenset(TABLES["hedges"].names()),
    "instruments": frozenset(f.name for f in fields(Instrument)),
    "prices": frozenset(TABLES["prices"].names()),
    "fx": frozenset(TABLES["fx"].names()),
}
CHECKED_ONLY = "Checked, and used by no result of this version: "

# ---------------------------------------------------------------------------- pages


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, what else its first line says, and its lines.

    `start` is the index of the opening line, `end` that of the closing one.
    """

    language: str
    argument: str
    start: int
    end: int
    body: str


def fences(text: str) -> list[Fence]:
    """Return the fenced blocks of a Markdown page, in order."""
    found: list[Fence] = []
    opened: tuple[int, str, str] | None = None
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if opened is None:
            language, _, argument = line[3:].strip().partition(" ")
            opened = (i, language, argument.strip())
        else:
            start, language, argument = opened
            body = "\n".join(lines[start + 1 : i])
            found.append(Fence(language, argument, start, i, body))
            opened = None
    if opened is not None:
        raise ValueError(f"line {opened[0] + 1}: the block is not closed")
    return found


def played_pages() -> list[Path]:
    """Return the pages whose blocks are run: all but the reference."""
    pages = (p for p in DOCS.rglob("*.md") if REFERENCE not in p.parents)
    return [ROOT / "README.md", *sorted(pages)]


def played(page: Path) -> str:
    """Return the text of `page` with what its blocks really print."""
    text = page.read_text("utf-8")
    blocks = fences(text)
    shown = (output_of(blocks, i) for i in range(len(blocks)))
    if not any(map(is_played, blocks)) and not any(shown):
        return text
    lines = text.splitlines()
    with TemporaryDirectory() as folder, pd.option_context(*SCREEN), chdir(folder):
        shutil.copytree(ROOT / "samples", "samples")
        printed = [
            (output_of(blocks, i), said)
            for i, said in enumerate(play(blocks, page.name))
        ]
    for shown, said in reversed(printed):
        if shown is not None:
            lines[shown.start + 1 : shown.end] = said.splitlines()
    return "\n".join(lines) + "\n"


def is_played(block: Fence) -> bool:
    """Whether a block does something when its page is played."""
    return block.language == "python" or bool(block.argument)


def output_of(blocks: list[Fence], i: int) -> Fence | None:
    """Return the block that shows what block `i` prints, if there is one."""
    if blocks[i].language not in ("python", "sh") or i + 1 == len(blocks):
        return None
    after = blocks[i + 1]
    adjacent = after.start - blocks[i].end <= 2
    return after if after.language == "text" and adjacent else None


def play(blocks: list[Fence], name: str) -> Iterator[str]:
    """Run the blocks of a page in order and yield what each prints."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for i, block in enumerate(blocks):
        screen = io.StringIO()
        with redirect_stdout(screen), redirect_stderr(screen):
            if block.argument:
                write_file(Path(block.argument), block.body + "\n")
            elif block.language == "python":
                padded = "\n" * (block.start + 1) + block.body
                exec(compile(padded, name, "exec"), namespace)
            elif block.language == "sh" and output_of(blocks, i):
                run_commands(block.body)
        said = (line.rstrip() for line in screen.getvalue().splitlines())
        yield "\n".join(said).strip("\n")


def write_file(path: Path, text: str) -> None:
    """Write a file that a page shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def run_commands(body: str) -> None:
    """Run riskplugin commands as the shell would, in this process."""
    for words in commands(body):
        environment = {"COLUMNS": str(WIDTH), "TERM": "dumb"}
        with (
            patch.object(sys, "argv", words),
            patch.dict(os.environ, environment),
        ):
            os.environ.pop("FORCE_COLOR", None)
            try:
                cli.main()
            except SystemExit:
                continue


def commands(body: str) -> Iterator[list[str]]:
    """Yield the words of every riskplugin command of a shell block."""
    joined = body.replace("\\\n", " ")
    for line in joined.splitlines():
        for part in re.split(r"&&|[|;>]", line.removeprefix("$ ")):
            words = shlex.split(part, comments=True) if "riskplugin" in part else []
            if words and Path(words[0]).name == "riskplugin":
                yield ["riskplugin", *words[1:]]


# ------------------------------------------------------------------------ reference


def grid(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *rows]
    escaped = ([c.replace("|", "\\|") for c in line] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in escaped)


def code(text: str) -> str:
    """Return `text` as code."""
    return f"`{text}`"


def listed(names: Iterable[str]) -> str:
    """Return names as code, with commas."""
    return ", ".join(map(code, names))


def input_tables() -> str:
    """Return the page of the input tables."""
    parts = [
        "# Input tables",
        GENERATED,
        "`positions` and `prices` are needed; the rest is optional. A table is a CSV "
        "(UTF-8, commas), XLSX or Parquet file named in [desk.toml](desk-toml.md), or "
        "a DataFrame given to [`desk_from_tables`](python.md#desk_from_tables). Names "
        "of columns are compared without regard to case; other names are mapped, see "
        "[your own files](../how-to/your-own-files.md). A column that a table does "
        "not have is ignored, with a warning. A row without any cell is skipped. In "
        "the tables below, **bold** columns are required and their cells may not be "
        "blank; in every other column a blank cell means *not given*.",
        "Decimals everywhere (0.05 is 5 %); dates as 2026-05-29. Nothing is filled "
        "in and nothing is guessed.",
        *(table_section(spec) for spec in (*TABLES.values(), TRADES)),
        "## scenarios",
        "A TOML file: see the [scenario file](scenario-file.md).",
    ]
    return "\n\n".join(parts) + "\n"


def table_section(spec: TableSpec) -> str:
    """Return what is said of one input table."""
    rows = (
        (
            f"**{c.name}**" if c.required else c.name,
            c.kind.value,
            c.unit,
            must_be(c),
            c.description,
        )
        for c in spec.columns
    )
    parts = [f"## {spec.name}", spec.description]
    if spec.pivot is not None and spec.name in USED:
        key, value = spec.pivot
        parts.append(
            f"Long, with the columns below; or wide, with `date` and one column of "
            f"`{value}` per `{key}`. It is long if there is a column `{key}`."
        )
    parts.append(grid(("column", "kind", "unit", "must be", "what it is"), rows))
    if spec.name not in USED:
        parts.append("The table is checked and kept with the desk; no result of this "
                     "version is computed from it.")  # fmt: skip
    elif unused := [n for n in spec.names() if n not in USED[spec.name]]:
        parts.append(CHECKED_ONLY + listed(unused) + ".")
    return "\n\n".join(parts)


def must_be(column: Column) -> str:
    """Return what the cells of a column must be."""
    if column.choices:
        return listed(column.choices)
    return column.check.value if column.kind.value == "number" else ""


Schema = Mapping[str, Any]


def schema_words(schema: Schema) -> str:
    """Return in words what a value must be, from its JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return SECTIONS.get(name, "a [table of its own](#a-table)")
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        kinds = [s for s in branches if s.get("type") != "null"]
        return " or ".join(map(schema_words, kinds))
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum") or [schema["const"]]
        return " or ".join(code(json.dumps(c)) for c in choices)
    return PLAIN[schema["type"]](schema)


def range_words(schema: Schema) -> str:
    """Return a number's kind and range in words."""
    kind = "whole number" if schema["type"] == "integer" else "number"
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    least, most = schema.get("minimum"), schema.get("maximum")
    if above is not None and below is not None:
        return f"{kind} above {above:g} and below {below:g}"
    if least is not None and most is not None:
        return f"{kind} from {least:g} to {most:g}"
    if above is not None:
        return f"{kind} above {above:g}"
    return kind if least is None else f"{kind}, {least:g} or more"


def text_words(schema: Schema) -> str:
    """Return a text's kind in words."""
    if schema.get("format") == "date":
        return "date"
    return "three capital letters" if "pattern" in schema else "text"


def object_words(schema: Schema) -> str:
    """Return a section's kind in words."""
    inner = schema_words(schema["additionalProperties"])
    return f"section: name = {inner}"


SECTIONS = {
    "TableRef": "a [file](#a-file)",
    "QueryRef": "a [query](#a-query)",
    "Mend": "[repairs](../how-to/repair-prices.md)",
    "Cycle": "[weights of phases]"
    "(../explanation/cycle-monitor.md#weights-of-scenarios)",
}
PLAIN: Mapping[str, Callable[[Schema], str]] = {
    "integer": range_words,
    "number": range_words,
    "string": text_words,
    "array": lambda schema: f"list of {schema_words(schema['items'])}",
    "object": object_words,
}


def default_words(value: object) -> str:
    """Return a default as TOML would have it; blank where there is none to write."""
    if isinstance(value, BaseModel) or value is None or value in ("", {}, (), []):
        return ""
    return code(json.dumps(value))


def key_grid(model: type[BaseModel], skip: Iterable[str] = ()) -> str:
    """Return the keys of one section of a file."""
    schema = model.model_json_schema()["properties"]
    left = set(skip)
    rows = (
        (
            f"**{name}**" if field.is_required() else name,
            schema_words(schema[name]),
            "" if field.is_required() else default_words(field.default),
            field.description or "",
        )
        for name, field in model.model_fields.items()
        if name not in left
    )
    return grid(("key", "value", "default", "what it is"), rows)


def desk_toml() -> str:
    """Return the page of desk.toml."""
    names = listed((*TABLES, "scenarios"))
    drivers = (f"{d} = {json.dumps(list(m))}" for d, m in DRIVERS.items())
    figures = (f"{k} = {v:g}" for k, v in Numbers().model_dump().items())
    parts = [
        "# desk.toml",
        GENERATED,
        "One file names everything that a run needs. Every key is optional but for "
        "`tables.positions` and `tables.prices`. An unknown key is an error.",
        key_grid(DeskFile, skip=["settings", "export"]),
        "`settings=` of [`desk_from_tables`](python.md#desk_from_tables) takes the "
        "same keys but for `tables` and `as_of`, and those of `[settings]` beside "
        "them.",
        "## [tables]",
        f"Names are {names}. See the [input tables](input-tables.md) and the "
        "[scenario file](scenario-file.md). A value is a path, or:",
        "### A file",
        key_grid(TableRef),
        "### A query",
        "Needs `pip install 'riskplugin[sql]'`; see [from a database]"
        "(../how-to/your-own-files.md#8-from-a-database).",
        key_grid(QueryRef),
        "## [settings]",
        key_grid(Numbers),
        "## [export]",
        "Where `riskplugin run --export` writes to; see [to a database]"
        "(../how-to/export-to-sql.md).",
        key_grid(ExportRef),
        "## Defaults written out",
        fenced("toml", 'base_currency = "USD"\non_error = "stop"\n'
               'universe = "extend"\nscenario_library = "extend"\n\n[drivers]\n'
               + "\n".join(drivers) + "\n\n[settings]\n" + "\n".join(figures)),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def fenced(language: str, body: str) -> str:
    """Return a fenced block."""
    return f"```{language}\n{body}\n```"


def scenario_file() -> str:
    """Return the page of the scenario file."""
    parts = [
        "# Scenario file",
        GENERATED,
        "TOML, one `[[scenario]]` for each scenario, named as `scenarios` under "
        "`[tables]` of [desk.toml](desk-toml.md) or read with "
        "[`read_scenarios`](python.md#read_scenarios). The keys that are sections "
        "are written `[scenario.core]` and so on, after the plain keys. What they do: "
        "[own tiers and scenarios](../how-to/own-tiers-and-scenarios.md).",
        key_grid(ScenarioEntry).replace(
            "list of a [table of its own](#a-table)", "list of [phases](#phases)"
        ),
        "Every shock (`core`, `tiers`, `instruments`, `fx`) is a simple return over "
        "the horizon, above -1. `retrace`, `overshoot` and `half_life` are above 0. "
        "A driver stands in `core` or in `retrace`, not in both. At least one of "
        "`core`, `retrace`, `tiers`, `instruments` and `fx` must be given. Names must "
        "be known to the desk: drivers, tiers, instruments (aliases too); a currency "
        "is three capital letters and not the base currency.",
        "## Phases",
        "Each `[[scenario.phases]]` after the sections of its scenario is a stretch of "
        "the path. `reach` says how far tiers have got by its end, as a share of their "
        "own log move. A tier moves in the phases that name it, waits in the others, "
        "and has made its whole move at the end of the last. One that no phase names "
        "moves all the time, as without phases.",
        key_grid(PhaseEntry),
        "`effective` and `approved_by` are for the desk's own records.",
    ]
    return "\n\n".join(parts) + "\n"


def results_page() -> str:
    """Return the page of the results."""
    with chdir(ROOT):
        report = rp.run(rp.load_desk("samples/desk.toml"))
    by_title: dict[str, dict[str, Table]] = {}
    for name, found in report.tables.items():
        by_title.setdefault(found.title, {})[name] = found
    parts = [
        "# Results",
        GENERATED,
        "Every result is a [`Table`](python.md#table): a DataFrame with its labels "
        "first. Money is in the base currency; long > 0, short < 0; P&L < 0 is a "
        "loss; returns and shares are decimals. NaN is *unknown*, never zero. In "
        "Python, `table.definitions` says what the columns mean.",
        "[`run`](python.md#run) returns every table below as `report.tables[name]`, "
        "and the run folder holds each as `.csv` and `.parquet`. It also holds "
        "`report.html`, [the report](../how-to/the-report.md), `summary.md`, its first "
        "page, and `manifest.json`: the run id and "
        "the inputs, settings, scenarios and version that it stands for. In CSV "
        "files, text that a spreadsheet would run as a formula has a `'` before it; "
        "Parquet files hold it as it is.",
        "## Labels",
        meanings((label, COLUMNS[label]) for label in LABELS),
        *(result_section(title, tables) for title, tables in by_title.items()),
    ]
    return "\n\n".join(parts) + "\n"


def result_section(title: str, tables: Mapping[str, Table]) -> str:
    """Return what is said of the tables with the columns of `title`."""
    rows = (
        (code(name), listed(c for c in found if c in LABELS), TABLES_OF_A_RUN[name])
        for name, found in tables.items()
    )
    first = next(iter(tables.values()))
    figures = dict(
        column_meaning(title, str(c)) for c in first.columns if c not in LABELS
    )
    return "\n\n".join(
        [
            f"## {title}",
            grid(("table", "labels", "what it is"), rows),
            meanings(figures.items()),
        ]
    )


def meanings(columns: Iterable[tuple[str, str]]) -> str:
    """Return columns and what they mean."""
    return grid(("column", "what it is"), ((code(c), m) for c, m in columns))


def column_meaning(title: str, column: str) -> tuple[str, str]:
    """Return a column of a result as it is shown, and what it means."""
    if column.startswith(BY_DRIVER):
        return f"{BY_DRIVER}DRIVER", LOADING
    return column, MEANS_ELSE.get((title, column)) or definition(column)


def measures_page() -> str:
    """Return the page of the risk measures."""
    rows = (
        (
            code(measure.value),
            listed(ALSO_CALLED[measure]),
            code(d.formula),
            d.convention + ("; scenarios in time order" if d.in_time_order else ""),
            d.source,
            code(d.riskfolio),
        )
        for measure, d in DEFINITIONS.items()
    )
    return (
        "\n\n".join(
            [
                "# Risk measures",
                GENERATED,
                "In the formulas x are losses (minus P&L), p their probabilities, "
                "`mean = p @ x`, `x[k]` the k-th worst loss and `P[k]` the probability "
                "of the k worst together, dd the drawdowns of the cumulated P&L. Every "
                "measure is positive for a loss, in the unit of the P&L, and twice the "
                "position is twice the measure. What they are taken over, and what a "
                "contribution is, stands in [risk "
                "measures](../explanation/risk-measures.md).",
                grid(
                    (
                        "measure",
                        "also called",
                        "formula",
                        "convention",
                        "source",
                        "in riskfolio-lib",
                    ),
                    rows,
                ),
            ]
        )
        + "\n"
    )


def command_help(name: str, command: click.Command) -> str:
    """Return the help of a command, always as wide."""
    context = click.Context(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **cli.cli.context_settings,
    )
    return command.get_help(context)


def cli_page() -> str:
    """Return the page of the command line."""
    codes = sorted({(number, kind.__name__) for kind, number in cli.EXIT_CODES})
    by_code = {n: [k for m, k in codes if m == n] for n in dict(codes)}
    parts = [
        "# Command line",
        GENERATED,
        "`riskplugin VERB DESK`, where DESK is the path of a "
        "[desk.toml](desk-toml.md); also `python -m riskplugin`. Tables go to the "
        "standard output, warnings and errors to the error stream. `--json` prints "
        '`{"table", "as_of", "rows"}` with NaN as null. `--out` of any verb but '
        "`run` writes the table as CSV and Parquet into that folder.",
        fenced("text", command_help("riskplugin", cli.cli)),
        "## Exit codes",
        grid(
            ("code", "when"),
            [
                ("0", "done"),
                ("1", "a bug of riskplugin, or stopped by the user"),
                *((str(n), listed(by_code[n])) for n in by_code),
                ("6", "done, and a hard limit is broken and not waived"),
            ],
        ),
        "A run from which positions were left out is done and exits with 3. If several "
        "hold: 1 before 5, 4, 3 and 6. See [errors](errors.md).",
        *(
            f"## {name}\n\n" + fenced("text", command_help(f"riskplugin {name}", verb))
            for name, verb in verbs(cli.cli)
        ),
    ]
    return "\n\n".join(parts) + "\n"


def verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands of a group in order, those of groups in it after theirs."""
    for name, verb in sorted(group.commands.items()):
        yield before + name, verb
        if isinstance(verb, click.Group):
            yield from verbs(verb, f"{before}{name} ")


def codes_in_source() -> set[str]:
    """Return every text of the package that looks like an issue code."""
    texts = (
        node.value
        for file in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if CODE.fullmatch(text)} - NOT_CODES


def errors_page() -> str:
    """Return the page of errors and issue codes."""
    tree = (errors.__doc__ or "").split("\n\n", 1)[1].strip()
    rows = (
        (code(name), c.effect, c.meaning, c.remedy) for name, c in sorted(CODES.items())
    )
    parts = [
        "# Errors and issues",
        GENERATED,
        "## Exceptions",
        fenced("text", tree),
        "An `InputError` carries every issue of every table in `issues`. What it is "
        "raised as is the narrowest class that holds them all. Exit codes: "
        "[command line](cli.md#exit-codes).",
        "## Issues",
        "An issue has a stable `code`, `where` (file, row, column), a `message`, a "
        "`hint` and a `severity`: an error makes a row, a table or the run unusable; "
        "with a warning the value is used as it stands, and said. More than ten cells "
        "of a column with the same fault are listed as ten and a count.",
        f"* **{ALWAYS}**: the run stops, whatever `on_error` is.\n"
        f'* **{CHOICE}**: with `on_error = "stop"` the run stops; with '
        '`"quarantine"` the row, cell or position is left out. A position left out '
        "stands in `left_out`, the run is `partial` and the command exits with 3.\n"
        f"* **{WARNING}**: used as it stands.",
        grid(("code", "effect", "what it means", "what to do"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def python_page() -> str:
    """Return the page of the public functions and classes."""
    classes = [
        found
        for name in rp.__all__
        if isinstance(found := getattr(rp, name), type)
        and not issubclass(found, Exception)
    ]
    parts = [
        "# Python",
        GENERATED,
        "`import riskplugin as rp`. Everything is imported when it is first used. "
        "Exceptions: [errors](errors.md). Columns: [results](results.md).",
        "## Functions",
        *(public(name, getattr(api, name)) for name in api.__all__),
        "## Classes",
        *(public(found.__name__, found) for found in classes),
    ]
    return "\n\n".join(parts) + "\n"


def public(name: str, found: object) -> str:
    """Return the section of a public function or class."""
    doc = inspect.getdoc(found) or ""
    parts = [f"### {name}"]
    if inspect.isfunction(found):
        parts.append(fenced("python", signature(found)))
    return "\n\n".join([*parts, from_numpydoc(doc)])


def signature(function: Callable[..., object]) -> str:
    """Return the signature of a function as its source has it, `rp.` before it."""
    tree = ast.parse(inspect.getsource(function)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.returns is None:
        raise TypeError(f"{function} is not a typed function")
    given = [a.strip() for a in arguments(tree.args)]
    returned = ast.unparse(tree.returns)
    line = f"rp.{tree.name}({', '.join(given)}) -> {returned}"
    if len(line) <= WIDTH:
        return line
    return f"rp.{tree.name}(\n    " + ",\n    ".join(given) + f",\n) -> {returned}"


def arguments(given: ast.arguments) -> Iterator[str]:
    """Yield the arguments of a function as its source has them."""
    start = len(given.args) - len(given.defaults)
    for i, argument in enumerate(given.args):
        default = given.defaults[i - start] if i >= start else None
        yield ast.unparse(argument) + default_text(default)
    if given.kwonlyargs:
        yield "*"
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield ast.unparse(argument) + default_text(default)


def default_text(default: ast.expr | None) -> str:
    """Return ` = default` as the source has it; nothing where there is none."""
    return "" if default is None else " = " + ast.unparse(default).replace("'", '"')


def from_numpydoc(doc: str) -> str:
    """Return a docstring in Markdown: sections in bold, entries as lists."""
    lines = doc.replace("``", "`").splitlines()
    out: list[str] = []
    entries = False
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else ""
        if line and set(line) == {"-"}:
            continue
        if following and set(following) == {"-"}:
            entries = True
            out += [f"**{line}**", ""]
        elif entries and line and not line.startswith(" "):
            out.append(entry(line))
        else:
            out.append("  " + line.strip() if line.startswith(" ") else line)
    return "\n".join(out).strip()


def entry(line: str) -> str:
    """Return ``name : type`` as the start of a list entry."""
    name, colon, kind = line.partition(" : ")
    return f"* `{name}`: {kind}." if colon else f"* `{name}`"


def excel_page() -> str:
    """Return the page of the functions of the spreadsheet."""
    rows = (
        (f"[{f.name}](#{f.name.lower()})", "table" if f.spills else "cell", f.help)
        for f in FUNCTIONS.values()
    )
    parts = [
        "# Excel functions",
        GENERATED,
        "The first sheet: [Excel](../how-to/excel.md). All but the list and meta "
        "functions take a valuation date last. A function that gives a *table* spills "
        "it with a header row.",
        grid(("function", "gives", "what it is"), rows),
        "## Arguments",
        "* **positions**: a range with a header row, its columns in any order and "
        "named as in [positions](input-tables.md#positions) or as the desk file maps "
        "them; or the name of a book of the desk file; or `all`, every book of it. A "
        "range needs `instrument` and `quantity`; without a column `book` all rows "
        f"are in one book, `{SHEET_BOOK}`. A column `price` overrides the market. "
        "Blank rows are skipped. A name is faster than a range.\n"
        "* Names (scenarios, tiers, books, measures) are taken whatever their case.\n"
        "* A date is a date, its serial, or text as 2026-05-29.\n"
        "* Numbers may be text; `1,234.5`, `1,5` and `5%` as text are refused, not "
        "guessed.\n"
        "* A blank cell counts as left out. An argument that is an error gives that "
        "error.",
        "## Errors",
        grid(
            ("cell", "when"),
            [
                (code("#N/A"), "There is no such scenario, tier, book or instrument, "
                 "or the value is not known."),
                (code("#VALUE!"), "An argument or an input cannot be used: a row of "
                 "the range, a file of the desk."),
                (code("#NUM!"), "There is no such number."),
            ],
        ),
        "[RISK_WHY](#risk_why) says why in words, [RISK_CHECK](#risk_check) lists "
        "every issue of a range. A cell never holds text in place of a number, and "
        "unknown is never zero. With `on_error = \"quarantine\"` in "
        "[desk.toml](desk-toml.md), rows that cannot be used are left out of the "
        "number and listed by RISK_CHECK; else they make it an error.",
        *map(excel_function, FUNCTIONS.values()),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def excel_function(function: Function) -> str:
    """Return the section of a function of the spreadsheet."""
    named = (f"[{a.name}]" if a.optional else a.name for a in function.arguments)
    rows = ((code(a.name), a.kind.value, a.help) for a in function.arguments)
    parts = [
        f"## {function.name}",
        code(f"={function.name}({', '.join(named)})"),
        function.help,
        f"In Python: {code(function.python)}.",
    ]
    if function.arguments:
        parts.insert(3, grid(("argument", "kind", "what it is"), rows))
    return "\n\n".join(parts)


PAGES: Mapping[str, Callable[[], str]] = {
    "input-tables.md": input_tables,
    "desk-toml.md": desk_toml,
    "scenario-file.md": scenario_file,
    "results.md": results_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "measures.md": measures_page,
    "excel-functions.md": excel_page,
    "python.md": python_page,
}


def wanted() -> Iterator[tuple[Path, str]]:
    """Yield every page that is made or played, with the text it should have."""
    for name, page in PAGES.items():
        yield REFERENCE / name, page()
    for path in played_pages():
        yield path, played(path)


def main() -> int:
    """Check or write the pages; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="exit 1 if out of date")
    choice.add_argument("--write", action="store_true", help="write what is")
    given = parser.parse_args()
    stale = 0
    for path, text in wanted():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale += 1
        print(
            ("wrote " if given.write else "out of date: ") + str(path.relative_to(ROOT))
        )
        if given.write:
            path.write_text(text, "utf-8")
    return 1 if stale and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
