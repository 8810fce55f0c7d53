"""What is held through funds and in accounts, as labelled tables."""

from collections.abc import Iterable

import numpy as np

from riskplugin.book import grouped
from riskplugin.custody import account_figures, default_pnl
from riskplugin.desk import Desk
from riskplugin.errors import UsageError, did_you_mean
from riskplugin.funds import Funds, SeenThrough, look_through_exposures, seen_through
from riskplugin.inputs.fund_holdings import funds_from
from riskplugin.results import Table, table
from riskplugin.tables.tabulation import keys_in, keys_of, navs

ACCOUNT = "account"


def funds_of(desk: Desk) -> Funds:
    """Return what the desk's tables say that funds hold."""
    if "holdings" not in desk.tables:
        return {}
    frame = desk.tables["holdings"].to_frame()
    rows = zip(frame["fund"], frame["instrument"], frame["weight"], strict=True)
    return funds_from(rows, desk.universe)


def seen_of(desk: Desk) -> SeenThrough:
    """Return the desk's book with positions in funds seen through."""
    base = desk.settings.base_currency
    return seen_through(desk.book, funds_of(desk), desk.universe, base)


def look_through_table(desk: Desk, by: str | Iterable[str]) -> Table:
    """Return exposures with funds seen through, by the keys `by`."""
    keys = keys_of(by) if by else ()
    seen = seen_of(desk)
    grouping = grouped(seen.book, keys)
    figures = look_through_exposures(seen, desk.book, grouping, navs(desk))
    columns = {**keys_in(grouping), **figures}
    return table("look_through", desk.as_of, columns)


def account_table(desk: Desk) -> Table:
    """Return what stands in each account, and what its keeper's failure would cost."""
    grouping = grouped(desk.book, (ACCOUNT,))
    figures = account_figures(desk.book, grouping, desk.as_of)
    return table("accounts", desk.as_of, {**keys_in(grouping), **figures})


def default_table(desk: Desk, account: str, by: str | Iterable[str]) -> Table:
    """Return what the failure of an account's keeper costs, by the keys `by`.

    Raises
    ------
    UsageError
        If the desk has no such account.
    """
    labels = desk.book.labels[ACCOUNT]
    if account not in labels.names:
        hint = did_you_mean(account, labels.names)
        raise UsageError(f"there is no account {account!r}; {hint}")
    keys = keys_of(by) if by else ()
    grouping = grouped(desk.book, keys)
    failed = labels.codes == labels.names.index(account)
    figures = {
        "gross_there": grouping.total(np.abs(desk.book.market_value) * failed),
        "default_pnl": grouping.total(default_pnl(desk.book, failed)),
    }
    return table("account_default", desk.as_of, {**keys_in(grouping), **figures})
