"""What a run id stands for: inputs, settings, scenarios, version and date."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from riskplugin._version import __version__
from riskplugin.book import FIGURES
from riskplugin.desk import Desk
from riskplugin.errors import Issue


def manifest_of(desk: Desk, issues: Sequence[Issue]) -> dict[str, Any]:
    """Return what the run id stands for: inputs, settings, version and date."""
    book, market = desk.book, desk.market
    names = json.dumps({k: v.names for k, v in book.labels.items()}).encode()
    figures = (getattr(book, column) for column in FIGURES)
    locked = book.locked_until.astype(np.int64)
    codes = tuple(v.codes for v in book.labels.values())
    columns = json.dumps([market.instruments, market.currencies]).encode()
    prices = (market.dates.astype(np.int64), market.close, market.usd_per)
    known = [asdict(i) for _, i in sorted(desk.universe.instruments.items())]
    universe = {"instruments": known, "tiers": [asdict(t) for t in desk.universe.tiers]}
    carried = {n: t.to_csv(index=False) for n, t in desk.tables.items()}
    return {
        "version": __version__,
        "as_of": str(desk.as_of),
        "settings": settings_of(desk),
        "scenarios": [asdict(s) for s in desk.scenarios],
        **({"repairs": [asdict(r) for r in desk.repairs]} if desk.repairs else {}),
        "inputs": {
            "positions": hashed(names, *codes, *figures, locked),
            **modelled_beside(desk),
            "market": hashed(columns, *prices),
            "universe": hashed(json.dumps(universe, sort_keys=True).encode()),
            "issues": hashed(json.dumps(sorted(map(essence, issues))).encode()),
            "left_out": hashed(left_out_text(desk).encode()),
            **{name: hashed(text.encode()) for name, text in carried.items()},
        },
    }


def settings_of(desk: Desk) -> dict[str, Any]:
    """Return the settings; weights of phases only if there are any."""
    settings = asdict(desk.settings)
    if not settings["phase_weights"]:
        del settings["phase_weights"]
    return settings


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
