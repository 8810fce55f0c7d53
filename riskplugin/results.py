"""Results: labelled tables that say what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from riskplugin.columns.core import CORE, OF_DRIVER
from riskplugin.columns.cycle import CYCLE
from riskplugin.columns.decisions import DECISIONS
from riskplugin.columns.held import HELD
from riskplugin.columns.limits import LIMITED
from riskplugin.columns.past import PAST
from riskplugin.errors import Issue, Severity

COLUMNS: Mapping[str, str] = {
    "scenario": "Name of the scenario.",
    "book": "Book the position is held in.",
    "tier": "Rung of the instrument in the AI-infrastructure chain.",
    "link": "How the tier hangs on the memory cycle.",
    "asset_class": "equity, crypto, fx, rate, cash or unclassified.",
    "currency": "Currency the instrument is quoted in.",
    "account": "Prime broker or exchange; blank where the desk gave none.",
    "strategy": "The desk's own label; blank where the desk gave none.",
    "kind": "spot, etf, cash, future, …",
    "instrument": "Canonical identifier.",
    "position": "Number of the position in canonical order, from 1.",
    "long": "Sum of the market values above zero, base currency.",
    "short": "Sum of the market values below zero (a negative number), base currency.",
    "gross": "Sum of the absolute market values = long - short, base currency.",
    "net": "Sum of the market values = long + short, base currency.",
    "pct_nav": "net / NAV of the books in the row's scope, as a decimal. The NAV is "
    "the book's where `book` is a key, else that of all books; NaN where one is "
    "missing.",
    "delta_equivalent": "Net value of the spot position with the same first-order "
    "P&L, base currency.",
    "memory_beta_exposure": "Sum of total memory beta x delta_equivalent: P&L per "
    "unit of log return of the memory basket with everything else following.",
    "largest": "Largest single-name share of the netted gross of the group.",
    "hhi": "Herfindahl index: sum of the squared single-name shares of the netted "
    "gross.",
    "effective_names": "Number of equal names with that concentration: 1 / hhi.",
    "proxied_share": "Share of gross whose loadings are proxied or assumed.",
    "pnl": "Profit (> 0) or loss (< 0), base currency: the sum of the parts. Of a "
    "replay: of what is covered; NaN where nothing is.",
    "direct": "P&L of what the scenario names, or of members of a core driver's "
    "basket, before overshoot. Of a replay: by own closes or the table.",
    "propagated": "P&L of everything else, through its loadings, before overshoot.",
    "overshoot": "P&L that the tier's multiplier on the log shock adds.",
    "convexity": "Full revaluation less the linear P&L.",
    "liquidity": "Minus the cost of unwinding the unwound share.",
    "low": "Lower end of the band at the stated confidence; NaN where nothing in the "
    "row was propagated. Lows of parts do not add up to the low of a total.",
    "high": "Upper end of that band.",
    "session": "Sessions since the scenario began; 0 is the valuation date.",
    "cash_called": "Cash paid so far for losses of futures, forwards, swaps and "
    "perpetuals, all taken as settled every session: minus their P&L, net of gains, so "
    "below 0 it was received. Of a whole path: the most. Not to be added to "
    "margin_called.",
    "margin_called": "What is missing from the margin posted, base currency: the sum "
    "of max(0, maintenance_margin x |notional| - (margin_posted + P&L)), nothing added "
    "before and no gain of another position counted. Futures, forwards, swaps, "
    "perpetuals, and whatever else margin is posted for; NaN where one of them has no "
    "margin_posted or maintenance_margin. Of a whole path: the most.",
    "worst": "Lowest P&L at any session, base currency; 0 if it is never below.",
    "worst_session": "First session with that P&L.",
    "breach_session": "First session with a loss of at least the loss asked for; NaN "
    "if none, or none was asked for.",
    "weight": "Sum of the weights of the scenarios that have one; never scaled to 1.",
    "weighted_scenarios": "How many scenarios have a weight.",
    "weighted_pnl": "Sum of weight x pnl over them, base currency: what their weights "
    "leave of 1 counts as no move. NaN if none has a weight.",
    "worst_pnl": "Lowest pnl of all the scenarios, weighted or not.",
    "worst_scenario": "The scenario with it.",
    "driver": "Basket whose return stands for a cause.",
    "named": "Whether the scenario names the driver; the others follow.",
    "mean_shock": "Equal-weight mean of the shocks of the tier's instruments, simple "
    "returns in base currency.",
    "lowest": "Lowest of them.",
    "highest": "Highest of them.",
    "shock": "Simple return in base currency over the horizon: the median.",
    "local_shock": "Simple return in the instrument's own currency, the median.",
    "fx_shock": "Simple return of that currency against the base currency.",
    "provenance": "Where the loading comes from: own, shrunk, proxied or assumed.",
    "standard_error": "Standard error of the total beta: of the loadings after "
    "shrinkage (HAC) and of how the other drivers follow.",
    "residual_volatility": "Annualised volatility of what the drivers do not explain.",
    "family": "Kind of scenario.",
    "severity": "How severe the scenario is, in words.",
    "level": "error (something was left out) or warning.",
    "horizon_sessions": "Sessions over which the shock unfolds.",
    "core": "The driver moves that the scenario fixes, simple returns.",
    "description": "What happens, in words.",
    "sources": "Where the figures come from.",
    "version": "Version of the scenario's definition.",
    "code": "Stable code of the finding.",
    "message": "What was found.",
    "hint": "What to do.",
    "dataset": "Table of dated values.",
    "series": "Instrument, currency or series of the dataset.",
    "first": "Date of the first value.",
    "last": "Date of the last value.",
    "sessions_old": "Weekdays from the last value to the valuation date.",
    "values": "Number of dates with a value.",
    "stale": "Whether the last value is older than max_stale_sessions.",
    "stale_names": "Names whose last value is older than max_stale_sessions.",
    "source": "Table or file the row comes from. Of a replay: where the move does, "
    "own (closes on both ends), loadings (x what the drivers did), episode_table (of "
    "the name, else the median of its tier), unknown.",
    "row": "Row in that table or file.",
    "column": "Column in that table or file.",
    "start": "First day of the episode: moves count from its close, and a model that "
    "predicts it uses nothing later.",
    "group": "The labels of the row in one.",
    "measure": "Risk measure: > 0 is a loss.",
    "total": "The measure of the whole desk, base currency; the same on every row.",
    "component": "What the row adds to it: its derivative by scaling the row (Euler). "
    "The components of a measure add up to the total.",
    "marginal": "component / net: change of the total per unit of value added to the "
    "row in its own proportions; NaN where the row nets to nothing.",
    "incremental": "The total less the measure of the desk without the row.",
    "share": "component / total.",
    "standalone": "The measure of the row by itself, base currency.",
    "riskfolio": "The same total by riskfolio-lib's own functions, base currency.",
    "difference": "total / riskfolio - 1.",
    "total_pct_nav": "total / NAV of all books, as a decimal.",
    "component_pct_nav": "component / NAV of all books, as a decimal.",
    "own_history": "Share of gross x scenarios that is the instruments' own history; "
    "the rest is what the drivers implied plus a drawn residual.",
    "independent_scenarios": "Number of equally probable scenarios among windows that "
    "do not overlap.",
    "effective_scenarios": "Number of equally probable scenarios that carry as much "
    "entropy.",
    "scenarios": "Number of scenarios.",
    "method": "How the past becomes scenarios.",
    "memory_drift": "Expected simple return of the memory basket over 21 sessions of a "
    "reversal; NaN elsewhere.",
    "factor": "Driver, or `specific`: what no driver explains.",
    "effective_bets": "Number of equal uncorrelated bets with as much diversity as the "
    "row by itself: exp of the entropy of its variance over principal portfolios.",
    "night": "Date of the forecast, from nothing later.",
    "value_at_risk": "Forecast of that night, base currency; a loss is > 0.",
    "expected_shortfall": "Forecast of that night, base currency; a loss is > 0.",
    "exception": "1 if the loss was beyond the value at risk, else 0; NaN if unknown.",
    "covered": "Share of gross with prices of its own on the night and after it.",
    "test": "Name of the test.",
    "figure": "What was seen: exceptions, a zone's probability, realised P&L, …",
    "statistic": "Of the test; NaN where it has none.",
    "p_value": "Probability, under forecasts that are right, of a statistic as "
    "extreme; NaN where there is none.",
    "verdict": "In words, with the level of the test.",
    "note": "What was answered by definition, or how it was simulated.",
    "nights": "Forecasts that the test speaks of.",
    "end": "Last day of the window, or of the episode.",
    "probability": "Of the scenario; they sum to 1.",
    "predicted": "Simple return in base currency that the driver's move implied.",
    "realised": "Simple return in base currency that came.",
    "in_basket": "Whether it is a member of the driver itself, and so not scored.",
    "portfolio": "Equal-weight book of all names but the driver's own, or of a tier.",
    "names": "Names in it.",
    "scope": "episode, tier, book or all; of a history total, tier:NAME, book:NAME.",
    "name": "Which one.",
    "count": "Predictions, or episodes for a book.",
    "crps": "Continuous ranked probability score in log return; lower is better.",
    "crps_no_move": "The same of the forecast that nothing moves.",
    "inside": "Share that fell into the band.",
    "mean_error": "Mean absolute error of the simple return.",
    "mean_no_move": "Mean absolute error of the forecast that nothing moves.",
    **PAST,
    **CYCLE,
    **HELD,
    **CORE,
    **DECISIONS,
    **LIMITED,
}


BETAS: Mapping[str, str] = {
    "total": "Sensitivity of the log return in base currency to the {} basket with "
    "every other driver, and the currency, following.",
    "local": "The same in the instrument's own currency.",
    "own": "What the instrument's own history alone says of the {} beta, own currency; "
    "NaN where it is too short.",
    "tier": "Mean of that over the tier.",
}


def definition(column: str) -> str:
    """Return what a column of a result means, with its unit and sign."""
    kind, _, rest = column.partition("_")
    if kind in BETAS and rest.endswith("_beta"):
        return BETAS[kind].format(rest.removesuffix("_beta"))
    for prefix, words in OF_DRIVER.items():
        if column.startswith(prefix):
            return words.format(column.removeprefix(prefix))
    return COLUMNS[column]


def shown_by(name: str, result: object) -> str:
    """Return what a function of the notebook's pages makes of a result.

    Results know nothing of pages: those are looked up when a notebook asks.
    """
    pages = import_module("riskplugin.reporting.html.notebook")
    return str(getattr(pages, name)(result))


class Table(pd.DataFrame):
    """A result: a DataFrame that knows its name and date, fresh on every call.

    Changing it is refused. Whatever is derived from it (a selection, a sort, a
    merge) is an ordinary DataFrame, and so is `to_frame()`.

    Attributes
    ----------
    title : str
        Name of the table, as in the run folder.
    as_of : str
        Valuation date, ISO.
    definitions : dict of str to str
        What each column means, with its unit and sign.
    """

    _metadata = ["title", "as_of"]  # noqa: RUF012 - the name pandas reads
    title: str
    as_of: str

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def definitions(self) -> dict[str, str]:
        """What each column means, with its unit and sign."""
        return {c: definition(str(c)) for c in self.columns}

    def to_frame(self) -> pd.DataFrame:
        """Return an independent ordinary DataFrame with the same content."""
        return pd.DataFrame(self)

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return shown_by("table_html", self)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = f"table {self.title!r} is a result; use to_frame() for one to change"
        raise TypeError(msg)

    __setitem__ = _refuse
    __delitem__ = _refuse  # type: ignore[misc]
    insert = pop = _update_inplace = _refuse

    @property
    def loc(self) -> Any:  # noqa: ANN401 - pandas' own
        """Rows and columns by label, to read; writing does not reach the table."""
        return self.to_frame().loc

    @property
    def iloc(self) -> Any:  # noqa: ANN401 - pandas' own
        """Rows and columns by place, to read; writing does not reach the table."""
        return self.to_frame().iloc

    @property
    def at(self) -> Any:  # noqa: ANN401 - pandas' own
        """One cell by label, to read; writing does not reach the table."""
        return self.to_frame().at

    @property
    def iat(self) -> Any:  # noqa: ANN401 - pandas' own
        """One cell by place, to read; writing does not reach the table."""
        return self.to_frame().iat


def in_milliseconds(values: object) -> object:
    """Return an array of days in milliseconds; anything else as it is."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[ms]")
    return values


def table(title: str, as_of: np.datetime64, columns: Mapping[str, Any]) -> Table:
    """Return the frozen table `title` with `columns` in the order given.

    Days are in milliseconds, the unit that Parquet keeps.
    """
    made = Table({name: in_milliseconds(values) for name, values in columns.items()})
    object.__setattr__(made, "title", title)
    object.__setattr__(made, "as_of", str(as_of))
    return made


class Evidence(Table):
    """Predictions of past reversals beside what came, name by name.

    Attributes
    ----------
    books : Table
        The same for equal-weight books of all names and of each tier.
    summary : Table
        Scores by episode, tier and book and over all, beside "no move".
    by_tier : Table
        Scores of every tier in every episode.
    calibration : Table
        How often names fell into bands of several levels, by tier and over all.
    """

    _metadata = [  # noqa: RUF012 - the name pandas reads
        "title",
        "as_of",
        "books",
        "summary",
        "by_tier",
        "calibration",
    ]
    books: Table
    summary: Table
    by_tier: Table
    calibration: Table


def evidence_table(names: Table, **beside: Table) -> Evidence:
    """Return the evidence of `names`, with the tables that stand beside it."""
    made = Evidence(names.to_frame())
    for attribute, value in {"title": names.title, "as_of": names.as_of}.items():
        object.__setattr__(made, attribute, value)
    for attribute, other in beside.items():
        object.__setattr__(made, attribute, other)
    return made


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """Everything that one run computed.

    Attributes
    ----------
    as_of : numpy.datetime64
        Valuation date.
    base_currency : str
        Currency of all money.
    run_id : str
        First 12 hex digits of SHA-256 over inputs, settings, version and as_of.
    confidence : float
        Level of the bands.
    tables : Mapping of str to Table
        Every result by name, in the order of the run folder.
    issues : tuple of Issue
        What the inputs made necessary to say.
    manifest : Mapping
        Inputs, settings and scenarios that the run id stands for.
    inputs : Mapping of str to DataFrame
        What it was computed from; the desk can be made of it again.
    """

    as_of: np.datetime64
    base_currency: str
    run_id: str
    confidence: float
    tables: Mapping[str, Table]
    issues: tuple[Issue, ...]
    manifest: Mapping[str, Any]
    inputs: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        """Return the first page of the run as a notebook shows it."""
        return shown_by("report_html", self)

    @property
    def exposures(self) -> Table:
        """Exposures by tier."""
        return self.tables["exposures"]

    @property
    def stress(self) -> Table:
        """Stress P&L by scenario and tier."""
        return self.tables["stress"]

    @property
    def shocks(self) -> Table:
        """Shock of every instrument in every scenario."""
        return self.tables["shocks"]

    @property
    def left_out(self) -> Table:
        """Positions that were quarantined, with their money where it is known."""
        return self.tables["left_out"]

    @property
    def status(self) -> str:
        """Return ``complete``, or ``partial``.

        Partial where anything given was left out, or no scenario could be run.
        """
        errors = any(i.severity is Severity.ERROR for i in self.issues)
        nothing_run = len(self.tables["scenarios"]) and not len(self.stress)
        lacking = errors or nothing_run or len(self.left_out)
        return "partial" if lacking else "complete"
