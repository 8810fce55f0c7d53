"""Results: labelled tables that say what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from riskplugin.errors import Issue, Severity

LOADING, MOVE = "loading_", "move_"
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
    "pnl": "Profit (> 0) or loss (< 0), base currency: the sum of the five parts.",
    "direct": "P&L of what the scenario names, or of members of a core driver's "
    "basket, before overshoot.",
    "propagated": "P&L of everything else, through its loadings, before overshoot.",
    "overshoot": "P&L that the tier's multiplier on the log shock adds.",
    "convexity": "Full revaluation less the linear P&L.",
    "liquidity": "Minus the cost of unwinding the unwound share.",
    "low": "Lower end of the band at the stated confidence; NaN where nothing in the "
    "row was propagated. Lows of parts do not add up to the low of a total.",
    "high": "Upper end of that band.",
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
    "windows": "Return windows that the instrument shares with the drivers; of a core "
    "move, how many windows of its horizon fit into the drivers' history without "
    "overlap.",
    "residual_volatility": "Annualised volatility of what the drivers do not explain.",
    "quantity": "Units, contracts or tokens; short < 0.",
    "price": "Price per unit, local currency.",
    "fx_rate": "Value of one unit of the local currency in base currency.",
    "market_value": "quantity x price x multiplier x fx_rate, base currency.",
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
    "source": "Table or file the row comes from.",
    "row": "Row in that table or file.",
    "column": "Column in that table or file.",
    "reason": "Why the row was left out, or has no figures.",
    "move": "Simple return of the driver.",
    "named_move": "Simple return of the driver that the scenario names.",
    "answer": "1 for the nearest move that loses so much, 2 for the next; 0 where "
    "there is none.",
    "loss": "Loss that is asked for, base currency, above 0.",
    "elsewhere": "P&L that the move makes outside the row's group, base currency.",
    "worst_pnl": "Lowest P&L of the moves looked at, -95 % to +300 %, base currency.",
    "worst_move": "Simple return of the driver that makes it.",
    "distance": "Mahalanobis distance of the core move over its horizon: 1 is a move "
    "of one standard deviation.",
    "tail_normal": "Share of a normal that lies as far out as the core move: its "
    "plausibility, not the probability of the scenario.",
    "tail_t": "The same of a Student t of the same covariance and the degrees of "
    "freedom of the drivers' history.",
    "degrees_of_freedom": "Of that Student t.",
    "at_least_as_bad": "The most windows without overlap that can be chosen in the "
    "drivers' history in each of which every driver moved at least as far.",
    "alone": "The same driver by driver, each in its own history.",
    "worst": "The worst windows of that history, with dates and moves.",
    "regime": "History by which the core spreads: all of it, hectic windows, or "
    "pooled ones that drift as the scenario does.",
    "hectic_share": "Share of hectic windows in the history of the core drivers.",
    "effective": "Windows of equal weight that hold as much as the weighted ones.",
    "independent": "The same without overlap.",
    "radius": "Largest Mahalanobis distance of the core moves that are looked at.",
    "linear_pnl": "Worst P&L within the radius if the P&L were linear in the drivers' "
    "log moves.",
    "start": "First day of the episode or window: its close is the last price used.",
    "end": "Last day of the episode or window.",
    "predicted": "Simple return in base currency that the driver's move implied.",
    "realised": "Simple return in base currency that came.",
    "in_basket": "Whether it is a member of the driver itself, and so not scored.",
    "portfolio": "Equal-weight book of all names but the driver's own, or of a tier.",
    "names": "Names in it.",
    "scope": "episode, tier, book or all.",
    "name": "Which one.",
    "count": "Predictions, or episodes for a book.",
    "crps": "Continuous ranked probability score in log return; lower is better.",
    "crps_no_move": "The same of the forecast that nothing moves.",
    "inside": "Share that fell into the band.",
    "mean_error": "Mean absolute error of the simple return.",
    "mean_no_move": "Mean absolute error of the forecast that nothing moves.",
    "median_error": "Median absolute error of the simple return.",
    "median_no_move": "Median absolute error of the forecast that nothing moves.",
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
    if column.startswith(LOADING):
        driver = column.removeprefix(LOADING)
        return f"Partial loading on {driver}, the other drivers held still."
    if column.startswith(MOVE):
        driver = column.removeprefix(MOVE)
        return f"Simple return of {driver}: named, or as it follows the core."
    return COLUMNS[column]


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


def table(title: str, as_of: np.datetime64, columns: Mapping[str, Any]) -> Table:
    """Return the frozen table `title` with `columns` in the order given."""
    made = Table(dict(columns))
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
    """

    _metadata = ["title", "as_of", "books", "summary"]  # noqa: RUF012 - pandas' name
    books: Table
    summary: Table


def evidence_table(names: Table, books: Table, summary: Table) -> Evidence:
    """Return the evidence of `names`, with that of books and its summary."""
    made = Evidence(names.to_frame())
    for attribute, value in (
        ("title", names.title),
        ("as_of", names.as_of),
        ("books", books),
        ("summary", summary),
    ):
        object.__setattr__(made, attribute, value)
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
    """

    as_of: np.datetime64
    base_currency: str
    run_id: str
    confidence: float
    tables: Mapping[str, Table]
    issues: tuple[Issue, ...]
    manifest: Mapping[str, Any]

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
