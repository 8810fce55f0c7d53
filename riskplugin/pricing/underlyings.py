"""Which instrument's moves each instrument makes."""

from collections.abc import Collection, Iterator

from riskplugin.contracts import SETTLED
from riskplugin.pricing.linear import DERIVED, LINEAR, Kind
from riskplugin.universe import Instrument, Universe


def followed(name: str, universe: Universe, priced: Collection[str]) -> str:
    """Return the instrument whose moves `name` makes: itself, or its underlying.

    A perpetual, future, forward or swap moves by what it is on, and by what that moves
    by in turn; `priced` are the instruments that have closes. Itself where underlyings
    lead back to it.
    """
    way = [name]
    while not why_alone(way[-1], universe, priced):
        under = universe.resolve(universe.instruments[way[-1]].underlying)
        if under in way:
            return name
        way.append(under)
    return way[-1]


def moves_by(
    instrument: Instrument, universe: Universe, priced: Collection[str]
) -> str:
    """Return the other instrument that `instrument` moves by; blank if there is none.

    That of an option or a leveraged fund is what its underlying moves by.
    """
    own = instrument.instrument
    on_it = instrument.kind in DERIVED
    start = universe.resolve(instrument.underlying) if on_it else own
    found = followed(start, universe, priced)
    return "" if found == own else found


def why_alone(name: str, universe: Universe, priced: Collection[str]) -> str:
    """Return why `name` moves by its own closes; blank where by an underlying."""
    known = universe.instruments.get(name)
    if known is None or known.kind not in SETTLED:
        return f"{name} is no contract on another"
    return next(reasons(known, universe, priced), "")


def reasons(
    contract: Instrument, universe: Universe, priced: Collection[str]
) -> Iterator[str]:
    """Yield why the underlying of a perpetual, future, forward or swap is not followed.

    One without closes is, if the contract has none either: they are one name then.
    """
    name = universe.resolve(contract.underlying)
    other = universe.instruments.get(name)
    if not name:
        yield "it names no underlying"
    elif other is None:
        yield f"no table knows its underlying {contract.underlying}"
    elif other.kind not in LINEAR - {Kind.CASH}:
        yield f"its underlying {name} is {other.kind}; name what that is on"
    elif other.currency != contract.currency:
        pair = f"{contract.currency}, its underlying {name} in {other.currency}"
        yield f"it is quoted in {pair}"
    elif contract.instrument in priced and name not in priced:
        yield f"its underlying {name} has no prices"
