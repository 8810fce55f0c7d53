"""What a function of the spreadsheet is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from riskplugin.adapters.excel.cells import Kind

CATEGORY = "riskplugin"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function."""

    name: str
    kind: Kind
    help: str
    optional: bool = False


def optional(name: str, kind: Kind, text: str) -> Argument:
    """Return an argument that may be left out."""
    return Argument(name, kind, text, optional=True)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the spreadsheet.

    Attributes
    ----------
    name : str
        Upper case, at most 31 characters.
    help : str
        What it gives, in a sentence.
    python : str
        The same question in Python.
    arguments : tuple of Argument
    spills : bool
        Whether it gives a table with a header row; else one cell.
    answer : callable
        Takes a `Session`, then the arguments by name.
    """

    name: str
    help: str
    python: str
    arguments: tuple[Argument, ...]
    spills: bool
    answer: Callable[..., Any]
