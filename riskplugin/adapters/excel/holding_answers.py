"""What the functions of liquidity, funds and accounts answer; without arithmetic."""

import datetime as dt

from riskplugin import api
from riskplugin.adapters.excel.answers import TOTAL, with_names
from riskplugin.adapters.excel.cells import known
from riskplugin.adapters.excel.session import Session
from riskplugin.book import KEYS
from riskplugin.results import Table

AsOf = dt.date | None


def keys_by(by: str | None) -> tuple[str, ...]:
    """Return the keys that a cell asks for; the tier by default."""
    key = known(by or "tier", (*KEYS, TOTAL), "by")
    return () if key == TOTAL else with_names(key)


def liquidity_table(
    session: Session,
    positions: object,
    by: str | None = None,
    participation: float | None = None,
    asof: AsOf = None,
) -> Table:
    """Return how long it takes to sell, and what that costs."""
    keys = keys_by(by)
    return session.held(positions, asof).answer(
        ("liquidity", keys, participation),
        lambda desk: api.liquidity_profile(desk, keys, participation),
    )


def look_through(
    session: Session, positions: object, by: str | None = None, asof: AsOf = None
) -> Table:
    """Return exposures with funds seen through to what they hold."""
    keys = keys_by(by)
    return session.held(positions, asof).answer(
        ("look_through", keys), lambda desk: api.look_through(desk, keys)
    )


def account_table(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return what stands in each account, and what its failure would cost."""
    return session.held(positions, asof).answer("accounts", api.accounts)


def greek_table(
    session: Session, positions: object, by: str | None = None, asof: AsOf = None
) -> Table:
    """Return delta, gamma, vega and theta in money."""
    keys = keys_by(by)
    return session.held(positions, asof).answer(
        ("greeks", keys), lambda desk: api.greeks_exposure(desk, keys)
    )


def doctor_table(session: Session, asof: AsOf = None) -> Table:
    """Return what is wrong or doubtful in the desk's data."""
    world = session.world(asof)
    return world.answer("doctor", lambda: api.doctor(world.desk))
