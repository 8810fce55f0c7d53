"""What the functions of what-ifs answer; like the others, without arithmetic."""

import datetime as dt

from riskplugin import api
from riskplugin.adapters.excel.answers import as_table, canonical_scenario
from riskplugin.adapters.excel.ranges import digest, trades_in
from riskplugin.adapters.excel.session import Held, Session
from riskplugin.desk import Desk
from riskplugin.results import Table

AsOf = dt.date | None


def what_if(
    session: Session,
    positions: object,
    trades: object,
    scenario: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return what the trades of a range would do to a book."""
    held = session.held(positions, asof)
    wanted = chosen(held, scenario)

    def asked(desk: Desk) -> Table:  # the figures alone are kept, not the desk behind
        found = api.what_if(desk, trades_in(trades), scenarios=wanted)
        return as_table("what_if", desk, found)

    return held.answer(("what_if", digest(trades), wanted), asked)


def rank(
    session: Session,
    positions: object,
    trades: object,
    scenario: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return the ideas of a range in their order."""
    held = session.held(positions, asof)
    wanted = chosen(held, scenario)

    def asked(desk: Desk) -> Table:
        found = api.rank_trades(desk, trades_in(trades), wanted)
        return as_table("ranking", desk, found)

    return held.answer(("rank_trades", digest(trades), wanted), asked)


def chosen(held: Held, scenario: str | None) -> str | None:
    """Return a scenario as the desk writes it; None stands for all."""
    return None if scenario is None else canonical_scenario(held.desk, scenario)
