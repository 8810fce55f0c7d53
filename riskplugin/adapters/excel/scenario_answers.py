"""What the functions of paths and of the past answer; without arithmetic."""

import datetime as dt

from riskplugin import api
from riskplugin.adapters.excel.answers import (
    TOTAL,
    as_table,
    canonical_scenario,
    driver_named,
    with_names,
)
from riskplugin.adapters.excel.cells import Code, ExcelError, known
from riskplugin.adapters.excel.session import Held, Session
from riskplugin.book import KEYS
from riskplugin.bundles import Monitor
from riskplugin.cycle.signals import UNKNOWN
from riskplugin.results import Table
from riskplugin.tables.tabulation import without

ALL = "all"
AsOf = dt.date | None


def keys_by(by: str | None) -> tuple[str, ...]:
    """Return the keys that a cell asks for; none for the whole book."""
    key = known(by or TOTAL, (*KEYS, TOTAL), "by")
    return () if key == TOTAL else with_names(key)


def stress_path(
    session: Session,
    positions: object,
    scenario: str,
    by: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return P&L by session of the whole book, or of its groups."""
    held, keys = session.held(positions, asof), keys_by(by)
    name = canonical_scenario(held.desk, scenario)
    found = held.answer(
        ("path", name, keys), lambda desk: api.stress_path(desk, name, keys)
    )
    columns = ["pnl", "low", "high", "cash_called", "margin_called"]
    return as_table("stress_path", held.desk, found[["session", *keys, *columns]])


def path_table(
    session: Session,
    positions: object,
    loss: float | None = None,
    asof: AsOf = None,
) -> Table:
    """Return the worst session of every scenario, and when `loss` is reached."""
    held = session.held(positions, asof)
    found = held.answer(
        ("path_summary", loss), lambda desk: api.path_summary(desk, loss=loss)
    )
    return found if loss is not None else without(found, "breach_session")


def stress_weighted(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return P&L by the scenarios' weights, beside the worst without them."""
    return session.held(positions, asof).answer("weighted", api.weighted_stress)


def stress_by_phase(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return P&L by the weights of the phase, beside the worst without them."""
    return session.held(positions, asof).answer(
        "weighted_by_phase", lambda desk: api.weighted_stress(desk, weights="phase")
    )


def replay_table(
    session: Session, positions: object, by: str | None = None, asof: AsOf = None
) -> Table:
    """Return what past episodes would do to the book, and what that rests on."""
    held, keys = session.held(positions, asof), keys_by(by)
    found = held.answer(
        ("replay", keys), lambda desk: api.replay(desk, by=("episode", *keys))
    )
    return as_table("replays", held.desk, found)


def scenario_evidence(
    session: Session, scenario: str | None = None, asof: AsOf = None
) -> Table:
    """Return how often tiers fell further, or sooner, than memory."""
    world = session.world(asof)
    if scenario is None:
        found = world.answer("claims", lambda: api.claims(world.desk))
        return as_table("claims", world.desk, found)
    name = canonical_scenario(world.desk, scenario)
    return world.answer(
        ("evidence_for", name), lambda: api.evidence_for(world.desk, name)
    )


def plausibility(
    session: Session, scenario: str | None = None, asof: AsOf = None
) -> Table:
    """Return how plausible the core of one scenario is, or of all."""
    world = session.world(asof)
    name = None if scenario is None else canonical_scenario(world.desk, scenario)
    return world.answer(
        ("plausibility", name), lambda: api.plausibility(world.desk, name)
    )


def reverse_stress(
    session: Session,
    positions: object,
    loss: float,
    driver: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return the smallest moves of a driver, or of all, that lose so much."""
    held = session.held(positions, asof)
    named = driver_or_all(driver, held)
    return held.answer(
        ("reverse", loss, named), lambda desk: api.reverse_stress(desk, loss, named)
    )


def reverse_distance(
    session: Session,
    positions: object,
    loss: float,
    driver: str | None = None,
    asof: AsOf = None,
) -> float:
    """Return the smallest move of a driver that loses so much.

    Raises
    ------
    ExcelError
        If none does; with the worst loss that there is.
    """
    held = session.held(positions, asof)
    named = driver_named(driver, held.desk)
    found = held.answer(
        ("reverse", loss, named), lambda desk: api.reverse_stress(desk, loss, named)
    )
    first = found.iloc[0]
    if not first["answer"]:
        raise ExcelError(Code.NOT_AVAILABLE, str(first["reason"]))
    return float(first["move"])


def driver_or_all(driver: str | None, held: Held) -> str | None:
    """Return a driver of the desk; None, all of them, for "all"."""
    if driver is not None and driver.casefold() == ALL:
        return None
    return driver_named(driver, held.desk)


def worst_case(
    session: Session, positions: object, radius: float, asof: AsOf = None
) -> Table:
    """Return the worst core move within a plausibility radius."""
    held = session.held(positions, asof)
    return held.answer(
        ("worst_case", radius), lambda desk: api.worst_case(desk, radius)
    )


def regime_table(
    session: Session,
    positions: object,
    scenario: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return scenarios by all history, hectic windows and pooled ones side by side."""
    held = session.held(positions, asof)
    name = None if scenario is None else canonical_scenario(held.desk, scenario)
    return held.answer(("regimes", name), lambda desk: api.regimes(desk, name))


def cycle(session: Session, asof: AsOf) -> Monitor:
    """Return the cycle monitor, computed once."""
    world = session.world(asof)
    return world.answer("cycle", lambda: api.cycle_monitor(world.desk))


def cycle_table(session: Session, asof: AsOf = None) -> Table:
    """Return the four signals as they stand."""
    return as_table("cycle", session.world(asof).desk, cycle(session, asof))


def cycle_signal(session: Session, signal: str, asof: AsOf = None) -> float:
    """Return the reading of one signal.

    Raises
    ------
    ExcelError
        If there is no such signal, or it is not known; with the reason.
    """
    found = cycle(session, asof)
    name = known(signal, tuple(found["signal"]), "signal")
    row = found[found["signal"] == name].iloc[0]
    if row["state"] == UNKNOWN:
        raise ExcelError(Code.NOT_AVAILABLE, str(row["evidence"]))
    return float(row["reading"])


def cycle_phase(session: Session, asof: AsOf = None) -> str:
    """Return the phase that is called."""
    return cycle(session, asof).phase


def cycle_record(session: Session, asof: AsOf = None) -> Table:
    """Return how the calls of the phase have fared."""
    return cycle(session, asof).record
