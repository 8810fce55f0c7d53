"""What the first page of a report is made of: passages, each with its tone."""

from dataclasses import dataclass
from enum import StrEnum

from riskplugin.reporting.shown import Rows


class Tone(StrEnum):
    """How much a passage matters: what a reader looks at first."""

    BREACH = "breach"
    WARNING = "warning"
    UNKNOWN = "unknown"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the first page.

    Attributes
    ----------
    key, title : str
    tone : Tone
    points : tuple of str
        Sentences, the most important first.
    rows : Rows, optional
        The figures behind them.
    note : str
        How the figures are to be read.
    """

    key: str
    title: str
    tone: Tone
    points: tuple[str, ...]
    rows: Rows | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The first page of a run.

    Attributes
    ----------
    title, lead : str
        What it is, and the night in two sentences.
    facts : tuple of (str, str)
        Name and value of what the run is of: books, gross, NAV, run, …
    base_currency : str
        Of all money in it.
    passages : tuple of Passage
        What is not known first.
    """

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    base_currency: str
    passages: tuple[Passage, ...]
