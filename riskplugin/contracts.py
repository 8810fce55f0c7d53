"""What is held beyond what moves one for one with its price, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from riskplugin._typing import Codes, Flags, Vector

SESSIONS_A_YEAR = 252.0
HOURS_A_SESSION = 24 * 365 / SESSIONS_A_YEAR  # of the calendar
LEVERAGED, PERPETUAL = "leveraged_etf", "perpetual"
SETTLED = frozenset({"future", "forward", "swap", "perpetual"})  # gains and losses
LINEAR_TERMS = {"delta": 1.0, "leverage": 1.0}  # of what moves one for one
FLAGS = ("american", "inverse")


@dataclass(frozen=True, eq=False, slots=True)
class Contracts:
    """N contracts on their underlyings, at valuation; every array has shape (N,).

    Money is per unit of a reference value in the contract's own currency: of an option
    the value of the underlying that it stands for, of everything else what it is worth
    itself (the notional, where only gains and losses are settled). So an option has a
    spot of 1.

    Attributes
    ----------
    instruments, underlyings : tuples of N str
        Canonical identifiers; the underlying is the instrument whose moves the contract
        makes, blank where they are its own.
    kinds : tuple of N str
    value : ndarray
        What is held: 1 of a fund, the price of an option, 0 where only gains and
        losses are settled.
    delta : ndarray
        Change of value per unit of simple return of the underlying.
    gamma : ndarray
        Change of delta per unit of simple return.
    vega : ndarray
        Change of value per unit of annual volatility: 1.00, not a point.
    theta : ndarray
        Change of value per session that passes; funding and variance drag included.
    leverage : ndarray
        Daily leverage of a leveraged ETF; 1 elsewhere.
    sign : ndarray
        1 of a call, -1 of a put, 0 of what is no option.
    american : ndarray of bool
    strike : ndarray
        Over the spot.
    years : ndarray
        To expiry, of 365 days.
    rate, dividend_yield : ndarray
        Continuously compounded a year.
    volatility : ndarray
        Of the underlying a year: implied of an option, as the model has it of a
        leveraged ETF.
    funding : ndarray
        Share of the notional that a long position pays per session.
    inverse : ndarray of bool
        Settled in the coin that it is on.
    side : ndarray
        1 of a long and -1 of a short position that is closed at `barrier`, 0 of what is
        not closed.
    barrier : ndarray
        Log move of the price at which the position is closed.
    closed : ndarray
        P&L of a closed position, in its settlement currency.
    """

    instruments: tuple[str, ...]
    underlyings: tuple[str, ...]
    kinds: tuple[str, ...]
    value: Vector
    delta: Vector
    gamma: Vector
    vega: Vector
    theta: Vector
    leverage: Vector
    sign: Vector
    american: Flags
    strike: Vector
    years: Vector
    rate: Vector
    dividend_yield: Vector
    volatility: Vector
    funding: Vector
    inverse: Flags
    side: Vector
    barrier: Vector
    closed: Vector

    def __post_init__(self) -> None:
        lengths = set()
        for f in fields(self):
            column = getattr(self, f.name)
            if isinstance(column, np.ndarray):
                own = np.array(column)
                own.flags.writeable = False
                object.__setattr__(self, f.name, own)
            lengths.add(len(column))
        if len(lengths) != 1:
            raise ValueError(f"contracts need one length, got {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def options(self) -> Flags:
        """Which are options."""
        flags: Flags = self.sign != 0
        return flags

    @property
    def leveraged(self) -> Flags:
        """Which are leveraged ETFs."""
        return np.array([kind == LEVERAGED for kind in self.kinds], dtype=bool)

    @property
    def funded(self) -> Flags:
        """Which pay or receive funding."""
        flags: Flags = self.funding != 0
        return flags

    @property
    def margined(self) -> Flags:
        """Which are closed at some price."""
        flags: Flags = self.side != 0
        return flags

    @property
    def derived(self) -> Flags:
        """Which move by their underlying, whatever their own prices did."""
        return np.array([bool(name) for name in self.underlyings], dtype=bool)

    @property
    def delta_one(self) -> Flags:
        """Which gain and lose what the price does, funding and closing apart."""
        flags: Flags = ~(self.options | self.leveraged)
        return flags

    @property
    def curved(self) -> Flags:
        """Which do more than move one for one with a price of their own."""
        flags: Flags = self.derived | self.funded | self.margined
        return flags

    def figures(self) -> tuple[Vector, ...]:
        """Return the columns that are arrays, in order."""
        return tuple(getattr(self, f.name) for f in fields(self)[3:])

    def at(self, rows: Codes | Flags) -> "Contracts":
        """Return some of the contracts."""
        chosen = np.arange(len(self))[rows]
        words = (self.instruments, self.underlyings, self.kinds)
        names = [tuple(column[int(i)] for i in chosen) for column in words]
        return of_columns(names, [column[chosen] for column in self.figures()])

    def beside(self, instruments: Sequence[str], kinds: Sequence[str]) -> "Contracts":
        """Return one row per instrument: these, and what moves one for one."""
        own = {name: i for i, name in enumerate(self.instruments)}
        there = [i for i, name in enumerate(instruments) if name in own]
        source = np.array([own[instruments[i]] for i in there], dtype=np.int64)
        whole = linear(instruments, kinds)
        figures = []
        for default, given in zip(whole.figures(), self.figures(), strict=True):
            column = np.array(default)
            column[there] = given[source]
            figures.append(column)
        under = list(whole.underlyings)
        for row, place in zip(there, source, strict=True):
            under[row] = self.underlyings[int(place)]
        return of_columns([whole.instruments, tuple(under), whole.kinds], figures)


def of_columns(
    names: Sequence[tuple[str, ...]], figures: Sequence[npt.NDArray[Any]]
) -> Contracts:
    """Return contracts of columns in the order of the fields."""
    columns: list[Any] = [*names, *figures]
    return Contracts(*columns)


def linear(instruments: Sequence[str], kinds: Sequence[str]) -> Contracts:
    """Return contracts that all move one for one with their own price."""
    count = len(kinds)
    columns: dict[str, npt.NDArray[Any]] = {
        f.name: np.full(count, LINEAR_TERMS.get(f.name, 0.0))
        for f in fields(Contracts)[3:]
    }
    columns |= {name: np.zeros(count, dtype=bool) for name in FLAGS}
    columns["value"] = np.array([float(kind not in SETTLED) for kind in kinds])
    names = [tuple(instruments), ("",) * count, tuple(kinds)]
    return of_columns(names, list(columns.values()))


def joined(*parts: Contracts) -> Contracts:
    """Return contracts one after the other."""
    words = zip(*((p.instruments, p.underlyings, p.kinds) for p in parts), strict=True)
    figures = zip(*(part.figures() for part in parts), strict=True)
    names = [tuple(chain(*column)) for column in words]
    return of_columns(names, [np.concatenate(column) for column in figures])


def no_contracts() -> Contracts:
    """Return none."""
    return linear((), ())
