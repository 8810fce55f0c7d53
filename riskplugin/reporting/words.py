"""Figures as people write them: with a unit, a true minus, and unknown in words."""

import re
from collections.abc import Iterable, Sequence
from math import isnan

MINUS = "\N{MINUS SIGN}"
SCALES = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
UNKNOWN = "unknown"
BELOW_ZERO = re.compile(r"(?<![\w.)-])-(?=\d)")


def scale_of(largest: float) -> tuple[float, str]:
    """Return what to divide money by, and the letters that say so."""
    for scale, letters in SCALES:
        if abs(largest) >= scale:
            return scale, letters
    return 1.0, ""


def money(value: float, currency: str = "") -> str:
    """Return money in words: ``USD 179.0m``, ``unknown``; its minus is a true one."""
    if isnan(value):
        return UNKNOWN
    scale, letters = scale_of(value)
    decimals = 1 if letters else (0 if abs(value) >= 100 else 2)
    digits = f"{abs(value) / scale:,.{decimals}f}{letters}"
    sign = MINUS if value < 0 and digits.strip("0.") else ""
    return f"{currency} {sign}{digits}".strip()


def signed(value: float, currency: str = "") -> str:
    """Return money with its sign, a gain's too: ``+36.7m``."""
    said = money(value)
    plus = "+" if value > 0 and said != "0" else ""
    return f"{currency} {plus}{said}".strip()


def minus(text: str) -> str:
    """Return text whose numbers below zero have a true minus sign."""
    return BELOW_ZERO.sub(MINUS, text)


def share(value: float) -> str:
    """Return a decimal in percent: ``41.6%``."""
    if isnan(value):
        return UNKNOWN
    digits = f"{abs(value):.1%}"
    return (MINUS if value < 0 and digits != "0.0%" else "") + digits


def number(value: float, digits: int = 2) -> str:
    """Return a number without a unit."""
    if isnan(value):
        return UNKNOWN
    said = f"{abs(value):,.{digits}f}"
    return (MINUS if value < 0 and said.strip("0.") else "") + said


def plural(count: int, noun: str, many: str = "") -> str:
    """Return a count with its noun: ``1 limit``, ``3 limits``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def verb(count: int) -> str:
    """Return is or are."""
    return "is" if count == 1 else "are"


def joined(names: Iterable[str], limit: int = 5) -> str:
    """Return names in a row: ``a, b and c``, ``a, b and 7 more``."""
    items = list(names)
    if len(items) > limit:
        more = len(items) - limit + 1
        items = [*items[: limit - 1], f"{more} more"]
    return enumerated(items)


def enumerated(items: Sequence[str]) -> str:
    """Return all items in a row, the last after an *and*."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def spaced(name: object) -> str:
    """Return a name without underscores."""
    return str(name).replace("_", " ")
