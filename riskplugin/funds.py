"""What funds hold, seen through: positions in funds as positions in what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from riskplugin._typing import Codes, Flags, Vector
from riskplugin.book import FIGURES, Book, Grouping, Labels
from riskplugin.exposure import concentration, nav_of, ratio
from riskplugin.universe import UNCLASSIFIED, Universe, unclassified

Funds = Mapping[str, Mapping[str, float]]
CARRIERS = frozenset({"future", "forward", "swap", "perpetual"})  # move as their fund
CARRIED_OVER = ("book", "account", "strategy", "position")
TAKEN_ON = ("instrument", "tier", "link", "asset_class", "currency", "kind")


def ring_in(funds: Funds) -> tuple[str, ...]:
    """Return funds that hold each other in a ring, ``(A, B, A)``; () if none do."""
    try:
        TopologicalSorter(funds).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def flattened(funds: Funds, cash: frozenset[str] = frozenset()) -> Funds:
    """Return what each fund holds in the end, with funds that it holds seen through.

    The weights of each fund add up to 1: what is left of 1 stands last, under the
    fund's own name, and so does its cash. Weights that add up to more leave less than
    nothing there, which is what the fund has borrowed; weights below 0 are its shorts.

    Parameters
    ----------
    funds : mapping of fund to mapping of instrument to float
        Weights as shares of the fund, in decimals.
    cash : frozenset of str
        Instruments that are cash, and stay with the fund.

    Raises
    ------
    ValueError
        If funds hold each other in a ring; inputs refuse those before.
    """
    if ring := ring_in(funds):
        raise ValueError(f"funds hold each other: {' > '.join(ring)}")
    found: dict[str, dict[str, float]] = {}
    for fund in TopologicalSorter(funds).static_order():  # what is held comes first
        if fund not in funds:
            continue
        parts: dict[str, float] = {}
        for inner, weight in funds[fund].items():
            if inner not in cash:
                for name, share in found.get(inner, {inner: 1.0}).items():
                    parts[name] = parts.get(name, 0.0) + weight * share
        found[fund] = {**parts, fund: 1.0 - sum(parts.values())}
    return {fund: found[fund] for fund in funds}


@dataclass(frozen=True, eq=False, slots=True)
class SeenThrough:
    """A book in which positions in funds stand as what the funds hold: R rows.

    Attributes
    ----------
    book : Book
        Rows in the order of the positions that they come from, whose book, account,
        strategy and number they bear, under the other labels of the instrument
        reached. The rows of a position in a fund end with one under its own name:
        cash and what is not disclosed. Their market values add up to the position's;
        its margin stands in the last; their other figures are NaN.
    position : ndarray of shape (R,)
        Row of the position in the book as held.
    through : ndarray of bool, shape (R,)
        Whether the row is an instrument reached through a fund.
    left : ndarray of bool, shape (R,)
        Whether it is what is left of a fund: cash and what is not disclosed.
    last : ndarray of bool, shape (R,)
        Whether it is the last row of its position.
    """

    book: Book
    position: Codes
    through: Flags
    left: Flags
    last: Flags


def seen_through(
    book: Book, funds: Funds, universe: Universe, base_currency: str
) -> SeenThrough:
    """Return the book with positions in funds expanded once, down to no fund.

    A future, forward, swap or perpetual on a fund is expanded as the fund is. What the
    universe does not know is ``unclassified``, in the base currency.

    Parameters
    ----------
    book : Book
    funds : mapping of fund to mapping of instrument to float
        By canonical names; see `flattened` for weights.
    universe : Universe
        Knows everything held.
    base_currency : str

    Raises
    ------
    ValueError
        If funds hold each other in a ring; inputs refuse those before.
    """
    cash = {n for n, i in universe.instruments.items() if i.kind == "cash"}
    flat = flattened(funds, frozenset(cash))
    held = book.labels["instrument"]
    of_name = [fund_of(name, flat, universe) for name in held.names]
    parts = [parts_of(*pair, flat) for pair in zip(held.names, of_name, strict=True)]
    sizes = np.array([len(p) for p in parts], dtype=np.int64)
    rows = sizes[held.codes]
    position = np.repeat(np.arange(len(book)), rows)
    place = np.arange(len(position)) - np.repeat(np.cumsum(rows) - rows, rows)
    name = held.codes[position]
    leaf = (np.cumsum(sizes) - sizes)[name] + place
    leaves = [leaf for p in parts for leaf in p]
    weight = np.array([w for p in parts for w in p.values()])[leaf]
    in_fund = np.array([fund is not None for fund in of_name])[name]
    last = place == sizes[name] - 1
    left = in_fund & (last | np.array([x in flat for x in leaves])[leaf])
    value = split(book.market_value, weight, position, last)
    labels = {
        **{key: labels_at(book.labels[key], position) for key in CARRIED_OVER},
        **reached_labels(leaves, leaf, universe, base_currency),
    }
    figures = figures_of(book, value, position, in_fund, last)
    derived = Book(labels, *figures, locked_until=book.locked_until[position])
    return SeenThrough(derived, position, in_fund & ~left, left, last)


def fund_of(name: str, flat: Funds, universe: Universe) -> str | None:
    """Return the fund that an instrument is, or moves as; None if it is none."""
    if name in flat:
        return name
    known = universe.instruments[name]
    underlying = universe.resolve(known.underlying)
    return underlying if known.kind in CARRIERS and underlying in flat else None


def parts_of(name: str, fund: str | None, flat: Funds) -> Mapping[str, float]:
    """Return the shares of a position by what it reaches, its own name last."""
    if fund is None:
        return {name: 1.0}
    *parts, (_, left) = flat[fund].items()
    return {**dict(parts), name: left}


def split(value: Vector, weight: Vector, position: Codes, last: Flags) -> Vector:
    """Return the values (R,) of the rows of positions worth `value` (P,).

    The last row of each takes what the others leave, so that they add up to it.
    """
    parts = np.where(last, 0.0, value[position] * weight)
    taken = np.bincount(position, weights=parts, minlength=len(value))
    return np.where(last, (value - taken)[position], parts)


def labels_at(labels: Labels, rows: Codes) -> Labels:
    """Return labels at some rows, each name of them at least once."""
    codes = labels.codes[rows]
    codes.flags.writeable = False
    return Labels(labels.names, codes)


def reached_labels(
    leaves: Sequence[str], leaf: Codes, universe: Universe, base_currency: str
) -> dict[str, Labels]:
    """Return the labels of the instruments reached, `leaves` at `leaf` (R,)."""
    known = [
        universe.instruments.get(n) or unclassified(n, base_currency) for n in leaves
    ]
    tiers = dict.fromkeys((*universe.tier_names(), UNCLASSIFIED))
    return {
        key: labels_at(
            Labels.of([getattr(i, key) for i in known], tiers if key == "tier" else ()),
            leaf,
        )
        for key in TAKEN_ON
    }


def figures_of(
    book: Book, value: Vector, position: Codes, in_fund: Flags, last: Flags
) -> list[Vector]:
    """Return the figures of the rows, in the order of `FIGURES`."""
    found = {c: getattr(book, c)[position] for c in FIGURES}
    own = {c: np.where(in_fund, np.nan, figure) for c, figure in found.items()}
    own["market_value"] = value
    own["margin_posted"] = np.where(last, found["margin_posted"], np.nan)
    return list(own.values())


def look_through_exposures(
    seen: SeenThrough, held: Book, grouping: Grouping, nav: Mapping[str, float]
) -> dict[str, Vector]:
    """Return the exposures of every group of a book seen through, each of shape (G,).

    Parameters
    ----------
    seen : SeenThrough
    held : Book
        The book that it comes from.
    grouping : Grouping
        Of its R rows into G groups.
    nav : Mapping of str to float
        Of every book of the desk, base currency; NaN where unknown.

    Returns
    -------
    dict of str to ndarray
        long, short, gross, net, pct_nav, net_as_held, held_directly, through_funds,
        left_in_funds, largest, hhi, effective_names. What is left of a fund counts as
        a name of its own. ``net = held_directly +
        through_funds + left_in_funds``; net_as_held is the net before funds are seen
        through, of which the total is the same.
    """
    value = seen.book.market_value
    long = grouping.total(np.maximum(value, 0.0))
    short = grouping.total(np.minimum(value, 0.0))
    net = long + short
    largest, hhi = concentration(seen.book, grouping)
    as_held = np.where(seen.last, held.market_value[seen.position], 0.0)
    direct = ~(seen.through | seen.left)
    return {
        "long": long,
        "short": short,
        "gross": long - short,
        "net": net,
        "pct_nav": net / nav_of(grouping, nav),
        "net_as_held": grouping.total(as_held),
        "held_directly": grouping.total(value * direct),
        "through_funds": grouping.total(value * seen.through),
        "left_in_funds": grouping.total(value * seen.left),
        "largest": largest,
        "hhi": hhi,
        "effective_names": ratio(np.ones_like(hhi), hhi),
    }
