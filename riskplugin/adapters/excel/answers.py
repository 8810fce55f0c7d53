"""What each function answers: a look into a table that the core computed.

There is no arithmetic here. A table is computed once for a book (all scenarios, all
tiers), and every cell that asks about it looks into it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskplugin import api
from riskplugin._version import __version__
from riskplugin.adapters.excel.cells import Code, ExcelError, folded, known
from riskplugin.adapters.excel.session import RANGE, Held, Session
from riskplugin.book import KEYS
from riskplugin.desk import Desk
from riskplugin.errors import InputError, did_you_mean
from riskplugin.results import Table, table
from riskplugin.tables.tabulation import issue_table

TOTAL = "total"
SHOCK_KEYS = ("tier", "driver", "instrument")
WORST = 5
MEMORY = "memory"
AsOf = dt.date | None
Row = tuple[str, ...]  # the labels of a row


# --- stress --------------------------------------------------------------------------


def stress_pnl(
    session: Session,
    positions: object,
    scenario: str,
    tier: str | None = None,
    asof: AsOf = None,
) -> float:
    """Return the stress P&L of a book, or of one tier of it."""
    held = session.held(positions, asof)
    if tier is None or tier == TOTAL:
        return figure(held, "stress", ("scenario",), (scenario,), "pnl")
    one = known(tier, held.desk.universe.tier_names(), "tier")
    if one not in held.desk.book.labels["tier"].names:
        figure(held, "stress", ("scenario",), (scenario,), "pnl")  # or it is unknown
        return 0.0
    return figure(held, "stress", ("scenario", "tier"), (scenario, one), "pnl")


def stress_table(
    session: Session,
    positions: object,
    scenario: str,
    by: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return P&L, its five parts and the band, by position, tier, book or link."""
    held = session.held(positions, asof)
    key = known(by or "tier", (*KEYS, TOTAL), "by")
    keys = ("scenario",) if key == TOTAL else ("scenario", *with_names(key))
    found = stressed(held, keys)
    rows = only(found, scenario, held)
    kept = rows if key == TOTAL else rows.drop(columns="scenario")
    return as_table("stress", held.desk, kept)


def with_names(key: str) -> tuple[str, ...]:
    """Return the keys of a row; a position says what and where it is."""
    return ("position", "book", "instrument") if key == "position" else (key,)


def stress_grid(
    session: Session,
    positions: object,
    scenarios: Sequence[str] | None = None,
    by: str | None = None,
    asof: AsOf = None,
) -> Table:
    """Return P&L by scenario and tier, the total of each scenario last."""
    held = session.held(positions, asof)
    key = known(by or "tier", KEYS, "by")
    wide = held.answer(("grid", key), lambda desk: pnl_grid(desk, key))
    if scenarios is None:
        return wide
    rows = pd.concat([only(wide, name, held) for name in scenarios], ignore_index=True)
    return as_table("stress_grid", held.desk, rows)


def pnl_grid(desk: Desk, key: str) -> Table:
    """Return P&L with a row per scenario and a column per label of `key`."""
    found = api.stress(desk, by=("scenario", key))
    order = list(dict.fromkeys(found[key]))
    wide = found.pivot_table(
        index="scenario", columns=key, values="pnl", sort=False, observed=True
    )
    total = api.stress(desk, by="scenario").set_index("scenario")["pnl"]
    wide = wide[order].assign(total=total).reset_index()
    wide.columns = pd.Index([str(c) for c in wide.columns])
    return as_table("stress_grid", desk, wide)


def stress_worst(
    session: Session, positions: object, n: int | None = None, asof: AsOf = None
) -> Table:
    """Return the scenarios that lose most, the worst first, with their bands."""
    held = session.held(positions, asof)
    found = stressed(held, ("scenario",))
    worst = found.sort_values("pnl", kind="stable").head(n or WORST)
    columns = ["scenario", "pnl", "low", "high"]
    return as_table("stress_worst", held.desk, worst[columns])


def stressed(held: Held, keys: tuple[str, ...]) -> Table:
    """Return the stress of a book in every scenario, computed once."""
    return held.answer(("stress", keys), lambda desk: api.stress(desk, by=keys))


def only(found: pd.DataFrame, scenario: str, held: Held) -> pd.DataFrame:
    """Return the rows of one scenario.

    Raises
    ------
    ScenarioError
        If the desk does not have it, or cannot run it; it says why.
    """
    rows = found[found["scenario"] == canonical_scenario(held.desk, scenario)]
    if not len(rows):
        api.stress(held.desk, scenario)
    return rows.reset_index(drop=True)


def canonical_scenario(desk: Desk, name: str) -> str:
    """Return a scenario's name as the desk writes it."""
    return folded(name, desk.scenarios.names()) or name


# --- scenarios -----------------------------------------------------------------------


def scenario_list(session: Session, family: str | None = None) -> Table:
    """Return the desk's scenarios in words."""
    desk = session.world(None).desk
    found = api.scenario_list(desk)
    if family is None:
        return found
    one = known(family, tuple(dict.fromkeys(found["family"])), "family")
    return as_table("scenarios", desk, found[found["family"] == one])


def scenario_shocks(
    session: Session, scenario: str, by: str | None = None, asof: AsOf = None
) -> Table:
    """Return what a scenario does to every tier, driver or instrument."""
    world = session.world(asof)
    name = canonical_scenario(world.desk, scenario)
    key = known(by or "tier", SHOCK_KEYS, "by")

    def computed() -> Table:
        return api.shocks(world.desk, scenarios=name, by=key)

    found = world.answer(("shocks", name, key), computed)
    return as_table("shocks", world.desk, found.drop(columns="scenario"))


# --- exposures -----------------------------------------------------------------------


def exposure(
    session: Session,
    positions: object,
    tier: str,
    measure: str | None = None,
    asof: AsOf = None,
) -> float:
    """Return one exposure of a tier, or of the whole book."""
    held = session.held(positions, asof)
    columns = exposed(held, ()).columns
    column = known(measure or "net", tuple(columns), "measure")
    if tier.casefold() == TOTAL:
        return figure(held, "exposures", (), (), column)
    one = known(tier, held.desk.universe.tier_names(), "tier")
    if one not in held.desk.book.labels["tier"].names:
        return nothing_held(column)
    return figure(held, "exposures", ("tier",), (one,), column)


def nothing_held(column: str) -> float:
    """Return the exposure of a tier that the book does not hold.

    Raises
    ------
    ExcelError
        If it is a share of nothing.
    """
    if column in ("largest", "hhi", "effective_names", "proxied_share"):
        reason = f"the book holds nothing in that tier, so it has no {column}"
        raise ExcelError(Code.NOT_AVAILABLE, reason)
    return 0.0


def exposure_table(
    session: Session, positions: object, by: str | None = None, asof: AsOf = None
) -> Table:
    """Return exposures by tier, book, link or any other label."""
    held = session.held(positions, asof)
    key = known(by or "tier", (*KEYS, TOTAL), "by")
    return exposed(held, () if key == TOTAL else with_names(key))


def exposed(held: Held, keys: tuple[str, ...]) -> Table:
    """Return the exposures of a book, computed once."""
    return held.answer(("exposures", keys), lambda desk: api.exposures(desk, by=keys))


# --- betas ---------------------------------------------------------------------------


def beta(
    session: Session, instrument: str, driver: str | None = None, asof: AsOf = None
) -> float:
    """Return the total beta of an instrument to a driver."""
    world = session.world(asof)
    name = driver_named(driver, world.desk)
    lookup = world.answer(
        ("betas", name),
        lambda: by_row(
            api.loadings(world.desk, name), ("instrument",), f"total_{name}_beta"
        ),
    )
    found = world.desk.universe.resolve(instrument)
    return pick(lookup, (found,), "instrument", instrument)


def driver_named(name: str | None, desk: Desk) -> str:
    """Return a driver of the desk; memory by default."""
    return known(name or MEMORY, (*desk.settings.drivers, MEMORY), "driver")


def beta_table(
    session: Session, positions: object, driver: str | None = None, asof: AsOf = None
) -> Table:
    """Return beta, standard error, windows and provenance of what a book holds."""
    held = session.held(positions, asof)
    name = driver_named(driver, held.desk)
    found = held.answer(("loadings", name), lambda desk: api.loadings(desk, name))
    mine = found["instrument"].isin(held.desk.book.labels["instrument"].names)
    columns = ["instrument", "tier", f"total_{name}_beta", "standard_error", "windows"]
    columns += ["residual_volatility", "provenance"]
    return as_table("loadings", held.desk, found.loc[mine, columns])


# --- data ----------------------------------------------------------------------------


def data_status(
    session: Session, dataset: str | None = None, asof: AsOf = None
) -> Table:
    """Return how far the data reaches, by dataset, or by series of one."""
    desk = session.world(asof).desk
    if dataset is None:
        return api.data_status(desk)
    there = tuple(api.data_status(desk)["dataset"])
    return api.data_status(desk, known(dataset, there, "dataset"))


def as_of(session: Session, dataset: str | None = None) -> Any:  # noqa: ANN401 - a day
    """Return the valuation date, or the last date of a dataset."""
    desk = session.world(None).desk
    if dataset is None:
        return desk.as_of
    found = api.data_status(desk).set_index("dataset")["last"]
    return found[known(dataset, tuple(found.index), "dataset")]


def check(session: Session, positions: object, asof: AsOf = None) -> Table:
    """Return every issue of a range: where, what, and what to do."""
    world = session.world(asof)
    try:
        _, held = world.book(positions)
    except InputError as error:
        return issue_table(error.issues, world.desk.as_of)
    issues = held.issues
    if held.source == RANGE:  # not those of the market that it shares
        issues = tuple(i for i in issues if i.where.source in (RANGE, "nav"))
    return issue_table(issues, world.desk.as_of)


def version(_: Session) -> str:
    """Return the version of riskplugin."""
    return __version__


# --- looking things up ---------------------------------------------------------------


def figure(
    held: Held, name: str, keys: tuple[str, ...], row: tuple[str, ...], column: str
) -> float:
    """Return one figure of a table of the book."""
    found = stressed(held, keys) if name == "stress" else exposed(held, keys)
    lookup = held.answer((name, keys, column), lambda _: by_row(found, keys, column))
    if name == "stress":
        row = (canonical_scenario(held.desk, row[0]), *row[1:])
    if row not in lookup and name == "stress":
        api.stress(held.desk, row[0])  # raises, with the reason
    return pick(lookup, row, "row", " ".join(row))


def by_row(
    found: pd.DataFrame, keys: tuple[str, ...], column: str
) -> Mapping[Row, float]:
    """Return a column of a table by the labels of its rows."""
    labels = [found[key].tolist() for key in keys]
    rows = list(zip(*labels, strict=True)) if keys else [()] * len(found)
    return dict(zip(rows, found[column].tolist(), strict=True))


def pick(lookup: Mapping[Row, float], key: Row, what: str, shown: str) -> float:
    """Return what stands at a key.

    Raises
    ------
    ExcelError
        If nothing does, or it is not known.
    """
    if key not in lookup:
        hint = did_you_mean(shown, (" ".join(map(str, k)) for k in lookup))
        raise ExcelError(Code.NOT_AVAILABLE, f"there is no {what} {shown!r}; {hint}")
    found = lookup[key]
    if np.isnan(found):
        raise ExcelError(Code.NOT_AVAILABLE, f"{shown or 'it'} is not known")
    return found


def as_table(title: str, desk: Desk, rows: pd.DataFrame) -> Table:
    """Return rows as a table of the desk's date."""
    return table(title, desk.as_of, {c: rows[c].to_numpy() for c in rows.columns})
