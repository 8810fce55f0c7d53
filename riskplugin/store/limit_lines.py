"""Where the desk stands against its limits, in words."""

from collections.abc import Iterator
from typing import Any

from riskplugin.limits.judging import WORST_FIRST, Status
from riskplugin.limits.metrics import BASE, DAYS, NAV
from riskplugin.results import Report, Table

SAID = (Status.BREACH.value, Status.UNKNOWN.value, Status.WARN.value)


def limit_lines(report: Report) -> Iterator[str]:
    """Yield how many limits there are by status, then a line for each that is not OK.

    Nothing of a run without limits.
    """
    found = report.tables.get("limits")
    if found is None or not len(found):
        return
    yield f"Limits: {counted_limits(found)}"
    for row in found[found["status"].isin(SAID)].to_dict(orient="records"):
        yield line_of({str(k): v for k, v in row.items()}, report.base_currency)


def counted_limits(found: Table) -> str:
    """Return how many limits are broken, unknown, warn and are kept, in words."""
    counts = found["status"].value_counts()
    words = [f"{counts[s.value]} {s}" for s in WORST_FIRST if s.value in counts]
    waived = int(found["waived"].sum())
    if waived:
        words[0] += f" (of which {waived} waived)"
    return ", ".join(words)


def line_of(row: dict[str, Any], base_currency: str) -> str:
    """Return one limit in a line: status, what, where, value and level, what drives it.

    Of an unknown one the reason instead.
    """
    what = " ".join(filter(None, [row["metric"], row["scope"], row["scenario"]]))
    status = f"{row['status']}{', waived' if row['waived'] else ''}"
    if row["status"] == Status.UNKNOWN.value:
        return f"{status}: {what}: {row['reason']}"
    level = row["hard"] if row["status"] == Status.BREACH.value else row["soft"]
    value, level = (
        in_unit(x, row["unit"], base_currency) for x in (row["value"], level)
    )
    said = f"{status}: {what}: {value}, {row['direction']} {level}"
    return "; ".join(filter(None, [said, row["drivers"], row["reason"]]))


def in_unit(value: float, unit: str, base_currency: str) -> str:
    """Return a figure with its unit."""
    if unit == BASE:
        return f"{value:,.0f} {base_currency}"
    if unit == NAV:
        return f"{value:.1%} of NAV"
    return f"{value:,.1f} days" if unit == DAYS else f"{value:,.3g}"
