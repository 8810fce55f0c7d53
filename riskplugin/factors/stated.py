"""What a view says: which quantity, of which columns, and how it compares."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np

from riskplugin.errors import UsageError, did_you_mean
from riskplugin.factors.tilting import Sense

Word = TypeVar("Word", bound=StrEnum)


class Quantity(StrEnum):
    """What a view is about. Losses are positive; returns are as the columns give them.

    ``mean`` and ``volatility`` (standard deviation, divisor 1) of a column;
    ``value_at_risk`` and ``expected_shortfall`` of its loss at tail `alpha`;
    ``quantile`` of its return at `alpha`: the smallest return r with
    ``P(R <= r) >= alpha``, so that value at risk is minus the quantile;
    ``correlation`` of two columns; ``ranking``: mean of `name` less mean of `other`.
    """

    MEAN = "mean"
    VOLATILITY = "volatility"
    VALUE_AT_RISK = "value_at_risk"
    EXPECTED_SHORTFALL = "expected_shortfall"
    QUANTILE = "quantile"
    CORRELATION = "correlation"
    RANKING = "ranking"


PAIRED = {Quantity.CORRELATION, Quantity.RANKING}
TAILED = {Quantity.VALUE_AT_RISK, Quantity.EXPECTED_SHORTFALL, Quantity.QUANTILE}
STAGES = (
    {Quantity.MEAN, Quantity.RANKING, *TAILED},
    {Quantity.VOLATILITY},
    {Quantity.CORRELATION},
)


@dataclass(frozen=True, slots=True)
class View:
    """One view: ``quantity(name[, other][, alpha]) sense value``.

    Parameters
    ----------
    quantity : Quantity or its word
    name : str
        A column of the scenarios.
    sense : Sense or "==", ">=", "<="
    value : float
        In the unit of the columns (simple or log return); a correlation in [-1, 1]; a
        ranking's margin, 0 for "at least as much as". Loss > 0 for value at risk and
        expected shortfall.
    other : str, optional
        The second column of a correlation or ranking, and only of these.
    alpha : float, optional
        Tail in (0, 1) of value at risk, expected shortfall or a quantile, and only of
        these: 0.05 for the worst 5 %.

    Raises
    ------
    UsageError
        For a word, value, `other` or `alpha` that does not fit.
    """

    quantity: Quantity
    name: str
    sense: Sense
    value: float
    other: str | None = None
    alpha: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantity", one_of(Quantity, self.quantity))
        object.__setattr__(self, "sense", one_of(Sense, self.sense))
        problem = self._problem()
        if problem:
            raise UsageError(f"view on {self.quantity} of {self.name!r}: {problem}")

    def _problem(self) -> str:
        """Return what does not fit together, or nothing."""
        paired, tailed = self.quantity in PAIRED, self.quantity in TAILED
        tail = self.alpha is not None and 0 < self.alpha < 1
        checks = {
            f"value is {self.value}": np.isfinite(self.value),
            "it needs `other`, a second column": self.other is not None or not paired,
            "`other` is for a correlation or ranking": self.other is None or paired,
            "`other` is the same column": self.other != self.name,
            f"alpha is {self.alpha}: it needs a tail in (0, 1)": tail or not tailed,
            "`alpha` is for tails": self.alpha is None or tailed,
            f"{self.value:g} is no correlation: give -1 to 1": (
                self.quantity is not Quantity.CORRELATION or abs(self.value) <= 1
            ),
            f"{self.value:g} is no volatility: give one above 0": (
                self.quantity is not Quantity.VOLATILITY or self.value > 0
            ),
        }
        return next((said for said, fits in checks.items() if not fits), "")

    @property
    def label(self) -> str:
        """What it measures, in words."""
        words = self.quantity.replace("_", " ")
        if self.quantity is Quantity.RANKING:
            return f"mean of {self.name} less mean of {self.other}"
        at = "" if self.alpha is None else f"{percent(self.alpha)} "
        pair = "" if self.other is None else f" with {self.other}"
        return f"{at}{words} of {self.name}{pair}"

    def show(self, value: float) -> str:
        """Return a value of this view as it is read."""
        if self.quantity is Quantity.CORRELATION:
            return f"{value:.4g}"
        return percent(value)

    def __str__(self) -> str:
        return f"{self.label} {self.sense} {self.show(self.value)}"


def one_of(words: type[Word], given: str) -> Word:
    """Return the member of an enumeration that a word names, or raise UsageError."""
    known = [str(word) for word in words]
    if given not in known:
        raise UsageError(f"{given!r} is unknown; {did_you_mean(str(given), known)}")
    return words(given)


def percent(value: float) -> str:
    """Return a share as it is read."""
    return f"{100 * value:.4g} %"
