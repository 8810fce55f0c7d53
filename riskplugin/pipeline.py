"""The one use case: a desk in, a report out."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from riskplugin._version import __version__
from riskplugin.desk import Desk
from riskplugin.errors import Issue, ModelError, Place, Severity
from riskplugin.factors.model import FactorModel, fit
from riskplugin.results import Report, Table
from riskplugin.risk.measure import Measure
from riskplugin.risk.sampling import Sample, sampled
from riskplugin.risk_tables import factor_table, measure_table, sample_table
from riskplugin.shock_tables import shock_table
from riskplugin.tabulation import (
    exposure_table,
    issue_table,
    loading_table,
    model_issues,
    position_table,
    runnable_scenarios,
    scenario_table,
    stress_table,
)

_models: WeakKeyDictionary[Desk, FactorModel] = WeakKeyDictionary()
_samples: WeakKeyDictionary[Desk, dict[tuple[str, int], Sample]] = WeakKeyDictionary()
Stage = Callable[[], Table]
ALPHA = 0.05


class RiskTable(NamedTuple):
    """A table of risk measures in a run."""

    method: str
    sessions: int
    measures: tuple[Measure, ...]
    by: tuple[str, ...]
    factors: bool = False


TAILS = (Measure.VOLATILITY, Measure.VAR, Measure.CVAR, Measure.EVAR)
HEADLINES = (*TAILS, Measure.MDD, Measure.CDAR)
CVAR = (Measure.CVAR,)
POSITION_KEYS = ("position", "book", "instrument", "tier")
RISK_TABLES: Mapping[str, RiskTable] = {
    "measures": RiskTable("historical", 1, HEADLINES, ("tier",)),
    "measures_by_book": RiskTable("historical", 1, HEADLINES, ("book",)),
    "measures_by_position": RiskTable("historical", 1, CVAR, POSITION_KEYS),
    "measures_in_reversal": RiskTable("reversal", 21, TAILS, ("tier",)),
    "factor_risk": RiskTable("historical", 1, CVAR, ("book",), factors=True),
}


def model_of(desk: Desk) -> FactorModel:
    """Return the factor model of `desk`, estimated once as long as it lives.

    A desk that holds something else in the market of another shares its model, unless
    it holds what that one does not know.
    """
    if desk not in _models:
        shared = None if desk.origin is None else model_of(desk.origin)
        serves = shared is not None and desk.held() <= set(shared.instruments)
        _models[desk] = shared if shared is not None and serves else fit(desk)
    return _models[desk]


def fitted(desk: Desk) -> Callable[[np.datetime64], FactorModel]:
    """Return what gives the factor model of `desk` on a date, from nothing later."""

    def on(date: np.datetime64) -> FactorModel:
        return model_of(desk) if date == desk.as_of else fit(desk, date)

    return on


def sample_of(desk: Desk, method: str, sessions: int) -> Sample:
    """Return the scenarios of the risk measures, made once per model that is kept."""
    model = model_of(desk)
    home = desk
    while home.origin is not None and model_of(home.origin) is model:
        home = home.origin
    kept = _samples.setdefault(home, {})
    if (method, sessions) not in kept:
        kept[method, sessions] = sampled(home, model, method, sessions)
    return kept[method, sessions]


def stages(desk: Desk, model: FactorModel) -> Mapping[str, Stage]:
    """Return what a run computes, by the name of its table, in order."""
    confidence = desk.settings.confidence
    scenarios = runnable_scenarios(desk, model)

    def stressed(*by: str) -> Stage:
        keys = ("scenario", *by)
        return lambda: stress_table(desk, model, scenarios, keys, confidence)

    def exposed(*by: str) -> Stage:
        return lambda: exposure_table(desk, model, by)

    return {
        "exposures": exposed("tier"),
        "exposures_by_book": exposed("book", "tier"),
        "exposures_by_link": exposed("link"),
        "exposures_by_currency": exposed("currency"),
        "stress_total": stressed(),
        "stress": stressed("tier"),
        "stress_by_book": stressed("book", "tier"),
        "stress_by_position": stressed("position", "book", "instrument", "tier"),
        **risk_stages(desk),
        "shocks": lambda: shock_table(desk, model, scenarios, confidence),
        "loadings": lambda: loading_table(desk, model),
        "positions": lambda: position_table(desk),
        "scenarios": lambda: scenario_table(desk, model),
        "issues": lambda: issue_table(findings(desk), desk.as_of),
        "left_out": lambda: desk.left_out,
    }


def risk_stages(desk: Desk) -> Mapping[str, Stage]:
    """Return the stages of the risk measures that the history allows."""
    there = {
        name: wanted
        for name, wanted in RISK_TABLES.items()
        if not isinstance(sample_or_error(desk, wanted), ModelError)
    }

    def measured(wanted: RiskTable) -> Stage:
        sample = sample_of(desk, wanted.method, wanted.sessions)
        if wanted.factors:
            return lambda: factor_table(
                desk, sample, wanted.measures[0], ALPHA, wanted.by
            )
        return lambda: measure_table(desk, sample, wanted.measures, ALPHA, wanted.by)

    return {
        **{name: measured(wanted) for name, wanted in there.items()},
        "samples": lambda: sample_table(desk, partial(sample_of, desk)),
    }


def sample_or_error(desk: Desk, wanted: RiskTable) -> Sample | ModelError:
    """Return the scenarios of a table, or why there are none."""
    try:
        return sample_of(desk, wanted.method, wanted.sessions)
    except ModelError as error:
        return error


def findings(desk: Desk) -> tuple[Issue, ...]:
    """Return what the inputs and the model made necessary to say."""
    unmeasured = {
        str(error): name
        for name, wanted in reversed(tuple(RISK_TABLES.items()))
        if isinstance(error := sample_or_error(desk, wanted), ModelError)
    }
    missing = [
        Issue(
            "no-risk-measures",
            Place("prices"),
            f"{name} left out: {reason}",
            "give longer histories",
            Severity.WARNING,
        )
        for reason, name in unmeasured.items()
    ]
    return (*desk.issues, *model_issues(desk, model_of(desk)), *missing)


def run(desk: Desk, on_stage: Callable[[str, int, int], None] | None = None) -> Report:
    """Compute everything that the inputs allow.

    `on_stage` is told the name of each stage, its number and how many there are.
    """
    model = model_of(desk)
    plan = stages(desk, model)
    tables = {}
    for number, (name, stage) in enumerate(plan.items(), start=1):
        if on_stage is not None:
            on_stage(name, number, len(plan))
        tables[name] = stage()
    found = findings(desk)
    manifest = manifest_of(desk, found)
    return Report(
        as_of=desk.as_of,
        base_currency=desk.settings.base_currency,
        run_id=digest(manifest),
        confidence=desk.settings.confidence,
        tables=tables,
        issues=found,
        manifest=manifest,
    )


def manifest_of(desk: Desk, issues: Sequence[Issue]) -> dict[str, Any]:
    """Return what the run id stands for: inputs, settings, version and date."""
    book, market = desk.book, desk.market
    names = json.dumps({k: v.names for k, v in book.labels.items()}).encode()
    figures = (book.quantity, book.price, book.fx_rate, book.market_value)
    codes = tuple(v.codes for v in book.labels.values())
    columns = json.dumps([market.instruments, market.currencies]).encode()
    prices = (market.dates.astype(np.int64), market.close, market.usd_per)
    known = [asdict(i) for _, i in sorted(desk.universe.instruments.items())]
    universe = {"instruments": known, "tiers": [asdict(t) for t in desk.universe.tiers]}
    carried = {n: t.to_csv(index=False) for n, t in desk.tables.items()}
    return {
        "version": __version__,
        "as_of": str(desk.as_of),
        "settings": asdict(desk.settings),
        "scenarios": [asdict(s) for s in desk.scenarios],
        "inputs": {
            "positions": hashed(names, *codes, *figures, book.half_spread),
            **modelled_beside(desk),
            "market": hashed(columns, *prices),
            "universe": hashed(json.dumps(universe, sort_keys=True).encode()),
            "issues": hashed(json.dumps(sorted(map(essence, issues))).encode()),
            "left_out": hashed(left_out_text(desk).encode()),
            **{name: hashed(text.encode()) for name, text in carried.items()},
        },
    }


def modelled_beside(desk: Desk) -> dict[str, str]:
    """Return what the model holds because a desk that this one comes from does."""
    if desk.origin is None:
        return {}
    return {"modelled": hashed(json.dumps(sorted(desk.held())).encode())}


def essence(issue: Issue) -> list[str]:
    """Return what an issue says, wherever its row stood."""
    return [issue.code, issue.where.column or "", issue.message, issue.severity]


def left_out_text(desk: Desk) -> str:
    """Return what was left out, in canonical order, wherever it stood."""
    out = desk.left_out.to_frame().drop(columns=["source", "row"])
    return str(out.sort_values(list(out.columns)).to_csv(index=False))


def hashed(*parts: bytes | np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 of bytes and arrays, lengths included."""
    sha = hashlib.sha256()
    for part in parts:
        content = (
            part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes()
        )
        sha.update(len(content).to_bytes(8, "big"))
        sha.update(content)
    return sha.hexdigest()


def digest(manifest: Mapping[str, Any]) -> str:
    """Return the run id: 12 hex digits of the manifest's SHA-256."""
    text = json.dumps(manifest, sort_keys=True, allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
