"""The book: what the desk holds, as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from riskplugin._typing import Codes, Dates, Flags, Vector

KEYS = (
    "book",
    "tier",
    "link",
    "asset_class",
    "currency",
    "account",
    "strategy",
    "kind",
    "instrument",
    "position",
)
FIGURES = (
    "quantity",
    "price",
    "fx_rate",
    "market_value",
    "half_spread",
    "margin_posted",
    "maintenance_margin",
    "notional",
    "liquidation_price",
)
UNKNOWN = FIGURES[5:]  # where a book is made without them


def not_given() -> Vector:
    """Return no figures, for a column of a book that is unknown throughout."""
    return np.empty(0)


def no_dates() -> Dates:
    """Return no dates, for a column of a book that is blank throughout."""
    return np.empty(0, dtype="datetime64[D]")


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """A column of text: its distinct names in display order, and a code per row."""

    names: tuple[str, ...]
    codes: Codes

    @classmethod
    def of(cls, values: Sequence[str], order: Iterable[str] = ()) -> "Labels":
        """Encode `values`: names in `order` come first, the others sorted."""
        distinct = set(values)
        first = [name for name in order if name in distinct]
        names = (*first, *sorted(distinct.difference(first)))
        code = {name: i for i, name in enumerate(names)}
        codes = np.fromiter((code[v] for v in values), np.int64, len(values))
        codes.flags.writeable = False
        return cls(names, codes)

    def only(self, rows: Flags) -> "Labels":
        """Return the labels of some rows; names that none of them has go."""
        kept = self.codes[rows]
        used = np.unique(kept)
        codes = np.searchsorted(used, kept)
        codes.flags.writeable = False
        return Labels(tuple(self.names[int(i)] for i in used), codes)


def numbered(rows: int) -> Labels:
    """Return the numbers of `rows` positions, from 1."""
    codes = np.arange(rows)
    codes.flags.writeable = False
    return Labels(tuple(str(i + 1) for i in range(rows)), codes)


@dataclass(frozen=True, eq=False, slots=True)
class Book:
    """Positions in canonical order, one row each.

    Attributes
    ----------
    labels : Mapping of str to Labels
        One column per name of `KEYS`, of P rows each.
    quantity : ndarray of shape (P,)
        Units, contracts or tokens; short < 0.
    price : ndarray of shape (P,)
        Local currency per unit.
    fx_rate : ndarray of shape (P,)
        Base currency per unit of local currency.
    market_value : ndarray of shape (P,)
        Base currency; short < 0.
    half_spread : ndarray of shape (P,)
        Half the bid-ask spread as a fraction of price; NaN where unknown.
    margin_posted : ndarray of shape (P,)
        Margin posted for the position, base currency; NaN where unknown.
    maintenance_margin : ndarray of shape (P,)
        Share of the notional below which the position is closed; NaN where unknown.
    notional : ndarray of shape (P,)
        Base currency: of an option the value of the underlying that it stands for,
        ``quantity x multiplier x spot x fx_rate``; NaN of everything else.
    liquidation_price : ndarray of shape (P,)
        Price at which the position is closed, local currency; NaN where not given.
    locked_until : ndarray of datetime64[D], shape (P,)
        First day on which it may be sold; NaT where it may be sold at any time.
    """

    labels: Mapping[str, Labels]
    quantity: Vector
    price: Vector
    fx_rate: Vector
    market_value: Vector
    half_spread: Vector
    margin_posted: Vector = field(default_factory=not_given)
    maintenance_margin: Vector = field(default_factory=not_given)
    notional: Vector = field(default_factory=not_given)
    liquidation_price: Vector = field(default_factory=not_given)
    locked_until: Dates = field(default_factory=no_dates, kw_only=True)

    def __post_init__(self) -> None:
        rows = {len(c.codes) for c in self.labels.values()}
        for column in UNKNOWN:
            if not len(getattr(self, column)):
                object.__setattr__(self, column, np.full(max(rows, default=0), np.nan))
        for column in FIGURES:
            array = np.array(getattr(self, column), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, column, array)
            rows.add(len(array))
        locked = np.array(self.locked_until, dtype="datetime64[D]")
        if not len(locked):
            locked = np.full(max(rows), np.datetime64("NaT"), dtype="datetime64[D]")
        locked.flags.writeable = False
        object.__setattr__(self, "locked_until", locked)
        rows.add(len(locked))
        if len(rows) != 1 or set(self.labels) != set(KEYS):
            msg = f"a book needs {KEYS} of one length, got lengths {sorted(rows)}"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.quantity)

    @property
    def reference_value(self) -> Vector:
        """What P&L is stated per unit of: market value, or the notional of an option.

        Base currency, short < 0, shape (P,). So an option worth nothing still moves.
        """
        return np.where(np.isnan(self.notional), self.market_value, self.notional)

    def only(self, rows: Flags) -> "Book":
        """Return some of the positions, in their order and numbered anew."""
        labels = {key: column.only(rows) for key, column in self.labels.items()}
        labels["position"] = numbered(int(np.count_nonzero(rows)))
        figures = (getattr(self, column)[rows] for column in FIGURES)
        return Book(labels, *figures, locked_until=self.locked_until[rows])


def positions_between(book: Book, first: int, last: int) -> Book:
    """Return the positions from place `first` to before `last`, numbers as they are."""
    rows = np.zeros(len(book), dtype=np.bool_)
    rows[first:last] = True
    found = book.only(rows)
    own = tuple(str(i + 1) for i in range(first, first + len(found)))
    numbers = Labels(own, found.labels["position"].codes)
    return replace(found, labels={**found.labels, "position": numbers})


@dataclass(frozen=True, eq=False, slots=True)
class Grouping:
    """Positions put into groups by some of the keys.

    Attributes
    ----------
    keys : Mapping of str to tuple of str
        Per key, the label of each of G groups, in display order.
    codes : ndarray of shape (P,)
        Group of each position.
    """

    keys: Mapping[str, tuple[str, ...]]
    codes: Codes

    def __len__(self) -> int:
        return len(next(iter(self.keys.values()))) if self.keys else 1

    def total(self, values: Vector) -> Vector:
        """Return the sum of `values` (P,) over each group, shape (G,)."""
        sums = np.bincount(self.codes, weights=values, minlength=len(self))
        return sums.astype(np.float64)


def grouped(book: Book, by: Sequence[str]) -> Grouping:
    """Put positions into groups by the labels `by`; no label gives one group."""
    combined = np.zeros(len(book), dtype=np.int64)
    for key in by:
        labels = book.labels[key]
        combined = combined * len(labels.names) + labels.codes
        _, combined = np.unique(combined, return_inverse=True)
    first = np.unique(combined, return_index=True)[1]
    keys = {
        key: tuple(book.labels[key].names[c] for c in book.labels[key].codes[first])
        for key in by
    }
    return Grouping(keys, combined)
