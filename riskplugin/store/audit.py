"""What manifest.json holds: what a run is, of what, and how much of it is known."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from riskplugin.factors.standins import ASSUMED, PROXIED
from riskplugin.results import Report, Table

SCHEMA_VERSION = 1
GOVERNANCE = ("version", "owner", "approved_by", "effective")
IDENTITY = ("version", "as_of", "settings", "scenarios", "inputs")


def manifest(report: Report, files: Mapping[str, str]) -> dict[str, Any]:
    """Return what manifest.json holds.

    Parameters
    ----------
    report : Report
    files : Mapping of str to str
        SHA-256 of every other file of the run, by name.
    """
    return {
        **report.manifest,
        "schema_version": SCHEMA_VERSION,
        "run_id": report.run_id,
        "status": report.status,
        "base_currency": report.base_currency,
        "confidence": report.confidence,
        "positions": len(report.tables["positions"]),
        "left_out": len(report.left_out),
        "left_out_reasons": dict(Counter(report.left_out["reason"].tolist())),
        "issues": len(report.issues),
        "input_rows": {name: len(frame) for name, frame in report.inputs.items()},
        "proxies": proxies(report),
        "scenario_versions": {
            s["name"]: {key: s[key] for key in GOVERNANCE}
            for s in report.manifest["scenarios"]
        },
        "tables": rows_of(report.tables),
        "files": dict(files),
    }


@runtime_checkable
class Counted(Protocol):
    """Tables that know how many rows each has without being read."""

    def rows(self, name: str) -> int:
        """Return the rows of a table."""


def rows_of(tables: Mapping[str, Table]) -> dict[str, int]:
    """Return the rows of every table, read only if it must be."""
    if isinstance(tables, Counted):
        return {name: tables.rows(name) for name in tables}
    return {name: len(found) for name, found in tables.items()}


def proxies(report: Report) -> dict[str, Any]:
    """Return how many held instruments have no loadings of their own, and their share.

    The share is of gross; None if nothing is held.
    """
    loadings, held = report.tables["loadings"], report.tables["positions"]
    stand_in = loadings["provenance"].isin([PROXIED, ASSUMED])
    names = set(loadings.loc[stand_in, "instrument"])
    gross = held["market_value"].abs()
    inside = held["instrument"].isin(names)
    total = float(gross.sum())
    return {
        "instruments": int(held.loc[inside, "instrument"].nunique()),
        "positions": int(inside.sum()),
        "share_of_gross": float(gross[inside].sum()) / total if total else None,
    }


def identity(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a manifest that the run id stands for."""
    return {key: content[key] for key in IDENTITY}
