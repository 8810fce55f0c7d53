"""From valued positions to the book, and what was left out of it."""

from collections.abc import Sequence

import numpy as np

from riskplugin._typing import Flags
from riskplugin.book import FIGURES, KEYS, Book, Labels, numbered
from riskplugin.errors import Issue, Place
from riskplugin.inputs.reading import CheckedTable
from riskplugin.inputs.valuation import Valuation
from riskplugin.results import Table, table
from riskplugin.universe import Universe


def book_of(
    positions: CheckedTable,
    names: Sequence[str],
    valuation: Valuation,
    universe: Universe,
    usable: Flags,
) -> Book:
    """Return the usable positions in canonical order."""
    known = [universe.instruments[n] for n in names]
    given = ["book", "account", "strategy", "quantity", "margin_posted", "locked_until"]
    given += ["liquidation_price"]
    frame = positions.frame[given].assign(
        instrument=list(names),
        tier=[i.tier for i in known],
        link=[i.link for i in known],
        asset_class=[i.asset_class for i in known],
        currency=[i.currency for i in known],
        kind=[i.kind for i in known],
        price=valuation.price,
        fx_rate=valuation.fx_rate,
        market_value=valuation.market_value,
        notional=valuation.notional,
        half_spread=[
            0.0
            if i.kind == "cash"
            else np.nan
            if i.half_spread is None
            else i.half_spread
            for i in known
        ],
        maintenance_margin=[
            np.nan if i.maintenance_margin is None else i.maintenance_margin
            for i in known
        ],
    )
    order = ["book", "instrument", "account", "strategy", "quantity", "price"]
    order += ["margin_posted", "locked_until", "liquidation_price"]
    frame = frame[usable].sort_values(order, kind="stable")
    tiers = universe.tier_names()
    labels = {
        key: Labels.of(frame[key].tolist(), tiers if key == "tier" else ())
        for key in KEYS
        if key != "position"
    }
    labels["position"] = numbered(len(frame))
    figures = (frame[c].to_numpy(np.float64) for c in FIGURES)
    locked = frame["locked_until"].to_numpy().astype("datetime64[D]")
    return Book(labels, *figures, locked_until=locked)


def left_out(
    positions: CheckedTable,
    names: Sequence[str],
    valuation: Valuation,
    as_of: np.datetime64,
) -> Table:
    """Return the quarantined positions with their money where it is known."""
    reason = np.where(positions.reason == "", valuation.reason, positions.reason)
    out = np.flatnonzero(reason != "")
    frame = positions.frame.iloc[out]
    given = positions.frame["instrument"]
    return table(
        "left_out",
        as_of,
        {
            "source": [positions.source] * len(out),
            "row": positions.lines[out],
            "book": frame["book"].tolist(),
            "instrument": [names[int(i)] or given[int(i)] for i in out],
            "quantity": frame["quantity"].to_numpy(np.float64),
            "market_value": valuation.market_value[out],
            "reason": reason[out].tolist(),
            "account": frame["account"].tolist(),
            "strategy": frame["strategy"].tolist(),
        },
    )


def empty_book(positions: CheckedTable) -> Issue:
    """Return the issue of a book without a position that can be used."""
    found = len(positions.frame)
    message = "no position can be used" if found else "the book is empty"
    return Issue("empty-book", Place(positions.source), message, "give positions")
