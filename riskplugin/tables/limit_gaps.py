"""What was left out of the desk, and which scopes miss it."""

from collections.abc import Iterator
from typing import NamedTuple

from riskplugin.desk import Desk
from riskplugin.limits.definition import Limit

OF_INSTRUMENT = ("tier", "link", "asset_class", "currency", "kind")


class LeftOut(NamedTuple):
    """A position that was left out: what is missing, why, and its labels by key.

    A key that is not among the labels is not known: it may be any.
    """

    name: str
    code: str
    labels: dict[str, str]

    def touches(self, limit: Limit) -> bool:
        """Whether the scope of a limit misses it, or may."""
        return self.labels.get(limit.key, limit.label) == limit.label


def left_out_of(desk: Desk) -> tuple[LeftOut, ...]:
    """Return the positions that were left out of a desk."""
    return tuple(rows_left_out(desk))


def rows_left_out(desk: Desk) -> Iterator[LeftOut]:
    """Yield them, with what is known of each."""
    for row in desk.left_out.to_dict(orient="records"):
        name = str(row["instrument"])
        labels = {"book": row["book"]} if row["book"] else {}
        labels |= {k: row[k] for k in ("account", "strategy") if k in row}
        known = desk.universe.instruments.get(name)
        if known is not None:
            labels |= {key: getattr(known, key) for key in OF_INSTRUMENT}
            labels["instrument"] = name
        yield LeftOut(name or "a row without a name", str(row["reason"]), labels)


def gap_of(limit: Limit, out: tuple[LeftOut, ...], most: int = 5) -> str:
    """Return what a limit's scope misses, in words; blank if nothing."""
    codes: dict[str, str] = {}
    for row in out:
        if row.touches(limit):
            codes.setdefault(row.name, row.code)
    if not codes:
        return ""
    named = [f"{name} ({code})" for name, code in codes.items()]
    more = len(named) - most
    rest = f" and {more} more" if more > 0 else ""
    return f"left out: {', '.join(named[:most])}{rest}"
