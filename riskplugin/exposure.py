"""What the desk really holds, by any of its labels."""

from collections.abc import Mapping

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.book import Book, Grouping


def exposures(
    book: Book,
    grouping: Grouping,
    nav: Mapping[str, float],
    memory_beta: Vector,
    proxied: Flags,
    delta: Vector | None = None,
) -> dict[str, Vector]:
    """Return the exposures of every group of `book`, each of shape (G,).

    Parameters
    ----------
    book : Book
    grouping : Grouping
        Of its P positions into G groups.
    nav : Mapping of str to float
        Of every book of the desk, base currency; NaN where unknown.
    memory_beta : ndarray of shape (P,)
        Total memory beta of each position per unit of reference value, base currency.
    proxied : ndarray of bool, shape (P,)
        Whether its loadings are proxied or assumed.
    delta : ndarray of shape (P,), optional
        First-order P&L per unit of reference value and simple return; 1 by default.

    Returns
    -------
    dict of str to ndarray
        long, short, gross, net, pct_nav, delta_equivalent, memory_beta_exposure,
        largest, hhi, effective_names, proxied_share. Shares of a group without gross
        are NaN.
    """
    value, reference = book.market_value, book.reference_value
    long = grouping.total(np.maximum(value, 0.0))
    short = grouping.total(np.minimum(value, 0.0))
    gross, net = long - short, long + short
    largest, hhi = concentration(book, grouping)
    stand_in = grouping.total(np.abs(value) * proxied)
    return {
        "long": long,
        "short": short,
        "gross": gross,
        "net": net,
        "pct_nav": net / nav_of(grouping, nav),
        "delta_equivalent": net if delta is None else grouping.total(reference * delta),
        "memory_beta_exposure": grouping.total(reference * memory_beta),
        "largest": largest,
        "hhi": hhi,
        "effective_names": ratio(np.ones_like(hhi), hhi),
        "proxied_share": ratio(stand_in, gross),
    }


def ratio(numerator: Vector, denominator: Vector) -> Vector:
    """Return the quotient, NaN where the denominator is 0 or unknown."""
    unknown = np.full_like(numerator, np.nan)
    return np.divide(numerator, denominator, out=unknown, where=denominator > 0)


def nav_of(grouping: Grouping, nav: Mapping[str, float]) -> Vector:
    """Return the NAV that each group is measured by, shape (G,); NaN if unknown."""
    if "book" in grouping.keys:
        return np.array([nav.get(b, np.nan) for b in grouping.keys["book"]])
    return np.full(len(grouping), sum(nav.values()) if nav else np.nan)


def concentration(book: Book, grouping: Grouping) -> tuple[Vector, Vector]:
    """Return the largest single-name share and the Herfindahl index, shape (G,).

    Shares of the gross after netting each instrument within the group.
    """
    instrument = book.labels["instrument"]
    pair = grouping.codes * len(instrument.names) + instrument.codes
    pairs, where = np.unique(pair, return_inverse=True)
    name_gross = np.abs(np.bincount(where, weights=book.market_value))
    group = pairs // len(instrument.names)
    gross = np.bincount(group, weights=name_gross, minlength=len(grouping))
    share = ratio(name_gross, gross[group])
    largest = np.zeros(len(grouping))
    np.maximum.at(largest, group, np.nan_to_num(share))
    largest = np.where(gross > 0, largest, np.nan)
    hhi = np.bincount(group, weights=share**2, minlength=len(grouping))
    return largest, hhi.astype(np.float64)
