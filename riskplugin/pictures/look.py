"""What all pictures share: colours, units of money, signs and bare frames."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito (2008), told apart by readers who do not see red and green
BLUE, VERMILION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW = "#E69F00", "#56B4E9", "#F0E442"
INK, GREY, PALE = "#333333", "#9A9A9A", "#BBBBBB"
UNITS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
WHOLE = "total"


def blank(width: float, height: float) -> "Figure":
    """Return an empty picture; sides in inches."""
    from riskplugin.pictures.picture import Picture  # noqa: PLC0415 - half a second

    return Picture(figsize=(width, height), layout="constrained")


def unit_of(largest: float) -> tuple[float, str]:
    """Return by what money is divided, and what it is called then."""
    for scale, name in UNITS:
        if largest >= scale:
            return scale, f"{name} "
    return 1.0, ""


def signed(value: float, form: str) -> str:
    """Return a figure in the format `form`, with a true minus sign."""
    return format(value, form).replace("-", "\N{MINUS SIGN}")


def words(name: object) -> str:
    """Return a name of the tables in words."""
    return str(name).replace("_", " ")


def bare(panel: "Axes") -> None:
    """Leave only the axes that are read."""
    panel.spines[["top", "right"]].set_visible(False)


def groups_of(frame: pd.DataFrame, keys: Sequence[str]) -> "pd.Series[str]":
    """Return the group of every row in one label; the whole desk has no keys."""
    rows = frame[list(keys)].itertuples(index=False, name=None)
    labels = [", ".join(map(str, row)) for row in rows] if keys else WHOLE
    return pd.Series(labels, index=frame.index, dtype=str)


def keys_before(frame: pd.DataFrame, *ends: str) -> list[str]:
    """Return the columns that stand before the first of `ends`."""
    columns = [str(c) for c in frame.columns]
    return columns[: min(columns.index(end) for end in ends if end in columns)]
