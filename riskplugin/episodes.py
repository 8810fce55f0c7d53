"""Episodes: dated stretches of history, and what is known of names in them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Record:
    """What an instrument did in an episode.

    Attributes
    ----------
    instrument, tier : str
    move : float
        From the first close to the last; simple, as are the others.
    worst : float
        From the first close to the lowest; 0 if it never fell below it.
    half_sessions : float
        First session on which half of the worst fall, in logs, was reached; NaN where
        the worst is under 2 %.
    worst_week : float
        The worst over five sessions within the episode.
    """

    instrument: str
    tier: str
    move: float
    worst: float
    half_sessions: float
    worst_week: float


@dataclass(frozen=True, slots=True)
class Episode:
    """A dated stretch of history.

    Attributes
    ----------
    name : str
        As in tables.
    start, end : numpy.datetime64
        Weekdays; moves are counted from the close of `start` to that of `end`.
    title : str
        In words.
    records : tuple of Record
        What names did, where a table says so.

    Raises
    ------
    ValueError
        If it does not end after it starts.
    """

    name: str
    start: np.datetime64
    end: np.datetime64
    title: str = ""
    records: tuple[Record, ...] = ()

    def __post_init__(self) -> None:
        if not self.start < self.end:
            msg = f"episode {self.name} must end after {self.start}, not on {self.end}"
            raise ValueError(msg)

    @property
    def sessions(self) -> int:
        """Weekdays from the first close to the last."""
        return int(np.busday_count(self.start, self.end))
