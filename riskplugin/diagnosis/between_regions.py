"""Which region's labels are off, by the vote of all of them.

That two regions are a session apart says that one of them is off, not which. Every
region's median is held against every other's, and the fewest displacements that explain
all pairs are taken: the one that is off disagrees with all, the others agree among each
other. Where two explanations are as good, neither is settled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from riskplugin._typing import Codes, Flags, Matrix, Vector, Words
from riskplugin.diagnosis.displacements import Displacement, same_sign, span_of
from riskplugin.diagnosis.labels import (
    CRITICAL,
    LATE,
    LEAST,
    SAME,
    TIMES,
    Scan,
    scan,
)
from riskplugin.diagnosis.moves import Moves, known_median
from riskplugin.diagnosis.references import within
from riskplugin.diagnosis.regions import Region, usual_lags

FEWEST_PEERS = 4  # members of a region that are judged against each other
DECISIVE = 9.0  # squared standard errors by which an explanation beats the next


@dataclass(frozen=True, eq=False, slots=True)
class Regions:
    """Regions with prices, each by the median of its members.

    Attributes
    ----------
    regions : tuple of R Region
    columns : tuple of R ndarray of int
        Members of each.
    moves : Moves
        Returns of all columns on weekdays.
    """

    regions: tuple[Region, ...]
    columns: tuple[Codes, ...]
    moves: Moves

    def median(self, place: int) -> Matrix:
        """Return the median return of a region, (T, 1); of one member, its own."""
        cut = within(self.moves.returns[:, self.columns[place]])
        return cut if cut.shape[1] == 1 else known_median(cut)[:, None]

    def begin(self) -> int:
        """Return the first row on which all whole regions have moves."""
        there = [
            ~np.isnan(self.moves.returns[:, columns]).all(axis=1)
            for place, columns in enumerate(self.columns)
            if self.is_whole(place)
        ]
        return max((int(known.argmax()) for known in there), default=0)

    def rows(self, first: int, end: int) -> "Regions":
        """Return the same of some rows."""
        moves = Moves(self.moves.dates[first : end + 1], self.moves.returns[first:end])
        return Regions(self.regions, self.columns, moves)

    def weights(self) -> Vector:
        """Return what the displacement of each region counts, (R,).

        One, a half for one of few members. Of two that explain as much the one with
        fewer members is named first.
        """
        members = np.array([len(c) for c in self.columns])
        whole = np.array([self.is_whole(i) for i in range(len(members))])
        weights: Vector = np.where(whole, 1.0, 0.5) + 1e-6 * members / members.sum()
        return weights

    def is_whole(self, place: int) -> bool:
        """Whether a region has the members to be judged as one."""
        return len(self.columns[place]) >= FEWEST_PEERS


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """Two regions, by their places, and the first's correlations with the second."""

    one: int
    other: int
    usual: tuple[int, ...]
    found: Scan

    def outside(self, off: int) -> Flags:
        """Return the lags at which nothing is expected if `one` is `off` late, (L,)."""
        expected = np.array(self.usual) + off
        flags: Flags = ~np.isin(LATE, expected)
        return flags

    def seen_from(self, place: int) -> tuple[Scan, Codes, int]:
        """Return correlations and usual lags of one of the two, and the other."""
        usual = np.array(self.usual)
        if place == self.one:
            return self.found, usual, self.other
        turned = Scan(self.found.correlation[:, ::-1], self.found.pairs[:, ::-1])
        return turned, -usual, self.one


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """What explains all pairs, in every block and over the whole.

    Attributes
    ----------
    late : ndarray of int, shape (B + 1, R)
        Sessions that each region is behind; the last row is the whole.
    instead : ndarray of str, shape (B + 1,)
        What explains it as well, in words; "" where nothing does.
    suspects : frozenset of Region
        Those that are displaced, or may be.
    """

    late: Codes
    instead: Words
    suspects: frozenset[Region]


def pairs_of(known: Regions) -> list[Pair]:
    """Return every pair of regions with its correlations."""
    medians = [known.median(i) for i in range(len(known.regions))]
    return [
        Pair(
            a,
            b,
            usual_lags(known.regions[a], known.regions[b]),
            scan(medians[a], medians[b]),
        )
        for a, b in combinations(range(len(medians)), 2)
    ]


def verdict(known: Regions, pairs: Sequence[Pair]) -> Verdict:
    """Return which regions are off, and where that is not settled.

    An explanation displaces half of the regions at most. It leaves correlations where
    none is expected: ``sum (n - 3) atanh(r)^2`` over pairs and lags, r > 0, to which
    ``CRITICAL^2`` is added for each region displaced, half for one of few members. The
    least of it is taken, if it explains a correlation of `LEAST` as clearly as
    `labels.displaced` wants it.
    """
    guesses = explanations(len(known.regions))
    left, highest = leftover(pairs)
    scores = ((guesses != 0) @ known.weights() * CRITICAL**2)[:, None]
    for pair, of_pair in zip(pairs, left, strict=True):
        scores = scores + of_pair[guesses[:, pair.one] - guesses[:, pair.other]]
    order = scores.argsort(axis=0, kind="stable")
    best = guesses[order[0]]
    clear = is_clear(pairs, highest, best)
    late = np.where(clear[:, None], best, 0)
    gap = np.diff(np.take_along_axis(scores, order[:2], axis=0), axis=0)[0]
    second = guesses[order[1]]
    open_ = clear & (gap <= DECISIVE) & (second != 0).any(axis=1)
    instead = [
        in_words(known, guess) if unsettled else ""
        for guess, unsettled in zip(second, open_, strict=True)
    ]
    suspect = (late != 0).any(axis=0) | (second[open_] != 0).any(axis=0)
    return Verdict(
        late,
        np.array(instead, dtype=np.str_),
        frozenset(known.regions[int(i)] for i in np.flatnonzero(suspect)),
    )


def explanations(regions: int) -> Codes:
    """Return the displacements (G, R) of at most half of the regions, none first.

    Only those that the scan of two regions reaches.
    """
    every = sorted(
        product(LATE.tolist(), repeat=regions),
        key=lambda guess: sum(by != 0 for by in guess),
    )
    guesses = np.array(every, dtype=np.int64)
    few = (guesses != 0).sum(axis=1) <= regions // 2
    within_reach = np.ptp(guesses, axis=1) <= LATE.max()
    kept: Codes = guesses[few & within_reach]
    return kept


def leftover(pairs: Sequence[Pair]) -> tuple[list[Matrix], list[Matrix]]:
    """Return what each displacement of a pair leaves unexplained, block by block.

    For each pair an array (L, B + 1), the displacement counted from 0 and, below 0,
    from the end: squared standard errors, and the highest correlation.
    """
    left, highest = [], []
    for pair in pairs:
        r = np.clip(np.nan_to_num(pair.found.correlation[:, :, 0]), 0.0, 0.999)
        squared = np.maximum(pair.found.pairs[:, :, 0] - 3, 0) * np.arctanh(r) ** 2
        outside = [pair.outside(int(off)) for off in np.roll(LATE, -SAME)]
        left.append(np.array([squared[:, flags].sum(axis=1) for flags in outside]))
        highest.append(np.array([r[:, flags].max(axis=1) for flags in outside]))
    return left, highest


def is_clear(pairs: Sequence[Pair], highest: Sequence[Matrix], best: Codes) -> Flags:
    """Return whether the explanation of each block is needed, (B + 1,).

    The highest correlation where right labels have none is at least `LEAST`, `TIMES`
    what the explanation leaves of it, and that is no chance.
    """
    blocks = np.arange(len(best))
    before = np.array([of_pair[0] for of_pair in highest])
    after = np.array(
        [
            of_pair[best[:, pair.one] - best[:, pair.other], blocks]
            for pair, of_pair in zip(pairs, highest, strict=True)
        ]
    )
    counts = np.array([pair.found.pairs[:, :, 0].min(axis=1) for pair in pairs])
    worst = before.argmax(axis=0), blocks
    apart = np.arctanh(before[worst]) - np.arctanh(after[worst])
    clear: Flags = (
        (before[worst] >= LEAST)
        & (before[worst] >= TIMES * after[worst])
        & (apart * np.sqrt(np.maximum(counts[worst] - 3, 0) / 2) >= CRITICAL)
    )
    return clear


def in_words(known: Regions, guess: Codes) -> str:
    """Return a displacement of regions in words: ``America 1 session early``."""
    return " and ".join(
        f"{region} {by_sessions(int(by))}"
        for region, by in zip(known.regions, guess, strict=True)
        if by
    )


def by_sessions(late: int) -> str:
    """Return a displacement in words: ``1 session late``."""
    word = "late" if late > 0 else "early"
    return f"{abs(late)} session{'s' * (abs(late) > 1)} {word}"


def displaced_regions(known: Regions) -> tuple[list[Displacement], frozenset[Region]]:
    """Return the displacement of every member of a region that is off, and suspects.

    First of the years that all regions share, as fewer vote before; where nothing is
    off in them, of the whole history. Regions of few members are left to be judged one
    by one.
    """
    begin = known.begin()
    judged = known.rows(begin, len(known.moves.returns))
    pairs = pairs_of(judged)
    found = verdict(judged, pairs)
    opens = judged.moves.dates[0]
    if not found.late[-1].any():
        judged, pairs = known, pairs_of(known)
        found = verdict(judged, pairs)
    before = known.rows(0, begin)
    begun = judged is not known and not fits(before, found.late[-1])
    start = opens if begun else None
    made = [
        replace(one, column=int(column), first=one.first or start)
        for place, columns in enumerate(known.columns)
        if known.is_whole(place)
        for one in stretches_of(judged, pairs, found, place)
        for column in columns
    ]
    return made, found.suspects


def fits(known: Regions, late: Codes) -> bool:
    """Whether a displacement (R,) explains what it is held against as well as none."""
    pairs = pairs_of(known) if len(known.moves.returns) else []
    left, _ = leftover(pairs)
    gain = sum(
        float(of_pair[0, -1] - of_pair[late[pair.one] - late[pair.other], -1])
        for pair, of_pair in zip(pairs, left, strict=True)
    )
    return gain >= 0


def stretches_of(
    known: Regions, pairs: Sequence[Pair], found: Verdict, place: int
) -> Iterator[Displacement]:
    """Yield when a region is off: as a whole, or for blocks in a row if none is."""
    late = found.late[:, place]
    if found.late[-1].any() and not late[-1]:
        return
    everything = [(0, len(late) - 2, int(late[-1]))]
    for first, last, by in everything if late[-1] else same_sign(late[:-1]):
        block = -1 if late[-1] else first
        pair = shown_by(pairs, found.late, place, block)
        yield stretch(known, pair, place, (first, last, by), str(found.instead[block]))


def stretch(
    known: Regions, pair: Pair, place: int, blocks: tuple[int, int, int], instead: str
) -> Displacement:
    """Return the displacement of a region, with the figures of the pair that shows it.

    Those of the lags that tell: where right labels alone have a correlation, and where
    displaced ones alone do. Regions that close at other hours have one at two lags, and
    one of these may be both's.
    `blocks` are the first and last block and the sessions late. Blocks at either end
    of a whole history that clearly move on the same day are not of it.
    """
    first, last, by = blocks
    everything = last - first + 2 == len(pair.found.correlation)
    block = -1 if everything else first
    profile, usual, other = pair.seen_from(place)
    figures = np.nan_to_num(profile.correlation[block, :, 0])
    expected = np.isin(LATE, usual + by)
    highest = int(np.where(expected, figures, -1.0).argmax())
    if everything and highest != SAME:
        first, last, _ = span_of(profile, 0, int(LATE[highest]))
    right, wrong = telling(usual, by)
    at = int(np.where(wrong, figures, -1.0).argmax())
    return Displacement(
        -1,
        by,
        *known.moves.span(first, last),
        float(figures[right].max()),
        float(figures[at]),
        int(profile.pairs[block, at, 0]),
        wide=True,
        instead=instead,
        against=f"the region {known.regions[other]}",
    )


def telling(usual: Codes, by: int) -> tuple[Flags, Flags]:
    """Return the lags that right labels alone have, and those of labels `by` late."""
    right: Flags = np.isin(LATE, usual)
    wrong: Flags = np.isin(LATE, usual + by)
    return right & ~wrong, wrong & ~right


def shown_by(pairs: Sequence[Pair], late: Codes, place: int, block: int) -> Pair:
    """Return the pair of a region and one that is not displaced that shows it best.

    That whose highest correlation where the displacement alone has one exceeds most
    what it is where right labels alone do.
    """
    mine = [p for p in pairs if place in (p.one, p.other)]
    right = [p for p in mine if not late[block, p.seen_from(place)[2]]]

    def excess(pair: Pair) -> float:
        """Return the correlation that a displacement explains beyond right labels."""
        found, usual, _ = pair.seen_from(place)
        r = np.nan_to_num(found.correlation[block, :, 0])
        right, wrong = telling(usual, int(late[block, place]))
        return float(r[wrong].max() - r[right].max())

    return max(right or mine, key=excess)
