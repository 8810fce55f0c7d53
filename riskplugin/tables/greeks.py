"""Delta, gamma, vega and theta in money, by any of the labels of the book."""

from collections.abc import Iterable

from riskplugin.book import grouped
from riskplugin.desk import Desk
from riskplugin.factors.model import FactorModel
from riskplugin.results import Table, table
from riskplugin.tables.tabulation import keys_in, keys_of, rows_of

POINT = 0.01


def greeks_table(desk: Desk, model: FactorModel, by: str | Iterable[str]) -> Table:
    """Return greeks in base currency by the keys `by`; of the whole desk by none.

    Delta is the value of the spot position with the same first-order P&L, as
    delta_equivalent of exposures; gamma the change of the P&L per 1 % move that comes
    with a 1 % move of the underlyings (``0.01 x S^2 d2V/dS2``); vega the P&L per
    volatility point; theta the P&L of a session in which nothing moves, funding and
    variance drag included.
    """
    keys = keys_of(by) if by else ()
    grouping, rows = grouped(desk.book, keys), rows_of(desk, model)
    value, terms = desk.book.reference_value, model.contracts
    units = {
        "delta": terms.delta,
        "gamma": POINT * terms.gamma,
        "vega": POINT * terms.vega,
        "theta": terms.theta,
    }
    money = {name: grouping.total(value * unit[rows]) for name, unit in units.items()}
    return table("greeks", desk.as_of, {**keys_in(grouping), **money})
