"""The stretches that a scenario unfolds in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import NoReturn


def is_number(value: object) -> bool:
    """Whether `value` is a finite number."""
    return isinstance(value, float | int) and isfinite(value)


class Figures(dict[str, float]):
    """Figures by name that cannot be changed."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a scenario's figures do not support assignment")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type["Figures"], tuple[dict[str, float]]]:
        """Pickle as an ordinary dict, to be filled at once."""
        return Figures, (dict(self),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a scenario in which some tiers move.

    A tier moves in the phases that name it, waits in the others, and has made its whole
    move at the end of the last. One that no phase names moves all the time, as without
    phases.

    Attributes
    ----------
    name : str
        In words.
    sessions : int
        How long it lasts.
    reach : Mapping of tier to float
        Share of the tier's log move over the scenario that is made by the end of the
        phase; above 1 goes further than it stays.
    others : float, optional
        The same for every tier not in `reach`, which names them all.
    half_life : Mapping of tier to float
        Sessions, in this phase, instead of the scenario's.
    """

    name: str
    sessions: int
    reach: Mapping[str, float] = field(default_factory=dict)
    others: float | None = None
    half_life: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in ("reach", "half_life"):
            object.__setattr__(self, part, Figures(getattr(self, part)))

    def reached(self, tier: str) -> float | None:
        """Return the share that `tier` has made by the end; None if it waits."""
        return self.reach.get(tier, self.others)

    def names(self, tier: str) -> bool:
        """Whether the phase says anything of `tier`."""
        return self.reached(tier) is not None or tier in self.half_life

    def faults(self, *, last: bool) -> Iterator[str]:
        """Yield what is wrong with the phase; the last one ends at the whole move."""
        if not self.name.strip():
            yield "a phase has no name"
        sessions = self.sessions
        if not (is_number(sessions) and sessions == int(sessions) and sessions >= 1):
            yield f"sessions is {sessions!r}, a whole number, at least 1, is needed"
        goals = {f"reach.{tier}": share for tier, share in self.reach.items()}
        if self.others is not None:
            goals["others"] = self.others
        for key, share in goals.items():
            if not is_number(share):
                yield f"{key} is {share!r}, a share of the tier's move is needed"
            elif last and share != 1:
                yield f"{key} is {share}: the last phase ends at the whole move, 1"
        yield from self._fault_of_speed(last=last)

    def _fault_of_speed(self, *, last: bool) -> Iterator[str]:
        for tier, sessions in self.half_life.items():
            if not (is_number(sessions) and sessions > 0):
                yield f"half_life.{tier} is {sessions!r}, a number above 0 is needed"
            if not last and self.reached(tier) is None:
                yield f"half_life.{tier} needs reach.{tier}, how far it gets"
