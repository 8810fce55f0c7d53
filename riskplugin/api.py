"""Everything riskplugin does, as functions of a desk."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskplugin import estimates, pipeline, validation
from riskplugin.bundles import (
    Backtest,
    Claims,
    Hedge,
    Monitor,
    Paths,
    Plausibility,
    Ranking,
    Replays,
    WhatIf,
    paths_table,
    plausibility_bundle,
)
from riskplugin.desk import Desk
from riskplugin.errors import ConfigError, UsageError
from riskplugin.factors.views import View
from riskplugin.inputs.assemble import assemble
from riskplugin.inputs.config import parse_toml, settings_file
from riskplugin.inputs.derived import narrowed, repositioned, with_limits
from riskplugin.inputs.reading import Findings, RawTable
from riskplugin.inputs.scenario_file import scenarios_from
from riskplugin.inputs.trades import trades_frame
from riskplugin.proposals import hedges as hedge_tables
from riskplugin.proposals import portfolios as portfolio_tables
from riskplugin.proposals.aims import Bound, Given, MaxLoss, TailLimit
from riskplugin.results import Evidence, Report, Table
from riskplugin.risk.sampling import Sample, with_views
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.sources.files import desk_of_frames, read_desk, read_hedges
from riskplugin.sources.opening import text_of
from riskplugin.store.limit_nights import with_since
from riskplugin.store.pages import report_html, report_xlsx
from riskplugin.store.runs import write_run
from riskplugin.tables import backtests as backtest_tables
from riskplugin.tables import claims as claim_tables
from riskplugin.tables import convexity as convexity_tables
from riskplugin.tables import core as core_tables
from riskplugin.tables import cycle as cycle_tables
from riskplugin.tables import doctor as doctor_tables
from riskplugin.tables import greeks as greek_tables
from riskplugin.tables import holdings as holding_tables
from riskplugin.tables import limits as limit_tables
from riskplugin.tables import liquidations as liquidation_tables
from riskplugin.tables import liquidity as liquidity_tables
from riskplugin.tables import paths as path_tables
from riskplugin.tables import replays as replay_tables
from riskplugin.tables import risk as risk_tables
from riskplugin.tables import tabulation, weighting
from riskplugin.tables import unwinding as unwinding_tables
from riskplugin.tables import volumes as volume_tables
from riskplugin.tables.coverage import status_table
from riskplugin.tables.replays import WantedEpisodes
from riskplugin.tables.reverse import (
    curve_table,
    question,
    reverse_table,
    worst_table,
)
from riskplugin.tables.shocks import shock_table
from riskplugin.tables.tabulation import Wanted
from riskplugin.whatif.answering import Measuring, Question, answered
from riskplugin.whatif.ranking import ranked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from riskplugin.attribution.explaining import Explained

AD_HOC = "core"

__all__ = [
    "account_default",
    "accounts",
    "average_volumes",
    "backtest",
    "check_limits",
    "claims",
    "convexity_parts",
    "cycle_monitor",
    "data_status",
    "desk_from_tables",
    "doctor",
    "evidence",
    "evidence_for",
    "explain",
    "export_run",
    "exposures",
    "factor_risk",
    "greeks_exposure",
    "hedge",
    "hedge_frontier",
    "history",
    "least_risk_portfolio",
    "liquidations",
    "liquidity_profile",
    "load_desk",
    "loadings",
    "look_through",
    "measures",
    "morning_after",
    "path_summary",
    "plausibility",
    "plot",
    "pnl_scenarios",
    "positions",
    "prune",
    "rank_trades",
    "read_run",
    "read_scenarios",
    "regimes",
    "replay",
    "replay_path",
    "replay_scenarios",
    "replicate_measures",
    "report_html",
    "report_xlsx",
    "reverse_curve",
    "reverse_stress",
    "run",
    "samples",
    "scenario_list",
    "shocks",
    "stress",
    "stress_path",
    "unwinding",
    "verify",
    "weighted_stress",
    "what_if",
    "with_positions",
    "worst_case",
    "write_run",
]


def load_desk(path: str | PathLike[str], as_of: object = None) -> Desk:
    """Read and check the desk that the file at `path` names.

    Parameters
    ----------
    path : str or path
        A desk.toml; its tables are found beside it.
    as_of : date, datetime or ISO text, optional
        Valuation date; the file's own, else the last date in prices, by default.

    Returns
    -------
    Desk

    Raises
    ------
    InputError
        With every issue of every table at once.
    """
    findings = Findings()
    return assemble(read_desk(str(path), as_of, findings), findings)


def desk_from_tables(
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    instruments: pd.DataFrame | None = None,
    fx: pd.DataFrame | None = None,
    *,
    prices_second: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
    vols: pd.DataFrame | None = None,
    holdings: pd.DataFrame | None = None,
    limits: pd.DataFrame | None = None,
    indicators: pd.DataFrame | None = None,
    hedges: pd.DataFrame | None = None,
    scenarios: Iterable[Scenario] | None = None,
    settings: Mapping[str, Any] | None = None,
    as_of: object = None,
) -> Desk:
    """Check DataFrames with the columns of the input tables and return the desk.

    Parameters
    ----------
    positions, prices, instruments, … : DataFrame
        See the reference of input tables. A table of dates may have them as index.
    scenarios : iterable of Scenario, optional
        The desk's own, beside the shipped ones.
    settings : mapping, optional
        base_currency, drivers, nav, on_error and the keys of ``[settings]``.
    as_of : date, datetime or ISO text, optional
        Valuation date; the last date in prices by default.

    Raises
    ------
    InputError
        With every issue of every table at once.
    """
    frames = {
        "positions": positions,
        "prices": prices,
        "prices_second": prices_second,
        "instruments": instruments,
        "fx": fx,
        "volumes": volumes,
        "rates": rates,
        "vols": vols,
        "holdings": holdings,
        "limits": limits,
        "indicators": indicators,
        "hedges": hedges,
    }
    return desk_of_frames(frames, scenarios, settings_file(settings), as_of)


def with_positions(
    desk: Desk,
    positions: pd.DataFrame | str | Iterable[str],
    *,
    columns: Mapping[str, str] | None = None,
    on_error: str = "stop",
) -> Desk:
    """Return a desk that holds something else in the same market.

    The factor model stays that of `desk`, so that its own book, passed as a table or
    by name, gives the numbers that it has there.

    Parameters
    ----------
    desk : Desk
    positions : DataFrame, or name of a book, or several
        A table of positions, checked as any other; or books of `desk`.
    columns : mapping of str to str, optional
        Our names of columns to those of the table.
    on_error : {"stop", "quarantine"}
        What to do with rows that cannot be used.

    Raises
    ------
    InputError
        With every issue of the table at once.
    UsageError
        If there is no such book, or `on_error` is something else.
    """
    if on_error not in ("stop", "quarantine"):
        raise UsageError(f"on_error is {on_error!r}; give 'stop' or 'quarantine'")
    if isinstance(positions, pd.DataFrame):
        raw = RawTable(positions, "positions", columns=dict(columns or {}))
        return repositioned(desk, raw, Findings(), quarantine=on_error == "quarantine")
    books = (positions,) if isinstance(positions, str) else tuple(positions)
    return narrowed(desk, books)


def run(desk: Desk) -> Report:
    """Compute everything that the desk's inputs allow."""
    return pipeline.run(desk)


def exposures(desk: Desk, by: str | Iterable[str] = "tier") -> Table:
    """Return what the desk holds, by one or more labels.

    Parameters
    ----------
    desk : Desk
    by : str or sequence of str
        book, tier, link, asset_class, currency, account, strategy, kind, instrument,
        position. None of them, ``()``, gives the whole desk in one row.

    Returns
    -------
    Table
        The keys, then long, short (< 0), gross, net, pct_nav (net / NAV, decimal),
        delta_equivalent, memory_beta_exposure, largest, hhi, effective_names,
        proxied_share. Money in base currency.
    """
    return tabulation.exposure_table(desk, estimates.model_of(desk), by)


def stress(
    desk: Desk,
    scenarios: Wanted = None,
    by: str | Iterable[str] = ("scenario", "tier"),
    *,
    confidence: float | None = None,
) -> Table:
    """Return what scenarios do to the desk, in five parts that add up, with bands.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        scenario, and the keys of `exposures`; the scenario comes first if not named.
    confidence : float, optional
        Level of the band; the desk's own by default.

    Returns
    -------
    Table
        The keys, then pnl, direct, propagated, overshoot, convexity, liquidity, low,
        high. Base currency; a loss is < 0. low and high are each row's own: they do
        not add up. For a row's total, group by fewer keys.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    model = estimates.model_of(desk)
    level = band_level(desk, confidence)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    return tabulation.stress_table(desk, model, chosen, by, level)


def stress_path(
    desk: Desk,
    scenario: Wanted = None,
    by: str | Iterable[str] = "tier",
    *,
    confidence: float | None = None,
) -> Paths:
    """Return how scenarios unfold: the P&L of every session from 0 to the horizon.

    Parameters
    ----------
    desk : Desk
    scenario : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.
    confidence : float, optional
        Level of the band; the desk's own by default.

    Returns
    -------
    Paths
        The scenario first unless one alone was asked for; session, the keys, pnl,
        direct, propagated, overshoot, convexity, liquidity, low, high, cash_called,
        margin_called. Base currency; a loss is < 0. Session 0 is zero, the last is
        what `stress` says. low and high are each session's own.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    model = estimates.model_of(desk)
    level = band_level(desk, confidence)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenario))
    found = path_tables.path_table(desk, model, chosen, by, level)
    alone = isinstance(scenario, str | Scenario)
    kept = tabulation.without(found, "scenario") if alone else found
    return paths_table(kept, chosen, level)


def path_summary(
    desk: Desk,
    scenarios: Wanted = None,
    by: str | Iterable[str] = (),
    *,
    loss: float | None = None,
) -> Table:
    """Return the worst session of each scenario's path, and what it calls for.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        Keys of `exposures`; the whole desk by default.
    loss : float, optional
        Base currency, above 0: the first session at which a row loses as much is
        sought.

    Returns
    -------
    Table
        scenario, the keys, horizon_sessions, pnl (at the end), worst, worst_session,
        breach_session (NaN if none), cash_called, margin_called (the most of each).

    Raises
    ------
    UsageError
        If the loss is not above 0.
    ScenarioError
        If a scenario names what the desk does not have.
    """
    model = estimates.model_of(desk)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    level = desk.settings.confidence
    return path_tables.path_summary_table(desk, model, chosen, by, level, loss)


def weighted_stress(
    desk: Desk,
    scenarios: Wanted = None,
    by: str | Iterable[str] = (),
    *,
    weights: str = "scenario",
) -> Table:
    """Return P&L weighted by the scenarios' weights, beside the worst without them.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        Keys of `exposures`; the whole desk by default.
    weights : {"scenario", "phase"}
        Each scenario's own, or those that ``[cycle.weights]`` of the desk gives to the
        phase that the cycle monitor calls.

    Returns
    -------
    Table
        The keys, weighted_pnl (NaN if none has a weight), weight (their sum, never
        scaled to 1), weighted_scenarios, worst_pnl, worst_scenario; by phase also
        phase and reason (why nothing is weighted).

    Raises
    ------
    UsageError
        If `weights` is something else.
    ScenarioError
        If the weights sum to more than 1.
    """
    model = estimates.model_of(desk)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    level = desk.settings.confidence
    if weights == "phase":
        phase = cycle_tables.called_phase(desk)
        return weighting.by_phase(desk, model, chosen, by, level, phase)
    if weights != "scenario":
        raise UsageError(f"weights is {weights!r}; give 'scenario' or 'phase'")
    return weighting.weighted_table(desk, model, chosen, by, level)


def reverse_stress(
    desk: Desk,
    loss: float | Mapping[object, float],
    driver: str | None = "memory",
    by: str | Iterable[str] | None = None,
    horizon_sessions: int | None = None,
    *,
    shape: Scenario | None = None,
) -> Table:
    """Return the smallest core move that loses `loss`, on the engine itself.

    Parameters
    ----------
    desk : Desk
    loss : float, or mapping of group to float
        Base currency, above 0: of every group, or of those named, each its own.
    driver : str or None
        The driver that moves while the others follow; None moves all of them and
        looks for the most plausible move.
    by : str or sequence of str, optional
        Keys of the groups; the whole desk by default.
    horizon_sessions : int, optional
        Sessions that the move takes, 60 by default: it enters the distance and the
        count, and not the P&L.
    shape : Scenario, optional
        What holds beside the core (tiers, instruments, fx, overshoot, other drivers of
        its core), with its own horizon.

    Returns
    -------
    Table
        The keys, then driver, answer (1 the nearest, 2 the next; 0 for none), move,
        distance, drivers_named (tails of different numbers of drivers do not compare),
        tail_normal, tail_t, degrees_of_freedom, windows, at_least_as_bad, loss, pnl,
        elsewhere, lowest_pnl, lowest_at, a move of every driver (move_*) and reason.
        One driver: the first crossing on either side, within -95 % and +300 %. All
        drivers: without driver, move and lowest_at; several answers where there are
        several ways to lose as much.

    Raises
    ------
    UsageError
        If a driver, group, key, loss or shape cannot be used.
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    model = estimates.model_of(desk)
    asked = question(model, driver, by, horizon_sessions, shape)
    return reverse_table(desk, model, asked, loss)


def reverse_curve(
    desk: Desk,
    driver: str = "memory",
    by: str | Iterable[str] | None = None,
    horizon_sessions: int | None = None,
    *,
    confidence: float | None = None,
    shape: Scenario | None = None,
) -> Table:
    """Return the P&L against the move of one driver, from -95 % to +300 %.

    Parameters
    ----------
    desk, driver, by, horizon_sessions, shape
        As in `reverse_stress`; the horizon enters the band.
    confidence : float, optional
        Level of the band; the desk's own by default.

    Returns
    -------
    Table
        The keys, then driver, move, pnl, low, high.
    """
    model, level = estimates.model_of(desk), band_level(desk, confidence)
    asked = question(model, driver, by, horizon_sessions, shape)
    return curve_table(desk, model, asked, level)


def worst_case(
    desk: Desk,
    radius: float,
    driver: str | None = None,
    by: str | Iterable[str] | None = None,
    horizon_sessions: int | None = None,
    *,
    shape: Scenario | None = None,
) -> Table:
    """Return the worst core move within a plausibility radius, on the engine itself.

    Parameters
    ----------
    desk, by, horizon_sessions, shape
        As in `reverse_stress`.
    radius : float
        Largest Mahalanobis distance of the move, above 0 and up to 100.
    driver : str, optional
        The one that moves; all of them by default.

    Returns
    -------
    Table
        The keys, then radius, pnl, linear_pnl (if the P&L were linear), distance,
        drivers_named, tail_normal, a move of every driver (move_*) and reason.

    Raises
    ------
    UsageError
        If the radius, driver, key or shape cannot be used.
    """
    model = estimates.model_of(desk)
    asked = question(model, driver, by, horizon_sessions, shape)
    return worst_table(desk, model, asked, radius)


def plausibility(desk: Desk, scenarios: Wanted = None) -> Plausibility:
    """Return how plausible the core of scenarios is. Not how probable they are.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's whose drivers can be moved by default.

    Returns
    -------
    Plausibility
        scenario, core, horizon_sessions, distance (Mahalanobis, of the core drivers
        alone), drivers_named, tail_normal, tail_t (both by the number of drivers: those
        of different numbers do not compare), degrees_of_freedom, windows,
        at_least_as_bad, alone, worst_windows, reason. Its `history` holds the windows.

    Raises
    ------
    ScenarioError
        If a driver of a core has no prices.
    """
    model = estimates.model_of(desk)
    chosen = core_tables.asked_scenarios(desk, model, wanted_scenarios(scenarios))
    judged = core_tables.plausibility_table(desk, model, chosen)
    history = core_tables.history_table(desk, model, chosen)
    return plausibility_bundle(judged, history=history)


def regimes(
    desk: Desk, scenarios: Wanted = None, *, confidence: float | None = None
) -> Table:
    """Return scenarios by all history, hectic windows and pooled ones side by side.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's whose drivers can be moved by default.
    confidence : float, optional
        Level of the band; the desk's own by default.

    Returns
    -------
    Table
        scenario, regime, pnl, low, high, a move of every driver (move_*),
        hectic_share, effective_scenarios, independent_scenarios, reason: NaN with the
        reason where the desk's prices hold no such regime.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    """
    model, level = estimates.model_of(desk), band_level(desk, confidence)
    chosen = core_tables.asked_scenarios(desk, model, wanted_scenarios(scenarios))
    return core_tables.regime_table(desk, model, chosen, level)


def replay(
    desk: Desk,
    episodes: WantedEpisodes = None,
    by: str | Iterable[str] = ("episode", "tier"),
) -> Replays:
    """Return what dated episodes of history would do to the book of today.

    Parameters
    ----------
    desk : Desk
    episodes : name, (start, end), or several, optional
        The shipped episodes that had ended by default: replay_2000_02, replay_2007_08,
        replay_2011, replay_2014_16, replay_2018, replay_2022, replay_2024, replay_2025.
        A date at a weekend is the Friday before.
    by : str or sequence of str
        episode, and the keys of `exposures`; the episode comes first if not named.

    Returns
    -------
    Replays
        The keys, then start, end, sessions; pnl = direct (by own closes or the shipped
        table) + propagated (through today's loadings), of what is covered, NaN where
        nothing is; covered_own, covered_loadings, covered_table, uncovered: gross
        money by source. Base currency; a loss is < 0. Its `positions` say where every
        position's move comes from, its `drivers` what these did.

    Raises
    ------
    UsageError
        If an episode is unknown, no date, or had not ended; or a key is none.
    ModelError
        If nothing held is known in any of the episodes.
    """
    return replay_tables.replay_table(desk, estimates.model_of(desk), episodes, by)


def replay_path(
    desk: Desk, episodes: WantedEpisodes = None, by: str | Iterable[str] = "tier"
) -> Table:
    """Return the P&L of past episodes on the book of today, session by session.

    Parameters
    ----------
    desk : Desk
    episodes : name, (start, end), or several, optional
        As `replay`.
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.

    Returns
    -------
    Table
        episode, session (0 is the first close), date, the keys, pnl since the first
        close, covered_daily, covered_table (goes to its end in a straight line, in
        logs) and uncovered. The last session is the P&L of `replay`.

    Raises
    ------
    UsageError, ModelError
        As `replay`.
    """
    model = estimates.model_of(desk)
    return replay_tables.replay_path_table(desk, model, episodes, by)


def replay_scenarios(desk: Desk, episodes: WantedEpisodes = None) -> ScenarioSet:
    """Return past episodes as scenarios, which `stress` takes to the P&L of `replay`.

    Parameters
    ----------
    desk : Desk
    episodes : name, (start, end), or several, optional
        As `replay`; by default those of them that can be scenarios.

    Raises
    ------
    ModelError
        If one asked for cannot: no driver has closes in it, or something held is
        unknown and would stand still.
    """
    model = estimates.model_of(desk)
    return replay_tables.replay_scenarios(desk, model, episodes)


def claims(desk: Desk, episodes: WantedEpisodes = None) -> Claims:
    """Return what past episodes say of tiers that fall further or sooner than memory.

    Parameters
    ----------
    desk : Desk
        Its closes count where they reach over an episode, else the shipped table.
    episodes : name, (start, end), or several, optional
        As `replay`.

    Returns
    -------
    Claims
        tier, claim (further, sooner), episodes, for, against, neither, sentence. Its
        `by_episode` holds the figures.
    """
    chosen = replay_tables.chosen_episodes(desk.as_of, episodes)
    return claim_tables.claim_table(desk, chosen)


def evidence_for(desk: Desk, scenario: str | Scenario) -> Table:
    """Return the claims that a scenario's overshoots and half-lives rest on.

    Parameters
    ----------
    desk : Desk
    scenario : name or Scenario

    Returns
    -------
    Table
        scenario, tier, claim, assumed (multiplier or sessions), then the columns of
        `claims`; no row for a scenario that assumes neither.

    Raises
    ------
    ScenarioError
        If the desk has no such scenario.
    """
    (chosen,) = desk.scenarios.choose([scenario])
    return claim_tables.evidence_for(chosen, claims(desk))


def wanted_scenarios(scenarios: Wanted) -> Wanted:
    """Return `scenarios` as they may be asked for; a set is its scenarios."""
    return scenarios.scenarios if isinstance(scenarios, ScenarioSet) else scenarios


def shocks(
    desk: Desk,
    core: Mapping[str, float] | None = None,
    horizon_sessions: int | None = None,
    confidence: float | None = None,
    *,
    scenarios: Wanted = None,
    by: str = "instrument",
) -> Table:
    """Return the shock of every instrument the desk's prices and tables know.

    Parameters
    ----------
    desk : Desk
    core : mapping of driver to float, optional
        Simple returns of drivers; the others follow. Instead of `scenarios`.
    horizon_sessions : int, optional
        Sessions over which the core moves, 60 by default; only with `core`.
    confidence : float, optional
        Level of the band; the desk's own by default.
    scenarios : name, Scenario, or several, optional
        All of the desk's by default.
    by : {"instrument", "tier", "driver"}
        What the rows are.

    Returns
    -------
    Table
        The scenario first if not given by `core`. By instrument: instrument, tier,
        shock (base currency, simple, median), low, high, provenance, local_shock,
        fx_shock. By tier: tier, names, mean_shock (equal weights), lowest, highest. By
        driver: driver, shock, low, high (NaN where the scenario names it), named.
    """
    model = estimates.model_of(desk)
    level = band_level(desk, confidence)
    if core is None:
        if horizon_sessions is not None:
            raise UsageError("horizon_sessions goes with core; a scenario has its own")
        chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
        return shock_table(desk, model, chosen, level, by)
    if scenarios is not None:
        raise UsageError("give core or scenarios, not both")
    sessions = 60 if horizon_sessions is None else horizon_sessions
    moves = moves_of(core)
    scenario = Scenario(name=AD_HOC, core=moves, horizon_sessions=sessions)
    found = shock_table(desk, model, ScenarioSet((scenario,)), level, by)
    return tabulation.without(found, "scenario")


def moves_of(core: Mapping[str, float]) -> Mapping[str, float]:
    """Return the moves of a core.

    Raises
    ------
    UsageError
        If it is something else, as a scenario.
    """
    if not isinstance(core, Mapping):
        told = "moves by driver are needed; scenarios go by scenarios="
        raise UsageError(f"core is {core!r}, {told}")
    return core


def band_level(desk: Desk, confidence: float | None) -> float:
    """Return the level of a band.

    Raises
    ------
    UsageError
        If it is not between 0 and 1.
    """
    level = desk.settings.confidence if confidence is None else confidence
    if not 0 < level < 1:
        raise UsageError(f"confidence is {level}, a level between 0 and 1 is needed")
    return level


def evidence(
    desk: Desk,
    driver: str = "memory",
    episodes: Iterable[tuple[object, object]] | None = None,
    *,
    threshold: float = 0.30,
    confidence: float | None = None,
) -> Evidence:
    """Return what the model would have said before each past reversal, and what came.

    Parameters
    ----------
    desk : Desk
        Its prices are the history; its positions do not matter.
    driver : str
        Whose falls are looked for, and whose realised move is the core.
    episodes : iterable of (start, end), optional
        Dates; the driver's falls of at least `threshold`, peak to trough, by default.
    threshold : float
        Simple fall that makes an episode.
    confidence : float, optional
        Level of the band; the desk's own by default.

    Returns
    -------
    Evidence
        start, end, instrument, tier, predicted, low, high, realised, provenance:
        simple returns in base currency. `books` holds the same for equal-weight books,
        `summary` the scores. Episodes without enough history before them are left out.

    Raises
    ------
    UsageError
        If the driver, a date or the threshold cannot be used.
    ModelError
        If no episode is left.
    """
    level = band_level(desk, confidence)
    return validation.evidence(desk, driver, episodes, threshold, level)


def loadings(desk: Desk, driver: str = "memory") -> Table:
    """Return total beta to a driver, its error, and partial loadings by instrument.

    Raises
    ------
    UsageError
        If the desk has no such driver, or no prices of it.
    """
    return tabulation.loading_table(desk, estimates.model_of(desk), driver)


def measures(
    desk: Desk,
    measure: str | Iterable[str] | None = "CVaR",
    alpha: float = 0.05,
    by: str | Iterable[str] = "tier",
    *,
    horizon_sessions: int = 1,
    method: str = "historical",
    views: Sequence[View] = (),
    smoothing: float = 0.0,
) -> Table:
    """Return risk measures of the whole desk, and what each group has to do with them.

    Parameters
    ----------
    desk : Desk
    measure : str, or several, optional
        volatility, VaR, CVaR, EVaR, MDD, …; all that the horizon allows by None.
    alpha : float
        Tail: 0.05 is the worst twentieth.
    by : str or sequence of str
        The keys of `exposures`; ``()`` gives the whole desk in one row.
    horizon_sessions : {1, 5, 10, 21}
        Sessions that a scenario spans; drawdowns need 1.
    method : {"historical", "age_weighted", "filtered", "reversal"}
        How the past becomes scenarios: as it was, less probable the older, at today's
        volatility, or as probable as in a reversal of memory.
    views : sequence of View
        What the scenarios are made to say, by moving their probabilities as little as
        can be: ``rp.View("mean", "memory", "<=", -0.02)``.
    smoothing : float
        Half-width, in probability, of the quantiles about alpha that contributions to
        VaR and DaR are averaged over; 0 is the one scenario that is the VaR.

    Returns
    -------
    Table
        The keys, group (all of them in one label), measure, total (of the whole desk),
        component (they add up to it), marginal, incremental, share, standalone,
        total_pct_nav, component_pct_nav, own_history, independent_scenarios. Base
        currency; a loss is > 0.

    Raises
    ------
    UsageError
        If there is no such measure, key, method or horizon.
    ModelError
        If the history is too short, or nothing is known of an instrument.
    """
    sample = viewed(desk, method, horizon_sessions, views)
    return risk_tables.measure_table(desk, sample, measure, alpha, by, smoothing)


def viewed(
    desk: Desk, method: str, horizon_sessions: int, views: Sequence[View]
) -> Sample:
    """Return the scenarios of the measures, as probable as views say."""
    sample = estimates.sample_of(desk, method, horizon_sessions)
    return with_views(sample, views)


def replicate_measures(
    desk: Desk,
    measure: str | Iterable[str] | None = None,
    alpha: float = 0.05,
    *,
    horizon_sessions: int = 1,
    method: str = "historical",
) -> Table:
    """Return measures of the whole desk beside those of riskfolio-lib.

    An independent replication for model validation: riskfolio's own functions on the
    same scenarios. Importing it takes seconds, its RLVaR and RLDaR minutes.

    Returns
    -------
    Table
        measure, total, riskfolio, difference, reason (why riskfolio has none).

    Raises
    ------
    UsageError
        As `measures`; and for methods whose scenarios are not equally probable.
    """
    sample = estimates.sample_of(desk, method, horizon_sessions)
    return risk_tables.replication_table(desk, sample, measure, alpha)


def factor_risk(
    desk: Desk,
    measure: str = "CVaR",
    alpha: float = 0.05,
    by: str | Iterable[str] = (),
    *,
    horizon_sessions: int = 1,
    method: str = "historical",
    views: Sequence[View] = (),
) -> Table:
    """Return which share of a measure comes from each driver, and from none of them.

    Parameters and errors are those of `measures`, for one measure.

    Returns
    -------
    Table
        The keys, measure, factor (a driver, or ``specific``: the rest), component
        (they add up to the total), share, effective_bets (of the group by itself).
    """
    sample = viewed(desk, method, horizon_sessions, views)
    return risk_tables.factor_table(desk, sample, measure, alpha, by)


def pnl_scenarios(
    desk: Desk,
    by: str | Iterable[str] = (),
    *,
    horizon_sessions: int = 1,
    method: str = "historical",
    views: Sequence[View] = (),
) -> Table:
    """Return the scenarios of P&L that `measures` measures, with probabilities.

    Returns
    -------
    Table
        end (last day of the window), probability, the keys, pnl (base currency).

    Raises
    ------
    UsageError, ModelError
        As `measures`.
    """
    sample = viewed(desk, method, horizon_sessions, views)
    return risk_tables.pnl_table(desk, sample, by)


def samples(desk: Desk) -> Table:
    """Return how much history stands behind the measures, by method and horizon.

    Returns
    -------
    Table
        method, horizon_sessions, scenarios, first, last, effective_scenarios,
        independent_scenarios, own_history, memory_drift, reason (why there are none).
    """
    return risk_tables.sample_table(desk, partial(estimates.sample_of, desk))


def backtest(
    desk: Desk,
    confidence: float = 0.99,
    by: str | Iterable[str] = (),
    *,
    nights: int = 500,
    window: int | None = None,
    horizon_sessions: int = 1,
    method: str = "historical",
) -> Backtest:
    """Return how value at risk and expected shortfall of past nights have fared.

    Today's holdings on past nights: every forecast sees nothing later than its own
    night, neither prices nor a factor model; what had no price of its own then is left
    out of forecast and P&L alike.

    Parameters
    ----------
    desk : Desk
    confidence : float
        Level of the value at risk.
    by : str or sequence of str
        The keys of `exposures`; the whole desk by default.
    nights : int
        Forecasts wanted, the latest; fewer if the history is shorter.
    window : int, optional
        Windows before each night that its forecast is made from; 500 by default, half
        of the history if that is less.
    horizon_sessions : {1, 5, 10, 21}
        Sessions from the forecast to what came; they overlap if more than 1.
    method : {"historical", "age_weighted", "filtered"}
        As in `measures`.

    Returns
    -------
    Backtest
        The keys, nights, test, figure, statistic, p_value, verdict, note: Basel traffic
        light, Kupiec, Christoffersen, Acerbi and Szekely, …. `nights` holds every
        forecast beside what came.

    Raises
    ------
    UsageError
        If there is no such method, key, horizon or level.
    ModelError
        If the history holds no night with a window before it.
    """
    asked = backtest_tables.Asked(method, confidence, nights, window, horizon_sessions)
    plan = backtest_tables.planned(desk, estimates.model_of(desk), asked)
    return backtest_tables.backtest(desk, estimates.fitted(desk), plan, by)


def hedge(
    desk: Desk,
    scenarios: Wanted = None,
    instruments: pd.DataFrame | str | PathLike[str] | None = None,
    *,
    max_loss: MaxLoss = None,
    budget: float | None = None,
    max_cvar: float | None = None,
    alpha: float = 0.05,
    method: str = "historical",
    horizon_sessions: int = 1,
    exposures: Mapping[str, Bound] | None = None,
    robust: bool = False,
    confidence: float | None = None,
    hold_sessions: float | None = None,
    trade_sessions: float = 1.0,
    book: str = "hedge",
) -> Hedge:
    """Return the cheapest trades that keep limits, or the best of a budget.

    A proposal, in whole lots, verified by full revaluation with the trades as
    positions. With a `budget` and no limit: the trades that bring the worst loss of
    the scenarios down most. Where limits cannot be kept: those that miss them by
    least, and why.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        What the hedge is built for; by default those of `max_loss`, else all.
    instruments : DataFrame or path, optional
        A table ``hedges``: what may be traded, its costs, lots and caps. The desk's own
        by default.
    max_loss : float, or mapping of scenario to float, optional
        Largest loss allowed, base currency, >= 0.
    budget : float, optional
        Most that the trades may cost.
    max_cvar : float, optional
        Largest CVaR allowed, base currency, of the scenarios that `measures` has by
        `alpha`, `method` and `horizon_sessions`.
    exposures : mapping of str to float or (float, float), optional
        Least and most delta-equivalent of a tier, or of ``memory_beta``; one figure is
        a limit on either side of 0.
    robust : bool
        Losses count at the low end of the band.
    confidence : float, optional
        Level of the band; the desk's own by default.
    hold_sessions : float, optional
        Sessions for which funding and borrowing are paid; the longest horizon of the
        scenarios by default.
    trade_sessions : float
        Sessions over which it may be traded, at the participation rate.
    book : str
        Book that the trades go to.

    Returns
    -------
    Hedge
        book, instrument, side, quantity, lots, market_price, traded_value, spread_cost,
        impact_cost, carry_cost, trade_cost, cost_bps, days_to_trade, provenance,
        remark. Beside it `scenarios`, `basis`, `why`, and `outcome`, `message`, `cost`.

    Raises
    ------
    InputError
        With every issue of the table of hedges at once.
    UsageError
        If nothing is asked for, or a figure or name makes no sense.
    ScenarioError
        If a scenario names what the desk does not have.
    """
    raw = hedges_given(desk, instruments)
    named = wanted_scenarios(scenarios)
    tail = tail_limit(max_cvar, alpha, method, horizon_sessions)
    limits = (max_loss, budget, tail, exposures)
    how = (robust, confidence, hold_sessions, trade_sessions)
    return hedge_tables.hedge(desk, raw, book, Given(named, *limits, *how))


def hedge_frontier(
    desk: Desk,
    scenarios: Wanted = None,
    instruments: pd.DataFrame | str | PathLike[str] | None = None,
    *,
    losses: Sequence[float] | int = 11,
    max_cvar: float | None = None,
    alpha: float = 0.05,
    method: str = "historical",
    horizon_sessions: int = 1,
    exposures: Mapping[str, Bound] | None = None,
    robust: bool = False,
    confidence: float | None = None,
    hold_sessions: float | None = None,
    trade_sessions: float = 1.0,
    book: str = "hedge",
) -> Table:
    """Return what a smaller worst loss costs, step by step.

    Parameters
    ----------
    losses : int or sequence of float
        How many steps from the worst loss as it is to the least that can be reached
        (0 where that is below); or the largest losses to look at, base currency.
    desk, scenarios, instruments, max_cvar, alpha, method, horizon_sessions, exposures,
    robust, confidence, hold_sessions, trade_sessions, book
        As for `hedge`.

    Returns
    -------
    Table
        max_loss, loss_after (by revaluation), worst_scenario, trade_cost, trades,
        traded, outcome.
    """
    raw = hedges_given(desk, instruments)
    tail = tail_limit(max_cvar, alpha, method, horizon_sessions)
    limits = (None, None, tail, exposures)
    how = (robust, confidence, hold_sessions, trade_sessions)
    given = Given(wanted_scenarios(scenarios), *limits, *how)
    return hedge_tables.frontier_table(desk, raw, book, given, losses)


def least_risk_portfolio(
    desk: Desk,
    instruments: Sequence[str],
    measure: str = "CVaR",
    *,
    tiers: Mapping[str, Bound] | None = None,
    max_weight: float = 1.0,
    alpha: float = 0.05,
    method: str = "reversal",
    horizon_sessions: int = 21,
) -> Table:
    """Return the long-only weights of least tail risk in a reversal of memory.

    By riskfolio-lib's optimiser, on scenarios drawn again in proportion to their
    probabilities, as it knows equal ones only; the risk is of the scenarios themselves.

    Parameters
    ----------
    desk : Desk
        Its market and model; what it holds does not count.
    instruments : sequence of str
    measure : {"CVaR", "EVaR", "volatility", "MAD"}
    tiers : mapping of str to float or (float, float), optional
        Most, or least and most, weight of a tier.
    max_weight : float
        Most weight of an instrument.
    alpha, method, horizon_sessions
        As for `measures`; by default 21 sessions in a reversal.

    Returns
    -------
    Table
        instrument, tier, portfolio_weight, risk_share, standalone_risk,
        portfolio_risk, effective_scenarios. Per unit of value.

    Raises
    ------
    UsageError
        If the measure is not minimised, or a bound makes no sense.
    InputError
        If an instrument is unknown or has no price.
    ModelError
        If no weights keep the bounds, or the prices hold no reversal.
    """
    how = TailLimit(float("inf"), alpha, method, horizon_sessions)
    return portfolio_tables.portfolio_table(
        desk, instruments, measure, how, tiers or {}, max_weight
    )


def tail_limit(
    max_cvar: float | None, alpha: float, method: str, horizon_sessions: int
) -> TailLimit | None:
    """Return the limit on a CVaR, None without one."""
    if max_cvar is None:
        return None
    return TailLimit(max_cvar, alpha, method, horizon_sessions)


def hedges_given(
    desk: Desk, instruments: pd.DataFrame | str | PathLike[str] | None
) -> RawTable:
    """Return a table of hedges: given, read from a file, or the desk's own.

    Raises
    ------
    UsageError
        If neither is there.
    InputError
        If a file cannot be read.
    """
    if isinstance(instruments, pd.DataFrame):
        return RawTable(instruments, "hedges")
    if instruments is not None:
        return read_hedges(str(instruments))
    if "hedges" not in desk.tables:
        raise UsageError("no hedges: give instruments, or a table hedges in desk.toml")
    return RawTable(desk.tables["hedges"].to_frame(), "hedges")


def liquidity_profile(
    desk: Desk,
    by: str | Iterable[str] = "tier",
    participation: float | None = None,
    volume_stress: float | None = None,
) -> Table:
    """Return how long it takes to sell what the desk holds, and what that costs.

    Parameters
    ----------
    desk : Desk
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk. An instrument
        is netted within each row, which is sold as if it alone were.
    participation : float, optional
        Share of the daily volume that is traded; the desk's own by default.
    volume_stress : float, optional
        Share of the average daily volume that a stress leaves; the desk's own by
        default.

    Returns
    -------
    Table
        The keys, then gross, netted_gross, days, days_stressed, mean_days_stressed,
        within_1, within_5, within_10, within_21, locked, unknown_gross, cost,
        cost_pct_gross, uncosted_gross. Shares and cost are at the stressed volume. What
        has no known volume is NaN, never 0, and stands in unknown_gross.

    Raises
    ------
    UsageError
        If a key or a share of the volume cannot be used.
    """
    model = estimates.model_of(desk)
    return liquidity_tables.liquidity_table(
        desk, model, by, participation, volume_stress
    )


def average_volumes(desk: Desk) -> Table:
    """Return the daily volume of every held instrument but cash, or why it is unknown.

    Returns
    -------
    Table
        instrument, tier, venue, average_volume (median, in units of the quantity),
        window_sessions, missing_sessions, zero_sessions, last, unknown (the reason).
    """
    return volume_tables.volume_table(desk)


def unwinding(
    desk: Desk,
    scenarios: Wanted = None,
    by: str | Iterable[str] = (),
    participation: float | None = None,
    volume_stress: float | None = None,
) -> Table:
    """Return what scenarios do to the desk if it sells on the way.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.
    participation, volume_stress : float, optional
        As for `liquidity_profile`.

    Returns
    -------
    Table
        scenario, the keys, horizon_sessions, pnl_held, pnl_unwinding, selling_cost,
        held_at_end, unknown_gross, uncosted_gross. Base currency; a loss is < 0.

    Raises
    ------
    UsageError
        If a key or a share of the volume cannot be used.
    ScenarioError
        If a scenario names what the desk does not have.
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    model = estimates.model_of(desk)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    return unwinding_tables.unwinding_table(
        desk, model, chosen, by, participation, volume_stress
    )


def look_through(desk: Desk, by: str | Iterable[str] = "tier") -> Table:
    """Return exposures with funds seen through to what they hold.

    Parameters
    ----------
    desk : Desk
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.

    Returns
    -------
    Table
        The keys, then long, short, gross, net, pct_nav, net_as_held, held_directly,
        through_funds, left_in_funds, largest, hhi, effective_names. The net of the
        whole is that of `exposures`.
    """
    return holding_tables.look_through_table(desk, by)


def greeks_exposure(desk: Desk, by: str | Iterable[str] = "tier") -> Table:
    """Return delta, gamma, vega and theta of what the desk holds, in money.

    Parameters
    ----------
    desk : Desk
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.

    Returns
    -------
    Table
        The keys, then delta (P&L per unit of simple return of the underlying), gamma
        (change of delta per 1 % move), vega (per point of implied volatility), theta
        (per session, funding and variance drag included). Base currency.
    """
    return greek_tables.greeks_table(desk, estimates.model_of(desk), by)


def liquidations(desk: Desk, scenarios: Wanted = None) -> Table:
    """Return which margined positions scenarios close on the way, and what that costs.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.

    Returns
    -------
    Table
        Per scenario and margined position the move that closes it, the session, the
        margin that would keep it open and what is missing, P&L closed and if kept.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    """
    model = estimates.model_of(desk)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    return liquidation_tables.liquidation_table(desk, model, chosen)


def convexity_parts(
    desk: Desk, scenarios: Wanted = None, by: str | Iterable[str] = "tier"
) -> Table:
    """Return what the convexity of a stress is made of, cause by cause.

    Parameters
    ----------
    desk : Desk
    scenarios : name, Scenario, or several, optional
        All of the desk's by default, but for those whose drivers have no prices.
    by : str or sequence of str
        Keys of `exposures`; the whole desk by none of them, ``()``.

    Returns
    -------
    Table
        scenario, the keys, convexity (as `stress` has it), and what it is made of:
        convexity_gamma, convexity_volatility, convexity_carry, convexity_leverage,
        convexity_funding, convexity_liquidation. Base currency.

    Raises
    ------
    ScenarioError
        If a scenario names what the desk does not have.
    ModelError
        If nothing is known of an instrument that a shock must be propagated to.
    """
    model = estimates.model_of(desk)
    chosen = tabulation.chosen_scenarios(desk, model, wanted_scenarios(scenarios))
    return convexity_tables.convexity_table(desk, model, chosen, by)


def check_limits(
    desk: Desk,
    store: str | PathLike[str] | None = None,
    *,
    limits: pd.DataFrame | None = None,
) -> Table:
    """Return where the desk stands against its limits, the worst first.

    Parameters
    ----------
    desk : Desk
        With a table of limits; without one the answer has no rows.
    store : path, optional
        Root of a store of runs, which tells since when each status has stood.
    limits : DataFrame, optional
        A table of limits to hold it against instead of its own.

    Returns
    -------
    Table
        metric, scope, scenario, value, unit, direction, soft, hard, headroom (in the
        unit), headroom_money, utilisation (1 at the hard limit), status (OK, WARN,
        BREACH or UNKNOWN, which is not OK), waived, drivers, reason, since,
        waiver_until. Losses are below 0 in stress_pnl and stress_low, as everywhere;
        above 0 in every metric called a loss, and in measures.

    Raises
    ------
    InputError
        With every issue of `limits`.
    AdapterError
        If the store holds no finished run, or cannot be read.
    """
    if limits is not None:
        desk = with_limits(desk, RawTable(limits, "limits"), Findings())
    model, sample_of = estimates.model_of(desk), partial(estimates.sample_of, desk)
    found = limit_tables.limit_table(desk, model, sample_of)
    return found if store is None else with_since(found, store)


def accounts(desk: Desk) -> Table:
    """Return what stands in each account, and what its keeper's failure would cost.

    Returns
    -------
    Table
        account, long, short, gross, net, cash, notional, margin_posted,
        unknown_margin, locked, default_pnl, default_pnl_set_off. Base currency.
    """
    return holding_tables.account_table(desk)


def account_default(
    desk: Desk, account: str, by: str | Iterable[str] = "book"
) -> Table:
    """Return what the failure of a prime broker or exchange costs, and whom.

    Parameters
    ----------
    desk : Desk
    account : str
    by : str or sequence of str
        Keys of `exposures`; none of them, ``()``, gives the whole desk.

    Returns
    -------
    Table
        The keys, gross_there, default_pnl (<= 0): nothing is recovered, what is owed
        there stays owed, prices stand still.

    Raises
    ------
    UsageError
        If there is no such account, or a key cannot be used.
    """
    return holding_tables.default_table(desk, account, by)


def cycle_monitor(desk: Desk) -> Monitor:
    """Return where memory stands in its cycle: four signals, a phase, and its record.

    Do the leaders hold over several sessions; do memory prices hold; is participation
    broad; is the rise of tokens backed by traded value. Every session's reading is
    from nothing later. It informs and never takes a scenario away.

    Returns
    -------
    Monitor
        signal, reading, percentile (in its own history), state, evidence, last, phase,
        sessions_old; a signal without data is ``unknown``. `phase` is the phase that
        is called, `changes` when it changed, `turns` and `record` how it has fared,
        `history` all of it by session.

    Raises
    ------
    ModelError
        If the memory basket has no prices.
    """
    return cycle_tables.monitor(desk)


def doctor(desk: Desk) -> Table:
    """Return what is wrong or doubtful in the desk's data, what matters most first.

    Nothing is changed: a repair is made only where ``[[repairs]]`` of desk.toml names
    it, and the manifest then records it.

    Returns
    -------
    Table
        concern, code, instrument, start, end, evidence, effect_on, effect_before,
        effect_after (a beta or another figure, where one can be measured),
        stress_scenario, stress_before, stress_after (the worst scenario's P&L as the
        data are and once the repair is made, base currency), stress_note (why they are
        not known), advice, repair (as it would stand in desk.toml).
    """
    return doctor_tables.diagnosis_table(desk)


def data_status(desk: Desk, dataset: str | None = None) -> Table:
    """Return how far the desk's data reaches, per dataset, or per series of one.

    Parameters
    ----------
    desk : Desk
    dataset : str, optional
        prices, prices_second, fx, volumes, rates, vols or indicators.

    Returns
    -------
    Table
        dataset, names, first, last, sessions_old (weekdays from the last value to the
        valuation date), stale_names; of one dataset: series, first, last,
        sessions_old, values, stale.

    Raises
    ------
    UsageError
        If the desk has no such dataset.
    """
    return status_table(desk, dataset)


def plot(found: Table, *beside: Table, desk: Desk | None = None) -> "Figure":
    """Return the picture of a result: what is drawn is what its table says.

    Parameters
    ----------
    found : Table
        Of `exposures`, `stress`, `stress_path`, `replay`, `replay_path`,
        `reverse_stress`, `reverse_curve`, `plausibility`, `cycle_monitor`, `hedge`,
        `hedge_frontier`, `backtest` or `evidence`, as they return it; or the
        `calibration` of evidence.
    *beside : Table
        A result drawn with it: `stress_path` of the whole desk and of groups,
        `reverse_curve` and `reverse_stress`, `replay_path` and `replay`.
    desk : Desk, optional
        Whose base currency the axes name.

    Returns
    -------
    matplotlib.figure.Figure
        Shown by a notebook; ``savefig`` writes it to a file.

    Raises
    ------
    UsageError
        If nothing draws such a table, or such tables together; or it has no rows.
    """
    from riskplugin.pictures import drawing  # noqa: PLC0415 - rarely asked for

    currency = "base currency" if desk is None else desk.settings.base_currency
    return drawing.drawn((found, *beside), currency)


def positions(desk: Desk) -> Table:
    """Return every position as valued, in canonical order."""
    return tabulation.position_table(desk)


def scenario_list(desk: Desk) -> Table:
    """Return the desk's scenarios in words."""
    return tabulation.scenario_table(desk, estimates.model_of(desk))


def explain(
    before: Desk | Report | str | PathLike[str],
    after: Desk | Report | str | PathLike[str],
) -> "Explained":
    """Return why the headline figures of two desks or runs differ.

    One part of the inputs is exchanged at a time, in this order, each step a full
    revaluation: closed positions, changed quantities, prices, exchange rates,
    instruments, loadings, scenarios, settings, new positions. The parts add up to the
    change; the residual is 0.

    Parameters
    ----------
    before, after : Desk, Report, or path of a run folder

    Returns
    -------
    Explained
        metric, scope, before, the parts, after, change; its `names` hold the movers.

    Raises
    ------
    InputError, AdapterError
        If a run folder cannot be read.
    """
    from riskplugin.attribution import explaining  # noqa: PLC0415 - reads Parquet
    from riskplugin.store.reading import desk_given  # noqa: PLC0415

    return explaining.explained(desk_given(before), desk_given(after))


def morning_after(
    before: Desk | Report | str | PathLike[str],
    after: Desk | Report | str | PathLike[str],
) -> Table:
    """Return what yesterday's book really did, beside what had been said of it.

    Parameters
    ----------
    before, after : Desk, Report, or path of a run folder
        The second gives the prices of the morning after.
    """
    from riskplugin.attribution import morning  # noqa: PLC0415 - reads Parquet
    from riskplugin.store.reading import desk_given  # noqa: PLC0415

    return morning.realised(desk_given(before), desk_given(after))


def history(
    store: str | PathLike[str],
    metric: str,
    scope: str | None = None,
    start: object = None,
    end: object = None,
) -> Table:
    """Return a figure of every night of a store.

    Parameters
    ----------
    store : path
        Root of the runs, as of ``riskplugin run --store``.
    metric : str
        ``stress:inventory_build``, ``exposure:net``, ``measure:CVaR``, ….
    scope : str, optional
        ``tier:memory``, ``book:…``; the whole desk by default.
    start, end : date or ISO text, optional

    Raises
    ------
    UsageError
        If there is no such metric or scope.
    AdapterError
        If the store cannot be read, or DuckDB is not installed.
    """
    from riskplugin.store import history as store_history  # noqa: PLC0415 - DuckDB

    return store_history.history(store, metric, scope, start, end)


def prune(
    store: str | PathLike[str],
    *,
    keep_days: int | None = None,
    keep_last: int | None = None,
    dry_run: bool = False,
) -> Table:
    """Delete old runs of a store; the newest finished one is always kept.

    Raises
    ------
    UsageError
        If neither or both are given.
    """
    from riskplugin.store import retention  # noqa: PLC0415 - reads Parquet

    return retention.prune(
        store, keep_days=keep_days, keep_last=keep_last, dry_run=dry_run
    )


def verify(run: str | PathLike[str], desk: Desk | None = None) -> Table:
    """Return whether a run folder is what was written, and what recomputing gives.

    Parameters
    ----------
    run : path
        A run folder.
    desk : Desk, optional
        Recomputed instead of what the run says its inputs were.
    """
    from riskplugin.store import verifying  # noqa: PLC0415 - reads Parquet

    return verifying.verify(run, desk)


def export_run(
    run: Report | str | PathLike[str],
    url_env: str,
    *,
    tables: Sequence[str] = (),
    **keys: object,
) -> Table:
    """Write the results of a finished run into the desk's PostgreSQL or SQLite.

    All tables of the run or none; what the database holds of the same run is replaced,
    so a repeated export changes nothing. Missing tables are made, missing columns
    added; NaN is NULL.

    Parameters
    ----------
    run : Report or path
        A report, or a run folder, which must be as it was written.
    url_env : str
        Environment variable that holds the database's URL.
    tables : sequence of str, optional
        Results to export; all of them by default.
    **keys
        The other keys of [export] in desk.toml: user_env, password_env, schema_name,
        prefix, timeout_seconds, retries.

    Returns
    -------
    Table
        table, rows, columns_added; a row per table of the database.

    Raises
    ------
    UsageError, ConfigError
        If there is no such key or table, or a variable is not set.
    AdapterError
        If the database cannot be reached, a column there is of another type, or the run
        is not as it was written; the database then holds what it held.
    """
    from riskplugin.warehouse.export import export, target_of  # noqa: PLC0415

    to = target_of(url_env=url_env, tables=list(tables), **keys)
    return export(run, to)


def read_run(path: str | PathLike[str]) -> Report:
    """Return the report of a run folder.

    Raises
    ------
    InputError, AdapterError
        If it is none, or was altered.
    """
    from riskplugin.store import reading  # noqa: PLC0415 - Parquet

    return reading.read_run(path)


def read_scenarios(path: str | PathLike[str]) -> tuple[Scenario, ...]:
    """Return the scenarios of a TOML file.

    Raises
    ------
    ConfigError
        With every fault of every scenario.
    """
    text = text_of(str(path), str(path))
    scenarios, faults = scenarios_from(parse_toml(text, str(path)), str(path))
    if faults:
        raise ConfigError(faults)
    return scenarios


def what_if(
    desk: Desk,
    trades: Mapping[str, Any] | pd.DataFrame,
    by: str | Iterable[str] = "tier",
    *,
    book: str | None = None,
    scenarios: Wanted = None,
    measures: str | Iterable[str] | None = None,
    alpha: float = 0.05,
    horizon_sessions: int = 1,
    method: str = "historical",
    confidence: float | None = None,
) -> WhatIf:
    """Return what trades would do: exposures, stress, measures, cost and days.

    Nothing is estimated again. A sale is taken from the lots that it sells, in
    proportion, those that are not locked first; what is bought is a lot at the
    market's price. The cash that a trade takes or raises is not booked.

    Parameters
    ----------
    desk : Desk
    trades : mapping of instrument to units, or DataFrame
        Units bought, sold < 0; or a table with the columns of trades: instrument and
        book with one of quantity, target_quantity or notional; or a scope (book, tier,
        link, account, …) with pct, the change as a share of what is held.
    by : str or sequence of str
        Keys of the tables by group, as of `exposures`.
    book : str, optional
        Book of trades that name none; a desk of one book needs none.
    scenarios : name, Scenario, or several, optional
        All of the desk's by default.
    measures : str, or several, optional
        Risk measures as of `measures`, with `alpha`, `horizon_sessions` and `method`;
        none by default.
    confidence : float, optional
        Level of the bands; the desk's own by default.

    Returns
    -------
    WhatIf
        The headline figures: metric, before, after, change. Beside them `exposures`,
        `stress` (the whole desk), `stress_by`, `measures`, `limits`, each with rows
        before, after and change (column stage); `trades`, the orders with cost and
        days; and `desk`, that holds what there is afterwards.

    Raises
    ------
    InputError
        With every trade that cannot be used.
    UsageError
        If there is no such book, key or measure, or `trades` hold several ideas.
    ScenarioError
        If a scenario names what the desk does not have.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    measuring = Measuring(measures, alpha, horizon_sessions, method)
    level = band_level(desk, confidence)
    question = Question(keys, wanted_scenarios(scenarios), level, measuring)
    return answered(desk, trades_frame(trades), book, question)


def rank_trades(
    desk: Desk,
    ideas: Mapping[str, Mapping[str, Any]] | pd.DataFrame,
    scenarios: Wanted = None,
    *,
    book: str | None = None,
) -> Ranking:
    """Return ideas for trades, the one that saves most for its cost first.

    Parameters
    ----------
    desk : Desk
    ideas : mapping of idea to trades, or DataFrame
        Trades as of `what_if`, with their idea: ``{"less MU": {"MU": -10_000}}`` or a
        column idea. Each is tried by itself.
    scenarios : name, Scenario, or several, optional
        Whose worst is to be less bad; all of the desk's by default.
    book : str, optional
        Book of trades that name none.

    Returns
    -------
    Ranking
        rank, idea, gained (what the worst of the scenarios loses less), worst_before,
        worst_after, worst_scenario, cost, gained_per_cost, uncosted, days, orders,
        traded. Beside it `stress`: idea, scenario, before, after, change. Ideas whose
        cost is unknown come last, by what they gain.

    Raises
    ------
    InputError, UsageError, ScenarioError
        As `what_if`; also if a row names no idea.
    """
    level = desk.settings.confidence
    wanted = wanted_scenarios(scenarios)
    return ranked(desk, trades_frame(ideas), book, wanted, level)
