"""Whether a run is what was written, and what its inputs still give."""

import json
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from riskplugin import pipeline
from riskplugin.desk import Desk
from riskplugin.manifest import digest
from riskplugin.results import Table, table
from riskplugin.store.audit import identity
from riskplugin.store.files import INPUT, PARQUET, sha256
from riskplugin.store.reading import desk_in, read_run
from riskplugin.store.runs import MANIFEST, content_of, write_run

AS_WRITTEN, CHANGED, MISSING = "as_written", "changed", "missing"
STRANGER, DIFFERS = "stranger", "differs"
DAMAGE = (CHANGED, MISSING, STRANGER)


def verify(run: str | PathLike[str], desk: Desk | None = None) -> Table:
    """Compare a run folder with its manifest, and with what is computed again.

    Parameters
    ----------
    run : path
        A run folder.
    desk : Desk, optional
        What to compute again; by default the inputs that the run itself holds, if they
        are as they were written.

    Returns
    -------
    Table
        file, state, detail; a row per file. `changed`, `missing`, `stranger` (no file
        of the run): not what was written. `differs`: as written, but not what comes out
        now; the detail says which inputs or columns. `as_written` otherwise.

    Raises
    ------
    AdapterError
        If it is no run folder.
    """
    folder = Path(run)
    content = content_of(folder)
    states = dict(written_states(folder, content))
    given = desk is not None
    details: dict[str, str] = {}
    spoilt = [f for f, s in states.items() if f.startswith(INPUT) and s != AS_WRITTEN]
    if given or not spoilt:
        again = desk if desk is not None else desk_in(read_run(folder))
        details = differences(folder, content, again, states)
    rows = [
        (name, DIFFERS if state == AS_WRITTEN and name in details else state)
        for name, state in sorted(states.items())
    ]
    return table(
        "verified",
        np.datetime64(content["as_of"], "D"),
        {
            "file": [name for name, _ in rows],
            "state": [state for _, state in rows],
            "detail": [details.get(name, "") for name, _ in rows],
        },
    )


def written_states(
    folder: Path, content: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield every file and whether it is as the manifest says.

    The manifest itself is held to its run id, and to the tables it counts.
    """
    for name, known in content["files"].items():
        path = folder / name
        if not path.is_file():
            yield name, MISSING
        else:
            yield name, AS_WRITTEN if sha256(path) == known else CHANGED
    for path in folder.iterdir():
        if path.name not in {MANIFEST, *content["files"]}:
            yield path.name, STRANGER
    own = digest(identity(content)) == content["run_id"]
    yield MANIFEST, AS_WRITTEN if own else CHANGED


def differences(
    folder: Path, content: Mapping[str, Any], desk: Desk, states: Mapping[str, str]
) -> dict[str, str]:
    """Return what differs from a run of `desk`, by file."""
    with TemporaryDirectory() as place:
        again = write_run(pipeline.run(desk), Path(place) / "again")
        theirs = content_of(again)
        found = {}
        for name in sorted({*theirs["files"], *content["files"]}):
            if theirs["files"].get(name) == content["files"].get(name):
                continue
            whole = states.get(name) == AS_WRITTEN and name in theirs["files"]
            found[name] = said(folder / name, again / name) if whole else "not the same"
        parts = dict(manifest_differences(content, theirs))
        if parts:
            found[MANIFEST] = "; ".join(f"{k}: {v}" for k, v in parts.items())
    return found


def manifest_differences(
    one: Mapping[str, Any], other: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield which entries of two manifests differ, their files aside."""
    for key in sorted({*one, *other} - {"files"}):
        mine, theirs = one.get(key), other.get(key)
        if json.dumps(mine, sort_keys=True) == json.dumps(theirs, sort_keys=True):
            continue
        if isinstance(mine, dict) and isinstance(theirs, dict):
            names = [
                k for k in sorted({*mine, *theirs}) if mine.get(k) != theirs.get(k)
            ]
            yield key, ", ".join(names)
        elif isinstance(mine, list):
            yield key, "not the same"
        else:
            yield key, f"{mine}, computed again {theirs}"


def said(mine: Path, theirs: Path) -> str:
    """Return how two files of a table differ."""
    if mine.suffix != PARQUET:
        return "other bytes"
    one, other = pd.read_parquet(mine), pd.read_parquet(theirs)
    if list(one.columns) != list(other.columns):
        return "other columns"
    if len(one) != len(other):
        return f"{len(one)} rows, computed again {len(other)}"
    moved = {c: int((~same(one[c], other[c])).sum()) for c in one.columns}
    columns = ", ".join(f"{c} ({n} rows)" for c, n in moved.items() if n)
    return columns or "other types"


def same(one: "pd.Series[Any]", other: "pd.Series[Any]") -> "pd.Series[bool]":
    """Return where two columns hold the same, unknown being the same as unknown."""
    return (one == other) | (one.isna() & other.isna())
