"""What makes the value of a limit, and what is to say of it, in words."""

import numpy as np

from riskplugin.limits.definition import Limit
from riskplugin.limits.judging import Status
from riskplugin.limits.metrics import DAYS, RATIO, Source
from riskplugin.tables.limit_values import Value

MOST = 3
MILLION, THOUSAND = 1e6, 1e3


def drivers_of(limit: Limit, value: Value) -> str:
    """Return the largest contributors with their figures, in words.

    Those that take the value towards the limit: of a max the highest, of a min the
    lowest; of a concentration, and of days, the largest whatever the direction.
    """
    (names, parts), metric = value.split(), limit.metric
    if metric.source is Source.LIQUIDITY or metric.units == (RATIO,):
        towards = np.abs(parts)
    else:
        towards = parts if limit.upper else -parts
    order = np.argsort(-np.nan_to_num(towards, nan=-np.inf), kind="stable")[:MOST]
    named = [
        f"{names[int(i)]} {shown(limit, parts, int(i))}"
        for i in order
        if towards[i] > 0
    ]
    return ", ".join(named)


def shown(limit: Limit, parts: np.ndarray, row: int) -> str:
    """Return one contributor's figure: days, a share of the whole, or money."""
    metric = limit.metric
    if metric.units == (DAYS,) or metric.parts == "days_stressed":
        return f"{parts[row]:.1f} days"
    if metric.parts == "net" and metric.units == (RATIO,):
        return f"{np.abs(parts[row]) / np.nansum(np.abs(parts)):.0%}"
    return amount(float(parts[row]))


def amount(money: float) -> str:
    """Return money shortly: 12.3m, 450k, 80."""
    size = abs(money)
    if size >= MILLION:
        return f"{money / MILLION:,.1f}m"
    return f"{money / THOUSAND:,.0f}k" if size >= THOUSAND else f"{money:,.0f}"


def reason_of(
    limit: Limit, value: Value, as_of: np.datetime64, missing: str, status: str
) -> str:
    """Return what is to say of a limit: what is missing, the worst, the waiver."""
    said = []
    if missing and status == Status.UNKNOWN:
        said.append(missing)
    elif missing:
        said.append(f"beyond it whatever is missing: {missing}")
    if value.scenario and value.scenario != limit.scenario:
        said.append(f"the worst is {value.scenario}")
    if not np.isnat(limit.waiver_until):
        over = limit.waiver_until < as_of
        said.append(f"waiver {'ended' if over else 'until'} {limit.waiver_until}")
    return "; ".join(filter(None, [*said, limit.reason]))
