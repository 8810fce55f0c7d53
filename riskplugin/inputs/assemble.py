"""Tables and settings in, a desk out; or every issue at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskplugin._typing import Dates, Matrix
from riskplugin.desk import Desk, Settings
from riskplugin.errors import (
    Issue,
    Place,
    Severity,
    input_error,
    listing,
)
from riskplugin.inputs.columns import TableSpec
from riskplugin.inputs.config import DeskFile
from riskplugin.inputs.currencies import Currencies, currencies_of
from riskplugin.inputs.fund_holdings import check_funds
from riskplugin.inputs.holdings import book_of, empty_book, left_out
from riskplugin.inputs.instruments import (
    ambiguous,
    desk_universe,
    priced_by_underlying,
    with_unknown,
)
from riskplugin.inputs.limit_rows import OF_POSITIONS, around, check_limits
from riskplugin.inputs.marks import far_from_closes, marks_of, not_of_as_of
from riskplugin.inputs.reading import (
    CheckedTable,
    Findings,
    RawTable,
)
from riskplugin.inputs.repairing import repaired
from riskplugin.inputs.scenario_file import library, unknown_in
from riskplugin.inputs.second_prices import second_prices
from riskplugin.inputs.settings_names import (
    driving,
    in_canonical_names,
    strange_half_lives,
    weights_of_none,
)
from riskplugin.inputs.shipped import shipped_scenarios
from riskplugin.inputs.tables import (
    FX,
    INSTRUMENTS,
    POSITIONS,
    PRICES,
    PRICES_SECOND,
    TABLES,
)
from riskplugin.inputs.unknown import (
    Held,
    Strangers,
    quote_currencies,
    with_strangers,
    without_contradicted,
    without_options,
)
from riskplugin.inputs.valuation import Valuation, notices, priced_contracts, valued
from riskplugin.inputs.wide import Wide, check_wide, in_several_columns, melted
from riskplugin.market import Market
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.universe import Universe

SECOND = PRICES_SECOND.name
CARRIED = ("volumes", "rates", "vols", "holdings", "limits", "indicators", "hedges")
USED = frozenset((*CARRIED, SECOND))


@dataclass(frozen=True, eq=False, slots=True)
class Given:
    """Everything a desk gave, before it was checked.

    `broken` names the tables that were given and could not be read; their issues are
    among the findings already.
    """

    tables: Mapping[str, RawTable]
    scenarios: tuple[Scenario, ...]
    scenario_source: str
    config: DeskFile
    as_of: np.datetime64 | None
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """Every table checked on its own, names resolved."""

    positions: CheckedTable
    names: Sequence[str]
    prices: Wide
    currencies: Currencies
    universe: Universe
    settings: Settings
    scenarios: ScenarioSet
    carried: Mapping[str, CheckedTable]


def assemble(given: Given, findings: Findings) -> Desk:
    """Check what was given and return the desk.

    Rows that cannot be used stop the desk, or are left out and reported, as the desk
    chose; a missing table or column always stops it.

    Raises
    ------
    InputError
        With every issue found, warnings included.
    """
    tables = check_all(given, findings)
    settings, positions = tables.settings, tables.positions
    repairs, prices = repaired(
        given.config.mends(), tables.prices, tables.universe, findings
    )
    tables = replace(tables, prices=prices)
    market = market_of(tables, given, findings)
    universe, unknown = known_to(tables, market)
    settings = driving(settings, universe, market, findings)
    tables = replace(tables, settings=settings)
    drivers = frozenset(m for basket in settings.drivers.values() for m in basket)
    rows = {name: found.usable() for name, found in tables.carried.items()}
    priced = priced_contracts(
        positions, tables.names, market, universe, rows, settings.max_stale_sessions
    )
    findings.add(priced.issues)
    valuation = valued(positions, tables.names, market, universe, settings, priced)
    findings.add(valuation.issues)
    valuation = with_strangers(
        Held.of(positions, tables.names, given.tables[POSITIONS.name]),
        Strangers(unknown, universe, drivers),
        valuation,
        settings.base_currency,
        findings,
    )
    findings.add(mark_issues(tables, market, universe, valuation))
    check_carried(tables, universe, findings)
    books = sorted(set(positions.frame["book"]) - {""})
    findings.add(notices(settings, books, market, universe))
    usable = (positions.reason == "") & (valuation.reason == "")
    if not usable.any():
        findings.stop([empty_book(positions)])
    if findings.fatal or (findings.errors() and given.config.on_error == "stop"):
        raise input_error(findings.issues)
    return Desk(
        book=book_of(positions, tables.names, valuation, universe, usable),
        market=market,
        universe=universe,
        scenarios=tables.scenarios,
        settings=settings,
        issues=tuple(findings.issues),
        left_out=left_out(positions, tables.names, valuation, market.as_of),
        tables={
            name: as_table(name, found, market.as_of)
            for name, found in tables.carried.items()
        },
        source=positions.source,
        contracts=priced.contracts,
        repairs=repairs,
    )


def check_carried(tables: Checked, universe: Universe, findings: Findings) -> None:
    """Check what funds hold and limits against everything held; warn of the rest."""
    if "holdings" in tables.carried:
        check_funds(tables.carried["holdings"], universe, tables.names, findings)
    if "limits" in tables.carried:
        frame = tables.positions.frame
        held = {key: frame[key].tolist() for key in OF_POSITIONS}
        known = around(held, universe, tables.settings, tables.scenarios)
        check_limits(tables.carried["limits"], known, findings)
    findings.add(unused_tables(tables.carried))


def mark_issues(
    tables: Checked, market: Market, universe: Universe, valuation: Valuation
) -> Iterator[Issue]:
    """Warn of prices in positions that are far from the closes, or of another day."""
    positions, settings = tables.positions, tables.settings
    marks = marks_of(positions, tables.names, market, universe, valuation)
    base = settings.base_currency
    yield from far_from_closes(marks, settings, universe)
    yield from not_of_as_of(marks, market.as_of, tables.prices.dates[-1], base)


def unused_tables(carried: Mapping[str, CheckedTable]) -> Iterator[Issue]:
    """Warn of tables that were checked and that no result uses yet."""
    for name, found in carried.items():
        if name in USED:
            continue
        message = f"{name} are checked, and used by no result of this version"
        yield Issue(
            "unused-table", Place(found.source), message, severity=Severity.WARNING
        )


def check_all(given: Given, findings: Findings) -> Checked:
    """Check every table on its own, and the scenarios against the universe.

    Raises
    ------
    InputError
        If a table or column is missing that every desk needs.
    """
    config = given.config
    needed = Findings(findings.issues)
    positions = checked(given, POSITIONS, needed)
    instruments = checked(given, INSTRUMENTS, needed)
    prices, fx = wide(given, PRICES, needed), wide(given, FX, needed)
    findings.fatal |= needed.fatal
    carried = {n: checked(given, TABLES[n], findings) for n in CARRIED}
    universe, issues = desk_universe(
        instruments, config.base_currency, replace=config.universe == "replace"
    )
    findings.add(issues)
    findings.stop(strange_half_lives(config.half_life_share, universe))
    universe = universe.with_half_lives(config.half_life_share)
    settings = in_canonical_names(config.to_settings(), universe)
    currencies, issues = currencies_of(fx)
    findings.add(issues)
    names = [] if positions is None else resolved(positions, universe, findings)
    held, _ = with_unknown(universe, names, settings.base_currency)
    scenarios = scenarios_of(given, held, settings, findings)
    if needed.fatal or positions is None or prices is None:
        raise input_error(findings.issues)
    if SECOND in given.tables:
        raw = given.tables[SECOND]
        carried[SECOND] = second_prices(raw, prices, universe, findings)
    return Checked(
        positions,
        names,
        prices,
        currencies,
        universe,
        settings,
        scenarios,
        {name: found for name, found in carried.items() if found is not None},
    )


def known_to(tables: Checked, market: Market) -> tuple[Universe, list[str]]:
    """Return the universe with all that is held or drives, and what no table knew."""
    drivers = tables.settings.drivers.values()
    priced = [m for basket in drivers for m in basket if m in market.instruments]
    base = tables.settings.base_currency
    quoted = quote_currencies(tables.positions, tables.names)
    return with_unknown(tables.universe, [*tables.names, *priced], base, quoted)


def scenarios_of(
    given: Given, universe: Universe, settings: Settings, findings: Findings
) -> ScenarioSet:
    """Return the scenarios of the desk, checked against its universe and drivers."""
    alone = given.config.scenario_library == "replace"
    shipped = () if alone else shipped_scenarios()
    source = given.scenario_source
    scenarios, faults = library(shipped, given.scenarios, source)
    findings.stop(faults)
    findings.stop(unknown_in(scenarios, universe, settings, source))
    findings.stop(weights_of_none(settings.phase_weights, scenarios.names()))
    return scenarios


def checked(given: Given, spec: TableSpec, findings: Findings) -> CheckedTable | None:
    """Return a table checked, None if it was not given."""
    if spec.name in given.tables:
        return melted(given.tables[spec.name], spec, findings)
    if spec is POSITIONS and spec.name not in given.broken:
        findings.stop([missing_table(spec)])
    return None


def wide(given: Given, spec: TableSpec, findings: Findings) -> Wide | None:
    """Return a table of one column per key, None if it was not given."""
    if spec.name in given.tables:
        return check_wide(given.tables[spec.name], spec, findings)
    if spec is PRICES and spec.name not in given.broken:
        findings.stop([missing_table(spec)])
    return None


def missing_table(spec: TableSpec) -> Issue:
    """Return the issue of a table that every desk needs."""
    columns = listing(spec.required())
    hint = f"give it under [tables]; it needs {columns}"
    return Issue("missing-table", Place(spec.name), "table is missing", hint)


def market_of(tables: Checked, given: Given, findings: Findings) -> Market:
    """Return prices and currencies up to the valuation date on common dates.

    Raises
    ------
    InputError
        If no price is left, or an instrument has several columns.
    """
    prices, currencies, universe = tables.prices, tables.currencies, tables.universe
    needed = Findings(findings.issues)
    column = price_columns(prices, universe, needed)
    asked = given.as_of if given.as_of is not None else given.config.date()
    last = prices.dates[-1] if len(prices.dates) else np.datetime64("NaT", "D")
    as_of = last if asked is None else asked
    past = prices.grid[prices.dates <= as_of]
    if np.isnan(past).all():
        place = Place(prices.source, column="date")
        message = "no price" if np.isnat(as_of) else f"no price on or before {as_of}"
        if np.any(later := prices.dates > as_of):
            message += f": the first date is {prices.dates[later][0]}"
        needed.stop([Issue("no-price", place, message, "give prices up to as_of")])
    if needed.fatal:
        raise input_error(findings.issues)
    dates = np.union1d(prices.dates, currencies.dates)
    dates = dates[dates <= as_of]
    blank = np.all(np.isnan(past), axis=0)
    names = sorted(name for name, i in column.items() if not blank[i])
    close = on_dates(dates, prices.dates, prices.grid)[:, [column[n] for n in names]]
    usd_per = on_dates(dates, currencies.dates, currencies.usd_per)
    known = ~(np.isnan(close).all(axis=1) & np.isnan(usd_per).all(axis=1))
    return Market(
        as_of,
        dates[known],
        tuple(names),
        close[known],
        currencies.names,
        usd_per[known],
    )


def price_columns(
    prices: Wide, universe: Universe, findings: Findings
) -> dict[str, int]:
    """Return the column of each instrument's prices, or of its underlying's."""
    findings.add(ambiguous(universe, dict.fromkeys(prices.names), prices.source))
    names = [universe.resolve(n) for n in prices.names]
    findings.stop(
        in_several_columns(prices.source, given, name)
        for given, name in zip(prices.names, names, strict=True)
        if names.count(name) > 1 and prices.names.count(given) == 1
    )
    column = {name: i for i, name in enumerate(names)}
    derived, issues = priced_by_underlying(universe, names, prices.source)
    findings.add(issues)
    return column | {name: column[other] for name, other in derived.items()}


def on_dates(dates: Dates, own: Dates, values: Matrix) -> Matrix:
    """Return `values` (T, N) of `own` dates on `dates`, NaN elsewhere."""
    grid = np.full((len(dates), values.shape[1]), np.nan)
    seen = np.isin(own, dates)
    grid[np.searchsorted(dates, own[seen])] = values[seen]
    return grid


def resolved(
    positions: CheckedTable, universe: Universe, findings: Findings
) -> list[str]:
    """Return the canonical identifier of each position's instrument.

    It is "" where the name is blank, may be several, has a spoilt row, reads like an
    option that no table knows, or is stated in another currency than its own.
    """
    given = positions.frame["instrument"]
    names = given.unique()
    several = [n for n in names if len(universe.matches(n)) > 1]
    spoilt = [n for n in names if n not in several and universe.is_spoilt(n)]
    lines = dict(zip(given[::-1], positions.lines[::-1], strict=True))
    first = {n: lines[n] for n in several}
    findings.add(ambiguous(universe, first, positions.source, "instrument"))
    findings.add(
        Issue(
            "spoilt-instrument",
            Place(positions.source, int(lines[n]), "instrument"),
            f"{n}: its row in instruments cannot be used",
            "mend that row",
        )
        for n in spoilt
    )
    for code, wrong in ("ambiguous-instrument", several), ("spoilt-instrument", spoilt):
        positions.reason[given.isin(wrong) & (positions.reason == "")] = code
    canonical = {n: universe.resolve(n) for n in names}
    canonical |= dict.fromkeys([*several, *spoilt], "")
    named = [canonical[n] for n in given]
    named = without_options(positions, named, universe, findings)
    return without_contradicted(positions, named, universe, findings)


def as_table(name: str, found: CheckedTable, as_of: np.datetime64) -> Table:
    """Return the usable rows of a table that is carried as it was given."""
    usable: pd.DataFrame = found.usable()
    return table(name, as_of, {c: usable[c] for c in usable.columns})
