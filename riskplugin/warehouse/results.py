"""The results of a finished run, table by table and piece by piece."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskplugin.errors import AdapterError, UsageError, did_you_mean
from riskplugin.results import Report
from riskplugin.store.files import PARQUET
from riskplugin.store.runs import content_of, damaged

PIECE = 50_000  # rows in memory at once
FACTS = ("run_id", "as_of", "version", "status", "base_currency", "confidence")
COUNTS = ("positions", "left_out", "issues")


@dataclass(frozen=True, eq=False, slots=True)
class Finished:
    """A finished run that is in memory or in a folder.

    Attributes
    ----------
    facts : Mapping
        What the table of runs says of it.
    names : tuple of str
        Its results.
    folder : Path, optional
        Where they are; else they are in `tables`.
    tables : Mapping of str to pyarrow.Table
    """

    facts: Mapping[str, Any]
    names: tuple[str, ...]
    folder: Path | None = None
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    def schema(self, name: str) -> pa.Schema:
        """Return the columns of a result."""
        if self.folder is None:
            return self.tables[name].schema
        return pq.read_schema(self.folder / f"{name}{PARQUET}")

    def rows(self, name: str) -> int:
        """Return how many rows a result has."""
        if self.folder is None:
            return int(self.tables[name].num_rows)
        metadata = pq.read_metadata(self.folder / f"{name}{PARQUET}")
        return int(metadata.num_rows)

    def pieces(self, name: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a result."""
        if self.folder is None:
            yield from self.tables[name].to_batches(PIECE)
            return
        with pq.ParquetFile(self.folder / f"{name}{PARQUET}") as file:
            yield from file.iter_batches(PIECE)


def finished(run: Report | Path) -> Finished:
    """Return a run that is whole.

    Raises
    ------
    AdapterError
        If a folder holds no run, or not as it was written.
    """
    if isinstance(run, Report):
        return from_memory(run)
    content = content_of(run)
    spoilt = damaged(run)
    if spoilt:
        raise AdapterError(
            f"{run}: {', '.join(spoilt)} not as written; see `riskplugin verify`"
        )
    facts = {key: content[key] for key in (*FACTS, *COUNTS)}
    return Finished(facts, tuple(sorted(content["tables"])), folder=run)


def from_memory(report: Report) -> Finished:
    """Return a run that was computed and not written."""
    tables = {
        name: pa.Table.from_pandas(found.to_frame(), preserve_index=False)
        for name, found in report.tables.items()
    }
    facts = {
        "run_id": report.run_id,
        "as_of": str(report.as_of),
        "version": report.manifest["version"],
        "status": report.status,
        "base_currency": report.base_currency,
        "confidence": report.confidence,
        "positions": len(report.tables["positions"]),
        "left_out": len(report.left_out),
        "issues": len(report.issues),
    }
    return Finished(facts, tuple(sorted(tables)), tables=tables)


def chosen(run: Finished, tables: list[str]) -> list[str]:
    """Return the results to export; all by none.

    Raises
    ------
    UsageError
        If there is no such result.
    """
    unknown = [name for name in tables if name not in run.names]
    if unknown:
        hint = did_you_mean(unknown[0], run.names)
        raise UsageError(f"the run has no table {unknown[0]!r}; {hint}")
    return list(dict.fromkeys(tables)) or list(run.names)
