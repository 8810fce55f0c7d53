"""What the data doctor finds in a desk, as a labelled table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd

from riskplugin._threads import one_blas_thread
from riskplugin._typing import Dates, Flags, Matrix, Vector
from riskplugin.desk import Desk
from riskplugin.diagnosis.feeds import label_findings
from riskplugin.diagnosis.finding import Concern, Finding
from riskplugin.diagnosis.moves import Feeds
from riskplugin.diagnosis.prices import Patient, price_findings
from riskplugin.diagnosis.references import sessions_of
from riskplugin.diagnosis.regions import region_of
from riskplugin.diagnosis.second_source import Sources, source_findings
from riskplugin.market import Market
from riskplugin.mending import Repair, RepairKind
from riskplugin.results import Table, table
from riskplugin.tables.exchange_sessions import sessions_listed
from riskplugin.tables.repair_effects import stand_ins, stress_effects
from riskplugin.universe import Instrument, unclassified

CLOCK = "24/7"
ORDER = tuple(Concern)


@one_blas_thread
def diagnosis_table(desk: Desk) -> Table:
    """Return what is wrong or doubtful in the desk's data, what matters most first.

    Nothing is changed. Every row names its code, instruments and dates, the evidence,
    an effect where one can be measured, what the repair would change in the worst
    scenario, and the repair as it would stand in desk.toml.
    """
    found = sorted(findings_of(desk), key=rank)
    effects = stress_effects(desk, found)
    columns = {
        "concern": [f.concern.value for f in found],
        "code": [f.code for f in found],
        "instrument": [", ".join(f.instruments) for f in found],
        "start": [str(f.start) for f in found],
        "end": [str(f.end) for f in found],
        "evidence": [f.evidence for f in found],
        "effect_on": [f.effect.measure for f in found],
        "effect_before": np.array([f.effect.before for f in found], dtype=float),
        "effect_after": np.array([f.effect.after for f in found], dtype=float),
        "stress_scenario": [e.scenario for e in effects],
        "stress_before": np.array([e.before for e in effects], dtype=float),
        "stress_after": np.array([e.after for e in effects], dtype=float),
        "stress_note": [e.note for e in effects],
        "advice": [f.advice for f in found],
        "repair": ["\n".join(map(as_toml, f.repairs)) for f in found],
    }
    return table("doctor", desk.as_of, columns)


def rank(finding: Finding) -> tuple[int, str, tuple[str, ...], str]:
    """Return what findings are ordered by."""
    place = ORDER.index(finding.concern)
    return place, finding.code, finding.instruments, str(finding.start)


def as_toml(repair: Repair) -> str:
    """Return a repair as it would stand in desk.toml."""
    names = ", ".join(f'"{n}"' for n in repair.instruments)
    lines = ["[[repairs]]", f"instruments = [{names}]", f'kind = "{repair.kind}"']
    lines += [
        f"{key} = {day}"
        for key, day in (("start", repair.start), ("end", repair.end))
        if day
    ]
    if repair.kind is RepairKind.SHIFT:
        lines.append(f"sessions = {repair.amount:.0f}")
    if repair.kind is RepairKind.SCALE:
        lines.append(f"factor = {repair.amount!r}")
    return "\n".join(lines) + "\n"


def findings_of(desk: Desk) -> Iterator[Finding]:
    """Yield everything that is found, in the order in which it is looked for."""
    desk = without_copies(desk)
    market = desk.market
    known = [
        desk.universe.instruments.get(n) or unclassified(n, desk.settings.base_currency)
        for n in market.instruments
    ]
    yield from price_findings(patient_of(desk, known))
    yield from label_findings(feeds_of(market, known, desk.settings.drivers))
    if "prices_second" in desk.tables:
        yield from source_findings(sources_of(desk, known))
    yield from age_findings(desk)
    yield from venue_findings(desk)


def without_copies(desk: Desk) -> Desk:
    """Return the desk without the closes that are those of an underlying.

    What is wrong with them is wrong with the underlying, and repaired there.
    """
    market, copies = desk.market, stand_ins(desk)
    if not copies:
        return desk
    own = [i for i, n in enumerate(market.instruments) if n not in copies]
    names = tuple(market.instruments[i] for i in own)
    alone = replace(market, instruments=names, close=market.close[:, own])
    return replace(desk, market=alone)


def patient_of(desk: Desk, known: Sequence[Instrument]) -> Patient:
    """Return the closes with their peers, sessions, currencies and volumes."""
    market = desk.market
    regions = [region_of(i.calendar, i.asset_class) for i in known]
    _, groups = np.unique(regions, return_inverse=True)
    return Patient(
        market.dates,
        market.instruments,
        market.close,
        groups.astype(np.int64),
        open_days(market, [clock_or_calendar(i) for i in known]),
        np.array([clock_or_calendar(i) == CLOCK for i in known], bool),
        tuple(i.currency for i in known),
        last_rates(market, market.dates),
        volumes_of(desk),
    )


def last_rates(market: Market, dates: Dates) -> dict[str, Vector]:
    """Return USD per unit of every currency on `dates`, the last known."""
    given = pd.DataFrame(market.usd_per, index=market.dates).ffill()
    rates = given.reindex(dates, method="ffill").to_numpy(dtype=float)
    of_each: dict[str, Vector] = {
        c: rates[:, i] for i, c in enumerate(market.currencies)
    }
    return {**of_each, "USD": np.ones(len(dates))}


def sources_of(desk: Desk, known: Sequence[Instrument]) -> Sources:
    """Return the closes beside those of the second source, on the dates of both."""
    market = desk.market
    given = desk.tables["prices_second"].to_frame()
    frame = given[given["date"] <= pd.Timestamp(str(desk.as_of))]
    grid = frame.pivot_table("close", "date", "instrument", aggfunc="last")
    theirs = grid.index.to_numpy().astype("datetime64[D]")
    dates = np.union1d(market.dates, theirs)
    on_both = replace(
        market,
        dates=dates,
        close=on_dates(dates, market.dates, market.close),
        usd_per=on_dates(dates, market.dates, market.usd_per),
    )
    other = grid.reindex(columns=list(market.instruments)).to_numpy(dtype=float)
    return Sources(
        feeds_of(on_both, known, desk.settings.drivers),
        on_dates(dates, theirs, other),
        tuple(i.currency for i in known),
        last_rates(market, dates),
    )


def on_dates(dates: Dates, own: Dates, values: Matrix) -> Matrix:
    """Return `values` (T, N) of `own` dates on `dates`, which hold them; else NaN."""
    grid = np.full((len(dates), values.shape[1]), np.nan)
    grid[np.searchsorted(dates, own)] = values
    return grid


def volumes_of(desk: Desk) -> Matrix:
    """Return the volumes of the closes, (T, N), NaN where none is given."""
    market = desk.market
    given = desk.tables.get("volumes")
    if given is None:
        return np.full(market.close.shape, np.nan)
    names = given["instrument"].map(desk.universe.resolve)
    frame = given.to_frame().assign(instrument=names)
    grid = frame.pivot_table("volume", "date", "instrument", aggfunc="last")
    return grid.reindex(
        index=pd.DatetimeIndex(market.dates), columns=list(market.instruments)
    ).to_numpy(dtype=float)


def clock_or_calendar(instrument: Instrument) -> str:
    """Return the calendar of an instrument; tokens trade around the clock."""
    return CLOCK if instrument.asset_class == "crypto" else instrument.calendar


def open_days(market: Market, calendars: Sequence[str]) -> Flags:
    """Return the days on which the market of each instrument was open, (T, N).

    From `exchange_calendars` where it is installed and knows the market, otherwise from
    the instrument's peers of the same calendar.
    """
    there = ~np.isnan(market.close)
    open_: Flags = np.zeros_like(there)
    weekday = np.is_busday(market.dates)[:, None]
    for calendar in sorted(set(calendars)):
        columns = np.flatnonzero(np.array(calendars) == calendar)
        if calendar == CLOCK:
            open_[:, columns] = True
            open_[:, columns] &= weekday | (
                there[~weekday[:, 0]][:, columns].any(axis=0)
            )
            continue
        published = published_sessions(calendar, market.dates)
        open_[:, columns] = (
            sessions_of(there[:, columns]) & weekday
            if published is None
            else published[:, None]
        )
    return open_


def published_sessions(calendar: str, dates: Dates) -> Flags | None:
    """Return the days that an exchange's published calendar has, None if not known."""
    if not calendar or find_spec("exchange_calendars") is None:
        return None
    first, last = dates[[0, -1]].astype("datetime64[Y]").astype(int) + 1970
    listed = sessions_listed(calendar, max(int(first), 1990), int(last))
    return None if listed is None else np.isin(dates, listed)


def feeds_of(
    market: Market,
    known: Sequence[Instrument],
    drivers: Mapping[str, tuple[str, ...]],
) -> Feeds:
    """Return the closes with the region of each."""
    return Feeds(
        market.dates,
        market.close,
        market.instruments,
        tuple(i.calendar for i in known),
        tuple(region_of(i.calendar, i.asset_class) for i in known),
        drivers,
    )


def age_findings(desk: Desk) -> Iterator[Finding]:
    """Yield histories that end early or begin late."""
    market, settings = desk.market, desk.settings
    held = desk.held()
    fewest = settings.min_overlap + settings.return_sessions
    for i, name in enumerate(market.instruments):
        days = market.dates[~np.isnan(market.close[:, i])]
        if not len(days):
            yield no_close(desk, name)
            continue
        first, last = days[0], days[-1]
        age = int(np.busday_count(last, desk.as_of))
        if age > settings.max_stale_sessions:
            yield Finding(
                "dead",
                Concern.HIGH if name in held else Concern.LOW,
                (name,),
                last,
                desk.as_of,
                f"the last close is {age} weekdays old",
                advice="give later closes, or close the position if it is delisted",
            )
        sessions = int(np.is_busday(days).sum())
        if sessions < fewest:
            yield Finding(
                "short_history",
                Concern.MEDIUM if name in held else Concern.LOW,
                (name,),
                first,
                last,
                f"{sessions} closes, {fewest} are needed for loadings of its own",
                advice="its tier's loadings are used instead; give a longer history",
            )


def no_close(desk: Desk, name: str) -> Finding:
    """Return that an instrument has no close, as where repairs blank all of them."""
    return Finding(
        "dead",
        Concern.HIGH if name in desk.held() else Concern.LOW,
        (name,),
        desk.market.dates[0],
        desk.as_of,
        "there is no close at all",
        advice="give closes, or take the repair away that blanks them",
    )


def venue_findings(desk: Desk) -> Iterator[Finding]:
    """Yield the days on which the venue that an instrument's volume is of changes.

    No venue of such a day is one of the day before: those of venues that are given side
    by side can be told apart.
    """
    volumes = desk.tables.get("volumes")
    if volumes is None or "venue" not in volumes.columns:
        return
    frame = volumes.to_frame().sort_values("date", kind="stable")
    frame["venue"] = frame["venue"].fillna("")
    several = frame.groupby("instrument")["venue"].nunique()
    changing = frame[frame["instrument"].isin(several.index[several > 1])]
    for name, part in changing.groupby("instrument", sort=True):
        venues = part.groupby("date", sort=True)["venue"].agg(set)
        volume = part.groupby("date", sort=True)["volume"].median().to_numpy(float)
        dates = venues.index.to_numpy().astype("datetime64[D]")
        for place in range(1, len(dates)):
            last, first = (sorted(venues.iloc[i]) for i in (place - 1, place))
            if set(last) & set(first):
                continue
            near = volume[max(place - 20, 0) : place], volume[place : place + 20]
            before, after = (float(np.median(v)) for v in near)
            yield Finding(
                "volume_venue",
                Concern.LOW,
                (desk.universe.resolve(str(name)),),
                dates[place - 1],
                dates[place],
                f"from {last[0] or 'no venue'} to {first[0] or 'no venue'}"
                f", median volume {before:g} before and {after:g} after",
                advice="do not compare volumes across the change",
            )
