"""How good the predictions of past reversals were: scores and calibration."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from riskplugin._typing import Flags, Matrix, Vector
from riskplugin.desk import Desk
from riskplugin.results import Table, table
from riskplugin.stressing.shock import band_ends

ALL_NAMES = "all names"
Day: TypeAlias = np.datetime64
Records: TypeAlias = np.ndarray[tuple[int], np.dtype[np.void]]
LEVELS = (50, 80, 90, 95)


@dataclass(frozen=True, slots=True)
class DriverMove:
    """A dated stretch of history and what the driver did in it.

    `move` is the driver's log move from the close of `start` to that of `end`.
    """

    start: Day
    end: Day
    sessions: int
    move: float


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """Predictions of one episode beside what came, over K names.

    Simple returns in base currency; members of the driver's basket are marked.
    """

    episode: DriverMove
    instruments: tuple[str, ...]
    tiers: tuple[str, ...]
    predicted: Vector
    low: Vector
    high: Vector
    realised: Vector
    provenance: tuple[str, ...]
    member: Flags
    books: Mapping[str, tuple[float, float, float, float, int]]


def crps(middle: Vector, deviation: Vector, realised: Vector) -> Vector:
    """Return the continuous ranked probability score of a normal forecast.

    ``s (z (2 F(z) - 1) + 2 f(z) - 1 / sqrt(pi))`` with ``z = (x - m) / s`` (Gneiting
    and Raftery 2007); the absolute error where the deviation is 0. Lower is better.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - only where it is used

    error = realised - middle
    z = np.divide(error, deviation, out=np.zeros_like(error), where=deviation > 0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    score = deviation * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return np.where(deviation > 0, score, np.abs(error))


def summaries(desk: Desk, judged: Sequence[Judged], confidence: float) -> Table:
    """Return scores by episode, by tier, by book and over all, beside no move.

    The driver's own members are left out: their basket is given. Scores over all are
    the mean over episodes of the episodes' means, so that no crowded episode rules.
    """
    below, above = band_ends(confidence)
    parts = [scored(j, above - below) for j in judged]
    rows: list[dict[str, object]] = []
    rows += [
        {"scope": "episode", "name": f"{j.episode.start} to {j.episode.end}", **mean}
        for j, p in zip(judged, parts, strict=True)
        if (mean := means(p))
    ]
    everything = np.concatenate(parts)
    rows += [
        {"scope": "tier", "name": tier, **means(everything[everything["tier"] == tier])}
        for tier in desk.universe.tier_names()
        if (everything["tier"] == tier).any()
    ]
    rows += book_scores(judged)
    whole = means(everything)
    whole["crps"] = float(np.mean([p["crps"].mean() for p in parts if len(p)]))
    whole["crps_no_move"] = float(
        np.mean([p["no_move_log"].mean() for p in parts if len(p)])
    )
    rows.append({"scope": "all", "name": ALL_NAMES, **whole})
    return table("evidence_summary", desk.as_of, in_columns(rows))


SCORES = (
    "crps",
    "no_move_log",
    "inside",
    "error",
    "no_move",
    "off",
    "predicted",
    "realised",
)


def scored(judged: Judged, width: float) -> Records:
    """Return the scores of one episode's names, as records.

    `off` is the log error in standard deviations of the prediction; NaN where that
    has none.
    """
    rows = np.flatnonzero(~judged.member & ~np.isnan(judged.low))
    middle, low, high, real = (
        np.log1p(np.maximum(getattr(judged, name)[rows], -0.999999))
        for name in ("predicted", "low", "high", "realised")
    )
    deviation = (high - low) / width
    kind = [("tier", "U64")] + [(name, "f8") for name in SCORES]
    out = np.zeros(len(rows), dtype=kind)
    out["tier"] = np.array(judged.tiers, dtype="U64")[rows]
    out["crps"] = crps(middle, deviation, real)
    out["off"] = np.nan
    np.divide(real - middle, deviation, out=out["off"], where=deviation > 0)
    out["predicted"], out["realised"] = judged.predicted[rows], judged.realised[rows]
    out["no_move_log"] = np.abs(real)
    out["inside"] = (real >= low) & (real <= high)
    out["error"] = np.abs(judged.predicted[rows] - judged.realised[rows])
    out["no_move"] = np.abs(judged.realised[rows])
    return out


def means(part: Records) -> dict[str, object]:
    """Return count, mean scores and median errors of some scores."""
    if not len(part):
        return {}
    return {
        "count": len(part),
        "crps": float(part["crps"].mean()),
        "crps_no_move": float(part["no_move_log"].mean()),
        "inside": float(part["inside"].mean()),
        "mean_error": float(part["error"].mean()),
        "mean_no_move": float(part["no_move"].mean()),
        "median_error": float(np.median(part["error"])),
        "median_no_move": float(np.median(part["no_move"])),
    }


def book_scores(judged: Sequence[Judged]) -> Iterator[dict[str, object]]:
    """Yield for each equal-weight book in how many episodes it fell into its band."""
    books: dict[str, list[tuple[float, float, float, float, int]]] = {}
    for episode in judged:
        for name, row in episode.books.items():
            books.setdefault(name, []).append(row)
    for name, rows in books.items():
        figures: Matrix = np.array(rows)
        predicted, low, high, real = figures[:, :4].T
        error, still = np.abs(predicted - real), np.abs(real)
        yield {
            "scope": "book",
            "name": name,
            "count": len(rows),
            "inside": float(((real >= low) & (real <= high)).mean()),
            "mean_error": float(error.mean()),
            "mean_no_move": float(still.mean()),
            "median_error": float(np.median(error)),
            "median_no_move": float(np.median(still)),
        }


def tier_table(desk: Desk, judged: Sequence[Judged], confidence: float) -> Table:
    """Return the scores of every tier in every episode."""
    below, above = band_ends(confidence)
    rows: list[dict[str, object]] = []
    for episode in judged:
        scores = scored(episode, above - below)
        for tier in desk.universe.tier_names():
            part = scores[scores["tier"] == tier]
            if len(part):
                rows.append(
                    {
                        "start": str(episode.episode.start),
                        "end": str(episode.episode.end),
                        "tier": tier,
                        **means(part),
                        "mean_predicted": float(part["predicted"].mean()),
                        "mean_realised": float(part["realised"].mean()),
                    }
                )
    return table("evidence_by_tier", desk.as_of, in_columns(rows))


def calibration_table(desk: Desk, judged: Sequence[Judged], confidence: float) -> Table:
    """Return how often names fell into central bands, by tier and over all.

    With the mean log error in standard deviations of its prediction, 0 where
    predictions are neither too deep nor too shallow, and the root of its mean square,
    1 where bands are as wide as they should be.
    """
    below, above = band_ends(confidence)
    scores = np.concatenate([scored(j, above - below) for j in judged])
    scores = scores[~np.isnan(scores["off"])]
    tiers = [t for t in desk.universe.tier_names() if (scores["tier"] == t).any()]
    rows = [
        {"scope": "tier", "name": tier, **calibration(scores[scores["tier"] == tier])}
        for tier in tiers
    ]
    rows.append({"scope": "all", "name": ALL_NAMES, **calibration(scores)})
    return table("evidence_calibration", desk.as_of, in_columns(rows))


def calibration(scores: Records) -> dict[str, object]:
    """Return count, share within the bands of `LEVELS`, bias and spread."""
    off = scores["off"]
    ends = {level: band_ends(level / 100)[1] for level in LEVELS}
    within = {
        f"within_{level}": float((np.abs(off) <= end).mean()) if len(off) else np.nan
        for level, end in ends.items()
    }
    return {
        "count": len(off),
        **within,
        "bias": float(off.mean()) if len(off) else np.nan,
        "spread": float(np.sqrt(np.mean(off**2))) if len(off) else np.nan,
    }


def in_columns(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return rows as columns; what a row does not have is NaN."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key, np.nan) for row in rows] for key in keys}
