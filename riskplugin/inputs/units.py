"""What one unit of a traded instrument is worth, by the rules that value positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from riskplugin._typing import Vector
from riskplugin.contracts import Contracts, joined
from riskplugin.desk import Desk
from riskplugin.errors import input_error
from riskplugin.inputs.reading import CheckedTable
from riskplugin.inputs.tables import POSITIONS
from riskplugin.inputs.valuation import latest, priced_contracts, valued
from riskplugin.trading.books import Unit


@dataclass(frozen=True, eq=False, slots=True)
class Tradable:
    """What was valued so far: units by instrument, and contracts the desk lacks."""

    units: dict[str, Unit]
    contracts: dict[str, Contracts]

    def beside(self, own: Contracts, names: Sequence[str]) -> Contracts:
        """Return the contracts of a desk with those of other instruments."""
        new = [self.contracts[n] for n in names if n in self.contracts]
        return joined(own, *new) if new else own


_tradable: WeakKeyDictionary[Desk, Tradable] = WeakKeyDictionary()


def tradable(desk: Desk, lines: Mapping[str, int], source: str) -> Tradable:
    """Return units of instruments, valued once as long as the desk lives.

    At the last close if it is not too old; else at what the desk's own positions state,
    if they agree; else an option by its model.

    Parameters
    ----------
    desk : Desk
    lines : Mapping of str to int
        First row of each instrument in the trades.
    source : str
        What the trades are called in messages.

    Raises
    ------
    InputError
        Naming every instrument that has no price, rate or terms.
    """
    known = _tradable.setdefault(desk, Tradable({}, {}))
    names = [name for name in lines if name not in known.units]
    if names:
        table = one_of_each(desk, names, [lines[n] for n in names], source)
        add(desk, known, table, names)
    return known


def one_of_each(
    desk: Desk, names: list[str], lines: list[int], source: str
) -> CheckedTable:
    """Return a table of positions that holds one unit of each instrument."""
    count = len(names)
    frame = pd.DataFrame({"quantity": np.ones(count), "price": stated(desk, names)})
    at, fine = np.array(lines, dtype=np.int64), np.full(count, "", dtype="U40")
    return CheckedTable(POSITIONS, source, frame, at, fine)


def stated(desk: Desk, names: Sequence[str]) -> Vector:
    """Return the price that positions state where there is no close of use, else NaN.

    NaN also where they state several.
    """
    market = desk.market
    last = latest(market.dates, market.close, market.as_of)
    fresh = (last.age >= 0) & (last.age <= desk.settings.max_stale_sessions)
    closing = {market.instruments[int(i)] for i in np.flatnonzero(fresh)}
    held = desk.book.labels["instrument"]
    prices = np.full(len(names), np.nan)
    for row, name in enumerate(names):
        if name in held.names and name not in closing:
            own = np.unique(desk.book.price[held.codes == held.names.index(name)])
            prices[row] = own[0] if len(own) == 1 else np.nan
    return prices


def add(desk: Desk, known: Tradable, table: CheckedTable, names: list[str]) -> None:
    """Value one unit of each instrument and keep it.

    Raises
    ------
    InputError
        Naming every instrument that cannot be valued.
    """
    settings = desk.settings
    frames = {name: found.to_frame() for name, found in desk.tables.items()}
    priced = priced_contracts(
        table, names, desk.market, desk.universe, frames, settings.max_stale_sessions
    )
    found = valued(table, names, desk.market, desk.universe, settings, priced)
    if found.issues:
        raise input_error(found.issues)
    for row, name in enumerate(names):
        known.units[name] = Unit(
            desk.universe.instruments[name],
            float(found.price[row]),
            float(found.fx_rate[row]),
            float(found.market_value[row]),
            float(found.notional[row]),
        )
    held = set(desk.book.labels["instrument"].names)
    for row, name in enumerate(priced.contracts.instruments):
        if name not in held:
            known.contracts[name] = priced.contracts.at(np.array([row]))
