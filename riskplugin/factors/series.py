"""What is modelled: the instruments, then the currencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix
from riskplugin.desk import Desk
from riskplugin.pricing.linear import LINEAR
from riskplugin.pricing.underlyings import moves_by
from riskplugin.returns import Panel, over_sessions
from riskplugin.universe import UNCLASSIFIED, Instrument

CURRENCIES = " currencies"  # no tier: names of tiers are stripped


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """The instruments and currencies of a model, and the groups they shrink to.

    Attributes
    ----------
    instruments : tuple of N str
        Identifiers in display order.
    currencies : tuple of C str
        The base currency first; USD is always among them.
    currency : ndarray of shape (N,)
        Column of each instrument's currency in `currencies`.
    known : tuple of N Instrument
    """

    instruments: tuple[str, ...]
    currencies: tuple[str, ...]
    currency: Codes
    known: tuple[Instrument, ...]

    @property
    def tier(self) -> list[str]:
        """Tier per series; currencies are a group of their own."""
        return [i.tier for i in self.known] + [CURRENCIES] * len(self.currencies)

    @property
    def shrinks_to(self) -> list[str]:
        """Group per series whose mean its loadings shrink to; blank for none."""
        alone = (CURRENCIES, UNCLASSIFIED)
        return ["" if tier in alone else tier for tier in self.tier]

    @property
    def still(self) -> Flags:
        """Series that cannot move in their own currency: cash, the base currency."""
        cash = [i.kind == "cash" for i in self.known]
        return np.array(cash + [c == self.currencies[0] for c in self.currencies])


def series_of(desk: Desk, as_of: np.datetime64) -> Series:
    """Return what is modelled: what is held, what drives, and every priced peer.

    What moves by an underlying has no series of its own: its underlying has.
    """
    universe, base = desk.universe, desk.settings.base_currency
    held, priced = desk.series(), desk.market.priced(desk.as_of)
    members = {m for basket in desk.settings.drivers.values() for m in basket}
    peers = {
        name
        for name, i in universe.instruments.items()
        if i.tier != UNCLASSIFIED
        and i.kind in LINEAR
        and not moves_by(i, universe, priced)
    }
    wanted = held | ((members | peers) & desk.market.priced(as_of))
    order = {tier: i for i, tier in enumerate(universe.tier_names())}
    known = sorted(
        (universe.instruments[name] for name in wanted),
        key=lambda i: (order[i.tier], i.instrument),
    )
    others = ({i.currency for i in known} | {"USD"}) - {base}
    currencies = (base, *sorted(others))
    column = {c: j for j, c in enumerate(currencies)}
    codes = np.array([column[i.currency] for i in known], dtype=np.int64)
    return Series(tuple(i.instrument for i in known), currencies, codes, tuple(known))


def currencies_of(series: Series) -> Mapping[str, str]:
    """Return the currency of each instrument."""
    return {i.instrument: i.currency for i in series.known}


def series_windows(prices: Panel, currencies: Sequence[str], sessions: int) -> Matrix:
    """Return log returns over overlapping windows, shape (T, N + C).

    Instruments in their own currency, `currencies` against the first of them, the
    base currency.
    """
    usd = {c: prices.log_usd[:, i] for i, c in enumerate(prices.currencies)}
    usd["USD"] = np.zeros(len(prices.dates))
    unknown = np.full(len(prices.dates), np.nan)
    base = usd.get(currencies[0], unknown)
    rates = [usd.get(c, unknown) - base for c in currencies]
    return over_sessions(np.column_stack([prices.log_price, *rates]), sessions)
