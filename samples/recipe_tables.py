"""Read the tables of `recipe/`, and write numbers and tables the same everywhere."""

import csv
from pathlib import Path
from typing import NamedTuple, TypeVar, get_type_hints

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
RECIPE = HERE / "recipe"

Row = TypeVar("Row", bound=NamedTuple)


def read_recipe(name: str, row_type: type[Row]) -> list[Row]:
    """Read one table of the recipe into typed rows.

    Parameters
    ----------
    name : str
        File in `recipe/`; lines that start with `#` are comments.
    row_type : type
        Its field names are the columns, its annotations their types.

    Returns
    -------
    list of row_type
    """
    kinds = get_type_hints(row_type)
    with (RECIPE / name).open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        rows = list(csv.DictReader(lines, skipinitialspace=True))
    return [row_type(**{key: kinds[key](row[key]) for key in kinds}) for row in rows]


def significant(value: float, digits: int) -> str:
    """Write a number to some significant digits, never with an exponent."""
    decimals = digits - 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with the same bytes on every system."""
    table.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d")
