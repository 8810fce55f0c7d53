"""What an option's price depends on: checked, broadcast, and taken block by block."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskplugin._typing import Codes, Flags, Matrix, Vector
from riskplugin.errors import UsageError, did_you_mean

CALL, PUT = "call", "put"
SIGNED = frozenset({"rate", "dividend_yield"})  # what may be negative


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """N options, each with its own terms; every field has shape (N,).

    `sign` is 1 for a call and -1 for a put; rates are continuously compounded a year,
    `years` counts 365 days, `volatility` is annual.
    """

    sign: Vector
    spot: Vector
    strike: Vector
    rate: Vector
    dividend_yield: Vector
    years: Vector
    volatility: Vector

    def __len__(self) -> int:
        return len(self.sign)

    def at(self, rows: slice | Codes | Flags) -> "Terms":
        """Return the options of some rows."""
        return Terms(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def deviation(self) -> Vector:
        """Standard deviation of the log spot at expiry."""
        deviation: Vector = self.volatility * np.sqrt(self.years)
        return deviation

    @property
    def missing(self) -> Flags:
        """Whether anything that the price depends on is NaN."""
        with np.errstate(over="ignore"):
            total: Vector = sum(getattr(self, f.name) for f in fields(self))
        return np.isnan(total)


def signs(option_type: npt.ArrayLike) -> Vector:
    """Return 1 where `option_type` is ``"call"`` and -1 where it is ``"put"``.

    Raises
    ------
    UsageError
        For any other word.
    """
    words = np.asarray(option_type)
    calls, puts = words == CALL, words == PUT
    known = np.asarray(calls | puts)
    if known.shape != words.shape or not known.all():
        at = tuple(np.argwhere(~known)[0]) if known.shape == words.shape else ()
        word = str(words[at])
        hint = did_you_mean(word, (CALL, PUT))
        raise UsageError(f"option_type is {word!r}{_where(at)}: {hint}")
    return np.where(calls, 1.0, -1.0)


def numbers(name: str, value: npt.ArrayLike) -> Vector:
    """Return an argument as floats; NaN is a missing one.

    Raises
    ------
    UsageError
        If it is no number, infinite, or negative where that has no meaning.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{name} holds something that is no number") from None
    wrong = np.isinf(array)
    if name not in SIGNED:
        wrong |= array < 0
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        bound = "finite" if name in SIGNED else "finite and not negative"
        raise UsageError(f"{name} is {array[at]:g}{_where(at)}: it must be {bound}")
    return array


def columns(
    **arguments: npt.NDArray[Any],
) -> tuple[list[npt.NDArray[Any]], tuple[int, ...]]:
    """Return arguments flat over their common shape, and that shape.

    Raises
    ------
    UsageError
        If they do not broadcast together.
    """
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arguments.values()))
    except ValueError:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in arguments.items() if a.ndim)
        raise UsageError(f"shapes do not broadcast together: {shapes}") from None
    return [np.broadcast_to(a, shape).reshape(-1) for a in arguments.values()], shape


def terms(
    option_type: npt.ArrayLike, **arguments: npt.ArrayLike
) -> tuple[Terms, tuple[int, ...]]:
    """Return options' terms by name, checked and flat, and their common shape."""
    checked = {name: numbers(name, value) for name, value in arguments.items()}
    flat, shape = columns(option_type=signs(option_type), **checked)
    return Terms(*flat), shape


def in_blocks(kernel: Callable[[Terms], Matrix], options: Terms, size: int) -> Matrix:
    """Return `kernel`'s rows of N columns, computed `size` options at a time.

    So that what it holds meanwhile stays in a core's cache.
    """
    starts = range(0, max(len(options), 1), size)
    return np.concatenate(
        [kernel(options.at(slice(start, start + size))) for start in starts], axis=-1
    )


def _where(at: tuple[int, ...]) -> str:
    """Return where in an array, in words; nothing for a scalar."""
    if not at:
        return ""
    place = at[0] if len(at) == 1 else tuple(int(i) for i in at)
    return f" at position {place}"
