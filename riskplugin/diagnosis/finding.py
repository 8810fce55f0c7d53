"""What the doctor says of a series: evidence, effect, and a repair."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from riskplugin.mending import Repair


class Concern(StrEnum):
    """How much a finding matters.

    High: it changes a risk number and is hardly chance. Medium: it may. Low: worth
    knowing.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Effect:
    """A number with the fault and without it; NaN where it cannot be measured."""

    measure: str = ""
    before: float = float("nan")
    after: float = float("nan")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in the data.

    Attributes
    ----------
    code : str
        Stable name of the kind of fault.
    concern : Concern
    instruments : tuple of str
    start, end : numpy.datetime64
        First and last date of the closes that it is about.
    evidence : str
        Why it was found, in words and figures.
    repairs : tuple of Repair
        What would mend it; none where only the source can.
    advice : str
        What to do, in words.
    effect : Effect
    """

    code: str
    concern: Concern
    instruments: tuple[str, ...]
    start: np.datetime64
    end: np.datetime64
    evidence: str
    repairs: tuple[Repair, ...] = ()
    advice: str = ""
    effect: Effect = Effect()
