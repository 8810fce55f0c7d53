"""What dated episodes of history would do to the book of today, as tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Codes
from riskplugin.book import Grouping, grouped
from riskplugin.bundles import Replays, replays_table
from riskplugin.desk import Desk
from riskplugin.episodes import Episode
from riskplugin.errors import ModelError, UsageError, did_you_mean, listing
from riskplugin.factors.model import FactorModel
from riskplugin.inputs.shipped import shipped_episodes
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import ScenarioSet
from riskplugin.stressing.liquidation import closing_sessions, margined
from riskplugin.stressing.replay import (
    FX_SOURCES,
    LOADINGS,
    SOURCES,
    TABLE,
    UNKNOWN,
    Replay,
    as_scenario,
    outcome,
    pnl_path,
    replayed,
)
from riskplugin.tables.tabulation import (
    keys_in,
    keys_of,
    position_table,
    row_order,
    rows_of,
)

HELD = ("position", "book", "instrument", "tier", "market_value")
EPISODE = "episode"
FIGURES = (
    "pnl",
    "direct",
    "propagated",
    "covered_own",
    "covered_loadings",
    "covered_table",
    "uncovered",
)
Dated: TypeAlias = str | Episode | tuple[object, object]
WantedEpisodes: TypeAlias = Dated | Iterable[Dated] | None


# --- which episodes ------------------------------------------------------------------


def past_episodes(as_of: np.datetime64) -> tuple[Episode, ...]:
    """Return the shipped episodes that had ended on `as_of`."""
    return tuple(e for e in shipped_episodes() if e.end <= as_of)


def chosen_episodes(as_of: np.datetime64, wanted: WantedEpisodes) -> list[Episode]:
    """Return the episodes asked for; by default those shipped that had ended.

    Parameters
    ----------
    as_of : numpy.datetime64
        Nothing later is known.
    wanted : name, (start, end), Episode, or several, optional
        A pair of dates is one episode.

    Raises
    ------
    UsageError
        If a name is unknown, a date is none, or an episode had not ended.
    """
    if wanted is None:
        return list(past_episodes(as_of))
    if isinstance(wanted, str | Episode) or is_pair(wanted):
        asked: list[object] = [wanted]
    else:
        asked = list(cast("Iterable[object]", wanted))
    found = [dated(as_of, one) for one in asked]
    names = [e.name for e in found]
    if not found or len(set(names)) < len(names):
        raise UsageError(f"ask for one or more distinct episodes, got {names}")
    return found


def is_pair(wanted: object) -> bool:
    """Whether `wanted` is one (start, end), and not two names."""
    if not isinstance(wanted, tuple) or len(wanted) != 2:
        return False
    return not any(
        isinstance(w, Episode | tuple | list) or str(w).startswith("replay")
        for w in wanted
    )


def dated(as_of: np.datetime64, wanted: object) -> Episode:
    """Return one episode by its name or dates.

    Raises
    ------
    UsageError
        If there is none, or it had not ended on `as_of`.
    """
    if isinstance(wanted, Episode):
        found = wanted
    elif isinstance(wanted, str):
        known = {e.name: e for e in shipped_episodes()}
        if wanted not in known:
            hint = did_you_mean(wanted, known)
            raise UsageError(f"no episode {wanted!r}; {hint}, or give (start, end)")
        found = known[wanted]
    else:
        found = between(wanted)
    if found.end > as_of:
        raise UsageError(f"{found.name} ends on {found.end}, after {as_of}")
    return found


def between(dates: object) -> Episode:
    """Return the episode between two dates; the shipped one if they are its.

    A date at a weekend is the Friday before.

    Raises
    ------
    UsageError
        If they are no dates, or in the wrong order.
    """
    if not isinstance(dates, tuple | list) or len(dates) != 2:
        raise UsageError(f"{dates!r} is no episode: give a name or (start, end)")
    start, end = (weekday(day) for day in dates)
    if start >= end:
        raise UsageError(f"an episode from {dates[0]} to {dates[1]} has no session")
    for shipped in shipped_episodes():
        if (shipped.start, shipped.end) == (start, end):
            return shipped
    name = f"replay_{start}_{end}".replace("-", "")
    return Episode(name, start, end)


def weekday(day: object) -> np.datetime64:
    """Return a date, or the Friday before one at a weekend."""
    text = str(day)[:10]
    try:
        given = np.datetime64(text, "D")
    except ValueError as error:
        raise UsageError(f"{day!r} is no date; write 2024-06-19") from error
    if np.isnat(given) or len(text) < len("2024-06-19"):
        raise UsageError(f"{day!r} is no date; write 2024-06-19")
    return np.busday_offset(given, 0, roll="backward")


# --- tables --------------------------------------------------------------------------


@one_blas_thread
def replay_table(
    desk: Desk,
    model: FactorModel,
    wanted: WantedEpisodes,
    by: str | Iterable[str],
) -> Replays:
    """Return what episodes would do to the book of `desk`, by the keys `by`.

    The episode first if not among them. Of positions and drivers beside it.

    Raises
    ------
    UsageError
        If an episode or a key is none.
    ModelError
        If nothing held is known in any of the episodes.
    """
    replays = replays_of(desk, model, chosen_episodes(desk.as_of, wanted))
    return replays_table(
        outcomes(desk, model, replays, by),
        positions=source_table(desk, model, replays),
        drivers=driver_table(desk, model, replays),
    )


@one_blas_thread
def outcome_table(
    desk: Desk, model: FactorModel, wanted: WantedEpisodes, by: str | Iterable[str]
) -> Table:
    """Return the table of `replay_table` alone, without a row per position beside it.

    Raises
    ------
    UsageError, ModelError
        As `replay_table`.
    """
    replays = replays_of(desk, model, chosen_episodes(desk.as_of, wanted))
    return outcomes(desk, model, replays, by)


def outcomes(
    desk: Desk, model: FactorModel, replays: Sequence[Replay], by: str | Iterable[str]
) -> Table:
    """Return what each episode would do to each group."""
    keys = keys_of(by, (EPISODE,))
    keys = keys if EPISODE in keys else (EPISODE, *keys)
    rows, labels = columns_of(desk, model), tuple(k for k in keys if k != EPISODE)
    grouping = grouped(desk.book, labels)
    first = keys.index(EPISODE) == 0
    group, at = row_order(len(grouping), len(replays), scenario_first=first)
    columns: dict[str, object] = {}
    for key in keys:
        columns[key] = (
            [replays[e].episode.name for e in at]
            if key == EPISODE
            else np.array(keys_in(grouping)[key], dtype=object)[group].tolist()
        )
    columns |= dates_of([replays[e].episode for e in at])
    found = [outcome(desk.book, grouping, replay, rows) for replay in replays]
    for name in FIGURES:
        columns[name] = np.stack([getattr(o, name) for o in found])[at, group]
    return table("replays", desk.as_of, columns)


def replays_of(
    desk: Desk, model: FactorModel, episodes: Sequence[Episode]
) -> list[Replay]:
    """Return what each episode did.

    Raises
    ------
    ModelError
        If nothing held is known in any of them.
    """
    closable = margined(desk.book, model)
    found = [
        replayed(e, desk.market, model, desk.universe).by_position(closable)
        for e in episodes
    ]
    rows = rows_of(desk, model)
    if not any((r.source[rows] != SOURCES.index(UNKNOWN)).any() for r in found):
        names = listing(e.name for e in episodes)
        msg = f"nothing held is known in {names}: no closes, driver or table reach it; "
        raise ModelError(msg + "give prices from its first day to its last")
    return found


def columns_of(desk: Desk, model: FactorModel) -> Codes:
    """Return the column of each position in a replay of `replays_of`, (P,)."""
    rows, closable = rows_of(desk, model).copy(), margined(desk.book, model)
    at = len(model.instruments) + np.arange(len(closable.position))
    rows[closable.position] = at
    return rows


def dates_of(episodes: Sequence[Episode]) -> dict[str, object]:
    """Return the dates and lengths of episodes as columns."""
    return {
        "start": [str(e.start) for e in episodes],
        "end": [str(e.end) for e in episodes],
        "sessions": [e.sessions for e in episodes],
    }


def source_table(desk: Desk, model: FactorModel, replays: Sequence[Replay]) -> Table:
    """Return where the move of every position comes from, an episode after another."""
    rows, held = columns_of(desk, model), position_table(desk)
    names = rows_of(desk, model)
    provenance = np.array(model.with_currency(), dtype=object)[names]
    under = np.array(model.underlyings(), dtype=object)[names]
    parts: list[dict[str, object]] = []
    for replay in replays:
        source = np.array(SOURCES, dtype=object)[replay.source[rows]]
        fx_source = np.array(FX_SOURCES, dtype=object)[replay.fx_source[rows]]
        local, fx = replay.local[-1][rows], replay.fx[-1][rows]
        growth = replay.growth(slice(-1, None))[0][rows]
        parts.append(
            {
                EPISODE: [replay.episode.name] * len(rows),
                **{key: held[key].to_numpy() for key in HELD},
                "source": source,
                "fx_source": fx_source,
                "provenance": np.where(source == LOADINGS, provenance, ""),
                "underlying": under,
                "local_move": np.expm1(local),
                "fx_move": np.where(fx_source == TABLE, np.nan, np.expm1(fx)),
                "liquidation_session": closing_sessions(replay.contracts, replay.local)[
                    rows
                ],
                "pnl": desk.book.reference_value * growth,
            }
        )
    return table("replay_positions", desk.as_of, joined(parts))


def driver_table(desk: Desk, model: FactorModel, replays: Sequence[Replay]) -> Table:
    """Return what the drivers did, and which followed the others."""
    parts: list[dict[str, object]] = [
        {
            EPISODE: [replay.episode.name] * len(model.drivers),
            "driver": list(model.drivers),
            "move": np.expm1(replay.drivers[-1]),
            "followed": ~replay.given & ~np.isnan(replay.drivers[-1]),
            "members": [", ".join(basket) for basket in replay.baskets],
        }
        for replay in replays
    ]
    return table("replay_drivers", desk.as_of, joined(parts))


def joined(parts: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the columns of several tables, one below the other."""
    return {
        key: np.concatenate([np.asarray(part[key]) for part in parts])
        for key in parts[0]
    }


@one_blas_thread
def replay_path_table(
    desk: Desk,
    model: FactorModel,
    wanted: WantedEpisodes,
    by: str | Iterable[str],
) -> Table:
    """Return the P&L of episodes session by session, by the keys `by`; of all by none.

    Raises
    ------
    UsageError, ModelError
        As `replay_table`.
    """
    keys = keys_of(by) if by else ()
    replays = replays_of(desk, model, chosen_episodes(desk.as_of, wanted))
    rows, grouping = columns_of(desk, model), grouped(desk.book, keys)
    parts = [path_of(desk, replay, grouping, rows) for replay in replays]
    return table("replay_path", desk.as_of, joined(parts))


def path_of(
    desk: Desk, replay: Replay, grouping: Grouping, rows: Codes
) -> dict[str, object]:
    """Return the rows of one episode: session by session, group by group."""
    days, groups = len(replay.dates), len(grouping)
    total = outcome(desk.book, grouping, replay, rows)
    daily = total.covered_own + total.covered_loadings
    return {
        EPISODE: [replay.episode.name] * (days * groups),
        "session": np.repeat(np.arange(days), groups),
        "date": np.repeat(np.datetime_as_string(replay.dates), groups).astype(object),
        **{
            key: np.tile(np.asarray(names, dtype=object), days).tolist()
            for key, names in keys_in(grouping).items()
        },
        "pnl": pnl_path(desk.book, grouping, replay, rows).reshape(-1),
        "covered_daily": np.tile(daily, days),
        "covered_table": np.tile(total.covered_table, days),
        "uncovered": np.tile(total.uncovered, days),
    }


def replay_scenarios(
    desk: Desk, model: FactorModel, wanted: WantedEpisodes
) -> ScenarioSet:
    """Return episodes as scenarios of the desk, which give the P&L of their replay.

    By default those that can be one.

    Raises
    ------
    UsageError
        If an episode is none.
    ModelError
        If one asked for cannot be a scenario, or none can.
    """
    held = np.unique(rows_of(desk, model))
    made, reasons = [], []
    for episode in chosen_episodes(desk.as_of, wanted):
        replay = replayed(episode, desk.market, model, desk.universe)
        try:
            made.append(as_scenario(replay, model, held))
        except ModelError as error:
            reasons.append(str(error))
    if reasons and (wanted is not None or not made):
        raise ModelError("; ".join(reasons))
    return ScenarioSet(tuple(made))
