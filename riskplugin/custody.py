"""What stands in each account, and what is lost if its keeper fails."""

import numpy as np

from riskplugin._typing import Flags, Vector
from riskplugin.book import Book, Grouping
from riskplugin.pricing.linear import is_funded


def funded(book: Book) -> Flags:
    """Whether the value of each position is held itself, and not only settled, (P,)."""
    kind = book.labels["kind"]
    return is_funded(kind.names)[kind.codes]


def default_pnl(book: Book, failed: Flags) -> Vector:
    """Return the P&L of each position if the keepers of some fail, <= 0, shape (P,).

    ``- max(market_value, 0) - margin_posted`` where the value is held (spot, funds,
    cash), ``- margin_posted`` where only gains and losses are settled: nothing is
    recovered, and what the desk owes there (shorts, debit balances) stays owed. Prices
    stand still; what shorts and derivatives would have hedged is not in it, nor are
    gains of derivatives not yet settled.

    Parameters
    ----------
    book : Book
    failed : ndarray of bool, shape (P,)
        Positions whose prime broker or exchange fails.
    """
    lost = np.where(funded(book), np.maximum(book.market_value, 0.0), 0.0)
    return 0.0 - np.where(failed, lost + np.nan_to_num(book.margin_posted), 0.0)


def account_figures(
    book: Book, grouping: Grouping, as_of: np.datetime64
) -> dict[str, Vector]:
    """Return what stands in every account, each of shape (G,), base currency.

    Parameters
    ----------
    book : Book
    grouping : Grouping
        Of its positions by account.
    as_of : numpy.datetime64

    Returns
    -------
    dict of str to ndarray
        long, short, gross, net; cash, of positions that are cash; notional, gross of
        positions of which only gains and losses are settled; margin_posted, as far as
        given; unknown_margin, that part of the notional whose margin is not given;
        locked, gross that cannot be sold yet; default_pnl, see there; and
        default_pnl_set_off, ``- max(0, held net value + margin_posted)``: what is owed
        there is set off, as under a netting agreement that holds.
    """
    value, own = book.market_value, funded(book)
    gross = np.abs(value)
    kind = book.labels["kind"]
    cash = np.array([k == "cash" for k in kind.names], dtype=bool)[kind.codes]
    long = grouping.total(np.maximum(value, 0.0))
    short = grouping.total(np.minimum(value, 0.0))
    no_margin = np.isnan(book.margin_posted)
    margin = grouping.total(np.nan_to_num(book.margin_posted))
    everywhere = np.ones(len(book), dtype=bool)
    claim = grouping.total(np.where(own, value, 0.0)) + margin
    return {
        "long": long,
        "short": short,
        "gross": long - short,
        "net": long + short,
        "cash": grouping.total(value * cash),
        "notional": grouping.total(gross * ~own),
        "margin_posted": margin,
        "unknown_margin": grouping.total(gross * (~own & no_margin)),
        "locked": grouping.total(gross * locked(book, as_of)),
        "default_pnl": grouping.total(default_pnl(book, everywhere)),
        "default_pnl_set_off": 0.0 - np.maximum(claim, 0.0),
    }


def locked(book: Book, as_of: np.datetime64) -> Flags:
    """Whether each position cannot be sold yet, (P,)."""
    later: Flags = book.locked_until > as_of  # not so where there is no date
    return later
