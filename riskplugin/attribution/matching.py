"""Which positions of two books are the same one."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from riskplugin._typing import Codes
from riskplugin.book import Book

Key = Callable[[int], tuple[object, ...]]
OWN = ("book", "instrument", "account", "strategy")


def matched(before: Book, after: Book) -> tuple[Codes, Codes]:
    """Return the rows of positions that both books hold, pair by pair.

    Positions of one book, instrument, account and strategy are the same, those of one
    quantity first, then in order. What is left over is the same if instrument and
    quantity are: a book, account or strategy that was given another name.

    Returns
    -------
    rows of `before`, rows of `after` : ndarray of shape (M,)
        Ascending in `before`.
    """
    left = list(range(len(before))), list(range(len(after)))
    pairs: list[tuple[int, int]] = []
    for keys in (
        (labels(before, OWN, before.quantity), labels(after, OWN, after.quantity)),
        (labels(before, OWN), labels(after, OWN)),
        (
            labels(before, ("instrument",), before.quantity),
            labels(after, ("instrument",), after.quantity),
        ),
    ):
        found = list(paired(left, keys))
        pairs += found
        gone = {b for b, _ in found}, {a for _, a in found}
        left = (
            [row for row in left[0] if row not in gone[0]],
            [row for row in left[1] if row not in gone[1]],
        )
    rows = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def labels(book: Book, names: tuple[str, ...], *figures: Iterable[float]) -> Key:
    """Return what gives the labels of a row, and its figures, as one key."""
    columns = [
        [book.labels[name].names[c] for c in book.labels[name].codes] for name in names
    ]
    rows = list(zip(*columns, *(map(float, f) for f in figures), strict=True))
    return rows.__getitem__


def paired(
    left: tuple[list[int], list[int]], keys: tuple[Key, Key]
) -> Iterator[tuple[int, int]]:
    """Yield rows whose keys are the same, in order."""
    waiting: dict[tuple[object, ...], list[int]] = {}
    for row in left[0]:
        waiting.setdefault(keys[0](row), []).append(row)
    for row in left[1]:
        rows = waiting.get(keys[1](row))
        if rows:
            yield rows.pop(0), row
