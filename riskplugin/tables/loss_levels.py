"""The losses that the limits of a desk allow it, in money."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from riskplugin.desk import Desk
from riskplugin.limits.definition import Limit, waived
from riskplugin.tables.limits import in_nav, limits_of, nav_of

AT_THE_MEDIAN, AT_THE_LOW = (
    ("stress_loss", "stress_pnl"),
    ("stress_low_loss", "stress_low"),
)
SOFT, HARD = "soft", "hard"


class LossLevel(NamedTuple):
    """A limit on a stress loss and what it allows.

    Attributes
    ----------
    limit : Limit
    level : {"soft", "hard"}
    loss : float
        Base currency, finite; 0 or less of a limit that asks for a profit.
    """

    limit: Limit
    level: str
    loss: float


def loss_levels(desk: Desk) -> Iterator[LossLevel]:
    """Yield the levels of limits on stress losses in money, of every scope.

    Those waived are left out, and those in shares of a NAV that is not known.
    """
    limits = limits_of(desk)
    spared = waived(limits, desk.as_of)
    for limit, skip, nav in zip(limits, spared, nav_of(desk, limits), strict=True):
        name = limit.metric.name
        upper = name.endswith("loss")
        of_loss = name in (*AT_THE_MEDIAN, *AT_THE_LOW) and limit.upper == upper
        if skip or not of_loss:
            continue
        unit = nav if in_nav(limit) else 1.0
        for level, figure in ((SOFT, limit.soft), (HARD, limit.hard)):
            money = figure * unit
            if np.isfinite(money):
                yield LossLevel(limit, level, money if upper else -money)
