"""A desk as frames, and the desk made of them again.

What a run was computed from travels with it: whoever has the run can compute it again,
and explain it beside another, without the desk's own files.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from riskplugin.book import FIGURES, KEYS, Book, Labels, numbered
from riskplugin.contracts import FLAGS, Contracts, of_columns
from riskplugin.desk import Desk, Settings
from riskplugin.errors import Issue, Place, Severity
from riskplugin.market import Market
from riskplugin.mending import Repair, RepairKind
from riskplugin.results import Table, table
from riskplugin.scenarios.definition import Scenario, ScenarioSet
from riskplugin.scenarios.phases import Phase
from riskplugin.universe import Instrument, Tier, Universe

DATE = "date"
CARRIED = "table_"
WORDS = tuple(key for key in KEYS if key != "position")
LOCKED = "locked_until"
COLUMNS = tuple(f.name for f in fields(Contracts))


def frames_of(desk: Desk) -> dict[str, pd.DataFrame]:
    """Return everything in `desk`, by name.

    Settings and scenarios are JSON as it stands: the order of drivers and of NAVs
    counts, and the manifest sorts its keys.
    """
    book, market, universe = desk.book, desk.market, desk.universe
    words = {k: [book.labels[k].names[c] for c in book.labels[k].codes] for k in WORDS}
    figures = {column: getattr(book, column) for column in FIGURES}
    locked = book.locked_until.astype("datetime64[s]")
    found = {
        "positions": pd.DataFrame({**words, **figures, LOCKED: locked}),
        "closes": dated(market, market.close, market.instruments),
        "rates": dated(market, market.usd_per, market.currencies),
        "contracts": pd.DataFrame(
            {name: list(getattr(desk.contracts, name)) for name in COLUMNS}
        ),
        "instruments": rows(map(asdict, universe.instruments.values()), Instrument),
        "tiers": rows(map(asdict, universe.tiers), Tier),
        "spoilt": texts("name", sorted(universe.spoilt)),
        "issues": issue_rows(desk.issues),
        "left_out": desk.left_out.to_frame(),
        "held_before": texts("name", held_before(desk)),
        "desk": pd.DataFrame(
            {
                "as_of": [str(desk.as_of)],
                "source": [desk.source],
                "settings": [json.dumps(asdict(desk.settings))],
            }
        ),
        "scenarios": texts("json", [json.dumps(asdict(s)) for s in desk.scenarios]),
        "repairs": texts("json", [json.dumps(asdict(r)) for r in desk.repairs]),
    }
    carried = {CARRIED + name: t.to_frame() for name, t in desk.tables.items()}
    return found | carried


def texts(column: str, values: Sequence[str]) -> pd.DataFrame:
    """Return a column of text, even if there is none."""
    return pd.DataFrame({column: pd.array(list(values), dtype="str")})


def held_before(desk: Desk) -> list[str]:
    """Return what the desks hold that `desk` shares its market with."""
    return [] if desk.origin is None else sorted(desk.origin.held())


def dated(market: Market, values: Any, names: tuple[str, ...]) -> pd.DataFrame:  # noqa: ANN401 - a matrix
    """Return a column per name, and the date first."""
    days = pd.Series(market.dates.astype("datetime64[s]"), name=DATE)
    return pd.concat([days, pd.DataFrame(values, columns=list(names))], axis=1)


def rows(records: Iterator[dict[str, Any]], kind: type) -> pd.DataFrame:
    """Return a row per record, the columns of `kind` even if there is none."""
    return pd.DataFrame(list(records), columns=[f.name for f in fields(kind)])


def issue_rows(issues: tuple[Issue, ...]) -> pd.DataFrame:
    """Return a row per issue; no row or column of a table is a blank."""
    columns = {
        "code": [i.code for i in issues],
        "source": [i.where.source for i in issues],
        "row": [-1 if i.where.row is None else i.where.row for i in issues],
        "column": ["" if i.where.column is None else i.where.column for i in issues],
        "message": [i.message for i in issues],
        "hint": [i.hint for i in issues],
        "severity": [i.severity.value for i in issues],
    }
    return pd.DataFrame(columns)


def desk_of(frames: Mapping[str, pd.DataFrame]) -> Desk:
    """Return the desk that `frames_of` describes."""
    facts = frames["desk"].iloc[0]
    market = market_of(frames["closes"], frames["rates"], facts["as_of"])
    universe = universe_of(frames)
    carried = [name for name in frames if name.startswith(CARRIED)]
    desk = Desk(
        book=book_of(frames["positions"], universe),
        market=market,
        universe=universe,
        scenarios=ScenarioSet(
            tuple(scenario_of(json.loads(j)) for j in frames["scenarios"]["json"])
        ),
        settings=settings_of(json.loads(facts["settings"])),
        issues=tuple(issue_of(r) for r in records(frames["issues"])),
        left_out=as_table("left_out", frames["left_out"], market.as_of),
        tables={
            name.removeprefix(CARRIED): as_table(
                name.removeprefix(CARRIED), frames[name], market.as_of
            )
            for name in carried
        },
        source=str(facts["source"]),
        contracts=contracts_of(frames["contracts"]),
        repairs=tuple(repair_of(json.loads(j)) for j in frames["repairs"]["json"]),
    )
    before = frames["held_before"]["name"].tolist()
    if not before:
        return desk
    return replace(desk, origin=replace(desk, book=book_of_names(before, universe)))


def contracts_of(frame: pd.DataFrame) -> Contracts:
    """Return the contracts of a frame."""
    words, figures = COLUMNS[:3], COLUMNS[3:]
    return of_columns(
        [tuple(map(str, frame[name])) for name in words],
        [frame[n].to_numpy(bool if n in FLAGS else np.float64) for n in figures],
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame, a missing cell as None."""
    wide = frame.astype(object).where(frame.notna(), None)
    return [
        {str(k): v for k, v in row.items()} for row in wide.to_dict(orient="records")
    ]


def as_table(name: str, frame: pd.DataFrame, as_of: np.datetime64) -> Table:
    """Return a frame as the table it was."""
    return table(name, as_of, {str(c): frame[c] for c in frame.columns})


def market_of(closes: pd.DataFrame, rates: pd.DataFrame, as_of: str) -> Market:
    """Return the market of two dated frames."""

    def matrix(frame: pd.DataFrame) -> Any:  # noqa: ANN401 - a matrix
        values = frame.drop(columns=DATE).to_numpy(np.float64)
        return np.ascontiguousarray(values)

    return Market(
        np.datetime64(as_of, "D"),
        closes[DATE].to_numpy().astype("datetime64[D]"),
        tuple(str(c) for c in closes.columns[1:]),
        matrix(closes),
        tuple(str(c) for c in rates.columns[1:]),
        matrix(rates),
    )


def universe_of(frames: Mapping[str, pd.DataFrame]) -> Universe:
    """Return the universe of its instruments and tiers."""
    known = [
        Instrument(**row | {"aliases": tuple(row["aliases"])})
        for row in records(frames["instruments"])
    ]
    tiers = tuple(Tier(**row) for row in records(frames["tiers"]))
    spoilt = frozenset(frames["spoilt"]["name"].tolist())
    return Universe({i.instrument: i for i in known}, tiers, spoilt)


def book_of(positions: pd.DataFrame, universe: Universe) -> Book:
    """Return the book of a frame in canonical order."""
    order = universe.tier_names()
    labels = {
        key: Labels.of(positions[key].tolist(), order if key == "tier" else ())
        for key in WORDS
    }
    labels["position"] = numbered(len(positions))
    figures = (positions[c].to_numpy(np.float64) for c in FIGURES)
    locked = positions[LOCKED].to_numpy().astype("datetime64[D]")
    return Book(labels, *figures, locked_until=locked)


def book_of_names(names: list[str], universe: Universe) -> Book:
    """Return a book that holds nothing of each of some instruments."""
    known = [universe.instruments[n] for n in names]
    words = {k: [getattr(i, k, "") for i in known] for k in WORDS}
    figures = dict.fromkeys(FIGURES, 0.0)
    never = {LOCKED: np.full(len(names), np.datetime64("NaT", "s"))}
    return book_of(pd.DataFrame({**words, **figures, **never}), universe)


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Return settings from their figures."""
    drivers = {name: tuple(members) for name, members in given["drivers"].items()}
    return Settings(**{**given, "drivers": drivers})


def scenario_of(given: Mapping[str, Any]) -> Scenario:
    """Return a scenario from its figures."""
    phases = tuple(Phase(**phase) for phase in given["phases"])
    sources = tuple(given["sources"])
    return Scenario(**{**given, "phases": phases, "sources": sources})


def repair_of(given: Mapping[str, Any]) -> Repair:
    """Return a repair from its figures."""
    names, kind = tuple(given["instruments"]), RepairKind(given["kind"])
    return Repair(**{**given, "instruments": names, "kind": kind})


def issue_of(row: Mapping[str, Any]) -> Issue:
    """Return an issue from its row."""
    number = None if row["row"] < 0 else int(row["row"])
    place = Place(row["source"], number, row["column"] or None)
    severity = Severity(row["severity"])
    return Issue(row["code"], place, row["message"], row["hint"], severity)
